/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of exo/bare, whose struct plat_env is not plat_test.h's. */
#ifndef TESTS_SUPPORT_PLAT_COPIES_H
#define TESTS_SUPPORT_PLAT_COPIES_H

#include <stdint.h>

struct plat_env;

/** Copy environments' memory by these; NULL: as plat_test.h says. */
void plat_test_copies(int (*in)(struct plat_env *, void *, uint64_t, uint64_t),
    int (*out)(struct plat_env *, uint64_t, const void *, uint64_t));

#endif
