/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic and moves: see scalar.h for what happens to numbers.
 *
 * Pointers. Only 64-bit + and - have a meaning on them. A constant moves the
 * constant part `off`; a number that is known to lie within the limit moves
 * the variable part, which makes a pointer with a new id and nothing
 * proven: what a compare said held for the old variable part. Both parts stay
 * within 2^29 in either direction, so that an address within 2^30 of its
 * object never wraps and compares of addresses are compares of offsets.
 * Platforms keep objects that far from the ends of the address space, or
 * (a mem program without memory) at 0, where every proof needs a byte that
 * does not exist. One pointer may be far: r1 + r2 of a mem program, the end of
 * its memory; unless the size is known to be near, it cannot be moved.
 *
 * The difference of two pointers into one object is a number that reveals no
 * address. Anything else that turns an address into a number is refused where
 * leaks are, and gives an unknown number elsewhere.
 */
#include "exo/isa/decode.h"
#include "exo/lib/mem.h"
#include "verifier/step_int.h"

/* Differences inside the packet, the metadata before it, or the memory:
 * below 2^31 bytes of object, and 2^30 on either side. */
#define DIFF_MAX ((int64_t)1 << 33)

int vf_need(struct vf_env *env, unsigned reg)
{
	if (env->st.r[reg].kind == EXO_REG_UNINIT)
		return vf_refuse_reg(env, VF_UNINIT_REG, reg);
	return 0;
}

void vf_set_scalar(struct vf_env *env, unsigned reg, const struct vf_scalar *s)
{
	env->st.r[reg] = (struct vf_reg){
		.s = *s,
		.def = env->pc,
		.kind = EXO_REG_SCALAR,
	};
}

uint32_t vf_new_id(struct vf_state *st)
{
	return st->next_id++;
}

uint32_t vf_link(struct vf_state *st, struct vf_reg *r)
{
	if (r->id == 0 && !vf_scalar_is_const(&r->s))
		r->id = vf_new_id(st);
	return r->id;
}

void vf_void(struct vf_env *env, struct vf_reg *r)
{
	struct vf_state *st = &env->st;
	unsigned frame = r->at / VF_HALVES;
	unsigned h = r->at % VF_HALVES;
	bool saved = r >= st->pool && r < st->pool + st->npool;

	if (!env->refuse_leaks) { /* a number like any other */
		*r = (struct vf_reg){ .kind = EXO_REG_SCALAR,
			.s = vf_scalar_any(64),
			.at = r->at,
			.def = env->pc };
	} else if (!saved) {
		r->kind = EXO_REG_UNINIT;
		r->def = env->pc;
	} else { /* pointers are saved as 8 bytes only: stack.c */
		memset(&st->frame[frame]->byte[(size_t)h * 4], VF_BYTE_NONE, 8);
		vf_pool_remove(st, r);
	}
}

bool vf_same_object(unsigned a, unsigned b)
{
	bool pkt_a =
	    a == EXO_REG_PKT || a == EXO_REG_PKT_META || a == EXO_REG_PKT_END;
	bool pkt_b =
	    b == EXO_REG_PKT || b == EXO_REG_PKT_META || b == EXO_REG_PKT_END;

	return a == b || (pkt_a && pkt_b);
}

static bool is_64(const struct exo_insn *in)
{
	return (in->code & 0x07u) == EXO_ALU64;
}

static uint8_t op_of(const struct exo_insn *in)
{
	return in->code & 0xf0u;
}

/* A number made from an address. */
static int reveal(struct vf_env *env, unsigned dst, unsigned reg, bool is64)
{
	struct vf_scalar any = vf_scalar_any(64);

	if (env->refuse_leaks)
		return vf_refuse_reg(env, VF_LEAK_ARITH, reg);
	if (!is64)
		any = vf_scalar_zext(&any, 32, 64);
	vf_set_scalar(env, dst, &any);
	return 0;
}

/*
 * Moves
 */

static int move_reg(struct vf_env *env, const struct exo_insn *in)
{
	unsigned dst = exo_dst(in);
	unsigned src = exo_src(in);
	struct vf_reg *from = &env->st.r[src];
	struct vf_scalar s;
	int err = vf_need(env, src);

	if (err < 0)
		return err;
	if (vf_is_ptr(from) && (!is_64(in) || in->off != 0))
		return reveal(env, dst, src, is_64(in));
	s = from->s;
	if (in->off != 0)
		s = vf_scalar_sext(&s, (unsigned)in->off, 64);
	else if (is_64(in) || s.r.umax <= UINT32_MAX) {
		if (from->kind == EXO_REG_SCALAR)
			(void)vf_link(&env->st, from);
		env->st.r[dst] = *from;
		env->st.r[dst].def = env->pc;
		return 0;
	}
	if (!is_64(in))
		s = vf_scalar_zext(&s, 32, 64);
	vf_set_scalar(env, dst, &s);
	return 0;
}

static struct vf_scalar immediate(const struct exo_insn *in)
{
	int64_t imm = in->imm;

	return vf_scalar_const(
	    is_64(in) ? (uint64_t)imm : (uint32_t)in->imm, 64);
}

static int move(struct vf_env *env, const struct exo_insn *in)
{
	struct vf_scalar s;

	if ((in->code & EXO_X) != 0)
		return move_reg(env, in);
	s = immediate(in);
	vf_set_scalar(env, exo_dst(in), &s);
	return 0;
}

/*
 * Operations of one operand
 */

/* To little-endian cuts off; to big-endian, and bswap, reverse as well. */
static struct vf_scalar byte_order(
    const struct exo_insn *in, const struct vf_scalar *a)
{
	unsigned bits = (unsigned)in->imm;

	if (in->code == (EXO_ALU | EXO_END | EXO_K))
		return vf_scalar_zext(a, bits, 64);
	return vf_scalar_swap(a, bits / 8);
}

static int unary(struct vf_env *env, const struct exo_insn *in)
{
	unsigned dst = exo_dst(in);
	struct vf_scalar zero = vf_scalar_const(0, 64);
	struct vf_scalar s;
	int err = vf_need(env, dst);

	if (err < 0)
		return err;
	if (vf_is_ptr(&env->st.r[dst])) {
		if (env->refuse_leaks)
			return vf_refuse_reg(env, VF_PTR_OP, dst);
		/* le64 and be64 keep all bits, whatever their class */
		return reveal(env, dst, dst,
		    op_of(in) == EXO_END ? in->imm == 64 : is_64(in));
	}
	s = env->st.r[dst].s;
	s = op_of(in) == EXO_END
	        ? byte_order(in, &s)
	        : vf_scalar_alu(EXO_SUB, false, !is_64(in), &zero, &s, 64);
	vf_set_scalar(env, dst, &s);
	return 0;
}

/*
 * Pointers
 */

static int move_const(
    struct vf_env *env, unsigned reg, struct vf_reg *p, int64_t by, bool minus)
{
	int64_t off;

	if (by <= -VF_PTR_LIMIT || by >= VF_PTR_LIMIT)
		return vf_refuse_reg(env, VF_PTR_FAR, reg);
	off = minus ? p->off - by : p->off + by;
	if (off <= -VF_PTR_LIMIT || off >= VF_PTR_LIMIT)
		return vf_refuse_reg(env, VF_PTR_FAR, reg);
	p->off = (int32_t)off;
	return 0;
}

static int move_var(struct vf_env *env, unsigned reg, unsigned by_reg,
    struct vf_reg *p, const struct vf_scalar *by, bool minus)
{
	if (p->kind == EXO_REG_CTX || p->kind == EXO_REG_MAP)
		return vf_refuse_reg(env, VF_CTX_VAR, by_reg);
	if (!vf_is_near(by))
		return vf_refuse_reg(env, VF_PTR_UNBOUNDED, by_reg);
	p->s = vf_scalar_alu(
	    minus ? EXO_SUB : EXO_ADD, false, false, &p->s, by, 64);
	if (!vf_is_near(&p->s))
		return vf_refuse_reg(env, VF_PTR_UNBOUNDED, reg);
	if (p->kind == EXO_REG_RING)
		return 0; /* its id is the memory's, and the size stays */
	p->id = vf_new_id(&env->st);
	p->proven = 0;
	return 0;
}

/* Register dst becomes pointer p, in register reg, moved by a number, in
 * register by_reg or the immediate. */
static int move_ptr(struct vf_env *env, unsigned dst, unsigned reg,
    unsigned by_reg, const struct vf_reg *by, bool minus)
{
	struct vf_reg p = env->st.r[reg];
	int err = 0;

	if (p.kind == EXO_REG_PKT_END || !vf_is_near(&p.s))
		return vf_refuse_reg(env, VF_END_MOVE, reg);
	if (vf_is_or_null(&p))
		return vf_refuse_reg(env, VF_PTR_NULL, reg);
	if (p.kind == EXO_REG_FUNC)
		return vf_refuse_reg(env, VF_PTR_OP, reg);
	if (vf_scalar_is_const(&by->s)) {
		err = move_const(env, reg, &p, by->s.r.smin, minus);
	} else if (p.kind == EXO_REG_MEM && p.id == 0 && p.off == 0 &&
	           by->id == VF_ID_SIZE && by->off == 0 && !minus) {
		p.id = VF_ID_SIZE; /* the end */
		p.s = by->s;
		p.proven = 1; /* s bytes exist */
	} else {
		err = move_var(env, reg, by_reg, &p, &by->s, minus);
	}
	if (err < 0)
		return err;
	p.def = env->pc;
	env->st.r[dst] = p;
	return 0;
}

/* p - q: the variable parts cancel out when they are the same; both point
 * into one object, is_nameless() sees to it. */
static struct vf_scalar difference(
    const struct vf_reg *p, const struct vf_reg *q)
{
	struct vf_scalar s;
	struct vf_scalar off;

	if (p->kind != q->kind || p->kind == EXO_REG_PKT_END)
		return vf_scalar_between_s(-DIFF_MAX, DIFF_MAX, 64);
	off = vf_scalar_const((uint64_t)((int64_t)p->off - q->off), 64);
	if (p->id == q->id)
		return off;
	if (!vf_is_near(&p->s) || !vf_is_near(&q->s))
		return vf_scalar_between_s(-DIFF_MAX, DIFF_MAX, 64);
	s = vf_scalar_alu(EXO_SUB, false, false, &p->s, &q->s, 64);
	return vf_scalar_alu(EXO_ADD, false, false, &s, &off, 64);
}

/* Pointers of one kind that may point into different objects, which their
 * ids do not tell: values of one map, records of one ring buffer. */
static bool is_nameless(const struct vf_reg *p)
{
	return p->kind == EXO_REG_MAP_VALUE || p->kind == EXO_REG_MAP_KEY ||
	       p->kind == EXO_REG_RING || p->kind == EXO_REG_MAP ||
	       p->kind == EXO_REG_FUNC || vf_is_or_null(p);
}

static int both_ptrs(struct vf_env *env, const struct exo_insn *in)
{
	unsigned dst = exo_dst(in);
	const struct vf_reg *p = &env->st.r[dst];
	const struct vf_reg *q = &env->st.r[exo_src(in)];
	struct vf_scalar s;

	if (op_of(in) != EXO_SUB)
		return vf_refuse_reg(env, VF_PTR_PTR, exo_src(in));
	if (!vf_same_object(p->kind, q->kind) || p->map != q->map ||
	    p->frame != q->frame || is_nameless(p))
		return reveal(env, dst, exo_src(in), true);
	s = difference(p, q);
	vf_set_scalar(env, dst, &s);
	return 0;
}

/* `by`: the second operand, an immediate when the instruction has one. */
static int ptr_alu(
    struct vf_env *env, const struct exo_insn *in, const struct vf_reg *by)
{
	unsigned dst = exo_dst(in);
	bool dst_ptr = vf_is_ptr(&env->st.r[dst]);
	unsigned by_reg = (in->code & EXO_X) != 0 ? exo_src(in) : dst;
	uint8_t op = op_of(in);

	if (!is_64(in)) {
		if (op == EXO_SUB && !env->refuse_leaks)
			return reveal(env, dst, dst, false);
		return vf_refuse_reg(env, VF_PTR_OP32, dst_ptr ? dst : by_reg);
	}
	if (op != EXO_ADD && op != EXO_SUB)
		return vf_refuse_reg(env, VF_PTR_OP, dst_ptr ? dst : by_reg);
	if (dst_ptr && vf_is_ptr(by))
		return both_ptrs(env, in);
	if (dst_ptr)
		return move_ptr(env, dst, dst, by_reg, by, op == EXO_SUB);
	if (op == EXO_SUB)
		return vf_refuse_reg(env, VF_PTR_PTR, by_reg);
	return move_ptr(env, dst, by_reg, dst, &env->st.r[dst], false);
}

/*
 * Operations of two operands
 */

/* A number plus a constant stays at a fixed distance from what it was linked
 * to. That is true modulo 2^64, whatever wraps. */
static void keep_link(struct vf_reg *r, const struct vf_reg *was,
    const struct vf_reg *by, bool minus)
{
	int64_t d = by->s.r.smin;

	if (was->id == 0 || !vf_scalar_is_const(&by->s) || d <= -VF_PTR_LIMIT ||
	    d >= VF_PTR_LIMIT)
		return;
	d = minus ? was->off - d : was->off + d;
	if (d <= -VF_PTR_LIMIT || d >= VF_PTR_LIMIT)
		return;
	r->id = was->id;
	r->off = (int32_t)d;
}

static int binary(struct vf_env *env, const struct exo_insn *in)
{
	unsigned dst = exo_dst(in);
	bool x = (in->code & EXO_X) != 0;
	uint8_t op = op_of(in);
	struct vf_reg by = { .kind = EXO_REG_SCALAR };
	struct vf_reg was;
	struct vf_scalar s;
	int err = vf_need(env, dst);

	if (err == 0 && x)
		err = vf_need(env, exo_src(in));
	if (err < 0)
		return err;
	if (x)
		by = env->st.r[exo_src(in)];
	else
		by.s = immediate(in);
	if (vf_is_ptr(&env->st.r[dst]) || vf_is_ptr(&by))
		return ptr_alu(env, in, &by);
	if (x && dst == exo_src(in) && (op == EXO_SUB || op == EXO_XOR))
		s = vf_scalar_const(0, 64);
	else
		s = vf_scalar_alu(
		    op, in->off == 1, !is_64(in), &env->st.r[dst].s, &by.s, 64);
	was = env->st.r[dst];
	vf_set_scalar(env, dst, &s);
	if (is_64(in) && (op == EXO_ADD || op == EXO_SUB))
		keep_link(&env->st.r[dst], &was, &by, op == EXO_SUB);
	return 0;
}

int vf_alu(struct vf_env *env, const struct exo_insn *in)
{
	switch (op_of(in)) {
	case EXO_MOV:
		return move(env, in);
	case EXO_NEG:
	case EXO_END:
		return unary(env, in);
	default:
		return binary(env, in);
	}
}
