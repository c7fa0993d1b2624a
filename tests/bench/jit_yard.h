/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardsticks: what each program is in C, by one compiler.
 *
 * jit_yard.c and jit_progs.c are compiled twice, by gcc and by clang, each
 * time with another name for its table. The functions have the signature of
 * our compiled code, so that one loop times both.
 */
#ifndef TESTS_BENCH_JIT_YARD_H
#define TESTS_BENCH_JIT_YARD_H

#include <stdint.h>

#include "exo/jit/jit.h"

/** What the expressions return for a packet that they accept. */
#define YARD_KEEP 262144u

/** The expressions of jit_row.c. */
struct yard {
	jit_fn *tcp_port, *host_udp, *ip6_range, *vlan_arp, *tcp_flags;
	jit_fn *hosts_chain; /* 50 hosts as a chain of compares */
	jit_fn *hosts_hash;  /* the same as a hash table */
	jit_fn *many_hash;   /* as many hosts as set_many() was given */
	/** Fill the tables; many: n addresses as they are in packets. */
	void (*set_hosts)(void);
	void (*set_many)(const uint32_t *addr, uint32_t n);
};
extern const struct yard yard_gcc, yard_clang;

#define YARD_MANY 1000u

/** The programs that are compiled from C for everybody. */
struct yard_progs {
	jit_fn *checksum, *lookup, *empty;
};
extern const struct yard_progs yard_progs_gcc, yard_progs_clang;

/** The map that `lookup` looks into: sources as keys, their numbers. */
extern struct map *yard_map;

#endif
