/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that access memory.
 */
#include "exo/jit/gen.h"

/* The packet's first byte in a register; may be T1. */
static unsigned packet(struct jit_gen *g)
{
	if (g->h.pkt != X64_NOREG)
		return g->h.pkt;
	x64_load(&g->x, false, 8, T1, jit_ctx_at(g, CTX_AT(data)));
	return T1;
}

/* A constant of 32 bits, sign-extended; needs no other register. */
static void signed_const(struct jit_gen *g, unsigned to, int64_t v)
{
	jit_const(g, to, (uint32_t)v, to);
	x64_extend(&g->x, true, 4, true, to, to);
}

/* The displacement of a program's access, blinded, goes into T2. */
static struct x64_mem blinded(struct jit_gen *g, struct x64_mem m)
{
	signed_const(g, T2, m.disp);
	if (m.index != X64_NOREG)
		x64_alu(&g->x, X64_ADD, true, T2, m.index);
	return x64_at_x(m.base, T2, 0, 0);
}

struct x64_mem jit_mem(
    struct jit_gen *g, const struct jit_ins *in, unsigned reg)
{
	struct x64_mem m = x64_at(X64_NOREG, in->off);

	if (in->base == JIT_B_PKTX ||
	    (in->base == JIT_B_REG && reg != EXO_R_FP))
		jit_fence(g);
	switch ((enum jit_base)in->base) {
	case JIT_B_REG:
		m.base = home(g, reg);
		break;
	case JIT_B_CTX:
		m.base = g->h.ctx;
		break;
	case JIT_B_PKTX:
		m.index = home(g, reg);
		if ((in->flags & JIT_F_LOW) == 0) {
			m.index = T0;
			x64_mov(&g->x, false, T0, home(g, reg));
		}
		m.base = (uint8_t)packet(g);
		break;
	case JIT_B_PKT:
		m.base = (uint8_t)packet(g);
		break;
	}
	if (in->base != JIT_B_CTX && !jit_is_plain(g, m.disp))
		return blinded(g, m);
	return m;
}

/* Load in network order. MOVBE of two bytes leaves what is above them, and
 * takes as many steps as a load and a rotation: not used for those. */
static void load_swapped(
    struct jit_gen *g, unsigned size, unsigned d, struct x64_mem m)
{
	if (size != 2 && (g->cpu & JIT_CPU_MOVBE) != 0) {
		x64_movbe(&g->x, size, d, m);
		return;
	}
	x64_load(&g->x, false, size, d, m);
	if (size == 2)
		x64_rol16(&g->x, d);
	else
		x64_bswap(&g->x, size == 8, d);
}

void jit_lower_load(struct jit_gen *g, const struct jit_ins *in)
{
	struct x64_mem m = jit_mem(g, in, in->s);
	unsigned d = home(g, in->d);

	if ((in->flags & JIT_F_BE) != 0)
		load_swapped(g, in->size, d, m);
	else
		x64_load(&g->x, (in->flags & JIT_F_SX) != 0, in->size, d, m);
}

void jit_lower_store(struct jit_gen *g, const struct jit_ins *in)
{
	struct x64_mem m = jit_mem(g, in, in->d);

	if ((in->flags & JIT_F_K) != 0) {
		int64_t k = in->k;

		if ((in->flags & JIT_F_16) != 0)
			k = (uint16_t)k;
		if (jit_is_plain(g, (int32_t)k)) {
			x64_store_k(&g->x, in->size, m, (int32_t)k);
			return;
		}
		signed_const(g, T0, (int32_t)k);
		x64_store(&g->x, in->size, m, T0);
	} else if ((in->flags & JIT_F_16) != 0) {
		x64_extend(&g->x, false, 2, false, T0, home(g, in->s));
		x64_store(&g->x, in->size, m, T0);
	} else {
		x64_store(&g->x, in->size, m, home(g, in->s));
	}
}

/* The index is masked by its compare with the number of elements: a processor
 * that runs ahead of the jump finds the first element. */
void jit_lower_lookup(struct jit_gen *g, const struct jit_ins *in)
{
	const struct jit_array *a = &g->ir->arrays[in->k];
	unsigned d = home(g, in->d);
	struct x64 *x = &g->x;
	uint32_t none;

	x64_load(x, false, 4, T0, jit_mem(g, in, in->s));
	x64_const(x, d, 0);
	x64_alu_k(x, X64_CMP, false, T0, (int32_t)a->n);
	none = jit_skip(g, CC_AE);
	x64_alu(x, X64_SBB, true, T1, T1); /* below: all bits */
	x64_alu(x, X64_AND, true, T0, T1);
	x64_imul_k(x, true, T0, T0, (int32_t)a->stride);
	x64_const(x, d, (uintptr_t)a->values);
	x64_alu(x, X64_ADD, true, d, T0);
	jit_land(g, none);
}

/* Or, and, xor that give back the value before: x86 has no such instruction.
 * T1 the address, rdx the operand, rax the value before. */
static void fetch_loop(
    struct jit_gen *g, const struct jit_ins *in, unsigned op, bool w)
{
	struct x64_mem at = x64_at(T1, 0);
	unsigned s = home(g, in->s);
	struct x64 *x = &g->x;
	uint32_t again;

	x64_lea(x, true, T1, jit_mem(g, in, in->d));
	x64_push(x, RDX);
	x64_push(x, RAX);
	x64_mov(x, true, T0, s);
	x64_mov(x, true, RDX, T0);
	x64_load(x, false, w ? 8 : 4, RAX, at);
	again = x->n;
	x64_mov(x, true, T0, RAX);
	x64_alu(x, op, w, T0, RDX);
	x64_lock_cmpxchg(x, w, at, T0);
	x64_byte(x, 0x70 | CC_NE);
	x64_byte(x, (again - (x->n + 1)) & 255);
	x64_mov(x, w, T0, RAX);
	x64_pop(x, RAX);
	x64_pop(x, RDX);
	x64_mov(x, true, s, T0);
}

void jit_lower_atomic(struct jit_gen *g, const struct jit_ins *in)
{
	unsigned s = home(g, in->s);
	bool w = in->size == 8;
	struct x64_mem m;

	switch (in->k) {
	case EXO_OR | EXO_FETCH:
		fetch_loop(g, in, X64_OR, w);
		return;
	case EXO_AND | EXO_FETCH:
		fetch_loop(g, in, X64_AND, w);
		return;
	case EXO_XOR | EXO_FETCH:
		fetch_loop(g, in, X64_XOR, w);
		return;
	default:
		break;
	}
	m = jit_mem(g, in, in->d);
	switch (in->k) {
	case EXO_ADD | EXO_FETCH:
		x64_lock_xadd(&g->x, w, m, s);
		break;
	case EXO_XCHG:
		x64_xchg(&g->x, w, m, s);
		break;
	case EXO_CMPXCHG:
		x64_lock_cmpxchg(&g->x, w, m, s);
		if (!w) /* equal: rax is as it was, all of it */
			x64_mov(&g->x, false, RAX, RAX);
		break;
	case EXO_ADD:
		x64_lock_alu(&g->x, X64_ADD, w, m, s);
		break;
	case EXO_OR:
		x64_lock_alu(&g->x, X64_OR, w, m, s);
		break;
	case EXO_AND:
		x64_lock_alu(&g->x, X64_AND, w, m, s);
		break;
	default:
		x64_lock_alu(&g->x, X64_XOR, w, m, s);
		break;
	}
}

/*
 * The packet's bounds. Its length is below 2^31.
 */

static void compare_len(struct jit_gen *g, int32_t k)
{
	if (!jit_is_plain(g, k)) {
		unsigned len = g->h.len;

		jit_const(g, T0, (uint32_t)k, T0);
		if (len == X64_NOREG) {
			len = T1;
			x64_load(
			    &g->x, false, 4, len, jit_ctx_at(g, CTX_AT(size)));
		}
		x64_alu(&g->x, X64_CMP, false, len, T0);
		return;
	}
	if (g->h.len != X64_NOREG)
		x64_alu_k(&g->x, X64_CMP, false, g->h.len, k);
	else
		x64_cmp_mem(&g->x, 4, jit_ctx_at(g, CTX_AT(size)), k);
}

/* With s + k, in 64 bits: neither sum wraps. */
static void compare_sum(struct jit_gen *g, const struct jit_ins *in)
{
	unsigned len = g->h.len;

	if (!jit_is_plain(g, in->k)) {
		jit_const(g, T0, (uint32_t)in->k, T0);
		x64_mov(&g->x, false, T1, home(g, in->s));
		x64_alu(&g->x, X64_ADD, true, T0, T1);
	} else if ((in->flags & JIT_F_LOW) != 0) {
		x64_lea(
		    &g->x, true, T0, x64_at(home(g, in->s), (int32_t)in->k));
	} else {
		x64_mov(&g->x, false, T0, home(g, in->s));
		x64_alu_k(&g->x, X64_ADD, true, T0, (int32_t)in->k);
	}
	if (len == X64_NOREG) {
		len = T1;
		x64_load(&g->x, false, 4, len, jit_ctx_at(g, CTX_AT(size)));
	}
	x64_alu(&g->x, X64_CMP, true, len, T0);
}

void jit_len_below(struct jit_gen *g, const struct jit_ins *in, uint32_t label)
{
	if (in->k > INT32_MAX) {
		jit_jump(g, label);
		return;
	}
	if ((in->flags & JIT_F_K) != 0)
		compare_len(g, (int32_t)in->k);
	else
		compare_sum(g, in);
	jit_jump_if(g, CC_B, label);
	jit_fence(g);
}

void jit_lower_check(struct jit_gen *g, const struct jit_ins *in)
{
	jit_len_below(g, in, label_reject(g, g->func));
}

/* LD_IND with a negative number: isa_ld_pkt_at() word by word. */
void jit_lower_ld_ind(struct jit_gen *g, const struct jit_ins *in)
{
	uint32_t label = label_reject(g, g->func), near;
	unsigned d = home(g, in->d);
	struct x64 *x = &g->x;

	x64_mov(x, false, T0, home(g, in->s));
	signed_const(g, T1, in->k);
	x64_alu(x, X64_ADD, true, T0, T1);
	x64_alu_k(x, X64_CMP, true, T0, EXO_SKF_NET_OFF);
	near = jit_skip(g, CC_GE);
	x64_alu_k(x, X64_SUB, true, T0, EXO_SKF_LL_OFF);
	jit_land(g, near);
	x64_test(x, true, T0, T0);
	jit_jump_if(g, CC_S, label);
	/* the last start, which is negative for a packet that is too short */
	if (g->h.len != X64_NOREG) {
		x64_lea(x, true, T1, x64_at(g->h.len, -in->size));
	} else {
		x64_load(x, false, 4, T1, jit_ctx_at(g, CTX_AT(size)));
		x64_alu_k(x, X64_SUB, true, T1, in->size);
	}
	x64_alu(x, X64_CMP, true, T1, T0);
	jit_jump_if(g, CC_L, label);
	jit_fence(g);
	if (in->size == 1)
		x64_load(
		    x, false, 1, d, x64_at_x((uint8_t)packet(g), T0, 0, 0));
	else
		load_swapped(
		    g, in->size, d, x64_at_x((uint8_t)packet(g), T0, 0, 0));
}
