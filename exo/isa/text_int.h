/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What disassembler and assembler share: the words of the syntax.
 */
#ifndef EXO_ISA_TEXT_INT_H
#define EXO_ISA_TEXT_INT_H

#include <stddef.h>
#include <stdint.h>

#include "exo/isa/helpers.h"

/** A word and what it stands for in an instruction. */
struct isa_word {
	char text[8];
	uint8_t code; /* bits of the opcode, or of imm for atomics */
	uint8_t off;  /* value of off: 1 marks signed division */
};

/** Operators of ALU instructions ("+=", "s/="), of conditional jumps
 * ("==", "s>"), types in memory ("u8": size and mode), atomic operations
 * ("add"), byte orders ("be": opcode). Each ends with an empty text. */
extern const struct isa_word isa_alu_words[];
extern const struct isa_word isa_jmp_words[];
extern const struct isa_word isa_type_words[];
extern const struct isa_word isa_atomic_words[];
extern const struct isa_word isa_end_words[];

/** Find a row by code under a mask, and by off; NULL when there is none. */
const struct isa_word *isa_word_of(
    const struct isa_word *words, uint8_t code, uint8_t mask, uint8_t off);

/** Find a row by its text, of n bytes. */
const struct isa_word *isa_word_find(
    const struct isa_word *words, const char *text, size_t n);

/** The helper of a number, whoever may call it; NULL: there is none. */
const struct isa_helper *isa_word_helper(int32_t nr);

/** The helper of a name of n bytes, which Linux's bpf_ may precede. */
const struct isa_helper *isa_word_helper_named(const char *text, size_t n);

#endif
