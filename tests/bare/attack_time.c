/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks on time: slots of others, ends of slots that are ignored, turns that are given
 * away. By their names, as in attack.c; with entries for the end of a slot.
 */
#include "tests/bare/stage.h"

#define SLOTS 300u /* more than there are */

static struct exo_pe *page;
static uint8_t stack[4096];

static int64_t slots(uint64_t nr, uint32_t first, uint32_t step, uint32_t n)
{
	struct exo_call_slots a = { .first = first, .step = step, .n = n };

	return lnet_call(nr, &a, sizeof(a));
}

static int64_t take(uint32_t slot)
{
	return slots(EXO_CALL_TIME_TAKE_NR, slot, 1, 1);
}

static int64_t give(uint32_t slot)
{
	return slots(EXO_CALL_TIME_GIVE_NR, slot, 1, 1);
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

/* The end of a slot, ignored. */
void lnet_on_end(struct exo_frame *f)
{
	(void)f;
	spin();
}

/* --- slots -------------------------------------------------------------------- */

/* What is taken, or not one's own, stays so. */
static void slot_theft(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		int64_t err = take(i);

		CHECK(err == 0 || err == -EXO_EBUSY || err == -EXO_ELIMIT ||
		      err == -EXO_EINVAL);
		if (err == 0) {
			CHECK(take(i) == -EXO_EBUSY);
			CHECK(give(i) == 0);
		}
		CHECK(give(i) == (err == -EXO_EINVAL ? err : -EXO_ENOENT));
	}
}

/* It has slots of its own, 0 and 1, while others try to steal them. */
static void slot_holder(void)
{
	for (uint32_t i = 0; i < 100; i++) {
		CHECK(take(0) == -EXO_EBUSY && take(1) == -EXO_EBUSY);
		CHECK(lnet_yield() == 0);
	}
	CHECK(slots(EXO_CALL_TIME_GIVE_NR, 0, 1, 2) == 0);
	CHECK(slots(EXO_CALL_TIME_GIVE_NR, 0, 1, 2) == -EXO_ENOENT);
}

static void slot_ranges(void)
{
	static const uint32_t row[][3] = { { 0, 1, 0 }, { 0, 0, 2 },
		{ 0, 1, UINT32_MAX }, { UINT32_MAX - 1, 1, 1 },
		{ EXO_ANY, 1, 2 }, { EXO_ANY, 0, 0 }, { SLOTS, 1, 1 },
		{ 1, UINT32_MAX, 2 }, { 2, 0x80000000u, 3 },
		{ 4, 0x40000000u, 5 }, { 0, UINT32_MAX, UINT32_MAX },
		{ 3, UINT32_MAX - 2, 2 }, { 0, 1, SLOTS } };

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		for (uint64_t nr = EXO_CALL_TIME_TAKE_NR;
		     nr <= EXO_CALL_TIME_GIVE_NR; nr++)
			CHECK(slots(nr, row[i][0], row[i][1], row[i][2]) ==
			      -EXO_EINVAL);
	for (unsigned i = 0; i < 2; i++) {
		struct exo_call_slots a = {
			.n = 1, .zero = i == 0, .zero2 = i
		};

		CHECK(lnet_call(EXO_CALL_TIME_TAKE_NR, &a, sizeof(a)) ==
		      -EXO_EINVAL);
		CHECK(lnet_call(EXO_CALL_TIME_GIVE_NR, &a, sizeof(a)) ==
		      -EXO_EINVAL);
	}
}

/* All that are free; what is guaranteed to others is not. */
static void slot_hoard(void)
{
	uint32_t n = 0;

	while (take(EXO_ANY) == 0)
		CHECK(++n < SLOTS);
	CHECK(take(EXO_ANY) == -EXO_ELIMIT);
	for (volatile uint32_t i = 0; i < 10000000; i++)
		continue;
	for (uint32_t i = 0; i < SLOTS; i++)
		n -= give(i) == 0;
	CHECK(n == 0);
}

/* --- ends of slots ------------------------------------------------------------ */

static void end_with(uint64_t entry, uint64_t from, uint64_t to)
{
	page->entry_end = entry;
	page->stack_from = from;
	page->stack_to = to;
	spin();
}

static void end_in_kernel(void)
{
	end_with(KERNEL_TEXT, (uintptr_t)stack, (uintptr_t)stack + 4096);
}

static void end_stack_in_kernel(void)
{
	end_with((uintptr_t)lnet_enter_end, KERNEL_TEXT, KERNEL_TEXT + 4096);
}

static void end_stack_not_there(void)
{
	end_with((uintptr_t)lnet_enter_end, 0x500000000, 0x500001000);
}

static void end_ignored(void)
{
	lnet_upcalls(page, stack, sizeof(stack));
	page->entry_end = (uintptr_t)lnet_enter_end;
	spin();
}

/* Calls in between do not make the time longer. */
static void end_busy(void)
{
	page->critical = 1;
	for (;;) {
		page->late = 0;
		(void)slots(EXO_CALL_TIME_GIVE_NR, 0, 1, 1);
		(void)lnet_yield_to(page->env);
	}
}

static void critical_forever(void)
{
	page->critical = 1;
	spin();
}

/* --- turns that are given away ------------------------------------------------- */

static void yield_to_forged(void)
{
	CHECK(lnet_yield_to(0) == -EXO_ESTALE);
	CHECK(lnet_yield_to(UINT64_MAX) == -EXO_ESTALE);
	CHECK(lnet_yield_to(KERNEL_TEXT) == -EXO_ESTALE);
	for (unsigned bit = 32; bit < 64; bit++)
		CHECK(lnet_yield_to(page->env ^ (uint64_t)1 << bit) ==
		      -EXO_ESTALE);
	for (uint64_t i = 0; i < 100; i++) {
		int64_t err = lnet_yield_to((page->env & ~0xffffull) | i);

		CHECK(err == 0 || err == -EXO_EBUSY || err == -EXO_ESTALE);
	}
	CHECK(lnet_yield_to(page->env) == 0);
}

/* Two that give all their time to each other. */
static void with_partner(uint64_t name)
{
	for (uint32_t i = 0; i < 100000; i++)
		(void)lnet_yield_to(name);
}

static void yield_ping(void)
{
	with_partner(page->env + 1);
}

static void yield_pong(void)
{
	with_partner(page->env - 1);
}

static const struct stage_attack attacks[] = {
	ATTACK(slot_theft),
	ATTACK(slot_holder),
	ATTACK(slot_ranges),
	ATTACK(slot_hoard),
	ATTACK(end_in_kernel),
	ATTACK(end_stack_in_kernel),
	ATTACK(end_stack_not_there),
	ATTACK(end_ignored),
	ATTACK(end_busy),
	ATTACK(critical_forever),
	ATTACK(yield_to_forged),
	ATTACK(yield_ping),
	ATTACK(yield_pong),
};

int lnet_main(struct exo_pe *pe)
{
	page = pe;
	return stage_main(pe, attacks, sizeof(attacks) / sizeof(attacks[0]));
}
