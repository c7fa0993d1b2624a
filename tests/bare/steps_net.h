/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and bindings of packets as they should be, and what ends with an environment: see
 * steps_model.h. */
#ifndef TESTS_BARE_STEPS_NET_H
#define TESTS_BARE_STEPS_NET_H

#include "tests/bare/steps_model.h"

/* --- keys and bindings of packets ----------------------------------------------------- */

/** Whether some packet is in both. */
static inline int model_meet(struct steps_region a, struct steps_region b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

static inline int model_inside(struct steps_region a, struct steps_region of)
{
	return a.lo >= of.lo && a.hi <= of.hi;
}

/** What is wrong with a claim of packets under a key: it has others', or they are
 * another's alone, or would be this one's, or were lent to be somebody's alone. */
static inline int64_t model_claim(const struct steps *s, uint32_t who,
    uint32_t key, struct steps_region of, uint32_t mode)
{
	if (!model_inside(of, s->net[key].of))
		return -EXO_EOUTSIDE;
	for (uint32_t i = 0; mode != EXO_BIND_TAP && i < STEPS_BINDS; i++) {
		const struct steps_bind *b = &s->bind[i];

		if (b->name != 0 && b->owner != who &&
		    b->mode != EXO_BIND_TAP &&
		    (mode == EXO_BIND_EXCLUSIVE ||
		        b->mode == EXO_BIND_EXCLUSIVE) &&
		    model_meet(b->of, of))
			return -EXO_ECONFLICT;
	}
	for (uint32_t i = 0; mode != EXO_BIND_TAP && i < STEPS_NETS; i++) {
		const struct steps_net *k = &s->net[i];

		if (k->name != 0 && i != key && k->parent == key &&
		    (k->rights & EXO_RIGHT_EXCLUSIVE) != 0 &&
		    model_meet(k->of, of))
			return -EXO_ELENT;
	}
	return 0;
}

/** By the doing of somebody, or of nobody but the kernel: STEPS_LIBS. */
static inline void model_unbound(struct steps *s, uint32_t i, uint32_t by)
{
	struct steps_bind *b = &s->bind[i];

	model_given(s, b->owner, EXO_KIND_BINDING);
	if (b->owner != by)
		model_lost(s, b->owner, EXO_KIND_BINDING, b->name, 0);
	b->name = 0;
}

/** A net key ends with all below it, and their bindings, by somebody's doing. */
static inline void model_net_end(struct steps *s, uint32_t key, uint32_t by)
{
	uint8_t below[STEPS_NETS] = { 0 };
	int more = 1;

	below[key] = 1;
	while (more) {
		more = 0;
		for (uint32_t i = 0; i < STEPS_NETS; i++) {
			if (s->net[i].name == 0 || below[i] ||
			    !below[s->net[i].parent])
				continue;
			below[i] = 1;
			more = 1;
		}
	}
	for (uint32_t i = 0; i < STEPS_BINDS; i++)
		if (s->bind[i].name != 0 && below[s->bind[i].key])
			model_unbound(s, i, by);
	for (uint32_t i = 0; i < STEPS_NETS; i++) {
		if (!below[i])
			continue;
		model_given(s, s->net[i].owner, EXO_KIND_KEY);
		if (s->net[i].owner != by)
			model_lost(s, s->net[i].owner, EXO_KIND_KEY,
			    s->net[i].name, 0);
		s->net[i].name = 0;
	}
}

/* --- ends --------------------------------------------------------------------------- */

static inline void model_space_end(struct steps *s, uint32_t space)
{
	for (uint32_t v = 0; v < STEPS_PAGES; v++)
		s->entry[space][v] = (struct steps_entry){ .name = 0 };
}

static inline void model_kid_end(struct steps *s, uint32_t kid)
{
	struct steps_lib *l = &s->lib[s->kid[kid].maker];

	s->kid[kid].alive = 0;
	if (l->alive) { /* it has again what it gave */
		l->guaranteed += s->kid[kid].guaranteed;
		l->kids++;
	}
	model_space_end(s, STEPS_LIBS + kid);
}

static inline void model_end(struct steps *s, uint32_t who)
{
	struct steps_lib *l = &s->lib[who];

	for (uint32_t i = 0; i < STEPS_SLOTS; i++)
		if (s->slot[i] == who + 1)
			s->slot[i] = 0;
	for (uint32_t i = 0; i < STEPS_BINDS; i++)
		if (s->bind[i].name != 0 && s->bind[i].owner == who)
			s->bind[i].name = 0;
	for (uint32_t i = 0; i < STEPS_NETS; i++)
		if (s->net[i].name != 0 && s->net[i].owner == who)
			model_net_end(s, i, who);
	for (uint32_t i = s->nlive; i-- > 0;)
		if (s->live[i].owner == who)
			model_gone(s, i);
	model_space_end(s, who);
	l->alive = 0;
	l->kept = 0;
}

#endif
