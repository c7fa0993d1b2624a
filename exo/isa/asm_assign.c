/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler's assignments: statements that begin with a register.
 */
#include "exo/isa/asm_int.h"
#include "exo/isa/text_int.h"
#include "exo/lib/mem.h"

static const struct isa_word *word_at(
    const struct isa_asm *as, const struct isa_word *words)
{
	return isa_word_find(words, as->lx.text + as->lx.pos, as->lx.size);
}

static uint8_t alu_class(char letter)
{
	return letter == 'r' ? EXO_ALU64 : EXO_ALU;
}

/* "r1 += ", the operator being at hand */
static bool alu(struct isa_asm *as, char letter, unsigned dst)
{
	const struct isa_word *w = word_at(as, isa_alu_words);
	uint8_t code;
	unsigned src;
	int32_t imm;

	if (w == NULL)
		return isa_lex_fail(&as->lx, "an operator such as = or +=");
	code = (uint8_t)(w->code | alu_class(letter));
	isa_lex_next(&as->lx);
	if (isa_asm_at_reg(as))
		return isa_asm_reg(as, letter, &src) &&
		       isa_asm_emit(
		           as, isa_asm_slot(code | EXO_X, dst, src, w->off, 0));
	return isa_asm_imm(as, letter == 'r', &imm) &&
	       isa_asm_emit(
	           as, isa_asm_slot(code | EXO_K, dst, 0, w->off, imm));
}

/* Emit both slots of a 64-bit immediate load. */
static bool lddw(
    struct isa_asm *as, unsigned dst, unsigned src, int32_t lo, int32_t hi)
{
	return isa_asm_emit(as,
	           isa_asm_slot(EXO_LD | EXO_IMM | EXO_DW, dst, src, 0, lo)) &&
	       isa_asm_emit(as, isa_asm_slot(0, 0, 0, 0, hi));
}

/* "r1 = 5", "r1 = 5 ll" */
static bool mov_number(struct isa_asm *as, char letter, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	struct isa_lex start = *lx;
	int64_t v = 0;
	int32_t imm;

	if (!isa_asm_number(as, INT64_MIN, UINT64_MAX, &v))
		return false;
	if (letter == 'r' && isa_lex_take(lx, "ll"))
		return lddw(as, dst, EXO_LDDW_IMM, (int32_t)(uint32_t)v,
		    (int32_t)(uint32_t)((uint64_t)v >> 32));
	*lx = start;
	return isa_asm_imm(as, letter == 'r', &imm) &&
	       isa_asm_emit(
	           as, isa_asm_slot(alu_class(letter) | EXO_MOV | EXO_K, dst, 0,
	                   0, imm));
}

/* "map[id:3]", "map[idx:3][0]+8", the word map being taken; "map[fd:3]" is
 * the same as "map[id:3]". */
static bool map(struct isa_asm *as, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	unsigned src = EXO_LDDW_MAP;
	int64_t off = 0;
	int32_t name;

	if (!isa_lex_need(lx, "[", "'[' as in map[id:3]"))
		return false;
	if (isa_lex_take(lx, "idx"))
		src = EXO_LDDW_MAP_IDX;
	else if (!isa_lex_take(lx, "fd") &&
	         !isa_lex_need(lx, "id", "id, fd or idx"))
		return false;
	if (!isa_lex_need(lx, ":", "':' as in map[id:3]") ||
	    !isa_asm_imm(as, false, &name) ||
	    !isa_lex_need(lx, "]", "']' as in map[id:3]"))
		return false;
	if (!isa_lex_take(lx, "["))
		return lddw(as, dst, src, name, 0);
	src++; /* the value of the same map */
	if (!isa_lex_need(lx, "0", "0 as in map[id:3][0]+8") ||
	    !isa_lex_need(lx, "]", "']' as in map[id:3][0]+8") ||
	    !isa_lex_is(lx, "+"))
		return isa_lex_fail(lx, "'+' as in map[id:3][0]+8");
	return isa_asm_number(as, 0, UINT32_MAX, &off) &&
	       lddw(as, dst, src, name, (int32_t)(uint32_t)off);
}
_Static_assert(EXO_LDDW_MAP_VALUE == EXO_LDDW_MAP + 1 &&
                   EXO_LDDW_MAP_IDX_VALUE == EXO_LDDW_MAP_IDX + 1,
    "map() steps from a map to its value");

/* "subprog[+4]", the word subprog being taken */
static bool subprog(struct isa_asm *as, unsigned dst)
{
	int64_t v = 0;

	return isa_lex_need(&as->lx, "[", "'[' as in subprog[+4]") &&
	       isa_asm_target(as, INT32_MIN, INT32_MAX, &v) &&
	       isa_lex_need(&as->lx, "]", "']' as in subprog[+4]") &&
	       lddw(as, dst, EXO_LDDW_FUNC, (int32_t)v, 0);
}

/* "r1 = (s8)r2", the parenthesis being taken */
static bool movsx(struct isa_asm *as, char letter, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	int16_t off = 8;
	unsigned src;

	if (isa_lex_is(lx, "s16"))
		off = 16;
	else if (letter == 'r' && isa_lex_is(lx, "s32"))
		off = 32;
	else if (!isa_lex_is(lx, "s8"))
		return isa_lex_fail(
		    lx, letter == 'r' ? "s8, s16 or s32" : "s8 or s16");
	isa_lex_next(lx);
	return isa_lex_need(lx, ")", "')' as in (s8)r1") &&
	       isa_asm_reg(as, letter, &src) &&
	       isa_asm_emit(
	           as, isa_asm_slot(alu_class(letter) | EXO_MOV | EXO_X, dst,
	                   src, off, 0));
}

/* "r0 = *(u16 *)skb[r7 + 4]", from the bracket on */
static bool packet(struct isa_asm *as, unsigned dst, uint8_t type)
{
	struct isa_lex *lx = &as->lx;
	uint8_t mode = EXO_ABS;
	unsigned src = 0;
	int32_t imm = 0;

	if (dst != 0)
		return isa_lex_fail(lx, "r0 as the register that skb[] loads");
	if ((type & 0xe0u) != EXO_MEM || (type & 0x18u) == EXO_DW)
		return isa_lex_fail(lx, "u8, u16 or u32 for skb[]");
	if (!isa_lex_need(lx, "[", "'[' as in skb[12]"))
		return false;
	if (isa_asm_at_reg(as)) {
		mode = EXO_IND;
		if (!isa_asm_reg(as, 'r', &src))
			return false;
		if (!isa_lex_is(lx, "-") &&
		    !isa_lex_need(lx, "+", "'+' as in skb[r7 + 4]"))
			return false;
	}
	return isa_asm_imm(as, false, &imm) &&
	       isa_lex_need(lx, "]", "']' as in skb[12]") &&
	       isa_asm_emit(as, isa_asm_slot(EXO_LD | mode | (type & 0x18u), 0,
	                            src, 0, imm));
}

/* "r1 = *(u32 *)(r2 +4)", the star being taken */
static bool load(struct isa_asm *as, unsigned dst)
{
	uint8_t type;
	unsigned src;
	int16_t off;

	if (!isa_asm_type(as, &type))
		return false;
	if (isa_lex_take(&as->lx, "skb"))
		return packet(as, dst, type);
	return isa_asm_base(as, &src, &off) &&
	       isa_asm_emit(as, isa_asm_slot(EXO_LDX | type, dst, src, off, 0));
}

/* "r1 = be16 r1": find the word of a byte order, and its width. */
static const struct isa_word *swap_word(const struct isa_asm *as, int32_t *imm)
{
	const struct isa_lex *lx = &as->lx;
	const char *s = lx->text + lx->pos;

	if (lx->tok != ISA_TOK_WORD || lx->size < 4)
		return NULL;
	s += lx->size - 2;
	*imm = (s[0] - '0') * 10 + (s[1] - '0');
	if (*imm != 16 && *imm != 32 && *imm != 64)
		return NULL;
	return isa_word_find(isa_end_words, lx->text + lx->pos, lx->size - 2);
}

/* Read the register again that an instruction reads and writes. */
static bool same_reg(struct isa_asm *as, char letter, unsigned want)
{
	size_t pos = as->lx.pos;
	unsigned r;

	if (!isa_asm_reg(as, letter, &r))
		return false;
	return r == want ||
	       isa_lex_fail_at(&as->lx, pos, "the same register on both sides");
}

/* "fetch_add", "xchg", "cmpxchg" after "atomic_" to the imm; -1: neither. */
static int32_t atomic_imm(const char *s, size_t n)
{
	const struct isa_word *w;

	if (n == 4 && memcmp(s, "xchg", 4) == 0)
		return EXO_XCHG;
	if (n == 7 && memcmp(s, "cmpxchg", 7) == 0)
		return EXO_CMPXCHG;
	if (n <= 6 || memcmp(s, "fetch_", 6) != 0)
		return -1;
	w = isa_word_find(isa_atomic_words, s + 6, n - 6);
	return w == NULL ? -1 : w->code | EXO_FETCH;
}

/* "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)", from the word on */
static bool atomic(struct isa_asm *as, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	const char *s = lx->text + lx->pos;
	size_t skip = lx->size > 9 && s[6] == '6' ? 9 : 7; /* "atomic64_" */
	uint8_t type = 0, want = skip == 9 ? EXO_DW : EXO_W;
	int32_t imm = atomic_imm(s + skip, lx->size - skip);
	unsigned base = 0, src = dst;
	int16_t off = 0;

	if (imm < 0)
		return isa_lex_fail(
		    lx, "fetch_add, _or, _and, _xor, xchg or cmpxchg");
	isa_lex_next(lx);
	if (!isa_lex_need(lx, "(", "'(' after the operation") ||
	    !isa_asm_type(as, &type))
		return false;
	if (type != (EXO_MEM | want))
		return isa_lex_fail(lx, want == EXO_W
		                            ? "the type u32, or atomic64_"
		                            : "the type u64, or atomic_");
	if (!isa_asm_base(as, &base, &off) ||
	    !isa_lex_need(lx, ",", "',' after the address"))
		return false;
	if (imm == EXO_CMPXCHG) {
		if (dst != 0)
			return isa_lex_fail(lx, "r0 as cmpxchg's result");
		if (!same_reg(as, 'r', 0) ||
		    !isa_lex_need(lx, ",", "',' after r0") ||
		    !isa_asm_reg(as, 'r', &src))
			return false;
	} else if (!same_reg(as, 'r', dst)) {
		return false;
	}
	return isa_lex_need(lx, ")", "')' at the end") &&
	       isa_asm_emit(as, isa_asm_slot(EXO_STX | EXO_ATOMIC | want, base,
	                            src, off, imm));
}

/* "r2 = load_acquire((u64 *)(r1 +0))", the word being taken; LLVM writes w2
 * where less than 64 bits are loaded. */
static bool load_acquire(struct isa_asm *as, char letter, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	uint8_t type = 0;
	unsigned src = 0;
	int16_t off = 0;

	if (!isa_lex_need(lx, "(", "'(' after load_acquire") ||
	    !isa_asm_type(as, &type))
		return false;
	if ((type & 0xe0u) != EXO_MEM ||
	    (letter == 'w' && (type & 0x18u) == EXO_DW))
		return isa_lex_fail(lx, letter == 'w'
		                            ? "the type u8, u16 or u32"
		                            : "the type u8, u16, u32 or u64");
	return isa_asm_base(as, &src, &off) &&
	       isa_lex_need(lx, ")", "')' at the end") &&
	       isa_asm_emit(
	           as, isa_asm_slot(EXO_STX | EXO_ATOMIC | (type & 0x18u), dst,
	                   src, off, EXO_LOAD_ACQ));
}

static bool is_atomic(const struct isa_lex *lx)
{
	const char *s = lx->text + lx->pos;

	return lx->tok == ISA_TOK_WORD &&
	       ((lx->size > 7 && memcmp(s, "atomic_", 7) == 0) ||
	           (lx->size > 9 && memcmp(s, "atomic64_", 9) == 0));
}

/* What stands after "r1 = " and needs 64 bits. */
static bool value64(struct isa_asm *as, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	const struct isa_word *w;
	int32_t imm;

	if (isa_lex_take(lx, "*"))
		return load(as, dst);
	if (isa_lex_take(lx, "map"))
		return map(as, dst);
	if (isa_lex_take(lx, "subprog"))
		return subprog(as, dst);
	if (is_atomic(lx))
		return atomic(as, dst);
	w = swap_word(as, &imm);
	if (w == NULL)
		return isa_lex_fail(lx, "a value: number, register, load ...");
	isa_lex_next(lx);
	return same_reg(as, 'r', dst) &&
	       isa_asm_emit(as, isa_asm_slot(w->code, dst, 0, 0, imm));
}

/* What stands after "r1 = " or "w1 = ". */
static bool value(struct isa_asm *as, char letter, unsigned dst)
{
	struct isa_lex *lx = &as->lx;
	struct isa_lex start = *lx;
	unsigned src;

	if (isa_lex_take(lx, "-") && isa_asm_at_reg(as))
		return same_reg(as, letter, dst) &&
		       isa_asm_emit(
		           as, isa_asm_slot(
		                   alu_class(letter) | EXO_NEG, dst, 0, 0, 0));
	*lx = start;
	if (lx->tok == ISA_TOK_NUMBER || isa_lex_is(lx, "-"))
		return mov_number(as, letter, dst);
	if (isa_lex_take(lx, "("))
		return movsx(as, letter, dst);
	if (isa_lex_take(lx, "load_acquire"))
		return load_acquire(as, letter, dst);
	if (isa_asm_at_reg(as))
		return isa_asm_reg(as, letter, &src) &&
		       isa_asm_emit(
		           as, isa_asm_slot(alu_class(letter) | EXO_MOV | EXO_X,
		                   dst, src, 0, 0));
	if (letter == 'r')
		return value64(as, dst);
	return isa_lex_fail(lx, "a number or a register w0 to w10");
}

bool isa_asm_assign(struct isa_asm *as)
{
	char letter = as->lx.text[as->lx.pos];
	unsigned dst;

	if (!isa_asm_reg(as, letter, &dst))
		return false;
	if (isa_lex_take(&as->lx, "="))
		return value(as, letter, dst);
	return alu(as, letter, dst);
}
