/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for whom: each step by itself, and after any sequence of steps, ends among
 * them, pct.h's invariants. Messages are not touched: what brings them is on the machine
 * (tests/bare/pct.c).
 */
#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/paging.h"
#include "exo/bare/pct.h"
#include "tests/support/cbpf_run.h"
#include "tests/unit/suites.h"

#define ENVS  6u
#define STEPS 40000u
#define WORDS 10u

static struct plat_env env[ENVS];
static struct exo_pe page[ENVS];

static void make(unsigned i, uint64_t generation)
{
	memset(&env[i], 0, sizeof(env[i]));
	memset(&page[i], 0, sizeof(page[i]));
	env[i].pe = &page[i];
	env[i].name = generation << 32 | i;
	env[i].state = ENV_RUNNABLE;
	page[i].entry_sync = 0x401000 + i;
	page[i].entry_async = 0x402000 + i;
	page[i].call_stack = 0x500000 + i;
}

static void setup(void)
{
	for (unsigned i = 0; i < ENVS; i++)
		make(i, 1);
}

static struct plat_env *named(uint64_t name)
{
	struct plat_env *e = &env[(uint32_t)name % ENVS];

	return e->name == name ? e : NULL;
}

static int64_t said(const struct plat_env *e)
{
	return (int64_t)e->regs.rax;
}

static struct plat_env *call(
    struct plat_env *e, uint64_t name, uint64_t how, bool real)
{
	e->regs.rdi = name;
	e->regs.rsi = how;
	return pct_call(e, real ? named(name) : NULL);
}

static struct plat_env *give_back(struct plat_env *e, uint64_t name)
{
	e->regs.rdi = name;
	return pct_return(e);
}

static void take_calls(struct plat_env *e)
{
	ck_assert_ptr_null(pct_accept(e));
	ck_assert_int_eq(e->state, ENV_ACCEPTS);
}

/* What env.c does. */
static void end(struct plat_env *e)
{
	e->state = ENV_DEAD;
	pct_ended(e);
}

static void message(const struct user_regs *r, uint64_t m[WORDS])
{
	const uint64_t all[WORDS] = { r->rdx, r->rbx, r->rbp, r->r8, r->r9,
		r->r10, r->r12, r->r13, r->r14, r->r15 };

	memcpy(m, all, sizeof(all));
}

static bool same_message(const struct user_regs *a, const struct user_regs *b)
{
	uint64_t x[WORDS], y[WORDS];

	message(a, x);
	message(b, y);
	return memcmp(x, y, sizeof(x)) == 0;
}

START_TEST(there_and_back)
{
	struct plat_env *a = &env[0], *b = &env[1];
	struct user_regs was, theirs;

	setup();
	memset(&a->regs, 0x5a, sizeof(a->regs));
	memset(&b->regs, 0x33, sizeof(b->regs));
	was = a->regs;
	theirs = b->regs;
	take_calls(b);
	ck_assert_ptr_eq(call(a, b->name, 0, true), b);
	ck_assert(same_message(&b->regs, &theirs));
	ck_assert(same_message(&a->regs, &was));
	ck_assert_uint_eq(b->regs.rdi, a->name);
	ck_assert_uint_eq(b->regs.rsi, 0);
	ck_assert_uint_eq(b->regs.rax, 0);
	ck_assert_uint_eq(b->regs.rip, page[1].entry_sync);
	ck_assert_uint_eq(b->regs.rsp, page[1].call_stack);
	ck_assert_uint_eq(b->regs.rflags, 0x202);
	/* SYSRET's; before, its own */
	ck_assert(b->regs.rcx != was.rcx && b->regs.r11 != was.r11);
	ck_assert_int_eq(a->state, ENV_AWAITS);
	memset(&b->regs, 0x77, sizeof(b->regs));
	/* nobody else is answered */
	ck_assert_ptr_eq(give_back(b, b->name), b);
	ck_assert_int_eq(said(b), -EXO_ESTALE);
	ck_assert_ptr_eq(give_back(b, a->name + ((uint64_t)1 << 32)), b);
	ck_assert_int_eq(a->state, ENV_AWAITS);
	ck_assert_ptr_eq(give_back(b, a->name), a);
	ck_assert(same_message(&a->regs, &was));
	ck_assert_int_eq(said(a), 0);
	ck_assert_uint_eq(a->regs.rdi, b->name);
	ck_assert(
	    a->regs.rip == 0x5a5a5a5a5a5a5a5a && a->regs.rip == a->regs.rsp);
	ck_assert_int_eq(b->state, ENV_ACCEPTS);
	ck_assert_int_eq(said(b), -EXO_EAGAIN);
}
END_TEST

START_TEST(does_not_wait)
{
	struct plat_env *a = &env[0], *b = &env[1];

	setup();
	take_calls(b);
	ck_assert_ptr_eq(call(a, b->name, 1, true), b);
	ck_assert_uint_eq(b->regs.rip, page[1].entry_async);
	ck_assert_uint_eq(b->regs.rsi, 1);
	ck_assert_int_eq(said(a), 0);
	ck_assert_int_eq(a->state, ENV_RUNNABLE);
	/* nobody waits for an answer */
	ck_assert_ptr_eq(give_back(b, a->name), b);
	ck_assert_int_eq(said(b), -EXO_ESTALE);
	take_calls(b);
}
END_TEST

START_TEST(refuses)
{
	static const uint64_t bad[] = { 0, USER_END, 0xffffffff80200000,
		UINT64_MAX };
	struct plat_env *a = &env[0], *b = &env[1];

	setup();
	for (int s = ENV_NONE; s <= ENV_DEAD; s++) {
		b->state = (enum env_state)s;
		if (s == ENV_ACCEPTS)
			continue;
		ck_assert_ptr_eq(call(a, b->name, 0, true), a);
		ck_assert_int_eq(
		    said(a), s == ENV_DEAD ? -EXO_ESTALE : -EXO_EAGAIN);
		ck_assert(a->state == ENV_RUNNABLE && b->caller == NULL);
	}
	ck_assert_ptr_eq(call(a, a->name, 0, true), a);
	ck_assert_int_eq(said(a), -EXO_EAGAIN);
	ck_assert_ptr_eq(call(a, 77, 0, false), a);
	ck_assert_int_eq(said(a), -EXO_ESTALE);
	b->state = ENV_ACCEPTS;
	for (unsigned bit = 1; bit < 64; bit++) {
		ck_assert_ptr_eq(call(a, b->name, (uint64_t)1 << bit, true), a);
		ck_assert_int_eq(said(a), -EXO_EINVAL);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		page[1].entry_sync = page[1].entry_async = bad[i];
		ck_assert_ptr_eq(call(a, b->name, i % 2, true), a);
		ck_assert_int_eq(said(a), -EXO_EINVAL);
		ck_assert_int_eq(b->state, ENV_ACCEPTS);
	}
}
END_TEST

/* A caller that ended is answered by nobody, and does not come to life again. */
START_TEST(caller_ends)
{
	struct plat_env *a = &env[0], *b = &env[1], *c = &env[2];

	setup();
	take_calls(b);
	ck_assert_ptr_eq(call(a, b->name, 0, true), b);
	end(a);
	ck_assert_ptr_eq(give_back(b, a->name), b);
	ck_assert_int_eq(said(b), -EXO_ESTALE);
	ck_assert_int_eq(a->state, ENV_DEAD);
	take_calls(b);
	ck_assert_ptr_eq(call(c, b->name, 0, true), b);
	ck_assert_ptr_eq(give_back(b, c->name), c);
}
END_TEST

START_TEST(callee_ends)
{
	struct plat_env *a = &env[0], *b = &env[1], *c = &env[2];

	setup();
	take_calls(b);
	take_calls(c);
	ck_assert_ptr_eq(call(a, b->name, 0, true), b);
	ck_assert_ptr_eq(call(b, c->name, 0, true), c);
	ck_assert_ptr_eq(pct_runs_for(a), c);
	ck_assert_ptr_eq(pct_accept(c), c);
	ck_assert_int_eq(said(c), -EXO_EINVAL); /* b waits */
	end(b);
	ck_assert(a->state == ENV_RUNNABLE && said(a) == -EXO_ESTALE);
	ck_assert_ptr_null(c->caller);
	/* the first of them, then the one that it waits for */
	take_calls(c);
	ck_assert_ptr_eq(call(a, c->name, 0, true), c);
	end(a);
	end(c);
	ck_assert(a->state == ENV_DEAD && c->state == ENV_DEAD);
}
END_TEST

/* --- any sequence ------------------------------------------------------------- */

/* What it says of e. One answer a step: that is cheaper than an assertion for each. */
static bool consistent_one(const struct plat_env *e)
{
	const struct plat_env *runs = e;
	bool apart = e->callee == NULL && e->caller == NULL;

	if ((e->state == ENV_AWAITS) != (e->callee != NULL))
		return false;
	if (e->callee != NULL &&
	    (e->callee->caller != e || e->callee->state == ENV_DEAD))
		return false;
	if (e->caller != NULL &&
	    (e->caller->callee != e || e->caller->state != ENV_AWAITS))
		return false;
	if ((e->state == ENV_DEAD || e->state == ENV_ACCEPTS) && !apart)
		return false;
	/* who runs in its time is found within as many steps as there are */
	for (unsigned n = 0; runs->state == ENV_AWAITS; n++) {
		if (n == ENVS)
			return false;
		runs = runs->callee;
	}
	return true;
}

static bool consistent(void)
{
	for (unsigned i = 0; i < ENVS; i++)
		if (!consistent_one(&env[i]))
			return false;
	return true;
}

/* Something else comes for one that accepts, or wakes one that sleeps. */
static void wake(struct plat_env *e)
{
	if (e->state == ENV_ACCEPTS || e->state == ENV_WAITING ||
	    e->state == ENV_CALLING || e->state == ENV_MADE)
		e->state = ENV_RUNNABLE;
}

static void fill(struct user_regs *r, uint64_t *rng)
{
	uint64_t *p = (uint64_t *)(void *)r;

	for (unsigned i = 0; i < sizeof(*r) / 8; i++)
		p[i] = (uint64_t)cbpf_random(rng) << 32 | cbpf_random(rng);
}

/* A call by one that runs; where it comes to, its message came, too. */
static void act(struct plat_env *e, uint64_t *rng)
{
	static const enum env_state sleeps[] = { ENV_WAITING, ENV_CALLING,
		ENV_MADE };
	unsigned k = cbpf_random(rng) % ENVS;
	uint64_t name = env[k].name;
	struct plat_env *next = e;

	if (cbpf_random(rng) % 8 == 0)
		name += (uint64_t)1 << 32;
	fill(&e->regs, rng);
	switch (cbpf_random(rng) % 8) {
	case 0:
	case 1:
	case 2:
		next = call(e, name, cbpf_random(rng) % 16 == 0 ? 2 : k % 2,
		    named(name) != NULL);
		break;
	case 3:
	case 4:
		if (e->caller != NULL && cbpf_random(rng) % 4 != 0)
			name = e->caller->name;
		next = give_back(e, name);
		break;
	case 5:
	case 6:
		next = pct_accept(e);
		break;
	default:
		e->state = sleeps[k % 3];
		return;
	}
	if (next == NULL)
		return;
	if (next->state != ENV_RUNNABLE || (next != e) != (said(next) == 0))
		ck_abort_msg("what runs next");
}

START_TEST(any_sequence)
{
	uint64_t rng = (uint64_t)_i + 1, generation = 1;

	setup();
	for (unsigned n = 0; n < STEPS; n++) {
		struct plat_env *e = &env[cbpf_random(&rng) % ENVS];
		uint32_t what = cbpf_random(&rng) % 64;

		if (e->state == ENV_DEAD) {
			if (what < 8) /* taken apart; another has its place */
				make((unsigned)(e - env), ++generation);
		} else if (what == 0) {
			end(e);
		} else if (what < 6) {
			wake(e);
		} else if (pct_runs_for(e)->state == ENV_RUNNABLE) {
			act(pct_runs_for(e), &rng);
		}
		if (!consistent())
			ck_abort_msg("after step %u", n);
	}
}
END_TEST

Suite *t_bare_pct_suite(void)
{
	Suite *s = suite_create("bare_pct");
	TCase *tc = tcase_create("pct");

	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, does_not_wait);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, caller_ends);
	tcase_add_test(tc, callee_ends);
	tcase_add_loop_test(tc, any_sequence, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}
