/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Symbolic values: what is known of a number, bit by bit.
 *
 * A value is (bits + add) modulo 2^wrap, in which each bit is 0, 1, unknown, or
 * a certain bit of the packet. Masks, shifts, byte orders and unions only move
 * bits about. A sum of a value and a constant goes into `add`; what cannot be
 * said of a result exactly becomes unknown bits, which any number has. One more
 * form is 1 << bits, and what a mask leaves of it: compilers make that of a
 * switch.
 *
 * Each value exists once; two that are the same object are the same number if
 * no bit of it is unknown. A table by hash finds them, of no fewer lists than
 * values; who makes values of one hash pays for looking through their list.
 */
#include "verifier/accept_int.h"

#include "exo/lib/bytes.h"

#define HEADS_FIRST 256u
#define LOOKS       8u /* at values of one list, for a step */

static uint32_t hash(const struct vf_sym *v)
{
	uint64_t h = v->add * 31 + v->kind * 7ull + v->wrap;

	for (unsigned i = 0; i < 64; i += 4)
		h = (h ^ exo_le64(&v->bit[i])) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static bool same(const struct vf_sym *x, const struct vf_sym *y)
{
	return x->kind == y->kind && x->wrap == y->wrap && x->add == y->add &&
	       memcmp(x->bit, y->bit, sizeof(x->bit)) == 0;
}

/* Four bits that are 1, as they lie in a value. */
#define ONES 0x0001000100010001u

_Static_assert(VF_BIT_1 == 1, "known bits are their numbers");

/* The lowest bits of four, as they lie in a value, in a row. */
static uint64_t gather(uint64_t four)
{
	return (four & ONES) * 0x0001000200040008 >> 48;
}

/* Say which bits are known; four at a time. */
static void measure(struct vf_sym *v)
{
	v->known = 0;
	v->ones = 0;
	for (unsigned i = 0; i < 64; i += 4) {
		uint64_t four = exo_le64(&v->bit[i]), high = four & ~ONES;

		/* the lowest of each 16 becomes 1 if any of them is */
		high |= high >> 8;
		high |= high >> 4;
		high |= high >> 2;
		high |= high >> 1;
		v->known |= gather(~high) << i;
		v->ones |= gather(four & ~high) << i;
	}
}

/* Twice as many lists, once there are as many values. */
static bool grow(struct vf_acc *a)
{
	uint32_t n = a->nheads == 0 ? HEADS_FIRST : a->nheads * 2;
	struct vf_sym **head;

	if (a->nsyms < a->nheads)
		return true;
	head = vf_acc_get(a, n * sizeof(struct vf_sym *));
	if (head == NULL)
		return false;
	for (uint32_t i = 0; i < a->nheads; i++) {
		if (i % 64 == 0)
			(void)exo_pause(a->work.pause, 64);
		while (a->head[i] != NULL) {
			struct vf_sym *s = a->head[i];

			a->head[i] = s->next;
			s->next = head[s->hash % n];
			head[s->hash % n] = s;
		}
	}
	a->head = head;
	a->nheads = n;
	return true;
}

const struct vf_sym *vf_sym_of(struct vf_acc *a, const struct vf_sym *v)
{
	uint32_t h = hash(v), looks = 0;
	struct vf_sym **head, *s;

	if (!grow(a))
		return a->other; /* whoever looks at it stops */
	head = &a->head[h % a->nheads];
	for (s = *head; s != NULL; s = s->next) {
		if (s->hash == h && same(s, v))
			return s;
		if (++looks % LOOKS == 0 && !vf_acc_spend(a, 1))
			return a->other;
	}
	s = vf_acc_get(a, sizeof(*s));
	if (s == NULL)
		return a->other;
	*s = *v;
	measure(s);
	s->hash = h;
	s->next = *head;
	*head = s;
	a->nsyms++;
	return s;
}

void vf_sym_set(struct vf_sym *v, uint64_t c)
{
	*v = (struct vf_sym){
		.kind = VF_SYM_NUM, .wrap = 64, .known = UINT64_MAX, .ones = c
	};
	for (unsigned i = 0; i < 64; i += 4) {
		uint64_t x = c >> i & 15;

		x |= x << 15 | x << 30 | x << 45;
		exo_put_le64(&v->bit[i], x & ONES);
	}
}

const struct vf_sym *vf_sym_const(struct vf_acc *a, uint64_t c)
{
	const struct vf_sym **kept = &a->constant[c % VF_SYM_CONSTANTS];
	struct vf_sym v;
	uint64_t k;

	if (*kept != NULL && vf_sym_known(*kept, &k) && k == c)
		return *kept;
	vf_sym_set(&v, c);
	*kept = vf_sym_of(a, &v);
	return *kept;
}

const struct vf_sym *vf_sym_pointer(
    struct vf_acc *a, enum vf_sym_kind kind, uint64_t add)
{
	struct vf_sym v = { .kind = (uint8_t)kind, .wrap = 64, .add = add };

	return vf_sym_of(a, &v);
}

/* The numbers of so many bits, 1 to 64. */
static uint64_t mask_of(unsigned bits)
{
	return UINT64_MAX >> (64 - bits);
}

static void set_any(struct vf_sym *v, uint16_t bit, uint32_t n)
{
	vf_sym_set(v, 0);
	v->known = n == 0 ? UINT64_MAX : ~mask_of(n);
	for (uint32_t i = 0; i < n; i++)
		v->bit[i] = bit;
}

const struct vf_sym *vf_sym_any(struct vf_acc *a, enum vf_bit bit, uint32_t n)
{
	struct vf_sym v;

	set_any(&v, (uint16_t)bit, n);
	return vf_sym_of(a, &v);
}

const struct vf_sym *vf_sym_bytes(struct vf_acc *a, enum vf_base base,
    uint64_t at, uint32_t size, bool swapped)
{
	struct vf_sym v;

	if (at >= VF_SOURCE_BYTES)
		return vf_sym_any(a, VF_BIT_PLACE, size * 8);
	vf_sym_set(&v, 0);
	for (uint32_t i = 0; i < size * 8; i++) {
		uint32_t byte = swapped ? i / 8 : size - 1 - i / 8;
		uint32_t number = ((uint32_t)at + byte) * 8 + 7 - i % 8;

		v.bit[i] =
		    (uint16_t)(VF_BIT_SOURCE + ((unsigned)base << 14) + number);
	}
	return vf_sym_of(a, &v);
}

/* The largest number that its bits may be. */
static uint64_t most(const struct vf_sym *v)
{
	return v->ones | ~v->known;
}

uint64_t vf_sym_max(const struct vf_sym *v)
{
	uint64_t x = most(v);

	if (v->add > UINT64_MAX - x)
		return UINT64_MAX;
	x += v->add;
	return x < mask_of(v->wrap) ? x : mask_of(v->wrap);
}

/* The unknown bit for what comes of two. */
static uint16_t unknown(uint16_t x, uint16_t y)
{
	if (x > VF_BIT_SUMS && x < VF_BIT_SOURCE)
		return x;
	return y > VF_BIT_SUMS && y < VF_BIT_SOURCE ? y : VF_BIT_SUMS;
}

/* Any number, for the reason that some bit of x or y gives. */
static const struct vf_sym *lost(struct vf_acc *a, const struct vf_sym *x,
    const struct vf_sym *y, unsigned width)
{
	uint16_t why = VF_BIT_SUMS;

	for (unsigned i = 0; i < 64; i++)
		why = unknown(why, unknown(x->bit[i], y->bit[i]));
	return vf_sym_any(a, (enum vf_bit)why, width);
}

/* Bits alone: without add. What has one is any number of its size then. */
static struct vf_sym flat(const struct vf_sym *x)
{
	struct vf_sym v = *x;

	if (x->add != 0)
		set_any(&v, VF_BIT_SUMS,
		    64 - (uint32_t)__builtin_clzll(vf_sym_max(x) | 1));
	return v;
}

/* The number modulo 2^bits, bits below 64. */
static struct vf_sym lower(const struct vf_sym *x, unsigned bits)
{
	struct vf_sym v = *x;

	if (x->wrap <= bits)
		return v;
	for (unsigned i = bits; i < 64; i++)
		v.bit[i] = VF_BIT_0;
	v.known |= ~mask_of(bits);
	v.ones &= mask_of(bits);
	v.add &= mask_of(bits);
	v.wrap = most(&v) + v.add > mask_of(bits) ? (uint8_t)bits : 64;
	return v;
}

const struct vf_sym *vf_sym_low(
    struct vf_acc *a, const struct vf_sym *x, unsigned bits, bool sign)
{
	struct vf_sym v;

	if (x->kind != VF_SYM_NUM)
		return vf_sym_any(a, VF_BIT_OTHER, sign ? 64 : bits);
	if (bits == 64)
		return x;
	if (!sign && x->add == 0 && most(x) <= mask_of(bits))
		return x;
	if (!sign) {
		v = lower(x, bits);
		return vf_sym_of(a, &v);
	}
	v = flat(x);
	for (unsigned i = bits; i < 64; i++)
		v.bit[i] = v.bit[bits - 1];
	return vf_sym_of(a, &v);
}

const struct vf_sym *vf_sym_swap(
    struct vf_acc *a, const struct vf_sym *x, unsigned bits)
{
	struct vf_sym v, from;

	if (x->kind != VF_SYM_NUM)
		return vf_sym_any(a, VF_BIT_OTHER, bits);
	from = flat(x);
	vf_sym_set(&v, 0);
	for (unsigned i = 0; i < bits; i++)
		v.bit[i] = from.bit[bits - 8 - i / 8 * 8 + i % 8];
	return vf_sym_of(a, &v);
}

/* At no place may both have something, so that nothing is carried. */
static bool disjoint(const struct vf_sym *x, const struct vf_sym *y)
{
	return (most(x) & most(y)) == 0;
}

static const struct vf_sym *sum(struct vf_acc *a, const struct vf_sym *x,
    const struct vf_sym *y, unsigned width)
{
	struct vf_sym v = *x;
	uint64_t c;

	if (x->wrap < width || y->wrap < width)
		return lost(a, x, y, width);
	if (vf_sym_known(y, &c)) {
		v.add += c;
	} else if (vf_sym_known(x, &c)) {
		v = *y;
		v.add += c;
	} else if (disjoint(x, y)) {
		for (unsigned i = 0; i < 64; i++)
			v.bit[i] |= y->bit[i];
		v.known &= y->known;
		v.ones |= y->ones;
		v.add += y->add;
	} else {
		return lost(a, x, y, width);
	}
	v.wrap = 64;
	if (width == 32)
		v = lower(&v, 32);
	if (vf_sym_known(&v, &c))
		vf_sym_set(&v, c);
	return vf_sym_of(a, &v);
}

static uint16_t bit_of(unsigned op, uint16_t x, uint16_t y)
{
	uint16_t low = x < y ? x : y, high = x < y ? y : x;

	switch (op) {
	case EXO_AND:
		if (low == VF_BIT_0 || low == high)
			return low;
		return low == VF_BIT_1 ? high : unknown(x, y);
	case EXO_OR:
		if (low == VF_BIT_0 || low == high)
			return high;
		return low == VF_BIT_1 ? low : unknown(x, y);
	default:
		if (low == VF_BIT_0)
			return high;
		if (low == high && (low == VF_BIT_1 || low >= VF_BIT_SOURCE))
			return VF_BIT_0;
		return unknown(x, y);
	}
}

static const struct vf_sym *bitwise(struct vf_acc *a, unsigned op,
    const struct vf_sym *x, const struct vf_sym *y)
{
	struct vf_sym v = flat(x), u = flat(y);
	uint64_t c;

	if (op == EXO_AND && x->add != 0 && vf_sym_known(y, &c) && c != 0 &&
	    c != UINT64_MAX && (c & (c + 1)) == 0)
		return vf_sym_low(
		    a, x, (unsigned)__builtin_ctzll(c + 1), false);
	for (unsigned i = 0; i < 64; i++)
		v.bit[i] = bit_of(op, v.bit[i], u.bit[i]);
	v.add = 0;
	v.wrap = 64;
	return vf_sym_of(a, &v);
}

static const struct vf_sym *shift(struct vf_acc *a, unsigned op, unsigned width,
    const struct vf_sym *x, unsigned by)
{
	struct vf_sym from = flat(x), v;

	vf_sym_set(&v, 0);
	for (unsigned i = 0; i < width; i++) {
		if (op == EXO_LSH)
			v.bit[i] = i < by ? VF_BIT_0 : from.bit[i - by];
		else if (i + by < width)
			v.bit[i] = from.bit[i + by];
		else
			v.bit[i] = op == EXO_ARSH ? from.bit[width - 1]
			                          : (uint16_t)VF_BIT_0;
	}
	return vf_sym_of(a, &v);
}

/* A product, quotient or remainder of two numbers; others are not needed. */
static bool arith(unsigned op, uint64_t x, uint64_t y, uint64_t *out)
{
	switch (op) {
	case EXO_MUL:
		*out = x * y;
		return true;
	case EXO_DIV:
		*out = y == 0 ? 0 : x / y;
		return true;
	case EXO_MOD:
		*out = y == 0 ? x : x % y;
		return true;
	default:
		return false;
	}
}

/* With a power of two these are shifts and masks. */
static const struct vf_sym *scaled(struct vf_acc *a, unsigned op,
    unsigned width, const struct vf_sym *x, const struct vf_sym *y)
{
	uint64_t c, k;

	if (vf_sym_known(x, &k) && vf_sym_known(y, &c) && arith(op, k, c, &k))
		return vf_sym_const(a, width == 32 ? (uint32_t)k : k);
	if (op == EXO_MUL && vf_sym_known(x, &c))
		x = y;
	else if (!vf_sym_known(y, &c))
		return lost(a, x, y, width);
	if (c == 0 || (c & (c - 1)) != 0)
		return lost(a, x, y, width);
	if (op == EXO_MOD)
		return bitwise(a, EXO_AND, x, vf_sym_const(a, c - 1));
	return shift(a, op == EXO_MUL ? EXO_LSH : EXO_RSH, width, x,
	    (unsigned)__builtin_ctzll(c));
}

/* 1 << y. */
static const struct vf_sym *one_bit(
    struct vf_acc *a, unsigned width, const struct vf_sym *y)
{
	struct vf_sym v = flat(y);

	for (unsigned i = width == 64 ? 6 : 5; i < 64; i++)
		v.bit[i] = VF_BIT_0;
	v.kind = VF_SYM_SET;
	v.wrap = 64;
	v.add = mask_of(width);
	return vf_sym_of(a, &v);
}

static const struct vf_sym *masked_set(
    struct vf_acc *a, const struct vf_sym *x, uint64_t c)
{
	struct vf_sym v = *x;

	v.add &= c;
	return vf_sym_of(a, &v);
}

const struct vf_sym *vf_sym_alu(struct vf_acc *a, unsigned op, unsigned width,
    const struct vf_sym *x, const struct vf_sym *y)
{
	uint64_t c;

	if (op == EXO_AND && x->kind == VF_SYM_SET && vf_sym_known(y, &c))
		return masked_set(a, x, width == 64 ? c : (uint32_t)c);
	if (op == EXO_AND && y->kind == VF_SYM_SET && vf_sym_known(x, &c))
		return masked_set(a, y, width == 64 ? c : (uint32_t)c);
	if (x->kind != VF_SYM_NUM || y->kind != VF_SYM_NUM)
		return vf_sym_any(a, VF_BIT_OTHER, width);
	if (width == 32) {
		x = vf_sym_low(a, x, 32, false);
		y = vf_sym_low(a, y, 32, false);
	}
	switch (op) {
	case EXO_ADD:
		return sum(a, x, y, width);
	case EXO_SUB:
		if (!vf_sym_known(y, &c))
			return lost(a, x, y, width);
		return sum(a, x, vf_sym_const(a, 0 - c), width);
	case EXO_AND:
	case EXO_OR:
	case EXO_XOR:
		return bitwise(a, op, x, y);
	case EXO_LSH:
	case EXO_RSH:
	case EXO_ARSH:
		if (op == EXO_LSH && vf_sym_known(x, &c) && c == 1 &&
		    !vf_sym_known(y, &c))
			return one_bit(a, width, y);
		if (!vf_sym_known(y, &c))
			return lost(a, x, y, width);
		return shift(a, op, width, x, (unsigned)(c & (width - 1)));
	case EXO_MUL:
	case EXO_DIV:
	case EXO_MOD:
		return scaled(a, op, width, x, y);
	default:
		return lost(a, x, y, width);
	}
}
