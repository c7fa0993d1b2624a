/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intervals: see range.h for the definitions.
 *
 * Below, x is any word of G(a) and y any of G(b); a bound that an operation
 * cannot give stays that of all words.
 */
#include "verifier/range.h"

/*
 * Reduction
 *
 * Words with sign 0 satisfy u(x) == s(x), those with sign 1
 * u(x) == s(x) + 2^w: in each half both intervals are unsigned ones and
 * intersect exactly.
 */

struct vf_halves vf_range_halves(const struct vf_range *r, unsigned w)
{
	uint64_t top = vf_umax(w);
	uint64_t mid = top >> 1;
	struct vf_halves h = { 1, 0, 1, 0 };

	if (r->smax >= 0) {
		h.lo0 = r->umin;
		if (r->smin > 0)
			h.lo0 = vf_max_u(h.lo0, (uint64_t)r->smin);
		h.hi0 = vf_min_u(vf_min_u(r->umax, mid), (uint64_t)r->smax);
	}
	if (r->smin < 0) {
		h.lo1 = vf_max_u(
		    vf_max_u(r->umin, mid + 1), (uint64_t)r->smin & top);
		h.hi1 = r->umax;
		if (r->smax < 0)
			h.hi1 = vf_min_u(h.hi1, (uint64_t)r->smax & top);
	}
	return h;
}

bool vf_range_sync(struct vf_range *r, unsigned w)
{
	struct vf_halves h = vf_range_halves(r, w);
	bool in0 = h.lo0 <= h.hi0;
	bool in1 = h.lo1 <= h.hi1;

	if (!in0 && !in1)
		return false;
	r->umin = in0 ? h.lo0 : h.lo1;
	r->umax = in1 ? h.hi1 : h.hi0;
	r->smin = vf_signed(in1 ? h.lo1 : h.lo0, w);
	r->smax = vf_signed(in0 ? h.hi0 : h.hi1, w);
	return true;
}

/* Keep a signed interval only when it fits w bits: else it wrapped. */
static void set_signed(struct vf_range *r, int64_t lo, int64_t hi, unsigned w)
{
	if (lo < vf_smin(w) || hi > vf_smax(w))
		return;
	r->smin = lo;
	r->smax = hi;
}

/* a + b as unsigned words of w bits; true when it wrapped. */
static bool add_u(uint64_t a, uint64_t b, uint64_t *sum, unsigned w)
{
	bool carry = a > vf_umax(w) - b;

	*sum = (a + b) & vf_umax(w);
	return carry;
}

/* u: [umin + umin, umax + umax] when neither end wraps, or both do: a sum
 * wraps at most once, so that then all of them do. s: when neither wraps. */
struct vf_range vf_range_add(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);
	uint64_t ulo, uhi;
	int64_t slo, shi;

	if (add_u(a->umin, b->umin, &ulo, w) ==
	    add_u(a->umax, b->umax, &uhi, w)) {
		r.umin = ulo;
		r.umax = uhi;
	}
	if (!__builtin_add_overflow(a->smin, b->smin, &slo) &&
	    !__builtin_add_overflow(a->smax, b->smax, &shi))
		set_signed(&r, slo, shi, w);
	return r;
}

/* u: [umin - umax, umax - umin] when neither end wraps, or both do. */
struct vf_range vf_range_sub(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);
	int64_t slo, shi;

	if ((a->umin < b->umax) == (a->umax < b->umin)) {
		r.umin = (a->umin - b->umax) & vf_umax(w);
		r.umax = (a->umax - b->umin) & vf_umax(w);
	}
	if (!__builtin_sub_overflow(a->smin, b->smax, &slo) &&
	    !__builtin_sub_overflow(a->smax, b->smin, &shi))
		set_signed(&r, slo, shi, w);
	return r;
}

/* A product is extreme where both factors are: on unsigned words at (umin,
 * umin) and (umax, umax), on signed ones at one of the four corners. */
struct vf_range vf_range_mul(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);
	uint64_t hi;
	int64_t p, q, s, t;

	if (!__builtin_mul_overflow(a->umax, b->umax, &hi) &&
	    hi <= vf_umax(w)) {
		r.umin = a->umin * b->umin;
		r.umax = hi;
	}
	if (!__builtin_mul_overflow(a->smin, b->smin, &p) &&
	    !__builtin_mul_overflow(a->smin, b->smax, &q) &&
	    !__builtin_mul_overflow(a->smax, b->smin, &s) &&
	    !__builtin_mul_overflow(a->smax, b->smax, &t))
		set_signed(&r, vf_min_s(vf_min_s(p, q), vf_min_s(s, t)),
		    vf_max_s(vf_max_s(p, q), vf_max_s(s, t)), w);
	return r;
}

/* x & y <= min(x, y). Lower bounds come from known bits. */
struct vf_range vf_range_and(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	r.umax = vf_min_u(a->umax, b->umax);
	return r;
}

/* x | y >= max(x, y). Upper bounds come from known bits. */
struct vf_range vf_range_or(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	r.umin = vf_max_u(a->umin, b->umin);
	return r;
}

/* x / y grows with x and falls with y; y == 0 adds the result 0. */
struct vf_range vf_range_udiv(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	if (b->umax == 0)
		return vf_range_const(0, w);
	r.umin = b->umin == 0 ? 0 : a->umin / b->umax;
	r.umax = a->umax / vf_max_u(b->umin, 1);
	return r;
}

/* Extend [*lo, *hi] by the quotients of the four corners of a and the
 * divisors [d, e], which have one sign: x / y is monotone in x for such y,
 * and in y for x of one sign, so that its extremes are at corners. */
static void quotients(
    const struct vf_range *a, int64_t d, int64_t e, int64_t *lo, int64_t *hi)
{
	int64_t q[4];
	unsigned i;

	q[0] = a->smin / d;
	q[1] = a->smin / e;
	q[2] = a->smax / d;
	q[3] = a->smax / e;
	for (i = 0; i < 4; i++) {
		*lo = vf_min_s(*lo, q[i]);
		*hi = vf_max_s(*hi, q[i]);
	}
}

/* The divisors are split by sign; 0 gives 0. The one quotient that wraps,
 * the smallest word by -1, makes the result unknown. */
struct vf_range vf_range_sdiv(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);
	int64_t lo = INT64_MAX;
	int64_t hi = INT64_MIN;

	if (a->smin == vf_smin(w) && b->smin <= -1 && b->smax >= -1)
		return r;
	if (b->smin <= 0 && b->smax >= 0) {
		lo = 0;
		hi = 0;
	}
	if (b->smin < 0)
		quotients(a, b->smin, vf_min_s(b->smax, -1), &lo, &hi);
	if (b->smax > 0)
		quotients(a, vf_max_s(b->smin, 1), b->smax, &lo, &hi);
	set_signed(&r, lo, hi, w);
	return r;
}

/* x % y is x when x < y, else less than y, and never more than x. */
struct vf_range vf_range_umod(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	if (b->umax == 0 || a->umax < b->umin)
		return *a;
	r.umin = 0;
	r.umax = a->umax;
	if (b->umin != 0)
		r.umax = vf_min_u(r.umax, b->umax - 1);
	return r;
}

static uint64_t abs_s(int64_t x)
{
	return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

/* x % y has the sign of x and is as near to 0 as x or nearer; for y != 0 it
 * is nearer to 0 than y. */
struct vf_range vf_range_smod(
    const struct vf_range *a, const struct vf_range *b, unsigned w)
{
	struct vf_range r = vf_range_any(w);
	int64_t near;

	r.smin = vf_min_s(0, a->smin);
	r.smax = vf_max_s(0, a->smax);
	if (b->smin <= 0 && b->smax >= 0)
		return r;
	near = (int64_t)(vf_max_u(abs_s(b->smin), abs_s(b->smax)) - 1);
	r.smin = vf_max_s(r.smin, -near);
	r.smax = vf_min_s(r.smax, near);
	return r;
}

/* x << k grows with x and k while no bit leaves the word. */
struct vf_range vf_range_lsh(
    const struct vf_range *a, unsigned lo, unsigned hi, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	if (a->umax <= vf_umax(w) >> hi) {
		r.umin = a->umin << lo;
		r.umax = a->umax << hi;
	}
	if (hi < 63 && a->smin >= vf_smin(w) >> hi &&
	    a->smax <= vf_smax(w) >> hi) {
		int64_t near = (int64_t)1 << lo;
		int64_t far = (int64_t)1 << hi;

		r.smin = a->smin * (a->smin < 0 ? far : near);
		r.smax = a->smax * (a->smax < 0 ? near : far);
	}
	return r;
}

/* x >> k grows with x and falls with k. */
struct vf_range vf_range_rsh(
    const struct vf_range *a, unsigned lo, unsigned hi, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	r.umin = a->umin >> hi;
	r.umax = a->umax >> lo;
	return r;
}

/* x s>> k grows with x, and goes towards 0 (or -1) with k. */
struct vf_range vf_range_arsh(
    const struct vf_range *a, unsigned lo, unsigned hi, unsigned w)
{
	struct vf_range r = vf_range_any(w);

	r.smin = a->smin >> (a->smin < 0 ? lo : hi);
	r.smax = a->smax >> (a->smax < 0 ? hi : lo);
	return r;
}

/*
 * Refinement by a comparison that is known to hold
 */

bool vf_range_eq(struct vf_range *a, struct vf_range *b, unsigned w)
{
	a->umin = vf_max_u(a->umin, b->umin);
	a->umax = vf_min_u(a->umax, b->umax);
	a->smin = vf_max_s(a->smin, b->smin);
	a->smax = vf_min_s(a->smax, b->smax);
	if (a->umin > a->umax || a->smin > a->smax || !vf_range_sync(a, w))
		return false;
	*b = *a;
	return true;
}

/* Only a word at an end of an interval can be cut off. */
static bool cut_word(struct vf_range *a, uint64_t x, unsigned w)
{
	int64_t s = vf_signed(x, w);

	if (a->umin == a->umax && a->umin == x)
		return false;
	if (a->umin == x)
		a->umin++;
	if (a->umax == x)
		a->umax--;
	if (a->smin == s && a->smax != s)
		a->smin++;
	if (a->smax == s && a->smin != s)
		a->smax--;
	return vf_range_sync(a, w);
}

bool vf_range_ne(struct vf_range *a, struct vf_range *b, unsigned w)
{
	if (a->umin == a->umax)
		return cut_word(b, a->umin, w);
	if (b->umin == b->umax)
		return cut_word(a, b->umin, w);
	return true;
}

bool vf_range_ult(struct vf_range *a, struct vf_range *b, unsigned w)
{
	if (b->umax == 0 || a->umin == vf_umax(w))
		return false;
	a->umax = vf_min_u(a->umax, b->umax - 1);
	b->umin = vf_max_u(b->umin, a->umin + 1);
	return a->umin <= a->umax && b->umin <= b->umax &&
	       vf_range_sync(a, w) && vf_range_sync(b, w);
}

bool vf_range_ule(struct vf_range *a, struct vf_range *b, unsigned w)
{
	a->umax = vf_min_u(a->umax, b->umax);
	b->umin = vf_max_u(b->umin, a->umin);
	return a->umin <= a->umax && b->umin <= b->umax &&
	       vf_range_sync(a, w) && vf_range_sync(b, w);
}

bool vf_range_slt(struct vf_range *a, struct vf_range *b, unsigned w)
{
	if (b->smax == vf_smin(w) || a->smin == vf_smax(w))
		return false;
	a->smax = vf_min_s(a->smax, b->smax - 1);
	b->smin = vf_max_s(b->smin, a->smin + 1);
	return a->smin <= a->smax && b->smin <= b->smax &&
	       vf_range_sync(a, w) && vf_range_sync(b, w);
}

bool vf_range_sle(struct vf_range *a, struct vf_range *b, unsigned w)
{
	a->smax = vf_min_s(a->smax, b->smax);
	b->smin = vf_max_s(b->smin, a->smin);
	return a->smin <= a->smax && b->smin <= b->smax &&
	       vf_range_sync(a, w) && vf_range_sync(b, w);
}
