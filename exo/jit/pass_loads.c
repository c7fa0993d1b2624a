/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `loads`: bytes of the packet that are known, or at hand.
 *
 * Argument: bytes that a compare on every way here has found equal to a
 * constant are that constant; what is made of them by the same steps is the
 * same, and needs no copy to where it is; bytes that a register got from a load of the
 * same place, size and order are what the load would give. The packet was not
 * written between, or the state has forgotten (flow.c).
 */
#include "exo/jit/flow.h"

static bool is_same(const struct jit_val *v, const struct jit_ins *in)
{
	return v->kind == JIT_V_BYTES && v->k == in->off &&
	       v->size == in->size && v->shift == 0 &&
	       v->mask == jit_whole(v->size) &&
	       v->be == ((in->flags & JIT_F_BE) != 0);
}

void jit_loads(const struct jit_state *st, struct jit_ins *in)
{
	uint32_t i;
	uint8_t r;

	if (in->op == JIT_MOV && (in->flags & JIT_F_32) == 0 &&
	    jit_same(&st->r[in->d], &st->r[in->s])) {
		in->op = JIT_NOP; /* it is there already */
		return;
	}
	if (in->op != JIT_LOAD || in->base != JIT_B_PKT ||
	    (in->flags & JIT_F_SX) != 0)
		return;
	for (i = 0; i < st->known.neq; i++) {
		const struct jit_fact *f = &st->known.eq[i];

		if (f->off != in->off || f->size != in->size ||
		    f->mask != jit_whole(f->size))
			continue;
		in->op = JIT_CONST;
		in->k = (int64_t)((in->flags & JIT_F_BE) != 0
		                      ? jit_swap(f->v, f->size)
		                      : f->v);
		in->flags = 0;
		return;
	}
	for (r = 0; r < EXO_REGS; r++) {
		if (!is_same(&st->r[r], in))
			continue;
		in->op = r == in->d ? JIT_NOP : JIT_MOV;
		in->s = r;
		in->flags = 0;
		return;
	}
}
