/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps after which the kernel asks for something, and takes it: see steps.h.
 *
 * Frames are asked for where others want some. Everything is where boot.conf says so, by
 * the lines that its owner wrote: a step is a line. What is due is taken when the kernel
 * is let see to it, by the same choice as in the model.
 */
#ifndef TESTS_BARE_STEPS_ASK_H
#define TESTS_BARE_STEPS_ASK_H

#include "tests/bare/steps_frame.h"
#include "tests/bare/steps_net.h"

#define STEPS_LOOK 32u /* things that the kernel takes at once */

/** All revocations of a sequence: none of a libOS's in the same line. */
static inline void steps_plan(struct steps *s)
{
	uint32_t each = STEPS_PLANS / STEPS_LIBS;

	for (uint32_t i = 0; i < STEPS_PLANS; i++) {
		struct steps_plan *p = &s->plan[i];

		p->who = i / each;
		p->line = 1 + steps_below(s, s->steps / (2 * each) + 1) +
		          (i % each == 0 ? 0 : p[-1].line);
		p->kind = 1 + steps_below(s, EXO_KIND_KEY);
		p->soon = !s->patient || steps_below(s, 2) == 0;
		p->n = p->soon && steps_below(s, 8) == 0
		           ? 1000
		           : 1 + steps_below(s, 5);
	}
}

/* --- what the kernel chooses ----------------------------------------------------------- */

/** The newest binding of somebody, or derived key. */
static inline uint32_t model_newest_bind(const struct steps *s, uint32_t who)
{
	uint32_t at = STEPS_BINDS;

	for (uint32_t i = 0; i < STEPS_BINDS; i++)
		if (s->bind[i].name != 0 && s->bind[i].owner == who &&
		    (at == STEPS_BINDS || s->bind[i].age > s->bind[at].age))
			at = i;
	return at;
}

static inline uint32_t model_newest_key(const struct steps *s, uint32_t who)
{
	uint32_t at = STEPS_NETS;

	for (uint32_t i = 0; i < STEPS_NETS; i++)
		if (s->net[i].name != 0 && s->net[i].owner == who &&
		    s->net[i].parent != i &&
		    (at == STEPS_NETS || s->net[i].age > s->net[at].age))
			at = i;
	return at;
}

static inline int model_take_slot(struct steps *s, uint32_t who)
{
	uint32_t i = STEPS_SLOTS;

	if (model_slots(s, who) <= s->lib[who].kept)
		return 0;
	while (s->slot[i - 1] != who + 1)
		i--;
	s->slot[i - 1] = 0;
	model_given(s, who, EXO_KIND_SLOT);
	model_lost(s, who, EXO_KIND_SLOT, i - 1, 0);
	return 1;
}

/** One of a kind, whose name is its age or its number. 0: there is none that is not
 * guaranteed. */
static inline int model_take(struct step *p, uint32_t who, uint32_t kind)
{
	struct steps *s = p->s;
	uint32_t i;

	switch (kind) {
	case EXO_KIND_FRAME:
		if (model_beyond(s, who) == 0)
			return 0;
		i = model_choose(s, who);
		steps_num(&p->t, " f", s->live[i].name);
		model_taken(s, i);
		return 1;
	case EXO_KIND_SLOT:
		return model_take_slot(s, who);
	case EXO_KIND_BINDING:
		i = model_newest_bind(s, who);
		if (i < STEPS_BINDS)
			model_unbound(s, i, STEPS_LIBS);
		return i < STEPS_BINDS;
	default:
		i = model_newest_key(s, who);
		if (i < STEPS_NETS)
			model_net_end(s, i, STEPS_LIBS);
		return i < STEPS_NETS;
	}
}

/** All that is due of somebody, of a kind: how much was taken. */
static inline uint32_t model_overdue(
    struct step *p, uint32_t who, uint32_t kind)
{
	struct steps_asked *a = &p->s->lib[who].asked[kind];
	uint32_t n = 0;

	if (a->n == 0 || !a->soon)
		return 0;
	steps_num(&p->t, " takes ", who);
	steps_num(&p->t, ".", kind);
	while (a->n > 0 && a->soon) {
		if (model_take(p, who, kind))
			n++;
		else
			a->n = 0;
	}
	steps_num(&p->t, "*", n);
	p->s->taken[kind] += n;
	return n;
}

static inline int model_any_due(const struct steps *s)
{
	for (uint32_t i = 0; i < STEPS_LIBS; i++)
		for (uint32_t k = 1; s->lib[i].alive && k < STEPS_KINDS; k++)
			if (s->lib[i].asked[k].n > 0 && s->lib[i].asked[k].soon)
				return 1;
	return 0;
}

/** The kernel takes what is due, one after another as they were started. */
static inline void step_settle(struct step *p)
{
	while (model_any_due(p->s)) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < STEPS_LIBS; i++)
			for (uint32_t k = 1; k < STEPS_KINDS; k++)
				if (p->s->lib[i].alive)
					n += model_overdue(p, i, k);
		for (uint32_t i = 0; i <= n / STEPS_LOOK; i++)
			steps_yield();
	}
}

/* --- when -------------------------------------------------------------------------------- */

/** What boot.conf asks for by the line that is written now; NULL: nothing. */
static inline const struct steps_plan *step_plan(struct step *p)
{
	uint32_t line = p->s->lib[p->who].lines + 1;

	for (uint32_t i = 0; i < STEPS_PLANS; i++) {
		const struct steps_plan *at = &p->s->plan[i];

		if (at->who != p->who || at->line != line)
			continue;
		steps_num(&p->t, "; revoke ", at->n);
		steps_num(&p->t, " of ", at->kind);
		steps_str(&p->t, at->soon ? " now" : "");
		return at;
	}
	return 0;
}

/** The line was written. */
static inline void did_write(struct step *p, const struct steps_plan *plan)
{
	p->s->lib[p->who].lines++;
	if (plan == 0)
		return;
	model_asked(p->s, p->who, plan->kind, plan->n, plan->soon);
	steps_yield(); /* it is asked */
	step_settle(p);
}

/** What somebody hears of when its turn comes. */
static inline void step_hear(struct step *p)
{
	struct steps_lib *l = &p->s->lib[p->who];
	uint32_t told[STEPS_KINDS] = { 0 }, left = 100000;

	steps_told(told);
	for (uint32_t k = 1; k < STEPS_KINDS; k++) {
		struct steps_asked *a = &l->asked[k];

		while (a->fresh && told[k] < a->n) {
			STEPS_SO(left-- > 0);
			steps_yield();
			steps_told(told);
		}
		STEPS_SO(told[k] <= a->most);
		a->fresh = 0;
		if (a->n == 0)
			continue;
		steps_num(&p->t, " asked ", k);
		steps_num(&p->t, ":", a->n);
	}
}

#endif
