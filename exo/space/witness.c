/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Witnesses: a packet of a region.
 *
 * First one is looked for that is as packets should be: among forms of right
 * versions and lengths, with the length fields that say what there is. If the
 * region holds none, any packet will do. What the cube leaves free holds what
 * packets usually hold; checksums are set last. One that the cube fixes is made
 * right by another word that it covers.
 */
#include "exo/space/region.h"

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "exo/space/space_int.h"
#include "exo/space/witness_int.h"

struct make {
	uint8_t *buf;
	uint32_t room;
	struct sp_packet *out;
	bool big; /* some did not fit */
	/* Flaws that are let pass, and the least that there were, as numbers. */
	uint32_t good, best;
};

/* --- checksums ---------------------------------------------------------------- */

static uint32_t get_sum(const uint8_t *buf, const struct sp_sum *s)
{
	return s->bytes == 2 ? exo_be16(buf + s->at) : exo_be32(buf + s->at);
}

static void put_sum(uint8_t *buf, const struct sp_sum *s, uint32_t x)
{
	for (uint32_t i = 0; i < s->bytes; i++)
		buf[s->at + i] = (uint8_t)(x >> 8 * (s->bytes - 1 - i));
}

static bool in_cube(const struct sp_cube *c, const struct sp_packet *p)
{
	struct sp_view v;

	sp_parse(p, &v);
	return sp_cube_has(c, &v);
}

/* Whether the i-th checksum is right. */
static bool is_right(const struct sp_packet *p, uint32_t i)
{
	struct sp_sum sum[2];
	struct sp_view v;

	sp_parse(p, &v);
	return sp_sums(p, &v, sum) > i &&
	       get_sum(p->data, &sum[i]) == sum[i].right;
}

/* Make the i-th checksum, which must stay, right by a word at a place: one
 * more, by what the sum is short. */
static bool balance(const struct sp_cube *c, const struct sp_packet *p,
    uint8_t *buf, uint32_t i, const struct sp_sum *sum, uint32_t at)
{
	uint32_t was = exo_be16(buf + at), x;

	x = was + sum->right + (0xffff & ~get_sum(buf, sum));
	x = (x & 0xffff) + (x >> 16);
	x = (x & 0xffff) + (x >> 16);
	exo_put_be16(buf + at, (uint16_t)x);
	if (is_right(p, i) && in_cube(c, p))
		return true;
	exo_put_be16(buf + at, (uint16_t)was);
	return false;
}

static void set_sums(
    const struct sp_cube *c, const struct sp_packet *p, uint8_t *buf)
{
	struct sp_sum sum[2];
	struct sp_view v;
	uint32_t n, was, at, end;

	sp_parse(p, &v);
	n = sp_sums(p, &v, sum);
	for (uint32_t i = 0; i < n; i++) {
		sp_sums(p, &v, sum);
		was = get_sum(buf, &sum[i]);
		put_sum(buf, &sum[i], sum[i].right);
		if (in_cube(c, p))
			continue;
		put_sum(buf, &sum[i], was);
		if (sum[i].bytes != 2)
			continue;
		at = sum[i].at == v.l3 + 10 && v.l4 > v.l3 ? v.l3 + 4 : v.e4;
		end = at == v.e4 ? (uint32_t)sp_end(&v) : v.l3 + 6;
		for (; at + 1 < end; at += 2)
			if (at != sum[i].at &&
			    balance(c, p, buf, i, &sum[i], at))
				break;
	}
}

/* --- packets ------------------------------------------------------------------ */

/* Make the packet of a form that is placed: 1, 0 when there is no room, or
 * negative. */
static int make(struct sp_search *s, uint32_t cap)
{
	const struct sp_atom *len = sp_asked(s, SP_LEN);
	struct make *m = s->ctx;
	uint64_t x = cap;
	int rc;

	if (cap > m->room) {
		m->big = true;
		return 0;
	}
	memset(m->buf, 0, cap);
	sp_fill(&s->f, m->buf, cap);
	rc = sp_lay(s, m->buf, cap);
	if (rc <= 0)
		return rc;
	if (len != NULL && !sp_next(len, &x))
		x = len->lo;
	*m->out = (struct sp_packet){ m->buf, cap, (uint32_t)x, s->f.link };
	set_sums(s->c, m->out, m->buf);
	return in_cube(s->c, m->out) ? 1 : -EXO_EBUDGET;
}

/* Bytes that show most headers whole. */
#define PLENTY 128u

static int make_any(struct sp_search *s)
{
	uint32_t cap;
	int rc = sp_place(s, PLENTY, &cap);

	if (rc == 0 || (rc > 0 && cap > PLENTY))
		rc = sp_place(s, 0, &cap);
	return rc <= 0 ? rc : make(s, cap);
}

/* Tries to find one length that two fields like. */
#define TRIES 256

/* The least length field, not below *x, of an IP packet whose body begins at
 * `base` of what it counts: 1, 0, or negative. */
static int body(
    struct sp_search *s, enum sp_field field, uint32_t base, uint64_t *x)
{
	const struct sp_layout *f = &s->f;
	const struct sp_atom *a = sp_asked(s, field), *u = NULL;
	struct sp_atom like = sp_masked(field, 7, base & 7);
	bool udp = f->proto == 17 && f->frag == SP_FRAG_WHOLE;
	uint64_t y;
	int tries = 0;

	if (udp && f->at[SP_H_L4] == f->e4)
		u = sp_asked(s, SP_L4_4);
	if ((a != NULL && a->absent) || (u != NULL && u->absent))
		return 0;
	if (f->frag != SP_FRAG_FIRST)
		like = sp_present(field);
	if (!sp_tidy(&like, UINT16_MAX) ||
	    (a != NULL && !sp_atom_and(&like, a, UINT16_MAX)))
		return 0;
	for (; tries < TRIES && sp_next(&like, x); tries++) {
		y = (*x - base) << 16;
		if (u != NULL && !sp_next(u, &y))
			return 0;
		if (y >> 16 == *x - base)
			break;
		*x = base + (y >> 16);
	}
	if (tries == TRIES || !sp_next(&like, x))
		return 0;
	if (udp)
		sp_must_be(s, (f->e4 + 4) * 8, 16, *x - base);
	return sp_spend(s->w, (uint64_t)tries) == 0 ? 1 : -EXO_EBUDGET;
}

/* Bytes of the transport header, whose own length field, the first bits of a
 * literal field, must say so; 0: it cannot. */
static uint32_t header(struct sp_search *s)
{
	const struct sp_layout *f = &s->f;
	bool tcp = f->proto == 6;
	enum sp_field field = tcp ? SP_L4_12 : SP_L4_4;
	uint32_t least = sp_least_header(f->proto), shift = tcp ? 28 : 24;
	uint64_t x = (uint64_t)(least / 4) << shift;

	if (!tcp && f->proto != 33)
		return least;
	if (f->at[SP_H_L4] == f->e4 && sp_asked(s, field) != NULL &&
	    (sp_asked(s, field)->absent || !sp_next(sp_asked(s, field), &x)))
		return 0;
	sp_must_be(s, (f->e4 + (tcp ? 12 : 4)) * 8, tcp ? 4 : 8, x >> shift);
	return (uint32_t)(x >> shift) * 4;
}

/* Give an IP packet the lengths that it should have. The second try is a little
 * longer, or, of a later fragment, shorter. */
static int ip_lengths(struct sp_search *s, bool second, uint32_t *least)
{
	const struct sp_layout *f = &s->f;
	bool six = f->at[SP_H_IP6] != SP_NOWHERE;
	uint32_t l3 = f->l3, base, bytes;
	uint64_t x;
	int rc;

	base = six ? f->e4 - l3 - 40 : f->at[SP_H_L4] - l3;
	if (f->frag == SP_FRAG_LATER) {
		bytes = second ? 1 : 8;
	} else {
		bytes = header(s);
		if (bytes == 0 && sp_least_header(f->proto) != 0)
			return 0;
		bytes += second ? 8 : 0;
	}
	x = base + bytes;
	rc = body(s, six ? SP_IP6_LEN : SP_IP_LEN, base, &x);
	if (rc <= 0)
		return rc;
	if (!six && f->frag == SP_FRAG_LATER && (x - base) % 8 != 0)
		sp_must_have(s, (l3 + 6) * 8, 16, 0x2000, 0);
	sp_must_be(s, (l3 + (six ? 4 : 2)) * 8, 16, x);
	*least = l3 + (six ? 40 : 0) + (uint32_t)x;
	return 1;
}

static int lengths(struct sp_search *s, bool second, uint32_t *least)
{
	const struct sp_layout *f = &s->f;
	uint32_t i;

	*least = f->l3;
	if (f->at[SP_H_IP4] != SP_NOWHERE || f->at[SP_H_IP6] != SP_NOWHERE)
		return ip_lengths(s, second, least);
	if (f->at[SP_H_ARP] != SP_NOWHERE)
		*least += 28;
	for (i = 0; i < s->n && f->link == SP_LINK_ETHERNET; i++)
		if (s->must[i].bit == f->type_at * 8 && s->must[i].a.lo < 0x600)
			*least += (uint32_t)s->must[i].a.lo;
	return 1;
}

/* The captured length that is the length on the wire, too. */
static int uncut(struct sp_search *s, uint32_t least, uint32_t *cap)
{
	const struct sp_atom *len = sp_asked(s, SP_LEN);
	uint64_t x = least;
	int rc;

	for (;;) {
		rc = sp_place(s, (uint32_t)x, cap);
		x = *cap;
		if (rc <= 0 || len == NULL)
			return rc;
		if (!sp_next(len, &x))
			return 0;
		if (x == *cap)
			return 1;
	}
}

static int make_whole(struct sp_search *s)
{
	struct make *m = s->ctx;
	uint32_t n = s->n, least, cap, flaws;
	int rc = sp_place(s, 0, &cap);

	if (rc <= 0)
		return rc;
	for (int second = 0; second < 2; second++) {
		rc = lengths(s, second != 0, &least);
		if (rc > 0)
			rc = uncut(s, least, &cap);
		if (rc > 0)
			rc = make(s, cap);
		flaws = rc > 0 ? sp_flaws(m->out) : UINT32_MAX;
		m->best = flaws < m->best ? flaws : m->best;
		if (rc > 0 && flaws > m->good)
			rc = 0;
		if (rc != 0)
			return rc;
		s->n = n;
	}
	return 0;
}

static int make_of(
    struct sp_work *w, struct sp_region r, struct make *m, sp_form_fn *found)
{
	struct sp_search s;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < r.n; i++) {
		sp_search_init(&s, w, &r.v[i], found, m);
		s.whole = found == make_whole;
		rc = sp_forms(&s);
	}
	return rc;
}

int sp_witness(struct sp_work *w, struct sp_region r, uint8_t *buf,
    uint32_t room, struct sp_packet *out, uint32_t *flaws)
{
	struct make m = { buf, room, out, false, 0, UINT32_MAX };
	const uint64_t half = w->left / 2;
	int rc;

	w->left -= half;
	rc = make_of(w, r, &m, make_whole);
	if (rc == 0 && m.best != UINT32_MAX) {
		m.good = m.best;
		rc = make_of(w, r, &m, make_whole);
	}
	w->left += half;
	if (rc == 0 || rc == -EXO_EBUDGET)
		rc = make_of(w, r, &m, make_any);
	if (rc > 0 && flaws != NULL)
		*flaws = sp_flaws(out);
	return rc == 0 && m.big ? -EXO_E2BIG : rc;
}
