/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains, and what is in them: conditions become rules.
 *
 * Overview
 *	What is bound for packets of one link type under one grant, or under a
 *	key of less that was lent, is a domain (domain_tree.c), with an index of
 *	its own, so that odd masks and slow filters cost packets of that region
 *	only. An index over the granted regions finds the domains of a packet;
 *	grants of every packet share one domain, which needs no looking for.
 *
 * Rules
 *	A binding's rules are the cubes that its accept condition and its claim
 *	share, so that no rule has a packet outside the claim. If those are too
 *	many, or the program has effects, they are the claim's. A rule is sure
 *	if the program accepts each packet of it; then it need not run.
 *
 * Memory
 *	Indexes are the core's, since many owners may share one, and so are the
 *	bindings and their tables. Bindings, rules, and shapes of rules, are charged to their owner all the same, until the
 *	binding goes.
 *
 * Publication
 *	Rules are put into the index one after the other, and others may run in
 *	between. They name a binding that is not live, which packets pass by; that
 *	it is comes last, at once for all of them. Its slot, its place in its
 *	domain and its rules are its own from the start, so that whoever ends it
 *	meanwhile takes all back.
 *
 * Slots
 *	Rules name bindings by slot: slots are given in the order of birth and
 *	not used again, so that of the same priority the older one comes first.
 *	When there are no more, after 2^31 births, those who live move up: else
 *	who binds and unbinds for some hours would have used up everybody's.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"
#include "exo/lib/pause.h"
#include "verifier/accept.h"

#define RULES_MAX  256u
#define RULE_UNITS 32u /* of pause.h: what it takes to insert one */

/* --- slots ------------------------------------------------------------------- */

struct slots {
	uint32_t live;
	struct binding *b[SLOTS_CHUNK];
};

struct binding *slot_find(const struct linkset *set, uint32_t slot)
{
	return set->slots[slot / SLOTS_CHUNK]->b[slot % SLOTS_CHUNK];
}

static void slot_fill(struct linkset *set, uint32_t slot, struct binding *b)
{
	struct slots *s = set->slots[slot / SLOTS_CHUNK];

	s->b[slot % SLOTS_CHUNK] = b;
	s->live++;
	b->slot = slot;
}

static void slot_clear(
    struct exo_core *core, struct linkset *set, uint32_t slot)
{
	uint32_t chunk = slot / SLOTS_CHUNK;
	struct slots *s = set->slots[chunk];

	s->b[slot % SLOTS_CHUNK] = NULL;
	if (--s->live > 0 || chunk == set->nslots / SLOTS_CHUNK)
		return;
	exo_mem_put(&core->mem, s, sizeof(*s));
	set->slots[chunk] = NULL;
}

static int chunk_reserve(
    struct exo_core *core, struct linkset *set, uint32_t chunk)
{
	if (set->slots[chunk] == NULL)
		set->slots[chunk] =
		    exo_mem_get(&core->mem, sizeof(struct slots));
	return set->slots[chunk] == NULL ? -EXO_ENOMEM : 0;
}

/* Whoever lives moves up to the first slot that is free, in the same order. */
static int slots_renumber(struct exo_core *core, struct linkset *set)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < set->nslots; i++) {
		const struct slots *s = set->slots[i / SLOTS_CHUNK];
		struct binding *b;

		if (s == NULL) {
			i |= SLOTS_CHUNK - 1;
			continue;
		}
		b = s->b[i % SLOTS_CHUNK];
		if (b == NULL || n++ == i)
			continue;
		if (chunk_reserve(core, set, (n - 1) / SLOTS_CHUNK) != 0)
			return -EXO_ENOMEM;
		for (uint32_t k = 0; k < b->nrules; k++)
			exo_index_lower(
			    b->domain->ix, b->rule[k], 2 * (i - (n - 1)));
		slot_fill(set, n - 1, b);
		slot_clear(core, set, i);
	}
	set->nslots = n;
	return 0;
}

/* Room in the table of chunks, and the chunk of the next slot. */
static int slot_reserve(struct exo_core *core, struct linkset *set)
{
	uint32_t room = set->slots_room, chunk;
	struct slots **more;
	int err = 0;

	if (set->nslots >= core->slots_max)
		err = slots_renumber(core, set);
	if (err == 0 && set->nslots >= core->slots_max)
		err = -EXO_ELIMIT;
	if (err != 0)
		return err;
	chunk = set->nslots / SLOTS_CHUNK;
	if (chunk >= room) {
		room = room == 0 ? 16 : room * 2;
		more = exo_mem_get(&core->mem, room * sizeof(*more));
		if (more == NULL)
			return -EXO_ENOMEM;
		if (chunk > 0)
			memcpy(more, set->slots, chunk * sizeof(*more));
		exo_mem_put(
		    &core->mem, set->slots, set->slots_room * sizeof(*more));
		set->slots = more;
		set->slots_room = room;
	}
	return chunk_reserve(core, set, chunk);
}

void slots_free(struct exo_core *core, struct linkset *set)
{
	for (uint32_t i = 0; i < set->slots_room; i++)
		exo_mem_put(&core->mem, set->slots[i], sizeof(struct slots));
	exo_mem_put(
	    &core->mem, set->slots, set->slots_room * sizeof(*set->slots));
}

/* --- rules ------------------------------------------------------------------- */

static uint64_t max_of(uint32_t field)
{
	return sp_max((enum sp_field)field);
}

/* Rules that no packet is in cost memory, nothing else. */
static int inhabited(struct sp_work *w, const struct sp_cube *c)
{
	(void)w;
	(void)c;
	return 1;
}

const struct sp_universe rules_universe = { max_of, inhabited };

/* Cubes of a condition inside a claim. */
static int clip(struct sp_work *w, struct sp_region where, uint32_t from,
    uint32_t to, const struct sp_region *claim, struct sp_region *out)
{
	const struct sp_region part = { where.v + from, to - from };

	*out = part;
	return claim == NULL || part.n == 0 ? 0 : sp_and(w, part, *claim, out);
}

int rules_find(struct sp_work *w, const struct vf_accept *acc, uint32_t snap,
    const struct sp_region *claim, struct rules *out)
{
	uint32_t n = acc->where.n, exact = acc->sure;
	int rc = 0;

	*out = (struct rules){ .sure = { NULL, 0 } };
	/* what it keeps must be known, if somebody wants to see it */
	if (!acc->pure || (snap != 0 && acc->keep == 0))
		exact = 0;
	if (acc->pure)
		rc = clip(w, acc->where, 0, exact, claim, &out->sure);
	if (acc->pure && rc == 0)
		rc = clip(w, acc->where, exact, n, claim, &out->rest);
	if (rc == -EXO_ENOMEM ||
	    (acc->pure && rc == 0 && out->sure.n + out->rest.n <= RULES_MAX))
		return rc;
	out->sure = (struct sp_region){ NULL, 0 };
	if (claim == NULL)
		return sp_all(w, &out->rest);
	out->rest = *claim;
	return 0;
}

_Static_assert(SP_LINK == 0, "an atom of it stands first");

/* A cube as packets of one link type are asked: that need not be looked at. False:
 * none of them is in it. */
static bool of_link(
    const struct sp_cube *c, uint32_t linktype, struct sp_cube *out)
{
	const struct sp_atom *a = c->a;

	*out = *c;
	if (c->n == 0 || a->field != SP_LINK)
		return true;
	out->a++;
	out->n--;
	return !a->absent && (linktype & a->mask) == a->value &&
	       linktype >= a->lo && linktype <= a->hi;
}

void rules_withdraw(struct exo_core *core, struct binding *b)
{
	if (b->domain == NULL)
		return;
	for (uint32_t i = 0; i < b->nrules; i++)
		(void)exo_index_delete(b->domain->ix, b->rule[i]);
	exo_mem_put(&b->env->mem, b->rule, b->rules_room * sizeof(*b->rule));
	env_owe_less(b->env, b->charged);
	if (b->slotted)
		slot_clear(core, b->set, b->slot);
	domain_leave(b);
}

void binding_owe(struct binding *b, uint64_t bytes)
{
	env_owe(b->env, bytes);
	b->charged += bytes;
}

/* Charge an owner for memory of the core's. What a binding costs does not depend
 * on what others bound: a segment of an index, which doubles it, is nobody's. */
static int charge(struct binding *b, uint64_t bytes)
{
	if (!env_may_owe(b->env, bytes))
		return -EXO_ENOMEM;
	binding_owe(b, bytes);
	return 0;
}

/* Room for its rules, and its slot: from now on they may come. */
static int rules_room(struct exo_core *core, struct binding *b,
    const struct vf_accept *acc, const struct rules *r)
{
	int err = slot_reserve(core, b->set);

	if (err != 0)
		return err;
	b->keep = acc->keep;
	b->effects = !acc->pure;
	b->sure = acc->pure && r->rest.n == 0 && core->vm == NULL;
	b->rules_room = r->sure.n + r->rest.n;
	b->rule = exo_mem_get(&b->env->mem, b->rules_room * sizeof(*b->rule));
	if (b->rule == NULL && b->rules_room > 0)
		return -EXO_ENOMEM;
	err = charge(b, BINDING_CHARGE + b->rules_room * (uint64_t)RULE_CHARGE);
	if (err == 0) {
		slot_fill(b->set, b->set->nslots++, b);
		b->slotted = true;
	}
	return err;
}

int rules_begin(struct exo_core *core, struct binding *b,
    const struct vf_accept *acc, const struct rules *r)
{
	int err = domain_join(core, b);

	/* those that came with it have nobody else in them */
	for (struct domain *d = b->domain; err == 0 && d != NULL; d = d->up) {
		if (d->payer != NULL)
			break;
		d->payer = b;
		err = charge(b, d->charge);
	}
	if (err != 0)
		return err;
	exo_assert(b->domain != NULL);
	return rules_room(core, b, acc, r);
}

/* One rule. A slot may have moved since the one before. */
static int insert(struct binding *b, const struct sp_cube *c, uint32_t unsure)
{
	uint32_t order = (uint32_t)(INT32_MAX - (int64_t)b->priority);
	struct exo_index *ix = b->domain->ix;
	struct exo_index_stat before, now;
	struct sp_cube of;
	int err;

	if (!of_link(c, b->set->linktype, &of))
		return 0;
	exo_index_stat(ix, &before);
	err = exo_index_insert(
	    ix, &of, order, b->slot * 2 + unsure, &b->rule[b->nrules]);
	if (err == -EXO_EINVAL)
		return 0; /* nobody is there */
	if (err != 0)
		return err;
	b->nrules++;
	exo_index_stat(ix, &now);
	return now.shapes <= before.shapes
	           ? 0
	           : charge(b,
	                 (now.shapes - before.shapes) * (uint64_t)SHAPE_CHARGE);
}

static int insert_all(struct exo_core *core, uint64_t name, struct sp_region r,
    uint32_t unsure, struct exo_pause *pause)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < r.n; i++) {
		struct binding *b = exo_pool_find(&core->binds, name);

		if (b == NULL)
			return -EXO_ESTALE;
		err = insert(b, &r.v[i], unsure);
		if (err == 0 && !exo_pause(pause, RULE_UNITS))
			err = -EXO_EBUDGET;
	}
	return err;
}

int rules_insert(struct exo_core *core, uint64_t name, const struct rules *r,
    struct exo_pause *pause)
{
	int err = insert_all(core, name, r->sure, core->vm != NULL, pause);

	return err != 0 ? err : insert_all(core, name, r->rest, 1, pause);
}

void rules_end(struct binding *b)
{
	struct domain *d = b->domain;

	if (d->n == 1)
		d->sole = b->env;
	else if (d->sole != b->env)
		d->sole = NULL;
	b->live = true;
}
