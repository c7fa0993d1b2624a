/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The producer's side of a packet ring: see exo/abi/ring.h.
 *
 * Trust: the consumer shares the header. Our head, size and last credible
 * tail live in kernel memory; a tail outside [tail, head] or off the 8-byte
 * grid is ignored, so the ring then looks full to its owner and to nobody
 * else. Room is computed once and never re-read.
 */
#include "exo/core/ring.h"

#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

void ring_init(struct ring *r, struct exo_ring *shared, uint32_t size)
{
	*r = (struct ring){ .shared = shared, .size = size };
	if (shared == NULL)
		return;
	memset(shared, 0, sizeof(*shared));
	shared->size = size;
}

/* The consumer's index, read once; the last that was credible if this is not. */
static uint64_t ring_tail(const struct ring *r)
{
	uint64_t tail = __atomic_load_n(&r->shared->tail, __ATOMIC_ACQUIRE);

	return tail >= r->tail && tail <= r->head && tail % 8 == 0 ? tail
	                                                           : r->tail;
}

uint64_t ring_used(const struct ring *r)
{
	return r->shared == NULL ? 0 : r->head - ring_tail(r);
}

/* Bytes that may be written. */
static uint64_t ring_room(struct ring *r)
{
	r->tail = ring_tail(r);
	return r->size - (r->head - r->tail);
}

uint8_t *ring_reserve(struct ring *r, uint32_t need)
{
	uint32_t at = (uint32_t)(r->head & (r->size - 1));
	uint32_t to_end = r->size - at;
	uint32_t pad = need > to_end ? to_end : 0;
	struct exo_rec gap = { .size = pad, .kind = EXO_REC_PAD };

	exo_assert(need % 8 == 0 && need != 0);
	if ((uint64_t)need + pad > ring_room(r))
		return NULL;
	if (pad != 0) {
		/* 8 bytes at least: everything is a multiple of 8 */
		memcpy(r->shared->data + at, &gap, 8);
		r->head += pad;
		at = 0;
	}
	return r->shared->data + at;
}

void ring_commit(struct ring *r, uint32_t need)
{
	r->head += need;
}

void ring_publish(struct ring *r)
{
	r->shared->dropped = r->dropped;
	__atomic_store_n(&r->shared->head, r->head, __ATOMIC_RELEASE);
}
