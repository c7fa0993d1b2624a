/* SPDX-License-Identifier: BSD-2-Clause */
/* A network device without a bus: see vnet_dev.h. */
#include "tests/support/vnet_dev.h"

#include <stdlib.h>
#include <string.h>

#include "exo/core/core.h"
#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"

#define HDR 12u

bool vnd_start(struct vnd *d, uint64_t offers, uint16_t room)
{
	const struct vnet_config c = { room, 0 };
	uint8_t *mem = d->bus.mem, *join = d->join;

	memset(d, 0, sizeof(*d));
	mem = mem != NULL ? mem : malloc(vnet_bytes());
	d->join = join != NULL ? join : malloc(VNET_JOIN);
	exo_assert(mem != NULL && d->join != NULL);
	vbus_init(&d->bus, offers, mem, vnet_bytes());
	for (uint32_t i = 0; i < sizeof(d->bus.own); i++)
		d->bus.own[i] = (uint8_t)(i * 2);
	return vnet_init(&d->v, &d->bus.dev, &c, mem, VBUS_AT, d->join);
}

void vnd_stop(struct vnd *d)
{
	free(d->bus.mem);
	free(d->join);
	d->bus.mem = d->join = NULL;
}

/* Buffers that a frame of n bytes takes; 0: there are not as many. */
static uint32_t parts_for(const struct vnd *d, uint32_t n)
{
	uint32_t parts = 0;

	while (parts < d->nhave) {
		uint32_t room = d->have[parts++].parts[0].len;

		if (n <= room)
			return parts;
		n -= room;
	}
	return 0;
}

bool vnd_put(struct vnd *d, const uint8_t hdr[12], const uint8_t *f, uint32_t n)
{
	uint32_t parts, left = n + HDR;

	while (
	    d->nhave < VBUS_SIZE && vqd_get(&d->bus.q[0], &d->have[d->nhave]))
		d->nhave++;
	parts = parts_for(d, left);
	if (parts == 0 || ((d->bus.accepted & VND_MRG) == 0 && parts > 1))
		return false;
	for (uint32_t i = 0; i < parts; i++) {
		struct vqd_buf *b = &d->have[i];
		uint8_t *to = vbus_mem(&d->bus, &b->parts[0]);
		uint32_t len = b->parts[0].len, skip = i == 0 ? HDR : 0;

		if (to == NULL || len < HDR)
			return false; /* the test wrote over it */
		len = len < left ? len : left;
		if (i == 0) {
			memcpy(to, hdr, HDR);
			if (hdr[10] == 0)
				exo_put_le16(to + 10, (uint16_t)parts);
		}
		memcpy(to + skip, f, len - skip);
		f += len - skip;
		left -= len;
		(void)vqd_put(&d->bus.q[0], b, len);
	}
	d->nhave -= parts;
	memmove(d->have, d->have + parts, d->nhave * sizeof(d->have[0]));
	return true;
}

uint32_t vnd_get(struct vnd *d, uint8_t *f, uint32_t room)
{
	static const uint8_t zero[HDR];
	struct vqd_buf b;
	uint32_t n;
	uint8_t *from;

	if (!vqd_get(&d->bus.q[1], &b))
		return 0;
	from = vbus_mem(&d->bus, &b.parts[0]);
	exo_assert(b.n == 1 && !b.parts[0].in && from != NULL);
	exo_assert(b.parts[0].len >= HDR && memcmp(from, zero, HDR) == 0);
	n = b.parts[0].len - HDR;
	exo_assert(n <= room);
	memcpy(f, from + HDR, n);
	(void)vqd_put(&d->bus.q[1], &b, 0);
	return n;
}

void vnd_misbehave(struct vnd *d, uint32_t (*below)(uint32_t n))
{
	static const uint8_t f[300];
	uint8_t hdr[12] = { 0 };
	struct vqd_buf b = { 0 };

	switch (below(6)) {
	case 0: /* a header that is not so */
		hdr[10] = (uint8_t)below(5);
		hdr[below(12)] |= (uint8_t)(below(8) == 0);
		(void)vnd_put(d, hdr, f, below(300));
		break;
	case 1: /* a length that is not so */
		if (vqd_get(&d->bus.q[0], &b))
			(void)vqd_put(&d->bus.q[0], &b, below(4000));
		break;
	case 2: /* rings */
		d->bus.mem[below(8192)] = (uint8_t)below(256);
		break;
	case 3: /* transmit buffers come back, and again */
		if (vqd_get(&d->bus.q[1], &b))
			(void)vqd_put(&d->bus.q[1], &b, below(2));
		if (below(50) == 0)
			(void)vqd_put(&d->bus.q[1], &b, 0);
		break;
	default:
		(void)vnd_put(d, hdr, f, 14 + below(280));
		break;
	}
}

static bool inside(
    const uint8_t *p, uint32_t n, const uint8_t *mem, size_t size)
{
	return p >= mem && exo_range_ok((size_t)(p - mem), n, size);
}

void vnd_look(const struct vnd *d, const struct exo_pkt *p)
{
	exo_assert(inside(p->data, p->caplen, d->bus.mem, vnet_bytes()) ||
	           inside(p->data, p->caplen, d->join, VNET_JOIN));
	exo_assert(p->caplen >= 14 && p->wirelen == p->caplen);
}
