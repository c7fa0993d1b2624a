/* SPDX-License-Identifier: BSD-2-Clause */
/* The canonical parser: packets made by hand, whole, cut and damaged. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/hex.h"
#include "tests/support/view.h"

#define MACS "020000000002 020000000001 "
#define TAG  "8100 e064 " /* a tag; its TPID is in front of it */
#define SLL  "0000 0001 0006 0200000000010000 "
#define SLL2 " 0000 00000002 0001 00 06 0200000000010000 "
#define V4(vhl, frag, proto) \
	vhl " b8 0054 1234 " frag " 40 " proto " beef 0a000001 c0a80102 "
#define V6(nh)                                                       \
	"6ab12345 0010 " nh " 3f 20010db800000001 0000000000000002 " \
	"fe80000000000003 0000000000000004 "
#define TCP    "3039 0050 11223344 55667788 5012 4000 abcd 0000 "
#define UDP    "3039 0035 0008 1234 "
#define ICMP   "0301 fcfe 00000000 "
#define ARP    "0001 0800 06 04 0002 02aa00000001 0a000001 02aa00000002 0a000002 "
#define PORTS4 "type=0x800 frag=0 sport=12345 dport=53 "
#define PORTS6 "type=0x86dd frag=0 sport=12345 dport=53 "

/*
 * What must be said: NAME=NUMBER of a field or a place (l3, l4, e4); -NAME:
 * no field is there whose name begins with it, a place is nowhere.
 */
static const struct row {
	const char *name;
	uint32_t link;
	const char *hex, *want;
} rows[] = {
	{ "tcp4", 1, MACS "0800 " V4("45", "4000", "06") TCP,
	    "link=1 caplen=54 len=61 l3=14 l4=34 e4=34 eth.dst=0x20000000002 "
	    "eth.src=0x20000000001 type0=0x800 tags=0 type=0x800 ip.vhl=0x45 "
	    "ip.tos=0xb8 ip.len=84 ip.id=0x1234 ip.frag=0x4000 ip.ttl=64 "
	    "ip.proto=6 ip.sum=0xbeef ip.src=0xa000001 ip.dst=0xc0a80102 "
	    "l4.0=12345 l4.2=80 l4.4=0x11223344 l4.8=0x55667788 "
	    "l4.12=0x50124000 l4.16=0xabcd0000 l4.left=20 frag=0 proto=6 "
	    "sport=12345 dport=80 tcp.flags=0x12 "
	    "-icmp -arp -ip6 -af -tci -type1 -type2" },
	{ "udp6", 1, MACS "86dd " V6("11") UDP,
	    PORTS6 "l3=14 l4=54 e4=54 ip6.vtf=0x6ab12345 ip6.len=16 ip6.nh=17 "
	           "ip6.hlim=63 ip6.src=0x20010db800000001 ip6.src2=2 "
	           "ip6.dst=0xfe80000000000003 ip6.dst2=4 l4.left=8 l4.0=12345 "
	           "l4.2=53 "
	           "l4.4=0x81234 -l4.8 -l4.12 -l4.16 proto=17 "
	           "-ip6.xnh -ip. -tcp -icmp -arp" },
	{ "no such link type", 105, MACS "0800 " V4("45", "0000", "06") TCP,
	    "link=105 caplen=54 len=61 -eth -t -ip -l4 -frag -proto -sport "
	    "-dport -l3 -e4 -a -icmp" },
	{ "802.3", 1, MACS "0026 424203 0000",
	    "tags=0 type0=38 type=38 -ip "
	    "-l4 -proto -frag l3=14" },
	{ "802.1Q", 1, MACS TAG "0800 " V4("45", "0000", "11") UDP,
	    PORTS4 "l3=18 l4=38 e4=38 tags=1 type0=0x8100 tci0=0xe064 "
	           "type1=0x800 -tci1 -type2" },
	{ "802.1ad", 1, MACS "88a8 612c 8100 0028 86dd " V6("11") UDP,
	    PORTS6 "l3=22 l4=62 tags=2 type0=0x88a8 tci0=0x612c type1=0x8100 "
	           "tci1=40 type2=0x86dd" },
	{ "QinQ", 1, MACS TAG "9100 0fff 0806 " ARP,
	    "tags=2 type1=0x9100 tci1=0xfff type=0x806 arp.op=2" },
	{ "three tags", 1, MACS TAG TAG TAG "0800 " V4("45", "0000", "11") UDP,
	    "tags=2 type=0x8100 type2=0x8100 l3=22 -ip -l4 -frag -proto "
	    "-sport -e4" },
	{ "a tag not counted", 1, MACS TAG "08",
	    "type0=0x8100 tci0=0xe064 -type1 -tags -type2 -ip -l3" },
	{ "SLL", 113, SLL "0800 " V4("45", "0000", "11") UDP,
	    PORTS4 "l3=16 l4=36 type0=0x800 tags=0 -eth" },
	{ "SLL and tags", 113, SLL TAG TAG "86dd " V6("11") UDP,
	    PORTS6 "l3=24 tags=2 tci0=0xe064 tci1=0xe064 -eth" },
	{ "SLL2", 276, "0800 " SLL2 V4("45", "0000", "11") UDP,
	    PORTS4 "l3=20 type0=0x800 tags=0 -eth" },
	{ "SLL2 and a tag", 276,
	    "8100" SLL2 "0007 0800 " V4("45", "0000", "11") UDP,
	    PORTS4 "l3=24 tags=1 tci0=7 type1=0x800" },
	{ "NULL", 0, "02000000 " V4("45", "0000", "11") UDP,
	    PORTS4 "af=0x02000000 l3=4 l4=24 -type0 -tags -eth" },
	{ "NULL, NetBSD", 0, "18000000 " V6("11") UDP, PORTS6 "l3=4" },
	{ "NULL, FreeBSD", 0, "1c000000 " V6("11") UDP, PORTS6 "l3=4" },
	{ "NULL, macOS", 0, "1e000000 " V6("11") UDP, PORTS6 "l3=4" },
	{ "NULL, swapped", 0, "00000002 " V4("45", "0000", "11") UDP,
	    "af=2 -type -ip -l3" },
	{ "LOOP", 108, "00000002 " V4("45", "0000", "11") UDP,
	    PORTS4 "af=2 l3=4 -type0" },
	{ "LOOP, IPv6", 108, "0000001e " V6("11") UDP, PORTS6 "af=30" },
	{ "LOOP, swapped", 108, "02000000 " V4("45", "0000", "11") UDP,
	    "-type -ip -l3" },
	{ "RAW", 101, V4("45", "0000", "11") UDP,
	    PORTS4 "l3=0 l4=20 -af -type0" },
	{ "RAW, IPv6", 101, V6("11") UDP, PORTS6 "l3=0 l4=40" },
	{ "RAW, neither", 101, V4("55", "0000", "11") UDP, "-type -ip -l3" },
	{ "IPV4", 228, V4("45", "0000", "11") UDP, PORTS4 "l3=0 -type0" },
	{ "IPV4, another version", 228, V6("11") UDP,
	    "type=0x800 ip.vhl=0x6a l4=40 l4.0=12345 -frag -proto -sport -e4" },
	{ "IPV6", 229, V6("11") UDP, PORTS6 "l3=0" },
	{ "IPV6, another version", 229,
	    "4"
	    "ab12345 0010 11 3f "
	    "00000000000000000000000000000001 00000000000000000000000000000002"
	    "3039 0035 0008 1234",
	    "type=0x86dd ip6.nh=17 l4=40 l4.0=12345 "
	    "l4.left=8 -frag -proto -sport -e4" },
	{ "nothing", 1, "", "caplen=0 -eth -t -l4 -l3" },
	{ "nothing of IPV4", 228, "", "type=0x800 l3=0 -ip -l4" },
	{ "ARP", 1, MACS "0806 " ARP,
	    "type=0x806 l3=14 arp.hrd=1 arp.pro=0x800 arp.hln=6 arp.pln=4 "
	    "arp.op=2 arp.sha=0x2aa00000001 arp.spa=0xa000001 "
	    "arp.tha=0x2aa00000002 arp.tpa=0xa000002 -ip -l4 -frag -proto" },
	{ "RARP", 1, MACS "8035 " ARP, "type=0x8035 arp.tpa=0xa000002 -ip" },
	{ "first fragment", 1, MACS "0800 " V4("45", "2000", "11") UDP,
	    "frag=1 proto=17 sport=12345 e4=34" },
	{ "later fragment", 1, MACS "0800 " V4("45", "2001", "11") UDP,
	    "frag=2 proto=17 l4.0=12345 l4=34 -sport -dport -e4" },
	{ "last fragment", 1, MACS "0800 " V4("45", "1fff", "01") ICMP,
	    "frag=2 proto=1 -icmp" },
	{ "unused flag", 1, MACS "0800 " V4("45", "8000", "06") TCP,
	    "frag=0 tcp.flags=0x12" },
	{ "UDP-Lite", 1, MACS "0800 " V4("45", "0000", "88") UDP, PORTS4 },
	{ "SCTP", 1, MACS "0800 " V4("45", "0000", "84") UDP, PORTS4 "-tcp" },
	{ "DCCP", 1, MACS "86dd " V6("21") UDP, PORTS6 "proto=33" },
	{ "ICMP", 1, MACS "0800 " V4("45", "0000", "01") ICMP,
	    "proto=1 icmp.type=3 icmp.code=1 -sport -dport -tcp" },
	{ "ICMPv6", 1, MACS "86dd " V6("3a") ICMP,
	    "proto=58 icmp.type=3 icmp.code=1 -sport -dport -tcp" },
	{ "GRE", 1, MACS "0800 " V4("45", "0000", "2f") UDP,
	    "proto=47 e4=34 l4.0=12345 -sport -dport -tcp -icmp" },
	{ "no next header", 229, V6("3b") UDP, "proto=59 frag=0 -sport" },
	{ "atomic fragment", 229, V6("2c") "11000000 00000001 " UDP,
	    PORTS6 "e4=48 ip6.xnh=17 -l4" },
	{ "first fragment, IPv6", 229,
	    V6("2c") "3cff0007 00000001 "
	             "1100010400000000 " UDP,
	    "frag=1 proto=17 sport=12345 e4=56" },
	{ "later fragment, IPv6", 229, V6("2c") "11000008 00000001 " UDP,
	    "frag=2 proto=17 -sport -dport -e4 -l4" },
	{ "later fragment of options", 229,
	    V6("00") "2c00010400000000 "
	             "3c00fff9 00000001 1100010400000000 " UDP,
	    "frag=2 proto=60 -sport -e4 ip6.xnh=44" },
	{ "two fragment headers", 229,
	    V6("2c") "2c000001 00000001 "
	             "11000000 00000002 " UDP,
	    "frag=1 sport=12345 e4=56" },
	{ "AH counts in words", 229, V6("33") "11010000 00000001 00000002 " UDP,
	    PORTS6 "e4=52 ip6.xnh=17 -l4" },
	{ "options count in units of 8", 229,
	    V6("3c") "1101 010c "
	             "000000000000 000000000000 " UDP,
	    PORTS6 "e4=56" },
	{ "a chain that is cut", 229, V6("3c") "1101 010c 0000",
	    "proto=17 frag=0 e4=56 -sport" },
	{ "a chain that does not end", 229, V6("3c") "3c",
	    "ip6.nh=60 ip6.xnh=60 -proto -frag -e4 -l4" },
	{ "a fragment header that is cut", 229, V6("2c") "1100 00",
	    "ip6.xnh=17 -proto -frag -e4" },
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

/* A packet of hexadecimal text; its bytes are an allocation of their size. */
static struct sp_packet packet(uint32_t link, const char *hex)
{
	struct sp_packet p = { .link = link };
	uint8_t *data;
	size_t n, where;

	ck_assert_int_eq(cmd_hex_parse(hex, strlen(hex), &data, &n, &where), 0);
	p.data = data;
	p.caplen = (uint32_t)n;
	p.len = p.caplen + 7;
	return p;
}

static void forget(struct sp_packet *p)
{
	free((void *)(uintptr_t)p->data);
}

/* Parse the first caplen bytes, in an allocation of their size, and judge. */
static void parse_cut(
    const struct sp_packet *whole, uint32_t caplen, struct sp_view *v)
{
	struct sp_packet p = *whole;
	uint8_t *copy = malloc(caplen);
	const char *wrong;

	if (caplen > 0)
		memcpy(copy, whole->data, caplen);
	p.data = caplen > 0 ? copy : NULL;
	p.caplen = caplen;
	memset(v, 0xa5, sizeof(*v));
	sp_parse(&p, v);
	wrong = view_sane(&p, v);
	free(copy);
	ck_assert_msg(wrong == NULL, "cut at %u: %s", caplen, wrong);
}

static uint32_t field_of(const char *name, size_t n)
{
	uint32_t f = 0;

	while (
	    f < SP_FIELDS && (strlen(sp_field_row[f].name) != n ||
	                         strncmp(sp_field_row[f].name, name, n) != 0))
		f++;
	return f;
}

static const uint32_t *place(const struct sp_view *v, const char *name)
{
	return strncmp(name, "l3", 2) == 0   ? &v->l3
	       : strncmp(name, "e4", 2) == 0 ? &v->e4
	                                     : &v->l4;
}

static bool is_place(const char *name, size_t n)
{
	return n == 2 && name[1] >= '3' && name[1] <= '4';
}

/* Judge one word of what is wanted; *named gets the field's bit. */
static bool says(
    const struct sp_view *v, const char *word, size_t n, uint64_t *named)
{
	const char *eq = memchr(word, '=', n);
	uint64_t x = SP_NOWHERE;
	uint32_t f;

	if (eq == NULL) {
		for (f = 0; f < SP_FIELDS; f++)
			if (strncmp(sp_field_row[f].name, word + 1, n - 1) ==
			        0 &&
			    (v->has & SP_BIT(f)) != 0)
				return false;
		return !is_place(word + 1, n - 1) || *place(v, word + 1) == x;
	}
	x = strtoull(eq + 1, NULL, 0);
	if (is_place(word, (size_t)(eq - word)))
		return *place(v, word) == x;
	f = field_of(word, (size_t)(eq - word));
	ck_assert_msg(f < SP_FIELDS, "no field: %s", word);
	*named |= SP_BIT(f);
	return (v->has & SP_BIT(f)) != 0 && v->v[f] == x;
}

static uint64_t check(const struct sp_view *v, const char *want)
{
	uint64_t named = 0;
	size_t n;

	for (want += strspn(want, " "); *want != '\0';
	     want += n + strspn(want + n, " ")) {
		n = strcspn(want, " ");
		ck_assert_msg(says(v, want, n, &named), "%.*s does not hold",
		    (int)n, want);
	}
	return named;
}

START_TEST(fields_are_found)
{
	struct sp_packet p = packet(rows[_i].link, rows[_i].hex);
	struct sp_view v;

	parse_cut(&p, p.caplen, &v);
	(void)check(&v, rows[_i].want);
	forget(&p);
}
END_TEST

START_TEST(every_field_has_its_row)
{
	uint64_t named = 0;

	for (size_t i = 0; i < NROWS; i++) {
		struct sp_packet p = packet(rows[i].link, rows[i].hex);
		struct sp_view v;

		parse_cut(&p, p.caplen, &v);
		named |= check(&v, rows[i].want);
		forget(&p);
	}
	ck_assert_uint_eq(named, UINT64_MAX >> (64 - SP_FIELDS));
}
END_TEST

/* A shorter packet has fewer fields, of the same numbers. */
START_TEST(cuts_only_take_away)
{
	struct sp_packet p = packet(rows[_i].link, rows[_i].hex);
	struct sp_view whole, v;

	parse_cut(&p, p.caplen, &whole);
	for (uint32_t n = p.caplen; n-- > 0;) {
		const char *wrong;

		parse_cut(&p, n, &v);
		wrong = view_within(&v, &whole);
		ck_assert_msg(wrong == NULL, "cut at %u: %s", n, wrong);
		ck_assert(n < view_end(&p, &whole) ||
		          view_within(&whole, &v) == NULL);
	}
	forget(&p);
}
END_TEST

START_TEST(damage_is_parsed)
{
	struct sp_packet p = packet(rows[_i].link, rows[_i].hex);
	uint8_t *data = (uint8_t *)(uintptr_t)p.data;
	struct sp_view v;

	for (uint32_t bit = 0; bit < 8 * p.caplen; bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		parse_cut(&p, p.caplen, &v);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	forget(&p);
}
END_TEST

/* view_sane() notices what is added, left out, and changed. */
START_TEST(the_judge_sees)
{
	struct sp_packet p = packet(rows[_i].link, rows[_i].hex);
	struct sp_view v;

	parse_cut(&p, p.caplen, &v);
	for (uint32_t f = 0; f < SP_FIELDS; f++) {
		bool there = (v.has & SP_BIT(f)) != 0;

		v.has ^= SP_BIT(f);
		ck_assert_ptr_nonnull(view_sane(&p, &v));
		v.has ^= SP_BIT(f);
		v.v[f] ^= 1;
		ck_assert(!there || view_sane(&p, &v) != NULL);
		v.v[f] ^= 1;
	}
	v.l3 ^= 4;
	ck_assert_ptr_nonnull(view_sane(&p, &v));
	v.l3 ^= 4;
	v.l4 ^= 4;
	ck_assert_ptr_nonnull(view_sane(&p, &v));
	v.l4 ^= 4;
	v.e4 ^= 4;
	ck_assert_ptr_nonnull(view_sane(&p, &v));
	forget(&p);
}
END_TEST

/* Literal fields are behind any ihl, effective ones behind a right one. */
START_TEST(every_ihl)
{
	uint8_t data[64] = { [6] = 0x40, [9] = 17 };
	struct sp_packet p = { data, sizeof(data), sizeof(data), SP_LINK_IPV4 };
	uint32_t l4 = 4u * (uint32_t)_i;
	struct sp_view v;

	data[0] = (uint8_t)(0x40 | _i);
	data[l4 + 2] = 0x12;
	data[l4 + 3] = 0x34;
	parse_cut(&p, sizeof(data), &v);
	ck_assert_uint_eq(v.l4, l4);
	ck_assert_uint_eq(view_of(&v, SP_L4_2), 0x1234);
	ck_assert_uint_eq(view_of(&v, SP_L4_LEFT), 64 - l4);
	ck_assert_uint_eq(view_of(&v, SP_DPORT), _i < 5 ? UINT64_MAX : 0x1234);
	ck_assert_uint_eq(view_of(&v, SP_FRAG), _i < 5 ? UINT64_MAX : 0);
	data[0] = (uint8_t)(0x60 | _i);
	parse_cut(&p, sizeof(data), &v);
	ck_assert_uint_eq(view_of(&v, SP_L4_2), 0x1234);
	ck_assert_uint_eq(view_of(&v, SP_PROTO), UINT64_MAX);
	ck_assert_uint_eq(view_of(&v, SP_DPORT), UINT64_MAX);
}
END_TEST

/* A row of n headers of a kind, each of 8 bytes (AH's: 12), then UDP. */
static struct sp_packet chain(uint8_t *data, uint8_t kind, uint32_t n)
{
	uint32_t at = 40, size = kind == 51 ? 12 : 8;

	memset(data, 0, 256);
	data[0] = 0x60;
	data[6] = kind;
	for (uint32_t i = 1; i <= n; i++, at += size) {
		data[at] = i == n ? 17 : kind;
		data[at + 1] = kind == 51;
	}
	data[at + 1] = 99;
	return (struct sp_packet){ data, at + 8, at + 8, SP_LINK_IPV6 };
}

static const uint8_t kinds[] = { 0, 43, 44, 51, 60, 135, 139, 140 };
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

START_TEST(every_extension_header)
{
	const uint8_t kind = kinds[_i];
	uint8_t data[256];
	struct sp_view v, whole;

	ck_assert(sp_is_ext(kind));
	for (uint32_t n = 1; n <= SP_EXT_MAX + 1; n++) {
		struct sp_packet p = chain(data, kind, n);
		bool ends = n <= SP_EXT_MAX;

		parse_cut(&p, p.caplen, &whole);
		ck_assert_uint_eq(whole.e4, ends ? p.caplen - 8 : SP_NOWHERE);
		ck_assert_uint_eq(view_of(&whole, SP_IP6_XNH), data[40]);
		ck_assert_uint_eq(
		    view_of(&whole, SP_PROTO), ends ? 17 : UINT64_MAX);
		ck_assert_uint_eq(
		    view_of(&whole, SP_FRAG), ends ? 0 : UINT64_MAX);
		ck_assert_uint_eq(
		    view_of(&whole, SP_SPORT), ends ? 99 : UINT64_MAX);
		ck_assert_uint_eq(view_of(&whole, SP_L4_0), UINT64_MAX);
		for (uint32_t cut = p.caplen; cut-- > 0;) {
			parse_cut(&p, cut, &v);
			ck_assert_ptr_null(view_within(&v, &whole));
		}
	}
}
END_TEST

START_TEST(numbers_of_headers)
{
	uint64_t n = 0;

	for (uint64_t x = 0; x < 0x10000; x++)
		n += sp_is_tpid(x) + 1000u * sp_is_ext(x);
	ck_assert_uint_eq(n, 3 + 1000 * NKINDS);
	ck_assert(sp_is_tpid(0x8100) && sp_is_tpid(0x88a8));
	ck_assert(sp_is_tpid(0x9100));
}
END_TEST

Suite *t_space_parse_suite(void)
{
	Suite *s = suite_create("space_parse");
	TCase *t = tcase_create("space_parse");

	tcase_add_loop_test(t, fields_are_found, 0, NROWS);
	tcase_add_test(t, every_field_has_its_row);
	tcase_add_loop_test(t, cuts_only_take_away, 0, NROWS);
	tcase_add_loop_test(t, damage_is_parsed, 0, NROWS);
	tcase_add_loop_test(t, the_judge_sees, 0, NROWS);
	tcase_add_loop_test(t, every_ihl, 0, 16);
	tcase_add_loop_test(t, every_extension_header, 0, NKINDS);
	tcase_add_test(t, numbers_of_headers);
	suite_add_tcase(s, t);
	return s;
}
