/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: contexts, packets, accesses. */
#include "tests/support/progen_int.h"

void pg_context(struct progen *g)
{
	static const uint8_t xdp[] = { 12, 16 };
	static const uint8_t skb[] = { 0, 4, 8, 16, 32, 36, 40, 48, 52, 64 };
	static const uint8_t kept[] = { 8, 12, 32, 44, 72 };
	unsigned num = pg_num(g), ctx = pg_find(g, PG_CTX);

	if (ctx == PG_REGS || g->type == EXO_PROG_MEM)
		return;
	if (g->type == EXO_PROG_XDP) {
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, num, ctx,
		    xdp[pg_pick(g, sizeof(xdp))], 0);
	} else if (pg_one_in(g, 3)) {
		pg_emit(g, EXO_STX | EXO_MEM | EXO_W, ctx, num,
		    48 + 4 * (int)pg_pick(g, 5), 0);
	} else if (pg_one_in(g, 4)) {
		pg_emit(g,
		    (pg_one_in(g, 2) ? EXO_LDX : EXO_STX) | EXO_MEM |
		        pg_width(g),
		    num, ctx, 48 + 8 * (int)pg_pick(g, 2), 0);
		g->out->insns[g->out->n - 1].regs =
		    (uint8_t)((g->out->insns[g->out->n - 1].code & 7) == EXO_LDX
		                  ? ctx << 4 | num
		                  : num << 4 | ctx);
	} else if (g->type == EXO_PROG_TC && pg_one_in(g, 3)) {
		pg_emit(g, EXO_STX | EXO_MEM | EXO_W, ctx, num,
		    kept[pg_pick(g, sizeof(kept))], 0);
	} else {
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, num, ctx,
		    skb[pg_pick(g, sizeof(skb))], 0);
	}
}

unsigned pg_unknown(struct progen *g)
{
	unsigned ctx = pg_find(g, PG_CTX), reg = pg_free(g, PG_REGS);

	if (pg_one_in(g, 4))
		return pg_num(g);
	if (ctx != PG_REGS && reg != ctx && pg_one_in(g, 2) &&
	    (g->type == EXO_PROG_SOCKET || g->type == EXO_PROG_TC))
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, reg, ctx, 0, 0);
	else
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_DW, reg, 10,
		    -8 - 8 * (int)pg_pick(g, PG_AREA / 8), 0);
	pg_is(g, reg, PG_NUM);
	return reg;
}

/* ld_abs and ld_ind. */
void pg_legacy(struct progen *g)
{
	unsigned width = pg_pick(g, 3) << 3;
	bool back = g->funcs[g->func].callback;

	if ((g->type != EXO_PROG_SOCKET && g->type != EXO_PROG_TC) ||
	    g->st.r[6].kind != PG_CTX || g->held != 0 ||
	    (!back && !pg_one_in(g, 3)) || (g->locked & 0x3f) != 0)
		return;
	g->out->has |= PROGEN_HAS_LEGACY;
	if (back)
		g->out->has |= PROGEN_HAS_BACK_LOAD;
	if (pg_one_in(g, 2))
		pg_emit(
		    g, EXO_LD | EXO_ABS | width, 0, 0, 0, (int)pg_pick(g, 70));
	else
		pg_emit(g, EXO_LD | EXO_IND | width, 0, pg_num(g), 0,
		    (int)pg_pick(g, 16));
	pg_clobber(g);
}

/*
 * Accesses
 */

static bool accessible(const struct pg_reg *r)
{
	switch (r->kind) {
	case PG_PKT:
	case PG_META:
	case PG_MEM:
	case PG_BUF:
	case PG_VAL:
	case PG_REC:
	case PG_KEY:
		return r->hi > r->lo;
	default:
		return false;
	}
}

static unsigned find_accessible(struct progen *g)
{
	unsigned start = pg_pick(g, PG_REGS), i;

	for (i = 0; i < PG_REGS; i++) {
		unsigned reg = (start + i) % PG_REGS;

		if (accessible(&g->st.r[reg]))
			return reg;
	}
	return PG_REGS;
}

static bool may_write(const struct progen *g, const struct pg_reg *r)
{
	switch (r->kind) {
	case PG_PKT:
	case PG_META:
		return (g->type == EXO_PROG_XDP || g->type == EXO_PROG_TC) &&
		       !g->reads;
	case PG_KEY:
		return false;
	case PG_VAL:
		return r->map != PROGEN_RDONLY;
	default:
		return true;
	}
}

static void atomic(struct progen *g, unsigned reg, int at)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_OR, EXO_AND, EXO_XOR,
		EXO_ADD | EXO_FETCH, EXO_OR | EXO_FETCH, EXO_AND | EXO_FETCH,
		EXO_XOR | EXO_FETCH, EXO_XCHG, EXO_CMPXCHG };
	unsigned width = pg_one_in(g, 2) ? EXO_W : EXO_DW, num;
	unsigned op = ops[pg_pick(g, sizeof(ops))];

	if (op == EXO_CMPXCHG && g->st.r[0].kind != PG_NUM)
		return;
	if (op == EXO_CMPXCHG && (g->locked & 1) != 0)
		return;
	num = pg_num(g);
	g->out->has |= PROGEN_HAS_ATOMIC;
	pg_emit(g, EXO_STX | EXO_ATOMIC | width, reg, num, at, (int)op);
}

static void ordered(
    struct progen *g, unsigned reg, unsigned width, int at, bool write)
{
	unsigned num = pg_num(g);

	g->out->has |= PROGEN_HAS_ATOMIC;
	if (write)
		pg_emit(g, EXO_STX | EXO_ATOMIC | width, reg, num, at,
		    EXO_STORE_REL);
	else
		pg_emit(g, EXO_STX | EXO_ATOMIC | width, num, reg, at,
		    EXO_LOAD_ACQ);
}

/* The place, or the aligned one before it; hi is aligned in every frame. */
static int aligned(const struct pg_reg *r, int at, int size)
{
	int down = at - ((at - r->hi) & (size - 1));

	return down < r->lo ? down + size : down;
}

static void access_at(struct progen *g, unsigned reg)
{
	struct pg_reg *r = &g->st.r[reg];
	bool align = g->out->tame && r->kind == PG_BUF;
	unsigned width = align && r->var ? EXO_B : pg_width(g), num;
	unsigned what = pg_pick(g, 8);
	int size = (int)pg_bytes(width), room = r->hi - r->lo - size, at;
	bool write = may_write(g, r) || pg_wild(g);

	if (room < 0)
		return;
	at = pg_one_in(g, 3) ? r->hi - size
	                     : r->lo + (int)(pg_byte(g) % (room + 1u));
	if (align)
		at = aligned(r, at, size);
	if (pg_wild(g) || (pg_trick(g, PG_TRICK_PLACE) && pg_one_in(g, 2)))
		at += (int)pg_pick(g, 5) - 2;
	if (r->kind == PG_PKT)
		g->out->has |= PROGEN_HAS_PKT;
	pg_lock(g, reg);
	num = pg_leak(g);
	if (num != PG_REGS && write)
		what = 1;
	else
		num = pg_num(g);
	if (r->kind == PG_VAL && r->map == PROGEN_WRONLY)
		what = 0;
	if (what < 3 && write) {
		if (r->kind == PG_PKT)
			g->out->has |= PROGEN_HAS_WRITE;
		if (what == 0)
			pg_emit(
			    g, EXO_ST | EXO_MEM | width, reg, 0, at, pg_imm(g));
		else
			pg_emit(g, EXO_STX | EXO_MEM | width, reg, num, at, 0);
	} else if (what == 3 && write && !r->var && r->kind != PG_PKT &&
	           r->kind != PG_META && size >= 8 && (at & 7) == 0) {
		atomic(g, reg, at);
	} else if (what == 4 && !r->var && at % size == 0 &&
	           r->kind != PG_PKT && r->kind != PG_META) {
		ordered(g, reg, width, at, write && pg_one_in(g, 2));
	} else if (num != reg) {
		pg_emit(g,
		    EXO_LDX | width |
		        (what == 5 && width != EXO_DW ? EXO_MEMSX : EXO_MEM),
		    num, reg, at, 0);
	}
	pg_unlock(g, reg);
}

void pg_access(struct progen *g)
{
	unsigned times = 1 + pg_pick(g, 3);
	unsigned reg = find_accessible(g);
	bool was;

	if (reg == PG_REGS)
		return;
	was = (g->locked >> reg & 1) != 0;
	while (times-- > 0)
		access_at(g, reg);
	if (was)
		pg_lock(g, reg);
}

/* Far away by constants, and back by as much or not, or round once: 2^32. */
static void far(struct progen *g, unsigned reg)
{
	unsigned times = pg_one_in(g, 3) ? 16 : pg_pick(g, 4), i;
	int32_t by = pg_one_in(g, 2) ? -0x10000000 : 0x10000000;
	bool back = pg_one_in(g, 2);

	for (i = 0; i < times; i++)
		pg_emit(g, EXO_ALU64 | EXO_ADD, reg, 0, 0, by);
	for (i = 0; back && i < times; i++)
		pg_emit(g, EXO_ALU64 | EXO_SUB, reg, 0, 0, by);
}

/* The end is no pointer to be moved, whatever moves it. */
static void move_end(struct progen *g)
{
	unsigned end = pg_packet(g, PG_END);

	if (end == PG_REGS || (g->locked >> end & 1) != 0)
		return;
	if (pg_one_in(g, 3))
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, end, pg_num(g), 0, 0);
	else
		pg_emit(
		    g, EXO_ALU64 | EXO_ADD, end, 0, 0, 1 + (int)pg_pick(g, 40));
}

/* The difference of two pointers into one object: a number, which now and
 * then is taken for 0. */
static void differ(struct progen *g, unsigned from)
{
	const struct pg_reg *r = &g->st.r[from];
	unsigned limit = 1 + pg_pick(g, 30), num, reg, ptr;

	if (r->kind != PG_PKT && r->kind != PG_MEM && r->kind != PG_BUF &&
	    r->kind != PG_META && g->out->refuse_leaks &&
	    !pg_trick(g, PG_TRICK_EITHER) && pg_leak(g) == PG_REGS)
		return;
	num = pg_bounded(g, &limit);
	if (num >= PG_REGS || num == from)
		return;
	pg_lock(g, num);
	reg = pg_free(g, from);
	pg_mov(g, reg, from);
	if (pg_one_in(g, 2))
		pg_emit(g, EXO_ALU64 | EXO_ADD, reg, 0, 0, (int)pg_pick(g, 9));
	if (!pg_one_in(g, 4))
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, reg, num, 0, 0);
	pg_unlock(g, num);
	ptr = pg_find(g, (enum pg_kind)r->kind);
	pg_emit(g, EXO_ALU64 | EXO_SUB | EXO_X, reg,
	    pg_one_in(g, 3) ? ptr : from, 0, 0);
	pg_is(g, reg, PG_NUM);
}

/* The first byte of an array's value. */
static void whole_value(struct progen *g, unsigned reg, unsigned map)
{
	pg_lddw(g, reg, EXO_LDDW_MAP_VALUE, (int32_t)map, 0);
	g->st.r[reg] = (struct pg_reg){ PG_VAL, (uint8_t)map, false, 0,
		(int16_t)progen_maps[map].value_size };
}

/* One of two pointers of a kind, by the way: what both may access. */
void pg_either(struct progen *g)
{
	unsigned a = find_accessible(g), b, i, reg;
	uint32_t from = g->njumps;
	uint16_t locked = g->locked;
	struct pg_reg one, two;

	if (a == PG_REGS)
		return;
	b = a;
	for (i = 0; i < PG_REGS; i++) {
		if (i != a && g->st.r[i].kind == g->st.r[a].kind &&
		    (b == a || pg_one_in(g, 2)))
			b = i;
	}
	if (b == a && g->st.r[a].kind == PG_BUF)
		b = 10;
	pg_lock(g, a);
	if (b == a && g->st.r[a].kind == PG_VAL) {
		b = pg_free(g, a);
		whole_value(
		    g, b, pg_one_in(g, 2) ? PROGEN_WIDE : PROGEN_RDONLY);
	}
	if (b < PG_REGS)
		pg_lock(g, b);
	reg = pg_free(g, a);
	pg_lock(g, reg);
	i = pg_unknown(g);
	if (reg == a || reg == b || i >= PG_REGS || i == reg) {
		g->locked = locked;
		return;
	}
	pg_mov(g, reg, a);
	one = g->st.r[reg];
	pg_ask(g, i, 1);
	pg_mov(g, reg, b);
	if (b == 10)
		pg_add(g, reg, -16 * (int)(1 + pg_pick(g, 3)));
	two = g->st.r[reg];
	pg_land(g, from);
	if (!pg_trick(g, PG_TRICK_EITHER)) {
		one.lo = one.lo > two.lo ? one.lo : two.lo;
		one.hi = one.hi < two.hi ? one.hi : two.hi;
	}
	one.var |= two.var;
	if (two.map == PROGEN_RDONLY || two.map == PROGEN_WRONLY)
		one.map = two.map;
	g->st.r[reg] = one;
	for (i = 0; i < 2 && accessible(&g->st.r[reg]); i++)
		access_at(g, reg);
	g->locked = locked;
}

/* A pointer, moved. */
void pg_shift(struct progen *g)
{
	unsigned from = find_accessible(g), reg, num, limit;
	struct pg_reg *r;
	bool was;

	if (pg_trick(g, PG_TRICK_END)) {
		move_end(g);
		return;
	}
	if (from == PG_REGS)
		return;
	was = (g->locked >> from & 1) != 0;
	pg_lock(g, from);
	reg = pg_free(g, from);
	r = &g->st.r[reg];
	if (pg_one_in(g, 4)) {
		differ(g, from);
	} else if (pg_one_in(g, 2)) {
		pg_mov(g, reg, from);
		pg_add(g, reg, (int)pg_pick(g, 48) - 8);
		if (pg_trick(g, PG_TRICK_FAR))
			far(g, reg);
	} else if (g->st.r[from].hi > g->st.r[from].lo + 1) {
		limit = (unsigned)(g->st.r[from].hi - g->st.r[from].lo);
		num = pg_bounded(g, &limit);
		if (num < PG_REGS && num != from) {
			pg_lock(g, num);
			reg = pg_free(g, from);
			pg_unlock(g, num);
			r = &g->st.r[reg];
			pg_mov(g, reg, from);
			pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, reg, num, 0, 0);
			r->hi = (int16_t)(r->hi - (int)(limit - 1));
			r->var = true;
			if (r->kind == PG_PKT || r->kind == PG_META)
				r->hi = r->lo;
		}
	}
	if (!was)
		pg_unlock(g, from);
}

/*
 * Packets: compare with the end, then access
 */

struct proof {
	unsigned from, end, reg, probe, op;
	int by;
	bool swap, var;
};

/* The compare; ways on which nothing is proven lead to later items. */
static void compare(struct progen *g, const struct proof *p)
{
	bool in_taken =
	    (p->op == EXO_JLT || p->op == EXO_JLE || p->op == EXO_JEQ) !=
	    (p->swap && p->op != EXO_JEQ && p->op != EXO_JNE);
	unsigned a = p->swap ? p->end : p->probe;
	unsigned b = p->swap ? p->probe : p->end;
	unsigned class = pg_trick(g, PG_TRICK_HALF) ? EXO_JMP32 : EXO_JMP;

	if (!in_taken) {
		pg_jump(g, class | p->op | EXO_X, a, b, 0, 1 + pg_pick(g, 4));
		return;
	}
	pg_emit(g, class | p->op | EXO_X, a, b, 1, 0);
	pg_jump(g, EXO_JMP | EXO_JA, 0, 0, 0, 1 + pg_pick(g, 4));
}

/* All copies of an unmoved pointer have what was proven. */
static void proven(struct progen *g, const struct proof *p)
{
	unsigned i;

	for (i = 0; i < PG_REGS; i++) {
		struct pg_reg *r = &g->st.r[i];

		if (p->var || r->var || r->kind != g->st.r[p->reg].kind ||
		    i == p->probe || i == p->reg)
			continue;
		if (r->lo == 0 && r->hi < p->by)
			r->hi = (int16_t)p->by;
	}
	g->st.r[p->reg].hi = (int16_t)p->by;
	g->st.r[p->probe].lo = (int16_t)(g->st.r[p->reg].lo - p->by);
	g->st.r[p->probe].hi = 0;
}

static void prove(
    struct progen *g, struct proof *p, unsigned num, unsigned limit)
{
	bool mem = g->type == EXO_PROG_MEM;

	p->reg = pg_free(g, p->end);
	pg_mov(g, p->reg, p->from);
	pg_lock(g, p->reg);
	if (p->var) {
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, p->reg, num, 0, 0);
		g->st.r[p->reg].var = true;
		g->st.r[p->reg].lo =
		    (int16_t)(mem ? 0 : -(int)(pg_byte(g) % limit) * 0);
		g->st.r[p->reg].hi = 0;
	}
	p->probe = pg_free(g, p->end);
	pg_mov(g, p->probe, p->reg);
	pg_add(g, p->probe, p->by);
	pg_lock(g, p->probe);
	compare(g, p);
	proven(g, p);
	pg_unlock(g, p->reg);
	pg_unlock(g, p->probe);
}

void pg_proof(struct progen *g)
{
	static const uint8_t ops[] = { EXO_JGT, EXO_JGE, EXO_JLT, EXO_JLE,
		EXO_JEQ, EXO_JNE };
	struct proof p = { .by = 1 + (int)pg_pick(g, 60) };
	bool meta = g->type != EXO_PROG_MEM && pg_one_in(g, 6);
	unsigned num = 0, limit = 1 + pg_pick(g, 100), times;
	uint16_t locked = g->locked;

	if (g->type == EXO_PROG_MEM)
		p.from = pg_find(g, PG_MEM);
	else
		p.from = pg_packet(g, meta ? PG_META : PG_PKT);
	if (p.from == PG_REGS || g->st.r[p.from].var)
		return;
	pg_lock(g, p.from);
	p.end = pg_packet(g, meta ? PG_PKT : PG_END);
	if (p.end == PG_REGS ||
	    (meta && (g->st.r[p.end].var || g->st.r[p.end].lo != 0))) {
		g->locked = locked;
		return;
	}
	pg_lock(g, p.end);
	p.op = ops[pg_pick(g, g->out->tame ? 4 : sizeof(ops))];
	p.swap = pg_one_in(g, 2);
	p.var = pg_one_in(g, 3);
	if (p.var)
		num = pg_bounded(g, &limit);
	if (num < PG_REGS) {
		if (p.var)
			pg_lock(g, num);
		prove(g, &p, num, limit);
		for (times = pg_pick(g, 3); times > 0; times--)
			access_at(g, pg_one_in(g, 3) ? p.probe : p.reg);
	}
	g->locked = locked;
}
