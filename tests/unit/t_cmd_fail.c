/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/cmd.c: what commands say, and what --json prints when one fails,
 * as every allocation does in turn. */
#include <check.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "exo/hosted/cmd.h"
#include "tests/support/oom.h"

/* What goes to a standard stream, while it is caught. */
struct caught {
	FILE **stream, *was, *memory;
	char *text;
	size_t len;
};

static void catch (struct caught *c, FILE **stream)
{
	c->stream = stream;
	c->was = *stream;
	c->memory = open_memstream(&c->text, &c->len);
	if (c->memory == NULL)
		abort();
	*stream = c->memory;
}

/* c->text is the test's to free. */
static void release(struct caught *c)
{
	*c->stream = c->was;
	fclose(c->memory);
}

static void say(struct caught *c, const char *text)
{
	catch (c, &stderr);
	cmd_say("%s", text);
	release(c);
}

START_TEST(says_what_a_terminal_will_not_obey)
{
	struct caught c;

	say(&c, "a\033[2J\r\177\xc2\x9b\xff\n\t\xc3\xbc");
	ck_assert_str_eq(
	    c.text, "exopf: a\\x1b[2J\\x0d\\x7f\\xc2\\x9b\\xff\n\t\xc3\xbc\n");
	free(c.text);
}
END_TEST

static const struct cmd a_command = { .name = "test" };

/* Longer than the line that a message is made in, and than the pieces that it
 * is written in: sequences of three bytes fall on every end of one. */
START_TEST(says_all_of_a_long_message)
{
	char text[3 * 1000 + 4] = "";
	struct caught c;
	unsigned i, lead;

	for (lead = 0; lead < 3; lead++) {
		memset(text, 'x', lead);
		text[lead] = '\0';
		for (i = 0; i < 1000; i++)
			strcat(text, "\xe2\x82\xac");
		catch (&c, &stderr);
		ck_assert_int_eq(cmd_usage(&a_command, "%s", text), CMD_FAULT);
		release(&c);
		ck_assert_int_eq(strncmp(c.text, "exopf test: ", 12), 0);
		ck_assert_int_eq(strncmp(c.text + 12, text, strlen(text)), 0);
		ck_assert_str_eq(
		    c.text + 12 + strlen(text), "\nTry 'exopf test --help'.\n");
		free(c.text);
	}
}
END_TEST

START_TEST(a_long_message_is_cut_without_memory)
{
	char text[3000];
	struct caught c;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	test_oom_arm(1, false);
	say(&c, text);
	ck_assert_uint_ge(test_oom_disarm(), 1);
	ck_assert_int_eq(strncmp(c.text, "exopf: xxx", 10), 0);
	ck_assert_uint_lt(c.len, sizeof(text));
	free(c.text);
}
END_TEST

START_TEST(what_was_said_is_kept_for_json)
{
	struct caught out, err;
	int i;

	say(&err, "before");
	free(err.text);
	cmd_keep(true);
	for (i = 0; i < 9; i++) {
		say(&err, i == 8 ? "\033\"" : "x");
		free(err.text);
	}
	catch (&out, &stdout);
	ck_assert_int_eq(cmd_fail(true, "s/1", 2), 2);
	ck_assert_int_eq(cmd_fail(false, "s/1", 1), 1);
	cmd_keep(false);
	ck_assert_int_eq(cmd_fail(true, "s/2", 2), 2);
	release(&out);
	ck_assert_str_eq(out.text,
	    "{\"schema\":\"s/1\",\"errors\":[\"x\",\"x\",\"x\",\"x\",\"x\","
	    "\"x\",\"x\",\"x\",\"\\u001b\\\"\"]}\n"
	    "{\"schema\":\"s/2\",\"errors\":[]}\n");
	free(out.text);
}
END_TEST

/* Commands with --json, how much memory each takes before it knows that, and
 * a word that is in the output when memory was enough. The replay ends before
 * anything is bound, for the platform of tests is not that of the tool. */
static const struct {
	const struct cmd *cmd;
	const char *argv[10];
	unsigned early;
	const char *word;
} runs[] = {
	{ &cmd_verify, { "verify", "--json", "tcp" }, 0, "accepted" },
	{ &cmd_dump, { "dump", "--json", "tcp" }, 0, "ebpf" },
	{ &cmd_dump, { "dump", "--json", "--raw", "95" }, 0, "whole number" },
	{ &cmd_run, { "run", "--json", "--raw", "9500000000000000" }, 0,
	    "\"steps\"" },
	{ &cmd_doctor, { "doctor", "--json" }, 0, "healthy\":" },
	{ &cmd_replay,
	    { "replay", "--json", "-r", "/nonexistent", "t=tcp prot 80" }, 4,
	    "syntax error" },
	{ &cmd_region, { "region", "--json", "--minus", "udp", "port 53" }, 2,
	    "\"inside\"" },
	{ &cmd_conflicts,
	    { "conflicts", "--json", "--grant", "a 'tcp' exclusive", "--grant",
	        "b 'ip' exclusive", "x,owner=a=", "y,owner=b,claim='ip'=" },
	    2, "\"totals\"" },
};

struct attempt {
	unsigned which;
	unsigned silent; /* times that it printed nothing */
	char bad[512];   /* the first output that is wrong */
};

/* One object on one line, which has a message when the command failed. */
static bool right(const struct caught *out, const struct caught *err, int ret)
{
	if (ret == CMD_FAULT && err->len == 0)
		return false;
	if (out->len == 0)
		return true; /* counted */
	return strchr(out->text, '\n') == out->text + out->len - 1 &&
	       strncmp(out->text, "{\"schema\":", 10) == 0 &&
	       (ret != CMD_FAULT ||
	           strstr(out->text, "\"errors\":[\"") != NULL);
}

/* No ck_assert() here: it takes memory, too. */
static int try_run(void *arg)
{
	struct attempt *a = arg;
	const struct cmd *cmd = runs[a->which].cmd;
	struct caught out, err;
	char *argv[11] = { NULL };
	int argc, ret;
	bool enough;

	for (argc = 0; runs[a->which].argv[argc] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)runs[a->which].argv[argc];
	optind = 0;
	catch (&out, &stdout);
	catch (&err, &stderr);
	ret = cmd->run(cmd, argc, argv);
	cmd_keep(false);
	release(&err);
	release(&out);
	enough = strstr(out.text, runs[a->which].word) != NULL;
	a->silent += out.len == 0;
	if (!right(&out, &err, ret) && a->bad[0] == '\0')
		snprintf(a->bad, sizeof(a->bad), "status %d, %s%s", ret,
		    err.text, out.text);
	free(out.text);
	free(err.text);
	return enough ? 0 : ret;
}

START_TEST(a_failure_prints_an_object)
{
	struct attempt a = { .which = (unsigned)_i };

	test_oom_loop(try_run, &a);
	ck_assert_str_eq(a.bad, "");
	/* each allocation fails alone, and with all that come later */
	ck_assert_uint_eq(a.silent, 2 * runs[_i].early);
}
END_TEST

Suite *t_cmd_fail_suite(void)
{
	Suite *s = suite_create("t_cmd_fail");
	TCase *tc = tcase_create("said"), *oom = tcase_create("oom");

	tcase_add_test(tc, says_what_a_terminal_will_not_obey);
	tcase_add_test(tc, says_all_of_a_long_message);
	tcase_add_test(tc, a_long_message_is_cut_without_memory);
	tcase_add_test(tc, what_was_said_is_kept_for_json);
	suite_add_tcase(s, tc);
	tcase_set_timeout(oom, 120);
	tcase_add_loop_test(
	    oom, a_failure_prints_an_object, 0, sizeof(runs) / sizeof(runs[0]));
	suite_add_tcase(s, oom);
	return s;
}
