/* SPDX-License-Identifier: BSD-2-Clause */
/* A device by the book: see vq_dev.h. */
#include "tests/support/vq_dev.h"

#include <string.h>

#include "exo/lib/bytes.h"

void vqd_init(struct vqd *d, const struct vq *q, uint8_t *mem)
{
	*d = (struct vqd){ .form = { q->packed, q->event_idx, q->size },
		.wrap_seen = true,
		.wrap_used = true };
	for (int i = 0; i < 3; i++)
		d->part[i] = mem + (q->at[i] - q->at[0]);
}

static uint8_t *desc(const struct vqd *d, uint32_t i)
{
	return d->part[0] + 16 * (size_t)(i % d->form.size);
}

static bool split_get(struct vqd *d, struct vqd_buf *b)
{
	uint8_t *avail = d->part[1];
	uint32_t i;

	if (exo_le16(avail + 2) == d->seen)
		return false;
	b->id = exo_le16(avail + 4 + 2 * (size_t)(d->seen % d->form.size));
	d->seen++;
	i = b->id;
	for (b->n = 0; b->n < VQ_PARTS;) {
		const uint8_t *p = desc(d, i);
		uint16_t flags = exo_le16(p + 12);

		b->parts[b->n++] = (struct vq_part){ exo_le64(p),
			exo_le32(p + 8), (flags & 2) != 0 };
		if ((flags & 1) == 0)
			return true;
		i = exo_le16(p + 14);
	}
	return false;
}

static bool packed_available(const struct vqd *d)
{
	uint16_t flags = exo_le16(desc(d, d->seen) + 14);

	return ((flags >> 7 & 1) != 0) == d->wrap_seen &&
	       ((flags >> 15 & 1) != 0) != d->wrap_seen;
}

static bool packed_get(struct vqd *d, struct vqd_buf *b)
{
	if (!packed_available(d))
		return false;
	for (b->n = 0; b->n < VQ_PARTS;) {
		const uint8_t *p = desc(d, d->seen);
		uint16_t flags = exo_le16(p + 14);

		b->id = exo_le16(p + 12);
		b->parts[b->n++] = (struct vq_part){ exo_le64(p),
			exo_le32(p + 8), (flags & 2) != 0 };
		if (++d->seen == d->form.size) {
			d->seen = 0;
			d->wrap_seen = !d->wrap_seen;
		}
		if ((flags & 1) == 0)
			return true;
	}
	return false;
}

bool vqd_get(struct vqd *d, struct vqd_buf *b)
{
	return d->form.packed ? packed_get(d, b) : split_get(d, b);
}

/* Whether an index was passed by a step of n that ended before to. */
static bool passed(uint16_t event, uint16_t to, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		if (event == (uint16_t)(to - i))
			return true;
	return false;
}

static bool split_put(struct vqd *d, const struct vqd_buf *b, uint32_t len)
{
	uint8_t *used = d->part[2], *avail = d->part[1];
	uint8_t *e = used + 4 + 8 * (size_t)(d->used % d->form.size);

	exo_put_le32(e, b->id);
	exo_put_le32(e + 4, len);
	d->used++;
	exo_put_le16(used + 2, d->used);
	if (d->form.event_idx)
		return passed(
		    exo_le16(avail + 4 + 2 * (size_t)d->form.size), d->used, 1);
	return (exo_le16(avail) & 1) == 0;
}

/* Whether what the driver waits for is among n descriptors from the next used. */
static bool packed_wanted(const struct vqd *d, uint32_t n)
{
	uint16_t at = exo_le16(d->part[1]), how = exo_le16(d->part[1] + 2);

	if (how != 2)
		return how == 0;
	for (uint32_t i = d->used; i < d->used + n; i++)
		if ((at & 0x7fffu) == i % d->form.size &&
		    (at >> 15 != 0) == (d->wrap_used != (i >= d->form.size)))
			return true;
	return false;
}

static bool packed_put(struct vqd *d, const struct vqd_buf *b, uint32_t len)
{
	bool wanted = packed_wanted(d, b->n);
	uint8_t *p = desc(d, d->used);

	exo_put_le32(p + 8, len);
	exo_put_le16(p + 12, b->id);
	exo_put_le16(p + 14, d->wrap_used ? 0x8080 : 0);
	d->used = (uint16_t)(d->used + b->n);
	if (d->used >= d->form.size) {
		d->used = (uint16_t)(d->used - d->form.size);
		d->wrap_used = !d->wrap_used;
	}
	return wanted;
}

bool vqd_put(struct vqd *d, const struct vqd_buf *b, uint32_t len)
{
	return d->form.packed ? packed_put(d, b, len) : split_put(d, b, len);
}

void vqd_quiet(struct vqd *d)
{
	if (d->form.packed)
		exo_put_le16(d->part[2] + 2, 1);
	else if (d->form.event_idx)
		exo_put_le16(d->part[2] + 4 + 8 * (size_t)d->form.size,
		    (uint16_t)(d->seen - 1));
	else
		exo_put_le16(d->part[2], 1);
}

void vqd_listen(struct vqd *d)
{
	if (d->form.packed) {
		exo_put_le16(d->part[2],
		    (uint16_t)(d->seen | (d->wrap_seen ? 0x8000 : 0)));
		exo_put_le16(d->part[2] + 2, d->form.event_idx ? 2 : 0);
	} else if (d->form.event_idx) {
		exo_put_le16(
		    d->part[2] + 4 + 8 * (size_t)d->form.size, d->seen);
	} else {
		exo_put_le16(d->part[2], 0);
	}
}
