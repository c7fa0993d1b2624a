/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen one-byte tags compared with one at once.
 *
 * Two bodies, one answer: vectors of the GNU extension where the compiler may
 * use SSE2, and two 64-bit words everywhere; a kernel that must not touch
 * vector registers is compiled without and gets the latter. Tags are read as
 * two atomic words, since a writer may change one of them meanwhile: the answer
 * for each byte is that of its old or its new value.
 */
#ifndef EXO_LIB_TAGS_H
#define EXO_LIB_TAGS_H

#include <stdint.h>

#define EXO_TAGS 16u

/*
 * The bytes of v that are 0, as a bit each, in bits 0 to 7. A byte x has its
 * top bit set in ((x & 0x7f) + 0x7f) | x exactly if x is not 0, and that sum
 * carries into no neighbour. What is left are bits 8i for the bytes i that are
 * 0; times 2^(56 - 7i) bit 8i is bit 56 + i. The products of the other pairs
 * are other bits, all different, so that nothing carries.
 */
static inline uint32_t exo_tags_zero(uint64_t v)
{
	uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	uint64_t t = ~(((v & low) + low) | v | low);

	return (uint32_t)((t >> 7) * 0x0102040810204080u >> 56);
}

/** The tags that are t, bit i for byte i of a (0 to 7) and b (8 to 15). */
static inline uint32_t exo_tags_swar(uint64_t a, uint64_t b, uint8_t t)
{
	uint64_t all = t * (uint64_t)0x0101010101010101u;

	return exo_tags_zero(a ^ all) | exo_tags_zero(b ^ all) << 8;
}

#ifdef __SSE2__
typedef char exo_tags_v16 __attribute__((vector_size(16)));
typedef uint64_t exo_tags_v2 __attribute__((vector_size(16)));

static inline uint32_t exo_tags_vector(uint64_t a, uint64_t b, uint8_t t)
{
	exo_tags_v2 v = { a, b };
	char c = (char)t;
	exo_tags_v16 all = { c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c };

	return (uint32_t)__builtin_ia32_pmovmskb128(
	    (exo_tags_v16)((exo_tags_v16)v == all));
}
#endif

/** Which of the 16 tags at p, aligned to 8, are t: bit i for tag i. */
static inline uint32_t exo_tags_find(const uint8_t *p, uint8_t t)
{
	const uint64_t *w = (const uint64_t *)(const void *)p;
	uint64_t a = __atomic_load_n(&w[0], __ATOMIC_ACQUIRE);
	uint64_t b = __atomic_load_n(&w[1], __ATOMIC_ACQUIRE);

#ifdef __SSE2__
	return exo_tags_vector(a, b, t);
#else
	return exo_tags_swar(a, b, t);
#endif
}

#endif
