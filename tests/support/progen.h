/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs from bytes: mostly valid ones, near the verifier's bounds.
 *
 * Each choice takes bytes of the input; an input that is used up gives zeros.
 * Throughout a program r0 and r2 to r5 are numbers, r6 is the context (or
 * memory), r7 the start of packet or memory, r8 its end; r1 is a number, too,
 * once the program has begun, and r9 a pointer that items make for
 * themselves. So jumps from any item to the start of a later one make sense.
 * The wilder the first byte says, the more often something breaks that order.
 * Header only, so that fuzzers and tests can have it.
 */
#ifndef TESTS_SUPPORT_PROGEN_H
#define TESTS_SUPPORT_PROGEN_H

#include "tests/support/progen_item.h"

/* ld_abs or ld_ind, and r1 to r5 made numbers again. */
static inline void progen_legacy(struct progen *g)
{
	unsigned width = progen_pick(g, 3) << 3, i;

	if (g->type != EXO_PROG_SOCKET && g->type != EXO_PROG_TC)
		return;
	if (progen_pick(g, 2) != 0)
		progen_emit(g, EXO_LD | EXO_ABS | width, 0, 0, 0,
		    (int)progen_pick(g, 70));
	else
		progen_emit(g, EXO_LD | EXO_IND | width, 0, progen_num(g), 0,
		    (int)progen_pick(g, 16));
	for (i = 1; i <= 5 && !progen_wild(g); i++)
		progen_emit(
		    g, EXO_LDX | EXO_MEM | EXO_DW, i, 10, -8 * (int)i, 0);
}

/* Any bits in the fields of a random instruction. */
static inline void progen_noise(struct progen *g)
{
	progen_emit(g, progen_byte(g), progen_pick(g, 11), progen_pick(g, 11),
	    (int)progen_pick(g, 16) - 8, progen_imm(g));
}

static inline void progen_item(struct progen *g)
{
	switch (progen_pick(g, 20)) {
	case 0:
	case 1:
		progen_stack(g);
		break;
	case 2:
		progen_atomic(g);
		break;
	case 3:
		progen_spill(g);
		break;
	case 4:
	case 5:
	case 6:
		progen_branch(g);
		break;
	case 7:
	case 8:
		progen_window(g);
		break;
	case 9:
	case 10:
		progen_packet(g);
		break;
	case 11:
		progen_ctx(g);
		break;
	case 12:
		progen_legacy(g);
		break;
	case 13:
	case 14:
	case 15:
		progen_move(g);
		break;
	default:
		if (progen_wild(g))
			progen_noise(g);
		progen_alu(g);
		break;
	}
}

/*
 * The whole
 */

/* Set the registers up, leave when there are less than PROGEN_NEED bytes. */
static inline void progen_start(struct progen *g)
{
	int data = g->type == EXO_PROG_XDP ? 0 : 76;
	unsigned i;

	progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 6, 1, 0, 0);
	if (g->type == EXO_PROG_MEM) {
		progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 7, 1, 0, 0);
		progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 8, 1, 0, 0);
		progen_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, 8, 2, 0, 0);
		progen_emit(g, EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
		progen_emit(g, EXO_JMP | EXO_JGE, 2, 0, 1, PROGEN_NEED);
	} else {
		progen_emit(g, EXO_LDX | EXO_MEM | EXO_W, 7, 1, data, 0);
		progen_emit(g, EXO_LDX | EXO_MEM | EXO_W, 8, 1, data + 4, 0);
		progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 9, 7, 0, 0);
		progen_emit(g, EXO_ALU64 | EXO_ADD, 9, 0, 0, PROGEN_NEED);
		progen_emit(g, EXO_ALU64 | EXO_MOV, 0, 0, 0, 0);
		progen_emit(g, EXO_JMP | EXO_JLE | EXO_X, 9, 8, 1, 0);
	}
	progen_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	for (i = 0; i < 5; i++)
		progen_emit(
		    g, EXO_LDX | EXO_MEM | EXO_DW, 1 + i, 7, 8 * (int)i, 0);
	for (i = 1; i <= 8; i++)
		progen_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, 1 + i % 5,
		    -8 * (int)i, 0);
}

/* An item has ended: let those jumps land that wanted to get here. */
static inline void progen_land(struct progen *g, bool last)
{
	uint32_t i, kept = 0;

	for (i = 0; i < g->njumps; i++) {
		if (!last && --g->jump[i].items != 0) {
			g->jump[kept++] = g->jump[i];
			continue;
		}
		g->insns[g->jump[i].at].off =
		    (int16_t)(g->n - g->jump[i].at - 1);
	}
	g->njumps = kept;
}

/** Make a program of bytes; returns how many of them it took. */
static inline size_t progen(struct progen *g, const uint8_t *p, size_t size)
{
	unsigned items;

	memset(g, 0, sizeof(*g));
	g->p = p;
	g->left = size;
	g->wild = progen_byte(g);
	g->wild = g->wild < 128 ? 0 : (uint8_t)((g->wild - 128) / 8);
	g->type = EXO_PROG_MEM + progen_pick(g, EXO_PROG_TYPE_MAX);
	items = progen_pick(g, 64);
	if (!progen_wild(g))
		progen_start(g);
	while (items-- > 0 && g->left > 0 && g->n < PROGEN_MAX) {
		progen_item(g);
		progen_land(g, false);
	}
	progen_land(g, true);
	if (progen_wild(g))
		progen_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 0,
		    progen_pick(g, 11), 0, 0);
	progen_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	return size - g->left;
}

#endif
