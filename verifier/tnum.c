/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tristate numbers: see tnum.h for the definitions and the source.
 *
 * Below, a = (v, m) and b = (w, n); x is any member of G(a), y of G(b).
 */
#include "verifier/tnum.h"

/* Bits above the highest one in which lo and hi differ are the same in every
 * number between them; below it, all combinations occur or may be assumed. */
struct vf_tnum vf_tnum_range(uint64_t lo, uint64_t hi)
{
	uint64_t diff = lo ^ hi;
	uint64_t m;

	if (diff == 0)
		return vf_tnum_const(lo);
	m = UINT64_MAX >> __builtin_clzll(diff);
	return (struct vf_tnum){ lo & ~m, m };
}

/* x + y lies between v + w (no unknown bit set) and v + w + m + n (all set).
 * A carry out of a bit is known when it is the same in both sums: their
 * exclusive or marks the bits that a carry can disturb (CGO 2022, section
 * 3.1: optimal). */
struct vf_tnum vf_tnum_add(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t low = a.v + b.v;
	uint64_t high = low + (a.m + b.m);
	uint64_t m = (low ^ high) | a.m | b.m;

	return (struct vf_tnum){ low & ~m, m };
}

/* x - y lies between v - w - n and v - w + m; as for addition, with borrows
 * (section 3.1: optimal). */
struct vf_tnum vf_tnum_sub(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t base = a.v - b.v;
	uint64_t m = ((base + a.m) ^ (base - b.m)) | a.m | b.m;

	return (struct vf_tnum){ base & ~m, m };
}

/* x * y = sum over the bits i of x of (x_i << i) * y. The known part is v * w;
 * what the unknown bits add is collected as tnums of value 0 and added once
 * (section 3.2, the algorithm our_mul: sound, not optimal). */
struct vf_tnum vf_tnum_mul(struct vf_tnum a, struct vf_tnum b)
{
	struct vf_tnum acc = vf_tnum_const(0);
	uint64_t known = a.v * b.v;

	while ((a.v | a.m) != 0) {
		if ((a.v & 1) != 0)
			acc = vf_tnum_add(acc, (struct vf_tnum){ 0, b.m });
		else if ((a.m & 1) != 0)
			acc =
			    vf_tnum_add(acc, (struct vf_tnum){ 0, b.v | b.m });
		a.v >>= 1;
		a.m >>= 1;
		b.v <<= 1;
		b.m <<= 1;
	}
	return vf_tnum_add(vf_tnum_const(known), acc);
}

/* A bit of x & y is 1 when both are, unknown when both may be 1. Optimal. */
struct vf_tnum vf_tnum_and(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t may = (a.v | a.m) & (b.v | b.m);
	uint64_t must = a.v & b.v;

	return (struct vf_tnum){ must, may & ~must };
}

/* A bit of x | y is 1 when one is, unknown when one may be. Optimal. */
struct vf_tnum vf_tnum_or(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t must = a.v | b.v;

	return (struct vf_tnum){ must, (a.m | b.m) & ~must };
}

/* A bit of x ^ y is known when both are. Optimal. */
struct vf_tnum vf_tnum_xor(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t m = a.m | b.m;

	return (struct vf_tnum){ (a.v ^ b.v) & ~m, m };
}

struct vf_tnum vf_tnum_lsh(struct vf_tnum a, unsigned k, unsigned w)
{
	return vf_tnum_cut((struct vf_tnum){ a.v << k, a.m << k }, w);
}

struct vf_tnum vf_tnum_rsh(struct vf_tnum a, unsigned k)
{
	return (struct vf_tnum){ a.v >> k, a.m >> k };
}

/* The arithmetic shift copies the sign bit, known or not. */
struct vf_tnum vf_tnum_arsh(struct vf_tnum a, unsigned k, unsigned w)
{
	struct vf_tnum s = vf_tnum_sext(a, w, 64);

	s.v = (uint64_t)((int64_t)s.v >> k);
	s.m = (uint64_t)((int64_t)s.m >> k);
	return vf_tnum_cut(s, w);
}

struct vf_tnum vf_tnum_sext(struct vf_tnum a, unsigned from, unsigned w)
{
	unsigned k = 64 - from;

	a.v = (uint64_t)((int64_t)(a.v << k) >> k);
	a.m = (uint64_t)((int64_t)(a.m << k) >> k);
	return vf_tnum_cut(a, w);
}

struct vf_tnum vf_tnum_swap(struct vf_tnum a, unsigned bytes)
{
	unsigned k = 64 - 8 * bytes;

	a.v = __builtin_bswap64(a.v) >> k;
	a.m = __builtin_bswap64(a.m) >> k;
	return a;
}
