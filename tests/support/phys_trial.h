/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four libOSes that do what chance says with the machine's resources, and now and then
 * what they must not, held against the model of phys_model.h after each step.
 */
#ifndef TESTS_SUPPORT_PHYS_TRIAL_H
#define TESTS_SUPPORT_PHYS_TRIAL_H

#include "tests/support/phys_machine.h"
#include "tests/support/spacegen.h"

struct phys_trial_stat {
	uint64_t steps, calls;
	uint64_t done;        /* calls that returned 0 */
	uint64_t refused[32]; /* others, by error */
	uint64_t refills, displaced, ends, lost;
};

/** So many steps, fewer when the bytes of g end if bytes is true. Addresses of
 * arguments are pointers of this process; 0 is a bad one. */
void phys_trial(struct plat_env *const plat[PHYS_SPACES], struct spacegen *g,
    bool bytes, uint64_t steps, struct phys_trial_stat *st);

#endif
