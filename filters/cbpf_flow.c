/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data flow of a classic program: what is read later, what can be reached.
 *
 * All jumps are forward, so one pass from the end to the beginning finds the
 * exact set of variables that may be read before they are written after each
 * node, and one pass forward all that can be reached. Both are needed:
 *  - what is live at the entry has to be set to 0 there, and nothing else;
 *  - MSH must save A only where A is live;
 *  - an instruction that only writes a dead variable is left out;
 *  - jumps to jumps are shortened.
 */
#include <stddef.h>

#include "filters/cbpf_int.h"

/* What a node reads and writes. */
struct effect {
	uint32_t reads, writes;
	bool rejects; /* may end the program, so it stays */
};

static struct effect alu_x(const struct flt_node *nd)
{
	bool div = nd->op == EXO_DIV || nd->op == EXO_MOD;

	return (struct effect){ FLT_A | FLT_X, FLT_A, div };
}

static struct effect effect(const struct flt_node *nd)
{
	switch ((enum flt_kind)nd->kind) {
	case FLT_LD_ABS:
		return (struct effect){ 0, FLT_A, true };
	case FLT_LD_IND:
		return (struct effect){ FLT_X, FLT_A, true };
	case FLT_LDX_MSH:
		return (struct effect){ 0, FLT_X, true };
	case FLT_LD_LEN:
	case FLT_LD_IMM:
		return (struct effect){ 0, FLT_A, false };
	case FLT_LDX_IMM:
	case FLT_LDX_LEN:
		return (struct effect){ 0, FLT_X, false };
	case FLT_LD_MEM:
		return (struct effect){ FLT_M(nd->k), FLT_A, false };
	case FLT_LDX_MEM:
		return (struct effect){ FLT_M(nd->k), FLT_X, false };
	case FLT_ST:
		return (struct effect){ FLT_A, FLT_M(nd->k), false };
	case FLT_STX:
		return (struct effect){ FLT_X, FLT_M(nd->k), false };
	case FLT_ALU_K:
	case FLT_NEG:
		return (struct effect){ FLT_A, FLT_A, false };
	case FLT_ALU_X:
		return alu_x(nd);
	case FLT_TAX:
		return (struct effect){ FLT_A, FLT_X, false };
	case FLT_TXA:
		return (struct effect){ FLT_X, FLT_A, false };
	case FLT_JCC_K:
	case FLT_RET_A:
		return (struct effect){ FLT_A, 0, true };
	case FLT_JCC_X:
		return (struct effect){ FLT_A | FLT_X, 0, true };
	case FLT_JA:
	case FLT_BACK:
	case FLT_RET_K:
		return (struct effect){ 0, 0, true };
	case FLT_NOP:
	case FLT_NONE:
		break;
	}
	return (struct effect){ 0, 0, false };
}

/* Arithmetic that leaves A as it is: libpcap emits `add #0`. */
static bool is_identity(const struct flt_node *nd)
{
	if (nd->kind != FLT_ALU_K)
		return false;
	switch (nd->op) {
	case EXO_ADD:
	case EXO_SUB:
	case EXO_OR:
	case EXO_XOR:
	case EXO_LSH:
	case EXO_RSH:
		return nd->k == 0;
	case EXO_MUL:
	case EXO_DIV:
		return nd->k == 1;
	case EXO_AND:
		return nd->k == UINT32_MAX;
	default:
		return false;
	}
}

/* What is live before a node, from what is live after it. */
static uint32_t live_before(const struct flt_node *nd)
{
	struct effect e = effect(nd);

	return (nd->live & ~e.writes) | e.reads;
}

/* Live after the node; leaves out what has no use; sets final. */
static void backward(struct flt_prog *p, uint32_t i)
{
	struct flt_node *nodes = p->nodes, *nd = &nodes[i];
	struct effect e;

	if (nd->kind == FLT_JCC_K || nd->kind == FLT_JCC_X) {
		nd->t = nodes[nd->t].final;
		nd->f = nodes[nd->f].final;
		nd->live = nodes[nd->t].before | nodes[nd->f].before;
		if (nd->t == nd->f)
			nd->kind = FLT_JA;
	} else if (nd->kind == FLT_JA || nd->kind == FLT_BACK) {
		nd->t = nodes[nd->t].final;
		nd->live = nodes[nd->t].before;
		if ((nd->live & FLT_X) == 0)
			nd->kind = FLT_JA;
	} else if (nd->kind != FLT_RET_K && nd->kind != FLT_RET_A) {
		nd->live = nodes[i + 1].before;
	}
	e = effect(nd);
	if (is_identity(nd) || (!e.rejects && (e.writes & nd->live) == 0))
		nd->kind = FLT_NOP;
	nd->final = i;
	if (nd->kind == FLT_NOP)
		nd->final = nodes[i + 1].final;
	if (nd->kind == FLT_JA)
		nd->final = nd->t;
	nd->before = live_before(nd);
}

/* Mark the target of a jump; where control may fall to it, that goes to the
 * next node even if this is only a jump, which has to be emitted then. */
static void reach(struct flt_prog *p, uint32_t i, uint32_t target)
{
	bool falls = p->nodes[i + 1].final == target;

	p->nodes[falls ? i + 1 : target].reached = true;
}

/* Mark where control goes from a node. */
static void forward(struct flt_prog *p, uint32_t i)
{
	struct flt_node *nd = &p->nodes[i];

	switch ((enum flt_kind)nd->kind) {
	case FLT_RET_K:
	case FLT_RET_A:
		break;
	case FLT_JA:
		reach(p, i, nd->t);
		break;
	case FLT_BACK:
		p->uses_ctx = true;
		reach(p, i, nd->t);
		break;
	case FLT_JCC_K:
	case FLT_JCC_X:
		reach(p, i, nd->t);
		reach(p, i, nd->f);
		break;
	case FLT_LD_ABS:
	case FLT_LD_IND:
	case FLT_LD_LEN:
	case FLT_LDX_LEN:
	case FLT_LDX_MSH:
		p->uses_ctx = true;
		p->nodes[i + 1].reached = true;
		break;
	default:
		p->nodes[i + 1].reached = true;
		break;
	}
}

void flt_cbpf_flow(struct flt_prog *p)
{
	uint32_t i, next = p->n - 1;

	for (i = p->n; i-- > 0;)
		backward(p, i);
	p->entry = p->nodes[0].before;
	p->nodes[0].reached = true;
	for (i = 0; i < p->n; i++)
		if (p->nodes[i].reached)
			forward(p, i);
	for (i = p->n; i-- > 0;) {
		p->nodes[i].next = next;
		if (p->nodes[i].reached)
			next = i;
	}
}
