/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: the processor's own controller with its timer, and the one that has lines
 * [Intel SDM, volume 3A, chapter 11; Intel 82093AA, I/O APIC].
 *
 * They are taken in ring 3 and while the kernel waits, and at no other time; they say no
 * more than that there may be something to look at, or that a time is over.
 */
#ifndef EXO_BARE_APIC_H
#define EXO_BARE_APIC_H

#include <stdbool.h>
#include <stdint.h>

#define APIC_TIMER    0x20u /* vectors: of its timer, */
#define APIC_VECTOR   0x40u /* of what devices send */
#define APIC_SPURIOUS 0xffu

/** Switch the processor's controller on; more than once is the same. false: it has
 * none. */
bool apic_init(void);

/** Measure its timer, by a clock that goes; apic_init() was called. */
void apic_measure(void);

/** One interrupt after so many nanoseconds, and what was asked for before not;
 * 0: none. */
void apic_timer(uint64_t ns);

/** The address of a message that interrupts this processor. */
uint32_t apic_message(void);

/** Have a line of the I/O APIC, which is on microvm, interrupt at its rising edge.
 * false: there is no such line. */
bool apic_line(uint32_t line, uint8_t vector);

/** The same as NMIs, which nothing masks. */
bool apic_nmi(uint32_t line);

/** An interrupt came: called for each vector from 32. false: it is none of ours. */
bool apic_enter(uint32_t vector);

/** How many came. */
uint64_t apic_count(void);

#endif
