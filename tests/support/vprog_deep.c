/* SPDX-License-Identifier: BSD-2-Clause */
/* Short programs with very many ways through them. */
#include "tests/support/vprog_kinds.h"

#define LOOKUP   1
#define XDP_PASS 2

/* r0 = the map's value for the key at r10 + off, or null. */
static void lookup(struct vprog *p, int off)
{
	vp_copy(p, 2, 10);
	vp_alu(p, EXO_ADD, 2, off);
	vp_map(p, 1);
	vp_helper(p, LOOKUP);
}

void vp_deep_flags(struct vprog *p, uint32_t flags)
{
	uint32_t k, over;

	vp_begin(p, EXO_PROG_XDP, 64 + 10 * flags);
	vp_packet(p, 64);
	/* what the packet is */
	for (k = 0; k < flags; k++) {
		vp_load(p, EXO_B, 2, 7, 14 + (int)k);
		vp_store_imm(p, -8 * (int)(k + 1), 0);
		over = vp_if(p, EXO_JSET, 2, 1 << k % 8);
		vp_store_imm(p, -8 * (int)(k + 1), 1);
		vp_here(p, over);
	}
	/* what to do with it */
	vp_mov(p, 9, 0);
	for (k = 0; k < flags; k++) {
		vp_load(p, EXO_DW, 2, 10, -8 * (int)(k + 1));
		over = vp_if(p, EXO_JEQ, 2, 0);
		vp_alu(p, EXO_ADD, 9, 1 << k % 8);
		vp_here(p, over);
	}
	over = vp_if(p, EXO_JGT, 9, 100);
	vp_return(p, 1);
	vp_here(p, over);
	vp_return(p, XDP_PASS);
}

void vp_deep_options(struct vprog *p, uint32_t fields)
{
	uint32_t k, there, over;

	vp_begin(p, EXO_PROG_XDP, 80 + 14 * fields);
	p->maps[0] = (struct exo_map_def){
		.kind = EXO_MAP_ARRAY,
		.key_size = 4,
		.value_size = 64,
		.max_entries = 4,
	};
	p->nmaps = 1;
	vp_packet(p, 64);
	for (k = 0; k < fields; k++) {
		int slot = -8 * (int)(k + 2);

		vp_load(p, EXO_B, 2, 7, 14 + (int)k);
		there = vp_if(p, EXO_JSET, 2, 0x80);
		vp_store_imm(p, slot, 0);
		over = vp_goto(p);
		vp_here(p, there);
		vp_alu(p, EXO_AND, 2, 15);
		vp_store(p, EXO_DW, 10, 2, slot);
		vp_here(p, over);
	}
	vp_store_imm(p, -8, 0);
	lookup(p, -8);
	there = vp_if(p, EXO_JNE, 0, 0);
	vp_return(p, XDP_PASS);
	vp_here(p, there);
	vp_mov(p, 5, 0);
	for (k = 0; k < fields; k++) {
		vp_load(p, EXO_DW, 2, 10, -8 * (int)(k + 2));
		vp_copy(p, 3, 0);
		vp_alux(p, EXO_ADD, 3, 2);
		vp_load(p, EXO_B, 4, 3, 48 - (int)k);
		vp_alux(p, EXO_ADD, 5, 4);
	}
	vp_copy(p, 0, 5);
	vp_alu(p, EXO_AND, 0, 3);
	vp_exit(p);
}

void vp_deep_tcp(struct vprog *p, uint32_t options)
{
	uint32_t top, end, pad, far, seen, next, small;

	vp_begin(p, EXO_PROG_XDP, 80);
	vp_packet(p, 54);
	vp_mov(p, 9, 0); /* options seen */
	vp_mov(p, 5, 0); /* what they said */
	vp_copy(p, 2, 7);
	vp_alu(p, EXO_ADD, 2, 54);
	top = p->n;
	vp_copy(p, 3, 2);
	vp_alu(p, EXO_ADD, 3, 2);
	far = vp_ifx(p, EXO_JGT, 3, 8);
	vp_load(p, EXO_B, 4, 2, 0);
	end = vp_if(p, EXO_JEQ, 4, 0);
	pad = vp_if(p, EXO_JEQ, 4, 1);
	seen = vp_if(p, EXO_JNE, 4, 3);
	vp_alu(p, EXO_OR, 5, 1);
	vp_here(p, seen);
	seen = vp_if(p, EXO_JNE, 4, 8);
	vp_alu(p, EXO_OR, 5, 2);
	vp_here(p, seen);
	vp_load(p, EXO_B, 4, 2, 1);
	vp_alu(p, EXO_AND, 4, 63);
	small = vp_if(p, EXO_JLT, 4, 2);
	vp_alux(p, EXO_ADD, 2, 4);
	next = vp_goto(p);
	vp_here(p, pad);
	vp_alu(p, EXO_ADD, 2, 1);
	vp_here(p, next);
	vp_alu(p, EXO_ADD, 9, 1);
	vp_back(p, EXO_JLT, 9, (int32_t)options, top);
	vp_here(p, far);
	vp_here(p, end);
	vp_here(p, small);
	seen = vp_if(p, EXO_JNE, 5, 3);
	vp_return(p, 1);
	vp_here(p, seen);
	vp_return(p, XDP_PASS);
}

void vp_deep_balancer(struct vprog *p, uint32_t tries, uint32_t rounds)
{
	uint32_t try, round, none, busy, odd;

	vp_begin(p, EXO_PROG_XDP, 80);
	p->maps[0] = (struct exo_map_def){ .kind = EXO_MAP_ARRAY,
		.key_size = 4,
		.value_size = 16,
		.max_entries = 256 };
	p->nmaps = 1;
	vp_packet(p, 64);
	vp_load(p, EXO_W, 9, 7, 26);
	vp_mov(p, 8, 0);
	try = p->n;
	vp_store_imm(p, -16, 0);
	round = p->n;
	vp_load(p, EXO_DW, 2, 10, -16);
	vp_alu(p, EXO_MUL, 9, 0x9e3779b1);
	odd = vp_if(p, EXO_JSET, 9, 1);
	vp_alu(p, EXO_XOR, 9, 0x5bd1e995);
	vp_here(p, odd);
	vp_alu(p, EXO_ADD, 2, 1);
	vp_store(p, EXO_DW, 10, 2, -16);
	vp_back(p, EXO_JLT, 2, (int32_t)rounds, round);
	vp_copy(p, 2, 9);
	vp_alu(p, EXO_AND, 2, 255);
	vp_store(p, EXO_W, 10, 2, -4);
	lookup(p, -4);
	none = vp_if(p, EXO_JEQ, 0, 0);
	vp_load(p, EXO_W, 2, 0, 0);
	busy = vp_if(p, EXO_JGT, 2, 1000);
	vp_return(p, 3);
	vp_here(p, none);
	vp_here(p, busy);
	vp_alu(p, EXO_ADD, 8, 1);
	vp_back(p, EXO_JLT, 8, (int32_t)tries, try);
	vp_return(p, XDP_PASS);
}

void vp_deep_nest(struct vprog *p, uint32_t times)
{
	uint32_t top[3], odd, k;

	vp_begin(p, EXO_PROG_XDP, 64);
	vp_packet(p, 64);
	vp_load(p, EXO_W, 5, 7, 26);
	vp_mov(p, 0, 0);
	for (k = 0; k < 3; k++) {
		vp_mov(p, 2 + k, 0);
		top[k] = p->n;
	}
	vp_alu(p, EXO_MUL, 5, 31);
	odd = vp_if(p, EXO_JSET, 5, 4);
	vp_alu(p, EXO_ADD, 0, 1);
	vp_here(p, odd);
	while (k-- > 0) {
		vp_alu(p, EXO_ADD, 2 + k, 1);
		vp_back(p, EXO_JLT, 2 + k, (int32_t)times, top[k]);
	}
	vp_alu(p, EXO_AND, 0, 3);
	vp_exit(p);
}
