/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/machine.c: machine code as text, with labels. */
#include <check.h>
#include <string.h>

#include "exo/hosted/machine.h"
#include "tests/support/oom.h"

/* cmp edx, 5; jb L1; lea rcx, [L2]; call (none); jmp (outside); bad; L1: ret;
 * two bytes of a table, L2 being the second. */
static const uint8_t code[] = { 0x83, 0xfa, 0x05, 0x72, 20, 0x48, 0x8d, 0x0d,
	15, 0, 0, 0, 0xff, 0xd0, 0xe9, 0xff, 0xff, 0xff, 0x7f, 0x06, 0x90, 0x90,
	0x90, 0x90, 0x90, 0xc3, 0xcc, 0xaa };
#define DATA 26u

static const struct {
	uint32_t off, n, label;
	const char *text;
} want[] = {
	{ 0, 3, 0, "cmp edx, 0x5" },
	{ 3, 2, 0, "jb L1" },
	{ 5, 7, 0, "lea rcx, [L2]" },
	{ 12, 2, 0, "call rax" },
	{ 14, 5, 0, "jmp 0x80000012" },
	{ 19, 1, 0, ".byte 0x06" },
	{ 20, 1, 0, "nop" },
	{ 25, 1, 1, "ret" },
};

START_TEST(text_and_labels)
{
	struct cmd_machine *m = cmd_machine_new(code, sizeof(code), DATA);
	char text[CMD_MACHINE_TEXT];
	size_t i;

	ck_assert_ptr_nonnull(m);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert_uint_eq(
		    cmd_machine_text(m, want[i].off, text), want[i].n);
		ck_assert_str_eq(text, want[i].text);
		ck_assert_uint_eq(
		    cmd_machine_label(m, want[i].off), want[i].label);
	}
	ck_assert_uint_eq(cmd_machine_label(m, DATA), 0);
	ck_assert_uint_eq(cmd_machine_label(m, DATA + 1), 2);
	ck_assert_uint_eq(cmd_machine_label(m, sizeof(code)), 0);
	ck_assert_uint_eq(cmd_machine_label(m, UINT32_MAX), 0);
	cmd_machine_free(m);
	cmd_machine_free(NULL);
}
END_TEST

/* An instruction that the tables, or the end, cut. */
START_TEST(instructions_that_are_cut)
{
	struct cmd_machine *m;
	char text[CMD_MACHINE_TEXT];
	uint32_t n, off;

	for (n = 0; n <= sizeof(code); n++) {
		m = cmd_machine_new(code, sizeof(code), n);
		ck_assert_ptr_nonnull(m);
		for (off = 0; off < n;) {
			uint32_t len = cmd_machine_text(m, off, text);

			ck_assert_uint_ge(len, 1);
			ck_assert_uint_le(len, n - off);
			off += len;
		}
		cmd_machine_free(m);
	}
}
END_TEST

START_TEST(version)
{
	char buf[32];

	ck_assert_int_eq(strncmp(cmd_machine_version(buf), "Zydis ", 6), 0);
}
END_TEST

static int make(void *arg)
{
	struct cmd_machine *m = cmd_machine_new(code, sizeof(code), DATA);

	(void)arg;
	cmd_machine_free(m);
	return m == NULL ? -1 : 0;
}

START_TEST(memory_runs_out)
{
	test_oom_loop(make, NULL);
}
END_TEST

Suite *t_cmd_machine_suite(void)
{
	Suite *s = suite_create("t_cmd_machine");
	TCase *tc = tcase_create("machine"), *oom = tcase_create("oom");

	tcase_add_test(tc, text_and_labels);
	tcase_add_test(tc, instructions_that_are_cut);
	tcase_add_test(tc, version);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
