/* SPDX-License-Identifier: BSD-2-Clause */
/* Scalars, the product of known bits and intervals: see scalar.h. */
#include "verifier/scalar.h"

#include "exo/abi/insn.h"
#include "exo/lib/bug.h"

struct vf_scalar vf_scalar_any(unsigned w)
{
	struct vf_scalar a;

	a.t = vf_tnum_cut(VF_TNUM_ANY, w);
	a.r = vf_range_any(w);
	a.h = vf_range_any(w / 2);
	return a;
}

struct vf_scalar vf_scalar_const(uint64_t x, unsigned w)
{
	struct vf_scalar a;

	x &= vf_umax(w);
	a.t = vf_tnum_const(x);
	a.r = vf_range_const(x, w);
	a.h = vf_range_const(x & vf_umax(w / 2), w / 2);
	return a;
}

struct vf_scalar vf_scalar_between(uint64_t lo, uint64_t hi, unsigned w)
{
	struct vf_scalar a = vf_scalar_any(w);

	a.r.umin = lo;
	a.r.umax = hi;
	(void)vf_scalar_sync(&a, w);
	return a;
}

struct vf_scalar vf_scalar_between_s(int64_t lo, int64_t hi, unsigned w)
{
	struct vf_scalar a = vf_scalar_any(w);

	a.r.smin = lo;
	a.r.smax = hi;
	(void)vf_scalar_sync(&a, w);
	return a;
}

bool vf_scalar_covers(const struct vf_scalar *a, const struct vf_scalar *b)
{
	return vf_tnum_covers(a->t, b->t) && vf_range_covers(&a->r, &b->r) &&
	       vf_range_covers(&a->h, &b->h);
}

/*
 * Reduction
 */

/* v <= x <= v + m for x in G(v, m), unsigned; the sign bit, where unknown,
 * makes the signed bounds. */
static bool range_from_tnum(struct vf_range *r, struct vf_tnum t, unsigned w)
{
	uint64_t sign = (uint64_t)1 << (w - 1);

	r->umin = vf_max_u(r->umin, t.v);
	r->umax = vf_min_u(r->umax, t.v | t.m);
	r->smin = vf_max_s(r->smin, vf_signed(t.v | (t.m & sign), w));
	r->smax = vf_min_s(r->smax, vf_signed(t.v | (t.m & ~sign), w));
	return vf_range_sync(r, w);
}

static bool ranges_from_tnum(struct vf_scalar *a, unsigned w)
{
	struct vf_tnum low = vf_tnum_cut(a->t, w / 2);

	return range_from_tnum(&a->r, a->t, w) &&
	       range_from_tnum(&a->h, low, w / 2);
}

/* When fewer than 2^(w/2) numbers lie in [lo, hi], their lower halves are a
 * circular interval from lo's to hi's: a plain one, unsigned or signed, when
 * it does not cross that order's seam. */
static void half_from_span(
    struct vf_range *h, uint64_t lo, uint64_t hi, unsigned w)
{
	unsigned hw = w / 2;
	uint64_t ulo = lo & vf_umax(hw);
	uint64_t uhi = hi & vf_umax(hw);

	if (((hi - lo) & vf_umax(w)) > vf_umax(hw))
		return;
	if (ulo <= uhi) {
		h->umin = vf_max_u(h->umin, ulo);
		h->umax = vf_min_u(h->umax, uhi);
	}
	if (vf_signed(ulo, hw) <= vf_signed(uhi, hw)) {
		h->smin = vf_max_s(h->smin, vf_signed(ulo, hw));
		h->smax = vf_min_s(h->smax, vf_signed(uhi, hw));
	}
}

static bool half_from_word(struct vf_scalar *a, unsigned w)
{
	half_from_span(&a->h, a->r.umin, a->r.umax, w);
	half_from_span(&a->h, (uint64_t)a->r.smin, (uint64_t)a->r.smax, w);
	return a->h.umin <= a->h.umax && a->h.smin <= a->h.smax &&
	       vf_range_sync(&a->h, w / 2);
}

/* The smallest word >= x whose lower half is in s; where there is none, the
 * smallest of all: it comes round. */
static uint64_t next_word(uint64_t x, const struct vf_halves *s, unsigned w)
{
	uint64_t mask = vf_umax(w / 2);
	uint64_t low = x & mask;
	uint64_t high = x & ~mask;
	bool in0 = s->lo0 <= s->hi0;

	if (in0 && low <= s->hi0)
		low = vf_max_u(low, s->lo0);
	else if (s->lo1 <= s->hi1 && low <= s->hi1)
		low = vf_max_u(low, s->lo1);
	else {
		high = (high + mask + 1) & vf_umax(w);
		low = in0 ? s->lo0 : s->lo1;
	}
	return high | low;
}

/* The same downwards: the greatest word <= x. */
static uint64_t prev_word(uint64_t x, const struct vf_halves *s, unsigned w)
{
	uint64_t mask = vf_umax(w / 2);
	uint64_t low = x & mask;
	uint64_t high = x & ~mask;
	bool in1 = s->lo1 <= s->hi1;

	if (in1 && low >= s->lo1)
		low = vf_min_u(low, s->hi1);
	else if (s->lo0 <= s->hi0 && low >= s->lo0)
		low = vf_min_u(low, s->hi0);
	else {
		high = (high - mask - 1) & vf_umax(w);
		low = in1 ? s->hi1 : s->hi0;
	}
	return high | low;
}

/* Move each bound of the word to the next number whose lower half fits. Where
 * that one is beyond the last word, so that it comes round, there is none. */
static bool word_from_half(struct vf_scalar *a, unsigned w)
{
	struct vf_range *r = &a->r;
	struct vf_halves s = vf_range_halves(&a->h, w / 2);
	struct vf_range was = *r;
	uint64_t smin = (uint64_t)r->smin & vf_umax(w);
	uint64_t smax = (uint64_t)r->smax & vf_umax(w);

	r->umin = next_word(r->umin, &s, w);
	r->umax = prev_word(r->umax, &s, w);
	r->smin = vf_signed(next_word(smin, &s, w), w);
	r->smax = vf_signed(prev_word(smax, &s, w), w);
	return vf_range_covers(&was, r) && r->umin <= r->umax &&
	       r->smin <= r->smax && vf_range_sync(r, w);
}

/* The bits that an interval of the word and one of its half fix. */
static bool tnum_from_ranges(struct vf_scalar *a, unsigned w)
{
	struct vf_tnum word = vf_tnum_range(a->r.umin, a->r.umax);
	struct vf_tnum half = vf_tnum_range(a->h.umin, a->h.umax);

	half.m |= vf_umax(w) & ~vf_umax(w / 2);
	if (!vf_tnum_meets(a->t, word))
		return false;
	a->t = vf_tnum_meet(a->t, word);
	if (!vf_tnum_meets(a->t, half))
		return false;
	a->t = vf_tnum_meet(a->t, half);
	return true;
}

/* The steps: each keeps G(a), and is false only when it is empty. Each one
 * narrows one part by others, so that no word of G(a) can get lost. */
static bool sync_once(struct vf_scalar *a, unsigned w)
{
	return ranges_from_tnum(a, w) && half_from_word(a, w) &&
	       word_from_half(a, w) && tnum_from_ranges(a, w);
}

static bool same_range(const struct vf_range *a, const struct vf_range *b)
{
	return a->umin == b->umin && a->umax == b->umax && a->smin == b->smin &&
	       a->smax == b->smax;
}

static bool same(const struct vf_scalar *a, const struct vf_scalar *b)
{
	return a->t.v == b->t.v && a->t.m == b->t.m &&
	       same_range(&a->r, &b->r) && same_range(&a->h, &b->h);
}

/* Where all bits are known there is one word, if both intervals have it. Keeps
 * G(a), as the steps. */
static bool sync_known(struct vf_scalar *a, unsigned w)
{
	struct vf_scalar only = vf_scalar_const(a->t.v, w);
	bool is_in =
	    vf_range_covers(&a->r, &only.r) && vf_range_covers(&a->h, &only.h);

	if (a->t.m != 0)
		return true;
	*a = only;
	return is_in;
}

/* Two rounds let what the last part learnt reach the first; if the first round
 * changes nothing, nor would the second. */
bool vf_scalar_sync(struct vf_scalar *a, unsigned w)
{
	struct vf_scalar was;
	unsigned round;

	for (round = 0; round < 2 && a->t.m != 0; round++) {
		was = *a;
		if (!sync_once(a, w))
			return false;
		if (same(a, &was))
			return true;
	}
	return sync_known(a, w);
}

/*
 * Operations
 */

/* One word: known bits and interval of an operand or a result. */
struct word {
	struct vf_tnum t;
	struct vf_range r;
};

static struct word lower_half(const struct vf_scalar *a, unsigned w)
{
	return (struct word){ vf_tnum_cut(a->t, w / 2), a->h };
}

static bool is_power(const struct word *b)
{
	return b->t.m == 0 && b->t.v != 0 && (b->t.v & (b->t.v - 1)) == 0;
}

/* The bits that shifts by some amounts agree on; `any`: there is one. */
struct agreed {
	struct vf_tnum t;
	bool any;
};

/* One amount more, if kt has it. */
static void shift_step(uint8_t op, struct vf_tnum a, struct vf_tnum kt,
    unsigned k, unsigned w, struct agreed *z)
{
	struct vf_tnum t;

	if (!vf_tnum_has(kt, k))
		return;
	t = op == EXO_LSH   ? vf_tnum_lsh(a, k, w)
	    : op == EXO_RSH ? vf_tnum_rsh(a, k)
	                    : vf_tnum_arsh(a, k, w);
	z->t = z->any ? vf_tnum_join(z->t, t) : t;
	z->any = true;
}

/* Those of kt from lo to hi. */
static void shift_bits(uint8_t op, struct vf_tnum a, struct vf_tnum kt,
    unsigned lo, unsigned hi, unsigned w, struct agreed *z)
{
	unsigned k;

	z->t = vf_tnum_cut(VF_TNUM_ANY, w);
	z->any = false;
	for (k = lo; k <= hi; k++)
		shift_step(op, a, kt, k, w, z);
}

/* A shift by an unknown amount k has the bits that all possible k agree on. */
static struct word word_shift(
    uint8_t op, const struct word *a, const struct word *b, unsigned w)
{
	struct vf_tnum kt = vf_tnum_and(b->t, vf_tnum_const(w - 1));
	unsigned lo = (unsigned)kt.v;
	unsigned hi = (unsigned)(kt.v | kt.m);
	struct agreed bits;
	struct word z;

	if (b->r.umax < w) {
		lo = (unsigned)vf_max_u(lo, b->r.umin);
		hi = (unsigned)vf_min_u(hi, b->r.umax);
	}
	shift_bits(op, a->t, kt, lo, hi, w, &bits);
	z.t = bits.t;
	if (!bits.any)
		z.r = vf_range_any(w);
	else if (op == EXO_LSH)
		z.r = vf_range_lsh(&a->r, lo, hi, w);
	else if (op == EXO_RSH)
		z.r = vf_range_rsh(&a->r, lo, hi, w);
	else
		z.r = vf_range_arsh(&a->r, lo, hi, w);
	return z;
}

static struct word word_div(uint8_t op, bool sgn, const struct word *a,
    const struct word *b, unsigned w)
{
	struct word z;

	z.t = vf_tnum_cut(VF_TNUM_ANY, w);
	if (op == EXO_DIV && sgn) {
		z.r = vf_range_sdiv(&a->r, &b->r, w);
	} else if (op == EXO_DIV) {
		z.r = vf_range_udiv(&a->r, &b->r, w);
		if (is_power(b))
			z.t = vf_tnum_rsh(
			    a->t, (unsigned)__builtin_ctzll(b->t.v));
	} else if (sgn) {
		z.r = vf_range_smod(&a->r, &b->r, w);
	} else {
		z.r = vf_range_umod(&a->r, &b->r, w);
		if (is_power(b))
			z.t = vf_tnum_and(a->t, vf_tnum_const(b->t.v - 1));
	}
	return z;
}

/* One operation on words of w bits. */
static struct word word_alu(uint8_t op, bool sgn, const struct word *a,
    const struct word *b, unsigned w)
{
	struct word z;

	z.r = vf_range_any(w);
	switch (op) {
	case EXO_ADD:
		z.t = vf_tnum_add(a->t, b->t);
		z.r = vf_range_add(&a->r, &b->r, w);
		break;
	case EXO_SUB:
		z.t = vf_tnum_sub(a->t, b->t);
		z.r = vf_range_sub(&a->r, &b->r, w);
		break;
	case EXO_MUL:
		z.t = vf_tnum_mul(a->t, b->t);
		z.r = vf_range_mul(&a->r, &b->r, w);
		break;
	case EXO_AND:
		z.t = vf_tnum_and(a->t, b->t);
		z.r = vf_range_and(&a->r, &b->r, w);
		break;
	case EXO_OR:
		z.t = vf_tnum_or(a->t, b->t);
		z.r = vf_range_or(&a->r, &b->r, w);
		break;
	case EXO_XOR:
		z.t = vf_tnum_xor(a->t, b->t);
		break;
	case EXO_LSH:
	case EXO_RSH:
	case EXO_ARSH:
		return word_shift(op, a, b, w);
	case EXO_DIV:
	case EXO_MOD:
		return word_div(op, sgn, a, b, w);
	default:
		exo_bug("not an operation of two operands");
	}
	z.t = vf_tnum_cut(z.t, w);
	return z;
}

/* The lower half of the result depends on the lower halves alone. */
static bool is_modular(uint8_t op)
{
	return op == EXO_ADD || op == EXO_SUB || op == EXO_MUL ||
	       op == EXO_AND || op == EXO_OR || op == EXO_XOR;
}

/* Put a result together. It cannot be empty unless an operand was: then no
 * run gets here, and any result is sound. */
static struct vf_scalar finish(struct vf_scalar a, unsigned w)
{
	return vf_scalar_sync(&a, w) ? a : vf_scalar_any(w);
}

/* A word of half the width, zero-extended. */
static struct vf_scalar from_half(const struct word *z, unsigned w)
{
	struct vf_scalar a;

	a.t = z->t;
	a.h = z->r;
	a.r.umin = z->r.umin;
	a.r.umax = z->r.umax;
	a.r.smin = 0;
	a.r.smax = (int64_t)vf_umax(w / 2);
	return finish(a, w);
}

struct vf_scalar vf_scalar_alu(uint8_t op, bool sgn, bool half,
    const struct vf_scalar *a, const struct vf_scalar *b, unsigned w)
{
	struct word ah = lower_half(a, w);
	struct word bh = lower_half(b, w);
	struct word aw = { a->t, a->r };
	struct word bw = { b->t, b->r };
	struct vf_scalar c;
	struct word z;

	if (half) {
		z = word_alu(op, sgn, &ah, &bh, w / 2);
		return from_half(&z, w);
	}
	z = word_alu(op, sgn, &aw, &bw, w);
	c.t = z.t;
	c.r = z.r;
	c.h = vf_range_any(w / 2);
	if (c.t.m != 0 && is_modular(op)) {
		z = word_alu(op, sgn, &ah, &bh, w / 2);
		c.h = z.r;
	}
	return finish(c, w);
}

struct vf_scalar vf_scalar_zext(
    const struct vf_scalar *a, unsigned from, unsigned w)
{
	struct vf_scalar c;

	if (a->r.umax <= vf_umax(from))
		return *a;
	if (from == w / 2) {
		struct word z = lower_half(a, w);

		return from_half(&z, w);
	}
	c = vf_scalar_any(w);
	c.t = vf_tnum_cut(a->t, from);
	return finish(c, w);
}

struct vf_scalar vf_scalar_sext(
    const struct vf_scalar *a, unsigned from, unsigned w)
{
	struct vf_scalar c;

	if (a->r.smin >= vf_smin(from) && a->r.smax <= vf_smax(from))
		return *a;
	c = vf_scalar_any(w);
	c.t = vf_tnum_sext(a->t, from, w);
	c.r.smin = vf_smin(from);
	c.r.smax = vf_smax(from);
	if (from == w / 2) {
		c.h = a->h;
		c.r.smin = a->h.smin;
		c.r.smax = a->h.smax;
	}
	return finish(c, w);
}

struct vf_scalar vf_scalar_swap(const struct vf_scalar *a, unsigned bytes)
{
	struct vf_scalar c = vf_scalar_any(64);

	c.t = vf_tnum_swap(a->t, bytes);
	return finish(c, 64);
}

/*
 * Branches
 */

/* x & y != 0: possible when a bit may be set in both; a single one must. */
static bool bits_common(struct word *a, struct word *b)
{
	uint64_t may = (a->t.v | a->t.m) & (b->t.v | b->t.m);

	if (may == 0)
		return false;
	if ((may & (may - 1)) == 0) {
		a->t.v |= may;
		a->t.m &= ~may;
		b->t.v |= may;
		b->t.m &= ~may;
	}
	return true;
}

/* x & y == 0: a bit known 1 in one is 0 in the other. */
static bool bits_apart(struct word *a, struct word *b)
{
	if ((a->t.v & b->t.v) != 0)
		return false;
	a->t.m &= ~b->t.v;
	b->t.m &= ~a->t.v;
	return true;
}

static bool words_equal(struct word *a, struct word *b, unsigned w)
{
	if (!vf_tnum_meets(a->t, b->t))
		return false;
	a->t = vf_tnum_meet(a->t, b->t);
	b->t = a->t;
	return vf_range_eq(&a->r, &b->r, w);
}

/* Refine two words by a comparison that holds (taken) or does not. */
static bool word_branch(
    uint8_t op, bool taken, struct word *a, struct word *b, unsigned w)
{
	struct vf_range *x = &a->r;
	struct vf_range *y = &b->r;

	switch (op) {
	case EXO_JEQ:
		return taken ? words_equal(a, b, w) : vf_range_ne(x, y, w);
	case EXO_JNE:
		return taken ? vf_range_ne(x, y, w) : words_equal(a, b, w);
	case EXO_JSET:
		return taken ? bits_common(a, b) : bits_apart(a, b);
	case EXO_JGT:
		return taken ? vf_range_ult(y, x, w) : vf_range_ule(x, y, w);
	case EXO_JGE:
		return taken ? vf_range_ule(y, x, w) : vf_range_ult(x, y, w);
	case EXO_JLT:
		return taken ? vf_range_ult(x, y, w) : vf_range_ule(y, x, w);
	case EXO_JLE:
		return taken ? vf_range_ule(x, y, w) : vf_range_ult(y, x, w);
	case EXO_JSGT:
		return taken ? vf_range_slt(y, x, w) : vf_range_sle(x, y, w);
	case EXO_JSGE:
		return taken ? vf_range_sle(y, x, w) : vf_range_slt(x, y, w);
	case EXO_JSLT:
		return taken ? vf_range_slt(x, y, w) : vf_range_sle(y, x, w);
	case EXO_JSLE:
		return taken ? vf_range_sle(x, y, w) : vf_range_slt(y, x, w);
	default:
		exo_bug("not a comparison");
	}
}

/* Put a refined lower half back. */
static bool put_half(struct vf_scalar *a, const struct word *z, unsigned w)
{
	uint64_t upper = vf_umax(w) & ~vf_umax(w / 2);

	a->t.v = (a->t.v & upper) | z->t.v;
	a->t.m = (a->t.m & upper) | z->t.m;
	a->h = z->r;
	return vf_scalar_sync(a, w);
}

bool vf_scalar_branch(uint8_t op, bool taken, bool half, struct vf_scalar *a,
    struct vf_scalar *b, unsigned w)
{
	struct word x = { a->t, a->r };
	struct word y = { b->t, b->r };

	if (half) {
		x = lower_half(a, w);
		y = lower_half(b, w);
		return word_branch(op, taken, &x, &y, w / 2) &&
		       put_half(a, &x, w) && put_half(b, &y, w);
	}
	if (!word_branch(op, taken, &x, &y, w))
		return false;
	a->t = x.t;
	a->r = x.r;
	b->t = y.t;
	b->r = y.r;
	return vf_scalar_sync(a, w) && vf_scalar_sync(b, w);
}
