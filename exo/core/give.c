/* SPDX-License-Identifier: BSD-2-Clause */
/* Bindings and keys that are given up when the kernel asks, or taken: see core.h. */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"

static struct key_rec *key_named(
    const struct exo_core *core, const struct env *env, uint64_t name)
{
	struct key_rec *key = exo_pool_find(&core->keys, name);

	return key != NULL && key->env == env ? key : NULL;
}

static bool has(const struct exo_core *core, const struct env *env,
    enum exo_kind kind, uint64_t name)
{
	return kind == EXO_KIND_BINDING ? binding_find(core, env, name) != NULL
	                                : key_named(core, env, name) != NULL;
}

void binding_give(struct exo_core *core, struct binding *b)
{
	struct plat_env *plat = b->env->plat;
	uint64_t name = b->name;

	binding_withdraw(core, b);
	if (core->cfg.gone != NULL)
		core->cfg.gone(plat, EXO_KIND_BINDING, name, true);
}

static void give(
    struct exo_core *core, struct env *env, enum exo_kind kind, uint64_t name)
{
	struct key_rec *key;

	if (kind == EXO_KIND_BINDING) {
		binding_give(core, binding_find(core, env, name));
		return;
	}
	key = key_named(core, env, name);
	if (key != NULL) /* else it was below one that went before */
		key_end(core, key, env);
}

int exo_env_give(struct exo_core *core, uint64_t env, enum exo_kind kind,
    const uint64_t *u_names, uint32_t n)
{
	struct env *e = env_find(core, env);

	if (e == NULL)
		return -EXO_ESTALE;
	if (kind != EXO_KIND_BINDING && kind != EXO_KIND_KEY)
		return -EXO_EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		if (!has(core, e, kind, u_names[i]))
			return -EXO_ENOENT;
		for (uint32_t k = 0; k < i; k++)
			if (u_names[k] == u_names[i])
				return -EXO_EINVAL;
	}
	for (uint32_t i = 0; i < n; i++)
		give(core, e, kind, u_names[i]);
	return 0;
}

bool exo_env_take(
    struct exo_core *core, uint64_t env, enum exo_kind kind, uint64_t *name)
{
	struct env *e = env_find(core, env);
	struct key_rec *key = e == NULL ? NULL : e->keys;
	struct binding *b = e == NULL ? NULL : e->bindings;

	if (e == NULL)
		return false;
	if (kind == EXO_KIND_BINDING) {
		while (b != NULL && !b->live)
			b = b->env_next;
		if (b == NULL)
			return false;
		*name = b->name;
		binding_withdraw(core, b);
		return true;
	}
	while (key != NULL && key->parent == NULL)
		key = key->env_next;
	if (kind != EXO_KIND_KEY || key == NULL)
		return false;
	*name = key->name;
	core->ending.but = *name;
	key_end(core, key, NULL);
	core->ending.but = 0;
	return true;
}
