/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf verify`: ask the verifier about one program.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/human.h"
#include "exo/hosted/json.h"
#include "exo/hosted/program.h"

#include "exo/abi/cap.h"
#include "exo/abi/err.h"
#include "exo/isa/text.h"
#include "verifier/verifier.h"

#include <getopt.h>
#include <stdlib.h>

static const char help[] =
    "usage: exopf verify [options] EXPR\n"
    "       exopf verify [options] --raw HEX|-\n"
    "       exopf verify [options] --asm FILE|-\n"
    "\n"
    "Ask the verifier whether a program is safe. Exit status: 0 accepted,\n"
    "1 refused, 2 the question could not be asked.\n"
    "\n"
    "  EXPR              a tcpdump expression; several words are joined\n"
    "  --raw HEX         instructions as hexadecimal; '-' reads them from\n"
    "                    standard input\n"
    "  --asm FILE        assembler text, in the syntax of 'exopf dump'\n"
    "  --type TYPE       what the program is for: socket (the default), xdp,\n"
    "                    tc or mem\n"
    "  --linktype NAME   link type for EXPR, by name or number (EN10MB)\n"
    "  -O, --no-optimize leave out libpcap's optimiser\n"
    "  --unprivileged    refuse to let pointers leak as well; what a libOS\n"
    "                    binds is always judged like that\n"
    "  --json            the answer as JSON, schema exopf.verify/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf verify tcp port 80\n"
    "  exopf verify --linktype RAW 'icmp6 or udp port 53'\n"
    "  exopf verify --raw 'b700000001000000 9500000000000000'\n"
    "  exopf verify --raw 9500000000000000 || exopf explain VF302\n"
    "  echo 'r0 = 0\n"
    "  exit' | exopf verify --asm - --json\n";

#define SCHEMA "exopf.verify/1"

/* The question, and what came of it. */
struct question {
	struct cmd_program_args args;
	bool unprivileged;
	bool json;
	struct cmd_program program;
	struct exo_report report;
	struct vf_facts facts;
	int ret; /* of vf_verify() */
};

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

static void ask(struct question *q)
{
	struct exo_mem mem = { .get = get_memory, .put = put_memory };
	const struct vf_limits limits = {
		.explored = VF_EXPLORED_DEFAULT,
		.mem = VF_MEM_DEFAULT,
	};
	const struct vf_input in = {
		.insns = q->program.code.insns,
		.ninsns = q->program.code.n,
		.type = q->program.type,
		.refuse_leaks = q->unprivileged,
	};
	struct vf_prog *prog = NULL;

	q->ret = vf_verify(&in, &limits, &mem, &prog, &q->report);
	if (q->ret == 0)
		q->facts = *vf_prog_facts(prog);
	vf_prog_free(prog, &mem);
}

static void say_fact(const char *what, uint64_t value, const char *unit)
{
	char buf[CMD_HUMAN];

	printf("  %-14s%s%s\n", what, cmd_human_u64(value, buf), unit);
}

static void say_accepted(const struct question *q)
{
	const struct vf_facts *f = &q->facts;

	printf("accepted\n");
	printf("  %-14s%s\n", "type", cmd_prog_type_text(q->program.type));
	say_fact("instructions", q->program.code.n, "");
	say_fact("max steps", f->max_steps, " a run");
	say_fact("stack", f->stack, " bytes");
	if (!f->reads_pkt)
		printf("  %-14s%s\n", "packet", "is not read");
	else if (f->pkt_end == UINT32_MAX)
		printf("  %-14s%s\n", "packet", "read at computed offsets");
	else
		say_fact("packet", f->pkt_end, " bytes at most are read");
	printf("  %-14s%s\n", "pure",
	    f->pure ? "yes: it writes nothing that outlives a run" : "no");
	say_fact("explored", f->explored, " instructions");
	if (f->max_steps > EXO_STEPS_DEFAULT)
		printf("  note: binding it takes the right STEPS, for %u "
		       "steps a packet are free\n",
		    EXO_STEPS_DEFAULT);
}

static void say_refused(const struct question *q)
{
	char text[1024];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	cmd_diag_write(
	    &f, &q->report, q->program.code.insns, q->program.code.n);
	printf("refused %s\n", text);
	printf("  more: exopf explain VF%u\n", q->report.code);
}

static void json_facts(struct cmd_json *j, const struct vf_facts *f)
{
	cmd_json_u64(j, "max_steps", f->max_steps);
	cmd_json_u64(j, "stack", f->stack);
	cmd_json_bool(j, "reads_packet", f->reads_pkt);
	if (f->pkt_end == UINT32_MAX)
		cmd_json_null(j, "packet_bytes");
	else
		cmd_json_u64(j, "packet_bytes", f->pkt_end);
	cmd_json_bool(j, "pure", f->pure);
	cmd_json_u64(j, "explored", f->explored);
	cmd_json_u64(j, "states", f->states);
	cmd_json_u64(j, "peak_mem", f->peak_mem);
}

static void json_register(struct cmd_json *j, const struct exo_report *r)
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

static void json_refused(struct cmd_json *j, const struct question *q)
{
	const struct exo_report *r = &q->report;
	const struct cmd_diag *row = cmd_diag_find(r->code);
	char text[256];
	struct exo_fmt f;

	cmd_json_str(j, "name", row != NULL ? row->name : NULL);
	cmd_json_str(j, "title", row != NULL ? row->title : NULL);
	cmd_json_str(j, "hint", row != NULL ? row->hint : NULL);
	if (r->insn < q->program.code.n) {
		exo_fmt_init(&f, text, sizeof(text));
		isa_disasm(
		    &f, q->program.code.insns, q->program.code.n, r->insn);
		cmd_json_str(j, "insn_text", text);
	} else {
		cmd_json_null(j, "insn_text");
	}
	json_register(j, r);
	cmd_json_i64(j, "offset", r->off);
	cmd_json_u64(j, "size", r->size);
	cmd_json_u64(j, "limit", r->limit);
	cmd_json_u64(j, "explored", r->explored);
}

static void say_json(const struct question *q)
{
	bool ok = q->ret == 0;
	struct cmd_json j;
	char code[16];

	snprintf(code, sizeof(code), "VF%u", q->report.code);
	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", SCHEMA);
	cmd_json_str(&j, "verdict", ok ? "accepted" : "refused");
	cmd_json_str(&j, "code", ok ? NULL : code);
	if (ok || q->report.insn == EXO_REPORT_NOWHERE)
		cmd_json_null(&j, "insn");
	else
		cmd_json_u64(&j, "insn", q->report.insn);
	cmd_json_str(&j, "type", cmd_prog_type_text(q->program.type));
	cmd_json_u64(&j, "insns", q->program.code.n);
	if (ok)
		json_facts(&j, &q->facts);
	else
		json_refused(&j, q);
	cmd_json_finish(&j);
}

static int answer(const struct question *q)
{
	if (q->ret != 0 && q->ret != -EXO_EREFUSED && q->ret != -EXO_EBUDGET) {
		cmd_say(
		    "the verifier gave no verdict: %s", cmd_diag_error(q->ret));
		return cmd_fail(q->json, SCHEMA, CMD_FAULT);
	}
	if (q->json)
		say_json(q);
	else if (q->ret == 0)
		say_accepted(q);
	else
		say_refused(q);
	if (q->ret == 0)
		return cmd_finish(CMD_YES);
	if (q->args.expr != NULL && q->ret == -EXO_EREFUSED) {
		cmd_say("libpcap made this program, so the verifier should "
		        "have accepted it: please report it");
		return cmd_finish(CMD_DISAGREE);
	}
	return cmd_finish(CMD_NO);
}

enum {
	OPT_RAW = 256,
	OPT_ASM,
	OPT_TYPE,
	OPT_LINKTYPE,
	OPT_UNPRIVILEGED,
	OPT_JSON
};

static const struct option options[] = {
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "asm", required_argument, NULL, OPT_ASM },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "linktype", required_argument, NULL, OPT_LINKTYPE },
	{ "no-optimize", no_argument, NULL, 'O' },
	{ "unprivileged", no_argument, NULL, OPT_UNPRIVILEGED },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Take one option. Returns 0, or an exit status. */
static int take(const struct cmd *self, struct question *q, int c, char **argv)
{
	switch (c) {
	case OPT_RAW:
		q->args.raw = optarg;
		return 0;
	case OPT_ASM:
		q->args.assembly = optarg;
		return 0;
	case OPT_TYPE:
		return cmd_program_type(self, &q->args, optarg);
	case OPT_LINKTYPE:
		return cmd_program_linktype(self, &q->args, optarg);
	case 'O':
		q->args.no_optimize = true;
		return 0;
	case OPT_UNPRIVILEGED:
		q->unprivileged = true;
		return 0;
	case OPT_JSON:
		q->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct question q = { .args.linktype = CMD_LINKTYPE_DEFAULT };
	char *expr;
	int c, ret;

	while ((c = getopt_long(argc, argv, ":Oh", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &q, c, argv);
		if (ret != 0)
			return ret;
	}
	cmd_keep(q.json);
	expr = cmd_program_join(argc, argv, optind);
	if (expr == NULL) {
		cmd_say("out of memory");
		return cmd_fail(q.json, SCHEMA, CMD_FAULT);
	}
	q.args.expr = optind < argc ? expr : NULL;
	ret = cmd_program_load(self, &q.args, &q.program);
	if (ret != 0) {
		ret = cmd_fail(q.json, SCHEMA, ret);
	} else {
		ask(&q);
		ret = answer(&q);
		cmd_program_free(&q.program);
	}
	free(expr);
	return ret;
}

const struct cmd cmd_verify = {
	.name = "verify",
	.summary = "ask the verifier whether a program is safe",
	.help = help,
	.run = run,
};
