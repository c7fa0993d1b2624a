/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_map.c: mapped files, and those that are cut. */
#include "exo/hosted/trace_int.h"

#include "tests/unit/trace_ways.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *t_trace_map_suite(void);

static char *dir;

static void setup(void)
{
	dir = mk_dir();
}

static void teardown(void)
{
	mk_dir_gone(dir);
}

static struct tr_reader *open_mapped(const char *path, size_t window)
{
	struct tr_how how = { .window = window, .io = TR_IO_MAP };
	struct tr_error err;
	struct tr_reader *r = tr_open(path, &how, &err);

	ck_assert_msg(r != NULL, "%s", err.msg);
	return r;
}

/* Whole, and cut wherever it may be. */
START_TEST(every_form)
{
	struct mk b = { 0 };

	mk_capture(&b, (enum mk_form)(_i / 2), _i % 2 != 0, 60);
	ways_same_bytes(dir, &b, b.len);
	for (size_t len = 0; len < b.len; len += 1 + len / 9)
		ways_same_bytes(dir, &b, len);
	for (size_t len = 4096; len < b.len; len += 4096) {
		ways_same_bytes(dir, &b, len - 1);
		ways_same_bytes(dir, &b, len);
		ways_same_bytes(dir, &b, len + 1);
	}
	mk_free(&b);
}
END_TEST

/* Every length is distrusted: the same words about the same offsets. */
START_TEST(damage)
{
	struct mk b = { 0 };

	mk_capture(&b, (enum mk_form)(_i / 2), _i % 2 != 0, 12);
	for (size_t at = 0; at < b.len; at += 1 + at / 40) {
		b.p[at] ^= 0x81;
		ways_same_bytes(dir, &b, b.len);
		b.p[at] ^= 0x81;
	}
	mk_free(&b);
}
END_TEST

/* A file whose last byte is the last of a page. */
START_TEST(page_end)
{
	static const uint8_t zero[4096];
	struct mk b = { 0 };
	uint32_t fill;

	mk_capture(&b, MK_F_MICRO, false, 20);
	fill = (uint32_t)(4096 - (b.len + 16) % 4096);
	mk_rec(&b, 1, 1, fill, fill, zero);
	ck_assert_uint_eq(b.len % 4096, 0);
	ways_same_bytes(dir, &b, b.len);
	mk_free(&b);
}
END_TEST

/* Headers in the other host's order are turned in the window, not in the file:
 * pages of it become ours. */
START_TEST(turned_in_place)
{
	static const uint16_t type[] = { 113, 276, 117, 189, 220, 239, 0 };
	struct mk b = { .swapped = true }, after = { 0 };
	uint8_t data[300];

	mk_pcap(&b, MK_NANO, 2000, type[_i]);
	for (uint32_t i = 0; i < 200; i++) {
		for (size_t k = 0; k < sizeof(data); k++)
			data[k] = (uint8_t)(i * 7 + k * (k % 5));
		data[0] = 61;
		data[14] = 0;
		data[15] = 12;
		mk_rec(&b, i, i, 100 + i, 100 + i, data);
	}
	ways_same_bytes(dir, &b, b.len);
	mk_slurp(&after, mk_path(dir, "t"));
	ck_assert_uint_eq(after.len, b.len);
	ck_assert_mem_eq(after.p, b.p, b.len);
	mk_free(&after);
	mk_free(&b);
}
END_TEST

#define CUT_BATCH 8

/* Packets that lie in the first len bytes; *even: nothing else does. */
static unsigned whole_in(const struct mk *b, size_t len, bool *even)
{
	struct mk part = { .p = b->p, .len = len };
	char why[512];
	unsigned n;
	int code = 1;

	n = len < 24 ? 0 : mk_count(&part, &code, why);
	*even = code == 0;
	return n;
}

/* Read some packets, cut the file to len bytes, read on. */
static void cut_to(const struct mk *b, size_t window, size_t len)
{
	const char *path = mk_path(dir, "t");
	struct tr_pkt pkt[CUT_BATCH];
	struct tr_error err = { 0 };
	struct tr_reader *r;
	uint64_t sum = 0;
	unsigned got, whole;
	bool even;
	int n, handed;

	whole = whole_in(b, len, &even);
	mk_spill(b, path);
	r = open_mapped(path, window);
	handed = tr_batch(r, pkt, CUT_BATCH, &err);
	ck_assert_int_gt(handed, 0);
	ck_assert_int_eq(truncate(path, (off_t)len), 0);
	for (int i = 0; i < handed; i++) /* they can be looked at */
		for (uint32_t k = 0; k < pkt[i].caplen; k++)
			sum += pkt[i].data[k];
	ck_assert_uint_ne(sum, UINT64_MAX);
	got = (unsigned)handed;
	while ((n = tr_batch(r, pkt, CUT_BATCH, &err)) > 0)
		got += (unsigned)n;
	/* cut between two records, it may be a whole shorter file */
	if (n != 0 || !even) {
		ck_assert_msg(n == -TR_ETRUNC, "%zu: %d %s", len, n, err.msg);
		ck_assert_uint_le(err.offset, len);
		ck_assert_msg(strstr(err.msg, "cut to this length") != NULL ||
		                  strstr(err.msg, "truncated capture") != NULL,
		    "%s", err.msg);
	}
	whole = whole > (unsigned)handed ? whole : (unsigned)handed;
	ck_assert_msg(got == whole,
	    "window %zu, cut to %zu: %u packets, not %u: %s", window, len, got,
	    whole, err.msg);
	ck_assert_int_eq(tr_batch(r, pkt, CUT_BATCH, &err), 0);
	tr_close(r);
}

/* Zeros at the end of a page are no records, and no memory is no crash. */
START_TEST(cut_while_read)
{
	static const size_t window[] = { 4096, 3 * 4096, 0 };
	struct mk b = { 0 };

	mk_capture(&b, (enum mk_form)_i, false, 100);
	for (size_t len = 0; len < b.len; len += 1 + b.len / 60)
		for (size_t w = 0; w < 3; w++)
			cut_to(&b, window[w], len);
	for (size_t len = 4096; len < b.len; len += 4096)
		cut_to(&b, 0, len);
	mk_free(&b);
}
END_TEST

/* What is appended while it is read comes as well. */
START_TEST(grows)
{
	const char *path = mk_path(dir, "t");
	struct mk b = { 0 }, half = { 0 };
	struct tr_pkt pkt[CUT_BATCH];
	struct tr_error err = { 0 };
	struct tr_reader *r;
	unsigned got;
	int n, fd;

	mk_capture(&b, MK_F_NANO, false, 100);
	mk_capture(&half, MK_F_NANO, false, 50);
	mk_spill(&half, path);
	r = open_mapped(path, 4096);
	n = tr_batch(r, pkt, CUT_BATCH, &err);
	ck_assert_int_gt(n, 0);
	got = (unsigned)n;
	fd = open(path, O_WRONLY | O_APPEND);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, b.p + half.len, b.len - half.len),
	    (ssize_t)(b.len - half.len));
	close(fd);
	while ((n = tr_batch(r, pkt, CUT_BATCH, &err)) > 0)
		got += (unsigned)n;
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(got, 100);
	tr_close(r);
	mk_free(&half);
	mk_free(&b);
}
END_TEST

/* More files at once than the handler knows: the others are read. */
START_TEST(many_at_once)
{
	static struct tr_reader *r[300];
	const char *path = mk_path(dir, "t");
	struct tr_pkt pkt[64];
	struct tr_error err;
	struct mk b = { 0 };

	mk_capture(&b, MK_F_MICRO, false, 3);
	mk_spill(&b, path);
	for (int i = 0; i < 300; i++)
		r[i] = open_mapped(path, 0);
	ck_assert(r[0]->src.mapped);
	ck_assert(!r[299]->src.mapped);
	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(tr_batch(r[i], pkt, 64, &err), 3);
		tr_close(r[i]);
	}
	r[0] = open_mapped(path, 0);
	ck_assert(r[0]->src.mapped);
	tr_close(r[0]);
	mk_free(&b);
}
END_TEST

/* Raise SIGBUS at a byte of somebody else's; never returns. */
static void strike(const char *path)
{
	int fd = open(path, O_RDWR);
	volatile uint8_t *p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0 && p != MAP_FAILED && ftruncate(fd, 0) == 0)
		_exit(p[4096] == 1 ? 1 : 0);
	_exit(0);
}

/* A SIGBUS that is none of ours ends the process as ever. */
START_TEST(not_ours)
{
	const char *path = mk_path(dir, "t");
	struct mk b = { 0 };
	int status = 0;
	pid_t pid;

	mk_capture(&b, MK_F_MICRO, false, 60);
	mk_spill(&b, path);
	tr_close(open_mapped(path, 0));
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(0);
		strike(path);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_ne(status, 0);
	mk_free(&b);
}
END_TEST

Suite *t_trace_map_suite(void)
{
	Suite *s = suite_create("trace_map");
	TCase *t = tcase_create("map");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_form, 0, MK_FORMS * 2);
	tcase_add_loop_test(t, damage, 0, MK_FORMS * 2);
	tcase_add_test(t, page_end);
	tcase_add_loop_test(t, turned_in_place, 0, 7);
	tcase_add_loop_test(t, cut_while_read, 0, MK_FORMS);
	tcase_add_test(t, grows);
	tcase_add_test(t, many_at_once);
	tcase_add_test(t, not_ours);
	suite_add_tcase(s, t);
	return s;
}
