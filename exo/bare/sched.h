/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs: whose slot it is, or environments in turn (slots.h), each until it gives up
 * its turn or its time is over.
 * Packets that come meanwhile are taken in at once, and answered where a handler does;
 * then whoever was interrupted goes on.
 */
#ifndef EXO_BARE_SCHED_H
#define EXO_BARE_SCHED_H

#include <stdint.h>

#include "exo/bare/env.h"

struct trap;

/** What the kernel does between turns. */
struct sched_ops {
	/** Take packets in; how many. */
	uint32_t (*poll)(void *arg);
	/** Have the next packet interrupt who runs. False: there are some already. */
	bool (*listen)(void *arg);
	/** What else is to be done between turns; the time. */
	void (*tick)(void *arg, uint64_t now);
	/** Wait until there may be some; for as long as nobody is runnable. */
	void (*wait)(void *arg);
	/** Nobody is left. It does not return. */
	void (*done)(void *arg);
	/** One has ended, and is about to be taken apart. */
	void (*ended)(void *arg, struct plat_env *e);
	void *arg;
};

/** Run environments until none is left. Does not return. */
_Noreturn void sched_run(const struct sched_ops *ops);

/** An exception or interrupt in ring 3. */
_Noreturn void sched_trap(const struct trap *t);

/** Go on with the environment that runs, or, when it may not, with another one. */
_Noreturn void sched_resume(void);

/** The same behind SYSCALL: rcx and r11 are what SYSRET makes of them. */
_Noreturn void sched_return(void);

/** In the middle of a call: take in packets that came. False: its turn is over. */
bool sched_look(void);

/** `to` has what is left of the turn, and goes on behind a call, with the message of
 * `from` (pct.h); NULL, or if it may not: another one has a turn. */
_Noreturn void sched_switch(struct plat_env *to, const struct plat_env *from);

/** It gives up the rest of its turn. */
_Noreturn void sched_next(void);

/** It gives what is left of its turn to another, who goes on by sched_given(). 0, or
 * what slots_whom() says. */
int sched_yield_to(struct plat_env *e, uint64_t name);

/** Go on with who was given the turn, be it in the middle of a call; or, when there is
 * nothing to give, with another one. */
_Noreturn void sched_given(void);

/** Whether it can run; packets wake it. */
bool sched_can_run(struct plat_env *e);

/** Nanoseconds of this turn that are left. */
uint64_t sched_left(void);

/** When it ends. */
uint64_t sched_end(void);

/** It is so much longer. */
void sched_longer(uint64_t ns);

#endif
