/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_src.c: the window. */
#include "exo/hosted/trace_int.h"

#include "tests/unit/trace_make.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Suite *t_trace_src_suite(void);

static struct tr_raw memory(const void *p, size_t len)
{
	return (struct tr_raw){ .fd = -1, .mem = p, .mem_len = len };
}

/* Consumed bytes leave, the rest stays, offsets count on. */
START_TEST(slides_and_grows)
{
	static uint8_t bytes[100000];
	struct tr_how how = { .window = 1 };
	struct tr_error err;
	struct tr_src s;
	size_t at = 0, step = 1;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	ck_assert_int_eq(
	    tr_src_open(&s, memory(bytes, sizeof(bytes)), "m", &how, &err), 0);
	while (at + step <= sizeof(bytes)) {
		ck_assert_int_eq(tr_src_need(&s, step, &err), 1);
		ck_assert_uint_eq(tr_src_offset(&s), at);
		ck_assert_mem_eq(s.cur, bytes + at, step);
		s.cur += step;
		at += step;
		step = step * 3 % 10007 + 1;
	}
	ck_assert_int_eq(tr_src_need(&s, sizeof(bytes) - at + 1, &err), 0);
	ck_assert_uint_eq((size_t)(s.end - s.cur), sizeof(bytes) - at);
	tr_src_close(&s);
}
END_TEST

/* A length that lies costs no more memory than the bytes that came. */
START_TEST(a_lie_costs_nothing)
{
	struct tr_error err;
	struct tr_src s;

	ck_assert_int_eq(
	    tr_src_open(&s, memory("0123456789", 10), "m", NULL, &err), 0);
	ck_assert_int_eq(tr_src_need(&s, (size_t)1 << 40, &err), 0);
	ck_assert_uint_le(s.size, 1U << 20);
	tr_src_close(&s);
}
END_TEST

/* Records larger than the window, in every form. */
START_TEST(small_window)
{
	struct tr_how how = { .window = 1 };
	struct mk b = { 0 };
	struct tr_pkt pkt[100];
	static uint8_t data[200000];
	struct tr_error err;
	struct tr_reader *r;
	unsigned n = 0;
	int got;

	mk_pcap(&b, MK_MICRO, 262144, 1);
	for (uint32_t i = 0; i < 20; i++) {
		memset(data, (int)i, sizeof(data));
		mk_rec(&b, i, 0, i * 10000, i * 10000, data);
	}
	r = tr_open_mem("t", b.p, b.len, &how, &err);
	ck_assert_ptr_nonnull(r);
	while ((got = tr_batch(r, pkt, 100, &err)) > 0)
		for (int i = 0; i < got; i++, n++) {
			ck_assert_uint_eq(pkt[i].caplen, n * 10000);
			if (n > 0) {
				ck_assert_uint_eq(pkt[i].data[0], n);
				ck_assert_uint_eq(
				    pkt[i].data[n * 10000 - 1], n);
			}
		}
	ck_assert_int_eq(got, 0);
	ck_assert_uint_eq(n, 20);
	tr_close(r);
	mk_free(&b);
}
END_TEST

struct feed {
	int fd;
	const struct mk *b;
};

static void *dribble(void *arg)
{
	struct feed *f = arg;
	size_t at = 0, n;

	for (; at < f->b->len; at += n) {
		n = (at * 31) % 97 + 1;
		n = n < f->b->len - at ? n : f->b->len - at;
		if (write(f->fd, f->b->p + at, n) != (ssize_t)n)
			break;
	}
	close(f->fd);
	return NULL;
}

/* A pipe that delivers a few bytes at a time, plain and packed. */
START_TEST(from_a_pipe)
{
	struct mk plain = { 0 }, b = { 0 };
	struct tr_pkt pkt[16];
	struct tr_error err;
	struct tr_reader *r;
	struct feed f;
	char path[32];
	pthread_t th;
	int fd[2], got;
	unsigned n = 0;

	mk_capture(&plain, MK_F_NG, false, 60);
	mk_packed(&b, (enum mk_pack)_i, plain.p, plain.len);
	ck_assert_int_eq(pipe(fd), 0);
	f = (struct feed){ fd[1], &b };
	ck_assert_int_eq(pthread_create(&th, NULL, dribble, &f), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	r = tr_open(path, NULL, &err);
	ck_assert_msg(r != NULL, "%s", err.msg);
	while ((got = tr_batch(r, pkt, 16, &err)) > 0)
		n += (unsigned)got;
	ck_assert_int_eq(got, 0);
	ck_assert_uint_eq(n, 60);
	pthread_join(th, NULL);
	tr_close(r);
	close(fd[0]);
	mk_free(&plain);
	mk_free(&b);
}
END_TEST

/* What a live pipe has delivered comes out without waiting for more. */
START_TEST(does_not_wait)
{
	struct mk b = { 0 };
	struct tr_pkt pkt[16];
	struct tr_error err;
	struct tr_reader *r;
	char path[32];
	int fd[2];

	mk_capture(&b, MK_F_MICRO, false, 3);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(write(fd[1], b.p, b.len), (ssize_t)b.len);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	r = tr_open(path, NULL, &err);
	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(tr_batch(r, pkt, 16, &err), 3); /* fd[1] is open */
	close(fd[1]);
	ck_assert_int_eq(tr_batch(r, pkt, 16, &err), 0);
	tr_close(r);
	close(fd[0]);
	mk_free(&b);
}
END_TEST

Suite *t_trace_src_suite(void)
{
	Suite *s = suite_create("trace_src");
	TCase *t = tcase_create("window");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, slides_and_grows);
	tcase_add_test(t, a_lie_costs_nothing);
	tcase_add_test(t, small_window);
	tcase_add_loop_test(t, from_a_pipe, 0, MK_PACKS);
	tcase_add_test(t, does_not_wait);
	suite_add_tcase(s, t);
	return s;
}
