/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's librte_bpf behind a table of functions.
 *
 * It is a shared object of its own: DPDK and libpcap both have a function
 * bpf_validate(), and DPDK need not be there when bench_jit is built.
 */
#ifndef TESTS_BENCH_JIT_DPDK_SO_H
#define TESTS_BENCH_JIT_DPDK_SO_H

#include <stdint.h>

typedef uint64_t jd_fn(void *mbuf);

struct jd_api {
	/** A packet as DPDK has it; the bytes stay where they are. */
	void *(*mbuf)(const uint8_t *data, uint32_t len);
	/** From classic BPF to parameters, and to a program with its code; NULL:
	 * refused. */
	void *(*convert)(const void *classic, uint32_t n);
	void *(*load)(const void *param);
	void (*free_param)(void *param);
	void (*free_prog)(void *prog);
	/** The two parts of load() that take time, once more, after open_up().
	 * 0 or less. */
	void (*open_up)(void *prog);
	int (*validate)(void *prog);
	int (*jit)(void *prog);
	/** Its code; NULL: there is none. */
	jd_fn *(*code)(void *prog);
};

/** The name of the one symbol, a struct jd_api. */
#define JD_SYMBOL "jd_api"

#endif
