/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's resources as they should be: what calls return, and what they change.
 *
 * Numbers are counted anew each time they are asked for, but for those of frames that an
 * environment owns.
 */
#ifndef TESTS_BARE_STEPS_MODEL_H
#define TESTS_BARE_STEPS_MODEL_H

#include "tests/bare/steps.h"

/* --- numbers ------------------------------------------------------------------------ */

static inline uint32_t steps_larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/** Frames that nobody owns and nobody was promised. */
static inline uint32_t model_spare(const struct steps *s)
{
	uint32_t used = STEPS_RESERVE + STEPS_KEPT + STEPS_TABLES;

	for (uint32_t i = 0; i < STEPS_LIBS; i++)
		if (s->lib[i].alive)
			used += STEPS_TABLES + steps_larger(s->lib[i].owned,
			                           s->lib[i].guaranteed);
	for (uint32_t i = 0; i < s->nkid; i++)
		if (s->kid[i].alive)
			used += STEPS_TABLES + s->kid[i].guaranteed;
	return STEPS_POOL - used;
}

static inline uint32_t model_beyond(const struct steps *s, uint32_t who)
{
	const struct steps_lib *l = &s->lib[who];

	return l->alive && l->owned > l->guaranteed ? l->owned - l->guaranteed
	                                            : 0;
}

/** Frames that count for the limit of a libOS: its own, and those promised to its children,
 * who own none. */
static inline uint32_t model_family(const struct steps *s, uint32_t who)
{
	uint32_t n = s->lib[who].owned;

	for (uint32_t i = 0; i < s->nkid; i++)
		if (s->kid[i].alive && s->kid[i].maker == who)
			n += s->kid[i].guaranteed;
	return n;
}

/** What a frame is; STEPS_LIVE: it is nobody's any more. */
static inline uint32_t model_frame(const struct steps *s, uint32_t name)
{
	uint32_t i = 0;

	while (i < s->nlive && (name == 0 || s->live[i].name != name))
		i++;
	return i < s->nlive ? i : STEPS_LIVE;
}

/** Entries that show it. */
static inline uint32_t model_maps(const struct steps *s, uint32_t name)
{
	uint32_t n = 0;

	for (uint32_t i = 0; name != 0 && i < STEPS_SPACES * STEPS_PAGES; i++)
		n += s->entry[i / STEPS_PAGES][i % STEPS_PAGES].name == name;
	return n;
}

static inline int model_pinned(const struct steps *s, uint32_t name)
{
	for (uint32_t i = 0; name != 0 && i < STEPS_SPACES * STEPS_PAGES; i++) {
		const struct steps_entry *e =
		    &s->entry[i / STEPS_PAGES][i % STEPS_PAGES];

		if (e->name == name && (e->bits & EXO_PTE_PIN) != 0)
			return 1;
	}
	return 0;
}

static inline uint32_t model_slots(const struct steps *s, uint32_t who)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < STEPS_SLOTS; i++)
		n += s->slot[i] == who + 1;
	return n;
}

static inline uint32_t model_nets(const struct steps *s, uint32_t who)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < STEPS_NETS; i++)
		n += s->net[i].name != 0 && s->net[i].owner == who;
	return n;
}

static inline uint32_t model_binds(const struct steps *s, uint32_t who)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < STEPS_BINDS; i++)
		n += s->bind[i].name != 0 && s->bind[i].owner == who;
	return n;
}

/* --- keys --------------------------------------------------------------------------- */

static inline int model_there(const struct steps *s, const struct steps_key *k)
{
	if (k->res == EXO_RES_FRAME)
		return model_frame(s, k->what) != STEPS_LIVE;
	if (k->res == EXO_RES_ENV)
		return s->kid[k->what].alive != 0;
	return s->net[k->what % STEPS_NETS].name ==
	       (k->key.epoch << 32 | k->key.slot);
}

/** What is wrong with a key where one of a kind with these rights is needed. */
static inline int64_t model_key(const struct steps *s,
    const struct steps_key *k, uint32_t res, uint32_t rights)
{
	int lacks = (rights & ~k->rights) != 0;

	if (k->spoilt || k->res != res)
		return -EXO_EBADKEY;
	if (res == EXO_RES_NET) /* whether it is there is looked at first */
		return !model_there(s, k) ? -EXO_ESTALE
		       : lacks            ? -EXO_EPERM
		                          : 0;
	return lacks ? -EXO_EPERM : !model_there(s, k) ? -EXO_ESTALE : 0;
}

/* --- what was asked for --------------------------------------------------------------- */

static inline void model_got(struct steps *s, uint32_t who, uint32_t kind)
{
	struct steps_asked *a = &s->lib[who].asked[kind];

	if (a->n == 0)
		return;
	a->n++;
	a->first++;
	a->most = steps_larger(a->most, a->n);
}

static inline void model_given(struct steps *s, uint32_t who, uint32_t kind)
{
	struct steps_asked *a = &s->lib[who].asked[kind];

	if (a->n == 0)
		return;
	a->n--;
	if (--a->first > 0)
		return;
	a->first = a->n;
	a->soon = a->later;
}

/** It is to give up so many; of frames, no more than are beyond its guarantee. */
static inline void model_asked(
    struct steps *s, uint32_t who, uint32_t kind, uint32_t n, uint32_t soon)
{
	struct steps_asked *a = &s->lib[who].asked[kind];

	if (kind == EXO_KIND_FRAME && n > model_beyond(s, who))
		n = model_beyond(s, who);
	if (n <= a->n)
		return;
	if (a->n == 0) {
		a->first = n;
		a->soon = soon;
	} else {
		a->later = soon;
	}
	a->n = n;
	a->fresh = 1;
	a->most = steps_larger(a->most, n);
	s->asks[kind]++;
}

/* --- losses ------------------------------------------------------------------------- */

static inline void model_lost(
    struct steps *s, uint32_t who, uint32_t kind, uint64_t name, uint64_t pages)
{
	struct steps_lib *l = &s->lib[who];

	STEPS_SO(l->nlost < STEPS_LOST);
	l->lost[l->nlost++] = (struct steps_loss){ kind, name, pages };
	s->lost[kind]++;
}

/** A frame goes: nothing shows it any more. */
static inline void model_gone(struct steps *s, uint32_t i)
{
	uint32_t name = s->live[i].name, owner = s->live[i].owner;

	for (uint32_t k = 0; k < STEPS_SPACES * STEPS_PAGES; k++) {
		struct steps_entry *e =
		    &s->entry[k / STEPS_PAGES][k % STEPS_PAGES];

		if (name != 0 && e->name == name)
			*e = (struct steps_entry){ .name = 0 };
	}
	s->lib[owner].owned--;
	model_given(s, owner, EXO_KIND_FRAME);
	s->nlive--;
	for (; i < s->nlive; i++)
		s->live[i] = s->live[i + 1];
}

/** It goes by no call of its owner's, who is told where it was seen. */
static inline void model_taken(struct steps *s, uint32_t i)
{
	const struct steps_frame *f = &s->live[i];
	uint64_t pages = 0;

	for (uint32_t v = 0; v < STEPS_PAGES; v++)
		if (f->name != 0 && s->entry[f->owner][v].name == f->name)
			pages |= (uint64_t)1 << v;
	model_lost(s, f->owner, EXO_KIND_FRAME,
	    (uint64_t)f->generation << 32 | f->number, pages);
	model_gone(s, i);
}

/** The frame of somebody that the kernel takes: the last that is not pinned, or the
 * last. */
static inline uint32_t model_choose(const struct steps *s, uint32_t who)
{
	uint32_t last = STEPS_LIVE;

	for (uint32_t i = s->nlive; i-- > 0;) {
		if (s->live[i].owner != who)
			continue;
		if (last == STEPS_LIVE)
			last = i;
		if (!model_pinned(s, s->live[i].name))
			return i;
	}
	return last;
}

/** Somebody wants n frames that are not there: who is asked, for how many; 0: nobody. */
static inline uint32_t model_ask(
    const struct steps *s, uint32_t who, uint32_t n, uint32_t *of)
{
	uint32_t has = model_beyond(s, who) + n, most = 0, share;

	for (uint32_t i = 0; i < STEPS_LIBS; i++) {
		uint32_t b = model_beyond(s, i);

		if (i == who || b <= has || b <= most)
			continue;
		*of = i;
		most = b;
	}
	share = most == 0 ? 0 : (most - has + 1) / 2;
	return n < share ? n : share;
}

/** Frames that are kept for others who wait for some, for as long as they have time, and
 * would have fewer. */
static inline uint32_t model_wished(
    const struct steps *s, uint32_t who, uint32_t more)
{
	uint32_t n = 0;

	for (uint32_t i = 0; s->patient && i < STEPS_LIBS; i++)
		if (i != who && s->lib[i].alive &&
		    model_beyond(s, who) + more >
		        model_beyond(s, i) + s->lib[i].wish)
			n += s->lib[i].wish;
	return n;
}

#endif
