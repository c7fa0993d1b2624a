/* SPDX-License-Identifier: BSD-2-Clause */
/* A bus without a machine: see vbus.h. */
#include "tests/support/vbus.h"

#include <string.h>

#include "exo/lib/bytes.h"

#define FEATURES_OK 8u

static struct vbus *of(struct vdev *v)
{
	void *p = v;

	return p;
}

static const struct vbus *seen(const struct vdev *v)
{
	const void *p = v;

	return p;
}

static uint32_t status(const struct vdev *v)
{
	return seen(v)->status;
}

static void set_status(struct vdev *v, uint32_t to)
{
	if (to == 0 && of(v)->restless)
		return;
	of(v)->status = of(v)->stubborn ? to & ~FEATURES_OK : to;
}

static uint64_t offered(struct vdev *v)
{
	return of(v)->offers;
}

static void accept(struct vdev *v, uint64_t features)
{
	of(v)->accepted = features;
}

static uint8_t config(const struct vdev *v, uint32_t off)
{
	return off < sizeof(seen(v)->own) ? seen(v)->own[off] : 0;
}

static uint32_t generation(const struct vdev *v)
{
	(void)v;
	return 0;
}

static uint32_t queue_most(struct vdev *v, uint32_t queue)
{
	return queue < VBUS_QUEUES ? of(v)->most : 0;
}

static bool queue_set(struct vdev *v, uint32_t queue, const struct vq *q)
{
	struct vbus *b = of(v);

	vqd_init(&b->q[queue], q, b->mem + (q->at[0] - VBUS_AT));
	return true;
}

static void bell(struct vdev *v, uint32_t queue)
{
	struct vbus *b = of(v);

	b->bells[queue]++;
	if (b->told != NULL)
		b->told(b, queue);
}

static void ack(struct vdev *v)
{
	(void)v;
}

static const struct vdev_ops ops = { status, set_status, offered, accept,
	config, generation, queue_most, queue_set, bell, ack };

void vbus_init(struct vbus *b, uint64_t offers, uint8_t *mem, size_t size)
{
	memset(b, 0, sizeof(*b));
	b->dev.ops = &ops;
	b->offers = offers;
	b->most = VBUS_SIZE;
	b->mem = mem;
	b->size = size;
}

uint8_t *vbus_mem(const struct vbus *b, const struct vq_part *p)
{
	uint64_t off = p->at - VBUS_AT;

	return exo_range_ok(off, p->len, b->size) ? b->mem + off : NULL;
}
