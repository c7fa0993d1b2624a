/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional jumps: both ways that are possible, with what each one tells.
 *
 * Numbers. Both operands are refined by the comparison that holds on a way
 * (scalar.h); what is linked to them by id is the same number and becomes the
 * same. A way on which an operand has no value left is not taken by any run.
 * Of the size of a mem program's memory the least value is proven to exist.
 *
 * Pointers. P = object + s + off against the object's end E:
 *     P <= E  tells that s + off bytes exist,  P < E  that s + off + 1 do.
 * P and E lie within 2^30 of the object or in it (alu.c), so that comparing
 * addresses compares offsets (of `&` that is not so: it shows bits of the
 * addresses). The proof is written to every pointer with the
 * same s, that is of the same kind and id. The end of the packet's metadata
 * is the packet's first byte.
 */
#include "exo/isa/decode.h"
#include "verifier/vf_int.h"

static bool is_half(const struct exo_insn *in)
{
	return (in->code & 0x07u) == EXO_JMP32;
}

static void learn(struct vf_state *st, struct vf_reg *r, uint32_t id,
    const struct vf_scalar *s)
{
	if (r->kind != EXO_REG_SCALAR || r->id != id)
		return;
	r->s = *s;
	if (id == VF_ID_SIZE && st->mem_min < s->r.umin)
		st->mem_min = s->r.umin;
}

/* Register reg is known to hold one of s. */
static void set_known(
    struct vf_state *st, unsigned reg, const struct vf_scalar *s)
{
	uint32_t id = st->r[reg].id;
	unsigned i;

	st->r[reg].s = *s;
	if (id == 0)
		return;
	for (i = 0; i < EXO_R_FP; i++)
		learn(st, &st->r[i], id, s);
	for (i = 0; st->nsaved != 0 && i < VF_HALVES; i++) {
		if (st->size[i] != 0)
			learn(st, &st->saved[i], id, s);
	}
}

/* What an operand is refined to on one way. */
struct pair {
	struct vf_scalar a, b;
};

static void apply(
    struct vf_state *st, const struct exo_insn *in, const struct pair *p)
{
	set_known(st, exo_dst(in), &p->a);
	if ((in->code & EXO_X) != 0)
		set_known(st, exo_src(in), &p->b);
}

static void branch_scalars(struct vf_env *env, const struct exo_insn *in,
    const struct vf_scalar *b, bool *fall, bool *taken)
{
	uint8_t op = in->code & 0xf0u;
	struct pair yes = { env->st.r[exo_dst(in)].s, *b };
	struct pair no = yes;

	*taken = vf_scalar_branch(op, true, is_half(in), &yes.a, &yes.b, 64);
	*fall = vf_scalar_branch(op, false, is_half(in), &no.a, &no.b, 64);
	if (*taken) {
		vf_state_copy(&env->taken, &env->st);
		apply(&env->taken, in, &yes);
	}
	if (*fall)
		apply(&env->st, in, &no);
}

/*
 * Pointers
 */

static void prove(struct vf_reg *r, const struct vf_reg *p, uint32_t proven)
{
	if (r->kind == p->kind && r->id == p->id && r->proven < proven)
		r->proven = proven;
}

/* s + bytes bytes exist, for every pointer that shares p's s. */
static void prove_all(
    struct vf_state *st, const struct vf_reg *p, uint32_t bytes)
{
	unsigned i;

	for (i = 0; i < EXO_R_FP; i++)
		prove(&st->r[i], p, bytes + 1);
	for (i = 0; st->nsaved != 0 && i < VF_HALVES; i++) {
		if (st->size[i] == 8)
			prove(&st->saved[i], p, bytes + 1);
	}
}

static bool is_end_of(const struct vf_reg *end, const struct vf_reg *p)
{
	switch (p->kind) {
	case EXO_REG_PKT:
		return end->kind == EXO_REG_PKT_END;
	case EXO_REG_MEM:
		return end->kind == VF_REG_MEM_END;
	case EXO_REG_PKT_META:
		return end->kind == EXO_REG_PKT && end->id == 0 &&
		       end->off == 0;
	default:
		return false;
	}
}

/* What the comparison P op E tells when it holds: bytes that exist beyond
 * s + off, or -1. */
static int told(uint8_t op, bool holds)
{
	switch (op) {
	case EXO_JLT:
		return holds ? 1 : -1;
	case EXO_JLE:
	case EXO_JEQ:
		return holds ? 0 : -1;
	case EXO_JGE:
		return holds ? -1 : 1;
	case EXO_JGT:
	case EXO_JNE:
		return holds ? -1 : 0;
	default:
		return -1;
	}
}

/* E op P as P op' E. */
static uint8_t mirrored(uint8_t op)
{
	switch (op) {
	case EXO_JGT:
		return EXO_JLT;
	case EXO_JGE:
		return EXO_JLE;
	case EXO_JLT:
		return EXO_JGT;
	case EXO_JLE:
		return EXO_JGE;
	default:
		return op;
	}
}

static void learn_end(
    struct vf_state *st, const struct vf_reg *p, uint8_t op, bool holds)
{
	struct vf_reg key = *p; /* p is in st and changes */
	int more = told(op, holds);

	if (more >= 0 && key.off + more >= 0)
		prove_all(st, &key, (uint32_t)(key.off + more));
}

static void branch_ptrs(struct vf_env *env, const struct exo_insn *in)
{
	unsigned dst = exo_dst(in);
	unsigned src = exo_src(in);
	uint8_t op = in->code & 0xf0u;

	vf_state_copy(&env->taken, &env->st);
	if (is_end_of(&env->st.r[src], &env->st.r[dst])) {
		learn_end(&env->taken, &env->taken.r[dst], op, true);
		learn_end(&env->st, &env->st.r[dst], op, false);
	} else if (is_end_of(&env->st.r[dst], &env->st.r[src])) {
		op = mirrored(op);
		learn_end(&env->taken, &env->taken.r[src], op, true);
		learn_end(&env->st, &env->st.r[src], op, false);
	}
}

int vf_branch(
    struct vf_env *env, const struct exo_insn *in, bool *fall, bool *taken)
{
	unsigned dst = exo_dst(in);
	bool x = (in->code & EXO_X) != 0;
	struct vf_reg other = { .kind = EXO_REG_SCALAR };
	const struct vf_reg *a = &env->st.r[dst];
	int err = vf_need(env, dst);

	if (err == 0 && x)
		err = vf_need(env, exo_src(in));
	if (err < 0)
		return err;
	if (x)
		other = env->st.r[exo_src(in)];
	else
		other.s = vf_scalar_const((uint64_t)(int64_t)in->imm, 64);
	if (!vf_is_ptr(a) && !vf_is_ptr(&other)) {
		branch_scalars(env, in, &other.s, fall, taken);
		return 0;
	}
	*fall = true;
	*taken = true;
	if (!is_half(in) && (in->code & 0xf0u) != EXO_JSET && vf_is_ptr(a) &&
	    vf_is_ptr(&other) && vf_same_object(a->kind, other.kind)) {
		branch_ptrs(env, in);
		return 0;
	}
	if (env->refuse_leaks)
		return vf_refuse_reg(
		    env, VF_LEAK_COMPARE, vf_is_ptr(a) ? dst : exo_src(in));
	vf_state_copy(&env->taken, &env->st);
	return 0;
}
