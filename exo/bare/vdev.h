/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio devices, by whatever bus they are there [VIRTIO 1.2, sections 2.1, 2.2, 3.1,
 * 4.1, 4.2]. Modern ones only.
 *
 * Life-cycle: vdev_find(); vdev_begin() settles the features; vdev_queue() for each
 * queue; vdev_go(). vdev_reset() ends it, and only then may memory that the device
 * knows of be used for anything else.
 */
#ifndef EXO_BARE_VDEV_H
#define EXO_BARE_VDEV_H

#include <stdbool.h>
#include <stdint.h>

#define VDEV_NET    1u /* types: section 5 */
#define VDEV_BLK    2u
#define VDEV_QUEUES 4u /* that are used of a device */

/* Features that are of no type: section 6. */
#define VDEV_EVENT_IDX ((uint64_t)1 << 29)
#define VDEV_VERSION_1 ((uint64_t)1 << 32)
#define VDEV_PACKED    ((uint64_t)1 << 34)

struct machine;
struct vdev;
struct vq;

/** What a bus does. */
struct vdev_ops {
	uint32_t (*status)(const struct vdev *v);
	void (*set_status)(struct vdev *v, uint32_t status);
	uint64_t (*offered)(struct vdev *v);
	void (*accept)(struct vdev *v, uint64_t features);
	uint8_t (*config)(const struct vdev *v, uint32_t off); /* a byte */
	uint32_t (*generation)(const struct vdev *v);
	/* most descriptors of a queue; 0: it has no such queue */
	uint32_t (*queue_most)(struct vdev *v, uint32_t queue);
	bool (*queue_set)(struct vdev *v, uint32_t queue, const struct vq *q);
	void (*bell)(struct vdev *v, uint32_t queue);
	void (*ack)(struct vdev *v); /* of an interrupt */
};

struct vdev {
	const struct vdev_ops *ops;
	uint64_t features; /* settled */
	bool irq;          /* the first queue's interrupts come */
	/* the bus's */
	volatile uint8_t *common, *notify, *own;
	uint32_t notify_size, notify_step, own_size;
	volatile uint16_t *bells[VDEV_QUEUES];
};

/** Find the n-th device (from 0) of a type, on PCI or as the command line says. */
bool vdev_find(
    const struct machine *m, uint32_t type, uint32_t n, struct vdev *out);
bool vdev_find_pci(uint32_t type, uint32_t n, struct vdev *out);
bool vdev_find_mmio(
    const struct machine *m, uint32_t type, uint32_t n, struct vdev *out);

/** Reset it, and settle on what it offers of the wanted features; VERSION_1 is. false:
 * it does not offer that, or does not accept what it offered. */
bool vdev_begin(struct vdev *v, uint64_t wanted);

/** The largest size of a queue, a power of two up to most; 0: there is none. */
uint16_t vdev_queue_size(struct vdev *v, uint32_t queue, uint32_t most);

/** Give it a queue, empty or not. */
bool vdev_queue(struct vdev *v, uint32_t queue, const struct vq *q);

/** Read n bytes of its configuration, all of one time (2.5). */
bool vdev_config(struct vdev *v, uint32_t off, uint8_t *to, uint32_t n);

/** Begin. */
void vdev_go(struct vdev *v);

/** End; waits until the device is done. false: it never was. */
bool vdev_reset(struct vdev *v);

#endif
