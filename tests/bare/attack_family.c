/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by families: children that end in the middle of calls of each other, that take
 * time for their maker, and whoever has his turns cut short. As attack_mem.c; alone on
 * the machine (family.sh), for their children's places matter.
 */
#include "exo/abi/phys.h"
#include "exo/abi/ring.h"
#include "tests/bare/child.h"
#include "tests/bare/pages.h"
#include "tests/bare/stage.h"

#define SLOT 1000000u /* nanoseconds, which are ticks: family.sh */

static struct exo_pe *page;
_Alignas(4096) static uint8_t stack[4096];
_Alignas(4096) static volatile uint64_t table[512]; /* that children write */

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* --- children ------------------------------------------------------------------- */

static int64_t make(struct exo_key *key, uint64_t *name)
{
	return child_make(1, key, name);
}

static int64_t start(const struct exo_key *key, void (*fn)(void), unsigned top)
{
	return child_start(key, fn, &table[top]);
}

/* Whether there is such an environment: nobody starts at the kernel. */
static int lives(const struct exo_key *key)
{
	struct exo_call_env_start a = { *key, UINT64_MAX, 0, 0 };

	return lnet_call(EXO_CALL_ENV_START_NR, &a, sizeof(a)) != -EXO_ESTALE;
}

/* All of the program, and what is behind it for all to write. */
static void clothe(const struct exo_key *child)
{
	static struct exo_pte entries[EXO_BATCH];

	child_dress(child, entries, child_clothes(entries, (uintptr_t)table));
}

/* --- calls of who has ended ------------------------------------------------------ */

enum {
	CALLEE = 1,
	CALLED,
	RETURNED,
	ANSWER,
	KEY /* and what is behind it */
};

/* The registers that C keeps are the message's, too. */
static int64_t pct(uint64_t nr, uint64_t whom)
{
	__asm__ volatile("pushq %%rbx; pushq %%rbp; syscall; popq %%rbp; "
	                 "popq %%rbx"
	                 : "+a"(nr), "+D"(whom)
	                 : "S"((uint64_t)0)
	                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13",
	                 "r14", "r15", "memory");
	return (int64_t)nr;
}

static void caller(void)
{
	(void)pct(EXO_CALL_PCT_NR, table[CALLEE]);
	for (;;) { /* it goes on, and counts */
		table[RETURNED]++;
		(void)lnet_yield();
	}
}

static void called(void)
{
	uint64_t from;

	__asm__ volatile("movq %%rdi, %0" : "=r"(from));
	table[CALLED] = from;
	while (table[ANSWER] == 0)
		(void)lnet_yield();
	(void)pct(EXO_CALL_PCT_RETURN_NR, table[CALLED]);
	for (;;) /* nobody waits */
		(void)pct(EXO_CALL_ACCEPT_NR, 0);
}

/* Be called there, and nothing else. */
static _Noreturn void serve(void (*entry)(void))
{
	child_page()->entry_sync = (uintptr_t)entry;
	child_page()->call_stack = (uintptr_t)&table[256] - 8;
	for (;;)
		(void)pct(EXO_CALL_ACCEPT_NR, 0);
}

static void callee(void)
{
	serve(called);
}

/* Two of which the second waits for the first. */
static void pair(struct exo_key key[2], uint64_t name[2])
{
	for (unsigned i = 0; i < 2; i++) {
		CHECK(make(&key[i], &name[i]) == 0);
		clothe(&key[i]);
	}
	table[CALLED] = table[RETURNED] = table[ANSWER] = 0;
	table[CALLEE] = name[0];
	CHECK(start(&key[0], callee, 384) == 0);
	(void)lnet_yield();
	CHECK(start(&key[1], caller, 512) == 0);
	for (unsigned i = 0; i < 100 && table[CALLED] == 0; i++)
		(void)lnet_yield();
	CHECK(table[CALLED] == name[1] && table[RETURNED] == 0);
}

/* Both are ended at once. */
static void end_both(void)
{
	struct exo_key key[2];
	uint64_t name[2];

	pair(key, name);
	CHECK(child_end(&key[0]) == 0 && child_end(&key[1]) == 0);
	for (unsigned i = 0; i < 10; i++)
		(void)lnet_yield();
	CHECK(table[RETURNED] == 0);
	CHECK(!lives(&key[0]) && !lives(&key[1]));
}

/* Who waits is ended, and is answered before it is taken apart. */
static void answer_ended(void)
{
	struct exo_key key[2];
	uint64_t name[2];

	pair(key, name);
	table[ANSWER] = 1;
	CHECK(child_end(&key[1]) == 0);
	CHECK(lnet_yield_to(name[0]) == 0);
	for (unsigned i = 0; i < 10; i++)
		(void)lnet_yield();
	CHECK(table[RETURNED] == 0 && !lives(&key[1]));
	CHECK(lives(&key[0]) && child_end(&key[0]) == 0);
}

/* --- what was others' -------------------------------------------------------------- */

/* Words of [from, to) that are not 0; each is changed if it may be. */
static uint64_t words(uint64_t from, uint64_t to, int may)
{
	uint64_t n = 0;

	for (uint64_t at = (from + 7) / 8 * 8; at < to; at += 8) {
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		volatile uint64_t *p = (volatile uint64_t *)(uintptr_t)at;

		n += *p != 0;
		if (may)
			*p = at;
	}
	return n;
}

#define DIRTY 32u

/* Own frames, with something in each; how many words were not 0. */
static uint64_t dirty(struct exo_key keys[DIRTY])
{
	struct exo_call_frames a = { (uintptr_t)keys, DIRTY, EXO_ANY };
	uint64_t n = 0;

	CHECK(lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a)) == 0);
	for (uint64_t i = 0; i < DIRTY; i++) {
		struct exo_pte e = { 0x500100000 + i * EXO_PAGE, PAGES_RW,
			keys[i] };
		struct exo_call_pte to = { .entries = (uintptr_t)&e, .n = 1 };

		CHECK(lnet_call(EXO_CALL_PTE_NR, &to, sizeof(to)) == 0);
		n += words(e.va, e.va + EXO_PAGE, 1);
	}
	return n;
}

/* What is in pages that the kernel made for it; the next one gets the same frames. */
static void look(void)
{
	struct exo_key keys[DIRTY]; /* not behind the table */

	table[ANSWER] +=
	    words(EXO_RING_AT + sizeof(struct exo_ring),
	        EXO_RING_AT + sizeof(struct exo_ring) + EXO_CHILD_RING, 1) +
	    words(EXO_PE_AT + sizeof(struct exo_pe), EXO_PE_AT + EXO_PAGE, 1) +
	    words(EXO_LOSSES_AT, EXO_LOSSES_AT + EXO_PAGE, 0) + dirty(keys);
	table[RETURNED]++;
	lnet_quit(0);
}

static void clean_pages(void)
{
	struct exo_key key, keys[DIRTY];
	struct exo_call_release r = { (uintptr_t)keys, DIRTY, 0 };
	uint64_t name;

	for (unsigned i = 1; i <= 20; i++) {
		struct exo_call_env_new a = { .frames = 40,
			.ring = EXO_CHILD_RING };

		CHECK(dirty(keys) == 0);
		CHECK(lnet_call(EXO_CALL_RELEASE_NR, &r, sizeof(r)) == 0);
		CHECK(lnet_call(EXO_CALL_ENV_NEW_NR, &a, sizeof(a)) == 0);
		key = a.out_key;
		name = a.out_env;
		clothe(&key);
		CHECK(start(&key, look, 512) == 0);
		for (unsigned k = 0; k < 100 && lives(&key); k++)
			(void)lnet_yield_to(name);
		CHECK(table[RETURNED] == i && table[ANSWER] == 0);
	}
}

/* --- time ------------------------------------------------------------------------- */

/* Nanoseconds that an environment ran, by its place. */
static uint64_t ran(unsigned place)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const volatile struct exo_state *s =
	    (const volatile struct exo_state *)(uintptr_t)EXO_STATE_AT;

	return s->env[place].ran_ns;
}

/* As long as it may, and no debts stay. */
static void burn(void)
{
	uint64_t from = ticks();

	child_page()->critical = 1;
	while (ticks() - from < 7 * SLOT / 2)
		continue;
	lnet_quit(0);
}

/* Children take time one after the other; beside one who just runs (spin). */
static void burn_children(void)
{
	struct exo_key key;
	uint64_t name, from = ticks();

	while (ticks() - from < 1000 * SLOT) {
		if (make(&key, &name) != 0) {
			(void)lnet_yield();
			continue;
		}
		clothe(&key);
		CHECK(start(&key, burn, 512) == 0);
	}
}

static void burned(void)
{
	uint64_t from = ticks(), whom;

	__asm__ volatile("movq %%rdi, %0" : "=r"(whom));
	child_page()->critical = 1;
	while (ticks() - from < 7 * SLOT / 2)
		continue;
	(void)pct(EXO_CALL_PCT_RETURN_NR, whom);
}

static void burns(void)
{
	serve(burned);
}

/* The same by calls of one that owes, and has nothing to lose. */
static void burn_callee(void)
{
	struct exo_key key;
	uint64_t name, from = ticks();

	CHECK(make(&key, &name) == 0);
	clothe(&key);
	CHECK(start(&key, burns, 512) == 0);
	while (ticks() - from < 1000 * SLOT) {
		(void)pct(EXO_CALL_PCT_NR, name);
		(void)lnet_yield();
	}
	(void)child_end(&key);
}

/* Somebody who does nothing but run; in the end, how much of each ten it had. */
static void spin(void)
{
	uint64_t from = ticks(), before = ran(0);

	while (ticks() - from < 900 * SLOT)
		continue;
	check_say("percent", (ran(0) - before) / (900 * SLOT / 100));
	CHECK(ran(0) - before > 900 * SLOT * 2 / 5);
}

/* Nanoseconds that it took beyond its slots, by its place. */
static uint64_t excess(unsigned place)
{
	uint64_t from = ticks();

	while (ticks() - from < 200 * SLOT) /* until that is shown */
		(void)lnet_yield();
	return pages_state()->env[place].excess_ns;
}

/* Runs beyond slots of who called, some times, before it answers. */
static void overruns(void)
{
	volatile struct exo_pe *pe = child_page();
	uint64_t whom;

	__asm__ volatile("movq %%rdi, %0" : "=r"(whom));
	for (unsigned i = 0; i < 4; i++) {
		uint64_t from = ticks();

		pe->critical = 1;
		while (ticks() - from < 5 * SLOT / 2)
			continue;
		pe->critical = 0;
		(void)lnet_yield();
	}
	(void)pct(EXO_CALL_PCT_RETURN_NR, whom);
}

static void overrun(void)
{
	serve(overruns);
}

/* Of the caller's slots and turns, this one and later ones, the excess is the caller's. Some
 * are lost by that, and go to who is called, in its own turn. */
static void pays_callee(void)
{
	struct exo_key key;
	uint64_t name, callers, own;

	CHECK(make(&key, &name) == 0);
	clothe(&key);
	CHECK(start(&key, overrun, 512) == 0);
	CHECK(lnet_yield_to(name) == 0);
	CHECK(pct(EXO_CALL_PCT_NR, name) == 0);
	callers = excess(0);
	own = excess(1);
	CHECK(pages_state()->env[1].env == name);
	CHECK(callers > 2 * SLOT && callers + own > 4 * SLOT);
	CHECK(child_end(&key) == 0);
}

/* Has much that is given back when it ends. */
static void takes(void)
{
	struct exo_key keys[DIRTY];
	struct exo_call_frames a = { (uintptr_t)keys, DIRTY, EXO_ANY };

	for (unsigned i = 0; i < 40; i++)
		(void)lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a));
	lnet_quit(0);
}

/* To take a child apart is the time of who made it. */
static void pays_end(void)
{
	struct exo_key key;
	uint64_t name;

	CHECK(child_make(40 * DIRTY, &key, &name) == 0);
	clothe(&key);
	CHECK(start(&key, takes, 512) == 0);
	while (lives(&key))
		(void)lnet_yield();
	check_say("excess", excess(0) / 1000);
	CHECK(excess(0) > SLOT / 10);
}

/* A program that is asked whether it sleeps on is its owner's time. */
static void pays_program(void)
{
	CHECK(
	    pages_wake_word(&page->key, 8) == 0); /* packets: there are none */
	CHECK(lnet_sleep(pages_state()->now + 300 * (uint64_t)SLOT) == 0);
	CHECK(excess(0) > 0);
}

/* Calls that the end of a slot finds in the kernel, which does not notice it before they
 * have ended; beside one who just runs (spin). */
static void burn_calls(void)
{
	static struct exo_key keys[EXO_BATCH];
	struct exo_call_frames a = { (uintptr_t)keys, EXO_BATCH, EXO_ANY };
	struct exo_call_release r = { (uintptr_t)keys, EXO_BATCH, 0 };
	uint64_t from = ticks(), others = ran(0), own = ran(1);

	while (ticks() - from < 800 * SLOT) {
		CHECK(lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a)) == 0);
		CHECK(lnet_call(EXO_CALL_RELEASE_NR, &r, sizeof(r)) == 0);
	}
	others = ran(0) - others;
	own = ran(1) - own;
	check_say("of each 1000 others had", own * 1000 / others);
	CHECK(own < others + others / 200);
}

/* Who yields at the end of each slot, as it is asked to. */
static void yields(void)
{
	lnet_upcalls(page, stack, sizeof(stack));
	page->entry_end = (uintptr_t)lnet_enter_end;
	while (ticks() < 2000 * (uint64_t)SLOT && ran(0) < 100 * SLOT)
		continue;
}

/* All slots but those of others; what is left of each, which is next to nothing, is
 * given to the one that came before. */
static void crumbs(void)
{
	struct exo_call_slots a = { .first = EXO_ANY, .n = 1 };
	uint64_t from;

	while (lnet_call(EXO_CALL_TIME_TAKE_NR, &a, sizeof(a)) == 0)
		a = (struct exo_call_slots){ .first = EXO_ANY, .n = 1 };
	(void)lnet_yield();
	for (unsigned i = 0; i < 100; i++) {
		from = ticks();
		while (ticks() - from < SLOT - 500)
			continue;
		(void)lnet_yield_to(page->env - 1);
	}
}

/* All of nearly each slot is given to the one behind, who binds a long program: it goes on
 * in the middle of that call, and this one comes back when the slot is over. */
static void gives(void)
{
	uint64_t given = 0, lost = 0;

	for (;;) {
		uint64_t from = ticks();
		int64_t err = lnet_yield_to(page->env + 1);

		if (err == -EXO_ESTALE)
			break;
		CHECK(err == 0 || err == -EXO_EBUSY);
		if (err != 0)
			(void)lnet_yield();
		given += err == 0;
		lost += err == 0 && ticks() - from < SLOT / 2;
	}
	check_say("given", given);
	check_say("of them lost", lost);
	CHECK(given > 10 && lost < 4);
}

/* It has a program proved that ends after longer than anybody waits, of a key that is its
 * maker's. */
static void binds_loop(void)
{
	static const struct exo_insn loop[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K },
		{ .code = EXO_ALU64 | EXO_ADD | EXO_K, .imm = 1 },
		{ .code = EXO_JMP | EXO_JLT | EXO_K,
		    .off = -2,
		    .imm = 0x7fffffff },
		{ .code = EXO_JMP | EXO_EXIT },
	};
	struct stage_image image; /* not behind the table */
	uint64_t binding;

	stage_make(&image, loop, 4);
	table[CALLED] = 1;
	table[RETURNED] =
	    (uint64_t)stage_bind((const struct exo_key *)(uintptr_t)&table[KEY],
	        &image, image.hdr.size, EXO_BIND_TAP, &binding);
	for (;;)
		(void)lnet_yield();
}

/* Who is ended in the middle of a call does not run to the end of it. */
static void end_calling(void)
{
	struct exo_call_env_new a = { .frames = 1, .ring = 4096 };
	struct exo_key key;
	uint32_t n;

	CHECK(lnet_call(EXO_CALL_ENV_NEW_NR, &a, sizeof(a)) == 0);
	key = a.out_key;
	clothe(&key);
	*(volatile struct exo_key *)&table[KEY] = page->key;
	CHECK(start(&key, binds_loop, 512) == 0);
	for (n = 0; n < 100 && table[CALLED] == 0; n++)
		(void)lnet_yield_to(a.out_env);
	CHECK(child_end(&key) == 0);
	for (n = 0; n < 1000 && lives(&key); n++)
		(void)lnet_yield();
	check_say("turns", n);
	CHECK(n > 0 && n <= 3 && table[RETURNED] == 0);
}

/* --- what a family may have ------------------------------------------------------- */

enum {
	HOARDERS = 1,
	TAKEN,
	FULL
};

/* All frames that there are for it, to a place of the table. */
static void hoard(uint64_t place)
{
	struct exo_call_frames a = { (uintptr_t)&table[place], 1, EXO_ANY };

	while (lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a)) == 0)
		table[TAKEN]++;
}

static void hoarder(void)
{
	hoard(16 + 8 * ++table[HOARDERS]);
	table[FULL]++;
	for (;;)
		(void)lnet_yield();
}

/* Three children have no more than one would, whose limit is 200 frames. */
static void hoard_family(void)
{
	struct exo_key key[3];
	uint64_t name;

	for (unsigned i = 0; i < 3; i++) {
		CHECK(make(&key[i], &name) == 0);
		clothe(&key[i]);
		CHECK(start(&key[i], hoarder, 256 + 64 * i) == 0);
	}
	while (table[FULL] < 3)
		(void)lnet_yield();
	hoard(8);
	check_say("frames", table[TAKEN]);
	CHECK(table[TAKEN] > 100 && table[TAKEN] < 200);
	for (unsigned i = 0; i < 3; i++)
		CHECK(child_end(&key[i]) == 0);
}

/* --- the kernel's memory ----------------------------------------------------------- */

/* Maps of filters, as many as there are: they are the kernel's memory. */
static void hoard_kernel(void)
{
	struct stage_map_image m;
	uint64_t name, n = 0;

	stage_make_map(&m);
	for (uint32_t k = 256; k > 0; k /= 2) {
		m.map.max_entries = k;
		while (stage_bind(&page->key, &m, m.hdr.size, EXO_BIND_TAP,
		           &name) == 0)
			n += k;
	}
	check_say("pages of maps", n);
	for (unsigned i = 0; i < 100; i++)
		(void)lnet_yield();
}
/* What was guaranteed is there, when they have it all. */
static void wants_own(void)
{
	static struct exo_key keys[EXO_BATCH];
	struct exo_call_frames a = { (uintptr_t)keys, EXO_BATCH, EXO_ANY };

	for (unsigned i = 0; i < 50; i++)
		(void)lnet_yield();
	for (unsigned i = 0; i < 30; i++)
		CHECK(lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a)) == 0);
}

/* --- the console ---------------------------------------------------------------- */

/* As much as it may say. */
static int64_t flood(void)
{
	int64_t err = 0;

	while (err == 0)
		err = lnet_print("\n\n\n\n\n\n\n\n");
	return err;
}

static void floods(void)
{
	table[ANSWER] = (uint64_t)flood();
	for (;;)
		(void)lnet_yield();
}

/* What a child says its maker has said. */
static void flood_family(void)
{
	struct exo_key key;
	uint64_t name;

	CHECK(make(&key, &name) == 0);
	clothe(&key);
	CHECK(start(&key, floods, 512) == 0);
	while (table[ANSWER] == 0)
		(void)lnet_yield();
	CHECK((int64_t)table[ANSWER] == -EXO_ELIMIT);
	CHECK(lnet_print("one more") == -EXO_ELIMIT);
	CHECK(child_end(&key) == 0);
}

static const struct stage_attack attacks[] = {
	ATTACK(hoard_kernel),
	ATTACK(wants_own),
	ATTACK(end_both),
	ATTACK(answer_ended),
	ATTACK(clean_pages),
	ATTACK(burn_children),
	ATTACK(burn_callee),
	ATTACK(burn_calls),
	ATTACK(pays_program),
	ATTACK(pays_callee),
	ATTACK(pays_end),
	ATTACK(spin),
	ATTACK(yields),
	ATTACK(crumbs),
	ATTACK(gives),
	ATTACK(end_calling),
	ATTACK(hoard_family),
	ATTACK(flood_family),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
}
