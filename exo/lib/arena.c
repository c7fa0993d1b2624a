/* SPDX-License-Identifier: BSD-2-Clause */
/* Charged memory and arenas: see arena.h. */
#include "exo/lib/arena.h"

#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

/* Chunks double up to a bound, so that a small job takes little and a big
 * one takes few. */
#define CHUNK_FIRST 8192u
#define CHUNK_LAST  (1u << 20)

struct exo_arena_chunk {
	_Alignas(16) struct exo_arena_chunk *next;
	size_t size; /* bytes of the whole chunk, this header included */
	size_t used; /* bytes taken, this header included */
};

void *exo_mem_raw(struct exo_mem *m, size_t size)
{
	void *p;

	if (size == 0)
		return NULL;
	if (m->limit != 0 && (m->used > m->limit || size > m->limit - m->used))
		return NULL;
	p = m->get(m->ctx, size);
	if (p == NULL)
		return NULL;
	m->used += size;
	if (m->used > m->peak)
		m->peak = m->used;
	return p;
}

void *exo_mem_get(struct exo_mem *m, size_t size)
{
	void *p = exo_mem_raw(m, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

void exo_mem_put(struct exo_mem *m, void *p, size_t size)
{
	if (p == NULL)
		return;
	exo_assert(size <= m->used);
	m->used -= size;
	m->put(m->ctx, p, size);
}

void exo_arena_init(struct exo_arena *a, struct exo_mem *mem)
{
	a->mem = mem;
	a->chunks = NULL;
	a->chunk = CHUNK_FIRST;
}

static struct exo_arena_chunk *arena_grow(struct exo_arena *a, size_t need)
{
	struct exo_arena_chunk *c;
	size_t size = a->chunk;

	if (need > SIZE_MAX - sizeof(*c))
		return NULL;
	if (size < need + sizeof(*c))
		size = need + sizeof(*c);
	c = exo_mem_raw(a->mem, size);
	if (c == NULL && size > need + sizeof(*c)) {
		/* near the limit a chunk of just the size may still fit */
		size = need + sizeof(*c);
		c = exo_mem_raw(a->mem, size);
	}
	if (c == NULL)
		return NULL;
	c->size = size;
	c->used = sizeof(*c);
	c->next = a->chunks;
	a->chunks = c;
	if (a->chunk < CHUNK_LAST)
		a->chunk *= 2;
	return c;
}

void *exo_arena_get(struct exo_arena *a, size_t size)
{
	struct exo_arena_chunk *c = a->chunks;
	uint8_t *p;

	exo_assert(size != 0);
	if (size > SIZE_MAX - 15)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (c == NULL || size > c->size - c->used)
		c = arena_grow(a, size);
	if (c == NULL)
		return NULL;
	p = (uint8_t *)c + c->used;
	c->used += size;
	/* here and not for the whole chunk: most of the last is never taken */
	memset(p, 0, size);
	return p;
}

void exo_arena_free(struct exo_arena *a)
{
	struct exo_arena_chunk *c = a->chunks;

	while (c != NULL) {
		struct exo_arena_chunk *next = c->next;

		exo_mem_put(a->mem, c, c->size);
		c = next;
	}
	a->chunks = NULL;
	a->chunk = CHUNK_FIRST;
}
