/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether anything is left of environments when all of them have ended (leaks on the
 * command line): frames, slots, bindings, code, the kernel's memory for them.
 */
#ifndef EXO_BARE_LEAKS_H
#define EXO_BARE_LEAKS_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/core/core.h"

/** Before there is a core: what is free now is to be free in the end. */
void leaks_begin(void);

/** So many frames went since, which stay. */
void leaks_keep(uint64_t frames);

/** Free the core, and say on the console what is left; true: nothing is. */
bool leaks_none(struct exo_core *core);

#endif
