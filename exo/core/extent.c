/* SPDX-License-Identifier: BSD-2-Clause */
/* Extents of the disk, and their keys: see extent.h. */
#include "exo/core/extent.h"

#include <stddef.h>

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"

#define OVER UINT32_MAX /* the last generation, which no key has */

static void seal(const struct exo_extents *t, struct exo_key *key)
{
	exo_siphash128(
	    &t->secret, key, offsetof(struct exo_key, mac), key->mac);
}

/* The row that an epoch names, while it lasts; EXO_EXTENTS: none. */
static uint32_t row_of(const struct exo_extents *t, uint64_t epoch)
{
	uint32_t i = (uint32_t)epoch;

	if (i >= EXO_EXTENTS || t->row[i].n == 0 ||
	    t->row[i].generation != epoch >> 32)
		return EXO_EXTENTS;
	return i;
}

/* Whether a key is one that was made here, and lasts; of its rights and blocks nothing
 * was looked at. */
static int look(const struct exo_extents *t, const struct exo_key *u_key)
{
	struct exo_key right = *u_key;
	uint32_t i;

	seal(t, &right);
	if (!exo_equal_ct(right.mac, u_key->mac, sizeof(right.mac)))
		return -EXO_EBADKEY;
	/* other kinds of key may have the same secret */
	if (u_key->res != EXO_RES_DISK)
		return -EXO_EBADKEY;
	i = row_of(t, u_key->epoch);
	if (i == EXO_EXTENTS)
		return -EXO_ESTALE;
	exo_assert(u_key->region >= t->row[i].first &&
	           exo_range_ok(u_key->region - t->row[i].first, u_key->slot,
	               t->row[i].n));
	return 0;
}

void exo_extents_init(
    struct exo_extents *t, const struct exo_sipkey *secret, uint32_t blocks)
{
	memset(t, 0, sizeof(*t));
	t->secret = *secret;
	t->blocks = blocks;
	for (uint32_t i = 0; i < EXO_EXTENTS; i++)
		t->row[i].generation = 1;
}

/* Whether another extent is in the way of blocks [first, first + n). */
static bool taken(
    const struct exo_extents *t, uint32_t first, uint32_t n, bool shared)
{
	for (uint32_t i = 0; i < EXO_EXTENTS; i++) {
		const struct exo_extent *r = &t->row[i];

		/* both end on the disk, so the sums fit */
		if (r->n > 0 && first < r->first + r->n &&
		    r->first < first + n && !(shared && r->shared))
			return true;
	}
	return false;
}

int exo_extent_mint(struct exo_extents *t, uint32_t first, uint32_t n,
    uint32_t rights, bool shared, struct exo_key *out)
{
	uint32_t i = 0;

	if (n == 0 || !exo_range_ok(first, n, t->blocks) || rights == 0 ||
	    (rights & ~EXO_DISK_ALL) != 0)
		return -EXO_EINVAL;
	if (taken(t, first, n, shared))
		return -EXO_ECONFLICT;
	while (i < EXO_EXTENTS &&
	       (t->row[i].n > 0 || t->row[i].generation == OVER))
		i++;
	if (i == EXO_EXTENTS)
		return -EXO_ELIMIT;
	t->row[i].first = first;
	t->row[i].n = n;
	t->row[i].shared = shared;
	*out = (struct exo_key){
		.res = EXO_RES_DISK,
		.rights = rights,
		.region = first,
		.slot = n,
		.epoch = (uint64_t)t->row[i].generation << 32 | i,
	};
	seal(t, out);
	return 0;
}

int exo_extent_check(const struct exo_extents *t, const struct exo_key *u_key,
    uint32_t rights, uint32_t block, uint32_t *out)
{
	int ret = look(t, u_key);

	if (ret != 0)
		return ret;
	if ((u_key->rights & rights) != rights)
		return -EXO_EPERM;
	if (block >= u_key->slot)
		return -EXO_EOUTSIDE;
	*out = u_key->region + block;
	return 0;
}

int exo_extent_lessen(const struct exo_extents *t, const struct exo_key *u_key,
    uint32_t rights, uint32_t first, uint32_t n, struct exo_key *out)
{
	struct exo_key key = *u_key;
	int ret = look(t, &key);

	if (ret != 0)
		return ret;
	if (n == 0 || rights == 0)
		return -EXO_EINVAL;
	if ((key.rights & rights) != rights)
		return -EXO_EPERM;
	if (!exo_range_ok(first, n, key.slot))
		return -EXO_EOUTSIDE;
	key.rights = rights;
	key.region += first;
	key.slot = n;
	seal(t, &key);
	*out = key;
	return 0;
}

void exo_extent_end(struct exo_extents *t, uint64_t epoch)
{
	uint32_t i = row_of(t, epoch);

	if (i == EXO_EXTENTS)
		return;
	t->row[i].n = 0;
	t->row[i].generation++;
}
