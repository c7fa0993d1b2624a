/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of vprog.h by kind. Each function begins one; free it by
 * vp_free().
 */
#ifndef TESTS_SUPPORT_VPROG_KINDS_H
#define TESTS_SUPPORT_VPROG_KINDS_H

#include "tests/support/vprog.h"

/* --- vprog_line.c: n instructions, n >= 100, to be accepted --- */

void vp_line_alu(struct vprog *p, uint32_t n);
void vp_line_stack(struct vprog *p, uint32_t n);
void vp_line_filter(struct vprog *p, uint32_t n);
void vp_line_dead(struct vprog *p, uint32_t n);
void vp_line_same(struct vprog *p, uint32_t n);
void vp_line_joins(struct vprog *p, uint32_t n);

/* --- vprog_deep.c: short programs with very many ways, to be accepted --- */

/** `flags` bits of a packet each become a flag, and are tested later. */
void vp_deep_flags(struct vprog *p, uint32_t flags);
/** `fields` options, each with a default, become indexes into a table. */
void vp_deep_options(struct vprog *p, uint32_t fields);
/** Up to `options` TCP options, each of its own length. */
void vp_deep_tcp(struct vprog *p, uint32_t options);
/** A packet's backend is looked for in a map, `tries` times, and its header
 * hashed in `rounds` rounds each. */
void vp_deep_balancer(struct vprog *p, uint32_t tries, uint32_t rounds);
/** Loops in loops: three of `times` rounds. */
void vp_deep_nest(struct vprog *p, uint32_t times);

/* --- vprog_bomb.c: bombs, socket programs --- */

/** n diamonds that double what may be known, all of it needed at the end. */
void vp_bomb_diamonds(struct vprog *p, uint32_t n);
/** n instructions: 512 saved numbers linked to one that is compared. */
void vp_bomb_links(struct vprog *p, uint32_t n);
/** n instructions: below seven frames, compares that leave a state each. */
void vp_bomb_frames(struct vprog *p, uint32_t n);
/** 2^n states of which none covers another; n <= 64. */
void vp_bomb_halves(struct vprog *p, uint32_t n);
/** n large states wait at one place; n <= 16,000. */
void vp_bomb_waiting(struct vprog *p, uint32_t n);
/** `levels` loops in each other without an end. */
void vp_bomb_nest(struct vprog *p, uint32_t levels);
/** `levels` <= 64 loops in each other of two rounds each. */
void vp_bomb_counters(struct vprog *p, uint32_t levels);
/** Each of 7 functions calls the next one k times. */
void vp_bomb_calls(struct vprog *p, uint32_t k);
/** The same by a helper that calls back; k <= 32. */
void vp_bomb_callbacks(struct vprog *p, uint32_t k);
/** n functions, each called once. */
void vp_bomb_functions(struct vprog *p, uint32_t n);
/** A million rounds of a loop that calls a function of this many jumps. */
void vp_bomb_round(struct vprog *p, uint32_t jumps);
/** n blocks that are run from the last to the first. */
void vp_bomb_backwards(struct vprog *p, uint32_t n);

#endif
