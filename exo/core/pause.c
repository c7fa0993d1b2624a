/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that take long let others come to run: see core.h.
 *
 * While a call waits it holds memory of its environment, and a binding that is not live
 * (bind.c), which may end like any other; no more: nothing that it looked up, compared or
 * reserved before is believed afterwards. Keys may be revoked meanwhile, bindings
 * withdrawn, claims made.
 */
#include "exo/core/pause.h"

static bool ask(void *arg)
{
	struct pause *p = arg;
	bool go_on;

	p->env->waits = true;
	go_on = p->core->cfg.pause(p->core->cfg.pause_arg, p->env->plat);
	p->env->waits = false;
	return go_on;
}

struct exo_pause *pause_begin(
    struct pause *p, struct exo_core *core, struct env *env)
{
	*p = (struct pause){ .core = core, .env = env };
	p->p = (struct exo_pause){ .ask = ask, .arg = p };
	return core->cfg.pause == NULL ? NULL : &p->p;
}
