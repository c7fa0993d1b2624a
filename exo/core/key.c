/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys: self-authenticating capabilities, and the tree they were derived in.
 *
 * A key's bytes carry its rights; the record that its slot and epoch name
 * says whether it still lives. Forging needs the boot's secret; replaying
 * after revocation meets a slot of another generation. Revocation withdraws
 * everything below before it returns, at a cost of the number withdrawn.
 *
 * The time of key_check() tells nothing about the MAC: it is compared in
 * constant time, and before anything else is looked at.
 */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/lib/bug.h"

static void key_mac(
    const struct exo_core *core, const struct exo_key *key, uint8_t mac[16])
{
	exo_siphash128(&core->secret, key, offsetof(struct exo_key, mac), mac);
}

int key_check(const struct exo_core *core, const struct exo_key *u_key,
    uint32_t rights, struct key_rec **out)
{
	uint8_t mac[16];
	struct key_rec *rec;

	key_mac(core, u_key, mac);
	if (!exo_equal_ct(mac, u_key->mac, sizeof(mac)))
		return -EXO_EBADKEY;
	rec = exo_pool_find(&core->keys, u_key->epoch << 32 | u_key->slot);
	if (rec == NULL)
		return -EXO_ESTALE;
	if ((u_key->rights & rights) != rights)
		return -EXO_EPERM;
	*out = rec;
	return 0;
}

int key_make(struct exo_core *core, struct env *env, struct key_rec *parent,
    uint32_t rights, struct region *region, struct exo_key *out)
{
	struct key_rec *rec, **list;
	uint64_t name = 0;

	rec = env->nkeys >= KEYS_PER_ENV ? NULL
	                                 : exo_pool_take(&core->keys, &name);
	if (rec == NULL) {
		region_drop(region);
		return env->nkeys >= KEYS_PER_ENV ? -EXO_ELIMIT : -EXO_ENOMEM;
	}
	rec->name = name;
	rec->rights = rights;
	rec->region = region;
	rec->env = env;
	rec->env_prev = &env->keys;
	rec->env_next = env->keys;
	if (rec->env_next != NULL)
		rec->env_next->env_prev = &rec->env_next;
	env->keys = rec;
	env->nkeys++;
	rec->parent = parent;
	if (parent != NULL) {
		list = &parent->child;
		rec->prev = list;
		rec->next = *list;
		if (rec->next != NULL)
			rec->next->prev = &rec->next;
		*list = rec;
	}
	*out = (struct exo_key){
		.res = EXO_RES_NET,
		.rights = rights,
		.region = region == NULL ? EXO_REGION_ALL : region->id,
		.slot = (uint32_t)name,
		.epoch = name >> 32,
	};
	key_mac(core, out, out->mac);
	return 0;
}

static void gone(const struct exo_core *core, const struct env *env,
    enum exo_kind kind, uint64_t name)
{
	if (core->cfg.gone != NULL &&
	    (kind != EXO_KIND_KEY || name != core->ending.but))
		core->cfg.gone(env->plat, kind, name, env == core->ending.by);
}

/* End one key that has no keys below it any more. */
static void key_end_one(struct exo_core *core, struct key_rec *key)
{
	while (key->bindings != NULL) {
		if (key->bindings->live) /* or nobody has heard of it */
			gone(core, key->bindings->env, EXO_KIND_BINDING,
			    key->bindings->name);
		binding_withdraw(core, key->bindings);
	}
	gone(core, key->env, EXO_KIND_KEY, key->name);
	exo_assert(key->domains == NULL);
	if (key->prev != NULL) {
		*key->prev = key->next;
		if (key->next != NULL)
			key->next->prev = key->prev;
	}
	*key->env_prev = key->env_next;
	if (key->env_next != NULL)
		key->env_next->env_prev = key->env_prev;
	key->env->nkeys--;
	region_drop(key->region);
	exo_pool_put(&core->keys, key->name);
}

void key_end(struct exo_core *core, struct key_rec *key, const struct env *by)
{
	struct key_rec *k = key, *up;

	core->ending.by = by;
	/* leaves first; each step goes down, or ends a leaf and goes up */
	for (;;) {
		if (k->child != NULL) {
			k = k->child;
			continue;
		}
		up = k->parent;
		if (k == key) {
			key_end_one(core, k);
			return;
		}
		key_end_one(core, k);
		k = up;
	}
}

struct key_rec *key_root(struct key_rec *key)
{
	while (key->parent != NULL)
		key = key->parent;
	return key;
}
