/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program, judged by our verifier and by Linux's, and how long each took.
 */
#ifndef TESTS_BENCH_VERIFY_TIME_H
#define TESTS_BENCH_VERIFY_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/verifier.h"

/** Ours, once, from raw bytes to a vf_prog that is freed again, with the
 * limits of the tool. Returns us, or less than 0: refused; *why says so. */
double vt_ours(
    const struct vf_input *in, struct vf_facts *facts, struct exo_report *why);

/** The same in time of this process: what others take of the machine meanwhile
 * does not count. */
double vt_ours_cpu(
    const struct vf_input *in, struct vf_facts *facts, struct exo_report *why);

/** Find out what loading anything at all costs. False: bpf(2) is refused;
 * errno says why. */
bool vt_linux_begin(void);

/** What Linux makes of a program. */
struct vt_linux {
	double us;         /* its verification; less than 0: refused */
	uint64_t explored; /* "processed ... insns", accepted or not */
	int error;         /* errno of a refusal */
};

/** A program as Linux takes it: maps by descriptor. */
struct vt_loaded;

/** Prepare a program; NULL: Linux has not such maps. */
struct vt_loaded *vt_linux_open(const struct vf_input *in);
void vt_linux_close(struct vt_loaded *l);

/** Load it `rounds` times, calling between(arg) before each; stops at the
 * first refusal. Of its times the best: what Linux reports itself where that
 * is above zero, else the system call less that of a program of two
 * instructions, 0.1 us at least. */
struct vt_linux vt_linux(const struct vt_loaded *l, int rounds,
    bool (*between)(void *arg), void *arg);

#endif
