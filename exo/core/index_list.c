/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of an index's tables, in the order in which readers look at them.
 *
 * A list is replaced, never changed. A table that is emptied stands before the
 * one that it is emptied into, so that no chain is missed on its way. While
 * there are few tables those of the best rules come first. A list that cannot
 * be made for want of memory is made later: tables that are done are empty.
 */
#include "exo/core/index_int.h"

#include "exo/abi/err.h"
#include "exo/lib/bits.h"

#define SORTED_MAX    64u
#define REORDER_EVERY 256u
#define MOVED_AT_ONCE 16u /* buckets */

static size_t list_size(uint32_t room)
{
	return sizeof(struct ix_list) + room * sizeof(struct ix_table *);
}

/* A table that is emptied has the place of the one that it goes into. */
static uint64_t key_of(const struct ix_table *t)
{
	return t->into != NULL ? t->into->best : t->best;
}

static void sort(struct ix_list *l)
{
	for (uint32_t i = 1; i < l->n && l->n <= SORTED_MAX; i++) {
		struct ix_table *t = l->t[i];
		uint32_t k = i;

		for (; k > 0 && key_of(l->t[k - 1]) > key_of(t); k--)
			l->t[k] = l->t[k - 1];
		l->t[k] = t;
	}
}

static void retire_block(struct exo_index *ix, struct ix_dead *d, size_t size)
{
	d->size = (uint32_t)size;
	ix_retire(ix, d, IX_DEAD_BLOCK);
}

/* What it was is const to readers only. */
static struct ix_layout *own_layout(const struct ix_table *t)
{
	struct ix_layout *lay;

	memcpy(&lay, &t->lay, sizeof(lay));
	return lay;
}

static void retire_table(struct exo_index *ix, struct ix_table *t)
{
	retire_block(ix, &own_layout(t)->dead, sizeof(struct ix_layout));
	ix_retire(ix, &t->dead, IX_DEAD_TABLE);
}

/* Put a list without what is done, and with one table more if it is not NULL,
 * in the place of the old one. */
static int publish(struct exo_index *ix, struct ix_table *more)
{
	struct ix_list *old = ix->list, *l;
	uint32_t room = old->n + 1;

	l = exo_mem_get(ix->mem, list_size(room));
	if (l == NULL)
		return -EXO_ENOMEM;
	l->room = room;
	for (uint32_t i = 0; i < old->n; i++)
		if (!old->t[i]->done)
			l->t[l->n++] = old->t[i];
	if (more != NULL)
		l->t[l->n++] = more;
	sort(l);
	__atomic_store_n(&ix->list, l, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < old->n; i++)
		if (old->t[i]->done)
			retire_table(ix, old->t[i]);
	retire_block(ix, &old->dead, list_size(old->room));
	ix->relist = ix->reorder = false;
	return 0;
}

uint32_t ix_words_strength(
    const struct ix_layout *lay, const uint64_t mask[IX_WORDS])
{
	uint32_t strength = 0;

	for (uint32_t i = 0; i < lay->places; i++) {
		const struct ix_place *p = &lay->place[i];
		uint64_t bits = UINT64_MAX >> (64 - 8 * p->bytes);

		strength += ix_strength(
		    p->field, mask[p->word] >> (8 * p->byte) & bits);
	}
	return strength;
}

/* Fields that have bits in masks. */
static uint64_t fields_of(
    const struct ix_layout *lay, const uint64_t mask[IX_WORDS])
{
	uint64_t fields = 0;

	for (uint32_t i = 0; i < lay->places; i++) {
		const struct ix_place *p = &lay->place[i];
		uint64_t bits = UINT64_MAX >> (64 - 8 * p->bytes);

		if ((mask[p->word] >> (8 * p->byte) & bits) != 0)
			fields |= SP_BIT(p->field);
	}
	return fields;
}

struct ix_table *ix_table_add(struct exo_index *ix, struct ix_layout *lay,
    const uint64_t coarse[IX_WORDS], uint64_t best)
{
	uint64_t need = fields_of(lay, coarse);
	struct ix_table *t;
	uint32_t number;

	ix_layout_progs(lay, need);
	t = ix_table_new(ix, lay, coarse, need);
	if (t == NULL)
		goto no_table;
	t->best = best;
	t->strength = ix_words_strength(lay, coarse);
	number = ix_slab_take(&ix->tables, ix->mem);
	if (number == 0)
		goto no_number;
	t->number = number;
	if (number >= IX_TABLES || publish(ix, t) != 0)
		goto no_list;
	*ix_table(ix, number) = t;
	return t;
no_list:
	t->gone = true;
	ix_table_free(ix, t);
	goto no_table;
no_number:
	ix_slab_free(&t->slab, ix->mem);
	exo_mem_put(ix->mem, t, sizeof(*t));
no_table:
	exo_mem_put(ix->mem, lay, sizeof(*lay));
	return NULL;
}

void ix_table_done(struct exo_index *ix, struct ix_table *t)
{
	t->done = true;
	ix->relist = true;
	if (ix->emptying == t)
		ix->emptying = NULL;
	(void)publish(ix, NULL);
}

static void move_some(struct exo_index *ix, uint32_t n)
{
	struct ix_table *t = ix->emptying;

	for (; n > 0 && t->cursor < t->buckets; n--)
		if (!ix_table_move(ix, t))
			return;
	if (t->cursor == t->buckets)
		ix_table_done(ix, t);
}

void ix_table_empty(
    struct exo_index *ix, struct ix_table *t, struct ix_table *into)
{
	t->into = into;
	into->origin++;
	ix->emptying = t;
	if (t->buckets <= MOVED_AT_ONCE)
		move_some(ix, MOVED_AT_ONCE);
}

void ix_step(struct exo_index *ix)
{
	ix_reclaim(ix, false);
	if (ix->emptying != NULL)
		move_some(ix, 1);
	if (ix->relist || (ix->reorder && ix->ops % REORDER_EVERY == 0))
		(void)publish(ix, NULL);
}
