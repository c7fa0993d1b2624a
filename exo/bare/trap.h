/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions and interrupts [Intel SDM, volume 3A, chapter 6].
 *
 * One processor, one kernel stack: in the kernel, interrupts are off but while it
 * waits for one. Double faults, machine checks and NMIs have stacks of their own,
 * each between pages that are not there.
 */
#ifndef EXO_BARE_TRAP_H
#define EXO_BARE_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/regs.h"
#include "exo/bare/x86.h"
#include "exo/lib/bug.h"

#define TRAP_PF    14u    /* page fault */
#define TRAP_STACK 32768u /* bytes of each stack */

#define TRAP_NOT_OURS 0x40400u /* flags: AC, DF */

/** Registers, as entry.S leaves them on the stack. */
struct trap {
	uint64_t EXO_X64_REGS;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss; /* the processor's */
};
_Static_assert(offsetof(struct trap, r15) == 0, "sched.c copies them");
_Static_assert(offsetof(struct trap, vector) == EXO_X64_REGS_SIZE, "entry.S");
_Static_assert(offsetof(struct trap, rip) == EXO_X64_REGS_SIZE + 16, "entry.S");

/** Load descriptors, take over all vectors, and go over to a stack with guard
 * pages by calling go(), which does not return. */
_Noreturn void trap_init(void (*go)(void));

/**
 * Expect one exception: run fn(arg). Returns its vector, with *at (may be NULL)
 * the address that a page fault was about; 0: there was none. For tests that show
 * that something cannot be done.
 */
uint32_t trap_expect(void (*fn)(uint64_t arg), uint64_t arg, uint64_t *at);

/** In the kernel, flags are its own: AC, which would let it into pages of ring 3, and
 * DF are 0, whatever they were there. This looks whether the way in has seen to it. */
static inline void trap_own_flags(void)
{
	exo_assert((x86_flags() & TRAP_NOT_OURS) == 0);
}

/** Called by entry.S. */
void trap_enter(struct trap *t);

#endif
