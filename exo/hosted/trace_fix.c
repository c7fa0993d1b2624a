/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns pseudo-headers kept in the capturing host's byte order to ours.
 *
 * A few link types begin with headers that their kernel wrote in its own
 * order; a file from a machine of the other order carries them swapped.
 * libpcap turns them when it reads, so filters and outputs expect them turned.
 * It also corrects the wire length of isochronous USB transfers, which old
 * captures took from the URB length.  [pcap/usb.h, pcap/nflog.h, pcap/sll.h]
 * On NULL and ENC it leaves them, and compiles filters for the file's order.
 */
#include "exo/hosted/trace_int.h"

#include "exo/lib/bytes.h"

enum {
	LT_NULL = 0,
	LT_ENC = 109,
	LT_LINUX_SLL = 113,
	LT_PFLOG = 117,
	LT_USB_LINUX = 189,
	LT_USB_LINUX_MMAPPED = 220,
	LT_NFLOG = 239,
	LT_LINUX_SLL2 = 276,
};

#define USB_HEADER_MMAPPED 64U
#define USB_ISODESC        16U
#define USB_MAX_DESC       128U

bool tr_fixable(uint16_t linktype, bool swapped)
{
	switch (linktype) {
	case LT_USB_LINUX_MMAPPED:
		return true;
	case LT_LINUX_SLL:
	case LT_LINUX_SLL2:
	case LT_PFLOG:
	case LT_USB_LINUX:
	case LT_NFLOG:
		return swapped;
	default:
		return false;
	}
}

static void turn16(uint8_t *p)
{
	exo_put_le16(p, exo_be16(p));
}

static void turn32(uint8_t *p)
{
	exo_put_le32(p, exo_be32(p));
}

static void turn64(uint8_t *p)
{
	exo_put_le64(p, exo_be64(p));
}

bool tr_unfixed(uint16_t linktype)
{
	return linktype == LT_NULL || linktype == LT_ENC;
}

/* The address family; of ENC also the flags, after an SPI in network order. */
void tr_turn_unfixed(uint16_t linktype, uint8_t *data, uint32_t caplen)
{
	if (caplen >= 4)
		turn32(data);
	if (linktype == LT_ENC && caplen >= 12)
		turn32(data + 8);
}

/* A CAN identifier follows a cooked header of CAN and CAN FD frames. */
static void turn_can(
    uint8_t *p, const struct tr_pkt *k, uint32_t proto_at, uint32_t header)
{
	uint16_t proto;

	if (k->caplen < header + 4 || k->wirelen < header + 4)
		return;
	proto = exo_be16(p + proto_at);
	if (proto == 0x000c || proto == 0x000d)
		turn32(p + header);
}

/* User and process ids of the packet's socket and of the rule's author. */
static void turn_pflog(uint8_t *p, const struct tr_pkt *k)
{
	for (uint32_t at = 44; at <= 56; at += 4) {
		if (k->caplen < at + 4 || k->wirelen < at + 4 || p[0] < at + 4)
			return;
		turn32(p + at);
	}
}

/*
 * Types and lengths of the TLVs after the 4 bytes of header are in host order.
 */
static void turn_nflog(uint8_t *p, const struct tr_pkt *k)
{
	uint32_t held = k->caplen, wire = k->wirelen;
	uint32_t size;

	if (held < 4 || wire < 4 || p[1] != 0)
		return;
	for (size = 4; held - size >= 4;) {
		held -= size;
		wire -= size;
		p += size;
		turn16(p);
		turn16(p + 2);
		size = ((uint32_t)exo_le16(p) + 3) & ~3U;
		if (size < 4 || size > held || size > wire)
			return;
	}
}

/* The fields of a Linux USB header, each of them if it is captured whole. */
static void turn_usb(uint8_t *p, uint32_t caplen, bool mmapped)
{
	/* offset, size; in the order of the header */
	static const uint8_t field[][2] = {
		{ 0, 8 },  /* id */
		{ 12, 2 }, /* bus */
		{ 16, 8 }, /* seconds */
		{ 24, 4 }, /* microseconds */
		{ 28, 4 }, /* status */
		{ 32, 4 }, /* URB length */
		{ 36, 4 }, /* data length */
		{ 40, 4 }, /* isochronous: errors */
		{ 44, 4 }, /* isochronous: descriptors of the transfer */
		{ 48, 4 }, /* interval */
		{ 52, 4 }, /* start frame */
		{ 56, 4 }, /* flags */
		{ 60, 4 }, /* descriptors that follow */
	};
	const size_t count = mmapped ? 13 : 9;
	bool iso = caplen > 9 && p[9] == 0;
	uint32_t ndesc, at = USB_HEADER_MMAPPED;

	for (size_t i = 0; i < count; i++) {
		if (caplen < (uint32_t)field[i][0] + field[i][1])
			return;
		if (!iso && (field[i][0] == 40 || field[i][0] == 44))
			continue;
		if (field[i][1] == 2)
			turn16(p + field[i][0]);
		else if (field[i][1] == 4)
			turn32(p + field[i][0]);
		else
			turn64(p + field[i][0]);
	}
	if (!mmapped || !iso)
		return;
	ndesc = exo_le32(p + 60);
	for (uint32_t i = 0; i < ndesc; i++, at += USB_ISODESC)
		for (uint32_t f = 0; f < 12; f += 4) {
			if (caplen < at + f + 4)
				return;
			turn32(p + at + f);
		}
}

/*
 * A completed incoming isochronous transfer (event 'C', type 0, direction in)
 * with data, whose wire length was computed from the URB length: it ends where
 * its last descriptor ends.  Sums wrap, as libpcap 1.10's do.
 */
static void fix_usb_length(const uint8_t *p, struct tr_pkt *k)
{
	uint32_t left = k->caplen - USB_HEADER_MMAPPED;
	uint32_t ndesc = exo_le32(p + 60);
	uint32_t last = 0, len, end;
	const uint8_t *d = p + USB_HEADER_MMAPPED;

	if (ndesc > USB_MAX_DESC || p[15] != 0 || p[8] != 'C' || p[9] != 0 ||
	    (p[10] & 0x80) == 0 ||
	    k->wirelen !=
	        USB_HEADER_MMAPPED + ndesc * USB_ISODESC + exo_le32(p + 32))
		return;
	for (uint32_t i = 0; i < ndesc && left >= USB_ISODESC; i++) {
		len = exo_le32(d + 8);
		end = len == 0 ? 0 : exo_le32(d + 4) + len;
		last = end > last ? end : last;
		d += USB_ISODESC;
		left -= USB_ISODESC;
	}
	len = USB_HEADER_MMAPPED + ndesc * USB_ISODESC + last;
	if (len >= k->caplen)
		k->wirelen = len;
	if (k->caplen > k->wirelen)
		k->wirelen = k->caplen;
}

void tr_fix(uint16_t linktype, bool swapped, uint8_t *data, struct tr_pkt *p)
{
	switch (swapped ? linktype : 0) {
	case LT_LINUX_SLL:
		turn_can(data, p, 14, 16);
		break;
	case LT_LINUX_SLL2:
		turn_can(data, p, 0, 20);
		break;
	case LT_PFLOG:
		turn_pflog(data, p);
		break;
	case LT_USB_LINUX:
		turn_usb(data, p->caplen, false);
		break;
	case LT_USB_LINUX_MMAPPED:
		turn_usb(data, p->caplen, true);
		break;
	case LT_NFLOG:
		turn_nflog(data, p);
		break;
	default:
		break;
	}
	if (linktype == LT_USB_LINUX_MMAPPED && p->caplen >= USB_HEADER_MMAPPED)
		fix_usb_length(data, p);
}
