/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Liveness: what may still be read, and how far it is to the end.
 *
 * With L(i) the registers and stack halves that are live before instruction i,
 *     L(i) = use(i) + (union of L(j), j after i) - def(i)
 *     S(i) = 1 + max S(j), S(exit) = 1
 * taken in one pass backwards, since all jumps lead forward. L and S are kept
 * where a jump leads.
 *
 * States that wait are cut down to what is live (state.c), so that states
 * that differ in nothing that matters are equal. Soundness does not rest on
 * L: what it leaves out is taken for not set, and nothing that is not set may
 * be read. S does matter: a run follows a way through the program and counts
 * one step an instruction, so that S(0) bounds its steps.
 *
 * E(i), the registers whose value may become part of an address: operands of
 * 64-bit + and - with what may be a pointer, and what flows into them by
 * arithmetic, moves and the stack; and all that is compared while there are
 * such, since a compare may bound a linked copy. E is a guess by which the
 * coarse pass forgets (explore.c): a wrong one costs time or precision only.
 *
 * Stack accesses through r10 are known by place. Through another register
 * that may hold a stack pointer (by any instruction, anywhere) a load reads
 * the whole stack and a store overwrites nothing.
 */
#include "exo/isa/decode.h"
#include "verifier/vf_int.h"

#define CALLER_SAVED 0x003eu /* r1 to r5: unset after ld_abs and ld_ind */

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
		break;
	default:
		break;
	}
	return set;
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

			if (ctx && class_of(in) == EXO_LDX &&
			    loads_ptr(env, in))
				set |= bit(exo_dst(in));
			set = spread(in, set, &memory);
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
	if ((in->code & 0xe0u) == EXO_ATOMIC) {
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

/* A jump or exit, backwards; `now` is what is live behind it. */
static void step_jump(
    const struct vf_env *env, uint32_t i, struct vf_live *now, uint32_t *steps)
{
	const struct exo_insn *in = &env->insns[i];
	const struct vf_leader *to;

	if (in->code == (EXO_JMP | EXO_EXIT)) {
		*now = (struct vf_live){ .regs = bit(0) };
		*steps = 0;
		return;
	}
	to = &env->leaders[env->leader_of[isa_target(in, i)]];
	if ((in->code & 0xf0u) == EXO_JA) {
		*now = to->live;
		*steps = to->steps;
		return;
	}
	now->regs |= to->live.regs;
	now->half[0] |= to->live.half[0];
	now->half[1] |= to->live.half[1];
	now->exact |= to->live.exact;
	now->exact_stack |= to->live.exact_stack;
	if (*steps < to->steps)
		*steps = to->steps;
	use(now, exo_dst(in));
	if ((in->code & EXO_X) != 0)
		use(now, exo_src(in));
	if (now->exact != 0 || now->exact_stack) {
		now->exact |= bit(exo_dst(in));
		if ((in->code & EXO_X) != 0)
			now->exact |= bit(exo_src(in));
	}
}

void vf_live(struct vf_env *env)
{
	struct view view = {
		(uint16_t)(closure(env, bit(EXO_R_FP), false) & ~bit(EXO_R_FP)),
		closure(env, bit(EXO_R_FP) | bit(1), true),
	};
	struct vf_live now = { .regs = 0 };
	uint32_t steps = 0;
	uint32_t i;

	for (i = env->n; i-- > 0;) {
		const struct exo_insn *in = &env->insns[i];

		if ((env->flag[i] & VF_FLAG_REACHED) == 0)
			continue;
		if (class_of(in) == EXO_JMP || class_of(in) == EXO_JMP32) {
			step_jump(env, i, &now, &steps);
		} else {
			step_exact(&now, in, &view);
			step(&now, in, view.stack);
		}
		steps++;
		if ((env->flag[i] & VF_FLAG_TARGET) != 0) {
			struct vf_leader *l = &env->leaders[env->leader_of[i]];

			l->live = now;
			l->steps = steps;
		}
	}
	env->facts.max_steps = steps;
}
