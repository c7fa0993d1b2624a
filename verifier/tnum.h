/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tristate numbers: what is known of each bit of a 64-bit word.
 *
 * A tnum (v, m) stands for the set G(v, m) = { x : x & ~m == v }: bits in m
 * are unknown, the others are v's. v & m == 0 always; a pair that breaks this
 * is no tnum. Every set has a smallest tnum that contains it; the operations
 * give one that contains { x op y : x in G(a), y in G(b) }, modulo 2^64.
 * A narrower word of w bits is a tnum whose upper 64 - w bits are known 0;
 * after an operation vf_tnum_cut() brings it back to w bits.
 *
 * Source: H. Vishwanathan, M. Shachnai, S. Narayana, S. Nagarakatte, "Sound,
 * Precise, and Fast Abstract Interpretation with Tristate Numbers", CGO 2022.
 */
#ifndef VF_TNUM_H
#define VF_TNUM_H

#include <stdbool.h>
#include <stdint.h>

struct vf_tnum {
	uint64_t v; /* known bits */
	uint64_t m; /* unknown bits */
};

#define VF_TNUM_ANY ((struct vf_tnum){ 0, UINT64_MAX })

static inline struct vf_tnum vf_tnum_const(uint64_t v)
{
	return (struct vf_tnum){ v, 0 };
}

/** True when x is in G(a). */
static inline bool vf_tnum_has(struct vf_tnum a, uint64_t x)
{
	return (x & ~a.m) == a.v;
}

/** True when G(b) is inside G(a). */
static inline bool vf_tnum_covers(struct vf_tnum a, struct vf_tnum b)
{
	return (b.m & ~a.m) == 0 && (b.v & ~a.m) == a.v;
}

/** True when all lie in common: no bit is known 0 in one and 1 in the other. */
static inline bool vf_tnum_meets(struct vf_tnum a, struct vf_tnum b)
{
	return ((a.v ^ b.v) & ~a.m & ~b.m) == 0;
}

/** G(a) intersected with G(b); vf_tnum_meets(a, b) must hold. Exact. */
static inline struct vf_tnum vf_tnum_meet(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t m = a.m & b.m;

	return (struct vf_tnum){ (a.v | b.v) & ~m, m };
}

/** The smallest tnum that contains both. */
static inline struct vf_tnum vf_tnum_join(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t m = a.m | b.m | (a.v ^ b.v);

	return (struct vf_tnum){ a.v & ~m, m };
}

/** The low w bits, 1 <= w <= 64, zero-extended. Exact. */
static inline struct vf_tnum vf_tnum_cut(struct vf_tnum a, unsigned w)
{
	uint64_t keep = UINT64_MAX >> (64 - w);

	return (struct vf_tnum){ a.v & keep, a.m & keep };
}

/** The smallest tnum that contains [lo, hi], lo <= hi. */
struct vf_tnum vf_tnum_range(uint64_t lo, uint64_t hi);

struct vf_tnum vf_tnum_add(struct vf_tnum a, struct vf_tnum b);
struct vf_tnum vf_tnum_sub(struct vf_tnum a, struct vf_tnum b);
struct vf_tnum vf_tnum_mul(struct vf_tnum a, struct vf_tnum b);
struct vf_tnum vf_tnum_and(struct vf_tnum a, struct vf_tnum b);
struct vf_tnum vf_tnum_or(struct vf_tnum a, struct vf_tnum b);
struct vf_tnum vf_tnum_xor(struct vf_tnum a, struct vf_tnum b);

/** Shifts by the constant k < w of words of w bits. Exact. */
struct vf_tnum vf_tnum_lsh(struct vf_tnum a, unsigned k, unsigned w);
struct vf_tnum vf_tnum_rsh(struct vf_tnum a, unsigned k);
struct vf_tnum vf_tnum_arsh(struct vf_tnum a, unsigned k, unsigned w);

/** The low `from` bits, sign-extended to w bits, from <= w. Exact. */
struct vf_tnum vf_tnum_sext(struct vf_tnum a, unsigned from, unsigned w);

/** The low `bytes` bytes (2, 4, 8) in reverse order. Exact. */
struct vf_tnum vf_tnum_swap(struct vf_tnum a, unsigned bytes);

#endif
