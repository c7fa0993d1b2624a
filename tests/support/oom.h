/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that fails on demand, in the unit program.
 *
 * The linker puts oom.c in front of malloc() and its like (--wrap, see
 * OOM_CALLS in tests/module.mk), and plat_test.c asks it as well: one counter
 * for every allocation that the code under test makes itself. Allocations
 * inside system libraries are not seen.
 *
 * A test of this kind belongs in a TCase named "oom": `make check-oom` runs
 * those of every suite.
 */
#ifndef TESTS_SUPPORT_OOM_H
#define TESTS_SUPPORT_OOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Call fn(arg) with the first allocation failing, then the second, ..., until
 * a call succeeds before its failing allocation was reached.
 * fn makes, uses and frees everything in one go, and returns 0 or an error.
 * The test fails when a call leaks, when fn errs without a failed allocation,
 * or when fn allocates nothing at all. Each n is tried twice: that allocation
 * alone fails, and every later one as well.
 * Returns how many allocations fn made in the end.
 */
uint64_t test_oom_loop(int (*fn)(void *arg), void *arg);

/** Count from now on and fail allocation n (1 is the next; 0 fails none);
 * with `onwards` every one after it, too. */
void test_oom_arm(uint64_t n, bool onwards);

/** Stop failing and counting. Returns the number of allocations since. */
uint64_t test_oom_disarm(void);

/** Blocks that were allocated since test_oom_arm() and are not yet freed,
 * those of plat_alloc() excepted (plat_test.h counts them). */
size_t test_oom_live(void);

/** For allocators: count one allocation; true when it must fail. */
bool test_oom_fails(void);

#endif
