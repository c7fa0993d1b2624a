/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defensive interpreter: runs any bytes, verified or not, and never
 * leaves its memory.
 *
 * Overview: every address that a program sees is *virtual*: the upper 32 bits
 * name a region, the lower 32 an offset in it. An access is one table look-up
 * and one length check, whatever the program computed. Values are therefore
 * the same on every machine and in every run.
 *
 * Trust: none in the program. isa_load() refuses what is no instruction;
 * isa_run() is memory-safe and bounded by its fuel even after isa_point(),
 * which looks at nothing. It then ignores fields that an instruction does
 * not use, and register numbers 11 to 15 are registers like others.
 *
 * Choices where RFC 9669 is silent: an atomic operation on a misaligned
 * address, or on the context, traps; the packet is read-only. A call and a
 * packet load leave r1 to r5 as 0, and a local function starts with r0 and
 * r6 to r9 as 0, so that no program gets away with a stale register. LD_ABS
 * and LD_IND need a struct __sk_buff behind r6: in other types they trap.
 *
 * Synchronization: a vm belongs to one thread.
 */
#ifndef EXO_ISA_INTERP_H
#define EXO_ISA_INTERP_H

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

/** A piece of memory that a program may touch. */
struct isa_region {
	uint8_t *base;
	uint32_t size;     /* bytes; below 2^31 */
	uint32_t writable; /* 0 or 1 */
};

/** The packet that a program is run on. */
struct isa_pkt {
	const uint8_t *data;
	uint32_t caplen;   /* bytes at data */
	uint32_t wirelen;  /* bytes that were on the wire */
	uint32_t ifindex;  /* interface that it came in by */
	uint16_t protocol; /* Ethernet type, host order; 0 when unknown */
};

struct isa_vm;

/** What a program may call; the platform of the interpreter. May be NULL. */
struct isa_ops {
	/**
	 * Run helper nr with arguments regs[1..5], result into regs[0].
	 * Returns 0, or negative: the run ends with ISA_END_HELPER.
	 */
	int (*helper)(struct isa_vm *vm, uint32_t nr, uint64_t regs[16]);
	/**
	 * Turn a 64-bit immediate that is a name into an address: src is its
	 * source field (maps; 4: the address of code), imm both halves.
	 * Returns 0 when there is no such thing: ISA_END_MAP.
	 */
	uint64_t (*map)(struct isa_vm *vm, uint32_t src, uint64_t imm);
};

/** One interpreter. Zero it, then isa_load(). */
struct isa_vm {
	const struct exo_insn *insns;
	uint32_t ninsns;
	uint32_t type; /* enum exo_prog_type */
	const struct isa_ops *ops;
	void *user;       /* for ops */
	uint64_t fuel;    /* instructions left; isa_run() counts it down */
	uint32_t stack;   /* bytes below r10 to clear before a run */
	uint32_t end_pc;  /* where the last run ended */
	uint32_t nregion; /* rows of region[] in use, 0 counted */
	struct isa_pkt pkt;
	struct isa_region region[ISA_REGIONS];
	uint8_t cb[EXO_SKB_CB_SIZE]; /* the context's scratch words */
	_Alignas(16) uint8_t frames[EXO_MAX_FRAMES * EXO_STACK_SIZE];
};

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

/** Set the packet of the next runs. data must outlive them. */
void isa_set_pkt(struct isa_vm *vm, const struct isa_pkt *pkt);

/** Set the memory of the next runs of an EXO_PROG_MEM program. */
void isa_set_mem(struct isa_vm *vm, uint8_t *mem, uint32_t size);

/**
 * Run the program until it ends, with fuel vm->fuel.
 * r1 (and r2) are set by the program's type; other registers start at 0; the
 * vm->stack bytes below r10 are cleared, deeper frames when entered, and so
 * are the context's scratch words.
 * Returns how it ended; *r0 is the result, 0 unless ISA_END_EXIT.
 */
enum isa_end isa_run(struct isa_vm *vm, uint64_t *r0);

#endif
