/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Membership of a value in a set: one compare after another, or a hash.
 *
 * Tables lie behind the code, and are as little writable as it is: first the
 * displacements of the buckets, then the slots. They hold numbers that values
 * are compared with, and no addresses.
 */
#include "exo/jit/gen.h"

static void one_by_one(struct jit_gen *g, const struct jit_ins *in,
    const struct jit_set *set, uint32_t label)
{
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		x64_alu_k(
		    &g->x, X64_CMP, false, home(g, in->d), (int32_t)set->v[i]);
		jit_jump_if(g, CC_E, label);
	}
}

static uint32_t slots_at(const struct jit_set *set)
{
	uint32_t disp = (uint32_t)sizeof(uint16_t) << set->bucket_bits;

	return (disp + 3) & ~3u;
}

void jit_lower_switch(
    struct jit_gen *g, const struct jit_ins *in, uint32_t label)
{
	const struct jit_set *set = &g->ir->sets[in->k];
	unsigned v = home(g, in->d), up = 64 - set->bucket_bits;
	struct x64 *x = &g->x;

	if (set->mul == 0) {
		one_by_one(g, in, set, label);
		return;
	}
	x64_const(x, T0, set->mul);
	x64_imul(x, true, T0, v);
	x64_mov(x, true, T1, T0);
	x64_shift_k(x, X64_SHR, true, T1, up);
	jit_lea_label(g, T2, label_set(g, (uint32_t)in->k));
	x64_shift_k(x, X64_SHR, true, T0, up - set->slot_bits);
	x64_load(x, false, 2, T1, x64_at_x(T2, T1, 1, 0));
	x64_alu(x, X64_XOR, false, T0, T1);
	x64_alu_k(x, X64_AND, false, T0, (int32_t)((1u << set->slot_bits) - 1));
	x64_alu_load(
	    x, X64_CMP, false, v, x64_at_x(T2, T0, 2, (int32_t)slots_at(set)));
	jit_jump_if(g, CC_E, label);
}

static void table(struct jit_gen *g, const struct jit_set *set)
{
	uint32_t i, start = g->x.n;

	for (i = 0; i < 1u << set->bucket_bits; i++) {
		x64_byte(&g->x, set->disp[i] & 255);
		x64_byte(&g->x, set->disp[i] >> 8);
	}
	while (g->x.n - start < slots_at(set))
		x64_byte(&g->x, 0);
	for (i = 0; i < 1u << set->slot_bits; i++)
		x64_bytes32(&g->x, set->slots[i]);
}

void jit_tables(struct jit_gen *g)
{
	const struct jit_ir *ir = g->ir;
	uint32_t i;

	for (i = 0; i < ir->nsets; i++) {
		if (ir->sets[i].mul == 0)
			continue;
		while (g->x.n % 16 != 0)
			x64_byte(&g->x, 0xcc);
		g->at[label_set(g, i)] = g->x.n;
		table(g, &ir->sets[i]);
	}
}
