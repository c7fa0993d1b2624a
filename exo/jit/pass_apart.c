/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `apart`: ways that know different things do not meet.
 *
 * Where two ways join, only what both know is left. If the block there is a
 * small test, the second way gets a copy of it, and what it knows may decide
 * the tests that follow (`thread`): the parts of a long list, which libpcap
 * compiles one by one, all ask for the protocol again.
 *
 * Argument: a copy of a block does what the block does.
 */
#include "exo/jit/flow.h"

#include "exo/lib/mem.h"

#define BLOCK_MAX  4u /* instructions; longer blocks are not copied */
#define COPIES_ALL 2u /* copies for each block, on average: then no more */

static bool is_test(const struct jit_block *b)
{
	uint32_t k;

	if (b->end.op != JIT_IF || b->loop || b->n > BLOCK_MAX)
		return false;
	for (k = 0; k < b->n; k++)
		if (!jit_is_pure(&b->ins[k]) && b->ins[k].op != JIT_CHECK)
			return false;
	return true;
}

static bool has(const struct jit_known *in, const struct jit_fact *f)
{
	uint32_t i;

	for (i = 0; i < in->neq; i++)
		if (in->eq[i].off == f->off && in->eq[i].size == f->size &&
		    in->eq[i].mask == f->mask && in->eq[i].v == f->v)
			return true;
	return false;
}

/* One knows bytes that the other does not. */
static bool differ(const struct jit_known *a, const struct jit_known *b)
{
	uint32_t i;

	if (a->neq != b->neq)
		return true;
	for (i = 0; i < a->neq; i++)
		if (!has(b, &a->eq[i]))
			return true;
	return false;
}

uint32_t jit_apart(
    struct jit_ir *ir, const struct jit_known *known, uint32_t to)
{
	const struct jit_block *t = &ir->blocks[to];
	struct jit_ins *ins = NULL;
	struct jit_block *c;
	uint32_t copy;

	if (t->state == NULL || !is_test(t) ||
	    !differ(&t->state->known, known) ||
	    ir->copies / COPIES_ALL > ir->norder)
		return to;
	if (t->n != 0) {
		ins = exo_arena_get(&ir->arena, t->n * sizeof(*ins));
		if (ins == NULL)
			return to;
		memcpy(ins, t->ins, t->n * sizeof(*ins));
	}
	copy = jit_block_new(ir, to);
	if (copy == JIT_NONE)
		return to;
	ir->copies++;
	t = &ir->blocks[to];
	c = &ir->blocks[copy];
	c->ins = ins;
	c->n = t->n;
	c->end = t->end;
	c->to[0] = t->to[0];
	c->to[1] = t->to[1];
	c->live = t->live;
	c->pos = t->pos;
	c->preds = 1;
	return copy;
}
