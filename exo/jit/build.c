/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From bytecode to blocks.
 *
 * What the verifier never explored is left out: it never runs. So is a way
 * that no conditional jump ever takes (pass `dead`; without it the way ends
 * in a trap where what was not explored begins).
 */
#include "exo/jit/ir.h"

#include "exo/abi/err.h"
#include "exo/isa/decode.h"
#include "exo/lib/mem.h"

struct builder {
	struct jit_ir *ir;
	struct jit_ins *room; /* for the instructions of all blocks */
	uint32_t pc;
	int err;
};

static bool runs(const struct jit_ir *ir, uint32_t pc)
{
	return (ir->notes[pc] & VF_NOTE_RUNS) != 0;
}

static bool is_jump(const struct exo_insn *in)
{
	unsigned class = in->code & 7u, op = in->code & 0xf0u;

	return (class == EXO_JMP && op != EXO_CALL && op != EXO_EXIT) ||
	       class == EXO_JMP32;
}

static bool is_local(const struct exo_insn *in)
{
	return in->code == (EXO_JMP | EXO_CALL) &&
	       exo_src(in) == EXO_CALL_LOCAL;
}

static bool is_func(const struct exo_insn *in)
{
	return in->code == (EXO_LD | EXO_IMM | EXO_DW) &&
	       exo_src(in) == EXO_LDDW_FUNC;
}

/*
 * Where blocks and functions begin
 */

/* For now block_of[] is 0 where nothing begins, 1 for a block, 2 for a
 * function. */
static void mark_one(struct jit_ir *ir, uint32_t pc)
{
	const struct exo_insn *in = &ir->insns[pc];
	uint32_t *at = ir->block_of;
	uint32_t next = pc + isa_slots(in);

	if (is_local(in) || is_func(in)) {
		at[isa_target(in, pc)] = 2;
		ir->main_called |= isa_target(in, pc) == 0 && runs(ir, pc);
		return;
	}
	if (!is_jump(in) && in->code != (EXO_JMP | EXO_EXIT))
		return;
	if (next < ir->n && at[next] == 0)
		at[next] = 1;
	if (is_jump(in) && at[isa_target(in, pc)] == 0)
		at[isa_target(in, pc)] = 1;
}

static int mark(struct jit_ir *ir, uint32_t *nblocks, uint32_t *nfuncs)
{
	uint32_t pc;

	ir->block_of =
	    exo_arena_get(&ir->arena, ir->n * sizeof(ir->block_of[0]));
	if (ir->block_of == NULL)
		return -EXO_ENOMEM;
	ir->block_of[0] = 2;
	for (pc = 0; pc < ir->n; pc += isa_slots(&ir->insns[pc]))
		mark_one(ir, pc);
	*nblocks = *nfuncs = 0;
	for (pc = 0; pc < ir->n; pc++) {
		*nblocks += ir->block_of[pc] != 0;
		*nfuncs += ir->block_of[pc] == 2;
	}
	return 0;
}

static int number(struct jit_ir *ir)
{
	uint32_t pc, nfuncs;
	int err = mark(ir, &ir->room, &nfuncs);

	if (err < 0)
		return err;
	ir->room += ir->room / 2 + 16; /* passes make some */
	ir->blocks =
	    exo_arena_get(&ir->arena, ir->room * sizeof(ir->blocks[0]));
	ir->funcs = exo_arena_get(&ir->arena, nfuncs * sizeof(ir->funcs[0]));
	if (ir->blocks == NULL || ir->funcs == NULL)
		return -EXO_ENOMEM;
	for (pc = 0; pc < ir->n; pc++) {
		uint32_t what = ir->block_of[pc];

		ir->block_of[pc] = what == 0 ? JIT_NONE : ir->nblocks;
		if (what == 2)
			ir->funcs[ir->nfuncs++] =
			    (struct jit_func){ .pc = pc, .first = ir->nblocks };
		if (what == 0)
			continue;
		ir->blocks[ir->nblocks].func = ir->nfuncs - 1;
		ir->blocks[ir->nblocks].next = ir->nblocks + 1;
		ir->nblocks++;
	}
	ir->blocks[ir->nblocks - 1].next = JIT_NONE;
	return 0;
}

static uint32_t func_at(const struct jit_ir *ir, uint32_t pc)
{
	return ir->blocks[ir->block_of[pc]].func;
}

/*
 * Instructions
 */

static struct jit_ins *add(struct builder *b, struct jit_block *to, uint8_t op)
{
	struct jit_ins *in = b->room++;

	*in = (struct jit_ins){ .op = op, .pc = b->pc };
	to->n++;
	return in;
}

static struct jit_ins *add_const(
    struct builder *b, struct jit_block *to, uint8_t d, uint64_t k)
{
	struct jit_ins *in = add(b, to, JIT_CONST);

	in->d = d;
	in->k = (int64_t)k;
	return in;
}

/* Arithmetic: the second operand in both forms. */
static void operand(struct jit_ins *to, const struct exo_insn *in)
{
	bool wide = (in->code & 7u) == EXO_ALU64 || (in->code & 7u) == EXO_JMP;

	to->d = (uint8_t)exo_dst(in);
	to->alu = in->code & 0xf0u;
	if (!wide)
		to->flags |= JIT_F_32;
	if ((in->code & EXO_X) != 0) {
		to->s = (uint8_t)exo_src(in);
		return;
	}
	to->flags |= JIT_F_K;
	to->k = wide ? in->imm : (int64_t)(uint32_t)in->imm;
}

static void build_mov(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	bool wide = (in->code & 7u) == EXO_ALU64;
	struct jit_ins *ins;

	if ((in->code & EXO_X) == 0) {
		add_const(b, to, (uint8_t)exo_dst(in),
		    wide ? (uint64_t)(int64_t)in->imm : (uint32_t)in->imm);
		return;
	}
	ins = add(b, to, in->off == 0 ? JIT_MOV : JIT_MOVSX);
	ins->d = (uint8_t)exo_dst(in);
	ins->s = (uint8_t)exo_src(in);
	ins->size = (uint8_t)(in->off / 8);
	ins->flags = wide ? 0 : JIT_F_32;
}

static void build_order(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	bool swap = in->code != (EXO_ALU | EXO_END | EXO_K);
	struct jit_ins *ins;

	if (!swap && in->imm == 64)
		return;
	ins = add(b, to, swap ? JIT_SWAP : JIT_ZEXT);
	ins->d = (uint8_t)exo_dst(in);
	ins->size = (uint8_t)(in->imm / 8);
}

static void build_alu(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	unsigned op = in->code & 0xf0u;
	struct jit_ins *ins;

	if (op == EXO_MOV) {
		build_mov(b, to, in);
	} else if (op == EXO_END) {
		build_order(b, to, in);
	} else if (op == EXO_NEG) {
		ins = add(b, to, JIT_NEG);
		ins->d = (uint8_t)exo_dst(in);
		ins->flags = (in->code & 7u) == EXO_ALU64 ? 0 : JIT_F_32;
	} else {
		ins = add(b, to, JIT_ALU);
		operand(ins, in);
		if ((op == EXO_DIV || op == EXO_MOD) && in->off == 1)
			ins->flags |= JIT_F_SX;
	}
}

static void build_imm64(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	const struct jit_env *env = b->ir->env;
	uint64_t imm = (uint32_t)in[0].imm | (uint64_t)(uint32_t)in[1].imm
	                                         << 32;
	uint8_t d = (uint8_t)exo_dst(in);
	unsigned src = exo_src(in);
	struct jit_ins *ins;

	if (src == EXO_LDDW_FUNC) {
		ins = add(b, to, JIT_FUNC);
		ins->d = d;
		ins->k = func_at(b->ir, (uint32_t)isa_target(in, b->pc));
		b->ir->callbacks = true;
		return;
	}
	if (src != EXO_LDDW_IMM) {
		imm = env == NULL || env->name == NULL
		          ? 0
		          : env->name(env, src, imm);
		if (imm == 0)
			b->err = -EXO_EINVAL;
	}
	add_const(b, to, d, imm);
}

/* LD_ABS and LD_IND: a check and a load. Where imm is negative, LD_ABS counts
 * from the link-layer header, and LD_IND is a matter of its own. */
static void build_packet(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	bool ind = (in->code & 0xe0u) == EXO_IND;
	uint8_t size = (uint8_t)exo_access_size(in);
	int64_t at = in->imm;
	struct jit_ins *ins;

	if (at < 0 && !ind)
		at -= EXO_SKF_LL_OFF;
	if (ind && at < 0) {
		ins = add(b, to, JIT_LD_IND);
		ins->s = (uint8_t)exo_src(in);
		ins->k = at;
	} else {
		ins = add(b, to, JIT_CHECK);
		ins->s = (uint8_t)exo_src(in);
		ins->k = at < 0 ? INT64_MAX : at + size;
		ins->flags = ind ? 0 : JIT_F_K;
		ins = add(b, to, JIT_LOAD);
		ins->s = (uint8_t)exo_src(in);
		ins->base = ind ? JIT_B_PKTX : JIT_B_PKT;
		ins->off = (int32_t)at;
	}
	ins->size = size;
	ins->flags = size == 1 ? 0 : JIT_F_BE;
	if (to->func != 0)
		b->ir->nested_reject = true;
}

#define CTX_OFF(field) (int32_t) offsetof(struct jit_ctx, field)

/* Where a field is in struct jit_ctx. */
static int32_t field_at(const struct exo_ctx_field *f)
{
	switch ((enum exo_ctx_kind)f->kind) {
	case EXO_CTX_DATA:
		return CTX_OFF(data);
	case EXO_CTX_DATA_END:
		return CTX_OFF(data_end);
	case EXO_CTX_DATA_META:
		return CTX_OFF(data_meta);
	case EXO_CTX_LEN:
		return CTX_OFF(wirelen);
	case EXO_CTX_PROTOCOL:
		return CTX_OFF(protocol);
	case EXO_CTX_IFINDEX:
		return CTX_OFF(ifindex);
	case EXO_CTX_ZERO:
		return CTX_OFF(zero);
	case EXO_CTX_SCRATCH:
	case EXO_CTX_KEPT:
	case EXO_CTX_KEPT16:
		break;
	}
	return CTX_OFF(own) + f->own;
}

/* An access of the context becomes one of struct jit_ctx. */
static void context(struct builder *b, struct jit_ins *ins, bool store)
{
	uint32_t at = (uint32_t)(vf_prog_moved(b->ir->prog, b->pc) + ins->off);
	const struct exo_ctx_field *f =
	    isa_ctx_field(b->ir->type, at, ins->size);

	if (f == NULL) {
		b->err = -EXO_EINVAL; /* was never verified */
		return;
	}
	ins->base = JIT_B_CTX;
	ins->off = field_at(f) + (int32_t)(at - f->off);
	if (ins->off >= CTX_OFF(own))
		b->ir->keeps = true;
	if (store && f->kind == EXO_CTX_KEPT16)
		ins->flags |= JIT_F_16;
	if (!isa_ctx_is_ptr(f))
		return;
	ins->size = 8; /* 4 in Linux's structure */
	if (f->kind == EXO_CTX_DATA)
		*ins = (struct jit_ins){
			.op = JIT_DATA, .d = ins->d, .pc = ins->pc
		};
	else if (f->kind == EXO_CTX_DATA_END)
		*ins = (struct jit_ins){
			.op = JIT_END, .d = ins->d, .pc = ins->pc
		};
}

static void build_load(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	struct jit_ins *ins = add(b, to, JIT_LOAD);

	ins->d = (uint8_t)exo_dst(in);
	ins->s = (uint8_t)exo_src(in);
	ins->size = (uint8_t)exo_access_size(in);
	ins->off = in->off;
	if ((in->code & 0xe0u) == EXO_MEMSX)
		ins->flags |= JIT_F_SX;
	if ((b->ir->notes[b->pc] & VF_NOTE_CTX) != 0)
		context(b, ins, false);
}

static void build_store(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	struct jit_ins *ins = add(b, to, JIT_STORE);

	ins->d = (uint8_t)exo_dst(in);
	ins->size = (uint8_t)exo_access_size(in);
	ins->off = in->off;
	if ((in->code & 7u) == EXO_ST) {
		ins->flags |= JIT_F_K;
		ins->k = in->imm;
	} else {
		ins->s = (uint8_t)exo_src(in);
	}
	if ((b->ir->notes[b->pc] & VF_NOTE_CTX) != 0)
		context(b, ins, true);
}

static void build_atomic(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	bool load = in->imm == EXO_LOAD_ACQ;
	bool plain = load || in->imm == EXO_STORE_REL;
	/* x86 orders loads among loads and stores behind all else */
	struct jit_ins *ins = add(b, to, JIT_ATOMIC);

	if (plain)
		ins->op = load ? JIT_LOAD : JIT_STORE;
	ins->d = (uint8_t)exo_dst(in);
	ins->s = (uint8_t)exo_src(in);
	ins->size = (uint8_t)exo_access_size(in);
	ins->off = in->off;
	ins->k = in->imm;
}

/* Everything but jumps and exits. */
static void build_plain(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	struct jit_ins *ins;

	switch (in->code & 7u) {
	case EXO_ALU:
	case EXO_ALU64:
		build_alu(b, to, in);
		break;
	case EXO_LD:
		if ((in->code & 0xe0u) == EXO_IMM)
			build_imm64(b, to, in);
		else
			build_packet(b, to, in);
		break;
	case EXO_LDX:
		build_load(b, to, in);
		break;
	case EXO_JMP: /* CALL */
		ins = add(b, to, is_local(in) ? JIT_LOCAL : JIT_CALL);
		ins->k = in->imm;
		if (is_local(in))
			ins->k =
			    func_at(b->ir, (uint32_t)isa_target(in, b->pc));
		break;
	default:
		if ((in->code & 0xe0u) == EXO_ATOMIC)
			build_atomic(b, to, in);
		else
			build_store(b, to, in);
		break;
	}
}

/*
 * Ends of blocks
 */

static void end_goto(
    const struct builder *b, struct jit_block *to, uint32_t target)
{
	to->end = (struct jit_ins){ .op = JIT_GOTO, .pc = b->pc };
	to->to[1] = b->ir->block_of[target];
}

static void end_if(
    struct builder *b, struct jit_block *to, const struct exo_insn *in)
{
	struct jit_ir *ir = b->ir;
	uint32_t target = (uint32_t)isa_target(in, b->pc);
	unsigned ways = ir->notes[b->pc] & (VF_NOTE_FALLS | VF_NOTE_TAKES);

	if ((in->code & 0xf0u) == EXO_JA || target == b->pc + 1) {
		end_goto(b, to, target);
		return;
	}
	if (jit_has(ir, JIT_PASS_dead) && ways == VF_NOTE_FALLS) {
		end_goto(b, to, b->pc + 1);
		return;
	}
	if (jit_has(ir, JIT_PASS_dead) && ways == VF_NOTE_TAKES) {
		end_goto(b, to, target);
		return;
	}
	to->end = (struct jit_ins){ .op = JIT_IF, .pc = b->pc };
	operand(&to->end, in);
	to->to[0] = ir->block_of[target];
	to->to[1] = ir->block_of[b->pc + 1];
}

/* Instructions from pc on, until the block ends. */
static void build_block(struct builder *b, struct jit_block *to, uint32_t pc)
{
	const struct jit_ir *ir = b->ir;

	to->ins = b->room;
	for (b->pc = pc;;) {
		const struct exo_insn *in = &ir->insns[b->pc];

		if (!runs(ir, b->pc)) {
			to->end =
			    (struct jit_ins){ .op = JIT_TRAP, .pc = b->pc };
			return;
		}
		if (is_jump(in)) {
			end_if(b, to, in);
			return;
		}
		if (in->code == (EXO_JMP | EXO_EXIT)) {
			to->end =
			    (struct jit_ins){ .op = JIT_EXIT, .pc = b->pc };
			return;
		}
		build_plain(b, to, in);
		b->pc += isa_slots(in);
		if (b->pc >= ir->n) { /* was never verified */
			b->err = -EXO_EINVAL;
			return;
		}
		if (ir->block_of[b->pc] != JIT_NONE) {
			end_goto(b, to, b->pc);
			return;
		}
	}
}

/* A packet load becomes two instructions, all others one or none. */
static size_t room_for(const struct jit_ir *ir)
{
	size_t n = ir->n;
	uint32_t i;

	for (i = 0; i < ir->n; i++)
		n += (ir->insns[i].code & 0x27u) == (EXO_LD | EXO_ABS) ||
		     (ir->insns[i].code & 0x47u) == (EXO_LD | EXO_IND);
	return n;
}

int jit_build(struct jit_ir *ir)
{
	struct builder b = { .ir = ir };
	int err = number(ir);
	uint32_t pc;

	if (err < 0)
		return err;
	b.room = exo_arena_get(&ir->arena, room_for(ir) * sizeof(*b.room));
	if (b.room == NULL)
		return -EXO_ENOMEM;
	for (pc = 0; pc < ir->n && b.err == 0; pc++) {
		if (ir->block_of[pc] == JIT_NONE)
			continue;
		build_block(&b, &ir->blocks[ir->block_of[pc]], pc);
		jit_tick(ir, &ir->blocks[ir->block_of[pc]]);
	}
	/* a program that a function tail-calls comes back, and may have */
	ir->pkt_varies = vf_prog_facts(ir->prog)->writes_pkt ||
	                 vf_prog_facts(ir->prog)->tail_calls;
	return b.err;
}
