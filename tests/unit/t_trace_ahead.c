/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_ahead.c: a thread that reads before it is asked. */
#include "exo/hosted/trace_int.h"

#include "tests/unit/trace_ways.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *t_trace_ahead_suite(void);

static char *dir;
static volatile sig_atomic_t stop;

static void setup(void)
{
	dir = mk_dir();
	stop = 0;
}

static void teardown(void)
{
	mk_dir_gone(dir);
}

/* Packed by each, cut and damaged: what ends the bytes comes after them. */
START_TEST(packed)
{
	struct mk plain = { 0 }, b = { 0 };

	mk_capture(&plain, MK_F_NG, false, 60);
	mk_packed(&b, (enum mk_pack)_i, plain.p, plain.len);
	ways_same_bytes(dir, &b, b.len);
	for (size_t len = 1; len < b.len; len += 1 + len / 6)
		ways_same_bytes(dir, &b, len);
	for (size_t at = 0; at < b.len; at += 1 + b.len / 60) {
		b.p[at] ^= 0x41;
		ways_same_bytes(dir, &b, b.len);
		b.p[at] ^= 0x41;
	}
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* Several blocks; records lie across their ends wherever these may be. */
static void many(struct mk *b, unsigned n)
{
	static uint8_t data[2000];

	mk_pcap(b, MK_NANO, 262144, 1);
	for (uint32_t i = 0; i < n; i++) {
		memset(data, (int)(i * 13), sizeof(data));
		mk_rec(b, i, i, i * 7 % 1900, 1900, data);
	}
}

START_TEST(many_blocks)
{
	struct mk plain = { 0 }, b = { 0 };

	many(&plain, 4000);
	ck_assert_uint_gt(plain.len, 6 * TR_AHEAD_BLOCK);
	mk_packed(&b, (enum mk_pack)_i, plain.p, plain.len);
	ways_same_bytes(dir, &b, b.len);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* Blocks of a capture longer than the room before those of the ring. */
START_TEST(long_records)
{
	struct mk body = { 0 }, b = { 0 };
	static uint8_t data[3 << 20];

	mk_shb(&b, NULL);
	mk_idb(&b, 231, 0, NULL);
	for (uint32_t i = 0; i < 12; i++) {
		uint32_t len = i * i * 20000 + i;

		memset(data, (int)i + 1, len);
		body.len = 0;
		mk_bytes(&body, data, len & ~3U);
		mk_block(&b, 0x7777, &body);
		mk_epb(&b, 0, i, len, len, data, NULL);
	}
	ways_same_bytes(dir, &b, b.len);
	ways_same_bytes(dir, &b, b.len - 5);
	mk_free(&body);
	mk_free(&b);
}
END_TEST

static struct tr_reader *open_ahead(const char *path)
{
	struct tr_how how = { .io = TR_IO_AHEAD, .stop = &stop };
	struct tr_error err;
	struct tr_reader *r = tr_open(path, &how, &err);

	ck_assert_msg(r != NULL, "%s", err.msg);
	ck_assert_ptr_nonnull(r->src.ahead);
	return r;
}

/* Closed at any time: while the thread reads, waits for room, is through. */
START_TEST(closed_early)
{
	const char *path = mk_path(dir, "t");
	struct tr_pkt pkt[64];
	struct tr_error err;
	struct mk b = { 0 };

	many(&b, 4000);
	mk_spill(&b, path);
	for (int i = 0; i < 40; i++) {
		struct tr_reader *r = open_ahead(path);

		for (int k = 0; k < i; k++)
			ck_assert_int_gt(tr_batch(r, pkt, 64, &err), 0);
		if (i % 8 == 0)
			usleep(3000);
		tr_close(r);
	}
	mk_free(&b);
}
END_TEST

/* The stop flag ends it, at the latest with the block in hand. */
START_TEST(stopped)
{
	const char *path = mk_path(dir, "t");
	struct tr_pkt pkt[64];
	struct tr_error err;
	struct mk b = { 0 };
	struct tr_reader *r;
	int n, got = 0;

	many(&b, 4000);
	mk_spill(&b, path);
	r = open_ahead(path);
	ck_assert_int_gt(tr_batch(r, pkt, 64, &err), 0);
	__atomic_store_n(&stop, 2, __ATOMIC_RELAXED);
	while ((n = tr_batch(r, pkt, 64, &err)) > 0)
		got += n;
	ck_assert_int_eq(n, -TR_ESTOP);
	ck_assert_int_lt(got, 2000);
	ck_assert_int_eq(tr_batch(r, pkt, 64, &err), 0);
	tr_close(r);
	mk_free(&b);
}
END_TEST

/* Small files, and what is no file of a name, are read without. */
START_TEST(where_it_helps)
{
	struct tr_raw raw = { .fd = -1 };
	const char *path = mk_path(dir, "t");
	struct mk b = { 0 };

	ck_assert(!tr_ahead_helps(&raw));
	mk_capture(&b, MK_F_MICRO, false, 3);
	mk_spill(&b, path);
	ck_assert_int_eq(tr_raw_open(&raw, path), 0);
	ck_assert(!tr_ahead_helps(&raw));
	ck_assert_int_eq(truncate(path, 1 << 20), 0);
	/* with one processor it never does */
	ck_assert(!tr_ahead_helps(&raw) || sysconf(_SC_NPROCESSORS_ONLN) > 1);
	raw.own = false;
	ck_assert(!tr_ahead_helps(&raw));
	raw.own = true;
	tr_raw_close(&raw);
	mk_free(&b);
}
END_TEST

Suite *t_trace_ahead_suite(void)
{
	Suite *s = suite_create("trace_ahead");
	TCase *t = tcase_create("ahead");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, packed, 0, MK_PACKS);
	tcase_add_loop_test(t, many_blocks, 0, MK_PACKS);
	tcase_add_test(t, long_records);
	tcase_add_test(t, closed_early);
	tcase_add_test(t, stopped);
	tcase_add_test(t, where_it_helps);
	suite_add_tcase(s, t);
	return s;
}
