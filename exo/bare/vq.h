/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtqueues: buffers that go to a device and come back [OASIS, Virtual I/O Device
 * (VIRTIO) Version 1.2, sections 2.6 to 2.8].
 *
 * Overview: logic only, over memory that the caller gives and the device sees. A
 * buffer is a chain of parts; an id names it from vq_add() until vq_take() returns
 * it. Both forms of ring are behind the same functions: split (2.7), packed (2.8).
 *
 * Trust: the device may write all of the queue's memory, at any time. What is out,
 * and how much of it the device may fill, is in slots that it never sees; of what
 * it writes, everything is read once and held against those. A length that cannot
 * be is counted, and taken for 0. An id that cannot be, or more completions than
 * there are buffers, is counted too, and the queue is broken: from then on it takes
 * nothing and gives nothing. Reset the device to begin anew.
 *
 * Synchronization: one thread at a time, and the device.
 */
#ifndef EXO_BARE_VQ_H
#define EXO_BARE_VQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VQ_MOST  1024u /* descriptors of a queue */
#define VQ_PARTS 8u    /* of a buffer */

/** Memory that the device reads, or fills (in). */
struct vq_part {
	uint64_t at; /* as the device sees it */
	uint32_t len;
	bool in;
};

/** A buffer that came back. */
struct vq_done {
	uint16_t id;
	uint32_t
	    len; /* bytes that the device says it wrote, at most the room */
};

/** What the driver knows of an id, in memory of its own. */
struct vq_slot {
	uint32_t room;  /* bytes that the device may write */
	uint16_t next;  /* of what is free, or of a chain */
	uint16_t count; /* descriptors of the buffer that is out; 0: none is */
};

struct vq_counts {
	uint64_t added, taken; /* buffers; what is out is the difference */
	uint64_t kicks;        /* times that the device was to be told */
	uint64_t spared;       /* and that it did not want to be */
	uint64_t too_long;     /* lengths beyond the buffer's room */
	/* what breaks a queue */
	uint64_t jumps;     /* more completions than buffers */
	uint64_t strangers; /* ids beyond the queue */
	uint64_t repeats;   /* ids of buffers that are not out */
};

struct vq {
	void *ring;            /* descriptors */
	void *driver, *device; /* what each of both says */
	struct vq_slot *slot;
	uint64_t at[3]; /* of these three, for the device */
	uint16_t size;  /* descriptors, a power of two */
	uint16_t free;  /* the first free slot */
	uint16_t nfree; /* descriptors that are not out */
	uint16_t nout;  /* buffers that are out */
	uint16_t next;  /* split: index of the next; packed: its place */
	uint16_t last;  /* the same of what is taken next */
	uint16_t since; /* buffers or descriptors since the last kick */
	bool packed, event_idx;
	bool wrap_next, wrap_last; /* wrap counters (2.8.1) */
	bool quiet;                /* no interrupts are wanted */
	bool broken;
	struct vq_counts n;
};

struct vq_form {
	bool packed, event_idx; /* as negotiated */
	uint16_t size;          /* a power of two, at most VQ_MOST */
};

/** Bytes of memory that a queue takes. */
size_t vq_bytes(struct vq_form form);

/** Make an empty queue, quiet. mem is vq_bytes() of it, aligned to 16; at is where
 * the device sees it; slots are form.size, and the driver's alone. All three outlive
 * the queue. */
void vq_init(struct vq *q, struct vq_form form, void *mem, uint64_t at,
    struct vq_slot *slots);

/** Give the device a buffer: n parts (1 to VQ_PARTS), first those that it reads.
 * Its id; -1: no room for it, or the queue is broken. */
int vq_add(struct vq *q, const struct vq_part *parts, uint32_t n);

/** Whether the device has to be told of what was added since the last call. */
bool vq_kick(struct vq *q);

/** Take back at most so many buffers; how many there are in done. */
uint32_t vq_take(struct vq *q, struct vq_done *done, uint32_t most);

/** Want no interrupts. */
void vq_quiet(struct vq *q);

/** Want an interrupt with the next buffer that comes back. false: there may be one
 * already, so do not wait. */
bool vq_listen(struct vq *q);

#endif
