/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VLAN tags put into a packet and taken out (IEEE 802.1Q, clause 9).
 *
 * Linux keeps a packet's outer tag beside its bytes; a trace has it in them.
 * So the tag goes behind the two addresses, and the addresses move.
 */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"
#include "exo/lib/bytes.h"

#define MACS     12u
#define ETH_HLEN 14u
#define TAG      4u
#define TPID     0x8100u /* IEEE 802.1Q */
#define TPID_S   0x88a8u /* IEEE 802.1ad */

static bool is_tpid(uint16_t type)
{
	return type == TPID || type == TPID_S;
}

/* r2: the tag's type in network order, anything unknown is 802.1Q. */
int helper_skb_vlan_push(struct helper *h)
{
	struct isa_room *room = &h->vm->room;
	struct isa_pkt *pkt = &h->vm->pkt;
	uint16_t type = __builtin_bswap16((uint16_t)h->r[2]);
	uint8_t *data;

	if (pkt->caplen < ETH_HLEN)
		return helper_gives(h, -EXO_P_EINVAL);
	if (!room->writable || room->head < TAG)
		return helper_gives(h, -EXO_P_ENOMEM);
	if (!is_tpid(type))
		type = TPID;
	room->head -= TAG;
	room->meta = 0; /* its bytes are the packet's now */
	data = room->base + room->head;
	memmove(data, data + TAG, MACS);
	exo_put_be16(data + MACS, type);
	exo_put_be16(data + MACS + 2, (uint16_t)h->r[3]);
	pkt->caplen += TAG;
	pkt->wirelen += TAG;
	pkt->protocol = type;
	return helper_gives(h, 0);
}

/* A packet without a tag stays as it is, and that is no error. */
int helper_skb_vlan_pop(struct helper *h)
{
	struct isa_room *room = &h->vm->room;
	struct isa_pkt *pkt = &h->vm->pkt;
	uint8_t *data;

	if (pkt->caplen < ETH_HLEN)
		return helper_gives(h, 0);
	data = room->base + room->head;
	if (!is_tpid(exo_be16(data + MACS)))
		return helper_gives(h, 0);
	if (!room->writable || pkt->caplen < ETH_HLEN + TAG)
		return helper_gives(h, -EXO_P_ENOMEM);
	memmove(data + TAG, data, MACS);
	room->head += TAG;
	pkt->caplen -= TAG;
	pkt->wirelen -= TAG;
	pkt->protocol = exo_be16(data + TAG + MACS);
	return helper_gives(h, 0);
}
