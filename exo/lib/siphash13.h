/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-1-3: the keyed hash of maps, inlined.
 *
 * It has half the rounds of SipHash-2-4, whose source siphash.h names. It is no
 * MAC; but who does not know its key and sees no hash, only perhaps how long a
 * look-up takes, finds no keys that meet in a table: what the hash tables of Rust,
 * Python and Ruby rely on.
 *
 * Where n is a constant, what depends on it is decided by the compiler.
 */
#ifndef EXO_LIB_SIPHASH13_H
#define EXO_LIB_SIPHASH13_H

#include "exo/lib/bytes.h"
#include "exo/lib/siphash.h"

#define SIP_INLINE static inline __attribute__((always_inline))

struct sip {
	uint64_t v0, v1, v2, v3;
};

SIP_INLINE uint64_t sip_rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

SIP_INLINE void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = sip_rotl(s->v1, 13) ^ s->v0;
	s->v0 = sip_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = sip_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = sip_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = sip_rotl(s->v1, 17) ^ s->v2;
	s->v2 = sip_rotl(s->v2, 32);
}

SIP_INLINE struct sip sip_begin(const struct exo_sipkey *key)
{
	return (struct sip){
		.v0 = key->k0 ^ 0x736f6d6570736575u,
		.v1 = key->k1 ^ 0x646f72616e646f6du,
		.v2 = key->k0 ^ 0x6c7967656e657261u,
		.v3 = key->k1 ^ 0x7465646279746573u,
	};
}

/* The last word: what is left of n bytes, and n. */
SIP_INLINE uint64_t sip_last(const uint8_t *p, size_t n)
{
	const uint8_t *rest = p + (n & ~(size_t)7);
	uint64_t last = (uint64_t)n << 56;
	unsigned at = 0;

	if ((n & 7) == 0)
		return last;
	if ((n & 4) != 0) {
		last |= exo_le32(rest);
		at = 4;
	}
	if ((n & 2) != 0) {
		last |= (uint64_t)exo_le16(rest + at) << (8 * at);
		at += 2;
	}
	if ((n & 1) != 0)
		last |= (uint64_t)rest[at] << (8 * at);
	return last;
}

/* Four bytes of a key. Who looks up has often just written it by as many, and a
 * processor waits for its stores when a load needs more than one of them; a
 * compiler makes no one load of two that are volatile. */
typedef const volatile uint32_t __attribute__((aligned(1), may_alias)) exo_half;

/** Load four bytes by themselves. */
SIP_INLINE uint32_t exo_load_half(const void *p)
{
	return *(exo_half *)p;
}

/** Return the 64-bit hash of n bytes. */
SIP_INLINE uint64_t exo_siphash13(
    const struct exo_sipkey *key, const void *p, size_t n)
{
	struct sip s = sip_begin(key);
	const uint8_t *at = p, *end = at + (n & ~(size_t)7);
	uint64_t last = sip_last(p, n), m;

#pragma GCC unroll 2
	for (; at < end; at += 8) {
		m = exo_load_half(at) | (uint64_t)exo_load_half(at + 4) << 32;
		s.v3 ^= m;
		sip_round(&s);
		s.v0 ^= m;
	}
	s.v3 ^= last;
	sip_round(&s);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

#endif
