/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time: the processor's counter, measured once against the timer chip.
 */
#ifndef EXO_BARE_CLOCK_H
#define EXO_BARE_CLOCK_H

#include <stdint.h>

/** Measure. Takes ten milliseconds, more on a machine that is itself kept waiting. */
void clock_init(void);

/** Nanoseconds since clock_init(). */
uint64_t clock_ns(void);

/** Ticks of the processor's counter a second, as they were measured. */
uint64_t clock_hz(void);

#endif
