/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of a capture: see capture.h. */
#include "exo/bare/capture.h"

#include "exo/lib/bytes.h"

#define MICRO  0xa1b2c3d4u
#define NANO   0xa1b23c4du
#define HEADER 24u
#define RECORD 16u
#define SECOND 1000000000u

static uint32_t load(const struct capture *c, const uint8_t *p)
{
	return c->swapped ? exo_be32(p) : exo_le32(p);
}

bool capture_begin(struct capture *c, const uint8_t *file, uint64_t size)
{
	uint32_t magic;

	if (size < HEADER)
		return false;
	magic = exo_le32(file);
	c->swapped = magic != MICRO && magic != NANO;
	magic = load(c, file);
	if (magic != MICRO && magic != NANO)
		return false;
	c->unit = magic == MICRO ? 1000 : 1;
	c->linktype = load(c, file + 20) & 0xffff;
	c->p = file + HEADER;
	c->n = size - HEADER;
	return true;
}

bool capture_next(struct capture *c, struct exo_pkt *out)
{
	if (c->n < RECORD)
		return false;
	*out = (struct exo_pkt){ .data = c->p + RECORD,
		.time_ns = (uint64_t)load(c, c->p) * SECOND +
		           (uint64_t)load(c, c->p + 4) * c->unit,
		.caplen = load(c, c->p + 8),
		.wirelen = load(c, c->p + 12),
		.linktype = c->linktype };
	if (out->caplen > c->n - RECORD)
		return false;
	c->p += RECORD + out->caplen;
	c->n -= RECORD + out->caplen;
	return true;
}
