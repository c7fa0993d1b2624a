/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that may wait, each on a stack of its environment's own.
 *
 * Such a call runs on that stack instead of the kernel's. Where it pauses, the kernel
 * goes on as if it had returned: the environment is ENV_CALLING, and is given its turns
 * like any other; then the call goes on where it was. It is never interrupted: others
 * run only where it pauses.
 */
#ifndef EXO_BARE_FIBER_H
#define EXO_BARE_FIBER_H

#include "exo/bare/env.h"

/** Bytes of such a stack: what the longest call needs, and taking packets on top of it. */
#define FIBER_STACK 65536u

/** Run fn(e, arg) on e's stack, up to its end or its first pause: then e is
 * ENV_CALLING, and what arg points to may be gone. e is the one that runs. False: there is
 * no memory for a stack, and nothing was done. */
bool fiber_run(
    struct plat_env *e, void (*fn)(struct plat_env *e, void *arg), void *arg);

/** Let a call that paused go on, to its end or the next pause. e is the one that runs,
 * and its tables are in use. */
void fiber_resume(struct plat_env *e);

/** On e's stack: pause. False: e is to end, and so is the call. */
bool fiber_pause(struct plat_env *e);

/** Whether this is e's stack. */
bool fiber_here(const struct plat_env *e);

/** Give the stack back; no call is on it. */
void fiber_free(struct plat_env *e);

#endif
