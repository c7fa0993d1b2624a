/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that cost a verifier as much as they can, each in its own way. */
#include "tests/support/vprog_kinds.h"

#define LOOP 181

/* A helper calls a function up to 100 times; returns what vp_func() takes. */
static uint32_t call_back(struct vprog *p)
{
	uint32_t at;

	vp_mov(p, 1, 100);
	at = vp_func_addr(p, 2);
	vp_mov(p, 3, 0);
	vp_mov(p, 4, 0);
	vp_helper(p, LOOP);
	return at;
}

/* r0 becomes a part of an address of the stack. */
static void use_r0(struct vprog *p)
{
	vp_copy(p, 3, 10);
	vp_alu(p, EXO_AND, 0, 255);
	vp_alux(p, EXO_ADD, 3, 0);
	vp_put(p, EXO_ST | EXO_MEM | EXO_B, 3, 0, -256, 1);
	vp_return(p, 0);
}

void vp_bomb_diamonds(struct vprog *p, uint32_t n)
{
	uint32_t i, at;

	vp_begin(p, EXO_PROG_SOCKET, 5 * n + 16);
	vp_mov(p, 0, 0);
	for (i = 0; i < n; i++) {
		vp_load(p, EXO_W, 3, 1, 36);
		vp_alu(p, EXO_LSH, 0, 1);
		at = vp_if(p, EXO_JSET, 3, 1);
		vp_alu(p, EXO_OR, 0, 1);
		vp_here(p, at);
	}
	use_r0(p);
}

/* Chains of calls to the seventh frame, each frame set up alike. */
static void descend(struct vprog *p, void (*setup)(struct vprog *p))
{
	uint32_t call;
	int depth;

	for (depth = 0; depth < 7; depth++) {
		setup(p);
		vp_copy(p, 1, 6);
		vp_copy(p, 2, 7);
		call = vp_call(p);
		vp_return(p, 0);
		vp_func(p, call);
	}
	setup(p);
}

/* All of the frame is saved numbers at a distance from r2. */
static void save_links(struct vprog *p)
{
	int off;

	vp_copy(p, 6, 1);
	vp_copy(p, 7, 2);
	for (off = -512; off < 0; off += 8) {
		vp_copy(p, 3, 7);
		vp_alu(p, EXO_ADD, 3, 1000 + (int)(p->n % 4096));
		vp_store(p, EXO_DW, 10, 3, off);
	}
}

void vp_bomb_links(struct vprog *p, uint32_t n)
{
	vp_begin(p, EXO_PROG_SOCKET, n);
	vp_load(p, EXO_W, 2, 1, 0);
	descend(p, save_links);
	vp_mov(p, 0, 0);
	while (p->n < n - 1)
		vp_put(p, EXO_JMP | EXO_JSET | EXO_X, 7, 7,
		    p->n < n - 2 ? 1 : 0, 0);
	vp_exit(p);
}

/* One byte of the frame is set, and something may point to it. */
static void set_byte(struct vprog *p)
{
	vp_copy(p, 6, 1);
	vp_put(p, EXO_ST | EXO_MEM | EXO_B, 10, 0, -1, 7);
	vp_copy(p, 3, 10);
	vp_load(p, EXO_W, 7, 1, 0);
}

void vp_bomb_frames(struct vprog *p, uint32_t n)
{
	int32_t k;

	vp_begin(p, EXO_PROG_SOCKET, n);
	descend(p, set_byte);
	for (k = 0; p->n < n - 7; k++)
		vp_if(p, EXO_JEQ, 7, k);
	vp_copy(p, 0, 7);
	use_r0(p);
}

void vp_bomb_halves(struct vprog *p, uint32_t n)
{
	uint32_t i, one, over;
	int off;

	vp_begin(p, EXO_PROG_SOCKET, 5 * n + 256);
	vp_copy(p, 6, 1);
	vp_copy(p, 3, 10);
	for (i = 0; i < n; i++) {
		vp_load(p, EXO_W, 8, 6, 0);
		one = vp_if(p, EXO_JSET, 8, 1);
		vp_put(
		    p, EXO_ST | EXO_MEM | EXO_W, 10, 0, -8 * (int)(i + 1), 1);
		over = vp_goto(p);
		vp_here(p, one);
		vp_put(p, EXO_ST | EXO_MEM | EXO_W, 10, 0,
		    -8 * (int)(i + 1) + 4, 1);
		vp_here(p, over);
	}
	for (off = -512; off < 0; off += 4)
		vp_load(p, EXO_W, 4, 10, off);
	vp_return(p, 0);
}

/* Thousands of large states come to one place. */
void vp_bomb_waiting(struct vprog *p, uint32_t n)
{
	uint32_t k;
	int off;

	vp_begin(p, EXO_PROG_SOCKET, 2 * n + 256);
	vp_load(p, EXO_W, 2, 1, 0);
	for (off = -512; off < 0; off += 8)
		vp_store(p, EXO_DW, 10, 2, off);
	for (k = 0; k < n; k++) {
		vp_load(p, EXO_W, 3, 1, 4);
		vp_put(p, EXO_JMP | EXO_JEQ, 3, 0, (int)(2 * (n - k) - 2),
		    (int32_t)k);
	}
	vp_copy(p, 4, 10);
	vp_alu(p, EXO_AND, 3, 63);
	vp_alux(p, EXO_ADD, 4, 3);
	vp_load(p, EXO_B, 0, 4, -256);
	for (off = -512; off < 0; off += 8)
		vp_load(p, EXO_DW, 5, 10, off);
	vp_return(p, 0);
}

void vp_bomb_nest(struct vprog *p, uint32_t levels)
{
	uint32_t i;

	vp_begin(p, EXO_PROG_SOCKET, 3 * levels + 8);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_mov(p, 0, 0);
	for (i = 0; i < levels; i++)
		vp_if(p, EXO_JEQ, 2, (int32_t)i);
	for (i = levels; i-- > 0;) {
		vp_put(p, EXO_JMP | EXO_JEQ, 2, 0, 1, (int32_t)i);
		vp_put(p, EXO_JMP32 | EXO_JA, 0, 0, 0,
		    (int32_t)(i + 2) - (int32_t)p->n - 1);
	}
	vp_exit(p);
}

void vp_bomb_counters(struct vprog *p, uint32_t levels)
{
	uint32_t i;

	vp_begin(p, EXO_PROG_SOCKET, 5 * levels + 8);
	vp_mov(p, 0, 0);
	for (i = 0; i < levels; i++)
		vp_store_imm(p, -8 * (int)(i + 1), 0);
	for (i = levels; i-- > 0;) {
		int slot = -8 * (int)(i + 1);

		vp_load(p, EXO_DW, 2, 10, slot);
		vp_alu(p, EXO_ADD, 2, 1);
		vp_store(p, EXO_DW, 10, 2, slot);
		vp_back(p, EXO_JLT, 2, 2, i + 2);
	}
	vp_exit(p);
}

void vp_bomb_calls(struct vprog *p, uint32_t k)
{
	uint32_t i, depth, from, to = 0;

	vp_begin(p, EXO_PROG_SOCKET, 8 * (k + 2));
	for (depth = 0; depth < EXO_MAX_FRAMES; depth++) {
		from = to;
		to = p->n;
		for (i = from; depth > 0 && i < to - 2; i++)
			vp_func(p, i);
		for (i = 0; depth < EXO_MAX_FRAMES - 1 && i < k; i++)
			vp_call(p);
		vp_return(p, 0);
	}
}

void vp_bomb_callbacks(struct vprog *p, uint32_t k)
{
	uint32_t at[32], i, depth;

	vp_begin(p, EXO_PROG_SOCKET, 8 * (6 * k + 3));
	for (depth = 0; depth < EXO_MAX_FRAMES; depth++) {
		for (i = 0; depth > 0 && i < k; i++)
			vp_func(p, at[i]);
		vp_store_imm(p, -8, 0);
		for (i = 0; depth < EXO_MAX_FRAMES - 1 && i < k; i++)
			at[i] = call_back(p);
		vp_return(p, 0);
	}
}

void vp_bomb_functions(struct vprog *p, uint32_t n)
{
	uint32_t i;

	vp_begin(p, EXO_PROG_SOCKET, 3 * n + 2);
	for (i = 0; i < n; i++)
		vp_put(p, EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0,
		    (int32_t)(n + 2 + 2 * i - i - 1));
	vp_return(p, 0);
	for (i = 0; i < n; i++)
		vp_return(p, 0);
}

void vp_bomb_round(struct vprog *p, uint32_t jumps)
{
	uint32_t call, i;

	vp_begin(p, EXO_PROG_SOCKET, jumps + 16);
	vp_mov(p, 7, 0);
	call = vp_call(p);
	vp_alu(p, EXO_ADD, 7, 1);
	vp_back(p, EXO_JLT, 7, 1000000, call);
	vp_return(p, 0);
	vp_func(p, call);
	for (i = 0; i < jumps; i++)
		vp_goto(p);
	vp_return(p, 0);
}

void vp_bomb_backwards(struct vprog *p, uint32_t n)
{
	uint32_t i;

	vp_begin(p, EXO_PROG_SOCKET, 2 * n + 8);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_mov(p, 0, 0);
	vp_put(p, EXO_JMP32 | EXO_JA, 0, 0, 0, (int32_t)(2 * n - 1));
	vp_exit(p);
	for (i = 0; i < n; i++) {
		vp_if(p, EXO_JEQ, 2, (int32_t)i);
		vp_put(p, EXO_JMP | EXO_JA, 0, 0, i == 0 ? -3 : -4, 0);
	}
}
