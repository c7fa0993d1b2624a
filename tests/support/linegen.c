/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of all rows on all registers: see linegen.h. */
#include "tests/support/linegen.h"

#include <string.h>

#include "exo/isa/decode.h"
#include "tests/support/progen_int.h"

#define ITEMS  24u   /* most instructions of the middle part */
#define NEED   64    /* bytes of packet or memory */
#define KEEP   (-8)  /* where their address is kept on the stack */
#define CTX    (-48) /* and the context's */
#define TIMES  (-40) /* and how often a loop has run */
#define COPIES 3u
#define JUMPS  8u
#define EDGES  (sizeof(edges) / sizeof(edges[0]))
#define PLACES (sizeof(places) / sizeof(places[0]))

static const int64_t edges[] = { 0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 33, 63, 64,
	65, 127, 128, -127, -128, -129, 255, 256, 32767, 32768, -32768, -32769,
	65535, 65536, INT32_MAX, INT32_MIN, INT32_MIN + 1, INT32_MAX - 1,
	0x80000000, 0xffffffff, 0x100000000, 0xffffffff00000000, INT64_MAX,
	INT64_MIN, INT64_MIN + 1, -0x80000001LL, 0x7fffffff80000000,
	0x0102030405060708, 0x55555555, 0xff, 0xff00, 0xff80, 0x8000 };

/* Words on the stack that hold numbers, by their distance from r10. */
static const int16_t places[] = { -16, -24, -32, -120, -128, -136, -144, -256,
	-264, -504, -512 };

struct line {
	struct progen g;
	uint32_t at[JUMPS]; /* jumps that lead on */
	uint32_t over[JUMPS];
	uint32_t njumps;
	bool writes;  /* the packet or memory may be written */
	bool calls;   /* itself: its first instruction */
	bool unknown; /* numbers */
	bool loops;
	bool looping; /* no loop in a loop */
};

static int64_t edge(struct line *l)
{
	int64_t v = edges[pg_pick(&l->g, EDGES)];

	if (pg_one_in(&l->g, 8))
		v = (int64_t)((uint64_t)v + pg_pick(&l->g, 5) - 2);
	return v;
}

static int32_t edge32(struct line *l)
{
	return (int32_t)(uint32_t)(uint64_t)edge(l);
}

static unsigned any_reg(struct line *l)
{
	return pg_pick(&l->g, PG_REGS);
}

/* A number into a register: a constant, or one of packet or memory. */
static void number(struct line *l, unsigned reg)
{
	int64_t v;

	if (l->unknown && pg_one_in(&l->g, 2)) {
		pg_emit(
		    &l->g, EXO_LDX | EXO_MEM | EXO_DW, reg, EXO_R_FP, KEEP, 0);
		pg_emit(&l->g, EXO_LDX | EXO_MEM | EXO_DW, reg, reg,
		    8 * (int)pg_pick(&l->g, NEED / 8), 0);
		pg_is(&l->g, reg, PG_NUM);
		return;
	}
	v = edge(l);
	if (v >= INT32_MIN && v <= INT32_MAX)
		pg_set(&l->g, reg, (int32_t)v);
	else
		pg_lddw(&l->g, reg, 0, (int32_t)(uint32_t)(uint64_t)v,
		    (int32_t)(uint32_t)((uint64_t)v >> 32));
}

/*
 * Addresses
 */

/* A base register and a displacement for an access of so many bytes. */
struct place {
	unsigned base;
	int off;
};

static struct place on_stack(struct line *l, unsigned reg, unsigned size)
{
	int at = places[pg_pick(&l->g, PLACES)], by;

	at += (int)(pg_pick(&l->g, 8) & -size);
	if (pg_one_in(&l->g, 2))
		return (struct place){ EXO_R_FP, at };
	by = (int)(int16_t)edge(l) / 2;
	pg_mov(&l->g, reg, EXO_R_FP);
	pg_add(&l->g, reg, at - by);
	return (struct place){ reg, by };
}

static struct place elsewhere(
    struct line *l, unsigned reg, unsigned size, bool atomic)
{
	int at = (int)(pg_pick(&l->g, 24) & -size), by;

	by = (int)(int16_t)edge(l);
	if (atomic || pg_one_in(&l->g, 3)) {
		pg_lddw(&l->g, reg, EXO_LDDW_MAP_VALUE, PROGEN_ARRAY, 0);
	} else {
		pg_emit(
		    &l->g, EXO_LDX | EXO_MEM | EXO_DW, reg, EXO_R_FP, KEEP, 0);
		if (!pg_one_in(&l->g, 3))
			at += 8 * (int)pg_pick(&l->g, 5);
	}
	pg_add(&l->g, reg, at - by);
	return (struct place){ reg, by };
}

/*
 * Instructions
 */

static void access_load(struct line *l, const struct isa_op *op)
{
	unsigned d = any_reg(l), reg = pg_one_in(&l->g, 2) ? d : any_reg(l);
	bool acq = op->form == ISA_FORM_LOAD_ACQ;
	struct place p = pg_one_in(&l->g, 2) ? on_stack(l, reg, op->size)
	                                     : elsewhere(l, reg, op->size, acq);

	pg_emit(&l->g, op->code, d, p.base, p.off, op->imm);
	if (p.base == reg && reg != d)
		number(l, reg);
}

static void access_store(struct line *l, const struct isa_op *op)
{
	bool atomic = op->form != ISA_FORM_ST && op->form != ISA_FORM_STX;
	unsigned s = any_reg(l), reg = any_reg(l);
	struct place p;

	if (reg == s) /* an address is not to be stored */
		reg = (reg + 1) % PG_REGS;
	if (op->imm == EXO_CMPXCHG && reg == 0)
		reg = s == 1 ? 2 : 1;
	p = pg_one_in(&l->g, 2) || (!atomic && !l->writes)
	        ? on_stack(l, reg, op->size)
	        : elsewhere(l, reg, op->size, atomic);
	if (op->form == ISA_FORM_ST)
		pg_emit(&l->g, op->code, p.base, 0, p.off, edge32(l));
	else
		pg_emit(&l->g, op->code, p.base, s, p.off, op->imm);
	if (p.base == reg)
		number(l, reg);
}

static void jump(struct line *l, const struct isa_op *op)
{
	bool x = op->form == ISA_FORM_JMP_X, k = op->form == ISA_FORM_JMP_K;

	if (l->njumps == JUMPS)
		return;
	l->at[l->njumps] = l->g.out->n;
	l->over[l->njumps++] = 1 + pg_pick(&l->g, 3);
	pg_emit(&l->g, op->code, x || k ? any_reg(l) : 0, x ? any_reg(l) : 0, 0,
	    k ? edge32(l) : 0);
}

static void land(struct line *l, bool all)
{
	uint32_t i, kept = 0;

	for (i = 0; i < l->njumps; i++) {
		struct exo_insn *in = &l->g.out->insns[l->at[i]];
		int by = (int)(l->g.out->n - l->at[i] - 1);

		if (!all && --l->over[i] > 0) {
			l->at[kept] = l->at[i];
			l->over[kept++] = l->over[i];
		} else if (in->code == (EXO_JMP32 | EXO_JA)) {
			in->imm = by;
		} else {
			in->off = (int16_t)by;
		}
	}
	l->njumps = kept;
}

static void alu(struct line *l, const struct isa_op *op)
{
	unsigned d = any_reg(l);
	unsigned s = pg_one_in(&l->g, 4) ? d : any_reg(l);
	unsigned what = op->code & 0xf0u;
	int32_t k = edge32(l);

	if ((what == EXO_LSH || what == EXO_RSH || what == EXO_ARSH) &&
	    !pg_one_in(&l->g, 8))
		k &= op->size * 8 - 1;
	if ((what == EXO_DIV || what == EXO_MOD) && k == 0)
		k = 1;
	switch (op->form) {
	case ISA_FORM_ALU_X:
	case ISA_FORM_MOV_X:
		pg_emit(&l->g, op->code, d, s, op->off, 0);
		break;
	case ISA_FORM_ALU_K:
	case ISA_FORM_MOV_K:
		pg_emit(&l->g, op->code, d, 0, op->off, k);
		break;
	default: /* NEG, END */
		pg_emit(&l->g, op->code, d, 0, op->off, op->imm);
		break;
	}
}

static void call_itself(struct line *l)
{
	unsigned r;

	if (l->g.type == EXO_PROG_MEM) {
		pg_set(&l->g, 2, 7);
	} else {
		pg_set(&l->g, 1, 0);
		pg_emit(&l->g, EXO_LDX | EXO_MEM | EXO_DW, 2, EXO_R_FP, CTX, 0);
	}
	pg_emit(&l->g, EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0,
	    -(int)l->g.out->n - 1);
	for (r = 1; r < 6; r++)
		number(l, r);
}

/* Copies of an address, moved, and accesses through them. */
static void walk(struct line *l)
{
	unsigned r[3], i, k, width, start = any_reg(l),
	                            step = 1 + pg_pick(&l->g, 3);
	int at[3] = { 0, 0, 0 }, off;

	for (i = 0; i < 3; i++)
		r[i] = (start + i * step) % PG_REGS;
	pg_emit(&l->g, EXO_LDX | EXO_MEM | EXO_DW, r[0], EXO_R_FP, KEEP, 0);
	for (i = 1; i < 3; i++) {
		k = pg_pick(&l->g, i);
		pg_mov(&l->g, r[i], r[k]);
		at[i] = at[k] + (int)pg_pick(&l->g, 40) - 8;
		pg_add(&l->g, r[i], at[i] - at[k]);
	}
	for (i = 0; i < 4; i++) {
		k = pg_pick(&l->g, 3);
		width = pg_width(&l->g);
		off = (int)pg_pick(&l->g, NEED - 8) - at[k];
		if (l->writes && pg_one_in(&l->g, 2))
			pg_emit(&l->g, EXO_ST | EXO_MEM | width, r[k], 0, off,
			    edge32(l));
		if (!pg_one_in(&l->g, 3))
			continue;
		pg_emit(&l->g, EXO_ALU64 | EXO_ADD, r[k], 0, 0, 5 - off);
		at[k] += 5 - off;
	}
	k = pg_pick(&l->g, 3);
	pg_emit(&l->g, EXO_LDX | EXO_MEM | pg_width(&l->g), r[k], r[k],
	    (int)pg_pick(&l->g, NEED - 8) - at[k], 0);
	for (i = 0; i < 3; i++)
		if (i != k)
			number(l, r[i]);
}

static void item(struct line *l);
static void row(struct line *l);

/* Copies that stand before a loop and at its end. */
struct copies {
	unsigned n, d[COPIES], s[COPIES];
};

static void copy(struct line *l, const struct copies *c)
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		pg_mov(&l->g, c->d[i], c->s[i]);
}

static void body(struct line *l)
{
	unsigned n = 1 + pg_pick(&l->g, 5);

	while (n-- > 0) {
		item(l);
		land(l, false);
	}
	land(l, true);
}

/* Back to the head: by one way, or by two. */
static void again(struct line *l, const struct copies *c, uint32_t head)
{
	struct progen *g = &l->g;

	copy(l, c);
	if (pg_one_in(g, 2)) {
		pg_emit(g, EXO_JMP | EXO_JSET, any_reg(l), 0,
		    (int)(head - g->out->n - 1), edge32(l));
		if (pg_one_in(g, 2)) {
			body(l);
			copy(l, c);
		}
	}
	pg_emit(g, EXO_JMP | EXO_JA, 0, 0, (int)(head - g->out->n - 1), 0);
}

static void loop(struct line *l)
{
	struct progen *g = &l->g;
	uint32_t head, leave;
	struct copies c;
	unsigned i;

	if (l->looping)
		return;
	land(l, true);
	c.n = 1 + pg_pick(g, COPIES);
	for (i = 0; i < c.n; i++) {
		c.d[i] = any_reg(l);
		c.s[i] = any_reg(l);
	}
	pg_emit(g, EXO_ST | EXO_MEM | EXO_DW, EXO_R_FP, 0, TIMES, 0);
	number(l, 9);
	copy(l, &c);
	head = g->out->n;
	pg_emit(g, EXO_LDX | EXO_MEM | EXO_DW, 9, EXO_R_FP, TIMES, 0);
	leave = g->out->n;
	pg_emit(g, EXO_JMP | EXO_JGE, 9, 0, 0, 1 + (int)pg_pick(g, 4));
	pg_emit(g, EXO_ALU64 | EXO_ADD, 9, 0, 0, 1);
	pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, EXO_R_FP, 9, TIMES, 0);
	l->looping = true;
	body(l);
	again(l, &c, head);
	l->looping = false;
	g->out->insns[leave].off = (int16_t)(g->out->n - leave - 1);
}

static void item(struct line *l)
{
	unsigned what = pg_pick(&l->g, 24);

	if (what == 0 && l->calls)
		call_itself(l);
	else if (what == 1 && l->loops)
		loop(l);
	else if (what == 2)
		walk(l);
	else
		row(l);
}

static void row(struct line *l)
{
	const struct isa_op *op = &isa_ops_table[pg_byte(&l->g) % isa_nops];

	switch ((enum isa_form)op->form) {
	case ISA_FORM_ALU_K:
	case ISA_FORM_ALU_X:
	case ISA_FORM_NEG:
	case ISA_FORM_MOV_K:
	case ISA_FORM_MOV_X:
	case ISA_FORM_END:
		alu(l, op);
		break;
	case ISA_FORM_LDX:
	case ISA_FORM_LOAD_ACQ:
		access_load(l, op);
		break;
	case ISA_FORM_ST:
	case ISA_FORM_STX:
	case ISA_FORM_ATOMIC:
	case ISA_FORM_STORE_REL:
		access_store(l, op);
		break;
	case ISA_FORM_JA:
	case ISA_FORM_JA32:
	case ISA_FORM_JMP_K:
	case ISA_FORM_JMP_X:
		jump(l, op);
		break;
	default:
		number(l, any_reg(l));
		break;
	}
}

/*
 * The frame
 */

/* What is done when the program calls itself: 7 in r2 of a mem program, 0 in r1
 * of others, which have the context in r2, tells it. */
static void inside(struct line *l)
{
	struct progen *g = &l->g;

	if (!l->calls)
		return;
	g->out->insns[0].off = (int16_t)(g->out->n - 1);
	if (g->type == EXO_PROG_SOCKET || g->type == EXO_PROG_TC) {
		pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 6, 2, 0, 0);
		pg_emit(g, EXO_LD | EXO_ABS | EXO_B, 0, 0, 0,
		    NEED - 1 + (int)pg_pick(g, 3));
	} else {
		pg_set(g, 0, edge32(l));
	}
	if (g->type == EXO_PROG_MEM)
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, 0, 2, 0, 0);
	pg_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

/* The address of NEED bytes, kept on the stack. */
static void start(struct line *l)
{
	struct progen *g = &l->g;

	if (l->calls)
		pg_emit(g, EXO_JMP | EXO_JEQ, g->type == EXO_PROG_MEM ? 2 : 1,
		    0, 0, g->type == EXO_PROG_MEM ? 7 : 0);
	if (l->calls && g->type != EXO_PROG_MEM)
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, EXO_R_FP, 1, CTX, 0);
	pg_set(g, 0, 0);
	if (g->type == EXO_PROG_MEM) {
		pg_emit(g, EXO_JMP | EXO_JGE, 2, 0, 1, NEED);
	} else {
		int data = g->type == EXO_PROG_XDP ? 0 : 76;

		pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, 2, 1, data + 4, 0);
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, 1, 1, data, 0);
		pg_mov(g, 3, 1);
		pg_emit(g, EXO_ALU64 | EXO_ADD, 3, 0, 0, NEED);
		pg_emit(g, EXO_JMP | EXO_JLE | EXO_X, 3, 2, 1, 0);
	}
	pg_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, EXO_R_FP, 1, KEEP, 0);
}

static void take_in(struct progen *g, unsigned reg)
{
	pg_emit(g, EXO_ALU64 | EXO_MUL, 0, 0, 0, 0x2b0b4e55);
	pg_emit(g, EXO_ALU64 | EXO_XOR | EXO_X, 0, reg, 0, 0);
}

static void finish(struct line *l)
{
	struct progen *g = &l->g;
	unsigned i;

	for (i = 1; i < PG_REGS; i++)
		take_in(g, i);
	for (i = 0; i < PLACES; i++) {
		pg_emit(
		    g, EXO_LDX | EXO_MEM | EXO_DW, 1, EXO_R_FP, places[i], 0);
		take_in(g, 1);
	}
	pg_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

size_t linegen(struct progen_prog *p, const uint8_t *bytes, size_t size)
{
	struct line l = { .g = { .out = p, .p = bytes, .left = size } };
	unsigned i, n;

	memset(p, 0, sizeof(*p));
	p->refuse_leaks = true;
	p->type = l.g.type = EXO_PROG_MEM + pg_pick(&l.g, 4);
	l.writes = p->type != EXO_PROG_SOCKET;
	l.calls = pg_one_in(&l.g, 4);
	l.loops = pg_one_in(&l.g, 3);
	l.unknown = pg_one_in(&l.g, 2);
	start(&l);
	for (i = 0; i < PLACES; i++)
		pg_emit(&l.g, EXO_ST | EXO_MEM | EXO_DW, EXO_R_FP, 0, places[i],
		    edge32(&l));
	for (i = 0; i < PG_REGS; i++)
		number(&l, i);
	n = 1 + pg_pick(&l.g, ITEMS);
	for (i = 0; i < n; i++) {
		item(&l);
		land(&l, false);
	}
	land(&l, true);
	finish(&l);
	inside(&l);
	return size - l.g.left;
}
