/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disassembler: one instruction to text.
 *
 * Everything that isa_match() knows is written as an instruction when its
 * registers exist; the rest, and stray second slots, as `.insn`.
 */
#include "exo/isa/decode.h"
#include "exo/isa/text.h"
#include "exo/isa/text_int.h"

/* What is written: the row, its instruction, and where the text goes. */
struct dis {
	struct exo_fmt *f;
	const struct exo_insn *in;
	const struct isa_op *op;
};

static void str(const struct dis *d, const char *s)
{
	exo_fmt_str(d->f, s);
}

static void reg(const struct dis *d, char letter, unsigned r)
{
	exo_fmt_char(d->f, letter);
	exo_fmt_u64(d->f, r);
}

/* A number with its sign always: "+4", "-4". */
static void signed_num(const struct dis *d, int64_t v)
{
	if (v >= 0)
		exo_fmt_char(d->f, '+');
	exo_fmt_i64(d->f, v);
}

static void hex(const struct dis *d, uint64_t v)
{
	str(d, "0x");
	exo_fmt_hex(d->f, v, 1);
}

/* 'r' for 64-bit operations, 'w' for 32-bit ones. */
static char letter(const struct dis *d)
{
	unsigned class = d->in->code & 7u;

	return class == EXO_ALU || class == EXO_JMP32 ? 'w' : 'r';
}

static void dst_is(const struct dis *d, char l)
{
	reg(d, l, exo_dst(d->in));
	str(d, " = ");
}

static void type(const struct dis *d)
{
	uint8_t code = d->in->code;
	const struct isa_word *w;

	if ((code & 0xe0u) != EXO_MEMSX)
		code = (uint8_t)((code & 0x1fu) | EXO_MEM);
	w = isa_word_of(isa_type_words, code, 0xf8, 0);
	str(d, w->text);
	str(d, " *)");
}

/* "(u32 *)(r1 +4)" */
static void place(const struct dis *d, unsigned base)
{
	exo_fmt_char(d->f, '(');
	type(d);
	str(d, "(r");
	exo_fmt_u64(d->f, base);
	exo_fmt_char(d->f, ' ');
	signed_num(d, d->in->off);
	exo_fmt_char(d->f, ')');
}

static void alu(const struct dis *d)
{
	reg(d, letter(d), exo_dst(d->in));
	exo_fmt_char(d->f, ' ');
	str(d,
	    isa_word_of(isa_alu_words, d->in->code, 0xf0, (uint8_t)d->op->off)
	        ->text);
	exo_fmt_char(d->f, ' ');
	if (d->op->form == ISA_FORM_ALU_X)
		reg(d, letter(d), exo_src(d->in));
	else
		exo_fmt_i64(d->f, d->in->imm);
}

static void mov(const struct dis *d)
{
	dst_is(d, letter(d));
	if (d->op->form == ISA_FORM_MOV_K) {
		exo_fmt_i64(d->f, d->in->imm);
		return;
	}
	if (d->op->off != 0) {
		str(d, "(s");
		exo_fmt_i64(d->f, d->op->off);
		exo_fmt_char(d->f, ')');
	}
	reg(d, letter(d), exo_src(d->in));
}

static void neg(const struct dis *d)
{
	dst_is(d, letter(d));
	exo_fmt_char(d->f, '-');
	reg(d, letter(d), exo_dst(d->in));
}

static void swap(const struct dis *d)
{
	dst_is(d, 'r');
	str(d, isa_word_of(isa_end_words, d->in->code, 0xff, 0)->text);
	exo_fmt_i64(d->f, d->in->imm);
	str(d, " r");
	exo_fmt_u64(d->f, exo_dst(d->in));
}

static void lddw(const struct dis *d)
{
	uint32_t lo = (uint32_t)d->in[0].imm;
	uint32_t hi = (uint32_t)d->in[1].imm;

	dst_is(d, 'r');
	if (d->op->src == EXO_LDDW_IMM) {
		hex(d, lo | (uint64_t)hi << 32);
		str(d, " ll");
		return;
	}
	if (d->op->src == EXO_LDDW_FUNC) {
		str(d, "subprog[");
		signed_num(d, d->in->imm);
		exo_fmt_char(d->f, ']');
		return;
	}
	str(d, d->op->src < EXO_LDDW_FUNC ? "map[id:" : "map[idx:");
	exo_fmt_i64(d->f, d->in->imm);
	exo_fmt_char(d->f, ']');
	if (d->op->src == EXO_LDDW_MAP_VALUE ||
	    d->op->src == EXO_LDDW_MAP_IDX_VALUE) {
		str(d, "[0]+");
		exo_fmt_u64(d->f, hi);
	}
}

/* r0 = *(u16 *)skb[12], r0 = *(u16 *)skb[r7 + 12] */
static void packet(const struct dis *d)
{
	str(d, "r0 = *(");
	type(d);
	str(d, "skb[");
	if (d->op->form == ISA_FORM_LD_IND) {
		reg(d, 'r', exo_src(d->in));
		str(d, " + ");
	}
	exo_fmt_i64(d->f, d->in->imm);
	exo_fmt_char(d->f, ']');
}

static void store(const struct dis *d)
{
	exo_fmt_char(d->f, '*');
	place(d, exo_dst(d->in));
	str(d, " = ");
	if (d->op->form == ISA_FORM_STX)
		reg(d, 'r', exo_src(d->in));
	else
		exo_fmt_i64(d->f, d->in->imm);
}

static void plain_atomic(const struct dis *d)
{
	str(d, "lock *");
	place(d, exo_dst(d->in));
	exo_fmt_char(d->f, ' ');
	str(d, isa_word_of(isa_alu_words, (uint8_t)d->op->imm, 0xf0, 0)->text);
	str(d, " r");
	exo_fmt_u64(d->f, exo_src(d->in));
}

static void atomic(const struct dis *d)
{
	uint8_t imm = (uint8_t)d->op->imm;

	if ((imm & EXO_FETCH) == 0) {
		plain_atomic(d);
		return;
	}
	reg(d, 'r', imm == EXO_CMPXCHG ? 0 : exo_src(d->in));
	str(d, d->op->size == 8 ? " = atomic64_" : " = atomic_");
	if (imm == EXO_XCHG) {
		str(d, "xchg");
	} else if (imm == EXO_CMPXCHG) {
		str(d, "cmpxchg");
	} else {
		str(d, "fetch_");
		str(d, isa_word_of(isa_atomic_words, imm, 0xf0, 0)->text);
	}
	exo_fmt_char(d->f, '(');
	place(d, exo_dst(d->in));
	str(d, imm == EXO_CMPXCHG ? ", r0, " : ", ");
	reg(d, 'r', exo_src(d->in));
	exo_fmt_char(d->f, ')');
}

static void load_acquire(const struct dis *d)
{
	dst_is(d, 'r');
	str(d, "load_acquire(");
	place(d, exo_src(d->in));
	exo_fmt_char(d->f, ')');
}

static void store_release(const struct dis *d)
{
	str(d, "store_release(");
	place(d, exo_dst(d->in));
	str(d, ", r");
	exo_fmt_u64(d->f, exo_src(d->in));
	exo_fmt_char(d->f, ')');
}

/* "call map_lookup_elem#1", "call 1000" */
static void call(const struct dis *d)
{
	const struct isa_helper *h = isa_word_helper(d->in->imm);

	str(d, "call ");
	if (h != NULL) {
		str(d, h->name);
		exo_fmt_char(d->f, '#');
	}
	exo_fmt_i64(d->f, d->in->imm);
}

static void jump(const struct dis *d)
{
	str(d, "if ");
	reg(d, letter(d), exo_dst(d->in));
	exo_fmt_char(d->f, ' ');
	str(d, isa_word_of(isa_jmp_words, d->in->code, 0xf0, 0)->text);
	exo_fmt_char(d->f, ' ');
	if (d->op->form == ISA_FORM_JMP_X)
		reg(d, letter(d), exo_src(d->in));
	else
		hex(d, (uint32_t)d->in->imm);
	str(d, " goto pc");
	signed_num(d, d->in->off);
}

static void unknown(const struct dis *d)
{
	str(d, ".insn 0x");
	exo_fmt_hex(d->f, d->in->code, 2);
	str(d, ", 0x");
	exo_fmt_hex(d->f, d->in->regs, 2);
	str(d, ", ");
	exo_fmt_i64(d->f, d->in->off);
	str(d, ", ");
	exo_fmt_i64(d->f, d->in->imm);
}

static void go(const struct dis *d, const char *what, int64_t distance)
{
	str(d, what);
	signed_num(d, distance);
}

static void load(const struct dis *d)
{
	dst_is(d, 'r');
	exo_fmt_char(d->f, '*');
	place(d, exo_src(d->in));
}

static void write(const struct dis *d)
{
	switch ((enum isa_form)d->op->form) {
	case ISA_FORM_ALU_K:
	case ISA_FORM_ALU_X:
		alu(d);
		return;
	case ISA_FORM_NEG:
		neg(d);
		return;
	case ISA_FORM_MOV_K:
	case ISA_FORM_MOV_X:
		mov(d);
		return;
	case ISA_FORM_END:
		swap(d);
		return;
	case ISA_FORM_LDDW:
		lddw(d);
		return;
	case ISA_FORM_LD_ABS:
	case ISA_FORM_LD_IND:
		packet(d);
		return;
	case ISA_FORM_LDX:
		load(d);
		return;
	case ISA_FORM_ST:
	case ISA_FORM_STX:
		store(d);
		return;
	case ISA_FORM_ATOMIC:
		atomic(d);
		return;
	case ISA_FORM_LOAD_ACQ:
		load_acquire(d);
		return;
	case ISA_FORM_STORE_REL:
		store_release(d);
		return;
	case ISA_FORM_JA:
		go(d, "goto pc", d->in->off);
		return;
	case ISA_FORM_JA32:
		go(d, "gotol pc", d->in->imm);
		return;
	case ISA_FORM_JMP_K:
	case ISA_FORM_JMP_X:
		jump(d);
		return;
	case ISA_FORM_CALL:
		call(d);
		return;
	case ISA_FORM_CALL_LOCAL:
		go(d, "call pc", d->in->imm);
		return;
	case ISA_FORM_EXIT:
		str(d, "exit");
		return;
	}
}

/* Text can say it: a program that writes to r10 is wrong, yet has a text. */
static bool has_text(const struct isa_op *op, const struct exo_insn *in)
{
	unsigned u = isa_uses(op);

	return ((u & ISA_USE_DST) == 0 || exo_dst(in) < EXO_REGS) &&
	       ((u & ISA_USE_SRC) == 0 || exo_src(in) < EXO_REGS);
}

/* A second slot as text can say it: nothing in it but an operand. */
static bool second_ok(const struct isa_op *op, const struct exo_insn *second)
{
	return second->code == 0 && second->regs == 0 && second->off == 0 &&
	       ((isa_uses(op) & ISA_USE_NEXT) != 0 || second->imm == 0);
}

uint32_t isa_disasm(
    struct exo_fmt *f, const struct exo_insn *insns, uint32_t n, uint32_t i)
{
	struct dis d = { f, &insns[i], isa_match(&insns[i]) };
	bool wide = d.op != NULL && d.op->form == ISA_FORM_LDDW;

	if (d.op == NULL || !has_text(d.op, d.in) ||
	    (wide && (n - i < 2 || !second_ok(d.op, d.in + 1)))) {
		unknown(&d);
		return 1;
	}
	write(&d);
	return wide ? 2 : 1;
}
