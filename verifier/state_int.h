/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Abstract states: what is known before an instruction.
 *
 * A state stands for the set of machine states in which every register and
 * every stack byte is as it says; less knowledge is a larger set. Not set
 * (UNINIT, VF_BYTE_NONE) says nothing at all, and nothing that is not set
 * may be read: forgetting is always sound.
 *
 * Pointers are  object + s + off : a variable part s, the same number in all
 * pointers of one kind and id, and a constant part. id 0: s is 0.
 * `proven`, when not 0, says of packet, metadata and memory pointers that
 * s + (proven - 1) bytes of the object exist; it follows from compares with
 * the object's end. At 0 nothing is proven: s itself may lie past the end.
 *
 * Scalars with the same id != 0 are equal. Id VF_ID_SIZE belongs to the size
 * of a mem program's memory; of it, mem_min bytes are proven to exist.
 *
 * Stack bytes are numbered from the lowest, r10 - 512; four of them are a
 * half (of a slot). What was stored as 4 or 8 bytes from a half on is kept
 * as a register (`saved`) and comes back whole.
 */
#ifndef VF_STATE_INT_H
#define VF_STATE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "exo/abi/report.h"
#include "verifier/scalar.h"

/* Kinds of registers: enum exo_reg_kind, and the end of a mem program's
 * memory, which is reported as EXO_REG_MEM. */
#define VF_REG_MEM_END 0x40u

#define VF_ID_SIZE  1u
#define VF_ID_FIRST 2u

/** What a pointer may be moved by, both parts, in bytes. */
#define VF_PTR_LIMIT (1 << 29)

struct vf_reg {
	struct vf_scalar s; /* value, or variable part */
	uint32_t id;
	uint32_t proven;
	int32_t off;
	uint32_t def; /* instruction that set it; for the report only */
	uint8_t kind;
	bool four; /* saved as 4 bytes, not 8 */
};

enum vf_byte {
	VF_BYTE_NONE, /* not written */
	VF_BYTE_MISC, /* some number */
	VF_BYTE_ZERO,
	VF_BYTE_SAVED, /* part of a saved register */
};

#define VF_HALVES (EXO_STACK_SIZE / 4)

struct vf_state {
	struct vf_reg r[EXO_REGS];
	uint64_t mem_min;
	uint32_t next_id;
	uint32_t nsaved;
	uint8_t byte[EXO_STACK_SIZE];   /* enum vf_byte */
	uint8_t size[VF_HALVES];        /* 4, 8: a saved register starts */
	struct vf_reg saved[VF_HALVES]; /* valid where size[] is not 0 */
};

/** What later instructions may read: bit h of half[h / 64], bit i of regs.
 * Of `exact` registers, and stack, the value may matter for an address. */
struct vf_live {
	uint64_t half[2];
	uint16_t regs;
	uint16_t exact;
	bool exact_stack;
};

static inline bool vf_bit(const uint64_t set[2], unsigned h)
{
	return (set[h / 64] >> (h % 64) & 1) != 0;
}

static inline void vf_bit_set(uint64_t set[2], unsigned h)
{
	set[h / 64] |= (uint64_t)1 << (h % 64);
}

static inline void vf_bit_clear(uint64_t set[2], unsigned h)
{
	set[h / 64] &= ~((uint64_t)1 << (h % 64));
}

/**
 * A state at rest: the live part of a state, with ids in order of appearance
 * and links that bind nothing removed, so that equal knowledge is equal.
 */
struct vf_node {
	struct vf_node *next;
	uint64_t mem_min;
	uint64_t half[2];  /* halves with a byte that is set */
	uint64_t start[2]; /* halves at which a saved register starts */
	uint32_t size;     /* bytes of the node, its arrays included */
	uint32_t next_id;
	uint16_t regs;  /* registers that are set */
	uint16_t nregs; /* entries of reg[]: those, then the saved ones */
	uint16_t nhalf; /* entries of the byte kinds behind reg[] */
	struct vf_reg reg[];
};

/** The largest node. */
#define VF_NODE_MAX               \
	(sizeof(struct vf_node) + \
	    (EXO_REGS + VF_HALVES) * sizeof(struct vf_reg) + EXO_STACK_SIZE)

/** Numbers of ids while a node is made or compared; zero it once. */
struct vf_idmap {
	uint64_t looks; /* registers and halves packed or compared so far */
	uint32_t turn;
	struct {
		uint32_t turn, from, to, count;
	} row[512];
};

/** The kinds of a node's bytes, four for each half of half[], in order. */
static inline uint8_t *vf_node_bytes(struct vf_node *n)
{
	return (uint8_t *)&n->reg[n->nregs];
}

static inline const uint8_t *vf_node_bytes_const(const struct vf_node *n)
{
	return (const uint8_t *)&n->reg[n->nregs];
}

/** A new state of kind UNINIT everywhere but r10. */
void vf_state_init(struct vf_state *st);

/** Copy a state, at the cost of what it holds. */
void vf_state_copy(struct vf_state *to, const struct vf_state *from);

/**
 * Make n, of VF_NODE_MAX bytes, from the live part of st. With `coarse`
 * numbers that are not exact are forgotten. Returns true when one was.
 */
bool vf_pack(struct vf_node *n, const struct vf_state *st,
    const struct vf_live *live, bool coarse, struct vf_idmap *map);

/** The state of a node; what is not in it is not set. */
void vf_unpack(struct vf_state *st, const struct vf_node *n);

/** True when every machine state of b is one of a. */
bool vf_node_covers(
    const struct vf_node *a, const struct vf_node *b, struct vf_idmap *map);

static inline bool vf_is_ptr(const struct vf_reg *r)
{
	return r->kind != EXO_REG_UNINIT && r->kind != EXO_REG_SCALAR;
}

#endif
