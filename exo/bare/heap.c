/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's memory: see heap.h.
 *
 * A frame of small pieces begins with its own head, in the place of the first
 * piece, and hangs in the list of its size as long as it has a free one. A frame
 * without a used piece is given back.
 */
#include "exo/bare/heap.h"

#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/lib/bug.h"

#define SMALLEST 64u
#define SIZES    6u /* 64 128 256 512 1024 2048 */

struct piece {
	struct piece *next;
};

/* The head of a frame of pieces: 64 bytes at most. */
struct slab {
	struct slab *next, **prev; /* with a free piece */
	struct piece *free;
	uint32_t used;
	uint32_t linked;
};
_Static_assert(sizeof(struct slab) <= SMALLEST, "it takes one piece");

static struct slab *slabs[SIZES];
static uint64_t given;

/* SIZES: it is larger than all of them. */
static unsigned class_of(size_t size)
{
	unsigned c = 0;

	while (c < SIZES && ((size_t)SMALLEST << c) < size)
		c++;
	return c;
}

static void link_slab(struct slab *s, unsigned c)
{
	s->next = slabs[c];
	s->prev = &slabs[c];
	if (s->next != NULL)
		s->next->prev = &s->next;
	slabs[c] = s;
	s->linked = 1;
}

static void unlink_slab(struct slab *s)
{
	*s->prev = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	s->linked = 0;
}

static struct slab *new_slab(unsigned c)
{
	uint64_t at = frames_get(0);
	size_t size = (size_t)SMALLEST << c;
	struct slab *s;

	if (at == 0)
		return NULL;
	s = paging_direct(at);
	*s = (struct slab){ .free = NULL };
	for (size_t off = FRAME_SIZE - size; off >= SMALLEST && off >= size;
	     off -= size) {
		struct piece *p = (void *)((uint8_t *)s + off);

		p->next = s->free;
		s->free = p;
	}
	link_slab(s, c);
	return s;
}

void *heap_get(size_t size)
{
	unsigned c = class_of(size);
	struct slab *s;
	struct piece *p;
	uint64_t at;

	if (c >= SIZES) {
		if (size > (uint64_t)FRAME_SIZE << FRAME_ORDER)
			return NULL;
		at = frames_get(frames_order(size));
		given += at == 0 ? 0 : size;
		return at == 0 ? NULL : paging_direct(at);
	}
	s = slabs[c] != NULL ? slabs[c] : new_slab(c);
	if (s == NULL)
		return NULL;
	p = s->free;
	s->free = p->next;
	s->used++;
	if (s->free == NULL)
		unlink_slab(s);
	given += size;
	return p;
}

void heap_put(void *p, size_t size)
{
	unsigned c = class_of(size);
	struct piece *piece = p;
	struct slab *s;

	exo_assert(given >= size);
	given -= size;
	if (c >= SIZES) {
		frames_put(paging_phys(p), frames_order(size));
		return;
	}
	s = paging_direct(paging_phys(p) & ~(uint64_t)(FRAME_SIZE - 1));
	piece->next = s->free;
	s->free = piece;
	if (s->linked == 0)
		link_slab(s, c);
	if (--s->used > 0)
		return;
	unlink_slab(s);
	frames_put(paging_phys(s), 0);
}

uint64_t heap_used(void)
{
	return given;
}
