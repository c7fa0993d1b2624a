/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jumps as far as they go: too long for a case file.
 *
 * Compilers elsewhere cut the distance of such jumps (CVE-2021-38300), or lost
 * count of what they had made longer (CVE-2021-29154). Each program runs in
 * the interpreter, and the verifier follows the same way.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/interp.h"
#include "tests/support/mem.h"
#include "tests/unit/suites.h"
#include "verifier/verifier.h"

#define MOST 200000u

static struct exo_insn *code;
static uint32_t n;

static void emit(unsigned op, unsigned dst, int off, int32_t imm)
{
	ck_assert_uint_lt(n, MOST);
	code[n++] =
	    (struct exo_insn){ (uint8_t)op, (uint8_t)dst, (int16_t)off, imm };
}

static void set_r0(int32_t imm)
{
	emit(EXO_ALU64 | EXO_MOV, 0, 0, imm);
}

static void emit_exit(void)
{
	emit(EXO_JMP | EXO_EXIT, 0, 0, 0);
}

/* What is jumped over: it would be seen in the result. */
static void fill(uint32_t insns)
{
	while (insns-- > 0)
		emit(EXO_ALU64 | EXO_ADD, 0, 0, 1000);
}

static void check(uint64_t result, uint64_t steps)
{
	struct vf_input in = {
		.insns = code, .ninsns = n, .type = EXO_PROG_MEM
	};
	struct vf_limits limits = { .explored = 0 };
	struct exo_mem mem = mem_heap(NULL);
	static struct isa_vm vm;
	struct exo_report report;
	struct vf_prog *prog;
	uint32_t bad;
	uint64_t r0;

	memset(&vm, 0, sizeof(vm));
	ck_assert_int_eq(isa_load(&vm, EXO_PROG_MEM, code, n, &bad), 0);
	vm.fuel = steps;
	ck_assert_int_eq(isa_run(&vm, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, result);
	ck_assert_int_eq(vf_verify(&in, &limits, &mem, &prog, &report), 0);
	ck_assert_uint_ge(vf_prog_facts(prog)->max_steps, steps);
	vf_prog_free(prog, &mem);
	n = 0;
}

static void setup(void)
{
	code = calloc(MOST, sizeof(*code));
	ck_assert_ptr_nonnull(code);
	n = 0;
}

static void teardown(void)
{
	free(code);
}

START_TEST(t_forward)
{
	unsigned class = _i == 0 ? EXO_JMP : EXO_JMP32;

	set_r0(7);
	emit(class | EXO_JEQ, 0, INT16_MAX, 7);
	fill(INT16_MAX);
	emit_exit();
	check(7, 3);
}
END_TEST

START_TEST(t_backward)
{
	unsigned class = _i == 0 ? EXO_JMP : EXO_JMP32;

	set_r0(7);
	emit(EXO_JMP | EXO_JA, 0, INT16_MAX, 0);
	emit_exit();
	fill(INT16_MAX - 1);
	emit(class | EXO_JEQ, 0, INT16_MIN, 7);
	emit_exit();
	check(7, 4);
}
END_TEST

/* Beyond what a conditional jump reaches. */
START_TEST(t_long)
{
	const uint32_t far = 150000;

	set_r0(7);
	emit(EXO_JMP32 | EXO_JA, 0, 0, (int32_t)far);
	emit_exit();
	fill(far - 1);
	emit(EXO_JMP32 | EXO_JA, 0, 0, -(int32_t)far - 1);
	check(7, 4);
}
END_TEST

/* A long row of short jumps: an error of one byte in each adds up. */
START_TEST(t_ladder)
{
	const unsigned rungs = 2000, apart = 16;
	unsigned i, k;

	set_r0(0);
	for (i = 0; i < rungs; i++) {
		emit(EXO_JMP | EXO_JEQ, 0, (int)apart - 1, (int32_t)i);
		for (k = 0; k + 1 < apart; k++)
			emit(EXO_ALU64 | EXO_ADD, 0, 0, 1000);
		emit(EXO_ALU64 | EXO_ADD, 0, 0, 1);
	}
	fill(apart);
	emit_exit();
	check(rungs + apart * 1000, 1 + 2 * rungs + apart + 1);
}
END_TEST

Suite *t_isa_far_suite(void)
{
	Suite *s = suite_create("isa_far");
	TCase *tc = tcase_create("far");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, t_forward, 0, 2);
	tcase_add_loop_test(tc, t_backward, 0, 2);
	tcase_add_test(tc, t_long);
	tcase_add_test(tc, t_ladder);
	suite_add_tcase(s, tc);
	return s;
}
