/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler's statements, each told by its first token.
 */
#include "exo/isa/asm_int.h"
#include "exo/isa/text_int.h"

/* "*(u32 *)(r10 -4) = r1", the star being taken */
static bool store(struct isa_asm *as)
{
	uint8_t type;
	unsigned dst, src;
	int16_t off;
	int32_t imm;

	if (!isa_asm_type(as, &type))
		return false;
	if ((type & 0xe0u) != EXO_MEM)
		return isa_lex_fail(&as->lx, "u8, u16, u32 or u64 in a store");
	if (!isa_asm_base(as, &dst, &off) ||
	    !isa_lex_need(&as->lx, "=", "'=' in a store"))
		return false;
	if (isa_asm_at_reg(as))
		return isa_asm_reg(as, 'r', &src) &&
		       isa_asm_emit(
		           as, isa_asm_slot(EXO_STX | type, dst, src, off, 0));
	return isa_asm_imm(as, (type & 0x18u) == EXO_DW, &imm) &&
	       isa_asm_emit(as, isa_asm_slot(EXO_ST | type, dst, 0, off, imm));
}

/* "lock *(u64 *)(r1 +0) += r2", the word lock being taken */
static bool lock(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;
	uint8_t type;
	unsigned dst, src;
	int16_t off;
	int32_t imm;

	if (!isa_lex_need(lx, "*", "'*' as in lock *(u64 *)(r1 +0) += r2") ||
	    !isa_asm_type(as, &type))
		return false;
	if (type != (EXO_MEM | EXO_W) && type != (EXO_MEM | EXO_DW))
		return isa_lex_fail(lx, "u32 or u64 in an atomic operation");
	if (!isa_asm_base(as, &dst, &off))
		return false;
	if (isa_lex_is(lx, "+="))
		imm = EXO_ADD;
	else if (isa_lex_is(lx, "|="))
		imm = EXO_OR;
	else if (isa_lex_is(lx, "&="))
		imm = EXO_AND;
	else if (isa_lex_is(lx, "^="))
		imm = EXO_XOR;
	else
		return isa_lex_fail(lx, "+=, |=, &= or ^=");
	isa_lex_next(lx);
	return isa_asm_reg(as, 'r', &src) &&
	       isa_asm_emit(
	           as, isa_asm_slot(EXO_STX | EXO_ATOMIC | (type & 0x18u), dst,
	                   src, off, imm));
}

/* "store_release((u64 *)(r1 +0), r2)", the word being taken; w2, as LLVM
 * has it, where less than 64 bits are stored */
static bool store_release(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;
	uint8_t type;
	unsigned dst, src;
	int16_t off;
	char letter = 'r';

	if (!isa_lex_need(lx, "(", "'(' after store_release") ||
	    !isa_asm_type(as, &type))
		return false;
	if ((type & 0xe0u) != EXO_MEM)
		return isa_lex_fail(lx, "the type u8, u16, u32 or u64");
	if (!isa_asm_base(as, &dst, &off) ||
	    !isa_lex_need(lx, ",", "',' after the address"))
		return false;
	if (isa_asm_at_reg(as) && (type & 0x18u) != EXO_DW)
		letter = lx->text[lx->pos];
	return isa_asm_reg(as, letter, &src) &&
	       isa_lex_need(lx, ")", "')' at the end") &&
	       isa_asm_emit(
	           as, isa_asm_slot(EXO_STX | EXO_ATOMIC | (type & 0x18u), dst,
	                   src, off, EXO_STORE_REL));
}

/* "if r1 s> 5 goto pc+3", the word if being taken */
static bool jump_if(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;
	char letter = isa_asm_at_reg(as) ? lx->text[lx->pos] : 'r';
	const struct isa_word *w;
	unsigned code, dst, src = 0;
	int32_t imm = 0;
	int64_t off = 0;

	if (!isa_asm_reg(as, letter, &dst))
		return false;
	w = isa_word_find(isa_jmp_words, lx->text + lx->pos, lx->size);
	if (w == NULL)
		return isa_lex_fail(lx, "a comparison such as == or s>");
	isa_lex_next(lx);
	code = w->code | (letter == 'r' ? EXO_JMP : EXO_JMP32);
	if (isa_asm_at_reg(as)) {
		code |= EXO_X;
		if (!isa_asm_reg(as, letter, &src))
			return false;
	} else if (!isa_asm_imm(as, false, &imm)) {
		return false;
	}
	return isa_lex_need(lx, "goto", "goto") &&
	       isa_asm_target(as, INT16_MIN, INT16_MAX, &off) &&
	       isa_asm_emit(
	           as, isa_asm_slot(code, dst, src, (int16_t)off, imm));
}

static bool jump(struct isa_asm *as)
{
	int64_t off = 0;

	return isa_asm_target(as, INT16_MIN, INT16_MAX, &off) &&
	       isa_asm_emit(
	           as, isa_asm_slot(EXO_JMP | EXO_JA, 0, 0, (int16_t)off, 0));
}

static bool jump_long(struct isa_asm *as)
{
	int64_t off = 0;

	return isa_asm_target(as, INT32_MIN, INT32_MAX, &off) &&
	       isa_asm_emit(
	           as, isa_asm_slot(EXO_JMP32 | EXO_JA, 0, 0, 0, (int32_t)off));
}

static bool call_helper(struct isa_asm *as, int32_t nr)
{
	return isa_asm_emit(
	    as, isa_asm_slot(EXO_JMP | EXO_CALL, 0, EXO_CALL_HELPER, 0, nr));
}

/* A word with a number behind it, as in "map_lookup_elem#1"? Elsewhere '#'
 * starts a comment. */
static bool at_numbered(const struct isa_lex *lx)
{
	size_t end = lx->pos + lx->size;

	return lx->tok == ISA_TOK_WORD && end + 1 < lx->len &&
	       lx->text[end] == '#' && lx->text[end + 1] >= '0' &&
	       lx->text[end + 1] <= '9';
}

/* "map_lookup_elem#1": name and number of one helper, or of none of ours. */
static bool call_numbered(struct isa_asm *as, const struct isa_helper *named)
{
	struct isa_lex *lx = &as->lx;
	size_t pos;
	int32_t nr;

	lx->next++; /* over the '#' */
	isa_lex_next(lx);
	pos = lx->pos;
	if (!isa_asm_imm(as, true, &nr))
		return false;
	if (isa_word_helper(nr) != named)
		return isa_lex_fail_at(lx, pos, "the number of this helper");
	return call_helper(as, nr);
}

/* Whether the token at hand is a label; nobody knows in the first pass. */
static bool is_label(struct isa_asm *as)
{
	struct isa_lex start = as->lx;
	uint32_t at;
	bool found = isa_label_find(as, &at);

	as->lx = start;
	return found;
}

/* "call 5", "call map_lookup_elem", "call map_lookup_elem#1", "call pc+12",
 * "call label"; a label hides the helper of the same name. */
static bool call(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;
	const struct isa_helper *named =
	    isa_word_helper_named(lx->text + lx->pos, lx->size);
	int64_t off = 0;
	int32_t imm;

	if (lx->tok == ISA_TOK_NUMBER || isa_lex_is(lx, "-"))
		return isa_asm_imm(as, false, &imm) && call_helper(as, imm);
	if (at_numbered(lx))
		return call_numbered(as, named);
	if (named != NULL && !is_label(as)) {
		isa_lex_next(lx);
		return call_helper(as, (int32_t)named->nr);
	}
	return isa_asm_target(as, INT32_MIN, INT32_MAX, &off) &&
	       isa_asm_emit(as, isa_asm_slot(EXO_JMP | EXO_CALL, 0,
	                            EXO_CALL_LOCAL, 0, (int32_t)off));
}

/* ".insn 0x07, 0x01, 0, 5": opcode, registers, off, imm */
static bool raw(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;
	int64_t code = 0, regs = 0, off = 0;
	int32_t imm = 0;

	return isa_asm_number(as, 0, UINT8_MAX, &code) &&
	       isa_lex_need(lx, ",", "',' between the fields") &&
	       isa_asm_number(as, 0, UINT8_MAX, &regs) &&
	       isa_lex_need(lx, ",", "',' between the fields") &&
	       isa_asm_number(as, INT16_MIN, INT16_MAX, &off) &&
	       isa_lex_need(lx, ",", "',' between the fields") &&
	       isa_asm_imm(as, false, &imm) &&
	       isa_asm_emit(
	           as, isa_asm_slot((unsigned)code, (unsigned)regs & 15u,
	                   (unsigned)regs >> 4, (int16_t)off, imm));
}

bool isa_asm_insn(struct isa_asm *as)
{
	struct isa_lex *lx = &as->lx;

	if (isa_asm_at_reg(as))
		return isa_asm_assign(as);
	if (isa_lex_take(lx, "if"))
		return jump_if(as);
	if (isa_lex_take(lx, "*"))
		return store(as);
	if (isa_lex_take(lx, "goto"))
		return jump(as);
	if (isa_lex_take(lx, "gotol"))
		return jump_long(as);
	if (isa_lex_take(lx, "call"))
		return call(as);
	if (isa_lex_take(lx, "exit"))
		return isa_asm_emit(
		    as, isa_asm_slot(EXO_JMP | EXO_EXIT, 0, 0, 0, 0));
	if (isa_lex_take(lx, "lock"))
		return lock(as);
	if (isa_lex_take(lx, "store_release"))
		return store_release(as);
	if (isa_lex_take(lx, ".insn"))
		return raw(as);
	return isa_lex_fail(lx, "an instruction");
}
