/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pieces that instructions are written with: numbers, registers, places.
 */
#include "exo/isa/asm_int.h"
#include "exo/isa/text_int.h"

bool isa_asm_number(struct isa_asm *as, int64_t lo, uint64_t hi, int64_t *v)
{
	struct isa_lex *lx = &as->lx;
	size_t pos = lx->pos;
	bool minus = isa_lex_is(lx, "-");
	uint64_t value;

	if (minus || isa_lex_is(lx, "+"))
		isa_lex_next(lx);
	if (lx->tok != ISA_TOK_NUMBER)
		return isa_lex_fail(lx, "a number");
	value = lx->value;
	if (minus ? value > 0 - (uint64_t)lo : value > hi)
		return isa_lex_fail_at(lx, pos, "a number in range");
	*v = (int64_t)(minus ? 0 - value : value);
	isa_lex_next(lx);
	return lx->wrong == NULL;
}

bool isa_asm_imm(struct isa_asm *as, bool wide, int32_t *imm)
{
	size_t pos = as->lx.pos;
	int64_t v = 0;

	if (!isa_asm_number(as, INT64_MIN, INT64_MAX, &v))
		return false;
	if (v < INT32_MIN || v > (wide ? INT32_MAX : UINT32_MAX))
		return isa_lex_fail_at(&as->lx, pos,
		    wide ? "a signed 32-bit number (more: `r1 = N ll`)"
		         : "a 32-bit number");
	*imm = (int32_t)(uint32_t)v;
	return true;
}

/* The number of a register token; false when it is none. */
static bool reg_of(const struct isa_lex *lx, char *letter, unsigned *r)
{
	const char *s = lx->text + lx->pos;

	if (lx->tok != ISA_TOK_WORD || lx->size < 2 || lx->size > 3)
		return false;
	*letter = s[0];
	if (*letter != 'r' && *letter != 'w')
		return false;
	if (lx->size == 3) {
		*r = 10;
		return s[1] == '1' && s[2] == '0';
	}
	*r = (unsigned)(s[1] - '0');
	return s[1] >= '0' && s[1] <= '9';
}

bool isa_asm_at_reg(const struct isa_asm *as)
{
	char letter;
	unsigned r;

	return reg_of(&as->lx, &letter, &r);
}

bool isa_asm_reg(struct isa_asm *as, char letter, unsigned *r)
{
	char found;

	if (!reg_of(&as->lx, &found, r) || found != letter)
		return isa_lex_fail(&as->lx, letter == 'r'
		                                 ? "a register r0 to r10"
		                                 : "a register w0 to w10");
	isa_lex_next(&as->lx);
	return true;
}

bool isa_asm_type(struct isa_asm *as, uint8_t *code)
{
	struct isa_lex *lx = &as->lx;
	const struct isa_word *w;

	if (!isa_lex_need(lx, "(", "'(' of a type such as (u32 *)"))
		return false;
	w = isa_word_find(isa_type_words, lx->text + lx->pos, lx->size);
	if (w == NULL)
		return isa_lex_fail(lx, "u8, u16, u32, u64, s8, s16 or s32");
	*code = w->code;
	isa_lex_next(lx);
	return isa_lex_need(lx, "*", "'*' after the type") &&
	       isa_lex_need(lx, ")", "')' after the type");
}

bool isa_asm_base(struct isa_asm *as, unsigned *r, int16_t *off)
{
	struct isa_lex *lx = &as->lx;
	int64_t v = 0;

	if (!isa_lex_need(lx, "(", "'(' of an address such as (r1 +4)") ||
	    !isa_asm_reg(as, 'r', r))
		return false;
	if (isa_lex_is(lx, "+") || isa_lex_is(lx, "-")) {
		if (!isa_asm_number(as, INT16_MIN, INT16_MAX, &v))
			return false;
	}
	*off = (int16_t)v;
	return isa_lex_need(lx, ")", "')', or an offset such as +4");
}

bool isa_asm_target(struct isa_asm *as, int64_t lo, int64_t hi, int64_t *v)
{
	struct isa_lex *lx = &as->lx;
	size_t pos = lx->pos;
	uint32_t at;

	if (isa_lex_is(lx, "pc")) {
		isa_lex_next(lx);
		if (!isa_lex_is(lx, "+") && !isa_lex_is(lx, "-")) {
			lx->next = pos; /* a label that is called pc */
			isa_lex_next(lx);
		}
	}
	if (isa_lex_is(lx, "+") || isa_lex_is(lx, "-"))
		return isa_asm_number(as, lo, (uint64_t)hi, v);
	if (lx->tok != ISA_TOK_WORD)
		return isa_lex_fail(lx, "a target such as pc+3, or a label");
	if (!isa_label_find(as, &at))
		return false;
	isa_lex_next(lx);
	*v = as->writing ? (int64_t)at - (int64_t)as->n - 1 : 0;
	if (*v < lo || *v > hi)
		return isa_lex_fail_at(
		    lx, pos, "a nearer label (`gotol` reaches farther)");
	return true;
}
