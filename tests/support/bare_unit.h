/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine of bare.h for unit tests: 16 MiB of RAM, with the core. */
#ifndef TESTS_SUPPORT_BARE_UNIT_H
#define TESTS_SUPPORT_BARE_UNIT_H

#include "exo/lib/bug.h"
#include "tests/support/bare.h"
#include "tests/support/plat_copies.h"
#include "tests/support/ram.h"

#define BARE_UNIT ((uint64_t)16 << 20)

/** Begin: space_init()'s arguments. */
static inline void bare_unit_new(struct bare *b, uint32_t most, bool forget)
{
	const struct exo_core_config cfg = { .mem = 4u << 20 };

	bare_new(b, BARE_UNIT, most, forget);
	plat_test_copies(env_copy_in, env_copy_out);
	exo_assert(exo_core_new(&cfg, &b->core) == 0);
}

/** End, with all environments: nothing is left of them. */
static inline void bare_unit_free(struct bare *b)
{
	bare_end_envs(b);
	exo_phys_free(b->phys);
	plat_test_copies(NULL, NULL);
	ram_free(BARE_UNIT);
}

static inline struct exo_holder_stat bare_stat(const struct plat_env *e)
{
	struct exo_holder_stat s;

	exo_holder_stat(e->holder, &s);
	return s;
}

#endif
