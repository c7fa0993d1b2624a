/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run came to, for people and as JSON.
 */
#include "exo/hosted/run.h"

#include "exo/hosted/cmd.h"
#include "exo/isa/text.h"
#include "exo/lib/fmt.h"

#include <inttypes.h>
#include <stdlib.h>

/* How a run ended: a word for machines, a sentence for people. */
static const struct {
	const char *name;
	const char *meaning;
} ends[] = {
	[ISA_END_EXIT] = { "exit", "it returned" },
	[ISA_END_REJECT] = { "reject", "it read past the packet: rejected" },
	[ISA_END_FUEL] = { "fuel", "the fuel is used up" },
	[ISA_END_PC] = { "pc", "control left the program" },
	[ISA_END_OPCODE] = { "opcode", "this is no instruction" },
	[ISA_END_LOAD] = { "load", "a load outside all memory" },
	[ISA_END_STORE] = { "store", "a store outside all writable memory" },
	[ISA_END_CTX] = { "ctx", "this access names no context field" },
	[ISA_END_FRAMES] = { "frames", "calls nest too deep" },
	[ISA_END_HELPER] = { "helper",
	    "there is no such helper, or not with these arguments" },
	[ISA_END_MAP] = { "map", "there is no such map" },
	[ISA_END_HELD] = { "held",
	    "it ended and held memory of a ring buffer" },
};

static const char *engine_text(unsigned engine)
{
	return engine == RUN_BOTH  ? "both"
	       : engine == RUN_JIT ? "jit"
	                           : "interp";
}

static void say_trap(const struct run_job *job, const struct run_result *r)
{
	const struct flt_code *code = &job->program.code;
	char text[256] = "past the end";
	struct exo_fmt f;

	if (r->pc < code->n) {
		exo_fmt_init(&f, text, sizeof(text));
		isa_disasm(&f, code->insns, code->n, r->pc);
	}
	cmd_say("trap %s at instruction %u (%s): %s", ends[r->end].name, r->pc,
	    text, ends[r->end].meaning);
}

/* Bytes as hexadecimal; null where they are of the other kind. */
static void json_bytes(struct cmd_json *j, const char *key, const uint8_t *p,
    uint32_t n, bool there)
{
	static const char digits[] = "0123456789abcdef";
	char *text = there ? malloc((size_t)n * 2 + 1) : NULL;
	uint32_t i;

	if (text == NULL) {
		cmd_json_null(j, key);
		return;
	}
	for (i = 0; i < n; i++) {
		text[2 * (size_t)i] = digits[p[i] >> 4];
		text[2 * (size_t)i + 1] = digits[p[i] & 15];
	}
	cmd_json_strn(j, key, text, (size_t)n * 2);
	free(text);
}

static void json_head(struct cmd_json *j, const struct run_job *job)
{
	cmd_json_begin(j, stdout);
	cmd_json_str(j, "schema", RUN_SCHEMA);
	cmd_json_str(j, "engine", engine_text(job->engine));
	cmd_json_str(j, "type", cmd_prog_type_text(job->program.type));
}

static void say_json(
    const struct run_job *job, const struct run_result *r, const char *differ)
{
	bool mem = job->program.type == EXO_PROG_MEM;
	bool ran = r->end != ISA_END_OPCODE || r->steps != 0;
	uint32_t n;
	const uint8_t *after = run_after(job, r, &n);
	struct cmd_json j;
	char r0[24];

	snprintf(r0, sizeof(r0), "0x%" PRIx64, r->r0);
	json_head(&j, job);
	cmd_json_str(&j, "end", ends[r->end].name);
	cmd_json_bool(&j, "trap", run_is_trap(r->end));
	cmd_json_str(&j, "r0", run_is_trap(r->end) ? NULL : r0);
	if ((job->engine & RUN_INTERP) != 0) {
		cmd_json_u64(&j, "insn", r->pc);
		cmd_json_u64(&j, "steps", r->steps);
	} else {
		cmd_json_null(&j, "insn");
		cmd_json_null(&j, "steps");
	}
	if ((job->engine & RUN_JIT) != 0)
		cmd_json_u64(&j, "code_bytes", r->code);
	else
		cmd_json_null(&j, "code_bytes");
	json_bytes(&j, "memory", after, n, ran && mem);
	json_bytes(&j, "packet", after, n, ran && !mem);
	if (job->engine == RUN_BOTH)
		cmd_json_str(&j, "differ", differ);
	cmd_json_finish(&j);
}

int run_show(
    const struct run_job *job, const struct run_result *r, const char *differ)
{
	bool trap = run_is_trap(r->end);

	if (job->json)
		say_json(job, r, differ);
	else if (!trap && differ == NULL)
		printf("0x%" PRIx64 "\n", r->r0);
	if (trap)
		say_trap(job, r);
	if (differ != NULL) {
		cmd_say("the engines differ: %s; please report it with the "
		        "program",
		    differ);
		return cmd_finish(CMD_DISAGREE);
	}
	return cmd_finish(trap ? CMD_NO : CMD_YES);
}

int run_show_refused(const struct run_job *job, const struct run_result *r)
{
	struct cmd_json j;

	if (r->compiled.refused)
		cmd_say("only what is verified is compiled%s; --engine interp "
		        "runs it as it is",
		    job->engine == RUN_BOTH ? ", and compared only what "
		                              "reveals no address"
		                            : "");
	if (job->json) {
		json_head(&j, job);
		cmd_json_str(&j, "end", "refused");
		cmd_json_bool(&j, "trap", false);
		cmd_json_null(&j, "r0");
		cmd_compile_json(&j, &r->compiled, &job->program.source);
		cmd_json_array(&j, "errors");
		cmd_json_kept(&j);
		cmd_json_end(&j);
		cmd_json_finish(&j);
	}
	return cmd_finish(CMD_NO);
}
