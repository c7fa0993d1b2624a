/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms pcap headers and records.
 *
 * The snaplen written is the most that libpcap admits for the link type, as
 * packets of several interfaces may follow; a longer packet (pcapng can hold
 * one) is cut to it.  Seconds are 32 bits, as everywhere.
 * [draft-ietf-opsawg-pcap]
 */
#include "exo/hosted/trace_out_int.h"

#include "exo/hosted/trace_int.h"
#include "exo/lib/bytes.h"

#define MAGIC_MICRO 0xa1b2c3d4U
#define MAGIC_NANO  0xa1b23c4dU
#define FILE_HEADER 24U
#define REC_HEADER  16U
#define EXT_FCS     0xf4000000U /* FCS length and the bit that it is there */

uint32_t out_record(
    const struct out *o, const uint8_t *buf, bool at_start, bool *packet)
{
	*packet = false;
	if (!o->ng && at_start)
		return FILE_HEADER;
	*packet = !o->ng || exo_le32(buf) == 6;
	return o->ng ? exo_le32(buf + 4) : REC_HEADER + exo_le32(buf + 8);
}

bool out_pcap_start(struct tr_outs *set, struct out *o, uint16_t linktype,
    uint32_t ext, bool nano)
{
	uint8_t *h = out_room(set, o, FILE_HEADER);

	if (h == NULL)
		return false;
	o->limit = tr_snap_limit(linktype);
	o->linktype = linktype;
	o->nano = nano;
	exo_put_le32(h, nano ? MAGIC_NANO : MAGIC_MICRO);
	exo_put_le16(h + 4, 2);
	exo_put_le16(h + 6, 4);
	exo_put_le64(h + 8, 0);
	exo_put_le32(h + 16, o->limit);
	exo_put_le32(h + 20, linktype | (ext & EXT_FCS));
	out_used(set, o, h, FILE_HEADER);
	o->started = true;
	return true;
}

bool out_pcap_put(struct tr_outs *set, struct out *o, const struct tr_pkt *p,
    const struct tr_iface *iface)
{
	uint64_t sec = p->ts_ns / 1000000000U;
	uint32_t frac = (uint32_t)(p->ts_ns % 1000000000U);
	uint32_t caplen;
	uint8_t *r;

	if (!o->started && !out_pcap_start(set, o, iface->linktype, iface->ext,
	                       set->nano || iface->nano))
		return false;
	if (iface->linktype != o->linktype) {
		o->linktype2 =
		    o->fault == OUT_FINE ? iface->linktype : o->linktype2;
		out_fail(set, o, OUT_LINKTYPE, 0);
		return false;
	}
	caplen = p->caplen < o->limit ? p->caplen : o->limit;
	r = out_room(set, o, (size_t)REC_HEADER + caplen);
	if (r == NULL)
		return false;
	exo_put_le32(r, (uint32_t)sec);
	exo_put_le32(r + 4, o->nano ? frac : frac / 1000);
	exo_put_le32(r + 8, caplen);
	exo_put_le32(r + 12, p->wirelen);
	memcpy(r + REC_HEADER, p->data, caplen);
	if (iface->swapped)
		tr_turn_unfixed(iface->linktype, r + REC_HEADER, caplen);
	out_used(set, o, r, (size_t)REC_HEADER + caplen);
	o->cut += caplen != p->caplen ? 1 : 0;
	o->rounded += !o->nano && frac % 1000 != 0 ? 1 : 0;
	return true;
}
