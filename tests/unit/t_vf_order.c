/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of exploration: each way leads on, or back to a loop's head. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/decode.h"
#include "tests/support/mem.h"
#include "tests/unit/suites.h"
#include "verifier/vf_int.h"

#define INSNS 60

static uint64_t state;

static uint32_t pick(uint32_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % n;
}

/* A program of moves, conditional jumps to anywhere and some exits. */
static void make(struct exo_insn *p, uint32_t n, uint32_t jumps)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint32_t kind = pick(100);
		int16_t off = (int16_t)((int)pick(n) - (int)i - 1);

		p[i] = (struct exo_insn){ EXO_ALU64 | EXO_MOV, 0, 0, 0 };
		if (kind < jumps)
			p[i] =
			    (struct exo_insn){ EXO_JMP | EXO_JEQ, 1, off, 0 };
		else if (kind < jumps + 5)
			p[i] = (struct exo_insn){ EXO_JMP | EXO_JA, 0, off, 0 };
		else if (kind < jumps + 9)
			p[i] = (struct exo_insn){ EXO_JMP | EXO_EXIT, 0, 0, 0 };
	}
	p[n - 1] = (struct exo_insn){ EXO_JMP | EXO_EXIT, 0, 0, 0 };
}

/* True when loop c is, or lies round, the innermost loop at a place. */
static bool in_loop(const struct vf_env *env, uint32_t leader, uint32_t c)
{
	uint32_t k = env->leaders[leader].comp;

	while (k != VF_NONE && k != c)
		k = env->comps[k].parent;
	return k == c;
}

/* The edge leads back: some loop round both begins at `to`, or is flat. */
static bool is_round(const struct vf_env *env, uint32_t from, uint32_t to)
{
	uint32_t c;

	for (c = 0; c < env->ncomps; c++) {
		if (in_loop(env, from, c) && in_loop(env, to, c) &&
		    (env->comps[c].flat ||
		        env->comps[c].start == env->leaders[to].pos))
			return true;
	}
	return false;
}

static void check_order(const struct vf_env *env)
{
	const struct vf_func *f = &env->funcs[0];
	bool *seen = calloc(f->count, sizeof(*seen));
	uint32_t k, to;

	for (k = 0; k < f->count; k++) {
		uint32_t l = env->order != NULL ? env->order[k] : k;
		uint32_t at = env->leaders[l].pc;

		ck_assert_uint_lt(l, f->count);
		ck_assert(!seen[l]);
		seen[l] = true;
		ck_assert_uint_eq(env->leaders[l].pos, k);
		while (vf_successor(env, &at, &to)) {
			uint32_t t = env->leader_of[to];

			ck_assert_uint_lt(t, f->count);
			ck_assert(
			    env->leaders[t].pos > k || is_round(env, l, t));
		}
	}
	free(seen);
}

/* Loops lie inside each other or apart, heads first. */
static void check_loops(const struct vf_env *env)
{
	uint32_t c;

	for (c = 0; c < env->ncomps; c++) {
		const struct vf_comp *x = &env->comps[c];
		const struct vf_comp *up = &env->comps[x->parent];

		ck_assert_uint_le(x->start, x->last);
		if (x->parent == VF_NONE)
			continue;
		ck_assert_uint_lt(up->start, x->start);
		ck_assert_uint_ge(up->last, x->last);
	}
}

START_TEST(random_graphs)
{
	struct exo_mem mem = mem_heap(NULL);
	struct vf_account account = { &mem, false };
	struct exo_insn insns[INSNS];
	const uint32_t jumps = 5 + 12 * ((uint32_t)_i % 5);
	uint32_t round, loops = 0;

	state = (uint64_t)_i + 1;
	for (round = 0; round < 300; round++) {
		struct vf_input in = { .type = EXO_PROG_SOCKET };
		struct exo_report report;
		struct vf_env env = { .in = &in,
			.account = &account,
			.report = &report,
			.type = EXO_PROG_SOCKET };

		env.n = 2 + pick(INSNS - 2);
		env.insns = insns;
		make(insns, env.n, jumps);
		exo_arena_init(&env.arena, &mem);
		if (vf_check(&env) == 0) {
			ck_assert_int_eq(vf_order(&env), 0);
			check_order(&env);
			check_loops(&env);
			loops += env.ncomps;
		}
		exo_arena_free(&env.arena);
	}
	ck_assert_uint_gt(loops, 100);
	ck_assert_uint_eq(mem.used, 0);
}
END_TEST

/* Loops in loops, deeper than are told apart: still each place once. */
START_TEST(deep_nests)
{
	struct exo_mem mem = mem_heap(NULL);
	struct vf_account account = { &mem, false };
	static struct exo_insn insns[2 * 64 + 1];
	struct vf_input in = { .type = EXO_PROG_SOCKET };
	struct exo_report report;
	struct vf_env env = { .in = &in,
		.account = &account,
		.report = &report,
		.type = EXO_PROG_SOCKET,
		.n = 2 * (uint32_t)_i + 1,
		.insns = insns };
	int i;

	for (i = 0; i < _i; i++) {
		insns[i] = (struct exo_insn){ EXO_ALU64 | EXO_MOV, 0, 0, 0 };
		/* to the head of loop _i - 1 - i */
		insns[_i + i] = (struct exo_insn){ EXO_JMP | EXO_JEQ, 1,
			(int16_t)(-2 * i - 2), 0 };
	}
	insns[2 * _i] = (struct exo_insn){ EXO_JMP | EXO_EXIT, 0, 0, 0 };
	exo_arena_init(&env.arena, &mem);
	ck_assert_int_eq(vf_check(&env), 0);
	ck_assert_int_eq(vf_order(&env), 0);
	check_order(&env);
	check_loops(&env);
	ck_assert_uint_ge(env.ncomps, _i < 16 ? (uint32_t)_i : 16u);
	exo_arena_free(&env.arena);
	ck_assert_uint_eq(mem.used, 0);
}
END_TEST

Suite *t_vf_order_suite(void);

Suite *t_vf_order_suite(void)
{
	Suite *s = suite_create("vf_order");
	TCase *t = tcase_create("order");

	tcase_add_loop_test(t, random_graphs, 0, 20);
	tcase_add_loop_test(t, deep_nests, 1, 64);
	suite_add_tcase(s, t);
	return s;
}
