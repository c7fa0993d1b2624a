/* SPDX-License-Identifier: BSD-2-Clause */
/* A header space whose sets are bitmaps: see tinyspace.h. */
#include "tests/support/tinyspace.h"

#include <stdlib.h>
#include <string.h>

#include "exo/space/space_int.h"

#define ANY 0x1ffu

static uint64_t largest(uint32_t field)
{
	if (field >= TINY_FIELDS)
		abort();
	return 7;
}

/* The states of field 2 when the others have theirs. */
static uint32_t possible(uint32_t s0, uint32_t s1)
{
	if (s0 == TINY_NONE && s1 == TINY_NONE)
		return 0;
	return s1 != TINY_NONE && s1 >= 3 ? ANY : 1u << TINY_NONE;
}

uint32_t tiny_atom(const struct sp_atom *a)
{
	uint32_t s = 0;

	if (a->absent)
		return 1u << TINY_NONE;
	for (uint32_t x = 0; x < TINY_NONE; x++)
		if ((x & a->mask) == a->value && a->lo <= x && x <= a->hi)
			s |= 1u << x;
	return s;
}

static bool is_formed(const struct sp_cube *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		struct sp_atom a = c->a[i];

		if (a.field >= TINY_FIELDS ||
		    (i > 0 && a.field <= c->a[i - 1].field) ||
		    !sp_tidy(&a, 7) || a.lo != c->a[i].lo ||
		    a.hi != c->a[i].hi || a.mask != c->a[i].mask ||
		    a.value != c->a[i].value || a.absent != c->a[i].absent)
			return false;
	}
	return true;
}

struct tiny_set tiny_cube(struct sp_cube c)
{
	uint32_t s[TINY_FIELDS] = { ANY, ANY, ANY }, r = 0;
	struct tiny_set out = { { 0 } };

	for (uint32_t i = 0; i < c.n; i++)
		s[c.a[i].field] &= tiny_atom(&c.a[i]);
	for (uint32_t x = 0; x < TINY_STATES; x++)
		for (uint32_t y = 0; y < TINY_STATES; y++)
			out.row[r++] = (s[0] >> x & s[1] >> y & 1) != 0
			                   ? s[2] & possible(x, y)
			                   : 0;
	return out;
}

static int inhabited(struct sp_work *w, const struct sp_cube *c)
{
	struct tiny_set s = tiny_cube(*c);

	(void)w;
	if (!is_formed(c))
		abort();
	for (uint32_t i = 0; i < TINY_ROWS; i++)
		if (s.row[i] != 0)
			return 1;
	return 0;
}

const struct sp_universe tiny = { largest, inhabited };

struct tiny_set tiny_and(struct tiny_set a, struct tiny_set b)
{
	for (uint32_t i = 0; i < TINY_ROWS; i++)
		a.row[i] &= b.row[i];
	return a;
}

struct tiny_set tiny_or(struct tiny_set a, struct tiny_set b)
{
	for (uint32_t i = 0; i < TINY_ROWS; i++)
		a.row[i] |= b.row[i];
	return a;
}

struct tiny_set tiny_minus(struct tiny_set a, struct tiny_set b)
{
	for (uint32_t i = 0; i < TINY_ROWS; i++)
		a.row[i] &= ~b.row[i];
	return a;
}

struct tiny_set tiny_all(void)
{
	return tiny_cube((struct sp_cube){ NULL, 0 });
}

struct tiny_set tiny_region(struct sp_region r)
{
	struct tiny_set s = { { 0 } };

	for (uint32_t i = 0; i < r.n; i++)
		s = tiny_or(s, tiny_cube(r.v[i]));
	return s;
}

uint32_t tiny_count(const struct tiny_set *a)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < TINY_ROWS; i++)
		n += __builtin_popcount(a->row[i]);
	return n;
}

bool tiny_equal(const struct tiny_set *a, const struct tiny_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool tiny_is_lean(struct sp_region r)
{
	for (uint32_t i = 0; i < r.n; i++) {
		struct tiny_set s = tiny_cube(r.v[i]);

		if (!is_formed(&r.v[i]) || tiny_count(&s) == 0)
			return false;
	}
	return true;
}

bool tiny_is_disjoint(struct sp_region r)
{
	struct tiny_set all = tiny_region(r), one;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r.n; i++) {
		one = tiny_cube(r.v[i]);
		n += tiny_count(&one);
	}
	return n == tiny_count(&all);
}
