/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers on a packet's bytes and on its ends.
 *
 * They change vm->room and vm->pkt and leave it to world_helper() to give the
 * packet its new addresses, which it does whether or not anything changed.
 */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

#define ETH_HLEN    14  /* no packet may be made shorter */
#define META_MAX    252 /* bytes of metadata, a multiple of 4 */
#define COPY_MAX    64  /* bytes that are copied without a call */
#define STORE_FLAGS 3u  /* Linux's: fix checksum and hash, which are not ours */

/* Bytes [off, off + n) of the packet, captured, or NULL. */
static uint8_t *bytes_at(const struct isa_vm *vm, uint64_t r_off, uint64_t n)
{
	uint32_t off = (uint32_t)r_off;

	if (off > INT32_MAX || !exo_range_ok(off, n, vm->pkt.caplen))
		return NULL;
	return vm->room.base + vm->room.head + off;
}

/* Most ask for a header: words, the last of which may lie over the one before.
 * No call, no byte that is not asked for, and stores as wide as can be: what a
 * program loads next had better be in one of them. */
static void copy(uint8_t *to, const uint8_t *from, uint64_t n)
{
	uint64_t i;

	if (n > COPY_MAX) {
		memcpy(to, from, n);
	} else if (n >= 8) {
		for (i = 0; i + 8 < n; i += 8)
			exo_put_le64(to + i, exo_le64(from + i));
		exo_put_le64(to + n - 8, exo_le64(from + n - 8));
	} else if (n >= 4) {
		exo_put_le32(to, exo_le32(from));
		exo_put_le32(to + n - 4, exo_le32(from + n - 4));
	} else if (n != 0) {
		to[n - 1] = from[n - 1];
		if (n >= 2)
			exo_put_le16(to, exo_le16(from));
	}
}

int helper_skb_load_bytes(struct helper *h)
{
	const uint8_t *from = bytes_at(h->vm, h->r[2], h->r[4]);

	if (from == NULL) {
		memset(h->p[3], 0, h->r[4]);
		return helper_gives(h, -EXO_P_EFAULT);
	}
	copy(h->p[3], from, h->r[4]);
	return helper_gives(h, 0);
}

int helper_skb_store_bytes(struct helper *h)
{
	uint8_t *to = bytes_at(h->vm, h->r[2], h->r[4]);

	if ((h->r[5] & ~(uint64_t)STORE_FLAGS) != 0)
		return helper_gives(h, -EXO_P_EINVAL);
	if (to == NULL || !h->vm->room.writable)
		return helper_gives(h, -EXO_P_EFAULT);
	memcpy(to, h->p[3], h->r[4]);
	return helper_gives(h, 0);
}

/* Metadata moves along. */
int helper_xdp_adjust_head(struct helper *h)
{
	struct isa_room *room = &h->vm->room;
	struct isa_pkt *pkt = &h->vm->pkt;
	int64_t by = (int32_t)h->r[2];
	int64_t head = room->head + by;

	if (head < room->meta ||
	    head > (int64_t)room->head + pkt->caplen - ETH_HLEN)
		return helper_gives(h, -EXO_P_EINVAL);
	if (room->meta != 0 && by != 0) {
		if (!room->writable)
			return helper_gives(h, -EXO_P_EINVAL);
		memmove(room->base + (head - room->meta),
		    room->base + (room->head - room->meta), room->meta);
	}
	room->head = (uint32_t)head;
	pkt->caplen -= (uint32_t)by;
	pkt->wirelen -= (uint32_t)by;
	return helper_gives(h, 0);
}

int helper_xdp_adjust_meta(struct helper *h)
{
	struct isa_room *room = &h->vm->room;
	int64_t meta = (int64_t)room->meta - (int32_t)h->r[2];

	if (meta < 0 || meta > room->head)
		return helper_gives(h, -EXO_P_EINVAL);
	if ((meta & 3) != 0 || meta > META_MAX)
		return helper_gives(h, -EXO_P_EACCES);
	room->meta = (uint32_t)meta;
	return helper_gives(h, 0);
}

/* Bytes that come into the packet are zero. */
int helper_xdp_adjust_tail(struct helper *h)
{
	struct isa_room *room = &h->vm->room;
	struct isa_pkt *pkt = &h->vm->pkt;
	int64_t by = (int32_t)h->r[2];
	int64_t caplen = pkt->caplen + by;

	if (caplen < ETH_HLEN || by > room->tail || (by > 0 && !room->writable))
		return helper_gives(h, -EXO_P_EINVAL);
	if (by > 0)
		memset(room->base + room->head + pkt->caplen, 0, (size_t)by);
	room->tail -= (uint32_t)by;
	pkt->caplen = (uint32_t)caplen;
	pkt->wirelen += (uint32_t)by;
	return helper_gives(h, 0);
}

/* As long as it is here: what was not captured is not there. */
int helper_xdp_get_buff_len(struct helper *h)
{
	return helper_gives(h, h->vm->pkt.caplen);
}
