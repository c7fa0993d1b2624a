/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions without memory, calls.
 */
#include "exo/jit/gen.h"

#include "exo/isa/helpers.h"

static bool fits(int64_t v)
{
	return v >= INT32_MIN && v <= INT32_MAX;
}

static void lower_swap(struct jit_gen *g, const struct jit_ins *in)
{
	unsigned d = home(g, in->d);

	if (in->size == 2) {
		x64_rol16(&g->x, d);
		x64_extend(&g->x, false, 2, false, d, d);
	} else {
		x64_bswap(&g->x, in->size == 8, d);
	}
}

static void lower_end(struct jit_gen *g, const struct jit_ins *in)
{
	unsigned d = home(g, in->d);

	if (g->h.len == X64_NOREG) {
		x64_load(&g->x, false, 8, d, jit_ctx_at(g, CTX_AT(data_end)));
		if (in->k != 0)
			x64_alu_k(&g->x, X64_ADD, true, d, (int32_t)in->k);
		return;
	}
	x64_lea(
	    &g->x, true, d, x64_at_x(g->h.pkt, g->h.len, 0, (int32_t)in->k));
}

static void lower_data(struct jit_gen *g, const struct jit_ins *in)
{
	unsigned d = home(g, in->d);

	if (g->h.pkt == X64_NOREG) {
		x64_load(&g->x, false, 8, d, jit_ctx_at(g, CTX_AT(data)));
		if (in->k != 0)
			x64_alu_k(&g->x, X64_ADD, true, d, (int32_t)in->k);
	} else if (in->k == 0) {
		x64_mov(&g->x, true, d, g->h.pkt);
	} else {
		x64_lea(&g->x, true, d, x64_at(g->h.pkt, (int32_t)in->k));
	}
}

/* d = s + k, which is the packet's constant or a program's. */
static void add_const(
    struct jit_gen *g, bool w, unsigned d, unsigned s, int64_t k)
{
	if (jit_is_plain(g, k)) {
		x64_lea(&g->x, w, d, x64_at(s, (int32_t)k));
		return;
	}
	jit_const(g, T0, (uint64_t)k, T1);
	x64_lea(&g->x, w, d, x64_at_x(s, T0, 0, 0));
}

static void lower_sum(struct jit_gen *g, const struct jit_ins *in)
{
	add_const(g, (in->flags & JIT_F_32) == 0, home(g, in->d),
	    home(g, in->s), in->k);
}

static unsigned alu_op(unsigned alu)
{
	switch (alu) {
	case EXO_ADD:
		return X64_ADD;
	case EXO_SUB:
		return X64_SUB;
	case EXO_OR:
		return X64_OR;
	case EXO_AND:
		return X64_AND;
	default:
		return X64_XOR;
	}
}

static unsigned shift_op(unsigned alu)
{
	return alu == EXO_LSH ? X64_SHL : alu == EXO_RSH ? X64_SHR : X64_SAR;
}

/* Without BMI2 the distance has to be in cl. */
static void shift_by_reg(
    struct jit_gen *g, unsigned op, bool w, unsigned d, unsigned s)
{
	struct x64 *x = &g->x;

	if ((g->cpu & JIT_CPU_BMI2) != 0) {
		x64_shift_x(x, op, w, d, d, s);
	} else if (s == RCX) {
		x64_shift_cl(x, op, w, d);
	} else if (d == RCX) {
		x64_mov(x, true, T0, RCX);
		x64_mov(x, false, RCX, s);
		x64_shift_cl(x, op, w, T0);
		x64_mov(x, w, RCX, T0);
	} else {
		x64_mov(x, true, T0, RCX);
		x64_mov(x, false, RCX, s);
		x64_shift_cl(x, op, w, d);
		x64_mov(x, true, RCX, T0);
	}
}

static void lower_shift(struct jit_gen *g, const struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0;
	unsigned d = home(g, in->d), by = (unsigned)in->k & (w ? 63 : 31);

	if ((in->flags & JIT_F_K) == 0)
		shift_by_reg(g, shift_op(in->alu), w, d, home(g, in->s));
	else if (by != 0)
		x64_shift_k(&g->x, shift_op(in->alu), w, d, by);
	else if (!w)
		x64_mov(&g->x, false, d, d);
}

/* The constant of an operand in a register, if it is no immediate. */
static unsigned operand(struct jit_gen *g, const struct jit_ins *in)
{
	if ((in->flags & JIT_F_K) == 0)
		return home(g, in->s);
	jit_const(g, T0, (uint64_t)in->k, T1);
	return T0;
}

/* An immediate is sign-extended to 64 bits; on 32 bits all are one. */
static bool is_immediate(const struct jit_gen *g, const struct jit_ins *in)
{
	return jit_is_plain(g, in->k) && (in->flags & JIT_F_K) != 0 &&
	       ((in->flags & JIT_F_32) != 0 || fits(in->k));
}

void jit_lower_alu(struct jit_gen *g, const struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0;
	unsigned d = home(g, in->d);

	switch (in->alu) {
	case EXO_DIV:
	case EXO_MOD:
		jit_lower_divide(g, in);
		break;
	case EXO_LSH:
	case EXO_RSH:
	case EXO_ARSH:
		lower_shift(g, in);
		break;
	case EXO_MUL:
		if (is_immediate(g, in))
			x64_imul_k(&g->x, w, d, d, (int32_t)in->k);
		else
			x64_imul(&g->x, w, d, operand(g, in));
		break;
	default:
		if (is_immediate(g, in))
			x64_alu_k(&g->x, alu_op(in->alu), w, d, (int32_t)in->k);
		else
			x64_alu(&g->x, alu_op(in->alu), w, d, operand(g, in));
		break;
	}
}

/*
 * Division. x86's faults on 0 and on INT_MIN / -1, and wants rax and rdx.
 */

/* rax and rdx by T0; the result into T0. */
static void divide(struct jit_gen *g, const struct jit_ins *in, bool w)
{
	bool sx = (in->flags & JIT_F_SX) != 0, rest = in->alu == EXO_MOD;
	bool minus = sx && ((in->flags & JIT_F_K) == 0 || in->k == -1 ||
	                       (!w && (int32_t)in->k == -1));
	struct x64 *x = &g->x;
	uint32_t normal = 0, done = 0;

	if (minus) {
		x64_alu_k(x, X64_CMP, w, T0, -1);
		normal = jit_skip(g, CC_NE);
		x64_mov(x, w, T0, RAX);
		if (rest)
			x64_const(x, T0, 0);
		else
			x64_neg(x, w, T0);
		done = jit_skip(g, -1);
		jit_land(g, normal);
	}
	if (sx)
		x64_cqo(x, w);
	else
		x64_const(x, RDX, 0);
	x64_div(x, sx, w, T0);
	x64_mov(x, w, T0, rest ? RDX : RAX);
	if (minus)
		jit_land(g, done);
}

/* By 0: the quotient is 0, the rest the dividend. */
static void by_zero(struct jit_gen *g, const struct jit_ins *in, bool w)
{
	unsigned d = home(g, in->d);

	if (in->alu == EXO_DIV)
		x64_const(&g->x, d, 0);
	else if (!w)
		x64_mov(&g->x, false, d, d);
}

void jit_lower_divide(struct jit_gen *g, const struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0;
	bool k = (in->flags & JIT_F_K) != 0;
	unsigned d = home(g, in->d);
	struct x64 *x = &g->x;
	uint32_t normal, done = 0;

	if (k && (w ? in->k : (int32_t)in->k) == 0) {
		by_zero(g, in, w);
		return;
	}
	if (k)
		jit_const(g, T0, (uint64_t)in->k, T1);
	else
		x64_mov(x, w, T0, home(g, in->s));
	if (!k) {
		x64_test(x, w, T0, T0);
		normal = jit_skip(g, CC_NE);
		by_zero(g, in, w);
		done = jit_skip(g, -1);
		jit_land(g, normal);
	}
	if (d != RAX) {
		x64_mov(x, true, T1, RAX);
		x64_mov(x, w, RAX, d);
	}
	if (d != RDX)
		x64_push(x, RDX);
	divide(g, in, w);
	if (d != RDX)
		x64_pop(x, RDX);
	if (d != RAX)
		x64_mov(x, true, RAX, T1);
	x64_mov(x, w, d, T0);
	if (!k)
		jit_land(g, done);
}

/*
 * Calls
 */

/* A tail call that found its program goes on there, in this one's place. */
static void lower_tail(struct jit_gen *g)
{
	struct x64 *x = &g->x;
	uint32_t none;

	x64_cmp_mem(x, 8, jit_ctx_at(g, CTX_AT(tail)), 0);
	none = jit_skip(g, CC_E);
	x64_mov(x, true, RDI, g->h.ctx);
	x64_load(x, false, 8, RSI, jit_ctx_at(g, CTX_AT(data)));
	x64_load(x, false, 4, RDX, jit_ctx_at(g, CTX_AT(size)));
	jit_restore(g);
	x64_jump_mem(x, x64_at(RDI, CTX_AT(tail)));
	jit_land(g, none);
}

void jit_lower_call(struct jit_gen *g, const struct jit_ins *in)
{
	const struct jit_env *env = g->ir->env;
	const struct isa_helper *row;
	bool exists;

	if (in->op == JIT_LOCAL) {
		jit_call_label(g, label_func(g, (uint32_t)in->k));
		return;
	}
	if (in->op == JIT_FIND) {
		x64_const(&g->x, T0, (uint64_t)in->k);
		x64_call_reg(&g->x, T0);
		return;
	}
	row = isa_helper((uint32_t)in->k, g->ir->type, &exists);
	x64_mov(&g->x, true, R9, g->h.ctx);
	x64_const(
	    &g->x, T0, (uint64_t)(uintptr_t)env->helper(env, (uint32_t)in->k));
	x64_call_reg(&g->x, T0);
	if (row != NULL && (row->fx & ISA_FX_TAIL) != 0)
		lower_tail(g);
}

/* What accesses memory. */
static void lower_access(struct jit_gen *g, const struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_LOOKUP:
		jit_lower_lookup(g, in);
		break;
	case JIT_LOAD:
		jit_lower_load(g, in);
		break;
	case JIT_STORE:
		jit_lower_store(g, in);
		break;
	case JIT_ATOMIC:
		jit_lower_atomic(g, in);
		break;
	case JIT_CHECK:
		jit_lower_check(g, in);
		break;
	case JIT_LD_IND:
		jit_lower_ld_ind(g, in);
		break;
	default:
		break;
	}
}

void jit_lower(struct jit_gen *g, const struct jit_ins *in)
{
	bool w = (in->flags & JIT_F_32) == 0;

	switch ((enum jit_op)in->op) {
	case JIT_MOV:
		x64_mov(&g->x, w, home(g, in->d), home(g, in->s));
		break;
	case JIT_CONST:
		jit_const(g, home(g, in->d), (uint64_t)in->k, T0);
		break;
	case JIT_DATA:
		lower_data(g, in);
		break;
	case JIT_END:
		lower_end(g, in);
		break;
	case JIT_FUNC:
		jit_lea_label(
		    g, home(g, in->d), label_func(g, (uint32_t)in->k));
		break;
	case JIT_ALU:
		jit_lower_alu(g, in);
		break;
	case JIT_SUM:
		lower_sum(g, in);
		break;
	case JIT_NEG:
		x64_neg(&g->x, w, home(g, in->d));
		break;
	case JIT_MOVSX:
		x64_extend(
		    &g->x, true, in->size, w, home(g, in->d), home(g, in->s));
		break;
	case JIT_ZEXT:
		x64_extend(&g->x, false, in->size, false, home(g, in->d),
		    home(g, in->d));
		break;
	case JIT_SWAP:
		lower_swap(g, in);
		break;
	case JIT_CALL:
	case JIT_FIND:
	case JIT_LOCAL:
		jit_lower_call(g, in);
		break;
	default:
		lower_access(g, in);
		break;
	}
}
