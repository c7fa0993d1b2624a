/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of any length that a verifier can judge in one look each. */
#include "tests/support/vprog_kinds.h"

void vp_line_alu(struct vprog *p, uint32_t n)
{
	static const unsigned op[] = { EXO_ADD, EXO_XOR, EXO_AND, EXO_OR,
		EXO_MUL, EXO_RSH, EXO_SUB, EXO_LSH };

	vp_begin(p, EXO_PROG_TC, n);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_mov(p, 0, 1);
	while (p->n < n - 1) {
		unsigned k = p->n % 8;

		if (k == 2)
			vp_alux(p, EXO_OR, 0, 2);
		else
			vp_alu(p, op[k], 0, op[k] >= EXO_LSH ? 3 : 0x1234567);
	}
	vp_exit(p);
}

void vp_line_stack(struct vprog *p, uint32_t n)
{
	vp_begin(p, EXO_PROG_TC, n);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_mov(p, 0, 0);
	while (p->n + 4 < n) {
		int slot = -8 * (int)(1 + p->n / 3 % 64);

		vp_store(p, EXO_DW, 10, 2, slot);
		vp_load(p, EXO_DW, 3, 10, slot);
		vp_alux(p, EXO_ADD, 3, 2);
	}
	while (p->n < n - 1)
		vp_mov(p, 0, 0);
	vp_exit(p);
}

/* Rules of four fields, a thousand of them to one verdict, as compilers put
 * down a list of them: if not this one, the next. */
void vp_line_filter(struct vprog *p, uint32_t n)
{
	uint32_t hit[1000], miss[3], rule = 0;

	vp_begin(p, EXO_PROG_XDP, n);
	vp_packet(p, 34);
	while (p->n + 24 < n) {
		uint32_t hits = 0, over, k;

		for (; hits < 1000 && p->n + 24 < n; rule++) {
			vp_load(p, EXO_W, 2, 7, 26);
			miss[0] = vp_if(p, EXO_JNE, 2, (int32_t)(rule * 7919));
			vp_load(p, EXO_W, 3, 7, 30);
			miss[1] =
			    vp_if(p, EXO_JGT, 3, (int32_t)(rule & 0xffff));
			vp_load(p, EXO_B, 4, 7, 23);
			miss[2] = vp_if(p, EXO_JSET, 4, 6);
			hit[hits++] = vp_goto(p);
			for (k = 0; k < 3; k++)
				vp_here(p, miss[k]);
		}
		over = vp_goto(p);
		for (k = 0; k < hits; k++)
			vp_here(p, hit[k]);
		vp_return(p, 2);
		vp_here(p, over);
	}
	while (p->n < n - 2)
		vp_mov(p, 0, 0);
	vp_return(p, 1);
}

/* The arms leave different numbers, which nothing reads. */
void vp_line_dead(struct vprog *p, uint32_t n)
{
	vp_begin(p, EXO_PROG_TC, n);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_mov(p, 0, 0);
	while (p->n + 3 < n) {
		uint32_t at =
		    vp_if(p, EXO_JGT, 2, (int32_t)(p->n * 2654435761u));

		vp_mov(p, 3, (int32_t)p->n);
		vp_here(p, at);
	}
	while (p->n < n - 1)
		vp_mov(p, 0, 0);
	vp_exit(p);
}

/* The arms leave the same, in registers and on the stack, for the end. */
void vp_line_same(struct vprog *p, uint32_t n)
{
	vp_begin(p, EXO_PROG_TC, n);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_copy(p, 6, 1);
	vp_mov(p, 3, 5);
	vp_store_imm(p, -8, 7);
	while (p->n + 9 < n) {
		uint32_t other =
		    vp_if(p, EXO_JSET, 2, (int32_t)(1u << p->n % 31));
		uint32_t over;

		vp_mov(p, 3, 5);
		over = vp_goto(p);
		vp_here(p, other);
		vp_mov(p, 3, 5);
		vp_store_imm(p, -8, 7);
		vp_here(p, over);
	}
	while (p->n < n - 3)
		vp_mov(p, 0, 0);
	vp_load(p, EXO_DW, 0, 10, -8);
	vp_alux(p, EXO_ADD, 0, 3);
	vp_exit(p);
}

/* Every instruction is a place of its own where ways join. */
void vp_line_joins(struct vprog *p, uint32_t n)
{
	vp_begin(p, EXO_PROG_TC, n);
	vp_load(p, EXO_W, 2, 1, 0);
	vp_mov(p, 0, 0);
	while (p->n < n - 1)
		vp_if(p, EXO_JSET, 2, (int32_t)(p->n + 1));
	vp_exit(p);
}
