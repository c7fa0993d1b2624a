/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `swap`: compare in network order.
 *
 * A value loaded in network order of which nothing is asked but whether it
 * equals constants, or has bits of them, need not be turned round: the
 * constants are, once and for all.
 *
 * Argument: swapping bytes is one to one, and moves bits without changing
 * them, so that equality and common bits are kept. It is done only where each
 * use of the value is such a question. Where two loads of one size meet, both
 * are turned round or none; where a load meets anything else, it stays as it
 * is.
 */
#include "exo/jit/ir.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"

/* Loads have numbers, from 1 on; 0 is anything else. */
struct defs {
	uint32_t r[EXO_REGS];
};

struct swap {
	struct jit_ir *ir;
	struct jit_ins **load; /* by number */
	uint8_t *keep;         /* 1: stays in network order; of a leader */
	uint32_t *leader;      /* of loads that meet: one for all; or 0 */
	struct defs **at;      /* by block: on entry; NULL: not yet */
	uint32_t *asked;       /* by block: the load that its end asks about */
	uint32_t n;            /* numbers given */
};

static bool is_candidate(const struct jit_ins *in)
{
	return in->op == JIT_LOAD && (in->flags & JIT_F_BE) != 0 &&
	       in->base != JIT_B_REG;
}

static uint32_t count(const struct jit_ir *ir)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < ir->norder; i++) {
		const struct jit_block *b = &ir->blocks[ir->order[i]];

		for (k = 0; k < b->n; k++)
			n += is_candidate(&b->ins[k]);
	}
	return n;
}

static int room(struct swap *s, uint32_t n)
{
	struct exo_arena *a = &s->ir->arena;

	s->load = exo_arena_get(a, (n + 1) * sizeof(s->load[0]));
	s->keep = exo_arena_get(a, n + 1);
	s->leader = exo_arena_get(a, (n + 1) * sizeof(s->leader[0]));
	s->at = exo_arena_get(a, s->ir->nblocks * sizeof(s->at[0]));
	s->asked = exo_arena_get(a, s->ir->nblocks * sizeof(s->asked[0]));
	if (s->load == NULL || s->keep == NULL || s->at == NULL ||
	    s->asked == NULL || s->leader == NULL)
		return -EXO_ENOMEM;
	return 0;
}

/* Ways get shorter as they are gone, so that all of them together are. */
static uint32_t leader_of(const struct swap *s, uint32_t n)
{
	uint32_t up;

	while ((up = s->leader[n]) != 0) {
		if (s->leader[up] != 0)
			s->leader[n] = s->leader[up];
		n = up;
	}
	return n;
}

/* Two loads lead to the same uses: both are turned round, or none. */
static void join(struct swap *s, uint32_t a, uint32_t b)
{
	a = leader_of(s, a);
	b = leader_of(s, b);
	if (a == b)
		return;
	if (a == 0 || b == 0 || s->load[a]->size != s->load[b]->size)
		s->keep[a] = s->keep[b] = 1;
	if (a == 0 || b == 0)
		return;
	s->leader[b] = a;
	s->keep[a] |= s->keep[b];
}

/* Registers as bits: what they hold has to stay. */
static void keep(struct swap *s, const struct defs *d, uint16_t regs)
{
	unsigned r;

	for (r = 0; r < EXO_REGS; r++)
		if ((regs >> r & 1) != 0)
			s->keep[leader_of(s, d->r[r])] = 1;
}

static void define(struct defs *d, uint16_t regs, uint32_t n)
{
	unsigned r;

	for (r = 0; r < EXO_REGS; r++)
		if ((regs >> r & 1) != 0)
			d->r[r] = n;
}

/* A question that has the same answer for swapped bytes. */
static bool is_fair(const struct jit_ins *end, uint32_t size)
{
	uint64_t k =
	    (end->flags & JIT_F_32) != 0 ? (uint32_t)end->k : (uint64_t)end->k;
	uint64_t top = size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;

	if (end->op != JIT_IF || (end->flags & JIT_F_K) == 0 ||
	    ((end->flags & JIT_F_32) != 0 && size == 8))
		return false;
	if (end->alu == EXO_JSET)
		return size < 8;
	return (end->alu == EXO_JEQ || end->alu == EXO_JNE) && k <= top &&
	       size < 8;
}

/* Edges to a block from below, or two of different loads, keep what lives. */
static int arrive(struct swap *s, struct defs *d, uint32_t pos, uint32_t to)
{
	const struct jit_block *t = &s->ir->blocks[to];
	struct defs *at = s->at[to];
	unsigned r;

	if (t->loop || t->pos <= pos) {
		keep(s, d, t->live);
		return 0;
	}
	if (at == NULL) {
		at = exo_arena_get(&s->ir->arena, sizeof(*at));
		if (at == NULL)
			return -EXO_ENOMEM;
		s->at[to] = at;
		*at = *d;
		return 0;
	}
	for (r = 0; r < EXO_REGS; r++) {
		if (at->r[r] == d->r[r])
			continue;
		if ((t->live >> r & 1) != 0)
			join(s, at->r[r], d->r[r]);
		else
			at->r[r] = 0;
	}
	return 0;
}

static int look(struct swap *s, uint32_t i)
{
	struct jit_block *b = &s->ir->blocks[i];
	struct defs d = { { 0 } };
	uint32_t to[2], k, n = jit_succ(b, to), asked;
	int err = 0;

	if (s->at[i] != NULL)
		d = *s->at[i];
	for (k = 0; k < b->n; k++) {
		struct jit_ins *in = &b->ins[k];

		keep(s, &d, jit_reads(s->ir, in));
		define(&d, jit_writes(in), is_candidate(in) ? ++s->n : 0);
		if (is_candidate(in))
			s->load[s->n] = in;
	}
	asked = b->end.op == JIT_IF ? d.r[b->end.d] : 0;
	if (asked != 0 && is_fair(&b->end, s->load[asked]->size))
		s->asked[i] = asked;
	else
		keep(s, &d, jit_reads(s->ir, &b->end));
	for (k = 0; k < n && err == 0; k++)
		err = arrive(s, &d, b->pos, to[k]);
	return err;
}

int jit_swap_order(struct jit_ir *ir)
{
	struct swap s = { .ir = ir };
	uint32_t i, n = count(ir);
	int err;

	if (!jit_has(ir, JIT_PASS_swap) || n == 0)
		return 0;
	err = room(&s, n);
	for (i = 0; i < ir->norder && err == 0; i++) {
		jit_tick(ir, &ir->blocks[ir->order[i]]);
		err = look(&s, ir->order[i]);
	}
	if (err < 0)
		return err;
	for (i = 0; i < ir->norder; i++) {
		struct jit_ins *end = &ir->blocks[ir->order[i]].end;
		uint32_t a = s.asked[ir->order[i]];

		if (a != 0 && s.keep[leader_of(&s, a)] == 0)
			end->k = (int64_t)jit_swap(
			    (uint64_t)end->k, s.load[a]->size);
	}
	for (i = 1; i <= s.n; i++)
		if (s.keep[leader_of(&s, i)] == 0)
			s.load[i]->flags &= (uint8_t)~JIT_F_BE;
	return 0;
}
