/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cubes: conjunctions of atoms, in the order of their fields.
 *
 * Tidy atoms say by themselves whether two exclude each other and whether one
 * implies another (atom.c), and fields do not know of each other here; only
 * the universe does. So what sp_look() says is exact but for sp_inhabited().
 */
#include "exo/abi/err.h"
#include "exo/lib/arena.h"
#include "exo/lib/bits.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"
#include "exo/lib/pause.h"
#include "exo/space/space_int.h"

_Static_assert(SP_FIELDS <= 64, "fields are bits of a word");

int sp_spend(struct sp_work *w, uint64_t steps)
{
	if (w->left <= steps || !exo_pause(w->pause, steps / 2 + 1)) {
		w->left = 0;
		return -EXO_EBUDGET;
	}
	w->left -= steps + 1;
	return 0;
}

void *sp_get(struct sp_work *w, uint64_t n, size_t size)
{
	if (n > SIZE_MAX / size)
		return NULL;
	return exo_arena_get(w->arena, n == 0 ? size : n * size);
}

int sp_inhabited(struct sp_work *w, const struct sp_cube *c)
{
	int rc = sp_spend(w, c->n);

	return rc != 0 ? rc : w->of->inhabited(w, c);
}

const struct sp_atom *sp_atom_of(const struct sp_cube *c, uint32_t field)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->a[i].field == field)
			return &c->a[i];
	return NULL;
}

bool sp_narrow(const struct sp_universe *of, struct sp_atom *v, uint32_t *n,
    const struct sp_atom *b)
{
	uint64_t max = of->max(b->field);
	struct sp_atom one = *b;
	uint32_t i = 0;

	exo_assert(b->field < SP_FIELDS);
	if (!sp_tidy(&one, max))
		return false;
	while (i < *n && v[i].field < b->field)
		i++;
	if (i < *n && v[i].field == b->field)
		return sp_atom_and(&v[i], &one, max);
	memmove(v + i + 1, v + i, (*n - i) * sizeof(*v));
	v[i] = one;
	++*n;
	return true;
}

static bool atoms_meet(
    const struct sp_work *w, const struct sp_atom *a, const struct sp_atom *b)
{
	struct sp_atom both = *a;

	if (a->absent || b->absent)
		return a->absent && b->absent;
	if (((a->value ^ b->value) & a->mask & b->mask) != 0 || a->hi < b->lo ||
	    b->hi < a->lo)
		return false;
	return sp_atom_and(&both, b, w->of->max(a->field));
}

int sp_look(struct sp_work *w, const struct sp_cube *a, const struct sp_cube *b,
    uint32_t *open)
{
	uint32_t i = 0, k, n = 0;
	bool meets = true;
	int rc;

	for (k = 0; meets && k < b->n; k++) {
		while (i < a->n && a->a[i].field < b->a[k].field)
			i++;
		if (i == a->n || a->a[i].field != b->a[k].field) {
			n++;
		} else if (!sp_atom_inside(&a->a[i], &b->a[k])) {
			meets = atoms_meet(w, &a->a[i], &b->a[k]);
			n++;
		}
	}
	rc = sp_spend(w, i + k);
	*open = n;
	return rc != 0 ? rc : meets;
}

int sp_meet(struct sp_work *w, const struct sp_cube *a, const struct sp_cube *b,
    struct sp_atom *to, struct sp_cube *out)
{
	uint32_t i = 0, k = 0, n = 0;
	int rc = sp_spend(w, (uint64_t)a->n + b->n);

	while (rc == 0 && (i < a->n || k < b->n)) {
		if (k == b->n || (i < a->n && a->a[i].field < b->a[k].field)) {
			to[n++] = a->a[i++];
		} else if (i == a->n || b->a[k].field < a->a[i].field) {
			to[n++] = b->a[k++];
		} else {
			to[n] = a->a[i++];
			sp_atom_and(
			    &to[n], &b->a[k++], w->of->max(to[n].field));
			n++;
		}
	}
	*out = (struct sp_cube){ to, n };
	return rc;
}

int sp_fields(struct sp_work *w, struct sp_region r, uint64_t *fields)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < r.n; i++) {
		for (uint32_t k = 0; k < r.v[i].n; k++)
			*fields |= SP_BIT(r.v[i].a[k].field);
		rc = sp_spend(w, r.v[i].n);
	}
	return rc;
}

int sp_width(
    struct sp_work *w, struct sp_region a, struct sp_region b, uint32_t *width)
{
	uint64_t fields = 0;
	int rc = sp_fields(w, a, &fields);

	if (rc == 0)
		rc = sp_fields(w, b, &fields);
	*width = exo_popcount64(fields);
	return rc;
}
