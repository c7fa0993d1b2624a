/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/batch_in.c: lines, of all lengths, packed, cut, without memory. */
#include "exo/hosted/batch_in.h"

#include "tests/support/oom.h"
#include "tests/unit/trace_make.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *t_batch_in_suite(void);

static char path[64];

/* A file of these bytes, named by path; the caller unlinks it. */
static void file(const void *bytes, size_t n)
{
	FILE *f;
	int fd;

	strcpy(path, "/tmp/t_batch_in.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	f = fdopen(fd, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static struct cmd_lines *opened(const void *bytes, size_t n)
{
	struct cmd_lines *in;

	file(bytes, n);
	in = cmd_lines_open(path, NULL);
	unlink(path);
	ck_assert_ptr_nonnull(in);
	return in;
}

static void expect(struct cmd_lines *in, const void *want, size_t n)
{
	const char *line = NULL;
	size_t len = 0;

	ck_assert_int_eq(cmd_lines_next(in, &line, &len), CMD_LINE_WHOLE);
	ck_assert_uint_eq(len, n);
	if (n != 0)
		ck_assert_mem_eq(line, want, n);
}

static void expect_end(struct cmd_lines *in)
{
	const char *line;
	size_t len;
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(cmd_lines_next(in, &line, &len), CMD_LINE_END);
	cmd_lines_close(in);
}

START_TEST(lines_and_what_follows_the_last_newline)
{
	struct cmd_lines *in = opened("a\n\nbc\0d\n\r\ne", 11);

	expect(in, "a", 1);
	expect(in, "", 0);
	expect(in, "bc\0d", 4);
	expect(in, "\r", 1);
	expect(in, "e", 1);
	expect_end(in);
}
END_TEST

START_TEST(an_empty_file_has_no_line)
{
	expect_end(opened("", 0));
	cmd_lines_close(NULL);
}
END_TEST

START_TEST(one_newline_is_one_line)
{
	struct cmd_lines *in = opened("\n", 1);

	expect(in, "", 0);
	expect_end(in);
}
END_TEST

/* Lines around the sizes of the buffer, many of them. */
START_TEST(lines_of_all_lengths)
{
	static const size_t lens[] = { 1, 5, 6, 262143, 262144, 262145, 524287,
		524288, 0, 3000000, 7, 262140, 100 };
	const size_t n = sizeof(lens) / sizeof(lens[0]);
	size_t total = 0, i, at = 0;
	struct cmd_lines *in;
	char *text;

	for (i = 0; i < n; i++)
		total += lens[i] + 1;
	text = malloc(total);
	ck_assert_ptr_nonnull(text);
	for (i = 0; i < n; i++) {
		memset(text + at, 'a' + (int)i, lens[i]);
		text[at + lens[i]] = '\n';
		at += lens[i] + 1;
	}
	in = opened(text, total);
	for (i = 0, at = 0; i < n; at += lens[i] + 1, i++)
		expect(in, text + at, lens[i]);
	expect_end(in);
	free(text);
}
END_TEST

START_TEST(packed_files)
{
	struct mk b = { 0 };
	struct cmd_lines *in;

	mk_packed(&b, (enum mk_pack)_i, "one\ntwo", 7);
	in = opened(b.p, b.len);
	expect(in, "one", 3);
	expect(in, "two", 3);
	expect_end(in);
	mk_free(&b);
}
END_TEST

/* What stands before the damage is handed out, what the cut left is not. */
START_TEST(packed_files_cut_short)
{
	char *text = malloc(2000000);
	const char *line = NULL;
	struct cmd_lines *in;
	struct mk b = { 0 };
	size_t len = 0, i;
	int kind;

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < 2000000; i++)
		text[i] = i % 10 == 9 ? '\n' : (char)('a' + rand() % 26);
	mk_packed(&b, (enum mk_pack)_i, text, 2000000);
	in = opened(b.p, b.len - 8);
	for (i = 0; (kind = cmd_lines_next(in, &line, &len)) > 0; i++) {
		ck_assert_uint_eq(len, 9);
		ck_assert_mem_eq(line, text + 10 * i, 9);
	}
	ck_assert_int_eq(kind, CMD_LINE_FAULT);
	ck_assert_int_eq(cmd_lines_next(in, &line, &len), CMD_LINE_END);
	cmd_lines_close(in);
	mk_free(&b);
	free(text);
}
END_TEST

/* len bytes before a newline, and what follows it. */
static void one_long(size_t len, enum cmd_line want, bool newline)
{
	char *text = malloc(len + 3);
	const char *line = NULL;
	struct cmd_lines *in;
	size_t got = 0;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	memcpy(text + len, "\nab", 3);
	in = opened(text, newline ? len + 3 : len);
	free(text);
	ck_assert_int_eq(cmd_lines_next(in, &line, &got), want);
	if (want == CMD_LINE_WHOLE)
		ck_assert_uint_eq(got, len);
	if (newline)
		expect(in, "ab", 2);
	expect_end(in);
}

START_TEST(lines_at_the_limit)
{
	one_long(CMD_LINE_MAX, CMD_LINE_WHOLE, true);
	one_long(CMD_LINE_MAX + 1, CMD_LINE_LONG, true);
	one_long(CMD_LINE_MAX, CMD_LINE_WHOLE, false);
	one_long(CMD_LINE_MAX + 1, CMD_LINE_LONG, false);
	one_long(2 * CMD_LINE_MAX + 5, CMD_LINE_LONG, true);
}
END_TEST

START_TEST(no_such_file)
{
	ck_assert_ptr_null(cmd_lines_open("/nonexistent/x", NULL));
	ck_assert_ptr_null(cmd_lines_open("/", NULL));
}
END_TEST

/* Who sends one short line, and waits for the answer, gets it. */
START_TEST(a_short_line_is_not_kept_waiting)
{
	const char *line = NULL;
	struct cmd_lines *in;
	int to[2], old;
	size_t len = 0;

	ck_assert_int_eq(pipe(to), 0);
	old = dup(STDIN_FILENO);
	ck_assert_int_eq(dup2(to[0], STDIN_FILENO), STDIN_FILENO);
	close(to[0]);
	ck_assert_int_eq(write(to[1], "{}\n", 3), 3);
	in = cmd_lines_open("-", NULL);
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(cmd_lines_next(in, &line, &len), CMD_LINE_WHOLE);
	ck_assert_uint_eq(len, 2);
	close(to[1]);
	expect_end(in);
	ck_assert_int_eq(dup2(old, STDIN_FILENO), STDIN_FILENO);
	close(old);
}
END_TEST

START_TEST(stop_ends_it)
{
	volatile sig_atomic_t stop = 0;
	const char *line = NULL;
	struct cmd_lines *in;
	size_t len = 0, i;
	char *text;

	text = malloc(1000000);
	ck_assert_ptr_nonnull(text);
	for (i = 0; i < 1000000; i++)
		text[i] = i % 100 == 99 ? '\n' : 'x';
	file(text, 1000000);
	free(text);
	in = cmd_lines_open(path, &stop);
	unlink(path);
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(cmd_lines_next(in, &line, &len), CMD_LINE_WHOLE);
	stop = 1;
	/* What was read already may come; no more, and no half line. */
	for (i = 0; cmd_lines_next(in, &line, &len) == CMD_LINE_WHOLE; i++)
		ck_assert_uint_eq(len, 99);
	ck_assert_uint_lt(i, 9999);
	expect_end(in);
}
END_TEST

static int read_all(void *arg)
{
	struct cmd_lines *in = cmd_lines_open(path, NULL);
	const char *line;
	size_t len;
	int kind;

	(void)arg;
	if (in == NULL)
		return -1;
	while ((kind = cmd_lines_next(in, &line, &len)) > 0)
		;
	cmd_lines_close(in);
	return kind;
}

START_TEST(memory_fails)
{
	struct mk b = { 0 };
	char *text = calloc(1, 600000);

	ck_assert_ptr_nonnull(text);
	mk_packed(&b, (enum mk_pack)_i, text, 600000);
	free(text);
	file(b.p, b.len);
	mk_free(&b);
	ck_assert_uint_ge(test_oom_loop(read_all, NULL), 3);
	unlink(path);
}
END_TEST

Suite *t_batch_in_suite(void)
{
	Suite *s = suite_create("t_batch_in");
	TCase *tc = tcase_create("lines"), *oom = tcase_create("oom");

	tcase_add_test(tc, lines_and_what_follows_the_last_newline);
	tcase_add_test(tc, an_empty_file_has_no_line);
	tcase_add_test(tc, one_newline_is_one_line);
	tcase_add_test(tc, lines_of_all_lengths);
	tcase_add_loop_test(tc, packed_files, 0, MK_PACKS);
	tcase_add_loop_test(tc, packed_files_cut_short, 1, MK_PACKS);
	tcase_add_test(tc, lines_at_the_limit);
	tcase_add_test(tc, no_such_file);
	tcase_add_test(tc, a_short_line_is_not_kept_waiting);
	tcase_add_test(tc, stop_ends_it);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(oom, memory_fails, 0, MK_PACKS);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
