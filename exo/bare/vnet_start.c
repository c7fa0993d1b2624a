/* SPDX-License-Identifier: BSD-2-Clause */
/* Network devices of virtio, what takes the machine: see vnet.h. */
#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "exo/bare/paging.h"
#include "exo/bare/vnet.h"
#include "exo/bare/x86.h"

#define SPIN 2000u /* looks before it halts */

bool vnet_start(struct vnet *v, struct vdev *dev, const struct machine *m,
    uint32_t n, const struct vnet_config *c)
{
	unsigned order = frames_order(vnet_bytes());
	uint8_t *join;
	uint64_t at;

	if (!vdev_find(m, VDEV_NET, n, dev))
		return false;
	at = frames_get(order);
	join = heap_get(VNET_JOIN);
	if (at != 0 && join != NULL &&
	    vnet_init(v, dev, c, paging_direct(at), at, join))
		return true;
	if (join != NULL)
		heap_put(join, VNET_JOIN);
	if (at != 0)
		frames_put(at, order);
	return false;
}

/* A device that does not end may still write there: then the frames are lost. */
void vnet_stop(struct vnet *v)
{
	if (vdev_reset(v->dev))
		frames_put(v->at, frames_order(vnet_bytes()));
	heap_put(v->join, VNET_JOIN);
}

void vnet_wait(struct vnet *v)
{
	vnet_push(v);
	if (++v->empty < SPIN || !vnet_ok(v)) {
		__asm__ volatile("pause");
		return;
	}
	v->empty = 0;
	/* transmit buffers come back without an interrupt */
	if (!vnet_nudge(v) || !v->dev->irq)
		return;
	if (vnet_listen(v)) {
		v->n.halts++;
		x86_wait();
	}
	vq_quiet(&v->rx);
	v->dev->ops->ack(v->dev);
}
