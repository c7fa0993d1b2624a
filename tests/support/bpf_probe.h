/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether Linux can be asked here, by bpf(2).
 */
#ifndef TESTS_SUPPORT_BPF_PROBE_H
#define TESTS_SUPPORT_BPF_PROBE_H

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/** Let this process have one processor and a network of its own, as runs of
 * programs want it. NULL, or why Linux cannot be asked. */
static inline const char *bpf_probe(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	cpu_set_t one;
	int fd;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	fd = bpf_prog_load(
	    BPF_PROG_TYPE_SCHED_CLS, "nothing", "GPL", nothing, 2, NULL);
	if (fd < 0)
		return strerror(errno);
	(void)close(fd);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		return "this process cannot stay on processor 0";
	if (unshare(CLONE_NEWNET) != 0)
		return "there is no network namespace for it";
	return NULL;
}

#endif
