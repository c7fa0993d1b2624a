/* SPDX-License-Identifier: BSD-2-Clause */
/* Timing our verifier and Linux's: see verify_time.h. */
#include "tests/bench/verify_time.h"
#include "tests/support/mem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#define LOG_SIZE  65536
#define LOG_STATS 4u

static char log_text[LOG_SIZE];
static double load_floor; /* us: a program of two instructions */

static double now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double ours(const struct vf_input *in, struct vf_facts *facts,
    struct exo_report *why, clockid_t clock)
{
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct exo_mem mem = mem_heap(NULL);
	struct vf_prog *prog;
	double t = now_us(clock);

	if (vf_verify(in, &limits, &mem, &prog, why) != 0)
		return -1;
	*facts = *vf_prog_facts(prog);
	vf_prog_free(prog, &mem);
	return now_us(clock) - t;
}

double vt_ours(
    const struct vf_input *in, struct vf_facts *facts, struct exo_report *why)
{
	return ours(in, facts, why, CLOCK_MONOTONIC);
}

double vt_ours_cpu(
    const struct vf_input *in, struct vf_facts *facts, struct exo_report *why)
{
	return ours(in, facts, why, CLOCK_PROCESS_CPUTIME_ID);
}

/*
 * Linux
 */

struct vt_loaded {
	struct exo_insn *insns;
	uint32_t ninsns, type, nmaps;
	int map[]; /* descriptors */
};

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

void vt_linux_close(struct vt_loaded *l)
{
	uint32_t i;

	for (i = 0; i < l->nmaps; i++)
		close(l->map[i]);
	free(l->insns);
	free(l);
}

static void name_maps(struct vt_loaded *l)
{
	uint32_t i;

	for (i = 0; i < l->ninsns; i++) {
		struct exo_insn *in = &l->insns[i];
		unsigned src = exo_src(in);

		if (in->code != (EXO_LD | EXO_IMM | EXO_DW))
			continue;
		if (src != EXO_LDDW_IMM && src != EXO_LDDW_FUNC &&
		    (uint32_t)in->imm < l->nmaps)
			in->imm = l->map[in->imm];
		i++;
	}
}

struct vt_loaded *vt_linux_open(const struct vf_input *in)
{
	struct vt_loaded *l =
	    calloc(1, sizeof(*l) + in->nmaps * sizeof(l->map[0]));

	if (l == NULL || in->type >= sizeof(linux_type) / sizeof(linux_type[0]))
		abort();
	l->insns = malloc(in->ninsns * sizeof(*l->insns));
	if (l->insns == NULL)
		abort();
	memcpy(l->insns, in->insns, in->ninsns * sizeof(*l->insns));
	l->ninsns = in->ninsns;
	l->type = in->type;
	for (; l->nmaps < in->nmaps; l->nmaps++) {
		l->map[l->nmaps] = make_map(&in->maps[l->nmaps]);
		if (l->map[l->nmaps] < 0) {
			vt_linux_close(l);
			return NULL;
		}
	}
	name_maps(l);
	return l;
}

/* Once. Returns us, less than 0: refused. *said: the time that it reports. */
static double load_once(
    const struct vt_loaded *l, double *said, uint64_t *explored)
{
	union bpf_attr attr;
	const char *p;
	double t;
	int fd, error;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = linux_type[l->type];
	attr.insns = (uintptr_t)l->insns;
	attr.insn_cnt = l->ninsns;
	attr.license = (uintptr_t) "GPL";
	attr.log_level = LOG_STATS;
	attr.log_buf = (uintptr_t)log_text;
	attr.log_size = sizeof(log_text);
	log_text[0] = '\0';
	t = now_us(CLOCK_MONOTONIC);
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	error = errno;
	t = now_us(CLOCK_MONOTONIC) - t;
	p = strstr(log_text, "verification time ");
	*said = p == NULL ? 0 : strtod(p + 18, NULL);
	p = strstr(log_text, "processed ");
	*explored = p == NULL ? 0 : strtoull(p + 10, NULL, 10);
	errno = error;
	if (fd < 0)
		return -1;
	close(fd);
	return t;
}

struct vt_linux vt_linux(const struct vt_loaded *l, int rounds,
    bool (*between)(void *arg), void *arg)
{
	struct vt_linux r = { .us = 1e15 };
	double said_best = 1e15;
	int k;

	for (k = 0; k < rounds; k++) {
		double said, t;

		if (!between(arg)) {
			r.us = -1; /* and the kernel does not get it */
			return r;
		}
		t = load_once(l, &said, &r.explored);
		if (t < 0) {
			r.us = -1;
			r.error = errno;
			return r;
		}
		r.us = fmin(r.us, t);
		said_best = fmin(said_best, said);
	}
	r.us = said_best > 0 ? said_best : fmax(r.us - load_floor, 0.1);
	return r;
}

bool vt_linux_begin(void)
{
	static struct exo_insn two[] = { { EXO_ALU64 | EXO_MOV, 0, 0, 0 },
		{ EXO_JMP | EXO_EXIT, 0, 0, 0 } };
	const struct vt_loaded l = {
		.insns = two, .ninsns = 2, .type = EXO_PROG_SOCKET
	};
	uint64_t explored;
	double said;
	int k;

	load_floor = 1e15;
	for (k = 0; k < 100; k++) {
		double t = load_once(&l, &said, &explored);

		if (t < 0)
			return false;
		load_floor = fmin(load_floor, t);
	}
	return true;
}
