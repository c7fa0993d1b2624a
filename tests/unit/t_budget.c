/* SPDX-License-Identifier: BSD-2-Clause */
/* Budgets: what filters and calls of an owner may cost, and whom. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/err.h"
#include "tests/support/world.h"

static struct exo_core *core;

static void setup(void)
{
	core = world_new();
}

static void teardown(void)
{
	world_end(core);
}

static void env_with(
    struct world_env *e, uint32_t rate, uint32_t burst, uint64_t work)
{
	struct exo_env_args args = {
		.rate = rate, .burst = burst, .work = work
	};

	memset(e, 0, sizeof(*e));
	ck_assert_int_eq(exo_env_new(core, &args, &e->name), 0);
	ck_assert_int_eq(
	    exo_grant(core, e->name, EXO_RIGHT_ALL, NULL, &e->key), 0);
}

static void packets(uint32_t n, uint8_t first)
{
	uint8_t data[64] = { first };
	struct exo_pkt p = { .data = data,
		.caplen = sizeof(data),
		.wirelen = sizeof(data),
		.linktype = 1 };

	while (n-- > 0)
		exo_ingest(core, &p, 1);
}

/* A filter that takes about n steps whatever the packet, and accepts; sums of
 * what it loads are no condition. */
static void slow(char *text, size_t room, unsigned n)
{
	size_t at = (size_t)snprintf(
	    text, room, "r6 = r1\nr0 = *(u8 *)skb[0]\nr7 = r0\n");

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at, "r7 *= 3\n");
	snprintf(text + at, room - at,
	    "if r7 == 1 goto no\nr0 = 1\nexit\nno:\nr0 = 0\nexit\n");
}

/* Others decide how often a program of WAKE is asked: that takes nothing of what its
 * environment's filters have, and little time. */
START_TEST(being_asked_costs_no_packets)
{
	struct flt_image img = world_image("r0 = 0\nexit", EXO_PROG_MEM);
	struct world_env e;
	struct exo_report report;
	uint8_t mem[16] = { 0 };
	uint64_t name;

	env_with(&e, 100, 1000, 0);
	name = world_bind(core, &e, "r0 = 1\nexit", 0, EXO_BIND_TAP, 0);
	ck_assert_int_eq(exo_env_predicate(core, e.name, (uintptr_t)img.bytes,
	                     img.size, &report),
	    0);
	for (unsigned i = 0; i < 10000; i++)
		ck_assert(!exo_env_wakes(core, e.name, mem, sizeof(mem)));
	packets(10, 1);
	ck_assert_uint_eq(world_stat(core, &e, name).evaluated, 10);
	ck_assert_uint_eq(world_env_stat(core, &e).unpaid, 0);
	/* each run is paid, in time */
	ck_assert_uint_ge(world_env_stat(core, &e).paid, 10000 * 2);
	flt_image_free(&img);
}
END_TEST

START_TEST(a_rate_is_kept)
{
	char text[8192];
	struct world_env e;
	struct exo_bind_stat st;
	struct exo_env_stat own;
	uint64_t name, steps;

	env_with(&e, 100, 1000, 0);
	slow(text, sizeof(text), 190);
	name = world_bind(core, &e, text, 0, EXO_BIND_TAP, 0);
	steps = world_stat(core, &e, name).max_steps;
	ck_assert_uint_ge(steps, 190);
	packets(10000, 1);
	st = world_stat(core, &e, name);
	/* what came in, and what was saved, and one packet on credit */
	ck_assert_uint_le(st.evaluated * steps, 100 * 10000 + 1000 + steps);
	ck_assert_uint_ge(st.evaluated * steps, 100 * 10000 - steps);
	/* deep in debt it is not even looked for */
	own = world_env_stat(core, &e);
	ck_assert_uint_gt(own.unpaid, 0);
	ck_assert_uint_eq(st.evaluated + st.unpaid + own.unpaid, 10000);
	ck_assert_uint_eq(st.matched, st.evaluated);
	ck_assert_uint_eq(own.paid, st.evaluated * steps);
}
END_TEST

START_TEST(what_is_within_is_never_missed)
{
	char text[8192];
	struct world_env e;
	struct exo_bind_stat st;
	uint64_t name;

	env_with(&e, 300, 0, 0);
	slow(text, sizeof(text), 190);
	name = world_bind(core, &e, text, 0, EXO_BIND_TAP, 0);
	packets(1000, 1);
	st = world_stat(core, &e, name);
	ck_assert_uint_eq(st.matched, 1000);
	ck_assert_uint_eq(st.unpaid, 0);
}
END_TEST

/* The debt is its own: another owner of the same packets gets them all. */
START_TEST(others_get_theirs)
{
	char text[1 << 16];
	struct world_env e, victim;
	struct exo_bind_stat st;
	uint64_t name, theirs;

	env_with(&e, 10, 0, 0);
	env_with(&victim, 0, 0, 0);
	slow(text, sizeof(text), 4000);
	name = world_bind(core, &e, text, 1, EXO_BIND_TAP, 0);
	theirs =
	    world_bind(core, &victim, "r0 = 1\nexit\n", 0, EXO_BIND_TAP, 0);
	packets(5000, 1);
	st = world_stat(core, &e, name);
	ck_assert_uint_le(st.evaluated, 5000 * 10 / 4000 + 2);
	ck_assert_uint_ge(st.evaluated, 5000 * 10 / 4100);
	ck_assert_uint_eq(world_stat(core, &victim, theirs).matched, 5000);
}
END_TEST

/* What need not run takes a step. */
START_TEST(a_condition_is_cheap)
{
	struct world_env e;
	struct exo_bind_stat st;
	uint64_t name;

	env_with(&e, 1, 0, 0);
	name = world_bind(core, &e,
	    "r6 = r1\nr0 = *(u16 *)skb[12]\nif w0 == 0x800 goto yes\n"
	    "r0 = 0\nexit\nyes:\nr0 = 1\nexit\n",
	    0, EXO_BIND_TAP, 0);
	for (int i = 0; i < 100; i++) {
		uint8_t data[64] = { [12] = 8 };
		struct exo_pkt p = {
			.data = data, .caplen = 64, .wirelen = 64, .linktype = 1
		};

		exo_ingest(core, &p, 1);
	}
	st = world_stat(core, &e, name);
	ck_assert_uint_eq(st.matched, 100);
	ck_assert_uint_eq(st.unpaid, 0);
}
END_TEST

START_TEST(calls_are_charged)
{
	char text[8192];
	struct exo_env_stat st;
	struct world_env e;
	struct exo_call_derive d = { 0 };
	struct exo_call_bind a;
	struct flt_image img;
	uint64_t before;
	int err, n = 0;

	env_with(&e, 0, 0, 1000);
	slow(text, sizeof(text), 190);
	img = world_image(text, EXO_PROG_SOCKET);
	do {
		st = world_env_stat(core, &e);
		before = st.work;
		a = world_bind_args(&e, &img);
		err = exo_call(core, e.name, EXO_CALL_BIND_NR, &a, sizeof(a));
		st = world_env_stat(core, &e);
		ck_assert_uint_ge(st.work, before + 190);
		n += err == 0;
	} while (err == 0);
	ck_assert_int_eq(err, -EXO_EBUDGET);
	ck_assert_int_ge(n, 1);
	ck_assert_int_le(n, 5);
	/* from then on nothing is done for him, and nothing charged */
	before = st.work;
	a = world_bind_args(&e, &img);
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_BIND_NR, &a, sizeof(a)),
	    -EXO_EBUDGET);
	d.key = e.key;
	d.rights = EXO_RIGHT_TAP;
	ck_assert_int_eq(
	    exo_call(core, e.name, EXO_CALL_DERIVE_NR, &d, sizeof(d)),
	    -EXO_EBUDGET);
	st = world_env_stat(core, &e);
	ck_assert_uint_eq(st.work, before);
	flt_image_free(&img);
	ck_assert_int_eq(exo_env_end(core, e.name), 0);
	ck_assert_int_eq(exo_env_stat(core, e.name, &st), -EXO_ESTALE);
}
END_TEST

Suite *t_budget_suite(void)
{
	Suite *s = suite_create("budget");
	TCase *t = tcase_create("budget");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_rate_is_kept);
	tcase_add_test(t, being_asked_costs_no_packets);
	tcase_add_test(t, what_is_within_is_never_missed);
	tcase_add_test(t, others_get_theirs);
	tcase_add_test(t, a_condition_is_cheap);
	tcase_add_test(t, calls_are_charged);
	suite_add_tcase(s, t);
	return s;
}
