/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the assembler's files share: tokens, labels, one instruction.
 */
#ifndef EXO_ISA_ASM_INT_H
#define EXO_ISA_ASM_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/insn.h"

enum isa_tok {
	ISA_TOK_EOL,    /* end of line, of text, or start of a comment */
	ISA_TOK_WORD,   /* letter, '_' or '.', then digits too */
	ISA_TOK_NUMBER, /* unsigned: a sign is a mark of its own */
	ISA_TOK_MARK,   /* operator or punctuation */
	ISA_TOK_BAD,    /* what no token starts with */
};

/** The reader: the token at hand, and the first error. */
struct isa_lex {
	const char *text;
	size_t len;
	size_t next; /* where the following token is looked for */
	enum isa_tok tok;
	size_t pos; /* the token is text[pos .. pos + size) */
	size_t size;
	uint64_t value;    /* of a NUMBER */
	const char *wrong; /* what was expected; NULL: no error */
	size_t wrong_pos;
};

/** Read the next token of the line. */
void isa_lex_next(struct isa_lex *lx);

/** Skip a leading "12:" or "12: (b7)" of a dump. */
void isa_lex_skip_index(struct isa_lex *lx);

/** Go to the start of the next line; false when there is none. */
bool isa_lex_line(struct isa_lex *lx);

/** True when the token at hand is this text. */
bool isa_lex_is(const struct isa_lex *lx, const char *s);

/** Step over the token when it is s; otherwise return false. */
bool isa_lex_take(struct isa_lex *lx, const char *s);

/** The same, and latch "expected" when it is not; s is printable. */
bool isa_lex_need(struct isa_lex *lx, const char *s, const char *expected);

/** Latch an error at the token at hand unless there is one; returns false. */
bool isa_lex_fail(struct isa_lex *lx, const char *expected);

/** Latch an error at pos unless there is one; returns false. */
bool isa_lex_fail_at(struct isa_lex *lx, size_t pos, const char *expected);

/** The assembler. The program grows from the start of insns, the labels from
 * its end. The first pass counts and collects, the second writes. */
struct isa_asm {
	struct isa_lex lx;
	struct exo_insn *insns;
	uint32_t max;
	uint32_t n;      /* slots so far */
	uint32_t nlabel; /* labels so far */
	bool writing;    /* second pass */
	bool too_big;
};

/** Remember the token at hand as a label for slot n. False: an error. */
bool isa_label_add(struct isa_asm *as);

/** After the first pass: make labels ready for look-up. False: duplicates. */
bool isa_label_sort(struct isa_asm *as);

/** Look up the token at hand; false with an error when it is unknown. In the
 * first pass every label is known and leads to slot 0. */
bool isa_label_find(struct isa_asm *as, uint32_t *at);

/** Assemble the instruction that starts at the token at hand. */
bool isa_asm_insn(struct isa_asm *as);

/** Assemble an assignment; the token at hand is a register. */
bool isa_asm_assign(struct isa_asm *as);

/** Add a slot. False, with too_big set, when there is no room. */
bool isa_asm_emit(struct isa_asm *as, struct exo_insn in);

/* Pieces of instructions (asm_piece.c). Each steps over what it read and
 * returns false with an error latched. */

/** A number with an optional sign, from lo to hi. hi may exceed INT64_MAX,
 * and *v is then the same bits. */
bool isa_asm_number(struct isa_asm *as, int64_t lo, uint64_t hi, int64_t *v);

/** An immediate of 32 bits; wide: it will be sign-extended to 64. */
bool isa_asm_imm(struct isa_asm *as, bool wide, int32_t *imm);

/** A register of this letter, 'r' or 'w'. */
bool isa_asm_reg(struct isa_asm *as, char letter, unsigned *r);

/** Is the token at hand a register, of any letter? */
bool isa_asm_at_reg(const struct isa_asm *as);

/** "(u32 *)": the opcode's size and mode bits. */
bool isa_asm_type(struct isa_asm *as, uint8_t *code);

/** "(r1 +4)", with an optional offset. */
bool isa_asm_base(struct isa_asm *as, unsigned *r, int16_t *off);

/** "pc+3", "+3" or a label, as the distance from slot n + 1. */
bool isa_asm_target(struct isa_asm *as, int64_t lo, int64_t hi, int64_t *v);

static inline uint8_t isa_asm_regs(unsigned dst, unsigned src)
{
	return (uint8_t)(src << 4 | dst);
}

/** A slot made of its fields. */
static inline struct exo_insn isa_asm_slot(
    unsigned code, unsigned dst, unsigned src, int16_t off, int32_t imm)
{
	struct exo_insn in = { (uint8_t)code, isa_asm_regs(dst, src), off,
		imm };

	return in;
}

#endif
