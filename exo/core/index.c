/* SPDX-License-Identifier: BSD-2-Clause */
/* The index: birth and death, and rules that come and go. */
#include "exo/core/index_int.h"

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define HEADS_MAX 1024u

static uint32_t heads_for(uint32_t shapes)
{
	uint32_t n = 16;

	while (n < shapes && n < HEADS_MAX)
		n *= 2;
	return n;
}

/* Record 0 and member 0 are nobody's: it needs what it does not care for. */
static int make_none(struct exo_index *ix)
{
	if (ix_slab_reach(&ix->recs, ix->mem, 0) != 0 ||
	    ix_slab_reach(&ix->members, ix->mem, 0) != 0)
		return -EXO_ENOMEM;
	memset(ix_rec(ix, 0), 0, sizeof(struct ix_rec));
	ix_rec(ix, 0)->table = IX_FREE;
	memset(ix_member(ix, 0), 0, sizeof(struct ix_member));
	ix_member(ix, 0)->need = UINT64_MAX;
	return 0;
}

int exo_index_new(const struct exo_index_config *cfg, struct exo_index **out)
{
	struct exo_index *ix;

	if (cfg->shapes == 0 || cfg->shapes > EXO_INDEX_SHAPES ||
	    cfg->records == 0 || cfg->records > INT32_MAX)
		return -EXO_EINVAL;
	ix = exo_mem_get(cfg->mem, sizeof(*ix));
	if (ix == NULL)
		return -EXO_ENOMEM;
	ix->mem = cfg->mem;
	ix->epoch = cfg->epoch;
	memcpy(ix->key, cfg->key, sizeof(ix->key));
	ix->max_shapes = cfg->shapes;
	ix->max_records = cfg->records;
	ix->max_scanned = cfg->scanned;
	ix->dead_end = &ix->dead;
	ix_slab_init(&ix->recs, sizeof(struct ix_rec), IX_RECS);
	ix_slab_init(&ix->members, sizeof(struct ix_member), IX_MEMBERS);
	ix_slab_init(&ix->exts, sizeof(struct ix_ext *), 64);
	ix_slab_init(&ix->shapes, sizeof(struct ix_shape), 16);
	ix_slab_init(&ix->tables, sizeof(struct ix_table *), 16);
	ix->nheads = heads_for(cfg->shapes);
	ix->heads = exo_mem_get(ix->mem, ix->nheads * sizeof(*ix->heads));
	ix->list = exo_mem_get(ix->mem, sizeof(*ix->list));
	if (ix->heads == NULL || ix->list == NULL || make_none(ix) != 0) {
		exo_index_free(ix);
		return -EXO_ENOMEM;
	}
	*out = ix;
	return 0;
}

static void free_tables(struct exo_index *ix)
{
	struct ix_list *l = ix->list;

	if (l == NULL)
		return;
	for (uint32_t i = 0; i < l->n; i++) {
		struct ix_layout *lay;

		memcpy(&lay, &l->t[i]->lay, sizeof(lay));
		exo_mem_put(ix->mem, lay, sizeof(*lay));
		ix_table_free(ix, l->t[i]);
	}
	exo_mem_put(
	    ix->mem, l, sizeof(*l) + l->room * sizeof(struct ix_table *));
}

void exo_index_free(struct exo_index *ix)
{
	if (ix == NULL)
		return;
	ix_reclaim(ix, true);
	for (uint32_t i = 1; i < ix->recs.fresh; i++) {
		struct ix_rec *r = ix_rec(ix, i);

		if (r->table == IX_FREE)
			continue;
		ix_origin_drop(ix, *ix_table(ix, r->table));
		ix_rec_put(ix, i);
	}
	free_tables(ix);
	exo_mem_put(ix->mem, ix->heads, ix->nheads * sizeof(*ix->heads));
	ix_slab_free(&ix->recs, ix->mem);
	ix_slab_free(&ix->members, ix->mem);
	ix_slab_free(&ix->exts, ix->mem);
	ix_slab_free(&ix->shapes, ix->mem);
	ix_slab_free(&ix->tables, ix->mem);
	exo_mem_put(ix->mem, ix, sizeof(*ix));
}

/* Whether an atom needs a look of its own. Absence is the member's, presence
 * too. */
static bool apart(const struct ix_shape *s, const struct sp_atom *a)
{
	if (a->absent || (a->mask == 0 && ix_atom_masked(a)))
		return false;
	return (s->inside & SP_BIT(a->field)) == 0 || !ix_atom_masked(a);
}

/* Give a record the atoms that its words do not say. */
static int set_ext(
    struct exo_index *ix, struct ix_rec *r, const struct ix_shape *s)
{
	struct ix_ext *e;
	uint32_t n = 0;

	for (uint32_t i = 0; i < ix->natoms; i++)
		n += apart(s, &ix->atom[i]);
	if (n == 0)
		return 0;
	if (r->ext == 0)
		r->ext = ix_slab_take(&ix->exts, ix->mem);
	if (r->ext == 0)
		return -EXO_ENOMEM;
	e = exo_mem_get(ix->mem, sizeof(*e) + n * sizeof(e->a[0]));
	if (e == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = 0; i < ix->natoms; i++)
		if (apart(s, &ix->atom[i]))
			e->a[e->n++] = ix->atom[i];
	*ix_ext(ix, r->ext) = e;
	return 0;
}

/* Walk the chain that a record would join, as far as it may be long. True: it
 * is too long, and most of it has other bits than the record. */
static bool crowded(struct exo_index *ix, struct ix_table *t,
    const struct ix_rec *r, const uint64_t *mask)
{
	uint32_t n = 0, alike = 0, i = ix_chain_of(ix, t, r->w);

	for (; i != 0 && n < IX_CHAIN; i = ix_rec(ix, i)->next) {
		const uint64_t *w = ix_rec(ix, i)->w;
		uint64_t differ = 0;

		for (uint32_t k = 0; k < IX_WORDS; k++)
			differ |= (w[k] ^ r->w[k]) & mask[k];
		alike += differ == 0;
		n++;
	}
	n += i != 0;
	ix->longest = n > ix->longest ? n : ix->longest;
	return n > IX_CHAIN && 2 * alike < n;
}

/* Fill in a record of the cube at work, in the member's table. */
static int fill(struct exo_index *ix, struct ix_rec *r, uint32_t member)
{
	const struct ix_shape *s = ix_shape(ix, member);

	r->member = (uint16_t)member;
	ix_layout_words(s->table->lay, ix, s, r->w);
	return ix_chain_reserve(ix, s->table, r->w);
}

static void publish(struct exo_index *ix, uint32_t rec)
{
	struct ix_rec *r = ix_rec(ix, rec);
	struct ix_shape *s = ix_shape(ix, r->member);
	struct ix_table *t = s->table;

	r->table = (uint16_t)t->number;
	r->next = 0;
	r->prev = rec;
	if (r->rank < t->best) {
		ix->reorder = ix->reorder || ix->list->n > 1;
		__atomic_store_n(&t->best, r->rank, __ATOMIC_RELEASE);
	}
	ix_chain_add(ix, t, rec);
	t->origin++;
	s->records++;
	ix->nrecords++;
	ix->nscanned += s->n == 0;
}

/* The member and the words of a record whose rank is set. */
static int settle(struct exo_index *ix, struct ix_rec *r, uint32_t *member)
{
	const struct ix_shape *s;
	int rc = ix_member_get(ix, member);

	if (rc != 0)
		return rc;
	rc = fill(ix, r, *member);
	s = ix_shape(ix, *member);
	if (rc == 0 && s->table->hashed != 0 &&
	    crowded(ix, s->table, r, ix_member(ix, *member)->mask) &&
	    ix_member_refine(ix, member))
		rc = fill(ix, r, *member);
	if (rc == 0)
		rc = set_ext(ix, r, ix_shape(ix, *member));
	if (rc != 0)
		ix_member_drop(ix, *member);
	return rc;
}

int exo_index_insert(struct exo_index *ix, const struct sp_cube *c,
    uint32_t order, uint32_t id, uint32_t *handle)
{
	uint32_t rec, member;
	int rc = ix_shape_of(ix, c);

	if (rc == 0 && exo_rank(order, id) == EXO_RANK_NONE)
		rc = -EXO_EINVAL;
	if (rc != 0)
		return rc;
	ix_step(ix);
	if (ix->nrecords >= ix->max_records ||
	    (ix->now.n == 0 && ix->nscanned >= ix->max_scanned))
		return -EXO_ELIMIT;
	rec = ix_rec_take(ix);
	if (rec == 0)
		return -EXO_ENOMEM;
	ix_rec(ix, rec)->rank = exo_rank(order, id);
	rc = settle(ix, ix_rec(ix, rec), &member);
	if (rc != 0) {
		ix_rec_put(ix, rec);
		return rc;
	}
	publish(ix, rec);
	*handle = rec;
	return 0;
}

int exo_index_delete(struct exo_index *ix, uint32_t handle)
{
	struct ix_rec *r;
	struct ix_shape *s;
	struct ix_table *t;

	if (handle == 0 || handle >= ix->recs.fresh ||
	    ix_rec(ix, handle)->table == IX_FREE)
		return -EXO_ENOENT;
	ix_step(ix);
	r = ix_rec(ix, handle);
	s = ix_shape(ix, r->member);
	t = *ix_table(ix, r->table);
	ix_chain_drop(ix, t, handle);
	ix_origin_drop(ix, t);
	ix->nrecords--;
	ix->nscanned -= s->n == 0;
	s->records--;
	ix_retire_rec(ix, handle);
	ix_member_drop(ix, r->member);
	return 0;
}

void exo_index_lower(struct exo_index *ix, uint32_t handle, uint32_t by)
{
	struct ix_rec *r = ix_rec(ix, handle);
	struct ix_table *t = *ix_table(ix, r->table);

	exo_assert(by <= exo_rank_id(r->rank));
	r->rank -= by;
	for (; t != NULL; t = t->into) {
		if (r->rank >= t->best)
			continue;
		ix->reorder = ix->reorder || ix->list->n > 1;
		__atomic_store_n(&t->best, r->rank, __ATOMIC_RELEASE);
	}
}

void exo_index_stat(const struct exo_index *ix, struct exo_index_stat *out)
{
	*out = (struct exo_index_stat){
		.records = ix->nrecords,
		.shapes = ix->nshapes,
		.tables = ix->list->n,
		.emptying = ix->emptying != NULL,
		.scanned = ix->nscanned,
		.longest = ix->longest,
	};
}
