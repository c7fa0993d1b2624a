/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: numbers, the stack, jumps that compare numbers. */
#include "tests/support/progen_int.h"

static const uint8_t jumps[] = { EXO_JEQ, EXO_JGT, EXO_JGE, EXO_JSET, EXO_JNE,
	EXO_JSGT, EXO_JSGE, EXO_JLT, EXO_JLE, EXO_JSLT, EXO_JSLE };

static unsigned pick_jump(struct progen *g)
{
	return jumps[pg_pick(g, sizeof(jumps))] |
	       (pg_one_in(g, 3) ? EXO_JMP32 : EXO_JMP);
}

void pg_alu(struct progen *g)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_SUB, EXO_MUL, EXO_DIV,
		EXO_OR, EXO_AND, EXO_LSH, EXO_RSH, EXO_MOD, EXO_XOR, EXO_ARSH,
		EXO_AND, EXO_RSH, EXO_ADD };
	unsigned class = pg_one_in(g, 2) ? EXO_ALU : EXO_ALU64;
	unsigned op = ops[pg_pick(g, sizeof(ops))];
	bool x = pg_one_in(g, 2);
	bool sgn = (op == EXO_DIV || op == EXO_MOD) && pg_one_in(g, 2);
	unsigned src = x ? pg_num(g) : 0;
	unsigned dst = pg_num(g);

	pg_emit(g, class | op | (x ? EXO_X : EXO_K), dst, src, sgn,
	    x ? 0 : pg_imm(g));
}

static void swap(struct progen *g, unsigned dst)
{
	static const uint8_t code[] = { EXO_ALU, EXO_ALU | EXO_X, EXO_ALU64 };

	pg_emit(
	    g, EXO_END | code[pg_pick(g, 3)], dst, 0, 0, 16 << pg_pick(g, 3));
}

void pg_move(struct progen *g)
{
	static const uint8_t sx[] = { 0, 8, 16, 32 };
	unsigned what = pg_pick(g, 8), src = pg_num(g);
	unsigned dst = pg_free(g, PG_REGS);

	switch (what) {
	case 0:
		pg_set(g, dst, pg_imm(g));
		return;
	case 1:
		pg_emit(g, EXO_ALU | EXO_MOV, dst, 0, 0, pg_imm(g));
		break;
	case 2:
		pg_lddw(g, dst, 0, pg_imm(g), pg_imm(g));
		return;
	case 3:
		pg_emit(g,
		    pg_one_in(g, 2) ? EXO_ALU | EXO_NEG : EXO_ALU64 | EXO_NEG,
		    src, 0, 0, 0);
		return;
	case 4:
		swap(g, src);
		return;
	case 5:
		pg_emit(g, EXO_ALU | EXO_MOV | EXO_X, dst, src,
		    sx[pg_pick(g, 3)], 0);
		break;
	case 6:
		pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, dst, src,
		    sx[pg_pick(g, 4)], 0);
		break;
	default:
		pg_mov(g, dst, src);
		return;
	}
	pg_is(g, dst, PG_NUM);
}

/* A place in the area, for so many bytes. */
static int place(struct progen *g, unsigned size)
{
	int at = -PG_AREA + (int)pg_pick(g, PG_AREA);

	if (!pg_one_in(g, 4) || g->out->tame)
		at &= -(int)size;
	if (at + (int)size > 0 && !pg_wild(g))
		at = -(int)size;
	return at;
}

void pg_area(struct progen *g)
{
	unsigned width = pg_width(g), what = pg_pick(g, 8), reg;
	int at = place(g, pg_bytes(width));

	if (what == 0) {
		pg_emit(g, EXO_ST | EXO_MEM | width, 10, 0, at, pg_imm(g));
	} else if (what < 4) {
		pg_emit(g, EXO_STX | EXO_MEM | width, 10, pg_num(g), at, 0);
	} else {
		reg = pg_free(g, PG_REGS);
		pg_emit(g,
		    EXO_LDX | width |
		        (what == 4 && width != EXO_DW ? EXO_MEMSX : EXO_MEM),
		    reg, 10, at, 0);
		pg_is(g, reg, PG_NUM);
	}
}

void pg_branch(struct progen *g)
{
	bool x = pg_one_in(g, 3);
	unsigned src = x ? pg_num(g) : 0, dst = pg_num(g);
	unsigned code = pick_jump(g) | (x ? EXO_X : EXO_K);

	pg_jump(g, code, dst, src, x ? 0 : pg_imm(g), 1 + pg_pick(g, 6));
}

/* Two numbers linked at one distance on one way, at another on the other;
 * then one is compared and the other taken to be bounded by that. */
static void distances(struct progen *g)
{
	unsigned reg = pg_unknown(g), acc, ptr, other;
	uint32_t from = g->njumps;
	int32_t by = (int32_t)pg_pick(g, 32);

	if (reg >= PG_REGS)
		return;
	pg_lock(g, reg);
	acc = pg_free(g, reg);
	pg_lock(g, acc);
	g->out->has |= PROGEN_HAS_LINK;
	pg_mov(g, acc, reg);
	pg_emit(g, EXO_ALU64 | EXO_ADD, acc, 0, 0, by);
	other = pg_one_in(g, 2) ? pg_unknown(g) : reg;
	if (other < PG_REGS && pg_one_in(g, 2))
		pg_ask(g, other, 1);
	else
		pg_jump(g, pick_jump(g), other, 0, pg_imm(g), 1);
	other = pg_one_in(g, 4) ? pg_num(g) : reg; /* or at none */
	if (other < PG_REGS)
		pg_mov(g, acc, other);
	if (other == reg && !pg_one_in(g, 4))
		pg_emit(g, EXO_ALU64 | EXO_ADD, acc, 0, 0,
		    by + (int32_t)pg_pick(g, 9) - 4);
	pg_land(g, from);
	pg_jump(g, EXO_JMP | EXO_JGE, acc, 0, 40, 2);
	pg_jump(g, EXO_JMP | EXO_JLT, acc, 0, by, 2);
	pg_jump(g, EXO_JMP | EXO_JGT, reg, 0, 40, 2);
	if (pg_one_in(g, 2)) {
		ptr = pg_free(g, reg);
		pg_mov(g, ptr, 10);
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, ptr, reg, 0, 0);
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_B, ptr, ptr,
		    -40 - (int)pg_pick(g, 3), 0);
		pg_is(g, ptr, PG_NUM);
	}
	pg_unlock(g, reg);
	pg_unlock(g, acc);
}

/* Two ways that meet again, with little or nothing between them. */
void pg_diamond(struct progen *g)
{
	unsigned times = 1 + pg_pick(g, 4), reg = pg_num(g), acc = pg_num(g);

	if (pg_one_in(g, 3)) {
		distances(g);
		return;
	}
	while (times-- > 0) {
		uint32_t from = g->njumps;

		pg_jump(g, pick_jump(g), reg, 0, pg_imm(g), 1);
		switch (pg_pick(g, 4)) {
		case 0:
			pg_emit(g, EXO_ALU64 | EXO_ADD, acc, 0, 0, 1);
			break;
		case 1:
			pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, acc, reg, 0, 0);
			break;
		case 2:
			pg_area(g);
			break;
		default:
			pg_emit(g, EXO_ALU64 | EXO_RSH, reg, 0, 0, 1);
			break;
		}
		pg_land(g, from);
	}
}

static int slot_at(unsigned slot)
{
	return -PG_AREA - 8 * ((int)slot + 1);
}

static bool slot_locked(const struct progen *g, unsigned slot)
{
	return (g->locked_slot >> slot & 1) != 0;
}

/* Out of a slot. */
static void fill(struct progen *g, unsigned slot)
{
	struct pg_reg *s = &g->st.slot[slot];
	unsigned reg = pg_free(g, PG_REGS), width = EXO_DW;
	int at = slot_at(slot);

	if (s->kind == PG_UNSET && !pg_wild(g))
		return;
	if (s->kind == PG_NUM && pg_one_in(g, 2)) {
		width = pg_width(g);
		at += (int)pg_pick(g, 8) & -(int)pg_bytes(width);
	}
	pg_emit(g,
	    EXO_LDX | width |
	        (width != EXO_DW && pg_one_in(g, 3) ? EXO_MEMSX : EXO_MEM),
	    reg, 10, at, 0);
	g->st.r[reg] = *s;
}

void pg_spill(struct progen *g)
{
	unsigned slot = pg_pick(g, PG_SLOTS), reg = pg_pick(g, PG_REGS);
	struct pg_reg *s = &g->st.slot[slot];
	unsigned what = pg_pick(g, 8), width;

	g->out->has |= PROGEN_HAS_SPILL;
	if (what < 4 || slot_locked(g, slot)) {
		fill(g, slot);
	} else if (what < 7) {
		if (g->st.r[reg].kind == PG_UNSET)
			reg = pg_num(g);
		if (reg >= PG_REGS)
			return;
		pg_emit(
		    g, EXO_STX | EXO_MEM | EXO_DW, 10, reg, slot_at(slot), 0);
		*s = g->st.r[reg];
		if (g->st.r[reg].kind != PG_NUM && pg_one_in(g, 2))
			fill(g, slot);
	} else if (s->kind == PG_NUM || pg_wild(g)) { /* a part of it */
		width = pg_width(g);
		pg_emit(g, EXO_STX | EXO_MEM | width, 10, pg_num(g),
		    slot_at(slot) +
		        ((int)pg_pick(g, 8) & -(int)pg_bytes(width)),
		    0);
		s->kind = PG_NUM;
	}
}

/*
 * Numbers that are bounded
 */

/* Save eight bytes of a locked number and load four, which are no copy of it;
 * now and then it is taken for one. */
static unsigned low_half(struct progen *g, unsigned *num)
{
	unsigned by = pg_free(g, *num);

	pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, *num, -8, 0);
	pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, by, 10, -8, 0);
	pg_is(g, by, PG_NUM);
	if (pg_one_in(g, 3))
		return by;
	pg_unlock(g, *num);
	*num = by;
	pg_lock(g, by);
	return by;
}

/* A copy by way of the stack, or *num; of four bytes the copy takes the place
 * of *num, since only the low half is the same. */
static unsigned saved_copy(struct progen *g, unsigned *num, bool eight)
{
	unsigned size = eight ? EXO_DW : EXO_W, other;
	bool copy;

	pg_emit(g, EXO_STX | EXO_MEM | size, 10, *num, -8, 0);
	other = pg_free(g, *num);
	pg_emit(g, EXO_LDX | EXO_MEM | size, other, 10, -8, 0);
	pg_is(g, other, PG_NUM);
	copy = pg_one_in(g, 2);
	if (eight)
		return copy ? other : *num;
	pg_unlock(g, *num);
	*num = other;
	pg_lock(g, other);
	return other;
}

/* By compares of `num` itself, or of something linked to it. */
static unsigned compared(struct progen *g, unsigned limit)
{
	unsigned num = pg_num(g), by = num, how = pg_pick(g, 8);
	int32_t lift = 0;
	unsigned class = pg_one_in(g, 4) ? EXO_JMP32 : EXO_JMP;
	unsigned items = 1 + pg_pick(g, 2);

	if (num >= PG_REGS)
		return num;
	if (how >= 3)
		g->out->has |= PROGEN_HAS_LINK;
	pg_lock(g, num);
	if (how == 3 || how == 4) { /* a copy, or a copy plus a constant */
		by = pg_free(g, num);
		pg_mov(g, by, num);
		lift = how == 4 ? pg_imm(g) % 4096 : 0;
		if (how == 4)
			pg_emit(g,
			    EXO_ADD | (pg_trick(g, PG_TRICK_HALF) ? EXO_ALU
			                                          : EXO_ALU64),
			    by, 0, 0, lift);
	} else if (how == 7) { /* no link: the low half says nothing of all */
		by = low_half(g, &num);
	} else if (how == 5 || how == 6) { /* saved */
		by = saved_copy(g, &num, how == 5);
	}
	if (class == EXO_JMP32 && by == num && lift == 0 && how < 3)
		pg_emit(g, EXO_ALU | EXO_MOV | EXO_X, num, num, 0, 0);
	else
		class = EXO_JMP;
	if (lift != 0 || how == 1)
		pg_jump(g, class | (how == 1 ? EXO_JSLT : EXO_JLT), by, 0, lift,
		    items);
	if (pg_wild(g))
		limit++;
	if (how == 1)
		pg_jump(
		    g, class | EXO_JSGE, by, 0, (int32_t)limit + lift, items);
	else if (how == 2)
		pg_jump(g, class | EXO_JGT, by, 0, (int32_t)limit - 1 + lift,
		    items);
	else
		pg_jump(
		    g, class | EXO_JGE, by, 0, (int32_t)limit + lift, items);
	pg_unlock(g, num);
	return num;
}

/* By arithmetic; *limit is lowered to what it gives. */
static unsigned computed(struct progen *g, unsigned *limit)
{
	unsigned num = pg_num(g), class, mask = 1, bits = 1, how;

	if (num >= PG_REGS)
		return num;
	class = pg_one_in(g, 2) ? EXO_ALU : EXO_ALU64;
	while (2 * mask + 1 < *limit) {
		mask = 2 * mask + 1;
		bits++;
	}
	if (*limit < 2)
		mask = bits = 0;
	how = pg_pick(g, 7);
	if (g->out->tame && (how == 0 || how == 4))
		how = 6;
	switch (how) {
	case 0:
		pg_emit(g, class | EXO_MOD, num, 0, 0, (int32_t)*limit);
		return num;
	case 1:
		pg_emit(g, class | EXO_AND, num, 0, 0, (int32_t)mask);
		pg_emit(g, EXO_ALU64 | EXO_XOR, num, 0, 0,
		    (int32_t)(pg_byte(g) & mask));
		break;
	case 2:
		if (bits == 0)
			pg_set(g, num, 0);
		else
			pg_emit(g, class | EXO_RSH, num, 0, 0,
			    (int32_t)((class == EXO_ALU ? 32 : 64) - bits));
		break;
	case 3:
		pg_emit(g, class | EXO_AND, num, 0, 0, (int32_t)(mask & 0x55u));
		pg_emit(g, EXO_ALU64 | EXO_OR, num, 0, 0,
		    (int32_t)(pg_byte(g) & mask));
		break;
	case 4: /* from -mask to 0, then lifted */
		pg_emit(g, EXO_ALU64 | EXO_AND, num, 0, 0, (int32_t)mask);
		pg_emit(g, class | EXO_NEG, num, 0, 0, 0);
		pg_emit(g, class | EXO_ADD, num, 0, 0, (int32_t)mask);
		break;
	case 5:
		pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, num, num,
		    8 << pg_pick(g, 3), 0);
		pg_emit(g, EXO_ALU64 | EXO_AND, num, 0, 0, (int32_t)mask);
		break;
	default:
		pg_emit(g, class | EXO_AND, num, 0, 0, (int32_t)mask);
		break;
	}
	*limit = mask + 1;
	return num;
}

unsigned pg_bounded(struct progen *g, unsigned *limit)
{
	if (*limit == 0)
		*limit = 1;
	if (*limit > 256)
		*limit = 256;
	g->out->has |= PROGEN_HAS_VAR;
	return pg_one_in(g, 2) ? compared(g, *limit) : computed(g, limit);
}

/* On one way the pointer of a window is made anew, with another bound. */
static void other_window(struct progen *g, unsigned reg, unsigned num)
{
	static const uint8_t ops[] = { EXO_RSH, EXO_RSH, EXO_AND, EXO_LSH };
	uint32_t from = g->njumps;
	unsigned by;

	pg_lock(g, reg);
	by = pg_unknown(g);
	if (by >= PG_REGS)
		return;
	pg_ask(g, by, 1);
	if (pg_one_in(g, 3)) {
		pg_emit(g, EXO_ALU64 | EXO_ADD, reg, 0, 0,
		    (int)pg_pick(g, 24) - 16);
	} else {
		pg_emit(g, EXO_ALU64 | ops[pg_pick(g, 4)], num, 0, 0, 1);
		pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, reg, 10, 0, 0);
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, reg, num, 0, 0);
	}
	pg_land(g, from);
}

/* The area by a bounded number. */
void pg_window(struct progen *g)
{
	bool tame = g->out->tame;
	unsigned width = tame ? EXO_B : pg_width(g), size = pg_bytes(width);
	unsigned limit = 1 + pg_pick(g, PG_AREA - 8), reg, num;
	int at;

	num = pg_bounded(g, &limit);
	if (num >= PG_REGS)
		return;
	at = -(int)(limit - 1 + size) - (int)pg_pick(g, 8);
	if (pg_wild(g))
		at += (int)pg_pick(g, 16);
	pg_lock(g, num);
	reg = pg_free(g, num);
	pg_mov(g, reg, 10);
	pg_lock(g, reg);
	pg_emit(g,
	    EXO_ALU64 | (pg_one_in(g, 8) && !tame ? EXO_SUB : EXO_ADD) | EXO_X,
	    reg, num, 0, 0);
	if (pg_one_in(g, 3))
		other_window(g, reg, num);
	if (pg_one_in(g, 2))
		pg_emit(g, EXO_STX | EXO_MEM | width, reg, pg_num(g), at, 0);
	else
		pg_emit(g, EXO_LDX | EXO_MEM | width, num, reg, at, 0);
	pg_unlock(g, num);
	pg_unlock(g, reg);
	pg_set(g, reg, 0);
}
