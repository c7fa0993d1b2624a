/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/view.h"

#include "exo/lib/bytes.h"

#define ABSENT UINT64_MAX

/* How the extension headers of an IPv6 packet end. */
struct tail {
	uint64_t proto, frag; /* ABSENT: they do not */
	uint64_t at;  /* of the transport header; ABSENT: there is none */
	uint64_t end; /* of the bytes that were looked at */
};

static bool is_tpid(uint64_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

static bool is_ext(uint64_t nh)
{
	static const uint8_t ext[] = { 0, 43, 44, 51, 60, 135, 139, 140 };

	for (size_t i = 0; i < sizeof(ext); i++)
		if (nh == ext[i])
			return true;
	return false;
}

static uint64_t bytes(const struct sp_packet *p, uint64_t at, uint32_t n)
{
	uint64_t x = 0;

	if (!exo_range_ok(at, n, p->caplen))
		return ABSENT;
	for (uint32_t i = 0; i < n; i++)
		x = x * 256 + p->data[at + i];
	return x;
}

/* The extension headers from one on, when so many may follow. */
static struct tail tail_of(const struct sp_packet *p, uint64_t nh, uint64_t at,
    uint32_t more, uint64_t frag)
{
	struct tail none = { ABSENT, ABSENT, ABSENT, at };
	uint64_t next = bytes(p, at, 1), size = bytes(p, at + 1, 1), off;

	if (!is_ext(nh))
		return (struct tail){ nh, frag, at, at };
	if (more == 0)
		return none;
	if (nh == 44) {
		off = bytes(p, at + 2, 2);
		if (off == ABSENT)
			return none;
		if (off >= 8)
			return (struct tail){ next, 2, ABSENT, at + 4 };
		return tail_of(p, next, at + 8, more - 1, off & 1 ? 1 : frag);
	}
	if (size == ABSENT)
		return none;
	at += nh == 51 ? 4 * size + 8 : 8 * size + 8;
	return tail_of(p, next, at, more - 1, frag);
}

/* Where the bytes begin of a chain that is walked: none, or behind the network
 * header. */
static bool walks(const struct sp_view *v)
{
	return view_of(v, SP_TYPE) == 0x86dd && v->l3 != SP_NOWHERE &&
	       view_of(v, SP_IP6_NH) != ABSENT &&
	       view_of(v, SP_IP6_VTF) >> 28 == 6;
}

static struct tail tail(const struct sp_packet *p, const struct sp_view *v)
{
	struct tail t = { ABSENT, ABSENT, ABSENT, 0 };

	if (walks(v))
		t = tail_of(
		    p, view_of(v, SP_IP6_NH), v->l3 + 40u, SP_EXT_MAX, 0);
	if (t.end > p->caplen)
		t.end = p->caplen;
	return t;
}

/* Bytes of the link header; ABSENT: a type that is not known. */
static uint64_t link_size(uint32_t link)
{
	switch (link) {
	case 1:
		return 14;
	case 113:
		return 16;
	case 276:
		return 20;
	case 0:
	case 108:
		return 4;
	case 101:
	case 228:
	case 229:
		return 0;
	default:
		return ABSENT;
	}
}

/* Where the type of the link header is. */
static uint64_t type_at(uint32_t link)
{
	return link == 1 ? 12 : link == 113 ? 14 : link == 276 ? 0 : ABSENT;
}

/* The network header of a view is one of these. */
static uint64_t l3_of(const struct sp_view *v, uint64_t a, uint64_t b)
{
	uint64_t type = view_of(v, SP_TYPE);

	return v->l3 != SP_NOWHERE && (type == a || type == b) ? v->l3 : ABSENT;
}

static bool has_ports(uint64_t proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 ||
	       proto == 136;
}

/* Where the bytes of a header's fields count from; ABSENT: it is not there. */
static uint64_t base(
    const struct sp_packet *p, const struct sp_view *v, uint32_t header)
{
	bool whole = v->e4 != SP_NOWHERE && view_of(v, SP_FRAG) < 2;
	uint64_t proto = view_of(v, SP_PROTO);

	switch ((enum sp_header)header) {
	case SP_H_META:
	case SP_H_SEEN:
		return ABSENT;
	case SP_H_ETH:
		return p->link == 1 ? 0 : ABSENT;
	case SP_H_TYPED:
		return type_at(p->link);
	case SP_H_TAG0:
		return is_tpid(view_of(v, SP_TYPE0)) ? link_size(p->link)
		                                     : ABSENT;
	case SP_H_TAG1:
		return is_tpid(view_of(v, SP_TYPE1)) ? link_size(p->link) + 4
		                                     : ABSENT;
	case SP_H_AF:
		return p->link == 0 || p->link == 108 ? 0 : ABSENT;
	case SP_H_IP4:
		return l3_of(v, 0x0800, 0x0800);
	case SP_H_IP6:
		return l3_of(v, 0x86dd, 0x86dd);
	case SP_H_IP6X:
		return is_ext(view_of(v, SP_IP6_NH)) ? l3_of(v, 0x86dd, 0x86dd)
		                                     : ABSENT;
	case SP_H_ARP:
		return l3_of(v, 0x0806, 0x8035);
	case SP_H_L4:
		return v->l4 == SP_NOWHERE ? ABSENT : v->l4;
	case SP_H_PORTS:
		return whole && has_ports(proto) ? v->e4 : ABSENT;
	case SP_H_ICMP:
		return whole && (proto == 1 || proto == 58) ? v->e4 : ABSENT;
	case SP_H_TCP:
		return whole && proto == 6 ? v->e4 : ABSENT;
	}
	return ABSENT;
}

static uint64_t tags(const struct sp_view *v)
{
	uint64_t t0 = view_of(v, SP_TYPE0), t1 = view_of(v, SP_TYPE1);

	if (t0 == ABSENT || (is_tpid(t0) && t1 == ABSENT))
		return ABSENT;
	return !is_tpid(t0) ? 0 : is_tpid(t1) ? 2 : 1;
}

static uint64_t type_of_af(uint32_t link, uint64_t af)
{
	if (link == 0 && af != ABSENT)
		af = __builtin_bswap32((uint32_t)af);
	return af == 2                            ? 0x0800
	       : af == 24 || af == 28 || af == 30 ? 0x86dd
	                                          : ABSENT;
}

static uint64_t type(const struct sp_packet *p, const struct sp_view *v)
{
	uint64_t n = tags(v), first = bytes(p, 0, 1);

	switch (p->link) {
	case 0:
	case 108:
		return type_of_af(p->link, view_of(v, SP_AF));
	case 101:
		return first >> 4 == 4   ? 0x0800
		       : first >> 4 == 6 ? 0x86dd
		                         : ABSENT;
	case 228:
		return 0x0800;
	case 229:
		return 0x86dd;
	default:
		return n == 0   ? view_of(v, SP_TYPE0)
		       : n == 1 ? view_of(v, SP_TYPE1)
		       : n == 2 ? view_of(v, SP_TYPE2)
		                : ABSENT;
	}
}

static bool ip4_right(const struct sp_view *v)
{
	uint64_t vhl = view_of(v, SP_IP_VHL);

	return vhl >> 4 == 4 && (vhl & 15) >= 5;
}

static uint64_t frag(const struct sp_packet *p, const struct sp_view *v)
{
	uint64_t x = view_of(v, SP_IP_FRAG);

	if (view_of(v, SP_TYPE) != 0x0800)
		return tail(p, v).frag;
	if (!ip4_right(v) || x == ABSENT)
		return ABSENT;
	return x % 0x2000 != 0 ? 2 : x / 0x2000 % 2;
}

static uint64_t proto(const struct sp_packet *p, const struct sp_view *v)
{
	if (view_of(v, SP_TYPE) != 0x0800)
		return tail(p, v).proto;
	return ip4_right(v) ? view_of(v, SP_IP_PROTO) : ABSENT;
}

static uint64_t l3(const struct sp_packet *p, const struct sp_view *v)
{
	uint64_t n = tags(v), at = link_size(p->link);

	if (view_of(v, SP_TYPE) == ABSENT)
		return ABSENT;
	at += n == ABSENT ? 0 : 4 * n;
	return at <= p->caplen ? at : ABSENT;
}

static uint64_t l4(const struct sp_view *v)
{
	uint64_t vhl = view_of(v, SP_IP_VHL), nh = view_of(v, SP_IP6_NH);

	if (vhl != ABSENT)
		return v->l3 + vhl % 16 * 4;
	return nh != ABSENT && !is_ext(nh) ? v->l3 + 40u : ABSENT;
}

static uint64_t e4(const struct sp_packet *p, const struct sp_view *v)
{
	if (view_of(v, SP_PROTO) == ABSENT || view_of(v, SP_FRAG) == 2)
		return ABSENT;
	return view_of(v, SP_TYPE) == 0x0800 ? l4(v) : tail(p, v).at;
}

/* What a field that is no bytes must be. */
static uint64_t said(
    const struct sp_packet *p, const struct sp_view *v, enum sp_field f)
{
	switch (f) {
	case SP_LINK:
		return p->link;
	case SP_CAPLEN:
		return p->caplen;
	case SP_LEN:
		return p->len;
	case SP_TAGS:
		return tags(v);
	case SP_TYPE:
		return type(p, v);
	case SP_L4_LEFT:
		return v->l4 <= p->caplen ? p->caplen - v->l4 : ABSENT;
	case SP_FRAG:
		return frag(p, v);
	case SP_PROTO:
		return proto(p, v);
	default:
		return ABSENT;
	}
}

/* Whether a field must be there, and what it must be then. */
static bool expect(const struct sp_packet *p, const struct sp_view *v,
    enum sp_field f, uint64_t *x)
{
	const struct sp_field_row *r = &sp_field_row[f];
	uint64_t from = base(p, v, r->header);

	if (from == ABSENT) {
		*x = said(p, v, f);
		return *x != ABSENT;
	}
	*x = bytes(p, from + r->byte, r->bits / 8u);
	return exo_range_ok(from + r->byte, r->bits / 8u, p->caplen);
}

static bool place_is(uint32_t place, uint64_t x)
{
	return x == ABSENT ? place == SP_NOWHERE : place == x;
}

const char *view_sane(const struct sp_packet *p, const struct sp_view *v)
{
	for (uint32_t f = 0; f < SP_FIELDS; f++) {
		bool there = (v->has & SP_BIT(f)) != 0;
		uint64_t x;

		if (expect(p, v, (enum sp_field)f, &x) != there ||
		    (there && (v->v[f] != x || x > sp_max((enum sp_field)f))))
			return sp_field_row[f].name;
	}
	if (!place_is(v->l3, l3(p, v)))
		return "l3";
	if (!place_is(v->l4, l4(v)))
		return "l4";
	if (!place_is(v->e4, e4(p, v)))
		return "e4";
	return v->has >> (SP_FIELDS - 1) > 1 ? "has" : NULL;
}

uint32_t view_end(const struct sp_packet *p, const struct sp_view *v)
{
	uint64_t end = tail(p, v).end;

	if (p->link == SP_LINK_RAW && p->caplen > 0 && end == 0)
		end = 1;
	if (v->l3 != SP_NOWHERE && v->l3 > end)
		end = v->l3;
	for (uint32_t f = 0; f < SP_FIELDS; f++) {
		const struct sp_field_row *r = &sp_field_row[f];
		uint64_t from = base(p, v, r->header), to;

		to = from + r->byte + r->bits / 8u;
		if ((v->has & SP_BIT(f)) != 0 && from != ABSENT && to > end)
			end = to;
	}
	return (uint32_t)end;
}

const char *view_within(const struct sp_view *part, const struct sp_view *whole)
{
	for (uint32_t f = 0; f < SP_FIELDS; f++) {
		if (f == SP_CAPLEN || f == SP_L4_LEFT ||
		    (part->has & SP_BIT(f)) == 0)
			continue;
		if ((whole->has & SP_BIT(f)) == 0 || part->v[f] != whole->v[f])
			return sp_field_row[f].name;
	}
	if (part->l3 != SP_NOWHERE && part->l3 != whole->l3)
		return "l3";
	if (part->l4 != SP_NOWHERE && part->l4 != whole->l4)
		return "l4";
	return part->e4 != SP_NOWHERE && part->e4 != whole->e4 ? "e4" : NULL;
}
