/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage jit of `exopf dump`: a program with its machine code.
 *
 * The compiler says of which instruction each piece of code is. Pieces come in
 * the order of the code, so that an instruction may come several times (the
 * compiler keeps ways apart), or not at all.
 */
#include "exo/hosted/dump_jit.h"

#include "exo/hosted/cmd.h"
#include "exo/hosted/machine.h"
#include "exo/isa/decode.h"
#include "exo/isa/text.h"

#include <stdlib.h>

#define ROW      16u /* bytes of a table in a line */
#define HEX_ROOM 64u /* for a row, or an instruction */

/* The code, and what is known of it. */
struct dump_jit {
	const struct cmd_compiled *c;
	const struct flt_code *code;
	const struct cmd_source *source;
	const uint8_t *bytes;
	uint32_t size;
	uint32_t data; /* where tables begin */
	struct cmd_machine *machine;
	bool *shown; /* instructions that have machine code */
};

void dump_jit_free(struct dump_jit *l)
{
	if (l == NULL)
		return;
	cmd_machine_free(l->machine);
	free(l->shown);
	free(l);
}

struct dump_jit *dump_jit_new(const struct cmd_compiled *c,
    const struct flt_code *code, const struct cmd_source *source)
{
	struct dump_jit *l = calloc(1, sizeof(*l));
	struct exo_world_place p;
	uint32_t i;

	if (l == NULL)
		return NULL;
	l->c = c;
	l->code = code;
	l->source = source;
	l->bytes = exo_world_code_bytes(c->code, &l->size);
	l->data = l->size;
	l->shown = calloc(code->n, sizeof(*l->shown));
	for (i = 0; exo_world_code_place(c->code, i, &p); i++) {
		if (p.pc == EXO_PLACE_TABLES)
			l->data = p.from;
	}
	l->machine = cmd_machine_new(l->bytes, l->size, l->data);
	if (l->shown != NULL && l->machine != NULL)
		return l;
	dump_jit_free(l);
	return NULL;
}

/* The end of piece i. */
static uint32_t end_of(const struct dump_jit *l, uint32_t i)
{
	struct exo_world_place next;

	return exo_world_code_place(l->c->code, i + 1, &next) ? next.from
	                                                      : l->size;
}

static void insn_text(const struct flt_code *code, uint32_t i, char text[256])
{
	struct exo_fmt f;

	exo_fmt_init(&f, text, 256);
	isa_disasm(&f, code->insns, code->n, i);
}

/* Bytes as hexadecimal; between them what is given. */
static const char *hex(
    const uint8_t *p, uint32_t n, const char *between, char buf[HEX_ROOM])
{
	struct exo_fmt f;
	uint32_t i;

	exo_fmt_init(&f, buf, HEX_ROOM);
	for (i = 0; i < n; i++) {
		exo_fmt_str(&f, i == 0 ? "" : between);
		exo_fmt_hex(&f, p[i], 2);
	}
	return buf;
}

static void print_code(const struct dump_jit *l, uint32_t from, uint32_t to)
{
	char text[CMD_MACHINE_TEXT], buf[HEX_ROOM];
	uint32_t n, label;

	for (; from < to; from += n) {
		label = cmd_machine_label(l->machine, from);
		if (label != 0)
			printf("        L%u:\n", label);
		n = cmd_machine_text(l->machine, from, text);
		printf("        %6x: %-30s %s\n", from,
		    hex(l->bytes + from, n, " ", buf), text);
	}
}

static void print_tables(const struct dump_jit *l)
{
	uint32_t off, n, label;
	char buf[HEX_ROOM];

	if (l->data != l->size)
		printf("; tables, %u bytes\n", l->size - l->data);
	for (off = l->data; off < l->size; off += n) {
		label = cmd_machine_label(l->machine, off);
		if (label != 0)
			printf("        L%u:\n", label);
		for (n = 1; n < ROW && off + n < l->size; n++) {
			if (cmd_machine_label(l->machine, off + n) != 0)
				break;
		}
		printf(
		    "        %6x: %s\n", off, hex(l->bytes + off, n, " ", buf));
	}
}

static uint32_t slots_of(const struct flt_code *code, uint32_t i)
{
	uint32_t n = isa_slots(&code->insns[i]);

	return n <= code->n - i ? n : 1;
}

/* Instructions from i on without machine code: the end of the run of them. */
static uint32_t missing(const struct dump_jit *l, uint32_t i)
{
	while (i < l->code->n && !l->shown[i])
		i += slots_of(l->code, i);
	return i;
}

static void print_missing(const struct dump_jit *l)
{
	const struct flt_code *code = l->code;
	const char *before = "; no machine code of their own: ";
	uint32_t i, end, last, k;

	for (i = 0; i < code->n; i = end == i ? i + slots_of(code, i) : end) {
		end = missing(l, i);
		if (end == i)
			continue;
		for (k = last = i; k < end; k += slots_of(code, k))
			last = k;
		printf("%s%u", before, i);
		if (last != i)
			printf(" to %u", last);
		before = ", ";
	}
	if (before[0] == ',')
		putchar('\n');
}

void dump_jit_text(struct dump_jit *l)
{
	struct exo_world_place p;
	const struct exo_image_line *line = NULL, *last;
	uint32_t i, pc = EXO_PLACE_TABLES;
	char text[256];

	printf("; machine code, %u bytes\n", l->size);
	for (i = 0; exo_world_code_place(l->c->code, i, &p); i++) {
		if (p.pc == EXO_PLACE_TABLES || p.from == end_of(l, i))
			continue;
		if (p.pc == EXO_PLACE_FRAME) {
			printf("; entry and exit\n");
		} else if (p.pc != pc) {
			insn_text(l->code, p.pc, text);
			last = line;
			line = cmd_source_at(l->source, p.pc);
			if (line != NULL && line != last)
				cmd_source_print(stdout, l->source, line);
			printf("%4u: (%02x) %s\n", p.pc,
			    l->code->insns[p.pc].code, text);
			l->shown[p.pc] = true;
		}
		pc = p.pc;
		print_code(l, p.from, end_of(l, i));
	}
	print_tables(l);
	print_missing(l);
}

static void json_label(
    struct cmd_json *j, const struct dump_jit *l, uint32_t off)
{
	uint32_t label = cmd_machine_label(l->machine, off);
	char text[16];

	snprintf(text, sizeof(text), "L%u", label);
	cmd_json_str(j, "label", label != 0 ? text : NULL);
}

static void json_code(struct cmd_json *j, const struct dump_jit *l, uint32_t pc,
    uint32_t from, uint32_t to)
{
	char text[CMD_MACHINE_TEXT], buf[HEX_ROOM];
	uint32_t n;

	for (; from < to; from += n) {
		n = cmd_machine_text(l->machine, from, text);
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "offset", from);
		if (pc == EXO_PLACE_FRAME)
			cmd_json_null(j, "insn");
		else
			cmd_json_u64(j, "insn", pc);
		json_label(j, l, from);
		cmd_json_str(j, "bytes", hex(l->bytes + from, n, "", buf));
		cmd_json_str(j, "text", text);
		cmd_json_end(j);
	}
}

static void json_tables(struct cmd_json *j, const struct dump_jit *l)
{
	uint32_t off, n;
	char buf[HEX_ROOM];

	cmd_json_array(j, "tables");
	for (off = l->data; off < l->size; off += n) {
		n = l->size - off < ROW ? l->size - off : ROW;
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "offset", off);
		json_label(j, l, off);
		cmd_json_str(j, "bytes", hex(l->bytes + off, n, "", buf));
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

void dump_jit_json(struct cmd_json *j, const struct dump_jit *l)
{
	struct exo_world_place p;
	uint32_t i;

	cmd_json_object(j, "jit");
	cmd_json_u64(j, "bytes", l->size);
	cmd_json_array(j, "code");
	for (i = 0; exo_world_code_place(l->c->code, i, &p); i++) {
		if (p.pc != EXO_PLACE_TABLES)
			json_code(j, l, p.pc, p.from, end_of(l, i));
	}
	cmd_json_end(j);
	json_tables(j, l);
	cmd_json_end(j);
}

void dump_jit_hex(const struct dump_jit *l)
{
	uint32_t i;

	for (i = 0; i < l->size; i++)
		printf("%02x%s", l->bytes[i],
		    i % ROW == ROW - 1 || i + 1 == l->size ? "\n" : "");
}
