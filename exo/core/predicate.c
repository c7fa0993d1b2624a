/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wake-up predicates: what an environment sleeps for, as a program of its own [M. F.
 * Kaashoek et al., "Application Performance and Flexibility on Exokernel Systems", SOSP
 * 1997, section 3.2.1]. See core.h.
 *
 * It is verified and compiled once, and runs on memory that the platform fills. It has no
 * maps and no helpers, and takes so few steps that all environments' together are nothing
 * beside a slot of time.
 */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/core/image.h"

#define EXPLORED 4096u /* instructions, to prove one */

struct predicate {
	struct vf_prog *prog;
	struct jit_code *code;
	uint64_t steps;
};

void predicate_free(struct env *env)
{
	struct predicate *p = env->predicate;

	env->predicate = NULL;
	if (p == NULL)
		return;
	env->code -= code_grains(p->code);
	jit_free(p->code, &env->mem);
	vf_prog_free(p->prog, &env->mem);
	exo_mem_put(&env->mem, p, sizeof(*p));
}

/* Copy the image in and prove it. */
static int prove(struct env *env, uint64_t u_image, uint32_t size,
    struct predicate *p, struct exo_report *report)
{
	const struct vf_limits limits = { .explored = EXPLORED };
	struct vf_input in = {
		.type = EXO_PROG_MEM, .refuse_leaks = true, .no_helpers = true
	};
	struct exo_image img;
	uint8_t *bytes;
	int err = image_take(env, u_image, size, &bytes, &img, report);

	if (err == 0 && (img.type != EXO_PROG_MEM || img.nmaps != 0))
		err = -EXO_EINVAL;
	if (err == 0) {
		in.insns = img.insns;
		in.ninsns = img.ninsns;
		err = vf_verify(&in, &limits, &env->mem, &p->prog, report);
		if (!budget_work(env, report->explored) && err == 0)
			err = -EXO_EBUDGET;
	}
	exo_mem_put(&env->mem, bytes, size);
	if (err != 0)
		return err;
	p->steps = vf_prog_facts(p->prog)->max_steps;
	return p->steps > EXO_WAKE_STEPS ? -EXO_E2BIG : 0;
}

int exo_env_predicate(struct exo_core *core, uint64_t env, uint64_t u_image,
    uint32_t size, struct exo_report *report)
{
	struct env *e = env_find(core, env);
	struct predicate *p;
	int err = 0;

	*report = (struct exo_report){ .insn = EXO_REPORT_NOWHERE,
		.widened = EXO_REPORT_NOWHERE,
		.reg = EXO_REPORT_NOREG };
	if (e == NULL)
		return -EXO_ESTALE;
	if (size == 0) {
		predicate_free(e);
		return 0;
	}
	if (size < sizeof(struct exo_image_hdr) || size > EXO_PAGE)
		return -EXO_EIMAGE;
	if (budget_over(e))
		return -EXO_EBUDGET;
	p = exo_mem_get(&e->mem, sizeof(*p));
	if (p == NULL)
		return -EXO_ENOMEM;
	err = prove(e, u_image, size, p, report);
	if (err == 0)
		err = code_compile(core, e, NULL, p->prog, 0, NULL, &p->code);
	if (err == 0) {
		predicate_free(e);
		e->code += code_grains(p->code);
		e->predicate = p;
		return 0;
	}
	vf_prog_free(p->prog, &e->mem);
	exo_mem_put(&e->mem, p, sizeof(*p));
	return err;
}

bool exo_env_wakes(
    struct exo_core *core, uint64_t env, const void *mem, uint32_t size)
{
	struct jit_ctx ctx = { .data = NULL };
	struct env *e = env_find(core, env);

	if (e == NULL || e->predicate == NULL)
		return true;
	e->paid += e->predicate->steps;
	return jit_way(e->predicate->code)->entry(&ctx, mem, size) != 0;
}
