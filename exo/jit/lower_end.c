/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends of blocks: compares, jumps, exits.
 */
#include "exo/jit/gen.h"

static enum x64_cc condition(unsigned alu)
{
	switch (alu) {
	case EXO_JEQ:
		return CC_E;
	case EXO_JGT:
		return CC_A;
	case EXO_JGE:
		return CC_AE;
	case EXO_JLT:
		return CC_B;
	case EXO_JLE:
		return CC_BE;
	case EXO_JSGT:
		return CC_G;
	case EXO_JSGE:
		return CC_GE;
	case EXO_JSLT:
		return CC_L;
	case EXO_JSLE:
		return CC_LE;
	default: /* JNE, JSET */
		return CC_NE;
	}
}

enum x64_cc jit_compare(struct jit_gen *g, const struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0, set = in->alu == EXO_JSET;
	bool fits = (!w || (in->k >= INT32_MIN && in->k <= INT32_MAX)) &&
	            jit_is_plain(g, in->k);
	unsigned d = home(g, in->d), s;
	struct x64 *x = &g->x;

	if ((in->flags & JIT_F_K) != 0 && fits) {
		int32_t k = (int32_t)in->k;

		if (set)
			x64_test_k(x, w, d, k);
		else if (k == 0)
			x64_test(x, w, d, d);
		else
			x64_alu_k(x, X64_CMP, w, d, k);
		return condition(in->alu);
	}
	if ((in->flags & JIT_F_K) != 0) {
		jit_const(g, T0, (uint64_t)in->k, T1);
		s = T0;
	} else {
		s = home(g, in->s);
	}
	if (set)
		x64_test(x, w, d, s);
	else
		x64_alu(x, X64_CMP, w, d, s);
	return condition(in->alu);
}

/*
 * Pass `fuse`: a load and a compare of what it loaded in one.
 *
 * Argument: cmp and test of memory read the same bytes, and set the same flags
 * for the conditions that are taken here, which are about numbers without
 * sign; the register is read by nobody else. Two bytes are loaded all the
 * same: an immediate of 16 bits stalls the decoder.
 */
bool jit_is_fused(const struct jit_gen *g, const struct jit_block *b)
{
	const struct jit_ins *in, *end = &b->end;
	uint32_t to[2], k = jit_succ(b, to);
	uint64_t top;

	if (!jit_has(g->ir, JIT_PASS_fuse) || b->n == 0 || end->op != JIT_IF)
		return false;
	in = &b->ins[b->n - 1];
	if (in->op != JIT_LOAD || in->d != end->d ||
	    (in->flags & JIT_F_SX) != 0 || (end->flags & JIT_F_K) == 0 ||
	    (in->size != 1 && in->size != 4) ||
	    (in->size == 4 && (in->flags & JIT_F_BE) != 0))
		return false;
	top = in->size == 1 ? UINT8_MAX : UINT32_MAX;
	if ((uint64_t)end->k > top || !jit_is_plain(g, end->k) ||
	    end->alu == EXO_JSGT || end->alu == EXO_JSGE ||
	    end->alu == EXO_JSLT || end->alu == EXO_JSLE)
		return false;
	while (k-- > 0)
		if ((g->ir->blocks[to[k]].live >> in->d & 1) != 0)
			return false;
	return true;
}

static enum x64_cc compare_memory(
    struct jit_gen *g, const struct jit_ins *in, const struct jit_ins *end)
{
	struct x64_mem m = jit_mem(g, in, in->s);

	if (end->alu == EXO_JSET)
		x64_test_mem(&g->x, in->size, m, (int32_t)end->k);
	else
		x64_cmp_mem(&g->x, in->size, m, (int32_t)end->k);
	return condition(end->alu);
}

/* To where the code goes on without a jump. */
static bool is_next(
    const struct jit_gen *g, const struct jit_block *b, uint32_t to)
{
	const struct jit_ir *ir = g->ir;

	return b->pos + 1 < ir->norder && ir->order[b->pos + 1] == to;
}

/* cc leads to to[0], its opposite to to[1]. */
static void branch(struct jit_gen *g, const struct jit_block *b, enum x64_cc cc)
{
	if (is_next(g, b, b->to[0])) {
		jit_jump_if(g, (enum x64_cc)(cc ^ 1), b->to[1]);
		return;
	}
	jit_jump_if(g, cc, b->to[0]);
	if (!is_next(g, b, b->to[1]))
		jit_jump(g, b->to[1]);
}

void jit_lower_end(struct jit_gen *g, const struct jit_block *b)
{
	const struct jit_ins *in = &b->end;

	switch ((enum jit_op)in->op) {
	case JIT_GOTO:
		if (!is_next(g, b, b->to[1]))
			jit_jump(g, b->to[1]);
		break;
	case JIT_IF:
		branch(g, b,
		    jit_is_fused(g, b)
		        ? compare_memory(g, &b->ins[b->n - 1], in)
		        : jit_compare(g, in));
		break;
	case JIT_IF_LEN:
		jit_len_below(g, in, b->to[0]);
		if (!is_next(g, b, b->to[1]))
			jit_jump(g, b->to[1]);
		break;
	case JIT_SWITCH:
		jit_lower_switch(g, in, b->to[0]);
		if (!is_next(g, b, b->to[1]))
			jit_jump(g, b->to[1]);
		break;
	case JIT_EXIT:
		jit_leave(g);
		break;
	case JIT_REJECT:
		jit_jump(g, label_reject(g, g->func));
		break;
	default:
		x64_trap(&g->x);
		break;
	}
}
