/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_out_writer.c: what a thread writes is the same. */
#include "exo/hosted/trace_out.h"

#include "tests/unit/outs.h"
#include "tests/unit/trace_make.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *t_trace_out_writer_suite(void);

#define OUTS    90
#define PACKETS 30000U

static char *dir;
static uint8_t bytes[300000];

static void begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	dir = mk_dir();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 ^ i >> 8);
}

static void end(void)
{
	mk_dir_gone(dir);
}

/* Every hundredth packet is longer than a unit of memory, one longer than all
 * of it; the first outputs get many packets, the last nearly none. */
static int put(struct tr_outs *set, uint32_t n)
{
	uint32_t len = n % 100 == 0 ? n % 60000 : n * 37 % 1500;
	uint32_t to = n * 2654435761U >> 16;
	struct tr_pkt k = { .data = bytes + n % 200,
		.caplen = n == PACKETS / 2 ? 262000 : len,
		.wirelen = 262144,
		.ts_ns = n * UINT64_C(1000000),
		.ts_raw = n * UINT64_C(1000),
		.linktype = 1 };

	return tr_out_write(
	    set, (int)(to % (1 + to / 3 % (OUTS - 1))), &k, &ether);
}

static void open_all(struct tr_outs *set, const char *where)
{
	struct tr_error err;
	char path[600];

	ck_assert_int_eq(mkdir(mk_path(dir, where), 0700), 0);
	for (int i = 0; i < OUTS; i++) {
		snprintf(path, sizeof(path), "%s/%s/%d.%s", dir, where, i,
		    i % 3 != 0 ? "pcap" : "ng");
		ck_assert_msg(tr_out_open(set, path, &err) == i, "%s", err.msg);
	}
}

static struct mk file_of(const char *where, int i)
{
	struct mk b = { 0 };
	char path[600];

	snprintf(path, sizeof(path), "%s/%s/%d.%s", dir, where, i,
	    i % 3 != 0 ? "pcap" : "ng");
	mk_slurp(&b, path);
	return b;
}

static void write_all(const char *where, const struct tr_outs_how *how)
{
	struct tr_outs *set = tr_outs_new(how);
	struct tr_error err;

	open_all(set, where);
	for (uint32_t n = 0; n < PACKETS; n++) {
		ck_assert_int_eq(put(set, n), 0);
		if (n == PACKETS / 3)
			tr_outs_flush(set);
	}
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	tr_outs_free(set);
}

/* Whatever the memory, the descriptors, and who writes: the same bytes. */
START_TEST(same_bytes)
{
	static const struct {
		size_t memory;
		unsigned files;
	} row[] = { { 0, 0 }, { 300000, 0 }, { 20000, 0 }, { 1 << 20, 3 } };
	struct tr_outs_how how = { .memory = row[_i].memory,
		.files = row[_i].files,
		.thread = TR_OUTS_THREAD };
	const struct tr_outs_how alone = { .thread = TR_OUTS_ALONE };

	write_all("a", &how);
	write_all("b", &alone);
	for (int i = 0; i < OUTS; i++) {
		struct mk a = file_of("a", i), b = file_of("b", i);

		ck_assert_uint_eq(a.len, b.len);
		ck_assert(memcmp(a.p, b.p, a.len) == 0);
		mk_free(&a);
		mk_free(&b);
	}
}
END_TEST

/* All that was handed over can be read once it is flushed. */
START_TEST(flush_is_whole)
{
	const struct tr_outs_how how = { .thread = TR_OUTS_THREAD };
	struct tr_outs *set = tr_outs_new(&how);
	uint64_t sum = 0;
	char why[512];
	int code;

	open_all(set, "a");
	for (uint32_t n = 0; n < 2000; n++)
		ck_assert_int_eq(put(set, n), 0);
	tr_outs_flush(set);
	for (int i = 0; i < OUTS; i++) {
		struct mk b = file_of("a", i);

		sum += mk_count(&b, &code, why);
		ck_assert_msg(code == 0, "%s", why);
		mk_free(&b);
	}
	ck_assert_uint_eq(sum, 2000);
	tr_outs_free(set);
}
END_TEST

/* An output that is opened while others are being written. */
START_TEST(opened_late)
{
	const struct tr_outs_how how = { .memory = 100000,
		.thread = TR_OUTS_THREAD };
	struct tr_outs *set = tr_outs_new(&how);
	struct tr_pkt k = { .data = bytes, .caplen = 60, .wirelen = 60 };
	struct tr_error err;
	struct tr_out_stat st;

	open_all(set, "a");
	for (int i = OUTS; i < 2 * OUTS; i++) {
		char name[32];

		for (uint32_t n = 0; n < 100; n++)
			ck_assert_int_eq(put(set, n), 0);
		snprintf(name, sizeof(name), "late%d.pcap", i);
		ck_assert_int_eq(tr_out_open(set, mk_path(dir, name), &err), i);
		ck_assert_int_eq(tr_out_write(set, i, &k, &ether), 0);
	}
	ck_assert_int_eq(
	    tr_out_open(set, mk_path(dir, "late91.pcap"), &err), -TR_EUSAGE);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	tr_out_stat(set, 2 * OUTS - 1, &st);
	ck_assert_uint_eq(st.packets, 1);
	tr_outs_free(set);
}
END_TEST

/* What could not be written is told while the others go on, with the number of
 * packets that are in the file. */
START_TEST(errors_are_exact)
{
	const struct tr_outs_how how = { .memory = 200000,
		.thread = TR_OUTS_THREAD };
	struct tr_outs *set = tr_outs_new(&how);
	uint64_t errors = 0, early = 0, sum = 0;
	struct rlimit old, few;
	struct tr_error err;
	char why[512], says[64];
	int code;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	few = (struct rlimit){ 300000, old.rlim_max };
	open_all(set, "a");
	(void)setrlimit(RLIMIT_FSIZE, &few);
	for (uint32_t n = 0; n < PACKETS; n++) {
		(void)put(set, n);
		early += tr_outs_error(set, &err) ? 1 : 0;
	}
	code = tr_outs_close(set, &err);
	(void)setrlimit(RLIMIT_FSIZE, &old);
	ck_assert_int_eq(code, -TR_EWRITE);
	ck_assert_uint_gt(early, 0);
	for (int i = 0; i < OUTS; i++) {
		struct mk b = file_of("a", i);
		struct tr_out_stat st;

		tr_out_stat(set, i, &st);
		ck_assert_uint_eq(st.packets, mk_count(&b, &code, why));
		ck_assert_msg(code == 0, "%s", why);
		ck_assert_int_eq(st.failed, st.lost != 0);
		errors += st.failed;
		sum += st.packets + st.lost;
		if (strstr(err.msg, st.path) != NULL) {
			snprintf(says, sizeof(says), "; %u packets are in it",
			    (unsigned)st.packets);
			ck_assert_msg(
			    strstr(err.msg, says) != NULL, "%s", err.msg);
		}
		mk_free(&b);
	}
	ck_assert_uint_eq(sum, PACKETS);
	while (tr_outs_error(set, &err))
		early++;
	ck_assert_uint_eq(early, errors);
	ck_assert_uint_lt(errors, OUTS);
	tr_outs_free(set);
}
END_TEST

/* The thread never waits for the reader of a pipe: a stop ends that. */
START_TEST(pipes_are_not_its)
{
	volatile sig_atomic_t stop = 0;
	const struct tr_outs_how how = { .stop = &stop,
		.thread = TR_OUTS_THREAD };
	struct tr_outs *set = tr_outs_new(&how);
	const char *path = mk_path(dir, "fifo.pcap");
	struct tr_pkt k = { .data = bytes, .caplen = 60000, .wirelen = 60000 };
	struct tr_error err;
	struct tr_out_stat st;
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_eq(tr_out_open(set, path, &err), 0);
	for (int i = 1; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d.pcap", i);
		ck_assert_int_eq(tr_out_open(set, mk_path(dir, name), &err), i);
		ck_assert_int_eq(tr_out_write(set, i, &k, &ether), 0);
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(tr_out_write(set, 0, &k, &ether), 0);
	stop = 1;
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EWRITE);
	for (int i = 0; i < 20; i++) {
		tr_out_stat(set, i, &st);
		ck_assert_int_eq(st.failed, i == 0);
	}
	close(fd);
	tr_outs_free(set);
}
END_TEST

Suite *t_trace_out_writer_suite(void)
{
	Suite *s = suite_create("trace_out_writer");
	TCase *t = tcase_create("writer");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, same_bytes, 0, 4);
	tcase_add_test(t, flush_is_whole);
	tcase_add_test(t, opened_late);
	tcase_add_test(t, errors_are_exact);
	tcase_add_test(t, pipes_are_not_its);
	suite_add_tcase(s, t);
	return s;
}
