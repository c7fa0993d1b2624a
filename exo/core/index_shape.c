/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shapes: which table their records are put in.
 *
 * A shape joins the table with the strongest coarse key of those whose key is a
 * part of the shape's. Else the keys of table and shape have a part in common:
 * is that strong enough, and does it still tell the table's records apart, then
 * a table with that key takes both in. Else the shape gets a table of its own,
 * with all its masked bits as key. [TupleMerge: J. Daly et al., "TupleMerge:
 * Fast Software Packet Processing for Online Packet Classification", IEEE/ACM
 * Trans. on Networking 27 (2019)]
 */
#include "exo/core/index_int.h"

#include "exo/abi/err.h"
#include "exo/lib/bits.h"

#define LOOKED_AT   256u /* tables, for a new shape */
#define SAMPLE      16u  /* records, to see whether a key tells them apart */
#define SAMPLE_FEW  4u
#define SAMPLE_LOOK 64u /* buckets for that */
#define FINER       3u  /* bits that a finer table has more, at least */

/* A table for a shape, and the key that it would have with it. */
struct choice {
	struct ix_table *t;
	uint64_t coarse[IX_WORDS];
	uint32_t strength;
};

static bool same_shape(const struct ix_shape *a, const struct ix_shape *b)
{
	return a->hash == b->hash && a->need == b->need &&
	       a->absent == b->absent && a->n == b->n &&
	       memcmp(a->field, b->field, a->n) == 0 &&
	       memcmp(a->mask, b->mask, a->n * sizeof(a->mask[0])) == 0;
}

static uint32_t *head_of(const struct exo_index *ix, const struct ix_shape *s)
{
	return &ix->heads[s->hash & (ix->nheads - 1)];
}

static void chain_in(struct exo_index *ix, uint32_t number)
{
	struct ix_shape *s = ix_shape(ix, number);
	uint32_t *head = head_of(ix, s);

	s->next = *head;
	s->current = true;
	*head = number;
}

static void chain_out(struct exo_index *ix, uint32_t number)
{
	struct ix_shape *s = ix_shape(ix, number);
	uint32_t *link = head_of(ix, s);

	while (*link != number)
		link = &ix_shape(ix, *link)->next;
	*link = s->next;
	s->current = false;
}

static uint32_t strength_of(const struct ix_shape *s)
{
	uint32_t strength = 0;

	for (uint32_t i = 0; i < s->n; i++)
		strength += ix_strength(s->field[i], s->mask[i]);
	return strength;
}

/* Whether records of a table mostly have different keys of these masks. */
static bool tells_apart(
    const struct exo_index *ix, const struct ix_table *t, const uint64_t *mask)
{
	uint32_t seen[SAMPLE], n = 0, different = 0;

	for (uint32_t b = 0; b < t->buckets && b < SAMPLE_LOOK; b++) {
		for (uint32_t i = 0; i < IX_SLOTS && n < SAMPLE; i++)
			if (ix_bucket(t, b)->tag[i] != 0)
				seen[n++] = ix_bucket(t, b)->head[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t *w = ix_rec(ix, seen[i])->w;
		uint32_t k = 0;

		for (; k < i; k++) {
			const uint64_t *v = ix_rec(ix, seen[k])->w;
			uint64_t differ = 0;

			for (uint32_t j = 0; j < IX_WORDS; j++)
				differ |= (v[j] ^ w[j]) & mask[j];
			if (differ == 0)
				break;
		}
		different += k == i;
	}
	return n < SAMPLE_FEW || 2 * different >= n;
}

/* Classes of plain packets, as bits, that may have all of some fields. */
static uint32_t classes_of(uint64_t fields)
{
	uint32_t classes = 0;

	for (uint32_t c = 0; c < IX_PLAIN; c++)
		classes |= (uint32_t)((fields & ~ix_class_most(c)) == 0) << c;
	return classes;
}

/* No plain packet is in both: a look into a table of its own costs those of the
 * other nothing, and the words are for one of them only. */
static bool apart(const struct ix_table *t, const struct ix_shape *s)
{
	uint32_t theirs = classes_of(t->need), its = classes_of(s->need);

	return theirs != 0 && its != 0 && (theirs & its) == 0;
}

/* What a table offers a shape. False: nothing. */
static bool offer(const struct exo_index *ix, struct ix_table *t,
    const struct ix_shape *s, uint32_t floor, struct choice *c)
{
	uint64_t mask[IX_WORDS];
	uint32_t wanted = strength_of(s);
	bool joins = true;

	if (t->into != NULL || t->done || t->hashed == 0 || apart(t, s))
		return false;
	(void)ix_layout_masks(t->lay, s, mask);
	for (uint32_t w = 0; w < IX_WORDS; w++) {
		c->coarse[w] = t->coarse[w] & mask[w];
		joins = joins && c->coarse[w] == t->coarse[w];
	}
	c->t = t;
	c->strength = ix_words_strength(t->lay, c->coarse);
	if (c->strength < floor)
		return false;
	if (joins)
		return c->strength >= (wanted < IX_STRONG ? wanted : IX_STRONG);
	return ix->emptying == NULL && c->strength >= IX_STRONG &&
	       tells_apart(ix, t, c->coarse);
}

/* The best table for a shape with a key of floor bits at least; t is NULL if
 * there is none. */
static struct choice choose(
    const struct exo_index *ix, const struct ix_shape *s, uint32_t floor)
{
	struct choice best = { .t = NULL }, c;

	for (uint32_t i = 0; i < ix->list->n && i < LOOKED_AT; i++) {
		struct ix_table *t = ix->list->t[i];

		if (s->n == 0 && t->hashed == 0 && !t->done) {
			best.t = t;
			return best;
		}
		if (s->n != 0 && offer(ix, t, s, floor, &c) &&
		    (best.t == NULL || c.strength > best.strength))
			best = c;
	}
	return best;
}

static struct ix_layout *copy_layout(
    struct exo_index *ix, const struct ix_layout *from)
{
	struct ix_layout *lay = exo_mem_get(ix->mem, sizeof(*lay));

	if (lay != NULL && from != NULL) {
		*lay = *from;
		lay->gen++;
	}
	return lay;
}

static struct ix_table *own_table(
    struct exo_index *ix, const struct ix_shape *s)
{
	struct ix_layout *lay = copy_layout(ix, NULL);
	uint64_t coarse[IX_WORDS];

	if (lay == NULL)
		return NULL;
	(void)ix_layout_add(lay, s);
	(void)ix_layout_masks(lay, s, coarse);
	return ix_table_add(ix, lay, coarse, EXO_RANK_NONE);
}

/* Give the table's layout the shape's fields, as far as there is room. */
static int extend(
    struct exo_index *ix, struct ix_table *t, const struct ix_shape *s)
{
	struct ix_layout *lay = copy_layout(ix, t->lay), *old;

	if (lay == NULL)
		return -EXO_ENOMEM;
	if (!ix_layout_add(lay, s)) {
		exo_mem_put(ix->mem, lay, sizeof(*lay));
		return 0;
	}
	ix_layout_progs(lay, t->need);
	memcpy(&old, &t->lay, sizeof(old)); /* const to readers only */
	__atomic_store_n(&t->lay, lay, __ATOMIC_RELEASE);
	old->dead.size = sizeof(*old);
	ix_retire(ix, &old->dead, IX_DEAD_BLOCK);
	return 0;
}

/* A table with a part of another's key, which is emptied into it. */
static struct ix_table *coarser(
    struct exo_index *ix, const struct choice *c, const struct ix_shape *s)
{
	struct ix_layout *lay = copy_layout(ix, c->t->lay);
	struct ix_table *t;

	if (lay == NULL)
		return NULL;
	(void)ix_layout_add(lay, s);
	t = ix_table_add(ix, lay, c->coarse, c->t->best);
	if (t == NULL)
		return NULL;
	for (uint32_t i = 1; i < ix->members.fresh; i++) {
		struct ix_shape *other = ix_shape(ix, i);

		if (other->table == c->t) {
			other->table = t;
			t->members++;
			c->t->members--;
		}
	}
	ix_table_empty(ix, c->t, t);
	return t;
}

static struct ix_table *table_for(
    struct exo_index *ix, const struct ix_shape *s, uint32_t floor)
{
	struct choice c = choose(ix, s, floor);
	uint64_t left = 0;

	if (c.t == NULL)
		return own_table(ix, s);
	for (uint32_t w = 0; w < IX_WORDS; w++)
		left |= c.t->coarse[w] & ~c.coarse[w];
	if (left != 0)
		return coarser(ix, &c, s);
	return extend(ix, c.t, s) == 0 ? c.t : NULL;
}

/* Make a member of shape *s, with a key of floor bits at least. */
static int make(struct exo_index *ix, const struct ix_shape *s, uint32_t floor,
    uint32_t *number)
{
	struct ix_table *t;
	struct ix_member *m;
	struct ix_shape *own;
	uint32_t i;

	if (ix->nshapes >= ix->max_shapes)
		return -EXO_ELIMIT;
	if (ix_slab_reach(&ix->shapes, ix->mem, ix->members.fresh) != 0)
		return -EXO_ENOMEM;
	i = ix_slab_take(&ix->members, ix->mem);
	if (i == 0)
		return -EXO_ENOMEM;
	own = ix_shape(ix, i);
	own->table = NULL;
	if (i > UINT16_MAX) { /* readers still hold so many that are gone */
		ix_slab_put(&ix->members, i);
		return -EXO_ELIMIT;
	}
	t = table_for(ix, s, floor);
	if (t == NULL) {
		ix_slab_put(&ix->members, i);
		return -EXO_ENOMEM;
	}
	*own = *s;
	own->table = t;
	own->records = 0;
	m = ix_member(ix, i);
	own->inside = ix_layout_masks(t->lay, own, m->mask);
	m->care = own->need | own->absent;
	m->need = own->need;
	m->gen = t->lay->gen;
	t->members++;
	ix->nshapes++;
	chain_in(ix, i);
	*number = i;
	return 0;
}

int ix_member_get(struct exo_index *ix, uint32_t *number)
{
	for (uint32_t i = *head_of(ix, &ix->now); i != 0;
	     i = ix_shape(ix, i)->next) {
		if (same_shape(ix_shape(ix, i), &ix->now)) {
			*number = i;
			return 0;
		}
	}
	return make(ix, &ix->now, 0, number);
}

bool ix_member_refine(struct exo_index *ix, uint32_t *number)
{
	const struct ix_shape *s = ix_shape(ix, *number);
	uint32_t finer = s->table->strength + FINER, old = *number;

	if (strength_of(s) < finer || make(ix, &ix->now, finer, number) != 0)
		return false;
	chain_out(ix, old);
	ix_member_drop(ix, old);
	return true;
}

void ix_member_drop(struct exo_index *ix, uint32_t number)
{
	struct ix_shape *s = ix_shape(ix, number);
	struct ix_table *t = s->table;

	if (s->records != 0)
		return;
	if (s->current)
		chain_out(ix, number);
	s->table = NULL;
	s->dead.size = number;
	ix_retire(ix, &s->dead, IX_DEAD_MEMBER);
	ix->nshapes--;
	t->members--;
	if (t->members == 0)
		ix_table_done(ix, t);
}
