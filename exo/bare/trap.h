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
#include <stdint.h>

#define TRAP_PF 14u /* page fault */

/** Registers, as entry.S leaves them on the stack. */
struct trap {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss; /* the processor's */
};

/** The kernel's stack: where it begins, each time it is entered from ring 3. */
extern uint64_t trap_stack;

/** Load descriptors, take over all vectors, and go over to a stack with guard
 * pages by calling go(), which does not return. */
_Noreturn void trap_init(void (*go)(void));

/**
 * Expect one exception: run fn(arg). Returns its vector, with *at (may be NULL)
 * the address that a page fault was about; 0: there was none. For tests that show
 * that something cannot be done.
 */
uint32_t trap_expect(void (*fn)(uint64_t arg), uint64_t arg, uint64_t *at);

/** Called by entry.S. */
void trap_enter(struct trap *t);

#endif
