/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The region of the ways that accepted.
 *
 * Each way's packets are its atoms' less its exceptions; the difference is
 * written out as cubes. Ways without a doubt make the cubes that are sure.
 * Where these are too many, exceptions are dropped, and then cubes that are
 * alike are put together to one that has both: the region only grows.
 *
 * A cube need not say that something is captured which its other atoms say
 * already, nor how much is captured in several forms: see lengths().
 */
#include "verifier/accept_int.h"

#include "exo/lib/mem.h"

#define PIECES_MAX  4096u
#define STEPS_SMALL 200000u /* for a smaller form of the same region */
#define EXCEPTIONS  8u      /* for a step */
#define SURE_MAX    64u     /* doubtful cubes that are looked for in others */

struct pieces {
	struct sp_cube *v;
	uint32_t n, room;
};

static uint64_t field_max(uint32_t f)
{
	return sp_max((enum sp_field)f);
}

static int anybody(struct sp_work *w, const struct sp_cube *c)
{
	(void)w;
	(void)c;
	return 1;
}

/* Every cube may have packets: no knowledge of packets is needed to be right,
 * and nothing is refused for the lack of it. */
static const struct sp_universe plain = { field_max, anybody };

static bool push(struct vf_acc *a, struct pieces *p, struct sp_cube c)
{
	uint32_t room = p->room == 0 ? 64 : p->room * 2;
	struct sp_cube *v;

	if (p->n == PIECES_MAX) {
		a->over = true;
		return false;
	}
	if (p->n == p->room) {
		v = vf_acc_get(a, room * sizeof(*v));
		if (v == NULL)
			return false;
		if (p->n != 0)
			memcpy(v, p->v, p->n * sizeof(*v));
		p->v = v;
		p->room = room;
	}
	p->v[p->n++] = c;
	return true;
}

/* --- lengths --------------------------------------------------------------- */

/* How many bytes of the packet, and behind l4, a cube asks for. */
struct lengths {
	uint32_t caplen, left;
};

static bool any_number(const struct sp_atom *a)
{
	return !a->absent && a->mask == 0 && a->lo == 0 &&
	       a->hi == field_max(a->field);
}

static void note(struct lengths *n, enum sp_field counts, uint32_t least)
{
	uint32_t *to = counts == SP_CAPLEN ? &n->caplen : &n->left;

	*to = *to < least ? least : *to;
}

/* Take out an atom that says no more than how much is captured; either way,
 * note that. False: it stays. */
static bool only_length(
    const struct vf_layout *l, const struct sp_atom *a, struct lengths *n)
{
	enum sp_field counts = (enum sp_field)a->field;
	uint32_t end = (uint32_t)a->lo;

	if (a->absent)
		return false;
	if (counts == SP_CAPLEN || counts == SP_L4_LEFT) {
		note(n, counts, end);
		return a->mask == 0 && a->hi == UINT32_MAX;
	}
	if (!vf_field_end(l, a->field, &counts, &end))
		return false;
	note(n, counts, end);
	return any_number(a);
}

/* Where l4 lies is known: all counts from the packet's first byte. */
static void settle(const struct vf_layout *l, struct lengths *n)
{
	if (l->at[SP_H_L4] == SP_NOWHERE || n->left == 0)
		return;
	note(n, SP_CAPLEN, l->at[SP_H_L4] + n->left);
	n->left = 0;
}

/*
 * Atoms that only say how much is captured are replaced by one, if what is
 * captured does not follow from the others: a field of bytes is there if, and
 * only if, the bytes up to its end are captured, the atoms that say where it
 * lies given, and those stay.
 */
static bool lengths(struct vf_acc *a, struct vf_way *w)
{
	struct lengths all = { 0, 0 }, kept = { 0, 0 };
	struct vf_demand d = { .n = 1 };
	struct vf_layout l;
	uint32_t n = 0;

	vf_layout(a, w, &l);
	for (uint32_t i = 0; i < w->n; i++) {
		if (only_length(&l, &w->a[i], &all))
			continue;
		(void)only_length(&l, &w->a[i], &kept);
		w->a[n++] = w->a[i];
	}
	w->n = n;
	vf_way_says(a, w);
	w->except = NULL;
	settle(&l, &all);
	settle(&l, &kept);
	d.a[0] = sp_between(SP_CAPLEN, all.caplen, UINT32_MAX);
	if (all.caplen > kept.caplen && !vf_way_demand(a, w, &d))
		return false;
	d.a[0] = sp_between(SP_L4_LEFT, all.left, UINT32_MAX);
	return all.left <= kept.left || vf_way_demand(a, w, &d);
}

/* A cube without what it need not say. */
static bool push_tidy(struct vf_acc *a, struct pieces *p, struct vf_way *tmp,
    const struct sp_cube *c)
{
	struct sp_atom *v;

	if (c->n > VF_ACCEPT_ATOMS_MAX) {
		a->over = true;
		return false;
	}
	tmp->n = c->n;
	tmp->except = NULL;
	if (c->n != 0)
		memcpy(tmp->a, c->a, c->n * sizeof(*c->a));
	if (!lengths(a, tmp))
		return !a->over;
	v = vf_acc_get(a, (tmp->n + 1) * sizeof(*v));
	if (v == NULL)
		return false;
	memcpy(v, tmp->a, tmp->n * sizeof(*v));
	return push(a, p, (struct sp_cube){ v, tmp->n });
}

/* --- ways ------------------------------------------------------------------ */

/* A demand's atoms, tidy, in the order of their fields. */
static void in_order(const struct vf_demand *d, struct sp_atom *v)
{
	for (uint32_t i = 0; i < d->n; i++) {
		struct sp_atom one = d->a[i];
		uint32_t k = i;

		(void)sp_tidy(&one, field_max(one.field));
		for (; k > 0 && v[k - 1].field > one.field; k--)
			v[k] = v[k - 1];
		v[k] = one;
	}
}

/* The exceptions of a way that still say something; tidy. Returns how many, or
 * UINT32_MAX: the way is empty, or a->over is set. */
static uint32_t exceptions(
    struct vf_acc *a, const struct vf_way *w, struct sp_cube **out)
{
	struct vf_demand rest;
	uint32_t n = 0, k = 0;
	struct sp_atom *v;

	for (const struct vf_except *e = w->except; e != NULL; e = e->next)
		n += !e->soft;
	*out = vf_acc_get(a, (n + 1) * sizeof(**out));
	if (*out == NULL || !vf_acc_spend(a, n / EXCEPTIONS))
		return UINT32_MAX;
	for (const struct vf_except *e = w->except; e != NULL; e = e->next) {
		int rc = e->soft ? -1 : vf_way_rest(w, &e->d, &rest);

		if (rc < 0)
			continue;
		v = rc == 0 ? NULL : vf_acc_get(a, rest.n * sizeof(*v));
		if (v == NULL)
			return UINT32_MAX;
		in_order(&rest, v);
		(*out)[k++] = (struct sp_cube){ v, rest.n };
	}
	return k;
}

/* The cubes of one way; exact: with its exceptions. */
static bool write_way(struct vf_acc *a, const struct vf_way *w, bool exact,
    struct pieces *p, struct vf_way *tmp)
{
	struct sp_cube whole = { w->a, w->n }, *without = NULL;
	struct sp_region from = { &whole, 1 }, less = { NULL, 0 }, got;

	less.n = exact ? exceptions(a, w, &without) : 0;
	if (less.n == UINT32_MAX)
		return !a->over;
	less.v = without;
	got = from;
	if (less.n != 0 && sp_minus(&a->work, from, less, &got) != 0) {
		a->over = true;
		return false;
	}
	for (uint32_t i = 0; i < got.n; i++)
		if (!push_tidy(a, p, tmp, &got.v[i]))
			return false;
	return true;
}

/* Whether leaving out its exceptions adds nothing to a way. */
static bool has_none(struct vf_acc *a, const struct vf_way *w)
{
	struct sp_cube *v;

	return exceptions(a, w, &v) == 0;
}

/* Does a way belong to those that are sure? */
static bool is_sure(struct vf_acc *a, const struct vf_way *w, bool exact)
{
	return w->why == VF_ACCEPT_NONE && (exact || has_none(a, w));
}

static bool write_ways(struct vf_acc *a, bool sure, bool exact,
    struct pieces *p, struct vf_way *tmp)
{
	for (const struct vf_way *w = a->took; w != NULL; w = w->next)
		if (is_sure(a, w, exact) == sure &&
		    !write_way(a, w, exact, p, tmp))
			return false;
	return true;
}

/* --- smaller --------------------------------------------------------------- */

/* The same region of fewer cubes, if that is not too much to find out. */
static void minimise(struct vf_acc *a, struct pieces *p)
{
	struct sp_work w = a->work;
	struct sp_region from = { p->v, p->n }, to;
	uint64_t budget = w.left < STEPS_SMALL ? w.left : STEPS_SMALL;

	w.left = budget;
	if (p->n > 1 && sp_minimise(&w, from, &to) == 0) {
		memcpy(p->v, to.v, to.n * sizeof(*to.v));
		p->n = to.n;
	}
	a->work.left -= budget - w.left;
}

/* Drop doubtful cubes all of which is sure. */
static void drop_inside(
    struct vf_acc *a, struct pieces *maybe, const struct pieces *sure)
{
	struct sp_work w = a->work;
	struct sp_region all = { sure->v, sure->n };
	uint64_t budget = w.left < STEPS_SMALL ? w.left : STEPS_SMALL;
	uint32_t n = 0;

	w.left = budget;
	for (uint32_t i = 0; i < maybe->n; i++) {
		struct sp_region one = { &maybe->v[i], 1 };

		if (maybe->n > SURE_MAX || sure->n == 0 ||
		    sp_inside(&w, one, all, NULL) != 1)
			maybe->v[n++] = maybe->v[i];
	}
	maybe->n = n;
	a->work.left -= budget - w.left;
}

/* An order in which cubes of the same fields are neighbours. */
static int compare_cubes(const struct sp_cube *x, const struct sp_cube *y)
{
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	for (uint32_t i = 0; i < x->n; i++) {
		if (x->a[i].field != y->a[i].field)
			return x->a[i].field < y->a[i].field ? -1 : 1;
	}
	for (uint32_t i = 0; i < x->n; i++)
		if (x->a[i].lo != y->a[i].lo)
			return x->a[i].lo < y->a[i].lo ? -1 : 1;
	return 0;
}

static void sort(struct pieces *p)
{
	for (uint32_t gap = p->n / 2; gap > 0; gap /= 2) {
		for (uint32_t i = gap; i < p->n; i++) {
			struct sp_cube c = p->v[i];
			uint32_t k = i;

			for (;
			     k >= gap && compare_cubes(&c, &p->v[k - gap]) < 0;
			     k -= gap)
				p->v[k] = p->v[k - gap];
			p->v[k] = c;
		}
	}
}

static bool same_fields(const struct sp_cube *x, const struct sp_cube *y)
{
	if (x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (x->a[i].field != y->a[i].field)
			return false;
	return true;
}

/* One cube that has both: the atoms of fields that both have, joined. */
static bool join(struct vf_acc *a, const struct sp_cube *x,
    const struct sp_cube *y, struct sp_cube *out)
{
	struct sp_atom *v = vf_acc_get(a, (x->n + 1) * sizeof(*v));
	uint32_t n = 0, k = 0;

	if (v == NULL || !vf_acc_spend(a, x->n))
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		while (k < y->n && y->a[k].field < x->a[i].field)
			k++;
		v[n] = x->a[i];
		if (k < y->n && y->a[k].field == x->a[i].field)
			n += vf_atom_join(&v[n], &y->a[k]);
	}
	*out = (struct sp_cube){ v, n };
	return true;
}

/* Put neighbours together, two by two; those of the same fields if there are
 * some, else any. */
static bool halve(struct vf_acc *a, struct pieces *p, bool alike)
{
	uint32_t n = 0, i = 0;

	while (i < p->n) {
		struct sp_cube c = p->v[i++];

		if (i < p->n && (!alike || same_fields(&c, &p->v[i])) &&
		    !join(a, &c, &p->v[i++], &c))
			return false;
		p->v[n++] = c;
	}
	p->n = n;
	return true;
}

static bool shrink(struct vf_acc *a, struct pieces *p)
{
	uint32_t before;

	sort(p);
	while (p->n > VF_ACCEPT_CUBES_MAX) {
		before = p->n;
		if (!halve(a, p, true))
			return false;
		if (p->n > before - before / 8 && !halve(a, p, false))
			return false;
	}
	return true;
}

/* --- the whole ------------------------------------------------------------- */

/* Copy cubes to where they stay. */
static bool copy(
    const struct sp_work *to, const struct pieces *from, struct sp_cube *v)
{
	for (uint32_t i = 0; i < from->n; i++) {
		const struct sp_cube *c = &from->v[i];
		struct sp_atom *atoms =
		    exo_arena_get(to->arena, (c->n + 1) * sizeof(*atoms));

		if (atoms == NULL)
			return false;
		if (c->n != 0)
			memcpy(atoms, c->a, c->n * sizeof(*atoms));
		v[i] = (struct sp_cube){ atoms, c->n };
	}
	return true;
}

static bool give(const struct sp_work *to, const struct pieces *sure,
    const struct pieces *maybe, struct vf_accept *out)
{
	uint32_t n = sure->n + maybe->n;
	struct sp_cube *v = exo_arena_get(to->arena, (n + 1) * sizeof(*v));

	if (v == NULL || !copy(to, sure, v) || !copy(to, maybe, v + sure->n))
		return false;
	out->where = (struct sp_region){ v, n };
	out->sure = sure->n;
	return true;
}

/* Both lists with exceptions or without; false: too many, or a->over. */
static bool write_all(struct vf_acc *a, bool exact, struct pieces *sure,
    struct pieces *maybe, struct vf_way *tmp)
{
	*sure = (struct pieces){ NULL, 0, 0 };
	*maybe = (struct pieces){ NULL, 0, 0 };
	if (!write_ways(a, true, exact, sure, tmp) ||
	    !write_ways(a, false, exact, maybe, tmp))
		return false;
	if (sure->n + maybe->n <= 2 * VF_ACCEPT_CUBES_MAX) {
		minimise(a, sure);
		minimise(a, maybe);
		drop_inside(a, maybe, sure);
	}
	return sure->n + maybe->n <= VF_ACCEPT_CUBES_MAX;
}

/* Why some way that accepts is in doubt, or 0. */
static uint8_t doubt_of(const struct vf_acc *a)
{
	const struct vf_way *w = a->took;

	while (w != NULL && w->why == VF_ACCEPT_NONE)
		w = w->next;
	return w == NULL ? (uint8_t)VF_ACCEPT_NONE : w->why;
}

bool vf_acc_cubes(
    struct vf_acc *a, const struct sp_work *to, struct vf_accept *out)
{
	struct pieces sure, maybe;
	struct vf_way *tmp = vf_way_first(a);
	uint64_t rest = a->work.left / 2;
	bool done;

	if (tmp == NULL)
		return false;
	a->why = doubt_of(a);
	a->work.of = &plain;
	a->work.left -= rest;
	done = write_all(a, true, &sure, &maybe, tmp);
	a->work.left += rest;
	if (!done) {
		a->over = false;
		if (a->why == VF_ACCEPT_NONE)
			a->why = VF_ACCEPT_CUBES;
		if (!write_all(a, false, &sure, &maybe, tmp)) {
			for (uint32_t i = 0; i < sure.n; i++)
				if (!push(a, &maybe, sure.v[i]))
					return false;
			sure.n = 0;
			if (a->over || !shrink(a, &maybe))
				return false;
		}
	}
	return give(to, &sure, &maybe, out);
}
