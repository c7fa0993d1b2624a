/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtqueues, what both forms share: see vq.h. */
#include "exo/bare/vq.h"

#include "exo/bare/vq_int.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define DESC 16u /* bytes of a descriptor */

/* Where the driver's part begins, the device's, and where the latter ends: 2.7.6,
 * 2.7.8 with the event indices at their ends; 2.8.14. */
static void layout(struct vq_form form, size_t off[3])
{
	size_t n = form.size;

	off[0] = n * DESC;
	if (form.packed) {
		off[1] = off[0] + 4;
		off[2] = off[1] + 4;
		return;
	}
	off[1] = (off[0] + 4 + 2 * n + 2 + 3) / 4 * 4;
	off[2] = off[1] + 4 + 8 * n + 2;
}

size_t vq_bytes(struct vq_form form)
{
	size_t off[3];

	layout(form, off);
	return off[2];
}

void vq_init(struct vq *q, struct vq_form form, void *mem, uint64_t at,
    struct vq_slot *slots)
{
	size_t off[3];

	exo_assert(form.size > 0 && form.size <= VQ_MOST &&
	           (form.size & (form.size - 1)) == 0);
	layout(form, off);
	memset(q, 0, sizeof(*q));
	memset(mem, 0, off[2]);
	q->ring = mem;
	q->driver = (uint8_t *)mem + off[0];
	q->device = (uint8_t *)mem + off[1];
	q->slot = slots;
	q->at[0] = at;
	q->at[1] = at + off[0];
	q->at[2] = at + off[1];
	q->size = q->nfree = form.size;
	q->packed = form.packed;
	q->event_idx = form.event_idx;
	q->wrap_next = q->wrap_last = true;
	for (uint16_t i = 0; i < form.size; i++)
		slots[i] = (struct vq_slot){ 0, (uint16_t)(i + 1), 0 };
	vq_quiet(q);
}

bool vq_claim(struct vq *q, uint32_t u_id, uint32_t u_len, struct vq_done *done)
{
	struct vq_slot *s;

	if (u_id >= q->size) {
		q->n.strangers++;
		q->broken = true;
		return false;
	}
	s = &q->slot[u_id];
	if (s->count == 0) {
		q->n.repeats++;
		q->broken = true;
		return false;
	}
	if (u_len > s->room) {
		q->n.too_long++;
		u_len = 0;
	}
	*done = (struct vq_done){ (uint16_t)u_id, u_len };
	q->nfree = (uint16_t)(q->nfree + s->count);
	q->nout--;
	q->n.taken++;
	s->count = 0;
	return true;
}

void vq_out(struct vq *q, uint16_t id, const struct vq_part *parts, uint32_t n)
{
	uint32_t room = 0;

	for (uint32_t i = 0; i < n; i++)
		room += parts[i].in ? parts[i].len : 0;
	q->slot[id].room = room;
	q->slot[id].count = (uint16_t)n;
	q->nfree = (uint16_t)(q->nfree - n);
	q->nout++;
	q->n.added++;
}

bool vq_passed(uint16_t event, uint16_t new, uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

int vq_add(struct vq *q, const struct vq_part *parts, uint32_t n)
{
	uint32_t since = q->since + (q->packed ? n : 1);

	exo_assert(n > 0 && n <= VQ_PARTS);
	if (q->broken || n > q->nfree)
		return -1;
	q->since = since > UINT16_MAX ? UINT16_MAX : (uint16_t)since;
	return q->packed ? vq_packed_add(q, parts, n)
	                 : vq_split_add(q, parts, n);
}

bool vq_kick(struct vq *q)
{
	bool wanted;

	if (q->broken || q->since == 0)
		return false;
	/* what was added is seen before what the device wants is read */
	VQ_FENCE();
	wanted = q->since >= q->size ||
	         (q->packed ? vq_packed_wanted(q) : vq_split_wanted(q));
	q->since = 0;
	q->n.kicks += wanted ? 1 : 0;
	q->n.spared += wanted ? 0 : 1;
	return wanted;
}

uint32_t vq_take(struct vq *q, struct vq_done *done, uint32_t most)
{
	if (q->broken)
		return 0;
	return q->packed ? vq_packed_take(q, done, most)
	                 : vq_split_take(q, done, most);
}

void vq_quiet(struct vq *q)
{
	q->quiet = true;
	if (q->packed)
		vq_packed_quiet(q);
	else
		vq_split_quiet(q);
}

bool vq_listen(struct vq *q)
{
	q->quiet = false;
	if (q->broken)
		return false;
	return q->packed ? vq_packed_listen(q) : vq_split_listen(q);
}
