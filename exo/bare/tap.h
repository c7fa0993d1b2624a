/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests on the machine: lines of TAP on the console, and the plan at the end.
 */
#ifndef EXO_BARE_TAP_H
#define EXO_BARE_TAP_H

#include <stdbool.h>

/** Say the next test's result. */
void tap_ok(bool ok, const char *name);

/** Say the plan and end the machine: well only if all of them were. */
_Noreturn void tap_end(void);

#endif
