/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of a virtqueue, as the book has it: what a device does with the
 * queue's memory, written apart from exo/bare and byte by byte.
 */
#ifndef EXO_TESTS_VQ_DEV_H
#define EXO_TESTS_VQ_DEV_H

#include "exo/bare/vq.h"

struct vqd {
	struct vq_form form;
	uint8_t *part[3]; /* descriptors, the driver's, the device's */
	uint16_t
	    seen; /* split: index; packed: place of what is looked at next */
	uint16_t used; /* the same of what is used next */
	bool wrap_seen, wrap_used;
};

/** A buffer that the driver gave. */
struct vqd_buf {
	uint16_t id;
	uint32_t n; /* descriptors */
	struct vq_part parts[VQ_PARTS];
};

/** A device for a new queue in mem. */
void vqd_init(struct vqd *d, const struct vq *q, uint8_t *mem);

/** The next buffer that is available. false: none is, or it is none. */
bool vqd_get(struct vqd *d, struct vqd_buf *b);

/** Give one back, with so many bytes written; true: the driver wants to know. */
bool vqd_put(struct vqd *d, const struct vqd_buf *b, uint32_t len);

/** Do not want to be told of buffers; want to be told of the next. */
void vqd_quiet(struct vqd *d);
void vqd_listen(struct vqd *d);

#endif
