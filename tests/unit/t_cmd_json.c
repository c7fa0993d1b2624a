/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/json.c: nesting, commas, escapes, bytes that are no UTF-8. */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/json.h"

static char *text;
static size_t len;
static FILE *stream;

static struct cmd_json begin(void)
{
	struct cmd_json j;

	stream = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(stream);
	cmd_json_begin(&j, stream);
	return j;
}

static void expect(struct cmd_json *j, const char *want)
{
	cmd_json_finish(j);
	fclose(stream);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(empty_document)
{
	struct cmd_json j = begin();

	expect(&j, "{}\n");
}
END_TEST

START_TEST(all_kinds_of_values)
{
	struct cmd_json j = begin();

	cmd_json_str(&j, "s", "text");
	cmd_json_str(&j, "none", NULL);
	cmd_json_u64(&j, "u", UINT64_MAX);
	cmd_json_i64(&j, "i", INT64_MIN);
	cmd_json_milli(&j, "m", 1002003);
	cmd_json_milli(&j, "z", 0);
	cmd_json_bool(&j, "t", true);
	cmd_json_bool(&j, "f", false);
	cmd_json_null(&j, "n");
	expect(&j, "{\"s\":\"text\",\"none\":null,\"u\":18446744073709551615,"
	           "\"i\":-9223372036854775808,\"m\":1002.003,\"z\":0.000,"
	           "\"t\":true,\"f\":false,"
	           "\"n\":null}\n");
}
END_TEST

START_TEST(nesting_keeps_the_commas)
{
	struct cmd_json j = begin();

	cmd_json_array(&j, "a");
	cmd_json_u64(&j, NULL, 1);
	cmd_json_object(&j, NULL);
	cmd_json_end(&j);
	cmd_json_array(&j, NULL);
	cmd_json_null(&j, NULL);
	cmd_json_null(&j, NULL);
	cmd_json_end(&j);
	cmd_json_end(&j);
	cmd_json_object(&j, "o");
	cmd_json_u64(&j, "x", 2);
	cmd_json_end(&j);
	expect(&j, "{\"a\":[1,{},[null,null]],\"o\":{\"x\":2}}\n");
}
END_TEST

/* What a string becomes between its quotes. */
static const struct {
	const char *in, *out;
} strings[] = {
	{ "", "" },
	{ "\"\\/", "\\\"\\\\/" },
	{ "a\nb\tc\rd", "a\\nb\\tc\\u000dd" },
	{ "\001\037\177", "\\u0001\\u001f\\u007f" },
	{ "\xc2\x9b\xc2\x80", "\\u009b\\u0080" },   /* controls, too */
	{ "\xc2\xa0", "\xc2\xa0" },                 /* the first that is none */
	{ "\xc3\xbc", "\xc3\xbc" },                 /* two bytes */
	{ "\xe2\x82\xac", "\xe2\x82\xac" },         /* three */
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" }, /* four */
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" }, /* U+10FFFF */
	{ "\xff", "\\ufffd" },
	{ "\x80", "\\ufffd" },            /* a continuation alone */
	{ "\xc3", "\\ufffd" },            /* cut short */
	{ "\xc3(", "\\ufffd(" },          /* no continuation */
	{ "\xc0\xaf", "\\ufffd\\ufffd" }, /* overlong */
	{ "\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd" },
	{ "\xe2\x82", "\\ufffd\\ufffd" },
	{ "\xe2\x28\xa1", "\\ufffd(\\ufffd" },
	{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" }, /* a surrogate */
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },          /* the last before */
	{ "\xf0\x80\x80\xaf", "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
	{ "\xf5\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
};

START_TEST(strings_are_escaped)
{
	struct cmd_json j = begin();
	char want[128];

	cmd_json_str(&j, "k", strings[_i].in);
	snprintf(want, sizeof(want), "{\"k\":\"%s\"}\n", strings[_i].out);
	expect(&j, want);
}
END_TEST

START_TEST(keys_are_escaped_and_counted_strings_hold_nul)
{
	struct cmd_json j = begin();

	cmd_json_strn(&j, "\"", "a\0b", 3);
	expect(&j, "{\"\\\"\":\"a\\u0000b\"}\n");
}
END_TEST

START_TEST(a_key_in_an_array_is_our_mistake)
{
	struct cmd_json j = begin();

	cmd_json_array(&j, "a");
	cmd_json_u64(&j, "key", 1);
}
END_TEST

START_TEST(too_deep_is_our_mistake)
{
	struct cmd_json j = begin();
	unsigned i;

	cmd_json_array(&j, "a");
	for (i = 0; i < CMD_JSON_DEPTH; i++)
		cmd_json_array(&j, NULL);
}
END_TEST

Suite *t_cmd_json_suite(void)
{
	Suite *s = suite_create("t_cmd_json");
	TCase *tc = tcase_create("json");

	tcase_add_test(tc, empty_document);
	tcase_add_test(tc, all_kinds_of_values);
	tcase_add_test(tc, nesting_keeps_the_commas);
	tcase_add_loop_test(
	    tc, strings_are_escaped, 0, sizeof(strings) / sizeof(strings[0]));
	tcase_add_test(tc, keys_are_escaped_and_counted_strings_hold_nul);
	tcase_add_test_raise_signal(
	    tc, a_key_in_an_array_is_our_mistake, SIGABRT);
	tcase_add_test_raise_signal(tc, too_deep_is_our_mistake, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
