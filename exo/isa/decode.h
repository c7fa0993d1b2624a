/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction set as data: what each opcode byte is and what it may hold.
 *
 * The rows are in opcodes.inc, one an encoding, with the conformance group of
 * RFC 9669 section 2.4 that it belongs to (load-acquire and store-release,
 * which the RFC does not know, stand with the atomics). Decoder, disassembler, assembler,
 * verifier and documentation read the same rows.
 *
 * Not in the rows, although RFC 9669 knows them: the address of a platform
 * variable (64-bit immediate with source 3) and a helper called by its BTF
 * id (call with source 2). They decode to ISA_BAD_UNSUPPORTED.
 */
#ifndef EXO_ISA_DECODE_H
#define EXO_ISA_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/abi/insn.h"
#include "exo/lib/bytes.h"

/** Shape of an instruction: which fields it uses and how it is written. */
enum isa_form {
	ISA_FORM_ALU_K,      /* dst op= imm */
	ISA_FORM_ALU_X,      /* dst op= src */
	ISA_FORM_NEG,        /* dst = -dst */
	ISA_FORM_MOV_K,      /* dst = imm */
	ISA_FORM_MOV_X,      /* dst = src, maybe sign-extended */
	ISA_FORM_END,        /* dst = le/be/bswap16/32/64 dst */
	ISA_FORM_LDDW,       /* dst = imm64, two slots */
	ISA_FORM_LD_ABS,     /* r0 = packet[imm] */
	ISA_FORM_LD_IND,     /* r0 = packet[src + imm] */
	ISA_FORM_LDX,        /* dst = *(size *)(src + off) */
	ISA_FORM_ST,         /* *(size *)(dst + off) = imm */
	ISA_FORM_STX,        /* *(size *)(dst + off) = src */
	ISA_FORM_ATOMIC,     /* lock *(size *)(dst + off) op= src */
	ISA_FORM_LOAD_ACQ,   /* dst = load_acquire((size *)(src + off)) */
	ISA_FORM_STORE_REL,  /* store_release((size *)(dst + off), src) */
	ISA_FORM_JA,         /* goto +off */
	ISA_FORM_JA32,       /* gotol +imm */
	ISA_FORM_JMP_K,      /* if dst op imm goto +off */
	ISA_FORM_JMP_X,      /* if dst op src goto +off */
	ISA_FORM_CALL,       /* call helper imm */
	ISA_FORM_CALL_LOCAL, /* call pc+imm */
	ISA_FORM_EXIT,
};

/** Conformance groups (RFC 9669, section 2.4). */
enum isa_group {
	ISA_GROUP_BASE32,
	ISA_GROUP_BASE64,
	ISA_GROUP_DIVMUL32,
	ISA_GROUP_DIVMUL64,
	ISA_GROUP_ATOMIC32,
	ISA_GROUP_ATOMIC64,
	ISA_GROUP_PACKET, /* deprecated LD_ABS and LD_IND */
};

/** One row of opcodes.inc. */
struct isa_op {
	const char *name; /* unique: "add64_k", "ldxdw", "jeq32_x" ... */
	uint8_t code;
	uint8_t form;  /* enum isa_form */
	uint8_t group; /* enum isa_group */
	uint8_t size;  /* bytes of a memory access, or operand width in bytes */
	uint8_t src;   /* the value `src` must have unless it is an operand */
	int16_t off;   /* the value `off` must have unless it is an operand */
	int32_t imm;   /* the value `imm` must have unless it is an operand */
};

/** Why an instruction is none. */
enum isa_bad {
	ISA_BAD_NONE = 0,
	ISA_BAD_OPCODE,      /* no row has this opcode, offset, immediate */
	ISA_BAD_REG,         /* register above r10 */
	ISA_BAD_FP_WRITE,    /* r10 as destination of a write */
	ISA_BAD_RESERVED,    /* a field that must be 0 is not */
	ISA_BAD_LDDW,        /* second half missing or malformed */
	ISA_BAD_JUMP,        /* jump target outside, or inside an LDDW */
	ISA_BAD_UNSUPPORTED, /* RFC 9669 has it, exopf has not: see above */
};

/** Which fields are operands, and what is written; the rest the row fixes. */
enum isa_use {
	ISA_USE_DST = 1,
	ISA_USE_SRC = 2,
	ISA_USE_OFF = 4,
	ISA_USE_IMM = 8,
	ISA_WRITES_DST = 16, /* the register dst is written */
	ISA_WRITES_SRC = 32, /* the register src is written (atomics) */
	ISA_USE_NEXT = 64,   /* the second slot's imm is an operand */
};

/** Number of rows, and the rows in the order of opcodes.inc. */
extern const unsigned isa_nops;
extern const struct isa_op isa_ops_table[];

/**
 * Find the row of one instruction by opcode and fixed fields alone.
 * Registers, jump targets and an LDDW's second slot are not looked at.
 * Returns NULL when no row fits.
 */
const struct isa_op *isa_match(const struct exo_insn *in);

/** Give the operands of a row: bits of enum isa_use. */
unsigned isa_uses(const struct isa_op *op);

/**
 * Find the row of insns[i], of n, which guards LDDW's second slot; i < n.
 * Looks at fields and registers, not at jump targets.
 * Returns the row, or NULL with *bad telling why.
 */
const struct isa_op *isa_decode(
    const struct exo_insn *insns, uint32_t n, uint32_t i, enum isa_bad *bad);

/**
 * Check a whole program: isa_decode() on each instruction, and every jump,
 * local call and code address leads to an instruction of the program.
 * Returns ISA_BAD_NONE, or the first fault with its index in *at; an empty
 * program is ISA_BAD_OPCODE at 0.
 */
enum isa_bad isa_check(const struct exo_insn *insns, uint32_t n, uint32_t *at);

/** Slots that an instruction takes: 2 for LDDW, else 1. */
static inline uint32_t isa_slots(const struct exo_insn *in)
{
	return in->code == (EXO_LD | EXO_IMM | EXO_DW) ? 2u : 1u;
}

/** The comparison op' (EXO_JEQ ... EXO_JSLE) for which x op' y is y op x. */
unsigned isa_mirrored(unsigned op);

/**
 * Give the target of a jump, local call or code address (LDDW source 4) at
 * index i as an instruction index; in is one of these.
 * The result may lie outside the program: the caller compares.
 */
int64_t isa_target(const struct exo_insn *in, uint32_t i);

/**
 * LD_ABS and LD_IND: give the index of the packet byte that a load of size
 * bytes begins at; false: the load rejects the packet. reg is LD_IND's source
 * register, 0 for LD_ABS; caplen is below 2^31.
 *
 * With sum = imm as a signed number + the low 32 bits of reg as an unsigned
 * one, which does not wrap:
 *	0 <= sum			byte sum
 *	LL_OFF <= sum < NET_OFF		byte sum - LL_OFF: packets begin with
 *					their link-layer header here, so that
 *					both ways of counting are one
 *	NET_OFF <= sum < 0		rejects: nobody says where the network
 *					header is; ancillary data neither
 *	else				rejects
 * and what does not lie within the captured bytes rejects.
 */
static inline bool isa_ld_pkt_at(
    int32_t imm, uint64_t reg, uint32_t size, uint32_t caplen, uint32_t *at)
{
	int64_t sum = (int64_t)imm + (uint32_t)reg;

	if (!exo_range_ok((uint64_t)sum, size, caplen)) {
		if (sum >= EXO_SKF_NET_OFF ||
		    !exo_range_ok(
		        (uint64_t)(sum - EXO_SKF_LL_OFF), size, caplen))
			return false;
		sum -= EXO_SKF_LL_OFF;
	}
	*at = (uint32_t)sum;
	return true;
}

/** An LD_ABS that rejects whatever the packet, since it names the network
 * header or ancillary data: programs that have one are to be refused. */
static inline bool isa_ld_nowhere(const struct exo_insn *in)
{
	return (in->code & 0xe7u) == (EXO_LD | EXO_ABS) && in->imm < 0 &&
	       in->imm >= EXO_SKF_NET_OFF;
}

/**
 * Find the context field that [off, off+size) of this program type names, by
 * the rules of its access: NULL when a load of these bytes is no field's.
 * What the load gives is the field's kind. Loads that extend the sign are the
 * same access, but pointers are never loaded so.
 */
const struct exo_ctx_field *isa_ctx_field(
    uint32_t type, uint32_t off, uint32_t size);

/** May a store of size bytes go to the field that isa_ctx_field() found? */
static inline bool isa_ctx_may_store(
    const struct exo_ctx_field *f, uint32_t size)
{
	return f->access == EXO_CTX_ANY_RW ||
	       (size == f->size && (f->access == EXO_CTX_WHOLE_RW ||
	                               f->access == EXO_CTX_NARROW_RW));
}

/** Does a load of the field give a pointer? */
static inline bool isa_ctx_is_ptr(const struct exo_ctx_field *f)
{
	return f->kind <= EXO_CTX_DATA_META;
}

/** Size of the context structure of a program type, bytes; 0: none. */
uint32_t isa_ctx_size(uint32_t type);

#endif
