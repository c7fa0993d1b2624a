/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What owners of time slots do. The argument is one of
 *
 *	spin:N[:K]	runs; without an entry point for a slot's end. It ends when it
 *			comes back for the N-th time after others ran, each time for K
 *			tenths of a slot at most
 *	good:N		yields at each slot's end
 *	takes:N		the same, and takes slots 11 and 15
 *	bad:N:K		yields K tenths of a slot late
 *	critical:N:K	is in a critical section until K tenths of a slot after its end
 *	polite:N	yields at once
 *	give:N		gives each of its turns to the environment behind it
 *	forever		never yields again
 *	burns:N:K	makes K children, each of which does that, in its first slot, and
 *			yields at each slot's end
 *
 * and ends after N slots. One tick is a nanosecond (slots.sh).
 */
#include "tests/bare/child.h"

#define SLOT 1000000u

static struct exo_pe *page;
static uint8_t stack[4096];
static uint64_t ends, most, tenths;

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static void run_for(uint64_t n)
{
	uint64_t from = ticks();

	while (ticks() - from < n)
		continue;
}

static void one_more(void)
{
	if (++ends == most)
		lnet_quit(0);
}

/* The end of a slot. */
void lnet_on_end(struct exo_frame *f)
{
	CHECK(f->cause == EXO_CAUSE_END && f->address != 0);
	if (most == 0)
		for (;;)
			continue;
	one_more();
	run_for(tenths * SLOT / 10);
	(void)lnet_yield();
}

static void spin(void)
{
	uint64_t last = ticks();

	for (;;) {
		uint64_t now = ticks();

		CHECK(tenths == 0 || now - last <= tenths * SLOT / 10);
		if (now - last > SLOT / 2)
			one_more();
		last = now;
	}
}

static void critical(void)
{
	volatile struct exo_pe *pe = page;

	for (;;) {
		pe->critical = 1;
		while (pe->late == 0)
			continue;
		one_more();
		run_for(tenths * SLOT / 10);
		pe->critical = 0;
		CHECK(lnet_yield() == 0);
		CHECK(pe->late == 0);
	}
}

static void take(void)
{
	struct exo_call_slots a = { .first = 11, .step = 4, .n = 2 };

	CHECK(lnet_call(EXO_CALL_TIME_TAKE_NR, &a, sizeof(a)) == 0);
	CHECK(a.out_first == 11);
}

static void never_yield(void)
{
	child_page()->critical = 1;
	for (;;)
		continue;
}

/* All at once, as the last thing in a slot. */
static void burn(void)
{
	static struct exo_pte entries[EXO_BATCH];
	static struct exo_key keys[16];
	uint32_t n = child_clothes(entries, (uintptr_t)&stack[0]);

	CHECK(tenths <= 16);
	for (uint64_t i = 0; i < tenths; i++) {
		uint64_t name;

		CHECK(child_make(1, &keys[i], &name) == 0);
		child_dress(&keys[i], entries, n);
	}
	for (uint64_t i = 0; i < tenths; i++)
		CHECK(child_start(&keys[i], never_yield, &stack[4096]) == 0);
	tenths = 0;
}

static int is(const char *text, const char *name)
{
	while (*name != '\0' && *text == *name) {
		text++;
		name++;
	}
	return *name == '\0';
}

int lnet_main(struct exo_pe *pe)
{
	const char *text = pe->arg;

	page = pe;
	most = check_number(&text);
	tenths = check_number(&text);
	text = pe->arg;
	if (is(text, "spin"))
		spin();
	if (is(text, "critical"))
		critical();
	for (; is(text, "polite"); one_more())
		CHECK(lnet_yield() == 0);
	for (; is(text, "give"); one_more())
		CHECK(lnet_yield_to(pe->env + 1) == 0);
	if (is(text, "takes"))
		take();
	if (is(text, "burns"))
		burn();
	lnet_upcalls(pe, stack, sizeof(stack));
	pe->entry_end = (uintptr_t)lnet_enter_end;
	for (;;)
		continue;
}
