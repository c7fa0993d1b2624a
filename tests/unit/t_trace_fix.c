/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_fix.c: libpcap turns the same bytes. */
#include "exo/hosted/trace_int.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <pcap.h>
#include <stdio.h>
#include <string.h>

Suite *t_trace_fix_suite(void);

static const uint16_t type[] = { 113, 189, 220, 239, 276, 1, 117, 0, 109 };

/* Bytes that make a link type's turning code go places. */
static void shape(uint16_t linktype, uint32_t seed, uint8_t *p, uint32_t len)
{
	uint32_t x = seed * 2654435761U + 1;
	uint32_t at;

	for (uint32_t i = 0; i < len; i++) {
		x = x * 1664525U + 1013904223U;
		p[i] = (uint8_t)(x >> 24);
	}
	if (len < 80)
		return;
	switch (linktype) {
	case 113:
		p[14] = 0;
		p[15] = (uint8_t)(0x0b + seed % 4);
		break;
	case 276:
		p[0] = 0;
		p[1] = (uint8_t)(0x0b + seed % 4);
		break;
	case 239:
		p[1] = seed % 5 == 0;
		for (at = 4; at + 4 < len; at += 4 + 4 * (seed % 3)) {
			p[at + 2] = 0;
			p[at + 3] = (uint8_t)(4 + 4 * (seed % 3) - seed % 2);
		}
		break;
	default:
		p[8] = 'C';
		p[9] = (uint8_t)(seed % 3 == 0);
		p[10] |= 0x80;
		p[15] = seed % 7 == 0;
		memset(p + 32, 0, 4);
		p[35] = (uint8_t)seed;
		memset(p + 60, 0, 4);
		p[63] = (uint8_t)(seed % 9);
		break;
	}
}

/* Every type, many packets, both byte orders: bytes and lengths as libpcap. */
START_TEST(as_libpcap)
{
	uint16_t linktype = type[_i / 2];
	struct mk b = { .swapped = _i % 2 != 0 };
	struct pcap_pkthdr *h;
	struct tr_error err;
	struct tr_reader *r;
	const u_char *data;
	struct tr_pkt k;
	uint8_t p[300];
	char why[256];
	pcap_t *o;
	FILE *f;

	mk_pcap(&b, MK_NANO, 65535, linktype);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t len = i % 250, wire = i % 3 == 0 ? i % 60 : len;

		shape(linktype, i, p, len);
		if (i % 5 == 0 && len >= 80) /* the URB length's sum */
			wire = 64 + (i % 9) * 16 + (uint8_t)i;
		mk_rec(&b, i, i, len, wire, p);
	}
	f = fmemopen(b.p, b.len, "rb");
	o = pcap_fopen_offline_with_tstamp_precision(f, 1, why);
	r = tr_open_mem("t", b.p, b.len, NULL, &err);
	ck_assert(o != NULL && r != NULL);
	while (pcap_next_ex(o, &h, &data) == 1) {
		ck_assert_int_eq(tr_batch(r, &k, 1, &err), 1);
		ck_assert_uint_eq(k.caplen, h->caplen);
		ck_assert_msg(k.wirelen == h->len, "packet %u: %u, libpcap %u",
		    (unsigned)k.number, k.wirelen, h->len);
		ck_assert_msg(memcmp(k.data, data, k.caplen) == 0,
		    "packet %u of %u bytes", (unsigned)k.number, k.caplen);
	}
	ck_assert_int_eq(tr_batch(r, &k, 1, &err), 0);
	pcap_close(o);
	tr_close(r);
	mk_free(&b);
}
END_TEST

START_TEST(which_types)
{
	ck_assert(tr_fixable(220, false));
	ck_assert(!tr_fixable(189, false));
	ck_assert(tr_fixable(189, true));
	ck_assert(!tr_fixable(1, true));
	ck_assert(tr_unfixed(0));
	ck_assert(tr_unfixed(109));
	ck_assert(!tr_unfixed(108));
	ck_assert(!tr_unfixed(113));
}
END_TEST

/* Read as they are, marked; written in our order as far as they are whole. */
START_TEST(left_as_they_are)
{
	static const uint8_t want[2][13] = {
		{ 3, 2, 1, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12 },
		{ 3, 2, 1, 0, 4, 5, 6, 7, 11, 10, 9, 8, 12 },
	};
	uint16_t linktype = _i == 0 ? 0 : 109;
	uint8_t p[13];

	for (uint32_t len = 0; len <= sizeof(p); len++) {
		uint32_t whole = _i == 1 && len < 12 ? 8 : 12;

		for (uint32_t i = 0; i < sizeof(p); i++)
			p[i] = (uint8_t)i;
		tr_turn_unfixed(linktype, p, len);
		for (uint32_t i = 0; i < sizeof(p); i++)
			ck_assert_uint_eq(p[i],
			    i < len && len >= 4 && i < whole ? want[_i][i] : i);
	}
}
END_TEST

Suite *t_trace_fix_suite(void)
{
	Suite *s = suite_create("trace_fix");
	TCase *t = tcase_create("fix");

	tcase_add_loop_test(t, as_libpcap, 0, 18);
	tcase_add_loop_test(t, left_as_they_are, 0, 2);
	tcase_add_test(t, which_types);
	suite_add_tcase(s, t);
	return s;
}
