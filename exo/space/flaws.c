/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong with a packet.
 */
#include "exo/lib/bytes.h"
#include "exo/space/space_int.h"
#include "exo/space/witness_int.h"

uint32_t sp_least_header(uint64_t proto)
{
	switch (proto) {
	case 6:
		return 20;
	case 33:
	case 132:
		return 12;
	case 1:
	case 17:
	case 58:
	case 136:
		return 8;
	default:
		return 0;
	}
}

static bool there(const struct sp_view *v, enum sp_field f)
{
	return (v->has & SP_BIT(f)) != 0;
}

/* The transport header, and what says how long it all is. */
static uint32_t transport_flaws(
    const struct sp_packet *p, const struct sp_view *v)
{
	uint64_t end = sp_end(v), proto = v->v[SP_PROTO], bytes;
	uint32_t flaws = 0, size;

	if (v->e4 > end)
		return SP_FLAW_LENGTH;
	bytes = end - v->e4;
	if (bytes < sp_least_header(proto))
		return SP_FLAW_SHORT;
	if (v->v[SP_FRAG] == SP_FRAG_FIRST && bytes % 8 != 0)
		flaws |= SP_FLAW_LENGTH;
	if (proto == 6 || proto == 33) {
		size = proto == 6 ? 4u * (p->data[v->e4 + 12] >> 4)
		                  : 4u * p->data[v->e4 + 4];
		if (size < sp_least_header(proto) || size > bytes)
			flaws |= SP_FLAW_HEADER;
	}
	if (proto == 17 && v->v[SP_FRAG] == SP_FRAG_WHOLE &&
	    exo_be16(p->data + v->e4 + 4) != bytes)
		flaws |= SP_FLAW_LENGTH;
	return flaws;
}

static uint32_t ip_flaws(
    const struct sp_packet *p, const struct sp_view *v, uint32_t header)
{
	uint64_t end = sp_end(v);
	struct sp_sum sum[2];
	uint32_t flaws = 0, n, x;

	if (end < (uint64_t)v->l3 + header)
		return SP_FLAW_LENGTH;
	if (end > p->caplen)
		return SP_FLAW_LENGTH;
	if (v->e4 != SP_NOWHERE)
		flaws |= transport_flaws(p, v);
	n = sp_sums(p, v, sum);
	for (uint32_t i = 0; i < n; i++) {
		x = sum[i].bytes == 2 ? exo_be16(p->data + sum[i].at)
		                      : exo_be32(p->data + sum[i].at);
		if (x != sum[i].right && !(x == 0 && sum[i].optional))
			flaws |= SP_FLAW_CHECKSUM;
	}
	return flaws;
}

static uint32_t ip4_flaws(const struct sp_packet *p, const struct sp_view *v)
{
	uint32_t flaws = 0, more, bytes;

	if (!there(v, SP_IP_DST))
		return SP_FLAW_SHORT;
	if (v->v[SP_IP_VHL] >> 4 != 4)
		flaws |= SP_FLAW_VERSION;
	if ((v->v[SP_IP_VHL] & 15) < 5)
		flaws |= SP_FLAW_HEADER;
	if (flaws != 0)
		return flaws;
	if (v->l4 > p->caplen)
		return SP_FLAW_SHORT;
	bytes = (uint32_t)v->v[SP_IP_LEN] - (v->l4 - v->l3);
	more = (uint32_t)v->v[SP_IP_FRAG];
	if (v->v[SP_FRAG] == SP_FRAG_LATER &&
	    (((more & 0x2000) != 0 && bytes % 8 != 0) || bytes == 0 ||
	        (more & 0x1fff) * 8 + bytes > UINT16_MAX))
		flaws |= SP_FLAW_LENGTH;
	return flaws | ip_flaws(p, v, v->l4 - v->l3);
}

/* There is no protocol: headers end nowhere, or the packet does. */
static uint32_t chain_flaws(const struct sp_packet *p, uint32_t at)
{
	uint64_t nh = p->data[at - 34];

	for (uint32_t i = 0; i < SP_EXT_MAX; i++) {
		if (!exo_range_ok(at, nh == 44 ? 4 : 2, p->caplen))
			return SP_FLAW_SHORT;
		at += sp_ext_size(p->data + at, nh, &nh);
	}
	return SP_FLAW_EXT;
}

static uint32_t ip6_flaws(const struct sp_packet *p, const struct sp_view *v)
{
	if (!there(v, SP_IP6_DST2))
		return SP_FLAW_SHORT;
	if (v->v[SP_IP6_VTF] >> 28 != 6)
		return SP_FLAW_VERSION;
	if (!there(v, SP_PROTO))
		return chain_flaws(p, v->l3 + 40);
	return ip_flaws(p, v, 40);
}

static uint32_t arp_flaws(const struct sp_view *v)
{
	if (!there(v, SP_ARP_TPA))
		return SP_FLAW_SHORT;
	if ((v->v[SP_ARP_HRD] == 1 && v->v[SP_ARP_HLN] != 6) ||
	    (v->v[SP_ARP_PRO] == SP_TYPE_IP4 && v->v[SP_ARP_PLN] != 4))
		return SP_FLAW_HEADER;
	return 0;
}

/* Whether a link header should have told a type, and was too short. */
static bool untyped(const struct sp_view *v, uint64_t link)
{
	if (there(v, SP_TYPE))
		return false;
	switch (link) {
	case SP_LINK_ETHERNET:
	case SP_LINK_SLL:
	case SP_LINK_SLL2:
		return true;
	case SP_LINK_NULL:
	case SP_LINK_LOOP:
		return !there(v, SP_AF);
	case SP_LINK_RAW:
		return v->v[SP_CAPLEN] == 0;
	default:
		return false;
	}
}

uint32_t sp_flaws(const struct sp_packet *p)
{
	struct sp_view v;
	uint32_t flaws;
	uint64_t type;

	sp_parse(p, &v);
	flaws = p->caplen != p->len ? SP_FLAW_CUT : 0;
	if (untyped(&v, p->link))
		return flaws | SP_FLAW_SHORT;
	if (!there(&v, SP_TYPE))
		return flaws;
	if (v.l3 == SP_NOWHERE)
		return flaws | SP_FLAW_SHORT;
	type = v.v[SP_TYPE];
	if (type == SP_TYPE_IP4)
		return flaws | ip4_flaws(p, &v);
	if (type == SP_TYPE_IP6)
		return flaws | ip6_flaws(p, &v);
	if (type == SP_TYPE_ARP || type == SP_TYPE_RARP)
		return flaws | arp_flaws(&v);
	if (p->link == SP_LINK_ETHERNET && type < 0x600 &&
	    (type > 1500 || type > p->caplen - v.l3))
		flaws |= SP_FLAW_LENGTH;
	return flaws;
}
