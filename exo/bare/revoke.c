/* SPDX-License-Identifier: BSD-2-Clause */
/* Revocation on the machine: see revoke.h. */
#include "exo/bare/revoke.h"

#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/disk.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/slots.h"
#include "exo/core/core.h"

_Static_assert(sizeof(((struct revoke_plan *)0)->label) ==
                   sizeof(((struct plat_env *)0)->label),
    "a plan has the whole label");

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

int revoke_surrender(
    struct plat_env *e, enum exo_kind kind, const uint64_t *u_names, uint32_t n)
{
	return kind == EXO_KIND_SLOT
	           ? slots_surrender(e, u_names, n)
	           : exo_env_give(e->core, e->name, kind, u_names, n);
}

void revoke_gone(
    struct plat_env *e, enum exo_kind kind, uint64_t name, bool own)
{
	if (e->holder == NULL)
		return; /* it never began */
	exo_holder_given(e->phys, e->holder, kind);
	if (!own)
		exo_holder_lost(e->holder, kind, name, 0, EXO_ANY);
}

bool revoke_choose(struct plat_env *e, enum exo_kind kind, uint64_t *name)
{
	return kind == EXO_KIND_SLOT
	           ? slots_choose(e, name)
	           : exo_env_take(e->core, e->name, kind, name);
}

bool revoke_save(struct plat_env *e, const struct exo_key *disk, uint32_t block,
    uint32_t frame)
{
	uint64_t from = clock_ns();
	int err = disk_page(
	    disk, block, paging_direct((uint64_t)frame * FRAME_SIZE), true);

	slots_charge(e, clock_ns() - from); /* it had its time to answer */
	return err == 0;
}

int revoke_seed(void *arg, const struct exo_key *u_disk)
{
	(void)arg;
	return disk_check(u_disk, EXO_DISK_WRITE);
}

/* --- by the machine's owner -------------------------------------------------------- */

static struct revoke_plan plans[REVOKE_PLANS];
static unsigned nplans;

void revoke_init(void)
{
	nplans = 0;
}

bool revoke_plan(const struct revoke_plan *p)
{
	if (nplans == REVOKE_PLANS)
		return false;
	plans[nplans++] = *p;
	return true;
}

/* Whether a plan is about it. */
static bool is_of(const struct revoke_plan *p, const struct plat_env *e)
{
	unsigned i = 0;

	if (e == NULL || e->holder == NULL)
		return false;
	while (p->label[i] != '\0' && p->label[i] == e->label[i])
		i++;
	return p->label[i] == e->label[i];
}

static bool is_due(const struct revoke_plan *p, uint64_t now)
{
	if (!p->by_line)
		return p->at <= now;
	for (unsigned i = 0; i < env_places(); i++)
		if (is_of(p, env_at(i)) && env_at(i)->lines >= p->at)
			return true;
	return false;
}

static void ask(
    struct exo_phys *phys, const struct revoke_plan *p, uint64_t now)
{
	for (unsigned i = 0; i < env_places(); i++)
		if (is_of(p, env_at(i)))
			(void)exo_holder_ask(phys, env_at(i)->holder, p->kind,
			    p->n, now + p->patience);
}

/* What is due. */
static void plan(struct exo_phys *phys, uint64_t now)
{
	for (unsigned i = 0; i < nplans; i++) {
		if (!is_due(&plans[i], now))
			continue;
		ask(phys, &plans[i], now);
		plans[i--] = plans[--nplans];
	}
}

void revoke_look(struct exo_phys *p, uint64_t now)
{
	if (nplans > 0)
		plan(p, now);
	if (exo_phys_next(p) <= now)
		exo_phys_overdue(p, now);
}
