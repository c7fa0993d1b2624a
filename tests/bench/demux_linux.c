/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's hash map, asked by an XDP program through BPF_PROG_TEST_RUN.
 *
 * A test run gives the same packet again and again, which would find one flow
 * only. So the map's keys are made of a number below n, and the program, after
 * it has parsed the packet as the yardstick does, takes a number of chance and
 * asks for its key. What a program takes that only makes such keys is taken
 * off. The kernel reports whole nanoseconds a run.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bench/demux_parts.h"

#define REPEAT    200000u
#define DST_TIMES 0x61c88647
#define INSNS     64u

struct linux_map {
	int map, with, without;
};

struct key {
	uint32_t src, dst, ports, proto;
};

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static struct bpf_insn op(
    uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	return (struct bpf_insn){ .code = code,
		.dst_reg = dst & 15u,
		.src_reg = src & 15u,
		.off = off,
		.imm = imm };
}

/* Leave with 0 unless the packet is what the yardstick takes: from instruction
 * k on; `out` is where it leaves to. */
static uint32_t parsing(struct bpf_insn *v, uint32_t k, uint32_t out)
{
#define TO(at) (int16_t)(out - (at)-1)
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0); /* data_end */
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0); /* data */
	v[k++] = op(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0);
	v[k++] = op(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, 38);
	v[k] = op(BPF_JMP | BPF_JGT | BPF_X, 4, 3, TO(k), 0);
	k++;
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_H, 4, 2, 12, 0);
	v[k] = op(BPF_JMP | BPF_JNE | BPF_K, 4, 0, TO(k), 0x0008);
	k++;
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_B, 4, 2, 14, 0);
	v[k] = op(BPF_JMP | BPF_JNE | BPF_K, 4, 0, TO(k), 0x45);
	k++;
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_H, 4, 2, 20, 0);
	v[k] = op(BPF_JMP | BPF_JSET | BPF_K, 4, 0, TO(k), 0xff3f);
	k++;
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_B, 4, 2, 23, 0);
	v[k++] = op(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 1, 6);
	v[k] = op(BPF_JMP | BPF_JNE | BPF_K, 4, 0, TO(k), 17);
	k++;
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_W, 5, 2, 26, 0);
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_W, 5, 2, 30, 0);
	v[k++] = op(BPF_LDX | BPF_MEM | BPF_W, 5, 2, 34, 0);
#undef TO
	return k;
}

/* A key of chance at r10 - 16. */
static uint32_t choosing(struct bpf_insn *v, uint32_t k, uint32_t n)
{
	v[k++] = op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32);
	v[k++] = op(BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, (int32_t)n);
	v[k++] = op(BPF_ALU64 | BPF_RSH | BPF_K, 0, 0, 0, 32);
	v[k++] = op(BPF_STX | BPF_MEM | BPF_W, 10, 0, -16, 0);
	v[k++] = op(BPF_ALU | BPF_MUL | BPF_K, 0, 0, 0, DST_TIMES);
	v[k++] = op(BPF_STX | BPF_MEM | BPF_W, 10, 0, -12, 0);
	v[k++] = op(BPF_STX | BPF_MEM | BPF_W, 10, 0, -8, 0);
	v[k++] = op(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 6);
	return k;
}

static int load(int map, uint32_t n, bool whole)
{
	struct bpf_insn v[INSNS];
	union bpf_attr attr;
	uint32_t k = 0;

	if (whole) { /* the result for what is no such packet: 0 */
		v[k++] = op(BPF_JMP | BPF_JA, 0, 0, 2, 0);
		v[k++] = op(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
		v[k++] = op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		k = parsing(v, k, 1);
	}
	k = choosing(v, k, n);
	if (whole) {
		v[k++] =
		    op(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map);
		v[k++] = op(0, 0, 0, 0, 0);
		v[k++] = op(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
		v[k++] = op(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -16);
		v[k++] =
		    op(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
		v[k++] = op(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0);
		v[k++] = op(BPF_LDX | BPF_MEM | BPF_W, 0, 0, 0, 0);
		v[k++] = op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	v[k++] = op(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
	v[k++] = op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)v;
	attr.insn_cnt = k;
	attr.license = (uintptr_t) "GPL";
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static int make_map(uint32_t n)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = sizeof(struct key);
	attr.value_size = 4;
	attr.max_entries = n;
	fd = sys_bpf(BPF_MAP_CREATE, &attr);
	for (uint32_t i = 0; fd >= 0 && i < n; i++) {
		uint32_t dst = i * (uint32_t)DST_TIMES, value = 2;
		struct key key = { i, dst, dst, 6 };

		memset(&attr, 0, sizeof(attr));
		attr.map_fd = (uint32_t)fd;
		attr.key = (uintptr_t)&key;
		attr.value = (uintptr_t)&value;
		if (sys_bpf(BPF_MAP_UPDATE_ELEM, &attr) != 0) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

static void linux_close(void *state)
{
	struct linux_map *l = state;

	close(l->map);
	close(l->with);
	close(l->without);
	free(l);
}

static void *linux_open(const struct dx_flow *f, uint32_t n, char why[DX_WHY])
{
	struct linux_map *l = dx_get(sizeof(*l));

	(void)f;
	l->map = make_map(n);
	l->with = l->map >= 0 ? load(l->map, n, true) : -1;
	l->without = l->with >= 0 ? load(l->map, n, false) : -1;
	if (l->without >= 0)
		return l;
	snprintf(why, DX_WHY, "bpf(2) is refused here: %s", strerror(errno));
	linux_close(l);
	return NULL;
}

static double run(int fd, const struct sp_packet *p, uint32_t want)
{
	static uint8_t out[4096];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)p->data;
	attr.test.data_size_in = p->caplen;
	attr.test.data_out = (uintptr_t)out;
	attr.test.data_size_out = sizeof(out);
	attr.test.repeat = REPEAT;
	if (sys_bpf(BPF_PROG_TEST_RUN, &attr) != 0)
		dx_die("a test run is refused: %s", strerror(errno));
	if (attr.test.retval != want)
		dx_die("Linux finds %u", attr.test.retval);
	return attr.test.duration;
}

static double linux_time(void *state, const struct dx_packets *p)
{
	const struct linux_map *l = state;

	return run(l->with, &p->p[0], 2) - run(l->without, &p->p[0], 1);
}

const struct dx_engine dx_linux = {
	.name = "Linux XDP hash",
	.open = linux_open,
	.close = linux_close,
	.time = linux_time,
};
