/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/spacegen.h"

#include <string.h>

struct page {
	struct spacegen *g;
	uint8_t *buf;
	uint32_t n;
};

uint64_t sg_word(struct spacegen *g)
{
	uint64_t z, x = 0;

	if (g->n > 0) {
		size_t k = g->n < 8 ? g->n : 8;

		memcpy(&x, g->p, k);
		g->p += k;
		g->n -= k;
		return x;
	}
	z = (g->seed += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t sg_below(struct spacegen *g, uint32_t n)
{
	if (g->n > 0) {
		g->n--;
		return *g->p++ % n;
	}
	return (uint32_t)(sg_word(g) >> 33) % n;
}

static void put(struct page *p, uint32_t bytes, uint64_t x)
{
	while (bytes-- > 0)
		if (p->n < SG_PACKET_MAX)
			p->buf[p->n++] = (uint8_t)(x >> 8 * bytes);
}

static void put_any(struct page *p, uint32_t bytes)
{
	while (bytes-- > 0)
		put(p, 1,
		    sg_below(p->g, 3) == 0 ? sg_below(p->g, 4) : sg_word(p->g));
}

static const uint8_t protos[] = { 6, 17, 1, 58, 132, 33, 136, 47, 59, 0, 44 };
static const uint8_t exts[] = { 60, 0, 43, 44, 51, 135, 139, 140 };

static uint64_t some_proto(struct spacegen *g)
{
	return protos[sg_below(g, sizeof(protos))];
}

static void put_ip4(struct page *p)
{
	uint32_t ihl = sg_below(p->g, 3) == 0 ? sg_below(p->g, 16) : 5;
	uint32_t version = sg_below(p->g, 8) == 0 ? sg_below(p->g, 16) : 4;
	static const uint16_t frag[] = { 0, 0x4000, 0x2000, 0x2001, 1, 0x8000,
		0x1fff };

	put(p, 1, version << 4 | ihl);
	put_any(p, 5);
	put(p, 2, frag[sg_below(p->g, 7)]);
	put_any(p, 1);
	put(p, 1, some_proto(p->g));
	put_any(p, 10);
	put_any(p, ihl > 5 ? 4 * (ihl - 5) : 0);
}

static void put_ext(struct page *p, uint64_t nh, uint64_t next)
{
	uint32_t units = sg_below(p->g, 8) == 0 ? sg_below(p->g, 6) : 0;
	static const uint16_t frag[] = { 0, 1, 8, 0xfff8, 9, 6 };

	put(p, 1, next);
	if (nh == 44) {
		put_any(p, 1);
		put(p, 2, frag[sg_below(p->g, 6)]);
		put_any(p, 4);
		return;
	}
	put(p, 1, units);
	put_any(p, nh == 51 ? 4 * units + 6 : 8 * units + 6);
}

static void put_ip6(struct page *p)
{
	uint32_t version = sg_below(p->g, 8) == 0 ? sg_below(p->g, 16) : 6;
	uint32_t n = sg_below(p->g, 3) != 0 ? sg_below(p->g, 11) : 0;
	uint64_t nh = n > 0 ? exts[sg_below(p->g, 8)] : some_proto(p->g), next;

	put(p, 4, version << 28 | (sg_word(p->g) & 0xfffffff));
	put_any(p, 2);
	put(p, 1, nh);
	put_any(p, 33);
	for (; n > 0; n--) {
		next = n > 1 ? exts[sg_below(p->g, 8)] : some_proto(p->g);
		put_ext(p, nh, next);
		nh = next;
	}
}

static void put_type(struct page *p, uint64_t *type)
{
	static const uint16_t types[] = { 0x0800, 0x86dd, 0x0800, 0x86dd,
		0x8100, 0x8100, 0x88a8, 0x9100, 0x0806, 0x8035, 0x88cc,
		0x0026 };

	*type = types[sg_below(p->g, 12)];
	put(p, 2, *type);
}

static uint64_t put_family(struct page *p, bool host)
{
	static const uint8_t families[] = { 2, 30, 24, 28, 2, 7 };
	uint32_t af = families[sg_below(p->g, 6)];

	put(p, 4, host ? __builtin_bswap32(af) : af);
	return af == 2 ? 0x0800 : af == 7 ? 0 : 0x86dd;
}

static uint64_t put_link(struct page *p, uint32_t link)
{
	uint64_t type = 0;

	switch (link) {
	case SP_LINK_NULL:
	case SP_LINK_LOOP:
		return put_family(p, link == SP_LINK_NULL);
	case SP_LINK_RAW:
		return sg_below(p->g, 2) == 0 ? 0x0800 : 0x86dd;
	case SP_LINK_IPV4:
		return 0x0800;
	case SP_LINK_IPV6:
		return 0x86dd;
	case SP_LINK_SLL2:
		put_type(p, &type);
		put_any(p, 18);
		break;
	case SP_LINK_ETHERNET:
	case SP_LINK_SLL:
		put_any(p, link == SP_LINK_SLL ? 14 : 12);
		put_type(p, &type);
		break;
	default:
		break;
	}
	while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
		put_any(p, 2);
		put_type(p, &type);
	}
	return type;
}

struct sp_packet sg_packet(struct spacegen *g, uint8_t *buf)
{
	static const uint16_t links[] = { 1, 1, 1, 113, 276, 0, 108, 101, 228,
		229, 105 };
	struct page p = { g, buf, 0 };
	uint32_t link = links[sg_below(g, 11)];
	uint64_t type = put_link(&p, link);

	if (type == 0x0800)
		put_ip4(&p);
	else if (type == 0x86dd)
		put_ip6(&p);
	put_any(&p, 28 + sg_below(g, 8));
	if (sg_below(g, 2) == 0)
		p.n = sg_below(g, 4) == 0 ? sg_below(g, p.n + 1)
		                          : p.n - sg_below(g, p.n + 1) / 4;
	return (struct sp_packet){ buf, p.n,
		sg_below(g, 2) == 0 ? p.n : (uint32_t)sg_word(g), link };
}

struct sp_atom sg_atom(
    struct spacegen *g, const struct sp_view *v, enum sp_field f)
{
	uint64_t x = v->v[f], mask = sg_word(g), max = sp_max(f), lo, hi;

	if ((v->has & SP_BIT(f)) == 0)
		return sp_absent(f);
	lo = x - (x == 0 ? 0 : sg_word(g) % x) / (1u << sg_below(g, 16));
	hi = x +
	     (x == max ? 0 : sg_word(g) % (max - x)) / (1u << sg_below(g, 16));
	switch (sg_below(g, 6)) {
	case 0:
		return sp_present(f);
	case 1:
		return sp_masked(f, mask & max, x & mask & max);
	case 2:
		mask &= sg_word(g) & max;
		return (struct sp_atom){ (uint8_t)f, false, mask, x & mask, lo,
			hi };
	case 3:
		return sp_between(f, lo, hi);
	default:
		return sp_is(f, x);
	}
}

uint32_t sg_atoms(struct spacegen *g, const struct sp_view *v,
    struct sp_atom *out, uint32_t max)
{
	uint32_t want = 1 + sg_below(g, max), n = 0, f = sg_below(g, SP_FIELDS);
	uint64_t done = 0;

	for (uint32_t tries = 4 * want; n < want && tries > 0; tries--) {
		f = sg_below(g, 2) == 0 ? sg_below(g, SP_FIELDS)
		                        : (f + sg_below(g, 4)) % SP_FIELDS;
		/* Most fields are not there: take few of those. */
		if ((done & SP_BIT(f)) != 0 ||
		    ((v->has & SP_BIT(f)) == 0 && sg_below(g, 3) != 0))
			continue;
		done |= SP_BIT(f);
		out[n++] = sg_atom(g, v, (enum sp_field)f);
	}
	return n;
}
