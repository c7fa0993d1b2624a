/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many instructions the kernel's ways in and out take, by the time stamp counter:
 * one tick is one instruction where QEMU counts them (count.sh). Each number is the
 * least of several, for the timer may be in between.
 *
 * With the argument "peer" it only gives up its turns, after a while to the one before
 * it; then it takes calls. With "asks" it wants frames that the one behind it has, which
 * gives up one at a time ("hears"), or does not hear of it ("deaf"); with "sleeps" it
 * sleeps.
 */
#include "libos-net/rt/pct.h"
#include "tests/bare/pages.h"

#define TIMES  64u
#define SLOTS  8u
#define YIELDS (4 * TIMES)
#define AT     0x0000100000000000u /* pages far apart: tables of their own */
#define FAR    0x0000010000001000u /* and places in the S-TLB */
#define RW     (EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_NX)
#define RO     (EXO_PTE_PRESENT | EXO_PTE_NX)
#define BYE    0x51e55a5c0ffee002u /* nothing that a register has */

_Alignas(4096) static uint8_t stack[16384]; /* frames on one page */
static struct exo_call_yield_to args;
extern volatile uint32_t entered;
volatile uint32_t entered; /* when the handler began */
extern uint64_t count_peer, sent;
uint64_t count_peer, sent;

static struct exo_key keys[EXO_BATCH];
static struct exo_pte ptes[EXO_BATCH];
static volatile uint32_t faults;

extern const uint8_t count_enter[], count_enter_fault[];
extern const uint8_t count_enter_call[], count_enter_send[];
uint32_t count_nothing(void *a, uint64_t size);
uint32_t count_nops(void *a, uint64_t size);
uint32_t count_string(void *a, uint64_t from);
uint32_t count_null(void *a, uint64_t size);
uint32_t count_call(void *a, uint64_t size);
uint32_t count_yield(void *a, uint64_t size);
uint32_t count_yield_to(void *a, uint64_t size);
uint32_t count_upcall(void *a, uint64_t size);
uint32_t count_slot(void *a, uint64_t size);
uint32_t count_fault(void *a, uint64_t size);
uint32_t count_touch(void *a, uint64_t size);
uint32_t count_frames(void *a, uint64_t size);
uint32_t count_release(void *a, uint64_t size);
uint32_t count_pte(void *a, uint64_t size);
uint32_t count_pct(void *a, uint64_t size);
uint32_t count_pct_there(void *a, uint64_t size);
uint32_t count_pct_sent(void *a, uint64_t size);

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
COUNT(count_fault, "movl %eax, entered(%rip); movb $1, (%rdi)");
COUNT(count_touch, "movb $1, (%rdi)");
COUNT(count_frames, "movl $20, %eax; syscall");  /* EXO_CALL_FRAMES_NR */
COUNT(count_release, "movl $21, %eax; syscall"); /* ... RELEASE */
COUNT(count_pte, "movl $24, %eax; syscall");     /* ... PTE */
/* EXO_CALL_PCT_NR. The peer has what it took to get there in r9, or sent, which it has
 * in r10; all others come back as they went. */
#define PCT(how)                                                              \
	"movl $32, %eax; movl $" #how ", %esi; movq count_peer(%rip), %rdi; " \
	"syscall; "
COUNT(count_pct, PCT(0));
COUNT(count_pct_there, PCT(0) "movl %r9d, %eax; ret");
COUNT(count_pct_sent, PCT(1) PCT(0) "movl %r10d, %eax; ret");

__asm__("count_enter_call:\n"
        "	rdtsc\n"
        "	subl %r8d, %eax\n"
        "	movl %eax, %r9d\n"
        "	movl sent(%rip), %r10d\n"
        "	movl $33, %eax\n" /* EXO_CALL_PCT_RETURN_NR */
        "	syscall\n"
        "	jmp lnet_pct_accept\n"
        "count_enter_send:\n"
        "	rdtsc\n"
        "	subl %r8d, %eax\n"
        "	movl %eax, sent(%rip)\n"
        "	jmp lnet_enter_send\n");

/* The counter is read first; then the way of every handler is gone. */
__asm__("count_enter:\n"
        "	rdtsc\n"
        "	subl entered(%rip), %eax\n"
        "	movl %eax, entered(%rip)\n"
        "	jmp lnet_enter_exception\n"
        "count_enter_fault:\n"
        "	rdtsc\n"
        "	subl entered(%rip), %eax\n"
        "	movl %eax, entered(%rip)\n"
        "	jmp lnet_enter_fault\n");

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

void lnet_on_fault(struct exo_frame *f)
{
	faults++;
	f->rip += 3; /* movb $1, (%rdi) */
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

void lnet_on_send(uint64_t caller, uint64_t message[LNET_PCT_WORDS])
{
	(void)caller;
	if (message[LNET_PCT_WORDS - 1] == BYE)
		lnet_quit(0);
}

/* The peer accepts when it has given up all its turns. */
static void count_calls(uint32_t none)
{
	uint64_t message[LNET_PCT_WORDS] = { 0 };

	count_peer = lnet_pct_find("peer");
	while (lnet_pct_call(count_peer, message) == -EXO_EAGAIN)
		(void)lnet_yield();
	check_say("pct_one_way", least(count_pct_there) - none - 3);
	check_say(
	    "pct_round_trip", least(count_pct) - none - 3 - 5); /* its own */
	check_say("pct_async", least(count_pct_sent) - none - 3);
	message[LNET_PCT_WORDS - 1] = BYE;
	CHECK(lnet_pct_send(count_peer, message) == 0);
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
	count_calls(none);
}

/* --- memory ------------------------------------------------------------------- */

static void *page(uint32_t i)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (void *)(uintptr_t)(AT + i * FAR);
}

static void enter(uint64_t va, uint64_t bits, const struct exo_key *key)
{
	struct exo_pte e = { va, bits, *key };
	struct exo_call_pte a = { .entries = (uintptr_t)&e, .n = 1 };

	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == 0);
}

static uint32_t least_call(
    uint32_t (*count)(void *, uint64_t), void *a, uint64_t size, uint32_t none)
{
	uint32_t min = UINT32_MAX;

	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t n = count(a, size) - none - 1;

		min = n < min ? n : min;
	}
	return min;
}

/* A store that the handler skips: to its beginning, and to behind the store. */
static void count_faults(
    const char *to_name, const char *all_name, void *at, uint32_t none)
{
	uint32_t all = UINT32_MAX, to = UINT32_MAX;

	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t n = count_fault(at, 0) - none - 1;

		all = n < all ? n : all;
		n = entered - none - 1;
		to = n < to ? n : to;
	}
	check_say(to_name, to);
	if (all_name != NULL)
		check_say(all_name, all - 4); /* of count_enter's own */
}

/* A page whose tables are not there, and that is in the S-TLB; then its neighbour, whose
 * tables are there by now. There is room for tables of two pages (count.conf): a third
 * costs those of both. */
static void count_hits(uint32_t none)
{
	uint32_t tables = UINT32_MAX, hit = UINT32_MAX, before = faults;
	uint8_t *at = page(1);

	for (uint32_t i = 1; i <= 3; i++)
		enter(AT + i * FAR, RW, &keys[i]);
	enter(AT + FAR + 16 * EXO_PAGE, RW, &keys[4]);
	(void)count_touch(page(3), 0);
	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t n;

		(void)count_touch(page(2 + i % 2), 0);
		n = count_touch(at, 0) - none - 1;
		CHECK(n > 1000); /* they were not there */
		tables = n < tables ? n : tables;
		n = count_touch(at + 16 * EXO_PAGE, 0) - none - 1;
		CHECK(n > 100);
		hit = n < hit ? n : hit;
	}
	CHECK(faults == before);
	check_say("stlb_hit", hit);
	check_say("stlb_hit_tables", tables);
}

static void count_batches(uint32_t none)
{
	struct exo_call_pte p = { .entries = (uintptr_t)ptes, .n = 1 };
	uint32_t n;

	for (uint32_t i = 0; i < EXO_BATCH; i++)
		ptes[i] = (struct exo_pte){ AT + i * EXO_PAGE, RW, keys[i] };
	check_say("pte_1", least_call(count_pte, &p, sizeof(p), none));
	p.n = EXO_BATCH;
	n = least_call(count_pte, &p, sizeof(p), none);
	check_say("pte_64", n);
	check_say("pte_64_each", n / EXO_BATCH);
}

/* So many frames, taken and given back. */
static void count_owning(
    const char *take, const char *give, uint32_t many, uint32_t none)
{
	struct exo_call_frames f = { (uintptr_t)keys, many, EXO_ANY };
	struct exo_call_release r = { (uintptr_t)keys, many, 0 };
	uint32_t taken = UINT32_MAX, given = UINT32_MAX;

	for (uint32_t i = 0; i < TIMES; i++) {
		uint32_t n = count_frames(&f, sizeof(f)) - none - 1;

		taken = n < taken ? n : taken;
		n = count_release(&r, sizeof(r)) - none - 1;
		given = n < given ? n : given;
	}
	check_say(take, taken);
	check_say(give, given);
}

/* Frames that are free and whose other half is not, so that none is made of a larger run,
 * or becomes one, whatever the machine's memory looks like. */
static void divide(void)
{
	static struct exo_key all[4][EXO_BATCH];
	struct exo_call_release r = { .n = 1 };

	for (uint32_t i = 0; i < 4; i++) {
		struct exo_call_frames f = { (uintptr_t)all[i], EXO_BATCH,
			EXO_ANY };

		CHECK(lnet_call(EXO_CALL_FRAMES_NR, &f, sizeof(f)) == 0);
	}
	for (uint32_t i = 0; i < 4 * EXO_BATCH; i++) {
		struct exo_key *k = &all[i / EXO_BATCH][i % EXO_BATCH];

		r.keys = (uintptr_t)k;
		if ((k->region & 1) != 0)
			CHECK(
			    lnet_call(EXO_CALL_RELEASE_NR, &r, sizeof(r)) == 0);
	}
}

static void count_memory(struct exo_pe *pe)
{
	struct exo_call_frames f = { (uintptr_t)keys, EXO_BATCH, EXO_ANY };
	uint32_t none = least(count_nothing);

	CHECK(EXO_CALL_FRAMES_NR == 20 && EXO_CALL_RELEASE_NR == 21 &&
	      EXO_CALL_PTE_NR == 24);
	divide();
	count_owning("frames_1", "release_1", 1, none);
	count_owning("frames_64", "release_64", EXO_BATCH, none);
	CHECK(lnet_call(EXO_CALL_FRAMES_NR, &f, sizeof(f)) == 0);
	pe->entry_fault = (uintptr_t)count_enter_fault;
	enter(AT, RO, keys);
	count_faults("page_fault_upcall", "page_fault_resume", page(0), none);
	enter(AT, 0, keys);
	count_faults("stlb_miss_upcall", NULL, page(0), none);
	count_hits(none);
	count_batches(none);
}

/* --- revocation and sleep --------------------------------------------------------- */

static uint32_t given;

void lnet_on_revoke(struct exo_frame *f)
{
	uint64_t name = pages_name(&keys[given++]);

	CHECK(f->code == 1 && lnet_surrender(EXO_KIND_FRAME, &name, 1) == 0);
}

static void take_all(void)
{
	while (pages_take(keys, EXO_BATCH) == 0)
		continue;
}

/* One that is asked gives its turn back. */
static void hears(struct exo_pe *pe)
{
	take_all();
	lnet_upcalls(pe, stack, sizeof(stack));
	pe->entry_revoke = (uintptr_t)lnet_enter_revoke;
	while (lnet_yield_to(pe->env - 1) != -EXO_ESTALE)
		continue;
}

static void deaf(void)
{
	take_all();
	for (uint32_t i = 0; i < YIELDS; i++)
		CHECK(lnet_yield() == 0);
}

/* From a call for a frame that the other one has to having it. */
static uint32_t ask(struct exo_pe *pe, int deaf_one)
{
	uint32_t from, to;
	int64_t err;

	__asm__ volatile("rdtsc" : "=a"(from) : : "rdx");
	err = pages_take(keys, 1);
	(void)(deaf_one ? lnet_yield() : lnet_yield_to(pe->env + 1));
	CHECK(err == -EXO_EAGAIN && pages_take(keys, 1) == 0);
	__asm__ volatile("rdtsc" : "=a"(to) : : "rdx");
	return to - from;
}

static void asks(struct exo_pe *pe, const char *name, int deaf_one)
{
	uint32_t min = UINT32_MAX;

	while (pages_take(keys, 1) != -EXO_EAGAIN)
		CHECK(lnet_yield() == 0); /* it does not have all yet */
	do
		CHECK(lnet_yield() == 0);
	while (pages_take(keys, 1) != 0);
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint32_t n = ask(pe, deaf_one);

		min = n < min ? n : min;
	}
	check_say(name, min);
}

/* A program that says at once that it is over. */
static void sleeps(void)
{
	static const struct exo_insn now[] = {
		{ .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = 1 },
		{ .code = EXO_JMP | EXO_EXIT },
	};
	uint32_t min = UINT32_MAX, from, to;

	CHECK(pages_wake((const struct exo_key *)0, 0, now, 2) == 0);
	for (uint32_t i = 0; i < TIMES; i++) {
		__asm__ volatile("rdtsc" : "=a"(from) : : "rdx");
		CHECK(lnet_sleep(0) == 0);
		__asm__ volatile("rdtsc" : "=a"(to) : : "rdx");
		min = to - from < min ? to - from : min;
	}
	check_say("sleep_wake", min);
}

/* Whether it was one of these. */
static int other(struct exo_pe *pe)
{
	if (same_text(pe->arg, "hears"))
		hears(pe);
	else if (same_text(pe->arg, "deaf"))
		deaf();
	else if (same_text(pe->arg, "asks"))
		asks(pe, "revocation_ask_and_surrender", 0);
	else if (same_text(pe->arg, "asks_deaf"))
		asks(pe, "revocation_abort_1", 1);
	else if (same_text(pe->arg, "sleeps"))
		sleeps();
	else
		return 0;
	return 1;
}

int lnet_main(struct exo_pe *pe)
{
	if (other(pe))
		return 0;
	if (same_text(pe->arg, "peer")) {
		for (uint32_t i = 0; i < YIELDS; i++)
			CHECK(lnet_yield() == 0);
		for (uint32_t i = 0; i < 2 * TIMES; i++)
			(void)lnet_yield_to(pe->env - 1);
		pe->call_stack = (uintptr_t)stack + sizeof(stack);
		pe->entry_sync = (uintptr_t)count_enter_call;
		pe->entry_async = (uintptr_t)count_enter_send;
		lnet_pct_accept();
	}
	CHECK(EXO_CALL_NULL_NR == 0 && EXO_CALL_YIELD_NR == 16);
	CHECK(EXO_CALL_YIELD_TO_NR == 39);
	count_all(pe);
	count_memory(pe);
	return 0;
}
