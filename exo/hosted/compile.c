/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that the tool verifies and compiles.
 */
#include "exo/hosted/compile.h"

#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "exo/hosted/why_show.h"

/* Find out why, and show it as `exopf verify` does. */
static int refuse(struct cmd_compiled *c, const struct vf_limits *limits,
    const struct cmd_source *source)
{
	if (why_ask(&c->why, &c->in, limits) == -EXO_ENOMEM) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	c->refused = true;
	fputs("refused ", stderr);
	why_show(stderr, &c->why, source, "  ");
	fprintf(stderr, "  more: exopf explain VF%u\n", c->why.report.code);
	return CMD_NO;
}

int cmd_compile_prog(struct cmd_compiled *c, const struct vf_input *in,
    const struct cmd_jit *jit, const struct cmd_source *source)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	const struct exo_world_config cfg = { .mem = &c->mem,
		.maps = in->maps,
		.nmaps = in->nmaps,
		.harden = jit->harden,
		.places = true };
	struct exo_report report;
	int err;

	c->mem = cmd_heap();
	c->in = *in;
	err = vf_verify(in, &limits, &c->mem, &c->prog, &report);
	if (err == -EXO_EREFUSED || err == -EXO_EBUDGET)
		return refuse(c, &limits, source);
	if (err == 0)
		err = exo_world_new(&cfg, &c->world);
	if (err == 0)
		err = exo_world_compile(
		    c->world, c->prog, jit->without, &c->code);
	if (err == 0)
		return 0;
	cmd_say("the program cannot be compiled: %s%s", cmd_diag_error(err),
	    err == -EXO_ENOMEM ? ", or no executable memory; 'exopf doctor' "
	                         "tells which"
	                       : "");
	return CMD_FAULT;
}

void cmd_compile_json(struct cmd_json *j, const struct cmd_compiled *c,
    const struct cmd_source *source)
{
	const struct exo_report *report = &c->why.report;
	char code[16];

	if (!c->refused) {
		cmd_json_null(j, "refusal");
		return;
	}
	snprintf(code, sizeof(code), "VF%u", report->code);
	cmd_json_object(j, "refusal");
	cmd_json_str(j, "code", code);
	if (report->insn == EXO_REPORT_NOWHERE)
		cmd_json_null(j, "insn");
	else
		cmd_json_u64(j, "insn", report->insn);
	why_json(j, &c->why, source);
	cmd_json_end(j);
}

void cmd_compile_free(struct cmd_compiled *c)
{
	if (c->refused)
		why_free(&c->why);
	if (c->world != NULL) {
		exo_world_code_free(c->world, c->code);
		exo_world_free(c->world);
	}
	vf_prog_free(c->prog, &c->mem);
}
