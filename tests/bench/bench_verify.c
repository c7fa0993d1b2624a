/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verification: our verifier against Linux's, on the same programs.
 *
 * The programs are those of Linux's own verifier tests that both accept, from
 * $EXOPF_VECTORS; they are harmless to the running kernel. Ours is the time
 * from raw bytes to a vf_prog that is freed again, the best of ROUNDS. Linux's
 * is what it reports itself (log level BPF_LOG_STATS) where that is above
 * zero, else the best time of the system call less that of a program of two
 * instructions, with 0.1 us at least. Both take turns.
 *
 * Rows: id, instructions, ours in us, Linux's in us, ratio, instructions
 * explored by us and by Linux, our peak memory in KiB, name.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "exo/hosted/batch_in.h"
#include "exo/hosted/batch_line.h"
#include "verifier/verifier.h"

#define ROUNDS    7
#define LOG_SIZE  65536
#define LOG_STATS 4u
#define VECTORS   "linux-6.1-verifier.jsonl.xz"

struct row {
	double ours, theirs; /* us */
	uint64_t peak;
};

static struct row *rows;
static size_t nrows, rooms;
static char log_text[LOG_SIZE];
static double load_floor; /* us: a program of two instructions */

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void *get(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

/* Ours, once. Returns us, or less than 0 when it is refused. */
static double ours(const struct cmd_batch_line *l, struct vf_facts *facts)
{
	const struct vf_input in = {
		.insns = l->insns,
		.ninsns = l->ninsns,
		.type = l->type,
		.maps = l->maps,
		.nmaps = l->nmaps,
	};
	const struct vf_limits limits = { 1000000, 64u << 20 };
	struct exo_mem mem = { .get = get, .put = put };
	struct exo_report report;
	struct vf_prog *prog;
	double t = now_us();

	if (vf_verify(&in, &limits, &mem, &prog, &report) != 0)
		return -1;
	*facts = *vf_prog_facts(prog);
	vf_prog_free(prog, &mem);
	return now_us() - t;
}

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int make_map(const struct exo_map_def *def)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = def->kind;
	attr.key_size = def->key_size;
	attr.value_size = def->value_size;
	attr.max_entries = def->max_entries;
	attr.map_flags = def->flags;
	return sys_bpf(BPF_MAP_CREATE, &attr);
}

static const uint32_t linux_type[] = {
	[EXO_PROG_XDP] = BPF_PROG_TYPE_XDP,
	[EXO_PROG_SOCKET] = BPF_PROG_TYPE_SOCKET_FILTER,
	[EXO_PROG_TC] = BPF_PROG_TYPE_SCHED_CLS,
};

/* Linux's, once. *said: the time that it reports; *explored: likewise. */
static double theirs(const struct exo_insn *insns, uint32_t n, uint32_t type,
    double *said, uint64_t *explored)
{
	union bpf_attr attr;
	const char *p;
	double t;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = linux_type[type];
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = n;
	attr.license = (uintptr_t) "GPL";
	attr.log_level = LOG_STATS;
	attr.log_buf = (uintptr_t)log_text;
	attr.log_size = sizeof(log_text);
	log_text[0] = '\0';
	t = now_us();
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	t = now_us() - t;
	if (fd < 0)
		return -1;
	close(fd);
	p = strstr(log_text, "verification time ");
	*said = p == NULL ? 0 : strtod(p + 18, NULL);
	p = strstr(log_text, "processed ");
	*explored = p == NULL ? 0 : strtoull(p + 10, NULL, 10);
	return t;
}

static void close_all(const int *fd, uint32_t n)
{
	while (n > 0)
		close(fd[--n]);
}

/* The program as Linux takes it: maps by descriptor. */
static struct exo_insn *with_maps(const struct cmd_batch_line *l, int *fd)
{
	struct exo_insn *insns = malloc(l->ninsns * sizeof(*insns));
	uint32_t i;

	if (insns == NULL)
		return NULL;
	memcpy(insns, l->insns, l->ninsns * sizeof(*insns));
	for (i = 0; i < l->nmaps; i++) {
		fd[i] = make_map(&l->maps[i]);
		if (fd[i] < 0) {
			close_all(fd, i);
			free(insns);
			return NULL;
		}
	}
	for (i = 0; i < l->ninsns; i++) {
		if (insns[i].code != (EXO_LD | EXO_IMM | EXO_DW))
			continue;
		if (exo_src(&insns[i]) != 0 &&
		    (uint32_t)insns[i].imm < l->nmaps)
			insns[i].imm = fd[insns[i].imm];
		i++;
	}
	return insns;
}

static void add(const struct row *r)
{
	if (nrows == rooms) {
		rooms = rooms == 0 ? 256 : rooms * 2;
		rows = realloc(rows, rooms * sizeof(*rows));
		if (rows == NULL)
			abort();
	}
	rows[nrows++] = *r;
}

static void measure(const struct cmd_batch_line *l)
{
	int fd[CMD_BATCH_MAPS], k;
	struct exo_insn *insns = with_maps(l, fd);
	struct row r = { 1e12, 1e12, 0 };
	double said_best = 1e12;
	struct vf_facts facts;
	uint64_t explored = 0;

	if (insns == NULL)
		return;
	for (k = 0; k < ROUNDS; k++) {
		double said, a = ours(l, &facts), b;

		if (a < 0)
			break; /* and the kernel does not get it */
		b = theirs(insns, l->ninsns, l->type, &said, &explored);
		if (b < 0)
			break;
		r.ours = fmin(r.ours, a);
		r.theirs = fmin(r.theirs, b);
		said_best = fmin(said_best, said);
	}
	if (k == ROUNDS) {
		r.theirs = said_best > 0 ? said_best
		                         : fmax(r.theirs - load_floor, 0.1);
		r.peak = facts.peak_mem;
		add(&r);
		printf("%" PRId64 ",%u,%.2f,%.2f,%.3f,%" PRIu64 ",%" PRIu64
		       ",%.1f,%.*s\n",
		    l->id, l->ninsns, r.ours, r.theirs, r.ours / r.theirs,
		    facts.explored, explored, (double)r.peak / 1024,
		    (int)l->name_len, l->name);
	}
	close_all(fd, l->nmaps);
	free(insns);
}

/* The cost of loading anything at all; false: the kernel refuses. */
static bool find_floor(void)
{
	static const struct exo_insn two[] = { { EXO_ALU64 | EXO_MOV, 0, 0, 0 },
		{ EXO_JMP | EXO_EXIT, 0, 0, 0 } };
	uint64_t explored;
	double said;
	int k;

	load_floor = 1e12;
	for (k = 0; k < 100; k++) {
		double t = theirs(two, 2, EXO_PROG_SOCKET, &said, &explored);

		if (t < 0)
			return false;
		load_floor = fmin(load_floor, t);
	}
	return true;
}

static int by_ours(const void *a, const void *b)
{
	double x = ((const struct row *)a)->ours;
	double y = ((const struct row *)b)->ours;

	return x < y ? -1 : x > y;
}

static int by_peak(const void *a, const void *b)
{
	uint64_t x = ((const struct row *)a)->peak;
	uint64_t y = ((const struct row *)b)->peak;

	return x < y ? -1 : x > y;
}

static void summary(void)
{
	double sum = 0, median, p90;
	size_t i;

	for (i = 0; i < nrows; i++)
		sum += log(rows[i].ours / rows[i].theirs);
	qsort(rows, nrows, sizeof(*rows), by_ours);
	median = rows[nrows / 2].ours;
	p90 = rows[nrows * 9 / 10].ours;
	qsort(rows, nrows, sizeof(*rows), by_peak);
	printf("summary: geomean_vs_linux=%.3f median_us=%.2f p90_us=%.2f "
	       "peak_kib=%.1f peak_p99_kib=%.1f programs=%zu\n",
	    exp(sum / (double)nrows), median, p90,
	    (double)rows[nrows / 2].peak / 1024,
	    (double)rows[nrows * 99 / 100].peak / 1024, nrows);
}

int main(void)
{
	const char *dir = getenv("EXOPF_VECTORS");
	static struct cmd_batch_line l;
	struct cmd_lines *in;
	const char *text;
	char path[4096];
	size_t len;

	if (dir == NULL) {
		puts("summary: skipped=EXOPF_VECTORS_is_not_set");
		return 0;
	}
	if (!find_floor()) {
		printf("summary: skipped=bpf(2)_is_refused:_errno_%d\n", errno);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, VECTORS);
	in = cmd_lines_open(path, NULL);
	if (in == NULL)
		return 2;
	puts("id,insns,ours_us,linux_us,ratio,explored,linux_explored,"
	     "peak_kib,name");
	while (cmd_lines_next(in, &text, &len) == CMD_LINE_WHOLE) {
		if (cmd_batch_line_read(&l, text, len))
			measure(&l);
		cmd_batch_line_free(&l);
	}
	cmd_lines_close(in);
	if (nrows == 0)
		return 1;
	summary();
	free(rows);
	return 0;
}
