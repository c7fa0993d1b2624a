/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory with an owner: a charged allocator, and arenas that are freed whole.
 *
 * struct exo_mem stands between the core and the platform's allocator: it
 * counts what an owner holds and refuses past the owner's limit. An arena
 * takes chunks from one exo_mem and gives all of them back in one call.
 */
#ifndef EXO_LIB_ARENA_H
#define EXO_LIB_ARENA_H

#include <stddef.h>
#include <stdint.h>

/** An allocator with an account. Fill get, put, ctx and limit; zero the rest. */
struct exo_mem {
	/** Return size bytes aligned to 16, contents undefined, or NULL. */
	void *(*get)(void *ctx, size_t size);
	/** Take back what get() returned, with the same size. */
	void (*put)(void *ctx, void *p, size_t size);
	void *ctx;
	uint64_t limit; /* bytes; 0 means none */
	uint64_t used;  /* bytes held now */
	uint64_t peak;  /* the most that `used` ever was */
};

/** Return size zeroed bytes charged to m, or NULL; size may be 0 (NULL). */
void *exo_mem_get(struct exo_mem *m, size_t size);

/** The same with undefined contents: for what is large, and used bit by bit. */
void *exo_mem_raw(struct exo_mem *m, size_t size);

/** Return p, got with this size from m; p may be NULL. */
void exo_mem_put(struct exo_mem *m, void *p, size_t size);

struct exo_arena_chunk;

/** An arena. Set up with exo_arena_init(). */
struct exo_arena {
	struct exo_mem *mem;
	struct exo_arena_chunk *chunks; /* newest first */
	size_t chunk;                   /* bytes of the next chunk */
};

/** Make an empty arena on mem, which must outlive it. Allocates nothing. */
void exo_arena_init(struct exo_arena *a, struct exo_mem *mem);

/** Return size zeroed bytes aligned to 16 that live until exo_arena_free(),
 * or NULL when mem has no more. size must not be 0. */
void *exo_arena_get(struct exo_arena *a, size_t size);

/** Give everything back; the arena is empty and usable again. */
void exo_arena_free(struct exo_arena *a);

#endif
