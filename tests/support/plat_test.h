/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform under the unit tests: exo/plat/plat.h with nothing left to
 * chance, and with failures on demand.
 *
 * Memory is filled with 0xa5 when it is given and 0x5a when it is taken back,
 * and goes back with its true size or the test stops. The clock moves by one
 * microsecond a look. Random bytes follow from a seed. plat_panic() aborts:
 * test it with tcase_add_test_raise_signal(tc, fn, SIGABRT).
 */
#ifndef TESTS_SUPPORT_PLAT_TEST_H
#define TESTS_SUPPORT_PLAT_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/plat/plat.h"
#include "tests/support/plat_copies.h"

/** An environment's space: `size` bytes at `base`, which have the addresses
 * from `start` on. Where the core gets no plat_env (NULL), addresses are
 * pointers of this process. */
struct plat_env {
	uint8_t *base;
	uint64_t start;
	size_t size;
	unsigned int notified;     /* plat_notify() calls */
	void (*on_notify)(void *); /* run by plat_notify(); may be NULL */
	void *arg;                 /* passed to it */
	unsigned int lines;        /* plat_print() calls */
	char line[256];            /* what the last one said */
};

/** Start anew: seed, clock 0, entropy there. Live memory stays counted. */
void plat_test_reset(uint64_t seed);

/** Bytes that plat_alloc() gave and plat_free() did not take back. */
uint64_t plat_test_live(void);

/** Blocks likewise. */
uint64_t plat_test_blocks(void);

/** The test fails when memory of the platform is still held. */
void plat_test_check_leaks(void);

/** Fail the n-th plat_alloc() or malloc() from now on: test_oom_arm(). */
#define plat_test_fail_alloc(n) test_oom_arm((n), false)

/** Let plat_random() answer -EXO_ENOENTROPY, or not. */
void plat_test_no_entropy(bool none);

/** Set what plat_clock_ns() answers next. */
void plat_test_clock(uint64_t ns);

#endif
