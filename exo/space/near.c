/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which cubes of a region may meet a cube: an index over one field.
 *
 * The field is the one of which most cubes have different numbers, as a sketch
 * of 64 bits tells. Cubes with numbers of it are sorted by the least, and `top`
 * is the greatest up to there: from the last whose least is not above a range
 * backwards, until top falls below it, lie all that meet it. Disjoint ranges
 * make that a few; for others it may be all, which costs what it would
 * without an index.
 */
#include "exo/abi/err.h"
#include "exo/lib/bits.h"
#include "exo/space/space_int.h"

#define WORTH 16u /* cubes and questions */

/* Let the number at i of a heap of n, greatest first, sink to its place. */
static int sink(uint32_t *at, uint64_t i, uint64_t n,
    int (*less)(void *, uint32_t, uint32_t), void *ctx)
{
	uint32_t x = at[i];
	uint64_t k;
	int rc = 0;

	while ((k = 2 * i + 1) < n) {
		rc = k + 1 < n ? less(ctx, at[k], at[k + 1]) : 0;
		if (rc < 0)
			return rc;
		k += rc > 0;
		rc = less(ctx, x, at[k]);
		if (rc <= 0)
			break;
		at[i] = at[k];
		i = k;
	}
	at[i] = x;
	return rc < 0 ? rc : 0;
}

int sp_sort(uint32_t *at, uint32_t n, int (*less)(void *, uint32_t, uint32_t),
    void *ctx)
{
	int rc = 0;

	for (uint32_t i = n / 2; rc == 0 && i > 0; i--)
		rc = sink(at, i - 1, n, less, ctx);
	for (uint32_t i = n; rc == 0 && i > 1; i--) {
		uint32_t x = at[i - 1];

		at[i - 1] = at[0];
		at[0] = x;
		rc = sink(at, 0, i - 1, less, ctx);
	}
	return rc;
}

/* The field whose numbers tell most cubes apart; SP_FIELDS: none does. */
static int choose(struct sp_work *w, struct sp_region b, uint32_t *field)
{
	uint64_t seen[SP_FIELDS] = { 0 }, best = 0, score;
	uint32_t count[SP_FIELDS] = { 0 };
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < b.n; i++) {
		for (uint32_t k = 0; k < b.v[i].n; k++) {
			const struct sp_atom *a = &b.v[i].a[k];

			if (a->absent)
				continue;
			count[a->field]++;
			seen[a->field] |=
			    SP_BIT((a->lo * 0x9e3779b97f4a7c15) >> 58);
		}
		rc = sp_spend(w, b.v[i].n);
	}
	*field = SP_FIELDS;
	for (uint32_t f = 0; f < SP_FIELDS; f++) {
		score = (uint64_t)exo_popcount64(seen[f]) * count[f];
		if ((seen[f] & (seen[f] - 1)) != 0 && score > best) {
			best = score;
			*field = f;
		}
	}
	return rc;
}

struct keys {
	struct sp_work *w;
	const uint64_t *lo; /* of b's cubes */
};

static int lower(void *ctx, uint32_t x, uint32_t y)
{
	const struct keys *k = ctx;
	int rc = sp_spend(k->w, 0);

	return rc != 0 ? rc : k->lo[x] < k->lo[y];
}

/* Those with numbers of the field to the front, and what they begin with. */
static int part(struct sp_near *s, struct sp_work *w, uint64_t *lo)
{
	uint32_t others = s->b.n;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < s->b.n; i++) {
		const struct sp_atom *a = sp_atom_of(&s->b.v[i], s->field);

		if (a != NULL && !a->absent) {
			lo[i] = a->lo;
			s->at[s->n++] = i;
		} else {
			s->at[--others] = i;
		}
		rc = sp_spend(w, s->b.v[i].n);
	}
	return rc;
}

int sp_near_init(
    struct sp_near *s, struct sp_work *w, struct sp_region b, uint32_t uses)
{
	struct keys keys = { w, NULL };
	uint64_t *lo, top = 0;
	int rc;

	*s = (struct sp_near){ .b = b, .field = SP_FIELDS };
	if (b.n < WORTH || uses < WORTH)
		return 0;
	rc = choose(w, b, &s->field);
	if (rc != 0 || s->field == SP_FIELDS)
		return rc;
	s->at = sp_get(w, b.n, sizeof(*s->at));
	s->lo = sp_get(w, b.n, sizeof(*s->lo));
	s->top = sp_get(w, b.n, sizeof(*s->top));
	keys.lo = lo = sp_get(w, b.n, sizeof(*lo));
	if (s->at == NULL || s->lo == NULL || s->top == NULL || lo == NULL)
		return -EXO_ENOMEM;
	rc = part(s, w, lo);
	if (rc == 0)
		rc = sp_sort(s->at, s->n, lower, &keys);
	for (uint32_t i = 0; rc == 0 && i < s->n; i++) {
		const struct sp_atom *a = sp_atom_of(&b.v[s->at[i]], s->field);

		top = a->hi > top ? a->hi : top;
		s->lo[i] = a->lo;
		s->top[i] = top;
		rc = sp_spend(w, b.v[s->at[i]].n);
	}
	return rc;
}

/* How many begin at x or below. */
static uint32_t upto(const struct sp_near *s, uint64_t x)
{
	uint32_t from = 0, to = s->n, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (s->lo[mid] <= x)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* Those that the index finds; it is charged for as it goes. */
static int walk(const struct sp_near *s, struct sp_work *w,
    const struct sp_atom *key, uint32_t *to, uint32_t *n)
{
	uint32_t i = key->absent ? 0 : upto(s, key->hi), many = 0;
	int rc = sp_spend(w, 8);

	for (; rc == 0 && i > 0 && s->top[i - 1] >= key->lo; i--) {
		to[many++] = s->at[i - 1];
		if (many % 64 == 0)
			rc = sp_spend(w, 16);
	}
	*n = many;
	return rc;
}

int sp_near_to(const struct sp_near *s, struct sp_work *w,
    const struct sp_cube *a, uint32_t *to, uint32_t *n)
{
	const struct sp_atom *key = sp_atom_of(a, s->field);
	bool every = s->field == SP_FIELDS || key == NULL;
	uint32_t i = every ? 0 : s->n, many = 0;
	int rc = sp_spend(w, (uint64_t)a->n + (s->b.n - i) / 4);

	if (rc == 0 && !every)
		rc = walk(s, w, key, to, &many);
	for (; rc == 0 && i < s->b.n; i++)
		to[many++] = every ? i : s->at[i];
	*n = many;
	return rc;
}
