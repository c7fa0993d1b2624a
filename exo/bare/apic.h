/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's own interrupt controller and its timer [Intel SDM, volume 3A,
 * chapter 10].
 */
#ifndef EXO_BARE_APIC_H
#define EXO_BARE_APIC_H

#include <stdint.h>

#define APIC_TIMER    0x20u /* vectors */
#define APIC_SPURIOUS 0xffu

/** Turn it on and measure its timer; clock_init() was called. */
void apic_init(void);

/** One interrupt after so many nanoseconds; 0: none. */
void apic_timer(uint64_t ns);

/** An interrupt was taken. */
void apic_eoi(void);

/** The number of this processor's, for devices that send interrupts. */
uint32_t apic_id(void);

#endif
