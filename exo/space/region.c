/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The algebra of regions.
 *
 * A cube that no packet can be in is dropped at once, so that all cubes of a
 * result are inhabited; but sp_or() takes what it is given.
 */
#include "exo/space/region.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

/* Cubes that are being made. */
struct list {
	struct sp_cube *v;
	uint32_t n, room;
};

static int push(struct sp_work *w, struct list *l, struct sp_cube c)
{
	uint32_t room = l->room == 0 ? 8 : l->room * 2;
	struct sp_cube *more;

	if (l->n == l->room) {
		if (room <= l->room)
			return -EXO_ENOMEM;
		more = sp_get(w, room, sizeof(*more));
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

/* Give a cube atoms of its own, which live in the arena. */
static int copy(struct sp_work *w, struct sp_cube c, struct sp_cube *out)
{
	struct sp_atom *a = sp_get(w, c.n, sizeof(*a));
	int rc = sp_spend(w, c.n);

	if (rc != 0)
		return rc;
	if (a == NULL)
		return -EXO_ENOMEM;
	if (c.n > 0)
		memcpy(a, c.a, c.n * sizeof(*a));
	*out = (struct sp_cube){ a, c.n };
	return 0;
}

static int push_copy(struct sp_work *w, struct list *l, struct sp_cube c)
{
	int rc = copy(w, c, &c);

	return rc != 0 ? rc : push(w, l, c);
}

int sp_all(struct sp_work *w, struct sp_region *out)
{
	struct sp_cube *c = sp_get(w, 1, sizeof(*c));

	if (c == NULL)
		return -EXO_ENOMEM;
	*out = (struct sp_region){ c, 1 };
	return 0;
}

int sp_conj(struct sp_work *w, const struct sp_atom *a, uint32_t n,
    struct sp_region *out)
{
	uint32_t room = n < SP_FIELDS ? n : SP_FIELDS;
	struct sp_atom *v = sp_get(w, room, sizeof(*v));
	struct list l = { NULL, 0, 0 };
	struct sp_cube c = { v, 0 };
	int rc = v == NULL ? -EXO_ENOMEM : 1;

	for (uint32_t i = 0; rc > 0 && i < n; i++) {
		rc = sp_spend(w, c.n);
		if (rc == 0)
			rc = sp_narrow(w->of, v, &c.n, &a[i]);
	}
	if (rc > 0)
		rc = sp_inhabited(w, &c);
	if (rc > 0)
		rc = push(w, &l, c);
	if (rc < 0)
		return rc;
	*out = (struct sp_region){ l.v, l.n };
	return 0;
}

int sp_or(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out)
{
	uint64_t n = (uint64_t)a.n + b.n;
	struct sp_cube *v;
	int rc = sp_spend(w, n);

	if (rc != 0)
		return rc;
	v = n <= UINT32_MAX ? sp_get(w, n, sizeof(*v)) : NULL;
	if (v == NULL)
		return -EXO_ENOMEM;
	if (a.n > 0)
		memcpy(v, a.v, a.n * sizeof(*v));
	if (b.n > 0)
		memcpy(v + a.n, b.v, b.n * sizeof(*v));
	*out = (struct sp_region){ v, (uint32_t)n };
	return 0;
}

/* Cubes of a, and those of b that each may meet. */
struct pairs {
	struct sp_near near;
	uint32_t *order;
	struct sp_atom *both;
};

static int pairs_init(
    struct pairs *p, struct sp_work *w, struct sp_region a, struct sp_region b)
{
	uint32_t width;
	int rc = sp_width(w, a, b, &width);

	if (rc == 0)
		rc = sp_near_init(&p->near, w, b, a.n);
	if (rc != 0)
		return rc;
	p->order = sp_get(w, b.n, sizeof(*p->order));
	p->both = sp_get(w, width, sizeof(*p->both));
	return p->order == NULL || p->both == NULL ? -EXO_ENOMEM : 0;
}

/* What is in a and in the k-th of b: 1, 0 or negative. When all of a is, its
 * atoms are a's own. */
static int pair(struct pairs *p, struct sp_work *w, const struct sp_cube *a,
    uint32_t k, struct sp_cube *out)
{
	const struct sp_cube *b = &p->near.b.v[k];
	uint32_t open;
	int rc = sp_look(w, a, b, &open);

	if (rc <= 0)
		return rc;
	*out = *a;
	if (open > 0)
		rc = sp_meet(w, a, b, p->both, out);
	return rc < 0 ? rc : sp_inhabited(w, out);
}

static int cube_and(
    struct pairs *p, struct sp_work *w, const struct sp_cube *a, struct list *l)
{
	uint32_t before = l->n, n;
	struct sp_cube c;
	int rc = sp_near_to(&p->near, w, a, p->order, &n);

	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = pair(p, w, a, p->order[i], &c);
		if (rc > 0 && c.a == a->a) {
			l->n = before;
			return push(w, l, c);
		}
		if (rc > 0)
			rc = push_copy(w, l, c);
	}
	return rc;
}

int sp_and(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out)
{
	struct list l = { NULL, 0, 0 };
	struct pairs p;
	int rc = pairs_init(&p, w, a, b);

	for (uint32_t i = 0; rc == 0 && i < a.n; i++)
		rc = cube_and(&p, w, &a.v[i], &l);
	if (rc != 0)
		return rc;
	*out = (struct sp_region){ l.v, l.n };
	return 0;
}

int sp_minus(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_region *out)
{
	struct list l = { NULL, 0, 0 };
	struct sp_rest s;
	struct sp_cube c;
	int rc = sp_rest_init(&s, w, a, b);

	for (uint32_t i = 0; rc == 0 && i < a.n; i++) {
		rc = sp_rest_of(&s, &a.v[i]);
		while (rc == 0 && (rc = sp_rest_next(&s, &c)) > 0)
			rc = c.a == a.v[i].a ? push(w, &l, c)
			                     : push_copy(w, &l, c);
	}
	if (rc != 0)
		return rc;
	*out = (struct sp_region){ l.v, l.n };
	return 0;
}

int sp_not(struct sp_work *w, struct sp_region a, struct sp_region *out)
{
	const struct sp_cube every = { NULL, 0 };

	return sp_minus(w, (struct sp_region){ &every, 1 }, a, out);
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
	struct sp_cube c = { NULL, 0 };
	struct pairs p;
	uint32_t n;
	int rc = pairs_init(&p, w, a, b);

	for (uint32_t i = 0; rc == 0 && i < a.n; i++) {
		rc = sp_near_to(&p.near, w, &a.v[i], p.order, &n);
		for (uint32_t k = 0; rc == 0 && k < n; k++)
			rc = pair(&p, w, &a.v[i], p.order[k], &c);
	}
	if (rc > 0 && out != NULL)
		*out = c;
	return rc;
}

int sp_inside(struct sp_work *w, struct sp_region a, struct sp_region b,
    struct sp_cube *out)
{
	struct sp_cube c = { NULL, 0 };
	struct sp_rest s;
	int rc = sp_rest_init(&s, w, a, b);

	for (uint32_t i = 0; rc == 0 && i < a.n; i++) {
		rc = sp_rest_of(&s, &a.v[i]);
		if (rc == 0)
			rc = sp_rest_next(&s, &c);
	}
	if (rc > 0 && out != NULL)
		*out = c;
	return rc < 0 ? rc : rc == 0;
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
