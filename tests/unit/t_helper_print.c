/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that programs print. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "tests/support/tworld.h"

static struct tworld t;
static char said[256];
static unsigned lines;

static void take(void *arg, const char *line, uint32_t n)
{
	ck_assert_ptr_eq(arg, said);
	ck_assert_uint_lt(n, sizeof(said));
	ck_assert_uint_eq(strlen(line), n);
	memcpy(said, line, n + 1);
	lines++;
}

static void begin(bool compiles)
{
	memset(&t, 0, sizeof(t));
	t.cfg.print = take;
	t.cfg.print_arg = said;
	tworld_new(&t, NULL, 0);
	t.compiles = compiles;
	tworld_pkt(&t, 20);
	said[0] = '\0';
	lines = 0;
}

/* Print by a format of so many bytes, its NUL among them, and three numbers. */
static int64_t print(const char *format, uint32_t n)
{
	char text[2048];
	int at = 0;

	for (uint32_t i = 0; i < n; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
		    "*(u8 *)(r10 %d) = %d\n", (int)i - 64, format[i]);
	snprintf(text + at, sizeof(text) - (size_t)at,
	    "r1 = r10\nr1 += -64\nr2 = %u\nr3 = -5\n"
	    "r4 = 0x1abcdef01 ll\nr5 = 65\ncall trace_printk\nexit\n",
	    n);
	return (int64_t)tworld_exit(&t, EXO_PROG_SOCKET, text);
}

static const struct {
	const char *format, *line; /* NULL: it is refused */
} rows[] = {
	{ "", "" },
	{ "a b\n", "a b\n" },
	{ "100%%", "100%" },
	{ "%d|%d|%d", "-5|-1412567295|65" },
	{ "%i %li %lli", "-5 7177367297 65" },
	{ "%u %u %c", "4294967291 2882400001 A" },
	{ "%lu %lx", "18446744073709551611 1abcdef01" },
	{ "%x %X", "fffffffb ABCDEF01" },
	{ "%p %p", "fffffffffffffffb 1abcdef01" },
	{ "%4d|%04d|%2d", "  -5|-1412567295|65" },
	{ "%04d|%u|%05d", "-005|2882400001|00065" },
	{ "%20d", "                  -5" },
	{ "%21d", NULL },
	{ "%s", NULL },
	{ "%d %d %d %d", NULL },
	{ "%", NULL },
	{ "%l", NULL },
	{ "%lll", NULL },
	{ "%-3d", NULL },
	{ "%.3d", NULL },
	{ "\x1b[2J", NULL },
	{ "\x80", NULL },
};

START_TEST(t_format)
{
	const char *line = rows[_i].line;

	for (int k = 0; k < 2; k++) {
		begin(k == 1);
		if (line == NULL) {
			ck_assert_int_eq(
			    print(rows[_i].format,
			        (uint32_t)strlen(rows[_i].format) + 1),
			    -22);
			ck_assert_uint_eq(lines, 0);
		} else {
			ck_assert_int_eq(
			    print(rows[_i].format,
			        (uint32_t)strlen(rows[_i].format) + 1),
			    (int64_t)strlen(line));
			ck_assert_str_eq(said, line);
			ck_assert_uint_eq(lines, 1);
		}
		ck_assert_uint_eq(t.compiled, (unsigned)k);
		tworld_end(&t);
	}
}
END_TEST

/* The size says where a format ends, and there its NUL is. */
START_TEST(t_size)
{
	begin(false);
	ck_assert_int_eq(print("ab", 2), -22);
	ck_assert_int_eq(print("a\0b", 4), 1);
	ck_assert_str_eq(said, "a");
	ck_assert_int_eq(print("a\0\x1b", 3), 1);
	t.cfg.print = NULL;
	tworld_end(&t);
	/* nobody listens */
	memset(&t, 0, sizeof(t));
	tworld_new(&t, NULL, 0);
	ck_assert_int_eq(print("%d", 3), 2);
	tworld_end(&t);
}
END_TEST

Suite *t_helper_print_suite(void)
{
	Suite *s = suite_create("helper_print");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(
	    tc, t_format, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, t_size);
	suite_add_tcase(s, tc);
	return s;
}
