/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter's frames: how a local function begins and ends.
 *
 * Invariant: the stack's region reaches to the end of the running frame and
 * no further, so a pointer into a frame that was left traps.
 */
#include "exo/isa/interp_int.h"

#include "exo/lib/mem.h"

bool isa_enter(struct isa_vm *vm, struct isa_state *s, uint32_t pc)
{
	struct isa_saved *save;

	if (s->depth + 1 >= EXO_MAX_FRAMES)
		return false;
	save = &s->saved[s->depth];
	memcpy(save->r6_r9, &s->r[6], sizeof(save->r6_r9));
	save->pc = pc;
	s->r[0] = 0;
	memset(&s->r[6], 0, sizeof(save->r6_r9));
	isa_set_depth(vm, s, s->depth + 1);
	memset(
	    vm->frames + (size_t)s->depth * EXO_STACK_SIZE, 0, EXO_STACK_SIZE);
	return true;
}

uint32_t isa_leave(struct isa_vm *vm, struct isa_state *s)
{
	const struct isa_saved *save = &s->saved[s->depth - 1];

	memset(&s->r[1], 0, 5 * sizeof(s->r[0]));
	memcpy(&s->r[6], save->r6_r9, sizeof(save->r6_r9));
	isa_set_depth(vm, s, s->depth - 1);
	return save->pc;
}
