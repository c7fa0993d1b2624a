/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liveness: what may still be read.
 *
 * With L(i) the registers and stack halves that are live before instruction i,
 *     L(i) = use(i) + (union of L(j), j after i) - def(i)
 * taken backwards, once where jumps lead forward only, else until nothing
 * changes. L is kept at leaders. A local call uses those of r1 to r5 that its
 * callee does, and leads to the instruction behind it; an exit uses r0.
 *
 * States that wait are cut down to what is live (node.c), so that states that
 * differ in nothing that matters are equal. Soundness does not rest on L: what
 * it leaves out is taken for not set, of which nothing is known.
 *
 * E(i), the registers whose value may become part of an address or a size:
 * operands of 64-bit + and - with what may be a pointer, arguments of helpers
 * but plain numbers, and what flows into them by arithmetic, moves and the
 * stack; all that is compared while there are such, since a compare may bound
 * a linked copy; and all that is compared inside loops, which may end them. E
 * is a guess by which the coarse pass forgets (explore.c): a wrong one costs
 * time or precision only.
 *
 * Stack accesses through r10 are known by place. Through another register
 * that may hold a stack pointer (by any instruction, anywhere) a load reads
 * the whole stack and a store overwrites nothing.
 */
#include "exo/isa/decode.h"
#include "verifier/vf_int.h"

#define CALLER_SAVED 0x003eu /* r1 to r5: unset after calls, ld_abs, ld_ind */

/* Passes over a program with loops, before all is taken to be live. */
#define ROUNDS 32u

static unsigned class_of(const struct exo_insn *in)
{
	return in->code & 0x07u;
}

static uint16_t bit(unsigned reg)
{
	return (uint16_t)(1u << reg);
}

/* Context fields that give pointers, at their usual places. */
static bool loads_ptr(const struct vf_env *env, const struct exo_insn *in)
{
	const struct exo_ctx_field *f;

	if ((in->code & 0x18u) != EXO_W || in->off < 0)
		return false;
	f = isa_ctx_field(env->type, (uint32_t)in->off, 4);
	return f != NULL &&
	       (f->kind == EXO_CTX_DATA || f->kind == EXO_CTX_DATA_END ||
	           f->kind == EXO_CTX_DATA_META);
}

/* One step of the closure: registers that get what set holds; `memory` tells
 * whether such a pointer may have been stored. */
static uint16_t spread(const struct exo_insn *in, uint16_t set, bool *memory)
{
	bool from = (set >> exo_src(in) & 1) != 0;

	switch (class_of(in)) {
	case EXO_ALU64:
		if ((in->code & EXO_X) != 0 && from)
			set |= bit(exo_dst(in));
		break;
	case EXO_LDX:
		if (*memory)
			set |= bit(exo_dst(in));
		break;
	case EXO_STX:
		if (from)
			*memory = true;
		if ((in->code & 0xe0u) == EXO_ATOMIC && *memory)
			set |= bit(exo_src(in)) | bit(exo_dst(in)) | bit(0);
		break;
	default:
		break;
	}
	return set;
}

/* Where an instruction of its own makes a pointer; `ctx`: of any kind, else
 * one that may lead to a stack. */
static uint16_t make_ptrs(
    const struct vf_env *env, const struct exo_insn *in, bool ctx)
{
	const struct isa_helper *h;
	bool exists;

	if (in->code == (EXO_JMP | EXO_CALL) && !vf_is_local_call(in)) {
		h = isa_helper((uint32_t)in->imm, env->type, &exists);
		if (h == NULL)
			return 0;
		if ((h->fx & ISA_FX_CALLS) != 0)
			return CALLER_SAVED;
		return ctx && h->ret > ISA_RET_INT ? bit(0) : 0;
	}
	if (!ctx)
		return 0;
	if (isa_slots(in) == 2 && exo_src(in) != EXO_LDDW_IMM)
		return bit(exo_dst(in));
	return class_of(in) == EXO_LDX && loads_ptr(env, in) ? bit(exo_dst(in))
	                                                     : 0;
}

/* The registers that may ever hold what `set` holds; with `ctx` also what
 * context fields give. */
static uint16_t closure(const struct vf_env *env, uint16_t set, bool ctx)
{
	bool memory = false;
	bool changed;
	uint32_t i;

	do {
		uint16_t before = set;
		bool memory_before = memory;

		for (i = 0; i < env->n; i += isa_slots(&env->insns[i])) {
			const struct exo_insn *in = &env->insns[i];

			set |= make_ptrs(env, in, ctx);
			set = spread(in, set, &memory);
			if (!exo_pause(env->pause, 1))
				return 0; /* vf_live() will not be believed */
		}
		changed = set != before || memory != memory_before;
	} while (changed);
	return set;
}

/* What the whole program says, seen without its order. */
struct view {
	uint16_t stack; /* registers but r10 that may point to the stack */
	uint16_t ptr;   /* registers that may be pointers */
};

/* A load through base: the halves it touches are live. */
static void use_stack(struct vf_live *live, const struct exo_insn *in,
    unsigned base, uint16_t stack)
{
	int32_t lo = (int32_t)EXO_STACK_SIZE + in->off;
	int32_t hi = lo + (int32_t)exo_access_size(in) - 1;
	int32_t h;

	if (base != EXO_R_FP) {
		if ((stack >> base & 1) != 0) {
			live->half[0] = UINT64_MAX;
			live->half[1] = UINT64_MAX;
		}
		return;
	}
	for (h = lo / 4; lo >= 0 && h <= hi / 4 && h < (int)VF_HALVES; h++)
		vf_bit_set(live->half, (unsigned)h);
}

/* A store through base: the halves it fills are dead before it. */
static void define_stack(
    struct vf_live *live, const struct exo_insn *in, unsigned base)
{
	int32_t lo = (int32_t)EXO_STACK_SIZE + in->off;
	int32_t end = lo + (int32_t)exo_access_size(in);
	int32_t h;

	if (base != EXO_R_FP || lo < 0)
		return;
	for (h = (lo + 3) / 4; (h + 1) * 4 <= end && h < (int)VF_HALVES; h++)
		vf_bit_clear(live->half, (unsigned)h);
}

static void define(struct vf_live *live, unsigned reg)
{
	live->regs &= (uint16_t)~bit(reg);
}

static void use(struct vf_live *live, unsigned reg)
{
	live->regs |= bit(reg);
}

static void step_alu(struct vf_live *live, const struct exo_insn *in)
{
	unsigned op = in->code & 0xf0u;

	if (op == EXO_MOV)
		define(live, exo_dst(in));
	else
		use(live, exo_dst(in));
	if (op != EXO_END && (in->code & EXO_X) != 0)
		use(live, exo_src(in));
}

static void step_packet(struct vf_live *live, const struct exo_insn *in)
{
	live->regs &= (uint16_t) ~(CALLER_SAVED | bit(0));
	use(live, EXO_R_CTX);
	if ((in->code & 0xe0u) == EXO_IND)
		use(live, exo_src(in));
}

static void step_stx(
    struct vf_live *live, const struct exo_insn *in, uint16_t stack)
{
	if ((in->code & 0xe0u) == EXO_ATOMIC && in->imm == EXO_LOAD_ACQ) {
		define(live, exo_dst(in));
		use(live, exo_src(in));
		use_stack(live, in, exo_src(in), stack);
		return;
	}
	if ((in->code & 0xe0u) == EXO_ATOMIC && in->imm != EXO_STORE_REL) {
		if (in->imm == EXO_CMPXCHG)
			use(live, 0);
		use_stack(live, in, exo_dst(in), stack);
	} else {
		define_stack(live, in, exo_dst(in));
	}
	use(live, exo_dst(in));
	use(live, exo_src(in));
}

/* One instruction, no jump, backwards. */
static void step(
    struct vf_live *live, const struct exo_insn *in, uint16_t stack)
{
	switch (class_of(in)) {
	case EXO_ALU:
	case EXO_ALU64:
		step_alu(live, in);
		break;
	case EXO_LD:
		if ((in->code & 0xe0u) == EXO_IMM)
			define(live, exo_dst(in));
		else
			step_packet(live, in);
		break;
	case EXO_LDX:
		define(live, exo_dst(in));
		use(live, exo_src(in));
		use_stack(live, in, exo_src(in), stack);
		break;
	case EXO_ST:
		define_stack(live, in, exo_dst(in));
		use(live, exo_dst(in));
		break;
	default: /* EXO_STX: jumps do not get here */
		step_stx(live, in, stack);
		break;
	}
}

/*
 * Exactness
 */

static void exact_alu(
    struct vf_live *live, const struct exo_insn *in, const struct view *view)
{
	uint16_t dst = bit(exo_dst(in));
	uint16_t src = bit(exo_src(in));
	unsigned op = in->code & 0xf0u;
	bool x = (in->code & EXO_X) != 0 && op != EXO_END;
	bool wanted = (live->exact & dst) != 0;

	if (op == EXO_MOV)
		live->exact &= (uint16_t)~dst;
	if (wanted && x)
		live->exact |= src;
	if (x && class_of(in) == EXO_ALU64 &&
	    (op == EXO_ADD || op == EXO_SUB) && ((dst | src) & view->ptr) != 0)
		live->exact |= dst | src;
}

static bool on_stack(const struct view *view, unsigned base)
{
	return base == EXO_R_FP || (view->stack >> base & 1) != 0;
}

/* One instruction, no jump, backwards. */
static void step_exact(
    struct vf_live *live, const struct exo_insn *in, const struct view *view)
{
	uint16_t dst = bit(exo_dst(in));

	switch (class_of(in)) {
	case EXO_ALU:
	case EXO_ALU64:
		exact_alu(live, in, view);
		break;
	case EXO_LD:
		live->exact &= (uint16_t) ~((in->code & 0xe0u) == EXO_IMM
		                                ? dst
		                                : CALLER_SAVED | bit(0));
		break;
	case EXO_LDX:
		if ((live->exact & dst) != 0 && on_stack(view, exo_src(in)))
			live->exact_stack = true;
		live->exact &= (uint16_t)~dst;
		break;
	case EXO_STX:
		if (live->exact_stack && on_stack(view, exo_dst(in)))
			live->exact |= bit(exo_src(in));
		break;
	default:
		break;
	}
}

/*
 * Jumps, calls, exits
 */

static void unite(struct vf_live *now, const struct vf_live *l)
{
	now->regs |= l->regs;
	now->half[0] |= l->half[0];
	now->half[1] |= l->half[1];
	now->exact |= l->exact;
	now->exact_stack |= l->exact_stack;
}

static const struct vf_live *live_at(const struct vf_env *env, uint32_t pc)
{
	return &env->leaders[env->leader_of[pc]].live;
}

/* A jump; `now` is what is live behind it. */
static void step_jump(
    const struct vf_env *env, uint32_t i, struct vf_live *now, bool loop)
{
	const struct exo_insn *in = &env->insns[i];
	const struct vf_live *to = live_at(env, (uint32_t)isa_target(in, i));
	uint16_t regs = bit(exo_dst(in));

	if ((in->code & 0xf0u) == EXO_JA) {
		*now = *to;
		return;
	}
	if ((in->code & EXO_X) != 0)
		regs |= bit(exo_src(in));
	unite(now, to);
	now->regs |= regs;
	if (now->exact != 0 || now->exact_stack || loop)
		now->exact |= regs;
}

static void step_exit(const struct vf_env *env, uint32_t i, struct vf_live *now)
{
	*now = (struct vf_live){ .regs = bit(0) };
	if (i >= env->funcs[0].end)
		now->exact = bit(0);
}

static void step_local_call(
    const struct vf_env *env, uint32_t i, struct vf_live *now)
{
	const struct vf_func *f = &env->funcs[vf_callee(env, i)];
	const struct vf_live *in = live_at(env, f->entry);

	*now = *live_at(env, i + 1);
	now->regs &= (uint16_t) ~(CALLER_SAVED | bit(0));
	now->exact &= (uint16_t) ~(CALLER_SAVED | bit(0));
	now->regs |= in->regs & CALLER_SAVED;
	now->exact |= in->exact & CALLER_SAVED;
	if (!env->stack_escapes)
		return;
	now->half[0] = UINT64_MAX;
	now->half[1] = UINT64_MAX;
	now->exact_stack |= in->exact_stack;
}

static void step_helper(
    const struct vf_env *env, const struct exo_insn *in, struct vf_live *now)
{
	bool exists, memory = false;
	const struct isa_helper *h =
	    isa_helper((uint32_t)in->imm, env->type, &exists);
	unsigned k;

	now->regs &= (uint16_t) ~(CALLER_SAVED | bit(0));
	now->exact &= (uint16_t) ~(CALLER_SAVED | bit(0));
	for (k = 0; h != NULL && k < ISA_ARGS; k++) {
		if (h->arg[k] == ISA_ARG_NONE)
			break;
		use(now, k + 1);
		if ((h->arg[k] != ISA_ARG_SCALAR &&
		        h->arg[k] != ISA_ARG_PRINTED) ||
		    (h->fx & ISA_FX_CALLS) != 0)
			now->exact |= bit(k + 1);
		memory |= h->arg[k] >= ISA_ARG_KEY;
	}
	if (memory && env->stack_escapes) {
		now->half[0] = UINT64_MAX;
		now->half[1] = UINT64_MAX;
	}
	if (h != NULL && (h->fx & ISA_FX_CALLS) != 0)
		now->exact_stack = true;
}

/* One instruction, backwards. `loop`: it may be part of one. */
static void step_any(const struct vf_env *env, uint32_t i, struct vf_live *now,
    const struct view *view, bool loop)
{
	const struct exo_insn *in = &env->insns[i];
	unsigned class = class_of(in);

	if (class != EXO_JMP && class != EXO_JMP32) {
		step_exact(now, in, view);
		step(now, in, view->stack);
	} else if (in->code == (EXO_JMP | EXO_EXIT)) {
		step_exit(env, i, now);
	} else if (in->code != (EXO_JMP | EXO_CALL)) {
		step_jump(env, i, now, loop);
	} else if (vf_is_local_call(in)) {
		step_local_call(env, i, now);
	} else {
		step_helper(env, in, now);
	}
}

static bool same(const struct vf_live *a, const struct vf_live *b)
{
	return a->regs == b->regs && a->half[0] == b->half[0] &&
	       a->half[1] == b->half[1] && a->exact == b->exact &&
	       a->exact_stack == b->exact_stack;
}

/* One pass over one function; true: something changed. in_loop[] of a leader
 * tells whether its run is part of a loop. */
static bool pass(
    const struct vf_env *env, const struct vf_func *f, const struct view *view)
{
	struct vf_live now = { .regs = 0 };
	uint32_t k = f->first + f->count;
	bool changed = false;
	uint32_t i;

	for (i = f->end; k > f->first && i-- > f->entry;) {
		struct vf_leader *l = &env->leaders[k - 1];

		if (!exo_pause(env->pause, 1))
			return false;
		if ((env->flag[i] & VF_FLAG_REACHED) == 0)
			continue;
		step_any(env, i, &now, view, l->comp != VF_NONE);
		if (i != l->pc)
			continue;
		k--;
		if (same(&l->live, &now))
			continue;
		if (env->backward || env->nfuncs > 1)
			unite(&now, &l->live);
		changed |= !same(&l->live, &now);
		l->live = now;
	}
	return changed;
}

/* Too many rounds: what is not known to be dead is live. */
static void give_up(struct vf_env *env)
{
	uint32_t k;

	for (k = 0; k < env->nleaders; k++)
		env->leaders[k].live = (struct vf_live){
			.half = { UINT64_MAX, UINT64_MAX },
			.regs = UINT16_MAX,
			.exact = UINT16_MAX,
			.exact_stack = true,
		};
}

int vf_live(struct vf_env *env)
{
	struct view view = {
		(uint16_t)(closure(env, bit(EXO_R_FP), false) & ~bit(EXO_R_FP)),
		closure(env, bit(EXO_R_FP) | bit(1), true),
	};
	uint32_t round, f;
	bool changed = true;

	env->stack_escapes = view.stack != 0;
	for (round = 0; changed && round < ROUNDS; round++) {
		changed = false;
		for (f = env->nfuncs; f-- > 0;)
			changed |= pass(env, &env->funcs[f], &view);
		if (!env->backward && !env->names)
			return vf_pause(env, 0);
	}
	if (changed)
		give_up(env);
	return vf_pause(env, 0);
}
