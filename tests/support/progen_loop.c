/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: loops. */
#include "tests/support/progen_int.h"

struct loop {
	struct pg_state head;
	uint16_t locked, locked_slot;
	uint32_t at;   /* its first instruction */
	uint32_t from; /* rows of jumps that lead out of it */
	unsigned reg;  /* counts, or PG_REGS: a slot does */
	unsigned slot;
	unsigned bound; /* register that it is compared with, or PG_REGS */
	int limit, step;
	bool down;
};

static int slot_at(unsigned slot)
{
	return -PG_AREA - 8 * ((int)slot + 1);
}

/* What the body may not lose: every pointer in r6 to r9 and in slots. What is
 * in r0 to r5 does not come round, unless it is a number. */
static void open_head(struct progen *g, struct loop *l)
{
	unsigned i;

	l->locked = g->locked;
	l->locked_slot = g->locked_slot;
	for (i = 0; i < PG_REGS; i++) {
		struct pg_reg *r = &g->st.r[i];

		if (r->kind <= PG_NUM)
			continue;
		if (i < 6)
			pg_is(g, i, PG_UNSET);
		else
			pg_lock(g, i);
		if (r->kind == PG_PKT && pg_one_in(g, 3))
			r->hi = r->lo;
	}
	for (i = 0; i < PG_SLOTS; i++) {
		if (g->st.slot[i].kind > PG_NUM)
			g->locked_slot |= (uint16_t)(1u << i);
	}
}

/* All that the head has is there again; emits what is missing. */
static void close_head(struct progen *g, struct loop *l)
{
	unsigned i;

	for (i = 0; i < PG_REGS; i++) {
		if (l->head.r[i].kind == PG_NUM && g->st.r[i].kind != PG_NUM)
			pg_set(g, i, pg_imm(g));
	}
	for (i = 0; i < PG_SLOTS; i++) {
		if (l->head.slot[i].kind == PG_NUM &&
		    g->st.slot[i].kind != PG_NUM) {
			pg_emit(g, EXO_ST | EXO_MEM | EXO_DW, 10, 0, slot_at(i),
			    pg_imm(g));
			g->st.slot[i].kind = PG_NUM;
		}
	}
}

static void back(struct progen *g, const struct loop *l, unsigned code,
    unsigned dst, unsigned src, int32_t imm)
{
	pg_emit(g, code, dst, src, (int)l->at - (int)g->out->n - 1, imm);
}

/* The counter: a register, or a slot with a register for the moment. */
static void start_count(struct progen *g, struct loop *l)
{
	unsigned limit = g->loops == 0 && pg_one_in(g, 12) ? 200 : 12, reg;

	l->step = 1 + (int)pg_pick(g, 3);
	l->limit = 2 + (int)pg_pick(g, g->loops > 1    ? 2
	                               : g->loops != 0 ? 4
	                                               : 14);
	if (g->loops == 0 && pg_one_in(g, 12)) {
		l->limit = 2 + (int)pg_byte(g) % 199;
		g->out->has |= PROGEN_HAS_LONG;
	}
	l->down = pg_one_in(g, 3);
	l->bound = PG_REGS;
	l->slot = pg_pick(g, PG_SLOTS);
	l->reg = PG_REGS;
	if (pg_one_in(g, 3) && (g->locked_slot >> l->slot & 1) == 0) {
		pg_emit(g, EXO_ST | EXO_MEM | EXO_DW, 10, 0, slot_at(l->slot),
		    l->down ? l->limit * l->step : 0);
		g->st.slot[l->slot] = (struct pg_reg){ .kind = PG_NUM };
		return;
	}
	reg = pg_free(g, PG_REGS);
	if (l->down && pg_one_in(g, 2)) { /* from a number that is not known */
		unsigned num = pg_bounded(g, &limit);

		if (num < PG_REGS) {
			pg_mov(g, reg, num);
			pg_add(g, reg, 1);
			pg_is(g, reg, PG_NUM);
			l->step = 1;
			l->reg = reg;
			return;
		}
	}
	if (!l->down && pg_one_in(g, 3)) { /* up to one */
		unsigned num = pg_bounded(g, &limit);

		if (num < PG_REGS) {
			pg_lock(g, num);
			l->bound = num;
			reg = pg_free(g, num);
		}
	}
	pg_set(g, reg, l->down ? l->limit * l->step : 0);
	l->reg = reg;
}

/* Count, and go round while it is not enough. */
static void count(struct progen *g, struct loop *l)
{
	unsigned reg = l->reg, half = pg_one_in(g, 5);
	unsigned class = half ? EXO_JMP32 : EXO_JMP;
	int step = l->down ? -l->step : l->step;

	if (reg == PG_REGS) {
		reg = pg_free(g, PG_REGS);
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_DW, reg, 10,
		    slot_at(l->slot), 0);
		pg_is(g, reg, PG_NUM);
	}
	if (pg_wild(g))
		step = (int)pg_pick(g, 3) - 1;
	pg_emit(g, (half ? EXO_ALU : EXO_ALU64) | EXO_ADD, reg, 0, 0, step);
	if (l->reg == PG_REGS)
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, reg,
		    slot_at(l->slot), 0);
	if (l->bound != PG_REGS)
		back(g, l, EXO_JMP | EXO_JLT | EXO_X, reg, l->bound, 0);
	else if (l->down)
		back(g, l, class | (pg_one_in(g, 2) ? EXO_JNE : EXO_JSGT), reg,
		    0, 0);
	else
		back(g, l,
		    class | (pg_one_in(g, 3)      ? EXO_JNE
		                : pg_one_in(g, 2) ? EXO_JSLT
		                                  : EXO_JLT),
		    reg, 0, l->limit * l->step);
}

/* Go out, or to the next round, in the middle. */
static void leave(struct progen *g)
{
	pg_jump(g,
	    (pg_one_in(g, 2) ? EXO_JMP32 : EXO_JMP) |
	        (pg_one_in(g, 2) ? EXO_JEQ : EXO_JGT),
	    pg_num(g), 0, pg_imm(g), 250);
}

/* A packet's bytes, while they last. */
static void cursor(struct progen *g)
{
	unsigned from, end, q, t, c, num;
	unsigned times = 2 + pg_pick(g, pg_one_in(g, 8) ? 200 : 20);
	uint32_t head, out = g->njumps;
	uint16_t locked = g->locked;
	bool var = pg_one_in(g, 3);

	from =
	    g->type == EXO_PROG_MEM ? pg_find(g, PG_MEM) : pg_packet(g, PG_PKT);
	if (from == PG_REGS || g->st.r[from].var)
		return;
	pg_lock(g, from);
	end = pg_packet(g, PG_END);
	if (end == PG_REGS) {
		g->locked = locked;
		return;
	}
	pg_lock(g, end);
	g->out->has |= PROGEN_HAS_LOOP | PROGEN_HAS_PKT;
	q = pg_free(g, PG_REGS);
	pg_lock(g, q);
	t = pg_free(g, PG_REGS);
	pg_lock(g, t);
	c = pg_free(g, PG_REGS);
	pg_lock(g, c);
	num = pg_free(g, PG_REGS);
	pg_mov(g, q, from);
	pg_set(g, c, 0);
	pg_is(g, t, PG_UNSET);
	pg_is(g, num, PG_UNSET);
	head = g->out->n;
	pg_mov(g, t, q);
	pg_add(g, t, 4);
	pg_jump(g, EXO_JMP | EXO_JGT | EXO_X, t, end, 0, 250);
	pg_emit(g, EXO_LDX | EXO_MEM | EXO_B, num, q,
	    (int)pg_pick(g, 4) + (pg_wild(g) ? 1 : 0), 0);
	pg_is(g, num, PG_NUM);
	if (pg_one_in(g, 2))
		pg_jump(g, EXO_JMP | EXO_JEQ, num, 0, (int)pg_pick(g, 4), 250);
	if (var) {
		pg_emit(g, EXO_ALU64 | EXO_AND, num, 0, 0, 7);
		pg_emit(g, EXO_ALU64 | EXO_ADD, num, 0, 0, 1);
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, q, num, 0, 0);
	} else {
		pg_emit(
		    g, EXO_ALU64 | EXO_ADD, q, 0, 0, 1 + (int)pg_pick(g, 4));
	}
	pg_emit(g, EXO_ALU64 | EXO_ADD, c, 0, 0, 1);
	pg_emit(g, EXO_JMP | EXO_JLT, c, 0, (int)head - (int)g->out->n - 1,
	    (int)times);
	pg_is(g, num, PG_UNSET);
	pg_is(g, q, PG_UNSET);
	pg_is(g, t, PG_UNSET);
	pg_land(g, out);
	g->locked = locked;
}

void pg_loop(struct progen *g)
{
	struct loop l = { .from = 0 };
	uint32_t middle, next;
	uint16_t locked = g->locked, locked_slot = g->locked_slot;
	bool irreducible = pg_one_in(g, 8);

	if (g->loops > 2 || g->nest > 5)
		return;
	if (pg_one_in(g, 4)) {
		cursor(g);
		return;
	}
	g->out->has |= PROGEN_HAS_LOOP;
	if (g->loops == 2)
		g->out->has |= PROGEN_HAS_NEST;
	start_count(g, &l);
	l.from = g->njumps;
	open_head(g, &l);
	if (l.reg != PG_REGS)
		pg_lock(g, l.reg);
	else
		g->locked_slot |= (uint16_t)(1u << l.slot);
	l.head = g->st;
	middle = g->njumps;
	if (irreducible)
		pg_jump(g, EXO_JMP | EXO_JGT, pg_num(g), 0, pg_imm(g), 250);
	l.at = g->out->n;
	l.head = g->st;
	g->loops++;
	if (pg_one_in(g, 6))
		pg_loop(g);
	pg_block(g, 1 + pg_pick(g, 3));
	if (irreducible)
		pg_land(g, middle);
	next = g->njumps; /* those after this one lead to the next round */
	if (pg_one_in(g, 3))
		leave(g);
	pg_block(g, pg_pick(g, 3));
	pg_land(g, next);
	g->loops--;
	close_head(g, &l);
	if (pg_one_in(g, 3))
		leave(g); /* out */
	count(g, &l);
	pg_land(g, l.from);
	g->locked = locked;
	g->locked_slot = locked_slot;
}
