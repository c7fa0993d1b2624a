/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers that nobody can guess: the processor's, or, for tests that are to go the
 * same way each time, of a key on the command line.
 */
#ifndef EXO_BARE_ENTROPY_H
#define EXO_BARE_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>

#include "exo/bare/machine.h"

/** Choose the source; the option "test-key=NUMBER" gives up being unguessable.
 * False: there is none, and the machine is not to go on. */
bool entropy_init(const struct machine *m);

/** Fill n bytes; false: the source is silent. */
bool entropy_fill(void *p, size_t n);

#endif
