/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns: what a libOS does in one, and what the one that begins and ends them does. See
 * steps.h. */
#ifndef TESTS_BARE_STEPS_RUN_H
#define TESTS_BARE_STEPS_RUN_H

#include "tests/bare/steps_ask.h"
#include "tests/bare/steps_give.h"
#include "tests/bare/steps_life.h"
#include "tests/bare/steps_pte.h"

#define STEPS_SHOWN 50u /* steps between looks at the kernel's numbers */

/* --- children ----------------------------------------------------------------------------- */

static inline int64_t want_env(
    const struct step *p, const struct exo_call_env_new *a)
{
	const struct steps_lib *l = &p->s->lib[p->who];
	uint32_t less = l->guaranteed - a->frames,
	         before = steps_larger(l->owned, l->guaranteed),
	         after = steps_larger(l->owned, less);

	if (a->frames == 0)
		return -EXO_EINVAL;
	if (l->kids == 0)
		return -EXO_EPERM;
	if (a->ring != 0)
		return -EXO_EINVAL;
	if (a->frames > l->guaranteed)
		return -EXO_ELIMIT;
	/* of the family's limit, what it owns and all that it was promised, as of all
	 * frames: what was promised to one is to another, as far as it was not used */
	if (after + a->frames > before &&
	    model_family(p->s, p->who) - l->owned + after + a->frames >
	        STEPS_MOST)
		return -EXO_ELIMIT;
	return STEPS_TABLES > model_spare(p->s) ||
	               a->frames >
	                   before - after + model_spare(p->s) - STEPS_TABLES
	           ? -EXO_ELIMIT
	           : 0;
}

static inline void step_env_new(struct step *p)
{
	struct exo_call_env_new *a = (void *)steps_room;
	struct steps *s = p->s;

	*a = (struct exo_call_env_new){ .frames = step_below(p, 8) };
	if (steps_seldom(s))
		a->frames = STEPS_KEPT + 1;
	a->ring = steps_seldom(s) ? 5 : 0;
	steps_num(&p->t, " ", a->frames);
	steps_num(&p->t, " ring ", a->ring);
	if (s->nkid == STEPS_KIDS) {
		steps_str(&p->t, " no room");
		return;
	}
	if (step_call(p, EXO_CALL_ENV_NEW_NR, sizeof(*a), want_env(p, a)) != 0)
		return;
	s->lib[p->who].kids--;
	s->lib[p->who].guaranteed -= a->frames;
	s->kid[s->nkid] = (struct steps_kid){ a->out_env, a->out_key, 1,
		a->frames, p->who, 0 };
	step_keep(p, &a->out_key, s->nkid, EXO_ENV_ALL);
	step_keep(p, &a->out_key, s->nkid++, EXO_ENV_ALL);
}

static inline void step_env_end(struct step *p)
{
	struct exo_call_env_end *a = (void *)steps_room;
	struct steps_key k = step_key(p, EXO_RES_ENV);

	a->key = k.key;
	if (step_call(p, EXO_CALL_ENV_END_NR, sizeof(*a),
	        model_key(p->s, &k, EXO_RES_ENV, EXO_ENV_END)) != 0)
		return;
	model_kid_end(p->s, k.what);
	steps_yield();
}

/* --- what is no call, or malformed ---------------------------------------------------------- */

static inline void step_odd(struct step *p)
{
	static const struct {
		uint32_t nr, size;
		int64_t want;
	} odd[] = {
		{ 99, 8, -EXO_ENOSYS },
		{ UINT32_MAX, 0, -EXO_ENOSYS },
		{ EXO_CALL_FRAMES_NR, 8, -EXO_EINVAL },
		{ EXO_CALL_PTE_NR, 0, -EXO_EINVAL },
		{ EXO_CALL_NULL_NR, sizeof(struct exo_call_null), 0 },
		{ EXO_CALL_STAT_NR, sizeof(struct exo_call_stat), -EXO_ENOENT },
		{ EXO_CALL_SEED_NR, sizeof(struct exo_call_seed), 0 },
		{ EXO_CALL_YIELD_TO_NR, sizeof(struct exo_call_yield_to),
		    -EXO_ESTALE },
	};
	uint32_t i = step_below(p, 8);

	for (uint32_t k = 0; k < 256; k++)
		steps_room[k] = 0;
	steps_num(&p->t, " ", i);
	(void)step_call(p, odd[i].nr, odd[i].size, odd[i].want);
}

/* --- turns -------------------------------------------------------------------------------- */

/** Of keys and bindings the kernel shows no table to a libOS: it knows of each by what it
 * answers to calls that change nothing. */
static inline void check_own(struct step *p)
{
	struct exo_call_stat *a = (void *)steps_room;
	struct exo_call_derive *d = (void *)steps_room;

	for (uint32_t i = 0; i < STEPS_BINDS; i++) {
		const struct steps_bind *b = &p->s->bind[i];

		if (b->name == 0)
			continue;
		a->binding = b->name;
		STEPS_SO(steps_syscall(EXO_CALL_STAT_NR, sizeof(*a)) ==
		         (b->owner == p->who ? 0 : -EXO_ENOENT));
	}
	for (uint32_t i = 0; i < 4; i++) {
		const struct steps_key *k =
		    &p->s->key[(4 * p->s->step + i) % STEPS_KEYS];
		int64_t want =
		    model_key(p->s, k, EXO_RES_NET, EXO_RIGHT_DERIVE);

		*d = (struct exo_call_derive){ .key = k->key, .zero = 1 };
		STEPS_SO(steps_syscall(EXO_CALL_DERIVE_NR, sizeof(*d)) ==
		         (want != 0 ? want : -EXO_EINVAL));
	}
}

/** How a libOS ends in this step. */
enum steps_end {
	STEPS_GOES_ON,
	STEPS_EXITS,
	STEPS_FAULTS,
};

static inline uint32_t steps_alive(const struct steps *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < STEPS_LIBS; i++)
		n += s->lib[i].alive;
	return n;
}

static inline enum steps_call steps_pick(const struct step *q)
{
	static const uint8_t weight[STEPS_NCALLS] = {
#define STEPS_CALL(name, weight) weight,
#include "tests/bare/steps.inc"
#undef STEPS_CALL
	};
	struct steps *s = q->s;
	uint32_t sum = 0, i = 0, at;

	if (s->step >= s->steps)
		return STEPS_END;
	if (s->lib[q->who].asked[1 + steps_below(s, EXO_KIND_KEY)].n > 0 &&
	    steps_below(s, 3) == 0)
		return STEPS_SURRENDER;
	for (uint32_t k = 0; k < STEPS_NCALLS; k++)
		sum += weight[k];
	at = steps_below(s, sum);
	while (at >= weight[i])
		at -= weight[i++];
	if (i == STEPS_END && (steps_alive(s) == 1 || steps_below(s, 4) != 0))
		i = STEPS_ODD;
	return (enum steps_call)i;
}

/** A libOS goes: what becomes of all that it has. */
static inline enum steps_end step_end(struct step *p)
{
	enum steps_end how = p->s->step < p->s->steps && step_below(p, 2) == 0
	                         ? STEPS_FAULTS
	                         : STEPS_EXITS;

	steps_str(&p->t, how == STEPS_FAULTS ? " fault" : " exit");
	model_end(p->s, p->who);
	p->s->dying = p->who + 1;
	return how;
}

static inline enum steps_end step_do(struct step *p, enum steps_call call)
{
	switch (call) {
	case STEPS_FRAMES:
		step_frames(p);
		break;
	case STEPS_RELEASE:
		step_release(p);
		break;
	case STEPS_KEY_OF:
		step_key_of(p);
		break;
	case STEPS_LESSEN:
		step_lessen(p);
		break;
	case STEPS_PTE:
		step_pte(p);
		break;
	case STEPS_TIME_TAKE:
		step_slots(p, 1);
		break;
	case STEPS_TIME_GIVE:
		step_slots(p, 0);
		break;
	case STEPS_DERIVE:
		step_derive(p);
		break;
	case STEPS_REVOKE:
		step_revoke(p);
		break;
	case STEPS_BIND:
		step_bind(p);
		break;
	case STEPS_UNBIND:
		step_unbind(p);
		break;
	case STEPS_SURRENDER:
		step_surrender(p);
		break;
	case STEPS_ENV_NEW:
		step_env_new(p);
		break;
	case STEPS_ENV_END:
		step_env_end(p);
		break;
	case STEPS_END:
		return step_end(p);
	default:
		step_odd(p);
		break;
	}
	return STEPS_GOES_ON;
}

/** What it was told, and what it lost, since it was here last. */
static inline void steps_arrive(struct step *p)
{
	uint32_t lost;

	step_hear(p);
	lost = check_losses(p->s, p->who);
	if (lost > 0)
		steps_num(&p->t, " lost ", lost);
}

/** One that ended is gone before anybody goes on. */
static inline void steps_await(struct steps *s)
{
	uint32_t left = 100000;

	while (
	    s->dying != 0 && !check_nothing_of(s, s->lib[s->dying - 1].place)) {
		STEPS_SO(left-- > 0);
		steps_yield();
	}
	s->dying = 0;
}

static inline void steps_next(struct steps *s)
{
	uint32_t at = steps_below(s, STEPS_LIBS), i = 0;

	while (i < STEPS_LIBS && !s->lib[(at + i) % STEPS_LIBS].alive)
		i++;
	__atomic_store_n(&s->turn,
	    i == STEPS_LIBS ? STEPS_CLERK : (at + i) % STEPS_LIBS,
	    __ATOMIC_RELEASE);
}

/** A step of whose turn it is. The next one's turn begins before this one ends, which it
 * must do at once if that is what this returns. */
static inline enum steps_end steps_turn(struct steps *s)
{
	struct step p = { .s = s, .who = s->turn };
	const struct steps_plan *plan = 0;
	enum steps_call call;
	enum steps_end end;
	const struct steps_lib *l = &s->lib[p.who];

	steps_await(s);
	call = steps_pick(&p);
	steps_num(&p.t, "", s->step);
	steps_num(&p.t, " ", p.who);
	steps_arrive(&p);
	steps_str(&p.t, " ");
	steps_str(&p.t, steps_name(call));
	s->calls[call]++;
	end = step_do(&p, call);
	if (end == STEPS_GOES_ON) {
		step_settle(&p);
		check_own(&p);
		steps_num(&p.t, "; frames ", l->owned);
		steps_num(&p.t, " of ", l->guaranteed);
		steps_num(&p.t, " slots ", model_slots(s, p.who));
		steps_num(&p.t, " keys ", model_nets(s, p.who));
		steps_num(&p.t, " bound ", model_binds(s, p.who));
		steps_num(&p.t, " pages ", check_all(s, p.who));
		plan = step_plan(&p);
	}
	steps_say(&p.t);
	did_write(&p, plan);
	if (++s->step % STEPS_SHOWN == 0 && end == STEPS_GOES_ON) {
		steps_refresh();
		check_shown(s);
	}
	steps_next(s);
	return end;
}

#endif
