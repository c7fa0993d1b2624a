/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted: hexadecimal text, text of others, numbers for people, tables. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/hex.h"
#include "exo/hosted/human.h"
#include "exo/hosted/table.h"
#include "exo/hosted/utf8.h"
#include "tests/support/oom.h"

static const struct {
	const char *text;
	int ret;
	size_t n; /* bytes, or where it is wrong */
	uint8_t bytes[4];
} hexes[] = {
	{ "", 0, 0, { 0 } },
	{ " \t\r\n", 0, 0, { 0 } },
	{ "00fF", 0, 2, { 0, 0xff } },
	{ "0x12 34\n0X56", 0, 3, { 0x12, 0x34, 0x56 } },
	{ "0x", 0, 0, { 0 } },
	{ "00", 0, 1, { 0 } },
	{ "1", -EXO_ESYNTAX, 1, { 0 } },
	{ "1 2", -EXO_ESYNTAX, 1, { 0 } },
	{ "12g4", -EXO_ESYNTAX, 2, { 0 } },
	{ "123g", -EXO_ESYNTAX, 3, { 0 } },
	{ "120x34", -EXO_ESYNTAX, 3, { 0 } },
};

START_TEST(hex_text)
{
	size_t n = 99, where = 99;
	uint8_t *bytes = NULL;
	int ret = cmd_hex_parse(
	    hexes[_i].text, strlen(hexes[_i].text), &bytes, &n, &where);

	ck_assert_int_eq(ret, hexes[_i].ret);
	if (ret != 0) {
		ck_assert_uint_eq(where, hexes[_i].n);
		ck_assert_ptr_null(bytes);
		return;
	}
	ck_assert_uint_eq(n, hexes[_i].n);
	ck_assert_mem_eq(bytes, hexes[_i].bytes, n);
	free(bytes);
}
END_TEST

/* Text, and what a terminal is shown of it. */
static const struct {
	const char *in, *out;
} safe[] = {
	{ "", "" },
	{ "plain ~", "plain ~" },
	{ "\001\033\037\177", "\\x01\\x1b\\x1f\\x7f" },
	{ "\r\n\t\v", "\\x0d\n\t\\x0b" },
	{ "\xc2\x80\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9f\xc2\xa0" },
	{ "\x9b", "\\x9b" },
	{ "\xc3\xbc\xf0\x9f\x98\x80", "\xc3\xbc\xf0\x9f\x98\x80" },
	{ "\xe2\x9b", "\\xe2\\x9b" },   /* cut short */
	{ "\xc0\x9b", "\\xc0\\x9b" },   /* overlong */
	{ "\xe2\033[", "\\xe2\\x1b[" }, /* nothing hides in a sequence */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\\x1b", "\\x1b" },
	/* U+202A, U+202E, U+2066, U+2069, and their neighbours */
	{ "\xe2\x80\xaa\xe2\x80\xae", "\\xe2\\x80\\xaa\\xe2\\x80\\xae" },
	{ "\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9" },
	{ "\xe2\x80\xa9\xe2\x80\xaf", "\xe2\x80\xa9\xe2\x80\xaf" },
	{ "\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa" },
};

START_TEST(terminals_obey_nobody)
{
	size_t n = strlen(safe[_i].in), len;
	char *out = malloc(n * CMD_UTF8_GROWTH + 1);

	ck_assert_ptr_nonnull(out);
	len = cmd_utf8_safe(out, safe[_i].in, n, true);
	ck_assert_uint_eq(len, strlen(safe[_i].out));
	ck_assert_mem_eq(out, safe[_i].out, len);
	len = cmd_utf8_safe(out, safe[_i].in, n, false);
	ck_assert_ptr_null(memchr(out, '\n', len));
	ck_assert_ptr_null(memchr(out, '\t', len));
	free(out);
}
END_TEST

START_TEST(numbers_for_people)
{
	char buf[CMD_HUMAN];

	ck_assert_str_eq(cmd_human_u64(0, buf), "0");
	ck_assert_str_eq(cmd_human_u64(999, buf), "999");
	ck_assert_str_eq(cmd_human_u64(1000, buf), "1,000");
	ck_assert_str_eq(
	    cmd_human_u64(UINT64_MAX, buf), "18,446,744,073,709,551,615");
	ck_assert_str_eq(cmd_human_share(1, 3, buf), "33.3%");
	ck_assert_str_eq(cmd_human_share(0, 0, buf), "-");
	ck_assert_str_eq(cmd_human_share(7, 7, buf), "100.0%");
	ck_assert_str_eq(cmd_human_seconds(0, buf), "0.000000");
	ck_assert_str_eq(cmd_human_seconds(1234999999999, buf), "1,234.999999");
	ck_assert_str_eq(
	    cmd_human_seconds(UINT64_MAX, buf), "18,446,744,073.709551");
	ck_assert_str_eq(
	    cmd_human_time(0, buf), "1970-01-01T00:00:00.000000000Z");
	ck_assert_str_eq(
	    cmd_human_time(UINT64_MAX, buf), "2554-07-21T23:34:33.709551615Z");
}
END_TEST

START_TEST(numbers_of_people)
{
	uint64_t v = 7;

	ck_assert(cmd_number("0", 0, 5, &v) && v == 0);
	ck_assert(cmd_number("5", 0, 5, &v) && v == 5);
	ck_assert(!cmd_number("6", 0, 5, &v));
	ck_assert(!cmd_number("0", 1, 5, &v));
	ck_assert(!cmd_number("", 0, 5, &v));
	ck_assert(!cmd_number("-1", 0, UINT64_MAX, &v));
	ck_assert(!cmd_number(" 1", 0, 5, &v));
	ck_assert(!cmd_number("1x", 0, 5, &v));
	ck_assert(!cmd_number("99999999999999999999", 0, UINT64_MAX, &v));
	ck_assert(cmd_number("18446744073709551615", 0, UINT64_MAX, &v));
	ck_assert_int_eq(cmd_linktype("EN10MB"), 1);
	ck_assert_int_eq(cmd_linktype("101"), 101);
	ck_assert_int_eq(cmd_linktype("65536"), -1);
	ck_assert_int_eq(cmd_linktype("NO_SUCH_TYPE"), -1);
}
END_TEST

static char *print(const struct cmd_table *t, bool colour)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	ck_assert(cmd_table_print(t, f, colour));
	fclose(f);
	return text;
}

START_TEST(tables_align)
{
	static const char *const cells[] = { "name", "n", "tail", "a", "10",
		"x", "longer", "7", "" };
	struct cmd_table t;
	char *text;
	unsigned i;

	cmd_table_init(&t, "lrl");
	for (i = 0; i < 9; i++)
		cmd_table_cell(&t, cells[i]);
	text = print(&t, false);
	ck_assert_str_eq(text, "name     n  tail\n"
	                       "a       10  x\n"
	                       "longer   7\n");
	free(text);
	text = print(&t, true);
	ck_assert_int_eq(
	    strncmp(text, "\033[1mname     n  tail\033[0m\na", 24), 0);
	free(text);
	cmd_table_free(&t);
}
END_TEST

START_TEST(tables_hold_no_control_bytes)
{
	struct cmd_table t;
	char *text;

	cmd_table_init(&t, "lr");
	cmd_table_cell(&t, "\033[2J");
	cmd_table_cell(&t, "a\nb");
	cmd_table_cell(&t, "x");
	cmd_table_cell(&t, "y");
	text = print(&t, false);
	ck_assert_str_eq(text, "\\x1b[2J  a\\x0ab\n"
	                       "x             y\n");
	free(text);
	cmd_table_free(&t);
}
END_TEST

static int fill_table(void *arg)
{
	struct cmd_table t;
	int i, ret;

	(void)arg;
	cmd_table_init(&t, "lr");
	for (i = 0; i < 100; i++)
		cmd_table_cell(&t, "cell");
	ret = t.failed ? -1 : 0;
	cmd_table_free(&t);
	return ret;
}

START_TEST(memory_runs_out)
{
	test_oom_loop(fill_table, NULL);
}
END_TEST

Suite *t_cmd_text_suite(void)
{
	Suite *s = suite_create("t_cmd_text");
	TCase *tc = tcase_create("text"), *oom = tcase_create("oom");

	tcase_add_loop_test(tc, hex_text, 0, sizeof(hexes) / sizeof(hexes[0]));
	tcase_add_loop_test(
	    tc, terminals_obey_nobody, 0, sizeof(safe) / sizeof(safe[0]));
	tcase_add_test(tc, numbers_for_people);
	tcase_add_test(tc, numbers_of_people);
	tcase_add_test(tc, tables_align);
	tcase_add_test(tc, tables_hold_no_control_bytes);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
