/* SPDX-License-Identifier: BSD-2-Clause */
/* The yardstick's hash; a part of maps_yard.h, which has what it needs. */
#ifndef TESTS_BENCH_MAPS_YARD_HASH_H
#define TESTS_BENCH_MAPS_YARD_HASH_H

#include "tests/bench/maps_yard.h"

#define YD_ROTL(x, n) ((x) << (n) | (x) >> (64 - (n)))
#define YD_ROUND(v)                                    \
	do {                                           \
		(v)[0] += (v)[1];                      \
		(v)[1] = YD_ROTL((v)[1], 13) ^ (v)[0]; \
		(v)[0] = YD_ROTL((v)[0], 32);          \
		(v)[2] += (v)[3];                      \
		(v)[3] = YD_ROTL((v)[3], 16) ^ (v)[2]; \
		(v)[0] += (v)[3];                      \
		(v)[3] = YD_ROTL((v)[3], 21) ^ (v)[0]; \
		(v)[2] += (v)[1];                      \
		(v)[1] = YD_ROTL((v)[1], 17) ^ (v)[2]; \
		(v)[2] = YD_ROTL((v)[2], 32);          \
	} while (0)

YD_INLINE void yd_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
#pragma GCC unroll 4
	for (int c = 0; c < YD_C; c++)
		YD_ROUND(v);
	v[0] ^= word;
}

/* A word that was, perhaps, written by halves just before. */
YD_INLINE void yd_halves(uint64_t v[4], const uint8_t *p)
{
	uint32_t low, high;

	memcpy(&low, p, 4);
	memcpy(&high, p + 4, 4);
	__asm__("" : "+r"(low));
	yd_word(v, low | (uint64_t)high << 32);
}

/* J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF". */
YD_INLINE uint64_t yd_sip(const struct yd_map *m, const void *key, uint32_t n)
{
	uint64_t v[4] = { m->k0 ^ 0x736f6d6570736575u,
		m->k1 ^ 0x646f72616e646f6du, m->k0 ^ 0x6c7967656e657261u,
		m->k1 ^ 0x7465646279746573u };
	const uint8_t *p = key;
	uint64_t word;

#pragma GCC unroll 8
	for (uint32_t i = 0; i < n / 8; i++) {
		yd_halves(v, p + (size_t)i * 8);
	}
	word = 0;
	memcpy(&word, p + n / 8 * 8, n % 8);
	yd_word(v, word | (uint64_t)n << 56);
	v[2] ^= 0xff;
#pragma GCC unroll 4
	for (int d = 0; d < YD_D; d++)
		YD_ROUND(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* A power of two, at most half of which is used. */
YD_INLINE uint32_t yd_slots(uint32_t n)
{
	return 2u << (32 - __builtin_clz(n > 1 ? n - 1 : 1));
}

/* The slot of a key, or that where it would be put. */
YD_INLINE struct yd_slot *yd_find(
    const struct yd_map *m, struct yd_shape s, const void *key, uint64_t h)
{
	uint32_t mask = yd_slots(s.n) - 1, i = (uint32_t)h & mask;
	uint32_t tag = (uint32_t)(h >> 32);

	for (;; i = (i + 1) & mask) {
		struct yd_slot *at = &m->slot[i];

		if (at->element == 0)
			return at;
		if (at->tag == tag &&
		    memcmp(yd_element(m, s, at->element) + yd_up8(s.value), key,
		        s.key) == 0)
			return at;
	}
}

YD_INLINE void yd_unlist(struct yd_map *m, uint32_t e)
{
	uint32_t older = m->older[e], newer = m->newer[e];

	*(older != 0 ? &m->newer[older] : &m->oldest) = newer;
	*(newer != 0 ? &m->older[newer] : &m->newest) = older;
}

YD_INLINE void yd_enlist(struct yd_map *m, uint32_t e)
{
	m->older[e] = m->newest;
	m->newer[e] = 0;
	*(m->newest != 0 ? &m->newer[m->newest] : &m->oldest) = e;
	m->newest = e;
}

YD_INLINE void yd_use(struct yd_map *m, uint32_t e)
{
	if (m->newest == e)
		return;
	yd_unlist(m, e);
	yd_enlist(m, e);
}

YD_INLINE void yd_give_back(struct yd_map *m, uint32_t e)
{
	m->next[e] = 0;
	*(m->free_last != 0 ? &m->next[m->free_last] : &m->free_first) = e;
	m->free_last = e;
}

/* Empty a slot; those behind it that would not be found move up. */
YD_INLINE void yd_empty(struct yd_map *m, struct yd_shape s, struct yd_slot *at)
{
	uint32_t mask = yd_slots(s.n) - 1;
	uint32_t hole = (uint32_t)(at - m->slot), i = hole;

	for (;;) {
		const uint8_t *key;
		uint32_t e, want;

		i = (i + 1) & mask;
		e = m->slot[i].element;
		if (e == 0)
			break;
		key = yd_element(m, s, e) + yd_up8(s.value);
		want = (uint32_t)yd_sip(m, key, s.key) & mask;
		if (((i - want) & mask) < ((i - hole) & mask))
			continue;
		m->slot[hole] = m->slot[i];
		hole = i;
	}
	m->slot[hole].element = 0;
}

/* Give up the element that was not used for longest. */
YD_INLINE void yd_forget(struct yd_map *m, struct yd_shape s)
{
	uint32_t e = m->oldest;
	const uint8_t *key = yd_element(m, s, e) + yd_up8(s.value);

	yd_empty(m, s, yd_find(m, s, key, yd_sip(m, key, s.key)));
	yd_unlist(m, e);
	yd_give_back(m, e);
}

YD_INLINE long yd_insert(struct yd_map *m, struct yd_shape s, const void *key,
    const void *value, uint64_t h)
{
	struct yd_slot *at;
	uint32_t e;

	if (m->free_first == 0 && s.kind != YD_LRU_HASH)
		return -7;
	if (m->free_first == 0)
		yd_forget(m, s);
	e = m->free_first;
	m->free_first = m->next[e];
	if (m->free_first == 0)
		m->free_last = 0;
	at = yd_find(m, s, key, h);
	*at = (struct yd_slot){ (uint32_t)(h >> 32), e };
	memcpy(yd_element(m, s, e), value, s.value);
	memcpy(yd_element(m, s, e) + yd_up8(s.value), key, s.key);
	if (s.kind == YD_LRU_HASH)
		yd_enlist(m, e);
	return 0;
}

YD_INLINE long yd_hash_update(struct yd_map *m, struct yd_shape s,
    const void *key, const void *value, uint64_t flags)
{
	uint64_t h = yd_sip(m, key, s.key);
	uint32_t e = yd_find(m, s, key, h)->element;

	if (e != 0 && flags == 1)
		return -17;
	if (e == 0 && flags == 2)
		return -2;
	if (e == 0)
		return yd_insert(m, s, key, value, h);
	if (s.kind == YD_LRU_HASH)
		yd_use(m, e);
	memcpy(yd_element(m, s, e), value, s.value);
	return 0;
}

YD_INLINE void *yd_hash_lookup(
    struct yd_map *m, struct yd_shape s, const void *key)
{
	uint32_t e = yd_find(m, s, key, yd_sip(m, key, s.key))->element;

	if (e == 0)
		return NULL;
	if (s.kind == YD_LRU_HASH)
		yd_use(m, e);
	return yd_element(m, s, e);
}

#endif
