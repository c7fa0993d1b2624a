/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoders of x86-64 instructions.
 *
 * They append to a buffer and never fail: what has no room is counted and not
 * written, so that without a buffer a first pass only measures. The driver
 * compares `n` with the room once, at the end.
 *
 * [Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2]
 */
#ifndef JIT_X64_H
#define JIT_X64_H

#include <stdbool.h>
#include <stdint.h>

enum x64_reg {
	RAX,
	RCX,
	RDX,
	RBX,
	RSP,
	RBP,
	RSI,
	RDI,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	X64_NOREG,
};

struct x64 {
	uint8_t *buf;  /* NULL: measure */
	uint32_t room; /* bytes at buf */
	uint32_t n;    /* bytes so far */
};

/** Memory: [base + (index << scale) + disp]; index X64_NOREG: none. */
struct x64_mem {
	uint8_t base, index;
	int32_t disp;
	uint8_t scale;
};

static inline struct x64_mem x64_at(unsigned base, int32_t disp)
{
	return (struct x64_mem){ (uint8_t)base, X64_NOREG, disp, 0 };
}

static inline struct x64_mem x64_at_x(
    unsigned base, unsigned index, unsigned scale, int32_t disp)
{
	return (struct x64_mem){ (uint8_t)base, (uint8_t)index, disp,
		(uint8_t)scale };
}

/** The second byte of a jump's opcode 0x70 + cc. */
enum x64_cc {
	CC_B = 2,
	CC_AE = 3,
	CC_E = 4,
	CC_NE = 5,
	CC_BE = 6,
	CC_A = 7,
	CC_S = 8,
	CC_L = 12,
	CC_GE = 13,
	CC_LE = 14,
	CC_G = 15,
};

/** The operations of opcodes 0x00 to 0x3f and 0x81. */
enum x64_alu {
	X64_ADD = 0,
	X64_OR = 1,
	X64_SBB = 3,
	X64_AND = 4,
	X64_SUB = 5,
	X64_XOR = 6,
	X64_CMP = 7,
};

/** Shifts of opcodes 0xc1 and 0xd3. */
enum x64_shift {
	X64_SHL = 4,
	X64_SHR = 5,
	X64_SAR = 7,
};

void x64_byte(struct x64 *x, unsigned v);
void x64_bytes32(struct x64 *x, uint32_t v);

/* w: on 64 bits; else on 32, and the upper half of a result is 0. */

void x64_mov(struct x64 *x, bool w, unsigned to, unsigned from);
/** The shortest way to a constant; flags may change. */
void x64_const(struct x64 *x, unsigned to, uint64_t v);
void x64_alu(struct x64 *x, unsigned op, bool w, unsigned to, unsigned from);
void x64_alu_k(struct x64 *x, unsigned op, bool w, unsigned to, int32_t k);
/** to op= memory of 4 or 8 bytes. */
void x64_alu_load(
    struct x64 *x, unsigned op, bool w, unsigned to, struct x64_mem m);
/** Compare `size` bytes of memory with k. */
void x64_cmp_mem(struct x64 *x, unsigned size, struct x64_mem m, int32_t k);
void x64_test(struct x64 *x, bool w, unsigned a, unsigned b);
void x64_test_k(struct x64 *x, bool w, unsigned a, int32_t k);
/** Test `size` bytes of memory with k. */
void x64_test_mem(struct x64 *x, unsigned size, struct x64_mem m, int32_t k);
void x64_neg(struct x64 *x, bool w, unsigned reg);
void x64_imul(struct x64 *x, bool w, unsigned to, unsigned from);
void x64_imul_k(struct x64 *x, bool w, unsigned to, unsigned from, int32_t k);
/** rdx:rax / reg; sx: signed. */
void x64_div(struct x64 *x, bool sx, bool w, unsigned reg);
/** rax extended into rdx:rax. */
void x64_cqo(struct x64 *x, bool w);
void x64_shift_k(struct x64 *x, unsigned op, bool w, unsigned reg, unsigned by);
void x64_shift_cl(struct x64 *x, unsigned op, bool w, unsigned reg);
/** BMI2's shifts: to = from shifted by reg. */
void x64_shift_x(struct x64 *x, unsigned op, bool w, unsigned to, unsigned from,
    unsigned by);
/** Sign- or zero-extend the low `size` bytes. */
void x64_extend(
    struct x64 *x, bool sx, unsigned size, bool w, unsigned to, unsigned from);
void x64_bswap(struct x64 *x, bool w, unsigned reg);
/** Rotate the low 16 bits by 8. */
void x64_rol16(struct x64 *x, unsigned reg);
void x64_lea(struct x64 *x, bool w, unsigned to, struct x64_mem m);
/** lea to, [rip + disp], disp counted from its end. */
void x64_lea_rip(struct x64 *x, unsigned to, int32_t disp);
/** Load `size` bytes, sign- or zero-extended to 64 bits. */
void x64_load(
    struct x64 *x, bool sx, unsigned size, unsigned to, struct x64_mem m);
/** MOVBE of 2 (upper bits stay), 4 or 8 bytes. */
void x64_movbe(struct x64 *x, unsigned size, unsigned to, struct x64_mem m);
void x64_store(struct x64 *x, unsigned size, struct x64_mem m, unsigned from);
void x64_store_k(struct x64 *x, unsigned size, struct x64_mem m, int32_t k);
/** lock op [m], from */
void x64_lock_alu(
    struct x64 *x, unsigned op, bool w, struct x64_mem m, unsigned from);
void x64_lock_xadd(struct x64 *x, bool w, struct x64_mem m, unsigned reg);
void x64_lock_cmpxchg(struct x64 *x, bool w, struct x64_mem m, unsigned reg);
void x64_xchg(struct x64 *x, bool w, struct x64_mem m, unsigned reg);
void x64_push(struct x64 *x, unsigned reg);
void x64_pop(struct x64 *x, unsigned reg);
void x64_call_reg(struct x64 *x, unsigned reg);
void x64_jump_mem(struct x64 *x, struct x64_mem m);
void x64_ret(struct x64 *x);
void x64_trap(struct x64 *x);
void x64_lfence(struct x64 *x);

#endif
