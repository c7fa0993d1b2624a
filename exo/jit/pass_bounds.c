/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `bounds`: the packet's length.
 *
 * Argument: an address that is the packet's start plus a constant, compared
 * with its end, asks whether so many bytes were captured; accesses through it
 * are accesses of the packet. A check for k bytes does nothing where every way
 * here has passed one for k or more, since a packet's length changes only
 * where the state forgets it (flow.c); it always fails where every way here
 * has failed one for k or less. The verifier has proven all accesses with or
 * without these checks: none of them guards memory that it does not.
 *
 * With JIT_HARDEN_FENCE an access becomes one of the packet only where a check
 * that has a fence behind it was passed: others, as compares of addresses that
 * are nothing known, or with ==, have none, and the access keeps its own.
 */
#include "exo/jit/flow.h"

#define OFF_TOP (1 << 29)

/* An access through an address of the packet. */
static void rebase(const struct jit_ir *ir, const struct jit_state *st,
    struct jit_ins *in, unsigned reg)
{
	bool fence = (ir->opt->harden & JIT_HARDEN_FENCE) != 0;
	const struct jit_val *v = &st->r[reg];
	int64_t off = v->k + in->off;

	if (in->base == JIT_B_PKTX && v->bits <= 32)
		in->flags |= JIT_F_LOW;
	if (in->base == JIT_B_PKTX && v->kind == JIT_V_CONST) {
		off = (int64_t)(uint32_t)v->k + in->off;
		if (off >= OFF_TOP)
			return;
	} else if (in->base != JIT_B_REG || v->kind != JIT_V_DATA ||
	           off < -OFF_TOP || off > OFF_TOP) {
		return;
	}
	if (fence && off + in->size > st->known.len)
		return;
	in->base = JIT_B_PKT;
	in->off = (int32_t)off;
}

static void check(const struct jit_state *st, struct jit_ins *in)
{
	const struct jit_val *s = &st->r[in->s];

	if ((in->flags & JIT_F_K) == 0 && s->kind == JIT_V_CONST) {
		in->k += (uint32_t)s->k;
		in->flags |= JIT_F_K;
	}
	if (s->bits <= 32)
		in->flags |= JIT_F_LOW;
	if ((in->flags & JIT_F_K) != 0 ? in->k <= st->known.len
	                               : in->k <= s->room)
		in->op = JIT_NOP;
	else if (in->k >= st->known.below)
		in->op = JIT_REJECT; /* with more, if s is added */
}

void jit_bounds(
    const struct jit_ir *ir, const struct jit_state *st, struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_LOAD:
		rebase(ir, st, in, in->s);
		break;
	case JIT_STORE:
	case JIT_ATOMIC:
		rebase(ir, st, in, in->d);
		break;
	case JIT_CHECK:
		check(st, in);
		break;
	default:
		break;
	}
}

/* data + a OP data_end + b as a question about the length: is it below *k?
 * With *other: the answer is turned round. */
static bool asks_length(const struct jit_state *st, const struct jit_ins *end,
    int64_t *k, bool *other)
{
	const struct jit_val *a = &st->r[end->d], *b = &st->r[end->s];
	bool mirror = a->kind == JIT_V_END && b->kind == JIT_V_DATA;
	unsigned alu = end->alu;

	if (end->op != JIT_IF || (end->flags & (JIT_F_K | JIT_F_32)) != 0)
		return false;
	if (!mirror && (a->kind != JIT_V_DATA || b->kind != JIT_V_END))
		return false;
	*k = mirror ? b->k - a->k : a->k - b->k;
	if (mirror)
		alu = alu == EXO_JGT   ? EXO_JLT
		      : alu == EXO_JGE ? EXO_JLE
		      : alu == EXO_JLT ? EXO_JGT
		      : alu == EXO_JLE ? EXO_JGE
		                       : alu;
	switch (alu) {
	case EXO_JGT: /* k > len */
	case EXO_JLE:
		*other = alu == EXO_JLE;
		return true;
	case EXO_JGE: /* k >= len: k + 1 > len */
	case EXO_JLT:
		*other = alu == EXO_JLT;
		++*k;
		return true;
	default:
		return false;
	}
}

void jit_bounds_end(const struct jit_state *st, struct jit_block *b)
{
	int decided;
	int64_t k;
	bool other;

	if (asks_length(st, &b->end, &k, &other)) {
		b->end = (struct jit_ins){ .op = JIT_IF_LEN,
			.flags = JIT_F_K,
			.k = k,
			.pc = b->end.pc };
		if (other) {
			uint32_t to = b->to[0];

			b->to[0] = b->to[1];
			b->to[1] = to;
		}
	}
	if (b->end.op != JIT_IF_LEN)
		return;
	decided = jit_decided(st, &b->end);
	if (decided < 0)
		return;
	if (decided == 1)
		b->to[1] = b->to[0];
	b->end.op = JIT_GOTO;
}
