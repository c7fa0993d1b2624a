/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pass `need`: one check instead of several.
 *
 * Definition: need(P) is a number such that from P on, with fewer captured
 * bytes, the program ends with the result `fail` whatever the packet holds,
 * and changes nothing that anybody sees. NEVER: it ends so in any case.
 *
 *	end with result `fail`		NEVER
 *	any other end			0
 *	reject, if fail is 0		NEVER
 *	goto B				need(B)
 *	if (...) A else B		min(need(A), need(B))
 *	if (fewer than k) A else B	need(A) >= k: max(k, need(B));
 *					else need(A)
 *	check for k; rest		max(k, need(rest)), if fail is 0
 *	what others see; rest		0
 *
 * A program that calls its own first instruction is left alone: there, an end
 * may be a return.
 *
 * Argument: where a check for k bytes fails with `fail`, a check for need of
 * what stands there does, too, and with fewer bytes than that the result is
 * the same one. Checks further down then find their bytes checked (`bounds`).
 */
#include "exo/jit/flow.h"

#include "exo/abi/err.h"

#define NEVER INT64_MAX

struct need {
	struct jit_ir *ir;
	int64_t *of; /* by block; 0 where it is not yet known */
	uint64_t fail;
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Does this block return a constant and nothing else? */
static bool returns(const struct jit_block *b, uint64_t *k)
{
	if (b->end.op != JIT_EXIT || b->n != 1 || b->ins[0].op != JIT_CONST ||
	    b->ins[0].d != 0)
		return false;
	*k = (uint64_t)b->ins[0].k;
	return true;
}

/* What the first check fails with. */
static bool find_fail(struct need *n)
{
	const struct jit_ir *ir = n->ir;
	uint32_t i, k;

	for (i = 0; i < ir->norder; i++) {
		const struct jit_block *b = &ir->blocks[ir->order[i]];

		if (b->func != 0)
			break;
		for (k = 0; k < b->n; k++) {
			if (b->ins[k].op == JIT_CHECK)
				return true; /* with 0 */
		}
		if (b->end.op == JIT_IF_LEN &&
		    returns(&ir->blocks[b->to[0]], &n->fail))
			return true;
	}
	return false;
}

static int64_t need_end(const struct need *n, const struct jit_block *b)
{
	int64_t a = n->of[b->to[0]], e = n->of[b->to[1]];

	switch ((enum jit_op)b->end.op) {
	case JIT_GOTO:
		return e;
	case JIT_IF:
	case JIT_SWITCH:
		return least(a, e);
	case JIT_IF_LEN:
		return a >= b->end.k ? most(b->end.k, e) : a;
	case JIT_REJECT:
		return n->fail == 0 ? NEVER : 0;
	default:
		return 0;
	}
}

/* Nobody sees what it does. */
static bool is_private(const struct jit_ins *in)
{
	return jit_is_pure(in) ||
	       (in->op == JIT_STORE && in->base == JIT_B_REG &&
	           in->d == EXO_R_FP);
}

/* Go back over an instruction; raise it if it is a check. */
static int64_t need_before(
    const struct need *n, struct jit_ins *in, int64_t need)
{
	if (in->op == JIT_CHECK && n->fail == 0) {
		need = most(in->k, need);
		if ((in->flags & JIT_F_K) != 0 && need != NEVER)
			in->k = need;
		return need;
	}
	return is_private(in) ? need : 0;
}

static void need_block(const struct need *n, uint32_t i)
{
	struct jit_block *b = &n->ir->blocks[i];
	int64_t need = need_end(n, b);
	uint32_t k = b->n;
	uint64_t r0;

	if (returns(b, &r0)) {
		n->of[i] = r0 == n->fail ? NEVER : 0;
		return;
	}
	if (b->end.op == JIT_IF_LEN && need != NEVER && need > b->end.k &&
	    n->of[b->to[0]] == NEVER)
		b->end.k = need;
	while (k-- > 0)
		need = need_before(n, &b->ins[k], need);
	n->of[i] = need;
}

int jit_need(struct jit_ir *ir)
{
	struct need n = { .ir = ir };
	uint32_t i;

	if (!jit_has(ir, JIT_PASS_need) || ir->main_called || !find_fail(&n))
		return 0;
	n.of = exo_arena_get(&ir->arena, ir->nblocks * sizeof(n.of[0]));
	if (n.of == NULL)
		return -EXO_ENOMEM;
	for (i = ir->norder; i-- > 0;) {
		jit_tick(ir, &ir->blocks[ir->order[i]]);
		if (ir->blocks[ir->order[i]].func == 0)
			need_block(&n, ir->order[i]);
	}
	return 0;
}
