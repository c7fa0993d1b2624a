/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: helpers, functions, callbacks. */
#include "tests/support/progen_int.h"
#include "tests/support/tails.h"

static bool calls_ok(const struct progen *g)
{
	return (g->locked & 0x3f) == 0;
}

static void call(struct progen *g, int nr)
{
	pg_emit(g, EXO_JMP | EXO_CALL, 0, 0, 0, nr);
	pg_clobber(g);
}

/* The address of bytes of the area, at least `size`. */
static int area_arg(struct progen *g, unsigned reg, unsigned size)
{
	int at = -PG_AREA + (int)pg_pick(g, PG_AREA - size + 1);

	if (pg_one_in(g, 2))
		at &= -16;
	else if (g->out->tame)
		at &= -8;
	if (pg_wild(g) || pg_trick(g, PG_TRICK_PLACE))
		at += (int)pg_pick(g, 3) * 8;
	pg_mov(g, reg, 10);
	pg_add(g, reg, at);
	return at;
}

/* Bytes of a packet, a key, a record or other memory, at least `size` of them,
 * in r6 to r9: PG_REGS if there is none. */
static unsigned find_bytes(struct progen *g, int size)
{
	unsigned start = pg_pick(g, 4), i;

	for (i = 0; i < 4 && !g->out->tame; i++) {
		const struct pg_reg *r = &g->st.r[6 + (start + i) % 4];
		bool fit = r->hi - r->lo >= size;

		if (fit && (r->kind == PG_PKT || r->kind == PG_META ||
		               r->kind == PG_KEY || r->kind == PG_REC ||
		               r->kind == PG_MEM))
			return 6 + (start + i) % 4;
	}
	return PG_REGS;
}

/* Their address, in reg. Another argument may have taken their place. */
static void bytes_arg(struct progen *g, unsigned reg, unsigned from, int size)
{
	const struct pg_reg *r = &g->st.r[from];
	int room = r->hi - r->lo - size;
	unsigned at_most = room < 0 ? 0 : (unsigned)room;
	int at = r->lo + (int)(pg_byte(g) % (at_most + 1));

	g->out->has |= PROGEN_HAS_BYTES;
	if (pg_wild(g) || pg_trick(g, PG_TRICK_PLACE))
		at += (int)pg_pick(g, 3);
	pg_mov(g, reg, from);
	pg_add(g, reg, at);
}

/* Those, and a size that is known or not. False: there are none. */
static bool bytes_and_size(struct progen *g, unsigned reg, bool out)
{
	unsigned size = 1 + pg_pick(g, 16), limit = size + 1, num;
	unsigned from = find_bytes(g, (int)size + 1);

	if (from == PG_REGS || (out && g->st.r[from].kind != PG_REC &&
	                           g->st.r[from].kind != PG_MEM))
		return false;
	num = pg_one_in(g, 3) ? pg_bounded(g, &limit) : PG_REGS;
	if (num < PG_REGS && num != from) {
		pg_mov(g, reg + 1, num);
		pg_emit(g, EXO_ALU64 | EXO_ADD, reg + 1, 0, 0, 1);
		size++;
	} else {
		pg_set(g, reg + 1, (int)size);
	}
	pg_lock(g, reg + 1);
	bytes_arg(g, reg, from, (int)size);
	pg_unlock(g, reg + 1);
	return true;
}

/* Memory and its size in reg and reg + 1. `out`: the helper writes there. */
static void mem_arg(struct progen *g, unsigned reg, bool out)
{
	unsigned size = 1 + pg_pick(g, 24), val = pg_find(g, PG_VAL);
	unsigned limit = size + 1, num;

	if (pg_one_in(g, 2) && bytes_and_size(g, reg, out))
		return;
	if (val != PG_REGS && val > 5 && g->st.r[val].lo == 0 &&
	    g->st.r[val].map != PROGEN_WRONLY &&
	    g->st.r[val].map != PROGEN_RDONLY && g->st.r[val].hi >= 8 &&
	    pg_one_in(g, 2)) {
		pg_mov(g, reg, val);
		pg_set(g, reg + 1, 1 + (int)pg_pick(g, 8));
		return;
	}
	if (pg_one_in(g, 3)) {
		num = pg_bounded(g, &limit);
		if (num < PG_REGS) {
			pg_mov(g, reg + 1, num);
			if (!out || pg_one_in(g, 2))
				pg_emit(
				    g, EXO_ALU64 | EXO_ADD, reg + 1, 0, 0, 1);
			pg_lock(g, reg + 1);
			(void)area_arg(g, reg, size + 1);
			pg_unlock(g, reg + 1);
			return;
		}
	}
	(void)area_arg(g, reg, size);
	pg_set(g, reg + 1, (int)size - (pg_wild(g) ? 1 : 0));
}

/* Two arguments: map, key, which may lie at `at` below r10. */
static void key_args(struct progen *g, unsigned map, int at)
{
	int size = (int)progen_maps[map].key_size;
	unsigned from = pg_one_in(g, 2) ? find_bytes(g, size) : PG_REGS;

	pg_lddw(g, 1, EXO_LDDW_MAP, (int)map, 0);
	if (at != 0) {
		pg_mov(g, 2, 10);
		pg_add(g, 2, at);
	} else if (from != PG_REGS) {
		bytes_arg(g, 2, from, size);
	} else {
		(void)area_arg(g, 2, (unsigned)size);
	}
}

/* A value for a map, or room for one of its: `out`. */
static void value_arg(struct progen *g, unsigned reg, unsigned map, bool out)
{
	int size = (int)progen_maps[map].value_size;
	unsigned val = pg_find(g, PG_VAL), from = find_bytes(g, size);
	const struct pg_reg *r = &g->st.r[val < PG_REGS ? val : 0];

	if (val > 5 && val < PG_REGS && r->lo == 0 && r->hi >= size &&
	    r->map != PROGEN_WRONLY && !(out && r->map == PROGEN_RDONLY))
		pg_mov(g, reg, val);
	else if (from != PG_REGS && (!out || g->st.r[from].kind == PG_REC ||
	                                g->st.r[from].kind == PG_MEM))
		bytes_arg(g, reg, from, size);
	else
		(void)area_arg(g, reg, (unsigned)size);
}

static void helper_map(struct progen *g)
{
	static const uint8_t maps[] = { PROGEN_ARRAY, PROGEN_HASH, PROGEN_HASH,
		PROGEN_WRONLY, PROGEN_WIDE, PROGEN_LRU, PROGEN_TRIE,
		PROGEN_TRIE, PROGEN_CPU_ARRAY, PROGEN_CPU_HASH,
		PROGEN_CPU_LRU };
	unsigned map = maps[pg_pick(g, sizeof(maps))];
	int at = pg_one_in(g, 3) ? 0 : pg_key(g, map);

	g->out->has |= PROGEN_HAS_MAP;
	value_arg(g, 3, map, false);
	key_args(g, map, at);
	pg_set(g, 4, pg_one_in(g, 2) ? 0 : (int)pg_pick(g, 4));
	call(g, pg_one_in(g, 2) ? 3 : 2);
}

/* Push, pop, peek. */
static void helper_queue(struct progen *g)
{
	unsigned map = pg_one_in(g, 2) ? PROGEN_STACK : PROGEN_QUEUE;
	unsigned what = pg_pick(g, 3);

	g->out->has |= PROGEN_HAS_MAP;
	value_arg(g, 2, map, what != 0);
	pg_lddw(g, 1, EXO_LDDW_MAP, (int)map, 0);
	if (what == 0)
		pg_set(g, 3, pg_one_in(g, 2) ? 0 : (int)pg_pick(g, 3));
	call(g, 87 + (int)what);
}

static void helper_skb(struct progen *g, unsigned ctx)
{
	bool load = g->type == EXO_PROG_SOCKET || pg_one_in(g, 2);

	mem_arg(g, 3, load);
	pg_set(g, 2, (int)pg_pick(g, 80));
	pg_mov(g, 1, ctx);
	if (!load)
		pg_set(g, 5, (int)pg_pick(g, 4));
	call(g, load ? 26 : 9);
}

/* Up to 16 bytes and their size, which may be 0, for csum_diff. */
static void csum_args(struct progen *g, unsigned reg)
{
	unsigned limit = 17, num, from = find_bytes(g, 16);

	num = pg_one_in(g, 3) ? pg_bounded(g, &limit) : PG_REGS;
	if (num < PG_REGS) { /* or what remains is a number that is too large */
		pg_mov(g, reg + 1, num);
		if (!pg_one_in(g, 4))
			pg_emit(g, EXO_ALU64 | EXO_AND, reg + 1, 0, 0, ~3);
	} else {
		pg_set(g, reg + 1, 4 * (int)pg_pick(g, 5));
	}
	pg_lock(g, reg + 1);
	if (from != PG_REGS && from != num && pg_one_in(g, 2))
		bytes_arg(g, reg, from, 16);
	else
		(void)area_arg(g, reg, 16);
	pg_lock(g, reg);
}

static void helper_csum(struct progen *g)
{
	csum_args(g, 1);
	if (pg_one_in(g, 2)) {
		pg_set(g, 3, 0);
		pg_set(g, 4, 0);
	} else {
		csum_args(g, 3);
	}
	g->locked &= (uint16_t)~0x1e;
	pg_set(g, 5, 0);
	call(g, 28);
}

static void helper_out(struct progen *g, unsigned ctx)
{
	if (pg_one_in(g, 8)) {
		pg_lddw(g, 1, EXO_LDDW_MAP, PROGEN_RING, 0);
		pg_set(g, 2, (int)pg_pick(g, 5));
		call(g, 134);
		return;
	}
	if (pg_one_in(g, 2) || ctx == PG_REGS) {
		mem_arg(g, 2, false);
		pg_lddw(g, 1, EXO_LDDW_MAP, PROGEN_RING, 0);
		pg_set(g, 4, (int)pg_pick(g, 4));
		call(g, 130);
		return;
	}
	mem_arg(g, 4, false);
	pg_mov(g, 1, ctx);
	pg_lddw(g, 2, EXO_LDDW_MAP, PROGEN_PERF, 0);
	pg_lddw(g, 3, 0, (int)pg_pick(g, 3), (int)pg_pick(g, 20));
	call(g, 25);
}

void pg_tail(struct progen *g)
{
	const struct pg_func *f = &g->funcs[g->func];
	unsigned ctx = g->st.r[6].kind == PG_CTX ? 6 : pg_find(g, PG_CTX);

	if (g->held != 0 || ctx < 6 || ctx == PG_REGS || !calls_ok(g) ||
	    g->type == EXO_PROG_MEM)
		return;
	/* what another program returns is a number */
	if (g->func != 0 &&
	    (f->callback || !f->changes || f->ret.kind != PG_NUM) &&
	    !pg_wild(g))
		return;
	g->out->has |= PROGEN_HAS_TAIL;
	pg_mov(g, 1, ctx);
	pg_lddw(g, 2, EXO_LDDW_MAP, PROGEN_PROGS, 0);
	if (g->func != 0 && pg_one_in(g, 2)) /* what a caller may not miss */
		pg_set(g, 3, TAIL_CHANGE);
	else
		pg_set(g, 3, (int)pg_pick(g, PROGEN_TAILS + 2));
	call(g, 12);
}

/* A line; nothing is known of its format. */
static void helper_print(struct progen *g)
{
	unsigned reg;

	mem_arg(g, 1, false);
	for (reg = 3; reg <= 5; reg++)
		pg_set(g, reg, pg_imm(g));
	call(g, 6);
}

static void helper_plain(struct progen *g, unsigned ctx)
{
	static const uint8_t plain[] = { 5, 7, 8, 125 };

	if (ctx != PG_REGS && g->type == EXO_PROG_XDP && pg_one_in(g, 4)) {
		pg_mov(g, 1, ctx);
		call(g, 188);
	} else if (pg_one_in(g, 8)) {
		helper_print(g);
	} else {
		call(g, plain[pg_pick(g, 4)]);
	}
}

void pg_helper(struct progen *g)
{
	unsigned ctx = pg_find(g, PG_CTX);

	if (g->type == EXO_PROG_MEM || ctx < 6)
		ctx = PG_REGS;
	if (!calls_ok(g))
		return;
	switch (pg_pick(g, 9)) {
	case 0:
	case 1:
		helper_map(g);
		break;
	case 2:
		helper_out(g, ctx);
		break;
	case 3:
		if (ctx != PG_REGS && g->type != EXO_PROG_XDP && !g->reads)
			helper_skb(g, ctx);
		else
			helper_map(g);
		break;
	case 4:
		if (g->type == EXO_PROG_TC)
			helper_csum(g);
		else
			pg_tail(g);
		break;
	case 5:
		pg_tail(g);
		break;
	case 6:
		helper_queue(g);
		break;
	default:
		helper_plain(g, ctx);
		break;
	}
}

/* Pointers into the packet are void. */
static void forget_packet(struct progen *g)
{
	unsigned i;

	for (i = 0; i < PG_REGS; i++) {
		unsigned kind = g->st.r[i].kind;

		if (kind == PG_PKT || kind == PG_META ||
		    (kind == PG_END && g->type != EXO_PROG_MEM))
			pg_is(g, i, PG_UNSET);
	}
	for (i = 0; i < PG_SLOTS; i++) {
		unsigned kind = g->st.slot[i].kind;

		if (kind == PG_PKT || kind == PG_META || kind == PG_END)
			g->st.slot[i].kind = PG_UNSET;
	}
}

/* Is a pointer to the packet needed by those round this? */
static bool packet_locked(const struct progen *g)
{
	unsigned i;

	for (i = 0; i < PG_REGS; i++) {
		if ((g->locked >> i & 1) != 0 &&
		    (g->st.r[i].kind == PG_PKT || g->st.r[i].kind == PG_META ||
		        g->st.r[i].kind == PG_END))
			return true;
	}
	return false;
}

/* May the packet change in this function? Its callers know then. */
static bool may_change_here(const struct progen *g)
{
	return g->func == 0 || g->funcs[g->func].changes;
}

void pg_change(struct progen *g)
{
	static const uint8_t xdp[] = { 44, 54, 65 };
	unsigned ctx = pg_find(g, PG_CTX);

	if (g->reads || !calls_ok(g) || ctx < 6 || ctx == PG_REGS ||
	    !may_change_here(g) || (packet_locked(g) && !pg_wild(g)))
		return;
	if (g->type == EXO_PROG_XDP) {
		pg_mov(g, 1, ctx);
		pg_set(g, 2, (int)pg_pick(g, 48) - 24);
		call(g, xdp[pg_pick(g, 3)]);
	} else if (g->type == EXO_PROG_TC) {
		if (pg_one_in(g, 2)) {
			helper_skb(g, ctx);
		} else {
			pg_mov(g, 1, ctx);
			pg_set(g, 2, 0x0081);
			pg_set(g, 3, (int)pg_byte(g));
			call(g, pg_one_in(g, 2) ? 18 : 19);
		}
	} else {
		return;
	}
	g->out->has |= PROGEN_HAS_CHANGE;
	if (!pg_wild(g) && !pg_trick(g, PG_TRICK_STALE))
		forget_packet(g);
}

/*
 * Functions
 */

/* Another function that this one may call, or 0. */
static unsigned pick_func(struct progen *g, bool callback)
{
	unsigned k, start = pg_pick(g, PROGEN_FUNCS);

	for (k = 0; k < g->nfuncs; k++) {
		unsigned f = (start + k) % g->nfuncs;

		if (f > g->func &&
		    (!g->funcs[f].used || (g->funcs[f].callback == callback &&
		                              !g->funcs[f].gives)))
			return f;
	}
	return 0;
}

/* Make an argument of what is at hand. */
static void new_arg(struct progen *g, struct pg_func *f, unsigned i)
{
	unsigned reg;

	f->arg[i].kind = PG_NUM;
	switch (pg_pick(g, 7)) {
	case 0:
		if (pg_find(g, PG_CTX) != PG_REGS)
			f->arg[i].kind = PG_CTX;
		break;
	case 1:
		f->arg[i].kind = PG_BUF;
		f->arg[i].hi = 16;
		break;
	case 2:
		reg = pg_find(g, g->type == EXO_PROG_MEM ? PG_MEM : PG_PKT);
		if (reg != PG_REGS && !g->st.r[reg].var)
			f->arg[i] = g->st.r[reg];
		break;
	case 3:
		reg = pg_find(g, PG_VAL);
		if (reg != PG_REGS)
			f->arg[i] = g->st.r[reg];
		break;
	case 4:
		if (pg_find(g, PG_END) != PG_REGS)
			f->arg[i].kind = PG_END;
		break;
	case 5:
		reg = pg_find(g, PG_REC);
		if (reg != PG_REGS)
			f->arg[i] = g->st.r[reg];
		break;
	default:
		break;
	}
}

static void new_func(struct progen *g, struct pg_func *f)
{
	static const uint8_t hold[] = { PG_CTX, PG_PKT, PG_VAL, PG_END,
		PG_REC };
	unsigned i, n = 1 + pg_pick(g, 4), reg;

	f->used = true;
	f->changes = pg_one_in(g, 3) && !packet_locked(g);
	f->ret.kind = PG_NUM;
	for (i = 0; i < n; i++)
		new_arg(g, f, i);
	if (f->changes && pg_find(g, PG_CTX) != PG_REGS)
		f->arg[0] = (struct pg_reg){ .kind = PG_CTX };
	if (f->arg[0].kind == PG_CTX && pg_one_in(g, f->changes ? 4 : 2))
		f->ret.kind = PG_CTX;
	reg = pg_find(g, (enum pg_kind)hold[pg_pick(g, 5)]);
	if (pg_one_in(g, 3) && reg != PG_REGS) {
		f->cell = true;
		f->content = g->st.r[reg];
		f->arg[n - 1] = (struct pg_reg){ .kind = PG_CELL };
	}
}

/* A register, not among r1 to r5, with what an argument asks for. */
static unsigned find_arg(struct progen *g, const struct pg_reg *want)
{
	unsigned i;

	for (i = 0; i < PG_REGS; i++) {
		const struct pg_reg *r = &g->st.r[i];

		if (r->kind == want->kind &&
		    (r->map == want->map || r->kind == PG_REC) &&
		    r->lo <= want->lo && r->hi >= want->hi &&
		    (!r->var || want->var))
			return i;
	}
	return PG_REGS;
}

/* What a function finds in its cell is in slot 0; false: there is none. */
static bool put_cell(struct progen *g, const struct pg_func *f)
{
	unsigned reg;

	if ((g->locked_slot & 1) != 0)
		return false;
	if (f->content.kind == PG_NUM) {
		reg = pg_num(g);
	} else if (f->content.kind == PG_BUF) {
		reg = pg_free(g, PG_REGS);
		(void)area_arg(g, reg, 16);
	} else {
		reg = find_arg(g, &f->content);
	}
	if (reg >= PG_REGS)
		return false;
	pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, reg, -PG_AREA - 8, 0);
	g->st.slot[0] = f->content;
	return true;
}

/* Save what the arguments need of r0 to r5 in slots; false: it is not
 * there. */
static bool put_args(struct progen *g, const struct pg_func *f)
{
	struct pg_state st = g->st;
	unsigned i, reg;

	for (i = 0; i < 5; i++) {
		const struct pg_reg *a = &f->arg[i];

		if (a->kind <= PG_NUM || a->kind == PG_BUF ||
		    a->kind == PG_CELL)
			continue;
		reg = find_arg(g, a);
		if (reg == PG_REGS || (reg <= 5 && reg != i + 1))
			return false;
	}
	if (f->cell && !put_cell(g, f))
		return false;
	for (i = 5; i-- > 0;) {
		const struct pg_reg *a = &f->arg[i];

		if (a->kind == PG_UNSET)
			continue;
		if (a->kind == PG_BUF) {
			(void)area_arg(g, i + 1, 16);
		} else if (a->kind == PG_CELL) {
			pg_mov(g, i + 1, 10);
			pg_add(g, i + 1, -PG_AREA - 8);
		} else if (a->kind == PG_NUM) {
			if (st.r[i + 1].kind != PG_NUM)
				pg_set(g, i + 1, pg_imm(g));
		} else {
			pg_mov(g, i + 1, find_arg(g, a));
		}
	}
	return true;
}

void pg_call_func(struct progen *g, unsigned k)
{
	g->call[g->ncalls].at = g->out->n;
	g->call[g->ncalls++].func = k;
	pg_emit(g, EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0, 0);
	pg_clobber(g);
}

/* Itself, or one that calls it: must be refused. */
static void recurse(struct progen *g)
{
	unsigned k = pg_pick(g, g->func + 1);
	int to = (int)g->funcs[k].entry;

	if (pg_one_in(g, 2)) {
		pg_set(g, 1, 0);
		pg_emit(g, EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0,
		    to - (int)g->out->n - 1);
	} else {
		pg_set(g, 1, 1);
		pg_lddw(g, 2, EXO_LDDW_FUNC, to - (int)g->out->n - 1, 0);
		pg_set(g, 3, 0);
		pg_set(g, 4, 0);
		pg_emit(g, EXO_JMP | EXO_CALL, 0, 0, 0, 181);
	}
	pg_clobber(g);
}

void pg_local(struct progen *g)
{
	unsigned k = pick_func(g, false);
	struct pg_func *f = &g->funcs[k];

	if (calls_ok(g) && pg_one_in(g, 128) && !g->out->tame) {
		recurse(g);
		return;
	}
	if (k == 0 || !calls_ok(g) || g->ncalls == PG_CALLS ||
	    (f->used && f->callback))
		return;
	if (pg_one_in(g, f->changes ? 2 : 4)) /* to be asked again */
		pg_proof(g);
	if (!f->used)
		new_func(g, f);
	if ((f->changes && (packet_locked(g) || !may_change_here(g))) ||
	    !put_args(g, f))
		return;
	g->out->has |= PROGEN_HAS_CALL;
	f->held = f->held || g->held > 0;
	pg_call_func(g, k);
	pg_is(g, 0, (enum pg_kind)f->ret.kind);
	if (f->cell)
		g->st.slot[0].kind = PG_UNSET;
	if (f->changes && !pg_trick(g, PG_TRICK_STALE))
		forget_packet(g);
	if (g->st.r[0].kind == PG_CTX) {
		unsigned to = 6 + pg_pick(g, 4);

		if ((g->locked >> to & 1) == 0)
			pg_mov(g, to, 0);
		pg_set(g, 0, 1);
	}
	if (f->changes && !pg_one_in(g, 4))
		pg_proof(g);
}

/* The address of a function, patched later. */
static void func_arg(struct progen *g, unsigned k)
{
	g->call[g->ncalls].at = g->out->n;
	g->call[g->ncalls++].func = k;
	pg_lddw(g, 2, EXO_LDDW_FUNC, 0, 0);
}

/* What a function called back has besides its context: a map's element, or a
 * number. */
static void new_element(struct pg_func *f, bool each, unsigned map)
{
	f->arg[0].kind = PG_NUM;
	if (!each)
		return;
	f->arg[0] = (struct pg_reg){ .kind = PG_MAP, .map = (uint8_t)map };
	f->arg[1] = (struct pg_reg){ .kind = PG_KEY,
		.map = (uint8_t)map,
		.hi = (int16_t)progen_maps[map].key_size };
	f->arg[2] = (struct pg_reg){ .kind = PG_VAL,
		.map = (uint8_t)map,
		.hi = (int16_t)progen_maps[map].value_size };
}

/* Something for the cell that its context is. */
static bool new_content(struct progen *g, struct pg_func *f)
{
	static const uint8_t hold[] = { PG_CTX, PG_CTX, PG_PKT, PG_VAL, PG_END,
		PG_MEM, PG_REC };
	unsigned how = pg_pick(g, 9), reg;

	if (how < 2 && !g->out->tame) {
		f->content =
		    (struct pg_reg){ .kind = how == 0 ? PG_NUM : PG_BUF };
		f->content.hi = how == 0 ? 0 : 16;
		return true;
	}
	if (f->changes || g->out->tame)
		how = 2;
	reg = pg_find(g, (enum pg_kind)hold[how - 2]);
	if (reg == PG_REGS || g->st.r[reg].var)
		return false;
	f->content = g->st.r[reg];
	return true;
}

static void new_callback(
    struct progen *g, struct pg_func *f, bool each, unsigned map)
{
	static const int32_t far[] = { 600, 1 << 20, -(1 << 20), -64, 512,
		(1 << 29) - 100, 1 << 29, 1000 };
	struct pg_reg *ctx = &f->arg[each ? 3 : 1];
	bool may_change = (g->type == EXO_PROG_XDP || g->type == EXO_PROG_TC) &&
	                  !g->out->tame;

	f->used = true;
	f->callback = true;
	f->ret.kind = PG_NUM;
	new_element(f, each, map);
	ctx->kind = pg_one_in(g, 4) ? PG_NUM : PG_BUF;
	if (ctx->kind == PG_BUF)
		ctx->hi = 16;
	if (pg_one_in(g, 2)) {
		f->changes = may_change && pg_one_in(g, 2) && !packet_locked(g);
		f->cell = new_content(g, f);
		f->changes = f->changes && f->cell;
	}
	if (f->cell)
		*ctx = (struct pg_reg){ .kind = PG_CELL };
	if (ctx->kind == PG_BUF && pg_one_in(g, 3) && !g->out->tame) {
		if (pg_one_in(g, 2))
			ctx->var = true;
		else
			f->far = far[pg_pick(g, sizeof(far) / sizeof(far[0]))];
	}
}

/* The context of a function that is called back, in r3. */
static bool put_context(
    struct progen *g, const struct pg_func *f, const struct pg_reg *ctx)
{
	unsigned limit = 33, num = PG_REGS;

	if (f->cell && !put_cell(g, f))
		return false;
	if (ctx->kind == PG_BUF && ctx->var) {
		num = pg_bounded(g, &limit);
		if (num >= PG_REGS)
			return false;
		pg_emit(g, EXO_ALU64 | EXO_MOV | EXO_X, 0, num, 0, 0);
		pg_mov(g, 3, 10);
		pg_add(g, 3, -PG_AREA + (int)pg_pick(g, 16));
		pg_emit(g, EXO_ALU64 | EXO_ADD | EXO_X, 3, 0, 0, 0);
	} else if (ctx->kind == PG_BUF) {
		(void)area_arg(g, 3, 16);
		if (f->far != 0)
			pg_emit(g, EXO_ALU64 | EXO_SUB, 3, 0, 0, f->far);
	} else if (ctx->kind == PG_CELL) {
		pg_mov(g, 3, 10);
		pg_add(g, 3, -PG_AREA - 8);
	} else {
		pg_set(g, 3, 0);
	}
	pg_lock(g, 3);
	return true;
}

/* How often, in r1. */
static void put_count(struct progen *g)
{
	unsigned limit = pg_one_in(g, 8) ? 200 : 12, reg;

	if (pg_one_in(g, 2)) {
		pg_set(g, 1, (int)pg_pick(g, limit));
		return;
	}
	reg = pg_one_in(g, 20) ? pg_num(g) : pg_bounded(g, &limit);
	if (reg < PG_REGS)
		pg_mov(g, 1, reg);
	else
		pg_set(g, 1, 0);
}

void pg_callback(struct progen *g)
{
	static const uint8_t maps[] = { PROGEN_ARRAY, PROGEN_ARRAY, PROGEN_HASH,
		PROGEN_HASH, PROGEN_RDONLY, PROGEN_WRONLY, PROGEN_WIDE,
		PROGEN_LRU, PROGEN_CPU_ARRAY, PROGEN_CPU_HASH, PROGEN_CPU_LRU };
	unsigned k = pick_func(g, true);
	struct pg_func *f = &g->funcs[k];
	unsigned map = maps[pg_pick(g, sizeof(maps))];
	bool each;

	if (k == 0 || !calls_ok(g) || g->ncalls == PG_CALLS || g->loops > 1)
		return;
	if (!f->used)
		new_callback(g, f, pg_one_in(g, 2), map);
	if (f->changes && (packet_locked(g) || !may_change_here(g)))
		return;
	each = f->arg[0].kind != PG_NUM;
	if (!put_context(g, f, &f->arg[each ? 3 : 1]))
		return;
	g->out->has |= PROGEN_HAS_BACK;
	f->held = f->held || g->held > 0;
	if (each)
		pg_lddw(g, 1, EXO_LDDW_MAP, f->arg[0].map, 0);
	else
		put_count(g);
	pg_unlock(g, 3);
	func_arg(g, k);
	pg_set(g, 4, pg_wild(g) ? 1 : 0);
	call(g, each ? 164 : 181);
	if (f->cell)
		g->st.slot[0].kind = PG_UNSET;
	if (f->changes) {
		g->out->has |= PROGEN_HAS_BACK_CHANGE;
		if (!pg_trick(g, PG_TRICK_STALE))
			forget_packet(g);
	}
}
