/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A refusal in the terminal.
 */
#include "exo/hosted/why_show.h"

#include "exo/hosted/diag.h"
#include "exo/isa/text.h"

#include <inttypes.h>
#include <string.h>

#define COLUMN 34  /* widest text of an instruction that is padded for */
#define LINE   32u /* bytes of a packet on a line */
#define SHOWN  512u

struct show {
	FILE *out;
	const struct why *w;
	const struct cmd_source *src;
	const char *indent;
};

static void begin(const struct show *s, const char *what)
{
	fprintf(s->out, "%s%s", s->indent, what);
}

static void disasm(const struct why *w, uint32_t pc, char *buf, size_t size)
{
	struct exo_fmt f;

	exo_fmt_init(&f, buf, size);
	if (pc < w->in->ninsns)
		isa_disasm(&f, w->in->insns, w->in->ninsns, pc);
}

static void show_line(
    const struct show *s, const struct exo_image_line *l, const char *indent)
{
	if (l == NULL)
		return;
	begin(s, indent);
	cmd_source_print(s->out, s->src, l);
}

static void show_place(const struct show *s)
{
	uint32_t pc = s->w->report.insn;
	char text[128];

	if (pc == EXO_REPORT_NOWHERE)
		return;
	disasm(s->w, pc, text, sizeof(text));
	begin(s, "at instruction ");
	fprintf(s->out, "%u", pc);
	if (s->src->line != NULL && pc < s->w->in->ninsns)
		fprintf(s->out, ", line %u", s->src->line[pc]);
	fprintf(s->out, text[0] != '\0' ? ": %s\n" : "%s\n", text);
	show_line(s, cmd_source_at(s->src, pc), "");
}

static void show_registers(const struct show *s)
{
	const struct why_state *st = why_last(s->w);
	uint16_t regs = why_blamed(s->w);
	char text[256];
	struct exo_fmt f;
	unsigned i;

	if (st == NULL && s->w->report.reg != EXO_REPORT_NOREG) {
		exo_fmt_init(&f, text, sizeof(text));
		cmd_diag_register(&f, &s->w->report);
		begin(s, "");
		fprintf(s->out, "%s\n", text);
	}
	for (i = 0; st != NULL && i < EXO_R_FP; i++) {
		if ((regs >> i & 1) == 0)
			continue;
		exo_fmt_init(&f, text, sizeof(text));
		why_reg(&f, &st->r[i], st->depth, s->w->in);
		begin(s, "");
		fprintf(s->out, "r%u: %s\n", i, text);
	}
}

static int widest(const struct why *w)
{
	char text[128];
	int most = 0, len;
	uint32_t i;

	for (i = 0; i < w->nrows; i++) {
		disasm(w, w->row[i].pc, text, sizeof(text));
		len = snprintf(NULL, 0, "%u%s", w->row[i].pc, text) - 1;
		if (len > most && len <= COLUMN)
			most = len;
	}
	return most;
}

static void show_row(const struct show *s, const struct why_row *row, int width)
{
	char text[128];
	int digits;

	disasm(s->w, row->pc, text, sizeof(text));
	begin(s, "");
	digits = fprintf(s->out, "  %u: ", row->pc) - 5;
	fprintf(s->out, "%-*s   %s", width - digits, text, row->note);
	if (row->times > 1)
		fprintf(s->out, "%s%u times so far",
		    row->note[0] != '\0' ? "; " : "", row->times);
	fputc('\n', s->out);
}

static void show_way(const struct show *s)
{
	const struct why *w = s->w;
	int width = widest(w);
	const struct exo_image_line *line = NULL, *last;
	uint32_t i;

	if (w->lost) {
		begin(s, "the way there: too much was explored to follow it\n");
		return;
	}
	if (w->length == 0)
		return;
	begin(s, "the way there: ");
	fprintf(s->out, "%u instruction%s, %u branch%s", w->length,
	    w->length == 1 ? "" : "s", w->jumps, w->jumps == 1 ? "" : "es");
	if (w->nsteps < w->length)
		fprintf(s->out, "; the last %u were looked at", w->nsteps);
	fprintf(s->out, w->nrows != 0 ? "; what matters of it:\n" : "\n");
	if (w->more != 0) {
		begin(s, "");
		fprintf(s->out, "  (%u before)\n", w->more);
	}
	for (i = 0; i < w->nrows; i++) {
		last = line;
		line = cmd_source_at(s->src, w->row[i].pc);
		show_line(s, line == last ? NULL : line, "  ");
		show_row(s, &w->row[i], width);
	}
}

static void show_bytes(const struct show *s, const uint8_t *p, uint32_t n)
{
	uint32_t i, most = n < SHOWN ? n : SHOWN;

	for (i = 0; i < most; i++) {
		if (i % LINE == 0)
			begin(s, "  ");
		fprintf(s->out, "%02x%s", p[i],
		    i % LINE == LINE - 1 || i + 1 == most ? "\n"
		    : i % 2 == 1                          ? " "
		                                          : "");
	}
	if (most < n) {
		begin(s, "  ");
		fprintf(s->out, "and so on: --json has all of it\n");
	}
}

/* How many bytes of a value are worth showing. */
static uint32_t value_bytes(const struct why *w, uint32_t map)
{
	uint32_t n = w->in->maps[map].value_size;

	if (n > WHY_VALUE)
		n = WHY_VALUE;
	while (n > 0 && w->world.value[map][n - 1] == 0)
		n--;
	return n;
}

static void show_maps(const struct show *s)
{
	uint32_t i, n;

	for (i = 0; i < s->w->world.nvalues; i++) {
		n = value_bytes(s->w, i);
		begin(s, "");
		fprintf(s->out,
		    "map %u has elements for the keys 0 to 3 and for the "
		    "program's constants, %s\n",
		    i,
		    n == 0 ? "all of them 0"
		           : "all of which begin with this, then 0:");
		show_bytes(s, s->w->world.value[i], n);
	}
}

static void show_found(const struct show *s, const char *what)
{
	const struct why *w = s->w;

	begin(s, "");
	if (w->world.n == 0)
		fprintf(s->out, "without any %s",
		    w->in->type == EXO_PROG_MEM ? "memory" : "packet byte");
	else
		fprintf(s->out, "with this %s of %u byte%s", what, w->world.n,
		    w->world.n == 1 ? "" : "s");
	fprintf(s->out, " it happens (%s; tries: %u)%s\n", w->trap, w->tries,
	    w->world.n == 0 ? "" : ":");
	show_bytes(s, w->world.byte, w->world.n);
	show_maps(s);
}

static void show_packet(const struct show *s)
{
	const struct why *w = s->w;
	const char *what = w->in->type == EXO_PROG_MEM ? "memory" : "packet";

	if (w->search == WHY_SEARCH_FOUND)
		show_found(s, what);
	if (w->search != WHY_SEARCH_FAILED)
		return;
	begin(s, "");
	fprintf(s->out,
	    "no %s was found with which it happens, in %u tries%s\n", what,
	    w->tries, w->timed_out ? ", for which 0.2 s are given" : "");
}

void why_show(FILE *out, const struct why *w, const struct cmd_source *src,
    const char *indent)
{
	const struct cmd_diag *row = cmd_diag_find(w->report.code);
	const struct show s = { out, w, src, indent };

	fprintf(out, "VF%u: %s\n", w->report.code,
	    row != NULL ? row->title : "unknown code");
	show_place(&s);
	if (w->reason[0] != '\0') {
		begin(&s, "");
		fprintf(out, "%s\n", w->reason);
	}
	show_registers(&s);
	show_way(&s);
	show_packet(&s);
	begin(&s, "hint: ");
	fprintf(out, "%s\n", w->hint);
}
