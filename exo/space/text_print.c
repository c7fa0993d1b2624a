/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The printer of regions.
 *
 * An atom is written in the first form that says all of it: one number, a
 * prefix, a range, masked bits; or as the conjunction of the last two. For
 * plain numbers a range goes before a prefix.
 */
#include "exo/space/text.h"

#include "exo/abi/err.h"
#include "exo/lib/fmt.h"

static uint64_t max_of(uint32_t width)
{
	return UINT64_MAX >> (64 - width);
}

static void bytes(struct exo_fmt *f, uint64_t v, uint32_t n, bool hex)
{
	while (n-- > 0) {
		uint64_t byte = v >> 8 * n & 0xff;

		if (hex)
			exo_fmt_hex(f, byte, 2);
		else
			exo_fmt_u64(f, byte);
		if (n > 0)
			exo_fmt_char(f, hex ? ':' : '.');
	}
}

/* Groups, and "::" for zeros at the end. */
static void ip6(struct exo_fmt *f, const uint64_t v[2])
{
	uint32_t n = 8;

	while (
	    n > 0 && (v[(n - 1) / 4] >> 16 * (3 - (n - 1) % 4) & 0xffff) == 0)
		n--;
	n = n == 7 ? 8 : n;
	for (uint32_t i = 0; i < n; i++) {
		exo_fmt_hex(f, v[i / 4] >> 16 * (3 - i % 4) & 0xffff, 1);
		if (i + 1 < n)
			exo_fmt_char(f, ':');
	}
	if (n < 8)
		exo_fmt_str(f, "::");
}

void sp_text_value(
    struct exo_fmt *f, uint8_t form, uint32_t width, const uint64_t *v)
{
	switch ((enum sp_form)form) {
	case SP_F_NUM:
		exo_fmt_u64(f, *v);
		return;
	case SP_F_MAC:
		bytes(f, *v, 6, true);
		return;
	case SP_F_IP4:
		bytes(f, *v, 4, false);
		return;
	case SP_F_IP6:
		ip6(f, v);
		return;
	case SP_F_HEX:
		break;
	}
	exo_fmt_str(f, "0x");
	exo_fmt_hex(f, *v, (width + 3) / 4);
}

void sp_text_prefix(struct exo_fmt *f, const struct sp_text_error *err)
{
	sp_text_value(f, err->form, err->width, err->meant);
	exo_fmt_char(f, '/');
	exo_fmt_u64(f, err->bits);
}

static int order(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

static int atom_order(const struct sp_atom *a, const struct sp_atom *b)
{
	int by = order(a->field, b->field);

	by = by != 0 ? by : order(a->absent, b->absent);
	by = by != 0 ? by : order(a->lo, b->lo);
	by = by != 0 ? by : order(a->hi, b->hi);
	by = by != 0 ? by : order(a->mask, b->mask);
	return by != 0 ? by : order(a->value, b->value);
}

int sp_cube_order(const struct sp_cube *a, const struct sp_cube *b)
{
	int by = 0;

	for (uint32_t i = 0; by == 0 && i < a->n && i < b->n; i++)
		by = atom_order(&a->a[i], &b->a[i]);
	return by != 0 ? by : order(a->n, b->n);
}

/* Whether b, not yet tidied, is a. */
static bool says(struct sp_atom b, const struct sp_atom *a)
{
	return sp_tidy(&b, sp_max((enum sp_field)a->field)) &&
	       atom_order(&b, a) == 0;
}

/* How many of the field's highest bits a mask is; -1: it is something else. */
static int prefix_of(uint64_t mask, uint32_t width)
{
	uint64_t rest = max_of(width) & ~mask;

	if ((rest & (rest + 1)) != 0)
		return -1;
	return (int)width - (rest == 0 ? 0 : 64 - __builtin_clzll(rest));
}

struct printer {
	struct exo_fmt *f;
	const struct sp_field_row *row;
	const struct sp_atom *a;
};

static void value(const struct printer *p, uint64_t v)
{
	sp_text_value(p->f, p->row->form, p->row->bits, &v);
}

static void name(const struct printer *p, const char *op)
{
	exo_fmt_str(p->f, p->row->name);
	exo_fmt_str(p->f, op);
}

static void print_range(const struct printer *p)
{
	name(p, " in ");
	value(p, p->a->lo);
	exo_fmt_char(p->f, '-');
	value(p, p->a->hi);
}

static void print_mask(const struct printer *p)
{
	uint8_t form = p->row->form == SP_F_NUM ? SP_F_HEX : p->row->form;

	name(p, " & ");
	sp_text_value(p->f, form, p->row->bits, &p->a->mask);
	exo_fmt_str(p->f, " = ");
	sp_text_value(p->f, form, p->row->bits, &p->a->value);
}

static void print_prefix(const struct printer *p, int bits)
{
	name(p, " = ");
	value(p, p->a->value);
	exo_fmt_char(p->f, '/');
	exo_fmt_u64(p->f, (uint64_t)bits);
}

/* Whether an atom needs both forms, a conjunction. */
static bool is_both(const struct sp_atom *a)
{
	enum sp_field f = (enum sp_field)a->field;

	return !a->absent && !says(sp_masked(f, a->mask, a->value), a) &&
	       !says(sp_between(f, a->lo, a->hi), a);
}

static void print_atom(struct exo_fmt *f, const struct sp_atom *a)
{
	enum sp_field field = (enum sp_field)a->field;
	const struct printer p = { f, &sp_field_row[field], a };
	int bits = prefix_of(a->mask, p.row->bits);
	bool masked = says(sp_masked(field, a->mask, a->value), a);
	bool range = says(sp_between(field, a->lo, a->hi), a);

	if (a->absent || says(sp_present(field), a)) {
		exo_fmt_str(f, a->absent ? "no " : "has ");
		name(&p, "");
	} else if (a->lo == a->hi) {
		name(&p, " = ");
		value(&p, a->lo);
	} else if (masked && bits > 0 && p.row->form != SP_F_NUM) {
		print_prefix(&p, bits);
	} else if (range) {
		print_range(&p);
	} else {
		print_mask(&p);
		if (masked)
			return;
		exo_fmt_str(f, " and ");
		print_range(&p);
	}
}

static void print_cube(struct exo_fmt *f, const struct sp_cube *c, bool alone)
{
	bool several = c->n > 1 || (c->n == 1 && is_both(&c->a[0]));

	if (c->n == 0)
		exo_fmt_str(f, "any");
	if (several && !alone)
		exo_fmt_char(f, '(');
	for (uint32_t i = 0; i < c->n && !f->cut; i++) {
		if (i > 0)
			exo_fmt_str(f, " and ");
		print_atom(f, &c->a[i]);
	}
	if (several && !alone)
		exo_fmt_char(f, ')');
}

/* The least cube above last (NULL: of all), and how often it is there. */
static const struct sp_cube *above(
    struct sp_region r, const struct sp_cube *last, uint32_t *times)
{
	const struct sp_cube *least = NULL;

	*times = 0;
	for (uint32_t i = 0; i < r.n; i++) {
		int by = least == NULL ? -1 : sp_cube_order(&r.v[i], least);

		if (last != NULL && sp_cube_order(&r.v[i], last) <= 0)
			continue;
		if (by < 0) {
			least = &r.v[i];
			*times = 0;
		}
		*times += by <= 0;
	}
	return least;
}

static bool is_sorted(struct sp_region r)
{
	for (uint32_t i = 1; i < r.n; i++)
		if (sp_cube_order(&r.v[i - 1], &r.v[i]) > 0)
			return false;
	return true;
}

int sp_text_print(struct exo_fmt *f, struct sp_region r)
{
	const struct sp_cube *c = NULL;
	bool sorted = is_sorted(r);
	uint32_t times = 0;

	if (r.n == 0)
		exo_fmt_str(f, "none");
	for (uint32_t i = 0; i < r.n && !f->cut; i++, times--) {
		if (sorted)
			c = &r.v[i];
		else if (times == 0)
			c = above(r, c, &times);
		if (i > 0)
			exo_fmt_str(f, " or ");
		print_cube(f, c, r.n == 1);
	}
	return f->cut ? -EXO_E2BIG : 0;
}
