/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many filters in one pass, against one, and against a copy by tcpdump.
 *
 * One generated trace is read from the page cache by all, in turn, ROUNDS
 * times: filters that only count, 1 to 10,000, each of one flow; a copy by
 * `tcpdump -r -w`; and the same filters with a file written for each. Then
 * LOAD filters are loaded for a trace of 100 packets, and their expressions
 * compiled by libpcap alone.
 *
 * Ratios are medians of those of each round, to one filter (count) or to the
 * copy (write), with the lowest and the highest. A load's own seconds are those
 * of the processor, without libpcap's: the tool has it work at the same time on
 * another processor. Outputs get a new directory each round and go at the very
 * end: ext4 takes long to make files where some were removed a minute ago. What
 * a run wrote is on the disk before the next begins.
 *
 * BENCH_PACKETS, BENCH_ROUNDS, BENCH_LOAD: other numbers than 2,000,000, 5 and
 * 100,000. TMPDIR: where all this is; ROUNDS times three traces need room.
 */
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 99
#define PATH_ROOM  512
#define FLOWS      10000

struct cost {
	double wall, cpu; /* seconds */
	double rss;       /* the most that it had in memory, MB */
};

enum what {
	COUNT,
	COPY,
	WRITE,
	LOAD,
	LIBPCAP
};

/* What is measured, and what it is compared with. */
static struct row {
	enum what what;
	const char *name;
	unsigned filters;
	int base;      /* another row, or -1 */
	double target; /* of the ratio, or of a load's seconds; 0: none */
} rows[] = {
	{ COUNT, "count", 1, -1, 0 },
	{ COUNT, "count", 100, 0, 2.0 },
	{ COUNT, "count", 1000, 0, 0 },
	{ COUNT, "count", FLOWS, 0, 0 },
	{ COPY, "copy", 0, -1, 0 },
	{ WRITE, "write", 1000, 4, 1.5 },
	{ WRITE, "write", FLOWS, 4, 1.5 },
	{ LIBPCAP, "libpcap", 0, -1, 0 },
	{ LOAD, "load", 0, 7, 5.0 },
};

#define ROWS     (sizeof(rows) / sizeof(rows[0]))
#define HUNDRED  1
#define A_1000   5
#define TEN_1000 6
#define ALONE    7
#define LOADED   8

static struct cost costs[ROWS][ROUNDS_MAX];
static char dir[PATH_ROOM];
static const char *exopf, *build;
static unsigned rounds, load;

static _Noreturn void give_up(const char *what, const char *which)
{
	fprintf(
	    stderr, "bench_many: %s: %s: %s\n", which, what, strerror(errno));
	exit(2);
}

static const char *setting(const char *name, const char *fallback)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? v : fallback;
}

/* A path below dir; four are kept. */
static __attribute__((format(printf, 1, 2))) char *at(const char *fmt, ...)
{
	static char path[4][PATH_ROOM * 2];
	static unsigned k;
	char *p = path[k++ % 4];
	int n = snprintf(p, PATH_ROOM, "%s/", dir);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p + n, PATH_ROOM, fmt, ap);
	va_end(ap);
	return p;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* --- what is run ------------------------------------------------------------ */

/* Wait for a child that was started at a time. */
static struct cost wait_for(pid_t child, double start, const char *what)
{
	struct rusage use;
	struct cost c;
	int status = 0;

	if (child < 0 || wait4(child, &status, 0, &use) != child)
		give_up("cannot be run", what);
	c.wall = now() - start;
	c.cpu = seconds(use.ru_utime) + seconds(use.ru_stime);
	c.rss = (double)use.ru_maxrss / 1024;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		errno = ECHILD;
		give_up("failed", what);
	}
	return c;
}

/* Run a command; its output goes to a file. */
static struct cost run(const char *to, const char *const argv[])
{
	double start = now();
	pid_t child = fork();
	char **args;
	int fd;

	if (child != 0)
		return wait_for(child, start, argv[0]);
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) < 0)
		_exit(126);
	memcpy(&args, &argv, sizeof(args));
	execvp(args[0], args);
	_exit(127);
}

/* Compile all expressions of a list of bindings by libpcap. */
static int compile_all(const char *list)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 262144);
	FILE *f = fopen(list, "r");
	struct bpf_program prog;
	char line[1024], *expr;

	if (p == NULL || f == NULL)
		return 1;
	while (fgets(line, sizeof(line), f) != NULL) {
		expr = strchr(line, '=');
		if (expr == NULL || pcap_compile(p, &prog, expr + 1, 1, 0) != 0)
			return 1;
		pcap_freecode(&prog);
	}
	fclose(f);
	pcap_close(p);
	return 0;
}

static struct cost run_libpcap(const char *list)
{
	double start = now();
	pid_t child = fork();

	if (child == 0)
		_exit(compile_all(list));
	return wait_for(child, start, "libpcap");
}

static struct cost replay(const char *trace, const char *list, const char *out)
{
	const char *argv[] = { exopf, "replay", "-q", "-r", trace, "-f", list,
		"-o", out, NULL };

	if (out == NULL)
		argv[7] = NULL;
	return run("/dev/null", argv);
}

static struct cost measure(const struct row *r, unsigned round)
{
	const char *copy[] = { "tcpdump", "-r", at("t.pcap"), "-w",
		at("copy%u.pcap", round), NULL };

	sync();
	switch (r->what) {
	case COUNT:
		return replay(at("t.pcap"), at("b%u", r->filters), NULL);
	case COPY:
		return run("/dev/null", copy);
	case WRITE:
		return replay(at("t.pcap"), at("b%u", r->filters),
		    at("w%u.%u/{name}.pcap", r->filters, round));
	case LOAD:
		return replay(at("few.pcap"), at("b%u", r->filters), NULL);
	case LIBPCAP:
		return run_libpcap(at("b%u", r->filters));
	}
	return (struct cost){ 0 };
}

/* --- what they read --------------------------------------------------------- */

static void make_trace(const char *name, const char *packets)
{
	char tool[PATH_ROOM];
	const char *argv[] = { tool, "-n", packets, "-f", "10000", "-d", "zipf",
		"-s", "1", "-l", "imix", "-o", at("%s", name), NULL };

	snprintf(tool, sizeof(tool), "%s/mktrace", build);
	(void)run("/dev/null", argv);
}

/* The n most popular of so many flows, as a list of bindings. */
static void make_list(unsigned n, unsigned flows)
{
	char tool[PATH_ROOM], text[2][16], line[1024];
	const char *argv[] = { tool, "-f", text[0], "-d", "zipf", "-s", "1",
		"--list-flows", text[1], NULL };
	FILE *in, *out;
	unsigned i = 0;

	snprintf(tool, sizeof(tool), "%s/mktrace", build);
	snprintf(text[0], sizeof(text[0]), "%u", flows);
	snprintf(text[1], sizeof(text[1]), "%u", n);
	(void)run(at("flows"), argv);
	in = fopen(at("flows"), "r");
	out = fopen(at("b%u", n), "w");
	if (in == NULL || out == NULL)
		give_up("cannot be opened", dir);
	while (fgets(line, sizeof(line), in) != NULL)
		fprintf(out, "f%u=%s", ++i, line);
	fclose(in);
	if (fclose(out) != 0 || i != n)
		give_up("the list of flows is short", dir);
}

static void prepare(void)
{
	const char *warm[] = { "cat", at("t.pcap"), NULL };

	make_trace("t.pcap", setting("BENCH_PACKETS", "2000000"));
	make_trace("few.pcap", "100");
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].what == LOAD || rows[i].what == LIBPCAP)
			rows[i].filters = load;
		if (rows[i].filters != 0)
			make_list(rows[i].filters,
			    load == rows[i].filters ? load : FLOWS);
	}
	(void)run("/dev/null", warm);
}

/* --- what comes out --------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

enum number {
	WALL,
	CPU,
	RATIO, /* of the wall's */
	OWN,   /* seconds of the processor that the base does not account for */
};

/* The numbers of all rounds, sorted; v[rounds / 2] is the median. */
static void sorted(const struct row *r, enum number what, double v[ROUNDS_MAX])
{
	for (unsigned k = 0; k < rounds; k++) {
		const struct cost *c = &costs[r - rows][k], *base = c;

		if (r->base >= 0)
			base = &costs[r->base][k];
		v[k] = what == WALL    ? c->wall
		       : what == CPU   ? c->cpu
		       : what == RATIO ? c->wall / base->wall
		                       : c->cpu - base->cpu;
	}
	qsort(v, rounds, sizeof(v[0]), by_value);
}

static double median(const struct row *r, enum number what)
{
	double v[ROUNDS_MAX];

	sorted(r, what, v);
	return v[rounds / 2];
}

static void show(const struct row *r)
{
	enum number what = r->what == LOAD ? OWN : RATIO;
	double v[ROUNDS_MAX], rss = 0;

	for (unsigned k = 0; k < rounds; k++)
		if (costs[r - rows][k].rss > rss)
			rss = costs[r - rows][k].rss;
	printf("many,%s,%u,%.3f,%.3f,%.0f,", r->name, r->filters,
	    median(r, WALL), median(r, CPU), rss);
	sorted(r, what, v);
	if (r->base < 0)
		printf(",,,,\n");
	else
		printf("%.2f,%.2f,%.2f,%s,%s\n", v[rounds / 2], v[0],
		    v[rounds - 1],
		    r->what == LOAD    ? "own_s"
		    : r->what == COUNT ? "of_one"
		                       : "of_copy",
		    r->target == 0               ? ""
		    : v[rounds / 2] <= r->target ? "met"
		                                 : "MISSED");
}

static void missed(const struct row *r)
{
	double v = median(r, r->what == LOAD ? OWN : RATIO);

	if (r->target != 0 && v > r->target)
		printf("# missed: %s of %u filters: %.2f, and at most %.2f was "
		       "wanted\n",
		    r->name, r->filters, v, r->target);
}

static void clean(void)
{
	const char *argv[] = { "rm", "-rf", dir, NULL };

	(void)run("/dev/null", argv);
}

int main(void)
{
	int n = snprintf(dir, sizeof(dir), "%s/exopf-bench.XXXXXX",
	    setting("TMPDIR", "/tmp"));

	build = setting("BUILD", "build");
	exopf = setting("EXOPF", "build/exopf");
	rounds = (unsigned)strtoul(setting("BENCH_ROUNDS", "5"), NULL, 10);
	load = (unsigned)strtoul(setting("BENCH_LOAD", "100000"), NULL, 10);
	if (rounds == 0 || rounds > ROUNDS_MAX || load == 0 ||
	    n >= (int)sizeof(dir) || mkdtemp(dir) == NULL)
		give_up("cannot be made", dir);
	atexit(clean);
	prepare();
	for (unsigned k = 0; k < rounds; k++)
		for (size_t i = 0; i < ROWS; i++)
			costs[i][k] = measure(&rows[i], k);
	printf("bench,what,filters,wall_s,cpu_s,rss_mb,value,lowest,highest,"
	       "unit,target\n");
	for (size_t i = 0; i < ROWS; i++)
		show(&rows[i]);
	for (size_t i = 0; i < ROWS; i++)
		missed(&rows[i]);
	printf("summary: hundred_vs_one=%.2f written_1000_vs_copy=%.2f "
	       "written_10000_vs_copy=%.2f load_%u_s=%.2f libpcap_s=%.2f\n",
	    median(&rows[HUNDRED], RATIO), median(&rows[A_1000], RATIO),
	    median(&rows[TEN_1000], RATIO), load, median(&rows[LOADED], OWN),
	    median(&rows[ALONE], CPU));
	return 0;
}
