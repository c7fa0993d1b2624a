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
#include "exo/bare/family.h"
#include "exo/bare/fiber.h"
#include "exo/bare/paging.h"
#include "exo/bare/pct.h"
#include "exo/bare/revoke.h"
#include "exo/bare/sleep.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/bare/tlb.h"
#include "exo/bare/trap.h"
#include "exo/bare/watchdog.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define EARLY_NS 20000u /* a timer that comes earlier is of an older turn */

void env_enter(const struct user_regs *regs) __attribute__((noreturn));
void env_return(const struct user_regs *regs, const struct user_regs *message)
    __attribute__((noreturn));

/* Of a page fault's error code [Intel SDM, volume 3A, 4.7]. */
#define FAULT_PRESENT 1u
#define FAULT_WRITE   2u
#define FAULT_FETCH   16u

static const struct sched_ops *ops;

static _Noreturn void next(uint64_t now);

/* The registers of ring 3 that the kernel does not touch. Nothing of one environment
 * is there when another one runs. Addresses of x87's last instruction and its data are
 * neither saved nor restored by AMD's FXSAVE and FXRSTOR while no exception is pending
 * [AMD64 Architecture Programmer's Manual, volume 2, 11.4.4]: FNINIT clears them. */
static void switch_fpu(struct plat_env *e)
{
	struct cpu *c = cpu_here();

	if (c->fpu_of == e)
		return;
	if (c->fpu_of != NULL)
		__asm__ volatile("fxsave64 %0" : "=m"(c->fpu_of->fpu));
	__asm__ volatile("fninit; fxrstor64 %0" : : "m"(e->fpu));
	x86_no_segments();
	c->fpu_of = e;
}

/* Whoever ran stops at this time: his own is counted. */
static void ran(struct cpu *c, uint64_t ticks)
{
	if (c->current != NULL)
		c->current->ran_ticks += ticks - c->ran_since;
	c->ran_since = ticks;
}

/* The same, now: that is the time. */
static uint64_t stop(struct cpu *c)
{
	uint64_t ticks = clock_ticks();

	ran(c, ticks);
	return clock_at(ticks);
}

/* All that is its own but the registers that the kernel uses. */
static void put_in(struct plat_env *e)
{
	struct cpu *c = cpu_here();

	if (c->mapped != e) {
		c->mapped = e;
		e->ran = ++c->switches;
		space_run(e);
	}
	c->current = e;
	switch_fpu(e);
}

static _Noreturn void go_on(struct plat_env *e)
{
	put_in(e);
	env_enter(&e->regs);
}

/* Take one apart. That is its family's time, as what it owes is: who makes others, one
 * after the other, has no more of the machine by their ends. */
static void take_apart(struct plat_env *e)
{
	const struct plat_env *heir = family_heir(e);
	uint64_t from = clock_ns();

	env_free(e);
	if (heir != NULL)
		slots_charge(heir, clock_ns() - from);
}

/* Take apart those that ended. */
static void bury(void)
{
	struct cpu *c = cpu_here();

	if (!env_any_dead())
		return;
	for (unsigned i = 0; env_any_dead() && i < env_places(); i++) {
		struct plat_env *e = env_at(i);

		if (e == NULL || e->state != ENV_DEAD)
			continue;
		tlb_use(paging_root());
		c->mapped = NULL;
		if (c->fpu_of == e)
			c->fpu_of = NULL;
		if (c->current == e)
			c->current = NULL;
		ops->ended(ops->arg, e);
		take_apart(e);
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
	struct cpu *c = cpu_here();

	c->ran_since = clock_ticks();
	c->turn_end = clock_at(c->ran_since) + ns;
	c->overran = false;
	apic_timer(ns);
}

static uint64_t left_at(uint64_t now)
{
	uint64_t end = cpu_here()->turn_end;

	return end > now ? end - now : 0;
}

uint64_t sched_left(void)
{
	return left_at(clock_ns());
}

uint64_t sched_end(void)
{
	return cpu_here()->turn_end;
}

void sched_longer(uint64_t ns)
{
	cpu_here()->turn_end += ns;
}

/* Whether a call was what took longer than the turn: nothing of ring 3 ran since, if rcx is
 * what SYSRET left there. The timer need not be what comes first behind it: a trap after
 * each instruction does, and a packet. Both may have ring 3 go on elsewhere, so that it is
 * kept. Who makes them equal by himself, behind the end, owes more than he need. */
static void note_call(const struct plat_env *e)
{
	if (e->regs.rcx == e->regs.rip && sched_left() == 0)
		cpu_here()->overran = true;
}

/* A time is over: of this turn, or of one that ended before the kernel took what its
 * timer had sent, or that was made longer. What is between the end and this was the
 * caller's, if it was in a call; else the timer was late, which is nobody's fault. */
static void timer(struct plat_env *e)
{
	uint64_t ticks = clock_ticks(), now = clock_at(ticks),
	         left = left_at(now);

	if (left == 0 && !cpu_here()->overran)
		cpu_here()->turn_end = now;
	if (left <= EARLY_NS)
		left = slots_over(e, now);
	ran(cpu_here(), ticks);
	if (left == 0)
		next(now);
	begin_turn(left);
}

bool sched_can_run(struct plat_env *e)
{
	if (e->state == ENV_DEAD || e->state == ENV_MADE)
		return false;
	if (e->state == ENV_CALLING)
		return true;
	revoke_tell(e);
	wake(e);
	if (e->state == ENV_SLEEPS && sleep_over(e))
		e->state = ENV_RUNNABLE;
	return e->state == ENV_RUNNABLE;
}

static uint32_t poll(void)
{
	uint32_t n = ops->poll(ops->arg);

	if (n > 0)
		slots_filtered();
	return n;
}

/* From now on packets interrupt; those that are here already are taken in. When that
 * took half of the turn, the others wait for its end: those whom many come for do not
 * take all the time of who runs [J. Mogul, K. Ramakrishnan, "Eliminating receive
 * livelock in an interrupt-driven kernel", ACM TOCS 15(3), 1997]. */
static void listen(void)
{
	struct cpu *c = cpu_here();
	uint64_t from = clock_ns(), before = c->spent;

	while (
	    c->spent < slots_ns() / 2 && !ops->listen(ops->arg) && poll() > 0)
		c->spent = before + (clock_ns() - from);
}

/* Whether somebody may run some day. Who was never started cannot be any more, when all
 * others have ended. */
static bool any_left(void)
{
	bool any = false;

	for (unsigned i = 0; i < env_places(); i++)
		any |= env_at(i) != NULL && env_at(i)->state != ENV_MADE;
	for (unsigned i = 0; !any && i < env_places(); i++)
		if (env_at(i) != NULL)
			env_die(env_at(i), ENV_KILLED, 0);
	bury();
	return any;
}

/* A call that paused goes on; if it has ended now, and its environment and its time not,
 * that goes on, too. */
static void go_on_calling(struct plat_env *e)
{
	put_in(e);
	fiber_resume(e);
	if (e->state != ENV_RUNNABLE || sched_left() == 0)
		return;
	wake(e);
	if (e->state == ENV_RUNNABLE)
		sched_resume();
}

/* Who ran has stopped, a moment ago. Only what may have taken long has the clock read
 * again. */
static _Noreturn void next(uint64_t now)
{
	slots_leave(cpu_here()->current, now);
	for (;; now = clock_ns()) {
		struct plat_env *e;

		watchdog_back++;
		if (poll() > 0)
			now = clock_ns();
		ops->tick(ops->arg, now);
		bury();
		e = slots_next();
		if (e != NULL) {
			e->turns++;
			cpu_here()->spent = 0;
			if (!ops->listen(ops->arg))
				listen();
			begin_turn(slots_ns());
			if (e->state == ENV_RUNNABLE)
				go_on(e);
			go_on_calling(e);
			slots_leave(e, stop(cpu_here()));
			continue;
		}
		if (env_any_dead())
			continue; /* who waited for its answer may run */
		if (!any_left())
			ops->done(ops->arg);
		ops->wait(ops->arg);
	}
}

_Noreturn void sched_next(void)
{
	next(stop(cpu_here()));
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
	env_return(&e->regs, &e->regs);
}

_Noreturn void sched_switch(struct plat_env *to, const struct plat_env *from)
{
	struct cpu *c = cpu_here();

	if (slots_are_over()) { /* nothing is left to give */
		if (to != NULL)
			pct_keep(to, from);
		sched_next();
	}
	to = may_go_on(to);
	if (to != c->current)
		ran(c, clock_ticks());
	put_in(to);
	env_return(&to->regs, &from->regs);
}

_Noreturn void sched_run(const struct sched_ops *with)
{
	ops = with;
	call_init();
	sched_next();
}

int sched_yield_to(struct plat_env *e, uint64_t name)
{
	struct plat_env *to = NULL;
	uint64_t now;
	int err = name == e->name ? 0 : slots_whom(name, &to);

	if (to == NULL)
		return err;
	now = stop(cpu_here()); /* which is not the other's */
	if (!slots_worth()) {
		slots_leave(e, now);
		to = NULL; /* nothing is left */
	}
	if (to != NULL)
		slots_given(to);
	cpu_here()->current = to;
	return 0;
}

_Noreturn void sched_given(void)
{
	struct plat_env *e = cpu_here()->current;

	if (e == NULL || e->state != ENV_CALLING)
		sched_resume();
	go_on_calling(e);
	sched_next();
}

/* Packets came. What that takes is not of who runs: it runs so much longer. */
static void packets(struct plat_env *e)
{
	struct cpu *c = cpu_here();
	uint64_t from = clock_ns(), before = c->spent;

	(void)poll();
	c->spent += clock_ns() - from;
	listen();
	c->turn_end += c->spent - before;
	wake(e);
}

bool sched_look(void)
{
	struct cpu *c = cpu_here();
	uint64_t from = clock_ns(), before = c->spent;

	if (before < slots_ns() / 2 && poll() > 0)
		c->spent += clock_ns() - from;
	listen();
	c->turn_end += c->spent - before; /* as if it ran */
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
	note_call(e);
	if (t->vector >= 32) {
		exo_assert(apic_enter((uint32_t)t->vector));
		if (t->vector == APIC_TIMER)
			timer(e);
		else
			packets(e);
	} else {
		exception(e, t);
	}
	sched_resume();
}
