/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms of network headers, and of what is behind them.
 */
#include "exo/space/form.h"

#include "exo/space/space_int.h"

static bool nothing(uint64_t x)
{
	(void)x;
	return false;
}

static bool known_proto(uint64_t x)
{
	return sp_has_ports(x) || sp_is_icmp(x);
}

static bool known_proto6(uint64_t x)
{
	return known_proto(x) || sp_is_ext(x);
}

static bool wants(const struct sp_search *s, uint64_t fields)
{
	return s->whole || (s->asked & fields) != 0;
}

/* Take back what a form added to the one before. */
static void undo(struct sp_search *s, const struct sp_layout *was, uint32_t n)
{
	s->f = *was;
	s->n = n;
}

/* --- protocols --------------------------------------------------------------- */

static int one_proto(struct sp_search *s, uint64_t x)
{
	const struct sp_layout was = s->f;
	uint32_t n = s->n, e4 = s->f.e4;
	int rc;

	if (sp_has_ports(x))
		s->f.at[SP_H_PORTS] = e4;
	if (sp_is_icmp(x))
		s->f.at[SP_H_ICMP] = e4;
	if (x == 6)
		s->f.at[SP_H_TCP] = e4;
	s->f.proto = (uint32_t)x;
	sp_must_be(s, s->f.proto_at * 8, 8, x);
	rc = s->found(s);
	if (rc == 0)
		undo(s, &was, n);
	return rc;
}

int sp_forms_proto(
    struct sp_search *s, enum sp_field f, enum sp_field g, bool six)
{
	static const uint8_t usual[] = { 17, 6, 1, 58, 132, 33, 136 };
	struct sp_atom a;
	uint64_t x;
	int rc = 0;

	if (!sp_both(s, f, g, &a))
		return 0;
	if (!wants(s, SP_TRANSPORT))
		return sp_pick(&a, six ? sp_is_ext : nothing, &x)
		           ? one_proto(s, x)
		           : 0;
	for (uint32_t i = 0; rc == 0 && i < sizeof(usual); i++)
		if (sp_atom_has(&a, true, usual[i]))
			rc = one_proto(s, usual[i]);
	if (rc == 0 && sp_pick(&a, six ? known_proto6 : known_proto, &x))
		rc = one_proto(s, x);
	return rc;
}

/* --- IPv4 -------------------------------------------------------------------- */

/* Whole packets, first fragments, later ones. */
static int frags(struct sp_search *s)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n, bit = (s->f.l3 + 6) * 8;
	int rc = 0;

	if (!wants(s, SP_BIT(SP_FRAG) | SP_TRANSPORT))
		return s->found(s);
	for (uint32_t i = 0; rc == 0 && i < 3; i++) {
		s->f.frag = i;
		if (i == SP_FRAG_LATER) {
			sp_must_lie(s, bit + 3, 13, 1, 0x1fff);
			rc = s->found(s);
		} else {
			sp_must_have(s, bit, 16, 0x3fff,
			    i == SP_FRAG_FIRST ? 0x2000 : 0);
			rc = sp_forms_proto(s, SP_IP_PROTO, SP_PROTO, false);
		}
		if (rc == 0)
			undo(s, &was, n);
	}
	return rc;
}

/* Version 4 and a header length of 20 to 60 bytes. */
static int good4(struct sp_search *s)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n, l3 = s->f.l3;
	int rc = 0;

	for (uint32_t ihl = 5; rc == 0 && ihl < 16; ihl++) {
		s->f.at[SP_H_L4] = l3 + 4 * ihl;
		s->f.from[SP_H_L4] = l3 + 1;
		s->f.e4 = l3 + 4 * ihl;
		s->f.frag_from = l3 + 8;
		s->f.proto_at = l3 + 9;
		s->f.proto_from = l3 + 10;
		sp_must_be(s, l3 * 8, 8, 0x40 | ihl);
		rc = frags(s);
		if (rc == 0)
			undo(s, &was, n);
	}
	return rc;
}

/* Another version (0 to 3, or 5 to 15), or a header length below 20: there are
 * literal fields only. */
static int bad4(struct sp_search *s, uint32_t kind)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n, bit = s->f.l3 * 8;
	int rc = 0;

	for (uint32_t ihl = 0; rc == 0 && ihl < (kind == 2 ? 5 : 16); ihl++) {
		s->f.at[SP_H_L4] = s->f.l3 + 4 * ihl;
		s->f.from[SP_H_L4] = s->f.l3 + 1;
		if (kind == 2)
			sp_must_be(s, bit, 4, 4);
		else
			sp_must_lie(
			    s, bit, 4, kind == 0 ? 0 : 5, kind == 0 ? 3 : 15);
		sp_must_be(s, bit + 4, 4, ihl);
		rc = s->found(s);
		if (rc == 0)
			undo(s, &was, n);
	}
	return rc;
}

static int ip4(struct sp_search *s)
{
	int rc;

	s->f.at[SP_H_IP4] = s->f.l3;
	s->f.from[SP_H_IP4] = s->f.l3;
	if (!wants(s, SP_SEEN_FIELDS | SP_LITERAL4))
		return s->found(s);
	rc = good4(s);
	if (s->whole || (s->asked & ~s->gone & SP_SEEN_FIELDS) != 0)
		return rc;
	for (uint32_t kind = 0; rc == 0 && kind < 3; kind++)
		rc = bad4(s, kind);
	return rc;
}

/* --- IPv6 -------------------------------------------------------------------- */

/* Another version: 0 to 5, or 7 to 15. */
static int bad6(struct sp_search *s, bool above)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n, l3 = s->f.l3;
	struct sp_atom a;
	uint64_t x;
	int rc = 0;

	sp_both(s, SP_IP6_NH, SP_IP6_NH, &a);
	sp_must_lie(s, l3 * 8, 4, above ? 7 : 0, above ? 15 : 5);
	if (sp_pick(&a, sp_is_ext, &x)) {
		s->f.at[SP_H_L4] = l3 + 40;
		s->f.from[SP_H_L4] = l3 + 7;
		sp_must_be(s, (l3 + 6) * 8, 8, x);
		rc = s->found(s);
		s->f = rc == 0 ? was : s->f;
		s->n = rc == 0 ? n + 1 : s->n;
	}
	if (rc == 0 && sp_pick_ext(&a, &x)) {
		s->f.at[SP_H_IP6X] = l3;
		s->f.from[SP_H_IP6X] = l3 + 7;
		sp_must_be(s, (l3 + 6) * 8, 8, x);
		rc = s->found(s);
	}
	if (rc == 0)
		undo(s, &was, n);
	return rc;
}

static int ip6(struct sp_search *s)
{
	int rc;

	s->f.at[SP_H_IP6] = s->f.l3;
	s->f.from[SP_H_IP6] = s->f.l3;
	if (!wants(s, SP_SEEN_FIELDS | SP_LITERAL4 | SP_BIT(SP_IP6_XNH)))
		return s->found(s);
	rc = sp_forms_ext(s);
	if (s->whole || (s->asked & ~s->gone & SP_SEEN_FIELDS) != 0)
		return rc;
	for (uint32_t above = 0; rc == 0 && above < 2; above++)
		rc = bad6(s, above != 0);
	return rc;
}

int sp_forms_net(struct sp_search *s, uint32_t type)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n;
	int rc = 0;

	if (type == SP_TYPE_IP4) {
		if (!sp_needed(s, SP_IP6_FIELDS | SP_ARP_FIELDS))
			rc = ip4(s);
	} else if (type == SP_TYPE_IP6) {
		if (!sp_needed(s, SP_IP4_FIELDS | SP_ARP_FIELDS))
			rc = ip6(s);
	} else if (!sp_needed(s, SP_IP4_FIELDS | SP_IP6_FIELDS)) {
		s->f.at[SP_H_ARP] = s->f.l3;
		s->f.from[SP_H_ARP] = s->f.l3;
		rc = s->found(s);
	}
	if (rc == 0)
		undo(s, &was, n);
	return rc;
}
