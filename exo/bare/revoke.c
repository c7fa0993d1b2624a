/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation on the machine: see revoke.h. */
#include "exo/bare/revoke.h"

#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/core/core.h"

void revoke_tell(struct plat_env *e)
{
	enum exo_kind kind;
	uint64_t deadline;
	uint32_t n;

	if (exo_phys_next(e->phys) == UINT64_MAX || e->state == ENV_CALLING ||
	    e->state == ENV_AWAITS || e->state == ENV_MADE)
		return;
	if (e->pe->entry_revoke != 0 && e->pe->critical != 0) {
		e->pe->revoke = 1;
		return;
	}
	if (!exo_holder_asked(e->holder, &kind, &n, &deadline))
		return;
	if (e->pe->entry_revoke == 0) {
		exo_holder_hurry(e->phys, e->holder, kind);
		return;
	}
	e->state = ENV_RUNNABLE;
	(void)upcall(
	    e, e->pe->entry_revoke, EXO_CAUSE_REVOKE, kind, n, deadline);
}

void revoke_look(struct exo_phys *p, uint64_t now)
{
	if (exo_phys_next(p) <= now)
		exo_phys_overdue(p, now);
}

int revoke_surrender(
    struct plat_env *e, enum exo_kind kind, const uint64_t *u_names, uint32_t n)
{
	int err = exo_env_give(e->core, e->name, kind, u_names, n);

	for (uint32_t i = 0; err == 0 && i < n; i++)
		exo_holder_given(e->holder, kind);
	return err;
}

bool revoke_choose(struct plat_env *e, enum exo_kind kind, uint64_t *name)
{
	return exo_env_take(e->core, e->name, kind, name);
}
