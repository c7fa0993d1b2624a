/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `thread`: past compares that a way decides.
 *
 * Argument: a block that only checks what this way has checked, loads bytes
 * and computes, and then takes a way that what is known on this edge decides,
 * does nothing else than to lead there, if what it writes is not read
 * afterwards. So the edge may lead there at once. What the block would have
 * shown of the packet stays known; what it would have left in registers not.
 */
#include "exo/jit/flow.h"

#define BLOCK_MAX 6u /* longer ones are not looked at */
#define STEPS_ALL 8u /* steps for each block, on average; then edges get */
#define STEPS_FEW 3u /* so many each, which keeps the pass linear */

static bool only_looks(const struct jit_state *st, const struct jit_ins *in)
{
	if (in->op == JIT_CHECK)
		return (in->flags & JIT_F_K) != 0 && in->k <= st->known.len;
	return jit_is_pure(in);
}

/* Go through a block with *st; returns the way that it takes, or -1. */
static int way_through(const struct jit_ir *ir, const struct jit_block *b,
    struct jit_state *st, uint16_t *written)
{
	struct jit_val before;
	uint32_t k;

	if (b->n > BLOCK_MAX || b->loop ||
	    (b->end.op != JIT_IF && b->end.op != JIT_IF_LEN &&
	        b->end.op != JIT_GOTO))
		return -1;
	for (k = 0; k < b->n; k++) {
		if (!only_looks(st, &b->ins[k]))
			return -1;
		before = st->r[b->ins[k].d];
		jit_learn(ir, st, &b->ins[k]);
		if (!jit_same(&before, &st->r[b->ins[k].d]))
			*written |= jit_writes(&b->ins[k]);
	}
	if (b->end.op == JIT_GOTO)
		return 1;
	k = (uint32_t)jit_decided(st, &b->end);
	return k == 1 ? 0 : k == 0 ? 1 : -1;
}

uint32_t jit_thread(struct jit_ir *ir, struct jit_state *st, uint32_t to)
{
	struct jit_state through;
	uint32_t steps, at = to, best = to;
	uint16_t written = 0;

	if (ir->blocks[to].preds < 2 && ir->blocks[to].end.op != JIT_GOTO)
		return to; /* it will be folded itself */
	through = *st;
	for (steps = 0;; steps++) {
		const struct jit_block *b = &ir->blocks[at];
		int way;

		if (ir->steps / STEPS_ALL > ir->norder && steps >= STEPS_FEW)
			break;
		ir->steps++;
		way = way_through(ir, b, &through, &written);
		if (way < 0)
			break;
		jit_learn_edge(&through, &b->end, (unsigned)way);
		at = b->to[way];
		if ((ir->blocks[at].live & written) != 0)
			continue;
		best = at;
		st->known = through.known;
	}
	return best;
}
