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

#endif
