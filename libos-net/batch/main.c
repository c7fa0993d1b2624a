/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration's libOS for throughput: it walks through its data from the first page
 * to the last, again and again, and adds one to each word.
 *
 * Its pager is FIFO, and fetches eight pages at once. Its slots are in a row; at their
 * ends it wants no word, and the kernel keeps its registers. It answers no request to
 * give up frames: the kernel takes some, saves them where this one said (SEED), and
 * writes so into its repossession vector, where they are found at the next page fault.
 */
#include "exo/abi/err.h"
#include "libos-net/demo/demo.h"
#include "libos-net/rt/pct.h"
#include "libos-net/rt/rt.h"

#define PAGES   DEMO_PAGES
#define FRAMES  24u
#define PASSES  5u  /* at least, */
#define MOST    60u /* and if the kernel took nothing */
#define PAGE_US 250u
#define AWAY_US 500u

static struct demo demo LNET_PAGER;
_Alignas(4096) static uint8_t stack[16384] LNET_PAGER;

void lnet_on_fault(struct exo_frame *f)
{
	if (!demo_fault(&demo, f))
		lnet_quit(114);
}

/* Whether others ran meanwhile, which nobody says. */
static void work(void)
{
	uint64_t last = demo_ticks(), now = last, away = 0;
	uint64_t until = now + (uint64_t)PAGE_US * DEMO_US;

	for (; now < until; last = now) {
		now = demo_ticks();
		if (now - last > away)
			away = now - last;
	}
	if (away > (uint64_t)AWAY_US * DEMO_US && demo_tells(&demo, DEMO_END))
		demo_say(&demo, "end of slice: away for ", away / DEMO_US,
		    " us; the kernel kept the registers");
}

/* What a word begins with. */
static uint64_t first(uint32_t page, uint32_t word)
{
	return (uint64_t)page * 1000003u + word;
}

static uint64_t fill(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < PAGES; i++) {
		for (uint32_t k = 0; k < DEMO_WORDS; k++) {
			*demo_word(i, k) = first(i, k);
			sum += first(i, k);
		}
		work();
	}
	return sum;
}

static void walk(uint32_t passes)
{
	for (uint32_t i = 0; i < PAGES; i++) {
		for (uint32_t k = 0; k < DEMO_WORDS; k++) {
			if (*demo_word(i, k) != first(i, k) + passes)
				demo.failed = true;
			++*demo_word(i, k);
		}
		work();
	}
}

static uint64_t add_up(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < PAGES; i++)
		for (uint32_t k = 0; k < DEMO_WORDS; k++)
			sum += *demo_word(i, k);
	return sum;
}

/* The first blocks are for what the kernel takes. */
static int seed(struct exo_pe *pe)
{
	struct exo_call_lessen a = { .key = pe->disk,
		.rights = EXO_DISK_READ | EXO_DISK_WRITE,
		.n = DEMO_SAVED };
	int64_t err = lnet_call(EXO_CALL_LESSEN_NR, &a, sizeof(a));

	return err == 0 ? (int)lnet_seed(&a.out_key) : (int)err;
}

/* Ask the other one, which answers when it has done its own work. */
static int report(uint64_t sum, uint64_t want)
{
	uint64_t m[LNET_PCT_WORDS] = { sum, want, demo.vm.stat.evicted,
		demo.vm.stat.brought };
	uint64_t quick = lnet_pct_find("quick");
	int64_t err;

	demo_say(&demo, "call quick, with my sum in a register: ", sum, "");
	while ((err = lnet_pct_call(quick, m)) == -EXO_EAGAIN)
		(void)lnet_yield();
	if (err != 0)
		return 5;
	demo_say(&demo, "quick answers ", m[0],
	    m[0] == 1 ? ": the sum is right" : ": the sum is wrong");
	err = lnet_pct_send(quick, m);
	return err == 0 && m[0] == 1 ? 0 : 6;
}

int lnet_main(struct exo_pe *pe)
{
	uint64_t sum, want;
	uint32_t passes = 0;

	lnet_upcalls(pe, stack, sizeof(stack));
	demo_init(&demo, pe, PAGES, FRAMES, 8, &lnet_fifo);
	if (seed(pe) != 0)
		return 2;
	demo_say(&demo, "FIFO pager, 8 pages at once; ", FRAMES,
	    " frames for 40 pages; slots 0 to 3");
	want = fill();
	while (passes < PASSES || (demo.losses == 0 && passes < MOST))
		walk(passes++);
	demo_losses(&demo);
	want += (uint64_t)PAGES * DEMO_WORDS * passes;
	sum = add_up();
	demo_say(&demo, "walked through all pages ", passes, " times");
	if (demo.failed || sum != want || demo.losses == 0)
		return 3;
	return report(sum, want);
}
