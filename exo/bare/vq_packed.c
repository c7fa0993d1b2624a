/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed rings (VIRTIO 1.2, 2.8): descriptors in one ring, which the driver makes
 * available and the device overwrites as used. Two bits of each, held against wrap
 * counters, tell which it is (2.8.1). An id is a slot's; a buffer takes as many
 * places as it has parts, and only the first of them comes back.
 */
#include "exo/bare/vq_int.h"

#define AVAIL (1u << 7)
#define USED  (1u << 15)

/* What a side says of being told (2.8.14): the upper half is one of these, the lower
 * one a place, with the wrap counter as its bit 15. */
#define EVENT_ON   0u
#define EVENT_OFF  1u
#define EVENT_AT   2u
#define EVENT_WRAP 0x8000u

struct desc {
	uint64_t at;
	uint32_t len;
	uint16_t id, flags;
};

/* 2.8.21: the flags of the first descriptor are what the device waits for. */
int vq_packed_add(struct vq *q, const struct vq_part *parts, uint32_t n)
{
	struct desc *ring = q->ring, *first = &ring[q->next];
	uint16_t id = q->free, first_flags = 0;

	q->free = q->slot[id].next;
	for (uint32_t i = 0; i < n; i++) {
		struct desc *d = &ring[q->next];
		uint32_t flags = (i + 1 < n ? VQ_NEXT : 0) |
		                 (parts[i].in ? VQ_WRITE : 0) |
		                 (q->wrap_next ? AVAIL : USED);

		VQ_SAY(&d->at, parts[i].at);
		VQ_SAY(&d->len, parts[i].len);
		VQ_SAY(&d->id, id);
		if (i == 0)
			first_flags = (uint16_t)flags;
		else
			VQ_SAY(&d->flags, (uint16_t)flags);
		if (++q->next == q->size) {
			q->next = 0;
			q->wrap_next = !q->wrap_next;
		}
	}
	vq_out(q, id, parts, n);
	VQ_SAY_LAST(&first->flags, first_flags);
	return id;
}

bool vq_packed_wanted(const struct vq *q)
{
	const uint32_t *device = q->device;
	uint32_t said = VQ_READ(device), how = said >> 16;
	uint16_t event = (uint16_t)(said & ~EVENT_WRAP);

	if (!q->event_idx || how != EVENT_AT)
		return how != EVENT_OFF;
	if (((said & EVENT_WRAP) != 0) != q->wrap_next)
		event = (uint16_t)(event - q->size);
	return vq_passed(event, q->next, (uint16_t)(q->next - q->since));
}

static bool is_used(const struct vq *q, uint16_t flags)
{
	return ((flags & AVAIL) != 0) == q->wrap_last &&
	       ((flags & USED) != 0) == q->wrap_last;
}

/* 2.8.22. With nothing out there is nothing to read: what is said there is written
 * over by the next buffer. */
uint32_t vq_packed_take(struct vq *q, struct vq_done *done, uint32_t most)
{
	const struct desc *ring = q->ring;
	uint32_t n = 0;

	while (n < most && q->nout > 0) {
		const struct desc *d = &ring[q->last];
		uint16_t id, count;
		uint32_t len;

		if (!is_used(q, VQ_READ_FIRST(&d->flags)))
			break;
		id = VQ_READ(&d->id);
		len = VQ_READ(&d->len);
		count = id < q->size ? q->slot[id].count : 0;
		if (!vq_claim(q, id, len, &done[n]))
			break;
		q->slot[id].next = q->free;
		q->free = id;
		q->last = (uint16_t)(q->last + count);
		if (q->last >= q->size) {
			q->last = (uint16_t)(q->last - q->size);
			q->wrap_last = !q->wrap_last;
		}
		n++;
	}
	return n;
}

void vq_packed_quiet(struct vq *q)
{
	VQ_SAY((uint32_t *)q->driver, EVENT_OFF << 16);
}

bool vq_packed_listen(struct vq *q)
{
	const struct desc *ring = q->ring;
	uint32_t at = q->last | (q->wrap_last ? EVENT_WRAP : 0);

	VQ_SAY((uint32_t *)q->driver,
	    q->event_idx ? EVENT_AT << 16 | at : EVENT_ON << 16);
	VQ_FENCE();
	return q->nout == 0 || !is_used(q, VQ_READ(&ring[q->last].flags));
}
