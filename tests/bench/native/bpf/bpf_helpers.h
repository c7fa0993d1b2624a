/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <bpf/bpf_helpers.h> for filters in C that are compiled for this machine: maps
 * are the yardstick's, helpers are what one would write in their place.
 *
 * A map is a structure of pointers whose types say what it is, as for libbpf;
 * whoever makes it (maps_native.c) puts its address into the first of them. So
 * all sizes are constants where an operation is compiled.
 */
#ifndef TESTS_BENCH_NATIVE_BPF_HELPERS_H
#define TESTS_BENCH_NATIVE_BPF_HELPERS_H

#include <stddef.h>
#include <string.h>

#include <linux/bpf.h>

#include "tests/bench/maps_yard.h"

#define __uint(name, v) int(*name)[v]
#define __type(name, v) __typeof__(v) *name
#define SEC(name)       __attribute__((used))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

#define MN_NUMBER(field) ((uint32_t)(sizeof(*(field)) / sizeof(int)))
#define MN_YARD(m)       (*(struct yd_map **)(m))
#define MN_SHAPE(m)                                                            \
	((struct yd_shape){ MN_NUMBER((m)->type), MN_NUMBER((m)->max_entries), \
	    sizeof(*(m)->key), sizeof(*(m)->value) })
#define MN_SHAPE_QUEUE(m)                                                      \
	((struct yd_shape){ MN_NUMBER((m)->type), MN_NUMBER((m)->max_entries), \
	    0, sizeof(*(m)->value) })
#define MN_SHAPE_RING(m)    \
	((struct yd_shape){ \
	    MN_NUMBER((m)->type), MN_NUMBER((m)->max_entries), 0, 0 })

#define bpf_map_lookup_elem(m, k) yd_lookup(MN_YARD(m), MN_SHAPE(m), (k))
#define bpf_map_update_elem(m, k, v, flags) \
	yd_update(MN_YARD(m), MN_SHAPE(m), (k), (v), (flags))
#define bpf_map_push_elem(m, v, flags) \
	yd_push(MN_YARD(m), MN_SHAPE_QUEUE(m), (v))
#define bpf_map_pop_elem(m, v) yd_pop(MN_YARD(m), MN_SHAPE_QUEUE(m), (v))
#define bpf_ringbuf_reserve(m, n, flags) \
	yd_reserve(MN_YARD(m), MN_SHAPE_RING(m), (n))
#define bpf_ringbuf_submit(r, flags) yd_submit((r))
#define bpf_ktime_get_ns()           (mn_clock)

/* The packet's time, in each object its own. */
static uint64_t mn_clock;

static inline long bpf_skb_load_bytes(
    const struct mn_ctx *ctx, uint32_t at, void *to, uint32_t n)
{
	if (n > ctx->len || at > ctx->len - n) {
		memset(to, 0, n);
		return -1;
	}
	memcpy(to, (const uint8_t *)ctx->data + at, n);
	return 0;
}

/* RFC 1071, of what is added only. */
static inline int64_t bpf_csum_diff(const void *from, uint32_t nfrom,
    const void *to, uint32_t nto, uint32_t seed)
{
	uint64_t sum = seed;

	(void)from;
	(void)nfrom;
	for (uint32_t i = 0; i < nto / 4; i++) {
		uint32_t word;

		memcpy(
		    &word, (const uint8_t *)to + (size_t)i * 4, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (int64_t)((sum & 0xffff) + (sum >> 16));
}

#endif
