/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps with frames, their keys and entries: see steps.h. */
#ifndef TESTS_BARE_STEPS_FRAME_H
#define TESTS_BARE_STEPS_FRAME_H

#include "tests/bare/steps_model.h"

#define STEPS_BATCH 6u
#define STEPS_TABLE 1024u /* of the page: what arguments point at */
#define STEPS_BAD   0xffff800000200000u

/** A step: who takes it, and the line that it writes. */
struct step {
	struct steps *s;
	uint32_t who;
	struct steps_text t;
};

static inline uint32_t step_below(struct step *p, uint32_t n)
{
	return steps_below(p->s, n);
}

/** Where a batch is: in the page, or seldom where it cannot be. */
static inline uint64_t step_table(struct step *p)
{
	if (!steps_seldom(p->s))
		return steps_room_at + STEPS_TABLE;
	steps_str(&p->t, " bad");
	return step_below(p, 2) == 0 ? 0 : STEPS_BAD;
}

/** Up to so many, but for mistakes. */
static inline uint32_t step_count(struct step *p, uint32_t most)
{
	static const uint32_t odd[] = { 0, EXO_BATCH + 1, UINT32_MAX };
	uint32_t n = steps_seldom(p->s) ? odd[step_below(p, 3)]
	                                : 1 + step_below(p, most);

	steps_num(&p->t, " n", n);
	return n;
}

/** Make a call whose arguments are in the page; what it returned is in the line, and
 * must be what the model wants. */
static inline int64_t step_call(
    struct step *p, uint32_t nr, uint64_t size, int64_t want)
{
	int64_t got = steps_syscall(nr, size);

	steps_str(&p->t, " = ");
	steps_str(&p->t, steps_error(got));
	if (got != want) {
		steps_str(&p->t, ", not ");
		steps_str(&p->t, steps_error(want));
		steps_say(&p->t);
	}
	STEPS_SO(got == want);
	p->s->codes[-got]++;
	return got;
}

/* --- keys --------------------------------------------------------------------------- */

static inline void step_keep(
    struct step *p, const struct exo_key *key, uint32_t what, uint32_t rights)
{
	uint32_t at =
	    key->res == EXO_RES_NET
	        ? STEPS_LIBS + step_below(p, STEPS_OF_NET - STEPS_LIBS)
	        : STEPS_OF_NET + step_below(p, STEPS_KEYS - STEPS_OF_NET);

	p->s->key[at] = (struct steps_key){
		.key = *key, .res = key->res, .what = what, .rights = rights
	};
}

/** One of the keys there are, of a kind if there is; seldom one that was changed. */
static inline struct steps_key step_key(struct step *p, uint32_t res)
{
	struct steps_key k = { .res = 0 };
	uint32_t at = step_below(p, STEPS_KEYS);
	uint32_t any = steps_seldom(p->s), dead = step_below(p, 5) == 0;

	for (uint32_t i = 0; i < STEPS_KEYS; i++) {
		k = p->s->key[(at + i) % STEPS_KEYS];
		if (any || (k.res == res && (dead || model_there(p->s, &k))))
			break;
	}
	steps_num(&p->t, " ", k.res);
	steps_num(&p->t, ".", k.what);
	steps_num(&p->t, "/", k.rights);
	if (steps_seldom(p->s)) {
		uint32_t bit = 32 + step_below(p, 8 * sizeof(k.key) - 32);

		((uint8_t *)&k.key)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		k.spoilt = 1;
		steps_num(&p->t, "!", bit);
	}
	return k;
}

/* --- frames -------------------------------------------------------------------------- */

static inline int64_t want_frames(const struct step *p,
    const struct exo_call_frames *a, int taken, uint32_t *of, uint32_t *k)
{
	const struct steps_lib *l = &p->s->lib[p->who];
	uint32_t own = l->guaranteed > l->owned ? l->guaranteed - l->owned : 0;

	*k = 0;
	if (a->n == 0 || a->n > EXO_BATCH || (a->want != EXO_ANY && a->n != 1))
		return -EXO_EINVAL;
	if (model_family(p->s, p->who) + a->n > STEPS_MOST)
		return -EXO_ELIMIT;
	if (a->n > own && a->n - own + model_wished(p->s, p->who, a->n - own) >
	                      model_spare(p->s)) {
		*k = model_ask(p->s, p->who, a->n, of);
		return *k > 0 ? -EXO_EAGAIN : -EXO_ENOMEM;
	}
	if (taken)
		return -EXO_ENOMEM;
	return a->keys == steps_room_at + STEPS_TABLE ? 0 : -EXO_EINVAL;
}

/** Somebody was asked for so many: at once, if they have no time. That is a round of the
 * slots nevertheless, and what comes free is kept for the asker for another one: both are
 * over before anybody goes on, for the model knows no times. */
static inline void did_ask(struct step *p, uint32_t of, uint32_t n)
{
	model_asked(p->s, of, EXO_KIND_FRAME, n, !p->s->patient);
	steps_num(&p->t, " asks ", of);
	steps_num(&p->t, ":", n);
	for (uint32_t i = 0; i < 3 && !p->s->patient; i++)
		steps_refresh();
}

static inline void did_frames(struct step *p, uint32_t n)
{
	const struct exo_key *keys = (const void *)(steps_room + STEPS_TABLE);
	struct steps *s = p->s;

	for (uint32_t k = 0; k < n; k++) {
		STEPS_SO(s->nlive < STEPS_LIVE && keys[k].region < s->rows);
		s->live[s->nlive++] = (struct steps_frame){ keys[k].region,
			(uint32_t)keys[k].epoch, ++s->names, p->who };
		s->lib[p->who].owned++;
		model_got(s, p->who, EXO_KIND_FRAME);
		step_keep(p, &keys[k], s->names, EXO_FRAME_ALL);
	}
}

/** The number of a frame that somebody owns, of who is here or not; seldom of nobody's.
 * Those without a name are not counted: libOSes begin with more of them or less. */
static inline uint32_t step_number(struct step *p, uint32_t *owner)
{
	uint32_t own = step_below(p, 2), none = steps_seldom(p->s), n = 0,
	         at = step_below(p, STEPS_LIVE);

	for (uint32_t round = 0; !none && round < 2; round++) {
		at %= n == 0 ? STEPS_LIVE : n;
		n = 0;
		for (uint32_t i = 0; i < p->s->nlive; i++) {
			const struct steps_frame *f = &p->s->live[i];

			if (f->name == 0 || (own && f->owner != p->who))
				continue;
			if (n++ != at)
				continue;
			*owner = f->owner;
			steps_num(&p->t, " f", f->name);
			return f->number;
		}
		none = n == 0;
	}
	*owner = STEPS_LIBS;
	steps_str(&p->t, " none");
	return UINT32_MAX - 1;
}

static inline void step_frames(struct step *p)
{
	struct exo_call_frames *a = (void *)steps_room;
	int named = step_below(p, 8) == 0;
	uint32_t of = 0, k, owner;
	int64_t want, got;

	*a = (struct exo_call_frames){ .want = EXO_ANY };
	a->n = named && !steps_seldom(p->s) ? 1 : step_count(p, STEPS_BATCH);
	if (named)
		a->want = step_number(p, &owner);
	a->keys = step_table(p);
	if (step_below(p, 24) == 0) {
		a->n = EXO_BATCH;
		steps_str(&p->t, " all");
	}
	want = want_frames(p, a, named, &of, &k);
	got = step_call(p, EXO_CALL_FRAMES_NR, sizeof(*a), want);
	if (got == 0) {
		p->s->lib[p->who].wish = 0;
		did_frames(p, a->n);
	} else if (k > 0) {
		p->s->lib[p->who].wish = a->n;
		did_ask(p, of, k);
	}
}

static inline int64_t want_release(const struct step *p,
    const struct exo_call_release *a, const struct steps_key *keys)
{
	if (a->n == 0 || a->n > EXO_BATCH || a->zero != 0 ||
	    a->keys != steps_room_at + STEPS_TABLE)
		return -EXO_EINVAL;
	for (uint32_t i = 0; i < a->n; i++) {
		int64_t err =
		    model_key(p->s, &keys[i], EXO_RES_FRAME, EXO_FRAME_OWN);

		for (uint32_t k = 0; err == 0 && k < i; k++)
			if (keys[k].what == keys[i].what)
				err = -EXO_EINVAL;
		if (err != 0)
			return err;
	}
	return 0;
}

static inline void step_release(struct step *p)
{
	struct exo_call_release *a = (void *)steps_room;
	struct exo_key *to = (void *)(steps_room + STEPS_TABLE);
	struct steps_key keys[STEPS_BATCH];

	*a = (struct exo_call_release){ .n = step_count(p, 2) };
	a->keys = step_table(p);
	a->zero = steps_seldom(p->s);
	for (uint32_t i = 0; i < STEPS_BATCH && i < a->n; i++) {
		keys[i] = step_key(p, EXO_RES_FRAME);
		to[i] = keys[i].key;
	}
	if (step_call(p, EXO_CALL_RELEASE_NR, sizeof(*a),
	        want_release(p, a, keys)) != 0)
		return;
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t f = model_frame(p->s, keys[i].what);

		if (p->s->live[f].owner == p->who)
			model_gone(p->s, f);
		else
			model_taken(p->s, f);
	}
}

static inline void step_key_of(struct step *p)
{
	struct exo_call_key_of *a = (void *)steps_room;
	uint32_t owner, i = 0;
	int64_t want;

	*a = (struct exo_call_key_of){ .zero = steps_seldom(p->s) };
	a->frame = step_number(p, &owner);
	want = a->zero != 0 ? -EXO_EINVAL : owner != p->who ? -EXO_EPERM : 0;
	if (step_call(p, EXO_CALL_KEY_OF_NR, sizeof(*a), want) != 0)
		return;
	while (p->s->live[i].number != a->frame)
		i++;
	step_keep(p, &a->out_key, p->s->live[i].name, EXO_FRAME_ALL);
}

static inline void step_lessen(struct step *p)
{
	struct exo_call_lessen *a = (void *)steps_room;
	struct steps_key k =
	    step_key(p, step_below(p, 4) == 0 ? EXO_RES_ENV : EXO_RES_FRAME);
	uint32_t rights = step_below(p, 4) == 0 ? step_below(p, 32)
	                                        : k.rights & step_below(p, 16);
	int64_t want = 0;

	*a = (struct exo_call_lessen){
		.key = k.key, .rights = rights, .zero = steps_seldom(p->s)
	};
	steps_num(&p->t, " to ", rights);
	if (k.res != EXO_RES_FRAME && k.res != EXO_RES_ENV)
		want = -EXO_EINVAL;
	else if (k.spoilt)
		want = -EXO_EBADKEY;
	else if ((rights & ~k.rights) != 0)
		want = -EXO_EPERM;
	else if (a->zero != 0)
		want = -EXO_EINVAL;
	if (step_call(p, EXO_CALL_LESSEN_NR, sizeof(*a), want) == 0)
		step_keep(p, &a->out_key, k.what, rights);
}

#endif
