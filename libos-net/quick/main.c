/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demonstration's libOS for short waits: it touches a few pages often and the others
 * now and then, and counts in each how often.
 *
 * Its pager is a clock, which reads in the processor's own tables what was used
 * (EXO_TABLES_AT), and takes single pages. Its slots are spread; at their ends it has an
 * upcall, and gives up the processor within its grace. Asked to give up frames, it names
 * those that its clock finds cold. A child that it makes sees its data until one of them
 * writes. In the end it serves one call of the other libOS, and shows what the kernel
 * says of both.
 */
#include "libos-net/demo/demo.h"
#include "libos-net/rt/fork.h"
#include "libos-net/rt/pct.h"
#include "libos-net/rt/rt.h"

#define PAGES    24u
#define FRAMES   12u
#define HOT      4u
#define STEPS    240u  /* at least, */
#define MOST     6000u /* and if the kernel asks for nothing */
#define STEP_US  40u
#define NO_CHILD 40u

static struct demo demo LNET_PAGER;
_Alignas(4096) static uint8_t stack[16384] LNET_PAGER;
_Alignas(16) static uint8_t call_stack[8192];
static volatile struct exo_pe *page;

void lnet_on_fault(struct exo_frame *f)
{
	if (!demo_fault(&demo, f))
		lnet_quit(114);
}

void lnet_on_end(struct exo_frame *f)
{
	(void)f;
	if (demo_tells(&demo, DEMO_END))
		demo_say(&demo, "end of slice: number ", demo.n[DEMO_END],
		    "; yielded within the grace");
	(void)lnet_yield();
}

void lnet_on_revoke(struct exo_frame *f)
{
	uint32_t n = (uint32_t)f->code, given;

	if (f->vector != EXO_KIND_FRAME)
		return;
	page->critical = 1; /* nothing else, while pages move */
	demo_say(&demo, "revocation: the kernel wants ", n, " frames back");
	given = demo_surrender(&demo, n);
	demo.vm.most -= given;
	demo_say(&demo, "  surrendered ", given, " of them, by their names");
	page->critical = 0;
	if (page->late != 0)
		(void)lnet_yield();
}

static void touch(uint32_t i)
{
	++*demo_word(i, 0);
	if (*demo_word(i, 1) != i)
		demo.failed = true;
}

static void fill(void)
{
	for (uint32_t i = 0; i < PAGES; i++)
		*demo_word(i, 1) = i;
}

/* --- a child ----------------------------------------------------------------------- */

static _Noreturn void be_child(void)
{
	demo.whose = "child: ";
	for (uint32_t i = 0; i < DEMO_EVENTS; i++)
		demo.told[i] = DEMO_LINES; /* but for this one: */
	demo.told[DEMO_COPY] = 0;
	demo_say(&demo, "I see ", *demo_word(0, 2), " in page 0, and write 8");
	*demo_word(0, 2) = 8;
	lnet_quit(*demo_word(0, 2) == 8 ? 0 : 1);
}

/* Two go on from here with the same pages. */
static void have_child(void)
{
	struct lnet_child child;
	int err;

	*demo_word(0, 2) = 7;
	demo_say(&demo, "fork: ", 1, " child, which sees my pages");
	err = lnet_fork(&demo.vm, 1, false, &child);
	if (err == 0)
		be_child();
	if (err != 1)
		lnet_quit(NO_CHILD);
	while (!lnet_fork_ended(&child))
		(void)lnet_yield();
	(void)lnet_vm_lends(&demo.vm);
	demo_say(&demo, "the child is gone; page 0 says ", *demo_word(0, 2),
	    " here");
	demo.failed = demo.failed || *demo_word(0, 2) != 7;
}

/* --- time -------------------------------------------------------------------------- */

/* No upcall comes meanwhile; that the slot is over is seen. */
static void critical(void)
{
	uint64_t over;

	page->critical = 1;
	while (page->late == 0)
		continue;
	over = demo_ticks();
	demo_work(20);
	page->critical = 0;
	demo_say(&demo, "critical section: the slot ended in it; yielded ",
	    (demo_ticks() - over) / DEMO_US, " us late");
	(void)lnet_yield();
}

static uint64_t use(void)
{
	uint64_t touched = 0;

	for (uint32_t i = 0; i < STEPS || (demo.n[DEMO_GIVEN] == 0 && i < MOST);
	     i++) {
		touch(i % HOT);
		touch(HOT + i / HOT % (PAGES - HOT));
		touched += 2;
		demo_work(STEP_US);
		if (i == STEPS / 2)
			critical();
	}
	return touched;
}

/* --- the end ------------------------------------------------------------------------ */

static void column(const char *name, uint64_t of_a, uint64_t of_b)
{
	struct demo_line l = demo_row();

	demo_text(&l, name, 34);
	demo_number(&l, of_a, 9);
	demo_number(&l, of_b, 9);
	demo_print(&l);
}

static const struct exo_env_row *row_of(uint64_t name)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const struct exo_state *s = (const void *)(uintptr_t)EXO_STATE_AT;
	uint32_t i = 0;

	while (i < EXO_STATE_ENVS - 1 && s->env[i].env != name)
		i++;
	return &s->env[i];
}

/* Numbers that are of now: they are written ten times a second. */
static void wait_for_news(void)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	const volatile struct exo_state *s =
	    (const void *)(uintptr_t)EXO_STATE_AT;
	uint64_t before = s->now;

	while (s->now == before)
		(void)lnet_sleep(s->now + 101000000u);
}

static void table(uint64_t batch, const uint64_t *m)
{
	const struct exo_env_row *a, *b;
	struct demo_line l = demo_row();

	wait_for_news();
	a = row_of(batch);
	b = row_of(page->env);
	demo_text(&l, "what the kernel and both say at the end", 34);
	demo_print(&l);
	l = demo_row();
	demo_text(&l, "", 34);
	demo_text(&l, "    batch    quick", 0);
	demo_print(&l);
	column("slots of its own", a->slots, b->slots);
	column("turns", a->turns, b->turns);
	column("ran, microseconds", a->ran_ns / 1000, b->ran_ns / 1000);
	column("upcalls", a->upcalls, b->upcalls);
	column("page faults handed up", a->faults, b->faults);
	column("refilled by the S-TLB", a->refills, b->refills);
	column("pages evicted to the disk", m[2], demo.vm.stat.evicted);
	column("pages brought back", m[3], demo.vm.stat.brought);
	column("frames given up when asked", 0, demo.n[DEMO_GIVEN]);
	column("frames lost", a->lost, b->lost);
	column("frames owned now", a->frames, b->frames);
	column("slots owed", a->owed, b->owed);
	column("bytes of the kernel's", a->kernel, b->kernel);
}

void lnet_on_call(uint64_t caller, uint64_t m[LNET_PCT_WORDS])
{
	demo_say(
	    &demo, "protected control transfer: batch asks about ", m[0], "");
	table(caller, m);
	m[0] = m[0] == m[1];
}

void lnet_on_send(uint64_t caller, uint64_t m[LNET_PCT_WORDS])
{
	(void)caller;
	(void)m;
	lnet_quit(0);
}

int lnet_main(struct exo_pe *pe)
{
	uint64_t touched, found = 0;

	page = pe;
	lnet_upcalls(pe, stack, sizeof(stack));
	pe->entry_end = (uintptr_t)lnet_enter_end;
	pe->entry_revoke = (uintptr_t)lnet_enter_revoke;
	demo_init(&demo, pe, PAGES, 0, 1, &lnet_clock);
	if (lnet_fork_init(&demo.vm) != 0)
		return 2;
	demo_say(&demo, "clock pager, single pages; ", FRAMES,
	    " frames for 24 pages; slots 4, 8, 12");
	have_child();
	demo.vm.most = demo.vm.owned + FRAMES - 1;
	fill();
	touched = use();
	for (uint32_t i = 0; i < PAGES; i++)
		found += *demo_word(i, 0);
	demo_say(
	    &demo, "touched pages ", touched, " times; they count the same");
	if (demo.failed || found != touched || demo.n[DEMO_GIVEN] == 0)
		return 3;
	lnet_pct_serve(pe, call_stack, sizeof(call_stack));
}
