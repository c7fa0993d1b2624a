/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The items of generated programs: see progen.h, which includes this.
 *
 * Each one is a handful of instructions that leave the registers as the order
 * of progen.h wants them.
 */
#ifndef TESTS_SUPPORT_PROGEN_ITEM_H
#define TESTS_SUPPORT_PROGEN_ITEM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/abi/insn.h"

#define PROGEN_MAX   400u /* instructions */
#define PROGEN_ROOM  440u
#define PROGEN_JUMPS 32u
#define PROGEN_NEED  40u /* bytes that the start of a program asks for */

struct progen {
	const uint8_t *p;
	size_t left;
	struct exo_insn insns[PROGEN_ROOM];
	uint32_t n;
	uint32_t type;
	uint8_t wild;
	/* forward jumps that lead to the start of a later item */
	struct {
		uint32_t at;
		uint32_t items; /* still to pass */
	} jump[PROGEN_JUMPS];
	uint32_t njumps;
};

static inline uint8_t progen_byte(struct progen *g)
{
	if (g->left == 0)
		return 0;
	g->left--;
	return *g->p++;
}

static inline unsigned progen_pick(struct progen *g, unsigned below)
{
	return progen_byte(g) % below;
}

static inline bool progen_wild(struct progen *g)
{
	return g->wild != 0 && progen_byte(g) < g->wild;
}

static inline void progen_emit(struct progen *g, unsigned code, unsigned dst,
    unsigned src, int off, int32_t imm)
{
	if (g->n < PROGEN_ROOM)
		g->insns[g->n++] = (struct exo_insn){ (uint8_t)code,
			(uint8_t)(src << 4 | dst), (int16_t)off, imm };
}

/* r0 to r5: numbers. */
static inline unsigned progen_num(struct progen *g)
{
	if (progen_wild(g))
		return progen_pick(g, 11);
	return progen_pick(g, 6);
}

static inline int32_t progen_imm(struct progen *g)
{
	static const int32_t odd[] = { 0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 63,
		64, 127, 128, 255, 256, 0xffff, 0x10000, INT32_MAX, INT32_MIN,
		INT32_MIN + 1, 0x7ffffffe, -2, -8, -128, -129, 0x55555555,
		0x0ff0, 0x40000000, 3, 5, 10 };

	if (progen_pick(g, 4) == 0)
		return (int32_t)((unsigned)progen_byte(g) |
		                 (unsigned)progen_byte(g) << 8 |
		                 (unsigned)progen_byte(g) << 16 |
		                 (unsigned)progen_byte(g) << 24);
	return odd[progen_pick(g, sizeof(odd) / sizeof(odd[0]))];
}

static inline unsigned progen_size(unsigned code)
{
	static const uint8_t size[] = { 4, 2, 1, 8 };

	return size[code >> 3 & 3];
}

static inline unsigned progen_width(struct progen *g)
{
	return progen_pick(g, 4) << 3;
}

/*
 * Items
 */

static inline void progen_alu(struct progen *g)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_SUB, EXO_MUL, EXO_DIV,
		EXO_OR, EXO_AND, EXO_LSH, EXO_RSH, EXO_MOD, EXO_XOR, EXO_ARSH,
		EXO_AND, EXO_RSH, EXO_ADD };
	unsigned class = progen_pick(g, 2) != 0 ? EXO_ALU : EXO_ALU64;
	unsigned op = ops[progen_pick(g, sizeof(ops))];
	bool x = progen_pick(g, 2) != 0;
	bool sgn = (op == EXO_DIV || op == EXO_MOD) && progen_pick(g, 2);
	unsigned dst = progen_num(g);
	unsigned src = x ? progen_num(g) : 0;

	progen_emit(g, class | op | (x ? EXO_X : EXO_K), dst, src, sgn,
	    x ? 0 : progen_imm(g));
}

static inline void progen_move(struct progen *g)
{
	static const uint8_t sx[] = { 0, 8, 16, 32 };
	unsigned what = progen_pick(g, 8);
	unsigned dst = progen_num(g), src = progen_num(g);

	switch (what) {
	case 0:
		progen_emit(g, EXO_ALU64 | EXO_MOV, dst, 0, 0, progen_imm(g));
		return;
	case 1:
		progen_emit(g, EXO_ALU | EXO_MOV, dst, 0, 0, progen_imm(g));
		return;
	case 2:
		progen_emit(
		    g, EXO_LD | EXO_IMM | EXO_DW, dst, 0, 0, progen_imm(g));
		progen_emit(g, 0, 0, 0, 0, progen_imm(g));
		return;
	case 3:
		progen_emit(g, EXO_ALU64 | EXO_NEG, dst, 0, 0, 0);
		return;
	case 4:
		progen_emit(g,
		    EXO_END | (progen_pick(g, 3) == 0 ? EXO_ALU64
		                  : progen_pick(g, 2) ? EXO_ALU | EXO_X
		                                      : EXO_ALU),
		    dst, 0, 0, 16 << progen_pick(g, 3));
		return;
	case 5:
		progen_emit(g, EXO_ALU | EXO_MOV | EXO_X, dst, src,
		    sx[progen_pick(g, 3)], 0);
		return;
	default:
		progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, dst, src,
		    what == 6 ? sx[progen_pick(g, 4)] : 0, 0);
		return;
	}
}

/* A place on the 64 bytes of stack that the start has written. */
static inline int progen_place(struct progen *g, unsigned size)
{
	int at = -64 + (int)progen_pick(g, 64);

	if (progen_pick(g, 4) != 0)
		at &= -(int)size;
	if (at + (int)size > 0 && !progen_wild(g))
		at = -(int)size;
	return at;
}

static inline void progen_stack(struct progen *g)
{
	unsigned width = progen_width(g);
	int at = progen_place(g, progen_size(width));
	unsigned what = progen_pick(g, 8);

	if (what == 0)
		progen_emit(
		    g, EXO_ST | EXO_MEM | width, 10, 0, at, progen_imm(g));
	else if (what < 4)
		progen_emit(
		    g, EXO_STX | EXO_MEM | width, 10, progen_num(g), at, 0);
	else if (what == 4 && width != EXO_DW)
		progen_emit(
		    g, EXO_LDX | EXO_MEMSX | width, progen_num(g), 10, at, 0);
	else
		progen_emit(
		    g, EXO_LDX | EXO_MEM | width, progen_num(g), 10, at, 0);
}

static inline void progen_atomic(struct progen *g)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_OR, EXO_AND, EXO_XOR,
		EXO_ADD | EXO_FETCH, EXO_OR | EXO_FETCH, EXO_AND | EXO_FETCH,
		EXO_XOR | EXO_FETCH, EXO_XCHG, EXO_CMPXCHG };
	unsigned width = progen_pick(g, 2) != 0 ? EXO_W : EXO_DW;
	int size = width == EXO_W ? 4 : 8;

	progen_emit(g, EXO_STX | EXO_ATOMIC | width, 10, progen_num(g),
	    progen_place(g, (unsigned)size) & -size,
	    ops[progen_pick(g, sizeof(ops))]);
}

/* A pointer saved and loaded back, used as what it is. */
static inline void progen_spill(struct progen *g)
{
	unsigned ptr = 6 + progen_pick(g, 3);
	int at = -72 - 8 * (int)progen_pick(g, 4);

	progen_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, ptr, at, 0);
	if (progen_wild(g))
		progen_emit(g, EXO_ST | EXO_MEM | progen_width(g), 10, 0,
		    at + (int)progen_pick(g, 8), progen_imm(g));
	progen_emit(g, EXO_LDX | EXO_MEM | EXO_DW, ptr, 10, at, 0);
}

static inline void progen_branch(struct progen *g)
{
	static const uint8_t ops[] = { EXO_JEQ, EXO_JGT, EXO_JGE, EXO_JSET,
		EXO_JNE, EXO_JSGT, EXO_JSGE, EXO_JLT, EXO_JLE, EXO_JSLT,
		EXO_JSLE };
	unsigned class = progen_pick(g, 2) != 0 ? EXO_JMP : EXO_JMP32;
	bool x = progen_pick(g, 3) == 0;
	unsigned op = ops[progen_pick(g, sizeof(ops))];
	unsigned dst = progen_num(g), src = x ? progen_num(g) : 0;

	if (g->njumps == PROGEN_JUMPS)
		return;
	g->jump[g->njumps].at = g->n;
	g->jump[g->njumps++].items = 1 + progen_pick(g, 6);
	progen_emit(g, class | op | (x ? EXO_X : EXO_K), dst, src, 0,
	    x ? 0 : progen_imm(g));
}

/* The stack by a number that a mask, remainder or compare bounds. */
static inline void progen_window(struct progen *g)
{
	unsigned num = progen_num(g), width = progen_width(g);
	unsigned size = progen_size(width), room = 1 + progen_pick(g, 40);
	int at = -(int)(room + size) + 1 - (int)progen_pick(g, 8);
	unsigned how = progen_pick(g, 4);

	if (progen_wild(g))
		at += (int)progen_pick(g, 16);
	progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 9, num, 0, 0);
	if (how == 0)
		progen_emit(g, EXO_ALU64 | EXO_MOD, 9, 0, 0, (int)room);
	else if (how == 1)
		progen_emit(g, EXO_JMP | EXO_JGE, 9, 0, 3, (int)room);
	else if (how == 2)
		progen_emit(g, EXO_JMP32 | EXO_JGE, num, 0, 3, (int)room);
	/* else what is known has to do */
	progen_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, 9, 10, 0, 0);
	if (progen_pick(g, 2) != 0)
		progen_emit(
		    g, EXO_STX | EXO_MEM | width, 9, progen_num(g), at, 0);
	else
		progen_emit(
		    g, EXO_LDX | EXO_MEM | width, progen_num(g), 9, at, 0);
	progen_emit(g, EXO_ALU64 | EXO_MOV, 9, 0, 0, 0);
}

/* A number between `lift` and `lift` and a mask, added to r9. */
static inline void progen_move_by(struct progen *g, unsigned num, int lift)
{
	if (!progen_wild(g))
		progen_emit(g, EXO_ALU64 | EXO_AND, num, 0, 0,
		    (int)progen_byte(g) << progen_pick(g, 5));
	if (lift != 0)
		progen_emit(g, EXO_ALU64 | EXO_ADD, num, 0, 0, lift);
	progen_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, 9, num, 0, 0);
}

/* The packet (or memory), by a constant and maybe a number; now and then
 * without a compare, which only an access to nothing survives. */
static inline void progen_packet(struct progen *g)
{
	static const uint8_t ops[] = { EXO_JGT, EXO_JGE, EXO_JLT, EXO_JLE,
		EXO_JEQ, EXO_JNE };
	unsigned op = ops[progen_pick(g, sizeof(ops))];
	bool swap = progen_pick(g, 2) != 0, var = progen_pick(g, 2) != 0;
	unsigned num = progen_pick(g, 6), tmp = (num + 1) % 6;
	unsigned width = progen_width(g);
	int size = (int)progen_size(width), by = (int)progen_pick(g, 80);
	bool in_taken = (op == EXO_JLT || op == EXO_JLE || op == EXO_JEQ) !=
	                (swap && op != EXO_JEQ && op != EXO_JNE);
	int slack = progen_wild(g) ? (int)progen_pick(g, 5) - 2 : 0;
	int lift = var && progen_pick(g, 3) == 0 ? (int)progen_pick(g, 128) : 0;
	bool bare = progen_pick(g, 16) == 15;

	progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 9, 7, 0, 0);
	if (var)
		progen_move_by(g, num, lift);
	if (lift != 0 && progen_pick(g, 2) != 0)
		slack -= lift;
	if (bare)
		slack -= by;
	progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, tmp, 9, 0, 0);
	progen_emit(g, EXO_ALU64 | EXO_ADD, tmp, 0, 0, by);
	if (!bare)
		progen_emit(g, EXO_JMP | op | EXO_X, swap ? 8 : tmp,
		    swap ? tmp : 8, 1, 0);
	if (!bare && in_taken)
		progen_emit(g, EXO_JMP | EXO_JA, 0, 0, 1, 0);
	progen_emit(g, EXO_LDX | EXO_MEM | width, tmp, 9, by - size + slack, 0);
	progen_emit(g, EXO_ALU64 | EXO_MOV, tmp, 0, 0, 3);
	progen_emit(g, EXO_ALU64 | EXO_MOV, 9, 0, 0, 0);
}

static inline void progen_ctx(struct progen *g)
{
	static const uint8_t xdp[] = { 12, 16 };
	static const uint8_t skb[] = { 0, 4, 8, 16, 32, 36, 40, 48, 52, 64 };
	unsigned num = progen_num(g);

	if (g->type == EXO_PROG_MEM) { /* the start has compared the size */
		if (progen_pick(g, 2) != 0)
			progen_emit(g, EXO_STX | EXO_MEM | EXO_W, 6, num,
			    (int)progen_pick(g, PROGEN_NEED - 3), 0);
		else
			progen_emit(g, EXO_LDX | EXO_MEM | EXO_W, num, 6,
			    (int)progen_pick(g, PROGEN_NEED - 3), 0);
	} else if (g->type == EXO_PROG_XDP) {
		progen_emit(g, EXO_LDX | EXO_MEM | EXO_W, num, 6,
		    xdp[progen_pick(g, sizeof(xdp))], 0);
	} else if (progen_pick(g, 3) == 0) {
		progen_emit(g, EXO_STX | EXO_MEM | EXO_W, 6, num,
		    48 + 4 * (int)progen_pick(g, 5), 0);
	} else {
		progen_emit(g, EXO_LDX | EXO_MEM | EXO_W, num, 6,
		    skb[progen_pick(g, sizeof(skb))], 0);
	}
}

#endif
