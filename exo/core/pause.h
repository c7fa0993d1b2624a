/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that take long let others come to run: see core.h.
 */
#ifndef EXO_CORE_PAUSE_H
#define EXO_CORE_PAUSE_H

#include "exo/core/core_int.h"

/** A call's; it stays where it is until the call returns. */
struct pause {
	struct exo_pause p;
	struct exo_core *core;
	struct env *env;
};

/** What a call of env asks while it works; NULL: nobody. */
struct exo_pause *pause_begin(
    struct pause *p, struct exo_core *core, struct env *env);

#endif
