/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmission: what a key lets its holder send. */
#include "exo/abi/err.h"
#include "exo/core/core_int.h"

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
