/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a processor sees of an environment's tables: all of their pages, and a TLB that
 * forgets nothing unless it is told to, of whoever ran before (exo/bare/tlb.h). For tests of exo/bare/space.c in RAM of a
 * process (ram.h). What must not be is an assertion.
 */
#ifndef TESTS_SUPPORT_WALK_H
#define TESTS_SUPPORT_WALK_H

#include <stdint.h>

#include "exo/bare/env.h"

/** The frame table, as this environment's tables show it. */
struct exo_frame_row *walk_rows(const struct plat_env *e);

/**
 * Look at all that ring 3 may reach. Pages below EXO_MAP_END are frames that a holder
 * owns, none of them a table; what is written is not executed; what is a window is only
 * read, and those of leaf tables show each of these, and nothing else. fn, which may be
 * NULL, is called for each page that ring 3 may reach but those in windows. There are as
 * many tables as the environment was charged.
 */
void walk(const struct plat_env *e,
    void (*fn)(void *arg, uint64_t va, uint64_t entry), void *arg);

/** Whether this page of the tables in use is known. */
bool tlb_knows(uint64_t va);

/** A page of the tables in use is touched, by its address. false: it is not there, or may not be
 * read. What was known is used, as a processor would. */
bool tlb_touch(uint64_t va);

/** All pages are. */
void tlb_touch_all(const struct plat_env *e);

/** What is known is still so: no page, frame or right is remembered that the tables do
 * not have any more. */
void tlb_check(void);

/** How often all was to be forgotten, and how often one page. */
extern unsigned tlb_alls, tlb_ones;

#endif
