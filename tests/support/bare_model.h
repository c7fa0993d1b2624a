/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the memory of an environment must be, by the calls of it that succeeded: which
 * pages there are, what is in them, and who owns which frame. For programs that make calls
 * of any kind on the machine of bare.h.
 */
#ifndef TESTS_SUPPORT_BARE_MODEL_H
#define TESTS_SUPPORT_BARE_MODEL_H

#include "tests/support/bare.h"

/** Begin with an environment without pages, and places of the S-TLB. */
void model_new(const struct bare *b, struct plat_env *e, uint32_t entries);

/** A page that is there without a call: pinned, or (from EXO_MAP_END on) the kernel's. */
void model_page(uint64_t va, uint64_t frame, uint64_t bits);

/** A byte of the environment's memory; NULL: none, or it may not be written. */
uint8_t *model_byte(uint64_t va, bool write);

/** Copy out of its memory, or into it; kernels NULL: only look. false: not all of it is
 * there. */
bool model_copy(uint64_t va, void *kernels, uint64_t n, bool write);

/** A call begins: what is there is kept. */
void model_keep(void);

/** Entries were entered, in this order. */
void model_enter(const struct exo_pte *pte, uint32_t n);

/** Frames were taken, or given back: so many. Those that were taken are zeroes. */
void model_owners(uint32_t taken, uint32_t given);

/** The kernel wrote a frame, as the call said. */
void model_wrote(uint64_t frame);

/** A call is over: only bytes may have changed of which may_change() says so; the tables
 * show what the model has, or less, and the processor knows nothing else. */
void model_check(bool (*may_change)(const void *arg, uint64_t va), void *arg);

#endif
