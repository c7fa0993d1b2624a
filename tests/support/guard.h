/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiled code under guard: what it may do wrong ends the run, not us.
 *
 * Handlers of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP are put in by the
 * first call; signals that come at other times go to whoever had them
 * before. A timer of this process's CPU seconds finds what does not end.
 */
#ifndef TESTS_SUPPORT_GUARD_H
#define TESTS_SUPPORT_GUARD_H

#include "exo/core/world.h"

#define GUARD_SECONDS 3 /* of CPU, then a run counts as endless */

/** exo_world_exec() into *r0. Returns 0, or the signal that stopped it; the
 * world, and what lives in it, must then be left alone. */
int guard_exec(
    struct exo_world *w, const struct exo_world_code *code, uint64_t *r0);

#endif
