/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoders of x86-64 instructions: see x64.h. */
#include "exo/jit/x64.h"

#include <stddef.h>

#define REX   0x40u
#define REX_W 0x48u

void x64_byte(struct x64 *x, unsigned v)
{
	if (x->buf != NULL && x->n < x->room)
		x->buf[x->n] = (uint8_t)v;
	x->n++;
}

void x64_bytes32(struct x64 *x, uint32_t v)
{
	x64_byte(x, v & 255);
	x64_byte(x, v >> 8 & 255);
	x64_byte(x, v >> 16 & 255);
	x64_byte(x, v >> 24);
}

static void bytes64(struct x64 *x, uint64_t v)
{
	x64_bytes32(x, (uint32_t)v);
	x64_bytes32(x, (uint32_t)(v >> 32));
}

static bool is_small(int32_t v)
{
	return v >= INT8_MIN && v <= INT8_MAX;
}

/* A prefix that extends registers, where one is needed. Byte accesses of
 * sil, dil and the like need it, too: `force`. */
static void rex(struct x64 *x, bool w, unsigned reg, unsigned index,
    unsigned base, bool force)
{
	unsigned v = REX | (w ? 8u : 0) | (reg >> 3 & 1) << 2 |
	             (index >> 3 & 1) << 1 | (base >> 3 & 1);

	if (v != REX || force)
		x64_byte(x, v);
}

/* Opcodes of more than one byte are written 0x0fxx, 0x0f38xx. */
static void opcode(struct x64 *x, unsigned op)
{
	if (op > 0xffff)
		x64_byte(x, op >> 16);
	if (op > 0xff)
		x64_byte(x, op >> 8 & 255);
	x64_byte(x, op & 255);
}

static void op_rr(struct x64 *x, unsigned op, bool w, unsigned reg, unsigned rm)
{
	rex(x, w, reg, 0, rm, false);
	opcode(x, op);
	x64_byte(x, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* ModRM, SIB and displacement. r12 and rsp need a SIB byte, rbp and r13 a
 * displacement. */
static void mem(struct x64 *x, unsigned reg, struct x64_mem m)
{
	bool sib = m.index != X64_NOREG || (m.base & 7) == RSP;
	unsigned mod = 0x80, rm = sib ? RSP : m.base & 7u;

	if (m.disp == 0 && (m.base & 7) != RBP)
		mod = 0;
	else if (is_small(m.disp))
		mod = 0x40;
	x64_byte(x, mod | (reg & 7) << 3 | rm);
	if (sib)
		x64_byte(
		    x, (unsigned)m.scale << 6 |
		           (m.index == X64_NOREG ? RSP : m.index & 7u) << 3 |
		           (m.base & 7u));
	if (mod == 0x40)
		x64_byte(x, (uint8_t)m.disp);
	else if (mod == 0x80)
		x64_bytes32(x, (uint32_t)m.disp);
}

static void op_rm(struct x64 *x, unsigned op, bool w, unsigned reg,
    struct x64_mem m, bool force)
{
	rex(x, w, reg, m.index == X64_NOREG ? 0 : m.index, m.base, force);
	opcode(x, op);
	mem(x, reg, m);
}

void x64_mov(struct x64 *x, bool w, unsigned to, unsigned from)
{
	op_rr(x, 0x89, w, from, to);
}

void x64_const(struct x64 *x, unsigned to, uint64_t v)
{
	if (v == 0) {
		op_rr(x, 0x31, false, to, to);
	} else if (v <= UINT32_MAX) {
		rex(x, false, 0, 0, to, false);
		x64_byte(x, 0xb8 | (to & 7));
		x64_bytes32(x, (uint32_t)v);
	} else if (v >= (uint64_t)(int64_t)INT32_MIN) {
		op_rr(x, 0xc7, true, 0, to);
		x64_bytes32(x, (uint32_t)v);
	} else {
		rex(x, true, 0, 0, to, false);
		x64_byte(x, 0xb8 | (to & 7));
		bytes64(x, v);
	}
}

void x64_alu(struct x64 *x, unsigned op, bool w, unsigned to, unsigned from)
{
	op_rr(x, op << 3 | 1, w, from, to);
}

void x64_alu_k(struct x64 *x, unsigned op, bool w, unsigned to, int32_t k)
{
	if (is_small(k)) {
		op_rr(x, 0x83, w, op, to);
		x64_byte(x, (uint8_t)k);
	} else if (to == RAX) {
		rex(x, w, 0, 0, 0, false);
		x64_byte(x, op << 3 | 5);
		x64_bytes32(x, (uint32_t)k);
	} else {
		op_rr(x, 0x81, w, op, to);
		x64_bytes32(x, (uint32_t)k);
	}
}

void x64_alu_load(
    struct x64 *x, unsigned op, bool w, unsigned to, struct x64_mem m)
{
	op_rm(x, op << 3 | 3, w, to, m, false);
}

/* Group 1 (0x80, 0x81, 0x83) and TEST (0xf6, 0xf7) of memory with k. */
static void mem_k(struct x64 *x, unsigned size, unsigned op, unsigned digit,
    struct x64_mem m, int32_t k, bool small)
{
	if (size == 2)
		x64_byte(x, 0x66);
	op_rm(x, size == 1 ? op : op + (small ? 3 : 1), size == 8, digit, m,
	    false);
	if (size == 1 || small) {
		x64_byte(x, (uint8_t)k);
	} else if (size == 2) {
		x64_byte(x, (uint32_t)k & 255);
		x64_byte(x, (uint32_t)k >> 8 & 255);
	} else {
		x64_bytes32(x, (uint32_t)k);
	}
}

void x64_cmp_mem(struct x64 *x, unsigned size, struct x64_mem m, int32_t k)
{
	mem_k(x, size, 0x80, X64_CMP, m, k, size != 1 && is_small(k));
}

void x64_test_mem(struct x64 *x, unsigned size, struct x64_mem m, int32_t k)
{
	mem_k(x, size, 0xf6, 0, m, k, false);
}

void x64_test(struct x64 *x, bool w, unsigned a, unsigned b)
{
	op_rr(x, 0x85, w, b, a);
}

void x64_test_k(struct x64 *x, bool w, unsigned a, int32_t k)
{
	if (k >= 0 && k <= INT8_MAX) {
		/* its low byte: the flags are the same but for the sign, which
		 * nobody asks */
		rex(x, false, 0, 0, a, a >= RSP);
		x64_byte(x, 0xf6);
		x64_byte(x, 0xc0 | (a & 7));
		x64_byte(x, (uint8_t)k);
		return;
	}
	op_rr(x, 0xf7, w && k < 0, 0, a);
	x64_bytes32(x, (uint32_t)k);
}

void x64_neg(struct x64 *x, bool w, unsigned reg)
{
	op_rr(x, 0xf7, w, 3, reg);
}

void x64_imul(struct x64 *x, bool w, unsigned to, unsigned from)
{
	op_rr(x, 0x0faf, w, to, from);
}

void x64_imul_k(struct x64 *x, bool w, unsigned to, unsigned from, int32_t k)
{
	op_rr(x, is_small(k) ? 0x6b : 0x69, w, to, from);
	if (is_small(k))
		x64_byte(x, (uint8_t)k);
	else
		x64_bytes32(x, (uint32_t)k);
}

void x64_div(struct x64 *x, bool sx, bool w, unsigned reg)
{
	op_rr(x, 0xf7, w, sx ? 7 : 6, reg);
}

void x64_cqo(struct x64 *x, bool w)
{
	rex(x, w, 0, 0, 0, false);
	x64_byte(x, 0x99);
}

void x64_shift_k(struct x64 *x, unsigned op, bool w, unsigned reg, unsigned by)
{
	op_rr(x, 0xc1, w, op, reg);
	x64_byte(x, by);
}

void x64_shift_cl(struct x64 *x, unsigned op, bool w, unsigned reg)
{
	op_rr(x, 0xd3, w, op, reg);
}

void x64_shift_x(
    struct x64 *x, unsigned op, bool w, unsigned to, unsigned from, unsigned by)
{
	unsigned pp = op == X64_SHL ? 1 : op == X64_SHR ? 3 : 2;

	x64_byte(x, 0xc4);
	x64_byte(x, (~to >> 3 & 1) << 7 | 0x40 | (~from >> 3 & 1) << 5 | 2);
	x64_byte(x, (w ? 0x80u : 0) | (~by & 15) << 3 | pp);
	x64_byte(x, 0xf7);
	x64_byte(x, 0xc0 | (to & 7) << 3 | (from & 7));
}

void x64_extend(
    struct x64 *x, bool sx, unsigned size, bool w, unsigned to, unsigned from)
{
	if (size == 4 && sx) {
		op_rr(x, 0x63, true, to, from);
	} else if (size == 4) {
		x64_mov(x, false, to, from);
	} else {
		unsigned op = (sx ? 0x0fbeu : 0x0fb6u) + (size == 2);

		rex(x, w && sx, to, 0, from, size == 1 && from >= RSP);
		opcode(x, op);
		x64_byte(x, 0xc0 | (to & 7) << 3 | (from & 7));
	}
}

void x64_bswap(struct x64 *x, bool w, unsigned reg)
{
	rex(x, w, 0, 0, reg, false);
	x64_byte(x, 0x0f);
	x64_byte(x, 0xc8 | (reg & 7));
}

void x64_rol16(struct x64 *x, unsigned reg)
{
	x64_byte(x, 0x66);
	op_rr(x, 0xc1, false, 0, reg);
	x64_byte(x, 8);
}

void x64_lea(struct x64 *x, bool w, unsigned to, struct x64_mem m)
{
	op_rm(x, 0x8d, w, to, m, false);
}

void x64_lea_rip(struct x64 *x, unsigned to, int32_t disp)
{
	rex(x, true, to, 0, 0, false);
	x64_byte(x, 0x8d);
	x64_byte(x, 5 | (to & 7) << 3);
	x64_bytes32(x, (uint32_t)disp);
}

void x64_load(
    struct x64 *x, bool sx, unsigned size, unsigned to, struct x64_mem m)
{
	switch (size) {
	case 1:
		op_rm(x, sx ? 0x0fbe : 0x0fb6, sx, to, m, false);
		break;
	case 2:
		op_rm(x, sx ? 0x0fbf : 0x0fb7, sx, to, m, false);
		break;
	case 4:
		op_rm(x, sx ? 0x63 : 0x8b, sx, to, m, false);
		break;
	default:
		op_rm(x, 0x8b, true, to, m, false);
		break;
	}
}

void x64_movbe(struct x64 *x, unsigned size, unsigned to, struct x64_mem m)
{
	if (size == 2)
		x64_byte(x, 0x66);
	op_rm(x, 0x0f38f0, size == 8, to, m, false);
}

void x64_store(struct x64 *x, unsigned size, struct x64_mem m, unsigned from)
{
	if (size == 2)
		x64_byte(x, 0x66);
	op_rm(x, size == 1 ? 0x88 : 0x89, size == 8, from, m,
	    size == 1 && from >= RSP);
}

void x64_store_k(struct x64 *x, unsigned size, struct x64_mem m, int32_t k)
{
	mem_k(x, size, 0xc6, 0, m, k, false);
}

void x64_lock_alu(
    struct x64 *x, unsigned op, bool w, struct x64_mem m, unsigned from)
{
	x64_byte(x, 0xf0);
	op_rm(x, op << 3 | 1, w, from, m, false);
}

void x64_lock_xadd(struct x64 *x, bool w, struct x64_mem m, unsigned reg)
{
	x64_byte(x, 0xf0);
	op_rm(x, 0x0fc1, w, reg, m, false);
}

void x64_lock_cmpxchg(struct x64 *x, bool w, struct x64_mem m, unsigned reg)
{
	x64_byte(x, 0xf0);
	op_rm(x, 0x0fb1, w, reg, m, false);
}

void x64_xchg(struct x64 *x, bool w, struct x64_mem m, unsigned reg)
{
	op_rm(x, 0x87, w, reg, m, false);
}

void x64_push(struct x64 *x, unsigned reg)
{
	rex(x, false, 0, 0, reg, false);
	x64_byte(x, 0x50 | (reg & 7));
}

void x64_pop(struct x64 *x, unsigned reg)
{
	rex(x, false, 0, 0, reg, false);
	x64_byte(x, 0x58 | (reg & 7));
}

void x64_call_reg(struct x64 *x, unsigned reg)
{
	op_rr(x, 0xff, false, 2, reg);
}

void x64_jump_mem(struct x64 *x, struct x64_mem m)
{
	op_rm(x, 0xff, false, 4, m, false);
}

void x64_ret(struct x64 *x)
{
	x64_byte(x, 0xc3);
}

void x64_trap(struct x64 *x)
{
	x64_byte(x, 0x0f);
	x64_byte(x, 0x0b);
}

void x64_lfence(struct x64 *x)
{
	x64_byte(x, 0x0f);
	x64_byte(x, 0xae);
	x64_byte(x, 0xe8);
}
