/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_merge.c: runs over several files. */
#include "exo/hosted/trace.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *t_trace_merge_suite(void);

#define FILES 9

/* What a packet says of itself: its file and its place there. */
struct tag {
	uint32_t file, at;
};

static char *dir;
static char *paths[FILES];

/* Files of different lengths with many equal times, in several forms. */
static void some_files(void)
{
	struct mk b = { 0 };
	struct tag tag;

	dir = mk_dir();
	for (uint32_t f = 0; f < FILES; f++) {
		b.len = 0;
		b.swapped = f % 2 != 0;
		mk_pcap(&b, MK_MICRO, 65535, f % 3);
		for (uint32_t i = 0; i < f * 150; i++) {
			tag = (struct tag){ f, i };
			mk_rec(&b, i * (f + 1) / 40, f % 2, sizeof(tag),
			    sizeof(tag), (const uint8_t *)&tag);
		}
		ck_assert_int_ge(asprintf(&paths[f], "%s/%u.pcap", dir, f), 0);
		mk_spill(&b, paths[f]);
	}
	mk_free(&b);
}

static void no_files(void)
{
	for (int f = 0; f < FILES; f++)
		free(paths[f]);
	mk_dir_gone(dir);
}

static struct tr_run *run_of(enum tr_order order)
{
	struct tr_error err = { 0 };
	struct tr_run *run;

	run = tr_run_open((const char *const *)paths, FILES, order, NULL, &err);
	ck_assert_msg(run != NULL, "%s", err.msg);
	return run;
}

/* Sorted by time, each file in its own order, ties by file; all there. */
START_TEST(merged)
{
	struct tr_run *run = run_of(TR_MERGE);
	struct tr_pkt pkt[100];
	uint32_t next[FILES] = { 0 };
	struct tag tag, last = { 0, 0 };
	uint64_t number = 0, ts = 0;
	struct tr_error err;
	int got;

	while ((got = tr_run_batch(run, pkt, (size_t)_i * 33 + 1, &err)) > 0)
		for (int i = 0; i < got; i++) {
			memcpy(&tag, pkt[i].data, sizeof(tag));
			ck_assert_uint_eq(pkt[i].number, ++number);
			ck_assert_uint_ge(pkt[i].ts_ns, ts);
			if (pkt[i].ts_ns == ts && number > 1)
				ck_assert_uint_ge(tag.file, last.file);
			ck_assert_uint_eq(tag.at, next[tag.file]++);
			ck_assert_str_eq(tr_run_iface(run, pkt[i].ifid)->file,
			    paths[tag.file]);
			ck_assert_uint_eq(pkt[i].linktype, tag.file % 3);
			ts = pkt[i].ts_ns;
			last = tag;
		}
	ck_assert_int_eq(got, 0);
	for (uint32_t f = 0; f < FILES; f++)
		ck_assert_uint_eq(next[f], f * 150);
	ck_assert_uint_eq(tr_run_failed(run), 0);
	ck_assert_uint_eq(tr_run_iface_count(run), FILES);
	tr_run_close(run);
}
END_TEST

START_TEST(in_turn)
{
	struct tr_run *run = run_of(TR_IN_TURN);
	struct tr_pkt pkt[64];
	struct tag tag, want = { 1, 0 };
	uint64_t number = 0, done, total;
	struct tr_error err;
	int got;

	while ((got = tr_run_batch(run, pkt, 64, &err)) > 0)
		for (int i = 0; i < got; i++) {
			memcpy(&tag, pkt[i].data, sizeof(tag));
			if (want.at == want.file * 150)
				want = (struct tag){ want.file + 1, 0 };
			ck_assert_mem_eq(&tag, &want, sizeof(tag));
			ck_assert_uint_eq(pkt[i].number, ++number);
			want.at++;
		}
	ck_assert_int_eq(got, 0);
	ck_assert_uint_eq(number, 36 * 150);
	tr_run_progress(run, &done, &total);
	ck_assert_uint_eq(done, total);
	ck_assert_uint_eq(total, FILES * 24 + 36 * 150 * 24);
	tr_run_close(run);
}
END_TEST

/* One file missing, one cut, one not a capture: the others are whole. */
START_TEST(failing_files)
{
	struct tr_error err;
	struct tr_pkt pkt[64];
	struct tr_run *run;
	unsigned n = 0, errors = 0;
	struct mk b;
	int got;

	ck_assert_int_eq(remove(paths[2]), 0);
	mk_slurp(&b, paths[5]);
	b.len -= 5;
	mk_spill(&b, paths[5]);
	b.len = 3;
	mk_spill(&b, paths[8]);
	mk_free(&b);
	run = run_of(_i != 0 ? TR_MERGE : TR_IN_TURN);
	while ((got = tr_run_batch(run, pkt, 64, &err)) != 0) {
		if (got > 0) {
			n += (unsigned)got;
			continue;
		}
		errors++;
		ck_assert_int_eq(got, -err.code);
		ck_assert_ptr_nonnull(
		    strstr(err.msg, paths[err.code == TR_EOPEN    ? 2
		                          : err.code == TR_ETRUNC ? 5
		                                                  : 8]));
	}
	ck_assert_uint_eq(errors, 3);
	ck_assert_uint_eq(tr_run_failed(run), 3);
	ck_assert_uint_eq(n, (36 - 2 - 8) * 150 - 1);
	tr_run_close(run);
}
END_TEST

START_TEST(stopped)
{
	volatile sig_atomic_t stop = 0;
	struct tr_how how = { .stop = &stop, .window = 4096 };
	struct tr_error err;
	struct tr_pkt pkt[8];
	struct tr_run *run;
	int got;

	run = tr_run_open((const char *const *)paths, FILES,
	    _i != 0 ? TR_MERGE : TR_IN_TURN, &how, &err);
	ck_assert_int_gt(tr_run_batch(run, pkt, 8, &err), 0);
	stop = 1;
	while ((got = tr_run_batch(run, pkt, 8, &err)) > 0)
		;
	ck_assert_int_eq(got, -TR_ESTOP);
	ck_assert_int_eq(tr_run_batch(run, pkt, 8, &err), 0);
	tr_run_close(run);
}
END_TEST

START_TEST(stdin_twice)
{
	static const char *const two[] = { "-", "x.pcap", "-" };
	struct tr_error err = { 0 };

	ck_assert_ptr_null(tr_run_open(two, 3, TR_MERGE, NULL, &err));
	ck_assert_int_eq(err.code, TR_EUSAGE);
	tr_run_close(NULL);
}
END_TEST

START_TEST(no_paths)
{
	struct tr_error err;
	struct tr_pkt k;
	struct tr_run *run =
	    tr_run_open(NULL, 0, _i != 0 ? TR_MERGE : TR_IN_TURN, NULL, &err);

	ck_assert_int_eq(tr_run_batch(run, &k, 1, &err), 0);
	tr_run_close(run);
}
END_TEST

Suite *t_trace_merge_suite(void)
{
	Suite *s = suite_create("trace_merge");
	TCase *t = tcase_create("run");

	tcase_add_checked_fixture(t, some_files, no_files);
	tcase_add_loop_test(t, merged, 0, 4);
	tcase_add_test(t, in_turn);
	tcase_add_loop_test(t, failing_files, 0, 2);
	tcase_add_loop_test(t, stopped, 0, 2);
	tcase_add_test(t, stdin_twice);
	tcase_add_loop_test(t, no_paths, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
