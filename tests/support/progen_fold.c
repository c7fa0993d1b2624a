/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: an end that tells all that was computed. */
#include "tests/support/progen_int.h"

#define FOLD_ROOM 60u /* instructions, at most */

/* r0 = r0 * an odd number ^ reg */
static void take_in(struct progen *g, unsigned reg)
{
	pg_emit(g, EXO_ALU64 | EXO_MUL, 0, 0, 0, 0x2b0b4e55);
	pg_emit(g, EXO_ALU64 | EXO_XOR | EXO_X, 0, reg, 0, 0);
}

static void take_word(struct progen *g, int at)
{
	pg_emit(g, EXO_LDX | EXO_MEM | EXO_DW, 1, 10, at, 0);
	take_in(g, 1);
}

void pg_fold(struct progen *g)
{
	unsigned i;
	int at;

	if (!g->out->fold || g->out->n + FOLD_ROOM > PROGEN_ROOM)
		return;
	if (g->st.r[0].kind != PG_NUM)
		pg_set(g, 0, 1);
	for (i = 1; i < PG_REGS; i++) {
		if (g->st.r[i].kind == PG_NUM)
			take_in(g, i);
	}
	for (at = -PG_AREA; at < 0; at += 8)
		take_word(g, at);
	for (i = 0; i < PG_SLOTS; i++) {
		if (g->st.slot[i].kind == PG_NUM)
			take_word(g, -PG_AREA - 8 * ((int)i + 1));
	}
}
