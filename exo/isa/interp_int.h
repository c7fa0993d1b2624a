/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the interpreter's files share: the state of one run.
 */
#ifndef EXO_ISA_INTERP_INT_H
#define EXO_ISA_INTERP_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/isa/interp.h"
#include "exo/lib/mem.h"

/** What a local call puts aside. */
struct isa_saved {
	uint64_t r6_r9[4];
	struct isa_code code;
	uint32_t pc;          /* of the instruction after the call */
	uint32_t base;        /* where that program began */
	struct isa_loop loop; /* next is NULL: it was called once */
};
_Static_assert(sizeof(struct isa_saved) <= 128, "ISA_DEEP_SIZE has so much");

struct isa_state {
	uint64_t r[16]; /* 11 to 15 exist so that any nibble is in range */
	struct isa_code code;    /* the program that runs */
	uint32_t depth;          /* frames below this one */
	struct isa_saved *saved; /* valid below depth; few, or the vm's */
	struct isa_saved few[EXO_MAX_FRAMES - 1];
};

static inline uint64_t isa_addr(uint32_t region, uint32_t off)
{
	return (uint64_t)region << 32 | off;
}

/** The number of the packet's region. */
static inline uint32_t isa_pkt_id(const struct isa_vm *vm)
{
	return vm->pkt_moves == 0 ? ISA_REGION_PKT : ISA_ID_PKT | vm->pkt_moves;
}

/** May this program write the packet? */
static inline uint32_t isa_pkt_writable(const struct isa_vm *vm)
{
	return vm->room.writable &&
	       (vm->type == EXO_PROG_XDP || vm->type == EXO_PROG_TC);
}

/** r1 to r5 do not survive calls and packet loads. */
static inline void isa_clobber(uint64_t r[16])
{
	memset(&r[1], 0, 5 * sizeof(r[0]));
}

/** isa_at() and isa_at_writable() of a region that is none of region[]. */
uint8_t *isa_far(
    const struct isa_vm *vm, uint64_t addr, uint32_t size, bool write);

/** Give the memory behind size bytes at a virtual address, or NULL. The
 * context has no memory: isa_ctx_load() and isa_ctx_store() know it. */
static inline uint8_t *isa_at(
    const struct isa_vm *vm, uint64_t addr, uint32_t size)
{
	uint64_t id = addr >> 32;
	uint32_t off = (uint32_t)addr;
	const struct isa_region *g;

	if (id >= vm->nregion)
		return isa_far(vm, addr, size, false);
	g = &vm->region[id];
	off -= g->start;
	if (size > g->size || off > g->size - size)
		return NULL;
	return g->base + off;
}

/** The same for memory that may be written. */
static inline uint8_t *isa_at_writable(
    const struct isa_vm *vm, uint64_t addr, uint32_t size)
{
	uint64_t id = addr >> 32;

	if (id >= vm->nregion)
		return isa_far(vm, addr, size, true);
	if (vm->region[id].writable == 0)
		return NULL;
	return isa_at(vm, addr, size);
}

/** Let the frame of this depth be the running one. */
static inline void isa_set_depth(
    struct isa_vm *vm, struct isa_state *s, uint32_t depth)
{
	uint32_t top = (depth + 1) * EXO_STACK_SIZE;

	s->depth = depth;
	vm->depth = depth;
	s->r[EXO_R_FP] = isa_addr(ISA_REGION_STACK, top);
	vm->region[ISA_REGION_STACK].size = top;
}

/** Enter a local function that returns to pc; false: too deep. */
bool isa_enter(struct isa_vm *vm, struct isa_state *s, uint32_t pc);

/** A packet load went past the end: the running function ends, with 0. False:
 * it was the first one; else *pc is where to go on in s->code. */
bool isa_reject(struct isa_vm *vm, struct isa_state *s, uint32_t *pc);

/** Leave one, s->depth being above 0; returns where to go on in s->code:
 * after the call, or at the function's start for the next of its calls. */
uint32_t isa_leave(struct isa_vm *vm, struct isa_state *s);

/** Call a helper. ISA_END_EXIT: go on at *pc in s->code. */
enum isa_end isa_call_helper(
    struct isa_vm *vm, struct isa_state *s, int32_t nr, uint32_t *pc);

/** Load that isa_at() refused. ISA_END_EXIT: *value is set. */
enum isa_end isa_ctx_load(const struct isa_vm *vm, const struct exo_insn *in,
    uint64_t addr, uint64_t *value);

/** Store that isa_at_writable() refused. ISA_END_EXIT: it is done. */
enum isa_end isa_ctx_store(struct isa_vm *vm, const struct exo_insn *in,
    uint64_t addr, uint64_t value);

/** Run one atomic instruction. ISA_END_EXIT: it is done. */
enum isa_end isa_atomic(
    struct isa_vm *vm, const struct exo_insn *in, uint64_t r[16]);

/** Run one 64-bit immediate load of s->code; in[1] exists. ISA_END_EXIT: it is
 * done. */
enum isa_end isa_imm64(struct isa_vm *vm, const struct isa_state *s,
    const struct exo_insn *in, uint64_t *value);

/** Sign-extend the low off bits of v to width bits, zeros above.
 * Returns false when there is no such instruction. */
bool isa_movsx(int16_t off, unsigned width, uint64_t v, uint64_t *d);

/** Run one byte-order instruction on *d; false: no such width. */
bool isa_swap(const struct exo_insn *in, uint64_t *d);

#endif
