/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks of virtio, what takes the machine: see vblk.h. */
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/bare/vblk.h"

bool vblk_start(struct vblk *v, struct vdev *dev, const struct machine *m,
    uint32_t n, uint64_t without)
{
	unsigned order = frames_order(vblk_bytes());
	uint64_t at;

	if (!vdev_find(m, VDEV_BLK, n, dev))
		return false;
	at = frames_get(order);
	if (at == 0)
		return false;
	if (vblk_init(v, dev, without, paging_direct(at), at))
		return true;
	vblk_stop(v);
	return false;
}

/* A device that does not end may still write there: then the frames are lost. */
void vblk_stop(struct vblk *v)
{
	if (vdev_reset(v->dev))
		frames_put(v->at, frames_order(vblk_bytes()));
}

int vblk_rw(struct vblk *v, uint32_t block, uint64_t phys, bool write)
{
	return vblk_page(v, block, paging_direct(phys), write);
}
