/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for the guest: generated ones, those of case files, and packing.
 *
 * usage: guest_progs -g TO SEED FROM   programs FROM to before TO of SEED, the
 *                                      same that fuzz_verify -g makes
 *        guest_progs -c DIR            programs of the case files of a folder
 *        guest_progs -p FILE           pack lines for the guest
 *
 * -g and -c print lines as `exopf verify --batch` reads them, -p turns such
 * lines (FILE may be packed) into records of tests/guest/wire.h. Programs of
 * type mem are left out: Linux has no such type. Instructions that Linux 6.1
 * does not know are replaced by the nearest that it knows; member `newer` says
 * how many were. Of the generated programs, those with odd numbers are fitted
 * to Linux's rules of form as well (fit.h, progen.h: tame); their id ends in f.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/batch_in.h"
#include "exo/hosted/batch_line.h"
#include "exo/isa/decode.h"
#include "tests/guest/fit.h"
#include "tests/guest/wire.h"
#include "tests/support/case.h"
#include "tests/support/progen.h"

/* Linux's numbers (linux/bpf.h, enum bpf_prog_type) and names of types. */
static const struct {
	uint32_t number;
	const char *name;
} types[EXO_PROG_TYPE_MAX + 1] = {
	[EXO_PROG_XDP] = { 6, "xdp" },
	[EXO_PROG_SOCKET] = { 1, "socket_filter" },
	[EXO_PROG_TC] = { 3, "sched_cls" },
};

/*
 * Lines
 */

struct prog {
	uint32_t type;
	struct exo_insn *insns;
	uint32_t ninsns;
	const struct exo_map_def *maps;
	uint32_t nmaps;
};

static bool names_map(const struct exo_insn *in)
{
	return in->code == (EXO_LD | EXO_IMM | EXO_DW) &&
	       (exo_src(in) == EXO_LDDW_MAP ||
	           exo_src(in) == EXO_LDDW_MAP_VALUE);
}

/* By index or by descriptor is the same to us and to Linux. */
static void by_descriptor(struct exo_insn *insns, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i += isa_slots(&insns[i])) {
		unsigned src = exo_src(&insns[i]);

		if (insns[i].code == (EXO_LD | EXO_IMM | EXO_DW) &&
		    (src == EXO_LDDW_MAP_IDX || src == EXO_LDDW_MAP_IDX_VALUE))
			insns[i].regs ^= (EXO_LDDW_MAP_IDX ^ EXO_LDDW_MAP) << 4;
	}
}

static void print_maps(const struct prog *p)
{
	const char *comma = "";
	uint32_t i;

	printf(", \"map_defs\": {");
	for (i = 0; i < p->nmaps; i++) {
		const struct exo_map_def *m = &p->maps[i];

		printf("%s\"%" PRIu32 "\": {\"type_nr\": %" PRIu32
		       ", \"key\": %" PRIu32 ", \"value\": %" PRIu32
		       ", \"max\": %" PRIu32 ", \"flags\": %" PRIu32 "}",
		    comma, i, m->kind, m->key_size, m->value_size,
		    m->max_entries, m->flags);
		comma = ", ";
	}
	printf("}, \"maps\": [");
	comma = "";
	for (i = 0; i < p->ninsns; i += isa_slots(&p->insns[i])) {
		const struct exo_insn *in = &p->insns[i];

		if (!names_map(in) || (uint32_t)in->imm >= p->nmaps)
			continue;
		printf("%s{\"insn\": %" PRIu32 ", \"map\": \"%" PRId32 "\"}",
		    comma, i, in->imm);
		comma = ", ";
	}
	printf("]");
}

/* The id and what follows it must be printed by the caller first. */
static void print_prog(const struct prog *p)
{
	const uint8_t *bytes;
	uint32_t newer = fit_older(p->insns, p->ninsns), i;

	by_descriptor(p->insns, p->ninsns);
	printf(", \"type\": \"%s\", \"newer\": %" PRIu32, types[p->type].name,
	    newer);
	print_maps(p);
	printf(", \"insns\": \"");
	bytes = (const uint8_t *)p->insns;
	for (i = 0; i < 8 * p->ninsns; i++)
		printf("%02x", bytes[i]);
	printf("\"}\n");
}

static void generate(uint64_t to, uint64_t seed, uint64_t from)
{
	static uint8_t bytes[PROGEN_BYTES + 8];
	static struct progen_prog made;
	struct exo_map_def maps[PROGEN_MAPS];
	uint64_t i;

	memcpy(maps, progen_maps, sizeof(maps));
	for (i = from; i < to; i++) {
		size_t size = progen_bytes(bytes, seed, i);
		bool fitted = i % 2 != 0;

		made.tame = fitted;

		(void)progen(
		    &made, bytes, size > PROGEN_BYTES ? PROGEN_BYTES : size);
		if (types[made.type].name == NULL)
			continue;
		if (fitted)
			fit_form(&made);
		/* Linux has fixed addresses in arrays of one element only. */
		maps[PROGEN_WIDE].max_entries =
		    fitted ? 1 : progen_maps[PROGEN_WIDE].max_entries;
		printf("{\"id\": \"%" PRIu64 "%s\"", i, fitted ? "f" : "");
		print_prog(&(struct prog){
		    made.type, made.insns, made.n, maps, PROGEN_MAPS });
	}
}

static int cases(const char *dir)
{
	struct case_set set;
	int ret = case_load_dir(dir, &set);
	unsigned i;

	for (i = 0; ret == 0 && i < set.n; i++) {
		struct case_one *c = &set.cases[i];

		if (types[c->type].name == NULL || c->ninsns == 0 ||
		    c->no_helpers || c->no_writes || c->explored.given)
			continue;
		printf("{\"id\": \"%s:%u\"", c->file, c->line);
		print_prog(&(struct prog){
		    c->type, c->insns, c->ninsns, c->maps, c->nmaps });
	}
	case_free(&set);
	return ret == 0 ? 0 : 2;
}

/*
 * Packing
 */

static bool pack_one(const struct cmd_batch_line *l, uint32_t number)
{
	struct wire_prog p = { WIRE_MAGIC, number, types[l->type].number,
		l->nmaps, l->ninsns };
	uint32_t i;

	if (p.type == 0 || p.ninsns > WIRE_INSNS)
		return true;
	if (fwrite(&p, sizeof(p), 1, stdout) != 1)
		return false;
	for (i = 0; i < l->nmaps; i++) {
		const struct exo_map_def *m = &l->maps[i];
		const struct wire_map w = { m->kind, m->key_size, m->value_size,
			m->max_entries, m->flags };

		if (fwrite(&w, sizeof(w), 1, stdout) != 1)
			return false;
	}
	return fwrite(l->insns, sizeof(l->insns[0]), l->ninsns, stdout) ==
	       l->ninsns;
}

static int pack(const char *path)
{
	static const volatile sig_atomic_t stop;
	struct cmd_lines *in = cmd_lines_open(path, &stop);
	static struct cmd_batch_line line;
	enum cmd_line kind = CMD_LINE_FAULT;
	uint32_t number = 0;
	const char *text;
	size_t len;
	bool ok = in != NULL;

	while (ok && (kind = cmd_lines_next(in, &text, &len)) > 0) {
		number++;
		if (kind == CMD_LINE_LONG ||
		    !cmd_batch_line_read(&line, text, len)) {
			fprintf(stderr, "%s:%" PRIu32 ": no program: %s\n",
			    path, number, line.why);
			ok = false;
		} else {
			ok = pack_one(&line, number);
		}
		cmd_batch_line_free(&line);
	}
	cmd_lines_close(in);
	return ok && kind == CMD_LINE_END ? 0 : 2;
}

int main(int argc, char **argv)
{
	int ret = 2;

	if (argc == 5 && strcmp(argv[1], "-g") == 0) {
		generate(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0),
		    strtoull(argv[4], NULL, 0));
		ret = 0;
	} else if (argc == 3 && strcmp(argv[1], "-c") == 0) {
		ret = cases(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "-p") == 0) {
		ret = pack(argv[2]);
	} else {
		fprintf(stderr, "usage: guest_progs -g TO SEED FROM | "
		                "-c DIR | -p FILE\n");
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("guest_progs");
		ret = 2;
	}
	return ret;
}
