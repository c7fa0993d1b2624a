/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The canonical parser: link header, tags, network header, transport header.
 *
 * Each step finds where the next header begins, if its bytes were captured;
 * take() then reads a header's fields by their rows, each that lies within
 * what was captured. There is one loop over input, that of extension headers,
 * and it is bounded.
 */
#include "exo/space/space.h"

#include "exo/lib/bytes.h"
#include "exo/space/space_int.h"

const struct sp_field_row sp_field_row[SP_FIELDS] = {
#define SP_FIELD(id, name, bits, header, byte, form) \
	[SP_##id] = { name, bits, SP_H_##header, byte, SP_F_##form },
#include "exo/space/fields.inc"
#undef SP_FIELD
};

/* The fields of each header are neighbours: first, and one past the last. */
static const uint8_t span[][2] = {
	[SP_H_ETH] = { SP_ETH_DST, SP_ETH_SRC + 1 },
	[SP_H_TYPED] = { SP_TYPE0, SP_TYPE0 + 1 },
	[SP_H_TAG0] = { SP_TCI0, SP_TYPE1 + 1 },
	[SP_H_TAG1] = { SP_TCI1, SP_TYPE2 + 1 },
	[SP_H_AF] = { SP_AF, SP_AF + 1 },
	[SP_H_IP4] = { SP_IP_VHL, SP_IP_DST + 1 },
	[SP_H_IP6] = { SP_IP6_VTF, SP_IP6_DST2 + 1 },
	[SP_H_IP6X] = { SP_IP6_XNH, SP_IP6_XNH + 1 },
	[SP_H_ARP] = { SP_ARP_HRD, SP_ARP_TPA + 1 },
	[SP_H_L4] = { SP_L4_0, SP_L4_16 + 1 },
	[SP_H_PORTS] = { SP_SPORT, SP_DPORT + 1 },
	[SP_H_ICMP] = { SP_ICMP_TYPE, SP_ICMP_CODE + 1 },
	[SP_H_TCP] = { SP_TCP_FLAGS, SP_TCP_FLAGS + 1 },
};

struct walk {
	const uint8_t *data;
	uint32_t caplen;
	struct sp_view *v;
};

static bool held(const struct walk *w, uint32_t at, uint32_t n)
{
	return exo_range_ok(at, n, w->caplen);
}

static void put(struct walk *w, enum sp_field f, uint64_t value)
{
	w->v->has |= SP_BIT(f);
	w->v->v[f] = value;
}

static bool has(const struct walk *w, enum sp_field f)
{
	return (w->v->has & SP_BIT(f)) != 0;
}

static uint64_t load(const uint8_t *p, uint32_t bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* Read the fields of a header that begins at a place. */
static void take(struct walk *w, enum sp_header h, uint32_t at)
{
	for (uint32_t f = span[h][0]; f < span[h][1]; f++) {
		const struct sp_field_row *r = &sp_field_row[f];

		if (held(w, at + r->byte, r->bits / 8u))
			put(w, (enum sp_field)f,
			    load(w->data + at + r->byte, r->bits / 8u));
	}
}

bool sp_is_tpid(uint64_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Hop-by-hop options, routing, fragment, authentication, destination options,
 * mobility, HIP, Shim6. [IANA, IPv6 Extension Header Types] */
bool sp_is_ext(uint64_t nh)
{
	return nh == 0 || nh == 43 || nh == 44 || nh == 51 || nh == 60 ||
	       nh == 135 || nh == 139 || nh == 140;
}

bool sp_has_ports(uint64_t proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 ||
	       proto == 136;
}

bool sp_is_icmp(uint64_t proto)
{
	return proto == 1 || proto == 58;
}

/* The type of the link header and up to two tags, which are not counted where
 * the capture ends before they do. What follows begins at the place returned. */
static uint32_t walk_type(struct walk *w, uint32_t type_at, uint32_t end)
{
	uint32_t tags = 0;

	take(w, SP_H_TYPED, type_at);
	if (!has(w, SP_TYPE0))
		return SP_NOWHERE;
	if (sp_is_tpid(w->v->v[SP_TYPE0])) {
		take(w, SP_H_TAG0, end);
		tags++;
	}
	if (has(w, SP_TYPE1) && sp_is_tpid(w->v->v[SP_TYPE1])) {
		take(w, SP_H_TAG1, end + 4);
		tags++;
	}
	if (tags != 1 || has(w, SP_TYPE1))
		put(w, SP_TAGS, tags);
	if (tags == 0)
		put(w, SP_TYPE, w->v->v[SP_TYPE0]);
	else if (tags == 1 && has(w, SP_TYPE1))
		put(w, SP_TYPE, w->v->v[SP_TYPE1]);
	else if (tags == 2 && has(w, SP_TYPE2))
		put(w, SP_TYPE, w->v->v[SP_TYPE2]);
	return end + 4 * tags;
}

/* Four bytes of an address family, as BSDs and macOS number it, in the order of
 * a little-endian host (NULL) or of the network (LOOP). */
static uint32_t walk_af(struct walk *w, bool host)
{
	uint32_t af;

	take(w, SP_H_AF, 0);
	if (!has(w, SP_AF))
		return SP_NOWHERE;
	af = (uint32_t)w->v->v[SP_AF];
	af = host ? __builtin_bswap32(af) : af;
	if (af == SP_AF_INET)
		put(w, SP_TYPE, SP_TYPE_IP4);
	else if (af == 24 || af == 28 || af == SP_AF_INET6)
		put(w, SP_TYPE, SP_TYPE_IP6);
	return 4;
}

static uint32_t walk_version(struct walk *w)
{
	if (!held(w, 0, 1))
		return SP_NOWHERE;
	if (w->data[0] >> 4 == 4)
		put(w, SP_TYPE, SP_TYPE_IP4);
	else if (w->data[0] >> 4 == 6)
		put(w, SP_TYPE, SP_TYPE_IP6);
	return 0;
}

/* Returns where the network header begins. */
static uint32_t walk_link(struct walk *w, uint32_t link)
{
	switch (link) {
	case SP_LINK_ETHERNET:
		take(w, SP_H_ETH, 0);
		return walk_type(w, 12, 14);
	case SP_LINK_SLL:
		return walk_type(w, 14, 16);
	case SP_LINK_SLL2:
		return walk_type(w, 0, 20);
	case SP_LINK_NULL:
		return walk_af(w, true);
	case SP_LINK_LOOP:
		return walk_af(w, false);
	case SP_LINK_RAW:
		return walk_version(w);
	case SP_LINK_IPV4:
		put(w, SP_TYPE, SP_TYPE_IP4);
		return 0;
	case SP_LINK_IPV6:
		put(w, SP_TYPE, SP_TYPE_IP6);
		return 0;
	default:
		return SP_NOWHERE;
	}
}

/* The transport header, which effective fields are read of. */
static void walk_transport(struct walk *w, uint32_t at)
{
	uint64_t proto = w->v->v[SP_PROTO];

	w->v->e4 = at;
	if (sp_has_ports(proto))
		take(w, SP_H_PORTS, at);
	if (sp_is_icmp(proto))
		take(w, SP_H_ICMP, at);
	if (proto == 6)
		take(w, SP_H_TCP, at);
}

static void walk_ip4(struct walk *w, uint32_t l3)
{
	uint64_t vhl, frag;

	take(w, SP_H_IP4, l3);
	if (!has(w, SP_IP_VHL))
		return;
	vhl = w->v->v[SP_IP_VHL];
	w->v->l4 = l3 + 4 * (uint32_t)(vhl & 15);
	if (vhl >> 4 != 4 || (vhl & 15) < 5)
		return;
	if (has(w, SP_IP_FRAG)) {
		frag = w->v->v[SP_IP_FRAG];
		put(w, SP_FRAG,
		    (frag & 0x1fff) != 0   ? SP_FRAG_LATER
		    : (frag & 0x2000) != 0 ? SP_FRAG_FIRST
		                           : SP_FRAG_WHOLE);
	}
	if (!has(w, SP_IP_PROTO))
		return;
	put(w, SP_PROTO, w->v->v[SP_IP_PROTO]);
	if (w->v->v[SP_FRAG] != SP_FRAG_LATER)
		walk_transport(w, w->v->l4);
}

uint32_t sp_ext_size(const uint8_t *p, uint64_t nh, uint64_t *next)
{
	*next = p[0];
	if (nh == 44)
		return 8;
	return nh == 51 ? (p[1] + 2u) * 4 : (p[1] + 1u) * 8;
}

/* Walk extension headers; without a proto, they do not end. */
static void walk_ext(struct walk *w, uint64_t nh, uint32_t at)
{
	uint64_t frag = SP_FRAG_WHOLE;
	uint32_t n;

	for (n = 0; n < SP_EXT_MAX && sp_is_ext(nh) && frag != SP_FRAG_LATER;
	     n++) {
		const uint8_t *p;

		if (!held(w, at, nh == 44 ? 4 : 2))
			return;
		p = w->data + at;
		if (nh == 44) {
			uint32_t off = exo_be16(p + 2);

			frag = off >> 3 != 0    ? SP_FRAG_LATER
			       : (off & 1) != 0 ? SP_FRAG_FIRST
			                        : frag;
		}
		at += sp_ext_size(p, nh, &nh);
	}
	if (sp_is_ext(nh) && frag != SP_FRAG_LATER)
		return;
	put(w, SP_FRAG, frag);
	put(w, SP_PROTO, nh);
	if (frag != SP_FRAG_LATER)
		walk_transport(w, at);
}

static void walk_ip6(struct walk *w, uint32_t l3)
{
	uint64_t nh;

	take(w, SP_H_IP6, l3);
	if (!has(w, SP_IP6_NH))
		return;
	nh = w->v->v[SP_IP6_NH];
	if (sp_is_ext(nh))
		take(w, SP_H_IP6X, l3);
	else
		w->v->l4 = l3 + 40;
	if (w->v->v[SP_IP6_VTF] >> 28 == 6)
		walk_ext(w, nh, l3 + 40);
}

static void walk_net(struct walk *w, uint32_t l3)
{
	uint64_t type = w->v->v[SP_TYPE];

	w->v->l3 = l3;
	if (type == SP_TYPE_IP4)
		walk_ip4(w, l3);
	else if (type == SP_TYPE_IP6)
		walk_ip6(w, l3);
	else if (type == SP_TYPE_ARP || type == SP_TYPE_RARP)
		take(w, SP_H_ARP, l3);
	if (w->v->l4 == SP_NOWHERE)
		return;
	take(w, SP_H_L4, w->v->l4);
	if (w->v->l4 <= w->caplen)
		put(w, SP_L4_LEFT, w->caplen - w->v->l4);
}

void sp_parse(const struct sp_packet *p, struct sp_view *out)
{
	struct walk w = { .data = p->data, .caplen = p->caplen, .v = out };
	uint32_t l3;

	out->has = 0;
	out->l3 = SP_NOWHERE;
	out->l4 = SP_NOWHERE;
	out->e4 = SP_NOWHERE;
	put(&w, SP_LINK, p->link);
	put(&w, SP_CAPLEN, p->caplen);
	put(&w, SP_LEN, p->len);
	l3 = walk_link(&w, p->link);
	if (has(&w, SP_TYPE) && l3 <= p->caplen)
		walk_net(&w, l3);
}

bool sp_fragment_id(
    const struct sp_packet *p, const struct sp_view *v, uint32_t *id)
{
	uint64_t nh = v->v[SP_IP6_NH];
	uint32_t at = v->l3 + 40, found = SP_NOWHERE;

	if ((v->has & SP_BIT(SP_FRAG)) == 0 || v->v[SP_FRAG] == SP_FRAG_WHOLE)
		return false;
	if (v->v[SP_TYPE] == SP_TYPE_IP4) {
		*id = (uint32_t)v->v[SP_IP_ID];
		return true;
	}
	for (uint32_t n = 0;
	     n < SP_EXT_MAX && sp_is_ext(nh) && exo_range_ok(at, 8, p->caplen);
	     n++) {
		found = nh == 44 ? at : found;
		at += sp_ext_size(p->data + at, nh, &nh);
		if (found != SP_NOWHERE &&
		    exo_be16(p->data + found + 2) >> 3 != 0)
			break;
	}
	if (found == SP_NOWHERE)
		return false;
	*id = exo_be32(p->data + found + 4);
	return true;
}
