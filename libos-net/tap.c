/* SPDX-License-Identifier: BSD-2-Clause */
/* The consumer's side of a packet ring: see tap.h and exo/abi/ring.h. */
#include "libos-net/tap.h"

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"

void lnet_tap_init(struct lnet_tap *tap, struct exo_ring *ring)
{
	tap->ring = ring;
	tap->tail = 0;
}

/* Read the record at the tail; its whole size, or 0 when it is malformed. */
static uint32_t record(const struct lnet_tap *tap, uint64_t avail,
    struct exo_rec *rec, const uint8_t **data)
{
	const struct exo_ring *ring = tap->ring;
	uint32_t at = (uint32_t)(tap->tail & (ring->size - 1));
	uint64_t room = ring->size - at;

	if (room > avail)
		room = avail;
	if (room < 8)
		return 0;
	*rec = (struct exo_rec){ 0 };
	memcpy(rec, ring->data + at, 8);
	if (rec->size < 8 || rec->size % 8 != 0 || rec->size > room)
		return 0;
	if (rec->kind == EXO_REC_PAD)
		return rec->size;
	if (rec->kind != EXO_REC_PACKET || rec->size < sizeof(*rec))
		return 0;
	memcpy(rec, ring->data + at, sizeof(*rec));
	if (rec->len > rec->size - sizeof(*rec))
		return 0;
	*data = ring->data + at + sizeof(*rec);
	return rec->size;
}

int64_t lnet_tap_poll(struct lnet_tap *tap, lnet_tap_fn *fn, void *user)
{
	uint64_t head = __atomic_load_n(&tap->ring->head, __ATOMIC_ACQUIRE);
	int64_t count = 0;

	while (tap->tail != head) {
		const uint8_t *data = NULL;
		struct exo_rec rec;
		uint32_t size = record(tap, head - tap->tail, &rec, &data);

		if (size == 0)
			return -EXO_EINVAL;
		if (rec.kind == EXO_REC_PACKET) {
			fn(user, &rec, data);
			count++;
		}
		tap->tail += size;
	}
	__atomic_store_n(&tap->ring->tail, tap->tail, __ATOMIC_RELEASE);
	return count;
}
