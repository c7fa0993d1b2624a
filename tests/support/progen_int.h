/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generator's files share: see progen.h. */
#ifndef TESTS_SUPPORT_PROGEN_INT_H
#define TESTS_SUPPORT_PROGEN_INT_H

#include "tests/support/progen.h"

enum pg_kind {
	PG_UNSET,
	PG_NUM,
	PG_CTX,
	PG_PKT,
	PG_META,
	PG_END, /* of the packet, or of a mem program's memory */
	PG_MEM,
	PG_BUF,  /* numbers on a stack */
	PG_CELL, /* eight bytes on a caller's stack with a pointer in them */
	PG_VAL,
	PG_VAL_NULL,
	PG_REC,
	PG_KEY,
	PG_MAP,
};

/** What a register or slot holds. Bytes [lo, hi) from it may be accessed. */
struct pg_reg {
	uint8_t kind;
	uint8_t map;
	bool var; /* moved by an unknown number: alignment is not known */
	int16_t lo, hi;
};

#define PG_REGS  10u
#define PG_SLOTS 8u /* for spills: below the area, 8 bytes each */
#define PG_AREA  64 /* bytes below r10 that always hold numbers */

struct pg_state {
	struct pg_reg r[PG_REGS];
	struct pg_reg slot[PG_SLOTS];
};

struct pg_jump {
	uint32_t at;
	uint32_t items; /* still to pass */
	struct pg_state st;
};
#define PG_JUMPS 48u

struct pg_func {
	uint32_t entry;
	bool used;
	bool callback;
	bool changes;  /* the packet */
	bool cell;     /* of its last argument, a PG_CELL */
	bool gives;    /* back a record: its first argument, or in its cell */
	bool held;     /* its callers hold one */
	uint8_t given; /* bytes of it, at least */
	int32_t far;   /* its context lies so far below a stack's bytes */
	struct pg_reg arg[5];
	struct pg_reg content; /* of the cell */
	struct pg_reg ret;
};

struct pg_call {
	uint32_t at;
	uint32_t func;
};
#define PG_CALLS 32u

/** What some programs try at each place where it can be tried: things that a
 * verifier with one fault may accept. */
enum pg_trick {
	PG_TRICK_NONE,
	PG_TRICK_END,    /* the end of a packet or of memory is moved */
	PG_TRICK_FAR,    /* pointers are moved far away */
	PG_TRICK_HALF,   /* pointers are compared in 32 bits */
	PG_TRICK_EITHER, /* one pointer of two is taken for the other */
	PG_TRICK_NULL,   /* null checks are left out, or are of others */
	PG_TRICK_STALE,  /* pointers are kept when what they point to goes */
	PG_TRICK_PLACE,  /* accesses are a little out of place */
	PG_TRICK_LEAK,   /* addresses are stored, compared, returned */
	PG_TRICKS,
};

struct progen {
	struct progen_prog *out;
	const uint8_t *p;
	size_t left;
	uint8_t wild;
	uint8_t trick; /* enum pg_trick */
	bool reads;    /* it does not itself write the packet */
	uint32_t type;
	struct pg_state st;
	uint16_t locked;      /* registers that an item may not change */
	uint16_t locked_slot; /* the same of slots */
	unsigned nest;        /* blocks round this one */
	unsigned loops;       /* loops round this one */
	unsigned held;        /* ring buffer memory */
	unsigned func;        /* 0: the program itself */
	unsigned nfuncs;
	unsigned budget; /* items */
	unsigned serial; /* look-ups */
	struct pg_func funcs[PROGEN_FUNCS];
	struct pg_jump jump[PG_JUMPS];
	uint32_t njumps;
	struct pg_call call[PG_CALLS];
	uint32_t ncalls;
};

/* --- progen.c: choices, emission, registers --- */

uint8_t pg_byte(struct progen *g);
unsigned pg_pick(struct progen *g, unsigned below);
bool pg_wild(struct progen *g);
/** True, mostly, in programs that try this. */
bool pg_trick(struct progen *g, enum pg_trick trick);
/** A register with a pointer to be leaked, or PG_REGS: mostly. */
unsigned pg_leak(struct progen *g);
bool pg_one_in(struct progen *g, unsigned n);
int32_t pg_imm(struct progen *g);
void pg_emit(struct progen *g, unsigned code, unsigned dst, unsigned src,
    int off, int32_t imm);
void pg_mov(struct progen *g, unsigned dst, unsigned src);
void pg_set(struct progen *g, unsigned dst, int32_t imm);
void pg_add(struct progen *g, unsigned dst, int32_t imm);
void pg_lddw(
    struct progen *g, unsigned dst, unsigned src, int32_t lo, int32_t hi);
unsigned pg_bytes(unsigned width);
unsigned pg_width(struct progen *g);

void pg_is(struct progen *g, unsigned reg, enum pg_kind kind);
void pg_lock(struct progen *g, unsigned reg);
void pg_unlock(struct progen *g, unsigned reg);
/** A register with a number; one is made where there is none. */
unsigned pg_num(struct progen *g);
/** The same, mostly of a number that is not known. */
unsigned pg_unknown(struct progen *g);
/** A register that may be overwritten, other than `not`. */
unsigned pg_free(struct progen *g, unsigned not );
/** A register that holds this kind, or PG_REGS. */
unsigned pg_find(struct progen *g, enum pg_kind kind);
/** The same, loaded from the context where there is none. */
unsigned pg_packet(struct progen *g, enum pg_kind kind);
/** r1 to r5 after a call; r0 becomes a number. */
void pg_clobber(struct progen *g);

/* --- jumps --- */

/** Emit a jump that leads to a later item; its way has the state of now. */
void pg_jump(struct progen *g, unsigned code, unsigned dst, unsigned src,
    int32_t imm, unsigned items);
/** Emit one that asks about a number, mostly so that the way that jumps learns
 * nothing: a state there covers the other one. */
void pg_ask(struct progen *g, unsigned num, unsigned items);
/** Let all jumps from row `from` on land here. */
void pg_land(struct progen *g, uint32_t from);
/** This way ends here: only jumps lead on. */
void pg_meet(struct pg_state *a, const struct pg_state *b);
/** A block of items; jumps in it do not leave it. */
void pg_block(struct progen *g, unsigned items);

/* --- progen_num.c: numbers, stack --- */

void pg_alu(struct progen *g);
void pg_move(struct progen *g);
void pg_area(struct progen *g);
void pg_branch(struct progen *g);
void pg_spill(struct progen *g);
void pg_window(struct progen *g);
void pg_diamond(struct progen *g);
/** A register with a number from 0 to below *limit, which is at most 256 and
 * may be lowered. Ways on which it is not lead to later items. */
unsigned pg_bounded(struct progen *g, unsigned *limit);

/* --- progen_obj.c: objects and accesses --- */

void pg_context(struct progen *g);
void pg_legacy(struct progen *g);
void pg_proof(struct progen *g);
void pg_access(struct progen *g);
void pg_shift(struct progen *g);
void pg_either(struct progen *g);

/* --- progen_map.c: maps --- */

/** A key that the map may have, at an aligned place of the area: where. */
int pg_key(struct progen *g, unsigned map);
void pg_settle(struct progen *g);
void pg_lookup(struct progen *g);

/* --- progen_fold.c --- */

/** r0 of all numbers in registers and on the stack, if that is wanted. */
void pg_fold(struct progen *g);

/* --- progen_ring.c: records --- */

void pg_ring(struct progen *g);
/** Give back what r1 points to. */
void pg_give_back(struct progen *g);

/* --- progen_ptr.c: pointers compared, saved in odd places, moved contexts --- */

void pg_compare(struct progen *g);
void pg_overlap(struct progen *g);
void pg_moved(struct progen *g);

/* --- progen_call.c: helpers, functions, loops --- */

void pg_helper(struct progen *g);
void pg_tail(struct progen *g);
void pg_change(struct progen *g);
/** Call a function of this program; its arguments are there. */
void pg_call_func(struct progen *g, unsigned k);
void pg_local(struct progen *g);
void pg_callback(struct progen *g);
void pg_loop(struct progen *g);

#endif
