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
#include "verifier/step_int.h"

/* Looks (explore.c) that it takes to learn of one linked number. */
#define LEARN 4u

static bool is_half(const struct exo_insn *in)
{
	return (in->code & 0x07u) == EXO_JMP32;
}

/* x holds one of s; r is x + by. False: no run comes here. */
static bool learn(struct vf_state *st, struct vf_reg *r,
    const struct vf_scalar *s, int64_t by)
{
	struct vf_scalar d = vf_scalar_const((uint64_t)by, 64);
	struct vf_scalar was = r->s;
	struct vf_scalar moved = *s;

	r->s = moved;
	if (by != 0) {
		/* both are known of r: what holds of each is as if r had been
		 * compared with x + by */
		moved = vf_scalar_alu(EXO_ADD, false, false, s, &d, 64);
		r->s = was;
		if (!vf_scalar_branch(EXO_JEQ, true, false, &r->s, &moved, 64))
			return false;
	}
	if (r->id == VF_ID_SIZE && r->off == 0 && st->mem_min < r->s.r.umin)
		st->mem_min = r->s.r.umin;
	return true;
}

/* A register is one of s now: so are its copies. False: no run comes here. */
static bool learn_all(struct vf_env *env, struct vf_state *st, unsigned reg,
    const struct vf_scalar *s)
{
	uint32_t id = st->r[reg].id;
	int64_t off = st->r[reg].off;
	uint32_t i;

	st->r[reg].s = *s;
	if (id == 0)
		return true;
	for (i = vf_nregs(st); i-- > 0;) {
		struct vf_reg *r = vf_reg_at(st, i);

		if (r->kind != EXO_REG_SCALAR || r->id != id)
			continue;
		env->map.looks += LEARN;
		if (!learn(st, r, s, r->off - off))
			return false;
	}
	return true;
}

/* What an operand is refined to on one way. */
struct pair {
	struct vf_scalar a, b;
};

static bool apply(struct vf_env *env, struct vf_state *st,
    const struct exo_insn *in, const struct pair *p)
{
	if (!learn_all(env, st, exo_dst(in), &p->a))
		return false;
	if ((in->code & EXO_X) != 0)
		return learn_all(env, st, exo_src(in), &p->b);
	return true;
}

static void branch_scalars(struct vf_env *env, const struct exo_insn *in,
    const struct vf_scalar *b, bool *fall, bool *taken)
{
	uint8_t op = in->code & 0xf0u;
	struct pair yes = { env->st.r[exo_dst(in)].s, *b };
	struct pair no = yes;

	env->map.looks += env->st.npool; /* copied, and looked at for links */
	*taken = vf_scalar_branch(op, true, is_half(in), &yes.a, &yes.b, 64);
	*fall = vf_scalar_branch(op, false, is_half(in), &no.a, &no.b, 64);
	if (*taken) {
		vf_state_copy(&env->taken, &env->st);
		*taken = apply(env, &env->taken, in, &yes);
	}
	if (*fall)
		*fall = apply(env, &env->st, in, &no);
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
	uint32_t i;

	for (i = vf_nregs(st); i-- > 0;)
		prove(vf_reg_at(st, i), p, bytes + 1);
}

static bool is_end_of(const struct vf_reg *end, const struct vf_reg *p)
{
	switch (p->kind) {
	case EXO_REG_PKT:
		return end->kind == EXO_REG_PKT_END;
	case EXO_REG_MEM:
		return vf_is_mem_end(end);
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
		op = (uint8_t)isa_mirrored(op); /* P op' E */
		learn_end(&env->taken, &env->taken.r[src], op, true);
		learn_end(&env->st, &env->st.r[src], op, false);
	}
}

/*
 * Null
 */

/* A pointer that may be null is known to be it, or not to be. */
static void settle(struct vf_state *st, uint32_t id, bool null)
{
	uint32_t i, k;

	for (i = vf_nregs(st); i-- > 0;) {
		struct vf_reg *r = vf_reg_at(st, i);

		if (!vf_is_or_null(r) || r->id != id)
			continue;
		if (null) {
			r->kind = EXO_REG_SCALAR;
			r->id = 0;
			r->map = 0;
			r->proven = 0;
		} else if (r->kind == EXO_REG_RING_OR_NULL) {
			r->kind = EXO_REG_RING;
		} else {
			r->kind = EXO_REG_MAP_VALUE;
			r->id = 0;
		}
	}
	for (i = 0, k = 0; null && i < st->nrefs; i++) {
		if (st->ref[i] == id)
			continue;
		st->ref[k] = st->ref[i];
		st->ref_at[k++] = st->ref_at[i];
	}
	if (null)
		st->nrefs = k;
}

/* Is this the number 0? Then the jump asks whether the other is null. */
static bool is_zero(const struct vf_reg *r)
{
	return r->kind == EXO_REG_SCALAR && r->s.r.umax == 0;
}

/* Where a platform has nothing, as an empty packet or the memory of a mem
 * program without any, the pointer to it may be 0. */
static bool may_be_zero(const struct vf_reg *p)
{
	switch (p->kind) {
	case EXO_REG_PKT:
	case EXO_REG_PKT_META:
	case EXO_REG_PKT_END:
	case EXO_REG_MEM:
		return true;
	default:
		return false;
	}
}

/* A pointer compared with 0. All other objects are far from 0 (alu.c). */
static void branch_null(struct vf_env *env, const struct exo_insn *in,
    unsigned reg, bool *fall, bool *taken)
{
	const struct vf_reg *p = &env->st.r[reg];
	bool eq = (in->code & 0xf0u) == EXO_JEQ;
	uint32_t id = p->id;

	if (!vf_is_or_null(p)) {
		if (!may_be_zero(p)) {
			*taken = !eq;
			*fall = eq;
		}
		if (*taken)
			vf_state_copy(&env->taken, &env->st);
		return;
	}
	vf_state_copy(&env->taken, &env->st);
	settle(&env->taken, id, eq);
	settle(&env->st, id, !eq);
}

/* Comparing them reveals offsets only. */
static bool same_place(const struct vf_reg *a, const struct vf_reg *b)
{
	return vf_same_object(a->kind, b->kind) && a->frame == b->frame &&
	       a->kind != EXO_REG_MAP_VALUE && a->kind != EXO_REG_MAP_KEY &&
	       a->kind != EXO_REG_RING && a->kind != EXO_REG_MAP &&
	       a->kind != EXO_REG_FUNC && !vf_is_or_null(a);
}

static bool asks_null(const struct exo_insn *in)
{
	unsigned op = in->code & 0xf0u;

	return !is_half(in) && (op == EXO_JEQ || op == EXO_JNE);
}

/* The packet's fields of the context are 32 bits wide, and so is the null test
 * that compilers make of one. It asks what one of 64 bits would, which the
 * proven program has in its place (prog.c): whether there is a packet. */
static bool asks_for_packet(const struct exo_insn *in, const struct vf_reg *a,
    const struct vf_reg *other)
{
	unsigned op = in->code & 0xf0u;

	return is_half(in) && (op == EXO_JEQ || op == EXO_JNE) &&
	       (a->kind == EXO_REG_PKT || a->kind == EXO_REG_PKT_META ||
	           a->kind == EXO_REG_PKT_END) &&
	       a->id == 0 && a->off == 0 && is_zero(other);
}

/* Note what a 32-bit compare is about. Both on different ways: then it stays one
 * of 32 bits, which reveals half of an address. */
static int note_asked(struct vf_env *env, bool null, unsigned reg)
{
	uint8_t *note = &env->note[env->pc];

	*note |= (uint8_t)(null ? VF_ASKED_NULL : VF_ASKED_ELSE);
	if (env->refuse_leaks && (*note & VF_ASKED_NULL) != 0 &&
	    (*note & VF_ASKED_ELSE) != 0)
		return vf_refuse_reg(env, VF_LEAK_COMPARE, reg);
	return 0;
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
	if (is_half(in)) {
		err = note_asked(env, asks_for_packet(in, a, &other), dst);
		if (err < 0)
			return err;
	}
	if (!vf_is_ptr(a) && !vf_is_ptr(&other)) {
		branch_scalars(env, in, &other.s, fall, taken);
		return 0;
	}
	*fall = true;
	*taken = true;
	env->map.looks += env->st.npool;
	if (asks_for_packet(in, a, &other) ||
	    (asks_null(in) && vf_is_ptr(a) && is_zero(&other))) {
		branch_null(env, in, dst, fall, taken);
		return 0;
	}
	if (asks_null(in) && x && vf_is_ptr(&other) && is_zero(a)) {
		branch_null(env, in, exo_src(in), fall, taken);
		return 0;
	}
	if (!is_half(in) && (in->code & 0xf0u) != EXO_JSET && vf_is_ptr(a) &&
	    vf_is_ptr(&other) && same_place(a, &other)) {
		branch_ptrs(env, in);
		return 0;
	}
	if (env->refuse_leaks)
		return vf_refuse_reg(
		    env, VF_LEAK_COMPARE, vf_is_ptr(a) ? dst : exo_src(in));
	vf_state_copy(&env->taken, &env->st);
	return 0;
}
