/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction that needs six pages, none of them pinned: its own two, two that it
 * reads and two that it writes. Three and three of them have one place in the S-TLB, or,
 * where that has no more than eight entries, all have. Each is entered when it is touched,
 * and in the end they all are there.
 */
#include "tests/bare/pages.h"

#define SIX      6u
#define APART    (512u * EXO_PAGE) /* one place, whatever the S-TLB has */
#define CROSS_AT 0x200000028000u
#define ENOUGH   100u /* faults of an instruction that will not get on */

static uint8_t stack[8192];
static struct exo_key keys[2 * SIX];
static uint64_t faults;

/* Code, what is read, what is written: two pages each, side by side. */
static uint64_t at(uint32_t i)
{
	return CROSS_AT + i / 2 * APART + i % 2 * EXO_PAGE;
}

static void enter(uint32_t i, uint64_t va, uint64_t bits)
{
	struct exo_pte e = { .va = va, .bits = bits, .key = keys[i] };
	struct exo_call_pte a = { .entries = (uintptr_t)&e, .n = 1 };

	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == 0);
}

void lnet_on_fault(struct exo_frame *f)
{
	uint64_t own = (f->address - PAGES_AT) / EXO_PAGE;
	uint32_t i = 0;

	if (own < 2 * SIX) {
		CHECK(pages_show((uint32_t)own, &keys[own]) == 0);
		return;
	}
	if (++faults > ENOUGH)
		lnet_quit(1);
	while (i < SIX && f->address - at(i) >= EXO_PAGE)
		i++;
	CHECK(i < SIX);
	enter(i, at(i), i < 2 ? EXO_PTE_PRESENT : PAGES_RW);
}

/* movsq and ret, from the last byte of a page on. */
static void prepare(void)
{
	pages_own(keys, SIX);
	pages_at(0)[EXO_PAGE - 1] = 0x48;
	pages_at(1)[0] = 0xa5;
	pages_at(1)[1] = 0xc3;
	for (uint32_t k = 0; k < 8; k++)
		pages_at(k < 4 ? 2 : 3)[(EXO_PAGE - 4 + k) % EXO_PAGE] =
		    (uint8_t)(k + 1);
}

static void run(void)
{
	uint64_t code = at(1) - 1, from = at(3) - 4, to = at(5) - 4;

	faults = 0;
	/* the handler of its faults uses vectors */
	__asm__ volatile("callq *%2"
	                 : "+S"(from), "+D"(to)
	                 : "r"(code)
	                 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3",
	                 "xmm4", "xmm5", "xmm6", "xmm7");
	CHECK(from == at(3) + 4 && to == at(5) + 4);
	for (uint32_t k = 0; k < 8; k++)
		CHECK(pages_at(k < 4 ? 4 : 5)[(EXO_PAGE - 4 + k) % EXO_PAGE] ==
		      k + 1);
}

int lnet_main(struct exo_pe *pe)
{
	lnet_upcalls(pe, stack, sizeof(stack));
	prepare();
	for (int i = 0; i < 3; i++) {
		run();
		CHECK(faults <= SIX);
		check_say("faults", faults);
		CHECK(pages_take(keys + SIX, SIX) == 0);
		for (uint32_t k = SIX; k < 2 * SIX; k++)
			CHECK(
			    pages_show(k, &keys[k]) == 0); /* displaces some */
	}
	return 0;
}
