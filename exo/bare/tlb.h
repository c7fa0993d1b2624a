/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor knows of page tables, apart from the tables themselves: tests put
 * their own in its place.
 */
#ifndef EXO_BARE_TLB_H
#define EXO_BARE_TLB_H

#include <stdbool.h>
#include <stdint.h>

/** Whether these are the tables in use. */
bool tlb_uses(uint64_t root);

/** Forget one page of those in use, or all. */
void tlb_forget(uint64_t va);
void tlb_forget_all(void);

#endif
