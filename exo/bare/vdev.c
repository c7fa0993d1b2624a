/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio devices, what no bus changes: see vdev.h. */
#include "exo/bare/vdev.h"

#include "exo/bare/vq.h"

/* Bits of the status: 2.1. */
#define ACKNOWLEDGE 1u
#define DRIVER      2u
#define DRIVER_OK   4u
#define FEATURES_OK 8u
#define FAILED      128u

#define PATIENT 1000000u /* reads of a register */
#define TRIES   16u

bool vdev_reset(struct vdev *v)
{
	v->ops->set_status(v, 0);
	for (uint32_t i = 0; i < PATIENT; i++)
		if (v->ops->status(v) == 0)
			return true;
	return false;
}

/* 3.1.1, steps 1 to 6. */
bool vdev_begin(struct vdev *v, uint64_t wanted)
{
	uint32_t status = ACKNOWLEDGE | DRIVER;
	uint64_t offered;

	if (!vdev_reset(v))
		return false;
	v->ops->set_status(v, ACKNOWLEDGE);
	v->ops->set_status(v, status);
	offered = v->ops->offered(v);
	if ((offered & VDEV_VERSION_1) == 0) {
		v->ops->set_status(v, status | FAILED);
		return false;
	}
	v->features = offered & (wanted | VDEV_VERSION_1);
	v->ops->accept(v, v->features);
	v->ops->set_status(v, status | FEATURES_OK);
	if ((v->ops->status(v) & FEATURES_OK) == 0) {
		v->ops->set_status(v, status | FAILED);
		return false;
	}
	return true;
}

uint16_t vdev_queue_size(struct vdev *v, uint32_t queue, uint32_t most)
{
	uint32_t can = queue < VDEV_QUEUES ? v->ops->queue_most(v, queue) : 0;
	uint32_t size = VQ_MOST;

	while (size > can || size > most)
		size /= 2;
	return (uint16_t)size;
}

bool vdev_queue(struct vdev *v, uint32_t queue, const struct vq *q)
{
	return queue < VDEV_QUEUES && v->ops->queue_set(v, queue, q);
}

bool vdev_config(struct vdev *v, uint32_t off, uint8_t *to, uint32_t n)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t before = v->ops->generation(v);

		for (uint32_t k = 0; k < n; k++)
			to[k] = v->ops->config(v, off + k);
		if (v->ops->generation(v) == before)
			return true;
	}
	return false;
}

void vdev_go(struct vdev *v)
{
	v->ops->set_status(v, v->ops->status(v) | DRIVER_OK);
}
