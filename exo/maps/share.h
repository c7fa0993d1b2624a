/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that one thread writes while others read it.
 *
 * Overview: the writer makes a counter odd, writes, and makes it even again. A
 * reader notes an even counter, copies, and looks at it again: where it is what
 * it was, nothing of what was copied was written meanwhile.
 * [H.-J. Boehm, "Can seqlocks get along with programming language memory
 * models?", MSPC 2012]
 *
 * Argument: each store between map_write() and map_written() is a release, each
 * load between map_try() and map_same() an acquire. A reader that sees a store
 * therefore sees, at its second look, the odd counter that was stored before. It
 * began with an even one and ends with the same: so it saw no store of a later
 * change; and as the even one was a release, too, it saw all earlier ones. What
 * it saw is what there was when it first looked.
 *
 * Cost: on x86 all of these are plain loads and stores.
 *
 * What a reader sees before map_same() says so may be anything: an index of
 * it is compared with its limit, a way along links has a longest. A reader gives
 * up after so many tries; the writer waits for nobody.
 */
#ifndef EXO_MAPS_SHARE_H
#define EXO_MAPS_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/lib/bytes.h"

#define MAP_TRIES 64u

typedef uint32_t __attribute__((may_alias)) map_half;
typedef uint64_t __attribute__((may_alias)) map_word;

/* --- the writer ---------------------------------------------------------------- */

/** What belongs together is written between these two. */
struct map_change {
	uint64_t *counter;
	uint64_t was;
};

static inline struct map_change map_write(uint64_t *counter)
{
	struct map_change c = { counter, *counter };

	__atomic_store_n(counter, c.was + 1, __ATOMIC_RELAXED);
	return c;
}

static inline void map_written(struct map_change c)
{
	__atomic_store_n(c.counter, c.was + 2, __ATOMIC_RELEASE);
}

static inline void map_set(uint32_t *to, uint32_t v)
{
	__atomic_store_n(to, v, __ATOMIC_RELEASE);
}

/** Copy n bytes to where others read them; `to` is aligned to 4. */
static inline void map_put_key(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4)
		__atomic_store_n(
		    (map_half *)(void *)to, exo_le32(from), __ATOMIC_RELEASE);
	for (; n > 0; n--)
		__atomic_store_n(to++, *from++, __ATOMIC_RELEASE);
}

static inline void map_put_word(uint8_t *to, const uint8_t *from)
{
	__atomic_store_n(
	    (map_word *)(void *)to, exo_le64(from), __ATOMIC_RELEASE);
}

/** The same; `to` is aligned to 8, and may be `from`. */
static inline void map_put(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (; n >= 32; n -= 32, to += 32, from += 32) {
		map_put_word(to, from);
		map_put_word(to + 8, from + 8);
		map_put_word(to + 16, from + 16);
		map_put_word(to + 24, from + 24);
	}
	for (; n >= 8; n -= 8, to += 8, from += 8)
		map_put_word(to, from);
	map_put_key(to, from, n);
}

/* --- readers ------------------------------------------------------------------- */

static inline uint32_t map_see(const uint32_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/** Copy n bytes that may be written meanwhile; `from` is aligned to 4. */
static inline void map_see_key(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4)
		exo_put_le32(
		    to, __atomic_load_n((const map_half *)(const void *)from,
		            __ATOMIC_ACQUIRE));
	for (; n > 0; n--)
		*to++ = __atomic_load_n(from++, __ATOMIC_ACQUIRE);
}

/** The same; `from` is aligned to 8. */
static inline void map_see_value(uint8_t *to, const uint8_t *from, uint32_t n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8)
		exo_put_le64(
		    to, __atomic_load_n((const map_word *)(const void *)from,
		            __ATOMIC_ACQUIRE));
	map_see_key(to, from, n);
}

/** A reader's look at what a counter is about: while (map_try(&look)) copy, and
 * be done when map_same(&look). */
struct map_look {
	const uint64_t *counter;
	uint64_t seen;
	uint32_t tries;
};

/** Begin a try; false: there were MAP_TRIES of them. */
static inline bool map_try(struct map_look *l)
{
	while (l->tries++ < MAP_TRIES) {
		l->seen = __atomic_load_n(l->counter, __ATOMIC_ACQUIRE);
		if (l->seen % 2 == 0)
			return true;
	}
	return false;
}

/** Whether nothing was written since the try began. */
static inline bool map_same(const struct map_look *l)
{
	return __atomic_load_n(l->counter, __ATOMIC_RELAXED) == l->seen;
}

#endif
