/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many instructions the kernel's ways in and out take, by the time stamp counter:
 * one tick is one instruction where QEMU counts them (count.sh). Each number is the
 * least of several, for the timer may be in between.
 *
 * With the argument "peer" it only gives up its turns, after a while to the one before
 * it.
 */
#include "tests/bare/check.h"

#define TIMES  64u
#define SLOTS  8u
#define YIELDS (4 * TIMES)

_Alignas(4096) static uint8_t stack[16384]; /* frames on one page */
static struct exo_call_yield_to args;
extern volatile uint32_t entered;
volatile uint32_t entered; /* when the handler began */

extern const uint8_t count_enter[];
uint32_t count_nothing(void *a, uint64_t size);
uint32_t count_nops(void *a, uint64_t size);
uint32_t count_string(void *a, uint64_t from);
uint32_t count_null(void *a, uint64_t size);
uint32_t count_call(void *a, uint64_t size);
uint32_t count_yield(void *a, uint64_t size);
uint32_t count_yield_to(void *a, uint64_t size);
uint32_t count_upcall(void *a, uint64_t size);
uint32_t count_slot(void *a, uint64_t size);

/* uint32_t name(args, size): ticks of what is between. */
#define COUNT(name, what)                        \
	__asm__(".globl " #name "\n" #name ":\n" \
	        "	rdtsc\n"                       \
	        "	movl %eax, %r8d\n"             \
	        "	" what "\n"              \
	        "	rdtsc\n"                       \
	        "	subl %r8d, %eax\n"             \
	        "	ret\n")

COUNT(count_nothing, "");
COUNT(count_nops, ".rept 100; nop; .endr");
COUNT(count_string, "movl $60, %ecx; rep lodsb");
/* EXO_CALL_NULL_NR, without a structure, with one */
COUNT(count_null, "xorl %eax, %eax; xorl %edi, %edi; xorl %esi, %esi; syscall");
COUNT(count_call, "xorl %eax, %eax; syscall");
COUNT(count_yield, "movl $16, %eax; syscall");    /* EXO_CALL_YIELD_NR */
COUNT(count_yield_to, "movl $39, %eax; syscall"); /* EXO_CALL_YIELD_TO_NR */
COUNT(count_upcall, "movl %eax, entered(%rip); ud2");

/* The counter is read first; then the way of every handler is gone. */
__asm__("count_enter:\n"
        "	rdtsc\n"
        "	subl entered(%rip), %eax\n"
        "	movl %eax, entered(%rip)\n"
        "	jmp lnet_enter_exception\n");

/* The time between two readings, when it was long; each is LOOK instructions behind the
 * one before it, wherever the slot ends. */
#define LOOK 6u
__asm__(".globl count_slot\ncount_slot:\n"
        "	rdtsc\n"
        "	movl %eax, %r8d\n"
        "1:	rdtsc\n"
        "	movl %eax, %ecx\n"
        "	subl %r8d, %ecx\n"
        "	movl %eax, %r8d\n"
        "	cmpl $500, %ecx\n"
        "	jb 1b\n"
        "	movl %ecx, %eax\n"
        "	ret\n");

void lnet_on_exception(struct exo_frame *f)
{
	f->rip += 2; /* ud2 */
}

static uint32_t least_of(uint32_t times, uint32_t (*count)(void *, uint64_t))
{
	uint32_t min = UINT32_MAX;

	for (uint32_t i = 0; i < times; i++) {
		uint32_t n = count(&args, sizeof(args));

		min = n < min ? n : min;
	}
	return min;
}

static uint32_t least(uint32_t (*count)(void *, uint64_t))
{
	return least_of(TIMES, count);
}

static void count_all(struct exo_pe *pe)
{
	uint32_t none = least(count_nothing), to, all;

	check_say("nops_100", least(count_nops) - none);
	check_say(
	    "string_60", count_string(&args, (uintptr_t)stack) - none - 1);
	/* without the instructions that name the call */
	check_say("null_call", least(count_null) - none - 3);
	check_say("null_call_structure", least(count_call) - none - 1);
	lnet_upcalls(pe, stack, sizeof(stack));
	pe->entry_exception = (uintptr_t)count_enter;
	all = least(count_upcall) - none - 1;
	(void)count_upcall(&args, sizeof(args));
	to = entered - none - 1;
	check_say("upcall_to_handler", to);
	check_say("upcall_and_resume", all - 4); /* of count_enter's own */
	check_say("yield_and_back", least(count_yield) - none - 1);
	check_say("slot_switch_and_back", least_of(SLOTS, count_slot) - LOOK);
	for (uint32_t i = 0; i < YIELDS; i++)
		CHECK(lnet_yield() == 0); /* the peer is done with them */
	args.env = pe->env + 1;
	check_say("yield_to_and_back", least(count_yield_to) - none - 1);
}

int lnet_main(struct exo_pe *pe)
{
	if (same_text(pe->arg, "peer")) {
		for (uint32_t i = 0; i < YIELDS; i++)
			CHECK(lnet_yield() == 0);
		while (lnet_yield_to(pe->env - 1) == 0)
			continue;
		return 0;
	}
	CHECK(EXO_CALL_NULL_NR == 0 && EXO_CALL_YIELD_NR == 16);
	CHECK(EXO_CALL_YIELD_TO_NR == 39);
	count_all(pe);
	return 0;
}
