/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of frames and environments. They are as those of packets (key.c), under a secret
 * of their own, so that none can be taken for another kind's; but there is no record of
 * each: what a key names has a generation, and ending that ends all of its keys.
 */
#include "exo/abi/err.h"
#include "exo/core/phys_int.h"

static void mac_of(
    const struct exo_phys *p, const struct exo_key *key, uint8_t mac[16])
{
	exo_siphash128(&p->secret, key, offsetof(struct exo_key, mac), mac);
}

void phys_key_make(const struct exo_phys *p, enum exo_res res, uint32_t rights,
    uint32_t region, uint64_t epoch, struct exo_key *out)
{
	*out = (struct exo_key){
		.res = res, .rights = rights, .region = region, .epoch = epoch
	};
	mac_of(p, out, out->mac);
}

int phys_key_check(const struct exo_phys *p, const struct exo_key *u_key,
    enum exo_res res, uint32_t rights)
{
	uint8_t mac[16];

	mac_of(p, u_key, mac);
	if (!exo_equal_ct(mac, u_key->mac, sizeof(mac)) || u_key->res != res)
		return -EXO_EBADKEY;
	return (u_key->rights & rights) == rights ? 0 : -EXO_EPERM;
}

void exo_holder_key(
    const struct exo_phys *p, const struct exo_holder *h, struct exo_key *out)
{
	phys_key_make(
	    p, EXO_RES_ENV, EXO_ENV_ALL, h->args.place, h->args.name, out);
}

int exo_holder_find(const struct exo_phys *p, const struct exo_key *u_key,
    uint32_t rights, struct exo_holder **out)
{
	int err = phys_key_check(p, u_key, EXO_RES_ENV, rights);

	if (err != 0)
		return err;
	*out = p->holder[u_key->region];
	return *out != NULL && (*out)->args.name == u_key->epoch ? 0
	                                                         : -EXO_ESTALE;
}

int call_lessen(struct exo_phys *p, struct exo_call_lessen *a)
{
	int err;

	if (a->key.res != EXO_RES_FRAME && a->key.res != EXO_RES_ENV)
		return -EXO_EINVAL;
	err = phys_key_check(p, &a->key, a->key.res, a->rights);
	if (err != 0)
		return err;
	if (a->zero != 0 || a->first != 0 || a->n != 0)
		return -EXO_EINVAL;
	phys_key_make(
	    p, a->key.res, a->rights, a->key.region, a->key.epoch, &a->out_key);
	return 0;
}
