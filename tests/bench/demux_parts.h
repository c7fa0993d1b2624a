/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of bench_demux: flows, packets, and engines that name a flow.
 */
#ifndef TESTS_BENCH_DEMUX_PARTS_H
#define TESTS_BENCH_DEMUX_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/space/region.h"

#define DX_BATCH 32u
#define DX_FRAME 64u
#define DX_NONE  UINT32_MAX
#define DX_WHY   96u

/* A five-tuple, as it stands in a packet. */
struct dx_flow {
	uint32_t src, dst; /* big-endian */
	uint16_t sport, dport;
	uint8_t proto;
};

struct dx_packets {
	struct sp_packet *p;
	uint32_t *flow; /* that each is of */
	uint32_t n;     /* a power of two */
	uint8_t *frames;
};

/* What finds the flow of a packet. The caller has n, the flows and the packets
 * live as long as the state. */
struct dx_engine {
	const char *name;
	uint32_t most; /* flows that it is asked for; 0: no limit */
	/** Take n flows, whose ids are their numbers. NULL: *why. */
	void *(*open)(const struct dx_flow *f, uint32_t n, char why[DX_WHY]);
	/** The id of each of n packets, a multiple of DX_BATCH. */
	void (*find)(
	    void *state, const struct sp_packet *p, uint32_t n, uint32_t *id);
	void (*close)(void *state);
	/** Instead of find: nanoseconds a packet, measured elsewhere; NULL. */
	double (*time)(void *state, const struct dx_packets *p);
};

extern const struct dx_engine dx_yard, dx_packed, dx_ours, dx_shapes, dx_hash,
    dx_acl, dx_linux, dx_linear;

/* --- demux_load.c ------------------------------------------------------------ */

_Noreturn void dx_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
void *dx_get(size_t size);
double dx_now_ns(void);
uint64_t dx_random(uint64_t *state);
double dx_median(double *v, uint32_t n);

/** n flows that differ. */
struct dx_flow *dx_flows(uint32_t n);

/** count packets, a power of two, of the first `active` of the flows, each as
 * often as any other, in an order of chance; or each of any of them. */
struct dx_packets *dx_packets(
    const struct dx_flow *f, uint32_t active, uint32_t count, bool uniform);
void dx_packets_free(struct dx_packets *p);

/* --- demux_ours.c ------------------------------------------------------------ */

/** Our index of the flows, of one shape or of 64, with `more` other shapes of a
 * table each, of `rules` rules that no packet is in. */
void *dx_index_open(const struct dx_flow *f, uint32_t n, uint32_t shapes,
    uint32_t more, uint32_t rules);

/* What inserting and deleting takes, in ns, with a reader at work. */
struct dx_churn {
	double insert_p50, insert_p99, insert_p999,
	    insert_max; /* while n came */
	double pair_p50, pair_p99, pair_p999,
	    pair_max;    /* when they were there */
	uint64_t looked; /* packets that the reader had found meanwhile */
};
void dx_churn(const struct dx_flow *f, uint32_t n, uint32_t pairs,
    const struct dx_packets *p, struct dx_churn *out);

#endif
