/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fewer cubes for the same set.
 *
 * Two cubes that differ in one field only, whose atoms of it have a union that
 * is an atom, become one; a cube that is in the union of the others goes. Each
 * step keeps the set and lessens the number of cubes, so it ends.
 */
#include "exo/space/region.h"

#include "exo/abi/err.h"
#include "exo/lib/arena.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

/* Its masked bits say it all. */
static bool is_masked(const struct sp_atom *a, uint64_t max)
{
	return a->lo == a->value && a->hi == (a->value | (max & ~a->mask));
}

/* Its range says it all: the numbers of its form are without a gap. */
static bool is_range(const struct sp_atom *a, uint64_t max)
{
	struct sp_atom b = sp_between((enum sp_field)a->field, a->lo, a->hi);

	return sp_tidy(&b, max) && b.mask == a->mask;
}

/* The union of two tidy atoms of a field, if it is one. */
static bool join(const struct sp_atom *a, const struct sp_atom *b, uint64_t max,
    struct sp_atom *out)
{
	const struct sp_atom *low = a->lo <= b->lo ? a : b;
	const struct sp_atom *high = low == a ? b : a;
	uint64_t differ = a->value ^ b->value;

	*out = sp_atom_inside(a, b) ? *b : *a;
	if (sp_atom_inside(a, b) || sp_atom_inside(b, a))
		return true;
	if (a->absent || b->absent)
		return false;
	if (is_range(a, max) && is_range(b, max) && high->lo - 1 <= low->hi) {
		*out = sp_between((enum sp_field)a->field, low->lo,
		    low->hi > high->hi ? low->hi : high->hi);
		return sp_tidy(out, max);
	}
	if (is_masked(a, max) && is_masked(b, max) && a->mask == b->mask &&
	    (differ & (differ - 1)) == 0) {
		*out = sp_masked((enum sp_field)a->field, a->mask & ~differ,
		    a->value & ~differ);
		return sp_tidy(out, max);
	}
	return false;
}

static bool same(const struct sp_atom *a, const struct sp_atom *b)
{
	return sp_atom_inside(a, b) && sp_atom_inside(b, a);
}

/* Where two cubes of the same fields differ, if that is one place. */
static bool one_differs(
    const struct sp_cube *a, const struct sp_cube *b, uint32_t *at)
{
	uint32_t n = 0;

	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->a[i].field != b->a[i].field)
			return false;
		if (!same(&a->a[i], &b->a[i])) {
			*at = i;
			n++;
		}
	}
	return n == 1;
}

/* Make one cube of two: 1, 0 if that cannot be, or negative. */
static int merge(struct sp_work *w, const struct sp_cube *a,
    const struct sp_cube *b, struct sp_cube *out)
{
	struct sp_atom one, *v;
	uint32_t at;
	int rc = sp_spend(w, a->n);

	if (rc != 0)
		return rc;
	if (!one_differs(a, b, &at) ||
	    !join(&a->a[at], &b->a[at], w->of->max(a->a[at].field), &one))
		return 0;
	v = exo_arena_get(w->arena, a->n * sizeof(*v));
	if (v == NULL)
		return -EXO_ENOMEM;
	memcpy(v, a->a, a->n * sizeof(*v));
	v[at] = one;
	*out = (struct sp_cube){ v, a->n };
	return 1;
}

/* Merge any two that can be; 1 if some were. */
static int merge_some(struct sp_work *w, struct sp_cube *v, uint32_t *n)
{
	int rc = 0, any = 0;

	for (uint32_t i = 0; i < *n; i++) {
		for (uint32_t k = i + 1; k < *n; k++) {
			rc = merge(w, &v[i], &v[k], &v[i]);
			if (rc < 0)
				return rc;
			if (rc == 0)
				continue;
			v[k--] = v[--*n];
			any = 1;
		}
	}
	return any;
}

/* Drop those that the others have. */
static int drop_some(struct sp_work *w, struct sp_cube *v, uint32_t *n)
{
	for (uint32_t i = 0; i < *n;) {
		struct sp_cube c = v[i];
		struct sp_region one = { &c, 1 }, others = { v, *n - 1 };
		int rc;

		v[i] = v[*n - 1];
		rc = sp_inside(w, one, others, NULL);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			--*n;
			continue;
		}
		v[*n - 1] = v[i];
		v[i++] = c;
	}
	return 0;
}

int sp_minimise(struct sp_work *w, struct sp_region a, struct sp_region *out)
{
	struct sp_cube *v;
	uint32_t n = a.n;
	int rc = 1;

	if (n == 0) {
		*out = a;
		return 0;
	}
	v = exo_arena_get(w->arena, n * sizeof(*v));
	if (v == NULL)
		return -EXO_ENOMEM;
	memcpy(v, a.v, n * sizeof(*v));
	while (rc > 0)
		rc = merge_some(w, v, &n);
	if (rc == 0)
		rc = drop_some(w, v, &n);
	if (rc < 0)
		return rc;
	*out = (struct sp_region){ v, n };
	return 0;
}
