/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intervals: what is known of a word of w bits as a number.
 *
 * A range R stands for the set G(R) of words x of w bits with
 *     umin <= u(x) <= umax  and  smin <= s(x) <= smax
 * where u(x) reads x unsigned and s(x) as two's complement. umin and umax are
 * below 2^w; smin and smax are sign-extended to 64 bits. A range in which no
 * word lies is empty; vf_range_sync() finds out.
 *
 * w is 4 to 64: 64 and 32 are used, small ones are tested exhaustively.
 */
#ifndef VF_RANGE_H
#define VF_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct vf_range {
	uint64_t umin, umax;
	int64_t smin, smax;
};

/** Largest unsigned, smallest signed and largest signed word of w bits. */
static inline uint64_t vf_umax(unsigned w)
{
	return UINT64_MAX >> (64 - w);
}

static inline int64_t vf_smin(unsigned w)
{
	return -(int64_t)(vf_umax(w) >> 1) - 1;
}

static inline int64_t vf_smax(unsigned w)
{
	return (int64_t)(vf_umax(w) >> 1);
}

/** s(x) of a word of w bits. */
static inline int64_t vf_signed(uint64_t x, unsigned w)
{
	return (int64_t)(x << (64 - w)) >> (64 - w);
}

static inline uint64_t vf_min_u(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t vf_max_u(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline int64_t vf_min_s(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t vf_max_s(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/** All words of w bits. */
static inline struct vf_range vf_range_any(unsigned w)
{
	return (struct vf_range){ 0, vf_umax(w), vf_smin(w), vf_smax(w) };
}

/** The word x alone. */
static inline struct vf_range vf_range_const(uint64_t x, unsigned w)
{
	return (struct vf_range){ x, x, vf_signed(x, w), vf_signed(x, w) };
}

/** True when the bounds of b are inside those of a. */
static inline bool vf_range_covers(
    const struct vf_range *a, const struct vf_range *b)
{
	return a->umin <= b->umin && b->umax <= a->umax && a->smin <= b->smin &&
	       b->smax <= a->smax;
}

/** The words that an unsigned interval and a signed one share are at most two
 * unsigned intervals: those with sign 0, [lo0, hi0], and with sign 1,
 * [lo1, hi1]. An interval with lo > hi is empty. */
struct vf_halves {
	uint64_t lo0, hi0, lo1, hi1;
};

struct vf_halves vf_range_halves(const struct vf_range *r, unsigned w);

/** Make the bounds the smallest for the same set. False when it is empty. */
bool vf_range_sync(struct vf_range *r, unsigned w);

/*
 * Operations give a range that contains { x op y : x in G(a), y in G(b) },
 * for words of w bits. They may be larger than a sync would leave them.
 */
struct vf_range vf_range_add(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
struct vf_range vf_range_sub(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
struct vf_range vf_range_mul(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
struct vf_range vf_range_and(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
struct vf_range vf_range_or(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
/** Division; x / 0 is 0. */
struct vf_range vf_range_udiv(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
/** Division towards zero; x / 0 is 0, the smallest word / -1 is itself. */
struct vf_range vf_range_sdiv(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
/** Remainder; x % 0 is x. */
struct vf_range vf_range_umod(
    const struct vf_range *a, const struct vf_range *b, unsigned w);
/** Remainder with the dividend's sign; x % 0 is x, x % -1 is 0. */
struct vf_range vf_range_smod(
    const struct vf_range *a, const struct vf_range *b, unsigned w);

/** Shifts by any number k with lo <= k <= hi < w. */
struct vf_range vf_range_lsh(
    const struct vf_range *a, unsigned lo, unsigned hi, unsigned w);
struct vf_range vf_range_rsh(
    const struct vf_range *a, unsigned lo, unsigned hi, unsigned w);
struct vf_range vf_range_arsh(
    const struct vf_range *a, unsigned lo, unsigned hi, unsigned w);

/* Refinements: remove words for which no partner fulfils the comparison.
 * False when nothing is left on one side. */
bool vf_range_eq(struct vf_range *a, struct vf_range *b, unsigned w);
bool vf_range_ne(struct vf_range *a, struct vf_range *b, unsigned w);
/** u(x) < u(y), u(x) <= u(y), s(x) < s(y), s(x) <= s(y). */
bool vf_range_ult(struct vf_range *a, struct vf_range *b, unsigned w);
bool vf_range_ule(struct vf_range *a, struct vf_range *b, unsigned w);
bool vf_range_slt(struct vf_range *a, struct vf_range *b, unsigned w);
bool vf_range_sle(struct vf_range *a, struct vf_range *b, unsigned w);

#endif
