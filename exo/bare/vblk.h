/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks of virtio [VIRTIO 1.2, section 5.2]: blocks of 4,096 bytes, one at a time.
 *
 * Overview: the driver polls. A request holds the kernel for as long as the device takes,
 * at most until its deadline; nothing else runs meanwhile, and nothing else waits for
 * longer. A device that lets a deadline pass, or breaks its queue, is reset and broken:
 * from then on every request fails at once.
 *
 * Trust: whatever the device writes is checked and counted here: which request is done
 * (vq.h), how much of it was written, its status. It never sees memory of others: data
 * goes through a page of the driver's, and comes out of it only when all of that was
 * right. So a device can lie about what blocks hold and about nothing else, and one that
 * writes after its time writes where nobody looks.
 *
 * Synchronization: one thread at a time.
 */
#ifndef EXO_BARE_VBLK_H
#define EXO_BARE_VBLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/bare/vdev.h"
#include "exo/bare/vq.h"

#define VBLK_BLOCK    4096u
#define VBLK_QUEUE    8u          /* descriptors, at most; a request takes 3 */
#define VBLK_DEADLINE 5000000000u /* nanoseconds */

struct machine;

struct vblk_counts {
	uint64_t reads, writes, flushes; /* that were done */
	uint64_t
	    outside; /* blocks that there are not; writes to what is read-only */
	uint64_t failed; /* the device says that it could not */
	/* what a device may not do */
	uint64_t status; /* one that is none */
	uint64_t length; /* not that of what was to be written */
	uint64_t broken; /* its queue: vq.h says how */
	uint64_t late;   /* deadlines that passed */
};

struct vblk {
	struct vdev *dev;
	struct vq q;
	uint32_t blocks; /* whole ones; what is behind 2^32 - 1 is not used */
	bool read_only;
	bool flushes; /* there is something to flush */
	bool broken;
	uint64_t deadline; /* of a request, in nanoseconds */
	uint8_t *mem;      /* the device's as well */
	uint64_t at;
	struct vblk_counts n;
	struct vq_slot slot[VBLK_QUEUE];
};

/** Bytes of memory that a driver shares with its device. */
size_t vblk_bytes(void);

/** Start a device that was found. mem is vblk_bytes(), aligned to 4,096, at is where
 * the device sees it; they and dev outlive the driver. without: features to do without.
 * false: it is no disk to work with (it has no blocks, or larger ones), and was
 * reset. */
bool vblk_init(
    struct vblk *v, struct vdev *dev, uint64_t without, void *mem, uint64_t at);

/** Read a block into a page, or write it from there. 0; -EXO_EINVAL: there is no such
 * block, or it is not to be written; -EXO_EIO: the device failed. If it is not 0 a page
 * that was to be read into is as it was, and a block that was to be written may be
 * either. */
int vblk_page(struct vblk *v, uint32_t block, void *page, bool write);

/** Have all that was written outlast the machine. 0, or -EXO_EIO. */
int vblk_flush(struct vblk *v);

/** Find the n-th disk of the machine (from 0) and start it, in frames. false: there is
 * none, or as vblk_init(). */
bool vblk_start(struct vblk *v, struct vdev *dev, const struct machine *m,
    uint32_t n, uint64_t without);

/** Reset it, and give its frames back. */
void vblk_stop(struct vblk *v);

/** vblk_page() of the frame at a physical address. */
int vblk_rw(struct vblk *v, uint32_t block, uint64_t phys, bool write);

#endif
