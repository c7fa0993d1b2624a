/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is started: by the file "boot.conf" among the modules.
 *
 *	env LABEL FILE [ring=BYTES] [arg=TEXT] [rights=NUMBER] [end=HOW[:CODE]]
 *	    [region=TEXT to the end]
 *
 * starts the program FILE, an ELF file among the modules, as an environment with a key
 * of that region (every packet, without). It is to end by HOW: exit, fault (with the
 * vector), stack or killed; by exit:0 if nothing is said. Lines that begin with '#' are comments.
 */
#ifndef EXO_BARE_CONF_H
#define EXO_BARE_CONF_H

#include <stdbool.h>

#include "exo/bare/machine.h"
#include "exo/core/core.h"

/** Start all of them. How many; -1 after saying on the console what is wrong. */
int conf_start(const struct machine *m, struct exo_core *core);

#endif
