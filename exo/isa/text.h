/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions as text, in the syntax of Linux's verifier log and of bpftool.
 *
 * What isa_disasm() writes, isa_asm() reads back to the same bytes.
 */
#ifndef EXO_ISA_TEXT_H
#define EXO_ISA_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "exo/lib/fmt.h"

/**
 * Append the text of insns[i], without index and newline; i < n.
 * Anything can be shown: what is no instruction becomes
 * ".insn CODE, REGS, OFF, IMM", one slot.
 * Returns the slots shown: 2 for a whole 64-bit immediate load, else 1.
 */
uint32_t isa_disasm(
    struct exo_fmt *f, const struct exo_insn *insns, uint32_t n, uint32_t i);

/** Where assembler text is wrong. */
struct isa_asm_error {
	uint32_t line; /* from 1 */
	uint32_t col;  /* from 1, in bytes */
	char what[96]; /* what was expected */
};

/**
 * Assemble text (any bytes, length len) into insns[0..max).
 * One instruction a line; `;` and `#` and `//` start comments; `name:` is a
 * label that jumps and local calls may name instead of pc+N; a helper is
 * called by number, by name, or by both ("map_lookup_elem#1"), and a label
 * hides the helper of its name; a leading index such as "12:" or "12: (b7)"
 * is skipped, so that dumps can be read back.
 *
 * What is written is encoded, legal or not (`r10 = 1`, a jump to nowhere):
 * judging is isa_decode()'s and the verifier's work. `.insn` writes any slot.
 * Each label takes one slot at the end of insns while this runs. Work is
 * O(text * log labels), no memory but insns is used.
 * Returns 0 with *n the number of slots written; -EXO_ESYNTAX with *err
 * filled; or -EXO_E2BIG with *err at what did not fit.
 */
int isa_asm(const char *text, size_t len, struct exo_insn *insns, uint32_t max,
    uint32_t *n, struct isa_asm_error *err);

#endif
