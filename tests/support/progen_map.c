/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: look-ups in maps, their null checks. */
#include "tests/support/progen_int.h"

/* Those with look-ups. */
static const uint8_t keyed[] = { PROGEN_ARRAY, PROGEN_HASH, PROGEN_HASH,
	PROGEN_RDONLY, PROGEN_WRONLY, PROGEN_WIDE, PROGEN_LRU, PROGEN_TRIE,
	PROGEN_TRIE, PROGEN_CPU_ARRAY, PROGEN_CPU_HASH, PROGEN_CPU_LRU };

/* A prefix of some length, which now and then is too long. */
static void prefix(struct progen *g, int at)
{
	static const uint8_t bits[] = { 0, 1, 8, 8, 15, 16, 24, 24, 31, 32, 32,
		33 };
	unsigned limit = 36, num = PG_REGS;

	if (pg_one_in(g, 4))
		num = pg_bounded(g, &limit);
	if (num < PG_REGS)
		pg_emit(g, EXO_STX | EXO_MEM | EXO_W, 10, num, at, 0);
	else
		pg_emit(g, EXO_ST | EXO_MEM | EXO_W, 10, 0, at,
		    bits[pg_pick(g, sizeof(bits))]);
	num = pg_one_in(g, 4) ? pg_num(g) : PG_REGS;
	if (num < PG_REGS)
		pg_emit(g, EXO_STX | EXO_MEM | EXO_W, 10, num, at + 4, 0);
	else
		pg_emit(g, EXO_ST | EXO_MEM | EXO_W, 10, 0, at + 4,
		    (int32_t)progen_nets[pg_pick(g, PROGEN_NETS)]);
}

int pg_key(struct progen *g, unsigned map)
{
	int at = -8 - 8 * (int)pg_pick(g, 6);
	unsigned limit = 4, num;

	if (map == PROGEN_TRIE) {
		prefix(g, at);
	} else if (pg_one_in(g, 2)) {
		pg_emit(g, EXO_ST | EXO_MEM | EXO_DW, 10, 0, at,
		    (int)pg_pick(g, 5));
	} else {
		num = pg_one_in(g, 2) ? pg_bounded(g, &limit) : pg_num(g);
		if (num < PG_REGS)
			pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, num, at, 0);
	}
	return at;
}

/* The value of an array by its address. */
static void direct(struct progen *g)
{
	unsigned reg = pg_free(g, PG_REGS), off = pg_pick(g, 64);
	unsigned map = pg_one_in(g, 2) ? PROGEN_WIDE : PROGEN_RDONLY;

	off %= progen_maps[map].value_size;
	pg_lddw(g, reg,
	    pg_one_in(g, 2) ? EXO_LDDW_MAP_VALUE : EXO_LDDW_MAP_IDX_VALUE,
	    (int32_t)map, (int32_t)off);
	g->st.r[reg] =
	    (struct pg_reg){ PG_VAL, (uint8_t)map, false, (int16_t) - (int)off,
		    (int16_t)((int)progen_maps[map].value_size - (int)off) };
}

/* r0 may be null; find out in one of many ways. */
static void null_check(struct progen *g, unsigned map, unsigned kind)
{
	static const struct pg_reg none = { .kind = PG_NUM };
	unsigned copy = 0, slot = pg_pick(g, PG_SLOTS), how = pg_pick(g, 6);
	unsigned by = g->trick == PG_TRICK_NULL ? pg_find(g, PG_NUM) : PG_REGS;
	struct pg_reg val = { (uint8_t)kind, (uint8_t)map, false, 0,
		(int16_t)progen_maps[map].value_size };
	uint32_t from = g->njumps;

	g->st.r[0] =
	    (struct pg_reg){ .kind = PG_VAL_NULL, .map = (uint8_t)map };
	if (how == 1 || how == 2) {
		copy = pg_free(g, 0);
		pg_mov(g, copy, 0);
	}
	if (how == 3 && (g->locked_slot >> slot & 1) == 0)
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, 0,
		    -PG_AREA - 8 * ((int)slot + 1), 0);
	else if (how == 3)
		how = 0;
	if (how == 4) { /* two jumps */
		pg_emit(g, EXO_JMP | EXO_JNE, 0, 0, 1, 0);
		pg_jump(g, EXO_JMP | EXO_JA, 0, 0, 0, 1 + pg_pick(g, 4));
	} else {
		pg_jump(g, EXO_JMP | EXO_JEQ, how == 2 ? copy : 0, 0,
		    pg_wild(g) ? 1 : 0, 1 + pg_pick(g, 4));
		if (pg_trick(g, PG_TRICK_HALF))
			g->out->insns[g->out->n - 1].code ^=
			    EXO_JMP ^ EXO_JMP32;
		if (g->njumps > from && by < PG_REGS &&
		    pg_trick(g, PG_TRICK_NULL)) {
			g->out->insns[g->out->n - 1].code |= EXO_X;
			g->out->insns[g->out->n - 1].regs |= (uint8_t)(by << 4);
			g->out->insns[g->out->n - 1].imm = 0;
		}
	}
	if (g->njumps > from) {
		g->jump[from].st.r[0] = none;
		if (copy != 0)
			g->jump[from].st.r[copy] = none;
	}
	g->st.r[0] = val;
	if (copy != 0)
		g->st.r[copy] = val;
	if (how == 3) {
		g->st.slot[slot] = val;
		copy = pg_free(g, PG_REGS);
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_DW, copy, 10,
		    -PG_AREA - 8 * ((int)slot + 1), 0);
		g->st.r[copy] = val;
	}
	if (how == 5) {
		copy = 6 + pg_pick(g, 4);
		if ((g->locked >> copy & 1) == 0)
			pg_mov(g, copy, 0);
	}
}

/* A pointer from earlier that may be null: find out now. Its copies are known
 * then; now and then another look-up's pointer is taken for known, too. */
void pg_settle(struct progen *g)
{
	unsigned reg = pg_find(g, PG_VAL_NULL), i;
	bool all = pg_one_in(g, 8) || pg_trick(g, PG_TRICK_NULL);
	struct pg_reg was;

	if (reg == PG_REGS)
		return;
	was = g->st.r[reg];
	for (i = 0; i < PG_REGS + PG_SLOTS; i++) {
		struct pg_reg *r =
		    i < PG_REGS ? &g->st.r[i] : &g->st.slot[i - PG_REGS];

		if (r->kind == PG_VAL_NULL && r->hi == was.hi)
			r->kind = PG_UNSET;
	}
	pg_jump(g, EXO_JMP | EXO_JEQ, reg, 0, 0, 1 + pg_pick(g, 4));
	for (i = 0; i < PG_REGS + PG_SLOTS; i++) {
		struct pg_reg *r =
		    i < PG_REGS ? &g->st.r[i] : &g->st.slot[i - PG_REGS];
		bool it = i == reg || (r->kind == PG_VAL_NULL && all);

		if (it)
			*r = (struct pg_reg){ PG_VAL, was.map, false, 0,
				(int16_t)progen_maps[was.map].value_size };
	}
}

/* r0 may be null; that is found out later. */
static void keep_null(struct progen *g, unsigned map)
{
	unsigned reg = 6 + pg_pick(g, 4), slot = pg_pick(g, PG_SLOTS);
	struct pg_reg null = { PG_VAL_NULL, (uint8_t)map, false, 0,
		(int16_t)(g->serial++ % 1000) };

	if ((g->locked >> reg & 1) == 0) {
		pg_mov(g, reg, 0);
		g->st.r[reg] = null;
	}
	if (pg_one_in(g, 2) && (g->locked_slot >> slot & 1) == 0) {
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, 0,
		    -PG_AREA - 8 * ((int)slot + 1), 0);
		g->st.slot[slot] = null;
	}
	pg_is(g, 0, PG_UNSET);
}

void pg_lookup(struct progen *g)
{
	unsigned map = keyed[pg_pick(g, sizeof(keyed))];
	int at;

	if (pg_one_in(g, 3)) {
		pg_settle(g);
		return;
	}
	if ((g->locked & 0x3f) != 0)
		return;
	g->out->has |= PROGEN_HAS_MAP;
	if (pg_one_in(g, 5)) {
		direct(g);
		return;
	}
	at = pg_key(g, map);
	pg_lddw(g, 1, pg_one_in(g, 2) ? EXO_LDDW_MAP : EXO_LDDW_MAP_IDX,
	    (int32_t)(pg_wild(g) ? pg_pick(g, PROGEN_MAPS) : map), 0);
	pg_mov(g, 2, 10);
	pg_add(g, 2, pg_wild(g) ? 1 - (int)progen_maps[map].key_size : at);
	pg_emit(g, EXO_JMP | EXO_CALL, 0, 0, 0, 1);
	pg_clobber(g);
	if (pg_wild(g) || (pg_trick(g, PG_TRICK_NULL) && pg_one_in(g, 3)))
		g->st.r[0] = (struct pg_reg){ PG_VAL, (uint8_t)map, false, 0,
			(int16_t)progen_maps[map].value_size };
	else if (pg_one_in(g, 3))
		keep_null(g, map);
	else
		null_check(g, map, PG_VAL);
	if (g->st.r[0].kind == PG_VAL && map != PROGEN_RDONLY &&
	    !g->out->tame && pg_trick(g, PG_TRICK_LEAK) && pg_one_in(g, 3))
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 0, 0, 0, 0);
}
