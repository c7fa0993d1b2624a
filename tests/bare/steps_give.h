/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps in which something is given up that the kernel asked for, or not: see steps.h. */
#ifndef TESTS_BARE_STEPS_GIVE_H
#define TESTS_BARE_STEPS_GIVE_H

#include "tests/bare/steps_other.h"

/** Frames of who is here that it was not started with, from the first on; a last one may
 * be another's, or of another time. What is wrong with that. */
static inline int64_t give_frames(
    struct step *p, uint64_t *names, uint32_t *which, uint32_t n)
{
	uint32_t odd = step_below(p, 6), k = 0;
	int64_t err = 0;

	for (uint32_t i = 0; i < p->s->nlive && k < n; i++) {
		const struct steps_frame *f = &p->s->live[i];
		int others = f->owner != p->who;

		if (f->name == 0 || (others && (odd != 0 || k + 1 < n)))
			continue;
		names[k] = (uint64_t)f->generation << 32 | f->number;
		if (odd == 1 && k + 1 == n) {
			names[k] += (uint64_t)1 << 32;
			err = -EXO_ESTALE;
		}
		if (others)
			err = -EXO_EPERM;
		which[k++] = f->name;
		steps_num(&p->t, " f", f->name);
	}
	for (; k < n; k++) { /* there are not so many */
		names[k] = k > 0 && err == 0 ? names[0] : 0;
		err = err != 0 ? err : k > 0 ? -EXO_EINVAL : -EXO_EPERM;
	}
	return err;
}

static inline int64_t give_slots(
    struct step *p, uint64_t *names, uint32_t *which, uint32_t n)
{
	int64_t err = 0;

	for (uint32_t k = 0; k < n; k++) {
		which[k] = step_below(p, STEPS_SLOTS + 1);
		for (uint32_t i = 0; i < STEPS_SLOTS; i++)
			if (p->s->slot[(which[k] + i) % STEPS_SLOTS] ==
			        p->who + 1 &&
			    which[k] < STEPS_SLOTS && !steps_seldom(p->s)) {
				which[k] = (which[k] + i) % STEPS_SLOTS;
				break;
			}
		names[k] = which[k];
		steps_num(&p->t, " ", which[k]);
		if (err == 0 && (which[k] >= STEPS_SLOTS ||
		                    p->s->slot[which[k]] != p->who + 1))
			err = -EXO_ENOENT;
		for (uint32_t i = 0; i < k; i++)
			if (err == 0 && which[i] == which[k])
				err = -EXO_EINVAL;
	}
	return err;
}

/** A binding of somebody's, of nobody's; whether it is of who is here. */
static inline int give_binding(struct step *p, uint64_t *name, uint32_t *which)
{
	*name = step_binding(p, which);
	return *which < STEPS_BINDS && p->s->bind[*which].owner == p->who;
}

/** The same for a key: one that was derived, and is not the one before, if there is. */
static inline int give_key(
    struct step *p, uint64_t before, uint64_t *name, uint32_t *which)
{
	*which = step_below(p, STEPS_NETS);
	for (uint32_t i = 0; i < STEPS_NETS; i++, ++*which) {
		const struct steps_net *k = &p->s->net[*which % STEPS_NETS];

		if (k->name != 0 && k->owner == p->who &&
		    k->parent != *which % STEPS_NETS && k->name != before)
			break;
	}
	*which %= STEPS_NETS;
	steps_num(&p->t, " ", *which);
	*name = p->s->net[*which].name;
	return *name != 0 && p->s->net[*which].owner == p->who;
}

/** So many of them: all are the libOS's, and none is there twice. */
static inline int64_t give_net(
    struct step *p, uint32_t kind, uint64_t *names, uint32_t *which, uint32_t n)
{
	int64_t err = 0;

	for (uint32_t k = 0; k < n; k++) {
		int own = kind == EXO_KIND_BINDING
		              ? give_binding(p, &names[k], &which[k])
		              : give_key(p, k > 0 ? names[k - 1] : 0, &names[k],
		                    &which[k]);

		if (err == 0 && !own)
			err = -EXO_ENOENT;
		for (uint32_t i = 0; i < k; i++)
			if (err == 0 && names[i] == names[k])
				err = -EXO_EINVAL;
	}
	return err;
}

static inline void did_surrender(
    struct step *p, uint32_t kind, uint32_t n, const uint32_t *which)
{
	for (uint32_t k = 0; k < n; k++) {
		p->s->gave[kind] += p->s->lib[p->who].asked[kind].n > 0;
		if (kind == EXO_KIND_FRAME) {
			model_gone(p->s, model_frame(p->s, which[k]));
		} else if (kind == EXO_KIND_SLOT) {
			p->s->slot[which[k]] = 0;
			model_given(p->s, p->who, EXO_KIND_SLOT);
		} else if (kind == EXO_KIND_BINDING) {
			model_unbound(p->s, which[k], p->who);
		} else if (p->s->net[which[k]].name != 0) {
			model_net_end(p->s, which[k], p->who);
		} /* else it was below one before it */
	}
}

/** A kind, seldom one that there is not; more often one that it was asked for. */
static inline uint32_t give_kind(struct step *p)
{
	uint32_t at = step_below(p, EXO_KIND_KEY);

	for (uint32_t i = 0; i < EXO_KIND_KEY; i++) {
		uint32_t kind = 1 + (at + i) % EXO_KIND_KEY;

		if (p->s->lib[p->who].asked[kind].n > 0)
			return kind;
	}
	return step_below(p, 3) == 0 ? EXO_KIND_FRAME : step_below(p, 6);
}

static inline void step_surrender(struct step *p)
{
	struct exo_call_surrender *a = (void *)steps_room;
	uint64_t *names = (void *)(steps_room + STEPS_TABLE);
	uint32_t which[STEPS_BATCH], kind = give_kind(p), asked;
	int64_t want = -EXO_EINVAL;

	*a = (struct exo_call_surrender){ .kind = kind };
	steps_num(&p->t, " kind ", kind);
	asked = kind < STEPS_KINDS ? p->s->lib[p->who].asked[kind].n : 0;
	a->n = step_count(p, asked > STEPS_BATCH ? STEPS_BATCH
	                     : asked > 0         ? asked
	                                         : 2);
	a->names = step_table(p);
	if (a->names == steps_room_at + STEPS_TABLE && a->n > 0 &&
	    a->n <= STEPS_BATCH && kind >= 1 && kind <= EXO_KIND_KEY)
		want = kind == EXO_KIND_FRAME
		           ? give_frames(p, names, which, a->n)
		       : kind == EXO_KIND_SLOT
		           ? give_slots(p, names, which, a->n)
		           : give_net(p, kind, names, which, a->n);
	if (step_call(p, EXO_CALL_SURRENDER_NR, sizeof(*a), want) == 0)
		did_surrender(p, kind, a->n, which);
}

#endif
