/* SPDX-License-Identifier: BSD-2-Clause */
/* The generator's frame: choices, registers, jumps, functions. */
#include "tests/support/progen_int.h"

#include <string.h>

const struct exo_map_def progen_maps[PROGEN_MAPS] = {
	[PROGEN_ARRAY] = { EXO_MAP_ARRAY, 4, 32, 4, 0 },
	[PROGEN_HASH] = { EXO_MAP_HASH, 8, 24, 4, 0 },
	[PROGEN_RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	[PROGEN_PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, PROGEN_TAILS, 0 },
	[PROGEN_PERF] = { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 2, 0 },
	[PROGEN_RDONLY] = { EXO_MAP_ARRAY, 4, 16, 1, EXO_MAP_RDONLY_PROG },
	[PROGEN_WRONLY] = { EXO_MAP_HASH, 4, 8, 2, EXO_MAP_WRONLY_PROG },
	[PROGEN_WIDE] = { EXO_MAP_ARRAY, 4, 64, 2, 0 },
	[PROGEN_LRU] = { EXO_MAP_LRU_HASH, 4, 16, 3, 0 },
	[PROGEN_TRIE] = { EXO_MAP_LPM_TRIE, 8, 16, 5, EXO_MAP_NO_PREALLOC },
	[PROGEN_QUEUE] = { EXO_MAP_QUEUE, 0, 16, 3, 0 },
	[PROGEN_STACK] = { EXO_MAP_STACK, 0, 8, 3, 0 },
	[PROGEN_CPU_ARRAY] = { EXO_MAP_PERCPU_ARRAY, 4, 24, 3, 0 },
	[PROGEN_CPU_HASH] = { EXO_MAP_PERCPU_HASH, 4, 16, 3, 0 },
	[PROGEN_CPU_LRU] = { EXO_MAP_LRU_PERCPU_HASH, 8, 8, 2, 0 },
};

const uint8_t progen_const[PROGEN_CONST] = { 3, 0, 0, 0, 0xff, 0x80, 0, 1, 0xfe,
	0xff, 0xff, 0xff };
const struct vf_const progen_consts[PROGEN_CONSTS] = {
	{ PROGEN_ARRAY, PROGEN_CONST, progen_const },
	{ PROGEN_RDONLY, PROGEN_CONST, progen_const },
	{ PROGEN_WIDE, PROGEN_CONST, progen_const },
};

const uint32_t progen_nets[PROGEN_NETS] = { 0x0200000a, 0x0201000a, 0xff01000a,
	0 };

/*
 * Choices
 */

uint8_t pg_byte(struct progen *g)
{
	if (g->left == 0)
		return 0;
	g->left--;
	return *g->p++;
}

unsigned pg_pick(struct progen *g, unsigned below)
{
	return pg_byte(g) % below;
}

bool pg_wild(struct progen *g)
{
	return g->wild != 0 && pg_byte(g) < g->wild;
}

bool pg_trick(struct progen *g, enum pg_trick trick)
{
	return g->trick == trick && pg_byte(g) % 4 != 0;
}

bool pg_one_in(struct progen *g, unsigned n)
{
	return pg_byte(g) % n == n - 1;
}

unsigned pg_leak(struct progen *g)
{
	unsigned start, i;

	if (g->out->tame || !pg_trick(g, PG_TRICK_LEAK) || !pg_one_in(g, 4))
		return PG_REGS;
	start = pg_find(g, PG_VAL);
	if (start != PG_REGS && !pg_one_in(g, 3))
		return start;
	start = pg_pick(g, PG_REGS);
	for (i = 0; i < PG_REGS; i++) {
		unsigned reg = (start + i) % PG_REGS;

		if (g->st.r[reg].kind > PG_NUM)
			return reg;
	}
	return PG_REGS;
}

int32_t pg_imm(struct progen *g)
{
	static const int32_t odd[] = { 0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 63,
		64, 127, 128, 255, 256, 0xffff, 0x10000, INT32_MAX, INT32_MIN,
		INT32_MIN + 1, 0x7ffffffe, -2, -8, -128, -129, 0x55555555,
		0x0ff0, 0x40000000, 3, 5, 10 };

	if (pg_one_in(g, 4))
		return (int32_t)((unsigned)pg_byte(g) |
		                 (unsigned)pg_byte(g) << 8 |
		                 (unsigned)pg_byte(g) << 16 |
		                 (unsigned)pg_byte(g) << 24);
	return odd[pg_pick(g, sizeof(odd) / sizeof(odd[0]))];
}

/*
 * Emission
 */

void pg_emit(struct progen *g, unsigned code, unsigned dst, unsigned src,
    int off, int32_t imm)
{
	struct progen_prog *o = g->out;

	if (o->n < PROGEN_ROOM)
		o->insns[o->n++] = (struct exo_insn){ (uint8_t)code,
			(uint8_t)(src << 4 | dst), (int16_t)off, imm };
}

void pg_mov(struct progen *g, unsigned dst, unsigned src)
{
	pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, dst, src, 0, 0);
	if (dst >= PG_REGS)
		return;
	if (src < PG_REGS)
		g->st.r[dst] = g->st.r[src];
	else
		g->st.r[dst] =
		    (struct pg_reg){ .kind = PG_BUF, .lo = -PG_AREA };
}

void pg_set(struct progen *g, unsigned dst, int32_t imm)
{
	pg_emit(g, EXO_ALU64 | EXO_MOV, dst, 0, 0, imm);
	pg_is(g, dst, PG_NUM);
}

void pg_add(struct progen *g, unsigned dst, int32_t imm)
{
	struct pg_reg *r = &g->st.r[dst];

	if (imm != 0)
		pg_emit(g, EXO_ALU64 | EXO_ADD, dst, 0, 0, imm);
	r->lo = (int16_t)(r->lo - imm);
	r->hi = (int16_t)(r->hi - imm);
}

void pg_lddw(
    struct progen *g, unsigned dst, unsigned src, int32_t lo, int32_t hi)
{
	pg_emit(g, EXO_LD | EXO_IMM | EXO_DW, dst, src, 0, lo);
	pg_emit(g, 0, 0, 0, 0, hi);
	pg_is(g, dst, src == 0 ? PG_NUM : PG_MAP);
}

unsigned pg_bytes(unsigned width)
{
	static const uint8_t size[] = { 4, 2, 1, 8 };

	return size[width >> 3 & 3];
}

unsigned pg_width(struct progen *g)
{
	return pg_pick(g, 4) << 3;
}

/*
 * Registers
 */

void pg_is(struct progen *g, unsigned reg, enum pg_kind kind)
{
	if (reg < PG_REGS)
		g->st.r[reg] = (struct pg_reg){ .kind = kind };
}

void pg_lock(struct progen *g, unsigned reg)
{
	g->locked |= (uint16_t)(1u << reg);
}

void pg_unlock(struct progen *g, unsigned reg)
{
	g->locked &= (uint16_t) ~(1u << reg);
}

static bool is_locked(const struct progen *g, unsigned reg)
{
	return (g->locked >> reg & 1) != 0;
}

unsigned pg_num(struct progen *g)
{
	unsigned start = pg_pick(g, PG_REGS), i;

	if (pg_wild(g) && pg_one_in(g, 4))
		return pg_pick(g, 11);
	for (i = 0; i < PG_REGS; i++) {
		unsigned reg = (start + i) % PG_REGS;

		if (g->st.r[reg].kind == PG_NUM && !is_locked(g, reg))
			return reg;
	}
	start = pg_free(g, PG_REGS);
	pg_set(g, start, pg_imm(g));
	return start;
}

unsigned pg_free(struct progen *g, unsigned not )
{
	unsigned start = pg_pick(g, PG_REGS), i, any = PG_REGS;

	for (i = 0; i < PG_REGS; i++) {
		unsigned reg = (start + i) % PG_REGS;
		unsigned kind = g->st.r[reg].kind;

		if (reg == not || is_locked(g, reg))
			continue;
		if (kind == PG_UNSET || kind == PG_NUM)
			return reg;
		any = reg;
	}
	return any == PG_REGS ? 0 : any;
}

unsigned pg_find(struct progen *g, enum pg_kind kind)
{
	unsigned start = pg_pick(g, PG_REGS), i;

	for (i = 0; i < PG_REGS; i++) {
		unsigned reg = (start + i) % PG_REGS;

		if (g->st.r[reg].kind == kind)
			return reg;
	}
	return PG_REGS;
}

unsigned pg_packet(struct progen *g, enum pg_kind kind)
{
	unsigned reg = pg_find(g, kind), ctx;
	int off = g->type == EXO_PROG_XDP ? 0 : 76;

	if (reg != PG_REGS && !pg_one_in(g, 8))
		return reg;
	ctx = pg_find(g, PG_CTX);
	if (ctx == PG_REGS || g->type == EXO_PROG_MEM)
		return reg;
	if (kind == PG_META && g->type == EXO_PROG_SOCKET)
		return PG_REGS;
	if (kind == PG_META)
		off = g->type == EXO_PROG_XDP ? 8 : 140;
	else if (kind == PG_END)
		off += 4;
	reg = pg_free(g, ctx);
	pg_emit(g, EXO_LDX | EXO_MEM | EXO_W, reg, ctx, off, 0);
	pg_is(g, reg, kind);
	return reg;
}

void pg_clobber(struct progen *g)
{
	unsigned i, kept = 0;

	/* now and then one is believed to have survived */
	if (pg_one_in(g, 24))
		kept = 1 + pg_pick(g, 5);
	for (i = 1; i <= 5; i++) {
		if (i != kept)
			pg_is(g, i, PG_UNSET);
	}
	pg_is(g, 0, PG_NUM);
}

/*
 * Jumps
 */

static void meet_reg(struct pg_reg *a, const struct pg_reg *b)
{
	if (a->kind != b->kind || a->map != b->map) {
		*a = (struct pg_reg){ .kind = PG_UNSET };
		return;
	}
	if (a->lo < b->lo)
		a->lo = b->lo;
	if (a->hi > b->hi)
		a->hi = b->hi;
	a->var |= b->var;
}

void pg_meet(struct pg_state *a, const struct pg_state *b)
{
	unsigned i;

	for (i = 0; i < PG_REGS; i++)
		meet_reg(&a->r[i], &b->r[i]);
	for (i = 0; i < PG_SLOTS; i++)
		meet_reg(&a->slot[i], &b->slot[i]);
}

void pg_jump(struct progen *g, unsigned code, unsigned dst, unsigned src,
    int32_t imm, unsigned items)
{
	struct pg_jump *j = &g->jump[g->njumps];

	if (g->njumps == PG_JUMPS) /* a jump to the next instruction */
		return;
	j->at = g->out->n;
	j->items = items;
	j->st = g->st;
	g->njumps++;
	pg_emit(g, code, dst, src, 0, imm);
}

void pg_ask(struct progen *g, unsigned num, unsigned items)
{
	switch (pg_pick(g, 4)) {
	case 0:
		pg_jump(g, EXO_JMP | EXO_JEQ, num, 0, pg_imm(g), items);
		break;
	case 1:
		pg_jump(g, EXO_JMP | EXO_JNE, num, 0, 77, items);
		break;
	default:
		pg_jump(
		    g, EXO_JMP | EXO_JSET, num, 0, 6 << pg_pick(g, 8), items);
		break;
	}
}

static void land_one(struct progen *g, struct pg_jump *j)
{
	g->out->insns[j->at].off = (int16_t)(g->out->n - j->at - 1);
	pg_meet(&g->st, &j->st);
}

void pg_land(struct progen *g, uint32_t from)
{
	while (g->njumps > from)
		land_one(g, &g->jump[--g->njumps]);
}

/* An item has ended: those jumps land that wanted to get here. */
static void land_due(struct progen *g, uint32_t from)
{
	uint32_t i, kept = from;

	for (i = from; i < g->njumps; i++) {
		if (--g->jump[i].items == 0)
			land_one(g, &g->jump[i]);
		else
			g->jump[kept++] = g->jump[i];
	}
	g->njumps = kept;
}

static void item(struct progen *g)
{
	static void (*const items[])(struct progen * g) = { pg_alu, pg_alu,
		pg_alu, pg_move, pg_move, pg_area, pg_area, pg_branch,
		pg_branch, pg_branch, pg_spill, pg_spill, pg_window, pg_window,
		pg_diamond, pg_context, pg_legacy, pg_proof, pg_proof, pg_proof,
		pg_access, pg_access, pg_access, pg_shift, pg_shift, pg_shift,
		pg_either, pg_lookup, pg_settle, pg_lookup, pg_ring, pg_helper,
		pg_helper, pg_change, pg_local, pg_local, pg_callback, pg_loop,
		pg_loop, pg_compare, pg_compare, pg_overlap, pg_overlap,
		pg_moved };

	items[pg_pick(g, sizeof(items) / sizeof(items[0]))](g);
}

void pg_block(struct progen *g, unsigned items)
{
	uint32_t from = g->njumps;

	g->nest++;
	while (items-- > 0 && g->budget > 0 && g->out->n < PROGEN_MAX) {
		g->budget--;
		item(g);
		land_due(g, from);
	}
	pg_land(g, from);
	g->nest--;
}

/*
 * Functions
 */

/* Numbers in the area of the stack that always holds some: constants, and
 * what register src holds. */
static void fill_area(struct progen *g, unsigned src)
{
	int at;

	for (at = -PG_AREA; at < 0; at += 8) {
		if (pg_one_in(g, 4))
			pg_emit(
			    g, EXO_ST | EXO_MEM | EXO_DW, 10, 0, at, pg_imm(g));
		else
			pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, src, at, 0);
	}
}

static void start_mem(struct progen *g)
{
	unsigned how = pg_trick(g, PG_TRICK_END) ? pg_pick(g, 4) : 3;

	/* the end is the memory plus its size, neither of them changed */
	pg_mov(g, 7, 1);
	pg_mov(g, 8, 1);
	if (how < 2)
		pg_emit(g, EXO_ALU64 | EXO_ADD, how == 0 ? 8 : 2, 0, 0,
		    1 + (int)pg_pick(g, 20));
	pg_emit(
	    g, EXO_ALU64 | (how == 2 ? EXO_SUB : EXO_ADD) | EXO_X, 8, 2, 0, 0);
	pg_is(g, 8, PG_END);
	g->locked |= 1u << 7;
	if (pg_one_in(g, 3))
		return;
	pg_emit(g, EXO_JMP | EXO_JGE, 2, 0, 1, PROGEN_NEED);
	pg_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
	g->st.r[7].hi = PROGEN_NEED;
	g->st.r[1].hi = PROGEN_NEED;
}

static void start_main(struct progen *g)
{
	pg_is(g, 1, g->type == EXO_PROG_MEM ? PG_MEM : PG_CTX);
	if (g->type == EXO_PROG_MEM)
		pg_is(g, 2, PG_NUM);
	pg_set(g, 0, pg_imm(g));
	if (g->type == EXO_PROG_MEM) {
		start_mem(g);
	} else {
		pg_mov(g, 6, 1);
		g->locked = 1u << 6;
	}
	if (pg_one_in(g, 2)) { /* of which nothing is known */
		pg_emit(g, EXO_JMP | EXO_CALL, 0, 0, 0, 7);
		pg_clobber(g);
	}
	fill_area(g, 0);
}

/* Does a callback find the context? Then in r6, where packet loads want it. */
static bool finds_context(const struct pg_func *f)
{
	return f->callback && f->cell && f->content.kind == PG_CTX;
}

static void start_func(struct progen *g, const struct pg_func *f)
{
	unsigned i, to = finds_context(f) ? 7 : 6;

	for (i = 0; i < 5; i++) {
		g->st.r[i + 1] = f->arg[i];
		if (f->arg[i].kind <= PG_NUM || to > 9 ||
		    (f->arg[i].kind == PG_MAP && finds_context(f)))
			continue;
		pg_mov(g, to, i + 1);
		if (f->far != 0 && f->arg[i].kind == PG_BUF) {
			pg_emit(g, EXO_ALU64 | EXO_ADD, to, 0, 0, f->far);
			pg_is(g, i + 1, PG_UNSET);
		}
		if (f->arg[i].kind == PG_CTX || f->arg[i].kind == PG_CELL ||
		    (f->arg[i].kind == PG_REC && f->gives))
			pg_lock(g, to);
		to++;
	}
	/* what the caller has there is no business of this one */
	if (to <= 9 && pg_trick(g, PG_TRICK_STALE))
		pg_is(g, 9, PG_NUM);
	pg_set(g, 0, (int32_t)pg_pick(g, 2));
	for (i = 5; i > 0 && f->arg[i - 1].kind != PG_NUM;)
		i--;
	fill_area(g, i);
	for (i = 0; f->cell && i < PG_REGS; i++) {
		if (g->st.r[i].kind != PG_CELL)
			continue;
		if (finds_context(f))
			to = 6;
		else if (to > 9 || (f->content.kind != PG_CTX && !f->gives))
			to = pg_free(g, i);
		pg_emit(g, EXO_LDX | EXO_MEM | EXO_DW, to, i, 0, 0);
		g->st.r[to] = f->content;
		if (f->gives)
			pg_lock(g, to);
		break;
	}
}

/* The result, and what the caller's cell holds afterwards. */
static void end_func(struct progen *g, const struct pg_func *f)
{
	unsigned reg, cell = pg_find(g, PG_CELL);

	for (reg = 6; f->gives && reg < PG_REGS; reg++) {
		if (g->st.r[reg].kind != PG_REC || (g->locked >> reg & 1) == 0)
			continue;
		pg_mov(g, 1, reg);
		pg_give_back(g);
		break;
	}
	if (f->cell && cell != PG_REGS && !f->gives &&
	    !(f->callback && f->content.kind != PG_NUM && !pg_one_in(g, 6))) {
		reg = pg_find(g, (enum pg_kind)f->content.kind);
		if (reg != PG_REGS && pg_one_in(g, 2))
			pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, cell, reg, 0, 0);
		else if (pg_one_in(g, 2))
			pg_emit(g, EXO_ST | EXO_MEM | EXO_DW, cell, 0, 0, 7);
	}
	reg = pg_leak(g);
	if (reg != PG_REGS)
		pg_mov(g, 0, reg);
	else if (f->ret.kind == PG_CTX && pg_find(g, PG_CTX) != PG_REGS) {
		pg_mov(g, 0, pg_find(g, PG_CTX));
	} else if (f->callback) {
		if (g->st.r[0].kind == PG_NUM && pg_one_in(g, 2))
			pg_emit(g, EXO_ALU64 | EXO_AND, 0, 0, 0, 1);
		else
			pg_set(g, 0, (int32_t)pg_pick(g, 2));
	} else if (g->st.r[0].kind != PG_NUM) {
		pg_set(g, 0, pg_imm(g));
	}
	if (g->func == 0 && reg == PG_REGS)
		pg_fold(g);
	pg_emit(g, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

static void function(struct progen *g, unsigned k, unsigned items)
{
	struct pg_func *f = &g->funcs[k];
	uint32_t i, entry = g->out->n;

	memset(&g->st, 0, sizeof(g->st));
	g->locked = 0;
	g->locked_slot = 0;
	g->func = k;
	f->entry = entry;
	g->held = f->held;
	g->budget = 2 * items;
	for (i = 0; i < g->ncalls; i++) {
		if (g->call[i].func == k)
			g->out->insns[g->call[i].at].imm =
			    (int32_t)(entry - g->call[i].at - 1);
	}
	if (k == 0)
		start_main(g);
	else
		start_func(g, f);
	if (f->callback && f->changes) {
		pg_block(g, pg_pick(g, 3));
		pg_change(g);
	} else if (finds_context(f)) {
		pg_legacy(g);
	} else if (f->changes && pg_one_in(g, 2)) {
		pg_tail(g);
	} else if (k != 0 && pg_one_in(g, 4)) {
		pg_callback(g);
	}
	pg_block(g, items);
	end_func(g, f);
}

static void spoil_one(struct progen *g, struct exo_insn *in, int by)
{
	switch (pg_pick(g, 16)) {
	case 0:
	case 1:
	case 2:
		if (in->imm != 0)
			in->imm = (int32_t)((uint32_t)in->imm + (uint32_t)by);
		break;
	case 3:
	case 4:
	case 5:
		in->off = (int16_t)(in->off + (in->off != 0 ? by : 0));
		break;
	case 6: /* another operation, or size */
		in->code ^= (uint8_t)(0x10u << pg_pick(g, 3));
		break;
	case 7:
		in->code ^= (uint8_t)(1u << pg_pick(g, 8));
		break;
	case 8:
		in->regs ^= (uint8_t)(1u << pg_pick(g, 8));
		break;
	case 9:
	case 10:
		if (in->imm != 0)
			in->imm = pg_imm(g);
		break;
	case 11:
		in->imm = (int32_t)(0 - (uint32_t)in->imm);
		break;
	case 12: /* half for whole, in arithmetic and in jumps */
		if ((in->code & 7u) == EXO_ALU64)
			in->code ^= EXO_ALU64 ^ EXO_ALU;
		else if ((in->code & 7u) == EXO_JMP)
			in->code ^= EXO_JMP ^ EXO_JMP32;
		break;
	default: /* nothing */
		*in = (struct exo_insn){ EXO_JMP | EXO_JA, 0, 0, 0 };
		break;
	}
}

/* Change instructions at random. */
static void spoil(struct progen *g)
{
	unsigned times = 1 + pg_pick(g, 3);

	while (times-- > 0 && g->out->n > 0) {
		struct exo_insn *in =
		    &g->out->insns[(pg_byte(g) | pg_byte(g) << 8) % g->out->n];
		int by = (int)pg_pick(g, 5) - 2;

		spoil_one(g, in, by);
	}
}

size_t progen(struct progen_prog *p, const uint8_t *bytes, size_t size)
{
	struct progen g = { .out = p, .p = bytes, .left = size };
	bool tame = p->tame, fold = p->fold;
	unsigned k, wild, items;

	memset(p, 0, sizeof(*p));
	p->tame = tame;
	p->fold = fold;
	wild = pg_byte(&g);
	p->wild = wild < 112 ? 0 : (uint8_t)((wild - 104) / 12);
	g.wild = p->wild;
	k = pg_byte(&g);
	p->type = g.type = EXO_PROG_MEM + k % EXO_PROG_TYPE_MAX;
	p->refuse_leaks = k / 4 % 3 != 0;
	g.nfuncs = 1 + k / 16 % PROGEN_FUNCS;
	g.reads = k / 64 == 3;
	k = pg_pick(&g, 4 * PG_TRICKS);
	g.trick = k < PG_TRICKS ? (uint8_t)k : PG_TRICK_NONE;
	items = pg_pick(&g, 40);
	k = pg_pick(&g, 40);
	items = 1 + (items < k ? items : k);
	g.funcs[0].used = true;
	for (k = 0; k < PROGEN_FUNCS; k++) {
		if (g.funcs[k].used)
			function(&g, k, k == 0 ? items : 1 + items / 4);
	}
	if (p->wild != 0 && pg_one_in(&g, 2))
		spoil(&g);
	return size - g.left;
}

/*
 * Bytes of numbers
 */

/* splitmix64: its outputs are good seeds for each other. */
static uint64_t next(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

size_t progen_bytes(uint8_t to[PROGEN_BYTES + 8], uint64_t seed, uint64_t i)
{
	uint64_t x = seed * 0xd1342543de82ef95u + i, r = next(&x);
	size_t size = 40 + (r >> 8) % (1u << (5 + r % 7)), k;

	for (k = 0; k < size; k += 8) {
		uint64_t word = next(&x);

		memcpy(to + k, &word, 8);
	}
	return size;
}
