/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running system: a core, its environments, and packets for them.
 */
#ifndef EXO_BARE_SYSTEM_H
#define EXO_BARE_SYSTEM_H

#include "exo/bare/machine.h"

/** Start what boot.conf says and run it until nobody is left. The status is a
 * success if each environment ended by EXIT with 0. */
_Noreturn void system_run(const struct machine *m);

#endif
