/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A watchdog of the kernel's own: interrupts that nothing masks find out when it no
 * longer comes to what it does between turns.
 *
 * The timer chip sends them as NMIs by the I/O APIC [Intel, 8254; 82093AA]: about 18 a
 * second, of which as many come as the processor had time for, so that a machine that
 * was held up from outside is not taken for one that hangs. Without such a chip there
 * is no watchdog.
 */
#ifndef EXO_BARE_WATCHDOG_H
#define EXO_BARE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/bare/machine.h"

#define WATCHDOG_S 120u /* a machine that is emulated may be slow */

struct trap;

/** Begin: the kernel is to be back within so many seconds each time, as "watchdog=" of
 * the command line says, or WATCHDOG_S; 0: any time. apic_init() was called. */
void watchdog_start(const struct machine *m);

/** It is. */
extern uint64_t watchdog_back;

/** An NMI came: whether it is the watchdog's. Those of the chip have no mark: it is, if
 * there is a watchdog and the chipset names no other source. Two at once are taken for
 * the other. */
bool watchdog_sent(void);

/** ... and whether the kernel is late. */
bool watchdog_late(void);

#endif
