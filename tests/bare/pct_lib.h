/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs that call each other share. */
#ifndef TESTS_BARE_PCT_LIB_H
#define TESTS_BARE_PCT_LIB_H

#include "exo/abi/err.h"
#include "libos-net/rt/pct.h"
#include "tests/bare/check.h"

#define WORDS LNET_PCT_WORDS
#define BYE   0x51e55a5c0ffee002u /* as the first word: end */

/** The name of one that is there, or will be. */
static inline uint64_t find(const char *label)
{
	uint64_t name = lnet_pct_find(label);

	while (name == 0) {
		(void)lnet_yield();
		name = lnet_pct_find(label);
	}
	return name;
}

/** Again, for as long as it is busy. */
static inline int64_t patiently(uint64_t name, uint64_t how, uint64_t m[WORDS])
{
	int64_t err = lnet_pct(name, how, m);

	while (err == -EXO_EAGAIN) {
		(void)lnet_yield();
		err = lnet_pct(name, how, m);
	}
	return err;
}

/** Send a message of one word. */
static inline int64_t tell(uint64_t name, uint64_t word)
{
	uint64_t m[WORDS] = { word };

	return patiently(name, 1, m);
}

/** PCT_RETURN by itself, which is refused. */
static inline int64_t answer(uint64_t name)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return lnet_call(EXO_CALL_PCT_RETURN_NR, (void *)(uintptr_t)name, 0);
}

#endif
