/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sleep: until a time, or until an environment's own program says that it is over. That
 * runs when the environment could: when it falls asleep, when packets came for it, and
 * else each tenth of a millisecond at most, however often others yield. Its steps are
 * charged to its owner's slots.
 */
#ifndef EXO_BARE_SLEEP_H
#define EXO_BARE_SLEEP_H

#include "exo/abi/phys.h"
#include "exo/bare/env.h"

/** The call WAKE. */
int sleep_wake(struct plat_env *e, const struct exo_call_wake *a);

/** The call SLEEP: -EXO_EINVAL, there is nothing to sleep for. */
int sleep_begin(struct plat_env *e, const struct exo_call_sleep *a);

/** Whether it is over; then the environment may run. */
bool sleep_over(struct plat_env *e);

/** Nanoseconds until the first time that somebody sleeps for, up to `most`. */
uint64_t sleep_next(uint64_t most);

#endif
