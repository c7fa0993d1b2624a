/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of bench_jit: programs, and the packets that they run on.
 */
#ifndef TESTS_BENCH_JIT_ROW_H
#define TESTS_BENCH_JIT_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/map.h"
#include "exo/jit/jit.h"
#include "filters/filters.h"

#define JB_ORDER 16384u /* a power of two */
#define JB_YARDS 4u
#define JB_SETS  2u

/** A packet as the engines take it. */
struct jb_pkt {
	const uint8_t *data;
	uint64_t caplen;
	struct jit_ctx *ctx; /* as our compiled code finds it */
	void *mbuf;          /* as DPDK's does; or NULL */
};

/** Packets, and in which order they come. */
struct jb_set {
	const char *name;
	struct jb_pkt *pkts;
	uint32_t n;
	uint16_t order[JB_ORDER];
};

/** C functions of a row; bench_jit takes the fastest as the yardstick. */
struct jb_yard {
	const char *name; /* NULL: no more */
	jit_fn *fn;
};

struct jb_row {
	const char *name;
	const char *expr;         /* or NULL */
	bool six;                 /* one of the six expressions of old */
	struct flt_cbpf *classic; /* NULL: compiled from C */
	uint32_t nclassic;
	struct exo_insn *insns;
	uint32_t ninsns;
	uint32_t type; /* enum exo_prog_type */
	const struct exo_map_def *maps;
	uint32_t nmaps;
	struct jb_yard yards[JB_YARDS];
	uint32_t nsets;
	struct jb_set sets[JB_SETS]; /* the matching packet; a mixture */
};

/** Make all rows; stops the process when one cannot be. */
struct jb_row *jb_rows(uint32_t *n);

/** Put the elements that the map of a row has into one, by put(). */
void jb_map_fill(
    void (*put)(void *arg, const void *key, const void *value), void *arg);

/** The Ethernet packets of the captures, read once. */
const struct jb_pkt *jb_real(uint32_t *n);

/** Make a packet of bytes, which are copied. */
struct jb_pkt jb_pkt_make(const uint8_t *bytes, uint32_t caplen);

/** xorshift64*: numbers that are the same in every run. */
uint32_t jb_random(uint64_t *state);

/** End the process: something that is taken for granted is not so. */
__attribute__((format(printf, 1, 2))) _Noreturn void jb_die(
    const char *fmt, ...);

/** Memory of so many bytes, zeroed, or the end of the process. */
void *jb_get(size_t size);

#endif
