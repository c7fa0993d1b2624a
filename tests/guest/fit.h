/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs made to fit Linux 6.1's rules of form, so that its verifier gets
 * to the rest of them.
 */
#ifndef TESTS_GUEST_FIT_H
#define TESTS_GUEST_FIT_H

#include "tests/support/progen.h"

/**
 * Replace instructions that are younger than Linux 6.1 by the nearest that it
 * knows: sign-extending loads and moves by plain ones, ordered accesses by
 * plain ones, signed divisions by unsigned ones, bswap by le, long jumps by
 * short ones. Returns how many there were.
 */
uint32_t fit_older(struct exo_insn *insns, uint32_t n);

/**
 * Take out what Linux refuses by form: instructions that no way leads to,
 * shifts by constants of the width or more (the same count modulo the width
 * instead), divisions by the constant 0, packet access by socket filters
 * (the program becomes one of tc).
 */
void fit_form(struct progen_prog *p);

#endif
