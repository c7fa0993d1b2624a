/* SPDX-License-Identifier: BSD-2-Clause */
/* The host of libos-net: its answers byte by byte, and what it does not answer. */
#include <check.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "libos-net/net.h"

#define ME    0x0a00020fu
#define PEER  0x0a000201u
#define BASIC (14u + 20u)
#define MOST  1514u

static const uint8_t my_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

static struct lnet_net net;
static uint8_t in[4096], out[MOST];
static uint32_t nout, answers;
static int verdict;
static struct lnet_datagram got;
static uint8_t got_data[MOST];
static uint32_t calls;

static int send(void *arg, const uint8_t *frame, uint32_t n)
{
	ck_assert_ptr_eq(arg, &answers);
	ck_assert_uint_le(n, MOST);
	memcpy(out, frame, n);
	nout = n;
	answers++;
	return verdict;
}

static void setup(void)
{
	lnet_net_init(&net, my_mac, ME, send, &answers);
	nout = answers = calls = 0;
	verdict = 0;
}

static void input(uint32_t n)
{
	nout = 0;
	lnet_net_input(&net, in, n);
}

/* RFC 1071 as it is written: the complement of the one's complement sum. */
static uint16_t sum_of(const uint8_t *p, uint32_t n, uint32_t s)
{
	for (uint32_t i = 0; i < n; i++) {
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (s > 0xffff)
			s -= 0xffff;
	}
	return (uint16_t)~s;
}

static uint32_t pseudo(const uint8_t *ip, uint32_t n)
{
	uint8_t p[12];

	memcpy(p, ip + 12, 8);
	p[8] = 0;
	p[9] = ip[9];
	exo_put_be16(p + 10, (uint16_t)n);
	return (uint16_t)~sum_of(p, 12, 0);
}

/* Both headers of a packet with n bytes, which are there already. Its length. */
static uint32_t packet(uint32_t from, uint8_t proto, uint32_t n)
{
	uint8_t *p = in + 14;

	memcpy(in, my_mac, 6);
	memcpy(in + 6, peer_mac, 6);
	exo_put_be16(in + 12, 0x0800);
	memset(p, 0, 20);
	p[0] = 0x45;
	exo_put_be16(p + 2, (uint16_t)(20 + n));
	exo_put_be16(p + 4, 0xabcd);
	p[8] = 1;
	p[9] = proto;
	exo_put_be32(p + 12, from);
	exo_put_be32(p + 16, ME);
	exo_put_be16(p + 10, sum_of(p, 20, 0));
	return BASIC + n;
}

static void sum_ip(void)
{
	exo_put_be16(in + 24, 0);
	exo_put_be16(in + 24, sum_of(in + 14, 20, 0));
}

static uint32_t ping(uint32_t data)
{
	uint8_t *p = in + BASIC;

	memcpy(p, (uint8_t[]){ 8, 0, 0, 0, 0x12, 0x34, 0, 7 }, 8);
	for (uint32_t i = 0; i < data; i++)
		p[8 + i] = (uint8_t)(i * 7 + data);
	exo_put_be16(p + 2, sum_of(p, 8 + data, 0));
	return packet(PEER, 1, 8 + data);
}

static uint32_t udp_from(uint32_t from, uint16_t port, uint32_t data)
{
	uint8_t *p = in + BASIC;
	uint16_t s;

	exo_put_be16(p, 4000);
	exo_put_be16(p + 2, port);
	exo_put_be16(p + 4, (uint16_t)(8 + data));
	exo_put_be16(p + 6, 0);
	(void)packet(from, 17, 8 + data);
	s = sum_of(p, 8 + data, pseudo(in + 14, 8 + data));
	exo_put_be16(p + 6, s == 0 ? 0xffff : s);
	return BASIC + 8 + data;
}

static uint32_t udp(uint16_t port, uint32_t data)
{
	return udp_from(PEER, port, data);
}

/* An IPv4 answer to the peer with n bytes. */
static void check_ip(uint8_t proto, uint32_t n, uint16_t ident)
{
	const uint8_t *p = out + 14;

	ck_assert_uint_eq(nout, BASIC + n);
	ck_assert(memcmp(out, peer_mac, 6) == 0);
	ck_assert(memcmp(out + 6, my_mac, 6) == 0);
	ck_assert_uint_eq(exo_be16(out + 12), 0x0800);
	ck_assert_uint_eq(exo_be16(p), 0x4500);
	ck_assert_uint_eq(exo_be16(p + 2), 20 + n);
	ck_assert_uint_eq(exo_be16(p + 4), ident);
	ck_assert_uint_eq(exo_be16(p + 6), 0);
	ck_assert_uint_eq(p[8], 64);
	ck_assert_uint_eq(p[9], proto);
	ck_assert_uint_eq(exo_be32(p + 12), ME);
	ck_assert_uint_eq(exo_be32(p + 16), PEER);
	ck_assert_uint_eq(sum_of(p, 20, 0), 0);
}

static void take(void *arg, struct lnet_net *of, const struct lnet_datagram *d)
{
	ck_assert_ptr_eq(arg, &calls);
	ck_assert_ptr_eq(of, &net);
	got = *d;
	memcpy(got_data, d->data, d->n);
	calls++;
}

static uint32_t arp(uint16_t op, uint32_t spa, uint32_t tpa)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4 };
	uint8_t *p = in + 14;

	memset(in, 0xff, 6);
	memcpy(in + 6, peer_mac, 6);
	exo_put_be16(in + 12, 0x0806);
	memcpy(p, head, 6);
	exo_put_be16(p + 6, op);
	memcpy(p + 8, peer_mac, 6);
	exo_put_be32(p + 14, spa);
	memset(p + 18, 0, 6);
	exo_put_be32(p + 24, tpa);
	memset(p + 28, 0, 18);
	return 60;
}

/* --- ARP ---------------------------------------------------------------------- */

START_TEST(arp_answers)
{
	static const uint8_t want[42] = { 2, 0, 0, 0, 0, 1, 0x52, 0x54, 0, 0x12,
		0x34, 0x56, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 0x52, 0x54, 0, 0x12,
		0x34, 0x56, 10, 0, 2, 15, 2, 0, 0, 0, 0, 1, 10, 0, 2, 1 };

	input(arp(1, PEER, ME));
	ck_assert_uint_eq(nout, 42);
	ck_assert(memcmp(out, want, 42) == 0);
	ck_assert_uint_eq(net.n.arp, 1);
	ck_assert_uint_eq(net.n.sent, 1);
	/* a probe, whose sender has no address yet [RFC 5227] */
	input(arp(1, 0, ME));
	ck_assert_uint_eq(nout, 42);
	ck_assert_uint_eq(exo_be32(out + 38), 0);
	/* without padding, and to us alone */
	(void)arp(1, PEER, ME);
	memcpy(in, my_mac, 6);
	input(42);
	ck_assert_uint_eq(nout, 42);
}
END_TEST

START_TEST(arp_is_silent)
{
	input(arp(2, PEER, ME)); /* an answer */
	ck_assert_uint_eq(net.n.arp, 1);
	input(arp(1, PEER, ME + 1));
	ck_assert_uint_eq(net.n.strangers, 1);
	(void)arp(1, PEER, ME);
	input(41);
	ck_assert_uint_eq(net.n.malformed, 1);
	for (uint32_t i = 0; i < 6; i++) {
		(void)arp(1, PEER, ME);
		in[14 + i] ^= 2;
		input(60);
	}
	(void)arp(1, PEER, ME);
	in[14 + 8] |= 1; /* a group's hardware address */
	input(60);
	ck_assert_uint_eq(net.n.malformed, 8);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

/* --- frames and packets --------------------------------------------------------- */

START_TEST(frames_of_others)
{
	uint32_t n = ping(10);

	in[0] ^= 4;
	input(n);
	ck_assert_uint_eq(net.n.strangers, 1);
	(void)ping(10);
	exo_put_be16(in + 12, 0x86dd);
	input(n);
	ck_assert_uint_eq(net.n.strangers, 2);
	for (uint32_t i = 0; i < 14; i++)
		input(i);
	ck_assert_uint_eq(net.n.malformed, 14);
	ck_assert_uint_eq(net.n.frames, 16);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

START_TEST(packets_are_malformed)
{
	uint32_t n = ping(10);
	uint64_t bad = 0;

	for (uint32_t i = 14; i < n; i++) { /* cut off */
		(void)ping(10);
		input(i);
		bad++;
		ck_assert_uint_eq(net.n.malformed, bad);
	}
	/* each bit of the header, for the sum is wrong then */
	for (uint32_t bit = 0; bit < 160; bit++) {
		(void)ping(10);
		in[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		input(n);
		bad++;
		ck_assert_uint_eq(net.n.malformed, bad);
	}
	/* with a right sum: the version, lengths of header and packet */
	for (uint32_t v = 0; v < 256; v++) {
		(void)ping(10);
		in[14] = (uint8_t)v;
		sum_ip();
		if (v >> 4 == 4 && (v & 15) >= 5)
			continue;
		input(n);
		bad++;
		ck_assert_uint_eq(net.n.malformed, bad);
	}
	(void)ping(10);
	exo_put_be16(in + 16, 19);
	sum_ip();
	input(n);
	(void)ping(10);
	exo_put_be16(in + 16, (uint16_t)(n - 14 + 1));
	sum_ip();
	input(n);
	ck_assert_uint_eq(net.n.malformed, bad + 2);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

START_TEST(packets_of_others)
{
	static const uint32_t no_host[] = { 0, 1, 0x00ffffff, 0x7f000001,
		0xe0000001, 0xf0000000, 0xffffffff, ME };
	uint32_t n;

	for (uint32_t i = 0; i < sizeof(no_host) / sizeof(no_host[0]); i++) {
		n = ping(3);
		exo_put_be32(in + 26, no_host[i]);
		sum_ip();
		input(n);
		ck_assert_uint_eq(net.n.strangers, i + 1);
	}
	n = ping(3);
	exo_put_be32(in + 30, ME + 1);
	sum_ip();
	input(n);
	ck_assert_uint_eq(net.n.strangers, 9);
	n = ping(3);
	in[23] = 6;
	sum_ip();
	input(n);
	ck_assert_uint_eq(net.n.strangers, 10);
	/* fragments, first and later ones; "do not" is none */
	n = ping(3);
	exo_put_be16(in + 20, 0x2000);
	sum_ip();
	input(n);
	n = ping(3);
	exo_put_be16(in + 20, 1);
	sum_ip();
	input(n);
	ck_assert_uint_eq(net.n.fragments, 2);
	ck_assert_uint_eq(answers, 0);
	n = ping(3);
	exo_put_be16(in + 20, 0x4000);
	sum_ip();
	input(n);
	ck_assert_uint_eq(answers, 1);
}
END_TEST

/* Behind options, and before padding. */
START_TEST(packets_have_options)
{
	uint32_t n = ping(5);

	memmove(in + 14 + 60, in + BASIC, n - BASIC);
	memset(in + BASIC, 1, 40);
	in[14] = 0x4f;
	exo_put_be16(in + 16, (uint16_t)(60 + 13));
	exo_put_be16(in + 24, 0);
	exo_put_be16(in + 24, sum_of(in + 14, 60, 0));
	memset(in + 14 + 73, 0xee, 9);
	input(14 + 73 + 9);
	check_ip(1, 13, 0);
}
END_TEST

/* --- ICMP ---------------------------------------------------------------------- */

START_TEST(pings_are_answered)
{
	uint16_t ident = 0;

	for (uint32_t data = 0; data <= MOST - BASIC - 8;
	     data += 1 + data / 9) {
		uint32_t n = ping(data);

		input(n);
		check_ip(1, 8 + data, ident++);
		ck_assert_uint_eq(exo_be16(out + BASIC), 0);
		ck_assert_uint_eq(sum_of(out + BASIC, 8 + data, 0), 0);
		ck_assert(
		    memcmp(out + BASIC + 4, in + BASIC + 4, 4 + data) == 0);
	}
	input(ping(MOST - BASIC - 8)); /* the longest */
	check_ip(1, MOST - BASIC, ident);
	ck_assert_uint_eq(net.n.echo, ident + 1u);
}
END_TEST

START_TEST(other_icmp_is_not)
{
	uint32_t n = ping(6);

	for (uint32_t i = BASIC; i < n; i++) {
		(void)ping(6);
		in[i] ^= 0x10;
		input(n);
	}
	ck_assert_uint_eq(net.n.malformed, n - BASIC);
	for (uint32_t k = 0; k < 8; k++) { /* shorter than its header */
		(void)ping(0);
		input(packet(PEER, 1, k));
	}
	ck_assert_uint_eq(net.n.malformed, n - BASIC + 8);
	(void)ping(6);
	in[BASIC] = 0; /* an answer */
	exo_put_be16(in + BASIC + 2, 0);
	exo_put_be16(in + BASIC + 2, sum_of(in + BASIC, 14, 0));
	input(n);
	input(ping(MOST - BASIC - 7)); /* longer than a frame */
	ck_assert_uint_eq(net.n.strangers, 2);
	setup(); /* knowing nobody */
	(void)ping(6);
	in[6] |= 1; /* from a group's hardware address: there is no way back */
	input(n);
	ck_assert_uint_eq(net.n.strangers, 1);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

/* --- UDP ----------------------------------------------------------------------- */

START_TEST(datagrams_come)
{
	ck_assert(lnet_udp_bind(&net, 7, take, &calls));
	for (uint32_t data = 0; data <= MOST - BASIC - 8;
	     data += 1 + data / 9) {
		for (uint32_t i = 0; i < data; i++)
			in[BASIC + 8 + i] = (uint8_t)(i * 11 + data);
		calls = 0;
		input(udp(7, data));
		ck_assert_uint_eq(calls, 1);
		ck_assert_uint_eq(got.from_ip, PEER);
		ck_assert_uint_eq(got.from_port, 4000);
		ck_assert_uint_eq(got.to_port, 7);
		ck_assert_uint_eq(got.n, data);
		ck_assert(memcmp(got_data, in + BASIC + 8, data) == 0);
	}
	/* without a sum; to everybody's hardware address; with bytes behind */
	(void)udp(7, 5);
	exo_put_be16(in + BASIC + 6, 0);
	memset(in, 0xff, 6);
	calls = 0;
	input(BASIC + 13 + 5);
	ck_assert_uint_eq(calls, 1);
	ck_assert_uint_eq(got.n, 5);
	ck_assert_uint_eq(net.n.malformed + net.n.strangers, 0);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

START_TEST(datagrams_are_malformed)
{
	uint32_t n, bad = 0;

	ck_assert(lnet_udp_bind(&net, 7, take, &calls));
	memset(in, 0, sizeof(in));
	n = udp(7, 9);
	for (uint32_t i = BASIC; i < n; i++) { /* the sum, by any bit */
		(void)udp(7, 9);
		in[i] ^= 0x10;
		input(n);
		ck_assert_uint_eq(net.n.malformed, ++bad);
	}
	for (uint32_t len = 0; len < 40; len++) { /* lengths that lie */
		if (len >= 8 && len <= 17)
			continue;
		(void)udp(7, 9);
		exo_put_be16(in + BASIC + 4, (uint16_t)len);
		exo_put_be16(in + BASIC + 6, 0);
		input(n);
		ck_assert_uint_eq(net.n.malformed, ++bad);
	}
	for (uint32_t k = 0; k < 8; k++) {
		(void)udp(7, 0);
		input(packet(PEER, 17, k));
		ck_assert_uint_eq(net.n.malformed, ++bad);
	}
	input(udp(8, 9)); /* nobody listens */
	input(udp(0, 9));
	ck_assert_uint_eq(net.n.strangers, 2);
	ck_assert_uint_eq(calls, 0);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

START_TEST(datagrams_go)
{
	uint8_t data[MOST];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 5 + 1);
	ck_assert(!lnet_udp_send(&net, 7, PEER, 9, data, 1)); /* unknown */
	input(arp(2, PEER, ME));
	for (uint32_t n = 0; n <= MOST - BASIC - 8; n++) {
		ck_assert(lnet_udp_send(&net, 7, PEER, 9, data, n));
		check_ip(17, 8 + n, (uint16_t)n);
		ck_assert_uint_eq(exo_be16(out + BASIC), 7);
		ck_assert_uint_eq(exo_be16(out + BASIC + 2), 9);
		ck_assert_uint_eq(exo_be16(out + BASIC + 4), 8 + n);
		ck_assert_uint_ne(exo_be16(out + BASIC + 6), 0);
		ck_assert_uint_eq(
		    sum_of(out + BASIC, 8 + n, pseudo(out + 14, 8 + n)), 0);
		ck_assert(memcmp(out + BASIC + 8, data, n) == 0);
	}
	ck_assert(!lnet_udp_send(&net, 7, PEER, 9, data, MOST - BASIC - 8 + 1));
	ck_assert(!lnet_udp_send(&net, 7, PEER, 9, data, UINT32_MAX));
	ck_assert(!lnet_udp_send(&net, 7, 0, 9, data, 1));
	verdict = -1;
	ck_assert(lnet_udp_send(&net, 7, PEER, 9, data, 1));
	ck_assert_uint_eq(net.n.unsent, 1);
	ck_assert_uint_eq(net.n.sent, MOST - BASIC - 8 + 1);
}
END_TEST

/* A sum of 0 is sent as 0xffff, for 0 says that there is none [RFC 768]. */
START_TEST(a_sum_of_zero)
{
	uint8_t data[2] = { 0, 0 };
	uint32_t s;

	input(arp(2, PEER, ME));
	ck_assert(lnet_udp_send(&net, 7, PEER, 9, data, 2));
	s = exo_be16(out + BASIC + 6);
	exo_put_be16(data, (uint16_t)s); /* the sum without it is now 0xffff */
	ck_assert(lnet_udp_send(&net, 7, PEER, 9, data, 2));
	ck_assert_uint_eq(exo_be16(out + BASIC + 6), 0xffff);
	ck_assert_uint_eq(sum_of(out + BASIC, 10, pseudo(out + 14, 10)), 0);
}
END_TEST

START_TEST(ports_are_few)
{
	ck_assert(!lnet_udp_bind(&net, 0, take, &calls));
	for (uint16_t i = 1; i <= LNET_PORTS; i++) {
		ck_assert(lnet_udp_bind(&net, i, take, &calls));
		ck_assert(!lnet_udp_bind(&net, i, take, &calls));
	}
	ck_assert(!lnet_udp_bind(&net, 99, take, &calls));
	for (uint16_t i = 1; i <= LNET_PORTS; i++) {
		input(udp(i, 1));
		ck_assert_uint_eq(got.to_port, i);
		ck_assert_uint_eq(calls, i);
	}
	input(udp(99, 1));
	ck_assert_uint_eq(calls, LNET_PORTS);
}
END_TEST

/* The first that came is forgotten first. */
START_TEST(peers_are_forgotten_in_turn)
{
	const uint8_t data = 1;

	for (uint32_t i = 0; i < LNET_PEERS; i++)
		input(arp(2, PEER + i, ME));
	for (uint32_t k = 0; k < 2 * LNET_PEERS; k++) {
		for (uint32_t i = 0; i < 3 * LNET_PEERS; i++)
			ck_assert_int_eq(
			    lnet_udp_send(&net, 7, PEER + i, 9, &data, 1),
			    i >= k && i < k + LNET_PEERS);
		input(arp(2, PEER + k + LNET_PEERS - 1, ME)); /* known */
		/* datagrams are remembered as well */
		input(udp_from(PEER + k + LNET_PEERS, 7, 1));
	}
}
END_TEST

/* An address moves with whoever says so last. */
START_TEST(peers_move)
{
	const uint8_t data = 1;

	input(arp(2, PEER, ME));
	(void)arp(2, PEER, ME);
	in[14 + 8 + 5] = 77;
	input(60);
	ck_assert(lnet_udp_send(&net, 7, PEER, 9, &data, 1));
	ck_assert_uint_eq(out[5], 77);
}
END_TEST

START_TEST(addresses_are_read)
{
	static const char *const none[] = { "", "1", "1.2.3", "1.2.3.",
		"256.1.1.1", "1.2.3.256", "1..2.3", "a.b.c.d", "1.2,3.4",
		"1111.1.1.1", " 1.2.3.4" };
	uint32_t ip = 0;

	ck_assert(lnet_ip_parse("10.0.2.15", &ip) && ip == ME);
	ck_assert(lnet_ip_parse("255.255.255.255", &ip) && ip == UINT32_MAX);
	ck_assert(lnet_ip_parse("10.0.2.15:7000", &ip) && ip == ME);
	for (uint32_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(!lnet_ip_parse(none[i], &ip), "%s", none[i]);
}
END_TEST

Suite *t_lnet_net_suite(void)
{
	Suite *s = suite_create("lnet_net");
	TCase *t = tcase_create("net");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, arp_answers);
	tcase_add_test(t, arp_is_silent);
	tcase_add_test(t, frames_of_others);
	tcase_add_test(t, packets_are_malformed);
	tcase_add_test(t, packets_of_others);
	tcase_add_test(t, packets_have_options);
	tcase_add_test(t, pings_are_answered);
	tcase_add_test(t, other_icmp_is_not);
	tcase_add_test(t, datagrams_come);
	tcase_add_test(t, datagrams_are_malformed);
	tcase_add_test(t, datagrams_go);
	tcase_add_test(t, a_sum_of_zero);
	tcase_add_test(t, ports_are_few);
	tcase_add_test(t, peers_are_forgotten_in_turn);
	tcase_add_test(t, peers_move);
	tcase_add_test(t, addresses_are_read);
	suite_add_tcase(s, t);
	return s;
}
