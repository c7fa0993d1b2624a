/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs share that make environments which run functions of theirs. */
#ifndef TESTS_BARE_CHILD_H
#define TESTS_BARE_CHILD_H

#include "exo/abi/err.h"
#include "exo/abi/phys.h"
#include "tests/bare/check.h"

#define CHILD_PROGRAM 0x400000u /* where programs are loaded */
#define CHILD_FRAME   0x000ffffffffff000u

/** What an environment's page is to itself. */
static inline struct exo_pe *child_page(void)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (struct exo_pe *)(uintptr_t)EXO_PE_AT;
}

/** A child, with as many frames guaranteed. */
static inline int64_t child_make(
    uint32_t frames, struct exo_key *key, uint64_t *name)
{
	struct exo_call_env_new a = { .frames = frames };
	int64_t err = lnet_call(EXO_CALL_ENV_NEW_NR, &a, sizeof(a));

	*key = a.out_key;
	*name = a.out_env;
	return err;
}

/** Let it run a function, which does not return, on a stack that ends there. */
static inline int64_t child_start(
    const struct exo_key *key, void (*fn)(void), volatile void *stack_end)
{
	struct exo_call_env_start a = { *key, (uintptr_t)fn,
		(uintptr_t)stack_end - 8, 0 };

	return lnet_call(EXO_CALL_ENV_START_NR, &a, sizeof(a));
}

static inline int64_t child_end(const struct exo_key *key)
{
	struct exo_call_env_end a = { *key };

	return lnet_call(EXO_CALL_ENV_END_NR, &a, sizeof(a));
}

/** Entries that show a child all of the program up to an address; how many. */
static inline uint32_t child_clothes(
    struct exo_pte to[EXO_BATCH], uint64_t up_to)
{
	uint32_t n = 0;

	for (uint64_t va = CHILD_PROGRAM; va <= up_to; va += EXO_PAGE) {
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		uint64_t entry =
		    *(const volatile uint64_t *)(uintptr_t)(EXO_TABLES_AT +
		                                            va / EXO_PAGE * 8);
		struct exo_call_key_of k = {
			.frame = (uint32_t)((entry & CHILD_FRAME) / EXO_PAGE)
		};

		if ((entry & EXO_PTE_PRESENT) == 0)
			continue;
		CHECK(n < EXO_BATCH);
		CHECK(lnet_call(EXO_CALL_KEY_OF_NR, &k, sizeof(k)) == 0);
		to[n++] = (struct exo_pte){ .va = va,
			.bits = EXO_PTE_PRESENT |
			        (entry & (EXO_PTE_WRITE | EXO_PTE_NX)),
			.key = k.out_key };
	}
	return n;
}

/** Show them to it. */
static inline void child_dress(
    const struct exo_key *child, const struct exo_pte *entries, uint32_t n)
{
	struct exo_call_pte a = { *child, (uintptr_t)entries, n, 0 };

	CHECK(lnet_call(EXO_CALL_PTE_NR, &a, sizeof(a)) == 0);
}

#endif
