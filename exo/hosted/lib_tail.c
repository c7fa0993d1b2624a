/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs in the slots of a program's program arrays: see include/exopf/map.h.
 */
#include "exopf/map.h"

#include "exo/abi/err.h"
#include "exo/hosted/lib.h"

#include <string.h>

/* What is true of them counts from the next run on. */
static void count(struct exopf_program *p)
{
	uint32_t stack = vf_prog_facts(p->prog)->stack;

	exo_world_tails(p->world, 1, &p->tails);
	exo_world_vm(p->world)->stack =
	    stack > p->tails.stack ? stack : p->tails.stack;
}

uint64_t lib_max_steps(const struct exopf_program *p)
{
	return vf_prog_facts(p->prog)->max_steps + p->tails.steps;
}

static struct exo_tails_how how_for(struct exopf_program *p)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	uint64_t own = vf_prog_facts(p->prog)->max_steps;
	uint64_t most = UINT64_MAX;

	if (p->options.max_steps != 0)
		most = (p->options.max_steps - own) / EXO_TAILS_RUN;
	return (struct exo_tails_how){
		.in = { .type = vf_prog_type(p->prog),
		    .refuse_leaks = true,
		    .no_helpers = (p->options.flags & EXOPF_NO_HELPERS) != 0,
		    .no_pkt_write =
		        (p->options.flags & EXOPF_NO_PACKET_WRITE) != 0 },
		.limits = limits,
		.most_steps = most,
		.mem = &p->mem,
		.interpret = p->code == NULL,
	};
}

/* What came of it, as the embedder is told. */
static int answer(struct exopf_program *p, const struct exo_tails_how *how,
    int ret, const struct exo_report *why, const struct exo_insn *insns,
    uint32_t n, struct exopf_report *report)
{
	count(p);
	if (how->overlong)
		lib_report_text(report,
		    "a run may take more steps than the limit, with as many "
		    "tail calls as it can make");
	else if (ret != 0 && why->code != 0)
		lib_report(report, why, insns, n);
	return ret;
}

int lib_tails_fill(struct exopf_program *p, const struct exo_image *img,
    struct exopf_report *report)
{
	struct exo_tails_how how = how_for(p);
	struct exo_report why = { .code = 0 };
	int ret = exo_world_fill(p->world, img, &how, &why);

	if (ret == -EXO_ENOMEM && why.code == 0 && !how.interpret) {
		/* no memory for machine code: all are interpreted then */
		exo_world_code_free(p->world, p->code);
		p->code = NULL;
		p->engine = EXOPF_ENGINE_INTERP;
		how = how_for(p);
		ret = exo_world_fill(p->world, img, &how, &why);
	}
	return answer(p, &how, ret, &why, img->insns, img->total, report);
}

/* Instructions that may lie at any address. */
static int put(struct exopf_program *p, uint32_t map, uint32_t slot,
    const void *insns, size_t n, struct exopf_report *report)
{
	struct exo_tails_how how = how_for(p);
	struct exo_report why = { .code = 0 };
	struct exo_insn *copy = exo_mem_raw(&p->mem, n + 1);
	uint32_t count_of = (uint32_t)(n / sizeof(*copy));
	int ret;

	if (copy == NULL)
		return EXOPF_ENOMEM;
	if (n != 0)
		memcpy(copy, insns, n);
	ret = exo_world_put(p->world, &how, map, slot, copy, count_of, &why);
	ret = answer(p, &how, ret, &why, copy, count_of, report);
	exo_mem_put(&p->mem, copy, n + 1);
	return ret;
}

PUBLIC int exopf_map_set_program(exopf_program *program, uint32_t map,
    uint32_t slot, const void *insns, size_t n_bytes,
    struct exopf_report *report)
{
	lib_report_text(report, "");
	if (program->runs) {
		lib_report_text(report, "the program runs");
		return EXOPF_EINVAL;
	}
	if (n_bytes % sizeof(struct exo_insn) != 0)
		return EXOPF_EINVAL;
	if (n_bytes / sizeof(struct exo_insn) > EXO_INSNS_MAX)
		return EXOPF_E2BIG;
	return put(program, map, slot, insns, n_bytes, report);
}
