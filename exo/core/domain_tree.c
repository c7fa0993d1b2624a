/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of domains: which domain a key's bindings are in.
 *
 * Tree
 *	A grant has a domain; so has, below it, a key of less that was derived
 *	from the grant's, and below that a key of less again. What is bound
 *	under a key of less than its parent's region costs packets of that
 *	region, and no others. An index of the regions lies above each level:
 *	the link type's for grants, and for what is lent of a domain the
 *	domain's own, which only packets of that domain are looked up in. So
 *	what delegation costs stays where the authority to delegate ends.
 *
 * Who has none
 *	A key of all of its parent's region is as its parent. So, with the
 *	domain of the key above, are those that are more than DEPTH below the
 *	grant, those that find none of the PLACES free, and those whose region's
 *	masks do not fit into the index of 64 shapes. There are eight places for
 *	what is lent of one domain; a region gets the first that no other one
 *	has which shares a packet with it. So one that overlaps with fewer than
 *	eight others has a domain, whoever came first; a thousand that are apart
 *	have one place. What regions there are is chosen by who holds the key
 *	above, or all of its region, never by who was lent a part; what is not
 *	lent of the same domain does not count. Memory is no reason: who has
 *	none for a domain of his own is refused.
 *
 * Cost
 *	A domain has a quarter of the shapes of the one above. No two regions
 *	of one place share a packet, so a packet is in eight domains at most of
 *	those lent of one. Beside a grant's own S shapes it meets 8 S/4 of the
 *	first level and 64 S/16 of the second, in 73 domains, and the shapes of
 *	9 indexes of regions. One key that was lent, with all below it, has
 *	S/4 + 8 S/16 and one such index of these: less than it would have in the
 *	grant's own.
 *
 * Life and memory
 *	Domains come with the first binding in them or below, and go with the
 *	last. Their memory is the core's; the binding that they came with is
 *	charged for it, and when that goes another one in them or below: for an
 *	index, the cubes of the region and their shapes, and of what is lent for
 *	the index of regions, too, which may have come with it. A region is
 *	older than its domain and stays as long: it is a key's, and ending a key
 *	first ends the keys and the bindings below.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/lib/bits.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define SHAPES_EVERYONE 4096u /* at once; each costs a packet a look */
#define SHAPES_GRANT    1024u
#define SHAPES_PARTS    4u    /* a lent region has such a part of them */
#define SHAPES_REGIONS  64u   /* of all regions of one index */
#define SCANNED_REGIONS 64u   /* of these, cubes without a masked bit */
#define DEPTH           2u    /* levels below a grant */
#define PLACES          8u    /* for lent regions that overlap */
#define KIDS_MAX        4096u /* a new one is compared with each */
#define CUBE_STEPS      16u   /* that a cube of a region costs its caller */

#define NO_LIMIT (UINT32_MAX / 4)

#define INDEX_CHARGE 16384u /* bytes of an empty one that owners pay for */

static int index_new(struct exo_core *core, uint32_t shapes, uint32_t scanned,
    struct exo_index **out)
{
	struct exo_index_config cfg = { .mem = &core->mem,
		.epoch = &core->epoch,
		.shapes = shapes,
		.records = NO_LIMIT,
		.scanned = scanned };
	int err = plat_random(cfg.key, sizeof(cfg.key));

	return err != 0 ? err : exo_index_new(&cfg, out);
}

/* --- numbers ------------------------------------------------------------------ */

static void tables_free(struct exo_core *core, struct linkset *set)
{
	size_t room = set->domain_room;

	exo_mem_put(&core->mem, set->domain, room * sizeof(*set->domain));
	exo_mem_put(&core->mem, set->mark, room * sizeof(*set->mark));
	exo_mem_put(&core->mem, set->fresh, room * sizeof(*set->fresh));
	if (set->touched != NULL)
		exo_mem_put(&core->mem, set->touched,
		    (room + 1) * sizeof(*set->touched));
}

/* Tables for so many domains. Returns 0 or -EXO_ENOMEM. */
static int tables_grow(
    struct exo_core *core, struct linkset *set, uint32_t room)
{
	struct linkset now = { .domain_room = room };

	now.domain = exo_mem_get(&core->mem, room * sizeof(*now.domain));
	now.mark = exo_mem_get(&core->mem, room * sizeof(*now.mark));
	now.fresh = exo_mem_get(&core->mem, room * sizeof(*now.fresh));
	now.touched =
	    exo_mem_get(&core->mem, (room + (size_t)1) * sizeof(*now.touched));
	if (now.domain == NULL || now.mark == NULL || now.fresh == NULL ||
	    now.touched == NULL) {
		tables_free(core, &now);
		return -EXO_ENOMEM;
	}
	if (set->domain_room > 0)
		memcpy(now.domain, set->domain,
		    set->domain_room * sizeof(*now.domain));
	tables_free(core, set);
	set->domain = now.domain;
	set->mark = now.mark;
	set->fresh = now.fresh;
	set->touched = now.touched;
	set->domain_room = room;
	return 0;
}

void domains_free(struct exo_core *core, struct linkset *set)
{
	exo_index_free(set->grants);
	tables_free(core, set);
}

/* A number for a domain. */
static int domain_number(
    struct exo_core *core, struct linkset *set, uint32_t *out)
{
	uint32_t i = set->domain_low, room = set->domain_room;

	while (i < room && set->domain[i] != NULL)
		i++;
	set->domain_low = i;
	*out = i;
	if (i < room)
		return 0;
	return tables_grow(core, set, room == 0 ? 16 : room * 2);
}

/* --- birth and death ------------------------------------------------------------ */

/* The index of the regions that a domain's is one of. */
static struct exo_index **regions_of(struct domain *d)
{
	return d->up == NULL ? &d->set->grants : &d->up->below;
}

/* Tell the index of regions which packets are the domain's. */
static int announce(struct exo_core *core, struct domain *d)
{
	struct exo_index **ix = regions_of(d);
	struct sp_region r = d->grant->r;
	struct exo_index_stat before, now;
	int err = 0;

	if (*ix == NULL)
		err = index_new(core, SHAPES_REGIONS,
		    d->up == NULL ? NO_LIMIT : SCANNED_REGIONS, ix);
	if (err != 0)
		return err;
	d->rule = exo_mem_get(d->mem, r.n * sizeof(*d->rule));
	d->rules_room = r.n;
	if (d->rule == NULL && r.n > 0)
		return -EXO_ENOMEM;
	exo_index_stat(*ix, &before);
	for (uint32_t i = 0; err == 0 && i < r.n; i++) {
		err = exo_index_insert(*ix, &r.v[i], 0, d->id, &d->rule[i]);
		d->nrules += err == 0;
	}
	exo_index_stat(*ix, &now);
	d->charge += r.n * (uint64_t)RULE_CHARGE;
	if (now.shapes > before.shapes)
		d->charge +=
		    (now.shapes - before.shapes) * (uint64_t)SHAPE_CHARGE;
	return err;
}

/* Find it from its set, its key and the domain above. */
static void enter(struct domain *d)
{
	if (d->grant == NULL) {
		d->set->everyone = d;
		return;
	}
	d->set->domain[d->id] = d;
	d->of_key = d->key->domains;
	d->key->domains = d;
	if (d->up == NULL)
		return;
	d->prev = &d->up->kids;
	d->next = d->up->kids;
	if (d->next != NULL)
		d->next->prev = &d->next;
	d->up->kids = d;
	d->up->nkids++;
}

static void leave(struct domain *d)
{
	struct domain **at;

	if (d->grant == NULL) {
		d->set->everyone = NULL;
		return;
	}
	d->set->domain[d->id] = NULL;
	if (d->id < d->set->domain_low)
		d->set->domain_low = d->id;
	for (at = &d->key->domains; *at != d;)
		at = &(*at)->of_key;
	*at = d->of_key;
	if (d->up == NULL)
		return;
	*d->prev = d->next;
	if (d->next != NULL)
		d->next->prev = d->prev;
	if (--d->up->nkids > 0)
		return;
	exo_index_free(d->up->below);
	d->up->below = NULL;
}

static void domain_free(struct domain *d)
{
	for (uint32_t i = 0; i < d->nrules; i++)
		(void)exo_index_delete(*regions_of(d), d->rule[i]);
	exo_mem_put(d->mem, d->rule, d->rules_room * sizeof(*d->rule));
	leave(d);
	exo_index_free(d->ix);
	exo_mem_put(d->mem, d, sizeof(*d));
}

/* Make a key's domain below another one, or below none. */
static int domain_new(struct exo_core *core, struct linkset *set,
    struct key_rec *key, struct domain *up, struct domain **out)
{
	const bool all = key->region == NULL;
	struct domain *d = exo_mem_get(&core->mem, sizeof(*d));
	int err;

	if (d == NULL)
		return -EXO_ENOMEM;
	*d = (struct domain){ .mem = &core->mem,
		.grant = key->region,
		.key = all ? NULL : key,
		.set = set,
		.up = up,
		.shapes = up != NULL ? up->shapes / SHAPES_PARTS
		          : all      ? SHAPES_EVERYONE
		                     : SHAPES_GRANT,
		.charge = up == NULL ? INDEX_CHARGE : 2 * INDEX_CHARGE };
	err = domain_number(core, set, &d->id);
	if (all)
		d->id = DOMAIN_EVERYONE;
	if (err == 0)
		err = index_new(core, d->shapes, NO_LIMIT, &d->ix);
	if (err != 0) {
		exo_mem_put(&core->mem, d, sizeof(*d));
		return err;
	}
	enter(d);
	if (!all)
		err = announce(core, d);
	if (err != 0)
		domain_free(d);
	else
		*out = d;
	return err;
}

/* --- who has one ---------------------------------------------------------------- */

static struct domain *domain_find(
    const struct linkset *set, const struct key_rec *key)
{
	struct domain *d = key->domains;

	if (key->region == NULL)
		return set->everyone;
	while (d != NULL && d->set != set)
		d = d->of_key;
	return d;
}

/* The keys from a grant to a key that have less than the ones above, the grant
 * first, and not more than may have domains. */
static uint32_t homes(struct key_rec *key, struct key_rec *home[DEPTH + 1])
{
	struct key_rec *last[DEPTH + 1];
	uint32_t n = 0, most;

	for (struct key_rec *k = key; k != NULL; k = k->parent)
		if (k->parent == NULL || k->parent->region != k->region)
			last[n++ % (DEPTH + 1)] = k;
	most = n < DEPTH + 1 ? n : DEPTH + 1;
	for (uint32_t i = 0; i < most; i++)
		home[i] = last[(n - 1 - i) % (DEPTH + 1)];
	return most;
}

/* The first place for one more region of a domain's, or PLACES: there is none, or
 * they are so many that it is not known. Returns 0 or negative. */
static int find_place(struct exo_core *core, struct env *env,
    const struct domain *up, const struct region *r, uint32_t *out)
{
	const uint32_t all = (1u << PLACES) - 1;
	struct exo_arena arena;
	struct sp_work w;
	uint32_t taken = 0;
	uint64_t steps;
	int rc = 0;

	*out = PLACES;
	if (up->nkids >= KIDS_MAX)
		return 0;
	region_work(core, env, &arena, &w);
	w.of = &rules_universe;
	for (const struct domain *d = up->kids;
	     d != NULL && rc >= 0 && taken != all; d = d->next) {
		if ((taken >> d->place & 1) != 0)
			continue;
		rc = sp_overlap(&w, r->r, d->grant->r, NULL);
		taken |= (uint32_t)(rc > 0) << d->place;
	}
	exo_arena_free(&arena);
	steps = core->cfg.region_steps - w.left;
	if (!budget_work(env, steps + r->r.n * (uint64_t)CUBE_STEPS))
		return -EXO_EBUDGET;
	if (rc < 0)
		return rc == -EXO_EBUDGET ? 0 : rc;
	*out = exo_lowest64(~(uint64_t)taken);
	return 0;
}

/* Free what nothing is in or below, from a domain upwards. Of what stays b may
 * have been charged for; then somebody else in or below it is. */
static void give_back(struct domain *d, const struct binding *b)
{
	struct domain *up, *in;

	for (; d != NULL; d = up) {
		up = d->up;
		if (d->n == 0 && d->nkids == 0) {
			domain_free(d);
			continue;
		}
		if (b == NULL || d->payer != b)
			continue;
		for (in = d; in->bindings == NULL;)
			in = in->kids;
		d->payer = in->bindings;
		binding_owe(d->payer, d->charge);
	}
}

int domain_join(struct exo_core *core, struct binding *b)
{
	struct key_rec *home[DEPTH + 1];
	uint32_t n = homes(b->key, home), place = 0;
	struct domain *d = NULL, *next;
	int err = 0;

	for (uint32_t i = 0; i < n; i++, d = next) {
		next = domain_find(b->set, home[i]);
		if (next != NULL)
			continue;
		if (d != NULL)
			err = find_place(
			    core, b->env, d, home[i]->region, &place);
		if (err == 0 && place < PLACES)
			err = domain_new(core, b->set, home[i], d, &next);
		if (next == NULL)
			break;
		next->place = place;
	}
	/* masks that do not fit among those of the siblings */
	if (d != NULL && err == -EXO_ELIMIT)
		err = 0;
	if (err < 0) {
		give_back(d, NULL);
		return err;
	}
	exo_assert(d != NULL); /* a key has a home at least */
	b->domain = d;
	b->domain_prev = &d->bindings;
	b->domain_next = d->bindings;
	if (b->domain_next != NULL)
		b->domain_next->domain_prev = &b->domain_next;
	d->bindings = b;
	d->n++;
	return 0;
}

void domain_leave(struct binding *b)
{
	*b->domain_prev = b->domain_next;
	if (b->domain_next != NULL)
		b->domain_next->domain_prev = b->domain_prev;
	if (--b->domain->n == 0)
		b->domain->sole = NULL; /* it may stay for what is below */
	give_back(b->domain, b);
}
