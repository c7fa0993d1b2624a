/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The producer's side of a packet ring (exo/abi/ring.h).
 */
#ifndef EXO_CORE_RING_H
#define EXO_CORE_RING_H

#include <stdint.h>

#include "exo/abi/ring.h"

struct ring {
	struct exo_ring *shared; /* NULL: the owner only counts */
	uint32_t size;           /* our own copy of shared->size */
	uint64_t head;           /* written so far; shared->head lags behind */
	uint64_t tail;           /* the last credible value of shared->tail */
	uint64_t dropped;
};

/** Start an empty ring over the platform's memory. */
void ring_init(struct ring *r, struct exo_ring *shared, uint32_t size);

/** Bytes that the consumer has not taken: head - tail, whatever it says. */
uint64_t ring_used(const struct ring *r);

/** Find room for a record of `need` bytes (a multiple of 8), or NULL.
 * The room is the producer's until ring_commit(). */
uint8_t *ring_reserve(struct ring *r, uint32_t need);

/** Account for the record just written. */
void ring_commit(struct ring *r, uint32_t need);

/** Show the consumer everything committed. */
void ring_publish(struct ring *r);

#endif
