/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code of bindings: whose it is, how much there may be, what judges it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "tests/support/world.h"
#include "tests/unit/suites.h"

static const char arp[] = "r6 = r1\nr0 = *(u16 *)skb[12]\n"
                          "if w0 == 0x806 goto yes\nr0 = 0\nexit\n"
                          "yes:\nr0 = 1000\nexit\n";
static uint8_t frame[64] = { [12] = 8, 6 };

static struct exo_core *make(const struct exo_core_config *cfg)
{
	struct exo_core *core;

	plat_test_reset(1);
	ck_assert_int_eq(exo_core_new(cfg, &core), 0);
	return core;
}

static int bind(
    struct exo_core *core, const struct world_env *e, uint64_t *name)
{
	struct flt_image img = world_image(arp, EXO_PROG_SOCKET);
	struct exo_call_bind a = world_bind_args(e, &img);
	int err = exo_call(core, e->name, EXO_CALL_BIND_NR, &a, sizeof(a));

	flt_image_free(&img);
	*name = a.out_binding;
	return err;
}

static void ingest(struct exo_core *core, uint32_t caplen)
{
	struct exo_pkt p = { .data = frame,
		.caplen = caplen,
		.wirelen = sizeof(frame),
		.linktype = 1 };

	exo_ingest(core, &p, 1);
}

/* Who has used up its budget is refused, others are not; what is unbound may
 * be used again. */
START_TEST(code_has_a_budget)
{
	struct exo_core *core = make(&(struct exo_core_config){ .code = 300 });
	struct exo_call_unbind u = { 0 };
	struct world_env a, b;
	struct exo_core_stat st;
	uint64_t name = 0, last;
	unsigned n = 0;

	world_env(core, &a, 0);
	world_env(core, &b, 0);
	while (bind(core, &a, &last) == 0) {
		name = last;
		n++;
	}
	ck_assert_uint_ge(n, 2);
	ck_assert_uint_le(n, 300 / 20);
	exo_core_stat(core, &st);
	ck_assert_uint_le(st.code, 300);
	ck_assert_uint_gt(st.code, 0);
	ck_assert_int_eq(bind(core, &a, &last), -EXO_ELIMIT);
	ck_assert_int_eq(bind(core, &b, &last), 0);
	u.binding = name;
	ck_assert_int_eq(
	    exo_call(core, a.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)), 0);
	ck_assert_int_eq(bind(core, &a, &last), 0);
	ck_assert_int_eq(exo_env_end(core, a.name), 0);
	ck_assert_int_eq(exo_env_end(core, b.name), 0);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.code, 0);
	exo_core_free(core);
	plat_test_check_leaks();
}
END_TEST

/* Compiling has one of memory; nothing is left of what it took. */
START_TEST(compiling_has_a_budget)
{
	struct exo_core *core =
	    make(&(struct exo_core_config){ .compile_mem = 4000 });
	struct world_env e;
	struct exo_core_stat st;
	uint64_t name;

	world_env(core, &e, 0);
	ck_assert_int_eq(bind(core, &e, &name), -EXO_EBUDGET);
	exo_core_stat(core, &st);
	ck_assert_uint_eq(st.code, 0);
	ck_assert_uint_eq(st.refused, 1);
	exo_core_free(core);
	plat_test_check_leaks();
}
END_TEST

static uint64_t wrong(struct jit_ctx *ctx, const uint8_t *data, uint64_t size)
{
	(void)ctx;
	(void)data;
	return size;
}

/* A judge finds no difference where there is none, and one where there is. */
START_TEST(the_judge_counts_differences)
{
	struct exo_core *core =
	    make(&(struct exo_core_config){ .judge = true });
	struct binding *b;
	struct world_env e;
	uint64_t name;
	uint32_t c;

	world_env(core, &e, 0);
	ck_assert_int_eq(bind(core, &e, &name), 0);
	for (c = 0; c <= sizeof(frame); c++)
		ingest(core, c);
	ck_assert_uint_eq(
	    world_stat(core, &e, name).matched, sizeof(frame) + 1 - 14);
	ck_assert_uint_eq(world_stat(core, &e, name).differed, 0);
	b = binding_find(core, env_find(core, e.name), name);
	b->run = wrong;
	ingest(core, 20);
	ck_assert_uint_eq(world_stat(core, &e, name).differed, 1);
	exo_core_free(core);
	plat_test_check_leaks();
}
END_TEST

/* Hardened code has the same verdicts; each BIND draws another seed. */
START_TEST(hardened_code_does_the_same)
{
	struct exo_core *core = make(&(struct exo_core_config){
	    .judge = true, .harden = JIT_HARDEN_BLIND | JIT_HARDEN_FENCE });
	const uint8_t *one, *two;
	struct world_env e;
	uint64_t name[2];
	uint32_t size[2], c;

	world_env(core, &e, 0);
	ck_assert_int_eq(bind(core, &e, &name[0]), 0);
	ck_assert_int_eq(bind(core, &e, &name[1]), 0);
	for (c = 0; c <= sizeof(frame); c++)
		ingest(core, c);
	ck_assert_uint_eq(
	    world_stat(core, &e, name[1]).matched, sizeof(frame) + 1 - 14);
	ck_assert_uint_eq(world_stat(core, &e, name[0]).differed, 0);
	one =
	    jit_bytes(binding_find(core, env_find(core, e.name), name[0])->code,
	        &size[0]);
	two =
	    jit_bytes(binding_find(core, env_find(core, e.name), name[1])->code,
	        &size[1]);
	ck_assert(size[0] != size[1] || memcmp(one, two, size[0]) != 0);
	exo_core_free(core);
	plat_test_check_leaks();
}
END_TEST

/* Contexts are filled where somebody looks; packets without bytes are there
 * for all. */
START_TEST(contexts_are_filled_for_those_who_look)
{
	struct exo_core *core = make(&(struct exo_core_config){ 0 });
	struct exo_call_unbind u = { 0 };
	struct world_env e;
	uint64_t name, len;

	world_env(core, &e, 0);
	ck_assert_int_eq(bind(core, &e, &name), 0);
	ck_assert(!binding_find(core, env_find(core, e.name), name)->looks);
	ingest(core, 14);
	ingest(core, 0);
	len = world_bind(core, &e,
	    "r0 = *(u32 *)(r1 +0)\nif w0 == 64 goto +1\nr0 = 0\nexit\n", 0,
	    EXO_BIND_TAP, 0);
	ck_assert(binding_find(core, env_find(core, e.name), len)->looks);
	ingest(core, 20);
	ingest(core, 0);
	ck_assert_uint_eq(world_stat(core, &e, len).matched, 2);
	ck_assert_uint_eq(world_stat(core, &e, name).matched, 2);
	u.binding = len;
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_UNBIND_NR, &u, sizeof(u)), 0);
	ingest(core, 20);
	ck_assert_uint_eq(world_stat(core, &e, name).matched, 3);
	exo_core_free(core);
	plat_test_check_leaks();
}
END_TEST

/* Without passes, programs do the same. */
START_TEST(passes_may_be_left_out)
{
	struct exo_core *core = make(
	    &(struct exo_core_config){ .judge = true, .without = UINT32_MAX });
	struct world_env e;
	uint64_t name;

	world_env(core, &e, 0);
	ck_assert_int_eq(bind(core, &e, &name), 0);
	ingest(core, sizeof(frame));
	ingest(core, 13);
	ck_assert_uint_eq(world_stat(core, &e, name).matched, 1);
	ck_assert_uint_eq(world_stat(core, &e, name).differed, 0);
	exo_core_free(core);
}
END_TEST

Suite *t_bind_code_suite(void)
{
	Suite *s = suite_create("bind_code");
	TCase *t = tcase_create("bind_code");

	tcase_add_test(t, code_has_a_budget);
	tcase_add_test(t, compiling_has_a_budget);
	tcase_add_test(t, the_judge_counts_differences);
	tcase_add_test(t, hardened_code_does_the_same);
	tcase_add_test(t, contexts_are_filled_for_those_who_look);
	tcase_add_test(t, passes_may_be_left_out);
	suite_add_tcase(s, t);
	return s;
}
