/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A working set, touched in each of many turns: what it costs that the kernel has few
 * tables, by the number of upcalls that are needed to have all of it again.
 */
#include "libos-net/rt/vm.h"
#include "tests/bare/check.h"

#define FROM   0x0000100000000000u
#define AREAS  3u /* 2 MiB apart: a table each */
#define EACH   16u
#define ROUNDS 200u

static struct lnet_vm vm LNET_PAGER;
static struct lnet_page pages[AREAS][EACH] LNET_PAGER;
static struct lnet_region areas[AREAS] LNET_PAGER;
_Alignas(4096) static uint8_t stack[16384] LNET_PAGER;
static volatile uint64_t upcalls;

void lnet_on_fault(struct exo_frame *f)
{
	upcalls++;
	if (!lnet_vm_fault(&vm, f))
		lnet_quit(114);
}

/* Areas are of the same S-TLB, none in the place of another. */
static volatile uint64_t *page(uint32_t area, uint32_t i)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (
	    volatile uint64_t *)(uintptr_t)(areas[area].from + i * EXO_PAGE);
}

static void round(uint64_t n)
{
	for (uint32_t a = 0; a < AREAS; a++)
		for (uint32_t i = 0; i < EACH; i++) {
			CHECK(n == 0 || *page(a, i) == n + a + i - 1);
			*page(a, i) = n + a + i;
		}
	CHECK(lnet_yield() == 0);
}

int lnet_main(struct exo_pe *pe)
{
	uint64_t first;

	lnet_upcalls(pe, stack, sizeof(stack));
	lnet_vm_init(&vm, 1);
	for (uint32_t a = 0; a < AREAS; a++) {
		areas[a] = (struct lnet_region){
			.from = FROM + a * (0x200000u + EACH * EXO_PAGE),
			.n = EACH,
			.rights = EXO_FRAME_READ | EXO_FRAME_WRITE,
			.page = pages[a]
		};
		lnet_vm_add(&vm, &areas[a]);
	}
	round(0);
	first = upcalls;
	for (uint64_t n = 1; n <= ROUNDS; n++)
		round(n);
	check_say("touches", (uint64_t)ROUNDS * AREAS * EACH);
	check_say("upcalls at first", first);
	check_say("upcalls again", upcalls - first);
	return 0;
}
