/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways through a program.
 *
 * One after another
 *	A way is followed to its end; where it forks, the other sides wait on a
 *	stack. Together the sides have all packets of the way: a test's
 *	alternatives, and what none of them holds. Loops are followed round by
 *	round.
 *
 *	What none of the alternatives holds is looked at last. If by then every
 *	way behind them has ended by accepting, each packet that satisfies an
 *	alternative is accepted, and the rest need not exclude them: the
 *	exceptions are `soft`, of use only to see that a way has no packets, and
 *	forgotten where they are many. By induction a way's atoms then have its
 *	packets and others that are accepted, never one that is not. That keeps
 *	the cubes of `host a or host b ...` as few as its hosts.
 *
 * All at once, where those are too many
 *	Ways wait for each other at each instruction, in the order of
 *	instructions (there are no jumps backwards then). Where they are too
 *	many, those that are alike are joined to what they have in common.
 *	Exceptions are dropped. What is left at the end has every packet that
 *	the program accepts, and others.
 */
#include "verifier/accept_int.h"

#define WAITING_MAX 1024u
#define TOOK_MAX    4096u
#define SOFT_MOST   64u /* exceptions, of which those are kept, too */
#define KEEP_MOST   24u
#define KEEP_ALL    60000u /* at all instructions together */

static void end(struct vf_acc *a, struct vf_way *w)
{
	if (w->pc == VF_PC_REFUSE) {
		a->refused++;
		a->ways++;
		vf_way_drop(a, w);
		return;
	}
	a->ways++;
	w->next = a->took;
	a->took = w;
	if (++a->ntook > TOOK_MAX)
		a->over = true;
}

/* The most alike of those that wait at a place takes it in. */
static void meet(
    struct vf_acc *a, struct vf_way **head, uint16_t *count, struct vf_way *w)
{
	struct vf_way *best = NULL;
	uint32_t least = UINT32_MAX;

	if (!vf_acc_spend(a, *count))
		return;
	for (struct vf_way *o = *head; o != NULL; o = o->next) {
		uint32_t n = vf_way_unlike(o, w);

		if (n < least) {
			least = n;
			best = o;
		}
	}
	if (best != NULL && (least == 0 || *count >= a->keep)) {
		vf_way_join(a, best, w);
		vf_way_drop(a, w);
		return;
	}
	w->next = *head;
	*head = w;
	++*count;
}

static void wait_merging(struct vf_acc *a, struct vf_way *w)
{
	w->except = NULL;
	if (w->pc == VF_PC_REFUSE) {
		end(a, w);
	} else if (w->pc == VF_PC_ACCEPT) {
		meet(a, &a->at[a->n], &a->count[a->n], w);
	} else if (w->pc < a->now) {
		a->give_up = true;
		a->why = VF_ACCEPT_STEPS;
	} else {
		meet(a, &a->at[w->pc], &a->count[w->pc], w);
	}
}

void vf_walk_wait(struct vf_acc *a, struct vf_way *w)
{
	if (a->merging) {
		wait_merging(a, w);
		return;
	}
	w->mark = a->refused;
	w->next = a->stack;
	a->stack = w;
	if (++a->waiting > WAITING_MAX)
		a->over = true;
}

/* Fields of bytes that a test looks at are there, all of them. */
static bool are_there(
    struct vf_acc *a, struct vf_way *w, const struct vf_test *t)
{
	struct vf_layout l;
	struct vf_demand d = { .n = 1 };
	enum sp_field counts;
	uint32_t end_at;

	vf_layout(a, w, &l);
	for (uint32_t i = 0; i < t->n; i++) {
		for (uint32_t k = 0; k < t->alt[i].n; k++) {
			uint8_t f = t->alt[i].a[k].field;

			d.a[0] = sp_present((enum sp_field)f);
			if (vf_field_end(&l, f, &counts, &end_at) &&
			    !vf_way_demand(a, w, &d))
				return false;
		}
	}
	return true;
}

/* Let a way exclude all alternatives, once it is known how. */
static bool exclude(struct vf_acc *a, struct vf_way *w, const struct vf_test *t)
{
	struct vf_demand rest;

	if (a->merging) {
		for (uint32_t i = 0; i < t->n; i++) {
			if (!vf_way_without(a, w, &t->alt[i]))
				return false;
		}
		return true;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		int rc = vf_way_rest(w, &t->alt[i], &rest);
		struct vf_except *e;

		if (rc == 0)
			return false;
		if (rc < 0)
			continue;
		e = vf_acc_get(a, sizeof(*e));
		if (e == NULL)
			return false;
		e->d = t->alt[i];
		e->next = w->except;
		e->depth = e->next == NULL ? 1 : e->next->depth + 1;
		w->except = e;
		w->fresh++;
	}
	return true;
}

static void fork_cubes(struct vf_acc *a, struct vf_way *w,
    const struct vf_test *t, uint32_t yes, uint32_t no)
{
	struct vf_way *out, *in;

	if (!are_there(a, w, t)) {
		vf_way_drop(a, w);
		return;
	}
	out = vf_way_copy(a, w);
	if (out == NULL)
		return;
	out->pc = no;
	out->again = t->again;
	if (exclude(a, out, t))
		vf_walk_wait(a, out);
	else
		vf_way_drop(a, out);
	for (uint32_t i = 0; i < t->n && !a->over; i++) {
		in = i + 1 < t->n ? vf_way_copy(a, w) : w;
		if (in == NULL)
			return;
		in->pc = yes;
		if (vf_way_demand(a, in, &t->alt[i]))
			vf_walk_wait(a, in);
		else
			vf_way_drop(a, in);
	}
}

void vf_walk_fork(struct vf_acc *a, struct vf_way *w, const struct vf_test *t,
    uint32_t yes, uint32_t no)
{
	struct vf_way *out;

	if (t->kind == VF_TEST_FALSE || t->kind == VF_TEST_TRUE) {
		w->pc = t->kind == VF_TEST_TRUE ? yes : no;
		vf_walk_wait(a, w);
		return;
	}
	if (t->flip) {
		uint32_t swap = yes;

		yes = no;
		no = swap;
	}
	if (t->kind == VF_TEST_CUBES) {
		fork_cubes(a, w, t, yes, no);
		return;
	}
	if (yes == no) {
		w->pc = yes;
		vf_walk_wait(a, w);
		return;
	}
	vf_way_doubt(a, w, t->why);
	out = vf_way_copy(a, w);
	if (out == NULL)
		return;
	out->pc = no;
	vf_walk_wait(a, out);
	w->pc = yes;
	if (t->n == 0 || vf_way_demand(a, w, &t->alt[0]))
		vf_walk_wait(a, w);
	else
		vf_way_drop(a, w);
}

/* What a way was to exclude when it began to wait. */
static bool begin(struct vf_acc *a, struct vf_way *w)
{
	bool soft = a->refused == w->mark && !w->again;
	struct vf_except *e = w->except;

	for (; w->fresh != 0; w->fresh--, e = e->next) {
		e->soft = soft;
		if (soft && e->depth > SOFT_MOST)
			w->except = e->next;
		else if (!soft && !vf_way_without(a, w, &e->d))
			return false;
	}
	w->again = false;
	return true;
}

static void follow(struct vf_acc *a, struct vf_way *w)
{
	while (w != NULL && !a->over && !a->give_up) {
		if (w->pc >= VF_PC_REFUSE) {
			end(a, w);
			return;
		}
		a->steps++;
		if (!vf_acc_spend(a, 1))
			return;
		w = vf_acc_step(a, w);
		if (w != NULL && a->merging) {
			vf_walk_wait(a, w);
			return;
		}
	}
}

static void walk_merging(struct vf_acc *a)
{
	struct vf_way *w;

	for (a->now = 0; a->now < a->n; a->now++) {
		while (a->at[a->now] != NULL && !a->over && !a->give_up) {
			w = a->at[a->now];
			a->at[a->now] = w->next;
			a->count[a->now]--;
			follow(a, w);
		}
	}
	while (a->at[a->n] != NULL) {
		w = a->at[a->n];
		a->at[a->n] = w->next;
		vf_way_doubt(a, w, VF_ACCEPT_WAYS);
		end(a, w);
	}
}

void vf_walk(struct vf_acc *a)
{
	struct vf_way *w = vf_way_first(a);

	if (w == NULL)
		return;
	if (a->merging) {
		a->keep = KEEP_ALL / a->n;
		a->keep = a->keep < 2           ? 2
		          : a->keep > KEEP_MOST ? KEEP_MOST
		                                : a->keep;
		a->at[0] = w;
		a->count[0] = 1;
		walk_merging(a);
		return;
	}
	while (w != NULL && !a->over && !a->give_up) {
		if (begin(a, w))
			follow(a, w);
		else
			vf_way_drop(a, w);
		w = a->stack;
		if (w != NULL) {
			a->stack = w->next;
			a->waiting--;
		}
	}
}
