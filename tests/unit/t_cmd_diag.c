/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/diag.c: reports of numbers as text for people. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/hosted/diag.h"
#include "verifier/verifier.h"

static char text[1024];

static const char *write_report(
    const struct exo_report *r, const struct exo_insn *insns, uint32_t n)
{
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	cmd_diag_write(&f, r, insns, n);
	ck_assert(!f.cut);
	return text;
}

START_TEST(every_code_has_a_row)
{
	const struct cmd_diag *row;
	uint32_t i, last = 0;

	for (i = 0; (row = cmd_diag_at(i)) != NULL; i++) {
		ck_assert_uint_gt(row->code, last);
		last = row->code;
		ck_assert_ptr_eq(cmd_diag_find(row->code), row);
		ck_assert_str_ne(row->title, "");
		ck_assert_str_ne(row->hint, "");
	}
	ck_assert_uint_gt(i, 20);
	ck_assert_ptr_null(cmd_diag_find(0));
	ck_assert_ptr_null(cmd_diag_find(UINT32_MAX));
	ck_assert_ptr_null(cmd_diag_at(UINT32_MAX));
}
END_TEST

START_TEST(errors_have_words_of_either_sign)
{
	ck_assert_str_eq(
	    cmd_diag_error(-EXO_ENOMEM), cmd_diag_error(EXO_ENOMEM));
	ck_assert_str_ne(cmd_diag_error(-EXO_ENOMEM), "unknown error");
	ck_assert_str_eq(cmd_diag_error(-12345), "unknown error");
}
END_TEST

START_TEST(a_report_without_a_place)
{
	const struct exo_report r = { .code = VF_EMPTY,
		.insn = EXO_REPORT_NOWHERE,
		.reg = EXO_REPORT_NOREG,
		.widened = EXO_REPORT_NOWHERE };
	const struct cmd_diag *row = cmd_diag_find(VF_EMPTY);
	char want[512];

	snprintf(want, sizeof(want), "VF%u: %s\n  hint: %s", row->code,
	    row->title, row->hint);
	ck_assert_str_eq(write_report(&r, NULL, 0), want);
}
END_TEST

START_TEST(a_report_with_everything)
{
	const struct exo_insn insns[2] = {
		{ .code = 0x61, .regs = 0x12, .off = 76 },
		{ .code = 0x69, .regs = 0x20, .off = 12 },
	};
	const struct exo_report r = { .code = VF_PKT_OOB,
		.insn = 1,
		.reg = 2,
		.reg_kind = EXO_REG_PKT,
		.size = 2,
		.off = 12,
		.widened = 0,
		.umax = 15,
		.smax = 15,
		.limit = 6 };

	write_report(&r, insns, 2);
	ck_assert_ptr_nonnull(strstr(text, "at instruction 1: r0 = *(u16 *)"));
	ck_assert_ptr_nonnull(strstr(
	    text, "r2 is a pointer into the packet plus between 0 and 15"));
	ck_assert_ptr_nonnull(
	    strstr(text, "takes 2 bytes at offset 12; proven to be there: 6"));
	ck_assert_ptr_nonnull(
	    strstr(text, "r2 got this value at instruction 0: r2 = *(u32 *)"));
	ck_assert_ptr_nonnull(strstr(text, "\n  hint: "));
}
END_TEST

static const struct {
	struct exo_report r;
	const char *want;
} registers[] = {
	{ { .reg = EXO_REPORT_NOREG }, "" },
	{ { .reg = 3, .reg_kind = EXO_REG_UNINIT },
	    "r3 is not set to anything on this path" },
	{ { .reg = 0,
	      .reg_kind = EXO_REG_SCALAR,
	      .smin = INT64_MIN,
	      .smax = INT64_MAX,
	      .umax = UINT64_MAX },
	    "r0 is a number, any 64-bit value" },
	{ { .reg = 0,
	      .reg_kind = EXO_REG_SCALAR,
	      .smin = 7,
	      .smax = 7,
	      .umin = 7,
	      .umax = 7 },
	    "r0 is a number, exactly 7" },
	{ { .reg = 0,
	      .reg_kind = EXO_REG_SCALAR,
	      .smin = -8,
	      .smax = -8,
	      .umin = (uint64_t)-8,
	      .umax = (uint64_t)-8 },
	    "r0 is a number, exactly -8" },
	{ { .reg = 0,
	      .reg_kind = EXO_REG_SCALAR,
	      .smin = -4,
	      .smax = 4,
	      .umax = UINT64_MAX },
	    "r0 is a number, between -4 and 4 (signed)" },
	{ { .reg = 0,
	      .reg_kind = EXO_REG_SCALAR,
	      .smax = 0xfffff,
	      .umax = 0xfffff },
	    "r0 is a number, between 0 and 0xfffff" },
	{ { .reg = 10, .reg_kind = EXO_REG_STACK },
	    "r10 is a pointer into the stack" },
	{ { .reg = 1, .reg_kind = 200 }, "r1 is of an unknown kind" },
};

START_TEST(registers_in_words)
{
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	cmd_diag_register(&f, &registers[_i].r);
	ck_assert_str_eq(text, registers[_i].want);
}
END_TEST

START_TEST(budgets_say_what_was_used)
{
	const struct exo_report r = { .code = VF_BUDGET_EXPLORED,
		.insn = 9,
		.reg = EXO_REPORT_NOREG,
		.widened = EXO_REPORT_NOWHERE,
		.limit = 1000,
		.explored = 1001 };

	write_report(&r, NULL, 0);
	ck_assert_ptr_nonnull(strstr(text, "at instruction 9"));
	ck_assert_ptr_nonnull(strstr(text, "1001 instructions"));
	ck_assert_ptr_nonnull(strstr(text, "reached: 1000"));
}
END_TEST

Suite *t_cmd_diag_suite(void)
{
	Suite *s = suite_create("t_cmd_diag");
	TCase *tc = tcase_create("diag");

	tcase_add_test(tc, every_code_has_a_row);
	tcase_add_test(tc, errors_have_words_of_either_sign);
	tcase_add_test(tc, a_report_without_a_place);
	tcase_add_test(tc, a_report_with_everything);
	tcase_add_loop_test(tc, registers_in_words, 0,
	    sizeof(registers) / sizeof(registers[0]));
	tcase_add_test(tc, budgets_say_what_was_used);
	suite_add_tcase(s, tc);
	return s;
}
