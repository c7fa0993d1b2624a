/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One evaluation: a binding's verified program on one packet.
 *
 * Cost: setting up is a few stores; the program's own instructions are the
 * rest. The fuel is the proven bound, so running out of it is a bug of ours.
 */
#include "exo/core/core_int.h"

/* What a program says by its result, in Linux's own terms: a socket filter
 * returns the bytes to keep, xdp and tc an action. */
#define XDP_PASS      2u
#define TC_ACT_OK     0u
#define TC_ACT_UNSPEC UINT32_MAX

static uint32_t kept(uint32_t type, uint64_t r0)
{
	uint32_t w0 = (uint32_t)r0;

	switch (type) {
	case EXO_PROG_SOCKET:
		return w0;
	case EXO_PROG_XDP:
		return w0 == XDP_PASS ? UINT32_MAX : 0;
	case EXO_PROG_TC:
		return w0 == TC_ACT_OK || w0 == TC_ACT_UNSPEC ? UINT32_MAX : 0;
	default:
		return 0;
	}
}

uint32_t binding_run(
    struct exo_core *core, struct binding *b, const struct isa_pkt *pkt)
{
	struct isa_vm *vm = core->vm;
	enum isa_end end;
	uint64_t r0;

	isa_point(vm, b->type, b->insns, b->ninsns);
	vm->stack = b->stack;
	vm->fuel = b->max_steps;
	isa_set_pkt(vm, pkt);
	end = isa_run(vm, &r0);
	core->stat.steps += b->max_steps - vm->fuel;
	if (end == ISA_END_EXIT)
		return kept(b->type, r0);
	if (end != ISA_END_REJECT)
		b->stat.trapped++;
	return 0;
}
