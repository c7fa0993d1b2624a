/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph of blocks: order, edges, liveness; and the pass `dead`.
 *
 * Argument of `dead`: an instruction is taken out when it does nothing but
 * write one register, which no way reads before it is written again; loads
 * are among them, since the verifier has proven that they cannot fault.
 */
#include "exo/jit/ir.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

/* Room for the order, of which a stack is the first use. */
static int order_room(struct jit_ir *ir)
{
	if (ir->order_room >= ir->nblocks)
		return 0;
	ir->order_room = ir->room;
	ir->order = exo_arena_get(&ir->arena, ir->room * sizeof(ir->order[0]));
	return ir->order == NULL ? -EXO_ENOMEM : 0;
}

static void reach(struct jit_ir *ir, uint32_t *n, uint32_t i)
{
	struct jit_block *b = &ir->blocks[i];

	if (b->reached)
		return;
	b->reached = true;
	ir->order[(*n)++] = i;
}

static void reach_all(struct jit_ir *ir)
{
	uint32_t to[2], n = 0, f, k;

	for (f = 0; f < ir->nfuncs; f++)
		reach(ir, &n, ir->funcs[f].first);
	while (n > 0) {
		const struct jit_block *b = &ir->blocks[ir->order[--n]];

		jit_tick(ir, b);
		for (k = jit_succ(b, to); k > 0; k--)
			reach(ir, &n, to[k - 1]);
	}
}

/* The order, without what is not reached. */
static void line_up(struct jit_ir *ir)
{
	uint32_t i, last = JIT_NONE;

	ir->norder = 0;
	for (i = 0; i != JIT_NONE; i = ir->blocks[i].next) {
		if (!ir->blocks[i].reached)
			continue;
		if (last != JIT_NONE)
			ir->blocks[last].next = i;
		ir->blocks[i].pos = ir->norder;
		ir->order[ir->norder++] = i;
		last = i;
	}
	ir->blocks[last].next = JIT_NONE;
}

static void count_edges(struct jit_ir *ir, uint32_t i)
{
	const struct jit_block *b = &ir->blocks[i];
	uint32_t to[2], k = jit_succ(b, to);

	while (k-- > 0) {
		struct jit_block *t = &ir->blocks[to[k]];

		t->preds++;
		if (t->pos <= b->pos)
			t->loop = true;
	}
}

int jit_graph(struct jit_ir *ir)
{
	uint32_t i;
	int err = order_room(ir);

	if (err < 0)
		return err;
	for (i = 0; i < ir->nblocks; i++) {
		ir->blocks[i].reached = false;
		ir->blocks[i].preds = 0;
		ir->blocks[i].loop = false;
	}
	reach_all(ir);
	line_up(ir);
	for (i = 0; i < ir->nfuncs; i++)
		ir->blocks[ir->funcs[i].first].preds++;
	for (i = 0; i < ir->norder; i++)
		count_edges(ir, ir->order[i]);
	return 0;
}

static uint16_t live_out(const struct jit_ir *ir, const struct jit_block *b)
{
	uint32_t to[2], k = jit_succ(b, to);
	uint16_t live = 0;

	while (k-- > 0)
		live |= ir->blocks[to[k]].live;
	return (uint16_t)(live | jit_reads(ir, &b->end));
}

/* Look at one block again; true when more is read from it on. */
static bool look_again(const struct jit_ir *ir, struct jit_block *b)
{
	uint16_t live = live_out(ir, b), was = b->live;
	uint32_t k;

	for (k = b->n; k-- > 0;) {
		live &= (uint16_t)~jit_writes(&b->ins[k]);
		live |= jit_reads(ir, &b->ins[k]);
	}
	b->live = live;
	return live != was;
}

/* Blocks that are to be looked at again, and from where edges lead. */
struct again {
	uint32_t *stack, n;
	uint8_t *waits;  /* by position */
	uint32_t *first; /* by position: of its edges in from[] */
	uint32_t *from;  /* positions */
};

static int again_room(struct jit_ir *ir, struct again *a)
{
	struct exo_arena *arena = &ir->arena;
	size_t n = ir->norder;

	a->stack = exo_arena_get(arena, n * sizeof(uint32_t));
	a->waits = exo_arena_get(arena, n);
	a->first = exo_arena_get(arena, (n + 1) * sizeof(uint32_t));
	a->from = exo_arena_get(arena, 2 * n * sizeof(uint32_t));
	return a->stack == NULL || a->waits == NULL || a->first == NULL ||
	               a->from == NULL
	           ? -EXO_ENOMEM
	           : 0;
}

/* Where edges come from, by where they lead. */
static void turn_edges(const struct jit_ir *ir, struct again *a)
{
	uint32_t to[2], i, k;

	for (i = 0; i < ir->norder; i++)
		for (k = jit_succ(&ir->blocks[ir->order[i]], to); k > 0; k--)
			a->first[ir->blocks[to[k - 1]].pos]++;
	for (i = 0; i < ir->norder; i++)
		a->first[i + 1] += a->first[i];
	/* each now names the end of its edges, and moves to their start */
	for (i = 0; i < ir->norder; i++)
		for (k = jit_succ(&ir->blocks[ir->order[i]], to); k > 0; k--)
			a->from[--a->first[ir->blocks[to[k - 1]].pos]] = i;
}

static void push(struct again *a, uint32_t pos)
{
	if (a->waits[pos] == 0)
		a->stack[a->n++] = pos;
	a->waits[pos] = 1;
}

/* A block is looked at when one that it leads to has changed: as often as
 * there are registers and edges, whatever the order of the program. */
int jit_live(struct jit_ir *ir)
{
	struct again a = { .n = 0 };
	bool loops = false;
	uint32_t i, k;

	for (i = 0; i < ir->norder; i++) {
		ir->blocks[ir->order[i]].live = 0;
		loops |= ir->blocks[ir->order[i]].loop;
	}
	for (i = ir->norder; i-- > 0;) {
		jit_tick(ir, &ir->blocks[ir->order[i]]);
		(void)look_again(ir, &ir->blocks[ir->order[i]]);
	}
	if (!loops)
		return 0;
	if (again_room(ir, &a) < 0)
		return -EXO_ENOMEM;
	turn_edges(ir, &a);
	for (i = 0; i < ir->norder; i++)
		push(&a, i);
	while (a.n > 0) {
		i = a.stack[--a.n];
		a.waits[i] = 0;
		jit_tick(ir, &ir->blocks[ir->order[i]]);
		if (!look_again(ir, &ir->blocks[ir->order[i]]))
			continue;
		for (k = a.first[i]; k < a.first[i + 1]; k++)
			push(&a, a.from[k]);
	}
	return 0;
}

static void drop_unread(struct jit_ir *ir, struct jit_block *b)
{
	uint16_t live = live_out(ir, b);
	uint32_t k, kept = b->n;

	if (b->n == 0)
		return;
	for (k = b->n; k-- > 0;) {
		struct jit_ins *in = &b->ins[k];
		uint16_t writes = jit_writes(in);

		if (in->op == JIT_NOP ||
		    (jit_is_pure(in) && (writes & live) == 0))
			continue;
		live &= (uint16_t)~writes;
		live |= jit_reads(ir, in);
		b->ins[--kept] = *in;
	}
	b->ins += kept;
	b->n -= kept;
}

void jit_dead(struct jit_ir *ir)
{
	uint32_t i;

	for (i = 0; i < ir->norder; i++)
		drop_unread(ir, &ir->blocks[ir->order[i]]);
}
