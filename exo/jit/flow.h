/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known before an instruction, whatever way led there.
 *
 * Less knowledge is always right. Everything here follows from instructions
 * of the program itself; what the verifier knows is used where blocks are
 * built (build.c).
 */
#ifndef JIT_FLOW_H
#define JIT_FLOW_H

#include "exo/jit/ir.h"

enum jit_kind {
	JIT_V_ANY,
	JIT_V_CONST, /* k */
	JIT_V_DATA,  /* address of the packet's byte k */
	JIT_V_END,   /* address behind the last captured byte, plus k */
	JIT_V_BYTES, /* of `size` bytes of the packet from byte k on, those bits
	                that mask has, moved up by shift */
};

struct jit_val {
	uint8_t kind; /* enum jit_kind */
	uint8_t bits; /* the value is below 2^bits */
	uint8_t size; /* BYTES: 1, 2 or 4 */
	uint8_t shift;
	int32_t room; /* the low half and so many bytes more were captured */
	int64_t k;
	uint32_t mask;
	bool be; /* BYTES: in network order, and mask counts in that */
};

/** All bits of so many bytes. */
static inline uint32_t jit_whole(uint32_t size)
{
	return UINT32_MAX >> (32 - 8 * size);
}

/** `size` bytes of the packet from `off` on, as a little-endian load gives
 * them, are v in the bits of mask; or are not. */
struct jit_fact {
	int32_t off;
	uint32_t size;
	uint32_t mask, v;
};

#define JIT_FACTS 6u

/** What is known of the packet. */
struct jit_known {
	int64_t len;   /* so many bytes were captured, or more */
	int64_t below; /* fewer than these; JIT_LEN_TOP: any number */
	uint32_t neq, nne;
	struct jit_fact eq[JIT_FACTS], ne[JIT_FACTS];
};

struct jit_state {
	struct jit_val r[EXO_REGS];
	struct jit_known known;
	struct jit_state *next; /* in the list of free ones */
};

#define JIT_LEN_TOP ((int64_t)1 << 31)

/* --- flow.c --- */

/** Walk all blocks in order, and let the passes among `which` rewrite each
 * instruction by what is known before it. Then edges may have gone:
 * jit_graph(). 0 or -EXO_ENOMEM. */
int jit_flow(struct jit_ir *ir, uint32_t which);

/** What is known after an instruction. */
void jit_learn(
    const struct jit_ir *ir, struct jit_state *st, const struct jit_ins *in);

/** What is known behind edge `way` (an index into to[]) of an end. */
void jit_learn_edge(
    struct jit_state *st, const struct jit_ins *end, unsigned way);

/** Is the condition decided? 1: it holds; 0: it does not; -1: who knows. */
int jit_decided(const struct jit_state *st, const struct jit_ins *end);

/** True when both are one and the same number, of whatever kind. */
bool jit_same(const struct jit_val *a, const struct jit_val *b);

/* --- the passes: one instruction, or the end of a block --- */

void jit_fold(const struct jit_state *st, struct jit_ins *in);
void jit_bounds(
    const struct jit_ir *ir, const struct jit_state *st, struct jit_ins *in);
void jit_loads(const struct jit_state *st, struct jit_ins *in);
void jit_lookup(
    struct jit_ir *ir, const struct jit_state *st, struct jit_ins *in);
void jit_fold_end(const struct jit_state *st, struct jit_block *b);
void jit_bounds_end(const struct jit_state *st, struct jit_block *b);

/** Where an edge to block `to` may lead at once; st learns what the blocks
 * between would have shown. */
uint32_t jit_thread(struct jit_ir *ir, struct jit_state *st, uint32_t to);

/** Where an edge with this knowledge leads: the block, or a copy of it. */
uint32_t jit_apart(
    struct jit_ir *ir, const struct jit_known *known, uint32_t to);

/* --- pass_need.c --- */

/** Let checks ask for all that is needed in any case. */
int jit_need(struct jit_ir *ir);

#endif
