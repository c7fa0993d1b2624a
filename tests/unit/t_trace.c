/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace.c: opening, formats, options, batches. */
#include "exo/hosted/trace.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <string.h>

Suite *t_trace_suite(void);

/* One capture in every form, byte order and packing: the same packets. */
START_TEST(every_form)
{
	enum mk_form form = (enum mk_form)(_i % MK_FORMS);
	bool swapped = _i / MK_FORMS % 2 != 0;
	enum mk_pack pack = (enum mk_pack)(_i / MK_FORMS / 2);
	struct mk plain = { 0 }, b = { 0 };

	mk_capture(&plain, form, swapped, 300);
	mk_packed(&b, pack, plain.p, plain.len);
	mk_expect(&b, 300, form == MK_F_NANO || form == MK_F_NG9, 0);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

START_TEST(kinds)
{
	static const struct {
		enum mk_form form;
		enum mk_pack pack;
		const char *kind;
	} row[] = {
		{ MK_F_MICRO, MK_P_NONE, "pcap" },
		{ MK_F_NG, MK_P_NONE, "pcapng" },
		{ MK_F_MICRO, MK_P_GZ, "pcap in gzip" },
		{ MK_F_NG9, MK_P_ZST, "pcapng in zstd" },
		{ MK_F_NG, MK_P_LZ4, "pcapng in lz4" },
		{ MK_F_NANO, MK_P_XZ, "pcap in xz" },
	};
	struct mk plain = { 0 }, b = { 0 };
	struct tr_error err;
	struct tr_reader *r;

	mk_capture(&plain, row[_i].form, false, 1);
	mk_packed(&b, row[_i].pack, plain.p, plain.len);
	r = tr_open_mem("t", b.p, b.len, NULL, &err);
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(tr_kind(r), row[_i].kind);
	tr_close(r);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

START_TEST(not_captures)
{
	static const struct {
		const char *bytes;
		size_t len;
		int code;
		const char *text;
	} row[] = {
		{ "", 0, TR_EFORMAT, "0 bytes are no capture" },
		{ "\xd4\xc3", 2, TR_EFORMAT, "2 bytes are no capture" },
		{ "#!/bin/sh\n", 10, TR_EFORMAT, "begins with 23 21 2f 62" },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0", 8, TR_ETRUNC, "8 of its 24" },
		{ "\n\r\r\n text file", 14, TR_EFORMAT, "no section header" },
		{ "\x1f\x8b\x08\xe0 not gzip at all", 20, TR_EPACKED, "gzip" },
	};
	struct tr_error err = { 0 };

	ck_assert_ptr_null(
	    tr_open_mem("name.x", row[_i].bytes, row[_i].len, NULL, &err));
	ck_assert_int_eq(err.code, row[_i].code);
	ck_assert_msg(strstr(err.msg, row[_i].text) != NULL, "%s", err.msg);
	ck_assert_msg(strncmp(err.msg, "name.x: ", 8) == 0, "%s", err.msg);
}
END_TEST

START_TEST(batch_sizes)
{
	struct mk b = { 0 };
	struct tr_pkt pkt[64];
	struct tr_error err;
	struct tr_reader *r;
	size_t max = (size_t)_i + 1, n = 0;
	int got;

	mk_capture(&b, _i % 2 != 0 ? MK_F_NG : MK_F_MICRO, false, 100);
	r = tr_open_mem("t", b.p, b.len, NULL, &err);
	while ((got = tr_batch(r, pkt, max, &err)) > 0) {
		ck_assert_uint_le((size_t)got, max);
		n += (size_t)got;
	}
	ck_assert_int_eq(got, 0);
	ck_assert_uint_eq(n, 100);
	tr_close(r);
	mk_free(&b);
}
END_TEST

START_TEST(error_after_packets)
{
	static const uint8_t zeros[262145];
	struct mk b = { 0 };

	mk_capture(&b, MK_F_MICRO, _i != 0, 10);
	mk_rec(&b, 1, 2, 262145, 262145, zeros);
	mk_expect(&b, 10, false, TR_EFORMAT);
	mk_free(&b);
}
END_TEST

START_TEST(stop_flag)
{
	volatile sig_atomic_t stop = 0;
	struct tr_how how = { .stop = &stop, .window = 4096 };
	struct mk b = { 0 };
	struct tr_pkt pkt[8];
	struct tr_error err;
	struct tr_reader *r;
	int got;

	mk_capture(&b, MK_F_MICRO, false, 100);
	r = tr_open_mem("t", b.p, b.len, &how, &err);
	ck_assert_int_gt(tr_batch(r, pkt, 8, &err), 0);
	stop = 1;
	while ((got = tr_batch(r, pkt, 8, &err)) > 0)
		;
	ck_assert_int_eq(got, -TR_ESTOP);
	ck_assert_int_eq(err.code, TR_ESTOP);
	ck_assert_int_eq(tr_batch(r, pkt, 8, &err), 0);
	tr_close(r);
	mk_free(&b);
}
END_TEST

START_TEST(options_are_bounded)
{
	static const struct {
		const char *bytes;
		uint32_t len;
		unsigned count;
	} row[] = {
		{ "", 0, 0 },
		{ "\1\0", 2, 0 },
		{ "\1\0\0\0", 4, 1 },
		{ "\1\0\1\0x\0\0\0", 8, 1 },
		{ "\1\0\1\0x\0\0", 7, 0 },                 /* padding cut */
		{ "\1\0\xff\xffxyz1", 8, 0 },              /* liar */
		{ "\2\0\4\0abcd\0\0\0\0\1\0\0\0", 16, 1 }, /* end */
		{ "\2\0\4\0abcd\1\0\0\0", 12, 2 },
	};
	struct tr_opts rest = { (const uint8_t *)row[_i].bytes, row[_i].len,
		false };
	struct tr_opt o;
	unsigned n = 0;

	while (tr_opt_next(&rest, &o))
		n++;
	ck_assert_uint_eq(n, row[_i].count);
}
END_TEST

START_TEST(options_swapped)
{
	struct tr_opts rest = { (const uint8_t *)"\1\2\0\3abc\0", 8, true };
	struct tr_opt o;

	ck_assert(tr_opt_next(&rest, &o));
	ck_assert_uint_eq(o.code, 0x102);
	ck_assert_uint_eq(o.len, 3);
	ck_assert_mem_eq(o.value, "abc", 3);
	ck_assert(!tr_opt_next(&rest, &o));
}
END_TEST

START_TEST(limits)
{
	ck_assert_uint_eq(tr_snap_limit(1), 262144);
	ck_assert_uint_eq(tr_snap_limit(231), 128U << 20);
	ck_assert_uint_eq(tr_snap_limit(279), 8U << 20);
	ck_assert_uint_eq(tr_snap_limit(249), 1U << 20);
}
END_TEST

Suite *t_trace_suite(void)
{
	Suite *s = suite_create("trace");
	TCase *t = tcase_create("reader");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, every_form, 0, MK_FORMS * 2 * MK_PACKS);
	tcase_add_loop_test(t, kinds, 0, 6);
	tcase_add_loop_test(t, not_captures, 0, 6);
	tcase_add_loop_test(t, batch_sizes, 0, 64);
	tcase_add_loop_test(t, error_after_packets, 0, 2);
	tcase_add_test(t, stop_flag);
	tcase_add_loop_test(t, options_are_bounded, 0, 8);
	tcase_add_test(t, options_swapped);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}
