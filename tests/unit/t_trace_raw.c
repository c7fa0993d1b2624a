/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_raw.c: files, signals. */
#include "exo/hosted/trace_int.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

Suite *t_trace_raw_suite(void);

static volatile sig_atomic_t rang, stopped;

static void count(void *user)
{
	++*(int *)user;
}

static void ring(int sig)
{
	(void)sig;
	if (++rang == 3)
		stopped = 1;
}

START_TEST(no_such_file)
{
	struct tr_error err = { 0 };

	ck_assert_ptr_null(tr_open("/nonexistent/x.pcap", NULL, &err));
	ck_assert_int_eq(err.code, TR_EOPEN);
	ck_assert_int_eq(err.sys, ENOENT);
	ck_assert_str_eq(err.msg,
	    "/nonexistent/x.pcap: cannot open: No such file or directory");
	ck_assert_ptr_null(tr_open("/", NULL, &err));
	ck_assert_int_eq(err.sys, EISDIR);
}
END_TEST

START_TEST(reads_memory)
{
	struct tr_raw raw = {
		.fd = -1, .mem = (const uint8_t *)"abcdef", .mem_len = 6
	};
	uint8_t to[4];

	ck_assert_int_eq(tr_raw_read(&raw, to, 4), 4);
	ck_assert_mem_eq(to, "abcd", 4);
	ck_assert_int_eq(tr_raw_read(&raw, to, 4), 2);
	ck_assert_mem_eq(to, "ef", 2);
	ck_assert_int_eq(tr_raw_read(&raw, to, 4), 0);
	ck_assert_uint_eq(raw.taken, 6);
}
END_TEST

/* EINTR without a stop is no event; with it the read ends. */
START_TEST(eintr_and_stop)
{
	struct sigaction sa = { .sa_handler = ring }, old;
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, off = { 0 };
	struct tr_raw raw = { .own = false, .stop = &stopped };
	int fd[2], woken = 0;
	uint8_t to[4];

	rang = 0;
	stopped = 0;
	ck_assert_int_eq(pipe(fd), 0);
	raw.fd = fd[0];
	raw.awake = count;
	raw.user = &woken;
	ck_assert_int_eq(sigaction(SIGALRM, &sa, &old), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
	ck_assert_int_eq(tr_raw_read(&raw, to, 4), -TR_ESTOP);
	ck_assert_int_ge(rang, 3);
	ck_assert_int_ge(woken, 3);
	(void)setitimer(ITIMER_REAL, &off, NULL);
	(void)sigaction(SIGALRM, &old, NULL);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

/* "-" is standard input, packed or not, and stays open. */
START_TEST(standard_input)
{
	struct mk plain = { 0 }, b = { 0 };
	struct tr_error err = { 0 };
	struct tr_reader *r;
	struct tr_pkt k[8];
	int keep = dup(STDIN_FILENO), fd[2];

	mk_capture(&plain, MK_F_NG, false, 5);
	mk_packed(&b, (enum mk_pack)_i, plain.p, plain.len);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(write(fd[1], b.p, b.len), (ssize_t)b.len);
	close(fd[1]);
	ck_assert_int_eq(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
	close(fd[0]);
	r = tr_open("-", NULL, &err);
	ck_assert_msg(r != NULL, "%s", err.msg);
	ck_assert_int_eq(tr_batch(r, k, 8, &err), 5);
	ck_assert_str_eq(tr_iface_at(r, 0)->file, "standard input");
	tr_close(r);
	ck_assert_int_eq(read(STDIN_FILENO, k, 1), 0);
	if (keep >= 0)
		ck_assert_int_eq(dup2(keep, STDIN_FILENO), STDIN_FILENO);
	close(keep);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

START_TEST(failed_read)
{
	struct tr_raw raw = { .fd = -1 };
	uint8_t to[4];
	int fd[2];

	ck_assert_int_eq(pipe(fd), 0);
	raw.fd = fd[1]; /* the end that cannot be read */
	ck_assert_int_eq(tr_raw_read(&raw, to, 4), -TR_EREAD);
	ck_assert_int_eq(raw.sys, EBADF);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

Suite *t_trace_raw_suite(void)
{
	Suite *s = suite_create("trace_raw");
	TCase *t = tcase_create("raw");

	tcase_add_test(t, no_such_file);
	tcase_add_test(t, reads_memory);
	tcase_add_test(t, eintr_and_stop);
	tcase_add_loop_test(t, standard_input, 0, MK_PACKS);
	tcase_add_test(t, failed_read);
	suite_add_tcase(s, t);
	return s;
}
