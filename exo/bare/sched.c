/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: see sched.h.
 *
 * The kernel never waits in the middle of something: each way in from ring 3 begins on
 * an empty stack and ends by going on with some environment. What pauses does so on
 * another stack (fiber.h).
 */
#include "exo/bare/sched.h"

#include "exo/bare/apic.h"
#include "exo/bare/call.h"
#include "exo/bare/clock.h"
#include "exo/bare/cpu.h"
#include "exo/bare/fiber.h"
#include "exo/bare/paging.h"
#include "exo/bare/pct.h"
#include "exo/bare/revoke.h"
#include "exo/bare/sleep.h"
#include "exo/bare/space.h"
#include "exo/bare/trap.h"
#include "exo/bare/watchdog.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define TURN_NS 10000000u
#define LATE_NS 500000u /* a timer that comes so early is of an older turn */

void env_enter(const struct user_regs *regs) __attribute__((noreturn));
void env_return(const struct user_regs *regs) __attribute__((noreturn));

/* Of a page fault's error code [Intel SDM, volume 3A, 4.7]. */
#define FAULT_PRESENT 1u
#define FAULT_WRITE   2u
#define FAULT_FETCH   16u

static const struct sched_ops *ops;

/* The registers of ring 3 that the kernel does not touch. Nothing of one environment
 * is there when another one runs. */
static void switch_fpu(struct plat_env *e)
{
	struct cpu *c = cpu_here();

	if (c->fpu_of == e)
		return;
	if (c->fpu_of != NULL)
		__asm__ volatile("fxsave64 %0" : "=m"(c->fpu_of->fpu));
	__asm__ volatile("fxrstor64 %0" : : "m"(e->fpu));
	c->fpu_of = e;
}

/* All that is its own but the registers that the kernel uses. */
static void put_in(struct plat_env *e)
{
	struct cpu *c = cpu_here();

	c->current = e;
	if (x86_cr3() != e->root) {
		x86_set_cr3(e->root);
		e->ran = ++c->switches;
		space_resume(e);
	}
	switch_fpu(e);
}

static _Noreturn void go_on(struct plat_env *e)
{
	put_in(e);
	env_enter(&e->regs);
}

/* Take apart those that ended. */
static void bury(void)
{
	struct cpu *c = cpu_here();

	for (unsigned i = 0; env_any_dead() && i < env_places(); i++) {
		struct plat_env *e = env_at(i);

		if (e == NULL || e->state != ENV_DEAD)
			continue;
		x86_set_cr3(paging_root());
		if (c->fpu_of == e)
			c->fpu_of = NULL;
		if (c->current == e)
			c->current = NULL;
		pct_ended(e);
		ops->ended(ops->arg, e);
		env_free(e);
	}
}

/* Packets wake who waits for them; an upcall if it wants one. */
static void wake(struct plat_env *e)
{
	if (!e->wake || e->state == ENV_AWAITS)
		return;
	if (e->state == ENV_ACCEPTS || e->state == ENV_SLEEPS) {
		if (e->pe->entry_packet == 0)
			return;
		e->state = ENV_RUNNABLE;
	}
	if (e->state == ENV_WAITING) {
		e->state = ENV_RUNNABLE;
		e->wake = e->pe->entry_packet != 0;
	}
	if (!e->wake)
		return;
	if (e->pe->critical != 0) {
		e->pe->packets = 1;
		return;
	}
	e->wake = false;
	(void)upcall(e, e->pe->entry_packet, EXO_CAUSE_PACKET, 0, 0, 0);
}

/* So long it may run. The timer begins behind what the kernel did before. */
static void begin_turn(uint64_t ns)
{
	cpu_here()->turn_end = clock_ns() + ns;
	apic_timer(ns);
}

/* A time is over: of this turn, or of one that ended before the kernel took what its
 * timer had sent. */
static void timer(void)
{
	uint64_t now = clock_ns(), end = cpu_here()->turn_end;

	if (now + LATE_NS >= end)
		sched_next();
	begin_turn(end - now);
}

/* The next that may run, after the one whose turn it was; NULL. */
static struct plat_env *pick(bool *any)
{
	unsigned n = env_places(), at = cpu_here()->last;

	*any = false;
	for (unsigned i = 0; i < n; i++) {
		struct plat_env *e;

		at = at + 1 < n ? at + 1 : 0;
		e = env_at(at);

		if (e == NULL || e->state == ENV_DEAD || e->state == ENV_MADE)
			continue;
		*any = true;
		if (e->state != ENV_CALLING) {
			revoke_tell(e);
			wake(e);
			if (e->state == ENV_SLEEPS && sleep_over(e))
				e->state = ENV_RUNNABLE;
			e = pct_runs_for(e);
			if (e->state != ENV_RUNNABLE && e->state != ENV_CALLING)
				continue;
		}
		cpu_here()->last = at;
		return e;
	}
	return NULL;
}

/* From now on packets interrupt; those that are here already are taken in. When that
 * took half of the turn, the others wait for its end: those whom many come for do not
 * take all the time of who runs [J. Mogul, K. Ramakrishnan, "Eliminating receive
 * livelock in an interrupt-driven kernel", ACM TOCS 15(3), 1997]. */
static void listen(void)
{
	struct cpu *c = cpu_here();
	uint64_t from = clock_ns(), before = c->spent;

	while (c->spent < TURN_NS / 2 && !ops->listen(ops->arg) &&
	       ops->poll(ops->arg) > 0)
		c->spent = before + (clock_ns() - from);
}

/* A call that paused goes on; if it has ended now, and its environment not, that goes
 * on, too. */
static void go_on_calling(struct plat_env *e)
{
	put_in(e);
	fiber_resume(e);
	if (e->state == ENV_RUNNABLE)
		wake(e);
	if (e->state == ENV_RUNNABLE)
		sched_resume();
}

_Noreturn void sched_next(void)
{
	for (;;) {
		struct plat_env *e;
		bool any;

		watchdog_back++;
		(void)ops->poll(ops->arg);
		ops->tick(ops->arg);
		bury();
		e = pick(&any);
		if (e != NULL) {
			e->turns++;
			cpu_here()->spent = 0;
			if (!ops->listen(ops->arg))
				listen();
			begin_turn(TURN_NS);
			if (e->state == ENV_RUNNABLE)
				go_on(e);
			go_on_calling(e);
			continue;
		}
		bury();
		if (!any)
			ops->done(ops->arg);
		ops->wait(ops->arg);
	}
}

/* One may go on; else another does. */
static struct plat_env *may_go_on(struct plat_env *e)
{
	if (e == NULL || e->state != ENV_RUNNABLE)
		sched_next();
	if (e->regs.rip >= USER_END) {
		/* IRETQ and SYSRET would fault in ring 0 */
		env_die(e, ENV_FAULT, 13);
		sched_next();
	}
	return e;
}

static struct plat_env *same_one(void)
{
	return may_go_on(cpu_here()->current);
}

_Noreturn void sched_resume(void)
{
	go_on(same_one());
}

_Noreturn void sched_return(void)
{
	struct plat_env *e = same_one();

	put_in(e);
	env_return(&e->regs);
}

_Noreturn void sched_switch(struct plat_env *to)
{
	to = may_go_on(to);
	put_in(to);
	env_return(&to->regs);
}

_Noreturn void sched_run(const struct sched_ops *with)
{
	ops = with;
	call_init();
	sched_next();
}

/* Packets came. */
static void packets(struct plat_env *e)
{
	uint64_t from = clock_ns();

	(void)ops->poll(ops->arg);
	cpu_here()->spent += clock_ns() - from;
	listen();
	wake(e);
}

bool sched_look(void)
{
	struct cpu *c = cpu_here();
	uint64_t from = clock_ns();

	if (c->spent < TURN_NS / 2 && ops->poll(ops->arg) > 0)
		c->spent += clock_ns() - from;
	listen();
	return clock_ns() < c->turn_end;
}

/* An exception of ring 3's own: its handler's, or the end. */
static void exception(struct plat_env *e, const struct trap *t)
{
	bool fault = t->vector == TRAP_PF;

	if (fault && (t->error & FAULT_PRESENT) == 0 &&
	    exo_phys_refill(e->phys, e->holder, x86_cr2(),
	        (t->error & FAULT_WRITE) != 0, (t->error & FAULT_FETCH) != 0))
		return;
	if (upcall(e, fault ? e->pe->entry_fault : e->pe->entry_exception,
	        fault ? EXO_CAUSE_FAULT : EXO_CAUSE_EXCEPTION, t->vector,
	        t->error, fault ? x86_cr2() : 0))
		return;
	e->about = fault ? x86_cr2() : 0;
	env_die(e, ENV_FAULT, t->vector);
}

_Noreturn void sched_trap(const struct trap *t)
{
	struct plat_env *e = cpu_here()->current;

	exo_assert(e != NULL);
	memcpy(&e->regs, t, EXO_X64_REGS_SIZE);
	e->regs.rip = t->rip;
	e->regs.rflags = t->rflags;
	e->regs.rsp = t->rsp;
	if (t->vector >= 32) {
		exo_assert(apic_enter((uint32_t)t->vector));
		if (t->vector == APIC_TIMER)
			timer();
		else
			packets(e);
	} else {
		exception(e, t);
	}
	sched_resume();
}
