/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation on the machine: environments are told by an upcall of what they are to give
 * up, and lose what is overdue (exo/core/phys.h).
 *
 * Who has no entry point for it loses at once. One that is in a critical section, or in a
 * call that pauses, is told afterwards; its time goes on.
 */
#ifndef EXO_BARE_REVOKE_H
#define EXO_BARE_REVOKE_H

#include "exo/bare/env.h"

/** Tell an environment that is about to run, or wakes up for it. */
void revoke_tell(struct plat_env *e);

/** Take what is overdue. */
void revoke_look(struct exo_phys *p, uint64_t now);

/** What the core asks of the machine (struct exo_phys_ops). */
int revoke_surrender(struct plat_env *e, enum exo_kind kind,
    const uint64_t *u_names, uint32_t n);
bool revoke_choose(struct plat_env *e, enum exo_kind kind, uint64_t *name);

#endif
