/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where somebody lives. A cube of a packet's own fields must be found to be
 * inhabited, whatever the packet; and where a cube is, the witness is in it.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/fmt.h"
#include "exo/space/text.h"
#include "tests/support/mem.h"
#include "tests/support/spacegen.h"

#define STEPS   2000000u
#define PACKETS 6000u
#define ROOM    32768u

static struct exo_mem mem;
static struct exo_arena arena;

static void setup(void)
{
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
}

static void teardown(void)
{
	exo_arena_free(&arena);
	ck_assert_uint_eq(mem.used, 0);
}

static struct sp_work work(void)
{
	return (struct sp_work){
		.arena = &arena, .left = STEPS, .of = &sp_packets
	};
}

static const char *text_of(struct sp_region r)
{
	static char buf[4096];
	struct exo_fmt f;

	exo_fmt_init(&f, buf, sizeof(buf));
	sp_text_print(&f, r);
	return buf;
}

/* --- regions made by hand ----------------------------------------------------- */

static struct sp_region region(struct sp_work *w, const char *text)
{
	struct sp_text_error err;
	struct sp_region r;
	int rc = sp_text_parse(w, text, (uint32_t)strlen(text), &r, &err);

	ck_assert_msg(
	    rc == 0, "%s: %d, code %u at %u", text, rc, err.code, err.at);
	return r;
}

/* No packet is in there. */
static const char *const nobody[] = {
	"none",
	"arp and tcp port 80",
	"arp and ip",
	"ip and ip6",
	"tcp and udp",
	"udp and has tcp.flags",
	"icmp and port 80",
	"has sport and no proto",
	"has dport and no sport",
	"has tcp.flags and no dport",
	"has ip.dst and no ip.src",
	"frag = 2 and has sport",
	"frag = 2 and has icmp.type",
	"ip.frag = 1 and has sport",
	"ip.vhl = 0x46 and frag = 0 and l4.left = 4 and caplen = 37",
	"ip.vhl = 0x55 and has proto",
	"ip.vhl = 0x44 and has frag",
	"link = 101 and has type0",
	"link = 101 and ip.vhl = 0x55",
	"link = 228 and arp",
	"link = 1 and caplen = 33 and has ip.dst",
	"link = 1 and caplen = 60 and ip and no ip.dst",
	"link = 1 and caplen = 60 and no eth.src",
	"link = 105 and has eth.src",
	"link = 1 and type0 = 0x8100 and no tci0 and caplen = 20",
	"type0 = 0x800 and has tci0",
	"tags = 1 and has tci1",
	"tags = 2 and no type1",
	"tags = 0 and vlan",
	"type = 0x8100 and tags = 1",
	"ip6.nh = 6 and has ip6.xnh",
	"ip6.nh = 0 and has l4.0",
	"ip6.nh = 60 and ip6.xnh = 6 and proto = 17",
	"ip6.nh = 60 and ip6.xnh = 6 and frag = 1",
	"ip6.nh = 60 and ip6.xnh = 6 and frag = 2",
	"ip6.nh = 44 and ip6.xnh = 6 and no proto and link = 229 and "
	"ip6.vtf = 0x60000000 and caplen = 44",
	"ip6 and proto = 44 and frag = 0",
	"ip6 and proto = 60 and frag = 1",
	"ip and sport = 80 and l4.0 = 81",
	"ip and tcp.flags = 2 and l4.12 = 0x50100000",
	"ip and icmp.type = 8 and l4.0 = 0x900",
	"ip6.nh = 58 and icmp.code = 1 and l4.0 in 0x800-0x8ff and "
	"l4.0 & 0xff = 2",
	"ip.vhl = 0x40 and l4.0 = 0x4100",
	"ip.vhl = 0x42 and ip.ttl = 64 and l4.0 in 0x4100-0xffff",
	"link = 1 and l4.left = 20 and caplen = 1000",
	"link = 1 and l4.left & 1 = 0 and caplen & 1 = 1",
	"arp.tpa = 10.0.0.1 and no arp.tha",
	"no len",
	"no caplen",
	"no link",
	"link = 0 and af = 2 and has type",
	"link = 108 and af = 2 and ip6",
	"link = 0 and caplen = 3 and has af",
};

START_TEST(nobody_lives)
{
	struct sp_work w = work();
	struct sp_region r = region(&w, nobody[_i]);

	ck_assert_msg(sp_empty(&w, r) == 1, "%s: %s", nobody[_i], text_of(r));
}
END_TEST

/* Some packet is, with these flaws at least. */
static const struct {
	const char *text;
	uint32_t flaws;
} somebody[] = {
	{ "any", 0 },
	{ "ip", 0 },
	{ "ip6", 0 },
	{ "arp", 0 },
	{ "rarp", 0 },
	{ "tcp port 80", 0 },
	{ "udp dst port 53 and dst host 10.0.0.0/8", 0 },
	{ "udp and ip and dst port 53 and ip.len = 1000", 0 },
	{ "sctp and ip6", 0 },
	{ "icmp", 0 },
	{ "icmp6", 0 },
	{ "proto = 33", 0 },
	{ "proto = 136", 0 },
	{ "vlan 7 and ip6 and udp", 0 },
	{ "tags = 2 and tcp", 0 },
	{ "type = 0x8100", 0 },
	{ "link = 113 and udp", 0 },
	{ "link = 276 and vlan and arp", 0 },
	{ "link = 0 and ip6", 0 },
	{ "link = 108 and tcp", 0 },
	{ "link = 101 and ip6 and proto = 59", 0 },
	{ "link = 105", 0 },
	{ "frag = 1", 0 },
	{ "frag = 2", 0 },
	{ "frag = 2 and ip.frag = 0x1fff", 0 },
	{ "frag = 2 and ip6", 0 },
	{ "frag = 1 and ip6 and sport = 7", 0 },
	{ "ip6.nh = 51 and ip6.xnh = 44 and frag = 2 and proto = 60", 0 },
	{ "ip6.nh = 51 and ip6.xnh = 51 and udp", 0 },
	{ "ip6.nh = 0 and ip6.xnh = 43 and tcp.flags = 0x12", 0 },
	{ "ip6.nh = 60 and frag = 1 and ip6.xnh = 0", 0 },
	{ "ip.vhl = 0x4f and tcp dst port 22", 0 },
	{ "ip and tcp and l4.12 = 0xf0000000", 0 },
	{ "ip and tcp and l4.12 & 0xf0000000 = 0x60000000", 0 },
	{ "ip and udp and l4.4 = 0x00100000", 0 },
	{ "ip and udp and l4.4 & 0xffff = 0x1234", 0 },
	{ "ip and tcp and l4.16 = 0x12340000", 0 },
	{ "ip.sum = 0x1234", 0 },
	{ "ip.sum = 0x1234 and ip.id = 7 and ip.ttl = 8 and ip.tos = 0 and "
	  "ip.frag = 0 and ip.proto = 17 and host 1.2.3.4 and host 1.2.3.5 "
	  "and ip.vhl = 0x45 and ip.len = 28",
	    SP_FLAW_CHECKSUM },
	{ "caplen = 1000 and udp and ip.len = 500", 0 },
	{ "type0 = 100", 0 },
	{ "link = 1 and type0 = 0x5ff", SP_FLAW_LENGTH },
	{ "caplen = 40 and link = 1 and tcp and frag = 0", SP_FLAW_SHORT },
	{ "len = 100 and caplen = 60", SP_FLAW_CUT },
	{ "ip.vhl = 0x55", SP_FLAW_VERSION },
	{ "ip.vhl = 0x44", SP_FLAW_HEADER },
	{ "ip.vhl = 0x42 and ip.ttl = 64 and l4.0 in 0x4000-0x40ff",
	    SP_FLAW_HEADER },
	{ "ip and no ip.dst", SP_FLAW_SHORT },
	{ "link = 1 and no type0", SP_FLAW_SHORT },
	{ "vlan and no type and no tags", SP_FLAW_SHORT },
	{ "ip6 and no proto and caplen = 1000 and has ip6.xnh", SP_FLAW_EXT },
	{ "ip.len = 20 and udp", SP_FLAW_SHORT },
	{ "ip.len = 19", SP_FLAW_LENGTH },
	{ "ip6.len = 9 and udp and ip6.nh = 17 and l4.4 = 0",
	    SP_FLAW_LENGTH | SP_FLAW_CHECKSUM },
	{ "ip6 and tcp and has sport and no dport and caplen = 3000",
	    SP_FLAW_SHORT },
	{ "ip6 and tcp and no sport and caplen = 16000 and frag = 0",
	    SP_FLAW_LENGTH },
	{ "ip6.nh = 51 and ip6.xnh = 6 and has sport and no dport and "
	  "caplen = 1071 and link = 229",
	    SP_FLAW_SHORT },
	/* all of the transport header is behind the end, just so */
	{ "link = 229 and ip6.nh = 60 and ip6.xnh = 17 and proto = 17 and "
	  "no sport and caplen = 79",
	    SP_FLAW_LENGTH },
	/* it is at a multiple of 4, behind two kinds that are not given */
	{ "link = 229 and ip6.nh = 60 and ip6.xnh = 60 and frag = 1 and "
	  "proto = 17 and has sport and no dport and caplen = 79",
	    SP_FLAW_SHORT },
	/* what a protocol has not is not cut */
	{ "ip6.nh = 60 and frag = 0 and has sport and no tcp.flags and "
	  "caplen = 20000",
	    0 },
	{ "ip6.nh = 60 and frag = 0 and proto = 6 and no icmp.type and "
	  "caplen in 16500-70000",
	    0 },
	{ "arp.hrd = 1 and arp.hln = 7", SP_FLAW_HEADER },
};

START_TEST(somebody_lives)
{
	static uint8_t buf[ROOM];
	struct sp_work w = work();
	struct sp_region r = region(&w, somebody[_i].text);
	struct sp_packet p;
	struct sp_view v;
	uint32_t flaws;

	ck_assert_int_eq(sp_empty(&w, r), 0);
	ck_assert_int_eq(sp_witness(&w, r, buf, ROOM, &p, &flaws), 1);
	sp_parse(&p, &v);
	ck_assert(sp_region_has(r, &v));
	ck_assert_uint_eq(flaws, sp_flaws(&p));
	ck_assert_msg(flaws == somebody[_i].flaws, "%s: flaws %#x",
	    somebody[_i].text, flaws);
}
END_TEST

/* --- random packets ----------------------------------------------------------- */

/* A witness is in the region, and as good as it says. Returns whether there is
 * one. */
static bool witnessed(struct sp_work *w, struct sp_region r)
{
	static uint8_t buf[ROOM];
	struct sp_packet p;
	struct sp_view v;
	uint32_t flaws;
	int rc = sp_witness(w, r, buf, ROOM, &p, &flaws);

	if (rc == -EXO_E2BIG)
		return true;
	ck_assert_msg(rc >= 0, "%d: %s", rc, text_of(r));
	if (rc == 0)
		return false;
	sp_parse(&p, &v);
	ck_assert(sp_region_has(r, &v));
	ck_assert_uint_eq(flaws, sp_flaws(&p));
	return true;
}

#define ATOMS 8

START_TEST(packets_are_in_their_cubes)
{
	struct spacegen g = { .seed = 0x5eed + (uint64_t)_i };
	uint8_t buf[SG_PACKET_MAX];

	for (uint32_t i = 0; i < PACKETS; i++) {
		struct sp_packet p = sg_packet(&g, buf);
		struct sp_work w = work();
		struct sp_atom a[ATOMS];
		struct sp_region r;
		struct sp_view v;
		uint32_t n;
		int rc;

		sp_parse(&p, &v);
		n = sg_atoms(&g, &v, a, ATOMS);
		rc = sp_conj(&w, a, n, &r);
		ck_assert_msg(rc == 0 && r.n == 1, "packet %u of %d: %d: %s", i,
		    _i, rc,
		    text_of(
		        (struct sp_region){ &(struct sp_cube){ a, n }, 1 }));
		ck_assert(sp_region_has(r, &v));
		ck_assert(witnessed(&w, r));
		exo_arena_free(&arena);
	}
}
END_TEST

/* Atoms of two packets: often nobody is there, and often somebody. */
START_TEST(no_guess)
{
	struct spacegen g = { .seed = 0xfeed + (uint64_t)_i };
	uint8_t buf[SG_PACKET_MAX];
	uint32_t yes = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		struct sp_work w = work();
		struct sp_atom a[2 * ATOMS];
		struct sp_region r;
		uint32_t n = 0;
		int rc;

		for (int k = 0; k < 2; k++) {
			struct sp_packet p = sg_packet(&g, buf);
			struct sp_view v;

			sp_parse(&p, &v);
			n += sg_atoms(&g, &v, a + n, k == 0 ? ATOMS : 2);
		}
		rc = sp_conj(&w, a, n, &r);
		ck_assert_msg(rc == 0, "%u of %d: %d", i, _i, rc);
		ck_assert(witnessed(&w, r) == (r.n > 0));
		yes += r.n;
		exo_arena_free(&arena);
	}
	ck_assert_uint_gt(yes, PACKETS / 10);
	ck_assert_uint_lt(yes, PACKETS - PACKETS / 10);
}
END_TEST

#define FAR_ROOM 32768u

/* Extension headers of all sizes, captured to where the transport header is or
 * far beyond; returns the captured length. The rest of buf is 0. */
static uint32_t far_packet(struct spacegen *g, uint8_t *buf)
{
	static const uint8_t kind[] = { 60, 0, 43, 44, 51, 135, 44, 51 };
	static const uint8_t proto[] = { 6, 17, 1, 58, 132, 47 };
	uint32_t at = 40, next = 6, n = sg_below(g, 10), size;

	memset(buf, 0, FAR_ROOM);
	buf[0] = 0x60;
	for (; n > 0; n--) {
		buf[next] = kind[sg_below(g, sizeof(kind))];
		size = sg_below(g, 2) == 0 ? sg_below(g, 256) : 0;
		size = buf[next] == 44 ? 0 : size;
		buf[at + 1] = (uint8_t)size;
		buf[at + 3] = buf[next] == 44 ? (uint8_t)sg_below(g, 2) : 0;
		size = buf[next] == 51 ? 4 * size + 8 : 8 * size + 8;
		next = at;
		at += size;
	}
	buf[next] = proto[sg_below(g, sizeof(proto))];
	return sg_below(g, 4) == 0 ? at + sg_below(g, 14000)
	                           : at - 4 + sg_below(g, 20);
}

/* The captured length, and what is there of the chain and behind it. */
static uint32_t far_atoms(
    struct spacegen *g, const struct sp_view *v, struct sp_atom *out)
{
	static const uint8_t field[] = { SP_IP6_NH, SP_IP6_XNH, SP_FRAG,
		SP_PROTO, SP_SPORT, SP_DPORT, SP_ICMP_TYPE, SP_TCP_FLAGS };
	uint32_t n = 0;

	out[n++] = sp_is(SP_LINK, SP_LINK_IPV6);
	out[n++] = sg_below(g, 3) != 0 ? sp_is(SP_CAPLEN, v->v[SP_CAPLEN])
	                               : sg_atom(g, v, SP_CAPLEN);
	for (uint32_t i = 0; i < sizeof(field); i++)
		if (sg_below(g, 3) != 0)
			out[n++] = sg_atom(g, v, (enum sp_field)field[i]);
	return n;
}

START_TEST(far_packets_are_in_their_cubes)
{
	struct spacegen g = { .seed = 0xfa5 + (uint64_t)_i };
	static uint8_t buf[FAR_ROOM];

	for (uint32_t i = 0; i < PACKETS; i++) {
		struct sp_packet p = { .data = buf, .link = SP_LINK_IPV6 };
		struct sp_work w = work();
		struct sp_atom a[10];
		struct sp_region r;
		struct sp_view v;
		uint32_t n;
		int rc;

		p.caplen = p.len = far_packet(&g, buf);
		sp_parse(&p, &v);
		n = far_atoms(&g, &v, a);
		rc = sp_conj(&w, a, n, &r);
		ck_assert_msg(rc == 0 && r.n == 1, "packet %u of %d: %d: %s", i,
		    _i, rc,
		    text_of(
		        (struct sp_region){ &(struct sp_cube){ a, n }, 1 }));
		ck_assert(sp_region_has(r, &v));
		exo_arena_free(&arena);
	}
}
END_TEST

Suite *t_space_inhabit_suite(void)
{
	Suite *s = suite_create("t_space_inhabit");
	TCase *t = tcase_create("hand");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, nobody_lives, 0, sizeof(nobody) / sizeof(nobody[0]));
	tcase_add_loop_test(
	    t, somebody_lives, 0, sizeof(somebody) / sizeof(somebody[0]));
	suite_add_tcase(s, t);
	t = tcase_create("random");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, packets_are_in_their_cubes, 0, 2);
	tcase_add_loop_test(t, no_guess, 0, 2);
	tcase_add_loop_test(t, far_packets_are_in_their_cubes, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
