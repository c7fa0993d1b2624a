/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the passes ask of instructions and blocks.
 */
#include "exo/jit/ir.h"

#include "exo/isa/helpers.h"
#include "exo/lib/mem.h"

#define BIT(r) ((uint16_t)(1u << (r)))

/* Registers r1 to r5. */
#define ARGS ((uint16_t)0x3e)

static uint16_t address(const struct jit_ins *in, uint8_t reg)
{
	return in->base == JIT_B_REG || in->base == JIT_B_PKTX ? BIT(reg) : 0;
}

static uint16_t second(const struct jit_ins *in)
{
	return (in->flags & JIT_F_K) != 0 ? 0 : BIT(in->s);
}

/* The arguments of a helper. */
static uint16_t helper_args(const struct jit_ir *ir, uint32_t nr)
{
	bool exists;
	const struct isa_helper *row = isa_helper(nr, ir->type, &exists);
	uint16_t bits = 0;
	unsigned i;

	if (row == NULL)
		return ARGS;
	for (i = 0; i < ISA_ARGS && row->arg[i] != ISA_ARG_NONE; i++)
		bits |= BIT(i + 1);
	return bits;
}

uint16_t jit_reads(const struct jit_ir *ir, const struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_MOV:
	case JIT_MOVSX:
	case JIT_SUM:
	case JIT_LD_IND:
		return BIT(in->s);
	case JIT_ALU:
	case JIT_IF:
		return (uint16_t)(BIT(in->d) | second(in));
	case JIT_NEG:
	case JIT_ZEXT:
	case JIT_SWAP:
	case JIT_SWITCH:
		return BIT(in->d);
	case JIT_LOOKUP:
	case JIT_LOAD:
		return address(in, in->s);
	case JIT_STORE:
		return (uint16_t)(address(in, in->d) | second(in));
	case JIT_ATOMIC:
		return (uint16_t)(address(in, in->d) | BIT(in->s) |
		                  (in->k == EXO_CMPXCHG ? BIT(0) : 0));
	case JIT_CHECK:
	case JIT_IF_LEN:
		return second(in);
	case JIT_CALL:
		return helper_args(ir, (uint32_t)in->k);
	case JIT_FIND:
		return BIT(1) | BIT(2);
	case JIT_LOCAL:
		return ARGS;
	case JIT_EXIT:
		return BIT(0);
	default:
		return 0;
	}
}

uint16_t jit_writes(const struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_MOV:
	case JIT_CONST:
	case JIT_DATA:
	case JIT_END:
	case JIT_FUNC:
	case JIT_ALU:
	case JIT_SUM:
	case JIT_NEG:
	case JIT_MOVSX:
	case JIT_ZEXT:
	case JIT_SWAP:
	case JIT_LOOKUP:
	case JIT_LOAD:
	case JIT_LD_IND:
		return BIT(in->d);
	case JIT_ATOMIC:
		if (in->k == EXO_CMPXCHG)
			return BIT(0);
		return (in->k & EXO_FETCH) != 0 ? BIT(in->s) : 0;
	case JIT_CALL:
	case JIT_FIND:
	case JIT_LOCAL:
		return ARGS | BIT(0);
	default:
		return 0;
	}
}

bool jit_is_pure(const struct jit_ins *in)
{
	switch ((enum jit_op)in->op) {
	case JIT_NOP:
	case JIT_MOV:
	case JIT_CONST:
	case JIT_DATA:
	case JIT_END:
	case JIT_FUNC:
	case JIT_ALU:
	case JIT_SUM:
	case JIT_NEG:
	case JIT_MOVSX:
	case JIT_ZEXT:
	case JIT_SWAP:
	case JIT_LOOKUP:
	case JIT_LOAD:
		return true;
	default:
		return false;
	}
}

/*
 * Arithmetic as RFC 9669, section 4.1
 */

static uint64_t divide(bool sx, bool wide, bool rest, uint64_t a, uint64_t b)
{
	int64_t x = wide ? (int64_t)a : (int32_t)a;
	int64_t y = wide ? (int64_t)b : (int32_t)b;

	if (y == 0)
		return rest ? a : 0;
	if (!sx)
		return rest ? a % b : a / b;
	if (y == -1)
		return rest ? 0 : 0 - (uint64_t)x;
	return (uint64_t)(rest ? x % y : x / y);
}

static uint64_t shift(unsigned alu, bool wide, uint64_t a, unsigned by)
{
	if (alu == EXO_LSH)
		return a << by;
	if (alu == EXO_RSH)
		return a >> by;
	return wide ? (uint64_t)((int64_t)a >> by)
	            : (uint64_t)(int64_t)((int32_t)a >> by);
}

uint64_t jit_compute(const struct jit_ins *in, uint64_t a, uint64_t b)
{
	bool wide = (in->flags & JIT_F_32) == 0;
	bool sx = (in->flags & JIT_F_SX) != 0;
	uint64_t v = 0;

	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (in->alu) {
	case EXO_ADD:
		v = a + b;
		break;
	case EXO_SUB:
		v = a - b;
		break;
	case EXO_MUL:
		v = a * b;
		break;
	case EXO_OR:
		v = a | b;
		break;
	case EXO_AND:
		v = a & b;
		break;
	case EXO_XOR:
		v = a ^ b;
		break;
	case EXO_DIV:
		v = divide(sx, wide, false, a, b);
		break;
	case EXO_MOD:
		v = divide(sx, wide, true, a, b);
		break;
	default:
		v = shift(in->alu, wide, a, (unsigned)b & (wide ? 63 : 31));
		break;
	}
	return wide ? v : (uint32_t)v;
}

bool jit_holds(const struct jit_ins *in, uint64_t a, uint64_t b)
{
	int64_t x = (int64_t)a, y = (int64_t)b;

	if ((in->flags & JIT_F_32) != 0) {
		a = (uint32_t)a;
		b = (uint32_t)b;
		x = (int32_t)a;
		y = (int32_t)b;
	}
	switch (in->alu) {
	case EXO_JEQ:
		return a == b;
	case EXO_JNE:
		return a != b;
	case EXO_JSET:
		return (a & b) != 0;
	case EXO_JGT:
		return a > b;
	case EXO_JGE:
		return a >= b;
	case EXO_JLT:
		return a < b;
	case EXO_JLE:
		return a <= b;
	case EXO_JSGT:
		return x > y;
	case EXO_JSGE:
		return x >= y;
	case EXO_JSLT:
		return x < y;
	default:
		return x <= y;
	}
}

uint64_t jit_swap(uint64_t v, uint32_t size)
{
	switch (size) {
	case 1:
		return (uint8_t)v;
	case 2:
		return __builtin_bswap16((uint16_t)v);
	case 4:
		return __builtin_bswap32((uint32_t)v);
	default:
		return __builtin_bswap64(v);
	}
}

/*
 * Blocks
 */

uint32_t jit_block_new(struct jit_ir *ir, uint32_t at)
{
	struct jit_block *b;

	if (ir->nblocks == ir->room) {
		uint32_t room = ir->room * 2;

		b = exo_arena_get(&ir->arena, room * sizeof(*b));
		if (b == NULL)
			return JIT_NONE;
		memcpy(b, ir->blocks, ir->nblocks * sizeof(*b));
		ir->blocks = b;
		ir->room = room;
	}
	b = &ir->blocks[ir->nblocks];
	*b = (struct jit_block){
		.func = ir->blocks[at].func,
		.next = ir->blocks[at].next,
	};
	ir->blocks[at].next = ir->nblocks;
	return ir->nblocks++;
}
