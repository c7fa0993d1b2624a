/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/batch_line.c, batch_maps.c: what a line may hold, and its maps. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/hosted/batch_line.h"
#include "tests/support/oom.h"

#define EXIT "9500000000000000"
#define RET  "b700000000000000" EXIT
#define MAP1               \
	"1811000000000000" \
	"0000000000000000" /* r1 = map */
#define VALUE              \
	"1821000000000000" \
	"0000000008000000" /* r1 = value + 8 */
#define XDP "\"type\":\"xdp\",\"insns\":\"" RET "\""
#define TWO "\"type\":\"xdp\",\"insns\":\"" MAP1 VALUE RET "\""

static struct cmd_batch_line line;

static bool get(const char *text)
{
	return cmd_batch_line_read(&line, text, strlen(text));
}

/* The line is a program; cmd_batch_line_free() is the caller's. */
static void take(const char *text)
{
	bool ok = get(text);

	ck_assert_msg(ok, "%s: %s", text, line.why);
	ck_assert_str_eq(line.why, "");
}

START_TEST(the_least_line)
{
	take("{" XDP "}");
	ck_assert_uint_eq(line.type, EXO_PROG_XDP);
	ck_assert_uint_eq(line.ninsns, 2);
	ck_assert_uint_eq(line.insns[0].code, 0xb7);
	ck_assert_uint_eq(line.insns[1].code, 0x95);
	ck_assert_int_eq(line.id_kind, CMD_ID_NONE);
	ck_assert_ptr_null(line.name);
	ck_assert(!line.unprivileged);
	ck_assert_uint_eq(line.nmaps, 0);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(null_is_as_good_as_absence)
{
	take("{\"id\":null,\"name\":null,\"unprivileged\":null,\"maps\":null,"
	     "\"map_defs\":null,\"funcs\":null,\"x\":null," XDP "}\r");
	ck_assert_int_eq(line.id_kind, CMD_ID_NONE);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(who_it_is)
{
	take(
	    "{\"id\":-3,\"name\":\"a\\u0000\\u00fc\",\"unprivileged\":true," XDP
	    "}");
	ck_assert_int_eq(line.id_kind, CMD_ID_NUMBER);
	ck_assert_int_eq(line.id, -3);
	ck_assert_uint_eq(line.name_len, 4);
	ck_assert_mem_eq(line.name, "a\0\xc3\xbc", 4);
	ck_assert(line.unprivileged);
	cmd_batch_line_free(&line);
	take("{\"id\":\"a\\u0000b\"," XDP ",\"unprivileged\":false}");
	ck_assert_int_eq(line.id_kind, CMD_ID_TEXT);
	ck_assert_uint_eq(line.id_len, 3);
	ck_assert_mem_eq(line.id_text, "a\0b", 3);
	ck_assert(!line.unprivileged);
	cmd_batch_line_free(&line);
	/* One number, whichever way it is written. */
	take("{\"id\":50e-1," XDP "}");
	ck_assert_int_eq(line.id, 5);
	cmd_batch_line_free(&line);
	take("{\"id\":9223372036854775807," XDP "}");
	ck_assert_int_eq(line.id, INT64_MAX);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(what_nobody_asks_for_may_be_large)
{
	take("{\"id\":7,\"witness\":18446744073709551615," XDP
	     ",\"x\":[{\"y\":[-99999999999999999999]}]}");
	ck_assert_int_eq(line.id_kind, CMD_ID_NUMBER);
	ck_assert_int_eq(line.id, 7);
	cmd_batch_line_free(&line);
}
END_TEST

static const struct {
	const char *name;
	uint32_t type;
} types[] = {
	{ "socket_filter", EXO_PROG_SOCKET },
	{ "socket", EXO_PROG_SOCKET },
	{ "xdp", EXO_PROG_XDP },
	{ "sched_cls", EXO_PROG_TC },
	{ "sched_act", EXO_PROG_TC },
	{ "tc", EXO_PROG_TC },
	{ "mem", EXO_PROG_MEM },
};

START_TEST(types_have_linux_names_and_ours)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"type\":\"%s\",\"insns\":\"" EXIT "\"}",
	    types[_i].name);
	take(text);
	ck_assert_uint_eq(line.type, types[_i].type);
	cmd_batch_line_free(&line);
}
END_TEST

static const struct {
	const char *name;
	struct exo_map_def def;
} maps[] = {
	{ "map_hash_8b", { 1, 8, 8, 1, 0 } },
	{ "map_hash_16b", { 1, 8, 16, 1, 0 } },
	{ "map_hash_48b", { 1, 8, 48, 1, 0 } },
	{ "map_array_48b", { 2, 4, 48, 1, 0 } },
	{ "map_array_ro", { 2, 4, 48, 1, 0x80 } },
	{ "map_array_wo", { 2, 4, 48, 1, 0x100 } },
	{ "map_array_small", { 2, 4, 1, 1, 0 } },
	{ "map_ringbuf", { 27, 0, 0, 4096, 0 } },
	{ "map_event_output", { 4, 4, 4, 1, 0 } },
	{ "prog1", { 3, 4, 4, 4, 0 } },
	{ "prog2", { 3, 4, 4, 8, 0 } },
};

START_TEST(maps_that_are_built_in)
{
	char text[256];

	snprintf(text, sizeof(text),
	    "{\"maps\":[{\"insn\":0,\"map\":\"%s\"}]," TWO "}", maps[_i].name);
	take(text);
	ck_assert_uint_eq(line.nmaps, 1);
	ck_assert_mem_eq(&line.maps[0], &maps[_i].def, sizeof(maps[_i].def));
	ck_assert_int_eq(line.insns[0].imm, 0);
	/* Nothing says which map this one means. */
	ck_assert_int_eq(line.insns[2].imm, CMD_BATCH_NO_MAP);
	ck_assert_int_eq(line.insns[3].imm, 8);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(references_become_indices)
{
	take("{\"maps\":[{\"insn\":2,\"map\":\"prog1\"},"
	     "{\"insn\":0,\"map\":\"map_hash_8b\"},"
	     "{\"insn\":2,\"map\":\"prog1\"}]," TWO "}");
	ck_assert_uint_eq(line.nmaps, 2);
	ck_assert_uint_eq(line.maps[0].kind, EXO_MAP_PROG_ARRAY);
	ck_assert_uint_eq(line.maps[1].kind, EXO_MAP_HASH);
	ck_assert_int_eq(line.insns[0].imm, 1);
	ck_assert_int_eq(line.insns[2].imm, 0);
	cmd_batch_line_free(&line);
	/* One map for both. */
	take("{\"maps\":[{\"insn\":2,\"map\":\"prog1\"},"
	     "{\"insn\":0,\"map\":\"prog1\"}]," TWO "}");
	ck_assert_uint_eq(line.nmaps, 1);
	ck_assert_int_eq(line.insns[0].imm, 0);
	ck_assert_int_eq(line.insns[2].imm, 0);
	cmd_batch_line_free(&line);
	/* None at all. */
	take("{" TWO "}");
	ck_assert_int_eq(line.insns[0].imm, CMD_BATCH_NO_MAP);
	ck_assert_int_eq(line.insns[2].imm, CMD_BATCH_NO_MAP);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(an_immediate_that_happens_to_be_an_index)
{
	/* r1 = map 1 and r1 = map 0 of nobody, beside one that is named. */
	take("{\"type\":\"xdp\",\"insns\":\""
	     "18110000010000000000000000000000" MAP1 MAP1 RET "\","
	     "\"maps\":[{\"insn\":4,\"map\":\"prog1\"}]}");
	ck_assert_int_eq(line.insns[0].imm, CMD_BATCH_NO_MAP);
	ck_assert_int_eq(line.insns[2].imm, CMD_BATCH_NO_MAP);
	ck_assert_int_eq(line.insns[4].imm, 0);
	cmd_batch_line_free(&line);
	/* Plain immediates, references to functions: left alone. */
	take("{\"type\":\"xdp\",\"insns\":\""
	     "18010000010000000000000002000000"
	     "18410000030000000000000000000000" RET "\"}");
	ck_assert_int_eq(line.insns[0].imm, 1);
	ck_assert_int_eq(line.insns[1].imm, 2);
	ck_assert_int_eq(line.insns[2].imm, 3);
	cmd_batch_line_free(&line);
}
END_TEST

static const char *const defined[] = {
	"{\"a b\":{\"type_nr\":1,\"key\":3,\"value\":5,\"max\":7,\"flags\":128,"
	"\"init\":\"00ff\"},\"unused\":{\"type_nr\":9}}",
	"[{\"name\":\"unused\",\"type_nr\":9},{\"name\":\"a b\",\"type_nr\":1,"
	"\"key\":3,\"value\":5,\"max\":7,\"flags\":128,\"init\":null}]",
};

START_TEST(maps_of_the_line)
{
	static const struct exo_map_def want = { 1, 3, 5, 7, 128 };
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"maps\":[{\"insn\":0,\"map\":\"a b\"}],"
	    "\"map_defs\":%s," TWO "}",
	    defined[_i]);
	take(text);
	ck_assert_uint_eq(line.nmaps, 1);
	ck_assert_mem_eq(&line.maps[0], &want, sizeof(want));
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(the_line_overrides_what_is_built_in)
{
	take("{\"maps\":[{\"insn\":0,\"map\":\"prog1\"}],"
	     "\"map_defs\":{\"prog1\":{\"type_nr\":4294967295}}," TWO "}");
	ck_assert_uint_eq(line.maps[0].kind, UINT32_MAX);
	ck_assert_uint_eq(line.maps[0].max_entries, 0);
	cmd_batch_line_free(&line);
}
END_TEST

/* Texts of lines, and what must stand in the reason. */
static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "empty" },
	{ " ", "no JSON" },
	{ "{", "no JSON" },
	{ "{}x", "no JSON" },
	{ "{} {}", "no JSON" },
	{ "7", "no JSON" },
	{ "[]", "no JSON object" },
	{ "{'a':1}", "no JSON" },
	{ "{\"a\":01}", "no JSON" },
	{ "{\"a\":NaN}", "no JSON" },
	{ "{\"a\":1,}", "no JSON" },
	{ "{\"a\":\"\t\"}", "control character" },
	{ "{\"a\":\"\xff\"}", "no JSON" },
	{ "{\"a\":\"\xed\xa0\x80\"}", "no JSON" },
	{ "{\"a\":\"\\ud800\"}", "no JSON" },
	{ "\xef\xbb\xbf{}", "no JSON" },
	{ "{\"a\":1,\"a\":1}", "duplicate" },
	{ "{" XDP ",\"x\":{\"b\":0,\"b\":0}}", "duplicate" },
	{ "{\"a\":1e999}", "overflow" },
	{ "{}", "no type" },
	{ "{\"type\":null}", "no type" },
	{ "{\"type\":5}", "type is no text" },
	{ "{\"type\":\"kprobe\"}", "'kprobe'" },
	{ "{\"type\":\"XDP\"}", "'XDP'" },
	{ "{\"type\":\"xdp\\u0000\"}", "'xdp'" },
	{ "{\"type\":\"\"}", "''" },
	{ "{\"type\":\"xdp\"}", "no insns" },
	{ "{\"type\":\"xdp\",\"insns\":[]}", "insns is no text" },
	{ "{\"type\":\"xdp\",\"insns\":\"9\"}", "character 2" },
	{ "{\"type\":\"xdp\",\"insns\":\"950g\"}", "character 4" },
	{ "{\"type\":\"xdp\",\"insns\":\"95\\u000000\"}", "character 3" },
	{ "{\"type\":\"xdp\",\"insns\":\"95\"}", "1 bytes are not" },
	{ "{\"type\":\"xdp\",\"insns\":\"" EXIT "00\"}", "9 bytes" },
	{ "{\"id\":1.5," XDP "}", "id is neither" },
	{ "{\"id\":[]," XDP "}", "id is neither" },
	{ "{\"id\":true," XDP "}", "id is neither" },
	{ "{\"id\":9223372036854775808," XDP "}", "id is neither" },
	{ "{\"name\":5," XDP "}", "name is no text" },
	{ "{\"unprivileged\":1," XDP "}", "unprivileged" },
	{ "{\"unprivileged\":\"true\"," XDP "}", "unprivileged" },
	{ "{\"maps\":{}," TWO "}", "maps is no list" },
	{ "{\"maps\":[0]," TWO "}", "no object" },
	{ "{\"maps\":[null]," TWO "}", "no object" },
	{ "{\"maps\":[{}]," TWO "}", "maps has no insn" },
	{ "{\"maps\":[{\"insn\":\"0\"}]," TWO "}", "insn is no whole" },
	{ "{\"maps\":[{\"insn\":-1}]," TWO "}", "insn is no whole" },
	{ "{\"maps\":[{\"insn\":0.5}]," TWO "}", "insn is no whole" },
	{ "{\"maps\":[{\"insn\":4294967296}]," TWO "}", "insn is no whole" },
	{ "{\"maps\":[{\"insn\":0}]," TWO "}", "map is no text" },
	{ "{\"maps\":[{\"insn\":0,\"map\":0}]," TWO "}", "map is no text" },
	{ "{\"maps\":[{\"insn\":6,\"map\":\"prog1\"}]," TWO "}", "has 6" },
	{ "{\"maps\":[{\"insn\":1,\"map\":\"prog1\"}]," TWO "}",
	    "instruction 1 is no 64-bit" },
	{ "{\"maps\":[{\"insn\":4,\"map\":\"prog1\"}]," TWO "}",
	    "instruction 4 is no 64-bit" },
	{ "{\"maps\":[{\"insn\":0,\"map\":\"prog1\"}],\"type\":\"xdp\","
	  "\"insns\":\"18010000000000000000000000000000" RET "\"}",
	    "instruction 0 is no 64-bit" },
	{ "{\"maps\":[{\"insn\":0,\"map\":\"nope\"}]," TWO "}",
	    "no map 'nope'" },
	{ "{\"maps\":[{\"insn\":0,\"map\":\"\"}]," TWO "}", "no map ''" },
	{ "{\"maps\":[{\"insn\":0,\"map\":\"prog1\\u0000\"}]," TWO "}",
	    "no map 'prog1'" },
	{ "{\"maps\":[{\"insn\":0,\"map\":\"a\\u0000\"}],\"map_defs\":"
	  "{\"a\":{\"type_nr\":1}}," TWO "}",
	    "no map 'a'" },
	{ "{\"maps\":[{\"insn\":0,\"map\":\"prog1\"},"
	  "{\"insn\":0,\"map\":\"prog2\"}]," TWO "}",
	    "two maps" },
	{ "{\"map_defs\":5," XDP "}", "neither an object nor a list" },
	{ "{\"map_defs\":{\"a\":5}," XDP "}", "no object" },
	{ "{\"map_defs\":[5]," XDP "}", "no object" },
	{ "{\"map_defs\":[{\"type_nr\":1}]," XDP "}", "no name" },
	{ "{\"map_defs\":[{\"type_nr\":1,\"name\":1}]," XDP "}", "no name" },
	{ "{\"map_defs\":{\"a\":{}}," XDP "}", "no type_nr" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":-1}}," XDP "}", "type_nr" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":1,\"key\":4294967296}}," XDP "}",
	    "key" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":1,\"value\":\"1\"}}," XDP "}",
	    "value" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":1,\"max\":0.1}}," XDP "}", "max" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":1,\"flags\":[]}}," XDP "}",
	    "flags" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":1,\"init\":5}}," XDP "}",
	    "init is no text" },
	{ "{\"map_defs\":{\"a\":{\"type_nr\":1,\"init\":\"0\"}}," XDP "}",
	    "init is not hex" },
	{ "{\"funcs\":{}," XDP "}", "funcs is no list" },
	{ "{\"funcs\":[1]," XDP "}", "no object" },
	{ "{\"funcs\":[{}]," XDP "}", "no insn" },
	{ "{\"funcs\":[{\"insn\":2}]," XDP "}", "the program has 2" },
	{ "{\"funcs\":[{\"insn\":1,\"name\":1}]," XDP "}", "name" },
	{ "{\"funcs\":[{\"insn\":1,\"global\":1}]," XDP "}", "global" },
	{ "{\"funcs\":[{\"insn\":1,\"nargs\":6}]," XDP "}", "nargs" },
};

START_TEST(lines_that_are_no_program)
{
	ck_assert_msg(!get(bad[_i].text), "%s", bad[_i].text);
	ck_assert_msg(strstr(line.why, bad[_i].why) != NULL, "%s: %s",
	    bad[_i].text, line.why);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(an_error_still_says_who_it_is)
{
	ck_assert(!get("{\"id\":4,\"name\":\"n\",\"type\":\"none\"}"));
	ck_assert_int_eq(line.id, 4);
	ck_assert_uint_eq(line.name_len, 1);
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(functions_are_checked)
{
	take("{\"funcs\":[{\"insn\":0,\"name\":\"main\",\"global\":true,"
	     "\"nargs\":1},{\"insn\":1}]," XDP "}");
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(nul_bytes_do_not_end_a_line)
{
	static const char text[] = "{" XDP "}\0{";

	ck_assert(!cmd_batch_line_read(&line, text, sizeof(text) - 1));
	cmd_batch_line_free(&line);
	ck_assert(!cmd_batch_line_read(&line, "\0", 1));
	cmd_batch_line_free(&line);
}
END_TEST

START_TEST(nesting_has_an_end)
{
	char *deep = malloc(100000);

	ck_assert_ptr_nonnull(deep);
	memset(deep, '[', 100000);
	ck_assert(!cmd_batch_line_read(&line, deep, 100000));
	ck_assert_ptr_nonnull(strstr(line.why, "depth"));
	cmd_batch_line_free(&line);
	free(deep);
}
END_TEST

/* n maps, each named once. */
static char *many_maps(unsigned n)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	unsigned i;

	ck_assert_ptr_nonnull(f);
	fputs("{\"type\":\"xdp\",\"insns\":\"", f);
	for (i = 0; i < n; i++)
		fputs(MAP1, f);
	fputs(RET "\",\"map_defs\":{", f);
	for (i = 0; i < n; i++)
		fprintf(f, "%s\"m%u\":{\"type_nr\":%u}", i ? "," : "", i, i);
	fputs("},\"maps\":[", f);
	for (i = 0; i < n; i++)
		fprintf(f, "%s{\"insn\":%u,\"map\":\"m%u\"}", i ? "," : "",
		    2 * i, i);
	fputs("]}", f);
	fclose(f);
	return text;
}

START_TEST(as_many_maps_as_linux_allows)
{
	char *text = many_maps(CMD_BATCH_MAPS);
	uint32_t i;

	take(text);
	ck_assert_uint_eq(line.nmaps, CMD_BATCH_MAPS);
	for (i = 0; i < CMD_BATCH_MAPS; i++) {
		ck_assert_uint_eq(line.maps[i].kind, i);
		ck_assert_int_eq(line.insns[2 * i].imm, (int)i);
	}
	cmd_batch_line_free(&line);
	free(text);
	text = many_maps(CMD_BATCH_MAPS + 1);
	ck_assert(!get(text));
	ck_assert_ptr_nonnull(strstr(line.why, "more than 64"));
	cmd_batch_line_free(&line);
	free(text);
}
END_TEST

/* A program of the greatest length is a line of 16 MB. */
START_TEST(long_lines_are_linear)
{
	const size_t n = 1000000;
	char *text = malloc(n * 16 + 64);
	size_t at, i;

	ck_assert_ptr_nonnull(text);
	at = (size_t)sprintf(text, "{\"type\":\"xdp\",\"insns\":\"");
	for (i = 0; i < n; i++)
		memcpy(text + at + 16 * i, "b700000000000000", 16);
	memcpy(text + at + 16 * n, "\"}", 3);
	take(text);
	ck_assert_uint_eq(line.ninsns, n);
	cmd_batch_line_free(&line);
	free(text);
}
END_TEST

/* Another reason than memory; libcheck's own functions allocate. */
static char other[sizeof(line.why)];

static int read_once(void *arg)
{
	bool ok = get("{\"id\":\"x\",\"name\":\"n\",\"maps\":[{\"insn\":0,"
	              "\"map\":\"m\"}],\"map_defs\":{\"m\":{\"type_nr\":1,"
	              "\"init\":\"00\"}}," TWO "}");

	(void)arg;
	if (!ok && strcmp(line.why, "out of memory") != 0)
		memcpy(other, line.why, sizeof(other));
	cmd_batch_line_free(&line);
	return ok ? 0 : -1;
}

START_TEST(memory_fails)
{
	ck_assert_uint_gt(test_oom_loop(read_once, NULL), 10);
	ck_assert_str_eq(other, "");
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

Suite *t_batch_line_suite(void)
{
	Suite *s = suite_create("t_batch_line");
	TCase *tc = tcase_create("line"), *oom = tcase_create("oom");

	tcase_add_test(tc, the_least_line);
	tcase_add_test(tc, null_is_as_good_as_absence);
	tcase_add_test(tc, who_it_is);
	tcase_add_test(tc, what_nobody_asks_for_may_be_large);
	tcase_add_loop_test(
	    tc, types_have_linux_names_and_ours, 0, COUNT(types));
	tcase_add_loop_test(tc, maps_that_are_built_in, 0, COUNT(maps));
	tcase_add_test(tc, references_become_indices);
	tcase_add_test(tc, an_immediate_that_happens_to_be_an_index);
	tcase_add_loop_test(tc, maps_of_the_line, 0, COUNT(defined));
	tcase_add_test(tc, the_line_overrides_what_is_built_in);
	tcase_add_loop_test(tc, lines_that_are_no_program, 0, COUNT(bad));
	tcase_add_test(tc, an_error_still_says_who_it_is);
	tcase_add_test(tc, functions_are_checked);
	tcase_add_test(tc, nul_bytes_do_not_end_a_line);
	tcase_add_test(tc, nesting_has_an_end);
	tcase_add_test(tc, as_many_maps_as_linux_allows);
	tcase_add_test(tc, long_lines_are_linear);
	tcase_set_timeout(tc, 60);
	tcase_add_test(oom, memory_fails);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
