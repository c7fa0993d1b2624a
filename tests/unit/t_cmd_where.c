/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/where.c: one file under many names. */
#include "exo/hosted/where.h"

#include "tests/support/oom.h"
#include "tests/unit/trace_make.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *t_cmd_where_suite(void);

static char *dir;

/* Directories a and a/b, files a/f and a/g, and links. */
static void begin(void)
{
	dir = mk_dir();
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(mkdir("a", 0777), 0);
	ck_assert_int_eq(mkdir("a/b", 0777), 0);
	close(open("a/f", O_CREAT | O_WRONLY, 0666));
	close(open("a/g", O_CREAT | O_WRONLY, 0666));
	ck_assert_int_eq(link("a/f", "hard"), 0);
	ck_assert_int_eq(symlink("a/f", "soft"), 0);
	ck_assert_int_eq(symlink("a/b", "into"), 0);
	ck_assert_int_eq(symlink("a/new", "dangling"), 0);
	ck_assert_int_eq(symlink("../dangling", "a/twice"), 0);
	ck_assert_int_eq(symlink("circle", "circle"), 0);
	ck_assert_int_eq(symlink("/dev/null", "nowhere"), 0);
}

static void end(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	mk_dir_gone(dir);
}

static const struct {
	const char *a, *b;
	bool same;
} row[] = {
	{ "a/f", "a/f", true },
	{ "a/f", "./a//f", true },
	{ "a/f", "a/b/../f", true },
	{ "a/f", "hard", true },
	{ "a/f", "soft", true },
	{ "a/f", "a/g", false },
	{ "a/f", "into/../f", true }, /* the system's "..", not the text's */
	{ "a/new", "a/new", true },
	{ "a/new", "./a/./new", true },
	{ "a/new", "a/b/../new", true },
	{ "a/new", "into/../new", true },
	{ "a/new", "dangling", true },
	{ "a/new", "a/twice", true },
	{ "a/new", "a/other", false },
	{ "new", "a/new", false },
	{ "x/y/f", "x//y/./f", true },
	{ "x/y/f", "x/z/../y/f", true },
	{ "x/y/f", "x/f", false },
	{ "a/f", "x/../a/f", true }, /* x will be made */
	{ "a/f", "x/y/../../a/f", true },
	{ "a/new", "x/../a/new", true },
	{ "xy/f", "x/yf", false },
	{ "into/new", "a/b/new", true },
	{ "circle", "circle", true },
	{ "circle", "other", false },
	{ "a/f/x", "a/f", false },
};

/* One name after the other, in every order of two: what was found before makes no
 * difference. */
START_TEST(beside_others)
{
	const size_t n = sizeof(row) / sizeof(row[0]);
	struct cmd_where_dir near = { .path = NULL };
	struct cmd_where a, b;

	for (size_t i = 0; i < 4 * n * n; i++) {
		const char *path[2] = { row[i / (2 * n) % n].a,
			row[i % (2 * n) / 2].b };
		const char *p = path[i % 2];

		ck_assert_int_eq(cmd_where_path(p, &a), 0);
		ck_assert_int_eq(cmd_where_beside(&near, p, &b), 0);
		ck_assert_msg(
		    cmd_where_compare(&a, &b) == 0 && a.nowhere == b.nowhere,
		    "%s", p);
		cmd_where_free(&a);
		cmd_where_free(&b);
	}
	ck_assert_ptr_nonnull(near.path);
	cmd_where_dir_free(&near);
}
END_TEST

START_TEST(spellings)
{
	struct cmd_where a, b;
	char path[512];

	ck_assert_int_eq(cmd_where_path(row[_i].a, &a), 0);
	ck_assert_int_eq(cmd_where_path(row[_i].b, &b), 0);
	ck_assert_msg((cmd_where_compare(&a, &b) == 0) == row[_i].same,
	    "%s and %s: %s and %s", row[_i].a, row[_i].b, a.rest, b.rest);
	ck_assert_int_eq(
	    cmd_where_compare(&a, &b) < 0, cmd_where_compare(&b, &a) > 0);
	cmd_where_free(&b);
	snprintf(path, sizeof(path), "%s/%s", dir, row[_i].a);
	ck_assert_int_eq(cmd_where_path(path, &b), 0);
	ck_assert_int_eq(cmd_where_compare(&a, &b), 0);
	cmd_where_free(&a);
	cmd_where_free(&b);
}
END_TEST

START_TEST(open_files)
{
	struct cmd_where a, b;
	int fd[2];
	char path[64];

	ck_assert_int_eq(pipe(fd), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[1]);
	ck_assert_int_eq(cmd_where_fd(fd[1], &a), 0);
	ck_assert_int_eq(cmd_where_path(path, &b), 0);
	ck_assert_int_eq(cmd_where_compare(&a, &b), 0);
	ck_assert(!a.nowhere);
	cmd_where_free(&a);
	cmd_where_free(&b);
	close(fd[0]);
	close(fd[1]);
	ck_assert_int_eq(cmd_where_path("nowhere", &a), 0);
	ck_assert(a.nowhere);
	cmd_where_free(&a);
}
END_TEST

static int find_once(void *arg)
{
	struct cmd_where a;
	int ret = cmd_where_path("x/../a/twice", &a);

	(void)arg;
	cmd_where_free(&a);
	if (ret == 0 && cmd_where_fd(0, &a) != 0)
		ret = -1;
	if (ret == 0)
		cmd_where_free(&a);
	return ret == 0 ? 0 : -1;
}

START_TEST(memory_runs_out)
{
	test_oom_loop(find_once, NULL);
}
END_TEST

Suite *t_cmd_where_suite(void)
{
	Suite *s = suite_create("t_cmd_where");
	TCase *tc = tcase_create("where"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, spellings, 0, sizeof(row) / sizeof(row[0]));
	tcase_add_test(tc, beside_others);
	tcase_add_test(tc, open_files);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(oom, begin, end);
	tcase_add_test(oom, memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
