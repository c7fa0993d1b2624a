/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel shows of itself: struct exo_state and the table of bindings, which
 * libOSes read at EXO_STATE_AT and EXO_BINDS_AT, and lines on the console for who watches
 * from outside ("exopf boot --top"). Numbers are written together, and may be a tenth of
 * a second old.
 */
#ifndef EXO_BARE_STATE_H
#define EXO_BARE_STATE_H

#include <stdbool.h>

#include "exo/abi/phys.h"
#include "exo/bare/machine.h"
#include "exo/core/core.h"

/** Make the pages. The option top=MS of the command line has them printed so often, ten
 * times a second at most (exo/abi/state.inc). */
bool state_init(const struct machine *m, struct exo_core *core);

/** Write them, if it is time. */
void state_show(uint64_t now);

/** One ended, and is about to be taken apart: it is printed for the last time. */
void state_ended(const struct plat_env *e);

/** Write and print them, whatever the time; nothing is printed without the option. */
void state_last(uint64_t now);

#endif
