/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/binding.c: bindings as people write them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exo/hosted/binding.h"
#include "exo/hosted/region_text.h"
#include "tests/support/oom.h"

static const struct {
	const char *text, *name, *owner, *expr;
	int32_t priority;
} good[] = {
	{ "a=", "a", "default", "", 0 },
	{ "web=tcp port 80", "web", "default", "tcp port 80", 0 },
	{ "A-b_c.9=ip", "A-b_c.9", "default", "ip", 0 },
	{ "w@10=ip", "w", "default", "ip", 10 },
	{ "w@-3=ip", "w", "default", "ip", -3 },
	{ "w@2147483647=ip", "w", "default", "ip", INT32_MAX },
	{ "w@-2147483648=ip", "w", "default", "ip", INT32_MIN },
	{ "w,owner=bob=ip", "w", "bob", "ip", 0 },
	{ "w@7,owner=b-1=ip[0] = 69", "w", "b-1", "ip[0] = 69", 7 },
	{ "w==", "w", "default", "=", 0 },
	{ "w= ip ", "w", "default", " ip ", 0 },
};

START_TEST(good_ones)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR] = "";
	int ret = cmd_bindings_add(&set, good[_i].text, err);

	ck_assert_msg(ret == 0, "%s", err);
	ck_assert_uint_eq(set.n, 1);
	ck_assert_str_eq(set.v[0].name, good[_i].name);
	ck_assert_str_eq(set.v[0].owner, good[_i].owner);
	ck_assert_str_eq(set.v[0].expr, good[_i].expr);
	ck_assert_int_eq(set.v[0].priority, good[_i].priority);
	ck_assert_ptr_null(set.v[0].file);
	cmd_bindings_free(&set);
}
END_TEST

/* What is wrong, and a word that the message must have. */
static const struct {
	const char *text, *word;
} bad[] = {
	{ "", "NAME=FILTER" },
	{ "tcp port 80", "no name" },
	{ "=tcp", "a name is" },
	{ ".hidden=tcp", "a name is" },
	{ "a/b=tcp", "must follow" },
	{ "a b=tcp", "must follow" },
	{ "\xc3\xbc=tcp", "a name is" },
	{ "w@=ip", "number must follow" },
	{ "w@x=ip", "number must follow" },
	{ "w@+1=ip", "number must follow" },
	{ "w@ 1=ip", "number must follow" },
	{ "w@1x=ip", "must follow" },
	{ "w@2147483648=ip", "out of range" },
	{ "w@-2147483649=ip", "out of range" },
	{ "w@99999999999999999999=ip", "out of range" },
	{ "w,boss=bob=ip", "owner=NAME" },
	{ "w,owner==ip", "an owner is" },
	{ "w,owner=.x=ip", "an owner is" },
	{ "w,owner=bob", "must follow" },
	{ "w,owner=bob@3=ip", "must follow" },
	{ "w,owner=bob,owner=eve=ip", "has an owner already" },
	{ "w,claim='tcp',claim='udp'=ip", "has a claim already" },
	{ "w,claim=tcp=ip", "a claim stands in quotes" },
	{ "w,claim='tcp=ip", "never closed" },
	{ "w,claim=\"tcp'=ip", "never closed" },
	{ "w,claim='tcp' =ip", "must follow" },
	{ "w,claim='tcp'", "must follow" },
	{ "w,claim='tcp'owner=bob=ip", "must follow" },
	{ "w,claim=''=ip", "w: its claim: there is no expression" },
	{ "w,claim='tcp port'=ip", "  tcp port\n          ^\n" },
	{ "w,claim='arp and tcp'=ip", "no packet is in it" },
	{ "w=@/nonexistent/file", "/nonexistent/file" },
};

START_TEST(bad_ones)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR] = "";

	ck_assert_int_eq(cmd_bindings_add(&set, bad[_i].text, err), -1);
	ck_assert_msg(
	    strstr(err, bad[_i].word) != NULL, "%s: %s", bad[_i].text, err);
	ck_assert_uint_eq(set.n, 0);
	cmd_bindings_free(&set);
}
END_TEST

static const struct {
	const char *text, *owner, *claim, *expr;
} claims[] = {
	{ "w,claim='tcp'=ip", "default", "proto = 6", "ip" },
	{ "w,claim=\"tcp\"=ip", "default", "proto = 6", "ip" },
	{ "w@3,owner=bob,claim='ip, it is not'=ip", NULL, "", "" },
	{ "w,owner=bob,claim='arp or ip.ttl = 1'=x=y", "bob",
	    "type = 0x0806 or ip.ttl = 1", "x=y" },
	{ "w,claim='any',owner=bob=", "bob", "any", "" },
	{ "w=ip,claim='tcp'", "default", NULL, "ip,claim='tcp'" },
};

/* Options in any order; a filter that looks like one is none. */
START_TEST(bindings_with_claims)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR] = "", *text;
	int ret = cmd_bindings_add(&set, claims[_i].text, err);

	ck_assert_int_eq(ret, claims[_i].owner == NULL ? -1 : 0);
	if (ret == 0) {
		ck_assert_str_eq(set.v[0].owner, claims[_i].owner);
		ck_assert_str_eq(set.v[0].expr, claims[_i].expr);
		ck_assert(set.v[0].claimed == (claims[_i].claim != NULL));
	}
	if (ret == 0 && claims[_i].claim != NULL) {
		text = cmd_region_text(set.v[0].claim, 1000);
		ck_assert_str_eq(text, claims[_i].claim);
		free(text);
	}
	cmd_bindings_free(&set);
}
END_TEST

START_TEST(names_have_a_limit)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR];
	char text[200];

	memset(text, 'a', sizeof(text));
	strcpy(text + 128, "=ip");
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), 0);
	ck_assert_uint_eq(strlen(set.v[0].name), 128);
	memset(text, 'a', sizeof(text));
	strcpy(text + 129, "=ip");
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), -1);
	ck_assert_ptr_nonnull(strstr(err, "a name is 1 to 128"));
	cmd_bindings_free(&set);
}
END_TEST

START_TEST(names_differ)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR];
	char text[32];
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "n%d=ip", i);
		ck_assert_int_eq(cmd_bindings_add(&set, text, err), 0);
	}
	for (i = 0; i < 5000; i += 7) {
		snprintf(text, sizeof(text), "n%d@3=tcp", i);
		ck_assert_int_eq(cmd_bindings_add(&set, text, err), -1);
		ck_assert_ptr_nonnull(strstr(err, "two bindings"));
	}
	ck_assert_uint_eq(set.n, 5000);
	cmd_bindings_free(&set);
}
END_TEST

START_TEST(order_is_by_priority_then_age)
{
	static const char *const texts[] = { "a=ip", "b@5=ip", "c@-1=ip",
		"d@5=ip", "e=ip", "f@2147483647=ip", "g@-2147483648=ip" };
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], got[16] = "";
	uint32_t order[7];
	unsigned i;

	for (i = 0; i < 7; i++)
		ck_assert_int_eq(cmd_bindings_add(&set, texts[i], err), 0);
	cmd_bindings_order(&set, order);
	for (i = 0; i < 7; i++)
		strcat(got, set.v[order[i]].name);
	ck_assert_str_eq(got, "fbdaecg");
	cmd_bindings_free(&set);
}
END_TEST

/* A file with this content; its name in path. */
static void make_file(char path[32], const char *bytes, size_t n)
{
	int fd;

	strcpy(path, "/tmp/exopf-unit.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

#define FILE_OF(path, text) make_file((path), (text), sizeof(text) - 1)

START_TEST(lists_of_bindings)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], path[32];

	FILE_OF(path, "# comment\n\n a=ip \r\n\t# another\nb@1=tcp port 80");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), 0);
	ck_assert_uint_eq(set.n, 2);
	ck_assert_str_eq(set.v[0].expr, "ip");
	ck_assert_str_eq(set.v[0].list, path);
	ck_assert_uint_eq(set.v[0].line, 3);
	ck_assert_str_eq(set.v[1].expr, "tcp port 80");
	ck_assert_uint_eq(set.v[1].line, 5);
	unlink(path);
	FILE_OF(path, "c=ip\n\nd\ne=ip\n");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), -1);
	ck_assert_ptr_nonnull(strstr(err, ":3: "));
	unlink(path);
	FILE_OF(path, "f=ip\n\0g=ip\n");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), -1);
	ck_assert_ptr_nonnull(strstr(err, "NUL"));
	unlink(path);
	cmd_bindings_free(&set);
}
END_TEST

START_TEST(grants_in_lists)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], path[32];

	FILE_OF(path, "grant alice 'tcp' exclusive\na,owner=alice=ip\n"
	              "grant\tbob\t'udp'\tshared, tell\r\ngrant=ip\n"
	              "grant@2=ip\n");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), -1);
	ck_assert_ptr_nonnull(strstr(err, ":5: two bindings are called grant"));
	ck_assert_uint_eq(set.n, 2);
	ck_assert_uint_eq(set.grants.n, 2);
	ck_assert_str_eq(set.grants.v[0].owner, "alice");
	ck_assert_str_eq(set.grants.v[1].owner, "bob");
	ck_assert_str_eq(set.grants.v[1].list, path);
	ck_assert_uint_eq(set.grants.v[1].line, 3);
	unlink(path);
	FILE_OF(path, "\ngrant\n");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), -1);
	ck_assert_ptr_nonnull(strstr(err, ":2: "));
	unlink(path);
	cmd_bindings_free(&set);
}
END_TEST

/* The whole message arrives: place, name, text, mark, advice. */
START_TEST(long_messages_are_whole)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], text[600], *p = text;

	memset(text, 'n', 128);
	p += 128;
	p += sprintf(p, ",claim='%120s dst host 10.1.2.3/8 %120s'=ip", "", "");
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), -1);
	ck_assert_ptr_nonnull(strstr(err, "^^^^^^^^"));
	ck_assert_ptr_nonnull(strstr(err, "address: 10.0.0.0/8"));
	cmd_bindings_free(&set);
}
END_TEST

START_TEST(filters_in_files)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], path[32], text[64];

	FILE_OF(path, "# why\n\ntcp and\n  # and this\n  port 80\n\n");
	snprintf(text, sizeof(text), "a=@%s", path);
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), 0);
	ck_assert_str_eq(set.v[0].file, path);
	ck_assert_int_eq(strncmp(set.v[0].expr, "tcp and\n", 8), 0);
	ck_assert_ptr_null(strchr(set.v[0].expr, '#'));
	unlink(path);
	FILE_OF(path, "tcp\0and");
	snprintf(text, sizeof(text), "b=@%s", path);
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), -1);
	unlink(path);
	cmd_bindings_free(&set);
}
END_TEST

/* A byte order mark, lines that end in CR LF. */
START_TEST(files_from_elsewhere)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], path[32], text[64];

	FILE_OF(path, "\xef\xbb\xbf# list\r\na=ip\r\n\r\nb=tcp\r\n");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), 0);
	ck_assert_uint_eq(set.n, 2);
	ck_assert_str_eq(set.v[0].expr, "ip");
	ck_assert_str_eq(set.v[1].expr, "tcp");
	unlink(path);
	FILE_OF(path, "\xef\xbb\xbf"
	              "c=udp");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), 0);
	ck_assert_str_eq(set.v[2].name, "c");
	unlink(path);
	FILE_OF(path, "\xef\xbb\xbf");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), 0);
	ck_assert_uint_eq(set.n, 3);
	unlink(path);
	/* only where a file begins */
	FILE_OF(path, "\n\xef\xbb\xbf"
	              "d=udp\n");
	ck_assert_int_eq(cmd_bindings_read(&set, path, err), -1);
	ck_assert_ptr_nonnull(strstr(err, ":2: "));
	unlink(path);
	FILE_OF(path, "\xef\xbb\xbf# why\r\ntcp\r\n");
	snprintf(text, sizeof(text), "e=@%s", path);
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), 0);
	ck_assert_str_eq(set.v[3].expr, "tcp");
	unlink(path);
	cmd_bindings_free(&set);
}
END_TEST

/* Blanks are no reason not to look for a file, but words of expressions are. */
START_TEST(names_of_elf_objects)
{
	static const char *const name[] = { "f.o", "a filter", "tcp.o 2", "tcp",
		"tcp port 80", "src" };
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], text[64], dir[] = "/tmp/exopf-test-XXXXXX";
	char *cwd = getcwd(NULL, 0);

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	for (int i = 0; i < 6; i++) {
		FILE *f = fopen(name[i], "w");
		int ret;

		ck_assert_ptr_nonnull(f);
		fputs("\177ELF\2\1\1", f);
		fclose(f);
		snprintf(text, sizeof(text), "f%d=%s", i, name[i]);
		ret = cmd_bindings_add(&set, text, err);
		unlink(name[i]);
		ck_assert_int_eq(ret, i == 4 ? 0 : -1);
		if (i != 4)
			ck_assert_ptr_nonnull(strstr(err, "ELF"));
	}
	ck_assert_int_eq(chdir(cwd), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	free(cwd);
	cmd_bindings_free(&set);
}
END_TEST

START_TEST(elf_objects_are_refused)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], path[32], text[64];

	FILE_OF(path, "\177ELF\2\1\1");
	snprintf(text, sizeof(text), "a=%s", path);
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), -1);
	ck_assert_ptr_nonnull(strstr(err, "ELF"));
	snprintf(text, sizeof(text), "a=@%s", path);
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), -1);
	ck_assert_ptr_nonnull(strstr(err, "ELF"));
	unlink(path);
	/* without the magic, the name of a file is an expression */
	FILE_OF(path, "\177EL");
	snprintf(text, sizeof(text), "a=%s", path);
	ck_assert_int_eq(cmd_bindings_add(&set, text, err), 0);
	unlink(path);
	cmd_bindings_free(&set);
}
END_TEST

static int add_some(void *arg)
{
	struct cmd_bindings set = { 0 };
	char err[CMD_BINDING_ERR], text[64];
	int i, ret = 0;

	(void)arg;
	for (i = 0; ret == 0 && i < 40; i++) {
		snprintf(text, sizeof(text), "n%d,owner=o,claim='ip'=ip", i);
		ret = cmd_bindings_add(&set, text, err);
		if (ret == 0)
			ret = cmd_grants_add(
			    &set.grants, "o 'tcp' shared", "list", 1, err);
	}
	cmd_bindings_free(&set);
	return ret;
}

START_TEST(memory_runs_out)
{
	test_oom_loop(add_some, NULL);
}
END_TEST

Suite *t_cmd_binding_suite(void)
{
	Suite *s = suite_create("t_cmd_binding");
	TCase *tc = tcase_create("binding"), *oom = tcase_create("oom");

	tcase_add_loop_test(tc, good_ones, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tc, bad_ones, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(
	    tc, bindings_with_claims, 0, sizeof(claims) / sizeof(claims[0]));
	tcase_add_test(tc, names_have_a_limit);
	tcase_add_test(tc, names_differ);
	tcase_add_test(tc, order_is_by_priority_then_age);
	tcase_add_test(tc, lists_of_bindings);
	tcase_add_test(tc, grants_in_lists);
	tcase_add_test(tc, long_messages_are_whole);
	tcase_add_test(tc, filters_in_files);
	tcase_add_test(tc, files_from_elsewhere);
	tcase_add_test(tc, names_of_elf_objects);
	tcase_add_test(tc, elf_objects_are_refused);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
