/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atoms in a region's text: a field's name and what it is to be.
 */
#include "exo/space/text_int.h"

uint32_t sp_field_named(const struct sp_token *t)
{
	uint32_t f = 0;

	while (f < SP_FIELDS && !sp_token_is(t, sp_field_row[f].name))
		f++;
	return f;
}

bool sp_at_compare(const struct sp_reader *r)
{
	return (r->now.kind >= SP_T_EQ && r->now.kind <= SP_T_MASK) ||
	       sp_token_is(&r->now, "in");
}

/* V or V/BITS, behind = or !=. */
static int read_prefix(struct sp_reader *r, enum sp_field f, struct sp_atom *a)
{
	const struct sp_field_row *row = &sp_field_row[f];
	struct sp_address v = { .width = row->bits, .bits = row->bits };
	struct sp_token t = r->now;
	int rc = sp_read_value(r, f, &v.v[1]);

	if (rc == 0 && r->now.kind == SP_T_SLASH)
		rc = sp_read_prefix(r, v.width, &v.bits);
	if (rc == 0)
		rc = sp_read_host_bits(r, &t, row->form, &v);
	if (rc == 0)
		*a = sp_masked(f, sp_prefix_mask(v.width, v.bits), v.v[1]);
	return rc;
}

/* MASK = V, or !=, behind &. */
static int read_mask(
    struct sp_reader *r, enum sp_field f, struct sp_atom *a, bool *differs)
{
	uint64_t mask = 0, v = 0;
	struct sp_token t;
	int rc = sp_read_value(r, f, &mask);

	if (rc != 0)
		return rc;
	*differs = r->now.kind == SP_T_NE;
	if (r->now.kind != SP_T_EQ && !*differs)
		return sp_read_fail(r, SP_TEXT_COMPARE, &r->now);
	rc = sp_read_next(r);
	t = r->now;
	if (rc == 0)
		rc = sp_read_value(r, f, &v);
	if (rc == 0 && (v & ~mask) != 0)
		return sp_read_fail(r, SP_TEXT_NEVER, &t);
	*a = sp_masked(f, mask, v);
	return rc;
}

/* LO-HI of the field's form, behind `in`. */
static int read_in(struct sp_reader *r, enum sp_field f, struct sp_atom *a)
{
	struct sp_token t = r->now;
	uint64_t lo = 0, hi = 0;
	int rc = sp_read_value(r, f, &lo);

	if (rc == 0 && r->now.kind != SP_T_DASH)
		return sp_read_fail(r, SP_TEXT_RANGE, &t);
	if (rc == 0)
		rc = sp_read_next(r);
	if (rc == 0)
		rc = sp_read_value(r, f, &hi);
	if (rc == 0 && lo > hi)
		return sp_read_fail(r, SP_TEXT_ORDER, &t);
	*a = sp_between(f, lo, hi);
	return rc;
}

/* V behind <, <=, > or >=. */
static int read_side(
    struct sp_reader *r, uint8_t kind, enum sp_field f, struct sp_atom *a)
{
	uint64_t v = 0, max = sp_max(f);
	struct sp_token t = r->now;
	int rc = sp_read_value(r, f, &v);

	if (rc != 0)
		return rc;
	if ((kind == SP_T_LT && v == 0) || (kind == SP_T_GT && v == max))
		return sp_read_fail(r, SP_TEXT_NEVER, &t);
	if (kind == SP_T_LT || kind == SP_T_LE)
		*a = sp_between(f, 0, kind == SP_T_LT ? v - 1 : v);
	else
		*a = sp_between(f, kind == SP_T_GT ? v + 1 : v, max);
	return 0;
}

int sp_read_atom(struct sp_reader *r, const struct sp_token *name,
    enum sp_field f, struct sp_draft *d)
{
	struct sp_atom a = sp_present(f);
	uint8_t kind = r->now.kind;
	bool differs = kind == SP_T_NE;
	int rc;

	if (!sp_at_compare(r))
		return sp_read_fail(r, SP_TEXT_COMPARE, name);
	rc = sp_read_next(r);
	if (rc != 0)
		return rc;
	if (kind == SP_T_EQ || kind == SP_T_NE)
		rc = read_prefix(r, f, &a);
	else if (kind == SP_T_MASK)
		rc = read_mask(r, f, &a, &differs);
	else if (kind == SP_T_WORD)
		rc = read_in(r, f, &a);
	else
		rc = read_side(r, kind, f, &a);
	if (rc != 0)
		return rc;
	if (differs)
		sp_draft_put(d, sp_present(f));
	sp_draft_put(d, a);
	sp_draft_end(d);
	d->differs = differs;
	return 0;
}
