/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmission: what a key lets its holder send, and the call that sends it. */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"
#include "exo/plat/plat.h"

int exo_may_transmit(const struct exo_core *core, const struct exo_key *u_key,
    const struct exo_pkt *p)
{
	const struct sp_packet raw = { p->caplen == 0 ? &core->nothing
		                                      : p->data,
		p->caplen, p->wirelen, p->linktype };
	struct key_rec *key;
	struct sp_view v;
	int err = key_check(core, u_key, EXO_RIGHT_TRANSMIT, &key);

	if (err != 0 || key->region == NULL)
		return err;
	sp_parse(&raw, &v);
	return sp_region_has(key->region->r, &v) ? 0 : -EXO_EOUTSIDE;
}

int call_transmit(
    struct exo_core *core, struct env *env, struct exo_call_transmit *a)
{
	struct exo_pkt p = { .data = core->out_packet,
		.caplen = a->size,
		.wirelen = a->size,
		.linktype = 1 };
	int err;

	if (a->zero != 0 || a->size < EXO_TRANSMIT_MIN)
		return -EXO_EINVAL;
	if (a->size > EXO_TRANSMIT_MAX)
		return -EXO_E2BIG;
	if (core->cfg.send == NULL)
		return -EXO_ENOSYS;
	err = plat_copy_in(env->plat, core->out_packet, a->packet, a->size);
	if (err == 0)
		err = exo_may_transmit(core, &a->key, &p);
	if (err == 0)
		err = core->cfg.send(
		    core->cfg.send_arg, env->plat, core->out_packet, a->size);
	if (err == 0)
		core->stat.sent++;
	else
		core->stat.unsent++;
	return err;
}
