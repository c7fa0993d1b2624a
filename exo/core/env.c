/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments: the owners of everything that the core hands out.
 *
 * An environment's memory account forwards to the core's, so a byte is
 * charged to both, and either limit refuses it. Between them is a purse, where
 * environments share a limit: it is made for the second of them, lives as long
 * as the last, and is the core's own memory.
 */
#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/lib/bug.h"

static void *env_mem_get(void *ctx, size_t size)
{
	return exo_mem_raw(ctx, size); /* who asks the account clears it */
}

static void env_mem_put(void *ctx, void *p, size_t size)
{
	exo_mem_put(ctx, p, size);
}

static bool ring_args_ok(const struct exo_env_args *args)
{
	uint32_t size = args->ring_size;

	if (args->ring == NULL)
		return size == 0;
	return size >= EXO_RING_MIN && size <= EXO_RING_MAX &&
	       (size & (size - 1)) == 0;
}

/* Have a purse, with what was charged so far. */
static bool have_purse(struct exo_core *core, struct env *e)
{
	if (e->purse != NULL)
		return true;
	e->purse = exo_mem_get(&core->mem, sizeof(*e->purse));
	if (e->purse == NULL)
		return false;
	e->purse->envs = 1;
	e->purse->mem = e->mem;
	e->mem.ctx = &e->purse->mem;
	return true;
}

/* Share another one's limit. */
static int join(struct exo_core *core, struct env *e, uint64_t name)
{
	struct env *kin = env_find(core, name);

	if (kin == NULL)
		return -EXO_ESTALE;
	if (!have_purse(core, kin))
		return -EXO_ENOMEM;
	e->purse = kin->purse;
	e->purse->envs++;
	e->mem.ctx = &e->purse->mem;
	return 0;
}

static void leave(struct exo_core *core, struct env *e)
{
	if (e->purse == NULL || --e->purse->envs > 0)
		return;
	exo_assert(e->purse->mem.used == 0);
	exo_mem_put(&core->mem, e->purse, sizeof(*e->purse));
}

int exo_env_new(
    struct exo_core *core, const struct exo_env_args *args, uint64_t *env)
{
	struct env *e;
	uint64_t name;

	if (!ring_args_ok(args))
		return -EXO_EINVAL;
	if (core->envs.live >= core->cfg.envs)
		return -EXO_ELIMIT;
	e = exo_pool_take(&core->envs, &name);
	if (e == NULL)
		return -EXO_ENOMEM;
	e->name = name;
	e->plat = args->plat;
	e->mem = (struct exo_mem){
		.get = env_mem_get,
		.put = env_mem_put,
		.ctx = &core->mem,
		.limit = args->mem,
	};
	e->maps = (struct exo_mem){
		.get = env_mem_get,
		.put = env_mem_put,
		.ctx = &e->mem,
		.limit = core->cfg.maps == 0 ? MAPS_PER_ENV : core->cfg.maps,
	};
	if (args->kin != 0) {
		int err = join(core, e, args->kin);

		if (err != 0) {
			exo_pool_put(&core->envs, name);
			return err;
		}
	}
	budget_init(e, args);
	ring_init(&e->ring, args->ring, args->ring_size);
	*env = name;
	return 0;
}

static bool within(const struct exo_mem *m, uint64_t bytes)
{
	return m->limit == 0 ||
	       (m->used <= m->limit && bytes <= m->limit - m->used);
}

static void add(struct exo_mem *m, uint64_t bytes)
{
	m->used += bytes;
	if (m->used > m->peak)
		m->peak = m->used;
}

bool env_may_owe(const struct env *e, uint64_t bytes)
{
	return within(&e->mem, bytes) &&
	       (e->purse == NULL || within(&e->purse->mem, bytes));
}

void env_owe(struct env *e, uint64_t bytes)
{
	add(&e->mem, bytes);
	if (e->purse != NULL)
		add(&e->purse->mem, bytes);
}

void env_owe_less(struct env *e, uint64_t bytes)
{
	e->mem.used -= bytes;
	if (e->purse != NULL)
		e->purse->mem.used -= bytes;
}

struct env *env_find(const struct exo_core *core, uint64_t name)
{
	return exo_pool_find(&core->envs, name);
}

int exo_env_stat(
    const struct exo_core *core, uint64_t env, struct exo_env_stat *out)
{
	const struct env *e = env_find(core, env);

	if (e == NULL)
		return -EXO_ESTALE;
	*out = (struct exo_env_stat){ .mem = e->mem.used,
		.code = e->code,
		.work = e->work,
		.unpaid = e->unpaid,
		.credit = e->credit,
		.paid = e->paid,
		.delivered = e->delivered,
		.dropped = e->ring.dropped,
		.ring_used = ring_used(&e->ring),
		.bindings = e->nbindings };
	return 0;
}

int exo_env_end(struct exo_core *core, uint64_t env)
{
	struct env *e = env_find(core, env);

	if (e == NULL)
		return -EXO_ESTALE;
	exo_assert(!e->dirty); /* ingest cleans up before it returns */
	exo_assert(!e->waits);
	while (e->bindings != NULL)
		binding_withdraw(core, e->bindings);
	predicate_free(e);
	while (e->keys != NULL)
		key_end(core, e->keys, e);
	linksets_leave(e);
	exo_assert(e->mem.used == 0);
	leave(core, e);
	exo_pool_put(&core->envs, env);
	return 0;
}
