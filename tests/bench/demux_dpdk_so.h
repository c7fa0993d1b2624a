/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's rte_hash and rte_acl behind a table of functions, in a shared object
 * of its own: DPDK need not be there when bench_demux is built.
 */
#ifndef TESTS_BENCH_DEMUX_DPDK_SO_H
#define TESTS_BENCH_DEMUX_DPDK_SO_H

#include "tests/bench/demux_parts.h"

struct dd_api {
	/** Set DPDK up, once. 0 or less. */
	int (*init)(void);
	void *(*hash_new)(const struct dx_flow *f, uint32_t n);
	void (*hash_find)(
	    void *h, const struct sp_packet *p, uint32_t n, uint32_t *id);
	void (*hash_free)(void *h);
	void *(*acl_new)(const struct dx_flow *f, uint32_t n);
	void (*acl_find)(
	    void *a, const struct sp_packet *p, uint32_t n, uint32_t *id);
	void (*acl_free)(void *a);
};

/** The name of the one symbol, a struct dd_api. */
#define DD_SYMBOL "dd_api"

#endif
