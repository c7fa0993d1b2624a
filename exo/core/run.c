/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluation: a binding's program on the packets of a batch.
 *
 * Cost, a packet: an indirect call, and what the program does. A core that is told to
 * judge runs each program in the interpreter as well, with the proven bound as
 * its fuel, and counts where the two differ.
 */
#include "exo/core/demux_int.h"
#include "exo/lib/bits.h"
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

static struct isa_pkt packet_of(const struct jit_ctx *ctx)
{
	return (struct isa_pkt){
		.data = ctx->data,
		.caplen = ctx->size,
		.wirelen = ctx->wirelen,
		.ifindex = ctx->ifindex,
		.protocol = __builtin_bswap16((uint16_t)ctx->protocol),
	};
}

/* The same in the interpreter; false: it ends or answers otherwise. */
static bool agrees(const struct exo_core *core, const struct binding *b,
    const struct isa_pkt *pkt, uint64_t r0)
{
	uint32_t n;
	const struct exo_insn *insns = vf_prog_insns(b->prog, &n);
	struct isa_vm *vm = core->vm;
	enum isa_end end;
	uint64_t theirs;

	isa_point(vm, b->type, insns, n);
	vm->fuel = b->stat.max_steps;
	isa_set_pkt(vm, pkt);
	end = isa_run(vm, &theirs);
	return (end == ISA_END_EXIT || end == ISA_END_REJECT) && theirs == r0;
}

/* With helpers and maps. Their time is the packet's. */
static uint64_t run_in_world(
    struct exo_core *core, struct binding *b, uint32_t i)
{
	const struct isa_pkt pkt = packet_of(&core->ctx[i]);
	uint64_t r0;

	core->now = core->pkts[i].time_ns;
	r0 = effect_run(b, &pkt);
	if (b->twin != NULL && !effect_agrees(b, &pkt, r0))
		b->stat.differed++;
	return r0;
}

/* What is not simple: cleared contexts, a judge. */
static uint64_t run_with_care(
    struct exo_core *core, struct binding *b, uint32_t i)
{
	const struct view *v = &core->view[i];
	struct jit_ctx *ctx = &core->ctx[i];
	struct isa_pkt pkt;
	uint64_t r0;

	if (b->world != NULL)
		return run_in_world(core, b, i);
	if (b->keeps)
		memset(&ctx->own, 0, sizeof(ctx->own));
	r0 = b->run(ctx, v->data, v->size);
	if (core->vm == NULL)
		return r0;
	pkt = packet_of(ctx);
	if (!agrees(core, b, &pkt, r0))
		b->stat.differed++;
	return r0;
}

/* The packets in a row, which all are alive. Returns 0 when it takes none. */
static uint32_t ask_row(
    const struct exo_core *core, jit_fn *run, uint32_t n, uint32_t *keep)
{
	const struct view *v = core->view, *end = v + n;
	struct jit_ctx *ctx = core->ctx;
	uint32_t any = 0;

	for (; v < end; v++) {
		uint32_t w0 = (uint32_t)run(ctx++, v->data, v->size);

		*keep++ = w0;
		any |= w0;
	}
	return any;
}

/* Nearly all bindings; no branch but the program's own. */
static uint64_t ask_filter(
    const struct exo_core *core, jit_fn *run, uint64_t alive, uint32_t *keep)
{
	const struct view *v = core->view;
	uint32_t n = exo_popcount64(alive), i;
	uint64_t hit = 0;

	if ((alive & (alive + 1)) == 0) {
		if (ask_row(core, run, n, keep) == 0)
			return 0;
		for (i = 0; i < n; i++)
			hit |= (uint64_t)(keep[i] != 0) << i;
		return hit;
	}
	for (; alive != 0; alive &= alive - 1) {
		i = exo_lowest64(alive);
		keep[i] = (uint32_t)run(&core->ctx[i], v[i].data, v[i].size);
		hit |= (uint64_t)(keep[i] != 0) << i;
	}
	return hit;
}

uint64_t binding_ask(struct exo_core *core, struct binding *b, uint64_t alive,
    uint32_t keep[BATCH])
{
	uint64_t hit = 0;

	if (b->type == EXO_PROG_SOCKET && !b->keeps && core->vm == NULL &&
	    b->world == NULL)
		return ask_filter(core, b->run, alive, keep);
	for (; alive != 0; alive &= alive - 1) {
		uint32_t i = exo_lowest64(alive);

		keep[i] = kept(b->type, run_with_care(core, b, i));
		hit |= (uint64_t)(keep[i] != 0) << i;
	}
	return hit;
}
