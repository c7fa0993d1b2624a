/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk of memory: see bare_disk.h. */
#include "tests/support/bare_disk.h"

#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/disk.h"
#include "exo/core/extent.h"
#include "exo/lib/bug.h"

#define BLOCK 4096u

static struct exo_extents extents;
static uint8_t bytes[BARE_BLOCKS][BLOCK];
static bool there;

void bare_disk_new(struct exo_key *out)
{
	const struct exo_sipkey secret = { 5, 7 };

	memset(bytes, 0, sizeof(bytes));
	exo_extents_init(&extents, &secret, BARE_BLOCKS);
	exo_assert(exo_extent_mint(&extents, 0, BARE_BLOCKS, EXO_DISK_ALL,
	               false, out) == 0);
	there = true;
}

const uint8_t *bare_disk_block(uint32_t block)
{
	return bytes[block];
}

static int check(
    const struct exo_key *u_key, uint32_t rights, uint32_t block, uint32_t *at)
{
	return there ? exo_extent_check(&extents, u_key, rights, block, at)
	             : -EXO_EBADKEY;
}

int disk_check(const struct exo_key *u_key, uint32_t rights)
{
	uint32_t at;

	return check(u_key, rights, 0, &at);
}

int disk_lessen(struct exo_call_lessen *a)
{
	if (!there)
		return -EXO_EBADKEY;
	return a->zero != 0 ? -EXO_EINVAL
	                    : exo_extent_lessen(&extents, &a->key, a->rights,
	                          a->first, a->n, &a->out_key);
}

int disk_page(
    const struct exo_key *u_key, uint32_t block, void *page, bool write)
{
	uint32_t at = 0;
	int err =
	    check(u_key, write ? EXO_DISK_WRITE : EXO_DISK_READ, block, &at);

	if (err == 0 && write)
		memcpy(bytes[at], page, BLOCK);
	else if (err == 0)
		memcpy(page, bytes[at], BLOCK);
	return err;
}
