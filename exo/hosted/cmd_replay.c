/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf replay`: the arguments.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/passes.h"
#include "exo/hosted/replay.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: exopf replay -r FILE [-r FILE...] [options] BINDING...\n"
    "\n"
    "Pass once over traces, give every packet to the bindings that match it,\n"
    "and print what each of them got.\n"
    "\n"
    "A BINDING is\n"
    "  NAME[@PRIORITY][,owner=OWNER][,claim='REGION'][,fragments]=FILTER.\n"
    "FILTER is a tcpdump expression, or @FILE for one that FILE holds. A "
    "higher\n"
    "PRIORITY is asked first; 0 is the default, and equal ones are asked in\n"
    "order. A binding is asked about the packets of its claim only; 'exopf\n"
    "region' tells what a region is. With fragments, under --policy\n"
    "exclusive, it gets later fragments of packets whose first it took, too.\n"
    "\n"
    "  -r, --read FILE    a trace: pcap or pcapng, plain or packed with gzip,\n"
    "                     zstd, lz4 or xz; '-' is standard input\n"
    "  -f, --file FILE    bindings, one a line; '#' starts a comment line\n"
    "                     and 'grant' a grant\n"
    "      --grant GRANT  OWNER 'REGION' RIGHT[,RIGHT...]: what an owner may;\n"
    "                     with grants, nobody else may anything. The rights\n"
    "                     are exclusive, shared, first, delegate, tell,\n"
    "                     fragments\n"
    "  -o, --output PAT   write the packets of each binding to a file: {name}\n"
    "                     and {owner} in PAT are replaced, .pcap or .pcapng "
    "at\n"
    "                     its end says how, missing directories are made, '-'\n"
    "                     is standard output\n"
    "      --rest FILE    write the packets that no binding matched\n"
    "      --policy P     all (the default): each binding that matches gets\n"
    "                     the packet; first: only the first of them;\n"
    "                     exclusive: its owner's first, and no two owners\n"
    "                     may claim the same packet\n"
    "      --emit-witness FILE\n"
    "                     where authority refuses a binding, write the packet\n"
    "                     that shows why; {name} in FILE: of each such one\n"
    "      --merge        merge several traces by time, instead of one after\n"
    "                     the other\n"
    "  -O, --no-optimize  leave out libpcap's optimiser\n"
    "      --judge        interpret every packet, too: where that differs "
    "from\n"
    "                     the compiled filter, say so and exit with 3\n"
    "      --jit-passes L passes of the compiler: names with commas between,\n"
    "                     all (the default), none; -NAME: all but that one\n"
    "      --harden LIST  compile with blind constants, fences: blind,fence\n"
    "      --perf-map     name the filters' code for perf, in\n"
    "                     /tmp/perf-PID.map, which stays\n"
    "      --maps         show what is in the filters' maps at the end\n"
    "      --json         the result as JSON, schema exopf.replay/1\n"
    "  -q, --quiet        no progress bar\n"
    "  -h, --help         this text\n"
    "\n"
    "SIGINT and SIGTERM close the outputs whole and print the totals so far\n"
    "(exit status 130, 143); SIGUSR1 prints them and goes on. Exit status: 0\n"
    "done, 1 authority refuses a binding, 2 something failed (what could be\n"
    "read was counted), 3 our own counts or engines disagree.\n"
    "\n"
    "examples:\n"
    "  exopf replay -r pcaps/web4.pcap web='tcp port 80' dns='udp port 53'\n"
    "  exopf replay -r pcaps/web4.pcap --policy first -o 'out/{name}.pcap' \\\n"
    "    --rest out/rest.pcap syn@10='tcp[tcpflags] & tcp-syn != 0' tcp=tcp\n"
    "  exopf replay --json -r pcaps/web4.pcap all=\n"
    "  exopf replay --judge --jit-passes all,-chains -r pcaps/web4.pcap "
    "tcp=tcp\n"
    "  exopf replay -r pcaps/web4.pcap --policy exclusive \\\n"
    "    --grant \"www 'tcp port 80' exclusive\" web,owner=www=tcp\n"
    "  gzip -c pcaps/web4.pcap | exopf replay -r - v4=ip v6=ip6\n";

static const char map_help[] =
    "usage: exopf map dump [options] -r FILE... NAME=FILE.o[:FUNCTION]...\n"
    "\n"
    "Run a trace through filters, as 'exopf replay' does, and show what is in\n"
    "their maps then: keys and values as JSON, by their types where the "
    "object\n"
    "has them. Elements of arrays that are zero are only counted.\n"
    "\n"
    "Options are those of 'exopf replay'. With --json the result is that of\n"
    "'exopf replay --maps --json'.\n"
    "\n"
    "example:\n"
    "  exopf map dump -r pcaps/web4.pcap ports=ports.bpf.o\n";

struct args {
	struct replay_opts opts;
	struct replay *rp;
	char **argv;
	size_t stdin_uses;
};

enum {
	OPT_REST = 256,
	OPT_GRANT,
	OPT_EMIT,
	OPT_POLICY,
	OPT_MERGE,
	OPT_JUDGE,
	OPT_PASSES,
	OPT_HARDEN,
	OPT_PERF_MAP,
	OPT_MAPS,
	OPT_JSON
};

static const struct option options[] = {
	{ "read", required_argument, NULL, 'r' },
	{ "file", required_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "rest", required_argument, NULL, OPT_REST },
	{ "grant", required_argument, NULL, OPT_GRANT },
	{ "emit-witness", required_argument, NULL, OPT_EMIT },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "merge", no_argument, NULL, OPT_MERGE },
	{ "no-optimize", no_argument, NULL, 'O' },
	{ "judge", no_argument, NULL, OPT_JUDGE },
	{ "jit-passes", required_argument, NULL, OPT_PASSES },
	{ "harden", required_argument, NULL, OPT_HARDEN },
	{ "perf-map", no_argument, NULL, OPT_PERF_MAP },
	{ "maps", no_argument, NULL, OPT_MAPS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_policy(const struct cmd *self, struct args *a, const char *p)
{
	enum replay_policy policy;

	for (policy = REPLAY_ALL; policy <= REPLAY_EXCLUSIVE; policy++) {
		if (strcmp(p, replay_policy_text(policy)) == 0) {
			a->opts.policy = policy;
			return 0;
		}
	}
	return cmd_usage(
	    self, "--policy %s: the policies are all, first and exclusive", p);
}

static int take_emit(const struct cmd *self, struct args *a, const char *path)
{
	if (!tr_out_path_ok(path) || tr_out_is_stdout(path))
		return cmd_usage(self,
		    "--emit-witness %s: the name must end in .pcap, .cap, "
		    ".pcapng or .ng",
		    path);
	a->opts.emit = path;
	return 0;
}

/* Append path to a list of files that are to be read. */
static int take_file(const struct cmd *self, struct args *a, const char *path,
    const char **files, size_t *n)
{
	a->stdin_uses += strcmp(path, "-") == 0;
	if (a->stdin_uses > 1)
		return cmd_usage(self, "standard input is wanted twice");
	files[(*n)++] = path;
	return 0;
}

/* Take one option. Returns 0, or an exit status. */
static int take(const struct cmd *self, struct args *a, int c)
{
	switch (c) {
	case 'r':
		return take_file(
		    self, a, optarg, a->opts.files, &a->opts.nfiles);
	case 'f':
		return take_file(
		    self, a, optarg, a->opts.lists, &a->opts.nlists);
	case 'o':
		a->opts.out = optarg;
		return 0;
	case OPT_REST:
		a->opts.rest = optarg;
		return 0;
	case OPT_GRANT:
		a->opts.grants[a->opts.ngrants++] = optarg;
		return 0;
	case OPT_EMIT:
		return take_emit(self, a, optarg);
	case OPT_POLICY:
		return take_policy(self, a, optarg);
	case OPT_MERGE:
		a->opts.merge = true;
		return 0;
	case 'O':
		a->opts.no_optimize = true;
		return 0;
	case OPT_JUDGE:
		a->opts.judge = true;
		return 0;
	case OPT_PASSES:
		return cmd_passes(self, optarg, &a->opts.jit);
	case OPT_HARDEN:
		return cmd_harden(self, optarg, &a->opts.jit);
	case OPT_PERF_MAP:
		a->opts.perf_map = true;
		return 0;
	case OPT_MAPS:
		a->opts.maps = true;
		return 0;
	case OPT_JSON:
		a->opts.json = true;
		return 0;
	case 'q':
		a->opts.quiet = true;
		return 0;
	default:
		return cmd_bad_option(self, c, a->argv);
	}
}

/* The bindings of files; those of the command line come after them. */
static int read_lists(struct args *a, char err[CMD_BINDING_ERR])
{
	size_t i;

	for (i = 0; i < a->opts.nlists; i++) {
		if (cmd_bindings_read(&a->rp->set, a->opts.lists[i], err) !=
		    0) {
			cmd_say("%s", err);
			return CMD_FAULT;
		}
	}
	return 0;
}

static int take_arguments(const struct cmd *self, struct args *a, int argc)
{
	char err[CMD_BINDING_ERR];
	size_t k;
	int i;

	if (read_lists(a, err) != 0)
		return CMD_FAULT;
	for (k = 0; k < a->opts.ngrants; k++) {
		if (cmd_grants_add(&a->rp->set.grants, a->opts.grants[k], NULL,
		        0, err) != 0)
			return cmd_usage(self, "--grant: %s", err);
	}
	for (i = optind; i < argc; i++) {
		if (cmd_bindings_add(&a->rp->set, a->argv[i], err) != 0)
			return cmd_usage(self, "%s", err);
	}
	if (a->opts.nfiles == 0)
		return cmd_usage(self, "no trace: say -r FILE, or -r - for "
		                       "standard input");
	if (a->rp->set.n == 0)
		return cmd_usage(self, "no binding: say NAME=FILTER, as in "
		                       "web='tcp port 80'");
	if (a->opts.policy != REPLAY_EXCLUSIVE)
		for (k = 0; k < a->rp->set.n; k++)
			if (a->rp->set.v[k].fragments)
				return cmd_usage(self,
				    "%s: fragments follow under --policy "
				    "exclusive only",
				    a->rp->set.v[k].name);
	return replay_out_check(a->rp);
}

/* Read the arguments and, where they say what to do, do it. */
static int parse(const struct cmd *self, struct args *a, int argc)
{
	int c, ret;

	while ((c = getopt_long(argc, a->argv, ":r:f:o:Oqh", options, NULL)) !=
	       -1) {
		if (c == 'h')
			return cmd_help(self);
		ret = take(self, a, c);
		if (ret != 0)
			return ret;
	}
	cmd_keep(a->opts.json);
	ret = take_arguments(self, a, argc);
	if (ret != 0)
		return cmd_fail(a->opts.json, "exopf.replay/1", ret);
	return replay_run(a->rp);
}

static int replay(const struct cmd *self, int argc, char **argv, bool only_maps)
{
	struct args a = { .argv = argv,
		.opts.maps = only_maps,
		.opts.only_maps = only_maps };
	int ret = CMD_FAULT;

	a.rp = calloc(1, sizeof(*a.rp));
	a.opts.files = calloc((size_t)argc, sizeof(*a.opts.files));
	a.opts.lists = calloc((size_t)argc, sizeof(*a.opts.lists));
	a.opts.grants = calloc((size_t)argc, sizeof(*a.opts.grants));
	if (a.rp == NULL || a.opts.files == NULL || a.opts.lists == NULL ||
	    a.opts.grants == NULL) {
		cmd_say("out of memory");
	} else {
		a.rp->opts = &a.opts;
		ret = parse(self, &a, argc);
		replay_free(a.rp);
	}
	free(a.rp);
	free(a.opts.files);
	free(a.opts.lists);
	free(a.opts.grants);
	return ret;
}

static int run(const struct cmd *self, int argc, char **argv)
{
	return replay(self, argc, argv, false);
}

/* `exopf map dump`: the first argument is the verb. */
static int run_map(const struct cmd *self, int argc, char **argv)
{
	if (argc > 1 &&
	    (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
		return cmd_help(self);
	if (argc < 2 || strcmp(argv[1], "dump") != 0)
		return cmd_usage(self, "say what: dump");
	return replay(self, argc - 1, argv + 1, true);
}

const struct cmd cmd_map = {
	.name = "map",
	.summary = "what is in the maps of filters after a trace",
	.help = map_help,
	.run = run_map,
};

const struct cmd cmd_replay = {
	.name = "replay",
	.summary = "one pass over traces through many filters",
	.help = help,
	.run = run,
};
