/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_zip.c: members, damage, bombs. */
#include "exo/hosted/trace_int.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

Suite *t_trace_zip_suite(void);

#define PACKERS (MK_PACKS - 1)

static enum mk_pack packer(int i)
{
	return (enum mk_pack)(i % PACKERS + 1);
}

/* cat a.gz b.gz: the members' contents follow each other. */
START_TEST(concatenated_members)
{
	struct mk plain = { 0 }, b = { 0 };
	size_t third;

	mk_capture(&plain, MK_F_MICRO, false, 200);
	third = plain.len / 3;
	mk_packed(&b, packer(_i), plain.p, third);
	mk_packed(&b, packer(_i), plain.p, 0);
	mk_packed(&b, packer(_i), plain.p + third, 1);
	mk_packed(&b, packer(_i), plain.p + third + 1, plain.len - third - 1);
	mk_expect(&b, 200, false, 0);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* Cut anywhere: an error, and the packets that could be unpacked are kept. */
START_TEST(cut_anywhere)
{
	struct mk plain = { 0 }, b = { 0 };
	char why[512];
	int code;
	unsigned n, last = 0;

	mk_capture(&plain, MK_F_MICRO, false, 40);
	mk_packed(&b, packer(_i), plain.p, plain.len);
	for (size_t len = 6; len < b.len; len += 1 + len / 50) {
		struct mk part = { .p = b.p, .len = len };

		n = mk_count(&part, &code, why);
		ck_assert_msg(code == TR_EPACKED, "%zu of %zu: %d %s", len,
		    b.len, code, why);
		ck_assert_uint_ge(n, last);
		last = n;
	}
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* Damage in any byte never crashes, and never adds packets. */
START_TEST(damage_anywhere)
{
	struct mk plain = { 0 }, b = { 0 };
	char why[512];
	int code;

	mk_capture(&plain, MK_F_MICRO, false, 40);
	mk_packed(&b, packer(_i), plain.p, plain.len);
	for (size_t at = 0; at < b.len; at += 1 + b.len / 300) {
		b.p[at] ^= 0x41;
		ck_assert_uint_le(mk_count(&b, &code, why), 40);
		b.p[at] ^= 0x41;
	}
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

START_TEST(something_follows)
{
	struct mk plain = { 0 }, b = { 0 };

	mk_capture(&plain, MK_F_NG, false, 20);
	mk_packed(&b, packer(_i), plain.p, plain.len);
	mk_bytes(&b, "trailing garbage", 16);
	mk_expect(&b, 20, false, TR_EPACKED);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* gzip(1) pads tapes with zeros and skips them. */
START_TEST(gzip_padding)
{
	struct mk plain = { 0 }, b = { 0 };
	static const uint8_t zero[1000];

	mk_capture(&plain, MK_F_NG, false, 20);
	mk_packed(&b, MK_P_GZ, plain.p, plain.len);
	mk_bytes(&b, zero, sizeof(zero));
	mk_expect(&b, 20, false, 0);
	mk_packed(&b, MK_P_GZ, plain.p, plain.len);
	mk_expect(&b, 20, false, TR_EPACKED);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* Skippable frames (pzstd, zstd --long tables) in front and between. */
START_TEST(skippable_frames)
{
	static const char skip[] = "\x51\x2a\x4d\x18\5\0\0\0abcde";
	struct mk plain = { 0 }, b = { 0 };

	mk_capture(&plain, MK_F_NANO, false, 20);
	mk_bytes(&b, skip, 13);
	mk_packed(&b, MK_P_ZST, plain.p, 100);
	mk_bytes(&b, skip, 13);
	mk_packed(&b, MK_P_ZST, plain.p + 100, plain.len - 100);
	mk_expect(&b, 20, true, 0);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* A gigabyte of zeros behind a capture costs time, but no memory. */
START_TEST(bomb)
{
	static uint8_t zero[1 << 20];
	struct mk one = { 0 }, b = { 0 }, head = { 0 };
	struct rusage before, after;
	char why[512];
	int code;

	mk_pcap(&head, MK_MICRO, 262144, 1);
	mk_packed(&b, packer(_i), head.p, head.len);
	mk_packed(&one, packer(_i), zero, sizeof(zero));
	for (int i = 0; i < 64; i++)
		mk_bytes(&b, one.p, one.len);
	getrusage(RUSAGE_SELF, &before);
	/* zeros are records of no bytes: 64 MiB / 16 of them */
	ck_assert_uint_eq(mk_count(&b, &code, why), (64U << 20) / 16);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 24 * 1024);
	mk_free(&one);
	mk_free(&b);
	mk_free(&head);
}
END_TEST

/* A dictionary of 1.5 GiB is refused, not allocated. */
START_TEST(xz_memory)
{
	lzma_options_lzma opt;
	lzma_filter f[2] = { { LZMA_FILTER_LZMA2, &opt },
		{ LZMA_VLI_UNKNOWN, NULL } };
	struct tr_error err = { 0 };
	uint8_t to[4096];
	size_t n = 0;
	lzma_stream_flags flags = { .check = LZMA_CHECK_CRC32 };
	lzma_block blk = { .check = LZMA_CHECK_CRC32, .filters = f };
	uint8_t head[LZMA_BLOCK_HEADER_SIZE_MAX];

	ck_assert(!lzma_lzma_preset(&opt, 0));
	opt.dict_size = UINT32_C(1536) << 20;
	blk.compressed_size = LZMA_VLI_UNKNOWN;
	blk.uncompressed_size = LZMA_VLI_UNKNOWN;
	ck_assert_int_eq(lzma_stream_header_encode(&flags, to), LZMA_OK);
	n = LZMA_STREAM_HEADER_SIZE;
	ck_assert_int_eq(lzma_block_header_size(&blk), LZMA_OK);
	ck_assert_int_eq(lzma_block_header_encode(&blk, head), LZMA_OK);
	memcpy(to + n, head, blk.header_size);
	ck_assert_ptr_null(
	    tr_open_mem("t.xz", to, n + blk.header_size + 100, NULL, &err));
	ck_assert_int_eq(err.code, TR_EPACKED);
	ck_assert_msg(strstr(err.msg, "256 MiB") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(kind_by_magic)
{
	static const struct {
		const char *head;
		size_t len;
		enum tr_packing kind;
	} row[] = {
		{ "\x1f\x8b", 2, TR_GZIP },
		{ "\x1f", 1, TR_PLAIN },
		{ "\x28\xb5\x2f\xfd", 4, TR_ZSTD },
		{ "\x5f\x2a\x4d\x18", 4, TR_ZSTD },
		{ "\x04\x22\x4d\x18", 4, TR_LZ4 },
		{ "\xfd"
		  "7zXZ\0",
		    6, TR_XZ },
		{ "\xfd"
		  "7zXZ",
		    5, TR_PLAIN },
		{ "\xd4\xc3\xb2\xa1\2\0", 6, TR_PLAIN },
	};

	ck_assert_int_eq(
	    tr_zip_kind((const uint8_t *)row[_i].head, row[_i].len),
	    row[_i].kind);
}
END_TEST

Suite *t_trace_zip_suite(void)
{
	Suite *s = suite_create("trace_zip");
	TCase *t = tcase_create("zip");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, concatenated_members, 0, PACKERS);
	tcase_add_loop_test(t, cut_anywhere, 0, PACKERS);
	tcase_add_loop_test(t, damage_anywhere, 0, PACKERS);
	tcase_add_loop_test(t, something_follows, 0, PACKERS);
	tcase_add_test(t, gzip_padding);
	tcase_add_test(t, skippable_frames);
	tcase_add_loop_test(t, bomb, 0, PACKERS);
	tcase_add_test(t, xz_memory);
	tcase_add_loop_test(t, kind_by_magic, 0, 8);
	suite_add_tcase(s, t);
	return s;
}
