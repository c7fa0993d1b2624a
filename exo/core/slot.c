/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for a binding's tail calls: those that come with it, and those that
 * its owner puts into slots later.
 *
 * A program in a slot runs in the binding's world on the binding's packets, so
 * it is held to all that the binding's own program is: verified by the same
 * rules with the same maps, compiled, charged to the same owner. What a run may
 * cost is the binding's program and EXO_TAILS_RUN times the largest of the
 * others: that has to be within the right, and is what packets are charged.
 *
 * Whoever returns by way of a program in a slot is asked of no index: a program
 * that makes tail calls has no exact condition (vf_facts.pure is false).
 */
#include "exo/core/tails.h"

#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/core/pause.h"
#include "exo/core/world_int.h"
#include "exo/lib/mem.h"

/* For whom programs are compiled. */
struct owner {
	struct exo_core *core;
	struct env *env;
	uint32_t rights;
	bool ash;         /* they see a copy of the packet */
	uint64_t pending; /* code that is charged to nobody yet */
	uint64_t charged; /* of what was explored */
	struct exo_pause *pause;
	struct exo_tails_how how;
};

/* Charge what was explored since. */
static int charge(struct owner *o)
{
	uint64_t more = o->how.explored - o->charged;

	o->charged = o->how.explored;
	return budget_work(o->env, more) ? 0 : -EXO_EBUDGET;
}

static int compile(void *arg, struct exo_world *w, const struct vf_prog *prog,
    struct jit_code **out, struct exo_mem **mem)
{
	struct owner *o = arg;
	int err = charge(o);

	*mem = &o->env->mem;
	if (err == 0)
		err = code_compile(
		    o->core, o->env, w, prog, o->pending, o->pause, out);
	o->pending += code_grains(*out);
	return err;
}

/* How programs of an owner are made, after one that takes `taken` steps. */
static void make_how(struct owner *o, uint32_t type, uint64_t taken)
{
	uint64_t most = o->core->cfg.steps;

	if ((o->rights & EXO_RIGHT_STEPS) == 0 && most > EXO_STEPS_DEFAULT)
		most = EXO_STEPS_DEFAULT;
	o->how = (struct exo_tails_how){
		.in = { .type = type,
		    .refuse_leaks = true,
		    .no_pkt_write = !o->ash },
		.limits = { o->core->cfg.verify_insns, o->core->cfg.verify_mem,
		    o->pause },
		.most_steps = taken < most ? (most - taken) / EXO_TAILS_RUN : 0,
		.mem = &o->env->mem,
		.compile = compile,
		.arg = o,
	};
}

/* What was refused was explored, too. */
static int answer(struct owner *o, int err)
{
	(void)charge(o);
	if (!o->how.overlong)
		return err;
	return (o->rights & EXO_RIGHT_STEPS) == 0 ? -EXO_EPERM : -EXO_E2BIG;
}

int tails_decode(struct exo_core *core, struct env *env, uint32_t rights,
    bool ash, const struct exo_image *img, const struct vf_prog *prog,
    const struct jit_code *code, struct exo_world *world,
    struct exo_world *twin, struct exo_pause *pause, struct exo_report *report)
{
	struct owner o = { core, env, rights, ash, code_grains(code), 0, pause,
		{ .mem = NULL } };
	int err;

	make_how(&o, img->type, vf_prog_facts(prog)->max_steps);
	err = exo_world_fill(world, img, &o.how, report);
	for (uint32_t i = 0; err == 0 && twin != NULL && i < img->ntails; i++)
		exo_world_mirror(
		    world, twin, img->tails[i].map, img->tails[i].slot);
	return answer(&o, err);
}

uint64_t steps_of(const struct vf_prog *prog, const struct exo_world *world)
{
	struct exo_tails_facts tails = { .n = 0 };

	if (world != NULL)
		exo_world_tails(world, CODE_GRAIN, &tails);
	return vf_prog_facts(prog)->max_steps + tails.steps;
}

/* Whether an image's program is one for this binding. */
static bool fits(const struct binding *b, const struct exo_image *img)
{
	if (img->type != b->type || img->ntails != 0 ||
	    img->nmaps != b->world->nmaps)
		return false;
	for (uint32_t i = 0; i < img->nmaps; i++)
		if (memcmp(&img->maps[i], map_def(b->world->maps[i]),
		        sizeof(img->maps[i])) != 0)
			return false;
	return true;
}

/* Prove and compile an image's program for a binding; it may wait. The binding's world
 * stays until then, whatever becomes of the binding. */
static int make(struct exo_core *core, struct env *env,
    const struct exo_call_slot *a, const struct binding *b,
    const struct exo_image *img, struct world_tail **out,
    struct exo_report *report)
{
	struct pause pause;
	struct owner o = { core, env, b->key->rights, b->ash, 0, 0,
		pause_begin(&pause, core, env), { .mem = NULL } };
	struct exo_world *w = b->world;
	int err;

	if (img->ninsns != 0 && !fits(b, img))
		return -EXO_EINVAL;
	make_how(&o, b->type, vf_prog_facts(b->prog)->max_steps);
	w->holds++;
	err = exo_world_make(
	    w, &o.how, a->map, a->slot, img->insns, img->ninsns, out, report);
	exo_world_free(w);
	return answer(&o, err);
}

/* The slot names it from now on. */
static void slot_invoke(struct exo_core *core, struct binding *b,
    const struct exo_call_slot *a, struct world_tail *t)
{
	count_code(core, b, false);
	exo_world_set(b->world, a->map, a->slot, t);
	if (b->twin != NULL)
		exo_world_mirror(b->world, b->twin, a->map, a->slot);
	count_code(core, b, true);
	b->stat.max_steps = steps_of(b->prog, b->world);
}

static int slot_check(struct env *env, const struct exo_call_slot *a,
    const struct binding *b, const struct exo_report *report)
{
	if (b == NULL)
		return -EXO_ENOENT;
	if (a->zero != 0 || b->world == NULL)
		return -EXO_EINVAL;
	if (a->image_size > EXO_IMAGE_MAX)
		return -EXO_E2BIG;
	if (budget_over(env))
		return -EXO_EBUDGET;
	/* a bad address for the report refuses before anything is changed */
	if (a->report != 0 &&
	    plat_copy_out(env->plat, a->report, report, sizeof(*report)) != 0)
		return -EXO_EINVAL;
	return 0;
}

int call_slot(struct exo_core *core, struct env *env, struct exo_call_slot *a)
{
	struct exo_report report = { .insn = EXO_REPORT_NOWHERE,
		.widened = EXO_REPORT_NOWHERE,
		.reg = EXO_REPORT_NOREG };
	struct binding *b = binding_find(core, env, a->binding);
	struct exo_image img = { .ninsns = 0 };
	struct world_tail *t = NULL;
	uint8_t *bytes = NULL;
	int err = slot_check(env, a, b, &report);

	if (err != 0)
		return err;
	if (a->image_size != 0)
		err = image_take(
		    env, a->image, a->image_size, &bytes, &img, &report);
	if (err == 0 && a->image_size != 0 && img.type == EXO_PROG_MEM)
		err = -EXO_EINVAL; /* takes no packet */
	if (err == 0)
		err = make(core, env, a, b, &img, &t, &report);
	/* of that name there is this one binding, or none any more */
	b = binding_find(core, env, a->binding);
	if (err == 0 && b == NULL) {
		exo_tail_free(t);
		err = -EXO_ENOENT;
	}
	if (err == 0)
		slot_invoke(core, b, a, t);
	if (a->report != 0)
		(void)plat_copy_out(
		    env->plat, a->report, &report, sizeof(report));
	exo_mem_put(&env->mem, bytes, a->image_size);
	return err;
}
