/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs in slots: they come with an image or are put there by their owner, run
 * in the binding's world, and are held to what the binding's program is.
 */
#include <stdio.h>

#include "exo/lib/fmt.h"
#include "tests/support/oom.h"
#include "tests/unit/suites.h"
#include "tests/unit/theft.h"
#include "verifier/verifier.h"

enum {
	PROGS,
	COUNT
};

static const struct exo_map_def defs[] = {
	[PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 },
	[COUNT] = { EXO_MAP_ARRAY, 4, 8, 1, 0 },
};
#define NDEFS 2u

#define TAIL(slot) "r2 = map[idx:0]\nr3 = " #slot "\ncall tail_call\n"
#define ADD(k)                                                   \
	"r7 = map[idx:1][0]+0\nr8 = *(u64 *)(r7 + 0)\nr8 += " #k \
	"\n*(u64 *)(r7 + 0) = r8\n"
#define ACCEPT "r0 = -1\nexit\n"
#define REJECT "r0 = 0\nexit\n"

/* What its own program does: on to slot 1, or nothing. */
#define MAIN TAIL(1) REJECT

static uint64_t bound;
static struct exo_report report;

static int bind_tails(uint32_t rights, const char *text, uint32_t type,
    const struct world_tail *tails, uint32_t n)
{
	struct flt_image img =
	    world_image_tails(text, type, defs, NDEFS, tails, n);
	struct exo_call_bind a = world_bind_args(&thief, &img);
	int err;

	ck_assert_int_eq(exo_grant(core, thief.name, rights, NULL, &a.key), 0);
	report = (struct exo_report){ .code = 0 };
	a.report = (uintptr_t)&report;
	err = exo_call(core, thief.name, EXO_CALL_BIND_NR, &a, sizeof(a));
	flt_image_free(&img);
	bound = a.out_binding;
	return err;
}

static int put_image(const struct world_env *e, uint32_t map, uint32_t slot,
    const struct flt_image *img)
{
	struct exo_call_slot a = { .binding = bound,
		.image = (uintptr_t)img->bytes,
		.image_size = img->size,
		.map = map,
		.slot = slot,
		.report = (uintptr_t)&report };

	report = (struct exo_report){ .code = 0 };
	return exo_call(core, e->name, EXO_CALL_SLOT_NR, &a, sizeof(a));
}

static int put(uint32_t slot, uint32_t type, const char *text)
{
	struct flt_image img = { NULL, 0 };
	int err;

	if (text != NULL)
		img = world_image_maps(text, type, defs, NDEFS);
	err = put_image(&thief, PROGS, slot, &img);
	flt_image_free(&img);
	return err;
}

/* A packet; how often it was counted. */
static uint64_t counted(void)
{
	struct exo_pkt p = { .linktype = 1, .wirelen = 61 };
	const uint32_t zero = 0;
	uint64_t before, after;

	ck_assert_int_eq(
	    exo_binding_lookup(core, bound, COUNT, &zero, &before), 0);
	exo_ingest(core, &p, 1);
	ck_assert_int_eq(
	    exo_binding_lookup(core, bound, COUNT, &zero, &after), 0);
	return after - before;
}

static uint64_t matched(void)
{
	struct exo_bind_stat st = world_stat(core, &thief, bound);

	ck_assert_uint_eq(st.differed, 0);
	return st.matched;
}

/* With a judge and without. */
static void fresh(int judge)
{
	const struct exo_core_config cfg = { .judge = judge != 0 };

	end();
	begin(&cfg);
}

START_TEST(slots_come_with_the_image)
{
	static const struct world_tail tails[] = {
		{ ADD(1) TAIL(3) REJECT, PROGS, 1 },
		{ ADD(100) ACCEPT, PROGS, 3 },
	};

	fresh(_i);
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, ADD(10) MAIN, EXO_PROG_SOCKET, tails, 2),
	    0);
	ck_assert_uint_eq(counted(), 111);
	ck_assert_uint_eq(matched(), 1);
	/* the first returns what it likes when the last is gone */
	ck_assert_int_eq(put(3, EXO_PROG_SOCKET, NULL), 0);
	ck_assert_uint_eq(counted(), 11);
	ck_assert_uint_eq(matched(), 1);
}
END_TEST

START_TEST(slots_are_filled_and_emptied)
{
	fresh(_i);
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_XDP, NULL, 0), 0);
	ck_assert_uint_eq(counted(), 0);
	ck_assert_int_eq(put(1, EXO_PROG_XDP, ADD(1) "r0 = 2\nexit"), 0);
	ck_assert_uint_eq(counted(), 1);
	ck_assert_uint_eq(matched(), 1);
	ck_assert_int_eq(put(1, EXO_PROG_XDP, ADD(5) "r0 = 1\nexit"), 0);
	ck_assert_uint_eq(counted(), 5);
	ck_assert_uint_eq(matched(), 1);
	ck_assert_int_eq(put(2, EXO_PROG_XDP, ADD(7) "r0 = 2\nexit"), 0);
	ck_assert_uint_eq(counted(), 5);
	ck_assert_int_eq(put(1, EXO_PROG_XDP, NULL), 0);
	ck_assert_int_eq(put(1, EXO_PROG_XDP, NULL), 0);
	ck_assert_uint_eq(counted(), 0);
	ck_assert_uint_eq(matched(), 1);
}
END_TEST

/* One that calls itself runs 33 times, and then goes on. */
START_TEST(tails_end)
{
	static const struct world_tail self = { ADD(1) TAIL(1) ACCEPT, PROGS,
		1 };

	fresh(_i);
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, &self, 1), 0);
	ck_assert_uint_eq(counted(), 33);
	ck_assert_uint_eq(matched(), 1);
	ck_assert_uint_eq(
	    world_stat(core, &thief, bound).max_steps, 5 + 33 * 9);
}
END_TEST

/* --- who may what ------------------------------------------------------------- */

START_TEST(programs_that_do_not_fit)
{
	static const struct exo_map_def other[] = {
		{ EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 },
		{ EXO_MAP_ARRAY, 4, 16, 1, 0 },
	};
	const struct world_tail family = { ACCEPT, PROGS, 1 };
	struct flt_image ok =
	    world_image_maps(ACCEPT, EXO_PROG_SOCKET, defs, NDEFS);
	struct flt_image of[] = {
		world_image_maps(ACCEPT, EXO_PROG_SOCKET, other, 2),
		world_image_maps(ACCEPT, EXO_PROG_SOCKET, defs, 1),
		world_image_maps(ACCEPT, EXO_PROG_XDP, defs, NDEFS),
		world_image_maps(ACCEPT, EXO_PROG_MEM, defs, NDEFS),
		world_image_tails(
		    ACCEPT, EXO_PROG_SOCKET, defs, NDEFS, &family, 1),
	};

	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, NULL, 0), 0);
	for (uint32_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		ck_assert_int_eq(
		    put_image(&thief, PROGS, 1, &of[i]), -EXO_EINVAL);
		flt_image_free(&of[i]);
	}
	ck_assert_int_eq(put_image(&thief, PROGS, 4, &ok), -EXO_EINVAL);
	ck_assert_int_eq(put_image(&thief, COUNT, 0, &ok), -EXO_EINVAL);
	ck_assert_int_eq(put_image(&thief, 2, 0, &ok), -EXO_EINVAL);
	ck_assert_int_eq(put_image(&victim, PROGS, 1, &ok), -EXO_ENOENT);
	ok.bytes[0] ^= 1;
	ck_assert_int_eq(put_image(&thief, PROGS, 1, &ok), -EXO_EIMAGE);
	ok.bytes[0] ^= 1;
	counted();
	ck_assert_uint_eq(matched(), 0);
	ck_assert_int_eq(put_image(&thief, PROGS, 1, &ok), 0);
	counted();
	ck_assert_uint_eq(matched(), 1);
	ck_assert_int_eq(unbind(&thief, bound), 0);
	ck_assert_int_eq(put_image(&thief, PROGS, 1, &ok), -EXO_ENOENT);
	flt_image_free(&ok);
}
END_TEST

START_TEST(arguments_are_looked_at)
{
	struct flt_image img =
	    world_image_maps(ACCEPT, EXO_PROG_SOCKET, defs, NDEFS);
	struct exo_call_slot a = {
		.image = (uintptr_t)img.bytes, .image_size = img.size, .slot = 1
	};

	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, NULL, 0), 0);
	a.binding = bound;
	a.zero = 1;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_SLOT_NR, &a, sizeof(a)),
	    -EXO_EINVAL);
	a.zero = 0;
	a.image_size = EXO_IMAGE_MAX + 1;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_SLOT_NR, &a, sizeof(a)),
	    -EXO_E2BIG);
	a.image_size = 1;
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_SLOT_NR, &a, sizeof(a)),
	    -EXO_EIMAGE);
	/* a binding without maps has no slots */
	a.image_size = img.size;
	a.binding =
	    world_bind(core, &thief, "r0 = 0\nexit", 0, EXO_BIND_TAP, 0);
	ck_assert_int_eq(
	    exo_call(core, thief.name, EXO_CALL_SLOT_NR, &a, sizeof(a)),
	    -EXO_EINVAL);
	flt_image_free(&img);
}
END_TEST

/* The rules of the binding's own program, and the instruction to blame. */
START_TEST(programs_that_are_refused)
{
	static const struct {
		uint32_t type;
		const char *text;
		uint32_t code, insn;
	} bad[] = {
		{ EXO_PROG_SOCKET, "exit", VF_UNINIT_R0, 0 },
		{ EXO_PROG_SOCKET, "r0 = 0\nr0 = map[idx:1]\nexit", VF_LEAK_R0,
		    3 },
		{ EXO_PROG_SOCKET, "r0 = map[idx:2]\nexit", VF_MAP, 0 },
		{ EXO_PROG_XDP, "r2 = 4\ncall xdp_adjust_head\nexit",
		    VF_PKT_WRITE, 1 },
	};
	const struct world_tail tails[] = { { ACCEPT, PROGS, 0 },
		{ bad[_i].text, PROGS, 1 } };

	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, bad[_i].type, NULL, 0), 0);
	ck_assert_int_eq(put(1, bad[_i].type, ADD(1) ACCEPT), 0);
	ck_assert_int_eq(put(1, bad[_i].type, bad[_i].text), -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, bad[_i].code);
	ck_assert_uint_eq(report.insn, bad[_i].insn);
	ck_assert_uint_eq(counted(), 1); /* the other one stays */
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, bad[_i].type, tails, 2),
	    -EXO_EREFUSED);
	ck_assert_uint_eq(report.code, bad[_i].code);
	ck_assert_uint_eq(report.insn, 6 + 2 + bad[_i].insn);
}
END_TEST

/* So many steps, on a straight way. */
static const char *steps(uint32_t n)
{
	static char text[16384];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	for (uint32_t i = 2; i < n; i++)
		exo_fmt_str(&f, "r1 = 0\n");
	exo_fmt_str(&f, "r0 = 1\nexit\n");
	return text;
}

/* Each of 33 calls may take the longest; the right to STEPS is for all. */
START_TEST(steps_are_those_of_all)
{
	const uint32_t few = EXO_RIGHT_ALL & ~EXO_RIGHT_STEPS;
	const uint32_t most = (EXO_STEPS_DEFAULT - 5) / 33;
	struct world_tail tail = { steps(most), PROGS, 1 };

	ck_assert_int_eq(bind_tails(few, MAIN, EXO_PROG_SOCKET, &tail, 1), 0);
	ck_assert_uint_eq(
	    world_stat(core, &thief, bound).max_steps, 5 + 33 * most);
	ck_assert_int_eq(put(2, EXO_PROG_SOCKET, steps(most + 1)), -EXO_EPERM);
	ck_assert_uint_eq(
	    world_stat(core, &thief, bound).max_steps, 5 + 33 * most);
	ck_assert_int_eq(put(1, EXO_PROG_SOCKET, steps(10)), 0);
	ck_assert_uint_eq(world_stat(core, &thief, bound).max_steps, 5 + 330);
	tail.text = steps(most + 1);
	ck_assert_int_eq(
	    bind_tails(few, MAIN, EXO_PROG_SOCKET, &tail, 1), -EXO_EPERM);
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, &tail, 1), 0);
	ck_assert_uint_eq(
	    world_stat(core, &thief, bound).max_steps, 5 + 33 * (most + 1));
}
END_TEST

/* --- what it costs ------------------------------------------------------------ */

static struct exo_env_stat thief_stat(void)
{
	return world_env_stat(core, &thief);
}

/* All is charged while it is there, and given back then. */
START_TEST(programs_are_charged)
{
	struct exo_env_stat before = thief_stat(), with, two, now;

	fresh(_i);
	before = thief_stat();
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, NULL, 0), 0);
	with = thief_stat();
	ck_assert_int_eq(put(1, EXO_PROG_SOCKET, steps(200)), 0);
	two = thief_stat();
	ck_assert_uint_gt(two.mem, with.mem + 200 * 8);
	ck_assert_uint_gt(two.code, with.code);
	ck_assert_uint_gt(two.work, with.work);
	ck_assert_int_eq(put(1, EXO_PROG_SOCKET, steps(200)), 0);
	now = thief_stat();
	ck_assert_uint_eq(now.mem, two.mem);
	ck_assert_uint_eq(now.code, two.code);
	ck_assert_int_eq(put(1, EXO_PROG_SOCKET, NULL), 0);
	now = thief_stat();
	ck_assert_uint_eq(now.mem, with.mem);
	ck_assert_uint_eq(now.code, with.code);
	ck_assert_int_eq(put(1, EXO_PROG_SOCKET, steps(200)), 0);
	ck_assert_int_eq(put(2, EXO_PROG_SOCKET, "exit"), -EXO_EREFUSED);
	ck_assert_uint_eq(thief_stat().code, two.code);
	ck_assert_uint_eq(thief_stat().mem, two.mem);
	ck_assert_int_eq(unbind(&thief, bound), 0);
	now = thief_stat();
	ck_assert_uint_eq(now.code, before.code);
}
END_TEST

/* Proving programs for slots is bounded and charged as proving any is. */
START_TEST(proofs_have_one_budget)
{
	const struct exo_core_config cfg = { .verify_insns = 1000 };
	const char *half = steps(400);
	const struct world_tail tails[] = { { half, PROGS, 1 },
		{ half, PROGS, 2 }, { half, PROGS, 3 } };
	uint64_t before;

	end();
	begin(&cfg);
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, tails, 2), 0);
	before = thief_stat().work;
	ck_assert_int_eq(
	    bind_tails(EXO_RIGHT_ALL, MAIN, EXO_PROG_SOCKET, tails, 3),
	    -EXO_EBUDGET);
	ck_assert_uint_ge(thief_stat().work, before + 800);
}
END_TEST

static struct flt_image oom_img, oom_more;

static int bind_and_put(void *arg)
{
	const struct exo_core_config cfg = { .judge = true };
	struct exo_call_bind a = world_bind_args(&thief, &oom_img);
	struct exo_call_slot more = { .image = (uintptr_t)oom_more.bytes,
		.image_size = oom_more.size,
		.slot = 2 };
	struct world_life l;
	int err = world_life(&l, &cfg, 0, NULL);

	(void)arg;
	a.key = l.key;
	if (err == 0)
		err = exo_call(l.core, l.env, EXO_CALL_BIND_NR, &a, sizeof(a));
	more.binding = a.out_binding;
	if (err == 0)
		err = exo_call(
		    l.core, l.env, EXO_CALL_SLOT_NR, &more, sizeof(more));
	exo_core_free(l.core);
	return err;
}

START_TEST(every_allocation_fails)
{
	static const struct world_tail tail = { ADD(1) ACCEPT, PROGS, 1 };

	oom_img =
	    world_image_tails(MAIN, EXO_PROG_SOCKET, defs, NDEFS, &tail, 1);
	oom_more = world_image_maps(ADD(2) ACCEPT, EXO_PROG_SOCKET, defs, 2);
	ck_assert_uint_ge(test_oom_loop(bind_and_put, NULL), 20);
	flt_image_free(&oom_img);
	flt_image_free(&oom_more);
}
END_TEST

Suite *t_slot_suite(void)
{
	Suite *s = suite_create("slot");
	TCase *t = tcase_create("slot"), *oom = tcase_create("oom");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, slots_come_with_the_image, 0, 2);
	tcase_add_loop_test(t, slots_are_filled_and_emptied, 0, 2);
	tcase_add_loop_test(t, tails_end, 0, 2);
	tcase_add_test(t, programs_that_do_not_fit);
	tcase_add_test(t, arguments_are_looked_at);
	tcase_add_loop_test(t, programs_that_are_refused, 0, 4);
	tcase_add_test(t, steps_are_those_of_all);
	tcase_add_loop_test(t, programs_are_charged, 0, 2);
	tcase_add_test(t, proofs_have_one_budget);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(oom, setup, teardown);
	tcase_add_test(oom, every_allocation_fails);
	suite_add_tcase(s, oom);
	return s;
}
