/* SPDX-License-Identifier: BSD-2-Clause */
/* The core's own life: birth, death and what it tells about itself. */
#include "exo/core/core.h"

#include "exo/abi/err.h"
#include "exo/core/demux_int.h"
#include "exo/lib/bug.h"

#define ENVS_DEFAULT     65536u
#define BINDINGS_DEFAULT 4194304u
#define LINEAR_DEFAULT   8u

static void *core_mem_get(void *ctx, size_t size)
{
	(void)ctx;
	return plat_alloc(size);
}

static void core_mem_put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	plat_free(p, size);
}

static void core_defaults(struct exo_core_config *cfg)
{
	if (cfg->envs == 0)
		cfg->envs = ENVS_DEFAULT;
	if (cfg->bindings == 0)
		cfg->bindings = BINDINGS_DEFAULT;
	if (cfg->verify_insns == 0)
		cfg->verify_insns = VF_EXPLORED_BARE;
	if (cfg->verify_mem == 0)
		cfg->verify_mem = VF_MEM_BARE;
	if (cfg->steps == 0)
		cfg->steps = EXO_STEPS_MAX;
	if (cfg->linear == 0)
		cfg->linear = LINEAR_DEFAULT;
	if (cfg->region_steps == 0)
		cfg->region_steps = REGION_STEPS;
}

int exo_core_new(const struct exo_core_config *cfg, struct exo_core **out)
{
	struct exo_core *core = plat_alloc(sizeof(*core));
	int err;

	if (core == NULL)
		return -EXO_ENOMEM;
	*core = (struct exo_core){
		.cfg = *cfg,
		.mem = { .get = core_mem_get,
		    .put = core_mem_put,
		    .limit = cfg->mem },
	};
	core_defaults(&core->cfg);
	core->slots_max = SLOTS_MAX;
	err = plat_random(&core->secret, sizeof(core->secret));
	if (err != 0)
		goto fail;
	err = -EXO_ENOMEM;
	core->cpu = jit_cpu_detect();
	core->ctx = exo_mem_get(&core->mem, BATCH * sizeof(*core->ctx));
	core->view = exo_mem_get(&core->mem, BATCH * sizeof(*core->view));
	if (core->ctx == NULL || core->view == NULL || hits_new(core) != 0)
		goto fail;
	exo_epoch_init(&core->epoch);
	err = exo_look_new(&core->mem, &core->epoch, 0, &core->look);
	if (err != 0)
		goto fail;
	err = -EXO_ENOMEM;
	if (cfg->judge) {
		core->vm = exo_mem_get(&core->mem, sizeof(*core->vm));
		if (core->vm == NULL)
			goto fail;
	}
	exo_pool_init(&core->envs, &core->mem, sizeof(struct env), UINT32_MAX);
	exo_pool_init(
	    &core->keys, &core->mem, sizeof(struct key_rec), UINT32_MAX);
	exo_pool_init(
	    &core->binds, &core->mem, sizeof(struct binding), UINT32_MAX);
	*out = core;
	return 0;
fail:
	exo_look_free(core->look);
	hits_free(core);
	exo_mem_put(&core->mem, core->view, BATCH * sizeof(*core->view));
	exo_mem_put(&core->mem, core->ctx, BATCH * sizeof(*core->ctx));
	plat_free(core, sizeof(*core));
	return err;
}

void exo_core_free(struct exo_core *core)
{
	uint32_t i = 0;
	uint64_t name;

	if (core == NULL)
		return;
	core->cfg.gone = NULL; /* all end */
	while (exo_pool_next(&core->envs, &i, &name) != NULL)
		(void)exo_env_end(core, name);
	linksets_free(core);
	exo_pool_free(&core->binds);
	exo_pool_free(&core->keys);
	exo_pool_free(&core->envs);
	exo_look_free(core->look);
	hits_free(core);
	exo_mem_put(
	    &core->mem, core->ranks, core->ranks_room * sizeof(*core->ranks));
	exo_mem_put(&core->mem, core->vm, sizeof(*core->vm));
	exo_mem_put(&core->mem, core->seen, BATCH * sizeof(*core->seen));
	exo_mem_put(&core->mem, core->view, BATCH * sizeof(*core->view));
	exo_mem_put(&core->mem, core->ctx, BATCH * sizeof(*core->ctx));
	exo_assert(core->mem.used == 0);
	plat_free(core, sizeof(*core));
}

int exo_grant(struct exo_core *core, uint64_t env, uint32_t rights,
    const struct sp_region *region, struct exo_key *out)
{
	struct env *e = env_find(core, env);
	struct region *kept = NULL;
	int err = 0;

	if (e == NULL)
		return -EXO_ESTALE;
	if ((rights & ~EXO_RIGHT_ALL) != 0)
		return -EXO_EINVAL;
	if (region != NULL)
		err = region_keep(core, &e->mem, *region, &kept);
	return err != 0 ? err : key_make(core, e, NULL, rights, kept, out);
}

void exo_core_stat(const struct exo_core *core, struct exo_core_stat *out)
{
	*out = core->stat;
	out->mem = core->mem.used;
	out->mem_peak = core->mem.peak;
	out->envs = core->envs.live;
	out->bindings = core->binds.live;
}
