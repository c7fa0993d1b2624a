/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of exo/bare/vnet.h: a network device without a bus, which does what
 * the book says, or what a test makes it do.
 */
#ifndef EXO_TESTS_VNET_DEV_H
#define EXO_TESTS_VNET_DEV_H

#include "exo/bare/vnet.h"
#include "tests/support/vbus.h"

#define VND_MAC ((uint64_t)1 << 5)
#define VND_MRG ((uint64_t)1 << 15)

struct exo_pkt;

struct vnd {
	struct vbus bus; /* its queues: in, out */
	uint8_t *join;
	struct vqd_buf
	    have[VBUS_SIZE]; /* receive buffers that are not filled yet */
	uint32_t nhave;
	struct vnet v;
};

/** Make a device and start the driver on it; false: it does not take it. A device that
 * was not stopped begins anew, in the same memory; the first is all zeros. */
bool vnd_start(struct vnd *d, uint64_t offers, uint16_t room);
void vnd_stop(struct vnd *d);

/** A frame comes in, with this header but for the count of buffers, which is right if
 * hdr[10] is 0. false: there are not enough buffers. */
bool vnd_put(
    struct vnd *d, const uint8_t hdr[12], const uint8_t *f, uint32_t n);

/** Do something that may be wrong, as chance says: a number below another. */
void vnd_misbehave(struct vnd *d, uint32_t (*below)(uint32_t n));

/** Stop the process unless a frame of vnet_rx() lies where the driver has memory. */
void vnd_look(const struct vnd *d, const struct exo_pkt *p);

/** The next frame that was sent, at most room bytes, its header checked; its length,
 * or 0. */
uint32_t vnd_get(struct vnd *d, uint8_t *f, uint32_t room);

#endif
