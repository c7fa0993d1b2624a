/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf verify`: ask the verifier about one program.
 */
#include "exo/hosted/batch.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/diag.h"
#include "exo/hosted/heap.h"
#include "exo/hosted/human.h"
#include "exo/hosted/json.h"
#include "exo/hosted/map_arg.h"
#include "exo/hosted/program.h"
#include "exo/hosted/signals.h"
#include "exo/hosted/verify_trace.h"
#include "exo/hosted/why_show.h"

#include "exo/abi/cap.h"
#include "exo/abi/err.h"
#include "exo/core/tails.h"
#include "exo/core/world.h"
#include "verifier/verifier.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: exopf verify [options] EXPR\n"
    "       exopf verify [options] FILE.o[:FUNCTION]\n"
    "       exopf verify [options] --raw HEX|-\n"
    "       exopf verify [options] --asm FILE|-\n"
    "       exopf verify [options] --batch FILE|-\n"
    "\n"
    "Ask the verifier whether a program is safe. Exit status: 0 accepted,\n"
    "1 refused, 2 the question could not be asked. With --batch: 0 every\n"
    "line was judged, 2 there was one that holds no program.\n"
    "\n"
    "  EXPR              a tcpdump expression; several words are joined\n"
    "  FILE.o            an object that clang or gcc made for BPF; FUNCTION\n"
    "                    is its program, if it has several for packets;\n"
    "                    FUNCTION,MAP[SLOT]=F puts F into a slot, for tail\n"
    "                    calls\n"
    "  --raw HEX         instructions as hexadecimal; '-' reads them from\n"
    "                    standard input\n"
    "  --asm FILE        assembler text, in the syntax of 'exopf dump'\n"
    "  --batch FILE      one program a line, as JSON, packed or not; prints a\n"
    "                    line of JSON about each: verdict accepted, refused\n"
    "                    or error\n"
    "  --type TYPE       what the program is for: socket (the default), xdp,\n"
    "                    tc or mem\n"
    "  --linktype NAME   link type for EXPR, by name or number (EN10MB)\n"
    "  -O, --no-optimize leave out libpcap's optimiser\n"
    "  --map DEF         a map that the program names by its index, once for\n"
    "                    each: 'KIND KEY VALUE ENTRIES [rdonly|wronly]', "
    "sizes\n"
    "                    in bytes; KIND is array, hash, lru_hash, lpm_trie,\n"
    "                    queue, stack, ringbuf or another of docs/maps.md\n"
    "  --unprivileged    refuse to let pointers leak as well; what a libOS\n"
    "                    binds is always judged like that\n"
    "  --explored N      give up after N explored instructions (1000000)\n"
    "  --mem BYTES       give up beyond this much memory (67108864)\n"
    "  --trace           print every state that is explored, before the\n"
    "                    answer; with --json a line each, exopf.trace/1\n"
    "  --states N        print N of them at most (10000)\n"
    "  --json            the answer as JSON, schema exopf.verify/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf verify tcp port 80\n"
    "  exopf verify --linktype RAW 'icmp6 or udp port 53'\n"
    "  exopf verify --raw 'b700000001000000 9500000000000000'\n"
    "  exopf verify --raw 9500000000000000 || exopf explain VF302\n"
    "  echo 'r0 = 0\n"
    "  exit' | exopf verify --asm - --json\n"
    "  exopf verify --trace --raw 'b700000001000000 9500000000000000'\n"
    "  printf 'r1 = map[id:0]\\nr0 = 0\\nexit\\n' |\n"
    "      exopf verify --asm - --map 'array 4 48 1'\n"
    "  echo '{\"id\": 1, \"type\": \"xdp\", \"insns\": \"b7000000020000009500"
    "000000000000\"}' |\n"
    "      exopf verify --batch -\n";

#define SCHEMA "exopf.verify/1"

/* The question, and what came of it. */
struct question {
	struct cmd_program_args args;
	const char *batch; /* file of --batch, or NULL */
	struct vf_limits limits;
	struct exo_map_def maps[EXO_WORLD_MAPS];
	uint32_t nmaps;
	bool unprivileged;
	bool json;
	bool trace;
	uint64_t states; /* of --states; 0: not stated */
	struct cmd_program program;
	struct vf_input in;
	struct why *why;
	uint32_t part;  /* of a file's programs, the one that is judged */
	uint64_t tails; /* steps that tail calls may add to a run */
	struct exo_report filter; /* of the first that binding would refuse, */
	uint32_t filter_part;     /* which is this one */
};

/* Print what is explored. Returns 0, or the signal that came. */
static int trace(const struct question *q)
{
	const struct cmd_trace how = {
		.out = stdout,
		.json = q->json,
		.most = q->states != 0 ? q->states : CMD_TRACE_STATES,
	};
	struct exo_report report;
	uint64_t left_out;

	cmd_signals_catch();
	(void)cmd_verify_trace(&how, &q->in, &q->limits, &report, &left_out);
	if (left_out != 0)
		cmd_say("%" PRIu64 " states more were not printed; --states N "
		        "prints up to N",
		    left_out);
	return cmd_signal_stop;
}

static void set_input(struct question *q)
{
	q->in = (struct vf_input){
		.insns = q->program.code.insns,
		.ninsns = q->program.code.n,
		.type = q->program.type,
		.refuse_leaks = q->unprivileged,
		.maps = q->program.object ? q->program.maps : q->maps,
		.consts = q->program.consts,
		.nconsts = q->program.nconsts,
		.nmaps = q->program.object ? q->program.nmaps : q->nmaps,
	};
}

static void say_fact(const char *what, uint64_t value, const char *unit)
{
	char buf[CMD_HUMAN];

	printf("  %-14s%s%s\n", what, cmd_human_u64(value, buf), unit);
}

/* Would binding a program that was accepted refuse it? It lets no address out,
 * and no packet be changed that others see, too. Then *report has the code. */
static void as_filter(const struct question *q, struct exo_report *report)
{
	struct vf_input in = q->in;
	struct exo_mem mem = cmd_heap();
	struct vf_prog *prog = NULL;

	in.refuse_leaks = true;
	in.no_pkt_write = true;
	report->code = 0;
	if (in.type != EXO_PROG_MEM)
		(void)vf_verify(&in, &q->limits, &mem, &prog, report);
	vf_prog_free(prog, &mem);
}

/* The slots that the k-th of a file's programs is in. */
static const char *slots_of(const struct question *q, uint32_t k)
{
	static char text[256];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	cmd_program_slots(&q->program, k, &f);
	return text;
}

static void say_as_filter(const struct question *q)
{
	const struct cmd_diag *row;

	if (q->filter.code == 0)
		return;
	row = cmd_diag_find(q->filter.code);
	printf("  note: as a filter it is refused by VF%u, %s", q->filter.code,
	    row == NULL ? "which has no name" : row->title);
	if (q->filter.insn != EXO_REPORT_NOWHERE)
		printf(", at instruction %u", q->filter.insn);
	if (q->filter_part > 0)
		printf(" of the program in %s", slots_of(q, q->filter_part));
	putchar('\n');
}

static void say_accepted(const struct question *q)
{
	const struct vf_facts *f = &q->why->facts;

	printf("accepted\n");
	printf("  %-14s%s\n", "type", cmd_prog_type_text(q->program.type));
	say_fact("instructions", q->program.code.n, "");
	if (q->program.nparts > 1)
		say_fact("in slots", q->program.nparts - 1,
		    q->program.nparts > 2 ? " programs, accepted, too"
		                          : " program, accepted, too");
	say_fact("max steps", f->max_steps + q->tails, " a run");
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
	if (f->max_steps + q->tails > EXO_STEPS_DEFAULT)
		printf("  note: binding it takes the right STEPS, for %u "
		       "steps a packet are free\n",
		    EXO_STEPS_DEFAULT);
	say_as_filter(q);
}

static void say_refused(const struct question *q)
{
	if (q->part > 0)
		printf("the program in %s: ", slots_of(q, q->part));
	printf("refused ");
	why_show(stdout, q->why, &q->program.source, "  ");
	printf("  more: exopf explain VF%u\n", q->why->report.code);
}

static void json_facts(
    struct cmd_json *j, const struct vf_facts *f, uint64_t tails)
{
	cmd_json_u64(j, "max_steps", f->max_steps + tails);
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

static void say_json(const struct question *q)
{
	const struct exo_report *report = &q->why->report;
	bool ok = q->why->ret == 0;
	struct cmd_json j;
	char code[16];

	snprintf(code, sizeof(code), "VF%u", report->code);
	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", SCHEMA);
	cmd_json_str(&j, "verdict", ok ? "accepted" : "refused");
	cmd_json_str(&j, "code", ok ? NULL : code);
	if (ok || report->insn == EXO_REPORT_NOWHERE)
		cmd_json_null(&j, "insn");
	else
		cmd_json_u64(&j, "insn", report->insn);
	cmd_json_str(&j, "type", cmd_prog_type_text(q->program.type));
	cmd_json_u64(&j, "insns", q->program.code.n);
	cmd_json_str(&j, "in_slots", q->part > 0 ? slots_of(q, q->part) : NULL);
	if (ok) {
		json_facts(&j, &q->why->facts, q->tails);
		snprintf(code, sizeof(code), "VF%u", q->filter.code);
		cmd_json_str(
		    &j, "as_filter", strcmp(code, "VF0") == 0 ? NULL : code);
	}
	if (!ok)
		why_json(&j, q->why, &q->program.source);
	cmd_json_finish(&j);
}

static int answer(const struct question *q, int ret)
{
	if (ret != 0 && ret != -EXO_EREFUSED && ret != -EXO_EBUDGET) {
		cmd_say(
		    "the verifier gave no verdict: %s", cmd_diag_error(ret));
		return cmd_fail(q->json, SCHEMA, CMD_FAULT);
	}
	if (q->json)
		say_json(q);
	else if (ret == 0)
		say_accepted(q);
	else
		say_refused(q);
	if (ret == 0)
		return cmd_finish(CMD_YES);
	if (q->args.expr != NULL && !q->program.object &&
	    ret == -EXO_EREFUSED) {
		cmd_say("libpcap made this program, so the verifier should "
		        "have accepted it: please report it");
		return cmd_finish(CMD_DISAGREE);
	}
	return cmd_finish(CMD_NO);
}

/* Judge the k-th of a file's programs. */
static int ask_part(struct question *q, uint32_t k)
{
	int ret = 0;

	if (q->part != k)
		ret = cmd_program_part(&q->program, k);
	if (ret != 0)
		return ret;
	q->part = k;
	set_input(q);
	why_free(q->why);
	memset(q->why, 0, sizeof(*q->why));
	return why_ask(q->why, &q->in, &q->limits);
}

/* Whether binding would refuse one that was accepted. */
static void ask_as_filter(struct question *q)
{
	if (q->filter.code != 0)
		return;
	as_filter(q, &q->filter);
	q->filter_part = q->part;
}

/* Judge all of them: what is said in the end is of the first that is refused, or
 * of the program itself. */
static int ask(struct question *q)
{
	int ret = ask_part(q, 0);

	if (ret == 0)
		ask_as_filter(q);
	for (uint32_t k = 1; ret == 0 && k < q->program.nparts; k++) {
		ret = ask_part(q, k);
		if (ret == 0)
			ask_as_filter(q);
		if (ret == 0 && q->tails < q->why->facts.max_steps)
			q->tails = q->why->facts.max_steps;
	}
	q->tails = exo_tails_steps(q->tails);
	return ret == 0 && q->part != 0 ? ask_part(q, 0) : ret;
}

/* The program is there: judge it. */
static int judge(struct question *q)
{
	int ret, stop = 0;

	q->why = calloc(1, sizeof(*q->why));
	if (q->why == NULL) {
		cmd_say("out of memory");
		return cmd_fail(q->json, SCHEMA, CMD_FAULT);
	}
	set_input(q);
	if (q->trace)
		stop = trace(q);
	if (stop == 0)
		ret = answer(q, ask(q));
	else
		ret = cmd_finish(128 + stop);
	why_free(q->why);
	free(q->why);
	return ret;
}

enum {
	OPT_RAW = 256,
	OPT_ASM,
	OPT_TYPE,
	OPT_LINKTYPE,
	OPT_UNPRIVILEGED,
	OPT_BATCH,
	OPT_EXPLORED,
	OPT_MEM,
	OPT_MAP,
	OPT_TRACE,
	OPT_STATES,
	OPT_JSON
};

static const struct option options[] = {
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "asm", required_argument, NULL, OPT_ASM },
	{ "batch", required_argument, NULL, OPT_BATCH },
	{ "explored", required_argument, NULL, OPT_EXPLORED },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "trace", no_argument, NULL, OPT_TRACE },
	{ "states", required_argument, NULL, OPT_STATES },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "linktype", required_argument, NULL, OPT_LINKTYPE },
	{ "no-optimize", no_argument, NULL, 'O' },
	{ "unprivileged", no_argument, NULL, OPT_UNPRIVILEGED },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Take the number of an option. Returns 0, or an exit status. */
static int take_number(const struct cmd *self, const char *name, uint64_t *out)
{
	if (cmd_number(optarg, 1, UINT64_MAX, out))
		return 0;
	return cmd_usage(self, "--%s %s: give a number from 1", name, optarg);
}

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
	case OPT_BATCH:
		q->batch = optarg;
		return 0;
	case OPT_EXPLORED:
		return take_number(self, "explored", &q->limits.explored);
	case OPT_MEM:
		return take_number(self, "mem", &q->limits.mem);
	case OPT_MAP:
		return cmd_map_take(self, optarg, q->maps, &q->nmaps);
	case OPT_TRACE:
		q->trace = true;
		return 0;
	case OPT_STATES:
		return take_number(self, "states", &q->states);
	case OPT_JSON:
		q->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

/* Judge a file of programs: its lines say all that other options could. */
static int run_batch(const struct cmd *self, struct question *q, bool more)
{
	const struct cmd_batch how = {
		.path = q->batch,
		.unprivileged = q->unprivileged,
		.limits = q->limits,
	};

	if (more || q->args.raw != NULL || q->args.assembly != NULL)
		return cmd_usage(self, "--batch FILE takes its programs from "
		                       "the file, and no other");
	if (q->args.type != 0 || q->args.no_optimize ||
	    q->args.linktype != CMD_LINKTYPE_DEFAULT)
		return cmd_usage(self, "--batch FILE: each line says its own "
		                       "type; --type, --linktype and -O have "
		                       "no place beside it");
	if (q->trace || q->states != 0 || q->nmaps != 0)
		return cmd_usage(self, "--batch FILE: --trace, --states and "
		                       "--map have no place beside it");
	return cmd_batch(&how);
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct question q = {
		.args.linktype = CMD_LINKTYPE_DEFAULT,
		.limits = VF_LIMITS_TOOL,
	};
	char *expr;
	int c, ret;

	while ((c = getopt_long(argc, argv, ":Oh", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &q, c, argv);
		if (ret != 0)
			return ret;
	}
	if (q.batch != NULL)
		return run_batch(self, &q, optind < argc);
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
		ret = judge(&q);
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
