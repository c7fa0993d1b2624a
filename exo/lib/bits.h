/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting and finding bits, without a library that may be missing.
 */
#ifndef EXO_LIB_BITS_H
#define EXO_LIB_BITS_H

#include <stdint.h>

/** Number of bits set in v: sums of 2, 4 and 8 bits side by side. */
static inline uint32_t exo_popcount64(uint64_t v)
{
	v -= v >> 1 & 0x5555555555555555u;
	v = (v & 0x3333333333333333u) + (v >> 2 & 0x3333333333333333u);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (uint32_t)(v * 0x0101010101010101u >> 56);
}

/** The place of the lowest bit set in v, which is not 0: one instruction on
 * x86-64; tests/lint/symbols.sh would find a library's function. */
static inline uint32_t exo_lowest64(uint64_t v)
{
	return (uint32_t)__builtin_ctzll(v);
}

#endif
