/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The call table: what a libOS may ask for.
 *
 * Every call decodes first (reads its arguments once, checks rights, ranges
 * and resources, changes nothing) and invokes then, which cannot fail.
 */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/core/pause.h"
#include "exo/lib/mem.h"

static int call_null(
    struct exo_core *core, struct env *env, struct exo_call_null *a)
{
	(void)core;
	(void)env;
	return a->zero == 0 ? 0 : -EXO_EINVAL;
}

/* The region of a lesser key, with a share of it: inside the key's, which is
 * proven. Others may run meanwhile, and end the key: what is compared is a copy, and it is
 * looked up again. */
static int derive_region(struct exo_core *core, struct env *env,
    const struct exo_call_derive *a, struct key_rec **parent,
    struct region **out)
{
	struct sp_region mine = { NULL, 0 }, theirs = { NULL, 0 };
	struct exo_arena arena;
	struct sp_cube why;
	struct pause waits;
	struct sp_work w;
	int err;

	region_work(core, env, &arena, &w);
	w.pause = pause_begin(&waits, core, env);
	err = region_copy(&w, (*parent)->region, &theirs);
	if (err == 0)
		err = region_read(env, &a->region, &w, &mine);
	if (err == 0)
		err = sp_inside(&w, mine, theirs, &why);
	if (err == 0) {
		err = witness_show(core, env, &why, NULL, &a->witness);
		err = err == 0 ? -EXO_EOUTSIDE : err;
	}
	if (!budget_work(env, core->cfg.region_steps - w.left) && err > 0)
		err = -EXO_EBUDGET;
	if (err > 0)
		err = key_check(core, &a->key, EXO_RIGHT_DERIVE, parent);
	if (err == 0)
		err = region_keep(core, &env->mem, mine, out);
	exo_arena_free(&arena);
	return err;
}

static int call_derive(
    struct exo_core *core, struct env *env, struct exo_call_derive *a)
{
	struct key_rec *parent;
	struct region *region;
	int err = key_check(core, &a->key, EXO_RIGHT_DERIVE, &parent);

	if (err != 0)
		return err;
	if (a->zero != 0 || witness_check(&a->witness) != 0)
		return -EXO_EINVAL;
	if ((a->rights & ~a->key.rights) != 0)
		return -EXO_EPERM;
	if (budget_over(env))
		return -EXO_EBUDGET;
	if (a->region.at == 0)
		region = region_share(parent->region);
	else
		err = derive_region(core, env, a, &parent, &region);
	return err != 0 ? err
	                : key_make(core, env, parent, a->rights, region,
	                      &a->out_key);
}

static int call_revoke(
    struct exo_core *core, struct env *env, struct exo_call_revoke *a)
{
	struct key_rec *key;
	int err = key_check(core, &a->key, 0, &key);

	if (err != 0)
		return err;
	key_end(core, key, env); /* bearer keys: whoever holds one may */
	return 0;
}

static int call_unbind(
    struct exo_core *core, struct env *env, struct exo_call_unbind *a)
{
	struct binding *b = binding_find(core, env, a->binding);

	if (b == NULL)
		return -EXO_ENOENT;
	binding_give(core, b);
	return 0;
}

static int call_stat(
    struct exo_core *core, struct env *env, struct exo_call_stat *a)
{
	const struct binding *b = binding_find(core, env, a->binding);

	if (b == NULL)
		return -EXO_ENOENT;
	a->out_stat = b->stat;
	return 0;
}

int exo_call(
    struct exo_core *core, uint64_t env, uint32_t nr, void *args, size_t size)
{
	struct env *e = env_find(core, env);

	if (e == NULL)
		return -EXO_ESTALE;
	switch (nr) {
#define CALL(name, body)                                      \
	case EXO_CALL_##name##_NR:                            \
		return size == sizeof(struct exo_call_##body) \
		           ? call_##body(core, e, args)       \
		           : -EXO_EINVAL
		CALL(NULL, null);
		CALL(DERIVE, derive);
		CALL(REVOKE, revoke);
		CALL(BIND, bind);
		CALL(UNBIND, unbind);
		CALL(STAT, stat);
		CALL(SLOT, slot);
		CALL(TRANSMIT, transmit);
#undef CALL
	default:
		return -EXO_ENOSYS;
	}
}
