/* SPDX-License-Identifier: BSD-2-Clause */
/* BIND: what it refuses, what it leaves behind, and its report. */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/core.h"
#include "tests/support/vprog_kinds.h"
#include "tests/support/world.h"
#include "verifier/verifier.h"

static struct exo_core *core;
static struct world_env e, counter;
static struct flt_image img;

static void setup(void)
{
	core = world_new();
	world_env(core, &e, WORLD_RING);
	world_env(core, &counter, 0);
	img = world_image("r0 = 1\nexit\n", EXO_PROG_SOCKET);
}

static void teardown(void)
{
	flt_image_free(&img);
	world_end(core);
	world_env_free(&e);
}

static int bind(const struct world_env *who, struct exo_call_bind *a)
{
	struct exo_core_stat before, after;
	int err;

	exo_core_stat(core, &before);
	err = exo_call(core, who->name, EXO_CALL_BIND_NR, a, sizeof(*a));
	exo_core_stat(core, &after);
	if (err != 0) {
		ck_assert_uint_eq(a->out_binding, 0);
		ck_assert_uint_eq(after.bindings, before.bindings);
		ck_assert_uint_eq(after.refused, before.refused + 1);
	}
	return err;
}

START_TEST(arguments_out_of_range)
{
	struct exo_call_bind a = world_bind_args(&e, &img);

	a.mode = 0;
	ck_assert_int_eq(bind(&e, &a), -EXO_EINVAL);
	a.mode = 4;
	ck_assert_int_eq(bind(&e, &a), -EXO_EINVAL);
	a = world_bind_args(&e, &img);
	a.flags = 1;
	ck_assert_int_eq(bind(&e, &a), -EXO_EINVAL);
	a = world_bind_args(&e, &img);
	a.image_size = EXO_IMAGE_MAX + 1;
	ck_assert_int_eq(bind(&e, &a), -EXO_E2BIG);
	a.image_size = 0;
	ck_assert_int_eq(bind(&e, &a), -EXO_EIMAGE);
	a.image_size = img.size - 1;
	ck_assert_int_eq(bind(&e, &a), -EXO_EIMAGE);
	a = world_bind_args(&counter, &img);
	a.snap = 1; /* nowhere to put it */
	ck_assert_int_eq(bind(&counter, &a), -EXO_EINVAL);
	a.snap = 0;
	ck_assert_int_eq(bind(&counter, &a), 0);
}
END_TEST

START_TEST(addresses_outside_the_caller)
{
	struct plat_env space = {
		.base = img.bytes, .start = 0x1000, .size = img.size
	};
	struct exo_env_args args = { .plat = &space };
	struct exo_call_bind a = world_bind_args(&e, &img);
	struct world_env x = { 0 };

	ck_assert_int_eq(exo_env_new(core, &args, &x.name), 0);
	a.image = 0x1000;
	ck_assert_int_eq(bind(&x, &a), 0);
	a.out_binding = 0;
	a.image = 0x1001;
	ck_assert_int_eq(bind(&x, &a), -EXO_EINVAL);
	a.image = UINT64_MAX - 8;
	ck_assert_int_eq(bind(&x, &a), -EXO_EINVAL);
	a.image = 0x1000;
	a.report = 0x1000 + img.size; /* a good program, a bad report */
	ck_assert_int_eq(bind(&x, &a), -EXO_EINVAL);
}
END_TEST

START_TEST(a_refusal_is_reported)
{
	struct flt_image bad =
	    world_image("r0 = 1\nr1 = r5\nexit\n", EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(&e, &bad);
	struct exo_report report;

	memset(&report, 0xff, sizeof(report));
	a.report = (uintptr_t)&report;
	ck_assert_int_eq(bind(&e, &a), -EXO_EREFUSED);
	ck_assert_uint_ne(report.code, VF_OK);
	ck_assert_uint_eq(report.insn, 1);
	ck_assert_uint_eq(report.reg, 5);
	flt_image_free(&bad);
}
END_TEST

START_TEST(a_pointer_may_not_leave)
{
	struct flt_image leak = world_image("r0 = r1\nexit\n", EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(&e, &leak);

	ck_assert_int_eq(bind(&e, &a), -EXO_EREFUSED);
	flt_image_free(&leak);
}
END_TEST

START_TEST(programs_without_packets_do_not_bind)
{
	struct flt_image mem = world_image("r0 = 1\nexit\n", EXO_PROG_MEM);
	struct exo_call_bind a = world_bind_args(&e, &mem);

	ck_assert_int_eq(bind(&e, &a), -EXO_EINVAL);
	flt_image_free(&mem);
}
END_TEST

/* A straight program of n instructions. */
static struct flt_image straight(uint32_t n)
{
	struct flt_code code = { 0 };
	struct flt_image out;
	struct flt_error err;
	static struct exo_insn insns[VF_EXPLORED_BARE + 1];

	ck_assert_uint_le(n, VF_EXPLORED_BARE + 1);
	for (uint32_t i = 0; i + 1 < n; i++)
		insns[i] =
		    (struct exo_insn){ .code = EXO_ALU64 | EXO_MOV | EXO_K,
			    .imm = 1 };
	insns[n - 1] = (struct exo_insn){ .code = EXO_JMP | EXO_EXIT };
	ck_assert_int_eq(
	    flt_image_write(EXO_PROG_SOCKET, insns, n, NULL, NULL, &out, &err),
	    0);
	flt_code_free(&code);
	return out;
}

START_TEST(more_steps_are_a_right)
{
	struct flt_image most = straight(EXO_STEPS_DEFAULT);
	struct flt_image more = straight(EXO_STEPS_DEFAULT + 1);
	struct exo_call_derive d = { .key = e.key, .rights = EXO_RIGHT_TAP };
	struct exo_call_bind a = world_bind_args(&e, &most);

	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_DERIVE_NR, &d, sizeof(d)), 0);
	a.key = d.out_key;
	ck_assert_int_eq(bind(&e, &a), 0);
	a = world_bind_args(&e, &more);
	a.key = d.out_key;
	ck_assert_int_eq(bind(&e, &a), -EXO_EPERM);
	a.key = e.key;
	ck_assert_int_eq(bind(&e, &a), 0);
	flt_image_free(&most);
	flt_image_free(&more);
}
END_TEST

/* A core that is not told otherwise has the limits of bare metal. */
START_TEST(the_budget_is_small)
{
	struct flt_image most = straight(VF_EXPLORED_BARE);
	struct flt_image more = straight(VF_EXPLORED_BARE + 1);
	struct exo_call_bind a = world_bind_args(&e, &most);
	struct exo_report report;
	struct flt_image wide;
	struct flt_error err;
	struct vprog p;

	a.report = (uintptr_t)&report;
	ck_assert_int_eq(bind(&e, &a), 0);
	a = world_bind_args(&e, &more);
	a.report = (uintptr_t)&report;
	ck_assert_int_eq(bind(&e, &a), -EXO_EBUDGET);
	ck_assert_uint_eq(report.code, VF_BUDGET_EXPLORED);
	ck_assert_uint_eq(report.limit, VF_EXPLORED_BARE);
	vp_line_joins(&p, VF_EXPLORED_BARE / 2);
	ck_assert_int_eq(
	    flt_image_write(p.type, p.insns, p.n, NULL, NULL, &wide, &err), 0);
	a = world_bind_args(&e, &wide);
	a.report = (uintptr_t)&report;
	ck_assert_int_eq(bind(&e, &a), -EXO_EBUDGET);
	ck_assert_uint_eq(report.code, VF_BUDGET_MEM);
	ck_assert_uint_eq(report.limit, VF_MEM_BARE);
	vp_free(&p);
	flt_image_free(&wide);
	flt_image_free(&most);
	flt_image_free(&more);
}
END_TEST

START_TEST(an_owner_pays_for_its_programs)
{
	struct exo_env_args args = { .mem = 100000 };
	struct exo_call_bind a = world_bind_args(&e, &img);
	struct flt_image big = straight(8000);
	struct exo_core_stat st;
	uint64_t name, used;
	int n = 0;

	ck_assert_int_eq(exo_env_new(core, &args, &name), 0);
	a.image = (uintptr_t)big.bytes;
	a.image_size = big.size;
	ck_assert_int_eq(
	    exo_call(core, name, EXO_CALL_BIND_NR, &a, sizeof(a)), -EXO_ENOMEM);
	a = world_bind_args(&e, &img);
	exo_core_stat(core, &st);
	used = st.mem;
	while (exo_call(core, name, EXO_CALL_BIND_NR, &a, sizeof(a)) == 0)
		n++;
	ck_assert_int_gt(n, 10);
	/* another owner does not notice */
	ck_assert_int_eq(bind(&e, &a), 0);
	ck_assert_int_eq(exo_env_end(core, name), 0);
	exo_core_stat(core, &st);
	ck_assert_uint_le(st.mem, used + 1000000);
	flt_image_free(&big);
}
END_TEST

START_TEST(only_the_owner_unbinds_and_reads)
{
	struct exo_call_bind a = world_bind_args(&e, &img);
	struct exo_call_unbind u;
	struct exo_call_stat s;

	ck_assert_int_eq(bind(&e, &a), 0);
	u.binding = s.binding = a.out_binding;
	ck_assert_int_eq(
	    exo_call(core, counter.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)),
	    -EXO_ENOENT);
	ck_assert_int_eq(
	    exo_call(core, counter.name, EXO_CALL_STAT_NR, &s, sizeof(s)),
	    -EXO_ENOENT);
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_STAT_NR, &s, sizeof(s)), 0);
	ck_assert_uint_eq(s.out_stat.insns, 2);
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)), 0);
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)),
	    -EXO_ENOENT);
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_STAT_NR, &s, sizeof(s)),
	    -EXO_ENOENT);
}
END_TEST

START_TEST(the_kernel_keeps_its_own_copy)
{
	struct exo_call_bind a = world_bind_args(&e, &img);
	struct exo_insn before[2];
	const struct exo_insn *insns;
	uint32_t n;

	ck_assert_int_eq(bind(&e, &a), 0);
	insns = exo_binding_insns(core, a.out_binding, &n);
	ck_assert_uint_eq(n, 2);
	memcpy(before, insns, sizeof(before));
	memset(img.bytes, 0xff, img.size);
	ck_assert_mem_eq(insns, before, sizeof(before));
	ck_assert_ptr_null(exo_binding_insns(core, 0, &n));
}
END_TEST

Suite *t_bind_suite(void)
{
	Suite *s = suite_create("bind");
	TCase *t = tcase_create("bind");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, arguments_out_of_range);
	tcase_add_test(t, addresses_outside_the_caller);
	tcase_add_test(t, a_refusal_is_reported);
	tcase_add_test(t, a_pointer_may_not_leave);
	tcase_add_test(t, the_budget_is_small);
	tcase_add_test(t, programs_without_packets_do_not_bind);
	tcase_add_test(t, more_steps_are_a_right);
	tcase_add_test(t, an_owner_pays_for_its_programs);
	tcase_add_test(t, only_the_owner_unbinds_and_reads);
	tcase_add_test(t, the_kernel_keeps_its_own_copy);
	suite_add_tcase(s, t);
	return s;
}
