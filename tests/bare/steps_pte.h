/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps with entries of address spaces: see steps.h. */
#ifndef TESTS_BARE_STEPS_PTE_H
#define TESTS_BARE_STEPS_PTE_H

#include "tests/bare/steps_frame.h"

static inline uint64_t step_bits(struct step *p)
{
	static const uint64_t kinds[] = { EXO_PTE_PRESENT | EXO_PTE_NX,
		EXO_PTE_PRESENT | EXO_PTE_NX | EXO_PTE_WRITE,
		EXO_PTE_PRESENT | EXO_PTE_NX | EXO_PTE_WRITE | EXO_PTE_PIN,
		EXO_PTE_PRESENT, EXO_PTE_PRESENT | EXO_PTE_NX | EXO_PTE_SOFT, 0,
		EXO_PTE_SOFT, EXO_PTE_PRESENT | EXO_PTE_WRITE,
		EXO_PTE_PRESENT | EXO_PTE_NX | (uint64_t)1 << 7,
		(uint64_t)1 << 20 };
	uint32_t i = step_below(p, steps_seldom(p->s) ? 10 : 7);

	steps_num(&p->t, " b", i);
	return kinds[i];
}

static inline int64_t want_pte(const struct step *p,
    const struct exo_call_pte *a, const struct steps_key *env,
    const struct exo_pte *ptes, const struct steps_key *keys)
{
	int64_t err = 0;

	if (a->n == 0 || a->n > EXO_BATCH || a->zero != 0)
		return -EXO_EINVAL;
	if (env != 0)
		err = model_key(p->s, env, EXO_RES_ENV, EXO_ENV_MAP);
	if (err == 0 && a->entries != steps_room_at + STEPS_TABLE)
		err = -EXO_EINVAL;
	for (uint32_t i = 0; err == 0 && i < a->n; i++) {
		uint64_t bits = ptes[i].bits;
		int writes = (bits & EXO_PTE_WRITE) != 0,
		    runs = (bits & EXO_PTE_NX) == 0;

		if (ptes[i].va % EXO_PAGE != 0 || ptes[i].va >= EXO_MAP_END)
			return -EXO_EINVAL;
		if ((bits & EXO_PTE_PRESENT) == 0)
			err = bits >> 20 == 1 ? -EXO_EINVAL : 0;
		else if ((bits >> 7 & 1) != 0 || (writes && runs))
			err = -EXO_EINVAL;
		else
			err = model_key(p->s, &keys[i], EXO_RES_FRAME,
			    EXO_FRAME_READ | (writes ? EXO_FRAME_WRITE : 0u) |
			        (runs ? EXO_FRAME_EXECUTE : 0u));
	}
	return err;
}

static inline void did_pte(struct step *p, uint32_t space, uint32_t n,
    const struct exo_pte *ptes, const struct steps_key *keys)
{
	for (uint32_t i = 0; i < n; i++) {
		int there = (ptes[i].bits & EXO_PTE_PRESENT) != 0;

		p->s->entry[space][(ptes[i].va - STEPS_VA) / EXO_PAGE] =
		    (struct steps_entry){ .name = there ? keys[i].what : 0,
			    .bits = there ? ptes[i].bits : 0 };
	}
}

static inline void step_pte(struct step *p)
{
	struct exo_call_pte *a = (void *)steps_room;
	struct exo_pte *to = (void *)(steps_room + STEPS_TABLE);
	struct steps_key keys[STEPS_BATCH], env = { .res = 0 };
	int other = step_below(p, 3) == 0;

	*a = (struct exo_call_pte){ .zero = steps_seldom(p->s) };
	a->n = step_count(p, 3);
	a->entries = step_table(p);
	if (other)
		env = step_key(p, EXO_RES_ENV);
	other = env.res != 0;
	a->env = env.key;
	for (uint32_t i = 0; i < STEPS_BATCH && i < a->n; i++) {
		uint32_t v = step_below(p, STEPS_PAGES);

		steps_num(&p->t, " v", v);
		to[i].bits = step_bits(p);
		to[i].va = STEPS_VA + (uint64_t)v * EXO_PAGE;
		if (steps_seldom(p->s))
			to[i].va = v % 2 ? to[i].va + 8 : EXO_MAP_END;
		keys[i] = step_key(p, EXO_RES_FRAME);
		to[i].key = keys[i].key;
	}
	if (step_call(p, EXO_CALL_PTE_NR, sizeof(*a),
	        want_pte(p, a, other ? &env : 0, to, keys)) == 0)
		did_pte(
		    p, other ? STEPS_LIBS + env.what : p->who, a->n, to, keys);
}

#endif
