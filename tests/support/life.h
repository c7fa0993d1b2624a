/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lives of generated programs: worlds with the maps of progen.h, filled
 * from bytes; packets and memory; and sums of all that a run leaves behind.
 *
 * The same bytes, the same flags and the same runs make the same sums.
 *
 * Memory, and packets that a program cannot write, lie right before or behind
 * a page that nobody may touch: compiled code that leaves them dies.
 */
#ifndef TESTS_SUPPORT_LIFE_H
#define TESTS_SUPPORT_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/core/world.h"
#include "tests/support/tails.h"

/** What packets and maps hold. */
struct life_bytes {
	const uint8_t *p;
	size_t n;
};

/** Where something that is left behind belongs. */
enum life_part {
	LIFE_RESULT,
	LIFE_EVENTS,
	LIFE_MEM, /* of a mem program */
	LIFE_PKT,
	LIFE_OWN, /* what may be written of the context */
	LIFE_MAPS,
	LIFE_RECORDS,
	LIFE_ENDS,  /* of the packet, and the room round it */
	LIFE_STATE, /* clock, random numbers */
	LIFE_PARTS,
};

struct life {
	struct exo_mem mem;
	struct exo_world *w;
	uint32_t type;
	uint64_t sum[LIFE_PARTS];
	uint8_t *space; /* a mem program's memory */
	uint32_t space_size;
	uint8_t *pages; /* where that, and packets nobody writes, lie */
	uint8_t poison; /* what is round packets, unless 0; set it for programs
			   that do not move a packet's ends */
	struct exo_world_prog tail[TAILS]; /* in the slots of PROGEN_PROGS */
};

/** Words that packets and maps hold where bytes do not say more. */
uint64_t life_odd(unsigned i);

/** Begin a life in place; full: maps have no room left. */
void life_begin(
    struct life *l, uint32_t type, const struct life_bytes *b, bool full);

/** End it; all memory has come back. */
void life_finish(struct life *l);

/** A packet, or memory, of so many bytes, and metadata. */
void life_supply(struct life *l, const struct life_bytes *b, uint32_t size,
    uint32_t meta, uint32_t skip);

/** Add to a sum. */
void life_note(struct life *l, enum life_part part, const void *p, size_t size);

/** Add all that a run left behind but its result. */
void life_note_all(struct life *l);

#endif
