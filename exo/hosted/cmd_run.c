/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf run`: run one program, verified or not, on the defensive interpreter.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/json.h"
#include "exo/hosted/program.h"

#include "exo/isa/decode.h"
#include "exo/isa/interp.h"
#include "exo/isa/text.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FUEL_DEFAULT 100000000u
#define SCHEMA       "exopf.run/1"

static const char help[] =
    "usage: exopf run [options] --raw HEX|- [MEMHEX]\n"
    "       exopf run [options] --asm FILE|- [MEMHEX]\n"
    "\n"
    "Run a program on the defensive interpreter, without asking the verifier,\n"
    "and print what it returns as hexadecimal. Exit status: 0 it returned,\n"
    "1 it ended in a trap, 2 it could not be run.\n"
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
    "  --engine interp   what runs it; the interpreter is the only engine\n"
    "  --fuel N          instructions it may take (100000000)\n"
    "  --json            the result as JSON, schema exopf.run/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf run --raw 'b700000007000000 9500000000000000'\n"
    "  echo '61 10 00 00 00 00 00 00  95 00 00 00 00 00 00 00' |\n"
    "    exopf run --raw - --mem 78563412\n"
    "  exopf dump --hex arp | exopf run --raw - --packet \\\n"
    "    'ffffffffffff 020000000001 0806 0001080006040001'\n";

/* What to run, on what; what came of it. */
struct job {
	struct cmd_program_args args;
	struct cmd_program program;
	const char *mem_text;
	const char *packet_text;
	uint64_t wirelen; /* 0: the packet is whole */
	uint64_t fuel;
	bool json;
	uint8_t *bytes; /* the memory, or the packet */
	size_t nbytes;
	enum isa_end end;
	uint64_t r0;
	uint64_t steps;
	uint32_t pc;
};

/* How a run ended: a word for machines, a sentence for people. */
static const struct {
	const char *name;
	const char *meaning;
} ends[] = {
	[ISA_END_EXIT] = { "exit", "it returned" },
	[ISA_END_REJECT] = { "reject", "it read past the packet: rejected" },
	[ISA_END_FUEL] = { "fuel", "the fuel is used up" },
	[ISA_END_PC] = { "pc", "control left the program" },
	[ISA_END_OPCODE] = { "opcode", "this is no instruction" },
	[ISA_END_LOAD] = { "load", "a load outside all memory" },
	[ISA_END_STORE] = { "store", "a store outside all writable memory" },
	[ISA_END_CTX] = { "ctx", "this access names no context field" },
	[ISA_END_FRAMES] = { "frames", "calls nest too deep" },
	[ISA_END_HELPER] = { "helper", "there is no such helper" },
	[ISA_END_MAP] = { "map", "there is no such map" },
	[ISA_END_HELD] = { "held",
	    "it ended and held memory of a ring buffer" },
};

static bool is_trap(enum isa_end end)
{
	return end != ISA_END_EXIT && end != ISA_END_REJECT;
}

/* Ethernet type of an Ethernet packet, as a kernel would state it. */
static uint16_t protocol_of(const uint8_t *data, size_t n)
{
	return n < 14 ? 0 : (uint16_t)((unsigned)data[12] << 8 | data[13]);
}

static void execute(struct job *job, struct isa_vm *vm)
{
	const struct isa_pkt pkt = {
		.data = job->bytes,
		.caplen = (uint32_t)job->nbytes,
		.wirelen = job->wirelen != 0 ? (uint32_t)job->wirelen
		                             : (uint32_t)job->nbytes,
		.ifindex = 0,
		.protocol = protocol_of(job->bytes, job->nbytes),
	};

	if (job->program.type == EXO_PROG_MEM)
		isa_set_mem(vm, job->bytes, (uint32_t)job->nbytes);
	else
		isa_set_pkt(vm, &pkt);
	vm->fuel = job->fuel;
	vm->stack = EXO_STACK_SIZE;
	job->end = isa_run(vm, &job->r0);
	job->steps = job->fuel - vm->fuel;
	job->pc = vm->end_pc;
}

static void say_trap(const struct job *job)
{
	const struct flt_code *code = &job->program.code;
	char text[256] = "past the end";
	struct exo_fmt f;

	if (job->pc < code->n) {
		exo_fmt_init(&f, text, sizeof(text));
		isa_disasm(&f, code->insns, code->n, job->pc);
	}
	cmd_say("trap %s at instruction %u (%s): %s", ends[job->end].name,
	    job->pc, text, ends[job->end].meaning);
}

static void say_json(const struct job *job)
{
	struct cmd_json j;
	char r0[24];

	snprintf(r0, sizeof(r0), "0x%" PRIx64, job->r0);
	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", SCHEMA);
	cmd_json_str(&j, "engine", "interp");
	cmd_json_str(&j, "type", cmd_prog_type_text(job->program.type));
	cmd_json_str(&j, "end", ends[job->end].name);
	cmd_json_bool(&j, "trap", is_trap(job->end));
	cmd_json_str(&j, "r0", is_trap(job->end) ? NULL : r0);
	cmd_json_u64(&j, "insn", job->pc);
	cmd_json_u64(&j, "steps", job->steps);
	cmd_json_finish(&j);
}

static int answer(const struct job *job)
{
	if (job->json)
		say_json(job);
	else if (!is_trap(job->end))
		printf("0x%" PRIx64 "\n", job->r0);
	if (!is_trap(job->end))
		return cmd_finish(CMD_YES);
	say_trap(job);
	return cmd_finish(CMD_NO);
}

/* Load and run. A program that no interpreter may run counts as a trap. */
static int run_program(struct job *job)
{
	struct isa_vm *vm = calloc(1, sizeof(*vm));
	int ret;

	if (vm == NULL) {
		cmd_say("out of memory");
		return cmd_fail(job->json, SCHEMA, CMD_FAULT);
	}
	if (isa_load(vm, job->program.type, job->program.code.insns,
	        job->program.code.n, &job->pc) != 0)
		job->end = ISA_END_OPCODE;
	else
		execute(job, vm);
	ret = answer(job);
	free(vm);
	return ret;
}

/* The memory or packet. Returns 0 or CMD_FAULT. */
static int load_bytes(const struct cmd *self, struct job *job)
{
	bool mem = job->program.type == EXO_PROG_MEM;
	const char *text = mem ? job->mem_text : job->packet_text;
	const char *what = mem ? "--mem" : "--packet";
	int ret;

	if (mem && job->packet_text != NULL)
		return cmd_usage(
		    self, "type mem has memory (--mem), no packet");
	if (!mem && job->mem_text != NULL)
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

/* Take one option. Returns 0, or an exit status. */
static int take(const struct cmd *self, struct job *job, int c, char **argv)
{
	switch (c) {
	case OPT_RAW:
		job->args.raw = optarg;
		return 0;
	case OPT_ASM:
		job->args.assembly = optarg;
		return 0;
	case OPT_TYPE:
		return cmd_program_type(self, &job->args, optarg);
	case OPT_MEM:
		job->mem_text = optarg;
		return 0;
	case OPT_PACKET:
		job->packet_text = optarg;
		return 0;
	case OPT_WIRELEN:
		return take_number(
		    self, "--wirelen", UINT32_MAX, &job->wirelen);
	case OPT_ENGINE:
		if (strcmp(optarg, "interp") == 0)
			return 0;
		return cmd_usage(
		    self, "--engine %s: the only engine is interp", optarg);
	case OPT_FUEL:
		return take_number(self, "--fuel", UINT64_MAX, &job->fuel);
	case OPT_JSON:
		job->json = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

static int take_arguments(
    const struct cmd *self, struct job *job, int argc, char **argv)
{
	if (argc - optind > 1)
		return cmd_usage(self, "one argument at most, the memory: %s",
		    argv[optind + 1]);
	if (optind < argc && job->mem_text != NULL)
		return cmd_usage(self, "the memory is given twice");
	if (optind < argc)
		job->mem_text = argv[optind];
	if (job->args.type == 0)
		job->args.type =
		    job->packet_text != NULL ? EXO_PROG_SOCKET : EXO_PROG_MEM;
	if (job->args.raw == NULL && job->args.assembly == NULL)
		return cmd_usage(self, "no program: give --raw HEX or --asm "
		                       "FILE");
	return 0;
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct job job = { .fuel = FUEL_DEFAULT };
	int c, ret;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &job, c, argv);
		if (ret != 0)
			return ret;
	}
	cmd_keep(job.json);
	ret = take_arguments(self, &job, argc, argv);
	if (ret == 0)
		ret = cmd_program_load(self, &job.args, &job.program);
	if (ret == 0)
		ret = cmd_program_some(&job.args, &job.program);
	if (ret == 0)
		ret = load_bytes(self, &job);
	if (ret == 0)
		ret = run_program(&job);
	else
		ret = cmd_fail(job.json, SCHEMA, ret);
	free(job.bytes);
	cmd_program_free(&job.program);
	return ret;
}

const struct cmd cmd_run = {
	.name = "run",
	.summary = "run a program on the defensive interpreter",
	.help = help,
	.run = run,
};
