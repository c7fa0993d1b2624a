/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs made by code, to show what verification costs: of any length, and
 * those on which a verifier may have to look at very much. All are fixed and
 * harmless.
 *
 * A program is put down from its first instruction to its last. Jumps forward
 * are made first and told later where they lead; names give what an
 * instruction does: vp_mov(p, 3, 7) is r3 = 7.
 */
#ifndef TESTS_SUPPORT_VPROG_H
#define TESTS_SUPPORT_VPROG_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/ctx.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"

struct vprog {
	struct exo_insn *insns;
	uint32_t n, room;
	uint32_t type;
	struct exo_map_def maps[1];
	uint32_t nmaps;
};

/** Begin a program of a type, with room for some instructions; one more than
 * there is room for ends the process. Free it by vp_free(). */
void vp_begin(struct vprog *p, uint32_t type, uint32_t room);
void vp_free(struct vprog *p);

/** An instruction; returns where it is. */
uint32_t vp_put(struct vprog *p, unsigned code, unsigned dst, unsigned src,
    int off, int32_t imm);

uint32_t vp_mov(struct vprog *p, unsigned dst, int32_t imm);
uint32_t vp_copy(struct vprog *p, unsigned dst, unsigned src);
/** dst op= imm, dst op= src: op is EXO_ADD and so on, 64 bits. */
uint32_t vp_alu(struct vprog *p, unsigned op, unsigned dst, int32_t imm);
uint32_t vp_alux(struct vprog *p, unsigned op, unsigned dst, unsigned src);
/** dst = *(size *)(src + off), *(size *)(dst + off) = src. */
uint32_t vp_load(
    struct vprog *p, unsigned size, unsigned dst, unsigned src, int off);
uint32_t vp_store(
    struct vprog *p, unsigned size, unsigned dst, unsigned src, int off);
/** *(u64 *)(r10 + off) = imm. */
uint32_t vp_store_imm(struct vprog *p, int off, int32_t imm);
/** if dst op imm, if dst op src: forward, to vp_here(), or back to `to`. */
uint32_t vp_if(struct vprog *p, unsigned op, unsigned dst, int32_t imm);
uint32_t vp_ifx(struct vprog *p, unsigned op, unsigned dst, unsigned src);
uint32_t vp_goto(struct vprog *p);
void vp_here(struct vprog *p, uint32_t jump);
void vp_back(
    struct vprog *p, unsigned op, unsigned dst, int32_t imm, uint32_t to);
/** A local call, to vp_func(). */
uint32_t vp_call(struct vprog *p);
/** dst = the address of a function, by vp_func(). */
uint32_t vp_func_addr(struct vprog *p, unsigned dst);
void vp_func(struct vprog *p, uint32_t call);
void vp_helper(struct vprog *p, int32_t nr);
/** dst = the map. */
void vp_map(struct vprog *p, unsigned dst);
void vp_exit(struct vprog *p);
/** r0 = imm, exit. */
void vp_return(struct vprog *p, int32_t imm);

/** The packet's data in r7, its end in r8, the context in r6; returns 0 at
 * once when fewer than `bytes` bytes are there. Of xdp and tc programs. */
void vp_packet(struct vprog *p, int32_t bytes);

#endif
