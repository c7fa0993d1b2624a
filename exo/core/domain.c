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
#include "verifier/accept.h"

#define RULES_MAX 256u

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
    uint32_t to, const struct region *claim, struct sp_region *out)
{
	const struct sp_region part = { where.v + from, to - from };

	*out = part;
	return claim == NULL || part.n == 0 ? 0
	                                    : sp_and(w, part, claim->r, out);
}

/* What a binding's rules are to be. Returns 0 or -EXO_ENOMEM. */
static int rules_find(struct sp_work *w, const struct binding *b,
    const struct vf_accept *acc, struct sp_region *sure, struct sp_region *rest)
{
	uint32_t n = acc->where.n, exact = acc->sure;
	int rc = 0;

	/* what it keeps must be known, if somebody wants to see it */
	if (!acc->pure || (b->snap != 0 && acc->keep == 0))
		exact = 0;
	if (acc->pure)
		rc = clip(w, acc->where, 0, exact, b->claim, sure);
	if (acc->pure && rc == 0)
		rc = clip(w, acc->where, exact, n, b->claim, rest);
	if (rc == -EXO_ENOMEM ||
	    (acc->pure && rc == 0 && sure->n + rest->n <= RULES_MAX))
		return rc;
	*sure = (struct sp_region){ NULL, 0 };
	return region_set(w, b->claim, rest);
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

static int rules_insert(struct exo_core *core, struct domain *d,
    struct binding *b, struct sp_region r, uint32_t unsure)
{
	uint32_t order = (uint32_t)(INT32_MAX - (int64_t)b->priority);
	uint32_t id = b->set->nslots * 2 + unsure;
	int err = 0;

	(void)core;
	for (uint32_t i = 0; err == 0 && i < r.n; i++) {
		struct sp_cube c;

		if (!of_link(&r.v[i], b->set->linktype, &c))
			continue;
		err =
		    exo_index_insert(d->ix, &c, order, id, &b->rule[b->nrules]);
		b->nrules += err == 0;
		err = err == -EXO_EINVAL ? 0 : err; /* nobody is there */
	}
	return err;
}

void rules_withdraw(struct exo_core *core, struct binding *b)
{
	if (b->domain == NULL)
		return;
	for (uint32_t i = 0; i < b->nrules; i++)
		(void)exo_index_delete(b->domain->ix, b->rule[i]);
	exo_mem_put(&b->env->mem, b->rule, b->rules_room * sizeof(*b->rule));
	b->env->mem.used -= b->charged;
	if (b->slotted)
		slot_clear(core, b->set, b->slot);
	domain_leave(b);
}

void binding_owe(struct binding *b, uint64_t bytes)
{
	struct exo_mem *m = &b->env->mem;

	m->used += bytes;
	if (m->used > m->peak)
		m->peak = m->used;
	b->charged += bytes;
}

/* Charge an owner for memory of the core's. What a binding costs does not depend
 * on what others bound: a segment of an index, which doubles it, is nobody's. */
static int charge(struct binding *b, uint64_t bytes)
{
	const struct exo_mem *m = &b->env->mem;

	if (m->limit != 0 && (m->used > m->limit || bytes > m->limit - m->used))
		return -EXO_ENOMEM;
	binding_owe(b, bytes);
	return 0;
}

/* Find a binding's rules and put them into its domain's index. */
static int rules_make(
    struct exo_core *core, struct binding *b, const struct vf_accept *acc)
{
	struct exo_index_stat before, now;
	struct sp_region sure = { NULL, 0 }, rest = { NULL, 0 };
	struct exo_arena arena;
	struct sp_work w;
	int err;

	region_work(core, b->env, &arena, &w);
	w.of = &rules_universe;
	err = slot_reserve(core, b->set);
	if (err == 0)
		err = rules_find(&w, b, acc, &sure, &rest);
	if (!budget_work(b->env, core->cfg.region_steps - w.left) && err == 0)
		err = -EXO_EBUDGET;
	if (err == 0) {
		b->keep = acc->keep;
		b->effects = !acc->pure;
		b->sure = acc->pure && rest.n == 0 && core->vm == NULL;
		b->rules_room = sure.n + rest.n;
		b->rule =
		    exo_mem_get(&b->env->mem, b->rules_room * sizeof(*b->rule));
		if (b->rule == NULL && b->rules_room > 0)
			err = -EXO_ENOMEM;
	}
	if (err == 0)
		err = charge(
		    b, BINDING_CHARGE + b->rules_room * (uint64_t)RULE_CHARGE);
	exo_index_stat(b->domain->ix, &before);
	if (err == 0)
		err = rules_insert(core, b->domain, b, sure, core->vm != NULL);
	if (err == 0)
		err = rules_insert(core, b->domain, b, rest, 1);
	exo_index_stat(b->domain->ix, &now);
	if (err == 0 && now.shapes > before.shapes)
		err = charge(
		    b, (now.shapes - before.shapes) * (uint64_t)SHAPE_CHARGE);
	exo_arena_free(&arena);
	if (err == 0) {
		slot_fill(b->set, b->set->nslots++, b);
		b->slotted = true;
	}
	return err;
}

int rules_publish(
    struct exo_core *core, struct binding *b, const struct vf_accept *acc)
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
	if (b->domain->n == 1)
		b->domain->sole = b->env;
	else if (b->domain->sole != b->env)
		b->domain->sole = NULL;
	return rules_make(core, b, acc);
}
