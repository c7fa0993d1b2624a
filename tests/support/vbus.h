/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bus without a machine: what devices on the other side of exo/bare/vdev.h have in
 * common. What one of them does when it is told of a queue is its own.
 */
#ifndef EXO_TESTS_VBUS_H
#define EXO_TESTS_VBUS_H

#include <stddef.h>

#include "exo/bare/vdev.h"
#include "tests/support/vq_dev.h"

#define VBUS_AT     0x7654321000u /* where the device sees the driver's memory */
#define VBUS_QUEUES 2u
#define VBUS_SIZE   64u /* descriptors of a queue, unless a test says otherwise */

struct vbus {
	struct vdev dev; /* the first */
	uint64_t offers, accepted;
	uint32_t status, most;
	bool stubborn;   /* accepts no features */
	bool restless;   /* does not end */
	uint8_t own[64]; /* its configuration */
	uint8_t *mem;    /* the driver's */
	size_t size;
	struct vqd q[VBUS_QUEUES];
	uint32_t bells[VBUS_QUEUES];
	void (*told)(struct vbus *b, uint32_t queue); /* or NULL */
};

/** A device that offers these features, not begun, in memory that is the driver's. */
void vbus_init(struct vbus *b, uint64_t offers, uint8_t *mem, size_t size);

/** Memory of a part of a buffer; NULL: it is outside of what the driver has. */
uint8_t *vbus_mem(const struct vbus *b, const struct vq_part *p);

#endif
