/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel shows of its tables, held against the model, and shown in a line.
 */
#ifndef TESTS_BARE_STEPS_CHECK_H
#define TESTS_BARE_STEPS_CHECK_H

#include "tests/bare/steps_model.h"

/* Bits of an entry that the processor writes, or that are no choice of the libOS's. */
#define STEPS_NOT_CHOSEN                                                  \
	(EXO_PTE_FRAME | EXO_PTE_ACCESSED | EXO_PTE_DIRTY | EXO_PTE_PIN | \
	    (uint64_t)4)

static inline const struct exo_state *check_state(void)
{
	return steps_see(EXO_STATE_AT);
}

static inline const struct exo_frame_row *check_rows(void)
{
	return steps_see(EXO_FRAMES_AT);
}

/** Frames that the table says an owner has; all generations, summed up. */
static inline uint32_t check_count(
    const struct steps *s, uint32_t owner, uint64_t *generations)
{
	const struct exo_frame_row *rows = check_rows();
	uint32_t n = 0;

	*generations = 0;
	for (uint32_t i = 0; i < s->rows; i++) {
		n += rows[i].owner == owner;
		*generations += rows[i].generation;
	}
	return n;
}

/** Of all frames that were taken: whose they are, and which entries show them. */
static inline void check_live(const struct steps *s)
{
	const struct exo_frame_row *rows = check_rows();

	for (uint32_t i = 0; i < s->nlive; i++) {
		const struct steps_frame *f = &s->live[i];
		const struct exo_frame_row *r = &rows[f->number];

		STEPS_SO(r->owner == s->lib[f->owner].place + 1);
		STEPS_SO(r->generation == f->generation);
		STEPS_SO(r->maps == model_maps(s, f->name));
		for (uint32_t k = 0; k < i; k++)
			STEPS_SO(s->live[k].number != f->number);
	}
}

static inline void check_slots(const struct steps *s)
{
	const struct exo_slot_row *rows = steps_see(EXO_SLOTS_AT);

	for (uint32_t i = 0; i < STEPS_SLOTS; i++)
		STEPS_SO(
		    rows[i].owner ==
		    (s->slot[i] == 0 ? 0 : s->lib[s->slot[i] - 1].place + 1));
}

/** What the processor's tables of who is here show. How many are there. */
static inline uint32_t check_entries(const struct steps *s, uint32_t who)
{
	uint32_t n = 0;

	for (uint32_t v = 0; v < STEPS_PAGES; v++) {
		const struct steps_entry *e = &s->entry[who][v];
		uint64_t va = STEPS_VA + (uint64_t)v * EXO_PAGE;
		const uint64_t *at = steps_see(EXO_TABLES_AT + (va >> 9));
		uint64_t now = at == 0 ? 0 : *at;
		uint32_t i = model_frame(s, e->name);

		if ((now & EXO_PTE_PRESENT) == 0) {
			STEPS_SO(e->name == 0);
			continue;
		}
		n++;
		STEPS_SO(i != STEPS_LIVE);
		STEPS_SO((now & EXO_PTE_FRAME) / EXO_PAGE == s->live[i].number);
		STEPS_SO(
		    (now & ~STEPS_NOT_CHOSEN) == (e->bits & ~STEPS_NOT_CHOSEN));
	}
	return n;
}

static inline void check_loss(
    const struct steps_loss *want, const struct exo_loss *is)
{
	STEPS_SO(is->block == EXO_ANY);
	STEPS_SO((is->va == 0) == (want->pages == 0));
	if (is->va != 0)
		STEPS_SO(
		    is->va % EXO_PAGE == 0 && is->va >= STEPS_VA &&
		    (want->pages >> ((is->va - STEPS_VA) / EXO_PAGE) & 1) != 0);
}

/** Each thing that who is here lost, by no call of its own, is in its repossession vector
 * once, and nothing else is. */
static inline uint32_t check_losses(struct steps *s, uint32_t who)
{
	const struct exo_losses *v = steps_see(EXO_LOSSES_AT);
	struct steps_lib *l = &s->lib[who];
	uint32_t n = l->nlost;

	STEPS_SO(v->total == l->seen + n);
	for (; l->seen < v->total; l->seen++) {
		const struct exo_loss *is = &v->loss[l->seen % EXO_LOSSES];
		uint32_t i = 0;

		while (i < l->nlost && (l->lost[i].kind != is->kind ||
		                           l->lost[i].name != is->name))
			i++;
		STEPS_SO(i < l->nlost);
		check_loss(&l->lost[i], is);
		l->lost[i] = l->lost[--l->nlost];
	}
	STEPS_SO(l->nlost == 0);
	return n;
}

/** All of it, as who is here sees it after a step; *maps: entries of its own. */
static inline uint32_t check_all(struct steps *s, uint32_t who)
{
	const struct steps_lib *l = &s->lib[who];
	uint64_t generations;
	uint32_t n = check_count(s, l->place + 1, &generations);

	STEPS_SO(n == l->owned);
	STEPS_SO(generations >= s->generations); /* they only grow */
	s->generations = generations;
	check_live(s);
	check_slots(s);
	return check_entries(s, who);
}

/** Nobody has anything of an environment that ended. */
static inline int check_nothing_of(const struct steps *s, uint32_t place)
{
	const struct exo_slot_row *rows = steps_see(EXO_SLOTS_AT);
	uint64_t generations;

	for (uint32_t i = 0; i < STEPS_SLOTS; i++)
		if (rows[i].owner == place + 1)
			return 0;
	return check_count(s, place + 1, &generations) == 0;
}

/** The numbers of the kernel's own, once they are of later than now: bindings, slots and
 * frames of each. */
static inline void check_shown(const struct steps *s)
{
	const struct exo_state *st = check_state();
	const struct exo_bind_row *b = steps_see(EXO_BINDS_AT);
	uint32_t n = 0;

	for (; b->binding != 0; b++, n++) {
		uint32_t i = 0;

		while (i < STEPS_BINDS && s->bind[i].name != b->binding)
			i++;
		STEPS_SO(i < STEPS_BINDS);
		STEPS_SO(s->lib[s->bind[i].owner].env == b->env);
	}
	for (uint32_t i = 0; i < STEPS_LIBS; i++) {
		const struct exo_env_row *r = &st->env[s->lib[i].place];

		n -= model_binds(s, i);
		if (!s->lib[i].alive) {
			STEPS_SO(r->env != s->lib[i].env);
			continue;
		}
		STEPS_SO(r->env == s->lib[i].env);
		STEPS_SO(r->frames == s->lib[i].owned);
		STEPS_SO(r->guaranteed == s->lib[i].guaranteed);
		STEPS_SO(r->slots == model_slots(s, i));
		STEPS_SO(r->bindings == model_binds(s, i));
	}
	STEPS_SO(n == 0);
}

#endif
