/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ring buffers: records from programs to one consumer, in order.
 *
 * Overview: a record at position p begins with its header at data[p mod size]
 * and takes 8 + its bytes, rounded up to 8. The header is a word: the bytes
 * of the record, and two bits. It lies outside what programs can reach.
 *
 * Invariant: 0 <= head - tail <= size. At most one of the records between
 * tail and head crosses the end of the buffer, so that what it puts behind
 * the end is nobody else's.
 *
 * Synchronization: one thread produces, one consumes. head is the producer's: it
 * is stored (release) when the header of a new record says that it is busy. A
 * header is stored again (release) when the record is given up, and not by the
 * producer before tail has passed it. tail is the consumer's, stored (release) when
 * it has looked its last at a record. Each loads (acquire) what is the other's.
 */
#include "exo/maps/map_int.h"

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"

#define HEADER  8u
#define BUSY    0x80000000u /* reserved, not yet given up */
#define DISCARD 0x40000000u
#define WAKEUPS 3u /* Linux's flags: whether to wake the consumer */

static int ring_check(const struct exo_map_def *def)
{
	uint32_t n = def->max_entries;

	if (def->key_size != 0 || def->value_size != 0 || def->flags != 0)
		return -EXO_EINVAL;
	if (n < MAP_RING_MIN || (n & (n - 1)) != 0)
		return -EXO_EINVAL;
	return n > MAP_RING_MAX ? -EXO_E2BIG : 0;
}

static int ring_new(struct map *m)
{
	m->ring.data = exo_mem_get(m->mem, (size_t)m->def.max_entries * 2);
	return m->ring.data == NULL ? -EXO_ENOMEM : 0;
}

static void ring_free(struct map *m)
{
	exo_mem_put(m->mem, m->ring.data, (size_t)m->def.max_entries * 2);
}

const struct map_ops map_ring_ops = {
	.check = ring_check,
	.make = ring_new,
	.end = ring_free,
};

static uint8_t *header_at(const struct map *m, uint64_t pos)
{
	return m->ring.data + (pos & (m->def.max_entries - 1));
}

/* Bytes that a record takes. */
static uint64_t room_for(uint64_t size)
{
	return (size + HEADER + 7) & ~(uint64_t)7;
}

static uint64_t tail_of(const struct map *m)
{
	return __atomic_load_n(&m->ring.tail, __ATOMIC_ACQUIRE);
}

static void set_header(uint8_t *h, uint32_t word)
{
	__atomic_store_n((map_half *)(void *)h, word, __ATOMIC_RELEASE);
}

uint8_t *map_ring_reserve(struct map *m, uint64_t size)
{
	uint64_t n = m->def.max_entries;
	uint8_t *h;

	if (m->ring.data == NULL || size > n ||
	    room_for(size) > n - (m->ring.head - tail_of(m)))
		return NULL;
	h = header_at(m, m->ring.head);
	set_header(h, (uint32_t)size | BUSY);
	__atomic_store_n(
	    &m->ring.head, m->ring.head + room_for(size), __ATOMIC_RELEASE);
	return h + HEADER;
}

void map_ring_commit(struct map *m, uint8_t *record, bool discard)
{
	uint8_t *h = record - HEADER;
	uint32_t word = exo_le32(h);

	exo_assert(h >= m->ring.data && h < m->ring.data + m->def.max_entries &&
	           (word & BUSY) != 0);
	set_header(h, (word & ~BUSY) | (discard ? DISCARD : 0));
}

int map_ring_output(
    struct map *m, const void *data, uint64_t size, uint64_t flags)
{
	uint8_t *to;

	if (m->ring.data == NULL || (flags & ~(uint64_t)WAKEUPS) != 0)
		return -EXO_P_EINVAL;
	to = map_ring_reserve(m, size);
	if (to == NULL)
		return -EXO_P_EAGAIN;
	memcpy(to, data, size);
	map_ring_commit(m, to, false);
	return 0;
}

uint64_t map_ring_query(const struct map *m, uint64_t what)
{
	switch (what) {
	case 0:
		return m->ring.head - tail_of(m);
	case 1:
		return m->ring.data == NULL ? 0 : m->def.max_entries;
	case 2:
		return tail_of(m);
	case 3:
		return m->ring.head;
	default:
		return 0;
	}
}

/* --- the consumer -------------------------------------------------------------- */

static uint64_t head_of(const struct map *m)
{
	return __atomic_load_n(&m->ring.head, __ATOMIC_ACQUIRE);
}

/* The header of the oldest record; none at all is like one not given up. */
static uint32_t oldest(const struct map *m)
{
	if (m->ring.tail == head_of(m))
		return BUSY;
	return __atomic_load_n(
	    (map_half *)(void *)header_at(m, m->ring.tail), __ATOMIC_ACQUIRE);
}

void map_ring_pop(struct map *m)
{
	uint32_t word = oldest(m);

	if ((word & BUSY) == 0)
		__atomic_store_n(&m->ring.tail,
		    m->ring.tail + room_for(word & ~DISCARD), __ATOMIC_RELEASE);
}

/* A producer that only discards is not waited for: what it adds is for later. */
const uint8_t *map_ring_peek(struct map *m, uint32_t *size)
{
	uint64_t end = head_of(m);
	uint32_t word = oldest(m);

	while ((word & (BUSY | DISCARD)) == DISCARD && m->ring.tail != end) {
		map_ring_pop(m);
		word = oldest(m);
	}
	*size = 0;
	if ((word & (BUSY | DISCARD)) != 0)
		return NULL;
	*size = word;
	return header_at(m, m->ring.tail) + HEADER;
}

const uint8_t *map_ring_next(struct map *m, uint32_t *size)
{
	const uint8_t *record;

	if (m->ring.given)
		map_ring_pop(m);
	record = map_ring_peek(m, size);
	m->ring.given = record != NULL;
	return record;
}
