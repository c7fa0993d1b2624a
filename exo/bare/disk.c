/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's disk: see disk.h. */
#include "exo/bare/disk.h"

#include "exo/abi/err.h"
#include "exo/bare/serial.h"
#include "exo/bare/vblk.h"
#include "exo/core/extent.h"
#include "exo/lib/bug.h"
#include "exo/plat/plat.h"

static struct {
	bool there;
	struct vdev dev;
	struct vblk blk;
	struct exo_extents extents;
} disk;

void disk_start(const struct machine *m)
{
	struct exo_sipkey secret;

	exo_assert(plat_random(&secret, sizeof(secret)) == 0);
	disk.there = vblk_start(&disk.blk, &disk.dev, m, 0, 0);
	exo_extents_init(
	    &disk.extents, &secret, disk.there ? disk.blk.blocks : 0);
}

int disk_mint(uint32_t first, uint32_t n, bool shared, struct exo_key *out)
{
	return exo_extent_mint(&disk.extents, first, n,
	    disk.blk.read_only ? EXO_DISK_READ : EXO_DISK_ALL, shared, out);
}

void disk_end(uint64_t epoch)
{
	exo_extent_end(&disk.extents, epoch);
}

int disk_check(const struct exo_key *u_key, uint32_t rights)
{
	uint32_t at;

	return exo_extent_check(&disk.extents, u_key, rights, 0, &at);
}

int disk_lessen(struct exo_call_lessen *a)
{
	return a->zero != 0 ? -EXO_EINVAL
	                    : exo_extent_lessen(&disk.extents, &a->key,
	                          a->rights, a->first, a->n, &a->out_key);
}

int disk_page(
    const struct exo_key *u_key, uint32_t block, void *page, bool write)
{
	uint32_t at;
	int ret = exo_extent_check(&disk.extents, u_key,
	    write ? EXO_DISK_WRITE : EXO_DISK_READ, block, &at);

	return ret != 0 ? ret : vblk_page(&disk.blk, at, page, write);
}

void disk_flush(void)
{
	if (disk.there && vblk_flush(&disk.blk) != 0)
		serial_str("# the disk failed\n");
}
