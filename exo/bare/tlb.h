/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor knows of page tables, apart from the tables themselves: tests put
 * their own in its place.
 *
 * Where it has PCID, it knows of each page whose it is, by a tag of 12 bits, and keeps
 * what it knows when others run [Intel SDM, volume 3A, 4.10.1]. Whoever changes tables
 * that are not in use must see to it that they are not kept. The kernel's own pages are
 * the same in all tables, and no tag's (G).
 */
#ifndef EXO_BARE_TLB_H
#define EXO_BARE_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/bare/machine.h"

/** The tag of the kernel's tables. */
#define TLB_KERNEL 0u
#define TLB_TAGS   4096u

/** Begin to tell them apart, if the processor can. Kernel's tables are in use. */
void tlb_init(const struct machine *m);

/** Whether it does. */
bool tlb_tagged(void);

/** These tables, as a word for tlb_use(). tag: theirs alone, below TLB_TAGS. keep: what
 * is known by this tag is so yet. */
uint64_t tlb_word(uint64_t root, unsigned tag, bool keep);

/** Use them. */
void tlb_use(uint64_t word);

/** Whether these are the tables in use. */
bool tlb_uses(uint64_t root);

/** Forget one page of those in use, or all. */
void tlb_forget(uint64_t va);
void tlb_forget_all(void);

/** How often tables came into use and what was known was kept. */
uint64_t tlb_kept(void);

#endif
