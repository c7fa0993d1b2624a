/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: pointers compared, saved across slots, moved contexts. */
#include "tests/support/progen_int.h"

/* A register with a pointer that is known not to be null, or PG_REGS. */
static unsigned find_ptr(struct progen *g)
{
	unsigned start = pg_pick(g, PG_REGS), i;

	for (i = 0; i < PG_REGS; i++) {
		unsigned reg = (start + i) % PG_REGS;
		unsigned kind = g->st.r[reg].kind;

		if (kind > PG_NUM && kind != PG_VAL_NULL)
			return reg;
	}
	return PG_REGS;
}

/* May what a compare or a difference says of an address be known? */
static bool leak_ok(struct progen *g)
{
	return !g->out->refuse_leaks || pg_one_in(g, 24) ||
	       pg_trick(g, PG_TRICK_HALF) || pg_leak(g) != PG_REGS;
}

/* Is there one object of this kind only, or are objects told apart by it? */
static bool is_one(unsigned kind)
{
	return kind == PG_CTX || kind == PG_PKT || kind == PG_META ||
	       kind == PG_END || kind == PG_MEM || kind == PG_BUF;
}

/*
 * Compares
 */

static unsigned any_jump(struct progen *g, bool all)
{
	static const uint8_t ops[] = { EXO_JEQ, EXO_JNE, EXO_JGT, EXO_JGE,
		EXO_JLT, EXO_JLE, EXO_JSGT, EXO_JSGE, EXO_JSLT, EXO_JSLE,
		EXO_JSET };
	unsigned op = ops[pg_pick(g, sizeof(ops) - (all ? 0 : 1))];

	return op | (all && pg_one_in(g, 2) ? EXO_JMP32 : EXO_JMP);
}

/* With 0, as a constant or in a register. */
static bool asks_for_packet(const struct progen *g, unsigned ptr)
{
	const struct pg_reg *r = &g->st.r[ptr];

	return (r->kind == PG_PKT || r->kind == PG_META ||
	           (r->kind == PG_END && g->type != EXO_PROG_MEM)) &&
	       !r->var;
}

static void ask_null(struct progen *g, unsigned ptr)
{
	unsigned code = EXO_JMP | (pg_one_in(g, 2) ? EXO_JEQ : EXO_JNE);
	unsigned items = 1 + pg_pick(g, 4), zero;

	if (pg_one_in(g, 4) && leak_ok(g))
		code = any_jump(g, true);
	else if (asks_for_packet(g, ptr) && pg_one_in(g, 2))
		code ^= EXO_JMP ^ EXO_JMP32;
	if (pg_one_in(g, 2)) {
		pg_jump(g, code, ptr, 0, 0, items);
		return;
	}
	zero = pg_free(g, ptr);
	if (zero == ptr)
		return;
	pg_set(g, zero, 0);
	if (pg_one_in(g, 2))
		pg_jump(g, code | EXO_X, ptr, zero, 0, items);
	else
		pg_jump(g, code | EXO_X, zero, ptr, 0, items);
}

/* With another one of its object, moved or not, in either order. */
static void ask_order(struct progen *g, unsigned ptr)
{
	unsigned kind = g->st.r[ptr].kind, with, i;
	bool all = pg_one_in(g, 3) && leak_ok(g);

	if (!is_one(kind) && !leak_ok(g))
		return;
	with = kind == PG_BUF && pg_one_in(g, 2) ? 10 : ptr;
	for (i = 0; i < PG_REGS && with == ptr; i++) {
		if (i != ptr && g->st.r[i].kind == kind)
			with = i;
	}
	if (with == ptr || (pg_one_in(g, 3) && kind != PG_END)) {
		with = pg_free(g, ptr);
		if (with == ptr)
			return;
		pg_mov(g, with, ptr);
		if (kind != PG_END && kind != PG_MAP)
			pg_add(g, with, (int)pg_pick(g, 9) - 4);
	}
	if (pg_one_in(g, 2))
		pg_jump(g, any_jump(g, all) | EXO_X, ptr, with, 0,
		    1 + pg_pick(g, 4));
	else
		pg_jump(g, any_jump(g, all) | EXO_X, with, ptr, 0,
		    1 + pg_pick(g, 4));
}

/* With what has nothing to do with it. */
static void ask_other(struct progen *g, unsigned ptr)
{
	unsigned with = pg_one_in(g, 2) ? find_ptr(g) : pg_num(g);

	if (!leak_ok(g))
		return;
	if (pg_one_in(g, 3))
		pg_jump(
		    g, any_jump(g, true), ptr, 0, pg_imm(g), 1 + pg_pick(g, 4));
	else
		pg_jump(g, any_jump(g, true) | EXO_X, ptr, with, 0,
		    1 + pg_pick(g, 4));
}

/* How many bytes there are: the end less the start, as a number. */
static void length(struct progen *g)
{
	bool mem = g->type == EXO_PROG_MEM;
	unsigned start, end, reg;

	start = mem ? pg_find(g, PG_MEM) : pg_packet(g, PG_PKT);
	if (start == PG_REGS)
		return;
	pg_lock(g, start);
	end = pg_packet(g, PG_END);
	pg_unlock(g, start);
	if (end == PG_REGS)
		return;
	reg = pg_free(g, end);
	if (reg == end || reg == start)
		return;
	pg_mov(g, reg, pg_one_in(g, 6) ? start : end);
	pg_emit(g, EXO_ALU64 | EXO_SUB | EXO_X, reg,
	    pg_one_in(g, 6) ? end : start, 0, 0);
	pg_is(g, reg, PG_NUM);
	pg_jump(g, EXO_JMP | EXO_JLT, reg, 0, (int)pg_pick(g, 40),
	    1 + pg_pick(g, 4));
}

void pg_compare(struct progen *g)
{
	unsigned ptr = find_ptr(g), how = pg_pick(g, 8);
	bool was;

	if (ptr == PG_REGS || g->out->tame)
		return;
	was = (g->locked >> ptr & 1) != 0;
	pg_lock(g, ptr);
	g->out->has |= PROGEN_HAS_COMPARE;
	if (how < 3)
		ask_null(g, ptr);
	else if (how < 6)
		ask_order(g, ptr);
	else if (how < 7)
		ask_other(g, ptr);
	if (!was)
		pg_unlock(g, ptr);
	if (how == 7 && (g->locked & 1u << 6 || g->type == EXO_PROG_MEM))
		length(g);
}

/*
 * Slots
 */

static int slot_at(unsigned slot)
{
	return -PG_AREA - 8 * ((int)slot + 1);
}

/* What is in a slot of which a number took some bytes, or may have. */
static void dissolve(struct progen *g, unsigned slot)
{
	struct pg_reg *s = &g->st.slot[slot];

	if (s->kind != PG_NUM && s->kind != PG_UNSET)
		*s = (struct pg_reg){ .kind = g->out->refuse_leaks ? PG_UNSET
			                                           : PG_NUM };
}

/* A pointer in a slot, one is put there if that is not so. */
static void save_ptr(struct progen *g, unsigned slot)
{
	unsigned reg = find_ptr(g);

	if (g->st.slot[slot].kind > PG_NUM || reg == PG_REGS)
		return;
	pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, reg, slot_at(slot), 0);
	g->st.slot[slot] = g->st.r[reg];
}

/* A number somewhere among slots. */
static void store_over(struct progen *g, unsigned slot)
{
	unsigned width = pg_width(g), limit = 1 + pg_pick(g, 24), num, reg, i;
	int size = (int)pg_bytes(width), lo, end;

	save_ptr(g, slot);
	num = pg_bounded(g, &limit);
	if (num >= PG_REGS)
		return;
	lo = slot_at(slot) + (int)pg_pick(g, 16) - 8;
	end = lo + (int)limit - 1 + size;
	if (lo < slot_at(PG_SLOTS - 1))
		return;
	for (i = 0; i < PG_SLOTS; i++) {
		if (slot_at(i) < end && slot_at(i) + 8 > lo &&
		    (g->locked_slot >> i & 1) != 0)
			return;
	}
	if (end > 0)
		return;
	pg_lock(g, num);
	reg = pg_free(g, num);
	if (reg != num) {
		pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, reg, 10, 0, 0);
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, reg, num, 0, 0);
		pg_is(g, reg, PG_UNSET);
		pg_lock(g, reg);
		pg_emit(g, EXO_STX | EXO_MEM | width, reg, pg_num(g), lo, 0);
		pg_unlock(g, reg);
		for (i = 0; i < PG_SLOTS; i++) {
			if (slot_at(i) < end && slot_at(i) + 8 > lo)
				dissolve(g, i);
		}
	}
	pg_unlock(g, num);
}

/* A part of a saved pointer becomes a number; then what is left is read, or
 * what was put there. */
static void overwrite(struct progen *g, unsigned slot)
{
	static const uint8_t widths[] = { EXO_W, EXO_H, EXO_B, EXO_DW };
	unsigned width = widths[pg_pick(g, 3)], reg;
	int size = (int)pg_bytes(width);
	int in = (int)pg_pick(g, 8) & -size, at;

	save_ptr(g, slot);
	pg_emit(
	    g, EXO_STX | EXO_MEM | width, 10, pg_num(g), slot_at(slot) + in, 0);
	dissolve(g, slot);
	reg = pg_free(g, PG_REGS);
	at = in;
	if (!g->out->refuse_leaks || pg_trick(g, PG_TRICK_STALE)) {
		width = widths[pg_pick(g, 4)];
		at = (int)pg_pick(g, 8) & -(int)pg_bytes(width);
	}
	pg_emit(g, EXO_LDX | EXO_MEM | width, reg, 10, slot_at(slot) + at, 0);
	pg_is(g, reg, PG_NUM);
}

/* Eight bytes across two slots. */
static void across(struct progen *g, unsigned slot)
{
	unsigned reg = find_ptr(g), to, width = EXO_DW;
	int at = slot_at(slot) + 4;
	bool ptr = reg != PG_REGS && !pg_one_in(g, 3);

	if (slot == 0 || (g->locked_slot >> (slot - 1) & 1) != 0)
		return;
	if (!ptr)
		reg = pg_num(g);
	if (reg >= PG_REGS)
		return;
	pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, reg, at, 0);
	dissolve(g, slot);
	dissolve(g, slot - 1);
	if (ptr) /* parts of pointers are not loaded */
		g->st.slot[slot].kind = g->st.slot[slot - 1].kind = PG_UNSET;
	to = pg_free(g, reg);
	if (!ptr && pg_one_in(g, 3)) {
		width = EXO_W;
		at += pg_one_in(g, 2) ? 4 : 0;
	}
	pg_emit(g, EXO_LDX | EXO_MEM | width, to, 10, at, 0);
	g->st.r[to] = g->st.r[reg];
	if (ptr && pg_one_in(g, 2)) { /* half of it, by a number */
		unsigned half = pg_one_in(g, 2) ? slot : slot - 1;

		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, pg_num(g),
		    slot_at(half), 0);
		g->st.slot[half].kind = PG_NUM;
	}
}

void pg_overlap(struct progen *g)
{
	unsigned slot = pg_pick(g, PG_SLOTS), how = pg_pick(g, 3);

	if (g->out->tame || (g->locked_slot >> slot & 1) != 0)
		return;
	g->out->has |= PROGEN_HAS_OVERLAP;
	if (how == 0)
		store_over(g, slot);
	else if (how == 1)
		overwrite(g, slot);
	else
		across(g, slot);
}

/*
 * Contexts
 */

/* Move reg by so much, in one or two steps. */
static void move_by(struct progen *g, unsigned reg, int by)
{
	int first = pg_one_in(g, 3) ? (int)pg_pick(g, 64) - 32 : 0;

	if (first != 0)
		pg_emit(g, EXO_ALU64 | EXO_SUB, reg, 0, 0, first);
	pg_emit(g, EXO_ALU64 | EXO_ADD, reg, 0, 0, by + first);
}

/* The same on two ways, seldom by something else. */
static void move_twice(struct progen *g, unsigned reg, int by)
{
	unsigned num = pg_num(g);
	struct exo_insn *in = g->out->insns;
	uint32_t ask = g->out->n, over;
	int other = by + (pg_wild(g) || pg_one_in(g, 20) ? 4 : 0);

	if (num >= PG_REGS || ask >= PROGEN_MAX)
		return;
	pg_emit(g, EXO_JMP | EXO_JGT, num, 0, 0, pg_imm(g));
	move_by(g, reg, by);
	over = g->out->n;
	pg_emit(g, EXO_JMP | EXO_JA, 0, 0, 0, 0);
	in[ask].off = (int16_t)(g->out->n - ask - 1);
	move_by(g, reg, other);
	in[over].off = (int16_t)(g->out->n - over - 1);
}

/* What a context's word at an offset is. */
static enum pg_kind word_kind(const struct progen *g, int off)
{
	int data = g->type == EXO_PROG_XDP ? 0 : 76;

	if (off == data)
		return PG_PKT;
	if (off == data + 4)
		return PG_END;
	return g->type == EXO_PROG_XDP && off == 8 ? PG_META : PG_NUM;
}

/* A field by a pointer that was moved. */
void pg_moved(struct progen *g)
{
	static const uint8_t xdp[] = { 0, 4, 8, 12, 16 };
	static const uint8_t skb[] = { 0, 4, 8, 16, 32, 36, 40, 48, 52, 64, 76,
		80 };
	unsigned ctx = pg_find(g, PG_CTX), reg, num;
	int off = g->type == EXO_PROG_XDP ? xdp[pg_pick(g, sizeof(xdp))]
	                                  : skb[pg_pick(g, sizeof(skb))];
	int by = (int)pg_pick(g, 160) - 60;

	if (ctx == PG_REGS || g->type == EXO_PROG_MEM || g->out->tame)
		return;
	reg = pg_free(g, ctx);
	if (reg == ctx)
		return;
	g->out->has |= PROGEN_HAS_MOVED;
	pg_mov(g, reg, ctx);
	pg_lock(g, reg);
	if (pg_one_in(g, 3))
		move_twice(g, reg, by);
	else
		move_by(g, reg, by);
	pg_is(g, reg, PG_UNSET);
	num = pg_free(g, reg);
	if (g->type != EXO_PROG_XDP && off >= 48 && off < 64 &&
	    pg_one_in(g, 2)) {
		pg_emit(
		    g, EXO_STX | EXO_MEM | EXO_W, reg, pg_num(g), off - by, 0);
	} else {
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, num, reg, off - by, 0);
		pg_is(g, num, word_kind(g, off));
	}
	pg_unlock(g, reg);
}
