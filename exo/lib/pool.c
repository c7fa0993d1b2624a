/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools of named objects: see pool.h. */
#include "exo/lib/pool.h"

#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define CHUNK 64u /* objects in one chunk */

struct exo_pool_slot {
	_Alignas(16) uint32_t gen; /* odd: alive */
	uint32_t next;             /* free list, index + 1 */
};

void exo_pool_init(
    struct exo_pool *p, struct exo_mem *mem, size_t size, uint32_t max)
{
	*p = (struct exo_pool){
		.mem = mem,
		.slot_size =
		    sizeof(struct exo_pool_slot) + ((size + 15) & ~(size_t)15),
		.max = max,
	};
}

static struct exo_pool_slot *slot_at(const struct exo_pool *p, uint32_t index)
{
	uint8_t *chunk = (uint8_t *)p->chunks[index / CHUNK];

	return (
	    struct exo_pool_slot *)(void *)(chunk + (size_t)(index % CHUNK) *
	                                                p->slot_size);
}

static int dir_grow(struct exo_pool *p)
{
	uint32_t dir = p->dir == 0 ? 4 : p->dir * 2;
	struct exo_pool_slot **chunks;

	if (p->nchunks < p->dir)
		return 0;
	chunks = exo_mem_get(p->mem, dir * sizeof(*chunks));
	if (chunks == NULL)
		return -1;
	if (p->dir != 0)
		memcpy(chunks, p->chunks, p->dir * sizeof(*chunks));
	exo_mem_put(p->mem, p->chunks, p->dir * sizeof(*chunks));
	p->chunks = chunks;
	p->dir = dir;
	return 0;
}

/* Make sure that slot `fresh` has memory. */
static int pool_grow(struct exo_pool *p)
{
	struct exo_pool_slot *chunk;

	if (p->fresh < p->nchunks * CHUNK)
		return 0;
	if (dir_grow(p) != 0)
		return -1;
	chunk = exo_mem_get(p->mem, CHUNK * p->slot_size);
	if (chunk == NULL)
		return -1;
	p->chunks[p->nchunks++] = chunk;
	return 0;
}

void *exo_pool_take(struct exo_pool *p, uint64_t *name)
{
	struct exo_pool_slot *s;
	uint32_t index;

	if (p->free != 0) {
		index = p->free - 1;
		s = slot_at(p, index);
		p->free = s->next;
	} else {
		if (p->fresh >= p->max || pool_grow(p) != 0)
			return NULL;
		index = p->fresh++;
		s = slot_at(p, index);
	}
	s->gen++;
	s->next = 0;
	p->live++;
	memset(s + 1, 0, p->slot_size - sizeof(*s));
	*name = (uint64_t)s->gen << 32 | index;
	return s + 1;
}

static struct exo_pool_slot *slot_find(const struct exo_pool *p, uint64_t name)
{
	uint32_t index = (uint32_t)name, gen = (uint32_t)(name >> 32);
	struct exo_pool_slot *s;

	if (index >= p->fresh || (gen & 1) == 0)
		return NULL;
	s = slot_at(p, index);
	return s->gen == gen ? s : NULL;
}

void *exo_pool_find(const struct exo_pool *p, uint64_t name)
{
	struct exo_pool_slot *s = slot_find(p, name);

	return s == NULL ? NULL : s + 1;
}

void exo_pool_put(struct exo_pool *p, uint64_t name)
{
	struct exo_pool_slot *s = slot_find(p, name);

	exo_assert(s != NULL);
	s->gen++;
	p->live--;
	if (s->gen == UINT32_MAX - 1)
		return; /* the next generation would come round to 0 */
	s->next = p->free;
	p->free = (uint32_t)name + 1;
}

void *exo_pool_next(const struct exo_pool *p, uint32_t *index, uint64_t *name)
{
	while (*index < p->fresh) {
		uint32_t i = (*index)++;
		struct exo_pool_slot *s = slot_at(p, i);

		if ((s->gen & 1) == 0)
			continue;
		*name = (uint64_t)s->gen << 32 | i;
		return s + 1;
	}
	return NULL;
}

void exo_pool_free(struct exo_pool *p)
{
	for (uint32_t i = 0; i < p->nchunks; i++)
		exo_mem_put(p->mem, p->chunks[i], CHUNK * p->slot_size);
	exo_mem_put(p->mem, p->chunks, p->dir * sizeof(struct exo_pool_slot *));
	exo_pool_init(
	    p, p->mem, p->slot_size - sizeof(struct exo_pool_slot), p->max);
}
