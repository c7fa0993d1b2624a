/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `fold`: constants.
 *
 * Argument: a register that holds a constant on all ways that lead here can be
 * replaced by it, and what is computed from constants alone is one, too
 * (jit_compute() is RFC 9669's arithmetic). A condition of constants, or of
 * bytes of the packet that a compare on every way here has settled, is decided;
 * the packet is not written between, or the state has forgotten (flow.c).
 */
#include "exo/jit/flow.h"

static bool fits(int64_t v)
{
	return v >= INT32_MIN && v <= INT32_MAX;
}

/* A register as second operand that is a constant. */
static void take_constant(const struct jit_state *st, struct jit_ins *in)
{
	const struct jit_val *s = &st->r[in->s];
	bool w = (in->flags & JIT_F_32) == 0;

	if ((in->flags & JIT_F_K) != 0 || s->kind != JIT_V_CONST)
		return;
	if (w && !fits(s->k) && in->op != JIT_CHECK)
		return;
	in->flags |= JIT_F_K;
	in->k = w ? s->k : (int64_t)(uint32_t)s->k;
}

static void take_store(const struct jit_state *st, struct jit_ins *in)
{
	const struct jit_val *s = &st->r[in->s];

	if ((in->flags & JIT_F_K) != 0 || s->kind != JIT_V_CONST ||
	    (in->size == 8 && !fits(s->k)))
		return;
	in->flags |= JIT_F_K;
	in->k = s->k;
}

static bool is_power(uint64_t v, unsigned *n)
{
	*n = v == 0 ? 0 : (unsigned)__builtin_ctzll(v);
	return v != 0 && (v & (v - 1)) == 0;
}

/* Multiplications and divisions by powers of two. */
static void cheaper(struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0;
	uint64_t k = w ? (uint64_t)in->k : (uint32_t)in->k;
	unsigned n;

	if ((in->flags & (JIT_F_K | JIT_F_SX)) != JIT_F_K || !is_power(k, &n))
		return;
	if (in->alu == EXO_MUL || in->alu == EXO_DIV) {
		in->alu = in->alu == EXO_MUL ? EXO_LSH : EXO_RSH;
		in->k = n;
	} else if (in->alu == EXO_MOD) {
		if (w && !fits((int64_t)(k - 1)))
			return;
		in->alu = EXO_AND;
		in->k = (int64_t)(k - 1);
	}
}

/* Does nothing to a value of so few bits. */
static bool is_idle(const struct jit_state *st, const struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0;
	unsigned bits = st->r[in->d].bits;
	uint64_t k = w ? (uint64_t)in->k : (uint32_t)in->k;

	if ((in->flags & JIT_F_K) == 0 || (!w && bits > 32))
		return false;
	switch (in->alu) {
	case EXO_ADD:
	case EXO_SUB:
	case EXO_OR:
	case EXO_XOR:
		return k == 0;
	case EXO_LSH:
	case EXO_RSH:
	case EXO_ARSH:
		return (k & (w ? 63 : 31)) == 0;
	case EXO_AND:
		return bits == 64 ? k == UINT64_MAX
		                  : (k | UINT64_MAX << bits) == UINT64_MAX;
	default:
		return false;
	}
}

static void fold_alu(const struct jit_state *st, struct jit_ins *in)
{
	const struct jit_val *d = &st->r[in->d];

	take_constant(st, in);
	if ((in->flags & JIT_F_K) != 0 && d->kind == JIT_V_CONST) {
		in->k =
		    (int64_t)jit_compute(in, (uint64_t)d->k, (uint64_t)in->k);
		in->op = JIT_CONST;
		in->flags = 0;
		return;
	}
	cheaper(in);
	if (is_idle(st, in))
		in->op = JIT_NOP;
}

static void fold_mov(const struct jit_state *st, struct jit_ins *in)
{
	const struct jit_val *s = &st->r[in->s];
	bool w = (in->flags & JIT_F_32) == 0;

	if (s->kind == JIT_V_CONST) {
		in->op = JIT_CONST;
		in->k = w ? s->k : (int64_t)(uint32_t)s->k;
		in->flags = 0;
		return;
	}
	if (!w && s->bits <= 32)
		in->flags &= (uint8_t)~JIT_F_32;
	if (in->d == in->s && (in->flags & JIT_F_32) == 0)
		in->op = JIT_NOP;
}

void jit_fold(const struct jit_state *st, struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_MOV:
		fold_mov(st, in);
		break;
	case JIT_ALU:
		fold_alu(st, in);
		break;
	case JIT_STORE:
		take_store(st, in);
		break;
	case JIT_ZEXT:
		if (st->r[in->d].bits <= 8u * in->size)
			in->op = JIT_NOP;
		break;
	default:
		break;
	}
}

void jit_fold_end(const struct jit_state *st, struct jit_block *b)
{
	int decided;

	if (b->end.op == JIT_IF)
		take_constant(st, &b->end);
	decided = jit_decided(st, &b->end);
	if (decided < 0 || b->end.op != JIT_IF)
		return;
	if (decided == 1)
		b->to[1] = b->to[0];
	b->end.op = JIT_GOTO;
}
