/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs made by code: see vprog.h. */
#include "tests/support/vprog.h"

#include <stdio.h>
#include <stdlib.h>

void vp_begin(struct vprog *p, uint32_t type, uint32_t room)
{
	*p = (struct vprog){ .type = type, .room = room };
	p->insns = calloc(room, sizeof(*p->insns));
	if (p->insns == NULL)
		abort();
}

void vp_free(struct vprog *p)
{
	free(p->insns);
	p->insns = NULL;
}

uint32_t vp_put(struct vprog *p, unsigned code, unsigned dst, unsigned src,
    int off, int32_t imm)
{
	if (p->n == p->room || off != (int16_t)off) {
		fprintf(
		    stderr, "vprog: no room at %u, or far: %d\n", p->n, off);
		abort();
	}
	p->insns[p->n] = (struct exo_insn){ (uint8_t)code,
		(uint8_t)(src << 4 | dst), (int16_t)off, imm };
	return p->n++;
}

uint32_t vp_mov(struct vprog *p, unsigned dst, int32_t imm)
{
	return vp_alu(p, EXO_MOV, dst, imm);
}

uint32_t vp_copy(struct vprog *p, unsigned dst, unsigned src)
{
	return vp_alux(p, EXO_MOV, dst, src);
}

uint32_t vp_alu(struct vprog *p, unsigned op, unsigned dst, int32_t imm)
{
	return vp_put(p, EXO_ALU64 | op | EXO_K, dst, 0, 0, imm);
}

uint32_t vp_alux(struct vprog *p, unsigned op, unsigned dst, unsigned src)
{
	return vp_put(p, EXO_ALU64 | op | EXO_X, dst, src, 0, 0);
}

uint32_t vp_load(
    struct vprog *p, unsigned size, unsigned dst, unsigned src, int off)
{
	return vp_put(p, EXO_LDX | EXO_MEM | size, dst, src, off, 0);
}

uint32_t vp_store(
    struct vprog *p, unsigned size, unsigned dst, unsigned src, int off)
{
	return vp_put(p, EXO_STX | EXO_MEM | size, dst, src, off, 0);
}

uint32_t vp_store_imm(struct vprog *p, int off, int32_t imm)
{
	return vp_put(p, EXO_ST | EXO_MEM | EXO_DW, EXO_R_FP, 0, off, imm);
}

uint32_t vp_if(struct vprog *p, unsigned op, unsigned dst, int32_t imm)
{
	return vp_put(p, EXO_JMP | op | EXO_K, dst, 0, 0, imm);
}

uint32_t vp_ifx(struct vprog *p, unsigned op, unsigned dst, unsigned src)
{
	return vp_put(p, EXO_JMP | op | EXO_X, dst, src, 0, 0);
}

uint32_t vp_goto(struct vprog *p)
{
	return vp_put(p, EXO_JMP | EXO_JA, 0, 0, 0, 0);
}

void vp_here(struct vprog *p, uint32_t jump)
{
	uint32_t by = p->n - jump - 1;

	if (by > INT16_MAX)
		abort();
	p->insns[jump].off = (int16_t)by;
}

void vp_back(
    struct vprog *p, unsigned op, unsigned dst, int32_t imm, uint32_t to)
{
	int by = (int)to - (int)p->n - 1;

	vp_put(p, EXO_JMP | op | EXO_K, dst, 0, by, imm);
}

uint32_t vp_call(struct vprog *p)
{
	return vp_put(p, EXO_JMP | EXO_CALL, 0, EXO_CALL_LOCAL, 0, 0);
}

uint32_t vp_func_addr(struct vprog *p, unsigned dst)
{
	uint32_t at =
	    vp_put(p, EXO_LD | EXO_IMM | EXO_DW, dst, EXO_LDDW_FUNC, 0, 0);

	vp_put(p, 0, 0, 0, 0, 0);
	return at;
}

void vp_func(struct vprog *p, uint32_t call)
{
	p->insns[call].imm = (int32_t)(p->n - call - 1);
}

void vp_helper(struct vprog *p, int32_t nr)
{
	vp_put(p, EXO_JMP | EXO_CALL, 0, 0, 0, nr);
}

void vp_map(struct vprog *p, unsigned dst)
{
	vp_put(p, EXO_LD | EXO_IMM | EXO_DW, dst, EXO_LDDW_MAP, 0, 0);
	vp_put(p, 0, 0, 0, 0, 0);
}

void vp_exit(struct vprog *p)
{
	vp_put(p, EXO_JMP | EXO_EXIT, 0, 0, 0, 0);
}

void vp_return(struct vprog *p, int32_t imm)
{
	vp_mov(p, 0, imm);
	vp_exit(p);
}

/* Where linux/bpf.h has data and data_end. */
void vp_packet(struct vprog *p, int32_t bytes)
{
	bool xdp = p->type == EXO_PROG_XDP;
	uint32_t there;

	vp_copy(p, 6, 1);
	vp_load(p, EXO_W, 7, 1, xdp ? 0 : 76);
	vp_load(p, EXO_W, 8, 1, xdp ? 4 : 80);
	vp_copy(p, 2, 7);
	vp_alu(p, EXO_ADD, 2, bytes);
	there = vp_ifx(p, EXO_JLE, 2, 8);
	vp_return(p, 0);
	vp_here(p, there);
}
