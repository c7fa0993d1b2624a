/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a way demands of packets, and what it excludes.
 *
 * A way's packets are those that satisfy its atoms, one a field, and none of
 * its exceptions, each a demand. Atoms alone decide what is known; exceptions
 * are written out as cubes at the end, where they still say something.
 *
 * Where a way has atoms already, an exception of one field often is an atom
 * itself: the numbers above a range that begins where the way's begins, the
 * other number of a bit.
 */
#include "verifier/accept_int.h"

#include "exo/lib/mem.h"

#define EXCEPTIONS 64u /* steps: looking at four of them is one */

bool vf_atom_and(struct sp_atom *a, const struct sp_atom *b)
{
	if (a->absent || b->absent)
		return a->absent && b->absent;
	if (((a->value ^ b->value) & a->mask & b->mask) != 0)
		return false;
	a->mask |= b->mask;
	a->value |= b->value;
	a->lo = a->lo > b->lo ? a->lo : b->lo;
	a->hi = a->hi < b->hi ? a->hi : b->hi;
	return sp_tidy(a, sp_max((enum sp_field)a->field));
}

bool vf_atom_inside(const struct sp_atom *a, const struct sp_atom *b)
{
	if (a->absent || b->absent)
		return a->absent && b->absent;
	return (b->mask & ~a->mask) == 0 && (a->value & b->mask) == b->value &&
	       b->lo <= a->lo && a->hi <= b->hi;
}

bool vf_atom_join(struct sp_atom *a, const struct sp_atom *b)
{
	if (a->absent || b->absent)
		return a->absent && b->absent;
	a->mask &= b->mask & ~(a->value ^ b->value);
	a->value &= a->mask;
	a->lo = a->lo < b->lo ? a->lo : b->lo;
	a->hi = a->hi > b->hi ? a->hi : b->hi;
	return sp_tidy(a, sp_max((enum sp_field)a->field));
}

static bool equal(const struct sp_atom *a, const struct sp_atom *b)
{
	return a->field == b->field && vf_atom_inside(a, b) &&
	       vf_atom_inside(b, a);
}

static size_t way_size(const struct vf_acc *a)
{
	return sizeof(struct vf_way) + a->nslots * sizeof(struct vf_sym *);
}

static struct vf_way *way_new(struct vf_acc *a)
{
	struct vf_way *w = a->room;

	if (w == NULL)
		return vf_acc_get(a, way_size(a));
	a->room = w->next;
	return w;
}

void vf_way_says(struct vf_acc *a, struct vf_way *w)
{
	w->said = ++a->said;
}

struct vf_way *vf_way_first(struct vf_acc *a)
{
	struct vf_way *w = way_new(a);

	if (w == NULL)
		return NULL;
	memset(w, 0, sizeof(*w));
	for (unsigned i = 0; i < EXO_REGS; i++)
		w->r[i] = a->other;
	for (uint32_t i = 0; i < a->nslots; i++)
		w->slot[i] = a->other;
	w->r[1] = vf_sym_pointer(a, VF_SYM_CTX, 0);
	w->r[EXO_R_FP] = vf_sym_pointer(a, VF_SYM_STACK, 0);
	w->a[w->n] = sp_is(SP_LINK, a->link);
	(void)sp_tidy(&w->a[w->n++], sp_max(SP_LINK));
	vf_way_says(a, w);
	return w;
}

struct vf_way *vf_way_copy(struct vf_acc *a, const struct vf_way *w)
{
	struct vf_way *to = way_new(a);

	if (to == NULL)
		return NULL;
	memcpy(to, w, offsetof(struct vf_way, a) + w->n * sizeof(w->a[0]));
	if (a->nslots != 0)
		memcpy(to->slot, w->slot, a->nslots * sizeof(w->slot[0]));
	return to;
}

void vf_way_drop(struct vf_acc *a, struct vf_way *w)
{
	w->next = a->room;
	a->room = w;
}

const struct sp_atom *vf_way_atom(const struct vf_way *w, uint8_t field)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->a[i].field == field)
			return &w->a[i];
	return NULL;
}

void vf_way_doubt(struct vf_acc *a, struct vf_way *w, uint8_t why)
{
	if (a->why == VF_ACCEPT_NONE)
		a->why = why;
	if (w->why == VF_ACCEPT_NONE)
		w->why = why;
}

/* Put a tidy atom in its place; a way that is full does without, which is no
 * more than a doubt. */
static bool narrow(struct vf_acc *a, struct vf_way *w, struct sp_atom one)
{
	uint32_t i = 0;

	vf_way_says(a, w);
	while (i < w->n && w->a[i].field < one.field)
		i++;
	if (i < w->n && w->a[i].field == one.field)
		return vf_atom_and(&w->a[i], &one);
	if (w->n == VF_ACCEPT_ATOMS_MAX) {
		vf_way_doubt(a, w, VF_ACCEPT_CUBES);
		return true;
	}
	memmove(&w->a[i + 1], &w->a[i], (w->n - i) * sizeof(one));
	w->a[i] = one;
	w->n++;
	return true;
}

int vf_way_rest(
    const struct vf_way *w, const struct vf_demand *d, struct vf_demand *rest)
{
	rest->n = 0;
	for (uint32_t i = 0; i < d->n; i++) {
		const struct sp_atom *mine = vf_way_atom(w, d->a[i].field);
		struct sp_atom both = d->a[i];

		if (mine != NULL && !vf_atom_and(&both, mine))
			return -1;
		if (mine == NULL || !vf_atom_inside(mine, &d->a[i]))
			rest->a[rest->n++] = d->a[i];
	}
	return rest->n != 0;
}

bool vf_way_demand(
    struct vf_acc *a, struct vf_way *w, const struct vf_demand *d)
{
	struct vf_demand rest;
	uint64_t n = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		struct sp_atom one = d->a[i];

		if (!sp_tidy(&one, sp_max((enum sp_field)one.field)) ||
		    !narrow(a, w, one))
			return false;
	}
	for (const struct vf_except *e = w->except; e != NULL; e = e->next) {
		if (++n % (4 * EXCEPTIONS) == 0 && !vf_acc_spend(a, EXCEPTIONS))
			return false;
		if (vf_way_rest(w, &e->d, &rest) == 0)
			return false;
	}
	return vf_acc_spend(a, n % (4 * EXCEPTIONS) / 4);
}

/* All that an atom can be asked for where the way has none. */
static bool any_number(
    const struct vf_way *w, uint8_t field, struct sp_atom *out)
{
	const struct sp_atom *mine = vf_way_atom(w, field);

	if (mine != NULL) {
		*out = *mine;
		return !mine->absent;
	}
	*out = sp_present((enum sp_field)field);
	return sp_field_row[field].header == SP_H_META &&
	       sp_tidy(out, sp_max((enum sp_field)field));
}

/* The numbers of `all` that are not in `b`, a part of it, if they are an atom
 * or none. Returns 1, 0: none; -1: they are no atom. */
static int opposite(
    const struct sp_atom *all, const struct sp_atom *b, struct sp_atom *out)
{
	uint64_t max = sp_max((enum sp_field)all->field);
	uint64_t extra = b->mask & ~all->mask;
	struct sp_atom x = *all;

	x.lo = b->lo;
	x.hi = b->hi;
	*out = *all;
	if (sp_tidy(&x, max) && equal(&x, b)) {
		if (b->lo == all->lo && b->hi == all->hi)
			return 0;
		if (b->lo == all->lo)
			out->lo = b->hi + 1;
		else if (b->hi == all->hi)
			out->hi = b->lo - 1;
		else
			return -1;
		return sp_tidy(out, max);
	}
	for (; extra != 0; extra &= extra - 1) {
		uint64_t bit = extra & (0 - extra);

		x = *all;
		x.mask |= bit;
		x.value |= b->value & bit;
		if (!sp_tidy(&x, max) || !equal(&x, b))
			continue;
		out->mask |= bit;
		out->value |= ~b->value & bit;
		return sp_tidy(out, max);
	}
	return -1;
}

bool vf_way_without(
    struct vf_acc *a, struct vf_way *w, const struct vf_demand *d)
{
	struct vf_demand rest;
	struct sp_atom all, b, out;
	int rc = vf_way_rest(w, d, &rest);

	if (rc <= 0)
		return rc < 0;
	if (rest.n != 1 || !any_number(w, rest.a[0].field, &all))
		return true;
	b = rest.a[0];
	if (!vf_atom_and(&b, &all))
		return true;
	rc = opposite(&all, &b, &out);
	if (rc < 0)
		return true;
	rest.a[0] = out;
	return rc > 0 && vf_way_demand(a, w, &rest);
}

/* --- ways that meet -------------------------------------------------------- */

uint32_t vf_way_unlike(const struct vf_way *w, const struct vf_way *by)
{
	uint32_t i = 0, k = 0, n = 0;

	while (i < w->n || k < by->n) {
		if (k == by->n ||
		    (i < w->n && w->a[i].field < by->a[k].field)) {
			i++;
			n += 4;
		} else if (i == w->n || by->a[k].field < w->a[i].field) {
			k++;
			n += 4;
		} else {
			n += !equal(&w->a[i++], &by->a[k++]);
		}
	}
	for (i = 0; i < EXO_REGS; i++)
		n += w->r[i] != by->r[i];
	return n + (w->why != by->why);
}

void vf_way_join(struct vf_acc *a, struct vf_way *w, const struct vf_way *by)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct sp_atom *b = vf_way_atom(by, w->a[i].field);

		w->a[n] = w->a[i];
		n += b != NULL && vf_atom_join(&w->a[n], b);
	}
	w->n = n;
	vf_way_says(a, w);
	for (uint32_t i = 0; i < EXO_REGS; i++)
		if (w->r[i] != by->r[i])
			w->r[i] = a->other;
	for (uint32_t i = 0; i < a->nslots; i++)
		if (w->slot[i] != by->slot[i])
			w->slot[i] = a->other;
	vf_way_doubt(a, w, VF_ACCEPT_WAYS);
}
