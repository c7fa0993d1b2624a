/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps with slots of time, keys of packets, bindings: see steps.h. */
#ifndef TESTS_BARE_STEPS_OTHER_H
#define TESTS_BARE_STEPS_OTHER_H

#include "exo/abi/ctx.h"
#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/region.h"
#include "exo/space/space.h"
#include "tests/bare/steps_frame.h"
#include "tests/bare/steps_net.h"

#define STEPS_REGION 2048u /* of the page: where one is */

/* --- time ------------------------------------------------------------------------------ */

/** Whether first, first + step, ... are n slots, all of them somebody's (0: nobody's):
 * 0, 1: not somebody's, or -1: no slots. */
static inline int model_run(const struct steps *s,
    const struct exo_call_slots *a, uint32_t first, uint32_t owner)
{
	uint64_t at = first;

	if (a->n == 0 || a->n > STEPS_SLOTS || (a->n > 1 && a->step == 0))
		return -1;
	if (at + (uint64_t)(a->n - 1) * a->step >= STEPS_SLOTS)
		return -1;
	for (uint32_t i = 0; i < a->n; i++)
		if (s->slot[at + (uint64_t)i * a->step] != owner)
			return 1;
	return 0;
}

/** Slots that nobody may take but those whom they are guaranteed to. */
static inline uint32_t model_kept(const struct steps *s, uint32_t but)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < STEPS_LIBS; i++) {
		uint32_t has = model_slots(s, i);

		if (i != but && s->lib[i].kept > has)
			n += s->lib[i].kept - has;
	}
	return n;
}

static inline int64_t want_take(
    const struct step *p, const struct exo_call_slots *a, uint32_t *first)
{
	uint32_t free = 0;

	for (uint32_t i = 0; i < STEPS_SLOTS; i++)
		free += p->s->slot[i] == 0;
	*first = a->first;
	if ((a->zero | a->zero2) != 0)
		return -EXO_EINVAL;
	if (a->first == EXO_ANY && a->n == 1) {
		if (free == 0)
			return -EXO_ELIMIT;
		for (*first = 0; p->s->slot[*first] != 0;)
			++*first;
	}
	switch (model_run(p->s, a, *first, 0)) {
	case 0:
		/* one is left for the round, but of what is guaranteed */
		free -=
		    model_slots(p->s, p->who) + a->n > p->s->lib[p->who].kept;
		return a->n + model_kept(p->s, p->who) > free ? -EXO_ELIMIT : 0;
	case 1:
		return -EXO_EBUSY;
	default:
		return -EXO_EINVAL;
	}
}

static inline void step_slots(struct step *p, int take)
{
	struct exo_call_slots *a = (void *)steps_room;
	uint32_t first = 0, n;
	int64_t want;
	int run;

	*a = (struct exo_call_slots){ .first = step_below(p, STEPS_SLOTS + 1),
		.step = step_below(p, 4),
		.n = step_below(p, 3) == 0 ? step_below(p, 5) : 1,
		.zero = steps_seldom(p->s),
		.zero2 = steps_seldom(p->s) };
	if (take && step_below(p, 3) == 0)
		a->first = EXO_ANY;
	for (uint32_t i = 0; !take && i < STEPS_SLOTS; i++)
		if (step_below(p, 2) == 0 && p->s->slot[i] == p->who + 1)
			a->first = i;
	steps_num(&p->t, " ", a->first);
	steps_num(&p->t, "/", a->step);
	steps_num(&p->t, "*", a->n);
	n = a->n;
	run = model_run(p->s, a, a->first, p->who + 1);
	if (take)
		want = want_take(p, a, &first);
	else
		want = (a->zero | a->zero2) != 0 || run < 0 ? -EXO_EINVAL
		       : run == 0                           ? 0
		                                            : -EXO_ENOENT;
	if (!take)
		first = a->first;
	if (step_call(p, take ? EXO_CALL_TIME_TAKE_NR : EXO_CALL_TIME_GIVE_NR,
	        sizeof(*a), want) != 0)
		return;
	STEPS_SO(!take || a->out_first == first);
	for (uint32_t i = 0; i < n; i++) {
		p->s->slot[first + i * a->step] = take ? p->who + 1 : 0;
		(take ? model_got : model_given)(p->s, p->who, EXO_KIND_SLOT);
	}
}

/* --- keys of packets ------------------------------------------------------------------- */

/** A place for one more; STEPS_NETS: there is none. */
static inline uint32_t step_net(const struct steps *s)
{
	uint32_t i = 0;

	while (i < STEPS_NETS && s->net[i].name != 0)
		i++;
	return i;
}

/** Some ports, often of a key's; all that the key has, where it says 0 of it; or nothing
 * that is a region, *bad. */
static inline struct exo_span step_region(struct step *p,
    const struct steps_key *k, struct steps_region *of, int *bad)
{
	struct {
		struct exo_region_hdr hdr;
		struct exo_atom atom;
	} *r = (void *)(steps_room + STEPS_REGION);
	int there = k->res == EXO_RES_NET && !k->spoilt && model_there(p->s, k);
	uint32_t lo = step_below(p, STEPS_PORTS), n = step_below(p, 4);

	*bad = 0;
	*of = there ? p->s->net[k->what].of : STEPS_ALL;
	if (step_below(p, 4) == 0)
		return (struct exo_span){ .at = 0 };
	if (step_below(p, 4) != 0 && of->hi < STEPS_PORTS) {
		lo = of->lo + lo % (of->hi - of->lo + 1);
		n %= of->hi - lo + 1;
	}
	*bad = steps_seldom(p->s) != 0;
	*of = (struct steps_region){ lo, lo + n };
	steps_num(&p->t, " ports ", lo);
	steps_num(&p->t, "-", lo + n);
	r->hdr = (struct exo_region_hdr){ EXO_REGION_VERSION, 1, 1, 0 };
	r->atom = (struct exo_atom){ .field = SP_DPORT,
		.absent = *bad ? 2 : 0,
		.lo = lo,
		.hi = lo + n };
	return (struct exo_span){ steps_room_at + STEPS_REGION, sizeof(*r), 0 };
}

static inline void step_derive(struct step *p)
{
	struct exo_call_derive *a = (void *)steps_room;
	struct steps_key k = step_key(p, EXO_RES_NET);
	uint32_t rights = steps_seldom(p->s)
	                      ? step_below(p, 256)
	                      : k.rights & (4 | step_below(p, 32)),
	         i = step_net(p->s);
	struct steps_region of;
	int64_t want;
	int bad;

	steps_num(&p->t, " to ", rights);
	if (i == STEPS_NETS) {
		steps_str(&p->t, " no room");
		return;
	}
	*a = (struct exo_call_derive){ .key = k.key,
		.region = step_region(p, &k, &of, &bad),
		.rights = rights,
		.zero = steps_seldom(p->s) };
	want = model_key(p->s, &k, EXO_RES_NET, EXO_RIGHT_DERIVE);
	if (want == 0 && a->zero != 0)
		want = -EXO_EINVAL;
	if (want == 0 && (rights & ~k.rights) != 0)
		want = -EXO_EPERM;
	if (want == 0 && bad)
		want = -EXO_EINVAL;
	if (want == 0 && !model_inside(of, p->s->net[k.what].of))
		want = -EXO_EOUTSIDE;
	if (step_call(p, EXO_CALL_DERIVE_NR, sizeof(*a), want) != 0)
		return;
	model_got(p->s, p->who, EXO_KIND_KEY);
	p->s->net[i] =
	    (struct steps_net){ a->out_key.epoch << 32 | a->out_key.slot,
		    p->who, k.what, rights, ++p->s->age, of };
	step_keep(p, &a->out_key, i, rights);
}

static inline void step_revoke(struct step *p)
{
	struct exo_call_revoke *a = (void *)steps_room;
	struct steps_key k = step_key(p, EXO_RES_NET);
	int64_t want = model_key(p->s, &k, EXO_RES_NET, 0);

	/* grants are what all others come of: they stay for long */
	if (want == 0 && p->s->net[k.what].parent == k.what &&
	    step_below(p, 16) != 0) {
		steps_str(&p->t, " stays");
		return;
	}
	a->key = k.key;
	if (step_call(p, EXO_CALL_REVOKE_NR, sizeof(*a), want) == 0)
		model_net_end(p->s, k.what, p->who);
}

/* --- bindings ---------------------------------------------------------------------------- */

/** A program that takes each packet; or none, or one that the verifier refuses. */
static inline uint32_t step_image(struct step *p, uint32_t how)
{
	struct steps_image {
		struct exo_image_hdr hdr;
		struct exo_image_section row;
		struct exo_insn insns[2];
	} *m = (void *)(steps_room + STEPS_TABLE);

	(void)p;
	*m = (struct steps_image){
		{ EXO_IMAGE_MAGIC, EXO_IMAGE_VERSION, EXO_PROG_SOCKET,
		    sizeof(*m), 1, 0 },
		{ EXO_SEC_INSNS, sizeof(m->hdr) + sizeof(m->row),
		    sizeof(m->insns), 0 },
		{ { .code = EXO_ALU64 | EXO_MOV | EXO_K, .imm = -1 },
		    { .code = EXO_JMP | EXO_EXIT } },
	};
	if (how == 1)
		m->hdr.magic ^= 1;
	if (how == 2)
		m->insns[0].regs = 3; /* r0 is not set */
	return how == 3 ? 7 : sizeof(*m);
}

/** What is wrong with one of these: see step_image(). */
static inline int64_t want_bind(const struct steps *s, uint32_t who,
    const struct exo_call_bind *a, const struct steps_key *k, uint32_t how,
    struct steps_region of, int bad)
{
	static const uint32_t rights[] = { [EXO_BIND_FIRST] = EXO_RIGHT_FIRST,
		[EXO_BIND_EXCLUSIVE] = EXO_RIGHT_EXCLUSIVE };
	int64_t err = model_key(s, k, EXO_RES_NET,
	    a->mode == EXO_BIND_FIRST || a->mode == EXO_BIND_EXCLUSIVE
	        ? rights[a->mode]
	        : EXO_RIGHT_TAP);

	if (err != 0)
		return err;
	if (a->mode > EXO_BIND_EXCLUSIVE || a->snap != 0)
		return -EXO_EINVAL;
	if (how == 1 || how == 3)
		return -EXO_EIMAGE;
	if (how == 2)
		return -EXO_EREFUSED;
	return bad ? -EXO_EINVAL : model_claim(s, who, k->what, of, a->mode);
}

static inline void step_bind(struct step *p)
{
	struct exo_call_bind *a = (void *)steps_room;
	struct steps_key k = step_key(p, EXO_RES_NET);
	uint32_t how = step_below(p, 2) == 0 ? step_below(p, 7) : 0, i = 0,
	         mode = 1 + step_below(p, 3);
	struct steps_region of;
	int64_t want;
	int bad;

	while (i < STEPS_BINDS && p->s->bind[i].name != 0)
		i++;
	steps_num(&p->t, " how ", how);
	steps_num(&p->t, " mode ", mode);
	if (i == STEPS_BINDS) {
		steps_str(&p->t, " no room");
		return;
	}
	*a = (struct exo_call_bind){ .key = k.key,
		.image = steps_room_at + STEPS_TABLE,
		.image_size = step_image(p, how),
		.claim = step_region(p, &k, &of, &bad),
		.linktype = 1,
		.mode = how == 5 ? 9 : mode,
		.snap = how == 6 };
	want = want_bind(p->s, p->who, a, &k, how, of, bad);
	if (step_call(p, EXO_CALL_BIND_NR, sizeof(*a), want) != 0)
		return;
	model_got(p->s, p->who, EXO_KIND_BINDING);
	p->s->bind[i] = (struct steps_bind){ a->out_binding, p->who, k.what,
		mode, ++p->s->age, of };
}

/** A binding of who is here, if there is one; of others; of nobody. *i: which. */
static inline uint64_t step_binding(struct step *p, uint32_t *i)
{
	uint32_t at = step_below(p, STEPS_BINDS), other = step_below(p, 5) == 0;

	for (uint32_t k = 0; k < STEPS_BINDS; k++) {
		*i = (at + k) % STEPS_BINDS;
		if (p->s->bind[*i].name == 0 ||
		    (p->s->bind[*i].owner != p->who && !other))
			continue;
		steps_num(&p->t, " ", *i);
		return p->s->bind[*i].name;
	}
	*i = STEPS_BINDS;
	steps_str(&p->t, " none");
	return 77;
}

static inline void step_unbind(struct step *p)
{
	struct exo_call_unbind *a = (void *)steps_room;
	uint32_t i;
	int own;

	a->binding = step_binding(p, &i);
	own = i < STEPS_BINDS && p->s->bind[i].owner == p->who;
	if (step_call(
	        p, EXO_CALL_UNBIND_NR, sizeof(*a), own ? 0 : -EXO_ENOENT) == 0)
		model_unbound(p->s, i, p->who);
}

#endif
