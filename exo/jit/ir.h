/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as the passes see it: blocks of instructions on the registers r0
 * to r10.
 *
 * It is close to the bytecode. What differs: a jump ends a block and names
 * blocks; accesses of the context are accesses of struct jit_ctx; a packet
 * load is a check and a load; names are numbers. A function is a run of
 * blocks in the order of the program, its entry first. Blocks that passes add
 * lie behind all others and say where they belong (`next`).
 *
 * All memory is in one arena that ends with the compilation.
 */
#ifndef JIT_IR_H
#define JIT_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "exo/jit/hash.h"
#include "exo/jit/jit.h"

enum jit_op {
	JIT_NOP,
	JIT_MOV,    /* d = s */
	JIT_CONST,  /* d = k */
	JIT_DATA,   /* d = address of the packet's byte k */
	JIT_END,    /* d = address behind its last captured byte, plus k */
	JIT_FUNC,   /* d = address of function k */
	JIT_ALU,    /* d = d alu (s, or k) */
	JIT_SUM,    /* d = s + k */
	JIT_NEG,    /* d = -d */
	JIT_MOVSX,  /* d = the low `size` bytes of s, sign-extended */
	JIT_ZEXT,   /* d = the low `size` bytes of d */
	JIT_SWAP,   /* d = the low `size` bytes of d, in opposite order */
	JIT_LOOKUP, /* d = address of the element of array k whose index lies at
		       s + off, or 0 */
	JIT_LOAD,   /* d = `size` bytes of memory */
	JIT_STORE,  /* `size` bytes of memory = (s, or k) */
	JIT_ATOMIC, /* k is the bytecode's imm */
	JIT_CHECK, /* reject if s + k (or k) bytes of packet were not captured */
	JIT_LD_IND, /* d = LD_IND of s and k < 0, with its check */
	JIT_CALL,   /* helper k */
	JIT_FIND,   /* r0 = what the map's own function at k finds for r1, r2 */
	JIT_LOCAL,  /* function k */
	/* ends of blocks */
	JIT_GOTO,   /* to[1] */
	JIT_IF,     /* to[0] if (d alu (s, or k)), else to[1] */
	JIT_IF_LEN, /* to[0] if fewer than k (or s + k) bytes were captured */
	JIT_SWITCH, /* to[0] if the low half of d, which is all of it, is in set
		       k; else to[1] */
	JIT_EXIT,   /* return r0 */
	JIT_REJECT, /* end the program with 0 */
	JIT_TRAP,   /* nothing ever comes here */
};

enum jit_flag {
	JIT_F_K = 1,    /* the second operand is k */
	JIT_F_32 = 2,   /* on the low 32 bits, upper ones are 0 afterwards */
	JIT_F_SX = 4,   /* LOAD extends the sign; DIV and MOD are signed */
	JIT_F_BE = 8,   /* LOAD: in network order */
	JIT_F_16 = 16,  /* STORE: of 4 bytes, the upper two 0 */
	JIT_F_LOW = 32, /* CHECK, PKTX, IF: s, for IF d, is below 2^32 */
};

/** What the address of a LOAD, STORE or ATOMIC is counted from; off is added.
 * The address register is s of a LOAD, d of the others. */
enum jit_base {
	JIT_B_REG,  /* the address register */
	JIT_B_CTX,  /* struct jit_ctx */
	JIT_B_PKT,  /* the packet's first byte */
	JIT_B_PKTX, /* the same, plus the low 32 bits of the address register */
};

struct jit_ins {
	uint8_t op; /* enum jit_op */
	uint8_t d, s;
	uint8_t size;  /* bytes */
	uint8_t alu;   /* EXO_ADD ..., EXO_JEQ ... */
	uint8_t base;  /* enum jit_base */
	uint8_t flags; /* enum jit_flag */
	int32_t off;
	uint32_t pc; /* the instruction that it comes from */
	int64_t k;
};

#define JIT_NONE UINT32_MAX

struct jit_state;

struct jit_block {
	struct jit_ins *ins; /* n of them; no end among them */
	uint32_t n;
	uint32_t to[2];
	struct jit_ins end;
	uint32_t func;
	uint32_t preds; /* edges that lead here; an entry has one more */
	uint32_t next;  /* in the order of the code, or JIT_NONE */
	uint32_t pos;   /* in that order */
	uint16_t live;  /* registers that are read from here on */
	bool loop;      /* an edge comes from here or from further down */
	bool reached;   /* some way leads here */
	bool taken;     /* pass_chains.c: it is part of a row */
	struct jit_state *state; /* flow.c: what is known on entry */
};

/** An array: elements that lie in a row. */
struct jit_array {
	const uint8_t *values;
	uint32_t stride, n;
};

struct jit_func {
	uint32_t pc;    /* of its first instruction */
	uint32_t first; /* its entry block */
};

struct jit_ir {
	const struct vf_prog *prog;
	const struct exo_insn *insns;
	const uint8_t *notes;
	uint32_t n; /* instructions */
	uint32_t type;
	const struct jit_env *env;
	const struct jit_options *opt;
	struct exo_arena arena;
	struct jit_block *blocks;
	uint32_t nblocks, room;
	struct jit_func *funcs;
	uint32_t nfuncs;
	struct jit_set *sets;
	uint32_t nsets, sets_room;
	struct jit_array *arrays;
	uint32_t narrays, arrays_room;
	uint32_t *block_of; /* n: block that begins there, or JIT_NONE */
	uint32_t *order;    /* blocks in the order of the code */
	uint32_t norder, order_room;
	uint64_t steps;     /* pass_thread.c: blocks gone through */
	uint32_t copies;    /* pass_apart.c: blocks copied */
	bool keeps;         /* it accesses jit_ctx.own */
	bool main_called;   /* the first function is called by the program */
	bool callbacks;     /* some function's address is taken */
	bool nested_reject; /* a packet load in another function than the first
	                     */
	bool pkt_varies;    /* something may write or move the packet */
};

static inline bool jit_has(const struct jit_ir *ir, uint32_t pass)
{
	return (ir->opt->passes & pass) != 0;
}

/** A block was looked at. Whoever may be asked says whether it goes on; passes do so
 * to their end, and the driver ends it (jit.c). */
static inline void jit_tick(const struct jit_ir *ir, const struct jit_block *b)
{
	(void)exo_pause(ir->opt->pause, b->n + 1);
}

/* --- build.c --- */

/** Read the program into blocks. 0, -EXO_ENOMEM, or -EXO_EINVAL. */
int jit_build(struct jit_ir *ir);

/* --- ir.c --- */

/** Registers that an instruction reads and writes, as bits. */
uint16_t jit_reads(const struct jit_ir *ir, const struct jit_ins *in);
uint16_t jit_writes(const struct jit_ins *in);

/** True when it does nothing but write its register. */
bool jit_is_pure(const struct jit_ins *in);

/** What an ALU operation gives. */
uint64_t jit_compute(const struct jit_ins *in, uint64_t a, uint64_t b);

/** Is the condition true of these? */
bool jit_holds(const struct jit_ins *in, uint64_t a, uint64_t b);

/** A new block behind block `at` in the order of the code, or JIT_NONE. */
uint32_t jit_block_new(struct jit_ir *ir, uint32_t at);

/* --- graph.c --- */

/** Where edges lead from a block: 0 to 2 of them, in to[]. */
static inline uint32_t jit_succ(const struct jit_block *b, uint32_t to[2])
{
	switch (b->end.op) {
	case JIT_GOTO:
		to[0] = b->to[1];
		return 1;
	case JIT_IF:
	case JIT_IF_LEN:
	case JIT_SWITCH:
		to[0] = b->to[0];
		to[1] = b->to[1];
		return 2;
	default:
		return 0;
	}
}

/** After edges changed: order, counts of edges, what is reached. Blocks that
 * no way leads to are taken out of the order. 0 or -EXO_ENOMEM. */
int jit_graph(struct jit_ir *ir);

/** Find out which registers are read from where on. 0 or -EXO_ENOMEM. */
int jit_live(struct jit_ir *ir);

/** Pass `copies`: pass_copies.c; jit_live() before. 0 or -EXO_ENOMEM. */
int jit_copies(struct jit_ir *ir);

/** Pass `swap`: pass_swap.c; jit_live() before. 0 or -EXO_ENOMEM. */
int jit_swap_order(struct jit_ir *ir);

/** Pass `chains`: pass_chains.c; likewise. Edges go: jit_live() after it. */
int jit_chains(struct jit_ir *ir);

/** Take out what nobody reads; jit_live() before. */
void jit_dead(struct jit_ir *ir);

/** The bytes of the bytecode's value in opposite order. */
uint64_t jit_swap(uint64_t v, uint32_t size);

#endif
