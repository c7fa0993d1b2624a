/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words in a region's text, tcpdump's above all, and what they mean.
 *
 * A word is a row; its function reads what may follow it and leaves a draft:
 * [ip|ip6|arp|rarp] [src|dst] host|net, [tcp|udp|sctp] [src|dst]
 * port|portrange, [ip|ip6] proto, and words that stand alone. Without src or
 * dst it is either.
 */
#include "exo/space/text_int.h"

#include "exo/space/space_int.h"

struct word {
	const char *name;
	int (*read)(
	    struct sp_reader *r, struct sp_draft *d, const struct word *w);
	uint16_t a, b; /* what the function wants to know */
};

enum id {
	ID_HOST,
	ID_NET,
	ID_PORT,
	ID_PORTRANGE,
	ID_PROTO,
};

/* What stood before host, port and the like. */
struct before {
	uint32_t type, proto; /* 0: any */
	bool src, dst;        /* neither: either of both */
	struct sp_token id;   /* that word */
};

#define ETHERTYPES 0x600u
#define VLAN_MAX   0xfffu
#define LOOKUP     16u /* steps that finding a word among all is worth */

void sp_draft_put(struct sp_draft *d, struct sp_atom a)
{
	d->a[d->n++] = a;
}

void sp_draft_end(struct sp_draft *d)
{
	d->end[d->cubes++] = d->n;
}

/* A conjunction of one more atom, and its end. */
static int one(struct sp_draft *d, struct sp_atom a)
{
	sp_draft_put(d, a);
	sp_draft_end(d);
	return 0;
}

/* One side of an IPv4 address, in the IP header or in ARP's. */
static void put_ip4(struct sp_draft *d, const struct before *b,
    const struct sp_address *a, bool src)
{
	bool arp = b->type == SP_TYPE_ARP || b->type == SP_TYPE_RARP;
	enum sp_field f = src ? SP_IP_SRC : SP_IP_DST;

	if (arp) {
		sp_draft_put(d, sp_is(SP_TYPE, b->type));
		f = src ? SP_ARP_SPA : SP_ARP_TPA;
	}
	sp_draft_put(d, sp_masked(f, sp_prefix_mask(32, a->bits), a->v[1]));
	sp_draft_end(d);
}

static void put_ip6(struct sp_draft *d, const struct sp_address *a, bool src)
{
	uint32_t upper = a->bits < 64 ? a->bits : 64, lower = a->bits - upper;

	sp_draft_put(d, sp_masked(src ? SP_IP6_SRC : SP_IP6_DST,
	                    sp_prefix_mask(64, upper), a->v[0]));
	if (lower > 0)
		sp_draft_put(d, sp_masked(src ? SP_IP6_SRC2 : SP_IP6_DST2,
		                    sp_prefix_mask(64, lower), a->v[1]));
	sp_draft_end(d);
}

static int read_host(struct sp_reader *r, struct sp_draft *d,
    const struct before *b, bool prefix)
{
	struct sp_token t = r->now;
	struct sp_address a;
	int rc;

	if (b->proto != 0)
		return sp_read_fail(r, SP_TEXT_TOGETHER, &b->id);
	rc = sp_read_address(r, prefix, &a);
	if (rc != 0)
		return rc;
	if (b->type != 0 && (a.width == 128) != (b->type == SP_TYPE_IP6))
		return sp_read_fail(r, SP_TEXT_FAMILY, &t);
	for (uint32_t side = 0; side < 2; side++) {
		if (side == 0 ? b->dst : b->src)
			continue;
		if (a.width == 128)
			put_ip6(d, &a, side == 0);
		else
			put_ip4(d, b, &a, side == 0);
	}
	return 0;
}

/* As in tcpdump: TCP, UDP and SCTP. */
static int read_port(
    struct sp_reader *r, struct sp_draft *d, const struct before *b, bool range)
{
	static const uint8_t protos[] = { 6, 17, 132 };
	uint64_t lo = 0, hi = 0;
	int rc;

	if (b->type != 0)
		return sp_read_fail(r, SP_TEXT_TOGETHER, &b->id);
	rc = range ? sp_read_range(r, sp_max(SP_SPORT), &lo, &hi)
	           : sp_read_number(r, sp_max(SP_SPORT), &lo);
	if (rc != 0)
		return rc;
	hi = range ? hi : lo;
	for (uint32_t i = 0; i < sizeof(protos); i++) {
		if (b->proto != 0 && b->proto != protos[i])
			continue;
		for (uint32_t side = 0; side < 2; side++) {
			if (side == 0 ? b->dst : b->src)
				continue;
			sp_draft_put(d, sp_is(SP_PROTO, protos[i]));
			(void)one(d, sp_between(side == 0 ? SP_SPORT : SP_DPORT,
			                 lo, hi));
		}
	}
	return 0;
}

static int read_proto(
    struct sp_reader *r, struct sp_draft *d, const struct before *b)
{
	uint64_t v = 0;
	int rc;

	if (b->proto != 0 || b->type == SP_TYPE_ARP ||
	    b->type == SP_TYPE_RARP || b->src || b->dst)
		return sp_read_fail(r, SP_TEXT_TOGETHER, &b->id);
	rc = sp_read_number(r, sp_max(SP_PROTO), &v);
	if (b->type != 0)
		sp_draft_put(d, sp_is(SP_TYPE, b->type));
	return rc != 0 ? rc : one(d, sp_is(SP_PROTO, v));
}

static int read_id_of(
    struct sp_reader *r, struct sp_draft *d, const struct before *b, enum id id)
{
	switch (id) {
	case ID_HOST:
	case ID_NET:
		return read_host(r, d, b, id == ID_NET);
	case ID_PORT:
	case ID_PORTRANGE:
		return read_port(r, d, b, id == ID_PORTRANGE);
	case ID_PROTO:
		break;
	}
	return read_proto(r, d, b);
}

static int read_id(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	struct before b = { .type = 0 };

	return read_id_of(r, d, &b, (enum id)w->a);
}

static const struct word *word_named(const struct sp_token *t);

/* Behind src or dst, of which *b knows. */
static int read_side(struct sp_reader *r, struct sp_draft *d, struct before *b)
{
	const struct word *w = word_named(&r->now);
	int rc;

	b->id = r->now;
	if (sp_token_is_value(&r->now))
		return read_host(r, d, b, false);
	if (w == NULL || w->read != read_id)
		return sp_read_fail(r, SP_TEXT_BEHIND, &r->now);
	rc = sp_read_next(r);
	return rc != 0 ? rc : read_id_of(r, d, b, (enum id)w->a);
}

static int read_dir(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	struct before b = { .src = w->a != 0, .dst = w->a == 0 };

	return read_side(r, d, &b);
}

/* A protocol that may stand before others' words: a is type or proto. */
static int read_protocol(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	const struct word *next = word_named(&r->now);
	struct before b = { .type = w->a, .proto = w->b, .id = r->now };
	int rc;

	if (next == NULL || (next->read != read_dir && next->read != read_id))
		return one(d,
		    w->a != 0 ? sp_is(SP_TYPE, w->a) : sp_is(SP_PROTO, w->b));
	rc = sp_read_next(r);
	if (rc != 0)
		return rc;
	if (next->read == read_id)
		return read_id_of(r, d, &b, (enum id)next->a);
	b.src = next->a != 0;
	b.dst = !b.src;
	return read_side(r, d, &b);
}

/* A protocol that stands alone: type a if not 0, and proto b. */
static int read_alone(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	(void)r;
	if (w->a != 0)
		sp_draft_put(d, sp_is(SP_TYPE, w->a));
	return one(d, sp_is(SP_PROTO, w->b));
}

/* AH is a protocol of IPv4 and an extension header of IPv6: the first or the
 * second of them. */
static int read_ah(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	(void)r;
	(void)one(d, sp_is(SP_IP6_NH, w->b));
	(void)one(d, sp_is(SP_IP6_XNH, w->b));
	return one(d, sp_is(SP_PROTO, w->b));
}

static int read_any(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	(void)r;
	if (w->a != 0)
		sp_draft_end(d);
	return 0;
}

static int read_fragment(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	(void)r;
	(void)w;
	return one(d, sp_between(SP_FRAG, SP_FRAG_FIRST, SP_FRAG_LATER));
}

static int read_vlan(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	uint64_t v = 0;
	int rc;

	(void)w;
	d->vlan = true;
	if (!sp_token_is_value(&r->now))
		return one(d, sp_present(SP_TCI0));
	rc = sp_read_number(r, VLAN_MAX, &v);
	return rc != 0 ? rc : one(d, sp_masked(SP_TCI0, VLAN_MAX, v));
}

/* proto or type, behind ether. */
static int read_ether_type(struct sp_reader *r, struct sp_draft *d)
{
	struct sp_token t;
	uint64_t v = 0;
	int rc = sp_read_next(r);

	t = r->now;
	if (rc == 0)
		rc = sp_read_number(r, sp_max(SP_TYPE), &v);
	if (rc == 0 && v < ETHERTYPES)
		return sp_read_fail(r, SP_TEXT_LLC, &t);
	if (rc == 0 && sp_is_tpid(v))
		return sp_read_fail(r, SP_TEXT_TPID, &t);
	return rc != 0 ? rc : one(d, sp_is(SP_TYPE, v));
}

static int read_ether(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	bool src = sp_token_is(&r->now, "src"), dst = false;
	uint64_t v = 0;
	int rc;

	(void)w;
	if (sp_token_is(&r->now, "proto") || sp_token_is(&r->now, "type"))
		return read_ether_type(r, d);
	dst = sp_token_is(&r->now, "dst");
	if (!src && !dst && !sp_token_is(&r->now, "host"))
		return sp_read_fail(r, SP_TEXT_ETHER, &r->now);
	rc = sp_read_next(r);
	if (rc == 0 && (src || dst) && sp_token_is(&r->now, "host"))
		rc = sp_read_next(r);
	if (rc == 0)
		rc = sp_read_mac(r, &v);
	if (rc != 0)
		return rc;
	if (!dst)
		(void)one(d, sp_is(SP_ETH_SRC, v));
	if (!src)
		(void)one(d, sp_is(SP_ETH_DST, v));
	return 0;
}

static int read_link(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	static const struct {
		const char *name;
		uint32_t link;
	} links[] = {
		{ "null", SP_LINK_NULL },
		{ "ethernet", SP_LINK_ETHERNET },
		{ "raw", SP_LINK_RAW },
		{ "loop", SP_LINK_LOOP },
		{ "sll", SP_LINK_SLL },
		{ "ipv4", SP_LINK_IPV4 },
		{ "ipv6", SP_LINK_IPV6 },
		{ "sll2", SP_LINK_SLL2 },
	};
	uint64_t v = 0;
	int rc;

	(void)w;
	for (uint32_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (!sp_token_is(&r->now, links[i].name))
			continue;
		(void)one(d, sp_is(SP_LINK, links[i].link));
		return sp_read_next(r);
	}
	if (!sp_token_is_value(&r->now))
		return sp_read_fail(r, SP_TEXT_LINK, &r->now);
	rc = sp_read_number(r, sp_max(SP_LINK), &v);
	return rc != 0 ? rc : one(d, sp_is(SP_LINK, v));
}

/* greater N: at least N bytes on the wire; less N: at most. */
static int read_length(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	uint64_t v = 0, max = sp_max(SP_LEN);
	int rc = sp_read_number(r, max, &v);

	if (rc != 0)
		return rc;
	return one(d,
	    w->a != 0 ? sp_between(SP_LEN, v, max) : sp_between(SP_LEN, 0, v));
}

static int read_field(
    struct sp_reader *r, struct sp_draft *d, const struct word *w)
{
	uint32_t f = sp_field_named(&r->now);

	if (f == SP_FIELDS)
		return sp_read_fail(r, SP_TEXT_FIELD, &r->now);
	(void)one(d, w->a != 0 ? sp_present((enum sp_field)f)
	                       : sp_absent((enum sp_field)f));
	return sp_read_next(r);
}

static const struct word words[] = {
	{ "any", read_any, 1, 0 },
	{ "none", read_any, 0, 0 },
	{ "ip", read_protocol, SP_TYPE_IP4, 0 },
	{ "ip6", read_protocol, SP_TYPE_IP6, 0 },
	{ "arp", read_protocol, SP_TYPE_ARP, 0 },
	{ "rarp", read_protocol, SP_TYPE_RARP, 0 },
	{ "tcp", read_protocol, 0, 6 },
	{ "udp", read_protocol, 0, 17 },
	{ "sctp", read_protocol, 0, 132 },
	{ "icmp", read_alone, SP_TYPE_IP4, 1 },
	{ "igmp", read_alone, SP_TYPE_IP4, 2 },
	{ "icmp6", read_alone, SP_TYPE_IP6, 58 },
	{ "esp", read_alone, 0, 50 },
	{ "ah", read_ah, 0, 51 },
	{ "src", read_dir, 1, 0 },
	{ "dst", read_dir, 0, 0 },
	{ "host", read_id, ID_HOST, 0 },
	{ "net", read_id, ID_NET, 0 },
	{ "port", read_id, ID_PORT, 0 },
	{ "portrange", read_id, ID_PORTRANGE, 0 },
	{ "proto", read_id, ID_PROTO, 0 },
	{ "fragment", read_fragment, 0, 0 },
	{ "vlan", read_vlan, 0, 0 },
	{ "ether", read_ether, 0, 0 },
	{ "link", read_link, 0, 0 },
	{ "greater", read_length, 1, 0 },
	{ "less", read_length, 0, 0 },
	{ "has", read_field, 1, 0 },
	{ "no", read_field, 0, 0 },
};

static const struct word *word_named(const struct sp_token *t)
{
	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (sp_token_is(t, words[i].name))
			return &words[i];
	return NULL;
}

int sp_read_word(struct sp_reader *r, struct sp_draft *d)
{
	struct sp_token t = r->now;
	uint32_t f = sp_field_named(&t);
	const struct word *w = word_named(&t);
	int rc;

	if (w == NULL && f == SP_FIELDS)
		return sp_read_fail(
		    r, sp_token_is_value(&t) ? SP_TEXT_BARE : SP_TEXT_WORD, &t);
	rc = sp_spend(r->w, LOOKUP);
	if (rc == 0)
		rc = sp_read_next(r);
	if (rc != 0)
		return rc;
	if (w == NULL || (f != SP_FIELDS && sp_at_compare(r)))
		return sp_read_atom(r, &t, (enum sp_field)f, d);
	return w->read(r, d, w);
}
