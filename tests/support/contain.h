/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containment: does what a program really does lie inside what the verifier
 * believes of it?
 *
 * contain_record() keeps every state from which an instruction was explored.
 * contain_check() runs the program up to each instruction, on one packet, and
 * looks for a recorded state there that the registers and the stack fit:
 * numbers in their ranges, pointers at their places, links equal, proven
 * bytes there. A state that was pruned counts through the one that covered
 * it. The run is the defensive interpreter's: the instruction is replaced by
 * a jump to a tail that stores the registers at the lowest end of the stack.
 * For programs without backward jumps or calls, and with that end free.
 * Header only, so that fuzzers and tests can have it.
 */
#ifndef TESTS_SUPPORT_CONTAIN_H
#define TESTS_SUPPORT_CONTAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/interp.h"
#include "verifier/vf_int.h"

#define CONTAIN_TAIL 13u             /* instructions */
#define CONTAIN_LOW  (EXO_REGS * 8u) /* bytes of stack that the tail takes */

struct contain {
	struct vf_node **nodes;
	uint32_t *pc;
	uint32_t n, room;
	struct vf_idmap map;
	uint64_t scratch[VF_NODE_MAX / 8 + 1];
};

/* A concrete state: registers, stack, object sizes. */
struct contain_real {
	uint64_t r[EXO_REGS];
	const uint8_t *stack; /* EXO_STACK_SIZE bytes */
	uint32_t pkt, mem;    /* bytes */
};

static inline void contain_add(
    void *ctx, uint32_t pc, const struct vf_state *st)
{
	static const struct vf_live all = { .half = { UINT64_MAX, UINT64_MAX },
		.regs = 0x3ff };
	struct contain *c = ctx;
	struct vf_node *n = (struct vf_node *)(void *)c->scratch;

	if (st == NULL) { /* a new pass */
		while (c->n > 0)
			free(c->nodes[--c->n]);
		return;
	}
	if (c->n == c->room) {
		c->room = c->room == 0 ? 256 : c->room * 2;
		c->nodes = realloc(c->nodes, c->room * sizeof(*c->nodes));
		c->pc = realloc(c->pc, c->room * sizeof(*c->pc));
	}
	(void)vf_pack(n, st, &all, false, &c->map);
	c->nodes[c->n] = malloc(n->size);
	if (c->nodes == NULL || c->pc == NULL || c->nodes[c->n] == NULL)
		abort();
	memcpy(c->nodes[c->n], n, n->size);
	c->pc[c->n++] = pc;
}

static inline void contain_free(struct contain *c)
{
	while (c->n > 0)
		free(c->nodes[--c->n]);
	free(c->nodes);
	free(c->pc);
	memset(c, 0, sizeof(*c));
}

/*
 * One value
 */

static inline bool contain_in(const struct vf_range *r, uint64_t x, unsigned w)
{
	int64_t s = vf_signed(x, w);

	return r->umin <= x && x <= r->umax && r->smin <= s && s <= r->smax;
}

static inline bool contain_num(const struct vf_scalar *s, uint64_t x)
{
	return vf_tnum_has(s->t, x) && contain_in(&s->r, x, 64) &&
	       contain_in(&s->h, x & UINT32_MAX, 32);
}

/* What the variable part of a pointer must have been; *room: how many bytes
 * of its object exist. False when its kind fits no value. */
static inline bool contain_part(const struct contain_real *real,
    const struct vf_reg *r, uint64_t x, uint64_t *part, uint64_t *room)
{
	uint64_t pkt = (uint64_t)ISA_REGION_PKT << 32;
	uint64_t mem = real->mem == 0 ? 0 : (uint64_t)ISA_REGION_MEM << 32;
	uint64_t base = 0;

	*room = 0;
	switch (r->kind) {
	case EXO_REG_SCALAR:
		break;
	case EXO_REG_CTX:
		base = (uint64_t)ISA_REGION_CTX << 32;
		break;
	case EXO_REG_STACK:
		base = ((uint64_t)ISA_REGION_STACK << 32) + EXO_STACK_SIZE;
		break;
	case EXO_REG_PKT:
		*room = real->pkt;
		base = pkt;
		break;
	case EXO_REG_PKT_META:
		base = pkt;
		break;
	case EXO_REG_PKT_END:
		base = pkt + real->pkt;
		break;
	case EXO_REG_MEM:
		*room = real->mem;
		base = mem;
		break;
	case VF_REG_MEM_END:
		base = mem + real->mem;
		break;
	default:
		return false;
	}
	*part = x - base - (uint64_t)(int64_t)r->off;
	return true;
}

/* Values of ids that were met in a state; 0 is not one of them. */
struct contain_ids {
	uint32_t n;
	uint32_t id[EXO_REGS + VF_HALVES];
	uint64_t x[EXO_REGS + VF_HALVES];
};

static inline bool contain_link(
    struct contain_ids *ids, uint32_t id, uint64_t x)
{
	uint32_t i;

	if (id == 0)
		return true;
	for (i = 0; i < ids->n; i++) {
		if (ids->id[i] == id)
			return ids->x[i] == x;
	}
	ids->id[ids->n] = id;
	ids->x[ids->n++] = x;
	return true;
}

static inline bool contain_reg(const struct contain_real *real,
    struct contain_ids *ids, const struct vf_reg *r, uint64_t x)
{
	uint64_t part, room;

	if (r->kind == EXO_REG_UNINIT)
		return true;
	if (!contain_part(real, r, x, &part, &room))
		return false;
	if (r->id == VF_ID_SIZE && part != real->mem)
		return false;
	if (r->kind != EXO_REG_SCALAR && r->id == 0 && part != 0)
		return false;
	if (r->proven != 0 && (int64_t)(part + r->proven - 1) > (int64_t)room)
		return false;
	return contain_num(&r->s, part) && contain_link(ids, r->id, part);
}

/*
 * One state
 */

static inline bool contain_stack(const struct contain_real *real,
    struct contain_ids *ids, const struct vf_state *st)
{
	unsigned b, h;

	for (b = CONTAIN_LOW; b < EXO_STACK_SIZE; b++) {
		if (st->byte[b] == VF_BYTE_ZERO && real->stack[b] != 0)
			return false;
	}
	for (h = CONTAIN_LOW / 4; h < VF_HALVES; h++) {
		uint64_t x = 0;

		if (st->size[h] == 0)
			continue;
		memcpy(&x, real->stack + h * 4, st->size[h]);
		if (!contain_reg(real, ids, &st->saved[h], x))
			return false;
	}
	return true;
}

static inline bool contain_state(
    const struct contain_real *real, const struct vf_state *st)
{
	struct contain_ids ids = { .n = 0 };
	unsigned i;

	if (st->mem_min > real->mem)
		return false;
	for (i = 0; i < EXO_REGS; i++) {
		if (!contain_reg(real, &ids, &st->r[i], real->r[i]))
			return false;
	}
	return contain_stack(real, &ids, st);
}

static inline bool contain_somewhere(
    const struct contain *c, uint32_t pc, const struct contain_real *real)
{
	static struct vf_state st;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		if (c->pc[i] != pc)
			continue;
		vf_unpack(&st, c->nodes[i]);
		if (contain_state(real, &st))
			return true;
	}
	return false;
}

/*
 * Runs
 */

static inline void contain_tail(struct exo_insn *to)
{
	unsigned i;

	for (i = 0; i < EXO_REGS; i++)
		to[i] = (struct exo_insn){ EXO_STX | EXO_MEM | EXO_DW,
			(uint8_t)(i << 4 | EXO_R_FP),
			(int16_t)(8 * (int)i - (int)EXO_STACK_SIZE), 0 };
	to[i++] = (struct exo_insn){ EXO_ALU64 | EXO_MOV, 0, 0, 0 };
	to[i] = (struct exo_insn){ EXO_JMP | EXO_EXIT, 0, 0, 0 };
}

/**
 * Run up to each instruction on vm's packet and memory. insns has room for
 * CONTAIN_TAIL more than its n and is changed for the time being; reset()
 * makes memory what it was before a run.
 * Returns n, or the instruction before which no recorded state fits.
 */
static inline uint32_t contain_check(const struct contain *c, struct isa_vm *vm,
    uint32_t type, struct exo_insn *insns, uint32_t n, void (*reset)(void *arg),
    void *arg)
{
	struct contain_real real = { .stack = vm->frames };
	uint32_t pc, step;
	uint64_t r0;

	contain_tail(insns + n);
	real.pkt = vm->region[ISA_REGION_PKT].size;
	real.mem = vm->region[ISA_REGION_MEM].size;
	for (pc = 0; pc < n; pc += step) {
		struct exo_insn kept = insns[pc];

		step = kept.code == (EXO_LD | EXO_IMM | EXO_DW) ? 2 : 1;
		insns[pc] = (struct exo_insn){ EXO_JMP32 | EXO_JA, 0, 0,
			(int32_t)(n - pc - 1) };
		reset(arg);
		isa_point(vm, type, insns, n + CONTAIN_TAIL);
		vm->fuel = n + CONTAIN_TAIL;
		(void)isa_run(vm, &r0);
		insns[pc] = kept;
		if (vm->end_pc != n + CONTAIN_TAIL - 1)
			continue; /* this run does not get there */
		memcpy(real.r, vm->frames, sizeof(real.r));
		if (!contain_somewhere(c, pc, &real))
			return pc;
	}
	return n;
}

#endif
