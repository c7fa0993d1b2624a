/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index's memory: elements by number, and what waits for readers to leave.
 *
 * Segments are taken as they are, elements zeroed when they are taken: a
 * segment of a million records costs nothing until they come. Records wait in
 * three queues, by the epoch in which they were unlinked; a queue whose epoch
 * is over is ripe, and a few of the ripe ones are freed in each call.
 */
#include "exo/core/index_int.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

#define LINE        64u
#define RECLAIM_MAX 4u
#define TRY_EVERY   16u /* calls between looks at all readers */

void ix_slab_init(struct ix_slab *s, uint32_t size, uint32_t first)
{
	*s = (struct ix_slab){ .size = size, .first = first, .fresh = 1 };
}

/* Bytes of the segment of the numbers of k + 1 significant bits, or of all with
 * less than those of the first. */
static size_t segment_size(const struct ix_slab *s, uint32_t k)
{
	return ((size_t)s->size << (k < ix_top(s->first) ? k + 1 : k)) + LINE;
}

void ix_slab_free(struct ix_slab *s, struct exo_mem *mem)
{
	for (uint32_t k = 0; k < IX_SEGS; k++)
		exo_mem_put(mem, s->raw[k], segment_size(s, k));
	ix_slab_init(s, s->size, s->first);
	for (uint32_t k = 0; k < IX_SEGS; k++)
		s->raw[k] = NULL;
}

int ix_slab_reach(struct ix_slab *s, struct exo_mem *mem, uint32_t i)
{
	uint32_t k = (uint32_t)ix_top(i | (s->first - 1));
	uintptr_t at;

	if (s->raw[k] != NULL)
		return 0;
	s->raw[k] = exo_mem_raw(mem, segment_size(s, k));
	if (s->raw[k] == NULL)
		return -EXO_ENOMEM;
	at = ((uintptr_t)s->raw[k] + LINE - 1) & ~(uintptr_t)(LINE - 1);
	s->at[k] = k < ix_top(s->first) ? at : at - ((uintptr_t)s->size << k);
	return 0;
}

uint32_t ix_slab_take(struct ix_slab *s, struct exo_mem *mem)
{
	uint32_t i = s->free;

	if (i != 0) {
		memcpy(&s->free, ix_slab_at(s, i), sizeof(s->free));
	} else {
		i = s->fresh;
		if (i == UINT32_MAX || ix_slab_reach(s, mem, i) != 0)
			return 0;
		s->fresh++;
	}
	memset(ix_slab_at(s, i), 0, s->size);
	return i;
}

void ix_slab_put(struct ix_slab *s, uint32_t i)
{
	memcpy(ix_slab_at(s, i), &s->free, sizeof(s->free));
	s->free = i;
}

void ix_retire(struct exo_index *ix, struct ix_dead *d, enum ix_kind kind)
{
	d->next = NULL;
	d->stamp = exo_epoch_now(ix->epoch);
	d->kind = kind;
	*ix->dead_end = d;
	ix->dead_end = &d->next;
}

static void append(
    struct exo_index *ix, struct ix_queue *to, struct ix_queue *q)
{
	if (q->first == 0)
		return;
	if (to->first == 0)
		to->first = q->first;
	else
		ix_rec(ix, to->last)->prev = q->first;
	to->last = q->last;
	q->first = q->last = 0;
}

void ix_retire_rec(struct exo_index *ix, uint32_t rec)
{
	uint64_t now = exo_epoch_now(ix->epoch);
	struct ix_queue *q = &ix->dying[now % 3], one = { rec, rec, now };

	if (q->stamp != now)
		append(ix, &ix->ripe, q); /* three epochs old, or more */
	q->stamp = now;
	ix_rec(ix, rec)->prev = 0;
	ix_rec(ix, rec)->table = IX_FREE;
	append(ix, q, &one);
}

static void free_ext(struct exo_index *ix, uint32_t i)
{
	struct ix_ext *e = i != 0 ? *ix_ext(ix, i) : NULL;

	if (i == 0)
		return;
	if (e != NULL)
		exo_mem_put(ix->mem, e, sizeof(*e) + e->n * sizeof(e->a[0]));
	ix_slab_put(&ix->exts, i);
}

uint32_t ix_rec_take(struct exo_index *ix)
{
	return ix_slab_take(&ix->recs, ix->mem);
}

void ix_rec_put(struct exo_index *ix, uint32_t rec)
{
	struct ix_rec *r = ix_rec(ix, rec);

	free_ext(ix, r->ext);
	r->ext = 0;
	r->table = IX_FREE;
	ix_slab_put(&ix->recs, rec);
}

static struct ix_table *table_of(struct ix_dead *d)
{
	void *t = (char *)d - offsetof(struct ix_table, dead);

	return t;
}

static void free_dead(struct exo_index *ix, struct ix_dead *d)
{
	switch ((enum ix_kind)d->kind) {
	case IX_DEAD_BLOCK:
		exo_mem_put(ix->mem, d, d->size);
		break;
	case IX_DEAD_TABLE:
		ix_table_free(ix, table_of(d));
		break;
	case IX_DEAD_MEMBER:
		ix_slab_put(&ix->members, d->size);
		break;
	}
}

void ix_reclaim(struct exo_index *ix, bool all)
{
	if (!all && ++ix->ops % TRY_EVERY == 0)
		(void)exo_epoch_try(ix->epoch);
	for (uint32_t i = 0; i < 3; i++)
		if (all || exo_epoch_over(ix->epoch, ix->dying[i].stamp))
			append(ix, &ix->ripe, &ix->dying[i]);
	for (uint32_t i = 0; (all || i < RECLAIM_MAX) && ix->ripe.first != 0;
	     i++) {
		uint32_t rec = ix->ripe.first;

		ix->ripe.first = ix_rec(ix, rec)->prev;
		ix_rec_put(ix, rec);
	}
	for (uint32_t i = 0; (all || i < RECLAIM_MAX) && ix->dead != NULL;
	     i++) {
		struct ix_dead *d = ix->dead;

		if (!all && !exo_epoch_over(ix->epoch, d->stamp))
			break;
		ix->dead = d->next;
		if (ix->dead == NULL)
			ix->dead_end = &ix->dead;
		free_dead(ix, d);
	}
}
