/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_out_file.c: descriptors, full disks, pipes. */
#include "exo/hosted/trace_out.h"

#include "tests/unit/outs.h"
#include "tests/unit/trace_make.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *t_trace_out_file_suite(void);

#define MANY 20000

static char *dir;
static struct tr_outs *set;
static uint8_t bytes[2000];

static void begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	dir = mk_dir();
	set = NULL;
}

static void begin_thread(void)
{
	way = TR_OUTS_THREAD;
	begin();
}

static void end(void)
{
	tr_outs_free(set);
	mk_dir_gone(dir);
}

/* Packet number n of a kind: the reader can tell which it is. */
static int put(int id, uint32_t n)
{
	struct tr_pkt k = { .data = bytes,
		.caplen = 4 + n * 37 % 1400,
		.wirelen = 1500,
		.ts_ns = n * UINT64_C(1000000000),
		.ts_raw = n * UINT64_C(1000000),
		.linktype = 1 };

	memcpy(bytes, &n, 4);
	return tr_out_write(set, id, &k, &ether);
}

/* The file is a valid capture of the packets 0 ... n-1; returns n. */
static uint64_t check_file(const char *path)
{
	struct tr_error err = { 0 };
	struct tr_reader *r = tr_open(path, NULL, &err);
	struct tr_pkt k;
	uint32_t n = 0;
	int rc;

	ck_assert_msg(r != NULL, "%s", err.msg);
	while ((rc = tr_batch(r, &k, 1, &err)) == 1) {
		if (memcmp(k.data, &n, 4) != 0 || k.caplen != 4 + n * 37 % 1400)
			ck_abort_msg("%s: packet %u is another", path, n);
		n++;
	}
	ck_assert_msg(rc == 0, "%s", err.msg);
	tr_close(r);
	return n;
}

static uint64_t check_stat(int id, uint64_t handed)
{
	struct tr_out_stat st;

	tr_out_stat(set, id, &st);
	ck_assert_uint_eq(st.packets + st.lost, handed);
	return st.packets;
}

/* 20,000 outputs, each written to many times, with 256 descriptors. */
START_TEST(twenty_thousand)
{
	struct tr_outs_how how = { .memory = 8U << 20 };
	struct rlimit old, few;
	struct tr_error err;
	char path[600];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){ 256, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	set = new_set(&how);
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/%d.%s", dir, i,
		    i % 2 != 0 ? "pcap" : "ng");
		if (tr_out_open(set, path, &err) != i)
			ck_abort_msg("%s", err.msg);
	}
	for (uint32_t n = 0; n < 4; n++)
		for (int i = 0; i < MANY; i++)
			if (put((int)((unsigned)i * 7919U % MANY), n) != 0)
				ck_abort_msg("output %d", i);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	for (int i = 0; i < MANY; i += i < 100 ? 1 : 97) {
		struct tr_out_stat st;

		tr_out_stat(set, i, &st);
		ck_assert_uint_eq(st.packets, 4);
		ck_assert_uint_eq(check_file(st.path), 4);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
}
END_TEST

/* The limit is raised by need and as far as it may be; never lowered. */
START_TEST(limit_raised)
{
	struct rlimit old, few, now[3];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert_uint_ge(old.rlim_max, 700);
	few = (struct rlimit){ 256, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	tr_outs_limit(500);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now[0]), 0);
	tr_outs_limit(10);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now[1]), 0);
	tr_outs_limit(SIZE_MAX);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &now[2]), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert_uint_ge(now[0].rlim_cur, 500);
	ck_assert_uint_le(now[0].rlim_cur, 700);
	ck_assert_uint_eq(now[1].rlim_cur, now[0].rlim_cur);
	ck_assert_uint_ge(now[2].rlim_cur, now[0].rlim_cur);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(now[i].rlim_max, old.rlim_max);
}
END_TEST

/* Other descriptors of the process use up the limit: we make do with less. */
START_TEST(descriptors_taken)
{
	struct tr_outs_how how = { .files = 1000 };
	struct rlimit old, few;
	struct tr_error err;
	char path[600];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){ 40, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	set = new_set(&how);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/%d.pcap", dir, i);
		ck_assert_msg(tr_out_open(set, path, &err) == i, "%s", err.msg);
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(put(i, 0), 0);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/%d.pcap", dir, i);
		ck_assert_uint_eq(check_file(path), 1);
	}
}
END_TEST

/* Write until the file can take no more: whole records stay, sums are right. */
static void until_full(const char *where, int sys)
{
	struct tr_error err = { 0 };
	char path[600];
	uint64_t lost = 0;
	uint32_t n;

	set = new_set(NULL);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%d.%s", where, i,
		    i != 0 ? "pcap" : "pcapng");
		ck_assert_msg(tr_out_open(set, path, &err) == i, "%s", err.msg);
	}
	for (n = 0; n < 4000; n++) {
		(void)put(0, n);
		(void)put(1, n);
	}
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EWRITE);
	ck_assert_int_eq(err.sys, sys);
	ck_assert_msg(strstr(err.msg, where) != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, strerror(sys)) != NULL, "%s", err.msg);
	ck_assert(tr_outs_error(set, &err));
	for (int i = 0; i < 2; i++) {
		struct tr_out_stat st;

		tr_out_stat(set, i, &st);
		ck_assert_uint_eq(check_stat(i, n), check_file(st.path));
		ck_assert(st.failed);
		lost += st.lost;
	}
	ck_assert_uint_gt(lost, 0);
}

START_TEST(file_size_limit)
{
	struct rlimit old, few;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	few = (struct rlimit){ 1000003, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
	until_full(dir, EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
}
END_TEST

/*
 * Ten small packets to an output, under a limit on the size of files. The test
 * framework writes files too: nothing is asserted while the limit is there.
 */
static int close_limited(const char *path, unsigned limit, struct tr_error *err)
{
	struct tr_pkt k = { .data = bytes, .caplen = 20, .wirelen = 20 };
	struct rlimit old, few;
	int rc;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	few = (struct rlimit){ limit, old.rlim_max };
	set = new_set(NULL);
	ck_assert_int_eq(tr_out_open(set, path, err), 0);
	(void)setrlimit(RLIMIT_FSIZE, &few);
	for (int i = 0; i < 10; i++)
		(void)tr_out_write(set, 0, &k, &ether);
	rc = tr_outs_close(set, err);
	(void)setrlimit(RLIMIT_FSIZE, &old);
	return rc;
}

/* What is said to be in a file that could not be written, and is in it. */
START_TEST(what_is_left)
{
	static const struct {
		const char *name;
		unsigned limit;
		const char *says;
		unsigned size;
	} row[] = {
		{ "a.pcap", 0, "it is empty", 0 },
		{ "a.pcap", 10, "it is empty", 0 },
		{ "a.pcap", 24, "no packet is in it", 24 },
		{ "a.pcap", 50, "no packet is in it", 24 },
		{ "a.pcap", 200, "4 packets are in it, whole", 24 + 4 * 36 },
		{ "a.ng", 0, "it is empty", 0 },
		{ "a.ng", 27, "it is empty", 0 },
		{ "a.ng", 50, "no packet is in it", 48 },
		{ "a.ng", 200, "2 packets are in it, whole", 48 + 2 * 52 },
	};
	const char *path = mk_path(dir, row[_i].name);
	struct tr_error err = { 0 };
	struct stat st;

	ck_assert_int_eq(close_limited(path, row[_i].limit, &err), -TR_EWRITE);
	ck_assert_int_eq(err.sys, EFBIG);
	ck_assert_msg(strstr(err.msg, row[_i].says) != NULL, "%s", err.msg);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((unsigned)st.st_size, row[_i].size);
}
END_TEST

/* Standard output is not cut back: a part of a record stays, and is told. */
START_TEST(standard_output_torn)
{
	static const struct {
		unsigned limit;
		const char *says;
	} row[] = {
		{ 0, "it is empty" },
		{ 10, "no more than a part of its header is in it" },
		{ 24, "no packet is in it" },
		{ 70, "1 packet is in it, whole, then a part of a record" },
	};
	const char *path = mk_path(dir, "out.pcap");
	struct tr_error err = { 0 };
	struct stat st;
	int keep, fd, rc;

	fflush(stdout);
	keep = dup(STDOUT_FILENO);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
	rc = close_limited("-", row[_i].limit, &err);
	ck_assert_int_eq(dup2(keep, STDOUT_FILENO), STDOUT_FILENO);
	close(keep);
	ck_assert_int_eq(rc, -TR_EWRITE);
	ck_assert_msg(strstr(err.msg, row[_i].says) != NULL, "%s", err.msg);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((unsigned)st.st_size, row[_i].limit);
}
END_TEST

START_TEST(full_disk)
{
	const char *tmpfs = mk_path(dir, "small");

	ck_assert_int_eq(mkdir(tmpfs, 0700), 0);
	if (mount("exopf", tmpfs, "tmpfs", 0, "size=1m") != 0) {
		printf("t_trace_out_file: skipped full_disk: cannot mount a "
		       "tmpfs: %s\n",
		    strerror(errno));
		return;
	}
	until_full(tmpfs, ENOSPC);
	tr_outs_free(set);
	set = NULL;
	ck_assert_int_eq(umount(tmpfs), 0);
}
END_TEST

/* /dev/full is no regular file: everything is lost, and counted. */
START_TEST(dev_full)
{
	const char *path = mk_path(dir, "full.pcap");
	struct tr_error err = { 0 };

	ck_assert_int_eq(symlink("/dev/full", path), 0);
	set = new_set(NULL);
	ck_assert_int_eq(tr_out_open(set, path, &err), 0);
	for (uint32_t n = 0; n < 1000; n++)
		(void)put(0, n);
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EWRITE);
	ck_assert_int_eq(err.sys, ENOSPC);
	ck_assert_uint_eq(check_stat(0, 1000), 0);
}
END_TEST

/* The reader of a pipe leaves. */
START_TEST(closed_pipe)
{
	struct tr_error err = { 0 };
	const char *path = mk_path(dir, "fifo.pcap");
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	set = new_set(NULL);
	ck_assert_int_eq(tr_out_open(set, path, &err), 0);
	ck_assert_int_eq(put(0, 0), 0);
	close(fd);
	for (uint32_t n = 1; n < 1000; n++)
		(void)put(0, n);
	ck_assert(tr_outs_error(set, &err));
	ck_assert_int_eq(err.sys, EPIPE);
	ck_assert_ptr_nonnull(strstr(err.msg, "its reader has gone"));
	ck_assert(!tr_outs_error(set, &err));
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EWRITE);
	(void)check_stat(0, 1000);
}
END_TEST

static void *drain(void *arg)
{
	const char *const *path = arg; /* from, to */
	FILE *in = fopen(path[0], "rb"), *out = fopen(path[1], "wb");
	int c;

	while (in != NULL && out != NULL && (c = getc(in)) != EOF)
		putc(c, out);
	fclose(in);
	fclose(out);
	return NULL;
}

/* A FIFO stays open whatever the number of descriptors. */
START_TEST(fifo_is_pinned)
{
	struct tr_outs_how how = { .files = 2 };
	const char *path[] = { mk_path(dir, "f.pcapng"),
		mk_path(dir, "copy.pcapng") };
	struct tr_error err = { 0 };
	char other[600];
	pthread_t th;

	ck_assert_int_eq(mkfifo(path[0], 0600), 0);
	ck_assert_int_eq(pthread_create(&th, NULL, drain, path), 0);
	set = new_set(&how);
	ck_assert_int_eq(tr_out_open(set, path[0], &err), 0);
	for (int i = 1; i < 20; i++) {
		snprintf(other, sizeof(other), "%s/%d.pcap", dir, i);
		ck_assert_int_eq(tr_out_open(set, other, &err), i);
	}
	for (uint32_t n = 0; n < 500; n++)
		for (int i = 0; i < 20; i++)
			if (put(i, n) != 0)
				ck_abort();
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	pthread_join(th, NULL);
	ck_assert_uint_eq(check_file(mk_path(dir, "copy.pcapng")), 500);
	ck_assert_uint_eq(check_file(mk_path(dir, "7.pcap")), 500);
}
END_TEST

/* Once stopped, a reader that does not read is not waited for, long. */
START_TEST(stopped_and_stuck)
{
	volatile sig_atomic_t stop = 1;
	struct tr_outs_how how = { .stop = &stop };
	struct tr_error err = { 0 };
	const char *path = mk_path(dir, "fifo.pcap");
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	set = new_set(&how);
	ck_assert_int_eq(tr_out_open(set, path, &err), 0);
	for (uint32_t n = 0; n < 1000; n++)
		(void)put(0, n);
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EWRITE);
	ck_assert_int_eq(err.sys, ETIMEDOUT);
	(void)check_stat(0, 1000);
	close(fd);
}
END_TEST

/* "-" is standard output, once. */
START_TEST(standard_output)
{
	static const char *const name[] = { "-", "-.pcapng", "-.pcap", "-.ng" };
	const char *path = mk_path(dir, "out.pcap");
	struct tr_error err = { 0 };
	int keep, fd;

	fflush(stdout);
	keep = dup(STDOUT_FILENO);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
	set = new_set(NULL);
	ck_assert_int_eq(tr_out_open(set, name[_i], &err), 0);
	ck_assert_int_eq(tr_out_open(set, "-", &err), -TR_EUSAGE);
	for (uint32_t n = 0; n < 500; n++)
		ck_assert_int_eq(put(0, n), 0);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	ck_assert_int_eq(dup2(keep, STDOUT_FILENO), STDOUT_FILENO);
	close(keep);
	ck_assert_uint_eq(check_file(path), 500);
}
END_TEST

/* A file exchanged behind our back is not appended to. */
START_TEST(replaced)
{
	struct tr_outs_how how = { .files = 1 };
	struct tr_error err = { 0 };
	const char *path = mk_path(dir, "a.pcap");
	struct mk b = { 0 };

	set = new_set(&how);
	ck_assert_int_eq(tr_out_open(set, path, &err), 0);
	ck_assert_int_eq(put(0, 0), 0);
	tr_outs_flush(set);
	ck_assert_int_eq(tr_out_open(set, mk_path(dir, "b.pcap"), &err), 1);
	if (_i != 0) {
		mk_bytes(&b, "precious", 8);
		mk_spill(&b, mk_path(dir, "new"));
		ck_assert_int_eq(rename(mk_path(dir, "new"), path), 0);
	} else {
		ck_assert_int_eq(remove(path), 0);
	}
	ck_assert_int_eq(put(0, 1), 0);
	ck_assert_int_eq(put(1, 0), 0);
	ck_assert_int_eq(tr_outs_close(set, &err), -TR_EWRITE);
	ck_assert_msg(strstr(err.msg, _i != 0 ? "replaced" : "reopen") != NULL,
	    "%s", err.msg);
	ck_assert_uint_eq(check_stat(0, 2), 1);
	ck_assert_uint_eq(check_stat(1, 1), 1);
	if (_i != 0) {
		mk_free(&b);
		mk_slurp(&b, path);
		ck_assert_uint_eq(b.len, 8);
	}
	mk_free(&b);
}
END_TEST

/* An existing file is emptied first. */
START_TEST(overwrites)
{
	const char *path = mk_path(dir, "a.pcap");
	struct tr_error err;
	struct mk b = { 0 };

	mk_capture(&b, MK_F_MICRO, false, 50);
	mk_spill(&b, path);
	mk_free(&b);
	set = new_set(NULL);
	ck_assert_int_eq(tr_out_open(set, path, &err), 0);
	ck_assert_int_eq(put(0, 0), 0);
	ck_assert_int_eq(tr_outs_close(set, &err), 0);
	ck_assert_uint_eq(check_file(path), 1);
}
END_TEST

static TCase *all_tests(const char *name, void (*first)(void))
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, first, end);
	tcase_add_test(t, twenty_thousand);
	tcase_add_test(t, descriptors_taken);
	tcase_add_test(t, file_size_limit);
	tcase_add_loop_test(t, what_is_left, 0, 9);
	tcase_add_loop_test(t, standard_output_torn, 0, 4);
	tcase_add_test(t, full_disk);
	tcase_add_test(t, dev_full);
	tcase_add_test(t, closed_pipe);
	tcase_add_test(t, fifo_is_pinned);
	tcase_add_test(t, stopped_and_stuck);
	tcase_add_loop_test(t, standard_output, 0, 4);
	tcase_add_loop_test(t, replaced, 0, 2);
	tcase_add_test(t, overwrites);
	return t;
}

Suite *t_trace_out_file_suite(void)
{
	Suite *s = suite_create("trace_out_file");
	TCase *t = tcase_create("limit");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, limit_raised);
	suite_add_tcase(s, t);
	suite_add_tcase(s, all_tests("file", begin));
	suite_add_tcase(s, all_tests("file by the thread", begin_thread));
	return s;
}
