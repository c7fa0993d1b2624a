/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accept conditions: the whole.
 *
 * Why a condition has every packet that its program accepts
 *	- A run of the program on a packet goes one way. Values on it are what
 *	  accept_sym.c says: each known bit is right, each bit of a source is
 *	  that bit of the packet, and what is not followed is unknown
 *	  (accept_step.c).
 *	- A byte is taken for a field only where the way's atoms fix what
 *	  decides where the parser finds the field (accept_place.c), and only
 *	  if all of it is known to be captured. So the field is there, and has
 *	  the number that the program sees.
 *	- Where a way forks, a packet satisfies the demands of the side that its
 *	  run takes: those of an alternative, or none of them (accept_test.c);
 *	  both sides are followed if nothing is known. A side is dropped only
 *	  when its demands contradict each other.
 *	- A load past the captured bytes ends the program with 0, so each load
 *	  forks by length.
 *	Hence the run's way is among those that are followed, and if it accepts,
 *	the packet is in that way's cubes (accept_cubes.c), which later steps
 *	only make larger.
 *
 * Why a sure cube has no other packet
 *	If no test on a way was unknown, each packet of the way satisfies all
 *	that its forks asked, so its run goes that way, and is accepted. What a
 *	way need not exclude is accepted, too (accept_walk.c). Cubes that grew
 *	are not sure.
 *
 * When the budget ends, or what cannot be followed is met, the condition is
 * every packet of the link type.
 */
#include "verifier/accept_int.h"

#include "exo/abi/err.h"

/* Steps for following one way after another, less of packets of which the
 * parser sees only lengths; for all at once; and for the cubes of either. */
#define STEPS_EACH    200000u
#define STEPS_LENGTHS 20000u
#define STEPS_ALL     2000000u
#define STEPS_CUBES   1000000u

void *vf_acc_get(struct vf_acc *a, size_t size)
{
	void *p = exo_arena_get(&a->arena, size);

	a->over |= p == NULL;
	return p;
}

bool vf_acc_spend(struct vf_acc *a, uint64_t steps)
{
	if (a->over || a->work.left <= steps ||
	    !exo_pause(a->work.pause, steps)) {
		a->over = true;
		return false;
	}
	a->work.left -= steps;
	return true;
}

/* The least answer, without a budget. */
static int set_opaque(uint32_t link, struct sp_work *w, struct vf_accept *out)
{
	struct sp_cube *c = exo_arena_get(w->arena, sizeof(*c));
	struct sp_atom *a = exo_arena_get(w->arena, sizeof(*a));

	if (c == NULL || a == NULL)
		return -EXO_ENOMEM;
	*a = sp_is(SP_LINK, link);
	(void)sp_tidy(a, sp_max(SP_LINK));
	*c = (struct sp_cube){ a, 1 };
	out->where = (struct sp_region){ c, 1 };
	out->sure = 0;
	out->opaque = true;
	return 0;
}

/* A cube of every packet of the link type makes the others superfluous. */
static bool is_everything(const struct sp_region *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->v[i].n == 1 && r->v[i].a[0].field == SP_LINK)
			return true;
	return false;
}

static bool prepare(struct vf_acc *a, const struct vf_prog *p, uint32_t link,
    const struct exo_arena *arena, struct exo_pause *pause, bool merging)
{
	uint32_t stack = vf_prog_facts(p)->stack;

	a->arena = *arena;
	a->work.arena = &a->arena;
	a->work.pause = pause;
	a->prog = p;
	a->insns = vf_prog_insns(p, &a->n);
	a->type = vf_prog_type(p);
	a->link = link;
	a->nslots = (stack < EXO_STACK_SIZE ? stack : EXO_STACK_SIZE) / 4;
	a->merging = merging;
	a->other = vf_sym_any(a, VF_BIT_OTHER, 64);
	a->zero = vf_sym_const(a, 0);
	if (merging) {
		a->at = vf_acc_get(a, (a->n + 1) * sizeof(struct vf_way *));
		a->count = vf_acc_get(a, (a->n + 1) * sizeof(uint16_t));
	}
	return !a->over && a->other != NULL;
}

static bool has_fields(uint32_t link)
{
	switch (link) {
	case SP_LINK_NULL:
	case SP_LINK_ETHERNET:
	case SP_LINK_RAW:
	case SP_LINK_LOOP:
	case SP_LINK_SLL:
	case SP_LINK_IPV4:
	case SP_LINK_IPV6:
	case SP_LINK_SLL2:
		return true;
	default:
		return false;
	}
}

static void lend(struct sp_work *w, struct vf_acc *a, uint64_t most)
{
	a->work.left = w->left < most ? w->left : most;
	w->left -= a->work.left;
}

static void take_back(struct sp_work *w, struct vf_acc *a)
{
	w->left += a->work.left;
	a->work.left = 0;
}

/* Follow the ways and write the region down. Returns 1; 0: it was too much;
 * -1: nothing can be said of the program. */
static int try(const struct vf_prog *p, uint32_t link, struct sp_work *w,
    bool merging, struct vf_accept *out)
{
	struct exo_arena arena;
	struct vf_acc *a;
	int rc = 0;

	exo_arena_init(&arena, w->arena->mem);
	a = exo_arena_get(&arena, sizeof(*a));
	if (a == NULL)
		return 0;
	lend(w, a,
	    merging            ? STEPS_ALL
	    : has_fields(link) ? STEPS_EACH
	                       : STEPS_LENGTHS);
	if (prepare(a, p, link, &arena, w->pause, merging)) {
		vf_walk(a);
		take_back(w, a);
		lend(w, a, STEPS_CUBES);
		if (a->give_up)
			rc = -1;
		else if (!a->over && vf_acc_cubes(a, w, out))
			rc = 1;
	}
	take_back(w, a);
	out->why = a->why;
	out->keep = a->varies || rc <= 0 ? 0 : a->bytes;
	out->ways += a->ways;
	out->steps += a->steps;
	arena = a->arena;
	exo_arena_free(&arena);
	return rc;
}

int vf_accept(const struct vf_prog *p, uint32_t link, struct sp_work *w,
    struct vf_accept *out)
{
	const struct vf_facts *facts = vf_prog_facts(p);
	struct vf_accept got = { .pure = facts->pure && !facts->leaks };
	int rc = -1;

	if (facts->writes_pkt || facts->tail_calls)
		got.why = VF_ACCEPT_CHANGES;
	else
		rc = try(p, link, w, false, &got);
	if (rc == 0)
		rc = try(p, link, w, true, &got);
	if (exo_pause_stopped(w->pause))
		return -EXO_EBUDGET;
	if (rc == 0 && got.why == VF_ACCEPT_NONE)
		got.why = VF_ACCEPT_STEPS;
	if (rc <= 0 || is_everything(&got.where)) {
		bool exact = rc > 0 && got.sure == got.where.n;

		rc = set_opaque(link, w, &got);
		if (rc != 0)
			return rc;
		got.sure = exact;
		got.opaque = !exact;
	}
	got.exact = got.sure == got.where.n;
	if (got.exact)
		got.why = VF_ACCEPT_NONE;
	*out = got;
	return 0;
}
