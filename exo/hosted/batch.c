/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf verify --batch`: many programs judged, one a line.
 *
 * Lines in, lines out: whatever a line holds, there is one answer to it, and
 * all answers have the same members in the same order, null where there is
 * nothing to say.
 */
#include "exo/hosted/batch.h"

#include "exo/abi/err.h"
#include "exo/hosted/batch_in.h"
#include "exo/hosted/batch_line.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "exo/hosted/json.h"
#include "exo/hosted/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum verdict {
	ACCEPTED,
	REFUSED,
	ERROR, /* the line holds no program, or there was no verdict */
};

static const char *const verdicts[] = {
	[ACCEPTED] = "accepted",
	[REFUSED] = "refused",
	[ERROR] = "error",
};

/* The answer to one line. */
struct answer {
	uint64_t number; /* of the line, from 1 */
	enum verdict verdict;
	struct exo_report report; /* REFUSED */
	struct vf_facts facts;    /* ACCEPTED */
	uint64_t ns, peak;
	const char *why; /* ERROR */
};

static uint64_t clock_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The time is the verifier's alone: from the bytes to a struct vf_prog. */
static void judge(const struct cmd_batch *how,
    const struct cmd_batch_line *line, struct answer *a)
{
	struct exo_mem mem = cmd_heap();
	const struct vf_input in = {
		.insns = line->insns,
		.ninsns = line->ninsns,
		.type = line->type,
		.refuse_leaks = how->unprivileged || line->unprivileged,
		.maps = line->maps,
		.nmaps = line->nmaps,
	};
	struct vf_prog *prog = NULL;
	uint64_t began = clock_ns();
	int ret = vf_verify(&in, &how->limits, &mem, &prog, &a->report);

	a->ns = clock_ns() - began;
	a->peak = mem.peak;
	if (ret == 0) {
		a->verdict = ACCEPTED;
		a->facts = *vf_prog_facts(prog);
	} else if (ret == -EXO_EREFUSED || ret == -EXO_EBUDGET) {
		a->verdict = REFUSED;
	} else {
		a->verdict = ERROR;
		a->why = cmd_diag_error(ret);
	}
	vf_prog_free(prog, &mem);
}

static void json_who(struct cmd_json *j, const struct cmd_batch_line *line)
{
	switch (line->id_kind) {
	case CMD_ID_NUMBER:
		cmd_json_i64(j, "id", line->id);
		break;
	case CMD_ID_TEXT:
		cmd_json_strn(j, "id", line->id_text, line->id_len);
		break;
	case CMD_ID_NONE:
		cmd_json_null(j, "id");
		break;
	}
	if (line->name != NULL)
		cmd_json_strn(j, "name", line->name, line->name_len);
	else
		cmd_json_null(j, "name");
}

static void json_where(struct cmd_json *j, const struct answer *a)
{
	bool refused = a->verdict == REFUSED;
	char text[16];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	cmd_diag_code(&f, a->report.code);
	cmd_json_str(j, "code", refused ? text : NULL);
	if (refused && a->report.insn != EXO_REPORT_NOWHERE)
		cmd_json_u64(j, "insn", a->report.insn);
	else
		cmd_json_null(j, "insn");
}

static void json_costs(struct cmd_json *j, const struct answer *a)
{
	if (a->verdict == ACCEPTED)
		cmd_json_u64(j, "explored", a->facts.explored);
	else if (a->verdict == REFUSED)
		cmd_json_u64(j, "explored", a->report.explored);
	else
		cmd_json_null(j, "explored");
	if (a->verdict == ACCEPTED)
		cmd_json_u64(j, "states", a->facts.states);
	else
		cmd_json_null(j, "states");
	if (a->verdict == ERROR) {
		cmd_json_null(j, "us");
		cmd_json_null(j, "peak_mem");
		return;
	}
	cmd_json_milli(j, "us", a->ns);
	cmd_json_u64(j, "peak_mem", a->peak);
}

static const char *reason(const struct answer *a)
{
	const struct cmd_diag *row;

	if (a->verdict != REFUSED)
		return a->why;
	row = cmd_diag_find(a->report.code);
	return row != NULL ? row->title : NULL;
}

/* Returns false when the answer got lost; errno tells why. */
static bool print(const struct cmd_batch_line *line, const struct answer *a)
{
	struct cmd_json j;

	errno = 0;
	cmd_json_begin(&j, stdout);
	cmd_json_u64(&j, "line", a->number);
	json_who(&j, line);
	cmd_json_str(&j, "verdict", verdicts[a->verdict]);
	json_where(&j, a);
	json_costs(&j, a);
	cmd_json_str(&j, "reason", reason(a));
	cmd_json_finish(&j);
	return fflush(stdout) == 0 && !ferror(stdout);
}

/* A run over one file. */
struct run {
	const struct cmd_batch *how;
	uint64_t number; /* of the line */
	int lost;        /* errno of an answer that could not be written */
	struct cmd_batch_line line;
};

/* One line: kind says whether text is there. False: there is no verdict. */
static bool one(
    struct run *run, enum cmd_line kind, const char *text, size_t len)
{
	struct answer a = { .number = ++run->number, .verdict = ERROR };
	struct cmd_batch_line *line = &run->line;

	if (kind == CMD_LINE_LONG) {
		memset(line, 0, sizeof(*line));
		a.why = "the line is longer than 64 MiB";
	} else if (!cmd_batch_line_read(line, text, len)) {
		a.why = line->why;
	} else {
		judge(run->how, line, &a);
	}
	if (!print(line, &a))
		run->lost = errno != 0 ? errno : EIO;
	cmd_batch_line_free(line);
	return a.verdict != ERROR;
}

/* All lines. Returns an exit status. */
static int all(struct run *run, struct cmd_lines *in)
{
	const char *text = NULL;
	int ret = CMD_YES;
	enum cmd_line kind;
	size_t len = 0;

	while (cmd_signal_stop == 0 && run->lost == 0) {
		kind = cmd_lines_next(in, &text, &len);
		if (kind == CMD_LINE_FAULT)
			ret = CMD_FAULT;
		if (kind == CMD_LINE_FAULT || kind == CMD_LINE_END)
			break;
		if (!one(run, kind, text, len))
			ret = CMD_FAULT;
	}
	if (cmd_signal_stop != 0)
		return 128 + (int)cmd_signal_stop;
	if (run->lost != 0 && run->lost != EPIPE)
		cmd_say("standard output: %s", strerror(run->lost));
	return run->lost != 0 ? CMD_FAULT : ret;
}

int cmd_batch(const struct cmd_batch *how)
{
	struct run *run = calloc(1, sizeof(*run));
	struct cmd_lines *in;
	int ret = CMD_FAULT;

	if (run == NULL) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	run->how = how;
	cmd_signals_catch();
	in = cmd_lines_open(how->path, &cmd_signal_stop);
	if (in != NULL)
		ret = all(run, in);
	cmd_lines_close(in);
	free(run);
	return ret;
}
