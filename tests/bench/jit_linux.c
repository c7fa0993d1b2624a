/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's own JIT: the same programs through BPF_PROG_TEST_RUN.
 *
 * The figure is the body alone: n runs less as many of an empty program of the
 * same type on the same packet. Socket programs are timed from the outside,
 * since what the kernel reports is whole nanoseconds; XDP programs by what it
 * reports, since before such a run it waits for milliseconds. C's figure has
 * its call in it.
 *
 * A socket program is shown its packet behind an Ethernet header, so it gets
 * one more. Only programs that our verifier has accepted go to the kernel.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bench/jit_engine.h"
#include "tests/bench/jit_load.h"

#define HEADER    14u
#define FRAME_MAX 3072u

struct linux_row {
	int fd, empty; /* programs */
	int map;       /* or -1 */
	uint32_t header;
};

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(uint32_t type, const struct exo_insn *insns, uint32_t n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type == EXO_PROG_XDP  ? BPF_PROG_TYPE_XDP
	                 : type == EXO_PROG_TC ? BPF_PROG_TYPE_SCHED_CLS
	                                       : BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = n;
	attr.license = (uintptr_t) "GPL";
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static void put_in(void *arg, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t) * (int *)arg;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	if (sys_bpf(BPF_MAP_UPDATE_ELEM, &attr) != 0)
		jb_die("Linux's map: errno %d", errno);
}

static int make_map(const struct exo_map_def *def)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = def->kind;
	attr.key_size = def->key_size;
	attr.value_size = def->value_size;
	attr.max_entries = def->max_entries;
	fd = sys_bpf(BPF_MAP_CREATE, &attr);
	if (fd >= 0)
		jb_map_fill(put_in, &fd);
	return fd;
}

/* The program with a descriptor where it names its map. */
static int load_row(const struct jb_row *row, int map)
{
	struct exo_insn *insns = jb_get(row->ninsns * sizeof(*insns));
	uint32_t i;

	memcpy(insns, row->insns, row->ninsns * sizeof(*insns));
	for (i = 0; i < row->ninsns; i++) {
		if (insns[i].code != (EXO_LD | EXO_IMM | EXO_DW))
			continue;
		if (exo_src(&insns[i]) == EXO_LDDW_MAP)
			insns[i].imm = map;
		i++;
	}
	return load(row->type, insns, row->ninsns);
}

/* Run; returns ns of all runs, less than 0: it failed. */
static double run(const struct linux_row *l, int fd, const struct jb_pkt *p,
    uint32_t repeat, uint32_t *result)
{
	static uint8_t frame[HEADER + FRAME_MAX], out[HEADER + FRAME_MAX];
	union bpf_attr attr;
	double t;

	if (p->caplen > FRAME_MAX || p->caplen + l->header < HEADER)
		return -1;
	memcpy(frame + l->header, p->data, p->caplen);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)frame;
	attr.test.data_size_in = l->header + (uint32_t)p->caplen;
	attr.test.data_out = (uintptr_t)out;
	attr.test.data_size_out = sizeof(out);
	attr.test.repeat = repeat;
	t = jb_now_ns();
	if (sys_bpf(BPF_PROG_TEST_RUN, &attr) != 0)
		return -1;
	t = jb_now_ns() - t;
	*result = attr.test.retval;
	return l->header != 0 ? t : (double)attr.test.duration * repeat;
}

static void *linux_open(struct jb_row *row, char why[JB_WHY])
{
	static const struct exo_insn nothing[] = {
		{ EXO_ALU64 | EXO_MOV, 0, 0, 0 },
		{ EXO_JMP | EXO_EXIT, 0, 0, 0 },
	};
	struct linux_row *l = jb_get(sizeof(*l));
	uint32_t result;

	vf_prog_free(jb_verify(row), &jb_mem);
	l->map = row->nmaps != 0 ? make_map(row->maps) : -1;
	l->header = row->type == EXO_PROG_SOCKET ? HEADER : 0;
	l->fd = load_row(row, l->map);
	if (l->fd < 0) {
		snprintf(why, JB_WHY, "not loaded: errno %d", errno);
		return NULL;
	}
	l->empty = load(row->type, nothing, 2);
	if (l->empty < 0 ||
	    run(l, l->fd, &row->sets[0].pkts[0], 1, &result) < 0) {
		snprintf(why, JB_WHY, "not run: errno %d", errno);
		return NULL;
	}
	return l;
}

/* A packet that cannot be put before it gets no answer: UINT64_MAX. */
static uint64_t linux_one(void *state, const struct jb_pkt *p)
{
	const struct linux_row *l = state;
	uint32_t result;

	return run(l, l->fd, p, 1, &result) < 0 ? UINT64_MAX : result;
}

static double linux_time(
    void *state, const struct jb_set *set, uint32_t start, uint32_t n)
{
	const struct linux_row *l = state;
	const struct jb_pkt *p = &set->pkts[set->order[start & (JB_ORDER - 1)]];
	uint32_t result;
	double with = run(l, l->fd, p, n, &result);
	double without = run(l, l->empty, p, n, &result);

	jb_sum += result;
	return with - without;
}

const struct jb_engine jb_linux = {
	.name = "Linux JIT, body",
	.match_only = true,
	.open = linux_open,
	.one = linux_one,
	.time = linux_time,
};

/*
 * What loading costs
 */

double jl_linux_load(uint32_t type, const struct exo_insn *insns, uint32_t n)
{
	double t = jb_now_ns();
	int fd = load(type, insns, n);

	t = jb_now_ns() - t;
	if (fd < 0)
		return -1;
	close(fd);
	return t;
}

double jl_linux_attach(const struct flt_cbpf *classic, uint32_t n)
{
	struct sock_fprog prog = { .len = (unsigned short)n };
	static int sock = -1;
	double t;
	int ret;

	if (sock < 0)
		sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	memcpy(&prog.filter, &classic, sizeof(classic)); /* it is only read */
	t = jb_now_ns();
	ret =
	    setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	t = jb_now_ns() - t;
	return ret == 0 ? t : -1;
}
