/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split rings (VIRTIO 1.2, 2.7): a table of descriptors, a ring of what is
 * available, which the driver writes, and one of what was used, the device's. An id
 * is the index of a buffer's first descriptor.
 */
#include "exo/bare/vq_int.h"

#define NO_INTERRUPT 1u /* of struct avail: 2.7.6 */
#define NO_NOTIFY    1u /* of struct used: 2.7.8 */

struct desc {
	uint64_t at;
	uint32_t len;
	uint16_t flags, next;
};

/* Behind its n entries there is used_event. */
struct avail {
	uint16_t flags, index, entry[];
};

struct elem {
	uint32_t id, len;
};

/* Behind its n entries there is avail_event. */
struct used {
	uint16_t flags, index;
	struct elem entry[];
};

static uint16_t *used_event(const struct vq *q)
{
	struct avail *a = q->driver;

	return &a->entry[q->size];
}

/* 2.7.13: descriptors, then the entry, then the index. */
int vq_split_add(struct vq *q, const struct vq_part *parts, uint32_t n)
{
	struct desc *table = q->ring;
	struct avail *a = q->driver;
	uint16_t head = q->free, d = head;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t more = i + 1 < n ? VQ_NEXT : 0;
		uint16_t next = q->slot[d].next;

		table[d] = (struct desc){ parts[i].at, parts[i].len,
			(uint16_t)(more | (parts[i].in ? VQ_WRITE : 0)),
			more != 0 ? next : (uint16_t)0 };
		q->free = next;
		d = next;
	}
	vq_out(q, head, parts, n);
	VQ_SAY(&a->entry[q->next & (q->size - 1u)], head);
	q->next++;
	VQ_SAY_LAST(&a->index, q->next);
	return head;
}

/* 2.7.10 */
bool vq_split_wanted(const struct vq *q)
{
	const struct used *u = q->device;
	const void *event = &u->entry[q->size];

	if (q->event_idx)
		return vq_passed(VQ_READ((const uint16_t *)event), q->next,
		    (uint16_t)(q->next - q->since));
	return (VQ_READ(&u->flags) & NO_NOTIFY) == 0;
}

/* The chain of a buffer is the first to be used again. */
static void put_chain(struct vq *q, uint16_t head, uint16_t count)
{
	uint16_t tail = head;

	while (--count > 0)
		tail = q->slot[tail].next;
	q->slot[tail].next = q->free;
	q->free = head;
}

/* 2.7.14 */
uint32_t vq_split_take(struct vq *q, struct vq_done *done, uint32_t most)
{
	const struct used *u = q->device;
	uint16_t there = (uint16_t)(VQ_READ_FIRST(&u->index) - q->last);
	uint32_t n = 0;

	if (there > q->nout) {
		q->n.jumps++;
		q->broken = true;
		return 0;
	}
	while (n < there && n < most) {
		const struct elem *e = &u->entry[q->last & (q->size - 1u)];
		uint32_t id = VQ_READ(&e->id), len = VQ_READ(&e->len);
		uint16_t count = id < q->size ? q->slot[id].count : 0;

		if (!vq_claim(q, id, len, &done[n]))
			break;
		put_chain(q, done[n].id, count);
		q->last++;
		n++;
	}
	if (q->quiet && q->event_idx)
		vq_split_quiet(q);
	return n;
}

/* 2.7.7: with the event index, the flag stays 0, and the index is the furthest. */
void vq_split_quiet(struct vq *q)
{
	struct avail *a = q->driver;

	if (q->event_idx)
		VQ_SAY(used_event(q), (uint16_t)(q->last - 1));
	else
		VQ_SAY(&a->flags, (uint16_t)NO_INTERRUPT);
}

bool vq_split_listen(struct vq *q)
{
	const struct used *u = q->device;
	struct avail *a = q->driver;

	if (q->event_idx)
		VQ_SAY(used_event(q), q->last);
	else
		VQ_SAY(&a->flags, (uint16_t)0);
	VQ_FENCE();
	return VQ_READ(&u->index) == q->last;
}
