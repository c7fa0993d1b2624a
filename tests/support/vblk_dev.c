/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk without a machine: see vblk_dev.h. */
#include "tests/support/vblk_dev.h"

#include <stdlib.h>
#include <string.h>

#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"

#define IN    0u
#define OUT   1u
#define FLUSH 4u

/* Whether a request is one that the book and what was settled allow. */
static bool right(const struct vbd *d, const struct vqd_buf *b)
{
	const struct vq_part *end = &b->parts[b->n - 1];
	const uint8_t *hdr = vbus_mem(&d->bus, &b->parts[0]);
	const uint8_t *status = vbus_mem(&d->bus, end);
	uint64_t sector;
	uint32_t type;

	if (b->n < 2 || hdr == NULL || b->parts[0].in ||
	    b->parts[0].len != 16 || status == NULL || !end->in ||
	    end->len != 1 || *status != 0xff || exo_le32(hdr + 4) != 0)
		return false;
	type = exo_le32(hdr);
	sector = exo_le64(hdr + 8);
	if (type == FLUSH)
		return b->n == 2 && sector == 0 &&
		       (d->bus.accepted & VBD_FLUSH) != 0;
	return (type == IN ||
	           (type == OUT && (d->bus.accepted & VBD_RO) == 0)) &&
	       b->n == 3 && b->parts[1].len == VBLK_BLOCK &&
	       b->parts[1].in == (type == IN) &&
	       vbus_mem(&d->bus, &b->parts[1]) != NULL && sector % 8 == 0 &&
	       exo_range_ok(sector, 8, exo_le64(d->bus.own));
}

/* Work on the disk as a request says; the bytes that are written, but for the status. */
static uint32_t serve(struct vbd *d, const struct vqd_buf *b)
{
	const uint8_t *hdr = vbus_mem(&d->bus, &b->parts[0]);
	uint8_t *data, *block;

	if (exo_le32(hdr) == FLUSH) {
		d->flushes++;
		return 0;
	}
	data = vbus_mem(&d->bus, &b->parts[1]);
	/* a disk that says that it is larger repeats itself */
	block = d->disk + exo_le64(hdr + 8) / 8 % VBD_BLOCKS * VBLK_BLOCK;
	if (exo_le32(hdr) == OUT) {
		memcpy(block, data, VBLK_BLOCK);
		return 0;
	}
	memcpy(data, block, d->lie.partial ? VBLK_BLOCK / 2 : VBLK_BLOCK);
	return VBLK_BLOCK;
}

static void answer(struct vbd *d, const struct vqd_buf *b)
{
	struct vqd_buf lied = *b;
	uint32_t len = 1;

	if (!right(d, b)) {
		d->wrong++;
		return;
	}
	if (d->lie.status == 0)
		len += serve(d, b);
	if (!d->lie.no_status)
		*vbus_mem(&d->bus, &b->parts[b->n - 1]) = d->lie.status;
	lied.id = (uint16_t)(b->id + d->lie.id);
	(void)vqd_put(&d->bus.q[0], &lied, len + d->lie.len);
	if (d->lie.twice)
		(void)vqd_put(&d->bus.q[0], &lied, len);
	if (d->lie.scrawl)
		memset(d->bus.q[0].part[0], 0xee, VBLK_BLOCK);
}

static void told(struct vbus *b, uint32_t queue)
{
	void *p = b;
	struct vbd *d = p;

	exo_assert(queue == 0);
	if (!vqd_get(&b->q[0], &d->last))
		return;
	d->requests++;
	if (!d->lie.silent)
		answer(d, &d->last);
}

void vbd_late(struct vbd *d)
{
	exo_assert(d->last.n > 0);
	answer(d, &d->last);
}

bool vbd_start(struct vbd *d, uint64_t offers, uint64_t sectors)
{
	uint8_t *mem = d->bus.mem;

	memset(d, 0, sizeof(*d));
	mem = mem != NULL ? mem : malloc(vblk_bytes());
	exo_assert(mem != NULL);
	vbus_init(&d->bus, offers, mem, vblk_bytes());
	d->bus.told = told;
	exo_put_le64(d->bus.own, sectors);
	exo_put_le32(d->bus.own + 20, 512);
	return vblk_init(&d->v, &d->bus.dev, 0, mem, VBUS_AT);
}

void vbd_stop(struct vbd *d)
{
	free(d->bus.mem);
	d->bus.mem = NULL;
}
