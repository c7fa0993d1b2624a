/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is below and beside the way in from ring 3 (exo/bare/call.c) on a machine in a
 * process (bare.h): a processor that runs one call, a clock that stands still, the heap,
 * the command line. What a program makes of the console is its own (serial_lines()).
 */
#ifndef TESTS_SUPPORT_BARE_ENTRY_H
#define TESTS_SUPPORT_BARE_ENTRY_H

#include <stdint.h>

/** Enter the kernel by the registers of cpu_here()->current. How it came back: 1, with the
 * call's result; 2, with whoever runs next; 3, in somebody who was interrupted; 4, in another one, who
 * was called or is answered: cpu_here()->current. */
int bare_enter_kernel(void);

/** Nanoseconds since the machine began. */
extern uint64_t bare_clock;

/** Bytes of the heap, and the most that one piece may have. */
extern uint64_t bare_heap;
extern uint64_t bare_heap_most;

/** Numbers of the command line; the last has no name. NULL: there are none. */
struct bare_number {
	const char *name;
	uint64_t value;
};
extern const struct bare_number *bare_numbers;

#endif
