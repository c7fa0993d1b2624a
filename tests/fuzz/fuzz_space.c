/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a packet of any link type, before the canonical parser.
 *
 * Input: a byte that chooses the link type, a byte by which the packet was
 * longer on the wire, the packet.
 *
 * What is said must be true by the rules of space.h (view_sane()), and must not
 * change with bytes behind those that it was made of, nor when they are cut
 * off; a packet cut anywhere has some of the fields. One more VLAN tag, or
 * another link header, leaves alone what is behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t links[] = { SP_LINK_ETHERNET, SP_LINK_SLL, SP_LINK_SLL2,
	SP_LINK_NULL, SP_LINK_LOOP, SP_LINK_RAW, SP_LINK_IPV4, SP_LINK_IPV6,
	105, SP_LINK_NULL | 0x10000 };

#define NLINKS (sizeof(links) / sizeof(links[0]))

static void must(const char *wrong, const char *what)
{
	if (wrong == NULL)
		return;
	fprintf(stderr, "fuzz_space: %s: %s\n", what, wrong);
	abort();
}

/* Parse bytes that begin with others, in an allocation of their size. */
static void parse(const struct sp_packet *like, const uint8_t *from, size_t n,
    struct sp_view *v)
{
	struct sp_packet p = *like;
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	if (copy == NULL)
		abort();
	memcpy(copy, from, n);
	p.data = copy;
	p.caplen = (uint32_t)n;
	sp_parse(&p, v);
	must(view_sane(&p, v), "not true");
	free(copy);
}

static void same(
    const struct sp_view *a, const struct sp_view *b, const char *what)
{
	must(view_within(a, b), what);
	must(view_within(b, a), what);
}

/* What is behind a cut, or could be. */
static void beyond(const struct sp_packet *p, const struct sp_view *whole)
{
	uint32_t end = view_end(p, whole);
	uint8_t *other = malloc(p->caplen + 1u);
	struct sp_view v;

	if (other == NULL)
		abort();
	memcpy(other, p->data, p->caplen);
	for (uint32_t i = end; i < p->caplen; i++)
		other[i] = (uint8_t)~other[i];
	parse(p, other, p->caplen, &v);
	same(&v, whole, "bytes that do not matter");
	if (view_of(&v, SP_L4_LEFT) != view_of(whole, SP_L4_LEFT))
		must("l4.left", "bytes that do not matter");
	parse(p, other, end, &v);
	same(&v, whole, "cut behind what matters");
	for (uint32_t n = end, i = 0; n > 0 && i < 64; i++) {
		parse(p, p->data, --n, &v);
		must(view_within(&v, whole), "cut");
	}
	free(other);
}

/* Fields of two views that must be equal, and places that are moved. */
static void alike(const struct sp_view *a, const struct sp_view *b,
    enum sp_field first, uint32_t moved, const char *what)
{
	for (uint32_t f = first; f < SP_FIELDS; f++) {
		uint64_t bit = SP_BIT(f);

		if ((a->has & bit) != (b->has & bit) ||
		    ((a->has & bit) != 0 && a->v[f] != b->v[f]))
			must(sp_field_row[f].name, what);
	}
	if (a->l3 + moved != b->l3)
		must("l3", what);
	if (a->l4 == SP_NOWHERE ? b->l4 != a->l4 : a->l4 + moved != b->l4)
		must("l4", what);
	if (a->e4 == SP_NOWHERE ? b->e4 != a->e4 : a->e4 + moved != b->e4)
		must("e4", what);
}

static void one_more_tag(const struct sp_packet *p, const struct sp_view *v)
{
	static const uint8_t tag[4] = { 0x81, 0, 0xe0, 0x64 };
	uint8_t *other;
	struct sp_view more;

	if (p->link != SP_LINK_ETHERNET || v->l3 == SP_NOWHERE ||
	    v->v[SP_TAGS] == 2 || sp_is_tpid(v->v[SP_TYPE]))
		return;
	other = malloc(p->caplen + sizeof(tag));
	if (other == NULL)
		abort();
	memcpy(other, p->data, 12);
	memcpy(other + 12, tag, sizeof(tag));
	memcpy(other + 16, p->data + 12, p->caplen - 12);
	parse(p, other, p->caplen + sizeof(tag), &more);
	if (more.v[SP_TAGS] != v->v[SP_TAGS] + 1)
		must("tags", "one more tag");
	alike(v, &more, SP_TYPE, sizeof(tag), "one more tag");
	free(other);
}

static void no_link_header(const struct sp_packet *p, const struct sp_view *v)
{
	struct sp_packet bare = *p;
	struct sp_view less;

	if (v->l3 == SP_NOWHERE ||
	    (v->v[SP_TYPE] != 0x0800 && v->v[SP_TYPE] != 0x86dd))
		return;
	bare.link = v->v[SP_TYPE] == 0x0800 ? SP_LINK_IPV4 : SP_LINK_IPV6;
	parse(&bare, p->data + v->l3, p->caplen - v->l3, &less);
	alike(&less, v, SP_TYPE, v->l3, "no link header");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_packet p;
	struct sp_view v;

	if (size < 2 || size > UINT16_MAX)
		return 0;
	p = (struct sp_packet){ .data = data + 2,
		.caplen = (uint32_t)size - 2,
		.len = (uint32_t)size - 2 + data[1],
		.link = links[data[0] % NLINKS] };
	memset(&v, 0x5a, sizeof(v));
	sp_parse(&p, &v);
	must(view_sane(&p, &v), "not true");
	beyond(&p, &v);
	one_more_tag(&p, &v);
	no_link_header(&p, &v);
	return 0;
}
