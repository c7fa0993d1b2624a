/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One .bpf.c as an object of this machine: compiled once for each, with SOURCE
 * its file and OBJECT its name. The headers that it includes for BPF are those of
 * tests/bench/native. Of its symbols only mn_OBJECT stays.
 */
#include SOURCE

#include "tests/bench/maps_native.h"

/* What is in each: its maps, by what their definition has, and functions. */
#define IN_addresses MAP(prefixes) FUNC(admit)
#define IN_checksum  MAP(packets) FUNC(verify_payload)
#define IN_dns       MAP(questions) FUNC(zone_names)
#define IN_ext6      MAP(headers) FUNC(edge)
#define IN_heavy     MAP(buckets) MAP(totals) FUNC(heavy_flows)
#define IN_limiter   MAP(buckets) FUNC(limit)
#define IN_ports     MAP(ports) FUNC(count_ports)
#define IN_quic      MAP(ids) MAP(paths) FUNC(known_connections)
#define IN_sampler   MAP(hashes) FUNC(sample)
#define IN_sni       MAP(refused) FUNC(block_name)
#define IN_synflood  MAP(sketch) RING(alarms) FUNC(requests)
#define IN_vxlan     MAP(flows) FUNC(inner_firewall)

#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)
#define TEXT_(a)     #a
#define TEXT(a)      TEXT_(a)

#ifdef MICRO
#define ARRAY(name, ...)        MAP(map_##name) FUNC(name) FUNC(name##_base)
#define HASH(name, ...)         MAP(map_##name) FUNC(name) FUNC(name##_base)
#define OTHER(name, form, what) form(map_##name) FUNC(name) FUNC(name##_base)
#endif

static void open_all(void)
{
#define MAP(m)   MN_YARD(&m) = yd_new(MN_SHAPE(&m));
#define QUEUE(m) MN_YARD(&m) = yd_new(MN_SHAPE_QUEUE(&m));
#define RING(m)  MN_YARD(&m) = yd_new(MN_SHAPE_RING(&m));
#define FUNC(f)
#ifdef MICRO
#include "tests/bench/maps_micro.inc"
#else
	PASTE(IN_, OBJECT)
#endif
#undef MAP
#undef QUEUE
#undef RING
#undef FUNC
}

static void drain_all(void)
{
#define MAP(m)
#define QUEUE(m)
#define RING(m) yd_drain(MN_YARD(&m));
#define FUNC(f)
#ifdef MICRO
#include "tests/bench/maps_micro.inc"
#else
	PASTE(IN_, OBJECT)
#endif
#undef MAP
#undef QUEUE
#undef RING
#undef FUNC
}

static const struct mn_func functions[] = {
#define MAP(m)
#define QUEUE(m)
#define RING(m)
#define FUNC(f) { #f, f },
#ifdef MICRO
#include "tests/bench/maps_micro.inc"
	FUNC(nothing_tc) FUNC(nothing_socket) FUNC(nothing_xdp)
#else
	PASTE(IN_, OBJECT)
#endif
	    { NULL, NULL },
};

const struct mn_object PASTE(mn_, OBJECT) = {
	.name = TEXT(OBJECT),
	.open = open_all,
	.drain = drain_all,
	.clock = &mn_clock,
	.funcs = functions,
};
