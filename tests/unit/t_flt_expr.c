/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions: libpcap's words, its programs, its link types. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "filters/filters_int.h"
#include "tests/support/cbpf_run.h"
#include "tests/support/oom.h"
#include "tests/unit/suites.h"

#define ETHERNET 1
#define RAW_IP   101

static struct flt_error err;

START_TEST(programs_are_libpcaps)
{
	static const char *const exprs[] = { "", "tcp port 80",
		"ip6 protochain 17", "ip broadcast", "ip[0] & 0xf != 5 and udp",
		"host 10.0.0.1 or net 192.168.0.0/16" };
	unsigned raw = (unsigned)_i & 1;
	struct bpf_program theirs;
	struct flt_cbpf *ours;
	uint32_t n, i;
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 262144);

	ck_assert_int_eq(
	    pcap_compile(p, &theirs, exprs[_i / 2], raw == 0, 0), 0);
	ck_assert_int_eq(flt_expr_cbpf(exprs[_i / 2], ETHERNET,
	                     raw != 0 ? FLT_EXPR_RAW : 0, &ours, &n, &err),
	    0);
	ck_assert_uint_eq(n, theirs.bf_len);
	for (i = 0; i < n; i++) {
		ck_assert_uint_eq(ours[i].code, theirs.bf_insns[i].code);
		ck_assert_uint_eq(ours[i].jt, theirs.bf_insns[i].jt);
		ck_assert_uint_eq(ours[i].jf, theirs.bf_insns[i].jf);
		ck_assert_uint_eq(ours[i].k, theirs.bf_insns[i].k);
	}
	free(ours);
	pcap_freecode(&theirs);
	pcap_close(p);
}
END_TEST

/* The same expression in other clothes: where IP begins differs. */
START_TEST(link_types_count)
{
	uint8_t raw[20] = { 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6 };
	uint8_t ether[34] = { [12] = 8 };
	struct cbpf_run r;
	struct flt_cbpf *p;
	uint64_t got;
	uint32_t n;

	memcpy(ether + 14, raw, sizeof(raw));
	ck_assert_int_eq(
	    flt_expr_cbpf("ip and tcp", RAW_IP, 0, &p, &n, &err), 0);
	ck_assert(cbpf_run_make(&r, p, n));
	ck_assert(cbpf_run_on(&r, raw, sizeof(raw), sizeof(raw), &got));
	ck_assert_uint_eq(got, 262144);
	ck_assert(cbpf_run_on(&r, ether, sizeof(ether), 34, &got));
	ck_assert_uint_eq(got, 0);
	cbpf_run_free(&r);
	free(p);
	ck_assert_int_eq(
	    flt_expr_cbpf("ip and tcp", ETHERNET, 0, &p, &n, &err), 0);
	ck_assert(cbpf_run_make(&r, p, n));
	ck_assert(cbpf_run_on(&r, ether, sizeof(ether), 34, &got));
	ck_assert_uint_eq(got, 262144);
	cbpf_run_free(&r);
	free(p);
}
END_TEST

/* On NULL and ENC `ip` asks for a family in the order of the trace. */
START_TEST(byte_orders_count)
{
	static const struct {
		uint32_t linktype;
		uint8_t family[4];
		bool swapped;
	} row[] = {
		{ 0, { 2, 0, 0, 0 }, false },
		{ 0, { 0, 0, 0, 2 }, true },
		{ 109, { 2, 0, 0, 0 }, false },
		{ 109, { 0, 0, 0, 2 }, true },
		{ 108, { 0, 0, 0, 2 }, false },
		{ 108, { 0, 0, 0, 2 }, true },
	};
	unsigned flags = row[_i].swapped ? FLT_EXPR_SWAPPED : 0;
	uint8_t packet[32] = { 0 };
	struct cbpf_run r;
	struct flt_cbpf *p;
	uint64_t got;
	uint32_t n;

	memcpy(packet, row[_i].family, 4);
	ck_assert_int_eq(
	    flt_expr_cbpf("ip", row[_i].linktype, flags, &p, &n, &err), 0);
	ck_assert(cbpf_run_make(&r, p, n));
	ck_assert(cbpf_run_on(&r, packet, sizeof(packet), 32, &got));
	ck_assert_uint_eq(got, 262144);
	packet[0] ^= 1;
	ck_assert(cbpf_run_on(&r, packet, sizeof(packet), 32, &got));
	ck_assert_uint_eq(got, 0);
	cbpf_run_free(&r);
	free(p);
}
END_TEST

START_TEST(refusals_are_in_libpcaps_words)
{
	static const struct {
		const char *expr, *words;
		uint32_t linktype;
	} rows[] = {
		{ "tcp port", "syntax error", ETHERNET },
		{ "port 65536", "illegal port number", ETHERNET },
		{ "ip[0] << 32 = 0", "shift by more than 31 bits", ETHERNET },
		{ "wlan type mgt", "802.11", ETHERNET },
		{ "ip6 and arp", "rejects all packets", ETHERNET },
		{ "ether host 1:2:3:4:5:6", "ethernet", RAW_IP },
	};
	struct flt_cbpf *p = (void *)&err;
	struct flt_image img;
	uint32_t n = 99;

	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(
	    flt_expr_cbpf(rows[_i].expr, rows[_i].linktype, 0, &p, &n, &err),
	    -EXO_ESYNTAX);
	ck_assert_msg(strstr(err.text, rows[_i].words) != NULL, "%s", err.text);
	ck_assert_ptr_null(p);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(flt_expr_image(rows[_i].expr, rows[_i].linktype, 0,
	                     "x", &img, &err),
	    -EXO_ESYNTAX);
	ck_assert_ptr_null(img.bytes);
}
END_TEST

START_TEST(an_image_of_an_expression)
{
	struct exo_image out;
	struct flt_image img;
	uint32_t bad;

	ck_assert_int_eq(
	    flt_expr_image("udp port 53", ETHERNET, 0, "dns", &img, &err), 0);
	ck_assert_int_eq(exo_image_parse(img.bytes, img.size, &out, &bad), 0);
	ck_assert_uint_eq(out.type, EXO_PROG_SOCKET);
	ck_assert_mem_eq(out.name, "dns", 3);
	ck_assert_uint_eq(out.source_len, 11);
	ck_assert_mem_eq(out.source, "udp port 53", 11);
	flt_image_free(&img);
	ck_assert_int_eq(
	    flt_expr_image("udp", ETHERNET, 0, "", &img, &err), -EXO_EINVAL);
	ck_assert_ptr_null(img.bytes);
}
END_TEST

/* What libpcap takes a number for when it stands in a file. */
static int dlt_in_file(uint16_t linktype)
{
	uint8_t h[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4,
		[20] = (uint8_t)linktype, [21] = (uint8_t)(linktype >> 8) };
	char text[PCAP_ERRBUF_SIZE];
	FILE *f = fmemopen(h, sizeof(h), "r");
	pcap_t *p = pcap_fopen_offline(f, text);
	int dlt;

	ck_assert_msg(p != NULL, "%s", text);
	dlt = pcap_datalink(p);
	pcap_close(p);
	return dlt;
}

START_TEST(every_link_type_is_libpcaps)
{
	uint32_t i;

	for (i = 0; i <= 0xffff; i++) {
		int dlt = dlt_in_file((uint16_t)i);
		const char *name = pcap_datalink_val_to_name(dlt);

		ck_assert_int_eq(flt_linktype_dlt(i), dlt);
		ck_assert_pstr_eq(flt_linktype_name(i), name);
		if (name != NULL)
			ck_assert_int_eq(
			    flt_linktype_dlt(
			        (uint32_t)flt_linktype_number(name)),
			    pcap_datalink_name_to_val(name));
	}
	ck_assert_ptr_null(flt_linktype_name(0xffffffff));
}
END_TEST

START_TEST(names_of_link_types)
{
	ck_assert_str_eq(flt_linktype_name(ETHERNET), "EN10MB");
	ck_assert_str_eq(flt_linktype_name(RAW_IP), "RAW");
	ck_assert_int_eq(flt_linktype_number("raw"), RAW_IP);
	ck_assert_int_eq(flt_linktype_number("Linux_SLL2"), 276);
	ck_assert_int_eq(flt_linktype_number("EN10M"), -1);
	ck_assert_int_eq(flt_linktype_number("EN10MBX"), -1);
	ck_assert_int_eq(flt_linktype_number(""), -1);
}
END_TEST

static int image_once(void *arg)
{
	struct flt_image img;
	int ret = flt_expr_image("tcp", ETHERNET, 0, "tcp", &img, &err);

	(void)arg;
	flt_image_free(&img);
	return ret;
}

START_TEST(memory_fails)
{
	test_oom_loop(image_once, NULL);
}
END_TEST

Suite *t_flt_expr_suite(void)
{
	Suite *s = suite_create("t_flt_expr");
	TCase *tc = tcase_create("expr");
	TCase *oom = tcase_create("oom");

	tcase_add_loop_test(tc, programs_are_libpcaps, 0, 12);
	tcase_add_test(tc, link_types_count);
	tcase_add_loop_test(tc, byte_orders_count, 0, 6);
	tcase_add_loop_test(tc, refusals_are_in_libpcaps_words, 0, 6);
	tcase_add_test(tc, an_image_of_an_expression);
	tcase_add_test(tc, every_link_type_is_libpcaps);
	tcase_add_test(tc, names_of_link_types);
	tcase_add_test(oom, memory_fails);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
