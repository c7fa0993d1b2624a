/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequences of calls by four libOSes (steps.h), which take turns. The argument is one of
 *
 *	clerk:SEED:STEPS:PATIENT	makes what they share, and ends it all
 *	lib:N				one of the four
 *
 * They are started in this order. The clerk hands the key of the first page of what they
 * share to each by a call of that one (PCT); whoever has the page finds the others' keys
 * in it. Who does not have the turn gives its time to who has.
 */
#include "tests/bare/check.h"
#include "tests/bare/steps_run.h"

#define ROWS   16384u /* of 64 MiB */
#define PAGES  ((sizeof(struct steps) + EXO_PAGE - 1) / EXO_PAGE)
#define WRITE  (EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_NX | EXO_PTE_PIN)
#define BEFORE (STEPS_CLERK + 1) /* nobody's turn */

static _Alignas(EXO_PAGE) uint8_t room[EXO_PAGE];
static _Alignas(16) uint8_t stack[8192]; /* of upcalls */
static _Alignas(16) uint8_t called[16384];
static struct exo_pe *page;
static uint32_t me, heard[STEPS_KINDS];

uint8_t *steps_room = room;
uint64_t steps_room_at;

int64_t steps_syscall(uint32_t nr, uint64_t size)
{
	return lnet_call(nr, room, size);
}

const void *steps_see(uint64_t va)
{
	return (const void *)(uintptr_t)va;
}

void steps_yield(void)
{
	(void)lnet_yield();
}

void steps_refresh(void)
{
	const volatile struct exo_state *st = steps_see(EXO_STATE_AT);
	uint64_t was = st->now;

	while (st->now == was)
		(void)lnet_yield();
}

/* Upcalls say one after another how much it is to give up. */
void lnet_on_packet(struct exo_frame *f)
{
	if (f->cause == EXO_CAUSE_REVOKE && f->vector < STEPS_KINDS &&
	    f->code > heard[f->vector])
		heard[f->vector] = (uint32_t)f->code;
}

void steps_told(uint32_t told[STEPS_KINDS])
{
	for (uint32_t k = 1; k < STEPS_KINDS; k++)
		told[k] = steps_larger(told[k],
		    __atomic_exchange_n(&heard[k], 0, __ATOMIC_SEQ_CST));
}

void steps_line(const char *text, uint32_t n)
{
	struct exo_call_print a = { (uintptr_t)text, n };

	(void)lnet_call(EXO_CALL_PRINT_NR, &a, sizeof(a));
}

_Noreturn void steps_wrong(const char *what, int line)
{
	(void)lnet_print(what);
	lnet_quit((uint64_t)line);
}

/* --- what is shared ------------------------------------------------------------------ */

static struct steps *shared(void)
{
	return (struct steps *)(uintptr_t)STEPS_AT;
}

static void map(const struct exo_key *keys, uint64_t first, uint64_t n)
{
	struct exo_call_pte *a = (void *)room;
	struct exo_pte *to = (void *)(room + STEPS_TABLE);

	*a =
	    (struct exo_call_pte){ .entries = (uintptr_t)to, .n = (uint32_t)n };
	for (uint64_t i = 0; i < n; i++)
		to[i] = (struct exo_pte){ STEPS_AT + (first + i) * EXO_PAGE,
			WRITE, keys[i] };
	CHECK(steps_syscall(EXO_CALL_PTE_NR, sizeof(*a)) == 0);
}

static void share(void)
{
	static struct exo_key keys[32];
	struct exo_call_frames a = { (uintptr_t)keys, PAGES, EXO_ANY };

	_Static_assert(PAGES <= 32, "their keys have room");
	CHECK(lnet_call(EXO_CALL_FRAMES_NR, &a, sizeof(a)) == 0);
	map(keys, 0, PAGES);
	for (uint64_t i = 0; i < PAGES; i++)
		shared()->shared[i] = keys[i];
}

/* --- a key from hand to hand ----------------------------------------------------------- */

void steps_called(const struct exo_key *key);
extern const uint8_t steps_enter[];

/* Where it is called: the message is the key, which goes below call_stack. */
__asm__(".text\n"
        "steps_enter:\n"
        "	subq $8, %rsp\n"
        "	pushq %r12\n"
        "	pushq %r10\n"
        "	pushq %r9\n"
        "	pushq %r8\n"
        "	pushq %rdx\n"
        "	movq %rsp, %rdi\n"
        "	call steps_called\n"
        "	ud2\n");

static int64_t hand(uint64_t to, const struct exo_key *key)
{
	const uint64_t *w = (const void *)key;
	register uint64_t r8 __asm__("r8") = w[1];
	register uint64_t r9 __asm__("r9") = w[2];
	register uint64_t r10 __asm__("r10") = w[3];
	register uint64_t r12 __asm__("r12") = w[4];
	int64_t ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"((uint64_t)EXO_CALL_PCT_NR), "D"(to),
	                 "S"((uint64_t)1), "d"(w[0]), "r"(r8), "r"(r9),
	                 "r"(r10), "r"(r12)
	                 : "rcx", "r11", "memory");
	return ret;
}

/* --- turns ------------------------------------------------------------------------------- */

static uint32_t turn(void)
{
	return __atomic_load_n(&shared()->turn, __ATOMIC_ACQUIRE);
}

static void set_turn(uint32_t who)
{
	__atomic_store_n(&shared()->turn, who, __ATOMIC_RELEASE);
}

static void await_turn(void)
{
	uint32_t who;

	while ((who = turn()) != me) {
		const struct steps *s = shared();
		uint64_t to = who < STEPS_LIBS ? s->lib[who].env : s->clerk;

		if (lnet_yield_to(to) != 0)
			(void)lnet_yield();
	}
}

static void be_told(void)
{
	page->stack_from = (uintptr_t)stack;
	page->stack_to = (uintptr_t)stack + sizeof(stack);
	page->entry_revoke = (uintptr_t)lnet_enter_packet;
}

void steps_called(const struct exo_key *key)
{
	struct steps *s = shared();
	enum steps_end end = STEPS_GOES_ON;

	map(key, 0, 1);
	map(s->shared + 1, 1, PAGES - 1);
	if (s->patient)
		be_told();
	await_turn();
	steps_begin(s, me, &page->key);
	set_turn(me + 1);
	while (end == STEPS_GOES_ON) {
		await_turn();
		end = steps_turn(s);
	}
	if (end == STEPS_FAULTS)
		__asm__ volatile("ud2");
	lnet_quit(0);
}

static int clerk(const char *text)
{
	struct steps *s;
	uint64_t seed = check_number(&text);
	uint32_t steps = (uint32_t)check_number(&text);
	int64_t err;

	share();
	s = shared();
	me = STEPS_CLERK;
	set_turn(BEFORE);
	s->patient = (uint32_t)check_number(&text);
	steps_new(s, seed, steps, ROWS);
	s->clerk = page->env;
	for (uint32_t i = 0; i < STEPS_LIBS; i++) {
		s->lib[i].env = page->env + i + 1;
		while ((err = hand(s->lib[i].env, &s->shared[0])) != 0) {
			CHECK(err == -EXO_EAGAIN);
			(void)lnet_yield();
		}
	}
	set_turn(0);
	await_turn();
	steps_next(s);
	await_turn();
	steps_finish(s);
	return 0;
}

int lnet_main(struct exo_pe *pe)
{
	const char *text = pe->arg;

	page = pe;
	steps_room_at = (uintptr_t)room;
	if (*text == 'c')
		return clerk(text);
	me = (uint32_t)check_number(&text);
	pe->entry_async = (uintptr_t)steps_enter;
	pe->call_stack = (uintptr_t)called + sizeof(called);
	for (;;)
		(void)lnet_call(EXO_CALL_ACCEPT_NR, 0, 0);
}
