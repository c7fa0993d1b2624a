/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of bench_jit: expressions through libpcap and our conversion,
 * programs from C through clang.
 *
 * Each runs on a packet that it accepts, again and again, as such figures are
 * usually told; most also on a mixture, a quarter of it that packet and the
 * rest from the captures, which asks something of branch prediction.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/maps/map.h"
#include "tests/bench/jit_row.h"
#include "tests/bench/jit_yard.h"

/* bpf_checksum[], bpf_lookup[], bpf_empty[]: made of jit_progs.c. */
#include "jit_progs.inc"

#define ETHERNET    1
#define MIXED       256u /* different packets in a mixture */
#define MATCH       96u  /* bytes of the matching packet of an expression */
#define MAP_SOURCES 1000u
#define FIRST_HOST  0x0a000000u /* 10.0.0.0: sources in the map */

#define STRING(a, b, c, d) " or host " #a "." #b "." #c "." #d

static const char fifty[] = ""
#define HOST STRING
#include "tests/bench/jit_hosts.inc"
#undef HOST
    ;

static char thousand[YARD_MANY * 28];

struct map *yard_map;

/* The packets: bytes that are not 0. */
#define IPV4(proto) [12] = 0x08, [14] = 0x45, [23] = (proto)
#define SOURCE      [26] = 192, 168, 1, 1

static const struct spec {
	const char *name;
	const char *expr; /* NULL: from C */
	const uint8_t *code;
	size_t size;
	size_t yard[2]; /* in struct yard, or in struct yard_progs */
	bool six, mixed, many;
	uint32_t len;
	uint8_t pkt[MATCH];
} specs[] = {
#define EXPR(text, fn) .expr = (text), .yard = { offsetof(struct yard, fn) }
#define CODE(array, fn)                         \
	.code = (array), .size = sizeof(array), \
	.yard = { offsetof(struct yard_progs, fn) }
	{ "tcp port 80", EXPR("tcp port 80", tcp_port), .six = true,
	    .mixed = true, .pkt = { IPV4(6), [34] = 0x9c, 0x40, 0, 80 } },
	{ "host and udp 53", EXPR("host 10.1.2.3 and udp port 53", host_udp),
	    .six = true, .mixed = true,
	    .pkt = { IPV4(17), SOURCE, 10, 1, 2, 3, 0x9c, 0x40, 0, 53 } },
	{ "ip6 port range", EXPR("ip6 and tcp portrange 8000-8100", ip6_range),
	    .six = true, .mixed = true,
	    .pkt = { [12] = 0x86,
	        0xdd,
	        0x60,
	        [20] = 6,
	        [54] = 0x9c,
	        0x40,
	        0x1f,
	        0x90 } },
	{ "50 hosts", .expr = fifty + sizeof(" or ") - 1,
	    .yard = { offsetof(struct yard, hosts_chain),
	        offsetof(struct yard, hosts_hash) },
	    .six = true, .mixed = true, .pkt = { IPV4(6), SOURCE } },
	{ "vlan arp", EXPR("vlan and arp", vlan_arp), .six = true,
	    .mixed = true, .pkt = { [12] = 0x81, 0, 0, 5, 0x08, 0x06 } },
	{ "tcpflags", EXPR("tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", tcp_flags),
	    .six = true, .mixed = true, .pkt = { IPV4(6), [47] = 2 } },
	{ "1000 hosts", .expr = thousand, .many = true,
	    .yard = { offsetof(struct yard, many_hash) }, .mixed = true,
	    .pkt = { IPV4(6), SOURCE } },
	{ "checksum 64", CODE(bpf_checksum, checksum), .len = 64 },
	{ "checksum 1514", CODE(bpf_checksum, checksum), .len = 1514,
	    .mixed = true },
	{ "map lookup", CODE(bpf_lookup, lookup), .mixed = true,
	    .pkt = { IPV4(6), [26] = 10, 0, 1, 7 } },
	{ "empty", CODE(bpf_empty, empty), .len = 64 },
};
#define NSPECS (sizeof(specs) / sizeof(specs[0]))

/*
 * Programs
 */

static const uint32_t *many_hosts(void)
{
	static uint32_t hosts[YARD_MANY];
	uint64_t rnd = YARD_MANY;
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < YARD_MANY; i++) {
		const uint8_t *a = (const uint8_t *)&hosts[i];

		hosts[i] = jb_random(&rnd) | 1; /* none is 0 */
		len += (size_t)snprintf(thousand + len, sizeof(thousand) - len,
		    "%shost %u.%u.%u.%u", i == 0 ? "" : " or ", a[0], a[1],
		    a[2], a[3]);
	}
	yard_gcc.set_many(hosts, YARD_MANY);
	yard_clang.set_many(hosts, YARD_MANY);
	return hosts;
}

static void convert(struct jb_row *row)
{
	struct flt_code code = { NULL, 0, 0 };
	struct flt_error err;

	if (flt_cbpf_convert(row->classic, row->nclassic, &code, &err) < 0)
		jb_die("%s: %s", row->name, err.text);
	row->insns = code.insns;
	row->ninsns = code.n;
	row->type = EXO_PROG_SOCKET;
}

static void from_c(struct jb_row *row, const struct spec *s)
{
	static const struct exo_map_def sources = {
		.kind = EXO_MAP_HASH,
		.key_size = 4,
		.value_size = 8,
		.max_entries = MAP_SOURCES,
	};

	row->insns = jb_get(s->size);
	memcpy(row->insns, s->code, s->size);
	row->ninsns = (uint32_t)(s->size / sizeof(*row->insns));
	row->type = EXO_PROG_XDP;
	row->maps = &sources;
	row->nmaps = s->code == bpf_lookup;
}

/* A function of a table of functions, by its offset. */
static jit_fn *yard_fn(const void *table, size_t offset)
{
	jit_fn *fn;

	memcpy(&fn, (const uint8_t *)table + offset, sizeof(fn));
	return fn;
}

static void add_yards(struct jb_row *row, const struct spec *s)
{
	static const char *const names[2][2] = { { "C gcc", "C clang" },
		{ "C gcc, hash", "C clang, hash" } };
	const void *table[2] = { &yard_gcc, &yard_clang };
	uint32_t n = 0, variant, c;

	if (s->code != NULL) {
		table[0] = &yard_progs_gcc;
		table[1] = &yard_progs_clang;
	}
	for (variant = 0; variant < 2; variant++) {
		if (variant == 1 && s->yard[1] == 0)
			break;
		for (c = 0; c < 2; c++, n++) {
			row->yards[n].name = names[variant][c];
			row->yards[n].fn = yard_fn(table[c], s->yard[variant]);
		}
	}
}

/*
 * Packets
 */

static void match_packet(
    struct jb_row *row, const struct spec *s, const uint32_t *hosts)
{
	static const uint8_t fifty_one[50][4] = {
#define HOST(a, b, c, d) { a, b, c, d },
#include "tests/bench/jit_hosts.inc"
#undef HOST
	};
	uint8_t pkt[1514];
	uint64_t rnd = 1514;
	uint32_t len = s->len != 0 ? s->len : MATCH, i;

	memcpy(pkt, s->pkt, MATCH);
	if (s->expr == fifty + sizeof(" or ") - 1)
		memcpy(pkt + 30, fifty_one[25], 4);
	if (s->many)
		memcpy(pkt + 30, &hosts[YARD_MANY / 2], 4);
	for (i = 0; i < s->len; i++)
		pkt[i] = (uint8_t)jb_random(&rnd);
	row->sets[0].name = "match";
	row->sets[0].n = 1;
	row->sets[0].pkts = jb_get(sizeof(struct jb_pkt));
	row->sets[0].pkts[0] = jb_pkt_make(pkt, len);
	row->nsets = 1;
}

static void mixed_packets(struct jb_row *row)
{
	struct jb_set *set = &row->sets[1];
	uint64_t rnd = 2026;
	const struct jb_pkt *real;
	uint32_t nreal, i;

	real = jb_real(&nreal);
	set->name = "mixed";
	set->n = MIXED;
	set->pkts = jb_get(MIXED * sizeof(*set->pkts));
	set->pkts[0] = row->sets[0].pkts[0];
	for (i = 1; i < MIXED; i++)
		set->pkts[i] = real[jb_random(&rnd) % nreal];
	for (i = 0; i < JB_ORDER; i++) {
		uint32_t r = jb_random(&rnd);

		set->order[i] = r % 4 == 0 ? 0 : (uint16_t)(r / 4 % MIXED);
	}
	row->nsets = 2;
}

void jb_map_fill(
    void (*put_one)(void *arg, const void *key, const void *value), void *arg)
{
	uint64_t i;

	for (i = 0; i < MAP_SOURCES; i++) {
		uint32_t key = __builtin_bswap32(FIRST_HOST + (uint32_t)i);
		uint64_t value = i + 1;

		put_one(arg, &key, &value);
	}
}

struct jb_row *jb_rows(uint32_t *n)
{
	struct jb_row *rows = jb_get(NSPECS * sizeof(*rows));
	const uint32_t *hosts = many_hosts();
	struct flt_error err;
	uint32_t i;

	yard_gcc.set_hosts();
	yard_clang.set_hosts();
	for (i = 0; i < NSPECS; i++) {
		const struct spec *s = &specs[i];
		struct jb_row *row = &rows[i];

		row->name = s->name;
		row->six = s->six;
		row->expr = s->expr;
		if (s->expr != NULL &&
		    flt_expr_cbpf(s->expr, ETHERNET, 0, &row->classic,
		        &row->nclassic, &err) < 0)
			jb_die("%s: %s", s->name, err.text);
		if (row->classic != NULL)
			convert(row);
		else
			from_c(row, s);
		add_yards(row, s);
		match_packet(row, s, hosts);
		if (s->mixed)
			mixed_packets(row);
	}
	*n = NSPECS;
	return rows;
}
