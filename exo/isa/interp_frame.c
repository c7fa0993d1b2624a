/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter's frames: how a function begins, begins again, ends.
 *
 * Invariant: the stack's region reaches to the end of the running frame and
 * no further, so a pointer into a frame that was left traps.
 *
 * A function that a helper has called back runs in the frame above the
 * helper's caller. Its EXIT is no return yet: while it answers 0 and there is
 * another call to make, it begins again in the same frame. Nothing here
 * recurses, and each call costs the program one instruction of fuel at least.
 *
 * A program begins at a depth, vm->base: that of the function that made a tail
 * call to it, whose frame is now its own. What it returns, that function's
 * caller gets. It may have as many frames as any program.
 */
#include "exo/isa/helpers.h"
#include "exo/isa/interp_int.h"

/* A frame is as the program's first: no register but arguments, and zeros. */
static void fresh_frame(struct isa_vm *vm, struct isa_state *s)
{
	s->r[0] = 0;
	memset(&s->r[6], 0, 4 * sizeof(s->r[0]));
	memset(isa_frames(vm) + (size_t)s->depth * EXO_STACK_SIZE, 0,
	    EXO_STACK_SIZE);
}

uint8_t *isa_frames(struct isa_vm *vm)
{
	return vm->deep != NULL ? vm->deep : vm->frames;
}

bool isa_enter(struct isa_vm *vm, struct isa_state *s, uint32_t pc)
{
	struct isa_saved *save;

	if (s->depth - vm->base + 1 >= EXO_MAX_FRAMES)
		return false;
	save = &s->saved[s->depth];
	memcpy(save->r6_r9, &s->r[6], sizeof(save->r6_r9));
	save->code = s->code;
	save->pc = pc;
	save->base = vm->base;
	save->loop.next = NULL;
	isa_set_depth(vm, s, s->depth + 1);
	fresh_frame(vm, s);
	return true;
}

/* The next call of a function that was called back; false: that was all. */
static bool again(struct isa_vm *vm, struct isa_state *s, struct isa_loop *loop)
{
	loop->calls++;
	isa_clobber(s->r);
	if (s->r[0] != 0) {
		if (loop->stop != NULL)
			loop->stop(vm, loop);
		return false;
	}
	if (!loop->next(vm, loop, s->r))
		return false;
	fresh_frame(vm, s);
	return true;
}

uint32_t isa_leave(struct isa_vm *vm, struct isa_state *s)
{
	struct isa_saved *save = &s->saved[s->depth - 1];

	s->code = save->code;
	vm->base = save->base;
	if (save->loop.next != NULL) {
		if (again(vm, s, &save->loop))
			return save->loop.pc;
		s->r[0] = save->loop.calls;
	}
	isa_clobber(s->r);
	memcpy(&s->r[6], save->r6_r9, sizeof(save->r6_r9));
	isa_set_depth(vm, s, s->depth - 1);
	return save->pc;
}

/* Go on in another program, whose frame replaces this one: it returns to
 * whoever called the function that made the tail call. */
static enum isa_end enter_tail(
    struct isa_vm *vm, struct isa_state *s, uint32_t *pc)
{
	if (vm->held != 0)
		return ISA_END_HELD;
	if (s->depth > 0 &&
	    (vm->deep == NULL || s->depth + EXO_MAX_FRAMES > ISA_DEEP_FRAMES))
		return ISA_END_FRAMES;
	vm->base = s->depth;
	s->code = vm->tail;
	*pc = 0;
	isa_clobber(s->r);
	fresh_frame(vm, s);
	s->r[1] = isa_addr(ISA_REGION_CTX, 0);
	return ISA_END_EXIT;
}

bool isa_reject(struct isa_vm *vm, struct isa_state *s, uint32_t *pc)
{
	if (s->depth == 0 || vm->held != 0)
		return false;
	s->r[0] = 0;
	*pc = isa_leave(vm, s);
	return true;
}

static enum isa_end enter_loop(
    struct isa_vm *vm, struct isa_state *s, uint32_t *pc)
{
	struct isa_loop loop = vm->loop;

	loop.depth = s->depth - vm->base + 1;
	isa_clobber(s->r);
	s->r[0] = 0;
	if (loop.depth >= EXO_MAX_FRAMES)
		return ISA_END_FRAMES;
	if (!loop.next(vm, &loop, s->r))
		return ISA_END_EXIT;
	(void)isa_enter(vm, s, *pc);
	s->saved[s->depth - 1].loop = loop;
	*pc = loop.pc;
	return ISA_END_EXIT;
}

enum isa_end isa_call_helper(
    struct isa_vm *vm, struct isa_state *s, int32_t nr, uint32_t *pc)
{
	uint32_t steps = isa_helper_steps((uint32_t)nr);

	if (vm->ops == NULL || vm->ops->helper == NULL)
		return ISA_END_HELPER;
	if (vm->fuel < steps)
		return ISA_END_FUEL;
	vm->fuel -= steps;
	switch (vm->ops->helper(vm, (uint32_t)nr, s->r)) {
	case ISA_HELPER_DONE:
		isa_clobber(s->r);
		return ISA_END_EXIT;
	case ISA_HELPER_TAIL:
		return enter_tail(vm, s, pc);
	case ISA_HELPER_LOOP:
		return enter_loop(vm, s, pc);
	default:
		return ISA_END_HELPER;
	}
}
