/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4: the keyed hash of keys (128 bits) and hash tables (64 bits).
 *
 * Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF",
 * INDOCRYPT 2012, and the authors' 128-bit variant. The published vectors are
 * in tests/unit/t_siphash.c.
 */
#ifndef EXO_LIB_SIPHASH_H
#define EXO_LIB_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/** 16 secret bytes as two little-endian words. */
struct exo_sipkey {
	uint64_t k0, k1;
};

/** Return the 64-bit hash of n bytes. */
uint64_t exo_siphash64(const struct exo_sipkey *key, const void *p, size_t n);

/** Write the 128-bit MAC of n bytes to mac. */
void exo_siphash128(
    const struct exo_sipkey *key, const void *p, size_t n, uint8_t mac[16]);

/** Return 1 when the n bytes are equal, in time that depends on n only. */
int exo_equal_ct(const void *a, const void *b, size_t n);

#endif
