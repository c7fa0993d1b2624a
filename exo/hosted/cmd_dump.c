/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf dump`: show the instructions of a program.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/compile.h"
#include "exo/hosted/dump_jit.h"
#include "exo/hosted/json.h"
#include "exo/hosted/map_arg.h"
#include "exo/hosted/opcodes.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/program.h"

#include "exo/isa/decode.h"
#include "exo/isa/text.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: exopf dump [options] EXPR\n"
    "       exopf dump [options] FILE.o[:FUNCTION]\n"
    "       exopf dump [options] --raw HEX|-\n"
    "       exopf dump [options] --asm FILE|-\n"
    "       exopf dump --opcodes [--json]\n"
    "\n"
    "Show the instructions of a program, or the table of all instructions.\n"
    "\n"
    "  EXPR              a tcpdump expression; several words are joined\n"
    "  FILE.o            a program of an object that was compiled for BPF\n"
    "  --raw HEX         instructions as hexadecimal, '-': standard input\n"
    "  --asm FILE        assembler text\n"
    "  --stage STAGE     cbpf: what libpcap made of EXPR; ebpf: what runs;\n"
    "                    jit: the same with the machine code it becomes, if\n"
    "                    the verifier accepts it; all (the default): cbpf and\n"
    "                    ebpf, whatever there is\n"
    "  --hex             eBPF as hexadecimal only, for --raw and 'exopf run';\n"
    "                    with --stage jit the machine code\n"
    "  --type TYPE       for jit: what the program is for, as for 'exopf "
    "run'\n"
    "                    (socket)\n"
    "  --map DEF         for jit: a map, as for 'exopf verify'\n"
    "  --jit-passes LIST passes of the compiler: names with commas between,\n"
    "                    all (the default), none; -NAME: all but that one\n"
    "  --harden LIST     harden it: blind constants, fences: blind,fence\n"
    "  --linktype NAME   link type for EXPR, by name or number (EN10MB)\n"
    "  -O, --no-optimize leave out libpcap's optimiser\n"
    "  --opcodes         every instruction there is, one a row\n"
    "  --json            as JSON, schema exopf.dump/1 or exopf.opcodes/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf dump 'udp port 53'\n"
    "  exopf dump --stage cbpf -O --linktype LINUX_SLL2 icmp\n"
    "  exopf dump --raw 'b700000001000000 9500000000000000'\n"
    "  exopf dump --hex ip6 | exopf verify --raw -\n"
    "  exopf dump --stage jit --jit-passes all,-need tcp\n"
    "  exopf dump --opcodes | grep atomic\n";

#define SCHEMA "exopf.dump/1"

enum stage {
	STAGE_CBPF = 1,
	STAGE_EBPF = 2,
	STAGE_ALL = 3,
	STAGE_JIT = 4,
};

struct dump {
	struct cmd_program_args args;
	unsigned stages;
	struct exo_map_def maps[EXO_WORLD_MAPS];
	uint32_t nmaps;
	struct cmd_jit jit;
	bool hex;
	bool opcodes;
	bool json;
};

static const char *insn_text(
    const struct flt_code *code, uint32_t i, char *buf, size_t size)
{
	struct exo_fmt f;

	exo_fmt_init(&f, buf, size);
	isa_disasm(&f, code->insns, code->n, i);
	return buf;
}

static uint32_t step(const struct flt_code *code, uint32_t i)
{
	uint32_t slots = isa_slots(&code->insns[i]);

	return slots <= code->n - i ? slots : 1;
}

static void dump_hex(const struct flt_code *code)
{
	const uint8_t *bytes = (const uint8_t *)code->insns;
	size_t i, n = (size_t)code->n * sizeof(struct exo_insn);

	for (i = 0; i < n; i++)
		printf("%02x%s", bytes[i], i % 8 == 7 ? "\n" : "");
}

static void dump_ebpf(const struct cmd_program *p)
{
	const struct exo_image_line *l;
	char text[256];
	uint32_t i;

	for (i = 0; i < p->code.n; i += step(&p->code, i)) {
		l = cmd_source_begins(&p->source, i);
		if (l != NULL)
			cmd_source_print(stdout, &p->source, l);
		printf("%4u: (%02x) %s\n", i, p->code.insns[i].code,
		    insn_text(&p->code, i, text, sizeof(text)));
	}
}

/* The slots that the k-th program is in. */
static const char *slots_text(
    const struct cmd_program *p, uint32_t k, char *buf, size_t size)
{
	struct exo_fmt f;

	exo_fmt_init(&f, buf, size);
	cmd_program_slots(p, k, &f);
	return buf;
}

static int dump_text(struct cmd_program *p, unsigned stages)
{
	bool both = stages == STAGE_ALL && p->cbpf != NULL;
	char text[256];
	uint32_t i, k;

	if (both)
		printf("; classic BPF, %u instructions\n", p->ncbpf);
	for (i = 0; (stages & STAGE_CBPF) != 0 && i < p->ncbpf; i++) {
		flt_cbpf_text(&p->cbpf[i], i, text, sizeof(text));
		printf("%s\n", text);
	}
	if (both)
		printf("\n; eBPF, %u instructions\n", p->code.n);
	if ((stages & STAGE_EBPF) == 0)
		return 0;
	dump_ebpf(p);
	for (k = 1; k < p->nparts; k++) {
		if (cmd_program_part(p, k) != 0)
			return CMD_FAULT;
		printf("\n; in %s, %u instructions\n",
		    slots_text(p, k, text, sizeof(text)), p->code.n);
		dump_ebpf(p);
	}
	return 0;
}

static void json_cbpf(struct cmd_json *j, const struct cmd_program *p)
{
	char text[256];
	uint32_t i;

	cmd_json_array(j, "cbpf");
	for (i = 0; i < p->ncbpf; i++) {
		flt_cbpf_text(&p->cbpf[i], i, text, sizeof(text));
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "index", i);
		cmd_json_u64(j, "code", p->cbpf[i].code);
		cmd_json_u64(j, "jt", p->cbpf[i].jt);
		cmd_json_u64(j, "jf", p->cbpf[i].jf);
		cmd_json_u64(j, "k", p->cbpf[i].k);
		cmd_json_str(j, "text", text);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void json_ebpf(struct cmd_json *j, const struct cmd_program *p)
{
	const struct flt_code *code = &p->code;
	char text[256];
	uint32_t i, k;

	cmd_json_array(j, "ebpf");
	for (i = 0; i < code->n; i += step(code, i)) {
		char hex[40] = "";

		for (k = 0; k < step(code, i); k++) {
			const struct exo_insn *in = &code->insns[i + k];

			snprintf(hex + (size_t)k * 16, 17, "%016" PRIx64,
			    __builtin_bswap64(
			        (uint64_t)in->code | (uint64_t)in->regs << 8 |
			        (uint64_t)(uint16_t)in->off << 16 |
			        (uint64_t)(uint32_t)in->imm << 32));
		}
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "index", i);
		cmd_json_str(j, "bytes", hex);
		cmd_json_str(j, "text", insn_text(code, i, text, sizeof(text)));
		if (p->source.n != 0)
			cmd_source_json(j, &p->source, i);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void json_head(
    struct cmd_json *j, const struct dump *d, const struct cmd_program *p)
{
	char name[32];

	cmd_json_begin(j, stdout);
	cmd_json_str(j, "schema", SCHEMA);
	cmd_json_str(j, "type", cmd_prog_type_text(p->type));
	cmd_json_str(j, "expr", d->args.expr);
	cmd_json_str(j, "linktype",
	    d->args.expr == NULL ? NULL
	                         : cmd_linktype_text(d->args.linktype, name));
}

/* The programs that are in slots. */
static int json_tails(struct cmd_json *j, struct cmd_program *p)
{
	char slots[256];
	int ret = 0;
	uint32_t k;

	cmd_json_array(j, "in_slots");
	for (k = 1; ret == 0 && k < p->nparts; k++) {
		ret = cmd_program_part(p, k);
		if (ret != 0)
			break;
		cmd_json_object(j, NULL);
		cmd_json_str(
		    j, "slots", slots_text(p, k, slots, sizeof(slots)));
		json_ebpf(j, p);
		cmd_json_end(j);
	}
	cmd_json_end(j);
	return ret;
}

static int dump_json(const struct dump *d, struct cmd_program *p)
{
	struct cmd_json j;
	int ret = 0;

	json_head(&j, d, p);
	if ((d->stages & STAGE_CBPF) != 0 && p->cbpf != NULL)
		json_cbpf(&j, p);
	if ((d->stages & STAGE_EBPF) != 0)
		json_ebpf(&j, p);
	if ((d->stages & STAGE_EBPF) != 0 && p->nparts > 1)
		ret = json_tails(&j, p);
	cmd_json_finish(&j);
	return ret;
}

enum {
	OPT_RAW = 256,
	OPT_ASM,
	OPT_STAGE,
	OPT_HEX,
	OPT_LINKTYPE,
	OPT_OPCODES,
	OPT_TYPE,
	OPT_MAP,
	OPT_PASSES,
	OPT_HARDEN,
	OPT_JSON
};

static const struct option options[] = {
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "asm", required_argument, NULL, OPT_ASM },
	{ "stage", required_argument, NULL, OPT_STAGE },
	{ "hex", no_argument, NULL, OPT_HEX },
	{ "linktype", required_argument, NULL, OPT_LINKTYPE },
	{ "no-optimize", no_argument, NULL, 'O' },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "jit-passes", required_argument, NULL, OPT_PASSES },
	{ "harden", required_argument, NULL, OPT_HARDEN },
	{ "opcodes", no_argument, NULL, OPT_OPCODES },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_stage(const struct cmd *self, struct dump *d, const char *text)
{
	if (strcmp(text, "cbpf") == 0)
		d->stages = STAGE_CBPF;
	else if (strcmp(text, "ebpf") == 0)
		d->stages = STAGE_EBPF;
	else if (strcmp(text, "all") == 0)
		d->stages = STAGE_ALL;
	else if (strcmp(text, "jit") == 0)
		d->stages = STAGE_JIT;
	else
		return cmd_usage(self,
		    "--stage %s: the stages are cbpf, ebpf, jit and all", text);
	return 0;
}

/* Take one option. Returns 0, or an exit status. */
static int take(const struct cmd *self, struct dump *d, int c, char **argv)
{
	switch (c) {
	case OPT_RAW:
		d->args.raw = optarg;
		return 0;
	case OPT_ASM:
		d->args.assembly = optarg;
		return 0;
	case OPT_STAGE:
		return take_stage(self, d, optarg);
	case OPT_HEX:
		d->hex = true;
		return 0;
	case OPT_LINKTYPE:
		return cmd_program_linktype(self, &d->args, optarg);
	case 'O':
		d->args.no_optimize = true;
		return 0;
	case OPT_OPCODES:
		d->opcodes = true;
		return 0;
	case OPT_TYPE:
		return cmd_program_type(self, &d->args, optarg);
	case OPT_MAP:
		return cmd_map_take(self, optarg, d->maps, &d->nmaps);
	case OPT_PASSES:
		return cmd_passes(self, optarg, &d->jit);
	case OPT_HARDEN:
		return cmd_harden(self, optarg, &d->jit);
	case OPT_JSON:
		d->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

/* Returns 0, or an exit status; with --json what is to be told was told. */
static int dump_compiled(const struct dump *d, const struct cmd_program *p,
    const struct cmd_compiled *c)
{
	struct dump_jit *l = dump_jit_new(c, &p->code, &p->source);
	struct cmd_json j;

	if (l == NULL) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	if (d->json) {
		json_head(&j, d, p);
		dump_jit_json(&j, l);
		cmd_json_finish(&j);
	} else if (d->hex) {
		dump_jit_hex(l);
	} else {
		dump_jit_text(l);
	}
	dump_jit_free(l);
	return 0;
}

static void say_refused(const struct dump *d, const struct cmd_program *p,
    const struct cmd_compiled *c)
{
	struct cmd_json j;

	cmd_say("only what is verified is compiled; --stage ebpf shows what "
	        "there is");
	if (!d->json)
		return;
	json_head(&j, d, p);
	cmd_compile_json(&j, c, &p->source);
	cmd_json_array(&j, "errors");
	cmd_json_kept(&j);
	cmd_json_end(&j);
	cmd_json_finish(&j);
}

/* Returns 0, or an exit status; CMD_NO when the verifier refuses. */
static int dump_jit(const struct dump *d, const struct cmd_program *p)
{
	const struct vf_input in = {
		.insns = p->code.insns,
		.ninsns = p->code.n,
		.type = p->type,
		.maps = p->object ? p->maps : d->maps,
		.consts = p->consts,
		.nconsts = p->nconsts,
		.nmaps = p->object ? p->nmaps : d->nmaps,
	};
	struct cmd_compiled *c = calloc(1, sizeof(*c));
	int ret;

	if (c == NULL) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	ret = cmd_compile_prog(c, &in, &d->jit, &p->source);
	if (ret == CMD_NO)
		say_refused(d, p, c);
	else if (ret == 0)
		ret = dump_compiled(d, p, c);
	cmd_compile_free(c);
	free(c);
	return ret;
}

static int dump_program(const struct cmd *self, const struct dump *d)
{
	struct cmd_program p;
	int ret = cmd_program_load(self, &d->args, &p);

	if (ret != 0)
		return ret;
	if (cmd_program_some(&d->args, &p) != 0)
		ret = CMD_FAULT;
	else if (d->stages == STAGE_CBPF && p.cbpf == NULL)
		ret = cmd_usage(self, "only an expression has a stage cbpf");
	else if (d->stages == STAGE_JIT)
		ret = dump_jit(d, &p);
	else if (d->json)
		ret = dump_json(d, &p);
	else if (d->hex)
		dump_hex(&p.code);
	else
		ret = dump_text(&p, d->stages);
	cmd_program_free(&p);
	return ret;
}

/* Returns 0, or an exit status: then nothing was printed. */
static int show(const struct cmd *self, const struct dump *d)
{
	if (!d->opcodes)
		return dump_program(self, d);
	if (d->args.expr != NULL || d->args.raw != NULL ||
	    d->args.assembly != NULL)
		return cmd_usage(self, "--opcodes shows no program as well");
	if (!d->json)
		return cmd_opcodes_text();
	cmd_opcodes_json();
	return 0;
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct dump d = { .stages = STAGE_ALL,
		.args.linktype = CMD_LINKTYPE_DEFAULT };
	char *expr;
	int c, ret;

	while ((c = getopt_long(argc, argv, ":Oh", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &d, c, argv);
		if (ret != 0)
			return ret;
	}
	cmd_keep(d.json);
	expr = cmd_program_join(argc, argv, optind);
	d.args.expr = optind < argc ? expr : NULL;
	if (expr != NULL) {
		ret = show(self, &d);
	} else {
		cmd_say("out of memory");
		ret = CMD_FAULT;
	}
	free(expr);
	/* a refusal is an answer, and was printed */
	if (ret == 0 || ret == CMD_NO)
		return cmd_finish(ret);
	return cmd_fail(d.json, d.opcodes ? "exopf.opcodes/1" : SCHEMA, ret);
}

const struct cmd cmd_dump = {
	.name = "dump",
	.summary = "show the instructions of a program",
	.help = help,
	.run = run,
};
