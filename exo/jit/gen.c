/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of generation, functions, jumps.
 *
 * Round 0 measures with long jumps. Round 1 makes a jump short when its target
 * was near enough then: what lies between can only have shrunk. Round 2 does
 * the same again, knows where every label is, and writes.
 */
#include "exo/jit/gen.h"

#include "exo/abi/err.h"
#include "exo/lib/bits.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define JUMP_SHORT 2u
#define JUMP_LONG  5u /* 6 with a condition */

static bool choose_short(struct jit_gen *g, uint32_t label)
{
	uint32_t j = g->njumps++;
	const uint32_t *was = g->was;
	int64_t here;
	bool is_short;

	if (g->round == 0)
		return false;
	if (g->round == 2)
		return g->short_[j] != 0;
	/* where this jump was in round 0, or a little before */
	here = (int64_t)was[g->block] + (g->x.n - g->at[g->block]);
	here = was[label] <= here ? (int64_t)g->x.n - g->at[label]
	                          : was[label] - here;
	is_short = here <= INT8_MAX - 8;
	g->short_[j] = is_short;
	return is_short;
}

/* The distance from behind a jump of so many bytes, which begins here. */
static uint32_t distance(const struct jit_gen *g, uint32_t label, uint32_t size)
{
	return g->was[label] - (g->x.n + size);
}

void jit_jump(struct jit_gen *g, uint32_t label)
{
	if (choose_short(g, label)) {
		uint32_t d = distance(g, label, JUMP_SHORT);

		x64_byte(&g->x, 0xeb);
		x64_byte(&g->x, d & 255);
	} else {
		uint32_t d = distance(g, label, JUMP_LONG);

		x64_byte(&g->x, 0xe9);
		x64_bytes32(&g->x, d);
	}
}

void jit_jump_if(struct jit_gen *g, enum x64_cc cc, uint32_t label)
{
	if (choose_short(g, label)) {
		uint32_t d = distance(g, label, JUMP_SHORT);

		x64_byte(&g->x, 0x70 | (unsigned)cc);
		x64_byte(&g->x, d & 255);
	} else {
		uint32_t d = distance(g, label, JUMP_LONG + 1);

		x64_byte(&g->x, 0x0f);
		x64_byte(&g->x, 0x80 | (unsigned)cc);
		x64_bytes32(&g->x, d);
	}
}

void jit_call_label(struct jit_gen *g, uint32_t label)
{
	uint32_t d = distance(g, label, JUMP_LONG);

	x64_byte(&g->x, 0xe8);
	x64_bytes32(&g->x, d);
}

void jit_lea_label(struct jit_gen *g, unsigned to, uint32_t label)
{
	x64_lea_rip(&g->x, to, (int32_t)distance(g, label, 7));
}

uint32_t jit_skip(struct jit_gen *g, int cc)
{
	x64_byte(&g->x, cc < 0 ? 0xeb : 0x70 | (unsigned)cc);
	x64_byte(&g->x, 0);
	return g->x.n;
}

void jit_land(struct jit_gen *g, uint32_t skip)
{
	uint32_t d = g->x.n - skip;

	if (d > INT8_MAX)
		exo_bug("a skip over too many bytes");
	if (g->x.buf != NULL && g->x.n <= g->x.room)
		g->x.buf[skip - 1] = (uint8_t)d;
}

/*
 * Functions
 */

static unsigned pushes(const struct jit_gen *g)
{
	return exo_popcount64(g->h.saved);
}

static uint32_t frame_size(const struct jit_gen *g)
{
	bool stack = (g->h.regs >> EXO_R_FP & 1) != 0;
	uint32_t size = EXO_STACK_SIZE;

	if (!stack && !g->h.calls)
		return 0;
	if (!stack)
		size = 0;
	else if (g->func == 0)
		size = (vf_prog_facts(g->ir->prog)->stack + 15) & ~15u;
	/* with the return address, calls find rsp at a multiple of 16 */
	return size + (pushes(g) % 2 == 0 ? 8 : 0);
}

static void mark(struct jit_gen *g, uint32_t label)
{
	g->at[label] = g->x.n;
}

/* The context, and what r1 and r2 hold on entry of the program. */
static void enter_main(struct jit_gen *g)
{
	uint16_t live = g->ir->blocks[g->ir->funcs[0].first].live;
	bool r1 = (live >> 1 & 1) != 0 && home(g, 1) != X64_NOREG;
	bool r2 = (live >> 2 & 1) != 0 && home(g, 2) != X64_NOREG;
	bool mem = g->ir->type == EXO_PROG_MEM;

	if (g->h.ctx != RDI && g->h.ctx != X64_NOREG)
		x64_mov(&g->x, true, g->h.ctx, RDI);
	if (r1 && home(g, 1) != (mem ? RSI : RDI))
		x64_mov(&g->x, true, home(g, 1), mem ? RSI : RDI);
	if (r2 && mem && home(g, 2) != RDX)
		x64_mov(&g->x, true, home(g, 2), RDX);
}

/* Stack is 0 for a program that may read what it never wrote, as it is for the
 * interpreter: nothing of ours shows. */
static void clear_stack(struct jit_gen *g)
{
	uint32_t at;

	if ((g->h.regs >> EXO_R_FP & 1) == 0)
		return;
	for (at = 8; at <= g->frame; at += 8)
		x64_store_k(
		    &g->x, 8, x64_at(home(g, EXO_R_FP), -(int32_t)at), 0);
}

static void push_saved(struct jit_gen *g)
{
	unsigned r;

	for (r = 0; r < 16; r++)
		if ((g->h.saved >> r & 1) != 0)
			x64_push(&g->x, r);
}

static void enter(struct jit_gen *g, uint32_t f)
{
	g->func = f;
	jit_homes(g->ir, f, &g->h);
	g->looks |= g->h.ctx != X64_NOREG ||
	            (f == 0 && g->ir->type != EXO_PROG_MEM &&
	                (g->ir->blocks[g->ir->funcs[0].first].live & 2) != 0);
	g->frame = frame_size(g);
	mark(g, label_func(g, f));
	g->block = label_func(g, f);
	push_saved(g);
	if ((g->h.regs >> EXO_R_FP & 1) != 0)
		x64_mov(&g->x, true, home(g, EXO_R_FP), RSP);
	if (g->frame != 0)
		x64_alu_k(&g->x, X64_SUB, true, RSP, (int32_t)g->frame);
	if (vf_prog_facts(g->ir->prog)->leaks)
		clear_stack(g);
	if (f == 0 && !g->ir->main_called)
		enter_main(g);
}

/* A first function that the program calls, too, is entered as the others are.
 * Then this stands before it: homes of a function that only calls. */
static void stub(struct jit_gen *g)
{
	g->func = 0;
	g->h = (struct jit_homes){ .ctx = R12,
		.pkt = X64_NOREG,
		.len = X64_NOREG,
		.saved = 1u << R12,
		.calls = true };
	g->frame = frame_size(g);
	push_saved(g);
	if (g->frame != 0)
		x64_alu_k(&g->x, X64_SUB, true, RSP, (int32_t)g->frame);
	x64_mov(&g->x, true, R12, RDI);
	if (g->ir->type == EXO_PROG_MEM) {
		x64_mov(&g->x, true, RDI, RSI);
		x64_mov(&g->x, true, RSI, RDX);
	}
	jit_call_label(g, label_func(g, 0));
	jit_leave(g);
}

void jit_restore(struct jit_gen *g)
{
	unsigned r;

	if (g->frame != 0)
		x64_alu_k(&g->x, X64_ADD, true, RSP, (int32_t)g->frame);
	for (r = 16; r-- > 0;)
		if ((g->h.saved >> r & 1) != 0)
			x64_pop(&g->x, r);
}

void jit_leave(struct jit_gen *g)
{
	jit_restore(g);
	x64_ret(&g->x);
}

/* Where a packet that is too short ends the function. */
static void reject(struct jit_gen *g)
{
	mark(g, label_reject(g, g->func));
	g->block = label_reject(g, g->func);
	if (g->func != 0 && !g->ir->nested_reject)
		return;
	x64_const(&g->x, RAX, 0);
	jit_leave(g);
}

/* A helper calls a function back: jit_callback's arguments to r1 to r5. */
static void callback(struct jit_gen *g)
{
	static const uint8_t args[5] = { RDI, RSI, RDX, RCX, R8 };
	uint8_t i;

	g->callback = g->x.n;
	x64_push(&g->x, R12);
	x64_mov(&g->x, true, R12, RDX);
	x64_mov(&g->x, true, RAX, RDI);
	x64_mov(&g->x, true, T0, RSI);
	for (i = 0; i < 5; i++)
		x64_load(&g->x, false, 8, args[i], x64_at(T0, 8 * i));
	x64_call_reg(&g->x, RAX);
	x64_pop(&g->x, R12);
	x64_ret(&g->x);
}

static void line(struct jit_gen *g, uint32_t pc)
{
	if (g->pc == pc)
		return;
	g->pc = pc;
	if (g->lines != NULL)
		g->lines[g->nlines] = (struct jit_line){ g->x.n, pc };
	g->nlines++;
}

static void block(struct jit_gen *g, uint32_t i)
{
	const struct jit_block *b = &g->ir->blocks[i];
	uint32_t k;

	mark(g, i);
	g->block = i;
	for (k = 0; k < b->n; k++) {
		if (k + 1 == b->n && jit_is_fused(g, b))
			break;
		line(g, b->ins[k].pc);
		jit_lower(g, &b->ins[k]);
	}
	line(g, b->end.pc);
	jit_lower_end(g, b);
}

static void round(struct jit_gen *g)
{
	const struct jit_ir *ir = g->ir;
	uint32_t i, f = JIT_NONE;

	g->x.n = 0;
	g->random = ir->opt->seed;
	g->njumps = 0;
	g->nlines = 0;
	g->pc = JIT_NONE - 1;
	if (ir->main_called) {
		line(g, JIT_NONE);
		stub(g);
	}
	for (i = 0; i < ir->norder; i++) {
		uint32_t b = ir->order[i];

		jit_tick(ir, &ir->blocks[b]);
		if (ir->blocks[b].func != f) {
			if (f != JIT_NONE)
				reject(g);
			f = ir->blocks[b].func;
			line(g, JIT_NONE);
			enter(g, f);
		}
		block(g, b);
	}
	line(g, JIT_NONE);
	reject(g);
	if (ir->callbacks)
		callback(g);
	line(g, JIT_LINE_TABLES);
	jit_tables(g);
}

static int labels(struct jit_gen *g)
{
	struct exo_arena *a = &g->ir->arena;

	g->nlabels = g->ir->nblocks + 2 * g->ir->nfuncs + g->ir->nsets;
	g->at = exo_arena_get(a, g->nlabels * sizeof(g->at[0]));
	g->was = exo_arena_get(a, g->nlabels * sizeof(g->was[0]));
	return g->at == NULL || g->was == NULL ? -EXO_ENOMEM : 0;
}

static void next_round(struct jit_gen *g)
{
	uint32_t *was = g->was;

	g->was = g->at;
	g->at = was;
	g->round++;
}

int jit_generate(struct jit_gen *g)
{
	uint32_t size;
	int err = labels(g);

	if (err < 0)
		return err;
	round(g);
	next_round(g);
	g->short_ = exo_arena_get(&g->ir->arena, g->njumps + 1);
	if (g->short_ == NULL)
		return -EXO_ENOMEM;
	round(g);
	next_round(g);
	size = g->x.n;
	if (size > g->limit)
		return -EXO_E2BIG;
	g->x.buf = exo_arena_get(&g->ir->arena, size);
	if (g->x.buf == NULL)
		return -EXO_ENOMEM;
	g->x.room = size;
	if (g->want_lines) {
		g->lines =
		    exo_arena_get(&g->ir->arena, g->nlines * sizeof(*g->lines));
		if (g->lines == NULL)
			return -EXO_ENOMEM;
	}
	round(g);
	if (g->x.n != size)
		exo_bug("two rounds differ");
	return 0;
}
