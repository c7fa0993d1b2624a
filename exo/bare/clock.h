/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the processor's counter, measured once against the timer chip.
 */
#ifndef EXO_BARE_CLOCK_H
#define EXO_BARE_CLOCK_H

#include <stdint.h>

#include "exo/bare/x86.h"

/** Measure. Takes ten milliseconds, more on a machine that is itself kept waiting. */
void clock_init(void);

/** Nanoseconds since clock_init(). */
uint64_t clock_ns(void);

/** The processor's counter; what it read then, as clock_ns(); so many ticks of it, in
 * nanoseconds. Who only adds up times keeps ticks. */
static inline uint64_t clock_ticks(void)
{
	return x86_rdtsc();
}
uint64_t clock_at(uint64_t ticks);
uint64_t clock_ns_of(uint64_t ticks);

/** Ticks of the processor's counter a second, as they were measured. */
uint64_t clock_hz(void);

#endif
