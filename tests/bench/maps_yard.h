/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick's maps: what one would write in C for one use, with the
 * semantics of the product's maps.
 *
 * Values never move, memory is taken at the start, elements that were given up
 * are used again in the order in which that happened, an LRU hash gives up what
 * was not used for longest. A hash is an open table of tags with numbers of
 * elements, at most half full, in which looking goes on to the next slot; an
 * element's value and key lie together. Its hash is keyed and as strong as the
 * product's: SipHash with YD_C rounds a word and YD_D in the end. A trie is
 * path-compressed, and compares words.
 *
 * Everything is inlined, with all sizes constants: struct yd_shape is never in
 * memory.
 */
#ifndef TESTS_BENCH_MAPS_YARD_H
#define TESTS_BENCH_MAPS_YARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define YD_INLINE static inline __attribute__((always_inline))
#define YD_C      1
#define YD_D      3

struct yd_shape {
	uint32_t kind; /* linux/bpf.h's */
	uint32_t n, key, value;
};

/** Kinds, as linux/bpf.h numbers them. */
enum yd_kind {
	YD_HASH = 1,
	YD_ARRAY = 2,
	YD_PERCPU_HASH = 5,
	YD_PERCPU_ARRAY = 6,
	YD_LRU_HASH = 9,
	YD_LPM_TRIE = 11,
	YD_QUEUE = 22,
	YD_RINGBUF = 27,
};

struct yd_slot {
	uint32_t tag;
	uint32_t element; /* counted from 1; 0: none */
};

struct yd_node {
	uint64_t high, low;           /* the prefix */
	uint64_t high_mask, low_mask; /* which bits of it count */
	uint32_t child[2];            /* numbers counted from 1 */
	uint32_t bits, element;
};

struct yd_map {
	uint8_t *values;
	/* hash */
	struct yd_slot *slot;
	uint64_t k0, k1;
	uint32_t *next;
	uint32_t free_first, free_last;
	uint32_t *older, *newer;
	uint32_t oldest, newest;
	/* trie */
	struct yd_node *node;
	uint32_t nnodes, root, count;
	/* queue, ring buffer */
	uint64_t head, tail;
};

/** Make an empty map, or end the process. */
struct yd_map *yd_new(struct yd_shape s);

/** What is in a ring buffer is consumed. */
void yd_drain(struct yd_map *m);

YD_INLINE uint32_t yd_up8(uint32_t n)
{
	return (n + 7) & ~7u;
}

/* Bytes from one element to the next. */
YD_INLINE uint32_t yd_stride(struct yd_shape s)
{
	bool hash = s.kind == YD_HASH || s.kind == YD_PERCPU_HASH ||
	            s.kind == YD_LRU_HASH;

	return yd_up8(s.value) + (hash ? yd_up8(s.key) : 0);
}

YD_INLINE uint8_t *yd_element(
    const struct yd_map *m, struct yd_shape s, uint32_t e)
{
	return m->values + (size_t)(e - 1) * yd_stride(s);
}

#include "tests/bench/maps_yard_hash.h"

/* -- tries: keys of up to 16 bytes behind their number of bits ------------------- */

struct yd_prefix {
	uint64_t high, low;
	uint32_t bits;
};

YD_INLINE struct yd_prefix yd_prefix(const void *key, uint32_t size)
{
	uint64_t word[2] = { 0, 0 };
	struct yd_prefix p;

	memcpy(&p.bits, key, 4);
	memcpy(word, (const uint8_t *)key + 4, size - 4);
	p.high = __builtin_bswap64(word[0]);
	p.low = __builtin_bswap64(word[1]);
	return p;
}

YD_INLINE uint32_t yd_bit(const struct yd_prefix *p, uint32_t i)
{
	return (i < 64 ? p->high >> (63 - i) : p->low >> (127 - i)) & 1;
}

YD_INLINE void *yd_trie_lookup(
    const struct yd_map *m, struct yd_shape s, const void *key)
{
	struct yd_prefix p = yd_prefix(key, s.key);
	uint32_t i = m->root, best = 0;

	while (i != 0) {
		const struct yd_node *n = &m->node[i];

		if (n->bits > p.bits ||
		    (((n->high ^ p.high) & n->high_mask) |
		        ((n->low ^ p.low) & n->low_mask)) != 0)
			break;
		best = n->element != 0 ? n->element : best;
		if (n->bits == p.bits)
			break;
		i = n->child[yd_bit(&p, n->bits)];
	}
	return best == 0 ? NULL : yd_element(m, s, best);
}

/** Set the value of a prefix. 0, or a negative number as Linux has it. */
long yd_trie_update(struct yd_map *m, struct yd_shape s,
    const struct yd_prefix *p, const void *value);

/* -- all of them ---------------------------------------------------------------- */

YD_INLINE void *yd_lookup(struct yd_map *m, struct yd_shape s, const void *key)
{
	uint32_t i;

	if (s.kind == YD_LPM_TRIE)
		return yd_trie_lookup(m, s, key);
	if (s.kind != YD_ARRAY && s.kind != YD_PERCPU_ARRAY)
		return yd_hash_lookup(m, s, key);
	memcpy(&i, key, 4);
	return i < s.n ? m->values + (size_t)i * yd_stride(s) : NULL;
}

YD_INLINE long yd_update(struct yd_map *m, struct yd_shape s, const void *key,
    const void *value, uint64_t flags)
{
	struct yd_prefix p;

	if (s.kind != YD_LPM_TRIE)
		return yd_hash_update(m, s, key, value, flags);
	p = yd_prefix(key, s.key);
	return yd_trie_update(m, s, &p, value);
}

YD_INLINE long yd_push(struct yd_map *m, struct yd_shape s, const void *value)
{
	if (m->head - m->tail == s.n)
		return -7;
	memcpy(m->values + m->head++ % s.n * s.value, value, s.value);
	return 0;
}

YD_INLINE long yd_pop(struct yd_map *m, struct yd_shape s, void *value)
{
	if (m->head == m->tail) {
		memset(value, 0, s.value);
		return -2;
	}
	memcpy(value, m->values + m->tail++ % s.n * s.value, s.value);
	return 0;
}

#define YD_BUSY 0x80000000u

YD_INLINE void *yd_reserve(struct yd_map *m, struct yd_shape s, uint32_t size)
{
	uint32_t room = yd_up8(size + 8), word = size | YD_BUSY;
	uint8_t *to = m->values + (m->head & (s.n - 1));

	if (room > s.n - (m->head - m->tail))
		return NULL;
	memcpy(to, &word, 4);
	m->head += room;
	return to + 8;
}

YD_INLINE void yd_submit(void *record)
{
	uint32_t word;

	memcpy(&word, (uint8_t *)record - 8, 4);
	word &= ~YD_BUSY;
	memcpy((uint8_t *)record - 8, &word, 4);
}

#endif
