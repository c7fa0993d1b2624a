/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the properties of the domain share.
 *
 * A property is a function of words: it makes operands of them, runs an
 * operation of the verifier, and says whether what must hold does. It holds
 * for all words when no run returns more than 1. The same function is
 * translated to a formula and proven, run on random words, and run again on
 * what a solver holds for a counterexample.
 *
 *   0               the words are no operands: nothing is claimed
 *   1               every claim holds
 *   1 + 2^k + ...   claim k does not, and so on
 *
 * WIDTH is that of a word. What the operation gave goes to out[], zero
 * before, so that formula and C can be compared.
 */
#ifndef TESTS_PROOFS_PROP_H
#define TESTS_PROOFS_PROP_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/range.h"
#include "verifier/scalar.h"
#include "verifier/tnum.h"

#ifndef WIDTH
#define WIDTH 64
#endif

#define W    ((unsigned)WIDTH)
#define H    (W / 2)
#define TOP  (UINT64_MAX >> (64 - W))
#define LESS (TOP >> 1) /* the greatest signed word */

#define PROP(name)                                            \
	unsigned p_##name(const uint64_t *in, uint64_t *out); \
	unsigned p_##name(const uint64_t *in, uint64_t *out)

/** Contracts of the functions that are called from here on must hold for the
 * word x, cut to their width. In compiled C it does nothing. */
void watch(uint64_t x);

/** Claim k, 1 to 15, of a property that counts its verdict in `said`. */
#define CLAIM(k, cond) (said |= (unsigned)!(cond) << (k))

/** Claims k to k + 2: if cond, then x is in all parts of a scalar. */
#define CLAIM_IN(k, cond, a, x)                                \
	(CLAIM(k, !(cond) || in_tnum((a).t, x)),               \
	    CLAIM((k) + 1, !(cond) || in_range(&(a).r, x, W)), \
	    CLAIM((k) + 2, !(cond) || in_range(&(a).h, (x)&top_of(H), H)))

/* Definitions of the sets, written apart from the headers' own. */

static inline uint64_t top_of(unsigned w)
{
	return w == 64 ? UINT64_MAX : (UINT64_C(1) << w) - 1;
}

/* s(x), by its definition: u(x) less 2^w where the sign bit is set. */
static inline int64_t s_of(uint64_t x, unsigned w)
{
	return (int64_t)((x >> (w - 1) & 1) != 0 ? x | ~top_of(w) : x);
}

static inline bool in_tnum(struct vf_tnum a, uint64_t x)
{
	return ((x ^ a.v) & ~a.m) == 0;
}

static inline bool is_tnum(struct vf_tnum a, unsigned w)
{
	return (a.v & a.m) == 0 && ((a.v | a.m) & ~top_of(w)) == 0;
}

static inline bool in_range(const struct vf_range *r, uint64_t x, unsigned w)
{
	return r->umin <= x && x <= r->umax && r->smin <= s_of(x, w) &&
	       s_of(x, w) <= r->smax;
}

/* Bounds are words; they may be in the wrong order. */
static inline bool fits_range(const struct vf_range *r, unsigned w)
{
	int64_t most = (int64_t)(top_of(w) >> 1);

	return r->umin <= top_of(w) && r->umax <= top_of(w) &&
	       -most - 1 <= r->smin && r->smin <= most &&
	       -most - 1 <= r->smax && r->smax <= most;
}

static inline bool is_range(const struct vf_range *r, unsigned w)
{
	return fits_range(r, w) && r->umin <= r->umax && r->smin <= r->smax;
}

static inline bool in_scalar(const struct vf_scalar *a, uint64_t x)
{
	return in_tnum(a->t, x) && in_range(&a->r, x, W) &&
	       in_range(&a->h, x & top_of(H), H);
}

static inline bool is_scalar(const struct vf_scalar *a)
{
	return is_tnum(a->t, W) && is_range(&a->r, W) && is_range(&a->h, H);
}

/* The words of an interval: [lo0, hi0] without the sign bit, [lo1, hi1] with
 * it; either may be empty. */
static inline bool is_halves(const struct vf_halves *s, unsigned w)
{
	uint64_t top = top_of(w), most = top >> 1;

	return s->lo0 <= top && s->hi0 <= top && s->lo1 <= top &&
	       s->hi1 <= top && (s->lo0 > s->hi0 || s->hi0 <= most) &&
	       (s->lo1 > s->hi1 || s->lo1 > most);
}

static inline bool in_halves(const struct vf_halves *s, uint64_t x)
{
	return (s->lo0 <= x && x <= s->hi0) || (s->lo1 <= x && x <= s->hi1);
}

/* What shifts agree on: scalar.c has it as well. */
struct agreed {
	struct vf_tnum t;
	bool any;
};

static inline bool is_any(const struct agreed *c)
{
	return c->any;
}

static inline bool is_agreed(const struct agreed *c, unsigned w)
{
	return is_tnum(c->t, w);
}

static inline bool in_agreed(const struct agreed *c, uint64_t x)
{
	return in_tnum(c->t, x);
}

/* Operands of words: 1, 2, 4 and 10 of them. */

static inline uint64_t take_word(const uint64_t *in)
{
	return in[0] & TOP;
}

static inline struct vf_tnum take_tnum(const uint64_t *in)
{
	uint64_t m = in[1] & TOP;

	return (struct vf_tnum){ in[0] & TOP & ~m, m };
}

static inline struct vf_range take_range(const uint64_t *in, unsigned w)
{
	return (struct vf_range){ in[0] & top_of(w), in[1] & top_of(w),
		s_of(in[2] & top_of(w), w), s_of(in[3] & top_of(w), w) };
}

static inline struct vf_scalar take_scalar(const uint64_t *in)
{
	struct vf_scalar a;

	a.t = take_tnum(in);
	a.r = take_range(in + 2, W);
	a.h = take_range(in + 6, H);
	return a;
}

static inline void put_tnum(uint64_t *out, struct vf_tnum a)
{
	out[0] = a.v;
	out[1] = a.m;
}

static inline void put_range(uint64_t *out, const struct vf_range *r)
{
	out[0] = r->umin;
	out[1] = r->umax;
	out[2] = (uint64_t)r->smin;
	out[3] = (uint64_t)r->smax;
}

static inline void put_scalar(uint64_t *out, const struct vf_scalar *a)
{
	put_tnum(out, a->t);
	put_range(out + 2, &a->r);
	put_range(out + 6, &a->h);
}

/* Shifts by k < w. */

static inline uint64_t word_lsh(uint64_t x, unsigned k, unsigned w)
{
	return x << k & top_of(w);
}

static inline uint64_t word_rsh(uint64_t x, unsigned k, unsigned w)
{
	return (x & top_of(w)) >> k;
}

static inline uint64_t word_arsh(uint64_t x, unsigned k, unsigned w)
{
	return (uint64_t)(s_of(x, w) >> k) & top_of(w);
}

/* Division as the instruction set defines it. */

static inline uint64_t div_u(uint64_t x, uint64_t y)
{
	return y == 0 ? 0 : x / y;
}

static inline uint64_t mod_u(uint64_t x, uint64_t y)
{
	return y == 0 ? x : x % y;
}

static inline uint64_t div_s(uint64_t x, uint64_t y, unsigned w)
{
	if (y == 0)
		return 0;
	if (y == top_of(w))
		return 0 - x;
	return (uint64_t)(s_of(x, w) / s_of(y, w));
}

static inline uint64_t mod_s(uint64_t x, uint64_t y, unsigned w)
{
	if (y == 0)
		return x;
	if (y == top_of(w))
		return 0;
	return (uint64_t)(s_of(x, w) % s_of(y, w));
}

#endif
