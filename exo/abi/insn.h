/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytecode instruction as it lies in memory (RFC 9669, section 3).
 *
 * Instructions are little-endian on the wire; exopf runs on little-endian
 * machines only, so that an array of struct exo_insn *is* the wire form.
 * Constants are RFC 9669's, sections 3 to 5, in Linux's spelling after the
 * EXO_ prefix.
 */
#ifndef EXO_ABI_INSN_H
#define EXO_ABI_INSN_H

#include <stdint.h>

/** One 8-byte instruction; a 64-bit immediate load takes two of them. */
struct exo_insn {
	uint8_t code; /* class, and operation or mode and size */
	uint8_t regs; /* low nibble: destination; high nibble: source */
	int16_t off;  /* jump distance or memory displacement */
	int32_t imm;
};
_Static_assert(sizeof(struct exo_insn) == 8, "an instruction is 8 bytes");

/* Instruction classes (RFC 9669, table 2): code & 0x07. */
#define EXO_LD    0x00
#define EXO_LDX   0x01
#define EXO_ST    0x02
#define EXO_STX   0x03
#define EXO_ALU   0x04
#define EXO_JMP   0x05
#define EXO_JMP32 0x06
#define EXO_ALU64 0x07

/* Source of ALU and JMP operands: code & 0x08. */
#define EXO_K 0x00
#define EXO_X 0x08

/* Size of loads and stores: code & 0x18. */
#define EXO_W  0x00
#define EXO_H  0x08
#define EXO_B  0x10
#define EXO_DW 0x18

/* Mode of loads and stores: code & 0xe0. */
#define EXO_IMM    0x00
#define EXO_ABS    0x20
#define EXO_IND    0x40
#define EXO_MEM    0x60
#define EXO_MEMSX  0x80
#define EXO_ATOMIC 0xc0

/* ALU operations: code & 0xf0. */
#define EXO_ADD  0x00
#define EXO_SUB  0x10
#define EXO_MUL  0x20
#define EXO_DIV  0x30 /* off 1: signed */
#define EXO_OR   0x40
#define EXO_AND  0x50
#define EXO_LSH  0x60
#define EXO_RSH  0x70
#define EXO_NEG  0x80
#define EXO_MOD  0x90 /* off 1: signed */
#define EXO_XOR  0xa0
#define EXO_MOV  0xb0 /* off 8, 16, 32: sign-extending */
#define EXO_ARSH 0xc0
#define EXO_END  0xd0 /* imm 16, 32, 64 */

/* Jump operations: code & 0xf0. */
#define EXO_JA   0x00
#define EXO_JEQ  0x10
#define EXO_JGT  0x20
#define EXO_JGE  0x30
#define EXO_JSET 0x40
#define EXO_JNE  0x50
#define EXO_JSGT 0x60
#define EXO_JSGE 0x70
#define EXO_CALL 0x80
#define EXO_EXIT 0x90
#define EXO_JLT  0xa0
#define EXO_JLE  0xb0
#define EXO_JSLT 0xc0
#define EXO_JSLE 0xd0

/* Source field of CALL. */
#define EXO_CALL_HELPER 0
#define EXO_CALL_LOCAL  1
#define EXO_CALL_BTF    2 /* helper by BTF id: not supported */

/* Source field of the 64-bit immediate load (RFC 9669, table 12). */
#define EXO_LDDW_IMM           0
#define EXO_LDDW_MAP           1
#define EXO_LDDW_MAP_VALUE     2
#define EXO_LDDW_VAR           3 /* platform variable: not supported */
#define EXO_LDDW_FUNC          4
#define EXO_LDDW_MAP_IDX       5
#define EXO_LDDW_MAP_IDX_VALUE 6

/* Immediate of ATOMIC (RFC 9669, section 5.3). */
#define EXO_FETCH   0x01
#define EXO_XCHG    0xe1
#define EXO_CMPXCHG 0xf1
/* The same, younger than the RFC (Linux 6.15): of any size, no fetch bit. */
#define EXO_LOAD_ACQ  0x100
#define EXO_STORE_REL 0x110

/* Offsets of LD_ABS and LD_IND that count from elsewhere than the packet's
 * first byte (linux/filter.h): isa_ld_pkt_at() in exo/isa/decode.h. */
#define EXO_SKF_NET_OFF (-0x100000) /* the network header, ancillary data */
#define EXO_SKF_LL_OFF  (-0x200000) /* the link-layer header */

/* Registers. */
#define EXO_REGS  11u /* r0 .. r10 */
#define EXO_R_CTX 6u  /* LD_ABS and LD_IND take the context from r6 */
#define EXO_R_FP  10u

/* Sizes of a program's world. */
#define EXO_STACK_SIZE 512u /* bytes of stack in one frame */
#define EXO_MAX_FRAMES 8u

static inline unsigned exo_dst(const struct exo_insn *in)
{
	return in->regs & 0x0fu;
}

static inline unsigned exo_src(const struct exo_insn *in)
{
	return (unsigned)in->regs >> 4;
}

/** Bytes that a load, a store or an atomic operation touches. */
static inline uint32_t exo_access_size(const struct exo_insn *in)
{
	switch (in->code & 0x18u) {
	case EXO_B:
		return 1;
	case EXO_H:
		return 2;
	case EXO_W:
		return 4;
	default:
		return 8;
	}
}

#endif
