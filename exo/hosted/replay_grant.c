/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys that the owners of a replay hold, and BIND with one of them.
 *
 * Where nothing is granted and packets are shared, every owner has a key for all
 * of them. Else an owner has a key for each grant that carries the right that
 * the policy asks for, and of several one more, for all of them together: a
 * claim may reach over more than one, and who states none means all of them. It
 * carries the rights that all of them carry.
 */
#include "exo/abi/err.h"
#include "exo/hosted/replay.h"
#include "exo/space/wire.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t right, mode;
} policies[] = {
	[REPLAY_ALL] = { "all", EXO_RIGHT_TAP, EXO_BIND_TAP },
	[REPLAY_FIRST] = { "first", EXO_RIGHT_FIRST, EXO_BIND_FIRST },
	[REPLAY_EXCLUSIVE] = { "exclusive", EXO_RIGHT_EXCLUSIVE,
	    EXO_BIND_EXCLUSIVE },
};

uint32_t replay_right(const struct replay *rp)
{
	return policies[rp->opts->policy].right;
}

uint32_t replay_mode(const struct replay *rp)
{
	return policies[rp->opts->policy].mode;
}

const char *replay_policy_text(enum replay_policy policy)
{
	return policies[policy].name;
}

bool replay_is_granted(const struct replay *rp)
{
	return rp->set.grants.n > 0 || rp->opts->policy == REPLAY_EXCLUSIVE;
}

static int by_owner(const void *a, const void *b, void *ctx)
{
	const struct cmd_grant *v = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = strcmp(v[x].owner, v[y].owner);

	return c != 0 ? c : x < y ? -1 : x > y;
}

int replay_grants_sort(struct replay *rp)
{
	const struct cmd_grants *g = &rp->set.grants;

	rp->granted = calloc((size_t)g->n + 1, sizeof(*rp->granted));
	if (rp->granted == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = 0; i < g->n; i++)
		rp->granted[i] = i;
	if (g->n > 1)
		qsort_r(
		    rp->granted, g->n, sizeof(*rp->granted), by_owner, g->v);
	return 0;
}

static int key_make(struct replay *rp, struct replay_owner *o, uint32_t rights,
    const struct sp_region *r)
{
	struct exo_key *key = &o->keys[o->nkeys];
	int err = exo_grant(rp->core, o->env, rights | EXO_RIGHT_STEPS, r, key);

	o->nkeys += err == 0;
	return err;
}

/* The key of all grants, from the first to before the last, with a right. */
static int key_of_all(
    struct replay *rp, struct replay_owner *o, uint32_t first, uint32_t last)
{
	uint32_t right = replay_right(rp), rights = EXO_RIGHT_ALL;
	struct sp_region all = { NULL, 0 };
	struct cmd_region_work k;
	int err = 0;

	cmd_region_begin(&k);
	for (uint32_t i = first; err == 0 && i < last; i++) {
		const struct cmd_grant *g = &rp->set.grants.v[rp->granted[i]];

		if ((g->rights & right) == 0)
			continue;
		rights &= g->rights;
		err = sp_or(&k.w, all, g->region, &all);
	}
	if (err == 0)
		err = sp_minimise(&k.w, all, &all);
	if (err == 0)
		err = key_make(rp, o, rights, &all);
	cmd_region_end(&k);
	return err;
}

int replay_keys_make(struct replay *rp, struct replay_owner *o, uint32_t *next)
{
	const struct cmd_grants *g = &rp->set.grants;
	uint32_t first, i;
	int err = 0;

	/* owners of grants may have no bindings */
	for (i = *next; i < g->n; i++)
		if (strcmp(g->v[rp->granted[i]].owner, o->name) >= 0)
			break;
	first = i;
	while (i < g->n && strcmp(g->v[rp->granted[i]].owner, o->name) == 0)
		i++;
	*next = i;
	o->grants = i - first;
	o->keys = calloc((size_t)o->grants + 1, sizeof(*o->keys));
	if (o->keys == NULL)
		return -EXO_ENOMEM;
	if (!replay_is_granted(rp))
		return key_make(rp, o, replay_right(rp), NULL);
	for (uint32_t k = first; err == 0 && k < i; k++) {
		const struct cmd_grant *grant = &g->v[rp->granted[k]];

		if ((grant->rights & replay_right(rp)) != 0)
			err = key_make(rp, o, grant->rights, &grant->region);
	}
	return err == 0 && o->nkeys > 1 ? key_of_all(rp, o, first, i) : err;
}

/* The claim as it crosses the kernel line; the caller's to free(). */
static void *wire_of(const struct cmd_binding *b, struct exo_span *span)
{
	uint32_t size = sp_wire_size(b->claim);
	void *bytes = malloc(size);

	if (bytes != NULL)
		sp_wire_write(b->claim, bytes);
	*span = (struct exo_span){ .at = (uintptr_t)bytes, .size = size };
	return bytes;
}

int replay_bind_call(struct replay *rp, const struct replay_owner *o,
    const struct cmd_binding *b, struct exo_call_bind *call)
{
	/* who claims all that is granted says so by the last key */
	uint32_t i = b->claimed || o->nkeys == 0 ? 0 : o->nkeys - 1;
	void *claim = NULL;
	int err = -EXO_EPERM;

	if (b->claimed) {
		claim = wire_of(b, &call->claim);
		if (claim == NULL)
			return -EXO_ENOMEM;
	}
	memset(rp->witness, 0, sizeof(struct exo_witness));
	call->witness = (struct exo_span){ .at = (uintptr_t)rp->witness,
		.size = sizeof(rp->witness) };
	for (; i < o->nkeys; i++) {
		call->key = o->keys[i];
		err = exo_call(
		    rp->core, o->env, EXO_CALL_BIND_NR, call, sizeof(*call));
		if (err != -EXO_EOUTSIDE && err != -EXO_EPERM)
			break;
	}
	free(claim);
	return err;
}
