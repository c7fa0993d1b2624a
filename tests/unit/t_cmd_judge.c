/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/replay_total.c: a compiled filter that lies is found out by a core
 * that judges, is named, and makes the run disagree. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/core_int.h"
#include "exo/hosted/replay.h"
#include "filters/filters.h"

static const uint8_t frame[60] = { [12] = 8, [14] = 0x45, [23] = 6 };

/* What stands where compiled code should. */
static uint64_t rejects(struct jit_ctx *ctx, const uint8_t *data, uint64_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static struct replay rp;
static struct replay_opts opts;
static struct replay_owner owner;
static struct exo_key key;
static struct replay_link ether = { .linktype = 1 };
static uint64_t bound[2];
static uint32_t owner_of[2];

static void bind_one(uint32_t i)
{
	struct flt_image img;
	struct flt_error err;
	struct exo_call_bind a = {
		.key = key, .linktype = 1, .mode = EXO_BIND_TAP, .tag = i
	};

	ck_assert_int_eq(
	    flt_expr_image(rp.set.v[i].expr, 1, 0, "test", &img, &err), 0);
	a.image = (uintptr_t)img.bytes;
	a.image_size = img.size;
	ck_assert_int_eq(
	    exo_call(rp.core, owner.env, EXO_CALL_BIND_NR, &a, sizeof(a)), 0);
	bound[i] = a.out_binding;
	flt_image_free(&img);
}

static void setup(void)
{
	const struct exo_core_config cfg = { .judge = opts.judge };
	struct exo_env_args args = { .plat = NULL };
	char err[CMD_BINDING_ERR];

	memset(&rp, 0, sizeof(rp));
	rp.opts = &opts;
	rp.owners = &owner;
	rp.nowners = 1;
	rp.owner_of = owner_of;
	rp.links = &ether;
	rp.nlinks = 1;
	ether.bound = bound;
	ck_assert_int_eq(cmd_bindings_add(&rp.set, "honest=tcp", err), 0);
	ck_assert_int_eq(cmd_bindings_add(&rp.set, "liar=ip", err), 0);
	ck_assert_int_eq(exo_core_new(&cfg, &rp.core), 0);
	ck_assert_int_eq(exo_env_new(rp.core, &args, &owner.env), 0);
	ck_assert_int_eq(exo_grant(rp.core, owner.env,
	                     EXO_RIGHT_TAP | EXO_RIGHT_STEPS, NULL, &key),
	    0);
	bind_one(0);
	bind_one(1);
}

static void teardown(void)
{
	size_t i;

	for (i = 0; i < rp.nerrors; i++)
		free(rp.errors[i]);
	free(rp.errors);
	exo_core_free(rp.core);
	cmd_bindings_free(&rp.set);
}

static void lie(uint32_t i)
{
	struct binding *b = exo_pool_find(&rp.core->binds, bound[i]);

	ck_assert_ptr_nonnull(b);
	b->run = rejects;
}

static void ingest(uint32_t n)
{
	struct exo_pkt p = { .data = frame,
		.caplen = sizeof(frame),
		.wirelen = sizeof(frame),
		.linktype = 1 };

	for (; n > 0; n--) {
		exo_ingest(rp.core, &p, 1);
		rp.base++;
		if (p.matched == 0)
			rp.none.packets++;
	}
	replay_check(&rp);
}

START_TEST(engines_that_agree)
{
	struct replay_sum sum;

	opts.judge = true;
	setup();
	ingest(3);
	replay_sum(&rp, 1, &sum);
	ck_assert_uint_eq(sum.matched, 3);
	ck_assert_uint_eq(sum.differed, 0);
	ck_assert(!rp.disagree && !rp.failed);
	teardown();
}
END_TEST

START_TEST(engines_that_differ)
{
	struct replay_sum sum;

	opts.judge = true;
	setup();
	lie(1);
	ingest(3);
	replay_sum(&rp, 0, &sum);
	ck_assert_uint_eq(sum.differed, 0);
	replay_sum(&rp, 1, &sum);
	ck_assert_uint_eq(sum.matched, 0);
	ck_assert_uint_eq(sum.differed, 3);
	ck_assert(rp.disagree && rp.failed);
	ck_assert_uint_eq(rp.nerrors, 1);
	ck_assert_str_eq(rp.errors[0],
	    "liar: 'ip': the compiled filter and the interpreter differ on 3 "
	    "packets; please report it");
	teardown();
}
END_TEST

START_TEST(nobody_judges)
{
	opts.judge = false;
	setup();
	lie(1);
	ingest(1);
	ck_assert(!rp.disagree);
	teardown();
}
END_TEST

START_TEST(code_has_an_address)
{
	struct exo_core_stat st;
	uint32_t a = 0, b = 0;
	const uint8_t *p, *q;

	opts.judge = false;
	setup();
	p = exo_binding_code(rp.core, bound[0], &a);
	q = exo_binding_code(rp.core, bound[1], &b);
	exo_core_stat(rp.core, &st);
	ck_assert(p != NULL && q != NULL && p != q);
	ck_assert_uint_eq(a + b, st.code);
	ck_assert_ptr_null(exo_binding_code(rp.core, 77, &a));
	teardown();
}
END_TEST

Suite *t_cmd_judge_suite(void)
{
	Suite *s = suite_create("t_cmd_judge");
	TCase *tc = tcase_create("judge");

	tcase_add_test(tc, engines_that_agree);
	tcase_add_test(tc, engines_that_differ);
	tcase_add_test(tc, nobody_judges);
	tcase_add_test(tc, code_has_an_address);
	suite_add_tcase(s, tc);
	return s;
}
