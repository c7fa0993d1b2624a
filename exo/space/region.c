/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The algebra of regions.
 *
 * Difference: A \ (b1 and b2 ...) is the union of A and not b1, A and b1 and
 * not b2, and so on; these exclude each other. A piece that no packet can be in
 * is dropped at once, so that a region's cubes all are inhabited.
 */
#include "exo/space/region.h"

#include "exo/abi/err.h"
#include "exo/lib/arena.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

/* Cubes that are being made. */
struct list {
	struct sp_cube *v;
	uint32_t n, room;
};

int sp_spend(struct sp_work *w, uint64_t steps)
{
	if (w->left < steps + 1) {
		w->left = 0;
		return -EXO_EBUDGET;
	}
	w->left -= steps + 1;
	return 0;
}

static void *get(struct sp_work *w, uint64_t size)
{
	return exo_arena_get(w->arena, size == 0 ? 1 : size);
}

static int push(struct sp_work *w, struct list *l, struct sp_cube c)
{
	uint32_t room = l->room == 0 ? 8 : l->room * 2;
	struct sp_cube *more;

	if (l->n == l->room) {
		more = get(w, room * sizeof(*more));
		if (more == NULL)
			return -EXO_ENOMEM;
		if (l->n > 0)
			memcpy(more, l->v, l->n * sizeof(*more));
		l->v = more;
		l->room = room;
	}
	l->v[l->n++] = c;
	return 0;
}

/* Put a cube where somebody lives into the list; others are nothing. */
static int push_inhabited(
    struct sp_work *w, struct list *l, const struct sp_cube *c)
{
	int rc = sp_inhabited(w, c);

	return rc <= 0 ? rc : push(w, l, *c);
}

int sp_inhabited(struct sp_work *w, const struct sp_cube *c)
{
	int rc = sp_spend(w, c->n);

	return rc != 0 ? rc : w->of->inhabited(w, c);
}

/*
 * A cube and an atom, with the atom's field in its place. Returns 1; 0 when
 * the two exclude each other; negative.
 */
static int narrow(struct sp_work *w, const struct sp_cube *c,
    const struct sp_atom *b, struct sp_cube *out)
{
	uint64_t max = w->of->max(b->field);
	struct sp_atom *a, one = *b;
	uint32_t i = 0;
	int rc = sp_spend(w, c->n);

	if (rc != 0)
		return rc;
	if (!sp_tidy(&one, max))
		return 0;
	while (i < c->n && c->a[i].field < b->field)
		i++;
	if (i < c->n && c->a[i].field == b->field &&
	    !sp_atom_and(&one, &c->a[i], max))
		return 0;
	a = get(w, (c->n + 1) * sizeof(*a));
	if (a == NULL)
		return -EXO_ENOMEM;
	if (i > 0)
		memcpy(a, c->a, i * sizeof(*a));
	a[i] = one;
	out->n = i + 1;
	i += i < c->n && c->a[i].field == b->field;
	if (i < c->n)
		memcpy(a + out->n, c->a + i, (c->n - i) * sizeof(*a));
	out->n += c->n - i;
	out->a = a;
	return 1;
}

/* What is in both: 1, or 0 when an atom shows that there is nothing. */
static int meet(struct sp_work *w, const struct sp_cube *x,
    const struct sp_cube *y, struct sp_cube *out)
{
	struct sp_atom *a;
	uint32_t i = 0, k = 0, n = 0;
	int rc = sp_spend(w, x->n + y->n);

	if (rc != 0)
		return rc;
	a = get(w, (x->n + y->n) * sizeof(*a));
	if (a == NULL)
		return -EXO_ENOMEM;
	while (i < x->n || k < y->n) {
		if (k == y->n || (i < x->n && x->a[i].field < y->a[k].field)) {
			a[n++] = x->a[i++];
		} else if (i == x->n || y->a[k].field < x->a[i].field) {
			a[n++] = y->a[k++];
		} else {
			a[n] = x->a[i++];
			if (!sp_atom_and(
			        &a[n], &y->a[k], w->of->max(a[n].field)))
				return 0;
			n++;
			k++;
		}
	}
	*out = (struct sp_cube){ a, n };
	return 1;
}

/* Whether each atom of b holds for all of a by the look of it. */
static bool plainly_inside(const struct sp_cube *a, const struct sp_cube *b)
{
	uint32_t i = 0;

	for (uint32_t k = 0; k < b->n; k++) {
		while (i < a->n && a->a[i].field < b->a[k].field)
			i++;
		if (i == a->n || a->a[i].field != b->a[k].field ||
		    !sp_atom_inside(&a->a[i], &b->a[k]))
			return false;
	}
	return true;
}

int sp_all(struct sp_work *w, struct sp_region *out)
{
	struct sp_cube *c = get(w, sizeof(*c));

	if (c == NULL)
		return -EXO_ENOMEM;
	*out = (struct sp_region){ c, 1 };
	return 0;
}

int sp_conj(struct sp_work *w, const struct sp_atom *a, uint32_t n,
    struct sp_region *out)
{
	struct sp_cube c = { NULL, 0 };
	struct list l = { NULL, 0, 0 };
	int rc = 1;

	for (uint32_t i = 0; rc > 0 && i < n; i++)
		rc = narrow(w, &c, &a[i], &c);
	if (rc > 0)
		rc = push_inhabited(w, &l, &c);
	if (rc < 0)
		return rc;
	*out = (struct sp_region){ l.v, l.n };
	return 0;
}

int sp_or(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out)
{
	struct sp_cube *v = get(w, ((uint64_t)a.n + b.n) * sizeof(*v));
	int rc = sp_spend(w, (uint64_t)a.n + b.n);

	if (rc != 0)
		return rc;
	if (v == NULL)
		return -EXO_ENOMEM;
	if (a.n > 0)
		memcpy(v, a.v, a.n * sizeof(*v));
	if (b.n > 0)
		memcpy(v + a.n, b.v, b.n * sizeof(*v));
	*out = (struct sp_region){ v, a.n + b.n };
	return 0;
}

int sp_and(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out)
{
	struct list l = { NULL, 0, 0 };
	struct sp_cube c;
	int rc = 0;

	for (uint32_t i = 0; i < a.n; i++) {
		for (uint32_t k = 0; rc >= 0 && k < b.n; k++) {
			rc = meet(w, &a.v[i], &b.v[k], &c);
			if (rc > 0)
				rc = push_inhabited(w, &l, &c);
		}
	}
	if (rc < 0)
		return rc;
	*out = (struct sp_region){ l.v, l.n };
	return 0;
}

/* Those of `now` that one atom excludes; *now becomes those that it does not.
 * Returns 1; 0 when nothing is left in *now; negative. */
static int without_atom(struct sp_work *w, struct list *l, struct sp_cube *now,
    const struct sp_atom *b)
{
	uint64_t max = w->of->max(b->field);
	struct sp_atom other;
	struct sp_cube c;
	int more, rc;

	for (uint32_t i = 0; (more = sp_atom_not(b, max, i, &other)) >= 0;
	     i++) {
		rc = more == 0 ? 0 : narrow(w, now, &other, &c);
		if (rc > 0)
			rc = push_inhabited(w, l, &c);
		if (rc < 0)
			return rc;
	}
	return narrow(w, now, b, now);
}

/* Add to the list what of a is not in b. */
static int without(struct sp_work *w, struct list *l, const struct sp_cube *a,
    const struct sp_cube *b)
{
	struct sp_cube now = *a, both;
	int rc = meet(w, a, b, &both);

	if (rc > 0)
		rc = sp_inhabited(w, &both);
	if (rc == 0)
		return push(w, l, *a);
	if (rc < 0 || plainly_inside(a, b))
		return rc < 0 ? rc : 0;
	for (uint32_t i = 0; rc > 0 && i < b->n; i++)
		rc = without_atom(w, l, &now, &b->a[i]);
	return rc < 0 ? rc : 0;
}

/* What of a cube is in none of b's; the pieces exclude each other. */
static int cube_minus(struct sp_work *w, const struct sp_cube *a,
    struct sp_region b, struct list *out)
{
	struct list now = { NULL, 0, 0 };
	int rc = push(w, &now, *a);

	for (uint32_t k = 0; rc == 0 && now.n > 0 && k < b.n; k++) {
		struct list next = { NULL, 0, 0 };

		for (uint32_t i = 0; rc == 0 && i < now.n; i++)
			rc = without(w, &next, &now.v[i], &b.v[k]);
		now = next;
	}
	for (uint32_t i = 0; rc == 0 && i < now.n; i++)
		rc = push(w, out, now.v[i]);
	return rc;
}

int sp_minus(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out)
{
	struct list l = { NULL, 0, 0 };
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < a.n; i++)
		rc = cube_minus(w, &a.v[i], b, &l);
	if (rc != 0)
		return rc;
	*out = (struct sp_region){ l.v, l.n };
	return 0;
}

int sp_not(struct sp_work *w, struct sp_region a, struct sp_region *out)
{
	struct sp_region all;
	int rc = sp_all(w, &all);

	return rc != 0 ? rc : sp_minus(w, all, a, out);
}

int sp_empty(struct sp_work *w, struct sp_region a)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < a.n; i++)
		rc = sp_inhabited(w, &a.v[i]);
	return rc < 0 ? rc : rc == 0;
}

int sp_overlap(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_cube *out)
{
	struct sp_cube c;
	int rc;

	for (uint32_t i = 0; i < a.n; i++) {
		for (uint32_t k = 0; k < b.n; k++) {
			rc = meet(w, &a.v[i], &b.v[k], &c);
			if (rc > 0)
				rc = sp_inhabited(w, &c);
			if (rc == 0)
				continue;
			if (rc > 0 && out != NULL)
				*out = c;
			return rc;
		}
	}
	return 0;
}

int sp_inside(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_cube *out)
{
	for (uint32_t i = 0; i < a.n; i++) {
		struct list l = { NULL, 0, 0 };
		int rc = sp_inhabited(w, &a.v[i]);

		if (rc > 0)
			rc = cube_minus(w, &a.v[i], b, &l);
		if (rc < 0)
			return rc;
		if (l.n == 0)
			continue;
		if (out != NULL)
			*out = l.v[0];
		return 0;
	}
	return 1;
}

bool sp_cube_has(const struct sp_cube *c, const struct sp_view *v)
{
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t f = c->a[i].field;

		if (!sp_atom_has(&c->a[i], (v->has & SP_BIT(f)) != 0, v->v[f]))
			return false;
	}
	return true;
}

bool sp_region_has(struct sp_region r, const struct sp_view *v)
{
	for (uint32_t i = 0; i < r.n; i++)
		if (sp_cube_has(&r.v[i], v))
			return true;
	return false;
}
