/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a cube A is in none of many cubes B.
 *
 * A \ (b1 and b2 ...) is the union of A and not b1, A and b1 and not b2, and so
 * on; these exclude each other. A piece that no packet can be in is nothing.
 * Of each piece the same is asked with those of B that it meets: when one has
 * it all it is nothing, when there are none it is a piece of the answer. It is
 * a walk, depth first, so that "is anything left" ends at the first piece; its
 * length may be exponential in B, which is what the budget is for.
 *
 * Next comes a cube with the fewest atoms that the piece does not imply: one
 * such atom makes pieces in one field only. Of several it is any: as with
 * quicksort, a thousand ranges side by side then make ten levels or twenty,
 * and not a thousand. Chance is that of a formula, so results are the same
 * each time.
 *
 * `order` holds numbers of cubes of B. The first `near` of them are those that
 * a frame's piece meets. Deeper frames only change the order of theirs, which
 * are among these, so one array serves all. Frames are kept for later use; so
 * memory grows with the depth, at most the number of B's, not with the walk.
 */
#include "exo/abi/err.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

struct sp_frame {
	struct sp_frame *up, *down;
	struct sp_cube now;       /* of the piece, what is still to be done */
	struct sp_atom *v;        /* now's atoms, or room for them */
	const struct sp_cube *by; /* what is cut away; NULL: not chosen yet */
	uint32_t near;
	uint32_t atom, piece; /* of `by`, and of its complement: the next */
};

static int new_frame(
    struct sp_rest *s, struct sp_frame *up, struct sp_frame **out)
{
	struct sp_frame *f = sp_get(s->w, 1, sizeof(*f));

	if (f != NULL)
		f->v = sp_get(s->w, s->width, sizeof(*f->v));
	if (f == NULL || f->v == NULL)
		return -EXO_ENOMEM;
	f->up = up;
	*out = f;
	return 0;
}

int sp_rest_init(struct sp_rest *s, struct sp_work *w, struct sp_region a,
    struct sp_region b)
{
	int rc;

	*s = (struct sp_rest){ .w = w };
	rc = sp_width(w, a, b, &s->width);
	if (rc == 0)
		rc = sp_near_init(&s->near, w, b, a.n);
	if (rc != 0)
		return rc;
	s->order = sp_get(w, b.n, sizeof(*s->order));
	s->both = sp_get(w, s->width, sizeof(*s->both));
	if (s->order == NULL || s->both == NULL)
		return -EXO_ENOMEM;
	return new_frame(s, NULL, &s->bottom);
}

/* A piece that is new: its atoms are those of now. */
static void begin(struct sp_rest *s, struct sp_frame *f, uint32_t near)
{
	f->by = NULL;
	f->near = near;
	f->atom = 0;
	f->piece = 0;
	s->at = f;
}

int sp_rest_of(struct sp_rest *s, const struct sp_cube *a)
{
	uint32_t n, kept = 0;
	int rc = sp_inhabited(s->w, a);

	s->at = NULL;
	if (rc <= 0)
		return rc;
	rc = sp_near_to(&s->near, s->w, a, s->order, &n);
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < n; i++)
		if (s->gone == NULL || !s->gone[s->order[i]])
			s->order[kept++] = s->order[i];
	s->bottom->now = *a;
	begin(s, s->bottom, kept);
	return 0;
}

static void swap(struct sp_rest *s, uint32_t i, uint32_t k)
{
	uint32_t x = s->order[i];

	s->order[i] = s->order[k];
	s->order[k] = x;
}

static int both_inhabited(
    struct sp_rest *s, const struct sp_cube *a, const struct sp_cube *b)
{
	struct sp_cube c;
	int rc = sp_meet(s->w, a, b, s->both, &c);

	return rc != 0 ? rc : sp_inhabited(s->w, &c);
}

/* Whether the last of n alike is to be taken, each with the same chance. */
static bool take(struct sp_rest *s, uint32_t n)
{
	s->chance = s->chance * 6364136223846793005 + 1442695040888963407;
	return (s->chance >> 32) * n >> 32 == 0;
}

/*
 * Find those that a new piece meets, and which of them to cut away. One that
 * would be cut away must share a packet with it, not only the look of one.
 * Returns 1; 0 when one of them has all of the piece; negative.
 */
static int settle(struct sp_rest *s, struct sp_frame *f)
{
	uint32_t i = 0, at = 0, least = UINT32_MAX, alike = 0, open;

	while (i < f->near) {
		const struct sp_cube *b = &s->near.b.v[s->order[i]];
		int rc = sp_look(s->w, &f->now, b, &open);

		if (rc > 0 && open == 0)
			return 0;
		if (rc > 0 &&
		    (open < least || (open == least && take(s, ++alike)))) {
			rc = both_inhabited(s, &f->now, b);
			if (rc > 0) {
				alike = open < least ? 1 : alike;
				f->by = b;
				at = i;
				least = open;
			}
		}
		if (rc < 0)
			return rc;
		if (rc > 0)
			i++;
		else
			swap(s, i, --f->near);
	}
	if (f->by != NULL)
		swap(s, at, --f->near);
	return 1;
}

/* Put the piece "f's now, and b" into the frame below, if somebody lives there.
 * Returns 1, 0 or negative. */
static int descend(
    struct sp_rest *s, struct sp_frame *f, const struct sp_atom *b)
{
	struct sp_frame *g = f->down;
	uint32_t n = f->now.n;
	int rc = sp_spend(s->w, n);

	if (rc == 0 && g == NULL) {
		rc = new_frame(s, f, &f->down);
		g = f->down;
	}
	if (rc != 0)
		return rc;
	if (n > 0)
		memcpy(g->v, f->now.a, n * sizeof(*g->v));
	if (!sp_narrow(s->w->of, g->v, &n, b))
		return 0;
	g->now = (struct sp_cube){ g->v, n };
	rc = sp_inhabited(s->w, &g->now);
	if (rc > 0)
		begin(s, g, f->near);
	return rc;
}

/* Go on within the next atom. Something is left there: what is in both was
 * found inhabited. */
static int keep(struct sp_rest *s, struct sp_frame *f, const struct sp_atom *b)
{
	uint32_t n = f->now.n;
	int rc = sp_spend(s->w, n);

	if (n > 0 && f->now.a != f->v)
		memcpy(f->v, f->now.a, n * sizeof(*f->v));
	sp_narrow(s->w->of, f->v, &n, b);
	f->now = (struct sp_cube){ f->v, n };
	f->atom++;
	f->piece = 0;
	return rc;
}

/* The next piece that is not in `by`. Returns 1, 0 behind the last, negative. */
static int advance(struct sp_rest *s, struct sp_frame *f)
{
	const struct sp_atom *b, *a;
	struct sp_atom other;
	int rc = 0;

	while (rc == 0 && f->atom < f->by->n) {
		b = &f->by->a[f->atom];
		a = sp_atom_of(&f->now, b->field);
		if (a != NULL && f->piece == 0 && sp_atom_inside(a, b)) {
			rc = sp_spend(s->w, f->now.n);
			f->atom++;
			continue;
		}
		rc =
		    sp_atom_not(b, s->w->of->max(b->field), f->piece++, &other);
		if (rc < 0)
			rc = keep(s, f, b);
		else if (rc > 0)
			rc = descend(s, f, &other);
	}
	return rc;
}

int sp_rest_next(struct sp_rest *s, struct sp_cube *out)
{
	struct sp_frame *f;
	int rc;

	while ((f = s->at) != NULL) {
		rc = f->by == NULL ? settle(s, f) : 1;
		if (rc > 0 && f->by == NULL) {
			*out = f->now;
			s->at = f->up;
			return 1;
		}
		if (rc > 0)
			rc = advance(s, f);
		if (rc < 0)
			return rc;
		if (rc == 0)
			s->at = f->up;
	}
	return 0;
}
