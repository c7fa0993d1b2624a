/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exo/lib/bytes.h"
#include "tests/support/tshark.h"
#include "tests/support/view.h"

#define ABSENT TSHARK_ABSENT

/* Where the IP packet ends; 0 is what segmentation offload leaves. */
static uint64_t ip_end(const struct sp_view *v)
{
	uint64_t n = view_of(v, SP_IP_LEN), n6 = view_of(v, SP_IP6_LEN);

	if (n != ABSENT && n != 0)
		return v->l3 + n;
	return n6 != ABSENT && n6 != 0 ? v->l3 + 40 + n6 : ABSENT;
}

static uint64_t of(const struct tshark_differ *d, enum sp_field f)
{
	return view_of(d->v, f);
}

/* tshark has none. */
static bool lacks(const struct tshark_differ *d)
{
	return d->theirs == ABSENT;
}

static bool is_transport(const struct tshark_differ *d)
{
	return sp_field_row[d->field].header >= SP_H_PORTS;
}

/* What tshark reads of a transport header before it tells a field. */
static uint64_t wanted(const struct tshark_differ *d)
{
	switch (of(d, SP_PROTO)) {
	case 6:
		return d->v->e4 + (d->field == SP_TCP_FLAGS ? 16u : 4u);
	case 33:
	case 132:
		return d->v->e4 + 12u;
	case 17:
	case 136:
		return d->v->e4 + 4u;
	default:
		return d->v->e4 + 8u;
	}
}

static bool cut_transport(const struct tshark_differ *d)
{
	return lacks(d) && is_transport(d) && wanted(d) > d->p->caplen;
}

static bool past_ip(const struct tshark_differ *d)
{
	return lacks(d) && is_transport(d) && wanted(d) > ip_end(d->v);
}

/* A header length that leaves no room for the header. */
static bool small_tcp(const struct tshark_differ *d)
{
	return lacks(d) && d->field == SP_TCP_FLAGS &&
	       d->p->data[d->v->e4 + 12] >> 4 < 5;
}

static bool small_ip(const struct tshark_differ *d)
{
	uint64_t n = of(d, SP_IP_LEN);

	return lacks(d) && of(d, SP_TYPE) == 0x0800 && n != ABSENT && n != 0 &&
	       n < 4 * (of(d, SP_IP_VHL) & 15);
}

/* tshark wants all of an extension header; and it tells the next header of one
 * of which one byte was captured. */
static bool cut_ext(const struct tshark_differ *d)
{
	uint64_t end = d->v->e4, limit = d->p->caplen;

	if (of(d, SP_TYPE) != 0x86dd ||
	    (d->field != SP_PROTO && d->field != SP_FRAG))
		return false;
	limit = limit < ip_end(d->v) ? limit : ip_end(d->v);
	if (d->ours == ABSENT)
		return sp_is_ext(of(d, SP_IP6_NH)) &&
		       view_end(d->p, d->v) + 4 > d->p->caplen;
	return lacks(d) &&
	       (of(d, SP_FRAG) == 2 ? view_end(d->p, d->v) + 4 : end) > limit;
}

/* Hop-by-hop options without a length of the packet: a jumbogram, or nothing. */
static bool jumbo(const struct tshark_differ *d)
{
	return lacks(d) && of(d, SP_IP6_LEN) == 0 && of(d, SP_IP6_NH) == 0;
}

/* What is odd about a chain of extension headers. */
struct chain {
	uint32_t n; /* how many there are */
	bool last;  /* Mobility, HIP or Shim6 is one of them */
	bool forms; /* tshark knows the form of something in one of them */
};

/* Of padding and router alerts alone, in their place. */
static bool plain_options(const uint8_t *h, uint32_t size)
{
	uint32_t i = 2;
	bool plain = true;

	while (i < size) {
		plain = plain && (h[i] < 2 || h[i] == 5);
		i += h[i] == 0 ? 1 : i + 1 < size ? 2u + h[i + 1] : 2;
	}
	return plain && i == size;
}

static struct chain chain(const struct tshark_differ *d)
{
	struct chain c = { 0, false, false };
	uint32_t at = d->v->l3 + 40, size;
	uint64_t nh = of(d, SP_IP6_NH);

	while (sp_is_ext(nh) && exo_range_ok(at, 2, d->p->caplen)) {
		const uint8_t *h = d->p->data + at;

		size = nh == 44 ? 8 : nh == 51 ? 4u * h[1] + 8 : 8u * h[1] + 8;
		c.n++;
		c.last = c.last || nh >= 135;
		if (!exo_range_ok(at, size, d->p->caplen))
			break;
		c.forms = c.forms || (nh == 43 && h[2] + h[3] != 0) ||
		          ((nh == 0 || nh == 60) && !plain_options(h, size));
		nh = h[0];
		at += size;
	}
	return c;
}

/* An option, or a routing header of a type or with segments left. */
static bool bad_form(const struct tshark_differ *d)
{
	return lacks(d) && chain(d).forms;
}

static bool ends_chain(const struct tshark_differ *d)
{
	return lacks(d) && chain(d).last;
}

static bool long_chain(const struct tshark_differ *d)
{
	return d->ours == ABSENT && chain(d).n > SP_EXT_MAX;
}

/* Its EtherType is the one of the tag, which it does not tell. */
static bool silent_tag(const struct tshark_differ *d)
{
	uint64_t n = of(d, SP_TAGS);

	return lacks(d) && d->field == SP_TYPE && n != ABSENT && n > 0 &&
	       of(d, n == 1 ? SP_TYPE0 : SP_TYPE1) == 0x88a8;
}

static bool cut_tag(const struct tshark_differ *d)
{
	return d->field == SP_TAGS && d->ours == ABSENT && d->theirs <= 1 &&
	       sp_is_tpid(of(d, SP_TYPE0)) && of(d, SP_TYPE1) == ABSENT;
}

/* The parser knows two. */
static bool three_tags(const struct tshark_differ *d)
{
	return of(d, SP_TAGS) == 2 && sp_is_tpid(of(d, SP_TYPE2));
}

/* Frames inside frames. */
static bool isl(const struct tshark_differ *d)
{
	static const uint8_t to[2][5] = { { 1, 0, 0x0c, 0, 0 },
		{ 0x0c, 0, 0x0c, 0, 0 } };

	return d->p->link == SP_LINK_ETHERNET && d->p->caplen >= 14 &&
	       (memcmp(d->p->data, to[0], 5) == 0 ||
	           memcmp(d->p->data, to[1], 5) == 0);
}

/* Neither an EtherType nor, as tshark has it, a length. */
static bool no_type(const struct tshark_differ *d)
{
	uint64_t type = of(d, SP_TYPE0);

	return lacks(d) && type < 0x0600 &&
	       (d->p->link != SP_LINK_ETHERNET || type > 1500);
}

static bool cut_sll2(const struct tshark_differ *d)
{
	return lacks(d) && d->p->link == SP_LINK_SLL2 && d->p->caplen < 20;
}

/* tshark looks for PPP there, whose frames may begin with ten zeroes. */
static bool cut_raw(const struct tshark_differ *d)
{
	return lacks(d) && d->p->link == SP_LINK_RAW && d->p->caplen < 10;
}

/* The link type or address family names another version than the header, or
 * none of that was captured. */
static bool other_version(const struct tshark_differ *d)
{
	uint64_t type = of(d, SP_TYPE);
	uint64_t first = of(d, type == 0x0800 ? SP_IP_VHL : SP_IP6_VTF);

	if (type == 0x86dd && first != ABSENT)
		first >>= 24;
	return lacks(d) && d->field == SP_TYPE && of(d, SP_TYPE0) == ABSENT &&
	       first >> 4 != (type == 0x0800 ? 4 : 6);
}

/* Bytes of NULL that are 0 in a family: tshark takes them for an EtherType. */
static bool null_type(const struct tshark_differ *d)
{
	return d->ours == ABSENT && d->p->link == SP_LINK_NULL &&
	       of(d, SP_TYPE) == ABSENT && d->p->caplen >= 4 &&
	       exo_be16(d->p->data + 2) != 0;
}

static struct {
	const char *name;
	bool (*holds)(const struct tshark_differ *d);
	uint64_t used;
} licences[] = {
	{ "transport header that is cut", cut_transport, 0 },
	{ "behind the end of the IP packet", past_ip, 0 },
	{ "TCP header length below 20", small_tcp, 0 },
	{ "IPv4 length within the header", small_ip, 0 },
	{ "extension header that is cut", cut_ext, 0 },
	{ "hop-by-hop options, no length", jumbo, 0 },
	{ "option, routing of a form it refuses", bad_form, 0 },
	{ "nothing behind Mobility, HIP, Shim6", ends_chain, 0 },
	{ "more than 8 extension headers", long_chain, 0 },
	{ "type in 802.1ad is not told", silent_tag, 0 },
	{ "tag that is cut", cut_tag, 0 },
	{ "more than two tags", three_tags, 0 },
	{ "Cisco ISL", isl, 0 },
	{ "neither EtherType nor length", no_type, 0 },
	{ "SLL2 header that is cut", cut_sll2, 0 },
	{ "RAW of less than 10 bytes", cut_raw, 0 },
	{ "version is not the link type's", other_version, 0 },
	{ "NULL whose zeroes are none", null_type, 0 },
};
#define NLICENCES (sizeof(licences) / sizeof(licences[0]))

bool tshark_licensed(const struct tshark_differ *d)
{
	for (size_t i = 0; i < NLICENCES; i++) {
		if (!licences[i].holds(d))
			continue;
		licences[i].used++;
		return true;
	}
	return false;
}

void tshark_licences_show(void)
{
	for (size_t i = 0; i < NLICENCES; i++)
		printf("licensed: %-36s %" PRIu64 "\n", licences[i].name,
		    licences[i].used);
}
