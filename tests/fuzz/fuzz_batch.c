/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzer: any bytes as lines of `exopf verify --batch`.
 *
 * A line either says what is wrong with it or is a program: then every
 * reference to a map is the index of one, or of none, and the verifier judges
 * it on a small budget, whatever the maps look like.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/hosted/batch_line.h"
#include "verifier/verifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void *get_memory(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void put_memory(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void check_refs(const struct cmd_batch_line *line)
{
	const struct exo_insn *in;
	uint32_t i;

	for (i = 0; i < line->ninsns; i++) {
		in = &line->insns[i];
		if (in->code == 0x18 && (exo_src(in) == EXO_LDDW_MAP ||
		                            exo_src(in) == EXO_LDDW_MAP_VALUE))
			must(in->imm == CMD_BATCH_NO_MAP ||
			     (in->imm >= 0 && (uint32_t)in->imm < line->nmaps));
	}
}

static void judge(const struct cmd_batch_line *line)
{
	const struct vf_limits limits = { .explored = 2000, .mem = 4u << 20 };
	struct exo_mem mem = { .get = get_memory, .put = put_memory };
	const struct vf_input in = {
		.insns = line->insns,
		.ninsns = line->ninsns,
		.type = line->type,
		.refuse_leaks = line->unprivileged,
		.maps = line->maps,
		.nmaps = line->nmaps,
	};
	struct exo_report report;
	struct vf_prog *prog = NULL;
	int ret = vf_verify(&in, &limits, &mem, &prog, &report);

	must(ret == 0 || ret == -EXO_EREFUSED || ret == -EXO_EBUDGET);
	must((ret == 0) == (prog != NULL) && (ret == 0) == (report.code == 0));
	vf_prog_free(prog, &mem);
	must(mem.used == 0);
}

static void one_line(const char *text, size_t len)
{
	struct cmd_batch_line line;

	if (cmd_batch_line_read(&line, text, len)) {
		must(line.why[0] == '\0');
		must(line.type != 0 && line.type <= EXO_PROG_TYPE_MAX);
		must(line.nmaps <= CMD_BATCH_MAPS);
		check_refs(&line);
		judge(&line);
	} else {
		must(line.why[0] != '\0');
	}
	cmd_batch_line_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *end = text + size, *nl;

	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		one_line(text, (size_t)(nl - text));
	}
	if (size == 0)
		one_line(text, 0);
	return 0;
}
