/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases of tests/cases/verify with too little memory.
 *
 * Each program is judged with budgets of memory in small steps, up to what it
 * needs: the arena takes pieces of just their size when a budget ends, so that
 * another piece fails each time. Whatever fails, the verdict says so and
 * nothing is left behind; from the first budget that is enough on, the verdict
 * is the one that any larger budget gives.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "tests/support/case.h"
#include "tests/support/mem.h"
#include "verifier/verifier.h"

/* Budgets for each case, fewer for one that needs much. Needs differ, so that
 * the pieces that fail differ from case to case. */
#define STEPS      64u
#define STEPS_MUCH 4u
#define MUCH       (256u << 10)
#define WORK_STEPS 12u
#define BATCH      32u

static struct case_set set;
static uint64_t held;

static int judge(const struct case_one *c, uint64_t budget,
    struct exo_report *report, uint64_t *peak)
{
	struct vf_input in = { .insns = c->insns,
		.ninsns = c->ninsns,
		.type = c->type,
		.refuse_leaks = !c->leaks,
		.maps = c->maps,
		.nmaps = c->nmaps,
		.no_helpers = c->no_helpers,
		.no_pkt_write = c->no_writes };
	struct vf_limits limits = { c->explored.v, budget, NULL };
	struct exo_mem mem = mem_heap(&held);
	struct vf_prog *prog;
	int err = vf_verify(&in, &limits, &mem, &prog, report);

	*peak = mem.peak;
	vf_prog_free(prog, &mem);
	ck_assert_msg(
	    mem.used == 0 && held == 0, "%s: memory stays taken", c->name);
	return err;
}

static void check_room(const struct case_one *c)
{
	struct exo_report whole, report;
	uint64_t peak, budget, step, any;
	int err = judge(c, 0, &whole, &peak);
	bool enough = false;

	step = peak / (peak < MUCH ? STEPS : STEPS_MUCH) + 1;
	for (budget = step; budget <= peak + step; budget += step) {
		int now = judge(c, budget, &report, &any);

		if (now == -EXO_EBUDGET && report.code == VF_BUDGET_MEM) {
			ck_assert_uint_eq(report.limit, budget);
			continue;
		}
		enough = true;
		ck_assert_msg(now == err && report.code == whole.code &&
		                  report.insn == whole.insn,
		    "%s: with %llu bytes the verdict is %d, VF%u at %u",
		    c->name, (unsigned long long)budget, now, report.code,
		    report.insn);
	}
	ck_assert_msg(enough, "%s: never enough", c->name);
}

/* The same with too few instructions to explore. */
static void check_work(const struct case_one *c)
{
	struct case_one less = *c;
	struct exo_report whole, report;
	uint64_t any, step;
	int err = judge(c, 0, &whole, &any);

	step = whole.explored / WORK_STEPS + 1;
	less.explored.v = step;
	for (; less.explored.v <= whole.explored; less.explored.v += step) {
		int now = judge(&less, 0, &report, &any);

		if (now == -EXO_EBUDGET && report.code == VF_BUDGET_EXPLORED)
			ck_assert_uint_eq(report.limit, less.explored.v);
		else if (now != -EXO_EREFUSED || report.code != VF_LOOP)
			/* a loop that could not be proven to end by then */
			ck_assert_msg(now == err && report.code == whole.code,
			    "%s: with %llu instructions the verdict is VF%u",
			    c->name, (unsigned long long)less.explored.v,
			    report.code);
	}
}

/* Many cases a test: a process for each would take longer than the work. */
START_TEST(t_room)
{
	unsigned i = (unsigned)_i * BATCH, end = i + BATCH;

	for (; i < end && i < set.n; i++)
		check_room(&set.cases[i]);
}
END_TEST

START_TEST(t_work)
{
	unsigned i = (unsigned)_i * BATCH, end = i + BATCH;

	for (; i < end && i < set.n; i++)
		check_work(&set.cases[i]);
}
END_TEST

Suite *t_vf_room_suite(void);

Suite *t_vf_room_suite(void)
{
	Suite *s = suite_create("vf_room");
	TCase *tc = tcase_create("room");

	if (case_load_dir(EXOPF_SRCDIR "/tests/cases/verify", &set) != 0)
		abort();
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, t_room, 0, (int)((set.n + BATCH - 1) / BATCH));
	tcase_add_loop_test(tc, t_work, 0, (int)((set.n + BATCH - 1) / BATCH));
	suite_add_tcase(s, tc);
	return s;
}
