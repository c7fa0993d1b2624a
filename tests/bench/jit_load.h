/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What compilation costs, with us and with others.
 */
#ifndef TESTS_BENCH_JIT_LOAD_H
#define TESTS_BENCH_JIT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/jit_row.h"

/** What of it goes into the summary. Less than 0: there is no such figure. */
struct jl_sum {
	double us_20; /* ours, of a filter of 20 classic instructions */
	double ms_1000, ms_10000; /* lists of so many hosts, text to code */
	double by_dpdk;           /* ratio to DPDK's JIT alone */
	double by_linux;          /* ratio to Linux's verifier with its JIT */
	double by_attach; /* ratio to Linux's classic way, SO_ATTACH_FILTER */
	double linear;    /* the most that an instruction costs, of thousands of
			  them, by what it costs with 100 */
};

/** Compile some of the rows, the filter of 20 instructions first, by all; then
 * longer programs, by us and Linux. Prints. False: we compile one not. */
bool jl_load(const struct jb_row *rows, uint32_t n, struct jl_sum *sum);

/** Once, in ns; less than 0: refused. The first does BPF_PROG_LOAD. */
double jl_linux_load(uint32_t type, const struct exo_insn *insns, uint32_t n);
double jl_linux_attach(const struct flt_cbpf *classic, uint32_t n);

/** DPDK's parts; false: it is not here, or would not take it. */
struct jl_dpdk {
	double convert, load, validate, jit; /* ns; load is the last two too */
};
bool jl_dpdk(const struct flt_cbpf *classic, uint32_t n, struct jl_dpdk *t);

#endif
