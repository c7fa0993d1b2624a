/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/region_diag.c: refused regions as text for people. */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/region_diag.h"
#include "tests/support/region_world.h"

static char text[1024];

/* What is said of a text that is no region. */
static const char *said(const char *s)
{
	uint32_t n = (uint32_t)strlen(s);
	struct sp_text_error err;
	struct region_world t;
	struct sp_region r;
	struct exo_fmt f;

	region_world_init(&t, NULL);
	ck_assert_int_eq(sp_text_parse(&t.w, s, n, &r, &err), -EXO_EINVAL);
	region_world_free(&t);
	exo_fmt_init(&f, text, sizeof(text));
	cmd_region_diag_write(&f, s, n, &err);
	ck_assert(!f.cut);
	return text;
}

START_TEST(every_code_has_a_row)
{
	const struct cmd_region_diag *row;
	uint32_t i, last = 0;

	for (i = 0; (row = cmd_region_diag_at(i)) != NULL; i++) {
		ck_assert_uint_gt(row->code, last);
		last = row->code;
		ck_assert_ptr_eq(cmd_region_diag_find(row->code), row);
		ck_assert_str_ne(row->what, "");
		ck_assert_str_ne(row->advice, "");
	}
	ck_assert_uint_gt(i, 20);
	ck_assert_ptr_null(cmd_region_diag_find(SP_TEXT_NONE));
	ck_assert_ptr_null(cmd_region_diag_at(UINT32_MAX));
}
END_TEST

START_TEST(the_place_is_marked)
{
	ck_assert_str_eq(said("tcp and ip or udp"),
	    "and and or stand side by side\n"
	    "  tcp and ip or udp\n"
	    "             ^^\n"
	    "  write parentheses: tcpdump reads them from left to right, "
	    "people seldom do");
	ck_assert_str_eq(said("tcp and"),
	    "something is missing here\n"
	    "  tcp and\n"
	    "         ^\n"
	    "  write what and, or, not or the parenthesis is about");
	ck_assert_str_eq(said(""), "there is no expression\n"
	                           "  write a region, or any for every packet");
}
END_TEST

START_TEST(what_was_meant_is_written)
{
	ck_assert_str_eq(said("dst host 10.1.2.3/8"),
	    "bits are set beyond the prefix\n"
	    "  dst host 10.1.2.3/8\n"
	    "           ^^^^^^^^\n"
	    "  leave the prefix away, or write its first address: "
	    "10.0.0.0/8");
}
END_TEST

START_TEST(long_texts_are_shown_in_part)
{
	char s[200];

	memset(s, ' ', sizeof(s));
	memcpy(s, "tcp or", 6);
	memcpy(s + 100, "\033[2J", 4);
	memcpy(s + 160, "udp", 4);
	ck_assert_str_eq(said(s),
	    "this character means nothing here\n"
	    "  ...                                        ?[2J"
	    "                          ...\n"
	    "                                             ^\n"
	    "  packet bytes have no places here but fields with names: "
	    "tcp.flags & 0x02 = 0x02");
	memset(s, 'x', 199);
	s[199] = '\0';
	ck_assert_ptr_nonnull(strstr(said(s), "xxx...\n  ^^^"));
}
END_TEST

Suite *t_cmd_region_suite(void)
{
	Suite *s = suite_create("cmd_region");
	TCase *t = tcase_create("cmd_region");

	tcase_add_test(t, every_code_has_a_row);
	tcase_add_test(t, the_place_is_marked);
	tcase_add_test(t, what_was_meant_is_written);
	tcase_add_test(t, long_texts_are_shown_in_part);
	suite_add_tcase(s, t);
	return s;
}
