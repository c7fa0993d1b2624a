/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defensive interpreter: one switch over the opcode byte.
 *
 * Cost: an instruction is a fuel count, a compare of pc, one indirect jump and
 * its work; a memory access adds the look-up of isa_at(). Nothing allocates.
 */
#include "exo/isa/interp.h"

#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/isa/interp_int.h"
#include "exo/lib/bytes.h"

void isa_point(struct isa_vm *vm, uint32_t type, const struct exo_insn *insns,
    uint32_t ninsns)
{
	vm->insns = insns;
	vm->ninsns = ninsns;
	vm->type = type;
	vm->stack = EXO_STACK_SIZE;
	if (vm->nregion < ISA_REGION_FREE)
		vm->nregion = ISA_REGION_FREE;
}

int isa_load(struct isa_vm *vm, uint32_t type, const struct exo_insn *insns,
    uint32_t ninsns, uint32_t *bad)
{
	*bad = 0;
	if (type == 0 || type > EXO_PROG_TYPE_MAX)
		return -EXO_EINVAL;
	if (isa_check(insns, ninsns, bad) != ISA_BAD_NONE)
		return -EXO_EINVAL;
	isa_point(vm, type, insns, ninsns);
	return 0;
}

void isa_set_mem(struct isa_vm *vm, uint8_t *mem, uint32_t size)
{
	struct isa_region *g = &vm->region[ISA_REGION_MEM];

	g->base = mem;
	g->size = size;
	g->writable = 1;
}

/* Before each instruction; a test that includes this file may look. */
#ifndef ISA_STEP
#define ISA_STEP(vm, s, pc) ((void)0)
#endif

/* Division as RFC 9669, section 4.1: x / 0 is 0, x % 0 is x, and the one
 * overflow (the least number by -1) wraps. */
static inline uint64_t div64(uint64_t a, uint64_t b)
{
	return b == 0 ? 0 : a / b;
}

static inline uint64_t mod64(uint64_t a, uint64_t b)
{
	return b == 0 ? a : a % b;
}

static inline uint64_t sdiv64(uint64_t a, uint64_t b)
{
	if (b == UINT64_MAX)
		return 0 - a;
	return b == 0 ? 0 : (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t smod64(uint64_t a, uint64_t b)
{
	if (b == UINT64_MAX)
		return 0;
	return b == 0 ? a : (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint32_t div32(uint32_t a, uint32_t b)
{
	return b == 0 ? 0 : a / b;
}

static inline uint32_t mod32(uint32_t a, uint32_t b)
{
	return b == 0 ? a : a % b;
}

static inline uint32_t sdiv32(uint32_t a, uint32_t b)
{
	if (b == UINT32_MAX)
		return 0 - a;
	return b == 0 ? 0 : (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint32_t smod32(uint32_t a, uint32_t b)
{
	if (b == UINT32_MAX)
		return 0;
	return b == 0 ? a : (uint32_t)((int32_t)a % (int32_t)b);
}

static inline uint32_t distance(const struct exo_insn *in)
{
	return (uint32_t)(int32_t)in->off;
}

/* The operands of the instruction `in`; d points to its destination. */
#define IMM (uint64_t)(int64_t) in->imm
#define SRC s.r[in->regs >> 4]
#define OFF (uint64_t)(int64_t) in->off

#define S64(v) (int64_t)(v)
#define S32(v) (int32_t)(v)

/* v, whose type is as wide as type, sign-extended to 64 bits. */
#define SIGN(type, v) (uint64_t)(int64_t)(type)(v)

#define STOP(why)            \
	do {                 \
		end = (why); \
		goto out;    \
	} while (0)

/* One operation in both operand forms; expr is over a and b. */
#define ALU64(op, expr)                \
	case EXO_ALU64 | (op) | EXO_K: \
		a = *d;                \
		b = IMM;               \
		*d = (expr);           \
		continue;              \
	case EXO_ALU64 | (op) | EXO_X: \
		a = *d;                \
		b = SRC;               \
		*d = (expr);           \
		continue

/* On 32 bits expr is over x and y, and its value is zero-extended. */
#define ALU32(op, expr)                \
	case EXO_ALU | (op) | EXO_K:   \
		x = (uint32_t)*d;      \
		y = (uint32_t)in->imm; \
		*d = (uint32_t)(expr); \
		continue;              \
	case EXO_ALU | (op) | EXO_X:   \
		x = (uint32_t)*d;      \
		y = (uint32_t)SRC;     \
		*d = (uint32_t)(expr); \
		continue

/* Division and remainder: off tells unsigned (0) from signed (1). */
#define DIVISION64(op, plain, sign)                             \
	case EXO_ALU64 | (op) | EXO_K:                          \
	case EXO_ALU64 | (op) | EXO_X:                          \
		b = (in->code & EXO_X) != 0 ? SRC : IMM;        \
		if (in->off != 0 && in->off != 1)               \
			STOP(ISA_END_OPCODE);                   \
		*d = in->off == 0 ? plain(*d, b) : sign(*d, b); \
		continue

#define DIVISION32(op, plain, sign)                                  \
	case EXO_ALU | (op) | EXO_K:                                 \
	case EXO_ALU | (op) | EXO_X:                                 \
		x = (uint32_t)*d;                                    \
		y = (uint32_t)((in->code & EXO_X) != 0 ? SRC : IMM); \
		if (in->off != 0 && in->off != 1)                    \
			STOP(ISA_END_OPCODE);                        \
		*d = in->off == 0 ? plain(x, y) : sign(x, y);        \
		continue

#define JUMP(op, cond, cond32)              \
	case EXO_JMP | (op) | EXO_K:        \
		a = *d;                     \
		b = IMM;                    \
		if (cond)                   \
			pc += distance(in); \
		continue;                   \
	case EXO_JMP | (op) | EXO_X:        \
		a = *d;                     \
		b = SRC;                    \
		if (cond)                   \
			pc += distance(in); \
		continue;                   \
	case EXO_JMP32 | (op) | EXO_K:      \
		x = (uint32_t)*d;           \
		y = (uint32_t)in->imm;      \
		if (cond32)                 \
			pc += distance(in); \
		continue;                   \
	case EXO_JMP32 | (op) | EXO_X:      \
		x = (uint32_t)*d;           \
		y = (uint32_t)SRC;          \
		if (cond32)                 \
			pc += distance(in); \
		continue

/* Loads: value is over p. What has no memory may be the context. */
#define LOAD(mode, width, bytes, value)   \
	case EXO_LDX | (mode) | (width):  \
		a = SRC + OFF;            \
		p = isa_at(vm, a, bytes); \
		if (p == NULL)            \
			goto ctx_load;    \
		*d = (value);             \
		continue

/* Stores of b: store is over w and b. */
#define STORE(width, bytes, store)                         \
	case EXO_ST | EXO_MEM | (width):                   \
	case EXO_STX | EXO_MEM | (width):                  \
		a = *d + OFF;                              \
		b = (in->code & 7u) == EXO_ST ? IMM : SRC; \
		w = isa_at_writable(vm, a, bytes);         \
		if (w == NULL)                             \
			goto ctx_store;                    \
		store;                                     \
		continue

/* Legacy packet loads: value is over p; index is 0, or the register's. */
#define PACKET_AT(index, bytes, value)                                     \
	if (s.r[EXO_R_CTX] != isa_addr(ISA_REGION_CTX, 0) || !skb)         \
		STOP(ISA_END_CTX);                                         \
	if (!isa_ld_pkt_at(in->imm, (index), (bytes), vm->pkt.caplen, &x)) \
		goto reject;                                               \
	p = vm->pkt.data + x;                                              \
	s.r[0] = (value);                                                  \
	isa_clobber(s.r);                                                  \
	continue

#define PACKET(width, bytes, value)         \
	case EXO_LD | EXO_ABS | (width):    \
		PACKET_AT(0, bytes, value); \
	case EXO_LD | EXO_IND | (width):    \
		PACKET_AT(SRC, bytes, value)

/* Set up registers, stack and what is kept of the context for a run. */
static inline void begin(struct isa_vm *vm, struct isa_state *s, bool skb)
{
	struct isa_region *stack = &vm->region[ISA_REGION_STACK];
	uint32_t clear = vm->stack;

	if (clear > EXO_STACK_SIZE)
		clear = EXO_STACK_SIZE;
	if (clear != 0)
		memset(isa_frames(vm) + EXO_STACK_SIZE - clear, 0, clear);
	stack->base = isa_frames(vm);
	stack->writable = 1;
	if (vm->room.writable) {
		vm->region[ISA_REGION_PKT].writable =
		    (uint16_t)isa_pkt_writable(vm);
		vm->pkt_now.writable = (uint16_t)isa_pkt_writable(vm);
	}
	vm->tails = 0;
	vm->held = 0;
	vm->base = 0;
	s->saved = s->few;
	if (vm->deep != NULL)
		s->saved =
		    (struct isa_saved *)(void *)((uint8_t *)vm->deep +
		                                 (size_t)ISA_DEEP_FRAMES *
		                                     EXO_STACK_SIZE);
	s->code = (struct isa_code){ vm->insns, vm->ninsns };
	/* In halves: gcc would make a slow `rep stos` of the whole. */
	memset(&s->r[0], 0, sizeof(s->r) / 2);
	memset(&s->r[8], 0, sizeof(s->r) / 2);
	isa_set_depth(vm, s, 0);
	if (skb)
		memset(&vm->own, 0, sizeof(vm->own));
	if (vm->type != EXO_PROG_MEM) {
		s->r[1] = isa_addr(ISA_REGION_CTX, 0);
		return;
	}
	s->r[2] = vm->region[ISA_REGION_MEM].size;
	if (s->r[2] != 0)
		s->r[1] = isa_addr(ISA_REGION_MEM, 0);
}

/* As long as there are opcodes: one switch, a few lines for each.
 * NOLINTNEXTLINE(readability-function-size) */
enum isa_end isa_run(struct isa_vm *vm, uint64_t *r0)
{
	const struct exo_insn *insns = vm->insns;
	uint32_t n = vm->ninsns;
	const bool skb = vm->type == EXO_PROG_SOCKET || vm->type == EXO_PROG_TC;
	uint64_t fuel = vm->fuel;
	uint32_t pc = 0, at = 0;
	const struct exo_insn *in;
	struct isa_state s;
	enum isa_end end;
	const uint8_t *p;
	uint8_t *w;
	uint64_t a, b, *d;
	uint32_t x, y;

	begin(vm, &s, skb);
	for (;;) {
		at = pc;
		if (pc >= n)
			STOP(ISA_END_PC);
		if (fuel == 0)
			STOP(ISA_END_FUEL);
		ISA_STEP(vm, &s, at);
		fuel--;
		in = &insns[pc++];
		d = &s.r[in->regs & 15];
		switch (in->code) {
			ALU64(EXO_ADD, a + b);
			ALU64(EXO_SUB, a - b);
			ALU64(EXO_MUL, a * b);
			ALU64(EXO_OR, a | b);
			ALU64(EXO_AND, a & b);
			ALU64(EXO_LSH, a << (b & 63));
			ALU64(EXO_RSH, a >> (b & 63));
			ALU64(EXO_XOR, a ^ b);
			ALU64(EXO_ARSH, (uint64_t)((int64_t)a >> (b & 63)));
			DIVISION64(EXO_DIV, div64, sdiv64);
			DIVISION64(EXO_MOD, mod64, smod64);
		case EXO_ALU64 | EXO_NEG:
			*d = 0 - *d;
			continue;
		case EXO_ALU64 | EXO_MOV | EXO_K:
			*d = IMM;
			continue;
		case EXO_ALU64 | EXO_MOV | EXO_X:
			if (in->off != 0 && !isa_movsx(in->off, 64, SRC, d))
				STOP(ISA_END_OPCODE);
			else if (in->off == 0)
				*d = SRC;
			continue;

			ALU32(EXO_ADD, x + y);
			ALU32(EXO_SUB, x - y);
			ALU32(EXO_MUL, x * y);
			ALU32(EXO_OR, x | y);
			ALU32(EXO_AND, x & y);
			ALU32(EXO_LSH, x << (y & 31));
			ALU32(EXO_RSH, x >> (y & 31));
			ALU32(EXO_XOR, x ^ y);
			ALU32(EXO_ARSH, (int32_t)x >> (y & 31));
			DIVISION32(EXO_DIV, div32, sdiv32);
			DIVISION32(EXO_MOD, mod32, smod32);
		case EXO_ALU | EXO_NEG:
			*d = (uint32_t)(0 - *d);
			continue;
		case EXO_ALU | EXO_MOV | EXO_K:
			*d = (uint32_t)in->imm;
			continue;
		case EXO_ALU | EXO_MOV | EXO_X:
			if (in->off != 0 && !isa_movsx(in->off, 32, SRC, d))
				STOP(ISA_END_OPCODE);
			else if (in->off == 0)
				*d = (uint32_t)SRC;
			continue;

		case EXO_ALU | EXO_END | EXO_K:
		case EXO_ALU | EXO_END | EXO_X:
		case EXO_ALU64 | EXO_END | EXO_K:
			if (!isa_swap(in, d))
				STOP(ISA_END_OPCODE);
			continue;

		case EXO_LD | EXO_IMM | EXO_DW:
			if (n - pc < 1)
				STOP(ISA_END_OPCODE);
			pc++;
			end = isa_imm64(vm, &s, in, d);
			if (end != ISA_END_EXIT)
				goto out;
			continue;

			LOAD(EXO_MEM, EXO_B, 1, *p);
			LOAD(EXO_MEM, EXO_H, 2, exo_le16(p));
			LOAD(EXO_MEM, EXO_W, 4, exo_le32(p));
			LOAD(EXO_MEM, EXO_DW, 8, exo_le64(p));
			LOAD(EXO_MEMSX, EXO_B, 1, SIGN(int8_t, *p));
			LOAD(EXO_MEMSX, EXO_H, 2, SIGN(int16_t, exo_le16(p)));
			LOAD(EXO_MEMSX, EXO_W, 4, SIGN(int32_t, exo_le32(p)));
			STORE(EXO_B, 1, *w = (uint8_t)b);
			STORE(EXO_H, 2, exo_put_le16(w, (uint16_t)b));
			STORE(EXO_W, 4, exo_put_le32(w, (uint32_t)b));
			STORE(EXO_DW, 8, exo_put_le64(w, b));
			PACKET(EXO_B, 1, *p);
			PACKET(EXO_H, 2, exo_be16(p));
			PACKET(EXO_W, 4, exo_be32(p));

		case EXO_STX | EXO_ATOMIC | EXO_B:
		case EXO_STX | EXO_ATOMIC | EXO_H:
		case EXO_STX | EXO_ATOMIC | EXO_W:
		case EXO_STX | EXO_ATOMIC | EXO_DW:
			end = isa_atomic(vm, in, s.r);
			if (end != ISA_END_EXIT)
				goto out;
			continue;

		case EXO_JMP | EXO_JA:
			pc += distance(in);
			continue;
		case EXO_JMP32 | EXO_JA:
			pc += (uint32_t)in->imm;
			continue;
			JUMP(EXO_JEQ, a == b, x == y);
			JUMP(EXO_JNE, a != b, x != y);
			JUMP(EXO_JSET, (a & b) != 0, (x & y) != 0);
			JUMP(EXO_JGT, a > b, x > y);
			JUMP(EXO_JGE, a >= b, x >= y);
			JUMP(EXO_JLT, a < b, x < y);
			JUMP(EXO_JLE, a <= b, x <= y);
			JUMP(EXO_JSGT, S64(a) > S64(b), S32(x) > S32(y));
			JUMP(EXO_JSGE, S64(a) >= S64(b), S32(x) >= S32(y));
			JUMP(EXO_JSLT, S64(a) < S64(b), S32(x) < S32(y));
			JUMP(EXO_JSLE, S64(a) <= S64(b), S32(x) <= S32(y));

		case EXO_JMP | EXO_CALL:
			if (exo_src(in) == EXO_CALL_LOCAL) {
				if (!isa_enter(vm, &s, pc))
					STOP(ISA_END_FRAMES);
				pc += (uint32_t)in->imm;
				continue;
			}
			vm->fuel = fuel;
			if (exo_src(in) != EXO_CALL_HELPER)
				STOP(ISA_END_OPCODE);
			end = isa_call_helper(vm, &s, in->imm, &pc);
			fuel = vm->fuel;
			if (end != ISA_END_EXIT)
				goto out;
			insns = s.code.insns;
			n = s.code.n;
			continue;
		case EXO_JMP | EXO_EXIT:
			if (s.depth == 0)
				STOP(ISA_END_EXIT);
			pc = isa_leave(vm, &s);
			insns = s.code.insns;
			n = s.code.n;
			continue;
		default:
			STOP(ISA_END_OPCODE);
		}
reject:
		if (!isa_reject(vm, &s, &pc))
			STOP(ISA_END_REJECT);
		insns = s.code.insns;
		n = s.code.n;
		continue;
ctx_load:
		end = isa_ctx_load(vm, in, a, d);
		if (end != ISA_END_EXIT)
			goto out;
		continue;
ctx_store:
		end = isa_ctx_store(vm, in, a, b);
		if (end != ISA_END_EXIT)
			goto out;
	}
out:
	if (vm->held != 0 && (end == ISA_END_EXIT || end == ISA_END_REJECT))
		end = ISA_END_HELD;
	*r0 = end == ISA_END_EXIT ? s.r[0] : 0;
	vm->fuel = fuel;
	vm->end_pc = at;
	vm->end_insns = insns;
	return end;
}
