/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Abstract states: what is known before an instruction.
 *
 * A state stands for the set of machine states in which every register and
 * every stack byte is as it says; less knowledge is a larger set. Not set
 * (UNINIT, VF_BYTE_NONE) says nothing at all: forgetting is always sound.
 *
 * Pointers are  object + s + off : a variable part s, the same number in all
 * pointers of one kind and id, and a constant part. id 0: s is 0.
 * `proven`, when not 0, says of packet, metadata and memory pointers that
 * s + (proven - 1) bytes of the object exist; it follows from compares with
 * the object's end. At 0 nothing is proven: s itself may lie past the end.
 * Of ring buffer memory, `proven` is its size.
 *
 * Scalars of one id != 0 are  b + off  for one number b (modulo 2^64). Id
 * VF_ID_SIZE belongs to the size of a mem program's memory; of it, mem_min
 * bytes are proven to exist. Of a memory pointer this id says that s is the
 * size: with off 0 it is the end.
 *
 * A frame is what one function has: 512 bytes of stack, and r6 to r9 while it
 * waits for a callee. Stack bytes are numbered from the lowest, r10 - 512;
 * four of them are a half (of a slot). What was stored as 4 or 8 bytes from a
 * half on is kept as a register (in the pool) and comes back whole.
 */
#ifndef VF_STATE_H
#define VF_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "exo/abi/report.h"
#include "verifier/scalar.h"

#define VF_ID_SIZE  1u
#define VF_ID_FIRST 2u

/** What a pointer may be moved by, both parts, in bytes. */
#define VF_PTR_LIMIT (1 << 29)

/** Pieces of ring buffer memory that a program may hold at a time. */
#define VF_REFS_MAX 8u

struct vf_reg {
	struct vf_scalar s; /* value, or variable part */
	uint32_t id;
	uint32_t proven;
	int32_t off;
	uint32_t def; /* instruction that set it; for the report only */
	uint8_t kind;
	uint8_t frame; /* of a stack pointer */
	bool four;     /* saved as 4 bytes, not 8 */
	uint16_t map;  /* map and value pointers: index; function: its index */
	uint16_t at;   /* in the pool: frame * VF_HALVES + half */
};

enum vf_byte {
	VF_BYTE_NONE, /* not written */
	VF_BYTE_MISC, /* some number */
	VF_BYTE_ZERO,
	VF_BYTE_SAVED, /* part of a saved register */
};

#define VF_HALVES (EXO_STACK_SIZE / 4)

/** Registers that a caller keeps: r6 to r9. */
#define VF_KEPT       4u
#define VF_KEPT_FIRST 6u

struct vf_frame {
	struct vf_reg kept[VF_KEPT];  /* while a callee runs */
	uint8_t byte[EXO_STACK_SIZE]; /* enum vf_byte */
	uint16_t slot[VF_HALVES];     /* saved register that starts here: its
	                                 index in the pool, plus 1; or 0 */
};

struct vf_state {
	struct vf_reg r[EXO_REGS];
	uint64_t mem_min;
	uint32_t next_id;
	uint32_t depth;               /* frames below the running one */
	uint32_t nrefs;               /* ring buffer memory held */
	uint32_t ref[VF_REFS_MAX];    /* the ids of its pointers */
	uint32_t ref_at[VF_REFS_MAX]; /* instruction that got it */
	uint32_t npool, room;
	struct vf_reg *pool; /* saved registers of all frames */
	struct vf_frame *frame[EXO_MAX_FRAMES]; /* made when first entered */
};

/** What later instructions may read: bit h of half[h / 64], bit i of regs.
 * Of `exact` registers, and stack, the value may matter for an address or for
 * the end of a loop. */
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

/** What a node holds of one frame. */
struct vf_part {
	uint64_t half[2];  /* halves with a byte that is set */
	uint64_t start[2]; /* halves at which a saved register starts */
	uint16_t regs;     /* registers that are set: bit i, ri */
	uint16_t nhalf;    /* halves in half[] */
	uint16_t nregs;    /* registers in regs, then saved ones */
};

/**
 * A state at rest: the live part of a state, with ids in order of appearance
 * and links that bind nothing removed, so that equal knowledge is equal.
 * Behind the head lie depth + 1 parts, nregs registers in the order of the
 * parts, and for each half of each part its four kinds of bytes.
 */
struct vf_node {
	struct vf_node *next;
	struct vf_stub *stub; /* graph.c; NULL outside loops */
	uint64_t steps;       /* most instructions run until here; no stub */
	uint64_t mem_min;
	uint64_t marks; /* node.c: a bit for each thing that it says exactly */
	uint32_t name;  /* its number in this pass */
	uint32_t size;  /* bytes of the node, all included */
	uint32_t next_id;
	uint32_t ref[VF_REFS_MAX];
	uint32_t ref_at[VF_REFS_MAX];
	uint16_t nregs;
	uint8_t nrefs;
	uint8_t depth;
	struct vf_part part[];
};

static inline struct vf_reg *vf_node_regs(struct vf_node *n)
{
	return (struct vf_reg *)&n->part[n->depth + 1u];
}

static inline const struct vf_reg *vf_node_regs_const(const struct vf_node *n)
{
	return (const struct vf_reg *)&n->part[n->depth + 1u];
}

static inline const uint8_t *vf_node_bytes_const(const struct vf_node *n)
{
	return (const uint8_t *)(vf_node_regs_const(n) + n->nregs);
}

/** Numbers of ids while a node is made or compared; zero it once. */
struct vf_idmap {
	uint64_t looks; /* registers and halves packed or compared so far */
	uint32_t turn;
	uint32_t size; /* rows, a power of two */
	struct vf_idrow {
		uint32_t turn, from, to, count;
		int32_t base; /* off of the first of them */
	} * row;
};

/** Rows that a map needs for nodes of this many registers. */
static inline uint32_t vf_idmap_rows(uint32_t nregs)
{
	uint32_t rows = 64;

	while (rows < 3 * nregs)
		rows *= 2;
	return rows;
}

/** The registers of a state that something may be learnt of: r0 to r9, those
 * that callers keep, and those on the stacks. */
static inline uint32_t vf_nregs(const struct vf_state *st)
{
	return EXO_R_FP + VF_KEPT * st->depth + st->npool;
}

static inline struct vf_reg *vf_reg_at(struct vf_state *st, uint32_t i)
{
	if (i < EXO_R_FP)
		return &st->r[i];
	i -= EXO_R_FP;
	if (i < VF_KEPT * st->depth)
		return &st->frame[i / VF_KEPT]->kept[i % VF_KEPT];
	return &st->pool[i - VF_KEPT * st->depth];
}

/** True when the variable part of a pointer lies within the limit. */
static inline bool vf_is_near(const struct vf_scalar *s)
{
	return s->r.smin > -VF_PTR_LIMIT && s->r.smax < VF_PTR_LIMIT;
}

/** True of the end of a mem program's memory. */
static inline bool vf_is_mem_end(const struct vf_reg *r)
{
	return r->kind == EXO_REG_MEM && r->id == VF_ID_SIZE && r->off == 0;
}

static inline bool vf_is_ptr(const struct vf_reg *r)
{
	return r->kind != EXO_REG_UNINIT && r->kind != EXO_REG_SCALAR;
}

/** True when the pointer may be null, so that it is good for a test only. */
static inline bool vf_is_or_null(const struct vf_reg *r)
{
	return r->kind == EXO_REG_MAP_VALUE_OR_NULL ||
	       r->kind == EXO_REG_RING_OR_NULL;
}

/** The saved register that half h of a frame is part of, or NULL. */
static inline struct vf_reg *vf_saved(
    const struct vf_state *st, unsigned frame, unsigned h)
{
	const uint16_t *slot = st->frame[frame]->slot;

	if (slot[h] != 0)
		return &st->pool[slot[h] - 1];
	if (h > 0 && slot[h - 1] != 0 && !st->pool[slot[h - 1] - 1].four)
		return &st->pool[slot[h - 1] - 1];
	return NULL;
}

/** A state of kind UNINIT everywhere but r10; frame 0 and pool are there. */
void vf_state_init(struct vf_state *st);

/** Let frame `depth` run: its stack is not set, r10 points to it. The frame
 * exists. */
void vf_state_enter(struct vf_state *st, uint32_t depth);

/** Copy a state, at the cost of what it holds, into one with room for it. */
void vf_state_copy(struct vf_state *to, const struct vf_state *from);

/** Add to the pool, which has room, a register that starts at half h. */
struct vf_reg *vf_pool_add(
    struct vf_state *st, unsigned frame, unsigned h, const struct vf_reg *r);

/** Remove a saved register; its bytes are the caller's. */
void vf_pool_remove(struct vf_state *st, struct vf_reg *r);

/** Bytes that packing st may need. */
size_t vf_pack_room(const struct vf_state *st);

/**
 * Make n, of vf_pack_room() bytes, from the live part of st; live[k] is what
 * is live of frame k. With `coarse` numbers that are not exact are forgotten.
 * Returns true when one was.
 */
bool vf_pack(struct vf_node *n, const struct vf_state *st,
    const struct vf_live *const *live, bool coarse, struct vf_idmap *map);

/** The state of a node; what is not in it is not set. st has room. */
void vf_unpack(struct vf_state *st, const struct vf_node *n);

/** False: a does not cover b; a glance at two words tells. */
static inline bool vf_node_may_cover(
    const struct vf_node *a, const struct vf_node *b)
{
	return (a->marks & ~b->marks) == 0;
}

/** True when every machine state of b is one of a. Same depth. */
bool vf_node_covers(
    const struct vf_node *a, const struct vf_node *b, struct vf_idmap *map);

#endif
