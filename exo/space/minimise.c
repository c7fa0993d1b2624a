/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fewer cubes for the same set.
 *
 * First, field by field, cubes that are the same but for their atoms of that
 * field are sorted to be neighbours, and those whose union is a cube become
 * one; until a round over all fields changes nothing. Then a cube that is in
 * the union of the others goes, if that is found out with a fair share of the
 * budget; otherwise it stays. Each step keeps the set and lessens the number
 * of cubes.
 */
#include "exo/space/region.h"

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

/* Of cubes that are the same but for one atom, how many a new one is compared
 * with. Ranges join the last; masked ones may have others in between. */
#define BACK 32u

/* Its masked bits say it all. */
static bool is_masked(const struct sp_atom *a, uint64_t max)
{
	return a->lo == a->value && a->hi == (a->value | (max & ~a->mask));
}

/* Its range says it all: the numbers of its form are without a gap. */
static bool is_range(const struct sp_atom *a, uint64_t max)
{
	return a->mask == sp_alike(a, max);
}

/* The union of two tidy atoms of a field, if it is one. */
static bool join(const struct sp_atom *a, const struct sp_atom *b, uint64_t max,
    struct sp_atom *out)
{
	const struct sp_atom *low = a->lo <= b->lo ? a : b;
	const struct sp_atom *high = low == a ? b : a;
	uint64_t differ = a->value ^ b->value;

	if (a->absent || b->absent)
		return false;
	if (is_range(a, max) && is_range(b, max) &&
	    (high->lo <= low->hi || high->lo - 1 == low->hi)) {
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

/* Absence and any number are no demand together. */
static bool no_demand(
    const struct sp_atom *a, const struct sp_atom *b, uint64_t max)
{
	const struct sp_atom *there = a->absent ? b : a;

	return a->absent != b->absent && there->lo == 0 && there->hi == max;
}

struct pass {
	struct sp_work *w;
	struct sp_cube *v;
	uint32_t n;
	uint32_t field;
	uint32_t *at;         /* the cubes' numbers, sorted */
	struct sp_cube *next; /* the cubes of the next pass */
	uint32_t kept, group; /* of these so far; where the last group begins */
};

/* Put a cube with another atom, or none, in the place of x's. */
static int replace(struct pass *p, const struct sp_cube *x,
    const struct sp_atom *one, struct sp_cube *out)
{
	struct sp_atom *v = sp_get(p->w, x->n, sizeof(*v));
	uint32_t n = 0;
	int rc = sp_spend(p->w, x->n);

	if (rc != 0)
		return rc;
	if (v == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = 0; i < x->n; i++) {
		if (x->a[i].field != p->field)
			v[n++] = x->a[i];
		else if (one != NULL)
			v[n++] = *one;
	}
	*out = (struct sp_cube){ v, n };
	return 1;
}

/* Make one cube of two that are the same but for the field: 1, 0 if that
 * cannot be, or negative. */
static int unite(struct pass *p, const struct sp_cube *x,
    const struct sp_cube *y, struct sp_cube *out)
{
	const struct sp_atom *a = sp_atom_of(x, p->field);
	const struct sp_atom *b = sp_atom_of(y, p->field);
	uint64_t max = p->w->of->max(p->field);
	struct sp_atom one;
	int rc = sp_spend(p->w, (uint64_t)x->n + y->n);

	if (rc != 0)
		return rc;
	if (a == NULL || (b != NULL && sp_atom_inside(b, a))) {
		*out = *x;
		return 1;
	}
	if (b == NULL || sp_atom_inside(a, b)) {
		*out = *y;
		return 1;
	}
	if (no_demand(a, b, max))
		return replace(p, x, NULL, out);
	return join(a, b, max, &one) ? replace(p, x, &one, out) : 0;
}

static int order3(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

/* Two atoms by field, absence, lo, hi, mask; with lo in the set that is all. */
static int order_atoms(const struct sp_atom *a, const struct sp_atom *b)
{
	int rc = order3(a->field, b->field);

	if (rc == 0)
		rc = order3(b->absent, a->absent);
	if (rc == 0)
		rc = order3(a->lo, b->lo);
	if (rc == 0)
		rc = order3(a->hi, b->hi);
	return rc != 0 ? rc : order3(a->mask, b->mask);
}

/* Two cubes by all atoms but that of the field. */
static int order_rest(struct pass *p, const struct sp_cube *a,
    const struct sp_cube *b, int *order)
{
	uint32_t i = 0, k = 0;
	int rc = 0;

	for (; rc == 0; i++, k++) {
		i += i < a->n && a->a[i].field == p->field;
		k += k < b->n && b->a[k].field == p->field;
		if (i >= a->n || k >= b->n) {
			rc = (i < a->n) - (k < b->n);
			break;
		}
		rc = order_atoms(&a->a[i], &b->a[k]);
	}
	*order = rc;
	return sp_spend(p->w, (uint64_t)i + k);
}

static int lower(void *ctx, uint32_t x, uint32_t y)
{
	struct pass *p = ctx;
	const struct sp_atom *a, *b;
	int order, rc = order_rest(p, &p->v[x], &p->v[y], &order);

	if (rc != 0 || order != 0)
		return rc != 0 ? rc : order < 0;
	a = sp_atom_of(&p->v[x], p->field);
	b = sp_atom_of(&p->v[y], p->field);
	if (a == NULL || b == NULL)
		return a == NULL && b != NULL;
	return order_atoms(a, b) < 0;
}

/* Unite a cube with one of its group, or make it one of them. */
static int place(struct pass *p, const struct sp_cube *c)
{
	uint32_t i = p->kept;
	int order = 1, rc = 0;

	if (p->kept > p->group)
		rc = order_rest(p, &p->next[p->group], c, &order);
	if (order != 0)
		p->group = p->kept;
	while (rc == 0 && i > p->group && p->kept - i < BACK) {
		i--;
		rc = unite(p, &p->next[i], c, &p->next[i]);
	}
	if (rc == 0)
		p->next[p->kept++] = *c;
	return rc < 0 ? rc : 0;
}

static int one_field(struct pass *p)
{
	struct sp_cube *v = p->v;
	int rc = sp_spend(p->w, p->n);

	for (uint32_t i = 0; i < p->n; i++)
		p->at[i] = i;
	if (rc == 0)
		rc = sp_sort(p->at, p->n, lower, p);
	p->kept = p->group = 0;
	for (uint32_t i = 0; rc == 0 && i < p->n; i++)
		rc = place(p, &v[p->at[i]]);
	p->n = p->kept;
	p->v = p->next;
	p->next = v;
	return rc;
}

/* Rounds over the fields, as long as one helps. */
static int unite_all(struct pass *p, uint64_t fields)
{
	uint32_t before;
	int rc = 0;

	do {
		before = p->n;
		for (uint64_t left = fields; rc == 0 && left != 0 && p->n > 1;
		     left &= left - 1) {
			p->field = (uint32_t)__builtin_ctzll(left);
			rc = one_field(p);
		}
	} while (rc == 0 && p->n < before);
	return rc;
}

/* Whether the rest of the cubes have this one, if it is cheap to say. */
static int is_spare(struct sp_rest *s, const struct sp_cube *c, uint64_t share)
{
	uint64_t before = s->w->left, most = share < before ? share : before;
	struct sp_cube piece;
	int rc;

	s->w->left = most;
	rc = sp_rest_of(s, c);
	if (rc == 0)
		rc = sp_rest_next(s, &piece);
	s->w->left += before - most;
	if (rc == -EXO_EBUDGET)
		rc = 1;
	return rc < 0 ? rc : rc == 0;
}

static int drop_spare(struct pass *p)
{
	struct sp_region all = { p->v, p->n };
	uint64_t share;
	struct sp_rest s;
	bool *gone = sp_get(p->w, p->n, sizeof(*gone));
	int rc = gone == NULL ? -EXO_ENOMEM : 0;

	if (rc == 0)
		rc = sp_rest_init(&s, p->w, all, all);
	s.gone = gone;
	exo_assert(p->n > 0); /* the first cube of a pass is always kept */
	share = p->w->left / 2 / p->n;
	for (uint32_t i = 0; rc >= 0 && i < p->n; i++) {
		gone[i] = true;
		rc = is_spare(&s, &p->v[i], share);
		gone[i] = rc > 0;
	}
	p->kept = 0;
	for (uint32_t i = 0; rc >= 0 && i < p->n; i++)
		if (!gone[i])
			p->next[p->kept++] = p->v[i];
	return rc < 0 ? rc : 0;
}

/* A cube that demands nothing has all others. */
static bool has_all(struct sp_region a, struct sp_region *out)
{
	for (uint32_t i = 0; i < a.n; i++) {
		if (a.v[i].n != 0)
			continue;
		*out = (struct sp_region){ &a.v[i], 1 };
		return true;
	}
	return false;
}

int sp_minimise(struct sp_work *w, struct sp_region a, struct sp_region *out)
{
	struct pass p = { .w = w, .n = a.n };
	uint64_t fields = 0;
	int rc = sp_fields(w, a, &fields);

	if (rc != 0)
		return rc;
	if (has_all(a, out))
		return 0;
	if (a.n == 0) {
		*out = a;
		return 0;
	}
	p.v = sp_get(w, a.n, sizeof(*p.v));
	p.next = sp_get(w, a.n, sizeof(*p.next));
	p.at = sp_get(w, a.n, sizeof(*p.at));
	if (p.v == NULL || p.next == NULL || p.at == NULL)
		return -EXO_ENOMEM;
	memcpy(p.v, a.v, a.n * sizeof(*p.v));
	rc = unite_all(&p, fields);
	if (rc == 0)
		rc = drop_spare(&p);
	if (rc != 0)
		return rc;
	*out = (struct sp_region){ p.next, p.kept };
	return 0;
}
