/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of scalars: see prop.h, and scalar.h for the definitions. */
#include "exo/abi/insn.h"
#include "tests/proofs/prop.h"

/* Parts of scalar.c; for proofs, no function is static. */
bool ranges_from_tnum(struct vf_scalar *a, unsigned w);
bool half_from_word(struct vf_scalar *a, unsigned w);
bool word_from_half(struct vf_scalar *a, unsigned w);
bool tnum_from_ranges(struct vf_scalar *a, unsigned w);
bool sync_once(struct vf_scalar *a, unsigned w);
bool sync_known(struct vf_scalar *a, unsigned w);
uint64_t next_word(uint64_t x, const struct vf_halves *s, unsigned w);
uint64_t prev_word(uint64_t x, const struct vf_halves *s, unsigned w);

void shift_step(uint8_t op, struct vf_tnum a, struct vf_tnum kt, unsigned k,
    unsigned w, struct agreed *z);
void shift_bits(uint8_t op, struct vf_tnum a, struct vf_tnum kt, unsigned lo,
    unsigned hi, unsigned w, struct agreed *z);

/* A scalar that says so is of one word. */
PROP(scalar_is_const)
{
	struct vf_scalar a = take_scalar(in);
	uint64_t x = take_word(in + 10);
	uint64_t y = take_word(in + 11);
	unsigned said = 1;

	if (!is_scalar(&a) || !in_scalar(&a, x) || !in_scalar(&a, y))
		return 0;
	out[0] = vf_scalar_is_const(&a);
	CLAIM(1, !vf_scalar_is_const(&a) || x == y);
	return said;
}

/* The set stays the same; false says that it is empty. */
static inline unsigned check_keep(
    unsigned part, const uint64_t *in, uint64_t *out)
{
	struct vf_scalar a = take_scalar(in);
	uint64_t x = take_word(in + 10);
	struct vf_scalar c = a;
	bool has_any;
	unsigned said = 1;

	if (!is_scalar(&a))
		return 0;
	watch(x);
	has_any = part == 0   ? vf_scalar_sync(&c, W)
	          : part == 1 ? ranges_from_tnum(&c, W)
	          : part == 2 ? half_from_word(&c, W)
	          : part == 3 ? word_from_half(&c, W)
	          : part == 4 ? tnum_from_ranges(&c, W)
	          : part == 5 ? sync_once(&c, W)
	                      : sync_known(&c, W);
	out[10] = has_any;
	if (!has_any)
		return in_scalar(&a, x) ? 3 : 1;
	put_scalar(out, &c);
	CLAIM(2, is_scalar(&c));
	CLAIM_IN(3, in_scalar(&a, x), c, x);
	CLAIM_IN(6, in_scalar(&c, x), a, x);
	return said;
}

#define KEEP(name, part)                          \
	PROP(name)                                \
	{                                         \
		return check_keep(part, in, out); \
	}

KEEP(scalar_sync, 0)
KEEP(scalar_sync_ranges, 1)
KEEP(scalar_sync_half, 2)
KEEP(scalar_sync_word, 3)
KEEP(scalar_sync_tnum, 4)
KEEP(scalar_sync_once, 5)
KEEP(scalar_sync_known, 6)

/* On the way from x to the next word whose lower half fits, round the end if
 * need be, there is no other one. */
static inline unsigned check_next(bool down, const uint64_t *in, uint64_t *out)
{
	struct vf_halves s = { in[6] & top_of(H), in[7] & top_of(H),
		in[8] & top_of(H), in[9] & top_of(H) };
	uint64_t x = take_word(in + 10);
	uint64_t z = take_word(in + 11);
	uint64_t y;
	unsigned said = 1;

	if (!is_halves(&s, H))
		return 0;
	y = down ? prev_word(x, &s, W) : next_word(x, &s, W);
	out[0] = y;
	CLAIM(1, y <= TOP);
	if (in_halves(&s, z & top_of(H)))
		CLAIM(2, down ? ((x - z) & TOP) >= ((x - y) & TOP)
		              : ((z - x) & TOP) >= ((y - x) & TOP));
	return said;
}

PROP(scalar_next)
{
	return check_next(false, in, out);
}

PROP(scalar_prev)
{
	return check_next(true, in, out);
}

PROP(scalar_covers)
{
	struct vf_scalar a = take_scalar(in);
	struct vf_scalar b = take_scalar(in + 10);
	uint64_t y = take_word(in + 20);
	bool covers = vf_scalar_covers(&a, &b);
	unsigned said = 1;

	if (!is_scalar(&a) || !is_scalar(&b) || !in_scalar(&b, y))
		return 0;
	out[0] = covers;
	CLAIM(1, !covers || in_tnum(a.t, y));
	CLAIM(2, !covers || (a.r.umin <= y && y <= a.r.umax));
	CLAIM(3, !covers || (a.r.smin <= s_of(y, W) && s_of(y, W) <= a.r.smax));
	y &= top_of(H);
	CLAIM(4, !covers || (a.h.umin <= y && y <= a.h.umax));
	CLAIM(5, !covers || (a.h.smin <= s_of(y, H) && s_of(y, H) <= a.h.smax));
	return said;
}

PROP(scalar_const)
{
	uint64_t x = take_word(in);
	uint64_t y = take_word(in + 1);
	struct vf_scalar c = vf_scalar_const(in[0], W);
	struct vf_scalar any = vf_scalar_any(W);
	unsigned said = 1;

	put_scalar(out, &c);
	CLAIM(1, in_scalar(&c, y) == (x == y));
	CLAIM(2, in_scalar(&any, y));
	CLAIM(3, is_scalar(&c) && is_scalar(&any));
	CLAIM(4, vf_scalar_is_const(&c));
	return said;
}

PROP(scalar_between)
{
	uint64_t lo = take_word(in);
	uint64_t hi = take_word(in + 1);
	uint64_t x = take_word(in + 2);
	struct vf_scalar c;
	unsigned said = 1;

	if (lo > hi)
		return 0;
	watch(lo); /* there is a word */
	watch(x);
	c = vf_scalar_between(lo, hi, W);
	put_scalar(out, &c);
	CLAIM(1, in_scalar(&c, x) == (lo <= x && x <= hi));
	CLAIM(2, is_scalar(&c));
	return said;
}

PROP(scalar_between_s)
{
	int64_t lo = s_of(take_word(in), W);
	int64_t hi = s_of(take_word(in + 1), W);
	uint64_t x = take_word(in + 2);
	struct vf_scalar c;
	unsigned said = 1;

	if (lo > hi)
		return 0;
	watch((uint64_t)lo);
	watch(x);
	c = vf_scalar_between_s(lo, hi, W);
	put_scalar(out, &c);
	CLAIM(1, in_scalar(&c, x) == (lo <= s_of(x, W) && s_of(x, W) <= hi));
	CLAIM(2, is_scalar(&c));
	return said;
}

/* x op y of words of w bits, as the instruction set defines it. */
static inline uint64_t alu(
    uint8_t op, bool sgn, uint64_t x, uint64_t y, unsigned w)
{
	unsigned k = (unsigned)y & (w - 1);

	switch (op) {
	case EXO_ADD:
		return x + y;
	case EXO_SUB:
		return x - y;
	case EXO_MUL:
		return x * y;
	case EXO_AND:
		return x & y;
	case EXO_OR:
		return x | y;
	case EXO_XOR:
		return x ^ y;
	case EXO_LSH:
		return word_lsh(x, k, w);
	case EXO_RSH:
		return word_rsh(x, k, w);
	case EXO_ARSH:
		return word_arsh(x, k, w);
	case EXO_DIV:
		return sgn ? div_s(x, y, w) : div_u(x, y);
	default:
		return sgn ? mod_s(x, y, w) : mod_u(x, y);
	}
}

/* A step of the loop over amounts keeps what was there, and what x becomes by
 * its amount comes in. */
static inline unsigned check_step(uint8_t op, const uint64_t *in, uint64_t *out)
{
	struct vf_tnum a = take_tnum(in);
	struct vf_tnum kt = take_tnum(in + 2);
	struct agreed c = { take_tnum(in + 4), (in[9] & 1) != 0 };
	bool had = c.any;
	uint64_t x = take_word(in + 6);
	uint64_t z = take_word(in + 7);
	unsigned k = (unsigned)in[8] & (W - 1);
	bool was_in = in_tnum(c.t, z);
	unsigned said = 1;

	shift_step(op, a, kt, k, W, &c);
	put_tnum(out, c.t);
	out[2] = c.any;
	CLAIM(1, is_tnum(c.t, W));
	CLAIM(2, !had || !was_in || (c.any && in_tnum(c.t, z)));
	if (in_tnum(a, x) && in_tnum(kt, k))
		CLAIM(3, c.any && in_tnum(c.t, alu(op, false, x, k, W)));
	return said;
}

/* The loop: what x becomes by an amount that it goes over is in the result. */
static inline unsigned check_bits(uint8_t op, const uint64_t *in, uint64_t *out)
{
	struct vf_tnum a = take_tnum(in);
	struct vf_tnum kt = take_tnum(in + 2);
	uint64_t x = take_word(in + 4);
	unsigned lo = (unsigned)in[5];
	unsigned k = (unsigned)in[6] & (W - 1);
	unsigned hi = (unsigned)in[7] & (W - 1);
	struct agreed c;
	unsigned said = 1;

	watch(x);
	watch(k);
	shift_bits(op, a, kt, lo, hi, W, &c);
	put_tnum(out, c.t);
	out[2] = c.any;
	CLAIM(1, is_tnum(c.t, W));
	if (in_tnum(a, x) && in_tnum(kt, k) && lo <= k && k <= hi)
		CLAIM(2, c.any && in_tnum(c.t, alu(op, false, x, k, W)));
	return said;
}

#define SHIFT(name, op)                         \
	PROP(scalar_##name##_step)              \
	{                                       \
		return check_step(op, in, out); \
	}                                       \
	PROP(scalar_##name##_bits)              \
	{                                       \
		return check_bits(op, in, out); \
	}

SHIFT(lsh, EXO_LSH)
SHIFT(rsh, EXO_RSH)
SHIFT(arsh, EXO_ARSH)

/* For all x in G(a), y in G(b): x op y in G(op(a, b)). */
static inline unsigned check_alu(
    uint8_t op, bool sgn, bool half, const uint64_t *in, uint64_t *out)
{
	struct vf_scalar a = take_scalar(in);
	struct vf_scalar b = take_scalar(in + 10);
	uint64_t x = take_word(in + 20);
	uint64_t y = take_word(in + 21);
	unsigned w = half ? H : W;
	uint64_t z = alu(op, sgn, x & top_of(w), y & top_of(w), w) & top_of(w);
	struct vf_scalar c;
	unsigned said = 1;

	if (!is_scalar(&a) || !is_scalar(&b) || !in_scalar(&a, x) ||
	    !in_scalar(&b, y))
		return 0;
	watch(x);
	watch(y);
	watch(z);
	c = vf_scalar_alu(op, sgn, half, &a, &b, W);
	put_scalar(out, &c);
	CLAIM(1, in_tnum(c.t, z));
	CLAIM(2, c.r.umin <= z && z <= c.r.umax);
	CLAIM(3, c.r.smin <= s_of(z, W) && s_of(z, W) <= c.r.smax);
	CLAIM(4, in_range(&c.h, z & top_of(H), H));
	CLAIM(5, is_scalar(&c));
	return said;
}

#define ALU(name, op, sgn)                                 \
	PROP(scalar_##name)                                \
	{                                                  \
		return check_alu(op, sgn, false, in, out); \
	}                                                  \
	PROP(scalar_##name##_half)                         \
	{                                                  \
		return check_alu(op, sgn, true, in, out);  \
	}

ALU(add, EXO_ADD, false)
ALU(sub, EXO_SUB, false)
ALU(mul, EXO_MUL, false)
ALU(and, EXO_AND, false)
ALU(or, EXO_OR, false)
ALU(xor, EXO_XOR, false)
ALU(lsh, EXO_LSH, false)
ALU(rsh, EXO_RSH, false)
ALU(arsh, EXO_ARSH, false)
ALU(udiv, EXO_DIV, false)
ALU(sdiv, EXO_DIV, true)
ALU(umod, EXO_MOD, false)
ALU(smod, EXO_MOD, true)

/* The low bits, widened. */
static inline unsigned check_extend(
    bool sgn, const uint64_t *in, uint64_t *out, unsigned from)
{
	struct vf_scalar a = take_scalar(in);
	uint64_t x = take_word(in + 10);
	struct vf_scalar c;
	unsigned said = 1;

	if (!is_scalar(&a) || !in_scalar(&a, x) || from < 1 || from > W)
		return 0;
	x &= top_of(from);
	if (sgn)
		x = (uint64_t)s_of(x, from) & TOP;
	watch(x);
	c = sgn ? vf_scalar_sext(&a, from, W) : vf_scalar_zext(&a, from, W);
	put_scalar(out, &c);
	CLAIM(1, in_scalar(&c, x));
	CLAIM(2, is_scalar(&c));
	return said;
}

PROP(scalar_zext)
{
	return check_extend(false, in, out, (unsigned)(in[11] & 127));
}

PROP(scalar_sext)
{
	return check_extend(true, in, out, (unsigned)(in[11] & 127));
}

#define SWAP(bytes, how)                                 \
	PROP(scalar_swap##bytes)                         \
	{                                                \
		struct vf_scalar a = take_scalar(in);    \
		uint64_t x = take_word(in + 10);         \
		struct vf_scalar c;                      \
		unsigned said = 1;                       \
                                                         \
		if (!is_scalar(&a) || !in_scalar(&a, x)) \
			return 0;                        \
		watch(how(x));                           \
		c = vf_scalar_swap(&a, bytes);           \
		put_scalar(out, &c);                     \
		CLAIM(1, in_scalar(&c, how(x)));         \
		CLAIM(2, is_scalar(&c));                 \
		return said;                             \
	}

#define LOW2(x) (((x)&0xff) << 8 | ((x) >> 8 & 0xff))
#define LOW4(x) (LOW2(x) << 16 | LOW2((x) >> 16))
#define LOW8(x) (LOW4(x) << 32 | LOW4((x) >> 32))

SWAP(2, LOW2)
SWAP(4, LOW4)
SWAP(8, LOW8)

static inline bool holds(uint8_t op, uint64_t x, uint64_t y, unsigned w)
{
	switch (op) {
	case EXO_JEQ:
		return x == y;
	case EXO_JNE:
		return x != y;
	case EXO_JGT:
		return x > y;
	case EXO_JGE:
		return x >= y;
	case EXO_JLT:
		return x < y;
	case EXO_JLE:
		return x <= y;
	case EXO_JSET:
		return (x & y) != 0;
	case EXO_JSGT:
		return s_of(x, w) > s_of(y, w);
	case EXO_JSGE:
		return s_of(x, w) >= s_of(y, w);
	case EXO_JSLT:
		return s_of(x, w) < s_of(y, w);
	default:
		return s_of(x, w) <= s_of(y, w);
	}
}

/* Pairs that go this way stay; false says that there is none; no word comes
 * in anew. */
static inline unsigned check_branch(
    uint8_t op, bool taken, bool half, const uint64_t *in, uint64_t *out)
{
	struct vf_scalar a = take_scalar(in);
	struct vf_scalar b = take_scalar(in + 10);
	uint64_t x = take_word(in + 20);
	uint64_t y = take_word(in + 21);
	uint64_t z = take_word(in + 22);
	unsigned w = half ? H : W;
	struct vf_scalar c = a, d = b;
	bool has_any, is_pair;
	unsigned said = 1;

	if (!is_scalar(&a) || !is_scalar(&b))
		return 0;
	watch(x);
	watch(y);
	watch(z);
	has_any = vf_scalar_branch(op, taken, half, &c, &d, W);
	is_pair = in_scalar(&a, x) && in_scalar(&b, y) &&
	          holds(op, x & top_of(w), y & top_of(w), w) == taken;
	out[20] = has_any;
	if (!has_any)
		return is_pair ? 3 : 1;
	put_scalar(out, &c);
	put_scalar(out + 10, &d);
	CLAIM(2, is_scalar(&c) && is_scalar(&d));
	CLAIM_IN(3, is_pair, c, x);
	CLAIM_IN(6, is_pair, d, y);
	CLAIM_IN(9, in_scalar(&c, z), a, z);
	CLAIM_IN(12, in_scalar(&d, z), b, z);
	return said;
}

#define BRANCH_(name, op, taken, half)                         \
	PROP(scalar_##name)                                    \
	{                                                      \
		return check_branch(op, taken, half, in, out); \
	}
#define BRANCH(name, op)                      \
	BRANCH_(name, op, true, false)        \
	BRANCH_(name##_not, op, false, false) \
	BRANCH_(name##_half, op, true, true)  \
	BRANCH_(name##_half_not, op, false, true)

BRANCH(jeq, EXO_JEQ)
BRANCH(jne, EXO_JNE)
BRANCH(jset, EXO_JSET)
BRANCH(jgt, EXO_JGT)
BRANCH(jge, EXO_JGE)
BRANCH(jlt, EXO_JLT)
BRANCH(jle, EXO_JLE)
BRANCH(jsgt, EXO_JSGT)
BRANCH(jsge, EXO_JSGE)
BRANCH(jslt, EXO_JSLT)
BRANCH(jsle, EXO_JSLE)
