/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter's interface: loading, fuel, many runs of one vm, helpers.
 *
 * What instructions do is in tests/cases/isa.
 */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/isa/helpers.h"
#include "exo/isa/interp.h"
#include "exo/isa/text.h"
#include "tests/unit/suites.h"

#define MAX 64u

static struct isa_vm vm;
static struct exo_insn insns[MAX];

static uint32_t assemble(const char *text)
{
	struct isa_asm_error err;
	uint32_t n = 0;

	ck_assert_msg(isa_asm(text, strlen(text), insns, MAX, &n, &err) == 0,
	    "%s", err.what);
	return n;
}

static void load(uint32_t type, const char *text)
{
	uint32_t n = assemble(text), bad = 99;

	memset(&vm, 0, sizeof(vm));
	ck_assert_int_eq(isa_load(&vm, type, insns, n, &bad), 0);
}

static enum isa_end run(uint64_t fuel, uint64_t *r0)
{
	vm.fuel = fuel;
	return isa_run(&vm, r0);
}

START_TEST(t_load)
{
	uint32_t n = assemble("r0 = 0\nexit"), bad;

	memset(&vm, 0, sizeof(vm));
	ck_assert_int_eq(isa_load(&vm, 0, insns, n, &bad), -EXO_EINVAL);
	ck_assert_int_eq(
	    isa_load(&vm, EXO_PROG_TYPE_MAX + 1, insns, n, &bad), -EXO_EINVAL);
	ck_assert_int_eq(
	    isa_load(&vm, EXO_PROG_MEM, insns, 0, &bad), -EXO_EINVAL);
	ck_assert_uint_eq(bad, 0);
	insns[1].imm = 1;
	ck_assert_int_eq(
	    isa_load(&vm, EXO_PROG_MEM, insns, n, &bad), -EXO_EINVAL);
	ck_assert_uint_eq(bad, 1);
	insns[1].imm = 0;
	ck_assert_int_eq(isa_load(&vm, EXO_PROG_MEM, insns, n, &bad), 0);
	ck_assert_uint_eq(vm.stack, EXO_STACK_SIZE);
	ck_assert_uint_eq(vm.nregion, ISA_REGION_FREE);
}
END_TEST

START_TEST(t_empty_vm)
{
	uint64_t r0 = 5;

	memset(&vm, 0, sizeof(vm));
	ck_assert_int_eq(run(10, &r0), ISA_END_PC);
	ck_assert_uint_eq(r0, 0);
	ck_assert_uint_eq(vm.fuel, 10);
	ck_assert_uint_eq(vm.end_pc, 0);
}
END_TEST

/* Fuel: exactly what is needed, for every smaller amount, and the most. */
START_TEST(t_fuel)
{
	uint64_t r0, fuel;

	load(EXO_PROG_MEM,
	    "r1 = 3\nl: r0 += r1\nr1 -= 1\nif r1 != 0 goto l\nexit");
	for (fuel = 0; fuel < 11; fuel++) {
		r0 = 1;
		ck_assert_int_eq(run(fuel, &r0), ISA_END_FUEL);
		ck_assert_uint_eq(vm.fuel, 0);
		ck_assert_uint_eq(r0, 0);
	}
	ck_assert_int_eq(run(11, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 6);
	ck_assert_uint_eq(vm.fuel, 0);
	ck_assert_int_eq(run(UINT64_MAX, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(vm.fuel, UINT64_MAX - 11);
	ck_assert_uint_eq(vm.end_pc, 4);
}
END_TEST

/* Nothing of a run is seen by the next one. */
START_TEST(t_runs_are_apart)
{
	uint64_t first = 1, second = 1;
	int i;

	load(EXO_PROG_SOCKET,
	    "r0 = *(u64 *)(r10 -8)\nr2 = *(u64 *)(r10 -512)\nr0 |= r2\n"
	    "r2 = *(u32 *)(r1 +48)\nr0 |= r2\nr0 |= r7\n"
	    "*(u64 *)(r10 -8) = -1\n*(u64 *)(r10 -512) = -1\n"
	    "*(u32 *)(r1 +48) = -1\nr7 = -1\ncall f\nexit\n"
	    "f: r0 = *(u64 *)(r10 -16)\n*(u64 *)(r10 -16) = -1\nexit");
	ck_assert_int_eq(run(100, &first), ISA_END_EXIT);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(run(100, &second), ISA_END_EXIT);
		ck_assert_uint_eq(second, first);
	}
	ck_assert_uint_eq(first, 0);
}
END_TEST

/* The same for what tc programs write of their context. */
START_TEST(t_context_is_cleared)
{
	uint64_t first = 1, second = 1;

	load(EXO_PROG_TC, "r0 = *(u32 *)(r1 +8)\nr2 = *(u32 *)(r1 +12)\n"
	                  "r0 |= r2\nr2 = *(u32 *)(r1 +32)\nr0 |= r2\n"
	                  "r2 = *(u32 *)(r1 +44)\nr0 |= r2\n"
	                  "r2 = *(u32 *)(r1 +64)\nr0 |= r2\n"
	                  "r2 = *(u32 *)(r1 +72)\nr0 |= r2\n"
	                  "r2 = *(u64 *)(r1 +152)\nr0 |= r2\nr2 = -1\n"
	                  "*(u32 *)(r1 +8) = r2\n*(u32 *)(r1 +12) = r2\n"
	                  "*(u32 *)(r1 +32) = r2\n*(u32 *)(r1 +44) = r2\n"
	                  "*(u32 *)(r1 +64) = r2\n*(u32 *)(r1 +72) = r2\n"
	                  "*(u64 *)(r1 +152) = r2\nexit");
	ck_assert_int_eq(run(100, &first), ISA_END_EXIT);
	ck_assert_int_eq(run(100, &second), ISA_END_EXIT);
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(second, 0);
	ck_assert_uint_eq(vm.own.mark, UINT32_MAX);
	ck_assert_uint_eq(vm.own.tstamp, UINT64_MAX);
	ck_assert_uint_eq(vm.own.tc_classid, 0xffff);
}
END_TEST

/* vm->stack bounds what is cleared, never what may be touched. */
START_TEST(t_stack_clear)
{
	uint64_t r0;

	load(EXO_PROG_MEM, "r0 = *(u64 *)(r10 -8)\nr1 = *(u64 *)(r10 -16)\n"
	                   "*(u64 *)(r10 -8) = 1\n*(u64 *)(r10 -16) = 2\n"
	                   "r0 += r1\nexit");
	vm.stack = 8;
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 0);
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 2);
	vm.stack = UINT32_MAX;
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 0);
}
END_TEST

/* One vm, several programs and packets: isa_point() keeps the packet. */
START_TEST(t_point)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct isa_pkt pkt = { bytes, 4, 60, 1, 0x0800 };
	struct exo_insn second[2] = { { 0xb7, 0, 0, 77 }, { 0x95, 0, 0, 0 } };
	uint64_t r0;

	load(EXO_PROG_SOCKET, "r6 = r1\nr0 = *(u8 *)skb[3]\nexit");
	isa_set_pkt(&vm, &pkt);
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 4);
	isa_point(&vm, EXO_PROG_XDP, second, 2);
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 77);
	isa_point(&vm, EXO_PROG_SOCKET, insns, 3);
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 4);
	pkt.caplen = 3;
	isa_set_pkt(&vm, &pkt);
	ck_assert_int_eq(run(100, &r0), ISA_END_REJECT);
	ck_assert_uint_eq(r0, 0);
}
END_TEST

/* Region numbers: a program may touch exactly the rows in use. */
START_TEST(t_regions)
{
	static uint8_t extra[4] = { 9, 9, 9, 9 };
	uint64_t r0;

	load(EXO_PROG_MEM, "r1 = 0x600000000 ll\nr0 = *(u32 *)(r1 +0)\nexit");
	vm.region[6] = (struct isa_region){ extra, 4, 0, 0 };
	ck_assert_int_eq(run(100, &r0), ISA_END_LOAD);
	vm.nregion = 7;
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 0x09090909);
	load(EXO_PROG_MEM, "r1 = 0x600000000 ll\n*(u32 *)(r1 +0) = 5\nexit");
	vm.region[6] = (struct isa_region){ extra, 4, 0, 0 };
	vm.nregion = 7;
	ck_assert_int_eq(run(100, &r0), ISA_END_STORE);
	vm.region[6].writable = 1;
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(extra[0], 5);
}
END_TEST

static int fuel_helper(struct isa_vm *v, uint32_t nr, uint64_t regs[16])
{
	ck_assert_ptr_eq(v->user, &vm);
	regs[0] = v->fuel;
	if (nr > v->fuel)
		return -1;
	v->fuel -= nr;
	return 0;
}

/* A helper sees the fuel that is left and may take of it. */
START_TEST(t_helper_fuel)
{
	static const struct isa_ops ops = { .helper = fuel_helper };
	uint64_t r0;

	load(EXO_PROG_MEM, "r0 = 0\ncall 10\nr6 = r0\ncall 1\nr0 += r6\nexit");
	vm.ops = &ops;
	vm.user = &vm;
	ck_assert_int_eq(run(100, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(r0, 98 + 86);
	ck_assert_uint_eq(vm.fuel, 100 - 6 - 11);
	ck_assert_int_eq(run(11, &r0), ISA_END_HELPER);
	ck_assert_uint_eq(vm.end_pc, 1);
	ck_assert_int_eq(run(12, &r0), ISA_END_FUEL);
}
END_TEST

static int free_helper(struct isa_vm *v, uint32_t nr, uint64_t regs[16])
{
	(void)v;
	regs[0] = nr;
	return 0;
}

/* A row says what a call counts for; without as much it is not made. */
START_TEST(t_helper_steps)
{
	static const struct isa_ops ops = { .helper = free_helper };
	uint64_t r0;

	ck_assert_uint_eq(isa_helper_steps(6), 256);
	ck_assert_uint_eq(isa_helper_steps(7), 0);
	ck_assert_uint_eq(isa_helper_steps(4), 0); /* there is none */
	ck_assert_uint_eq(isa_helper_steps(UINT32_MAX), 0);
	load(EXO_PROG_MEM, "call 6\ncall 7\nexit");
	vm.ops = &ops;
	ck_assert_int_eq(run(259, &r0), ISA_END_EXIT);
	ck_assert_uint_eq(vm.fuel, 0);
	ck_assert_int_eq(run(258, &r0), ISA_END_FUEL);
	ck_assert_int_eq(run(256, &r0), ISA_END_FUEL);
	ck_assert_uint_eq(vm.end_pc, 0);
}
END_TEST

START_TEST(t_no_ops)
{
	static const struct isa_ops none = { .helper = NULL };
	uint64_t r0;

	load(EXO_PROG_MEM, "call 1\nexit");
	ck_assert_int_eq(run(10, &r0), ISA_END_HELPER);
	vm.ops = &none;
	ck_assert_int_eq(run(10, &r0), ISA_END_HELPER);
	load(EXO_PROG_MEM, "r1 = map[fd:1]\nexit");
	ck_assert_int_eq(run(10, &r0), ISA_END_MAP);
	vm.ops = &none;
	ck_assert_int_eq(run(10, &r0), ISA_END_MAP);
}
END_TEST

Suite *t_isa_interp_suite(void)
{
	Suite *s = suite_create("isa_interp");
	TCase *tc = tcase_create("interp");

	tcase_add_test(tc, t_load);
	tcase_add_test(tc, t_empty_vm);
	tcase_add_test(tc, t_fuel);
	tcase_add_test(tc, t_helper_steps);
	tcase_add_test(tc, t_runs_are_apart);
	tcase_add_test(tc, t_context_is_cleared);
	tcase_add_test(tc, t_stack_clear);
	tcase_add_test(tc, t_point);
	tcase_add_test(tc, t_regions);
	tcase_add_test(tc, t_helper_fuel);
	tcase_add_test(tc, t_no_ops);
	suite_add_tcase(s, tc);
	return s;
}
