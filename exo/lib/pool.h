/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of objects of one size, named by index and generation.
 *
 * Objects never move. A name is (generation << 32 | index); the generation
 * is odd while the object lives and moves on when it dies, so a stale name
 * finds nothing. A slot whose generations are used up is retired. Name 0 is
 * never given out.
 */
#ifndef EXO_LIB_POOL_H
#define EXO_LIB_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "exo/lib/arena.h"

struct exo_pool_slot;

struct exo_pool {
	struct exo_mem *mem;
	struct exo_pool_slot **chunks; /* directory; grows by doubling */
	size_t slot_size;              /* bytes, header included */
	uint32_t nchunks;              /* rows of the directory in use */
	uint32_t dir;                  /* rows of the directory */
	uint32_t max;                  /* most objects at once */
	uint32_t live;                 /* objects alive */
	uint32_t fresh;                /* slots never used start here */
	uint32_t free;                 /* head of the free list, index + 1 */
};

/** Make an empty pool of objects of `size` bytes; allocates nothing. */
void exo_pool_init(
    struct exo_pool *p, struct exo_mem *mem, size_t size, uint32_t max);

/** Take a zeroed object; *name is its name. NULL: full, or out of memory. */
void *exo_pool_take(struct exo_pool *p, uint64_t *name);

/** Find a live object by name, or NULL. */
void *exo_pool_find(const struct exo_pool *p, uint64_t name);

/** Give the object of a live name back. */
void exo_pool_put(struct exo_pool *p, uint64_t name);

/** Find the first live object at index *index or later and its name, and
 * move *index past it; NULL at the end. */
void *exo_pool_next(const struct exo_pool *p, uint32_t *index, uint64_t *name);

/** Give all memory back; objects still alive are forgotten. */
void exo_pool_free(struct exo_pool *p);

#endif
