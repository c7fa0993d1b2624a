/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/grant.c: grants as people write them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/cap.h"
#include "exo/hosted/grant.h"
#include "exo/hosted/region_text.h"

#define X EXO_RIGHT_EXCLUSIVE
#define S EXO_RIGHT_TAP
#define F EXO_RIGHT_FIRST
#define D EXO_RIGHT_DERIVE
#define T EXO_RIGHT_TELL

static const struct {
	const char *text, *owner, *region;
	uint32_t rights;
} good[] = {
	{ "alice 'tcp' exclusive", "alice", "proto = 6", X },
	{ " alice\t \"tcp\" \t shared ", "alice", "proto = 6", S },
	{ "a 'any' exclusive,shared,first,delegate,tell", "a", "any",
	    X | S | F | D | T },
	{ "a 'any' tell, exclusive ,first", "a", "any", X | F | T },
	{ "a 'udp' exclusive,fragments", "a", "proto = 17",
	    X | EXO_RIGHT_FOLLOW },
	{ "grant 'udp or (ip and udp)' shared", "grant", "proto = 17", S },
	{ "A-b_c.9 'link = 65536' shared", "A-b_c.9", "link = 65536", S },
};

START_TEST(good_ones)
{
	struct cmd_grants set = { .v = NULL };
	char err[CMD_BINDING_ERR] = "", *text;
	int ret = cmd_grants_add(&set, good[_i].text, NULL, 0, err);

	ck_assert_msg(ret == 0, "%s", err);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_str_eq(set.v[0].owner, good[_i].owner);
	ck_assert_uint_eq(set.v[0].rights, good[_i].rights);
	ck_assert_ptr_null(set.v[0].list);
	text = cmd_region_text(set.v[0].region, 1000);
	ck_assert_str_eq(text, good[_i].region);
	free(text);
	cmd_grants_free(&set);
	ck_assert_uint_eq(set.n, 0);
}
END_TEST

/* What is wrong, and words that the message must have. */
static const struct {
	const char *text, *words;
} bad[] = {
	{ "", "a grant is OWNER" },
	{ "'tcp' exclusive", "a grant is OWNER" },
	{ ".a 'tcp' exclusive", "a grant is OWNER" },
	{ "a/b 'tcp' exclusive", "a grant is OWNER" },
	{ "a", "a grant is OWNER" },
	{ "a'tcp' exclusive", "a grant is OWNER" },
	{ "a ", "'': a grant's region stands in quotes" },
	{ "a tcp exclusive", "a grant's region stands in quotes" },
	{ "a 'tcp exclusive", "'tcp exclusive: the quote" },
	{ "a 'tcp\" exclusive", "is never closed" },
	{ "a 'tcp'", "a right is missing" },
	{ "a 'tcp' ", "a right is missing" },
	{ "a 'tcp'exclusive", "a blank must follow the region" },
	{ "a 'tcp' ,exclusive", "a right is missing" },
	{ "a 'tcp' exclusive,", "a right is missing" },
	{ "a 'tcp' exclusive,,tell", "a right is missing" },
	{ "a 'tcp' exclusive tell", "'tell': commas stand between rights" },
	{ "a 'tcp' exclusive # why", "'# why': commas stand between" },
	{ "a 'tcp' owns", "'owns' is no right: the rights are exclusive, "
	                  "shared, first, delegate, tell, fragments" },
	{ "a 'tcp' Exclusive", "'Exclusive' is no right" },
	{ "a 'tcp' tap", "'tap' is no right" },
	{ "a 'tcp' tell,exclusive,tell", "the right tell stands there twice" },
	{ "a 'tcp' transmit", "transmit comes with the booted kernel" },
	{ "a 'tcp port 80 or 443' tell", "  tcp port 80 or 443\n" },
	{ "a '' tell", "the grant's region: there is no expression" },
	{ "a 'none' tell", "no packet is in it" },
	{ "a 'arp and port 80' tell", "no packet is in it" },
};

START_TEST(bad_ones)
{
	struct cmd_grants set = { .v = NULL };
	char err[CMD_BINDING_ERR] = "";

	ck_assert_int_eq(
	    cmd_grants_add(&set, bad[_i].text, "list", 3, err), -1);
	ck_assert_msg(
	    strstr(err, bad[_i].words) != NULL, "%s: %s", bad[_i].text, err);
	ck_assert_uint_eq(set.n, 0);
	cmd_grants_free(&set);
}
END_TEST

START_TEST(owners_have_a_limit)
{
	char text[200], err[CMD_BINDING_ERR];
	struct cmd_grants set = { .v = NULL };

	memset(text, 'a', sizeof(text));
	strcpy(text + 129, " 'tcp' tell");
	ck_assert_int_eq(cmd_grants_add(&set, text, NULL, 0, err), -1);
	ck_assert_ptr_nonnull(strstr(err, "1 to 128"));
	strcpy(text + 128, " 'tcp' tell");
	ck_assert_int_eq(cmd_grants_add(&set, text, NULL, 0, err), 0);
	ck_assert_uint_eq(strlen(set.v[0].owner), 128);
	cmd_grants_free(&set);
}
END_TEST

START_TEST(which_lines_are_grants)
{
	ck_assert_str_eq(cmd_grant_line("grant a 'b' c"), " a 'b' c");
	ck_assert_str_eq(cmd_grant_line("grant\ta"), "\ta");
	ck_assert_str_eq(cmd_grant_line("grant"), "");
	ck_assert_ptr_null(cmd_grant_line("grant=tcp"));
	ck_assert_ptr_null(cmd_grant_line("grant,owner=a=tcp"));
	ck_assert_ptr_null(cmd_grant_line("grants a"));
	ck_assert_ptr_null(cmd_grant_line("gran"));
	ck_assert_ptr_null(cmd_grant_line(""));
}
END_TEST

START_TEST(words_of_rights)
{
	char buf[CMD_RIGHTS_TEXT];

	ck_assert_str_eq(cmd_right_word(X), "exclusive");
	ck_assert_str_eq(cmd_right_word(S), "shared");
	ck_assert_ptr_null(cmd_right_word(EXO_RIGHT_STEPS));
	ck_assert_str_eq(cmd_rights_text(EXO_RIGHT_ALL, buf),
	    "exclusive,shared,first,delegate,tell,fragments");
	ck_assert_str_eq(cmd_rights_text(T | EXO_RIGHT_STEPS, buf), "tell");
	ck_assert_str_eq(cmd_rights_text(0, buf), "");
}
END_TEST

Suite *t_cmd_grant_suite(void)
{
	Suite *s = suite_create("t_cmd_grant");
	TCase *t = tcase_create("grant");

	tcase_add_loop_test(t, good_ones, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(t, bad_ones, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(t, owners_have_a_limit);
	tcase_add_test(t, which_lines_are_grants);
	tcase_add_test(t, words_of_rights);
	suite_add_tcase(s, t);
	return s;
}
