/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which line of assembler text an instruction stands on.
 */
#ifndef EXO_HOSTED_LINES_H
#define EXO_HOSTED_LINES_H

#include "exo/abi/insn.h"

#include <stddef.h>

/**
 * Give the line, from 1, of each of the n instructions that isa_asm() made of
 * text; the second slot of a 64-bit immediate has that of the first. The
 * caller's to free(). NULL: out of memory, or they do not fit the text.
 */
uint32_t *cmd_lines_of(
    const char *text, size_t len, const struct exo_insn *insns, uint32_t n);

#endif
