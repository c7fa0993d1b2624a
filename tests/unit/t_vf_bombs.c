/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Verifier bombs: programs that cost as much as they can. Each ends within
 * the budget, whatever it is, in bounded time. With EXOPF_QUICK=1 only the
 * small budgets of bare metal are tried: the tool's take 15 seconds.
 */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "exo/abi/err.h"
#include "tests/support/mem.h"
#include "tests/support/oom.h"
#include "tests/support/vprog_kinds.h"
#include "verifier/trace.h"

/* A second or two each; sanitizers and busy machines take their share. */
#define SECONDS 60

static uint64_t held; /* bytes */

static int judge(const struct vprog *p, const struct vf_limits *limits,
    struct exo_report *report)
{
	struct vf_input in = { .insns = p->insns,
		.ninsns = p->n,
		.type = p->type,
		.maps = p->maps,
		.nmaps = p->nmaps };
	struct exo_mem mem = mem_heap(&held);
	struct vf_prog *prog;
	int err = vf_verify(&in, limits, &mem, &prog, report);

	if (err == 0)
		ck_assert_uint_le(
		    vf_prog_facts(prog)->explored, limits->explored);
	else
		ck_assert_uint_le(mem.peak, limits->mem);
	vf_prog_free(prog, &mem);
	ck_assert_uint_eq(held, 0);
	return err;
}

/* `code`: how it ends with the tool's limits; VF_OK: it is accepted. */
static const struct bomb {
	const char *name;
	void (*make)(struct vprog *p, uint32_t n);
	uint32_t n;
	uint32_t code;
} bombs[] = {
	{ "diamonds", vp_bomb_diamonds, 60, VF_BUDGET_MEM },
	{ "diamonds, few", vp_bomb_diamonds, 8, VF_OK },
	{ "links", vp_bomb_links, 1000000, VF_BUDGET_EXPLORED },
	{ "frames", vp_bomb_frames, 4000, VF_BUDGET_EXPLORED },
	{ "halves", vp_bomb_halves, 64, VF_BUDGET_MEM },
	{ "waiting", vp_bomb_waiting, 16000, VF_BUDGET_MEM },
	{ "endless loops", vp_bomb_nest, 100, VF_LOOP },
	{ "endless loops, many", vp_bomb_nest, 300000, VF_BUDGET_MEM },
	{ "counters", vp_bomb_counters, 60, VF_BUDGET_EXPLORED },
	{ "counters, few", vp_bomb_counters, 10, VF_OK },
	{ "calls twice", vp_bomb_calls, 2, VF_OK },
	{ "calls", vp_bomb_calls, 30, VF_BUDGET_EXPLORED },
	{ "callbacks twice", vp_bomb_callbacks, 2, VF_OK },
	{ "callbacks", vp_bomb_callbacks, 32, VF_BUDGET_EXPLORED },
	{ "functions", vp_bomb_functions, 300000, VF_OK },
	{ "rounds of calls", vp_bomb_round, 100, VF_BUDGET_MEM },
	{ "backwards", vp_bomb_backwards, 100000, VF_OK },
	{ "backwards, many", vp_bomb_backwards, 400000, VF_BUDGET_MEM },
	{ "options with defaults", vp_deep_options, 20, VF_OK },
	{ "joins, a million", vp_line_joins, 1000000, VF_OK },
	{ "diamonds, half a million", vp_line_dead, 1000000, VF_OK },
};

START_TEST(t_tool)
{
	const struct bomb *b = &bombs[_i];
	const struct vf_limits limits = VF_LIMITS_TOOL;
	struct exo_report report;
	struct vprog p;
	clock_t start;
	int err;

	b->make(&p, b->n);
	start = clock();
	err = judge(&p, &limits, &report);
	ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, SECONDS);
	ck_assert_msg(report.code == b->code, "%s: VF%03u at %u, not VF%03u",
	    b->name, report.code, report.insn, b->code);
	ck_assert_int_eq(err, b->code == VF_OK     ? 0
	                      : b->code == VF_LOOP ? -EXO_EREFUSED
	                                           : -EXO_EBUDGET);
	vp_free(&p);
}
END_TEST

/* A tenth of the instructions, a 64th of the memory. */
START_TEST(t_bare)
{
	const struct bomb *b = &bombs[_i];
	const struct vf_limits limits = VF_LIMITS_BARE;
	struct exo_report report;
	struct vprog p;
	int err;

	b->make(&p, b->n);
	err = judge(&p, &limits, &report);
	if (err != 0 && report.code != b->code)
		ck_assert_msg(report.code == VF_BUDGET_EXPLORED ||
		                  report.code == VF_BUDGET_MEM,
		    "%s: VF%03u", b->name, report.code);
	vp_free(&p);
}
END_TEST

/* What a 16-bit offset and a 32-bit number can ask of the stack. */
/* Words on the stack, each compared once: what a comparison shows of a word
 * that was loaded must not make each way a state of its own. */
#define WORDS 15u

static void compare_words(struct vprog *p)
{
	unsigned i;

	for (i = 0; i < WORDS; i++) {
		uint32_t jump;

		vp_load(p, EXO_W, 1, 10, -4 * (int)(WORDS - i));
		jump = vp_if(p, EXO_JGT, 1, 5);
		vp_alu(p, EXO_ADD, 9, 1);
		vp_here(p, jump);
	}
}

static void accept_soon(struct vprog *p)
{
	const struct vf_limits limits = { 20 * WORDS * 16, UINT32_MAX, NULL };
	struct exo_report report;

	ck_assert_msg(judge(p, &limits, &report) == 0, "VF%03u at %u",
	    report.code, report.insn);
	vp_free(p);
}

START_TEST(t_words_as_key)
{
	struct vprog p;

	vp_begin(&p, EXO_PROG_TC, 100);
	p.maps[0] = (struct exo_map_def){ EXO_MAP_HASH, 4 * WORDS, 4, 4, 0 };
	p.nmaps = 1;
	vp_mov(&p, 2, 0);
	vp_copy(&p, 3, 10);
	vp_alu(&p, EXO_ADD, 3, -4 * (int)WORDS);
	vp_mov(&p, 4, 4 * (int)WORDS);
	vp_mov(&p, 9, 0);
	vp_helper(&p, 26);
	compare_words(&p);
	vp_map(&p, 1);
	vp_copy(&p, 2, 10);
	vp_alu(&p, EXO_ADD, 2, -4 * (int)WORDS);
	vp_helper(&p, 1);
	vp_return(&p, 0);
	accept_soon(&p);
}
END_TEST

START_TEST(t_words_in_a_loop)
{
	struct vprog p;
	uint32_t top;
	unsigned i;

	vp_begin(&p, EXO_PROG_SOCKET, 120);
	vp_copy(&p, 6, 1);
	for (i = 0; i < WORDS; i++) {
		vp_put(&p, EXO_LD | EXO_ABS | EXO_W, 0, 0, 0, (int)(4 * i));
		vp_store(&p, EXO_W, 10, 0, -4 * (int)(WORDS - i));
	}
	vp_mov(&p, 7, 0);
	vp_mov(&p, 9, 0);
	top = p.n;
	compare_words(&p);
	vp_alu(&p, EXO_ADD, 7, 1);
	vp_back(&p, EXO_JLT, 7, 16, top);
	vp_return(&p, 0);
	accept_soon(&p);
}
END_TEST

START_TEST(t_huge_offsets)
{
	static const int32_t by[] = { INT32_MIN, -VF_PTR_LIMIT,
		1 - VF_PTR_LIMIT, -513, 0, VF_PTR_LIMIT, INT32_MAX };
	static const int off[] = { INT16_MIN, -513, 0, INT16_MAX };
	const struct vf_limits limits = VF_LIMITS_BARE;
	struct exo_report report;
	struct vprog p;
	size_t i, k;

	for (i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		for (k = 0; k < sizeof(off) / sizeof(off[0]); k++) {
			vp_begin(&p, EXO_PROG_SOCKET, 8);
			vp_copy(&p, 2, 10);
			vp_alu(&p, EXO_ADD, 2, by[i]);
			vp_load(&p, EXO_B, 0, 2, off[k]);
			vp_exit(&p);
			ck_assert_int_eq(
			    judge(&p, &limits, &report), -EXO_EREFUSED);
			ck_assert(report.code == VF_STACK_OOB ||
			          report.code == VF_PTR_FAR);
			vp_free(&p);
		}
	}
}
END_TEST

/*
 * Memory that fails: in loops, calls, callbacks, with many states, and with
 * somebody who looks on
 */

static struct vprog at_work;
static bool bad; /* no check here: it allocates */
static uint32_t shown;

static void show(void *ctx, uint32_t pc, const struct vf_state *st)
{
	(void)ctx;
	(void)pc;
	shown += st != NULL;
}

static void show_node(void *ctx, uint32_t node)
{
	(void)ctx;
	shown += node == 0;
}

static void show_born(void *ctx, uint32_t node, uint32_t pc)
{
	(void)ctx;
	(void)pc;
	shown += node == 0;
}

static int verify_once(void *arg)
{
	const struct vf_trace trace = {
		.fn = show, .born = show_born, .begin = show_node
	};
	struct vf_input in = { .insns = at_work.insns,
		.ninsns = at_work.n,
		.type = at_work.type,
		.maps = at_work.maps,
		.nmaps = at_work.nmaps,
		.refuse_leaks = true };
	struct vf_limits limits = { .explored = 0 };
	struct exo_mem mem = mem_heap(&held);
	struct exo_report r;
	struct vf_prog *prog;
	int err = vf_verify_traced(
	    &in, &limits, &mem, arg == NULL ? NULL : &trace, &prog, &r);

	bad |= err != 0 && (err != -EXO_ENOMEM || r.code != VF_OK);
	bad |= (err == 0) != (prog != NULL);
	vf_prog_free(prog, &mem);
	bad |= mem.used != 0 || held != 0;
	return err;
}

static const struct frugal {
	void (*make)(struct vprog *p, uint32_t n);
	uint32_t n;
} frugal[] = {
	{ vp_bomb_diamonds, 10 },
	{ vp_bomb_counters, 9 },
	{ vp_bomb_calls, 2 },
	{ vp_bomb_callbacks, 2 },
	{ vp_deep_tcp, 20 },
	{ vp_deep_nest, 10 },
	{ vp_bomb_functions, 300 },
	{ vp_line_joins, 3000 },
};

START_TEST(t_oom)
{
	frugal[_i].make(&at_work, frugal[_i].n);
	shown = 0;
	ck_assert_uint_ge(test_oom_loop(verify_once, NULL), 3);
	ck_assert_uint_eq(shown, 0);
	ck_assert_uint_ge(test_oom_loop(verify_once, &at_work), 3);
	ck_assert_uint_gt(shown, at_work.n / 2);
	ck_assert(!bad);
	vp_free(&at_work);
}
END_TEST

Suite *t_vf_bombs_suite(void);

Suite *t_vf_bombs_suite(void)
{
	const int n = sizeof(bombs) / sizeof(bombs[0]);
	Suite *s = suite_create("vf_bombs");
	TCase *tc = tcase_create("bombs");
	TCase *oom = tcase_create("oom");

	tcase_set_timeout(tc, 300);
	if (getenv("EXOPF_QUICK") == NULL)
		tcase_add_loop_test(tc, t_tool, 0, n);
	tcase_add_loop_test(tc, t_bare, 0, n);
	tcase_add_test(tc, t_words_as_key);
	tcase_add_test(tc, t_words_in_a_loop);
	tcase_add_test(tc, t_huge_offsets);
	suite_add_tcase(s, tc);
	tcase_set_timeout(oom, 300);
	tcase_add_loop_test(oom, t_oom, 0, sizeof(frugal) / sizeof(frugal[0]));
	suite_add_tcase(s, oom);
	return s;
}
