/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One evaluation: a binding's verified program on one packet.
 *
 * Cost: an indirect call, and what the program does. A core that is told to
 * judge runs each program in the interpreter as well, with the proven bound as
 * its fuel, and counts where the two differ.
 */
#include "exo/core/core_int.h"
#include "exo/lib/mem.h"

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

/* The same in the interpreter; false: it ends or answers otherwise. */
static bool agrees(const struct exo_core *core, const struct binding *b,
    const struct jit_ctx *ctx, uint64_t r0)
{
	const struct isa_pkt pkt = {
		.data = ctx->data,
		.caplen = ctx->size,
		.wirelen = ctx->wirelen,
		.ifindex = ctx->ifindex,
		.protocol = __builtin_bswap16((uint16_t)ctx->protocol),
	};
	uint32_t n;
	const struct exo_insn *insns = vf_prog_insns(b->prog, &n);
	struct isa_vm *vm = core->vm;
	enum isa_end end;
	uint64_t theirs;

	isa_point(vm, b->type, insns, n);
	vm->fuel = b->stat.max_steps;
	isa_set_pkt(vm, &pkt);
	end = isa_run(vm, &theirs);
	return (end == ISA_END_EXIT || end == ISA_END_REJECT) && theirs == r0;
}

uint32_t binding_run(
    struct exo_core *core, struct binding *b, struct jit_ctx *ctx)
{
	uint64_t r0;

	if (b->keeps)
		memset(&ctx->own, 0, sizeof(ctx->own));
	r0 = b->run(ctx, ctx->data, ctx->size);
	if (core->vm != NULL && !agrees(core, b, ctx, r0))
		b->stat.differed++;
	return kept(b->type, r0);
}
