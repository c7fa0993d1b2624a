/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs with helpers and maps: each binding has a world of its own.
 *
 * Nobody but the binding's program writes its maps, so its runs see what its
 * own earlier runs left, in the order of packets, whatever else is bound; a
 * batch may go through one binding's packets before the next one's. A core
 * that is told to judge gives each binding a second world, in which the
 * interpreter does the same, and both must say the same of every packet.
 *
 * Maps are charged to their owner, who has a limit of them. Making them is work,
 * too: a step for each 64 bytes, also of those that are given back at once since
 * the next one was refused.
 */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/core/image.h"
#include "exo/core/world_int.h"
#include "exo/lib/mem.h"

#define BYTES_A_STEP 64u
#define PRINTS       1000u

/* What programs are told that ask for the time: the packet's. */
static uint64_t now(void *arg)
{
	const struct exo_core *core = arg;

	return core->now;
}

/* Lines that programs of an owner print are shown to that one: the first PRINTS,
 * and then one of PRINTS, so that a flood of packets is none of lines. */
static void print(void *arg, const char *line, uint32_t n)
{
	struct env *env = arg;

	if (env->prints++ < PRINTS || env->prints % PRINTS == 0)
		plat_print(env->plat, line, n);
}

int effect_check(const struct exo_image *img)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < img->nmaps; i++)
		err = map_check(&img->maps[i]);
	return err;
}

int effect_worlds(struct exo_core *core, struct env *env,
    const struct exo_image *img, const struct vf_prog *prog, bool ash,
    struct exo_world **out, struct exo_world **twin)
{
	struct exo_world_config cfg = { .mem = &env->maps,
		.maps = img->maps,
		.nmaps = img->nmaps,
		.now = now,
		.arg = core,
		.print = print,
		.print_arg = env };
	uint64_t before = env->maps.used;
	int err;

	if (img->nmaps == 0 && !vf_prog_facts(prog)->helpers && !ash)
		return 0;
	err = plat_random(&cfg.hash, sizeof(cfg.hash));
	if (err == 0)
		err = plat_random(&cfg.seed, sizeof(cfg.seed));
	env->maps.peak = before;
	if (err == 0)
		err = exo_world_new(&cfg, out);
	cfg.print = NULL; /* once is enough */
	if (err == 0)
		err = exo_world_begin(*out, img);
	if (err == 0 && core->vm != NULL)
		err = exo_world_new(&cfg, twin);
	if (err == 0 && core->vm != NULL)
		err = exo_world_begin(*twin, img);
	if (err == 0 && ash)
		err = ash_room(*out);
	if (err == 0 && ash && core->vm != NULL)
		err = ash_room(*twin);
	if (!budget_work(env, (env->maps.peak - before) / BYTES_A_STEP) &&
	    err == 0)
		err = -EXO_EBUDGET;
	return err;
}

uint64_t effect_run(const struct binding *b, const struct isa_pkt *pkt)
{
	isa_set_pkt(&b->world->vm, pkt);
	return world_exec(b->world, b->code, b->type);
}

bool effect_agrees(
    const struct binding *b, const struct isa_pkt *pkt, uint64_t r0)
{
	uint32_t n;
	const struct exo_insn *insns = vf_prog_insns(b->prog, &n);
	enum isa_end end;
	uint64_t theirs;

	isa_point(&b->twin->vm, b->type, insns, n);
	isa_set_pkt(&b->twin->vm, pkt);
	end = exo_world_run(b->twin, b->stat.max_steps, &theirs);
	return (end == ISA_END_EXIT || end == ISA_END_REJECT) && theirs == r0;
}

static struct binding *binding_with(
    const struct exo_core *core, uint64_t binding, int *err)
{
	struct binding *b = exo_pool_find(&core->binds, binding);

	*err = b == NULL ? -EXO_ESTALE : -EXO_EINVAL;
	return b == NULL || b->world == NULL ? NULL : b;
}

int exo_binding_lookup(const struct exo_core *core, uint64_t binding,
    uint32_t map, const void *key, void *value)
{
	int err;
	const struct binding *b = binding_with(core, binding, &err);

	return b == NULL ? err : exo_world_lookup(b->world, map, key, value);
}

int exo_binding_next(const struct exo_core *core, uint64_t binding,
    uint32_t map, uint32_t *pos, void *key, void *value)
{
	int err;
	const struct binding *b = binding_with(core, binding, &err);

	return b == NULL ? err : exo_world_next(b->world, map, pos, key, value);
}

/* The judge's ring is emptied with it, or it would be full when this is not. */
const uint8_t *exo_binding_record(
    struct exo_core *core, uint64_t binding, uint32_t map, uint32_t *size)
{
	int err;
	struct binding *b = binding_with(core, binding, &err);
	const uint8_t *record, *theirs;
	uint32_t n;

	if (b == NULL)
		return NULL;
	record = exo_world_record(b->world, map, size);
	if (b->twin == NULL)
		return record;
	theirs = exo_world_record(b->twin, map, &n);
	if ((record == NULL) != (theirs == NULL) ||
	    (record != NULL && (n != *size || memcmp(record, theirs, n) != 0)))
		b->stat.differed++;
	return record;
}
