/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of exo/bare/vblk.h: a disk without a machine, which does what the book
 * says, or what a test makes it do.
 */
#ifndef EXO_TESTS_VBLK_DEV_H
#define EXO_TESTS_VBLK_DEV_H

#include "exo/bare/vblk.h"
#include "tests/support/vbus.h"

#define VBD_RO       ((uint64_t)1 << 5)
#define VBD_BLK_SIZE ((uint64_t)1 << 6)
#define VBD_FLUSH    ((uint64_t)1 << 9)
#define VBD_BLOCKS   16u

/** What is another than the book says of the requests to come; zeroes: nothing. */
struct vbd_lie {
	bool silent;    /* no answer; vbd_late() gives it */
	bool twice;     /* and again */
	bool partial;   /* half of what is read is not written */
	uint8_t status; /* not 0: this one, and nothing is done */
	uint32_t len;   /* added to what was written */
	uint16_t id;    /* added to the request's */
	bool no_status; /* none is written */
	bool scrawl;    /* the queue's memory is written over */
};

struct vbd {
	struct vbus bus;
	struct vbd_lie lie;
	struct vqd_buf
	    last; /* the last request, of n parts; 0: there was none */
	uint32_t requests, flushes;
	uint32_t wrong; /* requests that no driver may make, not answered */
	uint8_t disk[VBD_BLOCKS * VBLK_BLOCK];
	struct vblk v;
};

/** Make a disk of so many sectors, as it says, and of VBD_BLOCKS blocks that are
 * there; and start the driver on it. false: it does not take it. One that was not stopped
 * begins anew, in the same memory; the first is all zeros. */
bool vbd_start(struct vbd *d, uint64_t offers, uint64_t sectors);
void vbd_stop(struct vbd *d);

/** Do what was asked for last, now. */
void vbd_late(struct vbd *d);

#endif
