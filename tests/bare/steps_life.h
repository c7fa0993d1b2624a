/* SPDX-License-Identifier: BSD-2-Clause */
/* How sequences begin and end: see steps.h. */
#ifndef TESTS_BARE_STEPS_LIFE_H
#define TESTS_BARE_STEPS_LIFE_H

#include "tests/bare/steps_ask.h"
#include "tests/bare/steps_check.h"

/** Begin with a structure of zeroes, but for `patient`. */
static inline void steps_new(
    struct steps *s, uint64_t seed, uint32_t steps, uint32_t rows)
{
	s->steps = steps;
	s->rows = rows;
	s->rng = ~seed;
	steps_plan(s);
	s->rng = seed;
}

/* Frames until there are so many, which have no names. */
static inline void steps_fill(struct steps *s, uint32_t who)
{
	struct exo_call_frames *a = (void *)steps_room;
	const struct exo_key *key = (const void *)(steps_room + STEPS_TABLE);

	STEPS_SO(s->lib[who].owned <= STEPS_START);
	while (s->lib[who].owned < STEPS_START) {
		*a = (struct exo_call_frames){ steps_room_at + STEPS_TABLE, 1,
			EXO_ANY };
		STEPS_SO(steps_syscall(EXO_CALL_FRAMES_NR, sizeof(*a)) == 0);
		STEPS_SO(s->nlive < STEPS_LIVE);
		s->live[s->nlive++] = (struct steps_frame){ key->region,
			(uint32_t)key->epoch, 0, who };
		s->lib[who].owned++;
	}
}

/** A libOS begins, with the key that it was granted; one after another. */
static inline void steps_begin(
    struct steps *s, uint32_t who, const struct exo_key *grant)
{
	const struct exo_state *st = check_state();
	struct steps_lib *l = &s->lib[who];

	while (l->place < EXO_STATE_ENVS && st->env[l->place].env != l->env)
		l->place++;
	STEPS_SO(l->place < EXO_STATE_ENVS);
	l->owned = check_count(s, l->place + 1, &s->generations);
	steps_fill(s, who);
	l->alive = 1;
	l->guaranteed = STEPS_KEPT;
	l->kids = STEPS_EACH;
	l->kept = 1;
	s->slot[who] = who + 1;
	s->net[who] = (struct steps_net){ grant->epoch << 32 | grant->slot, who,
		who, grant->rights, ++s->age, STEPS_ALL };
	s->key[who] =
	    (struct steps_key){ *grant, EXO_RES_NET, who, grant->rights, 0 };
	(void)check_count(s, 0, &s->generations);
}

/* A number for each kind. */
static inline void steps_kinds(
    struct steps_text *t, const char *word, const uint64_t n[STEPS_KINDS])
{
	steps_str(t, word);
	for (uint32_t k = 1; k < STEPS_KINDS; k++)
		steps_num(t, k == 1 ? " " : "+", n[k]);
}

/* How often each call was made, and what came of them. */
static inline void steps_summary(const struct steps *s)
{
	struct steps_text t = { .n = 0 };

	steps_num(&t, "steps ", s->step);
	steps_num(&t, " frames ", s->names);
	steps_say(&t);
	t.n = 0;
	steps_kinds(&t, "frames+slots+bindings+keys: asked", s->asks);
	steps_kinds(&t, " gave", s->gave);
	steps_kinds(&t, " taken", s->taken);
	steps_kinds(&t, " lost", s->lost);
	steps_say(&t);
	t.n = 0;
	steps_str(&t, "calls");
	for (uint32_t i = 0; i < STEPS_NCALLS; i++) {
		steps_str(&t, " ");
		steps_num(&t, steps_name(i), s->calls[i]);
	}
	steps_say(&t);
	t.n = 0;
	steps_str(&t, "results");
	for (uint32_t i = 0; i < 32; i++) {
		if (s->codes[i] == 0)
			continue;
		steps_str(&t, " ");
		steps_str(&t, steps_error(-(int64_t)i));
		steps_num(&t, ":", s->codes[i]);
	}
	steps_say(&t);
}

/** All libOSes have ended, by the clerk's turn: it ends their children, and nothing is
 * anybody's but its own. */
static inline void steps_finish(struct steps *s)
{
	struct exo_call_env_end *a = (void *)steps_room;
	const struct exo_frame_row *rows = check_rows();
	const struct exo_bind_row *binds;
	uint32_t own, owned = 0;
	uint64_t sum;

	for (uint32_t i = 0; i < s->nkid; i++) {
		a->key = s->kid[i].key;
		STEPS_SO(steps_syscall(EXO_CALL_ENV_END_NR, sizeof(*a)) ==
		         (s->kid[i].alive ? 0 : -EXO_ESTALE));
	}
	steps_yield();
	steps_refresh();
	binds = steps_see(EXO_BINDS_AT);
	STEPS_SO(binds->binding == 0 && s->nlive == 0);
	check_slots(s);
	own = check_count(s, 1, &sum);
	for (uint32_t i = 0; i < s->rows; i++) {
		owned += rows[i].owner != 0;
		STEPS_SO(rows[i].owner != 0 || rows[i].maps == 0);
	}
	STEPS_SO(own == owned && sum >= s->generations);
	steps_summary(s);
}

#endif
