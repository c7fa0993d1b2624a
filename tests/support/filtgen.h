/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that are packet filters: what passes about packets work on.
 *
 * Checks of a packet's end, again and again, in all forms; loads of the same
 * bytes in several widths and orders, by pointer, LD_ABS and LD_IND; compares
 * with what packets of life.h hold, chains of them, and ways that meet and
 * part again. Now and then a byte of the packet is written.
 */
#ifndef TESTS_SUPPORT_FILTGEN_H
#define TESTS_SUPPORT_FILTGEN_H

#include "tests/support/progen.h"

/** Make a program of bytes; returns how many of them it took. */
size_t filtgen(struct progen_prog *p, const uint8_t *bytes, size_t size);

#endif
