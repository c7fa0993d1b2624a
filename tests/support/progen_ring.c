/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated programs: records of ring buffers, held for a block. */
#include "tests/support/progen_int.h"

/* One record: where its pointer is. */
struct held {
	unsigned reg;  /* 6 to 9 */
	unsigned slot; /* the same pointer is there, if it is saved */
	bool saved;
	unsigned size;
	uint8_t name; /* tells it from others */
};

static int slot_at(unsigned slot)
{
	return -PG_AREA - 8 * ((int)slot + 1);
}

/* The pointer in r1 to r5. */
static void get(struct progen *g, unsigned to, const struct held *h)
{
	if (h->saved)
		pg_emit(
		    g, EXO_LDX | EXO_MEM | EXO_DW, to, 10, slot_at(h->slot), 0);
	else
		pg_mov(g, to, h->reg);
}

void pg_give_back(struct progen *g)
{
	pg_set(g, 2, (int)pg_pick(g, 3));
	pg_emit(g, EXO_JMP | EXO_CALL, 0, 0, 0, pg_one_in(g, 2) ? 132 : 133);
	pg_clobber(g);
	pg_is(g, 0, PG_UNSET);
}

/* A function that gives back a record of this size or of less, or 0. */
static unsigned find_giver(struct progen *g, unsigned size)
{
	unsigned k, start = pg_pick(g, PROGEN_FUNCS);

	for (k = 0; k < g->nfuncs; k++) {
		unsigned at = (start + k) % g->nfuncs;
		const struct pg_func *f = &g->funcs[at];

		if (at > g->func &&
		    (!f->used || (f->gives && f->given <= size)))
			return at;
	}
	return 0;
}

static void new_giver(struct progen *g, struct pg_func *f, unsigned size)
{
	struct pg_reg rec = { PG_REC, 0, false, 0, (int16_t)size };

	f->used = true;
	f->gives = true;
	f->given = (uint8_t)size;
	f->ret.kind = PG_NUM;
	f->cell = pg_one_in(g, 3);
	f->content = rec;
	f->arg[0] = f->cell ? (struct pg_reg){ .kind = PG_CELL } : rec;
	if (pg_one_in(g, 2) && pg_find(g, PG_CTX) != PG_REGS)
		f->arg[1].kind = PG_CTX;
}

/* A function gives it back. False: there is none. */
static bool give_away(struct progen *g, const struct held *h)
{
	unsigned k = find_giver(g, h->size), ctx = pg_find(g, PG_CTX);
	struct pg_func *f = &g->funcs[k];

	if (k == 0 || g->ncalls == PG_CALLS || (g->locked_slot & 1) != 0)
		return false;
	if (!f->used)
		new_giver(g, f, h->size);
	if (f->arg[1].kind == PG_CTX && (ctx == PG_REGS || ctx < 6))
		return false;
	get(g, 1, h);
	if (f->cell) {
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, 1, slot_at(0), 0);
		g->st.slot[0].kind = PG_UNSET;
		pg_mov(g, 1, 10);
		pg_add(g, 1, slot_at(0));
	}
	if (f->arg[1].kind == PG_CTX)
		pg_mov(g, 2, ctx);
	f->held = f->held || g->held > 0;
	g->out->has |= PROGEN_HAS_CALL | PROGEN_HAS_GIVE;
	pg_call_func(g, k);
	pg_set(g, 0, 0);
	return true;
}

/* The record is void: nothing points to it any more. */
static void forget(struct progen *g, uint8_t name)
{
	unsigned i;

	for (i = 0; i < PG_REGS + PG_SLOTS; i++) {
		struct pg_reg *r =
		    i < PG_REGS ? &g->st.r[i] : &g->st.slot[i - PG_REGS];

		if (r->kind == PG_REC && r->map == name)
			r->kind = PG_UNSET;
	}
}

/* Ask for a record; the pointer is in h->reg, or null. */
static void reserve(struct progen *g, const struct held *h)
{
	pg_lddw(g, 1, EXO_LDDW_MAP, PROGEN_RING, 0);
	pg_set(g, 2, (int)h->size);
	pg_set(g, 3, 0);
	pg_emit(g, EXO_JMP | EXO_CALL, 0, 0, 0, 131);
	pg_clobber(g);
	pg_mov(g, h->reg, 0);
	if (h->saved) {
		pg_emit(g, EXO_STX | EXO_MEM | EXO_DW, 10, h->reg,
		    slot_at(h->slot), 0);
		g->st.slot[h->slot].kind = PG_UNSET;
	}
	pg_is(g, 0, PG_UNSET);
	pg_is(g, h->reg, PG_UNSET);
	pg_jump(g, EXO_JMP | EXO_JEQ, pg_one_in(g, 2) ? h->reg : 0, 0, 0, 99);
	g->st.r[h->reg] =
	    (struct pg_reg){ PG_REC, h->name, false, 0, (int16_t)h->size };
}

void pg_ring(struct progen *g)
{
	static const uint8_t sizes[] = { 8, 16, 24, 32, 5, 13 };
	struct held h = { .size = sizes[pg_pick(g, 6)],
		.reg = 6 + pg_pick(g, 4),
		.slot = pg_pick(g, PG_SLOTS),
		.saved = pg_one_in(g, 3),
		.name = (uint8_t)g->serial++ };
	uint32_t from = g->njumps;
	uint16_t locked_slot = g->locked_slot;

	if ((g->locked & 0x3f) != 0 || (g->locked >> h.reg & 1) != 0 ||
	    g->held > 1 || g->nest > 3 || (g->locked_slot >> h.slot & 1) != 0)
		return;
	g->out->has |= PROGEN_HAS_RING;
	if (g->held > 0)
		g->out->has |= PROGEN_HAS_RINGS;
	reserve(g, &h);
	g->held++;
	pg_lock(g, h.reg);
	g->locked_slot |= (uint16_t)((h.saved ? 1u : 0u) << h.slot);
	pg_block(g, 1 + pg_pick(g, 3));
	if (g->held == 1 && pg_one_in(g, 4))
		pg_ring(g);
	pg_unlock(g, h.reg);
	g->locked_slot = locked_slot;
	g->held--;
	if (!pg_wild(g) &&
	    !(pg_one_in(g, 3) && !g->out->tame && give_away(g, &h))) {
		get(g, 1, &h);
		pg_give_back(g);
	}
	if (!pg_trick(g, PG_TRICK_STALE))
		forget(g, h.name);
	pg_land(g, from);
	pg_set(g, 0, 0);
}
