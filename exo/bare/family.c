/* SPDX-License-Identifier: BSD-2-Clause */
/* Environments that environments make: see family.h. */
#include "exo/bare/family.h"

#include "exo/abi/err.h"
#include "exo/bare/paging.h"
#include "exo/bare/space.h"

int family_new(struct plat_env *e, struct exo_call_env_new *a)
{
	const struct env_args args = { .label = e->label,
		.ring_size = a->ring,
		.mem = e->mem,
		.child = true,
		.maker = e,
		.most = e->most,
		.entries = e->entries,
		.tables =
		    e->tables_shared ? e->tables_most / (e->children + 1) : 0,
		.mac = e->pe->mac };
	struct plat_env *child;
	int err;

	if (a->frames == 0)
		return -EXO_EINVAL;
	if (a->ring > EXO_CHILD_RING)
		return -EXO_E2BIG;
	if (e->children == 0)
		return -EXO_EPERM;
	err = env_new(e->core, e->phys, &args, &child);
	if (err != 0)
		return err;
	err = exo_holder_pass(e->phys, e->holder, child->holder, a->frames);
	if (err != 0) {
		env_free(child);
		return err;
	}
	e->children--;
	child->counted = true;
	child->first = e->first;
	a->out_env = child->name;
	exo_holder_key(child->phys, child->holder, &a->out_key);
	return 0;
}

static int find(const struct plat_env *e, const struct exo_key *u_key,
    uint32_t rights, struct plat_env **out)
{
	struct exo_holder *h;
	int err = exo_holder_find(e->phys, u_key, rights, &h);

	if (err == 0)
		*out = exo_holder_plat(h);
	return err != 0 || (*out)->state != ENV_DEAD ? err : -EXO_ESTALE;
}

int family_start(struct plat_env *e, const struct exo_call_env_start *a)
{
	struct plat_env *child;
	int err = find(e, &a->key, EXO_ENV_START, &child);

	if (err != 0)
		return err;
	/* IRETQ would fault in ring 0 at what is no address */
	if (child->state != ENV_MADE || a->rip >= USER_END)
		return -EXO_EINVAL;
	child->regs.rip = a->rip;
	child->regs.rsp = a->rsp;
	child->regs.rdi = a->rdi;
	child->state = ENV_RUNNABLE;
	return 0;
}

int family_end(struct plat_env *e, const struct exo_call_env_end *a)
{
	struct plat_env *child;
	int err = find(e, &a->key, EXO_ENV_END, &child);

	if (err == 0)
		env_die(child, ENV_KILLED, 0);
	return err;
}

/* Its maker, if that lives; one that was not made after all has none. */
static struct plat_env *maker_of(const struct plat_env *child)
{
	return child->maker == 0 ? NULL : env_named(child->maker);
}

struct plat_env *family_heir(const struct plat_env *e)
{
	struct plat_env *heir = maker_of(e);

	for (unsigned i = 0; heir == NULL && i < env_places(); i++) {
		struct plat_env *k = env_at(i);

		if (k != NULL && k != e && k->first == e->first &&
		    k->state != ENV_MADE)
			heir = k;
	}
	return heir;
}

void family_end_holder(struct plat_env *e)
{
	const struct plat_env *maker = maker_of(e);

	exo_holder_end_to(
	    e->phys, e->holder, maker == NULL ? NULL : maker->holder);
}

void family_ended(const struct plat_env *child)
{
	struct plat_env *e = maker_of(child);

	if (e == NULL)
		return;
	e->children += child->counted;
	space_return(e, child);
}
