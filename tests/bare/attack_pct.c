/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by calls from one environment to another, by their names, as in attack.c; and
 * servers for some, which end when their clients say so, or in the middle of a call.
 */
#include "exo/abi/phys.h"
#include "tests/bare/pct_lib.h"
#include "tests/bare/stage.h"

#define PLACES      64u
#define GENERATIONS 64u
#define NEXT        0x51e55a5c0ffee003u
#define CANONICAL   ((uint64_t)1 << 47) /* is not */

static struct exo_pe *page;
static _Alignas(16) uint8_t call_stack[16384];
static int again; /* it was done once */

/* Addresses of the kernel's, and some that nothing has. */
static const uint64_t bad[] = { KERNEL_TEXT, DIRECT_MAP, CANONICAL, UINT64_MAX,
	UINT64_MAX - 7, 0 };
#define NBAD (sizeof(bad) / sizeof(bad[0]))

static int refused(int64_t err)
{
	return err == -EXO_ESTALE || err == -EXO_EAGAIN || err == -EXO_EINVAL;
}

static void serve(void)
{
	lnet_pct_serve(page, call_stack, sizeof(call_stack));
}

/* --- names ------------------------------------------------------------------------ */

static void pct_self(void)
{
	uint64_t m[WORDS] = { 0 };

	for (uint64_t how = 0; how < 2; how++)
		CHECK(lnet_pct(page->env, how, m) == -EXO_EAGAIN);
	CHECK(answer(page->env) == -EXO_ESTALE);
}

/* All names that there may be: who accepts gets a message that says nothing. */
static void pct_forged(void)
{
	uint64_t m[WORDS] = { 0 };

	for (uint64_t g = 0; g < GENERATIONS; g++)
		for (uint64_t i = 0; i < PLACES; i++) {
			int64_t err = lnet_pct(g << 32 | i, 1, m);

			CHECK(err == 0 || refused(err));
		}
	for (unsigned i = 0; i < NBAD; i++)
		CHECK(lnet_pct(bad[i], 0, m) == -EXO_ESTALE);
}

/* Nobody called. */
static void pct_return(void)
{
	for (uint64_t g = 0; g < GENERATIONS; g++)
		for (uint64_t i = 0; i < PLACES; i++)
			CHECK(answer(g << 32 | i) == -EXO_ESTALE);
	for (unsigned i = 0; i < NBAD; i++)
		CHECK(answer(bad[i]) == -EXO_ESTALE);
}

/* Neither 0 nor 1. */
static void pct_how(void)
{
	uint64_t name = lnet_pct_find("pct_server"), m[WORDS] = { 0 };

	for (unsigned bit = 1; bit < 64; bit++) {
		CHECK(
		    lnet_pct(page->env, (uint64_t)1 << bit, m) == -EXO_EINVAL);
		CHECK(lnet_pct(name, (uint64_t)1 << bit | 1, m) == -EXO_EINVAL);
	}
}

/* One that never begins; then one that is dead, and not taken apart yet. */
static void pct_child(void)
{
	struct exo_call_env_new c = { .frames = 1 };
	struct exo_call_env_end e;
	uint64_t m[WORDS] = { 0 };

	if (again++)
		return;
	CHECK(lnet_call(EXO_CALL_ENV_NEW_NR, &c, sizeof(c)) == 0);
	e.key = c.out_key;
	CHECK(lnet_pct_call(c.out_env, m) == -EXO_EAGAIN);
	CHECK(lnet_pct_send(c.out_env, m) == -EXO_EAGAIN);
	CHECK(lnet_call(EXO_CALL_ENV_END_NR, &e, sizeof(e)) == 0);
	CHECK(lnet_pct_call(c.out_env, m) == -EXO_ESTALE);
	CHECK(lnet_pct_send(c.out_env, m) == -EXO_ESTALE);
	CHECK(answer(c.out_env) == -EXO_ESTALE);
	(void)lnet_yield();
	CHECK(lnet_pct_call(c.out_env, m) == -EXO_ESTALE);
}

/* --- a server and its clients ----------------------------------------------------- */

/* As often as its time allows, with what may harm who takes it for addresses. */
static void pct_flood(void)
{
	uint64_t name = find("pct_server"), m[WORDS];

	for (unsigned n = 0; n < 5000; n++) {
		int64_t err;

		for (unsigned i = 0; i < WORDS; i++)
			m[i] = bad[i % NBAD];
		err = lnet_pct_call(name, m);
		CHECK(err == 0 || err == -EXO_EAGAIN);
		for (unsigned i = 0; i < WORDS; i++)
			CHECK(m[i] == bad[i % NBAD]);
	}
}

/* Meanwhile another one is served, too. */
static void pct_share(void)
{
	uint64_t name = find("pct_server"), m[WORDS];

	for (uint64_t n = 0; n < 20; n++) {
		m[0] = n;
		CHECK(patiently(name, 0, m) == 0 && m[0] == n);
		(void)lnet_yield();
	}
}

/* While somebody waits it cannot accept, nor answer anybody else. */
static void server_call(uint64_t caller)
{
	CHECK(lnet_call(EXO_CALL_ACCEPT_NR, NULL, 0) == -EXO_EINVAL);
	CHECK(answer(caller + ((uint64_t)1 << 32)) == -EXO_ESTALE);
	CHECK(answer(page->env) == -EXO_ESTALE);
	CHECK(answer(0) == -EXO_ESTALE);
}

static void server_send(uint64_t word)
{
	static int clients = 2;

	if (word == BYE && --clients == 0)
		lnet_quit(0);
}

/* --- ends in the middle ----------------------------------------------------------- */

/* It waits for an answer that does not come, and loses nothing but its time. */
static void awaits(const char *label)
{
	uint64_t m[WORDS];

	if (again++)
		return;
	for (unsigned i = 0; i < WORDS; i++)
		m[i] = bad[i % NBAD];
	CHECK(patiently(find(label), 0, m) == -EXO_ESTALE);
	for (unsigned i = 0; i < WORDS; i++)
		CHECK(m[i] == bad[i % NBAD]);
}

static void pct_awaits(void)
{
	awaits("pct_silent");
}
static void pct_faulted(void)
{
	awaits("pct_fault");
}
static void pct_stacked(void)
{
	awaits("pct_stack");
}

static void silent_call(void)
{
	for (volatile uint64_t i = 0; i < 50000000; i++)
		continue;
	lnet_quit(0);
}

static void fault_call(void)
{
	__asm__ volatile("movb (%0), %%al" : : "r"(KERNEL_TEXT) : "rax");
}

/* Its entry point writes to a stack in the kernel's half. */
static void pct_stack(void)
{
	page->call_stack = DIRECT_MAP;
	page->entry_sync = (uintptr_t)lnet_enter_call;
	lnet_pct_accept();
}

/* --- entry points ----------------------------------------------------------------- */

static unsigned entry;

static void pct_entries(void)
{
	page->call_stack = (uintptr_t)call_stack + sizeof(call_stack);
	page->entry_sync = bad[entry];
	page->entry_async = (uintptr_t)lnet_enter_send;
	lnet_pct_accept();
}

static void entries_send(uint64_t word)
{
	if (word != NEXT)
		return;
	if (++entry == NBAD)
		lnet_quit(0);
	page->entry_sync = bad[entry];
}

static void pct_entered(void)
{
	uint64_t m[WORDS] = { 0 }, name;

	if (again++)
		return;
	name = find("pct_entries");
	for (unsigned i = 0; i < NBAD; i++) {
		CHECK(patiently(name, 0, m) == -EXO_EINVAL);
		CHECK(tell(name, NEXT) == 0);
	}
	CHECK(lnet_pct_call(name, m) == -EXO_ESTALE);
}

/* --- all of them ------------------------------------------------------------------ */

void lnet_on_call(uint64_t caller, uint64_t m[WORDS])
{
	(void)m;
	if (same_text(page->arg, "pct_server"))
		server_call(caller);
	else if (same_text(page->arg, "pct_silent"))
		silent_call();
	else if (same_text(page->arg, "pct_fault"))
		fault_call();
}

void lnet_on_send(uint64_t caller, uint64_t m[WORDS])
{
	(void)caller;
	if (same_text(page->arg, "pct_server"))
		server_send(m[0]);
	else if (same_text(page->arg, "pct_entries"))
		entries_send(m[0]);
}

static void pct_server(void)
{
	serve();
}
static void pct_silent(void)
{
	serve();
}
static void pct_fault(void)
{
	serve();
}

static const struct stage_attack attacks[] = {
	ATTACK(pct_self),
	ATTACK(pct_forged),
	ATTACK(pct_return),
	ATTACK(pct_how),
	ATTACK(pct_child),
	ATTACK(pct_server),
	ATTACK(pct_flood),
	ATTACK(pct_share),
	ATTACK(pct_silent),
	ATTACK(pct_awaits),
	ATTACK(pct_fault),
	ATTACK(pct_faulted),
	ATTACK(pct_stack),
	ATTACK(pct_stacked),
	ATTACK(pct_entries),
	ATTACK(pct_entered),
};

int lnet_main(struct exo_pe *pe)
{
	int err;

	page = pe;
	err = stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
	if (same_text(pe->arg, "pct_flood") || same_text(pe->arg, "pct_share"))
		CHECK(tell(find("pct_server"), BYE) == 0);
	return err;
}
