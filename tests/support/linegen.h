/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that go through instruction rows and registers.
 *
 * r0 to r9 hold numbers at edges; then come instructions of any row of
 * opcodes.inc, on any registers, with immediates and displacements at edges,
 * on the stack, a packet or memory, and a map's value; jumps skip some of
 * them. r0 tells all registers and stack words at the end. Nearly all are
 * verified: what an instruction needs is made right before it.
 */
#ifndef TESTS_SUPPORT_LINEGEN_H
#define TESTS_SUPPORT_LINEGEN_H

#include "tests/support/progen.h"

/** Make a program of bytes; returns how many of them it took. */
size_t linegen(struct progen_prog *p, const uint8_t *bytes, size_t size);

#endif
