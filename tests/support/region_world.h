/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for regions' texts: an arena, and a universe in which every cube of
 * the canonical fields has a packet.
 */
#ifndef EXO_TESTS_REGION_WORLD_H
#define EXO_TESTS_REGION_WORLD_H

#include "exo/space/text.h"
#include "tests/support/mem.h"

struct region_world {
	struct exo_mem mem;
	struct exo_arena arena;
	struct sp_work w;
};

static inline uint64_t region_world_max(uint32_t field)
{
	return sp_max((enum sp_field)field);
}

static inline int region_world_yes(struct sp_work *w, const struct sp_cube *c)
{
	(void)w;
	(void)c;
	return 1;
}

static const struct sp_universe region_world_all = {
	.max = region_world_max,
	.inhabited = region_world_yes,
};

static inline void region_world_init(struct region_world *t, uint64_t *held)
{
	t->mem = mem_heap(held);
	exo_arena_init(&t->arena, &t->mem);
	t->w = (struct sp_work){
		.arena = &t->arena,
		.left = 10000000,
		.of = &region_world_all,
	};
}

static inline void region_world_free(struct region_world *t)
{
	exo_arena_free(&t->arena);
}

#endif
