/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defensive interpreter: runs any bytes, verified or not, and never
 * leaves its memory.
 *
 * Overview: every address that a program sees is *virtual*: the upper 32 bits
 * name a region, the lower 32 an offset in it. An access is one table look-up
 * and one length check, whatever the program computed. Values are therefore
 * the same on every machine and in every run. Regions that come and go
 * (elements of maps, records, a packet that was changed) have numbers of their
 * own, so that a pointer to what is gone traps.
 *
 * Trust: none in the program. isa_load() refuses what is no instruction;
 * isa_run() is memory-safe and bounded by its fuel even after isa_point(),
 * which looks at nothing. It then ignores fields that an instruction does
 * not use, and register numbers 11 to 15 are registers like others.
 *
 * Choices where RFC 9669 is silent: an atomic operation on a misaligned
 * address, or on the context, traps; the packet is read-only (a load-acquire
 * reads it) but in xdp and tc programs after isa_set_room(). A call and a
 * packet load leave r1 to r5 as 0, and a local function starts with r0 and
 * r6 to r9 as 0, so that no program gets away with a stale register. LD_ABS
 * and LD_IND need a struct __sk_buff behind r6: in other types they trap.
 *
 * Synchronization: a vm belongs to one thread.
 */
#ifndef EXO_ISA_INTERP_H
#define EXO_ISA_INTERP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/abi/insn.h"

/** How a run ended. Everything but EXIT and REJECT is a trap. */
enum isa_end {
	ISA_END_EXIT = 0, /* EXIT in the outermost frame; r0 is the result */
	ISA_END_REJECT, /* LD_ABS or LD_IND past the captured bytes: r0 is 0 */
	ISA_END_FUEL,   /* the fuel is used up */
	ISA_END_PC,     /* control left the program */
	ISA_END_OPCODE, /* no such instruction */
	ISA_END_LOAD,   /* load outside every region */
	ISA_END_STORE,  /* store outside every writable region */
	ISA_END_CTX,    /* context access that is no field */
	ISA_END_FRAMES, /* a call that would need a ninth frame */
	ISA_END_HELPER, /* no such helper, or it refused its arguments */
	ISA_END_MAP,    /* a 64-bit immediate names no map */
	ISA_END_HELD,   /* the program is over and holds ring buffer memory */
};

/** Regions and their numbers in virtual addresses. 0 is never a region. */
enum isa_region_nr {
	ISA_REGION_CTX = 1,
	ISA_REGION_PKT = 2,
	ISA_REGION_STACK = 3, /* frame k: [k * EXO_STACK_SIZE, + 512) */
	ISA_REGION_MEM = 4,   /* what r1 points to in EXO_PROG_MEM */
	ISA_REGION_FREE = 5,  /* first number for maps and helper memory */
	ISA_REGIONS = 64,
};

/** Numbers above those of region[]; all others are isa_ops.at()'s. */
#define ISA_ID_PKT  0x0d000000u /* + n: the packet after its n-th change */
#define ISA_ID_PKTS 0x00ffffffu /* the most that is added */
#define ISA_ID_FUNC 0x0e000000u /* no memory: an instruction's index */

/** The address of the packet's first byte in its region. Not 0: programs have its
 * lower half only, and may compare that with a null pointer. */
#define ISA_PKT_START 0x1000u

/** A piece of memory that a program may touch. */
struct isa_region {
	uint8_t *base;
	uint32_t size;     /* bytes; below 2^31 */
	uint16_t writable; /* 0 or 1 */
	uint16_t start;    /* the address of its first byte, below 2^32 */
};

/** The packet that a program is run on. */
struct isa_pkt {
	const uint8_t *data;
	uint32_t caplen;   /* bytes at data */
	uint32_t wirelen;  /* bytes that were on the wire */
	uint32_t ifindex;  /* interface that it came in by */
	uint16_t protocol; /* Ethernet type, host order; 0 when unknown */
};

/** Where the packet lies, once programs may change it. Helpers change these
 * numbers and vm->pkt.caplen, then call isa_pkt_moved(). */
struct isa_room {
	uint8_t *base; /* the packet begins `head` bytes behind it */
	uint32_t head; /* bytes before the packet, metadata included */
	uint32_t tail; /* bytes behind its end */
	uint32_t meta; /* bytes of metadata right before it */
	bool writable; /* all of it; else none */
};

/** A program, as a tail call finds it. */
struct isa_code {
	const struct exo_insn *insns;
	uint32_t n;
};

/** Frames of all programs of a run. A tail call in a function leaves those of its
 * callers below: one less than a program may have at most. */
#define ISA_DEEP_FRAMES (EXO_MAX_FRAMES + 33u * (EXO_MAX_FRAMES - 1u))
#define ISA_DEEP_SIZE   ((size_t)ISA_DEEP_FRAMES * (EXO_STACK_SIZE + 128u))

struct isa_vm;

/** A function of the program that a helper has called back, again and again
 * until it returns something else than 0. */
struct isa_loop {
	/**
	 * Set the arguments of the next call in regs[1..5], which are 0, and
	 * return true; or return false: that was all.
	 */
	bool (*next)(
	    struct isa_vm *vm, struct isa_loop *loop, uint64_t regs[16]);
	/** The function wants no further call. May be NULL. */
	void (*stop)(struct isa_vm *vm, const struct isa_loop *loop);
	void *of;       /* for next() */
	uint64_t ctx;   /* for next(): handed to the function */
	uint32_t pos;   /* for next() */
	uint32_t limit; /* for next() */
	uint32_t pc;    /* of the function's first instruction */
	uint32_t calls; /* calls made: the helper's result; begin with 0 */
	uint32_t depth; /* of the function's frame: set by the interpreter */
};

/** What isa_ops.helper() leaves to the interpreter. */
enum isa_helper_does {
	ISA_HELPER_DONE = 0,
	ISA_HELPER_TAIL = 1, /* go on in vm->tail, with this frame anew */
	ISA_HELPER_LOOP = 2, /* go on with vm->loop */
};

/** Most tail calls in one run, as in Linux. */
#define ISA_TAILS_MAX 33u

/** What a program may call; the platform of the interpreter. May be NULL. */
struct isa_ops {
	/**
	 * Run helper nr with arguments regs[1..5], result into regs[0].
	 * Returns enum isa_helper_does, or negative: the run ends with
	 * ISA_END_HELPER.
	 */
	int (*helper)(struct isa_vm *vm, uint32_t nr, uint64_t regs[16]);
	/**
	 * Turn a 64-bit immediate that is a name into an address: src is its
	 * source field (1, 2, 5 and 6: maps), imm both halves.
	 * Returns 0 when there is no such thing: ISA_END_MAP.
	 */
	uint64_t (*map)(struct isa_vm *vm, uint32_t src, uint64_t imm);
	/**
	 * Give the memory behind size bytes (1 or more) at an address whose
	 * region is none of region[]; NULL when there is none, or when the
	 * program may not read them (write: write them).
	 */
	uint8_t *(*at)(
	    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write);
};

/** One interpreter. Zero it, then isa_load(). */
struct isa_vm {
	const struct exo_insn *insns;
	uint32_t ninsns;
	uint32_t type; /* enum exo_prog_type */
	const struct isa_ops *ops;
	void *user;      /* for ops */
	uint64_t fuel;   /* instructions left, and as many as rows of helpers
	                    count for; isa_run() counts it down */
	uint32_t stack;  /* bytes below r10 to clear before a run */
	uint32_t end_pc; /* where the last run ended */
	const struct exo_insn *end_insns; /* ... in which program */
	uint32_t depth;                   /* frames below the running one */
	uint32_t tails; /* tail calls of this run; helpers count them */
	uint32_t held;  /* records held by the program; helpers count them */
	struct isa_code tail; /* ISA_HELPER_TAIL */
	struct isa_loop loop; /* ISA_HELPER_LOOP */
	uint32_t nregion;     /* rows of region[] in use, 0 counted */
	struct isa_pkt pkt;
	struct isa_room room;
	uint32_t pkt_moves; /* 0: the packet is in region[], else in pkt_now */
	struct isa_region pkt_now;
	struct isa_region region[ISA_REGIONS];
	struct exo_ctx_own own; /* what the program wrote of its context */
	uint32_t base; /* the depth at which the running program began */
	void *deep; /* ISA_DEEP_SIZE bytes, aligned to 16; NULL: programs make
	                  no tail calls in functions */
	_Alignas(16) uint8_t frames[EXO_MAX_FRAMES * EXO_STACK_SIZE];
};

/** The frames of a vm: frames[], or in `deep`. */
uint8_t *isa_frames(struct isa_vm *vm);

/**
 * isa_point() for a program from outside: refuse what no interpreter may run
 * (isa_check(): every instruction is one, and jumps stay inside).
 * Returns 0, or -EXO_EINVAL with *bad the index of the first bad instruction.
 */
int isa_load(struct isa_vm *vm, uint32_t type, const struct exo_insn *insns,
    uint32_t ninsns, uint32_t *bad);

/**
 * Point vm at a program that was checked before (or, in a test, never).
 * Sets vm->stack to the whole frame; a caller that knows how much of it the
 * program uses may lower it. Packet and memory stay. Costs five stores, so
 * that one vm can run many programs on a packet. insns must outlive vm's use.
 */
void isa_point(struct isa_vm *vm, uint32_t type, const struct exo_insn *insns,
    uint32_t ninsns);

/** Set the packet of the next runs. data must outlive them. It has no room
 * and no metadata, and is read-only. */
void isa_set_pkt(struct isa_vm *vm, const struct isa_pkt *pkt);

/** After isa_set_pkt(): the packet, `head` bytes before it and `tail` bytes
 * behind it are memory that may be written. Helpers may use all of it, xdp and
 * tc programs may write the packet; other types may not. What a run changes
 * stays: vm->pkt says where the packet is then. */
void isa_set_room(struct isa_vm *vm, uint32_t head, uint32_t tail);

/** For helpers: vm->room and vm->pkt.caplen were changed, or may have been.
 * The packet gets new addresses; those that the program has trap from now. */
void isa_pkt_moved(struct isa_vm *vm);

/** For helpers: give the memory behind size bytes (1 or more) at a virtual
 * address, if the program may read (write: write) all of them; or NULL. */
uint8_t *isa_mem(
    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write);

/** For helpers: is this an address in the packet as it is now? */
bool isa_in_pkt(const struct isa_vm *vm, uint64_t addr);

/** Set the memory of the next runs of an EXO_PROG_MEM program. */
void isa_set_mem(struct isa_vm *vm, uint8_t *mem, uint32_t size);

/**
 * Run the program until it ends, with fuel vm->fuel.
 * r1 (and r2) are set by the program's type; other registers start at 0; the
 * vm->stack bytes below r10 are cleared, deeper frames when entered, and so
 * is what the program may write of its context.
 * Returns how it ended; *r0 is the result, 0 unless ISA_END_EXIT.
 */
enum isa_end isa_run(struct isa_vm *vm, uint64_t *r0);

#endif
