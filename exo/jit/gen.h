/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code being generated: what the lowering's files share.
 *
 * Registers. A program without calls finds its context in rdi, the packet in
 * rsi, its length in rdx, where the caller put them, and homes for r0 to r10
 * among the registers that nobody has to save. Where something is called, the
 * homes are fixed so that arguments need no moves, and the context is in r12:
 *
 *	r0  r1  r2  r3  r4  r5 r6  r7  r8  r9  r10
 *	rax rdi rsi rdx rcx r8 rbx r13 r14 r15 rbp
 *
 * r0 is always rax. r10 and r11, and r9 in programs that need it (jit_needs_t2), (the machine's) are nobody's home: an
 * instruction of the program may use them on its way.
 *
 * Labels: block i has label i; behind them come functions, ways to reject,
 * tables.
 */
#ifndef JIT_GEN_H
#define JIT_GEN_H

#include "exo/jit/ir.h"
#include "exo/jit/x64.h"

/** Scratch registers. */
#define T0 R11
#define T1 R10
#define T2 R9 /* of a program with sets, or of blinded code, alone */

struct jit_homes {
	uint8_t of[EXO_REGS]; /* X64_NOREG: not used */
	uint8_t ctx;          /* the context */
	uint8_t pkt, len;     /* the packet; X64_NOREG: ask the context */
	uint16_t saved;       /* registers to save: bits */
	uint16_t regs;        /* of r0 to r10, those that are used: bits */
	bool calls;           /* it calls something */
};

struct jit_gen {
	struct x64 x;
	struct jit_ir *ir;
	uint32_t cpu;
	struct jit_homes h; /* of the function at work */
	uint32_t func;
	bool looks;        /* some function needs the context */
	uint32_t frame;    /* bytes between its saved registers and rsp */
	uint32_t pc;       /* instruction at work */
	uint32_t block;    /* label of the block at work */
	uint32_t callback; /* where the code for callbacks is */
	uint32_t limit;    /* most bytes */
	uint32_t nlabels;  /* blocks, functions, ways to reject */
	uint32_t *at;      /* where labels are, found by this round */
	uint32_t *was;     /* the same of the round before */
	uint8_t *short_;   /* which jumps are short, in order */
	uint32_t njumps;
	bool blind;      /* JIT_HARDEN_BLIND */
	bool fence;      /* JIT_HARDEN_FENCE */
	uint64_t random; /* state of jit_random(), the same in each round */
	unsigned round;  /* 0: all jumps are long; 1: choose; 2: write */
	bool want_lines;
	struct jit_line *lines; /* NULL: count */
	uint32_t nlines;
};

/** Is T2 kept free? */
static inline bool jit_needs_t2(const struct jit_ir *ir)
{
	return ir->nsets != 0 || (ir->opt->harden & JIT_HARDEN_BLIND) != 0;
}

/* --- harden.c --- */

/** to = v, a constant of the program; blinded where that is wanted, which may
 * need `spare`. Flags change. */
void jit_const(struct jit_gen *g, unsigned to, uint64_t v, unsigned spare);

/** May a constant of the program stand in the code as it is? */
bool jit_is_plain(const struct jit_gen *g, int64_t v);

/** Nothing behind it runs ahead, where that is wanted. */
void jit_fence(struct jit_gen *g);

/* --- homes.c --- */

/** Decide where the registers of function f live. */
void jit_homes(const struct jit_ir *ir, uint32_t f, struct jit_homes *h);

/* --- gen.c --- */

/** Generate all code, in three rounds. */
int jit_generate(struct jit_gen *g);

static inline uint32_t label_func(const struct jit_gen *g, uint32_t f)
{
	return g->ir->nblocks + f;
}

static inline uint32_t label_reject(const struct jit_gen *g, uint32_t f)
{
	return g->ir->nblocks + g->ir->nfuncs + f;
}

/** Jump to a label; cc: on a condition. */
void jit_jump(struct jit_gen *g, uint32_t label);
void jit_jump_if(struct jit_gen *g, enum x64_cc cc, uint32_t label);
void jit_call_label(struct jit_gen *g, uint32_t label);

/** A short jump forward over what comes next: jit_skip() returns where it is,
 * jit_land() lets it lead here. cc -1: always. */
uint32_t jit_skip(struct jit_gen *g, int cc);
void jit_land(struct jit_gen *g, uint32_t skip);

/** Leave the function: restore registers, return. */
void jit_leave(struct jit_gen *g);

/** The registers are restored, but the jump is the caller's. */
void jit_restore(struct jit_gen *g);

static inline uint32_t label_set(const struct jit_gen *g, uint32_t set)
{
	return g->ir->nblocks + 2 * g->ir->nfuncs + set;
}

/** to = the address of a label. */
void jit_lea_label(struct jit_gen *g, unsigned to, uint32_t label);

#define CTX_AT(field) (int32_t) offsetof(struct jit_ctx, field)

/** A field of the context. */
static inline struct x64_mem jit_ctx_at(const struct jit_gen *g, int32_t off)
{
	return x64_at(g->h.ctx, off);
}

static inline uint8_t home(const struct jit_gen *g, unsigned reg)
{
	return g->h.of[reg];
}

/* --- lower.c, lower_alu.c, lower_mem.c, lower_end.c --- */

void jit_lower(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_alu(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_divide(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_load(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_store(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_lookup(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_atomic(struct jit_gen *g, const struct jit_ins *in);
/** Jump when fewer than k (or s + k) bytes were captured. */
void jit_len_below(struct jit_gen *g, const struct jit_ins *in, uint32_t label);
void jit_lower_check(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_ld_ind(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_call(struct jit_gen *g, const struct jit_ins *in);
void jit_lower_end(struct jit_gen *g, const struct jit_block *b);

/** Does the end of a block access what its last instruction would load? */
bool jit_is_fused(const struct jit_gen *g, const struct jit_block *b);

/* --- lower_switch.c --- */

/** Jump to `in` when d is in the set, or go on. */
void jit_lower_switch(
    struct jit_gen *g, const struct jit_ins *in, uint32_t label);

/** The tables of all sets. */
void jit_tables(struct jit_gen *g);

/** The memory that an instruction names. May need T0 and T1. */
struct x64_mem jit_mem(
    struct jit_gen *g, const struct jit_ins *in, unsigned reg);

/** Compare, and the condition of the jump that follows. */
enum x64_cc jit_compare(struct jit_gen *g, const struct jit_ins *in);

#endif
