/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runs the programs of bench_jit's rows.
 *
 * An engine prepares a program once and then gives results, for one packet or
 * in a loop that is timed. Loops call through a pointer that they read each
 * time, so that no compiler merges what it calls with the loop.
 */
#ifndef TESTS_BENCH_JIT_ENGINE_H
#define TESTS_BENCH_JIT_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/jit_row.h"

#define JB_WHY 96u

struct jb_engine {
	const char *name;
	bool ours;       /* it has to have every row that it does not skip */
	bool match_only; /* it cannot run several packets in turn */
	/** Prepare. NULL: it cannot; why says so, in one word or several. */
	void *(*open)(struct jb_row *row, char why[JB_WHY]);
	uint64_t (*one)(void *state, const struct jb_pkt *p);
	/** Run n packets of a set from a place in its order on; returns ns of
	 * all of them together. */
	double (*time)(
	    void *state, const struct jb_set *set, uint32_t start, uint32_t n);
};

extern const struct jb_engine jb_c, jb_libpcap, jb_interp, jb_jit, jb_blind,
    jb_fence, jb_dpdk, jb_linux;

double jb_now_ns(void);

/** The sum of all results: what the loops compute ends somewhere. */
extern uint64_t jb_sum;

/** Instructions that a run takes, by our interpreter and by libpcap. */
uint64_t jb_interp_steps(void *state, const struct jb_pkt *p);
uint64_t jb_classic_steps(const struct jb_row *row, const struct jb_pkt *p);

/** The verified program of a row; ends the process when it is refused. */
struct vf_prog *jb_verify(const struct jb_row *row);

/** What compiled code finds its map and its helper by; NULL: has no maps. */
const struct jit_env *jb_env(const struct jb_row *row);

/** An allocator for the parts of the product. */
extern struct exo_mem jb_mem;

#endif
