/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf boot`: start the kernel on a machine that QEMU emulates.
 */
#include "exo/hosted/boot.h"
#include "exo/hosted/boot_wire.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/trace_out.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: exopf boot [options] [CONF]\n"
    "\n"
    "Start the kernel on a machine of its own, which QEMU emulates, with the\n"
    "environments that CONF names. What its console says goes to standard\n"
    "output. Without CONF two libOSes own an address each, 10.0.2.15 and\n"
    "10.0.2.16, answer ARP and pings, and return what comes to UDP port 7.\n"
    "\n"
    "  CONF              boot.conf; programs are taken from its folder, then\n"
    "                    from those that were built or installed\n"
    "  --machine TYPE    q35 (the default) or microvm\n"
    "  --memory MIB      256 by default\n"
    "  --kernel FILE     exopf.elf; by default the one that was built or\n"
    "                    installed with the tool\n"
    "  --append TEXT     for the kernel's command line\n"
    "  --forward PROTO:PORT:[ADDRESS:]PORT\n"
    "                    a port of this machine's 127.0.0.1 leads to one of\n"
    "                    10.0.2.15, or of ADDRESS; PROTO is udp or tcp; may "
    "be\n"
    "                    repeated\n"
    "  --net unix:PATH   the network is whoever listens at this socket; each\n"
    "                    frame has 4 bytes with its length before it\n"
    "  --replay FILE     the network is a trace: its frames are sent once all\n"
    "                    environments wait for packets\n"
    "  --capture FILE    with --replay: .pcapng (or .pcap) for what is sent\n"
    "                    and what comes back\n"
    "  --linger S        after the trace, wait until nothing came for S\n"
    "                    seconds; 1 by default\n"
    "  --disk FILE       the machine has a disk: a raw image, in blocks of\n"
    "                    4096 bytes, which is written to\n"
    "  --top[=MS]        show what environments have and do, each MS ms, 1000\n"
    "                    by default; on a terminal in one place\n"
    "  --json            with --top: an object a line; what the console says\n"
    "                    besides goes to standard error\n"
    "  --exact           an instruction is a nanosecond, and waiting takes "
    "none\n"
    "  --timeout S       end a machine that takes longer: exit status 1\n"
    "  --gdb             wait for gdb at port 1234\n"
    "  --archive FILE    keep what the machine gets as its initrd\n"
    "  --qemu PATH       qemu-system-x86_64 by default\n"
    "  --dry-run         print QEMU's command line and do not run it\n"
    "  -h, --help        this text\n"
    "\n"
    "Exit status: 0, all environments ended as they should, or the trace is\n"
    "over; 1, they did not; 2, wrong usage, no kernel, no QEMU.\n"
    "\n"
    "examples:\n"
    "  exopf boot --forward udp:5007:7\n"
    "  exopf boot --top --forward udp:5007:7\n"
    "  exopf boot --replay in.pcap --capture out.pcapng\n";

#define MEMORY_MIN 8u
#define MEMORY_MAX 65536u
#define TOP_MIN    100u /* ms: the kernel's numbers are so old */
#define TOP_MAX    3600000u

enum {
	OPT_MACHINE = 256,
	OPT_MEMORY,
	OPT_KERNEL,
	OPT_APPEND,
	OPT_FORWARD,
	OPT_NET,
	OPT_REPLAY,
	OPT_CAPTURE,
	OPT_DISK,
	OPT_LINGER,
	OPT_EXACT,
	OPT_TIMEOUT,
	OPT_TOP,
	OPT_JSON,
	OPT_GDB,
	OPT_ARCHIVE,
	OPT_QEMU,
	OPT_DRY_RUN,
};

static const struct option options[] = {
	{ "machine", required_argument, NULL, OPT_MACHINE },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "forward", required_argument, NULL, OPT_FORWARD },
	{ "net", required_argument, NULL, OPT_NET },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "capture", required_argument, NULL, OPT_CAPTURE },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "linger", required_argument, NULL, OPT_LINGER },
	{ "exact", no_argument, NULL, OPT_EXACT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "top", optional_argument, NULL, OPT_TOP },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "gdb", no_argument, NULL, OPT_GDB },
	{ "archive", required_argument, NULL, OPT_ARCHIVE },
	{ "qemu", required_argument, NULL, OPT_QEMU },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_machine(
    const struct cmd *self, struct boot_options *o, const char *text)
{
	o->microvm = strcmp(text, "microvm") == 0;
	if (!o->microvm && strcmp(text, "q35") != 0)
		return cmd_usage(
		    self, "--machine: q35 or microvm, not '%s'", text);
	return 0;
}

static int take_memory(
    const struct cmd *self, struct boot_options *o, const char *text)
{
	uint64_t v;

	if (!cmd_number(text, MEMORY_MIN, MEMORY_MAX, &v))
		return cmd_usage(self, "--memory: %u to %u MiB, not '%s'",
		    MEMORY_MIN, MEMORY_MAX, text);
	o->memory = (uint32_t)v;
	return 0;
}

static int take_top(
    const struct cmd *self, struct boot_options *o, const char *text)
{
	uint64_t v = 1000;

	if (text != NULL && !cmd_number(text, TOP_MIN, TOP_MAX, &v))
		return cmd_usage(self, "--top: %u to %u milliseconds, not '%s'",
		    TOP_MIN, TOP_MAX, text);
	o->top_ms = (uint32_t)v;
	return 0;
}

static int take_forward(
    const struct cmd *self, struct boot_options *o, const char *text)
{
	if (o->nforward == BOOT_FORWARDS)
		return cmd_usage(self, "--forward: %u at most", BOOT_FORWARDS);
	if (!boot_forward_parse(text, &o->forward[o->nforward]))
		return cmd_usage(self,
		    "--forward: udp:5007:7 or tcp:5007:10.0.2.16:7, not '%s'",
		    text);
	o->nforward++;
	return 0;
}

static int take_net(
    const struct cmd *self, struct boot_options *o, const char *text)
{
	if (strncmp(text, "unix:", 5) != 0 || text[5] == '\0')
		return cmd_usage(self, "--net: unix:PATH, not '%s'", text);
	o->net = text + 5;
	return 0;
}

static int take_seconds(const struct cmd *self, const char *option,
    uint32_t least, const char *text, uint32_t *ms)
{
	if (boot_seconds(text, ms) && *ms >= least)
		return 0;
	return cmd_usage(self, "%s: seconds, not '%s'", option, text);
}

static int take(
    const struct cmd *self, struct boot_options *o, int c, char **argv)
{
	switch (c) {
	case OPT_MACHINE:
		return take_machine(self, o, optarg);
	case OPT_MEMORY:
		return take_memory(self, o, optarg);
	case OPT_FORWARD:
		return take_forward(self, o, optarg);
	case OPT_TOP:
		return take_top(self, o, optarg);
	case OPT_NET:
		return take_net(self, o, optarg);
	case OPT_LINGER:
		return take_seconds(self, "--linger", 0, optarg, &o->linger_ms);
	case OPT_TIMEOUT:
		return take_seconds(
		    self, "--timeout", 1, optarg, &o->timeout_ms);
	case OPT_KERNEL:
		o->kernel = optarg;
		return 0;
	case OPT_APPEND:
		o->append = optarg;
		return 0;
	case OPT_REPLAY:
		o->replay = optarg;
		return 0;
	case OPT_CAPTURE:
		o->capture = optarg;
		return 0;
	case OPT_DISK:
		o->disk = optarg;
		return 0;
	case OPT_ARCHIVE:
		o->archive = optarg;
		return 0;
	case OPT_QEMU:
		o->qemu = optarg;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_EXACT:
		o->exact = true;
		return 0;
	case OPT_GDB:
		o->gdb = true;
		return 0;
	case OPT_DRY_RUN:
		o->dry_run = true;
		return 0;
	default:
		return cmd_bad_option(self, c, argv);
	}
}

/* Whether the options go together. */
static int check(const struct cmd *self, const struct boot_options *o)
{
	int nets = (o->net != NULL) + (o->replay != NULL) + (o->nforward > 0);

	if (nets > 1)
		return cmd_usage(self, "one network card, one network: "
		                       "--forward, --net or --replay");
	if (o->json && o->top_ms == 0)
		return cmd_usage(self, "--json goes with --top");
	if (o->capture == NULL)
		return 0;
	if (o->replay == NULL)
		return cmd_usage(self, "--capture goes with --replay");
	if (tr_out_is_stdout(o->capture))
		return cmd_usage(self, "--capture: standard output is the "
		                       "console's");
	if (!tr_out_path_ok(o->capture))
		return cmd_usage(self,
		    "--capture: a name that ends in .pcapng "
		    "or .pcap, not '%s'",
		    o->capture);
	return 0;
}

static int save(const char *path, const struct cpio_out *a)
{
	FILE *f = fopen(path, "we");
	bool bad = f == NULL || fwrite(a->bytes, 1, a->n, f) != a->n;
	int why = errno;

	if (f != NULL && fclose(f) != 0 && !bad) {
		bad = true;
		why = errno;
	}
	if (!bad)
		return 0;
	cmd_say("%s: cannot be written: %s", path, strerror(why));
	return CMD_FAULT;
}

static int show(char *const *argv)
{
	char *line = boot_shell_line(argv);

	if (line == NULL) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
	puts(line);
	free(line);
	return 0;
}

static int start(const struct boot_options *o, char *const *argv,
    const struct cpio_out *archive)
{
	struct boot_wire *wire;
	int ret, played;

	if (o->replay == NULL)
		return boot_run(o, argv, archive, NULL);
	wire = boot_wire_open(o->replay, o->capture);
	if (wire == NULL)
		return CMD_FAULT;
	ret = boot_run(o, argv, archive, wire);
	played = boot_wire_close(wire, o->json ? stderr : stdout);
	return ret == CMD_YES || played == CMD_FAULT ? played : ret;
}

static int boot(const struct boot_options *o)
{
	struct boot_argv argv = { .n = 0 };
	struct cpio_out archive = { .bytes = NULL };
	char *kernel = boot_find_kernel(o);
	char path[32];
	int ret = kernel == NULL ? CMD_FAULT : boot_archive(o, &archive);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", BOOT_FD_ARCHIVE);
	if (ret == 0 && o->disk != NULL)
		ret = boot_disk_check(o->disk);
	if (ret == 0 && o->archive != NULL)
		ret = save(o->archive, &archive);
	if (ret == 0) {
		boot_argv_make(
		    &argv, o, kernel, o->archive == NULL ? path : o->archive);
		if (argv.lost) {
			cmd_say("out of memory");
			ret = CMD_FAULT;
		}
	}
	if (ret == 0)
		ret = o->dry_run ? show(argv.v) : start(o, argv.v, &archive);
	boot_argv_free(&argv);
	cpio_out_free(&archive);
	free(kernel);
	return ret;
}

static int run(const struct cmd *self, int argc, char **argv)
{
	struct boot_options o = {
		.qemu = "qemu-system-x86_64", .memory = 256, .linger_ms = 1000
	};
	int c, ret;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, &o, c, argv);
		if (ret != 0)
			return ret;
	}
	if (optind < argc)
		o.conf = argv[optind++];
	if (optind < argc)
		return cmd_usage(
		    self, "one boot.conf at most: %s", argv[optind]);
	ret = check(self, &o);
	if (ret != 0)
		return ret;
	return cmd_finish(boot(&o));
}

const struct cmd cmd_boot = {
	.name = "boot",
	.summary = "start the kernel on a machine of its own",
	.help = help,
	.run = run,
};
