/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Membership of a value in a set.
 */
#include "exo/jit/gen.h"

void jit_lower_switch(
    struct jit_gen *g, const struct jit_ins *in, uint32_t label)
{
	const struct jit_set *set = &g->ir->sets[in->k];
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		struct jit_ins one = *in;

		one.alu = EXO_JEQ;
		one.flags = (uint8_t)(in->flags | JIT_F_K);
		one.k = (int64_t)set->v[i];
		jit_jump_if(g, jit_compare(g, &one), label);
	}
}

void jit_tables(struct jit_gen *g)
{
	(void)g;
}
