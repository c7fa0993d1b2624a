/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf doctor`: what this build and this machine can do.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/doctor.h"
#include "exo/hosted/hex.h"
#include "exo/hosted/human.h"
#include "exo/hosted/json.h"
#include "exo/hosted/machine.h"
#include "exo/hosted/table.h"

#include "exo/hosted/trace.h"
#include "exo/plat/plat.h"
#include "filters/filters.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#define SCHEMA "exopf.doctor/1"

static const char help[] =
    "usage: exopf doctor [--json]\n"
    "\n"
    "Say what this build and this machine can do. Exit status: 0 all that the\n"
    "tool needs is there, 1 something is missing. What only exopf boot, tests\n"
    "and benchmarks need is listed, and missing there is no failure.\n"
    "\n"
    "  --json            as JSON, schema exopf.doctor/1\n"
    "  -h, --help        this text\n"
    "\n"
    "examples:\n"
    "  exopf doctor\n"
    "  exopf doctor --json\n";

struct finding *doctor_add(
    struct findings *all, const char *kind, const char *name, bool ok)
{
	struct finding *f = &all->v[all->n];

	if (all->n < FINDINGS_MAX - 1)
		all->n++;
	*f = (struct finding){ .kind = kind, .name = name, .ok = ok };
	return f;
}

static void look_at_build(struct findings *all)
{
	char buf[32];
	struct finding *f = doctor_add(all, "build", "exopf", true);

	snprintf(f->value, sizeof(f->value), "%s, %s", EXOPF_VERSION, COMPILER);
	f = doctor_add(all, "build", "engine", true);
	snprintf(f->value, sizeof(f->value),
	    "compiler for x86-64, defensive "
	    "interpreter");
	f = doctor_add(all, "build", "disassembler", true);
	snprintf(f->value, sizeof(f->value), "%s", cmd_machine_version(buf));
}

/*
 * Compile a small expression the whole way: libpcap is there and works, and
 * what it makes is what we understand.
 */
static void look_at_expressions(struct findings *all)
{
	struct flt_image img = { .bytes = NULL };
	struct flt_error err = { "" };
	bool ok = flt_expr_image("tcp port 80", CMD_LINKTYPE_DEFAULT, 0,
	              "doctor", &img, &err) == 0;
	struct finding *f = doctor_add(all, "tool", "tcpdump expressions", ok);

	snprintf(f->value, sizeof(f->value), "%.150s",
	    ok ? "libpcap compiles them" : err.text);
	flt_image_free(&img);
}

/* The header of an empty capture, as each of the four tools packs it. */
static const struct {
	const char *name;
	const char *hex;
} packed[] = {
	{ "gzip",
	    "1f8b0800000000000203bb7278d342260616060460616004f20021d94d3e1800"
	    "0000" },
	{ "zstd",
	    "28b52ffd2018a5000070d4c3b2a10200040004000100000001001be002" },
	{ "lz4",
	    "04224d186040821200000086d4c3b2a102000400010060040001000000000000"
	    "00" },
	{ "xz",
	    "fd377a585a000000ff12d9410200210116000000742fe5a3e0001700115d006a"
	    "30d1c87d8bf8099baf1fcc7903e5880000000000000125189afd19db06729e7a"
	    "010000000000595a" },
};

/* Read one of them, by the way that traces go. */
static bool unpacks(const char *hex, struct tr_error *err)
{
	uint8_t *bytes = NULL;
	size_t n = 0, where;
	struct tr_reader *r = NULL;
	struct tr_pkt pkt;
	bool ok;

	if (cmd_hex_parse(hex, strlen(hex), &bytes, &n, &where) == 0)
		r = tr_open_mem("a sample", bytes, n, NULL, err);
	ok = r != NULL && tr_batch(r, &pkt, 1, err) == 0;
	tr_close(r);
	free(bytes);
	return ok;
}

static void look_at_packing(struct findings *all)
{
	size_t i;

	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		struct tr_error err = { .msg = "" };
		bool ok = unpacks(packed[i].hex, &err);
		struct finding *f = doctor_add(all, "tool", packed[i].name, ok);

		snprintf(f->value, sizeof(f->value), "%.150s",
		    ok ? "packed traces are read" : err.msg);
	}
}

static void look_at_machine(struct findings *all)
{
	struct utsname u;
	struct finding *f;
	char mem[CMD_HUMAN];
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint8_t seed[16];

	f = doctor_add(all, "machine", "system", true);
	if (uname(&u) == 0)
		snprintf(f->value, sizeof(f->value), "%.40s %.60s %.40s",
		    u.sysname, u.release, u.machine);
	f = doctor_add(all, "machine", "processors", true);
	snprintf(
	    f->value, sizeof(f->value), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	f = doctor_add(all, "machine", "memory", true);
	snprintf(f->value, sizeof(f->value), "%s MB",
	    cmd_human_u64((uint64_t)pages * (uint64_t)page / 1000000, mem));
	f = doctor_add(
	    all, "tool", "random bytes", plat_random(seed, sizeof(seed)) == 0);
	snprintf(f->value, sizeof(f->value), "getrandom");
}

static void look_at_limit(
    struct findings *all, const char *name, int which, uint64_t want)
{
	struct finding *f;
	struct rlimit lim;
	char buf[CMD_HUMAN];

	if (getrlimit((__rlimit_resource_t)which, &lim) != 0)
		return;
	f = doctor_add(all, "limit", name, lim.rlim_cur >= want);
	if (lim.rlim_cur == RLIM_INFINITY)
		snprintf(f->value, sizeof(f->value), "unlimited");
	else
		snprintf(f->value, sizeof(f->value), "%s",
		    cmd_human_u64(lim.rlim_cur, buf));
}

bool doctor_in_path(const char *name, char *where, size_t size)
{
	const char *path = getenv("PATH");

	while (path != NULL && *path != '\0') {
		size_t n = strcspn(path, ":");

		snprintf(where, size, "%.*s/%s", (int)n, path, name);
		if (n != 0 && access(where, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/* What make test and make bench use, and the Debian package it is in. */
static void look_at_helpers(struct findings *all)
{
	static const struct {
		const char *program, *package;
	} v[] = {
		{ "make", "make" },
		{ "tcpdump", "tcpdump" },
		{ "tshark", "tshark" },
		{ "zstd", "zstd" },
		{ "lz4", "lz4" },
		{ "xz", "xz-utils" },
		{ "jq", "jq" },
		{ "python3", "python3" },
		{ "ip", "iproute2" },
		{ "unshare", "util-linux" },
		{ "clang-format-14", "clang-format-14" },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		char where[160];
		bool ok = doctor_in_path(v[i].program, where, sizeof(where));
		struct finding *f = doctor_add(all, "tests", v[i].program, ok);

		if (ok)
			memcpy(f->value, where, sizeof(f->value));
		else
			snprintf(f->value, sizeof(f->value),
			    "missing: apt-get install %s", v[i].package);
	}
}

static void print_json(const struct findings *all, bool healthy)
{
	struct cmd_json j;
	unsigned i;

	cmd_json_begin(&j, stdout);
	cmd_json_str(&j, "schema", SCHEMA);
	cmd_json_bool(&j, "healthy", healthy);
	cmd_json_array(&j, "findings");
	for (i = 0; i < all->n; i++) {
		cmd_json_object(&j, NULL);
		cmd_json_str(&j, "kind", all->v[i].kind);
		cmd_json_str(&j, "name", all->v[i].name);
		cmd_json_bool(&j, "ok", all->v[i].ok);
		cmd_json_str(&j, "value", all->v[i].value);
		cmd_json_end(&j);
	}
	cmd_json_end(&j);
	cmd_json_finish(&j);
}

static bool print_text(const struct findings *all)
{
	struct cmd_table t;
	unsigned i;
	bool ok;

	cmd_table_init(&t, "llll");
	cmd_table_cell(&t, "kind");
	cmd_table_cell(&t, "what");
	cmd_table_cell(&t, "ok");
	cmd_table_cell(&t, "found");
	for (i = 0; i < all->n; i++) {
		cmd_table_cell(&t, all->v[i].kind);
		cmd_table_cell(&t, all->v[i].name);
		cmd_table_cell(&t, all->v[i].ok ? "yes" : "no");
		cmd_table_cell(&t, all->v[i].value);
	}
	ok = cmd_table_print(&t, stdout, cmd_colour(stdout));
	cmd_table_free(&t);
	return ok;
}

static bool only_some_need(const char *kind)
{
	return strcmp(kind, "boot") == 0 || strcmp(kind, "tests") == 0;
}

static int examine(bool json)
{
	struct findings *all = calloc(1, sizeof(*all));
	bool healthy = true;
	unsigned i;

	if (all == NULL) {
		cmd_say("out of memory");
		return cmd_fail(json, SCHEMA, CMD_FAULT);
	}
	look_at_build(all);
	look_at_machine(all);
	doctor_code(all);
	look_at_expressions(all);
	look_at_packing(all);
	look_at_limit(all, "open files", RLIMIT_NOFILE, 256);
	look_at_limit(all, "address space", RLIMIT_AS, 256u << 20);
	look_at_limit(all, "file size", RLIMIT_FSIZE, 1u << 20);
	doctor_boot(all);
	look_at_helpers(all);
	for (i = 0; i < all->n; i++) {
		if (!all->v[i].ok && !only_some_need(all->v[i].kind))
			healthy = false;
	}
	if (json)
		print_json(all, healthy);
	else if (!print_text(all))
		cmd_say("out of memory");
	free(all);
	return healthy ? CMD_YES : CMD_NO;
}

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int run(const struct cmd *self, int argc, char **argv)
{
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (c == 'h')
			return cmd_help(self);
		if (c != 'j')
			return cmd_bad_option(self, c, argv);
		json = true;
	}
	cmd_keep(json);
	if (optind < argc)
		return cmd_fail(json, SCHEMA,
		    cmd_usage(self, "it takes no argument: %s", argv[optind]));
	return cmd_finish(examine(json));
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "say what this build and this machine can do",
	.help = help,
	.run = run,
};
