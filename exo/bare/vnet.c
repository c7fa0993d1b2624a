/* SPDX-License-Identifier: BSD-2-Clause */
/* Network devices of virtio, frames in and out: see vnet.h. */
#include "exo/bare/vnet.h"

#include "exo/core/core.h"
#include "exo/lib/bug.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"
#include "exo/plat/plat.h"

#define RX 0u /* queues: 5.1.2 */
#define TX 1u

/* Features: 5.1.3. */
#define HAS_MAC ((uint64_t)1 << 5)
#define MERGES  ((uint64_t)1 << 15)

/* struct virtio_net_hdr: 5.1.6. */
#define HDR       12u
#define HDR_FLAGS 0u
#define HDR_GSO   1u
#define HDR_PARTS 10u

#define ETHERNET  1u    /* link type */
#define LEAST     14u   /* bytes of a frame */
#define ROOM_MOST 1526u /* that a frame may need: 5.1.6.3.1 */
#define SOON      32u   /* frames that the device is told of at once */
#define STUCK     4096u /* tries for which there was no buffer */
#define PAGE      4096u

enum verdict {
	NONE,
	FRAME,
	DROPPED
};

static size_t pages(size_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

/* A queue's memory, whatever its form. */
static size_t queue_bytes(void)
{
	return pages(vq_bytes((struct vq_form){ false, true, VNET_QUEUE }));
}

size_t vnet_bytes(void)
{
	return 2 * (queue_bytes() + (size_t)VNET_QUEUE * VNET_ROOM);
}

/* Bytes of mem before buffers of a way. */
static size_t buffer(uint32_t way, uint16_t i)
{
	return 2 * queue_bytes() + ((size_t)way * VNET_QUEUE + i) * VNET_ROOM;
}

static bool give(struct vnet *v, uint16_t i)
{
	struct vq_part part = { v->at + buffer(RX, i), v->room, true };
	int id = vq_add(&v->rx, &part, 1);

	if (id < 0)
		return false;
	v->rx_of[id] = i;
	return true;
}

static void ring(struct vnet *v, uint32_t way)
{
	v->dev->ops->bell(v->dev, way);
	v->n.bells++;
	if (way == RX)
		v->untold = false;
}

static bool make_queue(struct vnet *v, uint32_t way, struct vq *q)
{
	struct vq_form form = { (v->dev->features & VDEV_PACKED) != 0,
		(v->dev->features & VDEV_EVENT_IDX) != 0,
		vdev_queue_size(v->dev, way, VNET_QUEUE) };
	size_t off = way * queue_bytes();

	if (form.size == 0)
		return false;
	vq_init(q, form, v->mem + off, v->at + off,
	    way == RX ? v->rx_slot : v->tx_slot);
	return vdev_queue(v->dev, way, q);
}

static bool read_mac(struct vnet *v)
{
	if ((v->dev->features & HAS_MAC) != 0)
		return vdev_config(v->dev, 0, v->mac, sizeof(v->mac));
	if (plat_random(v->mac, sizeof(v->mac)) != 0)
		return false;
	v->mac[0] = (uint8_t)((v->mac[0] & 0xfc) | 2); /* local, one's own */
	return true;
}

/* 5.1.5, within 3.1.1. */
static bool start(struct vnet *v, uint64_t without)
{
	uint64_t wanted = HAS_MAC | MERGES | VDEV_EVENT_IDX | VDEV_PACKED;

	if (!vdev_begin(v->dev, wanted & ~without) || !read_mac(v))
		return false;
	v->merge = (v->dev->features & MERGES) != 0;
	if (!v->merge && v->room < ROOM_MOST)
		v->room = VNET_ROOM;
	return make_queue(v, RX, &v->rx) && make_queue(v, TX, &v->tx);
}

bool vnet_init(struct vnet *v, struct vdev *dev, const struct vnet_config *c,
    void *mem, uint64_t at, uint8_t *join)
{
	memset(v, 0, sizeof(*v));
	v->dev = dev;
	v->mem = mem;
	v->at = at;
	v->join = join;
	v->room = c->room <= HDR || c->room > VNET_ROOM ? VNET_ROOM : c->room;
	memset(mem, 0, vnet_bytes());
	if (!start(v, c->without)) {
		(void)vdev_reset(dev);
		return false;
	}
	for (uint16_t i = 0; i < v->rx.size; i++)
		(void)give(v, i);
	for (uint16_t i = 0; i < v->tx.size; i++)
		v->tx_free[v->ntx++] = i;
	quota_init(&v->quota, v->tx.size);
	vdev_go(dev);
	if (vq_kick(&v->rx))
		ring(v, RX);
	return true;
}

bool vnet_ok(const struct vnet *v)
{
	return !v->rx.broken && !v->tx.broken;
}

/* Take more of what came back. Ids are free again at once, so buffers are named. */
static bool refill(struct vnet *v)
{
	v->atdone = 0;
	v->ndone = vq_take(&v->rx, v->done, VNET_TAKE);
	for (uint32_t i = 0; i < v->ndone; i++)
		v->done[i].id = v->rx_of[v->done[i].id];
	return v->ndone > 0;
}

/* The next buffer that came back, which the batch holds from now on. */
static const uint8_t *next_buffer(struct vnet *v, uint32_t *len)
{
	const struct vq_done *d;

	if (v->atdone == v->ndone && !refill(v))
		return NULL;
	d = &v->done[v->atdone++];
	v->held[v->nheld++] = d->id;
	*len = d->len;
	return v->mem + buffer(RX, d->id);
}

/* Copy the parts of a frame together; the first is len bytes at from. A device makes
 * all of them used at once (5.1.6.4.1): if one is not there, none of what follows
 * can be told apart. */
static enum verdict join(struct vnet *v, const uint8_t *from, uint32_t len,
    uint32_t parts, struct exo_pkt *p)
{
	uint8_t *to = v->join + v->joined;
	uint32_t n = 0;
	bool fits = true;

	for (;;) {
		fits = fits && len <= VNET_FRAME - n;
		if (fits) {
			memcpy(to + n, from, len);
			n += len;
		}
		if (--parts == 0)
			break;
		from = next_buffer(v, &len);
		if (from == NULL) {
			v->n.rx_parts++;
			v->rx.broken = true;
			return DROPPED;
		}
	}
	if (!fits) {
		v->n.rx_long++;
		return DROPPED;
	}
	v->joined += n;
	v->n.rx_joined++;
	p->data = to;
	p->caplen = n;
	return FRAME;
}

/* 5.1.6.4. */
static enum verdict frame(struct vnet *v, struct exo_pkt *p)
{
	uint32_t len, parts;
	const uint8_t *b = next_buffer(v, &len);
	uint8_t hdr[HDR];

	if (b == NULL)
		return NONE;
	if (len < HDR) {
		v->n.rx_short++;
		return DROPPED;
	}
	memcpy(hdr, b, HDR);
	/* without the feature the count says nothing */
	parts = v->merge ? exo_le16(hdr + HDR_PARTS) : 1;
	if (parts == 0 || parts > v->rx.size) {
		v->n.rx_parts++;
		v->rx.broken = true;
		return DROPPED;
	}
	p->data = b + HDR;
	p->caplen = len - HDR;
	if (parts > 1 && join(v, b + HDR, len - HDR, parts, p) == DROPPED)
		return DROPPED;
	if (hdr[HDR_FLAGS] != 0 || hdr[HDR_GSO] != 0) {
		v->n.rx_offload++;
		return DROPPED;
	}
	if (p->caplen < LEAST) {
		v->n.rx_short++;
		return DROPPED;
	}
	return FRAME;
}

uint32_t vnet_rx(struct vnet *v, struct exo_pkt *pkts, uint32_t most)
{
	uint64_t now = 0;
	uint32_t n = 0;

	while (n < most && vnet_ok(v) && VNET_JOIN - v->joined >= VNET_FRAME) {
		struct exo_pkt *p = &pkts[n];
		enum verdict is = frame(v, p);

		if (is == NONE)
			break;
		if (is == DROPPED)
			continue;
		if (n++ == 0)
			now = plat_clock_ns();
		p->wirelen = p->caplen;
		p->time_ns = now;
		p->linktype = ETHERNET;
		v->n.rx_bytes += p->caplen;
	}
	v->n.rx += n;
	v->empty = n > 0 ? 0 : v->empty;
	return n;
}

void vnet_rx_done(struct vnet *v)
{
	while (v->nheld > 0)
		v->untold = give(v, v->held[--v->nheld]) || v->untold;
	v->joined = 0;
	if (vq_kick(&v->rx))
		ring(v, RX);
}

/* Transmit buffers that the device is done with. */
static void reap(struct vnet *v)
{
	struct vq_done done[32];
	uint32_t n;

	do {
		n = vq_take(&v->tx, done, 32);
		for (uint32_t i = 0; i < n; i++) {
			uint16_t at = v->tx_of[done[i].id];

			v->tx_free[v->ntx++] = at;
			quota_back(&v->quota, v->tx_owner[at]);
		}
	} while (n == 32);
}

bool vnet_tx(struct vnet *v, uint32_t owner, const uint8_t *frame, uint32_t n)
{
	struct vq_part part = { 0, HDR + n, false };
	uint16_t i;
	uint8_t *b;
	int id;

	if (n == 0 || n > VNET_ROOM - HDR) {
		v->n.tx_refused++;
		return false;
	}
	if (!quota_may(&v->quota, owner)) {
		vnet_push(v);
		reap(v);
	}
	if (!quota_may(&v->quota, owner) || v->tx.broken) {
		quota_refused(&v->quota, owner);
		if (++v->n.tx_full % STUCK == 0)
			vnet_nudge(v);
		return false;
	}
	i = v->tx_free[--v->ntx];
	v->tx_owner[i] = (uint8_t)owner;
	quota_take(&v->quota, owner);
	b = v->mem + buffer(TX, i);
	part.at = v->at + buffer(TX, i);
	memset(b, 0, HDR); /* 5.1.6.2: nothing is left to the device to do */
	memcpy(b + HDR, frame, n);
	id = vq_add(&v->tx, &part, 1);
	exo_assert(id >= 0);
	v->tx_of[id] = i;
	v->n.tx++;
	v->n.tx_bytes += n;
	if (++v->unsaid >= SOON)
		vnet_push(v);
	return true;
}

void vnet_push(struct vnet *v)
{
	v->unsaid = 0;
	if (vq_kick(&v->tx))
		ring(v, TX);
}

bool vnet_sent(struct vnet *v)
{
	reap(v);
	return v->tx.nout == 0 || v->tx.broken;
}

bool vnet_nudge(struct vnet *v)
{
	reap(v);
	if (v->tx.nout > 0 && !v->tx.broken)
		ring(v, TX);
	if (v->untold && !v->rx.broken)
		ring(v, RX);
	return v->ntx > 0;
}

void vnet_quiet(struct vnet *v)
{
	if (!v->rx.quiet)
		vq_quiet(&v->rx);
}

bool vnet_listen(struct vnet *v)
{
	v->dev->ops->ack(v->dev);
	return vq_listen(&v->rx) && v->atdone == v->ndone;
}
