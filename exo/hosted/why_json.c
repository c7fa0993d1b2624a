/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A refusal as data: members of schema exopf.verify/1.
 */
#include "exo/hosted/why_show.h"

#include "exo/hosted/diag.h"
#include "exo/isa/text.h"

#include <stdlib.h>

static void text_of(
    struct cmd_json *j, const char *key, const struct why *w, uint32_t pc)
{
	char text[128];
	struct exo_fmt f;

	if (pc >= w->in->ninsns) {
		cmd_json_null(j, key);
		return;
	}
	exo_fmt_init(&f, text, sizeof(text));
	isa_disasm(&f, w->in->insns, w->in->ninsns, pc);
	cmd_json_str(j, key, text);
}

static void line_of(struct cmd_json *j, const struct why *w,
    const struct cmd_source *src, uint32_t pc)
{
	if (src->n != 0)
		cmd_source_json(j, src, pc);
	else if (src->line == NULL || pc >= w->in->ninsns)
		cmd_json_null(j, "line");
	else
		cmd_json_u64(j, "line", src->line[pc]);
}

static void json_blamed(struct cmd_json *j, const struct exo_report *r)
{
	char text[256];
	struct exo_fmt f;

	if (r->reg == EXO_REPORT_NOREG) {
		cmd_json_null(j, "register");
		return;
	}
	exo_fmt_init(&f, text, sizeof(text));
	cmd_diag_register(&f, r);
	cmd_json_object(j, "register");
	cmd_json_u64(j, "number", r->reg);
	cmd_json_str(j, "text", text);
	cmd_json_i64(j, "smin", r->smin);
	cmd_json_i64(j, "smax", r->smax);
	cmd_json_u64(j, "umin", r->umin);
	cmd_json_u64(j, "umax", r->umax);
	if (r->widened == EXO_REPORT_NOWHERE)
		cmd_json_null(j, "set_at");
	else
		cmd_json_u64(j, "set_at", r->widened);
	cmd_json_end(j);
}

static void json_registers(struct cmd_json *j, const struct why *w)
{
	const struct why_state *st = why_last(w);
	uint16_t regs = why_blamed(w);
	char text[256];
	struct exo_fmt f;
	unsigned i;

	cmd_json_array(j, "registers");
	for (i = 0; st != NULL && i < EXO_R_FP; i++) {
		if ((regs >> i & 1) == 0)
			continue;
		exo_fmt_init(&f, text, sizeof(text));
		why_reg(&f, &st->r[i], st->depth, w->in);
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "number", i);
		cmd_json_str(j, "text", text);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void json_way(
    struct cmd_json *j, const struct why *w, const struct cmd_source *src)
{
	uint32_t i;

	if (w->length == 0) {
		cmd_json_null(j, "way");
		return;
	}
	cmd_json_object(j, "way");
	cmd_json_u64(j, "instructions", w->length);
	cmd_json_u64(j, "branches", w->jumps);
	cmd_json_u64(j, "looked_at", w->nsteps);
	cmd_json_u64(j, "left_out", w->more);
	cmd_json_array(j, "slice");
	for (i = 0; i < w->nrows; i++) {
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "insn", w->row[i].pc);
		line_of(j, w, src, w->row[i].pc);
		text_of(j, "text", w, w->row[i].pc);
		cmd_json_str(j, "note", w->row[i].note);
		cmd_json_u64(j, "times", w->row[i].times);
		cmd_json_end(j);
	}
	cmd_json_end(j);
	cmd_json_end(j);
}

static void json_hex(
    struct cmd_json *j, const char *key, const uint8_t *p, uint32_t n)
{
	size_t room = 2 * (size_t)n + 1;
	char *text = malloc(room);
	struct exo_fmt f;
	uint32_t i;

	if (text == NULL) {
		cmd_json_null(j, key);
		return;
	}
	exo_fmt_init(&f, text, room);
	for (i = 0; i < n; i++)
		exo_fmt_hex(&f, p[i], 2);
	cmd_json_str(j, key, text);
	free(text);
}

static void json_witness(struct cmd_json *j, const struct why *w)
{
	uint32_t i, n;

	if (w->search == WHY_SEARCH_NONE) {
		cmd_json_null(j, "witness");
		return;
	}
	cmd_json_object(j, "witness");
	cmd_json_bool(j, "found", w->search == WHY_SEARCH_FOUND);
	cmd_json_u64(j, "tries", w->tries);
	cmd_json_bool(j, "timed_out", w->timed_out);
	if (w->search == WHY_SEARCH_FOUND) {
		cmd_json_str(j, "trap", w->trap);
		json_hex(j, w->in->type == EXO_PROG_MEM ? "memory" : "packet",
		    w->world.byte, w->world.n);
		cmd_json_array(j, "maps");
		for (i = 0; i < w->world.nvalues; i++) {
			n = w->in->maps[i].value_size;
			json_hex(j, NULL, w->world.value[i],
			    n < WHY_VALUE ? n : WHY_VALUE);
		}
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

void why_json(
    struct cmd_json *j, const struct why *w, const struct cmd_source *src)
{
	const struct exo_report *r = &w->report;
	const struct cmd_diag *row = cmd_diag_find(r->code);

	cmd_json_str(j, "name", row != NULL ? row->name : NULL);
	cmd_json_str(j, "title", row != NULL ? row->title : NULL);
	cmd_json_str(j, "hint", row != NULL ? row->hint : NULL);
	text_of(j, "insn_text", w, r->insn);
	line_of(j, w, src, r->insn);
	json_blamed(j, r);
	cmd_json_i64(j, "offset", r->off);
	cmd_json_u64(j, "size", r->size);
	cmd_json_u64(j, "limit", r->limit);
	cmd_json_u64(j, "explored", r->explored);
	cmd_json_str(j, "reason", w->reason[0] != '\0' ? w->reason : NULL);
	json_registers(j, w);
	json_way(j, w, src);
	cmd_json_str(j, "suggestion", w->hint);
	json_witness(j, w);
}
