/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain packets: which they are, and where their fields lie.
 *
 * A plain packet is one where every field has a constant place, or a constant
 * value, as sp_parse() sees it: Ethernet with no tag or one, or raw IP; IPv4 of
 * 20 bytes of header and no fragment, or IPv6 whose next header is no extension
 * header; TCP or UDP, captured up to the ports at least. What this file says of
 * them is tested against sp_parse(), bit for bit.
 */
#include "exo/core/index_int.h"

#define BIT(f)    SP_BIT(SP_##f)
#define PORTS_END 4u

struct class_row {
	uint8_t l3;
	bool six, tag, raw;
};

static const struct class_row row[IX_PLAIN] = {
	[IX_ETH4] = { 14, false, false, false },
	[IX_ETH6] = { 14, true, false, false },
	[IX_TAG4] = { 18, false, true, false },
	[IX_TAG6] = { 18, true, true, false },
	[IX_RAW4] = { 0, false, false, true },
	[IX_RAW6] = { 0, true, false, true },
};

#define HAS_ALL                                                               \
	(BIT(LINK) | BIT(CAPLEN) | BIT(LEN) | BIT(TYPE) | BIT(FRAG) |         \
	    BIT(PROTO) | BIT(SPORT) | BIT(DPORT) | BIT(L4_LEFT) | BIT(L4_0) | \
	    BIT(L4_2))
#define HAS_ETH (BIT(ETH_DST) | BIT(ETH_SRC) | BIT(TYPE0) | BIT(TAGS))
#define HAS_TAG (BIT(TCI0) | BIT(TYPE1))
#define HAS_IP4                                                                \
	(BIT(IP_VHL) | BIT(IP_TOS) | BIT(IP_LEN) | BIT(IP_ID) | BIT(IP_FRAG) | \
	    BIT(IP_TTL) | BIT(IP_PROTO) | BIT(IP_SUM) | BIT(IP_SRC) |          \
	    BIT(IP_DST))
#define HAS_IP6                                                      \
	(BIT(IP6_VTF) | BIT(IP6_LEN) | BIT(IP6_NH) | BIT(IP6_HLIM) | \
	    BIT(IP6_SRC) | BIT(IP6_SRC2) | BIT(IP6_DST) | BIT(IP6_DST2))

static const uint64_t least[IX_PLAIN] = {
	[IX_ETH4] = HAS_ALL | HAS_ETH | HAS_IP4,
	[IX_ETH6] = HAS_ALL | HAS_ETH | HAS_IP6,
	[IX_TAG4] = HAS_ALL | HAS_ETH | HAS_TAG | HAS_IP4,
	[IX_TAG6] = HAS_ALL | HAS_ETH | HAS_TAG | HAS_IP6,
	[IX_RAW4] = HAS_ALL | HAS_IP4,
	[IX_RAW6] = HAS_ALL | HAS_IP6,
};

/* Which transport protocols plain packets have. */
enum {
	NEITHER,
	UDP,
	TCP,
};
static const uint8_t transport[256] = { [6] = TCP, [17] = UDP };

/* What of the transport header was captured, by the bytes of it that were. A
 * table, since a branch would be anybody's guess. */
#define LEFT_MAX 20u
#define AT(n)                                                       \
	(((n) >= 8 ? BIT(L4_4) : 0) | ((n) >= 12 ? BIT(L4_8) : 0) | \
	    ((n) >= 16 ? BIT(L4_12) : 0) | ((n) >= 20 ? BIT(L4_16) : 0))
#define BY_LEFT(of)                                                            \
	{                                                                      \
		of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8), \
		    of(9), of(10), of(11), of(12), of(13), of(14), of(15),     \
		    of(16), of(17), of(18), of(19), of(20)                     \
	}
#define AT_TCP(n) (AT(n) | ((n) >= 14 ? BIT(TCP_FLAGS) : 0))
static const uint64_t more[3][32] = {
	[UDP] = BY_LEFT(AT),
	[TCP] = BY_LEFT(AT_TCP),
};

uint64_t ix_class_least(uint32_t cls)
{
	return least[cls];
}

uint64_t ix_class_most(uint32_t cls)
{
	return least[cls] | more[TCP][LEFT_MAX];
}

uint32_t ix_class_bytes(uint32_t cls)
{
	return row[cls].l3 + (row[cls].six ? 40u : 20u) + PORTS_END;
}

bool ix_class_fixed(uint32_t cls, uint32_t field, uint64_t *value)
{
	switch (field) {
	case SP_LINK:
		*value = row[cls].raw ? SP_LINK_RAW : SP_LINK_ETHERNET;
		return true;
	case SP_TAGS:
		*value = row[cls].tag;
		return true;
	case SP_TYPE0:
		if (row[cls].tag || row[cls].raw)
			return false;
		*value = row[cls].six ? 0x86dd : 0x0800;
		return true;
	case SP_TYPE:
		*value = row[cls].six ? 0x86dd : 0x0800;
		return true;
	case SP_FRAG:
		*value = 0;
		return true;
	default:
		return false;
	}
}

int32_t ix_class_off(uint32_t cls, uint32_t field)
{
	const struct sp_field_row *r = &sp_field_row[field];
	int32_t l3 = row[cls].l3, l4 = l3 + (row[cls].six ? 40 : 20);

	if ((ix_class_most(cls) & SP_BIT(field)) == 0)
		return -1;
	switch ((enum sp_header)r->header) {
	case SP_H_ETH:
		return r->byte;
	case SP_H_TYPED:
		return 12 + r->byte;
	case SP_H_TAG0:
		return 14 + r->byte;
	case SP_H_IP4:
	case SP_H_IP6:
		return l3 + r->byte;
	case SP_H_L4:
	case SP_H_PORTS:
	case SP_H_TCP:
		return l4 + r->byte;
	case SP_H_SEEN:
		return field == SP_PROTO ? l3 + (row[cls].six ? 6 : 9) : -1;
	default:
		return -1;
	}
}

uint64_t ix_class_value(uint32_t cls, const struct sp_packet *p, uint32_t field)
{
	int32_t off = ix_class_off(cls, field);
	uint64_t v = 0;

	if (ix_class_fixed(cls, field, &v))
		return v;
	if (field == SP_CAPLEN)
		return p->caplen;
	if (field == SP_LEN)
		return p->len;
	if (field == SP_L4_LEFT)
		return p->caplen - (ix_class_bytes(cls) - PORTS_END);
	for (uint32_t i = 0; off >= 0 && i < ix_bytes(field); i++)
		v = v << 8 | p->data[(uint32_t)off + i];
	return v;
}

/* A packet that is plain if it is TCP or UDP, whose header begins at l4. */
static inline uint32_t plain(const struct sp_packet *p, uint32_t l4,
    uint32_t proto, uint32_t cls, uint64_t *has)
{
	uint32_t left = p->caplen - l4, kind = transport[proto];

	left = left < LEFT_MAX ? left : LEFT_MAX;
	*has = least[cls] | more[kind][left];
	return kind != NEITHER ? cls : IX_PARSED;
}

static inline uint32_t four(
    const struct sp_packet *p, uint32_t l3, uint32_t cls, uint64_t *has)
{
	const uint8_t *ip = p->data + l3;

	if (p->caplen < l3 + 20 + PORTS_END || ip[0] != 0x45 ||
	    (exo_le16(ip + 6) & 0xff3f) != 0)
		return IX_PARSED;
	return plain(p, l3 + 20, ip[9], cls, has);
}

static inline uint32_t six(
    const struct sp_packet *p, uint32_t l3, uint32_t cls, uint64_t *has)
{
	const uint8_t *ip = p->data + l3;

	if (p->caplen < l3 + 40 + PORTS_END || ip[0] >> 4 != 6)
		return IX_PARSED;
	return plain(p, l3 + 40, ip[6], cls, has);
}

/* Not Ethernet without a tag. */
static uint32_t classify_rest(const struct sp_packet *p, uint64_t *has)
{
	uint32_t type;

	if (p->link == SP_LINK_RAW && p->caplen > 0)
		return p->data[0] >> 4 == 4 ? four(p, 0, IX_RAW4, has)
		                            : six(p, 0, IX_RAW6, has);
	if (p->link != SP_LINK_ETHERNET || p->caplen < 18 ||
	    !sp_is_tpid(exo_be16(p->data + 12)))
		return IX_PARSED;
	type = exo_be16(p->data + 16);
	if (type == 0x0800)
		return four(p, 18, IX_TAG4, has);
	return type == 0x86dd ? six(p, 18, IX_TAG6, has) : IX_PARSED;
}

/* The class of a packet that is not the most usual. */
static uint32_t classify(const struct sp_packet *p, uint64_t *has)
{
	uint32_t type = 0;

	if (p->link == SP_LINK_ETHERNET && p->caplen >= 14)
		type = exo_le16(p->data + 12);
	return type == 0xdd86 ? six(p, 14, IX_ETH6, has)
	                      : classify_rest(p, has);
}

/* Ethernet without a tag, IPv4 with a header of 20 bytes: 0800 and 45 are three
 * bytes in a row. */
static inline bool usual(const struct sp_packet *p)
{
	return p->link == SP_LINK_ETHERNET &&
	       p->caplen >= 14 + 20 + PORTS_END &&
	       (exo_le32(p->data + 12) & 0xffffff) == 0x450008 &&
	       (exo_le16(p->data + 20) & 0xff3f) == 0;
}

uint32_t ix_classify(const struct sp_packet *p, uint32_t n, uint8_t *cls,
    uint64_t *has, uint64_t *common)
{
	uint64_t all = UINT64_MAX, h = 0;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t c;

		if (usual(&p[i]))
			c = plain(&p[i], 34, p[i].data[23], IX_ETH4, &h);
		else
			c = classify(&p[i], &h);
		cls[i] = (uint8_t)c;
		has[i] = h;
		all &= c != IX_PARSED ? h : UINT64_MAX;
		seen |= 1u << c;
	}
	*common = all;
	return seen;
}
