/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which claims may share packets with a region, or have a packet: claims by
 * the numbers that they demand.
 *
 * Of a few fields each claim either demands one number (all its cubes do), or
 * does not. By each field, claims of one number are a chain, found by hash, and
 * those without are another. A region that demands a number meets those two
 * chains only, of the field where they are shortest; a packet has a number of
 * each field that it has. Ten thousand claims of one address each are looked
 * at one by one by nobody.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"

static const uint8_t fields[CLAIM_FIELDS] = { SP_IP_DST, SP_IP_SRC, SP_IP6_DST2,
	SP_IP6_SRC2, SP_DPORT, SP_SPORT, SP_ETH_DST, SP_TCI0 };

#define NEAR_MIN 64u

/* The number of a field that all cubes of a region demand. */
static bool demands(const struct region *r, uint32_t field, uint64_t *out)
{
	for (uint32_t i = 0; r != NULL && i < r->r.n; i++) {
		const struct sp_cube *c = &r->r.v[i];
		uint32_t k = 0;

		while (k < c->n && c->a[k].field != field)
			k++;
		if (k == c->n || c->a[k].absent || c->a[k].lo != c->a[k].hi ||
		    (i > 0 && c->a[k].lo != *out))
			return false;
		*out = c->a[k].lo;
	}
	return r != NULL && r->r.n > 0;
}

static struct claim_chain *chain_of(const struct exo_core *core,
    const struct claim_near *near, uint32_t f, uint64_t value)
{
	uint64_t h = exo_siphash64(&core->secret, &value, sizeof(value));

	return &near->table[(size_t)f * near->size + (h & (near->size - 1))];
}

static void link(struct claim_chain *to, struct claim *c, uint32_t f)
{
	struct claim_link *l = &c->link[f];

	l->in = to;
	l->next = to->head;
	l->prev = &to->head;
	if (l->next != NULL)
		l->next->link[f].prev = &l->next;
	to->head = c;
	to->n++;
}

static void link_all(
    const struct exo_core *core, struct claim_near *near, struct claim *c)
{
	uint64_t v = 0;

	for (uint32_t f = 0; f < CLAIM_FIELDS; f++)
		link(demands(c->region, fields[f], &v)
		         ? chain_of(core, near, f, v)
		         : &near->without[f],
		    c, f);
}

int claim_near_reserve(struct exo_core *core, struct linkset *set)
{
	struct claim_near *near = &set->near;
	uint32_t size = near->size == 0 ? NEAR_MIN : near->size * 2;
	struct claim_chain *table;

	if (near->n < near->size)
		return 0;
	table = exo_mem_get(
	    &core->mem, (uint64_t)size * CLAIM_FIELDS * sizeof(*table));
	if (table == NULL)
		return -EXO_ENOMEM;
	claim_near_free(core, set);
	*near =
	    (struct claim_near){ .table = table, .size = size, .n = near->n };
	for (struct claim *c = set->claims; c != NULL; c = c->next)
		link_all(core, near, c);
	return 0;
}

void claim_near_free(struct exo_core *core, struct linkset *set)
{
	exo_mem_put(&core->mem, set->near.table,
	    (uint64_t)set->near.size * CLAIM_FIELDS * sizeof(*set->near.table));
}

void claim_near_add(
    const struct exo_core *core, struct linkset *set, struct claim *c)
{
	set->near.n++;
	link_all(core, &set->near, c);
}

void claim_near_remove(struct linkset *set, struct claim *c)
{
	set->near.n--;
	for (uint32_t f = 0; f < CLAIM_FIELDS; f++) {
		struct claim_link *l = &c->link[f];

		*l->prev = l->next;
		if (l->next != NULL)
			l->next->link[f].prev = l->prev;
		l->in->n--;
	}
}

/* Look by a field, if that is shorter than what was found so far. */
static void prefer(const struct exo_core *core, const struct linkset *set,
    uint32_t f, uint64_t value, struct claim_walk *w)
{
	const struct claim_near *near = &set->near;
	const struct claim_chain *with = chain_of(core, near, f, value);
	uint32_t n = with->n + near->without[f].n;

	if (n >= w->n)
		return;
	*w = (struct claim_walk){
		.n = n, .f = f, .at = with->head, .then = near->without[f].head
	};
}

static struct claim_walk walk_all(const struct linkset *set)
{
	return (struct claim_walk){
		.n = set->near.n, .f = CLAIM_FIELDS, .at = set->claims
	};
}

struct claim_walk claim_near_region(const struct exo_core *core,
    const struct linkset *set, const struct region *r)
{
	struct claim_walk w = walk_all(set);
	uint64_t v = 0;

	for (uint32_t f = 0; f < CLAIM_FIELDS && w.n > 0; f++)
		if (demands(r, fields[f], &v))
			prefer(core, set, f, v, &w);
	return w;
}

struct claim_walk claim_near_packet(const struct exo_core *core,
    const struct linkset *set, const struct sp_view *v)
{
	struct claim_walk w = walk_all(set);

	for (uint32_t f = 0; f < CLAIM_FIELDS && w.n > 0; f++)
		if ((v->has & SP_BIT(fields[f])) != 0)
			prefer(core, set, f, v->v[fields[f]], &w);
	return w;
}

struct claim *claim_walk_next(struct claim_walk *w)
{
	struct claim *c = w->at;

	if (c == NULL) {
		c = w->then;
		w->then = NULL;
	}
	if (c != NULL)
		w->at = w->f == CLAIM_FIELDS ? c->next : c->link[w->f].next;
	return c;
}
