/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cube and one form: demands on the captured length and on bits.
 *
 * A field that must be there puts a lower bound to the captured length, one
 * that must not an upper one. Two fields speak of the length itself: caplen,
 * and l4.left, which is so much less. The least length that both like is found
 * by asking them in turn for the next that is not below.
 */
#include "exo/space/form.h"

#include "exo/abi/err.h"
#include "exo/space/space_int.h"

/* Where a form has a field. */
struct spot {
	uint32_t
	    from; /* captured bytes that it takes; SP_NOWHERE: never there */
	uint32_t byte; /* its place; SP_NOWHERE: it is a value */
	uint32_t value;
};

/* Demands on bits in the order of places: must[i], or the atom i - n. */
struct order {
	uint32_t bit;
	uint8_t bits, i;
};

static struct spot computed(uint32_t from, uint32_t byte, uint32_t value)
{
	return (struct spot){ from, byte, value };
}

static uint32_t later(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct spot spot_of(const struct sp_layout *f, uint32_t field)
{
	const struct sp_field_row *r = &sp_field_row[field];
	uint32_t at;

	switch (field) {
	case SP_TAGS:
		return computed(f->tags_from, SP_NOWHERE, f->tags);
	case SP_TYPE:
		return computed(f->type_from, f->type_at, f->type);
	case SP_FRAG:
		return computed(f->frag_from, SP_NOWHERE, f->frag);
	case SP_PROTO:
		return computed(f->proto_from, f->proto_at, 0);
	case SP_L4_LEFT:
		at = f->at[SP_H_L4];
		return computed(later(at, f->from[SP_H_L4]), at, 0);
	default:
		at = f->at[r->header];
		if (at == SP_NOWHERE)
			return computed(SP_NOWHERE, SP_NOWHERE, 0);
		at += r->byte;
		return computed(
		    later(at + r->bits / 8, f->from[r->header]), at, 0);
	}
}

/* The bounds of the captured length; lo > hi if there is none. False: the form
 * has not the fields that it should, whatever the length. */
static bool bounds(const struct sp_search *s, uint32_t *lo, uint32_t *hi)
{
	for (uint32_t i = 0; i < s->c->n; i++) {
		const struct sp_atom *a = &s->c->a[i];
		struct spot p;

		if (sp_field_row[a->field].header == SP_H_META) {
			if (a->absent)
				return false;
			continue;
		}
		p = spot_of(&s->f, a->field);
		if ((s->let & SP_BIT(a->field)) != 0 ||
		    (a->absent && p.from == SP_NOWHERE))
			continue;
		if (a->absent ? p.from == 0 : p.from == SP_NOWHERE)
			return false;
		if (!a->absent && p.byte == SP_NOWHERE &&
		    !sp_atom_has(a, true, p.value))
			return false;
		if (a->absent)
			*hi = *hi < p.from ? *hi : p.from - 1;
		else
			*lo = later(*lo, p.from);
	}
	return true;
}

/* The least captured length from lo to hi that caplen and l4.left allow: 1, 0,
 * or negative. */
static int length(
    const struct sp_search *s, uint32_t lo, uint32_t hi, uint32_t *cap)
{
	const struct sp_atom *ac = sp_asked(s, SP_CAPLEN);
	const struct sp_atom *al = sp_asked(s, SP_L4_LEFT);
	struct sp_atom x = sp_between(SP_CAPLEN, lo, hi);

	if (!sp_tidy(&x, UINT32_MAX) ||
	    (ac != NULL && !sp_atom_and(&x, ac, UINT32_MAX)))
		return 0;
	*cap = (uint32_t)x.lo;
	if (al == NULL || al->absent)
		return 1;
	return sp_sum(s->w, &x, al, s->f.at[SP_H_L4], cap);
}

int sp_place(struct sp_search *s, uint32_t least, uint32_t *cap)
{
	uint32_t lo = least, hi = UINT32_MAX;
	int rc = sp_spend(s->w, s->c->n);

	if (rc != 0 || !bounds(s, &lo, &hi))
		return rc;
	rc = length(s, lo, hi, cap);
	if (rc == 0)
		s->tight = true;
	return rc <= 0 ? rc : sp_lay(s, NULL, 0);
}

static void add(
    struct order *v, uint32_t *n, uint32_t bit, uint32_t bits, uint32_t i)
{
	uint32_t k = (*n)++;

	for (; k > 0 && v[k - 1].bit > bit; k--)
		v[k] = v[k - 1];
	v[k] = (struct order){ bit, (uint8_t)bits, (uint8_t)i };
}

/* All demands on bits, in order. */
static uint32_t demands(const struct sp_search *s, struct order *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		add(v, &n, s->must[i].bit, s->must[i].bits, i);
	for (uint32_t i = 0; i < s->c->n; i++) {
		const struct sp_atom *a = &s->c->a[i];
		struct spot p = spot_of(&s->f, a->field);

		if (a->absent || sp_field_row[a->field].header == SP_H_META ||
		    a->field == SP_L4_LEFT || p.byte == SP_NOWHERE)
			continue;
		add(v, &n, p.byte * 8, sp_field_row[a->field].bits, s->n + i);
	}
	return n;
}

/* Add a demand to a group; false if one on the same bits excludes it. */
static bool join(struct sp_span *v, uint32_t *n, const struct order *o,
    const struct sp_atom *a)
{
	for (uint32_t i = 0; i < *n; i++)
		if (v[i].bit == o->bit && v[i].bits == o->bits)
			return sp_atom_and(
			    &v[i].a, a, UINT64_MAX >> (64 - o->bits));
	v[(*n)++] = (struct sp_span){ o->bit, o->bits, *a };
	return true;
}

int sp_lay(struct sp_search *s, uint8_t *buf, uint32_t room)
{
	struct order v[SP_MUST_MAX + SP_FIELDS];
	struct sp_span group[SP_GROUP_MAX];
	uint32_t n = demands(s, v), i = 0, k, end;
	int rc = 1;

	while (rc == 1 && i < n) {
		for (k = 0, end = v[i].bit + 1; i < n && v[i].bit < end; i++) {
			const struct sp_atom *a = v[i].i < s->n
			                              ? &s->must[v[i].i].a
			                              : &s->c->a[v[i].i - s->n];

			if (k == SP_GROUP_MAX)
				return -EXO_EBUDGET;
			if (!join(group, &k, &v[i], a))
				return 0;
			if (v[i].bit + v[i].bits > end)
				end = v[i].bit + v[i].bits;
		}
		rc = sp_bits(s->w, group, k, buf, room);
	}
	return rc;
}
