/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network devices of virtio [VIRTIO 1.2, section 5.1]: one queue each way.
 *
 * Overview: the driver polls. vnet_rx() gives a batch of frames that still lie in
 * receive buffers, vnet_rx_done() gives those buffers back; vnet_tx() copies a frame
 * into a transmit buffer of the driver's, vnet_push() tells the device. An interrupt is
 * wanted from vnet_listen() to vnet_quiet(), and in vnet_wait(), which looks for a while
 * and then halts.
 *
 * Trust: the device says which buffers it filled and how far (vq.h), and writes a
 * header before each frame; all of it is checked and counted here, so a device can
 * lie about what frames hold and about nothing else. A queue that it broke stays
 * silent: vnet_ok(). It might write to buffers while they are read: whoever parses a
 * frame reads each byte once, or does not depend on reading the same twice.
 *
 * Synchronization: one thread at a time.
 */
#ifndef EXO_BARE_VNET_H
#define EXO_BARE_VNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/bare/quota.h"
#include "exo/bare/vdev.h"
#include "exo/bare/vq.h"

#define VNET_QUEUE 256u   /* buffers each way, at most */
#define VNET_ROOM  2048u  /* bytes of each, the header's 12 included */
#define VNET_FRAME 16384u /* of the longest frame, if buffers are merged */
#define VNET_TAKE  64u    /* buffers taken at once */
#define VNET_JOIN  65536u /* for such frames of a batch */

struct exo_pkt;
struct machine;

struct vnet_counts {
	uint64_t rx, rx_bytes, rx_joined; /* frames; of several buffers */
	uint64_t rx_short;                /* less than the headers */
	uint64_t rx_offload;   /* with work that was never offered to do */
	uint64_t rx_parts;     /* of no buffers, or of more than there are */
	uint64_t rx_long;      /* beyond VNET_FRAME */
	uint64_t tx, tx_bytes; /* frames that the device has */
	uint64_t tx_full, tx_refused; /* no buffer for them, or for their
	                                 owner; no length of one */
	uint64_t bells, halts;        /* times the device was told; waits */
};

struct vnet_config {
	uint16_t room;    /* bytes of a receive buffer; 0: VNET_ROOM. Less if
	                     buffers are merged, to see it done */
	uint64_t without; /* features to do without */
};

struct vnet {
	struct vdev *dev;
	struct vq rx, tx;
	uint8_t mac[6];
	uint8_t *mem; /* queues and buffers, the device's as well */
	uint64_t at;
	bool merge;    /* frames may span receive buffers */
	uint16_t room; /* of a receive buffer */
	/* receive buffers: by id of the queue; those that a batch holds */
	uint16_t rx_of[VNET_QUEUE], held[VNET_QUEUE];
	uint32_t nheld;
	struct vq_done done[VNET_TAKE]; /* buffers taken, not looked at yet */
	uint32_t ndone, atdone;
	uint8_t *join; /* the driver's alone */
	uint32_t joined;
	/* transmit buffers: by id; free ones; whose those are that are not */
	uint16_t tx_of[VNET_QUEUE], tx_free[VNET_QUEUE];
	uint32_t ntx;
	uint8_t tx_owner[VNET_QUEUE];
	struct quota quota;
	uint32_t unsaid; /* frames since the last vnet_push() */
	bool untold;     /* receive buffers were given in silence */
	uint32_t empty;  /* looks that saw no frame */
	struct vnet_counts n;
	struct vq_slot rx_slot[VNET_QUEUE], tx_slot[VNET_QUEUE];
};

/** Bytes of memory that a driver shares with its device. */
size_t vnet_bytes(void);

/** Start a device that was found. mem is vnet_bytes(), aligned to 4,096, at is where
 * the device sees it; join is VNET_JOIN bytes that it does not; they and dev outlive
 * the driver. false: it is no device to work with, and was reset. */
bool vnet_init(struct vnet *v, struct vdev *dev, const struct vnet_config *c,
    void *mem, uint64_t at, uint8_t *join);

/** Find the n-th network device of the machine (from 0) and start it, in frames.
 * false: there is none, or as above. */
bool vnet_start(struct vnet *v, struct vdev *dev, const struct machine *m,
    uint32_t n, const struct vnet_config *c);

/** Reset it, and give its frames back. */
void vnet_stop(struct vnet *v);

/** At most so many frames, whole ones, valid until vnet_rx_done(): all but ifindex
 * and matched is set. Their number. */
uint32_t vnet_rx(struct vnet *v, struct exo_pkt *pkts, uint32_t most);

/** Give back the buffers of all frames of vnet_rx() so far. */
void vnet_rx_done(struct vnet *v);

/** Send a copy of a frame, soon; vnet_push() is when at the latest. Its owner is a name
 * of v->quota's, which others join and leave; 0: the kernel itself. false: there is no
 * room now for this owner, or n is no length of a frame (1 to VNET_ROOM - 12), or it is
 * broken. */
bool vnet_tx(struct vnet *v, uint32_t owner, const uint8_t *frame, uint32_t n);

/** Tell the device of what was sent. */
void vnet_push(struct vnet *v);

/** The device has sent all of it, or never will. */
bool vnet_sent(struct vnet *v);

/** Tell it of all that it might have missed. A device may forget what it asked for:
 * with packed rings QEMU 7.2, when a frame had to wait for its socket, goes on past the
 * place it wants to be told of, and is never told again. So this is due whenever
 * nothing happens for long. false: all transmit buffers are out. */
bool vnet_nudge(struct vnet *v);

/** Nothing is broken. */
bool vnet_ok(const struct vnet *v);

/** Want an interrupt when a frame comes. false: one may have come. */
bool vnet_listen(struct vnet *v);

/** Want none. */
void vnet_quiet(struct vnet *v);

/** Nothing came: pass some time. Called again and again it halts the processor until
 * an interrupt, if the device has interrupts. What is to be sent is. */
void vnet_wait(struct vnet *v);

#endif
