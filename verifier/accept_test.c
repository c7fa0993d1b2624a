/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a compare demands of the packet.
 *
 * `(bits + add) op constant` becomes a demand on bits alone: equality by
 * subtracting, an order by a range, modulo 2^wrap. Bits that are a field's are
 * an atom of it: masked bits for equality; for a range, if the bits are the
 * field's upper ones (or what is above them is known), a range of the field.
 * Any other bits B <= c are an alternative for each 1 of c + 1: B agrees with
 * it above that bit, and has 0 there; or for each 0 of c that B's are greater.
 *
 * An atom of a field says that all of the field is captured. Where the way does
 * not know that, although the bytes that were loaded are there, it is asked
 * before (`again`); where the field is cut, its bytes are no field.
 */
#include "verifier/accept_int.h"

#include "exo/isa/decode.h"
#include "exo/lib/bits.h"

static void answer(struct vf_test *t, enum vf_test_kind kind)
{
	t->kind = (uint8_t)kind;
	t->why = VF_ACCEPT_NONE;
	t->flip = false;
	t->again = false;
	t->n = 0;
}

void vf_test_unknown(struct vf_test *t, enum vf_accept_why why)
{
	answer(t, VF_TEST_UNKNOWN);
	t->why = (uint8_t)why;
}

void vf_test_flip(struct vf_test *t)
{
	if (t->kind == VF_TEST_FALSE)
		t->kind = VF_TEST_TRUE;
	else if (t->kind == VF_TEST_TRUE)
		t->kind = VF_TEST_FALSE;
	else if (!t->again)
		t->flip = !t->flip;
}

void vf_test_least(struct vf_test *out, enum sp_field f, uint64_t least)
{
	answer(out, VF_TEST_CUBES);
	out->n = 1;
	out->alt[0].n = 1;
	out->alt[0].a[0] = sp_between(f, least, UINT64_MAX);
}

static enum vf_accept_why reason(uint16_t bit)
{
	switch (bit) {
	case VF_BIT_SUMS:
		return VF_ACCEPT_SUMS;
	case VF_BIT_PLACE:
		return VF_ACCEPT_PLACE;
	default:
		return VF_ACCEPT_OTHER;
	}
}

/* --- lengths --------------------------------------------------------------- */

/* At least so many bytes of the packet, or behind l4: 1, 0, or -1: some packets
 * of the way have them. */
static int has_least(const struct vf_way *w, const struct vf_layout *l,
    enum sp_field f, uint64_t least)
{
	const struct sp_atom *a = vf_way_atom(w, (uint8_t)f);

	if (least <= (f == SP_CAPLEN ? l->caplen : l->left) &&
	    (f == SP_CAPLEN || least != 0))
		return 1;
	if (least > UINT32_MAX || (a != NULL && (a->absent || a->hi < least)))
		return 0;
	return -1;
}

static void at_least(const struct vf_way *w, const struct vf_layout *l,
    enum sp_field f, uint64_t least, struct vf_test *out)
{
	int rc = has_least(w, l, f, least);

	if (rc < 0)
		vf_test_least(out, f, least);
	else
		answer(out, rc > 0 ? VF_TEST_TRUE : VF_TEST_FALSE);
}

/* Are there at least v bytes? v is an offset without a sign. */
static bool reaches(const struct vf_way *w, const struct vf_layout *l,
    const struct vf_sym *v, uint64_t more, struct vf_test *out)
{
	struct vf_sym num = *v;
	uint64_t k;

	num.kind = VF_SYM_NUM;
	if (vf_sym_known(&num, &k) && k <= INT32_MAX) {
		at_least(w, l, SP_CAPLEN, k + more, out);
		return true;
	}
	if (vf_is_l4(l, v, &k)) {
		at_least(w, l, SP_L4_LEFT, k + more, out);
		return true;
	}
	return false;
}

void vf_test_load(struct vf_acc *a, const struct vf_way *w,
    const struct vf_sym *v, uint32_t size, struct vf_test *out)
{
	struct vf_layout l;

	vf_layout(a, w, &l);
	if (reaches(w, &l, v, size, out))
		return;
	vf_test_unknown(out, VF_ACCEPT_PLACE);
	if (vf_sym_max(v) > INT32_MAX || v->add > INT32_MAX)
		return;
	vf_test_least(out, SP_CAPLEN, v->add + size);
	out->kind = VF_TEST_UNKNOWN;
	out->why = VF_ACCEPT_PLACE;
}

/* The packet's first byte + x against its end: `x op caplen`. */
static void compare_end(const struct vf_way *w, const struct vf_layout *l,
    unsigned op, const struct vf_sym *x, struct vf_test *out)
{
	bool more = op == EXO_JGE || op == EXO_JLT; /* x < caplen, or not */
	bool flip = op == EXO_JGE || op == EXO_JGT;

	vf_test_unknown(out, VF_ACCEPT_PLACE);
	if (op != EXO_JGE && op != EXO_JLT && op != EXO_JGT && op != EXO_JLE)
		return;
	if (reaches(w, l, x, more, out) && flip)
		vf_test_flip(out);
}

static void compare_pointers(struct vf_acc *a, const struct vf_way *w,
    unsigned op, const struct vf_sym *x, const struct vf_sym *y,
    struct vf_test *out)
{
	struct vf_layout l;

	vf_test_unknown(out, VF_ACCEPT_OTHER);
	if (x->kind == VF_SYM_END) {
		const struct vf_sym *swap = x;

		x = y;
		y = swap;
		op = isa_mirrored(op);
	}
	if (x->kind != VF_SYM_PKT || y->kind != VF_SYM_END || y->add != 0)
		return;
	vf_layout(a, w, &l);
	compare_end(w, &l, op, x, out);
}

/* --- bits ------------------------------------------------------------------ */

/* Put one bit of a field into a demand. Returns 1; 0: it demands another one
 * already; -1: there is no room. */
static int want_bit(struct vf_demand *d, uint8_t field, uint8_t bit, bool one)
{
	uint64_t m = (uint64_t)1 << bit;
	uint32_t i = 0;

	while (i < d->n && d->a[i].field != field)
		i++;
	if (i == d->n) {
		if (d->n == VF_TEST_ATOMS_MAX)
			return -1;
		d->a[d->n++] = sp_masked((enum sp_field)field, 0, 0);
	}
	if ((d->a[i].mask & m) != 0 && ((d->a[i].value & m) != 0) != one)
		return 0;
	d->a[i].mask |= m;
	d->a[i].value |= one ? m : 0;
	return 1;
}

/* Whether all of a field is captured, if some of it is: 1, 0, or -1: at least
 * how many of *counts it takes has to be asked. */
static int is_whole(const struct vf_way *w, const struct vf_layout *l,
    uint8_t field, enum sp_field *counts, uint32_t *end)
{
	const struct sp_atom *a = vf_way_atom(w, field);

	if (!vf_field_end(l, field, counts, end))
		return field == SP_LEN || field == SP_CAPLEN;
	if (a != NULL)
		return !a->absent;
	if (*counts == SP_L4_LEFT && vf_way_atom(w, SP_L4_LEFT) == NULL) {
		if (l->at[SP_H_L4] == SP_NOWHERE)
			return 0;
		*counts = SP_CAPLEN;
		*end += l->at[SP_H_L4];
	}
	return has_least(w, l, *counts, *end);
}

/* The same of the field of a source bit; which one, and which bit of it. 0: it
 * is no field's, or the field's that is cut. -1: out asks. */
static int find_field(const struct vf_way *w, const struct vf_layout *l,
    unsigned source, uint8_t *field, uint8_t *bit, struct vf_test *out)
{
	enum sp_field counts = SP_CAPLEN;
	uint32_t end = 0;
	int rc;

	if (!vf_place(l, source, field, bit))
		return 0;
	rc = is_whole(w, l, *field, &counts, &end);
	if (rc < 0) {
		vf_test_least(out, counts, end);
		out->again = true;
	}
	return rc;
}

/* Raw packets: the upper half of the first byte decides the type. */
struct version {
	unsigned mask, value;
};

static bool is_version(const struct vf_layout *l, unsigned source)
{
	return l->link == SP_LINK_RAW &&
	       source - VF_BIT_SOURCE < 4; /* of VF_BASE_PKT */
}

/* Its bit as far as the type tells; 2: it does not. */
static unsigned version_bit(const struct vf_layout *l, unsigned source)
{
	unsigned version = l->type == 0x0800 ? 4 : 6;

	return l->type == 0 ? 2 : version >> (3 - (source - VF_BIT_SOURCE)) & 1;
}

/* All four bits are asked for: a type, or none. False: that says nothing. */
static bool want_version(struct vf_demand *d, const struct version *v)
{
	if (v->mask != 15 || d->n == VF_TEST_ATOMS_MAX)
		return v->mask == 0;
	if (v->value == 4)
		d->a[d->n++] = sp_is(SP_TYPE, 0x0800);
	else if (v->value == 6)
		d->a[d->n++] = sp_is(SP_TYPE, 0x86dd);
	return v->value == 4 || v->value == 6;
}

/* What is asked of a number's bits. */
struct asked {
	const struct vf_way *w;
	const struct vf_layout *l;
	const struct vf_sym *x;
	struct vf_test *out;
};

enum found {
	FOUND_NEVER,
	FOUND_ALL,
	FOUND_SOME, /* of some bits nothing is known: out->why */
	FOUND_ASKS, /* out asks for something else */
};

/* The field in which the last bit lay: bits are asked for in rows. */
struct last {
	unsigned source; /* that bit; 0: there is none */
	uint8_t field, bit;
};

static int next_field(const struct asked *q, unsigned source, struct last *l)
{
	int rc = 1;

	if (l->source == source + 1 && l->bit + 1 < sp_field_row[l->field].bits)
		l->bit++;
	else
		rc = find_field(q->w, q->l, source, &l->field, &l->bit, q->out);
	l->source = rc > 0 ? source : 0;
	return rc;
}

static enum found want_source(const struct asked *q, unsigned source, bool one,
    struct version *v, struct last *last, struct vf_demand *d)
{
	int rc;

	if (is_version(q->l, source)) {
		unsigned known = version_bit(q->l, source);
		unsigned m = 8u >> (source - VF_BIT_SOURCE);

		if (known < 2)
			return known == one ? FOUND_ALL : FOUND_NEVER;
		v->mask |= m;
		v->value |= one ? m : 0;
		return FOUND_ALL;
	}
	rc = next_field(q, source, last);
	if (rc < 0)
		return FOUND_ASKS;
	if (rc > 0)
		rc = want_bit(d, last->field, last->bit, one);
	else
		rc = -1;
	if (rc < 0)
		q->out->why = VF_ACCEPT_BYTES;
	return rc < 0 ? FOUND_SOME : rc > 0 ? FOUND_ALL : FOUND_NEVER;
}

/* What it takes that some bits of a number are those of a value. */
static enum found want_equal(
    const struct asked *q, uint64_t mask, uint64_t value, struct vf_demand *d)
{
	struct version v = { 0, 0 };
	struct last last = { 0, 0, 0 };
	enum found rc, all = FOUND_ALL;

	d->n = 0;
	mask &= ~q->x->known | (q->x->ones ^ value); /* others are right */
	for (; mask != 0; mask &= mask - 1) {
		unsigned i = (unsigned)__builtin_ctzll(mask);
		uint16_t bit = q->x->bit[i];
		bool one = (value >> i & 1) != 0;

		if (bit <= VF_BIT_1)
			rc = FOUND_NEVER;
		else if (bit >= VF_BIT_SOURCE)
			rc = want_source(q, bit, one, &v, &last, d);
		else
			rc = FOUND_SOME;
		if (rc == FOUND_NEVER || rc == FOUND_ASKS)
			return rc;
		if (rc == FOUND_SOME && bit < VF_BIT_SOURCE)
			q->out->why = (uint8_t)reason(bit);
		if (rc == FOUND_SOME)
			all = rc;
	}
	if (want_version(d, &v))
		return all;
	q->out->why = VF_ACCEPT_BYTES;
	return FOUND_SOME;
}

/* bits == value */
static void equals(const struct asked *q, uint64_t value)
{
	struct vf_test *out = q->out;

	answer(out, VF_TEST_CUBES);
	switch (want_equal(q, UINT64_MAX, value, &out->alt[0])) {
	case FOUND_NEVER:
		answer(out, VF_TEST_FALSE);
		break;
	case FOUND_ALL:
		out->n = 1;
		if (out->alt[0].n == 0)
			answer(out, VF_TEST_TRUE);
		break;
	case FOUND_SOME:
		out->n = 1;
		out->kind = VF_TEST_UNKNOWN;
		break;
	case FOUND_ASKS:
		break;
	}
}

/* --- ranges ---------------------------------------------------------------- */

/* Bits of one field in a row, zeros round them. */
struct piece {
	uint8_t field;
	unsigned n;     /* bits */
	unsigned shift; /* below them in the number */
	unsigned from;  /* below them in the field */
	uint64_t above; /* the field's bits above them, which are known */
};

static bool find_run(
    const struct vf_layout *l, const struct vf_sym *x, struct piece *p)
{
	uint8_t field, bit;
	unsigned i = 0;

	while (i < 64 && x->bit[i] == VF_BIT_0)
		i++;
	p->shift = i;
	for (; i < 64 && x->bit[i] >= VF_BIT_SOURCE; i++) {
		if (is_version(l, x->bit[i]) ||
		    !vf_place(l, x->bit[i], &field, &bit))
			return false;
		if (i == p->shift) {
			p->field = field;
			p->from = bit;
		} else if (field != p->field || bit != p->from + i - p->shift) {
			return false;
		}
	}
	p->n = i - p->shift;
	while (i < 64 && x->bit[i] == VF_BIT_0)
		i++;
	return i == 64 && p->n != 0;
}

/* 1, 0: there is no such piece, -1: out asks. */
static int find_piece(const struct asked *q, struct piece *p)
{
	const struct sp_atom *a;
	uint64_t upper;
	uint8_t field, bit;
	int rc;

	if (!find_run(q->l, q->x, p))
		return 0;
	rc = find_field(q->w, q->l, q->x->bit[p->shift], &field, &bit, q->out);
	if (rc <= 0)
		return rc;
	p->above = 0;
	if (p->from + p->n == sp_field_row[p->field].bits)
		return 1;
	a = vf_way_atom(q->w, p->field);
	upper = sp_max((enum sp_field)p->field) >> (p->from + p->n)
	                                               << (p->from + p->n);
	if (a == NULL || (a->mask & upper) != upper)
		return 0;
	p->above = a->value & upper;
	return 1;
}

static void in_piece(
    const struct piece *p, uint64_t lo, uint64_t hi, struct vf_test *out)
{
	uint64_t below = ((uint64_t)1 << p->shift) - 1;

	lo = (lo >> p->shift) + ((lo & below) != 0);
	hi >>= p->shift;
	if (lo > hi) {
		answer(out, VF_TEST_FALSE);
		return;
	}
	lo = p->above | lo << p->from;
	hi = p->above | hi << p->from | (((uint64_t)1 << p->from) - 1);
	answer(out, VF_TEST_CUBES);
	out->n = 1;
	out->alt[0].n = 1;
	out->alt[0].a[0] = sp_between((enum sp_field)p->field, lo, hi);
}

/* Alternatives for bits > c, or for bits < c. False: too many. */
static bool alternatives(const struct asked *q, uint64_t c, bool greater)
{
	struct vf_test *out = q->out;
	enum found rc;

	answer(out, VF_TEST_CUBES);
	for (unsigned i = 64; i-- > 0;) {
		bool one = (c >> i & 1) != 0;
		uint64_t mask = UINT64_MAX << i;
		uint16_t bit = q->x->bit[i];

		if (one != greater && bit != (greater ? VF_BIT_0 : VF_BIT_1)) {
			if (out->n == VF_TEST_CUBES_MAX)
				return false;
			rc = want_equal(
			    q, mask, c ^ (uint64_t)1 << i, &out->alt[out->n]);
			if (rc == FOUND_ASKS)
				return true;
			if (rc == FOUND_SOME) {
				vf_test_unknown(
				    out, (enum vf_accept_why)out->why);
				return true;
			}
			if (rc == FOUND_ALL && out->alt[out->n].n == 0) {
				answer(out, VF_TEST_TRUE);
				return true;
			}
			out->n += rc == FOUND_ALL;
		}
		if (bit <= VF_BIT_1 && (bit == VF_BIT_1) != one)
			break;
	}
	if (out->n == 0)
		answer(out, VF_TEST_FALSE);
	return true;
}

/* bits <= c */
static void at_most(const struct asked *q, uint64_t c)
{
	if (alternatives(q, c, true))
		vf_test_flip(q->out);
	else if (!alternatives(q, c + 1, false))
		vf_test_unknown(q->out, VF_ACCEPT_CUBES);
}

/* lo <= bits <= hi */
static void in_range(const struct asked *q, uint64_t lo, uint64_t hi)
{
	uint64_t max = 0;
	uint16_t lost = VF_BIT_0;
	struct piece p = { 0 };
	int rc;

	for (unsigned i = 0; i < 64; i++) {
		uint16_t bit = q->x->bit[i];

		max |= (uint64_t)(bit != VF_BIT_0) << i;
		if (bit > VF_BIT_1 && bit < VF_BIT_SOURCE)
			lost = bit;
	}
	hi = hi < max ? hi : max;
	if (lo > hi || (lo == 0 && hi == max)) {
		answer(q->out, lo > hi ? VF_TEST_FALSE : VF_TEST_TRUE);
		return;
	}
	if (lost != VF_BIT_0) {
		vf_test_unknown(q->out, reason(lost));
		return;
	}
	rc = find_piece(q, &p);
	if (rc > 0) {
		in_piece(&p, lo, hi, q->out);
	} else if (rc == 0 && lo == 0) {
		at_most(q, hi);
	} else if (rc == 0 && hi == max) {
		at_most(q, lo - 1);
		vf_test_flip(q->out);
	} else if (rc == 0) {
		vf_test_unknown(q->out, VF_ACCEPT_SUMS);
	}
}

/* --- numbers --------------------------------------------------------------- */

/* (bits + add) modulo 2^wrap <= c */
static void number_at_most(const struct asked *q, uint64_t c)
{
	uint64_t max = UINT64_MAX >> (64 - q->x->wrap);
	uint64_t lo = (0 - q->x->add) & max, hi = (c - q->x->add) & max;

	if (c >= max) {
		answer(q->out, VF_TEST_TRUE);
	} else if (lo <= hi) {
		in_range(q, lo, hi);
	} else {
		in_range(q, hi + 1, lo - 1);
		vf_test_flip(q->out);
	}
}

static void number_equals(const struct asked *q, uint64_t c)
{
	uint64_t max = UINT64_MAX >> (64 - q->x->wrap);

	if (c > max)
		answer(q->out, VF_TEST_FALSE);
	else
		equals(q, (c - q->x->add) & max);
}

/* A compare without a sign, with a constant. */
static void compare_number(
    struct vf_acc *a, const struct asked *q, unsigned op, uint64_t c)
{
	struct asked masked = *q;

	switch (op) {
	case EXO_JEQ:
	case EXO_JNE:
		number_equals(q, c);
		break;
	case EXO_JSET:
		masked.x = vf_sym_alu(a, EXO_AND, 64, q->x, vf_sym_const(a, c));
		number_equals(&masked, 0);
		break;
	case EXO_JGT:
	case EXO_JLE:
		number_at_most(q, c);
		break;
	default: /* JGE, JLT */
		if (c == 0)
			answer(q->out, VF_TEST_FALSE);
		else
			number_at_most(q, c - 1);
		break;
	}
	if (op == EXO_JNE || op == EXO_JSET || op == EXO_JGT || op == EXO_JGE)
		vf_test_flip(q->out);
}

/* The number of some bit of a set, or of one that is not in it. */
static void in_set(const struct asked *q, uint64_t set, bool yes)
{
	struct vf_test *out = q->out;
	uint64_t left = yes ? set : ~set;
	enum found rc;

	answer(out, VF_TEST_CUBES);
	for (; left != 0 && out->n < VF_TEST_CUBES_MAX; left &= left - 1) {
		rc = want_equal(q, UINT64_MAX, (uint64_t)__builtin_ctzll(left),
		    &out->alt[out->n]);
		if (rc == FOUND_ASKS)
			return;
		if (rc == FOUND_SOME) {
			vf_test_unknown(out, (enum vf_accept_why)out->why);
			return;
		}
		out->n += rc == FOUND_ALL;
	}
	if (left != 0)
		vf_test_unknown(out, VF_ACCEPT_CUBES);
	else if (out->n == 0)
		answer(out, VF_TEST_FALSE);
	if (!yes)
		vf_test_flip(out);
}

/* A bit of a set against a number: is there any bit? */
static void compare_set(
    struct vf_acc *a, struct asked *q, unsigned code, const struct vf_sym *y)
{
	unsigned op = code & 0xf0;
	struct vf_sym number = *q->x;
	uint64_t set = q->x->add, c;

	vf_test_unknown(q->out, VF_ACCEPT_SUMS);
	if (!vf_sym_known(y, &c) ||
	    (op != EXO_JSET && (c != 0 || (op != EXO_JEQ && op != EXO_JNE))))
		return;
	if (op == EXO_JSET)
		set &= c;
	if ((code & 7) == EXO_JMP32)
		set &= UINT32_MAX;
	number.kind = VF_SYM_NUM;
	number.add = 0;
	q->x = vf_sym_of(a, &number);
	in_set(q, set, exo_popcount64(set) <= VF_TEST_CUBES_MAX);
	if (op == EXO_JEQ)
		vf_test_flip(q->out);
}

/* The compare without a sign that a compare with one is. */
static unsigned without_sign(unsigned op)
{
	switch (op) {
	case EXO_JSGT:
		return EXO_JGT;
	case EXO_JSGE:
		return EXO_JGE;
	case EXO_JSLT:
		return EXO_JLT;
	case EXO_JSLE:
		return EXO_JLE;
	default:
		return op;
	}
}

/* Signed numbers are in the order of those with the upper bit flipped. */
static void compare_signed(
    struct vf_acc *a, struct asked *q, unsigned op, uint64_t c, unsigned width)
{
	uint64_t sign = (uint64_t)1 << (width - 1);
	unsigned plain = without_sign(op);

	if (vf_sym_max(q->x) >= sign) {
		q->x =
		    vf_sym_alu(a, EXO_ADD, width, q->x, vf_sym_const(a, sign));
		compare_number(a, q, plain, c ^ sign);
	} else if ((c & sign) == 0) {
		compare_number(a, q, plain, c);
	} else {
		answer(q->out, plain == EXO_JGT || plain == EXO_JGE
		                   ? VF_TEST_TRUE
		                   : VF_TEST_FALSE);
	}
}

void vf_test_compare(struct vf_acc *a, const struct vf_way *w, unsigned code,
    const struct vf_sym *x, const struct vf_sym *y, struct vf_test *out)
{
	unsigned width = (code & 7) == EXO_JMP32 ? 32 : 64, op = code & 0xf0;
	struct vf_layout l;
	struct asked q = { w, &l, x, out };
	uint64_t c, k;

	if (x->kind == VF_SYM_SET) {
		vf_layout(a, w, &l);
		compare_set(a, &q, code, y);
		return;
	}
	if (x->kind != VF_SYM_NUM || y->kind != VF_SYM_NUM) {
		compare_pointers(a, w, width == 64 ? op : EXO_JEQ, x, y, out);
		return;
	}
	if (width == 32) {
		x = vf_sym_low(a, x, 32, false);
		y = vf_sym_low(a, y, 32, false);
	}
	if (vf_sym_known(x, &c) && !vf_sym_known(y, &k)) {
		x = y;
		op = isa_mirrored(op);
	} else if (!vf_sym_known(y, &c)) {
		vf_test_unknown(out, VF_ACCEPT_SUMS);
		return;
	}
	q.x = x;
	vf_layout(a, w, &l);
	if (op == EXO_JSET || op == without_sign(op))
		compare_number(a, &q, op, c);
	else
		compare_signed(a, &q, op, c, width);
}
