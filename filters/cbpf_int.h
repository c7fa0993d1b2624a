/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classic BPF inside the front-ends: rows of instructions, nodes of a program.
 *
 * A program becomes an array of nodes in which every jump is forward and
 * carries its target as a node index. Passes over the nodes then decide what
 * is emitted; cbpf_emit.c writes it.
 */
#ifndef FLT_CBPF_INT_H
#define FLT_CBPF_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/filters.h"

/** What an instruction does, operand size and operation apart. */
enum flt_kind {
	FLT_NONE, /* no such instruction */
	FLT_LD_ABS,
	FLT_LD_IND,
	FLT_LD_LEN,
	FLT_LD_IMM,
	FLT_LD_MEM,
	FLT_LDX_IMM,
	FLT_LDX_MEM,
	FLT_LDX_LEN,
	FLT_LDX_MSH,
	FLT_ST,
	FLT_STX,
	FLT_ALU_K,
	FLT_ALU_X,
	FLT_NEG,
	FLT_JA,
	FLT_JCC_K,
	FLT_JCC_X,
	FLT_RET_K,
	FLT_RET_A,
	FLT_TAX,
	FLT_TXA,
	FLT_BACK, /* was a backward JA: begins another turn of a loop */
	FLT_NOP,  /* made by the passes: its result is not needed */
};

/** A row of cbpf.inc. */
struct flt_op {
	uint8_t kind;
	const char *mnemonic;
	const char *operand;
};

/** The row of a code, or NULL. */
const struct flt_op *flt_cbpf_op(uint16_t code);

#define FLT_MEMWORDS 16u

/* Sets of variables, for liveness: A, X, M[0] .. M[15]. */
#define FLT_A    1u
#define FLT_X    2u
#define FLT_M(i) (4u << (i))

struct flt_node {
	uint8_t kind;
	uint8_t op;   /* ALU and JCC: the operation; loads: the size */
	bool reached; /* control can come here */
	bool far;     /* JCC: a target is out of a short jump's reach */
	uint32_t k;
	uint32_t t, f;   /* jumps: targets as node indices, beyond this one */
	uint32_t live;   /* variables that may be read after this node */
	uint32_t before; /* the same, before this node */
	uint32_t final;  /* first node at or after this that does something */
	uint32_t next;   /* the node whose code lies behind this one's */
	uint32_t pos;    /* where its code starts, from the first node's */
};

/** A program as nodes; nodes is malloc()ed. The last one never falls on. */
struct flt_prog {
	struct flt_node *nodes;
	uint32_t n;
	uint32_t entry; /* variables that are read before they are written */
	bool uses_ctx;  /* something loads from packet or context */
};

/** Make nodes of a checked program, loops rolled out (cbpf_loop.c). */
int flt_cbpf_nodes(
    const struct flt_cbpf *insns, uint32_t n, struct flt_prog *p);

/** Decide what has to be emitted (cbpf_flow.c). */
void flt_cbpf_flow(struct flt_prog *p);

/** Append the code of a program that flt_cbpf_flow() has seen. */
int flt_cbpf_emit(struct flt_prog *p, struct flt_code *code);

#endif
