/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf run`: the arguments.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/map_arg.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/program.h"
#include "exo/hosted/run.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FUEL_DEFAULT 100000000u

static const char help[] =
    "usage: exopf run [options] --raw HEX|- [MEMHEX]\n"
    "       exopf run [options] --asm FILE|- [MEMHEX]\n"
    "\n"
    "Run a program and print what it returns as hexadecimal. The interpreter\n"
    "checks every access and runs anything, without asking the verifier; the\n"
    "compiler takes only what the verifier accepts. Exit status: 0 it\n"
    "returned, 1 it ended in a trap or was refused, 2 it could not be run,\n"
    "3 the two engines differ.\n"
    "\n"
    "  --raw HEX         instructions as hexadecimal; '-' reads them from\n"
    "                    standard input, white space is skipped\n"
    "  --asm FILE        assembler text\n"
    "  --type TYPE       mem (the default): r1 is the memory's address, r2\n"
    "                    its size; socket, xdp, tc: r1 is the context of a\n"
    "                    packet (socket is the default with --packet)\n"
    "  --mem HEX         the memory of type mem, or MEMHEX as an argument\n"
    "  --packet HEX      the packet of the other types\n"
    "  --wirelen N       its length on the wire, when it was captured short\n"
    "  --engine ENGINE   what runs it: interp, the defensive interpreter (the\n"
    "                    default); jit, machine code; both, which compares\n"
    "                    what they leave\n"
    "  --fuel N          instructions it may take (100000000); for jit, the\n"
    "                    most that is proven\n"
    "  --map DEF         a map that the program names by its index, as for\n"
    "                    'exopf verify'; empty at first\n"
    "  --jit-passes LIST passes of the compiler: names with commas between,\n"
    "                    all (the default), none; -NAME: all but that one\n"
    "  --harden LIST     harden it: blind constants, fences: blind,fence\n"
    "  --perf-map        name the code for perf, in /tmp/perf-PID.map\n"
    "  --json            the result as JSON, schema exopf.run/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf run --raw 'b700000007000000 9500000000000000'\n"
    "  echo '61 10 00 00 00 00 00 00  95 00 00 00 00 00 00 00' |\n"
    "    exopf run --raw - --mem 78563412\n"
    "  echo 'b700000000000000 5502010004000000\n"
    "  6110000000000000 9500000000000000' |\n"
    "    exopf run --engine both --json --raw - 78563412\n"
    "  exopf dump --hex arp | exopf run --raw - --packet \\\n"
    "    'ffffffffffff 020000000001 0806 0001080006040001'\n";

/* The arguments. */
struct args {
	struct cmd_program_args program;
	struct run_job job;
	const char *mem_text;
	const char *packet_text;
	bool passes; /* --jit-passes or --harden was given */
};

/* r[0] is for the interpreter, r[1] for compiled code. */
static int run_both(const struct run_job *job, struct run_result r[2])
{
	char text[200];
	bool differ;
	int ret = run_jit(job, &r[1]);

	if (ret == CMD_NO)
		return run_show_refused(job, &r[1]);
	if (ret == 0)
		ret = run_interp(job, &r[0]);
	if (ret != 0)
		return cmd_fail(job->json, RUN_SCHEMA, ret);
	differ = run_differ(job, &r[0], &r[1], text, sizeof(text));
	r[0].code = r[1].code;
	return run_show(job, &r[0], differ ? text : NULL);
}

static int run_one(const struct run_job *job, struct run_result *r)
{
	int ret =
	    job->engine == RUN_INTERP ? run_interp(job, r) : run_jit(job, r);

	if (ret == 0)
		return run_show(job, r, NULL);
	if (ret == CMD_NO)
		return run_show_refused(job, r);
	return cmd_fail(job->json, RUN_SCHEMA, ret);
}

static int run_job(const struct run_job *job)
{
	struct run_result *r = calloc(2, sizeof(*r));
	int ret;

	if (r == NULL) {
		cmd_say("out of memory");
		return cmd_fail(job->json, RUN_SCHEMA, CMD_FAULT);
	}
	ret = job->engine == RUN_BOTH ? run_both(job, r) : run_one(job, r);
	run_result_free(&r[0]);
	run_result_free(&r[1]);
	free(r);
	return ret;
}

/* The memory or packet. Returns 0 or CMD_FAULT. */
static int load_bytes(const struct cmd *self, struct args *a)
{
	struct run_job *job = &a->job;
	bool mem = job->program.type == EXO_PROG_MEM;
	const char *text = mem ? a->mem_text : a->packet_text;
	const char *what = mem ? "--mem" : "--packet";
	int ret;

	if (mem && a->packet_text != NULL)
		return cmd_usage(
		    self, "type mem has memory (--mem), no packet");
	if (!mem && a->mem_text != NULL)
		return cmd_usage(self,
		    "type %s has a packet (--packet), no "
		    "memory",
		    cmd_prog_type_text(job->program.type));
	if (text != NULL && strcmp(text, "-") == 0)
		return cmd_usage(self,
		    "%s: give the bytes themselves, for "
		    "standard input may be the program",
		    what);
	ret = cmd_program_hex(
	    what, text != NULL ? text : "", &job->bytes, &job->nbytes);
	if (ret != 0)
		return ret;
	if (job->wirelen != 0 && job->wirelen < job->nbytes)
		return cmd_usage(self, "--wirelen is less than the packet has");
	return 0;
}

enum {
	OPT_RAW = 256,
	OPT_ASM,
	OPT_TYPE,
	OPT_MEM,
	OPT_PACKET,
	OPT_WIRELEN,
	OPT_ENGINE,
	OPT_FUEL,
	OPT_MAP,
	OPT_PASSES,
	OPT_HARDEN,
	OPT_PERF_MAP,
	OPT_JSON
};

static const struct option options[] = {
	{ "raw", required_argument, NULL, OPT_RAW },
	{ "asm", required_argument, NULL, OPT_ASM },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "packet", required_argument, NULL, OPT_PACKET },
	{ "wirelen", required_argument, NULL, OPT_WIRELEN },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "fuel", required_argument, NULL, OPT_FUEL },
	{ "map", required_argument, NULL, OPT_MAP },
	{ "jit-passes", required_argument, NULL, OPT_PASSES },
	{ "harden", required_argument, NULL, OPT_HARDEN },
	{ "perf-map", no_argument, NULL, OPT_PERF_MAP },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_number(
    const struct cmd *self, const char *what, uint64_t max, uint64_t *out)
{
	if (cmd_number(optarg, 1, max, out))
		return 0;
	return cmd_usage(
	    self, "%s %s: give a number from 1 to %" PRIu64, what, optarg, max);
}

static int take_engine(
    const struct cmd *self, struct run_job *job, const char *name)
{
	if (strcmp(name, "interp") == 0)
		job->engine = RUN_INTERP;
	else if (strcmp(name, "jit") == 0)
		job->engine = RUN_JIT;
	else if (strcmp(name, "both") == 0)
		job->engine = RUN_BOTH;
	else
		return cmd_usage(self,
		    "--engine %s: the engines are interp and jit, and both",
		    name);
	return 0;
}

static int take_passes(const struct cmd *self, struct args *a)
{
	a->passes = true;
	return cmd_passes(self, optarg, &a->job.jit);
}

/* Take one option. Returns 0, or an exit status. */
static int take(const struct cmd *self, struct args *a, int c, char **argv)
{
	struct run_job *job = &a->job;

	switch (c) {
	case OPT_RAW:
		a->program.raw = optarg;
		return 0;
	case OPT_ASM:
		a->program.assembly = optarg;
		return 0;
	case OPT_TYPE:
		return cmd_program_type(self, &a->program, optarg);
	case OPT_MEM:
		a->mem_text = optarg;
		return 0;
	case OPT_PACKET:
		a->packet_text = optarg;
		return 0;
	case OPT_WIRELEN:
		return take_number(
		    self, "--wirelen", UINT32_MAX, &job->wirelen);
	case OPT_ENGINE:
		return take_engine(self, job, optarg);
	case OPT_FUEL:
		return take_number(self, "--fuel", UINT64_MAX, &job->fuel);
	case OPT_MAP:
		return cmd_map_take(self, optarg, job->maps, &job->nmaps);
	case OPT_PASSES:
		return take_passes(self, a);
	case OPT_HARDEN:
		a->passes = true;
		return cmd_harden(self, optarg, &job->jit);
	case OPT_PERF_MAP:
		job->perf_map = true;
		return 0;
	case OPT_JSON:
		job->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

static int take_arguments(
    const struct cmd *self, struct args *a, int argc, char **argv)
{
	if (argc - optind > 1)
		return cmd_usage(self, "one argument at most, the memory: %s",
		    argv[optind + 1]);
	if (optind < argc && a->mem_text != NULL)
		return cmd_usage(self, "the memory is given twice");
	if (optind < argc)
		a->mem_text = argv[optind];
	if (a->program.type == 0)
		a->program.type =
		    a->packet_text != NULL ? EXO_PROG_SOCKET : EXO_PROG_MEM;
	if (a->program.raw == NULL && a->program.assembly == NULL)
		return cmd_usage(self, "no program: give --raw HEX or --asm "
		                       "FILE");
	if (a->job.engine == RUN_INTERP && (a->passes || a->job.perf_map))
		return cmd_usage(self,
		    "--jit-passes, --harden and --perf-map are about "
		    "compiled code: say --engine jit");
	return 0;
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct args a = { .job.fuel = FUEL_DEFAULT, .job.engine = RUN_INTERP };
	struct run_job *job = &a.job;
	int c, ret;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &a, c, argv);
		if (ret != 0)
			return ret;
	}
	cmd_keep(job->json);
	ret = take_arguments(self, &a, argc, argv);
	if (ret == 0)
		ret = cmd_program_load(self, &a.program, &job->program);
	if (ret == 0)
		ret = cmd_program_some(&a.program, &job->program);
	if (ret == 0)
		ret = load_bytes(self, &a);
	if (ret == 0)
		ret = run_job(job);
	else
		ret = cmd_fail(job->json, RUN_SCHEMA, ret);
	free(job->bytes);
	cmd_program_free(&job->program);
	return ret;
}

const struct cmd cmd_run = {
	.name = "run",
	.summary = "run a program, interpreted or compiled",
	.help = help,
	.run = run,
};
