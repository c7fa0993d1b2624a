/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All forms, link header first.
 *
 * Choices that the cube cannot see are not made: which protocol it is, if no
 * atom asks for a field behind it; where the transport header is, if no atom
 * asks for its fields. When a search wants whole packets all are made, and
 * those come first that are most like packets one sees.
 */
#include "exo/space/form.h"

#include "exo/lib/bug.h"
#include "exo/space/space_int.h"

/* --- the search ------------------------------------------------------------- */

static void no_headers(struct sp_layout *f)
{
	for (uint32_t h = 0; h < SP_HEADERS; h++)
		f->at[h] = SP_NOWHERE;
	f->type_at = SP_NOWHERE;
	f->type_from = SP_NOWHERE;
	f->tags_from = SP_NOWHERE;
	f->frag_from = SP_NOWHERE;
	f->proto_from = SP_NOWHERE;
	f->l3 = 0;
}

void sp_search_init(struct sp_search *s, struct sp_work *w,
    const struct sp_cube *c, sp_form_fn *found, void *ctx)
{
	*s = (struct sp_search){ .w = w, .c = c, .found = found, .ctx = ctx };
	no_headers(&s->f);
	for (uint32_t i = 0; i < c->n; i++) {
		s->asked |= SP_BIT(c->a[i].field);
		s->gone |= c->a[i].absent ? SP_BIT(c->a[i].field) : 0;
		s->nth[c->a[i].field] = (uint8_t)i;
	}
}

const struct sp_atom *sp_asked(const struct sp_search *s, enum sp_field f)
{
	return (s->asked & SP_BIT(f)) != 0 ? &s->c->a[s->nth[f]] : NULL;
}

bool sp_needed(const struct sp_search *s, uint64_t fields)
{
	return (s->asked & ~s->gone & fields) != 0;
}

static void must(
    struct sp_search *s, uint32_t bit, uint8_t bits, struct sp_atom a)
{
	exo_assert(s->n < SP_MUST_MAX);
	if (!sp_tidy(&a, UINT64_MAX >> (64 - bits)))
		exo_bug("a form that cannot be");
	s->must[s->n++] = (struct sp_span){ bit, bits, a };
}

void sp_must_be(struct sp_search *s, uint32_t bit, uint8_t bits, uint64_t x)
{
	must(s, bit, bits, sp_is(0, x));
}

void sp_must_have(struct sp_search *s, uint32_t bit, uint8_t bits,
    uint64_t mask, uint64_t value)
{
	must(s, bit, bits, sp_masked(0, mask, value));
}

void sp_must_lie(
    struct sp_search *s, uint32_t bit, uint8_t bits, uint64_t lo, uint64_t hi)
{
	must(s, bit, bits, sp_between(0, lo, hi));
}

bool sp_both(const struct sp_search *s, enum sp_field f, enum sp_field g,
    struct sp_atom *out)
{
	const struct sp_atom *a = sp_asked(s, f), *b = sp_asked(s, g);

	*out = sp_present(f);
	sp_tidy(out, sp_max(f));
	if (a != NULL && !a->absent)
		*out = *a;
	return b == NULL || b->absent || sp_atom_and(out, b, sp_max(f));
}

bool sp_next(const struct sp_atom *a, uint64_t *x)
{
	uint64_t fixed = a->mask, v = *x > a->lo ? *x : a->lo;

	if (!sp_least(fixed, a->value, v, &v) || v > a->hi)
		return false;
	*x = v;
	return true;
}

bool sp_pick(const struct sp_atom *a, bool (*in)(uint64_t), uint64_t *x)
{
	for (*x = 0; sp_next(a, x); ++*x) {
		if (!in(*x))
			return true;
		if (*x == UINT64_MAX)
			return false;
	}
	return false;
}

/* --- links ------------------------------------------------------------------ */

static bool is_net(uint64_t type)
{
	return type == SP_TYPE_IP4 || type == SP_TYPE_IP6 ||
	       type == SP_TYPE_ARP || type == SP_TYPE_RARP;
}

static bool is_net_or_tpid(uint64_t type)
{
	return is_net(type) || sp_is_tpid(type);
}

static bool is_link(uint64_t link)
{
	return link == SP_LINK_NULL || link == SP_LINK_ETHERNET ||
	       link == SP_LINK_RAW || link == SP_LINK_LOOP ||
	       link == SP_LINK_SLL || link == SP_LINK_IPV4 ||
	       link == SP_LINK_IPV6 || link == SP_LINK_SLL2;
}

/* A network header, whose type is one of those or none of them. */
static int nets(struct sp_search *s, enum sp_field type, bool last)
{
	static const uint16_t net[] = { SP_TYPE_IP4, SP_TYPE_IP6, SP_TYPE_ARP,
		SP_TYPE_RARP };
	const uint32_t n = s->n, bit = s->f.type_at * 8;
	struct sp_atom a;
	uint64_t x;
	int rc = 0;

	if (!sp_both(s, SP_TYPE, type, &a))
		return 0;
	for (uint32_t i = 0; i < 4 && rc == 0; i++) {
		if (!sp_atom_has(&a, true, net[i]))
			continue;
		sp_must_be(s, bit, 16, net[i]);
		rc = sp_forms_net(s, net[i]);
		s->n = rc == 0 ? n : s->n;
	}
	if (rc != 0 || !sp_pick(&a, last ? is_net : is_net_or_tpid, &x))
		return rc;
	sp_must_be(s, bit, 16, x);
	return s->found(s);
}

/* A field is a TPID. False: it cannot be. */
static bool tagged(struct sp_search *s, enum sp_field f, uint32_t byte)
{
	static const uint16_t tpid[] = { 0x8100, 0x88a8, 0x9100 };
	struct sp_atom a;

	sp_both(s, f, f, &a);
	for (uint32_t i = 0; i < 3; i++) {
		if (sp_atom_has(&a, true, tpid[i])) {
			sp_must_be(s, byte * 8, 16, tpid[i]);
			return true;
		}
	}
	return false;
}

/* Packets of so many tags. */
static int tags(struct sp_search *s, uint32_t n, uint32_t end)
{
	static const uint8_t type[] = { SP_TYPE0, SP_TYPE1, SP_TYPE2 };
	const uint32_t first = s->f.at[SP_H_TYPED];

	if (n < 2 && sp_needed(s, SP_FIRST_TO(type[n] + 1u, SP_TYPE2)))
		return 0;
	s->f.tags = n;
	s->f.tags_from = n == 0 ? first + 2 : end + 4;
	s->f.type_at = n == 0 ? first : end + 4 * n - 2;
	s->f.type_from = s->f.type_at + 2;
	s->f.l3 = end + 4 * n;
	if (n > 0) {
		if (!tagged(s, SP_TYPE0, first))
			return 0;
		s->f.at[SP_H_TAG0] = end;
	}
	if (n > 1) {
		if (!tagged(s, SP_TYPE1, end + 2))
			return 0;
		s->f.at[SP_H_TAG1] = end + 4;
	}
	return nets(s, (enum sp_field)type[n], n == 2);
}

/* A link header with a type. */
static int typed(struct sp_search *s, uint32_t at, uint32_t end)
{
	struct sp_layout was;
	int rc = 0;

	s->f.at[SP_H_TYPED] = at;
	was = s->f;
	for (uint32_t n = 0; rc == 0 && n < 3; n++) {
		rc = tags(s, n, end);
		if (rc == 0) {
			s->f = was;
			s->n = 0;
		}
	}
	return rc;
}

static bool is_family(uint64_t af)
{
	return af == SP_AF_INET || af == 24 || af == 28 || af == SP_AF_INET6;
}

static bool is_family_swapped(uint64_t af)
{
	return is_family(__builtin_bswap32((uint32_t)af));
}

/* A link header that is an address family. */
static int family(struct sp_search *s, bool host)
{
	static const uint32_t family[] = { SP_AF_INET, SP_AF_INET6, 24, 28 };
	struct sp_atom a;
	uint64_t x;
	int rc = 0;

	s->f.at[SP_H_AF] = 0;
	s->f.l3 = 4;
	sp_both(s, SP_AF, SP_AF, &a);
	for (uint32_t i = 0; i < 4 && rc == 0; i++) {
		x = host ? __builtin_bswap32(family[i]) : family[i];
		if (!sp_atom_has(&a, true, x))
			continue;
		sp_must_be(s, 0, 32, x);
		s->f.type_from = 4;
		s->f.type = i == 0 ? SP_TYPE_IP4 : SP_TYPE_IP6;
		rc = sp_forms_net(s, s->f.type);
		s->n = rc == 0 ? 0 : s->n;
	}
	if (rc != 0 || !sp_pick(&a, host ? is_family_swapped : is_family, &x))
		return rc;
	s->f.type_from = SP_NOWHERE;
	sp_must_be(s, 0, 32, x);
	return s->found(s);
}

/* No link header, but a version that says the type. */
static int version(struct sp_search *s)
{
	int rc = 0;

	for (uint32_t v = 4; rc == 0 && v <= 6; v += 2) {
		sp_must_be(s, 0, 4, v);
		s->f.type_from = 1;
		s->f.type = v == 4 ? SP_TYPE_IP4 : SP_TYPE_IP6;
		rc = sp_forms_net(s, s->f.type);
		s->n = rc == 0 ? 0 : s->n;
	}
	if (rc != 0)
		return rc;
	s->f.type_from = SP_NOWHERE;
	return s->found(s);
}

static int only(struct sp_search *s, uint32_t type)
{
	s->f.type_from = 0;
	s->f.type = type;
	return sp_forms_net(s, type);
}

static int link_header(struct sp_search *s)
{
	switch (s->f.link) {
	case SP_LINK_ETHERNET:
		s->f.at[SP_H_ETH] = 0;
		return typed(s, 12, 14);
	case SP_LINK_SLL:
		return typed(s, 14, 16);
	case SP_LINK_SLL2:
		return typed(s, 0, 20);
	case SP_LINK_NULL:
		return family(s, true);
	case SP_LINK_LOOP:
		return family(s, false);
	case SP_LINK_RAW:
		return version(s);
	case SP_LINK_IPV4:
		return only(s, SP_TYPE_IP4);
	case SP_LINK_IPV6:
		return only(s, SP_TYPE_IP6);
	default:
		return s->found(s);
	}
}

#define ETH_FIELDS  (SP_FIRST_TO(SP_ETH_DST, SP_ETH_SRC))
#define TYPE_FIELDS (SP_FIRST_TO(SP_TYPE0, SP_TYPE2) | SP_BIT(SP_TAGS))
#define NO_TYPE     (ETH_FIELDS | TYPE_FIELDS | SP_ARP_FIELDS)

/* Fields that packets of a link type never have. */
static uint64_t never(uint32_t link)
{
	switch (link) {
	case SP_LINK_ETHERNET:
		return SP_BIT(SP_AF);
	case SP_LINK_SLL:
	case SP_LINK_SLL2:
		return SP_BIT(SP_AF) | ETH_FIELDS;
	case SP_LINK_RAW:
		return SP_BIT(SP_AF) | NO_TYPE;
	case SP_LINK_IPV4:
		return SP_BIT(SP_AF) | NO_TYPE | SP_IP6_FIELDS;
	case SP_LINK_IPV6:
		return SP_BIT(SP_AF) | NO_TYPE | SP_IP4_FIELDS;
	default: /* NULL, LOOP */
		return NO_TYPE;
	}
}

int sp_forms(struct sp_search *s)
{
	static const uint16_t link[] = { SP_LINK_ETHERNET, SP_LINK_RAW,
		SP_LINK_IPV4, SP_LINK_IPV6, SP_LINK_SLL, SP_LINK_SLL2,
		SP_LINK_LOOP, SP_LINK_NULL };
	struct sp_atom a;
	uint64_t x;
	int rc = 0;

	sp_both(s, SP_LINK, SP_LINK, &a);
	for (uint32_t i = 0; i < 8 && rc == 0; i++) {
		if (!sp_atom_has(&a, true, link[i]) ||
		    sp_needed(s, never(link[i])))
			continue;
		s->f.link = link[i];
		rc = link_header(s);
		if (rc == 0) {
			no_headers(&s->f);
			s->n = 0;
		}
	}
	if (rc != 0 || !sp_pick(&a, is_link, &x))
		return rc;
	s->f.link = (uint32_t)x;
	return s->found(s);
}
