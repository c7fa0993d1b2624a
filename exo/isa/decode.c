/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes to rows of opcodes.inc, and the structure check of a program.
 *
 * Overview: rows of one opcode byte are neighbours; first[] leads to the
 * first of them, so a look-up is one load and one to ten compares.
 */
#include "exo/isa/decode.h"

#include <stddef.h>

enum row {
#define ISA_OP(name, ...)  ROW_##name,
#define ISA_ALT(name, ...) ROW_##name,
#include "exo/isa/opcodes.inc"
#undef ISA_OP
#undef ISA_ALT
	ROWS
};

const unsigned isa_nops = ROWS;

#define ROW(name, code, form, group, size, src, off, imm, meaning)         \
	{ #name, code, ISA_FORM_##form, ISA_GROUP_##group, size, src, off, \
		imm },
#define ISA_OP  ROW
#define ISA_ALT ROW
const struct isa_op isa_ops_table[] = {
#include "exo/isa/opcodes.inc"
};
#undef ISA_OP
#undef ISA_ALT

/* Opcode byte to its first row, plus 1; 0 where there is none. */
static const uint8_t first[256] = {
#define ISA_OP(name, code, ...) [code] = ROW_##name + 1,
#define ISA_ALT(...)
#include "exo/isa/opcodes.inc"
#undef ISA_OP
#undef ISA_ALT
};
_Static_assert(ROWS < 255, "a row number fits first[]");

#define D ISA_USE_DST
#define S ISA_USE_SRC
#define O ISA_USE_OFF
#define I ISA_USE_IMM
#define W ISA_WRITES_DST
static const uint8_t uses[] = {
	[ISA_FORM_ALU_K] = D | W | I,
	[ISA_FORM_ALU_X] = D | W | S,
	[ISA_FORM_NEG] = D | W,
	[ISA_FORM_MOV_K] = D | W | I,
	[ISA_FORM_MOV_X] = D | W | S,
	[ISA_FORM_END] = D | W,
	[ISA_FORM_LDDW] = D | W | I,
	[ISA_FORM_LD_ABS] = I,
	[ISA_FORM_LD_IND] = S | I,
	[ISA_FORM_LDX] = D | W | S | O,
	[ISA_FORM_ST] = D | O | I,
	[ISA_FORM_STX] = D | S | O,
	[ISA_FORM_ATOMIC] = D | S | O,
	[ISA_FORM_LOAD_ACQ] = D | W | S | O,
	[ISA_FORM_STORE_REL] = D | S | O,
	[ISA_FORM_JA] = O,
	[ISA_FORM_JA32] = I,
	[ISA_FORM_JMP_K] = D | I | O,
	[ISA_FORM_JMP_X] = D | S | O,
	[ISA_FORM_CALL] = I,
	[ISA_FORM_CALL_LOCAL] = I,
	[ISA_FORM_EXIT] = 0,
};
#undef D
#undef S
#undef O
#undef I
#undef W

unsigned isa_uses(const struct isa_op *op)
{
	unsigned u = uses[op->form];

	if (op->form == ISA_FORM_ATOMIC && (op->imm & EXO_FETCH) != 0 &&
	    op->imm != EXO_CMPXCHG)
		u |= ISA_WRITES_SRC;
	if (op->form == ISA_FORM_LDDW &&
	    (op->src == EXO_LDDW_IMM || op->src == EXO_LDDW_MAP_VALUE ||
	        op->src == EXO_LDDW_MAP_IDX_VALUE))
		u |= ISA_USE_NEXT;
	return u;
}

static bool fits(const struct isa_op *op, const struct exo_insn *in)
{
	unsigned u = uses[op->form];

	if ((u & ISA_USE_DST) == 0 && exo_dst(in) != 0)
		return false;
	if ((u & ISA_USE_SRC) == 0 && exo_src(in) != op->src)
		return false;
	if ((u & ISA_USE_OFF) == 0 && in->off != op->off)
		return false;
	return (u & ISA_USE_IMM) != 0 || in->imm == op->imm;
}

const struct isa_op *isa_match(const struct exo_insn *in)
{
	unsigned r = first[in->code];

	if (r == 0)
		return NULL;
	for (r--; r < ROWS && isa_ops_table[r].code == in->code; r++) {
		if (fits(&isa_ops_table[r], in))
			return &isa_ops_table[r];
	}
	return NULL;
}

/* Is off that of a row with this opcode? Those that are alone want 0, and
 * anything else is a reserved field that is set. */
static bool off_known(const struct isa_op *op, const struct exo_insn *in)
{
	const struct isa_op *end = isa_ops_table + ROWS, *first_row = op;

	for (; op < end && op->code == in->code; op++) {
		if (op->off == in->off)
			return true;
	}
	return op - first_row == 1;
}

/* Why isa_match() found nothing. A field that tells several rows apart has a
 * wrong value: no such operation. Any other field should be 0. */
static enum isa_bad why(const struct exo_insn *in)
{
	const struct isa_op *op;
	unsigned r = first[in->code];
	bool wrong;

	if (r == 0)
		return ISA_BAD_OPCODE;
	op = &isa_ops_table[r - 1];
	switch ((enum isa_form)op->form) {
	case ISA_FORM_LDDW:
		if (exo_src(in) == EXO_LDDW_VAR)
			return ISA_BAD_UNSUPPORTED;
		wrong = exo_src(in) > EXO_LDDW_MAP_IDX_VALUE;
		break;
	case ISA_FORM_CALL:
		if (exo_src(in) == EXO_CALL_BTF)
			return ISA_BAD_UNSUPPORTED;
		wrong = exo_src(in) > EXO_CALL_LOCAL;
		break;
	case ISA_FORM_END:
		wrong = in->imm != 16 && in->imm != 32 && in->imm != 64;
		break;
	case ISA_FORM_ATOMIC:
	case ISA_FORM_LOAD_ACQ:
	case ISA_FORM_STORE_REL:
		wrong = true;
		break;
	default:
		wrong = !off_known(op, in);
		break;
	}
	return wrong ? ISA_BAD_OPCODE : ISA_BAD_RESERVED;
}

static enum isa_bad check_regs(
    const struct isa_op *op, const struct exo_insn *in)
{
	unsigned u = isa_uses(op);

	if ((u & ISA_USE_DST) != 0 && exo_dst(in) >= EXO_REGS)
		return ISA_BAD_REG;
	if ((u & ISA_USE_SRC) != 0 && exo_src(in) >= EXO_REGS)
		return ISA_BAD_REG;
	if ((u & ISA_WRITES_DST) != 0 && exo_dst(in) == EXO_R_FP)
		return ISA_BAD_FP_WRITE;
	if ((u & ISA_WRITES_SRC) != 0 && exo_src(in) == EXO_R_FP)
		return ISA_BAD_FP_WRITE;
	return ISA_BAD_NONE;
}

/* An LDDW's second slot holds an immediate and nothing else. */
static enum isa_bad check_second(const struct isa_op *op,
    const struct exo_insn *insns, uint32_t n, uint32_t i)
{
	const struct exo_insn *second;

	if (op->form != ISA_FORM_LDDW)
		return ISA_BAD_NONE;
	if (n - i < 2)
		return ISA_BAD_LDDW;
	second = &insns[i + 1];
	if (second->code != 0 || second->regs != 0 || second->off != 0)
		return ISA_BAD_LDDW;
	if ((isa_uses(op) & ISA_USE_NEXT) == 0 && second->imm != 0)
		return ISA_BAD_RESERVED;
	return ISA_BAD_NONE;
}

const struct isa_op *isa_decode(
    const struct exo_insn *insns, uint32_t n, uint32_t i, enum isa_bad *bad)
{
	const struct isa_op *op = isa_match(&insns[i]);

	if (op == NULL) {
		*bad = why(&insns[i]);
		return NULL;
	}
	*bad = check_regs(op, &insns[i]);
	if (*bad == ISA_BAD_NONE)
		*bad = check_second(op, insns, n, i);
	return *bad == ISA_BAD_NONE ? op : NULL;
}

unsigned isa_mirrored(unsigned op)
{
	switch (op) {
	case EXO_JGT:
		return EXO_JLT;
	case EXO_JGE:
		return EXO_JLE;
	case EXO_JLT:
		return EXO_JGT;
	case EXO_JLE:
		return EXO_JGE;
	case EXO_JSGT:
		return EXO_JSLT;
	case EXO_JSGE:
		return EXO_JSLE;
	case EXO_JSLT:
		return EXO_JSGT;
	case EXO_JSLE:
		return EXO_JSGE;
	default: /* JEQ, JNE, JSET */
		return op;
	}
}

int64_t isa_target(const struct exo_insn *in, uint32_t i)
{
	unsigned class = in->code & 0x07u;
	bool by_imm = class == EXO_LD || in->code == (EXO_JMP32 | EXO_JA) ||
	              in->code == (EXO_JMP | EXO_CALL);

	return (int64_t)i + 1 + (by_imm ? in->imm : in->off);
}

static bool has_target(const struct isa_op *op)
{
	switch ((enum isa_form)op->form) {
	case ISA_FORM_JA:
	case ISA_FORM_JA32:
	case ISA_FORM_JMP_K:
	case ISA_FORM_JMP_X:
	case ISA_FORM_CALL_LOCAL:
		return true;
	case ISA_FORM_LDDW:
		return op->src == EXO_LDDW_FUNC;
	default:
		return false;
	}
}

/* A second slot has opcode 0, and no instruction has: a target with opcode 0
 * is either inside an LDDW or no instruction at all. */
static bool target_ok(const struct exo_insn *insns, uint32_t n, uint32_t i)
{
	int64_t t = isa_target(&insns[i], i);

	return t >= 0 && t < (int64_t)n && insns[t].code != 0;
}

enum isa_bad isa_check(const struct exo_insn *insns, uint32_t n, uint32_t *at)
{
	const struct isa_op *op;
	enum isa_bad bad;
	uint32_t i;

	*at = 0;
	if (n == 0)
		return ISA_BAD_OPCODE;
	for (i = 0; i < n; i += isa_slots(&insns[i])) {
		*at = i;
		op = isa_decode(insns, n, i, &bad);
		if (op == NULL)
			return bad;
		if (has_target(op) && !target_ok(insns, n, i))
			return ISA_BAD_JUMP;
	}
	return ISA_BAD_NONE;
}
