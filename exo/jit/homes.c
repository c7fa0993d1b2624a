/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the registers of a function live: see gen.h.
 *
 * Pass `regs`: in a program without calls, homes are taken from registers that
 * nobody has to save, as long as there are any. Argument: homes are different
 * registers, none of them one that the code needs for itself; which they are
 * makes no difference to what is computed.
 */
#include "exo/jit/gen.h"

#include "exo/lib/bits.h"
#include "exo/lib/mem.h"

#define BIT(r) (uint16_t)(1u << (r))

/* What a function uses, besides registers. */
struct use {
	uint16_t regs;
	bool ctx, pkt, len;
	bool shifts; /* by a register */
	bool calls;
};

static void look_at(
    const struct jit_ir *ir, const struct jit_ins *in, struct use *u)
{
	u->regs |= jit_reads(ir, in) | jit_writes(in);
	switch ((enum jit_op)in->op) {
	case JIT_LOAD:
	case JIT_STORE:
	case JIT_ATOMIC:
		u->ctx |= in->base == JIT_B_CTX;
		u->pkt |= in->base == JIT_B_PKT || in->base == JIT_B_PKTX;
		break;
	case JIT_DATA:
		u->pkt = true;
		break;
	case JIT_END:
	case JIT_LD_IND:
		u->pkt = true;
		u->len = true;
		break;
	case JIT_CHECK:
	case JIT_IF_LEN:
		u->len = true;
		break;
	case JIT_ALU:
		u->shifts |= in->alu == EXO_LSH || in->alu == EXO_RSH ||
		             in->alu == EXO_ARSH;
		break;
	case JIT_CALL:
	case JIT_FIND:
	case JIT_LOCAL:
		u->calls = true;
		break;
	default:
		break;
	}
}

static struct use look(const struct jit_ir *ir, uint32_t f)
{
	struct use u = { .regs = 0 };
	uint32_t i = ir->blocks[ir->funcs[f].first].pos, k;

	/* a function's blocks lie in a row, its entry first */
	for (; i < ir->norder; i++) {
		const struct jit_block *b = &ir->blocks[ir->order[i]];

		if (b->func != f)
			break;
		jit_tick(ir, b);
		for (k = 0; k < b->n; k++)
			look_at(ir, &b->ins[k], &u);
		look_at(ir, &b->end, &u);
	}
	return u;
}

static void standard(uint32_t f, struct jit_homes *h, const struct use *u)
{
	static const uint8_t at[EXO_REGS] = { RAX, RDI, RSI, RDX, RCX, R8, RBX,
		R13, R14, R15, RBP };
	unsigned r;

	memcpy(h->of, at, sizeof(at));
	h->ctx = R12;
	h->pkt = X64_NOREG;
	h->len = X64_NOREG;
	h->saved = f == 0 ? BIT(R12) : 0;
	for (r = 6; r < EXO_REGS; r++)
		if ((u->regs >> r & 1) != 0)
			h->saved |= BIT(at[r]);
}

/* The next register of a list that is free. */
static uint8_t take(uint16_t *free)
{
	static const uint8_t pool[] = { R8, R9, RCX, RDI, RSI, RDX, RBX, R12,
		R13, R14, R15, RBP };
	unsigned i;

	for (i = 0; (*free >> pool[i] & 1) == 0; i++)
		;
	*free &= (uint16_t)~BIT(pool[i]);
	return pool[i];
}

/* Give reg a home that it has on entry, if that is free. */
static void prefer(struct jit_homes *h, uint16_t *free, const struct use *u,
    unsigned reg, unsigned where)
{
	if ((u->regs >> reg & 1) == 0 || (*free >> where & 1) == 0)
		return;
	h->of[reg] = (uint8_t)where;
	*free &= (uint16_t)~BIT(where);
}

/* r0 and four registers of the machine apart, there are twelve for r1 to r10,
 * context, packet and length, eleven in programs with sets. Where these are
 * too few, the context is asked for the length, or for both. */
static struct use fit(const struct jit_ir *ir, const struct use *u)
{
	unsigned room = jit_needs_t2(ir) ? 11 : 12;
	unsigned regs = exo_popcount64((u->regs >> 1) & 0x3ff);
	struct use fits = *u;

	if (regs + fits.ctx + fits.pkt + fits.len > room) {
		fits.len = false;
		fits.ctx = true;
	}
	if (regs + fits.ctx + fits.pkt > room)
		fits.pkt = false;
	return fits;
}

static void leaf(
    const struct jit_ir *ir, struct jit_homes *h, const struct use *all)
{
	const struct use fits = fit(ir, all), *u = &fits;
	uint16_t free = (uint16_t) ~(BIT(RAX) | BIT(RSP) | BIT(T0) | BIT(T1));
	unsigned r;

	memset(h->of, X64_NOREG, sizeof(h->of));
	if (jit_needs_t2(ir))
		free &= (uint16_t)~BIT(T2);
	h->of[0] = RAX;
	h->ctx = u->ctx ? RDI : X64_NOREG;
	h->pkt = u->pkt ? RSI : X64_NOREG;
	h->len = u->len ? RDX : X64_NOREG;
	if (u->ctx)
		free &= (uint16_t)~BIT(RDI);
	if (u->pkt)
		free &= (uint16_t)~BIT(RSI);
	if (u->len)
		free &= (uint16_t)~BIT(RDX);
	if (ir->type == EXO_PROG_MEM) {
		prefer(h, &free, u, 1, RSI);
		prefer(h, &free, u, 2, RDX);
	} else {
		prefer(h, &free, u, 1, RDI);
	}
	prefer(h, &free, u, EXO_R_FP, RBP);
	for (r = 1; r < EXO_REGS; r++) {
		if ((u->regs >> r & 1) != 0 && h->of[r] == X64_NOREG)
			h->of[r] = take(&free);
	}
	h->saved = (uint16_t)((BIT(RBX) | BIT(RBP) | BIT(R12) | BIT(R13) |
	                          BIT(R14) | BIT(R15)) &
	                      ~free);
}

void jit_homes(const struct jit_ir *ir, uint32_t f, struct jit_homes *h)
{
	struct use u = look(ir, f);

	h->regs = u.regs;
	h->calls = u.calls;
	if (f != 0 || u.calls || ir->main_called || !jit_has(ir, JIT_PASS_regs))
		standard(f, h, &u);
	else
		leaf(ir, h, &u);
}
