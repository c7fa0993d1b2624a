/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims: who may take which packets of a link type.
 *
 * Each set of bindings that take packets of one link type, for one owner, under
 * one key and by one region, has a claim. Two claims of different owners of which one is
 * exclusive share no packet: that is proven before the second is published, or
 * it is refused. What others claim under keys that have none of the packets
 * costs the caller's budget nothing.
 *
 * A key that was derived with the exclusive right is lent: no claim that takes
 * packets under the key above has packets of it.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"

static bool excludes(const struct claim *a, uint32_t mode)
{
	return a->mode == EXO_BIND_EXCLUSIVE || mode == EXO_BIND_EXCLUSIVE;
}

int claim_of_link(struct sp_work *w, uint32_t linktype, struct sp_region r,
    struct sp_region *out)
{
	struct sp_atom link = sp_is(SP_LINK, linktype);
	struct sp_region only = { NULL, 0 };
	int rc = sp_conj(w, &link, 1, &only);

	return rc != 0 ? rc : sp_and(w, r, only, out);
}

/* Whether some packet is in both: 1 with a cube of both, 0, or negative. */
static int share(struct sp_work *w, struct sp_region mine,
    const struct region *r, struct sp_cube *out)
{
	struct sp_region x;
	int rc = region_set(w, r, &x);

	return rc != 0 ? rc : sp_overlap(w, mine, x, out);
}

int claim_find(const struct exo_core *core, const struct linkset *set,
    const struct key_rec *key, const struct env *env, const struct region *r,
    uint32_t mode, struct claim **out)
{
	struct claim_walk walk = claim_near_region(core, set, r);
	struct claim *c;

	*out = NULL;
	if (r != NULL && r->refs == 1)
		return 0; /* nobody else has it */
	while ((c = claim_walk_next(&walk)) != NULL)
		if (c->key == key && c->env == env && c->region == r &&
		    c->mode == mode)
			*out = c;
	return *out != NULL;
}

/* Whether a key has some of the packets: 1, 0, or negative; asked once a call,
 * however many claims are under it. */
static int meets(struct exo_core *core, struct sp_work *w,
    struct sp_region mine, struct key_rec *key)
{
	int rc;

	if (key->region == NULL)
		return 1;
	if (key->asked == core->calls)
		return key->meets;
	rc = share(w, mine, key->region, NULL);
	if (rc >= 0) {
		key->asked = core->calls;
		key->meets = rc != 0;
	}
	return rc;
}

int claim_check(struct exo_core *core, struct sp_work *w,
    const struct linkset *set, const struct env *env, const struct region *r,
    struct sp_region mine, uint32_t mode, struct sp_cube *why,
    const struct claim **other)
{
	struct claim_walk walk = claim_near_region(core, set, r);
	struct claim *c;
	int rc = 0;

	core->calls++;
	while (rc == 0 && (c = claim_walk_next(&walk)) != NULL) {
		if (c->env == env || !excludes(c, mode))
			continue;
		rc = meets(core, w, mine, key_root(c->key));
		if (rc > 0)
			rc = meets(core, w, mine, c->key);
		if (rc > 0)
			rc = share(w, mine, c->region, why);
		*other = c;
	}
	return rc > 0 ? -EXO_ECONFLICT : rc;
}

int claim_lent(struct sp_work *w, const struct key_rec *key,
    struct sp_region mine, struct sp_cube *why)
{
	int rc = 0;

	for (const struct key_rec *k = key->child; rc == 0 && k != NULL;
	     k = k->next)
		if ((k->rights & EXO_RIGHT_EXCLUSIVE) != 0)
			rc = share(w, mine, k->region, why);
	return rc > 0 ? -EXO_ELENT : rc;
}

void claim_publish(const struct exo_core *core, struct linkset *set,
    struct claim *c, struct binding *b)
{
	if (c->n++ == 0) {
		c->next = set->claims;
		c->prev = &set->claims;
		if (c->next != NULL)
			c->next->prev = &c->next;
		set->claims = c;
		claim_near_add(core, set, c);
	}
	b->shared = c;
}

void claim_withdraw(struct binding *b)
{
	struct claim *c = b->shared;

	if (c == NULL)
		return;
	c->live -= b->live;
	if (--c->n > 0)
		return;
	claim_near_remove(b->set, c);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	exo_mem_put(&c->env->mem, c, sizeof(*c));
}
