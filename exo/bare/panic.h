/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end: registers, how it came there by names, and a status that is no success.
 */
#ifndef EXO_BARE_PANIC_H
#define EXO_BARE_PANIC_H

#include <stdint.h>

struct trap;

/** An exception that nobody expected. */
_Noreturn void panic_trap(const struct trap *t);

/** The kernel was interrupted there, and had been at it for too long. */
_Noreturn void panic_late(const struct trap *t);

/** End the machine; QEMU's status is 33 if it went well, 35 if not
 * (isa-debug-exit), or the processor halts for ever. */
_Noreturn void panic_exit(int failed);

/** Write where an address of the kernel's text is: "name+12". */
void panic_where(uint64_t at);

#endif
