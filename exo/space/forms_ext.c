/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms of IPv6 extension headers.
 *
 * Of a chain of k headers a cube sees: the first two kinds (ip6.nh, ip6.xnh),
 * the protocol, whether a fragment header says first or later, and how many
 * captured bytes it takes to see the protocol and what is behind. Kinds beyond
 * the second are free, so that three headers can say all that more can; more
 * are needed only to put the transport header far away. A chain that does not
 * end shows no protocol however much was captured, and stands for all that are
 * cut within.
 *
 * How far the transport header can be: each kind but two has 8 to 2048 bytes in
 * steps of 8; a fragment header has 8; an authentication header has 8 to 1028
 * in steps of 4, so that one of those reaches the multiples of 4.
 */
#include "exo/space/form.h"

#include "exo/space/space_int.h"

#define FRAGMENT 44u
#define AUTH     51u
#define NO_SLOT  99u

/* From the beginning of the transport header to the end of its last field. */
#define TRANSPORT_BYTES 14u

struct chain {
	uint32_t k;    /* headers */
	uint32_t frag; /* as the field */
	uint8_t kind[SP_EXT_MAX];
	uint32_t size[SP_EXT_MAX];
};

bool sp_pick_ext(const struct sp_atom *a, uint64_t *x)
{
	static const uint8_t ext[] = { 60, 0, 43, 135, 139, 140, AUTH,
		FRAGMENT };

	for (uint32_t i = 0; i < sizeof(ext); i++) {
		*x = ext[i];
		if (sp_atom_has(a, true, *x))
			return true;
	}
	return false;
}

/* What a slot's kind may be. */
static void allowed(
    const struct sp_search *s, uint32_t slot, struct sp_atom *out)
{
	enum sp_field f = slot == 0 ? SP_IP6_NH : SP_IP6_XNH;

	if (slot < 2) {
		sp_both(s, f, f, out);
		return;
	}
	*out = sp_present(f);
	sp_tidy(out, sp_max(f));
}

/* Choose kinds, one or two of them given. False: it cannot be. */
static bool choose(const struct sp_search *s, struct chain *c,
    uint32_t fragment, uint32_t auth)
{
	struct sp_atom a;
	uint64_t x;

	for (uint32_t i = 0; i < c->k; i++) {
		allowed(s, i, &a);
		x = i == fragment ? FRAGMENT : AUTH;
		if (i == fragment || i == auth ? !sp_atom_has(&a, true, x)
		                               : !sp_pick_ext(&a, &x))
			return false;
		c->kind[i] = (uint8_t)x;
	}
	return true;
}

static uint32_t largest(uint32_t kind, bool odd)
{
	return kind == FRAGMENT ? 8 : kind != AUTH ? 2048 : odd ? 1028 : 1024;
}

/* Let the headers have so many bytes, the last as many of them as it can.
 * False: they cannot. */
static bool stretch(struct chain *c, uint32_t bytes)
{
	bool odd = bytes % 8 != 0;
	uint32_t left = bytes - 8 * c->k, more;

	for (uint32_t i = 0; i < c->k; i++) {
		c->size[i] = 8;
		if (odd && c->kind[i] == AUTH) {
			c->size[i] = 12;
			left -= 4;
			odd = false;
		}
	}
	for (uint32_t i = c->k; i-- > 0;) {
		more = largest(c->kind[i], c->size[i] == 12) - c->size[i];
		more = more < left ? more : left;
		c->size[i] += more;
		left -= more;
	}
	return left == 0 && !odd;
}

static void must_header(
    struct sp_search *s, const struct chain *c, uint32_t i, uint32_t at)
{
	uint32_t size = c->size[i], bit = (at + 2) * 8;

	if (c->kind[i] != FRAGMENT) {
		size = c->kind[i] == AUTH ? size / 4 - 2 : size / 8 - 1;
		sp_must_be(s, (at + 1) * 8, 8, size);
	} else if (c->frag == SP_FRAG_LATER && i + 1 == c->k) {
		sp_must_lie(s, bit, 13, 1, 0x1fff);
	} else {
		sp_must_have(s, bit, 16, 0xfff9, c->frag == SP_FRAG_FIRST);
	}
}

/* Demand a chain. Returns where its last header begins. */
static uint32_t must_chain(struct sp_search *s, const struct chain *c)
{
	uint32_t at = s->f.l3 + 40, next = s->f.l3 + 6;

	s->f.at[SP_H_IP6X] = s->f.l3;
	s->f.from[SP_H_IP6X] = s->f.l3 + 7;
	for (uint32_t i = 0; i < c->k; i++) {
		sp_must_be(s, next * 8, 8, c->kind[i]);
		must_header(s, c, i, at);
		next = at;
		at += c->size[i];
	}
	s->f.e4 = at;
	return next;
}

/* One chain, with its sizes. */
static int chain(struct sp_search *s, const struct chain *c)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n;
	int rc;

	s->f.proto_at = must_chain(s, c);
	s->f.frag = c->frag;
	s->f.proto_from =
	    s->f.proto_at + (c->kind[c->k - 1] == FRAGMENT ? 4 : 2);
	s->f.frag_from = s->f.proto_from;
	if (c->frag == SP_FRAG_LATER)
		rc = s->found(s);
	else
		rc = sp_forms_proto(
		    s, c->k == 1 ? SP_IP6_XNH : SP_PROTO, SP_PROTO, true);
	if (rc == 0) {
		s->f = was;
		s->n = n;
	}
	return rc;
}

/* Whether it matters how far the transport header is: some of it must not be
 * captured, and how much is captured is not free. */
static bool far(const struct sp_search *s)
{
	return (s->gone & SP_TRANSPORT) != 0 &&
	       sp_asked(s, SP_CAPLEN) != NULL && !s->whole;
}

/* The least captured length of packets of the chain, if it did not matter what
 * of the transport header is not captured: 1, 0 or negative. */
static int relaxed(struct sp_search *s, struct chain *c, uint32_t *cap)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n;
	int rc;

	if (!stretch(c, 8 * c->k))
		return 0;
	s->f.proto_at = must_chain(s, c);
	s->f.frag = c->frag;
	s->f.frag_from = s->f.proto_at + 2;
	s->f.proto_from = s->f.frag_from;
	s->let = SP_TRANSPORT;
	rc = sp_place(s,
	    (s->asked & ~s->gone & SP_TRANSPORT) != 0 ? s->f.e4 + 1 : 0, cap);
	s->let = 0;
	s->f = was;
	s->n = n;
	return rc;
}

/* The bytes of a chain at most. */
static uint32_t most(const struct chain *c)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < c->k; i++)
		sum += largest(c->kind[i], true);
	return sum;
}

/* The sizes of a chain that may matter where the transport header must be near
 * the captured length: some of it before, some behind, or all behind. A chain
 * of one header less has the same if it has a free kind to spare, up to 2048
 * bytes less than this one at most. */
static int near_cap(struct sp_search *s, struct chain *c, uint32_t given)
{
	uint32_t base = s->f.l3 + 40, bytes = 8 * c->k, end = most(c), cap;
	uint64_t hi = sp_asked(s, SP_CAPLEN)->hi;
	int rc = relaxed(s, c, &cap);

	if (rc <= 0)
		return rc;
	if (c->k > 3 && c->k > 2 + given && end - 2048 > bytes)
		bytes = end - 2048;
	if (cap > bytes + base + TRANSPORT_BYTES)
		bytes = (cap - base - TRANSPORT_BYTES) & ~3u;
	/* the first multiple of 8 that is all behind is far enough */
	if (hi < base + end)
		end = hi > base + bytes ? (uint32_t)hi - base + 7 : bytes;
	for (rc = 0; rc == 0 && bytes <= end; bytes += 4) {
		rc = sp_spend(s->w, 1);
		if (rc != 0 || !stretch(c, bytes))
			continue;
		s->tight = false;
		rc = chain(s, c);
		if (rc == 0 && !s->tight)
			break;
	}
	return rc;
}

/* A chain in all sizes that may matter; so many kinds behind the second are
 * given. What a protocol has not is never captured: the shortest is enough. */
static int sizes(struct sp_search *s, struct chain *c, uint32_t given)
{
	int rc = stretch(c, 8 * c->k) ? chain(s, c) : 0;

	if (rc != 0 || !far(s) || c->frag == SP_FRAG_LATER)
		return rc;
	return near_cap(s, c, given);
}

/* Chains of k headers, the fragment header in a slot or none. */
static int with_fragment(
    struct sp_search *s, struct chain *c, uint32_t fragment)
{
	uint32_t auth, given = fragment != NO_SLOT && fragment >= 2;
	int rc = 0;

	if (choose(s, c, fragment, NO_SLOT))
		rc = sizes(s, c, given);
	if (rc != 0 || !far(s))
		return rc;
	for (auth = 0; auth < c->k; auth++)
		if (auth != fragment && choose(s, c, fragment, auth))
			return sizes(s, c, given + (auth >= 2));
	return 0;
}

static int of_length(struct sp_search *s, uint32_t k)
{
	const struct sp_atom *a = sp_asked(s, SP_FRAG);
	struct chain c = { .k = k };
	int rc = 0;

	for (c.frag = 0; rc == 0 && c.frag < 3; c.frag++) {
		if (a != NULL && !a->absent && !sp_atom_has(a, true, c.frag))
			continue;
		if (c.frag == SP_FRAG_WHOLE)
			rc = with_fragment(s, &c, NO_SLOT);
		else if (c.frag == SP_FRAG_LATER)
			rc = with_fragment(s, &c, k - 1);
		else
			for (uint32_t i = 0; rc == 0 && i < k; i++)
				rc = with_fragment(s, &c, i);
	}
	return rc;
}

/* No extension header. */
static int plain(struct sp_search *s)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n, l3 = s->f.l3;
	int rc;

	s->f.at[SP_H_L4] = l3 + 40;
	s->f.from[SP_H_L4] = l3 + 7;
	s->f.e4 = l3 + 40;
	s->f.frag = SP_FRAG_WHOLE;
	s->f.frag_from = l3 + 7;
	s->f.proto_from = l3 + 7;
	s->f.proto_at = l3 + 6;
	rc = sp_forms_proto(s, SP_IP6_NH, SP_PROTO, true);
	if (rc == 0) {
		s->f = was;
		s->n = n;
	}
	return rc;
}

/* One header more than are walked. */
static int endless(struct sp_search *s)
{
	struct chain c = { .k = SP_EXT_MAX };
	uint32_t last;

	if (!choose(s, &c, NO_SLOT, NO_SLOT))
		return 0;
	stretch(&c, 8 * c.k);
	last = must_chain(s, &c);
	sp_must_be(s, last * 8, 8, c.kind[c.k - 1]);
	return s->found(s);
}

int sp_forms_ext(struct sp_search *s)
{
	const struct sp_layout was = s->f;
	const uint32_t n = s->n;
	uint32_t longest = far(s) ? SP_EXT_MAX : 3;
	int rc;

	sp_must_be(s, s->f.l3 * 8, 4, 6);
	rc = plain(s);
	for (uint32_t k = 1; rc == 0 && k <= longest; k++)
		rc = of_length(s, k);
	if (rc == 0 && !s->whole)
		rc = endless(s);
	if (rc == 0) {
		s->f = was;
		s->n = n;
	}
	return rc;
}
