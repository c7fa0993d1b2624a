/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every pair of claims of two owners is looked at: cheaply, which tells most of
 * them apart by a field of which both have a range, and where that does not,
 * exactly.
 */
#include "exo/hosted/conflicts.h"

#include "exo/abi/cap.h"
#include "exo/abi/err.h"
#include "exo/lib/bug.h"

#include <stdlib.h>
#include <string.h>

/* Pairs of cubes that are looked at cheaply; more are the algebra's, which has
 * an index. */
#define CHEAP 256u

/* --- who claims what --------------------------------------------------------- */

static int by_owner(const void *a, const void *b, void *ctx)
{
	const struct cmd_binding *v = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = strcmp(v[x].owner, v[y].owner);

	if (c == 0)
		c = (int)v[x].claimed - (int)v[y].claimed;
	return c != 0 ? c : x < y ? -1 : x > y;
}

/* All that an owner has with the right exclusive. */
static int own(const struct conf *c, struct conf_owner *o)
{
	const struct cmd_grants *g = &c->set->grants;
	struct sp_region all = { NULL, 0 };
	struct cmd_region_work k;
	int err = 0;

	cmd_region_begin(&k);
	for (uint32_t i = 0; err == 0 && i < g->n; i++)
		if ((g->v[i].rights & EXO_RIGHT_EXCLUSIVE) != 0 &&
		    strcmp(g->v[i].owner, o->name) == 0)
			err = sp_or(&k.w, all, g->v[i].region, &all);
	if (err == 0)
		err = sp_minimise(&k.w, all, &all);
	if (err == 0)
		err = cmd_region_keep(all, &o->all);
	cmd_region_end(&k);
	return err;
}

static void add_group(struct conf *c, const struct conf_owner *o,
    const uint32_t *bindings, uint32_t n, struct sp_region r)
{
	c->groups[c->ngroups++] = (struct conf_group){ o, bindings, n, r };
}

/* The bindings of one owner. */
static int add_owner(struct conf *c, uint32_t first, uint32_t last)
{
	const struct cmd_binding *v = c->set->v;
	struct conf_owner *o = &c->owners[c->nowners++];
	uint32_t i = first;
	int err;

	*o = (struct conf_owner){ v[c->order[first]].owner, first, last,
		{ NULL, 0 } };
	err = own(c, o);
	if (err != 0)
		return err;
	while (i < last && !v[c->order[i]].claimed)
		i++;
	if (i > first && o->all.n > 0)
		add_group(c, o, &c->order[first], i - first, o->all);
	for (; i < last; i++)
		add_group(c, o, &c->order[i], 1, v[c->order[i]].claim);
	return 0;
}

static int collect(struct conf *c)
{
	const struct cmd_binding *v = c->set->v;
	uint32_t n = c->set->n, first = 0;
	int err = 0;

	c->order = calloc((size_t)n + 1, sizeof(*c->order));
	c->owners = calloc((size_t)n + 1, sizeof(*c->owners));
	c->groups = calloc((size_t)n + 1, sizeof(*c->groups));
	if (c->order == NULL || c->owners == NULL || c->groups == NULL)
		return -EXO_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		c->order[i] = i;
	if (n > 1)
		qsort_r(c->order, n, sizeof(*c->order), by_owner, c->set->v);
	for (uint32_t i = 1; err == 0 && i <= n; i++) {
		if (i < n &&
		    strcmp(v[c->order[i]].owner, v[c->order[first]].owner) == 0)
			continue;
		err = add_owner(c, first, i);
		first = i;
	}
	return err;
}

/* --- what is found ----------------------------------------------------------- */

static int keep_witness(struct conf_finding *f, const struct cmd_witness *x)
{
	uint8_t *bytes = malloc((size_t)x->p.caplen + 1);

	if (bytes == NULL)
		return -EXO_ENOMEM;
	if (x->p.caplen > 0)
		memcpy(bytes, x->p.data, x->p.caplen);
	f->x = *x;
	f->x.p.data = bytes;
	return 0;
}

/* Show the packets that a finding is about. */
static int show(
    struct conf_finding *f, struct cmd_region_work *k, struct sp_region r)
{
	struct cmd_witness x;
	int err = sp_minimise(&k->w, r, &r);

	if (err == 0)
		err = cmd_witness_make(k, r, &x);
	if (err == -EXO_EBUDGET)
		return 0; /* it stands, without them */
	if (err != 0)
		return err;
	f->text = cmd_region_text(r, CONF_TEXT);
	if (f->text == NULL)
		return -EXO_ENOMEM;
	return x.made ? keep_witness(f, &x) : 0;
}

static void finding_free(struct conf_finding *f)
{
	free(f->text);
	if (f->x.made)
		/* keep_witness() made it: NOLINTNEXTLINE(performance-no-int-to-ptr) */
		free((void *)(uintptr_t)f->x.p.data);
}

/* Keep a finding; it is ours to free when that fails. */
static int keep(struct conf *c, struct conf_finding f)
{
	size_t room = c->room == 0 ? 16 : c->room * 2;
	struct conf_finding *v;

	if (c->n == c->room) {
		v = realloc(c->v, room * sizeof(*v));
		if (v == NULL) {
			finding_free(&f);
			return -EXO_ENOMEM;
		}
		c->v = v;
		c->room = room;
	}
	c->v[c->n++] = f;
	return 0;
}

/* Two regions that share packets, or of which that could not be worked out. */
static int found_both(struct conf *c, struct conf_finding f, struct sp_region a,
    struct sp_region b)
{
	struct cmd_region_work k;
	struct sp_region both = { NULL, 0 };
	int err = 0;

	if (c->total[f.kind]++ >= c->limit)
		return 0;
	cmd_region_begin(&k);
	if (!f.undecided)
		err = sp_and(&k.w, a, b, &both);
	if (err == 0 && !f.undecided)
		err = show(&f, &k, both);
	cmd_region_end(&k);
	if (err == 0 || err == -EXO_EBUDGET)
		return keep(c, f);
	finding_free(&f);
	return err;
}

/* --- the comparison ------------------------------------------------------------ */

static bool atoms_apart(const struct sp_atom *a, const struct sp_atom *b)
{
	if (a->absent || b->absent)
		return a->absent != b->absent;
	return a->lo > b->hi || b->lo > a->hi ||
	       (a->mask & b->mask & (a->value ^ b->value)) != 0;
}

/* Some field tells them apart; atoms are in the order of fields. */
static bool cubes_apart(const struct sp_cube *a, const struct sp_cube *b)
{
	uint32_t i = 0, k = 0;

	while (i < a->n && k < b->n) {
		if (a->a[i].field < b->a[k].field)
			i++;
		else if (a->a[i].field > b->a[k].field)
			k++;
		else if (atoms_apart(&a->a[i++], &b->a[k++]))
			return true;
	}
	return false;
}

static bool apart(struct sp_region a, struct sp_region b)
{
	if ((uint64_t)a.n * b.n > CHEAP)
		return false;
	for (uint32_t i = 0; i < a.n; i++)
		for (uint32_t k = 0; k < b.n; k++)
			if (!cubes_apart(&a.v[i], &b.v[k]))
				return false;
	return true;
}

static int compare(struct conf *c, enum conf_kind kind, uint32_t i, uint32_t k,
    struct sp_region a, struct sp_region b)
{
	struct conf_finding f = { .kind = kind, .a = i, .b = k };
	struct cmd_region_work work;
	int rc;

	if (apart(a, b))
		return 0;
	cmd_region_begin(&work);
	rc = sp_overlap(&work.w, a, b, NULL);
	cmd_region_end(&work);
	if (rc == 0 || rc == -EXO_ENOMEM)
		return rc;
	f.undecided = rc < 0;
	return found_both(c, f, a, b);
}

static int compare_claims(struct conf *c)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < c->ngroups; i++)
		for (uint32_t k = i + 1; err == 0 && k < c->ngroups; k++)
			if (c->groups[i].owner != c->groups[k].owner)
				err = compare(c, CONF_CLAIMS, i, k,
				    c->groups[i].r, c->groups[k].r);
	return err;
}

static int compare_grants(struct conf *c)
{
	const struct cmd_grants *g = &c->set->grants;
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < g->n; i++) {
		const struct cmd_grant *a = &g->v[i];

		for (uint32_t k = i + 1; err == 0 && k < g->n; k++) {
			const struct cmd_grant *b = &g->v[k];

			if ((a->rights & b->rights & EXO_RIGHT_EXCLUSIVE) !=
			        0 &&
			    strcmp(a->owner, b->owner) != 0)
				err = compare(
				    c, CONF_GRANTS, i, k, a->region, b->region);
		}
	}
	return err;
}

/* A claim that is not inside, or of which that could not be worked out. */
static int found_outside(struct conf *c, struct conf_finding f)
{
	const struct conf_group *g = &c->groups[f.a];
	struct sp_region rest = { NULL, 0 };
	struct cmd_region_work k;
	int err = 0;

	if (c->total[f.kind]++ >= c->limit)
		return 0;
	cmd_region_begin(&k);
	if (!f.undecided)
		err = sp_minus(&k.w, g->r, g->owner->all, &rest);
	if (err == 0 && !f.undecided)
		err = show(&f, &k, rest);
	cmd_region_end(&k);
	if (err == 0 || err == -EXO_EBUDGET)
		return keep(c, f);
	finding_free(&f);
	return err;
}

static int look_inside(struct conf *c)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < c->ngroups; i++) {
		const struct conf_group *g = &c->groups[i];
		struct conf_finding f = { .kind = CONF_OUTSIDE, .a = i };
		struct cmd_region_work k;
		int rc;

		exo_assert(g->owner != NULL);
		if (g->owner->all.n == 0 || g->r.v == g->owner->all.v)
			continue;
		cmd_region_begin(&k);
		rc = sp_inside(&k.w, g->r, g->owner->all, NULL);
		cmd_region_end(&k);
		f.undecided = rc < 0;
		if (rc <= 0)
			err = rc == -EXO_ENOMEM ? rc : found_outside(c, f);
	}
	return err;
}

static int look_ungranted(struct conf *c)
{
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < c->nowners; i++) {
		struct conf_finding f = { .kind = CONF_UNGRANTED, .a = i };

		if (c->owners[i].all.n == 0 && c->total[f.kind]++ < c->limit)
			err = keep(c, f);
	}
	return err;
}

int conf_run(struct conf *c)
{
	int err = collect(c);

	if (err == 0)
		err = compare_claims(c);
	if (err == 0)
		err = look_inside(c);
	if (err == 0)
		err = look_ungranted(c);
	return err == 0 ? compare_grants(c) : err;
}

bool conf_is_clean(const struct conf *c)
{
	for (uint32_t i = 0; i < CONF_KINDS; i++)
		if (c->total[i] > 0)
			return false;
	return true;
}

void conf_free(struct conf *c)
{
	for (size_t i = 0; i < c->n; i++)
		finding_free(&c->v[i]);
	for (uint32_t i = 0; i < c->nowners; i++)
		cmd_region_free(&c->owners[i].all);
	free(c->v);
	free(c->owners);
	free(c->groups);
	free(c->order);
}
