/* SPDX-License-Identifier: BSD-2-Clause */
/* Four libOSes that do what chance says: see phys_trial.h. */
#include "tests/support/phys_trial.h"

#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bug.h"
#include "tests/support/phys_model.h"

#define KEYS    64u
#define RESERVE 3u

struct trial {
	struct spacegen *g;
	struct exo_phys *phys;
	struct phys_machine machine;
	struct phys_model model;
	struct phys_key key[KEYS]; /* that somebody was given, some long ago */
	uint32_t nkeys;
	uint64_t names;
	struct phys_trial_stat *st;
	/* arguments of a call */
	struct phys_key used[EXO_BATCH];
	struct exo_key keys[EXO_BATCH];
	struct exo_pte ptes[EXO_BATCH];
	uint64_t names_of[EXO_BATCH];
	/* of each */
	struct exo_losses losses[PHYS_SPACES];
	uint32_t blocks[PHYS_SPACES]; /* that it seeded; 0: none */
};

static struct trial t;

static uint32_t below(uint32_t n)
{
	return sg_below(t.g, n);
}

static bool seldom(void)
{
	return below(64) == 0;
}

static struct model_holder *holder(uint32_t who)
{
	return &t.model.holder[who];
}

/* --- keys ------------------------------------------------------------------------ */

static void keep(
    const struct exo_key *key, uint32_t rights, uint32_t what, uint64_t when)
{
	t.key[t.nkeys++ % KEYS] = (struct phys_key){ .key = *key,
		.res = key->res,
		.rights = rights,
		.what = what,
		.when = when };
}

static void keep_frame(const struct exo_key *key)
{
	uint32_t i = key->region - PHYS_FIRST;

	keep(key, EXO_FRAME_ALL, i, t.model.generation[i]);
}

/* One of those there are, and now and then one that nobody was given. */
static struct phys_key any_key(void)
{
	struct phys_key k = t.key[below(KEYS)];

	if (k.res == 0) {
		k.res = EXO_RES_FRAME;
		k.altered = true; /* all zeroes */
	}
	if (seldom()) {
		uint32_t bit = below(8 * sizeof(k.key));

		((uint8_t *)&k.key)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		k.altered = true;
	}
	return k;
}

/* Of some tries the first that is of a frame that is owned. */
static struct phys_key frame_key(void)
{
	struct phys_key k = any_key();

	for (int i = 0;
	     i < 24 && (k.res != EXO_RES_FRAME || t.model.owner[k.what] == 0 ||
	                   t.model.generation[k.what] != k.when);
	     i++)
		k = any_key();
	return k;
}

/* --- calls ------------------------------------------------------------------------ */

static uint64_t address(const void *p, bool there)
{
	return there ? (uintptr_t)p : 0;
}

static uint32_t any_count(void)
{
	static const uint32_t odd[] = { 0, EXO_BATCH, EXO_BATCH + 1,
		UINT32_MAX };

	return seldom() ? odd[below(4)] : 1 + below(5);
}

static uint32_t any_zero(void)
{
	return seldom() ? 1u << below(32) : 0;
}

static int call(uint32_t who, uint32_t nr, void *args, int want)
{
	int got = exo_phys_call(t.phys, holder(who)->h, nr, args);

	exo_assert(got == want);
	t.st->calls++;
	t.st->done += got == 0;
	t.st->refused[-got]++;
	return got;
}

/* got is room for the keys, or NULL: there is none. */
static int frames(uint32_t who, uint32_t n, uint32_t want, struct exo_key *got)
{
	struct exo_call_frames a = {
		.keys = (uintptr_t)got, .n = n, .want = want
	};
	int err = call(who, EXO_CALL_FRAMES_NR, &a,
	    phys_want_frames(&t.model, who, &a, got != NULL));

	if (err != 0) {
		if (err == -EXO_EAGAIN)
			phys_did_want(&t.model, who, n);
		return err;
	}
	phys_did_frames(&t.model, who, &a, got);
	for (uint32_t k = 0; k < n; k++)
		keep_frame(&got[k]);
	return 0;
}

static void some_frames(uint32_t who)
{
	bool named = below(4) == 0;

	if (seldom())
		t.machine.takes = below(3);
	(void)frames(who, named && !seldom() ? 1 : any_count(),
	    named ? PHYS_FIRST - 1 + below(PHYS_FRAMES + 2) : EXO_ANY,
	    seldom() ? NULL : t.keys);
	t.machine.takes = UINT32_MAX;
}

/* The next entry of a repossession vector: a frame that it owned. */
static const struct exo_loss *next_loss(uint32_t who, uint32_t *frame)
{
	struct model_holder *h = holder(who);
	const struct exo_loss *l = &t.losses[who].loss[h->lost++ % EXO_LOSSES];

	*frame = (uint32_t)l->name - PHYS_FIRST;
	exo_assert(l->kind == EXO_KIND_FRAME && *frame < PHYS_FRAMES);
	exo_assert(t.model.owner[*frame] == who + 1 &&
	           t.model.generation[*frame] == l->name >> 32);
	t.st->lost++;
	return l;
}

/* Whether its owner sees a frame at this page; at 0: or nowhere. */
static bool seen_at(uint32_t who, uint32_t frame, uint64_t va)
{
	bool any = false;

	for (uint32_t v = 0; v < PHYS_PAGES; v++) {
		const struct model_entry *e = &holder(who)->e[v];

		if (!e->live || e->frame != frame)
			continue;
		any = true;
		if (phys_page(v) == va)
			return true;
	}
	return !any && va == 0;
}

/* Its owner hears of it, if it was another one's call. */
static void released(uint32_t who, uint32_t frame)
{
	uint32_t owner = t.model.owner[frame] - 1, i;

	if (owner != who) {
		const struct exo_loss *l = next_loss(owner, &i);

		exo_assert(i == frame && l->block == EXO_ANY);
		exo_assert(seen_at(owner, i, l->va));
	}
	phys_did_give(&t.model, frame);
}

static int release(uint32_t who, uint32_t n, uint32_t zero, bool there)
{
	struct exo_call_release a = {
		.keys = address(t.keys, there), .n = n, .zero = zero
	};
	int err;

	for (uint32_t k = 0; k < EXO_BATCH; k++)
		t.keys[k] = t.used[k].key;
	err = call(who, EXO_CALL_RELEASE_NR, &a,
	    phys_want_release(&t.model, &a, t.used, there));
	for (uint32_t k = 0; err == 0 && k < n; k++)
		released(who, t.used[k].what);
	return err;
}

static void some_release(uint32_t who)
{
	uint32_t n = below(3) == 0 ? any_count() : 1;

	for (uint32_t k = 0; k < EXO_BATCH && k < n; k++)
		t.used[k] = frame_key();
	(void)release(who, n, any_zero(), !seldom());
}

static void some_key_of(uint32_t who)
{
	struct exo_call_key_of a = {
		.frame = PHYS_FIRST - 1 + below(PHYS_FRAMES + 2),
		.zero = any_zero(),
	};

	if (call(who, EXO_CALL_KEY_OF_NR, &a,
	        phys_want_key_of(&t.model, who, &a)) != 0)
		return;
	exo_assert(a.out_key.region == a.frame);
	keep_frame(&a.out_key);
}

static void some_lessen(uint32_t who)
{
	struct phys_key k = any_key();
	struct exo_call_lessen a = { .key = k.key,
		.rights = below(2) == 0 ? below(32) : k.rights & below(16),
		.zero = any_zero(),
		.first = any_zero(),
		.n = any_zero() };

	if (call(who, EXO_CALL_LESSEN_NR, &a, phys_want_lessen(&a, &k)) == 0)
		keep(&a.out_key, a.rights, k.what, k.when);
}

/* --- entries ------------------------------------------------------------------------ */

static uint64_t any_bits(void)
{
	uint64_t bits =
	    sg_word(t.g) & (EXO_PTE_SOFT | EXO_PTE_ACCESSED | EXO_PTE_DIRTY);
	uint32_t how = below(16);

	if (how == 0)
		return sg_word(t.g);
	if (how < 3) /* the libOS's own */
		return sg_word(t.g) &
		       ~(EXO_PTE_PRESENT | (seldom() ? 0 : EXO_PTE_FRAME));
	bits |= EXO_PTE_PRESENT | (how % 2 != 0 ? EXO_PTE_PIN : 0);
	if (how < 8)
		return bits | EXO_PTE_NX;
	if (how < 12)
		return bits | EXO_PTE_WRITE | EXO_PTE_NX;
	return bits | (seldom() ? EXO_PTE_WRITE : 0);
}

static uint64_t any_va(void)
{
	uint64_t va = phys_page(below(PHYS_PAGES));

	if (!seldom())
		return va;
	return below(2) == 0 ? va | 1u << below(12)
	                     : EXO_MAP_END + below(2) * (UINT64_MAX / 4 * 3);
}

static void entries(uint32_t n)
{
	for (uint32_t k = 0; k < EXO_BATCH && k < n; k++) {
		struct exo_pte *e = &t.ptes[k];

		t.used[k] = frame_key();
		*e = (struct exo_pte){
			.va = any_va(), .bits = any_bits(), .key = t.used[k].key
		};
	}
}

/* What was entered is there, unless something later in the batch is in its place. */
static void check_entered(uint32_t to, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++) {
		const struct model_entry *e = holder(to)->e;
		const struct phys_entry *s =
		    phys_shows(&t.machine.space[to], t.ptes[k].va);
		uint32_t v = 0;

		while (phys_page(v) != t.ptes[k].va)
			v++;
		exo_assert(!e[v].live || (s != NULL && s->bits == e[v].bits));
		exo_assert(
		    e[v].data == 0 || (s != NULL && s->bits == e[v].data));
	}
}

static void some_pte(uint32_t who)
{
	struct exo_call_pte a = { .n = any_count(), .zero = any_zero() };
	struct phys_key env = { .what = who };
	bool there = !seldom(), own = below(3) != 0;
	uint32_t to;
	int want;

	for (int i = 0; !own && i < 6 && env.key.res != EXO_RES_ENV; i++)
		env = any_key();
	own = env.key.res == 0;
	entries(a.n);
	a.env = env.key;
	a.entries = address(t.ptes, there);
	want = phys_want_pte(
	    &t.model, who, &a, t.ptes, t.used, own ? NULL : &env, there, &to);
	if (want == 0 && !phys_fits(&t.machine.space[to], t.ptes, a.n))
		want = -EXO_ENOMEM;
	if (call(who, EXO_CALL_PTE_NR, &a, want) != 0)
		return;
	phys_did_pte(&t.model, to, a.n, t.ptes, t.used);
	if (!t.machine.space[to].no_room)
		check_entered(to, a.n);
}

/* --- the platform, and the processor --------------------------------------------------- */

static void touch(uint32_t who)
{
	struct phys_space *s = &t.machine.space[who];
	uint32_t v = below(PHYS_PAGES);
	bool write = below(2) == 0, execute = below(2) == 0;
	bool want, got;

	for (int i = 0; i < 6 && !holder(who)->e[v].live; i++)
		v = below(PHYS_PAGES);
	want = phys_want_refill(&t.model, who, v, write, execute);
	got = exo_phys_refill(t.phys, holder(who)->h,
	    phys_page(v) + below(EXO_PAGE), write, execute);
	exo_assert(got == want || (s->no_room && !got));
	exo_assert(!got || phys_shows(s, phys_page(v)) != NULL);
	t.st->refills += got;
	phys_touch(s, phys_page(v));
}

static void drop(uint32_t who)
{
	struct phys_space *s = &t.machine.space[who];
	uint32_t v = below(PHYS_PAGES), n = s->n;
	uint64_t noted = sg_word(t.g);

	phys_did_drop(&t.model, who, v, noted);
	phys_drop(s, holder(who)->h, phys_page(v), noted);
	if (below(2) == 0)
		exo_assert(
		    exo_holder_preload(t.phys, holder(who)->h) <= 32 || n > 32);
}

static void pin(uint32_t who)
{
	struct phys_space *s = &t.machine.space[who];
	uint32_t v = below(PHYS_PAGES), i = below(PHYS_FRAMES);

	if (t.model.owner[i] != who + 1)
		return;
	if (exo_holder_pin(t.phys, holder(who)->h, phys_page(v), PHYS_FIRST + i,
	        EXO_PTE_NX)) {
		phys_did_pin(&t.model, who, v, i, EXO_PTE_NX);
		exo_assert(phys_shows(s, phys_page(v)) != NULL);
	} else {
		exo_assert(s->no_room);
		holder(who)->e[v] = (struct model_entry){ .live = false };
	}
}

/* A frame of the platform's doing; it sees to it that promises stay. */
static void give(uint32_t who)
{
	uint32_t frame;

	if (phys_machine_left(&t.machine) <= phys_promised(&t.model))
		return;
	frame = exo_holder_frame(t.phys, holder(who)->h);
	exo_assert(frame != EXO_FRAME_NONE);
	t.model.owner[frame - PHYS_FIRST] = who + 1;
	phys_did_own(&t.model, who);
}

static void platform_takes(void)
{
	uint32_t n = 0, i = below(PHYS_FRAMES);

	for (uint32_t k = 0; k < PHYS_FRAMES; k++)
		n += t.model.held[k];
	if (t.model.held[i]) {
		phys_machine_put(&t.machine, PHYS_FIRST + i);
		t.model.held[i] = false;
	} else if (n < RESERVE && t.model.owner[i] == 0) {
		if (phys_machine_left(&t.machine) > phys_promised(&t.model))
			t.model.held[i] = phys_machine_take(&t.machine,
			                      PHYS_FIRST + i) != EXO_FRAME_NONE;
	}
}

static void guarantee(uint32_t who)
{
	struct model_holder *h = holder(who);
	uint32_t n = below(h->most != 0 ? h->most + 1 : 16);
	bool want = phys_want_guarantee(&t.model, who, n);
	int err = exo_holder_guarantee(t.phys, h->h, n);

	exo_assert(err == (want ? 0 : -EXO_ELIMIT));
	if (want)
		h->guaranteed = n;
}

/* Everybody takes what was promised. */
static void claim(void)
{
	for (uint32_t who = 0; who < PHYS_SPACES; who++) {
		uint32_t has = phys_owned(&t.model, who),
		         g = holder(who)->guaranteed;

		if (g > has)
			exo_assert(frames(who, g - has, EXO_ANY, t.keys) == 0);
	}
}

/* --- environments ------------------------------------------------------------------------ */

static void begin(uint32_t who)
{
	static const struct exo_holder_args as[PHYS_SPACES] = {
		{ .entries = 8, .pins = 3 },
		{ .entries = 1, .pins = 5, .most = 12 },
		{ .entries = 16, .pins = 1 },
		{ .entries = 256, .pins = 40, .most = 30 },
	};
	struct exo_holder_args a = as[who];
	struct model_holder *h = holder(who);
	struct exo_key key;

	a.plat = t.machine.space[who].plat;
	a.name = ++t.names;
	a.place = who;
	memset(&t.losses[who], 0, sizeof(t.losses[who]));
	t.blocks[who] = 0;
	a.losses = &t.losses[who];
	*h = (struct model_holder){ .name = a.name,
		.most = a.most,
		.entries = a.entries,
		.pins = a.pins };
	exo_assert(exo_holder_new(t.phys, &a, &h->h) == 0);
	exo_assert(exo_holder_plat(h->h) == a.plat);
	exo_holder_key(t.phys, h->h, &key);
	keep(&key, EXO_ENV_ALL, who, a.name);
}

static void end(uint32_t who)
{
	struct exo_holder_stat st;

	exo_holder_stat(holder(who)->h, &st);
	t.st->displaced += st.displaced;
	t.st->ends++;
	phys_clear(&t.machine.space[who]);
	exo_holder_end(t.phys, holder(who)->h);
	phys_did_end(&t.model, who);
}

static void find_env(void)
{
	struct phys_key k = any_key();
	uint32_t rights = below(8);
	struct exo_holder *h;
	int err = exo_holder_find(t.phys, &k.key, rights, &h);

	if (k.altered || k.res != EXO_RES_ENV)
		exo_assert(err == -EXO_EBADKEY);
	else if ((rights & ~k.rights) != 0)
		exo_assert(err == -EXO_EPERM);
	else if (holder(k.what)->name != k.when)
		exo_assert(err == -EXO_ESTALE);
	else
		exo_assert(err == 0 && h == holder(k.what)->h);
}

/* --- revocation ---------------------------------------------------------------------------- */

static bool pinned(uint32_t frame)
{
	for (uint32_t who = 0; who < PHYS_SPACES; who++)
		for (uint32_t v = 0; v < PHYS_PAGES; v++) {
			const struct model_entry *e = &holder(who)->e[v];

			if (e->live && e->frame == frame &&
			    (e->bits & EXO_PTE_PIN) != 0)
				return true;
		}
	return false;
}

static bool all_pinned(uint32_t who)
{
	for (uint32_t i = 0; i < PHYS_FRAMES; i++)
		if (t.model.owner[i] == who + 1 && !pinned(i))
			return false;
	return true;
}

/* The kernel took one. */
static void taken(uint32_t who)
{
	struct model_holder *h = holder(who);
	const struct exo_loss *l;
	uint32_t i;

	exo_assert(phys_beyond(&t.model, who) > 0);
	l = next_loss(who, &i);
	exo_assert(!pinned(i) || all_pinned(who));
	exo_assert(seen_at(who, i, l->va));
	if (t.machine.disk_fails || h->saved >= t.blocks[who]) {
		exo_assert(l->block == EXO_ANY);
	} else {
		exo_assert(l->block == h->saved++);
	}
	phys_did_give(&t.model, i);
}

/* Time is over for those who were hurried, or for all: each loses what it was asked for,
 * but nothing of what is guaranteed. */
static void overdue(bool all)
{
	uint32_t asked = 0;

	for (int i = 0; i < 3; i++) /* some at once */
		exo_phys_overdue(t.phys, all ? UINT64_MAX : 0);
	for (uint32_t who = 0; who < PHYS_SPACES; who++) {
		struct model_holder *h = holder(who);
		uint32_t n = all ? h->asked : h->overdue,
		         can = phys_beyond(&t.model, who);

		exo_assert(
		    t.losses[who].total - h->lost == (n < can ? n : can));
		while (h->lost < t.losses[who].total)
			taken(who);
		if (n > can)
			h->asked = h->overdue = 0;
		exo_assert(t.losses[who].saved == h->saved);
		asked += h->asked;
	}
	exo_assert((exo_phys_next(t.phys) == UINT64_MAX) == (asked == 0));
}

static void ask(uint32_t who)
{
	uint32_t n = below(8), got;

	got = exo_holder_ask(
	    t.phys, holder(who)->h, EXO_KIND_FRAME, n, PHYS_PATIENCE);
	phys_did_ask(&t.model, who, n);
	exo_assert(got == holder(who)->asked);
}

static void hear(uint32_t who)
{
	struct model_holder *h = holder(who);
	enum exo_kind kind = EXO_KIND_FRAME;
	uint64_t deadline;
	uint32_t n = 0;
	bool told = exo_holder_asked(h->h, &kind, &n, &deadline);

	exo_assert(told == (h->asked > 0 && !h->told));
	exo_assert(!told || (kind == EXO_KIND_FRAME && n == h->asked));
	h->told = true;
	if (below(3) != 0)
		return;
	exo_holder_hurry(t.phys, h->h, EXO_KIND_FRAME);
	h->overdue = h->asked;
}

static uint64_t any_name(uint32_t who)
{
	uint32_t i = below(PHYS_FRAMES), generation;

	for (int k = 0; k < 60 && t.model.owner[i] != who + 1; k++)
		i = below(PHYS_FRAMES);
	if (seldom())
		i = PHYS_FRAMES - 1 + below(3);
	generation = i < PHYS_FRAMES ? t.model.generation[i] : 1;
	generation -= seldom();
	return (uint64_t)generation << 32 | (PHYS_FIRST + i);
}

static int want_surrender(
    uint32_t who, const struct exo_call_surrender *a, bool there)
{
	if (a->n == 0 || a->n > EXO_BATCH || a->kind != EXO_KIND_FRAME ||
	    !there)
		return -EXO_EINVAL;
	for (uint32_t k = 0; k < a->n; k++) {
		uint32_t i = (uint32_t)t.names_of[k] - PHYS_FIRST;

		if (i >= PHYS_FRAMES || t.model.owner[i] != who + 1)
			return -EXO_EPERM;
		if (t.model.generation[i] != t.names_of[k] >> 32)
			return -EXO_ESTALE;
		for (uint32_t j = 0; j < k; j++)
			if (t.names_of[j] == t.names_of[k])
				return -EXO_EINVAL;
	}
	return 0;
}

static void some_surrender(uint32_t who)
{
	bool there = !seldom();
	struct exo_call_surrender a = {
		.names = address(t.names_of, there),
		.n = below(2) == 0 ? 1 : any_count(),
		.kind = seldom() ? below(2) * 5 : EXO_KIND_FRAME,
	};

	for (uint32_t k = 0; k < EXO_BATCH && k < a.n; k++)
		t.names_of[k] = any_name(who);
	if (call(who, EXO_CALL_SURRENDER_NR, &a,
	        want_surrender(who, &a, there)) != 0)
		return;
	for (uint32_t k = 0; k < a.n; k++)
		phys_did_give(&t.model, (uint32_t)t.names_of[k] - PHYS_FIRST);
}

static void some_seed(uint32_t who)
{
	uint32_t blocks = below(PHYS_BLOCKS + 1);
	bool write = !seldom();
	struct exo_call_seed a = { .disk = phys_disk_key(blocks, write) };

	if (blocks == 0)
		memset(&a.disk, 0, sizeof(a.disk));
	if (call(who, EXO_CALL_SEED_NR, &a,
	        blocks > 0 && !write ? -EXO_EPERM : 0) != 0)
		return;
	t.blocks[who] = blocks;
	holder(who)->saved = 0;
}

static void revocation(uint32_t who)
{
	switch (below(8)) {
	case 0:
		overdue(below(4) == 0);
		break;
	case 1:
		some_seed(who);
		break;
	case 2:
	case 3:
		hear(who);
		break;
	case 4:
		ask(who);
		break;
	case 5:
		t.machine.disk_fails = below(4) == 0;
		break;
	default:
		some_surrender(who);
		break;
	}
}

/* --- steps ---------------------------------------------------------------------------------- */

static void seldom_step(uint32_t who)
{
	switch (below(10)) {
	case 0:
		if (below(3) != 0)
			break;
		end(who);
		phys_model_check(&t.model);
		begin(who);
		break;
	case 1:
		guarantee(who);
		break;
	case 2:
		claim();
		break;
	case 3:
		platform_takes();
		break;
	case 4:
		give(who);
		break;
	case 5:
		pin(who);
		break;
	case 6:
		exo_holder_forget(t.phys, holder(who)->h);
		phys_did_forget(&t.model, who);
		break;
	case 7:
		t.machine.space[who].no_room = below(3) == 0;
		break;
	case 8:
		find_env();
		break;
	default:
		(void)call(who, EXO_CALL_PRINT_NR, NULL, -EXO_ENOSYS);
		break;
	}
}

static void step(void)
{
	uint32_t who = below(PHYS_SPACES), what = below(16);

	if (what < 3)
		some_frames(who);
	else if (what < 4)
		some_release(who);
	else if (what < 5)
		some_key_of(who);
	else if (what < 6)
		some_lessen(who);
	else if (what < 10)
		some_pte(who);
	else if (what < 13)
		touch(who);
	else if (what < 14)
		drop(who);
	else if (what < 15)
		revocation(who);
	else
		seldom_step(who);
	phys_model_check(&t.model);
	t.st->steps++;
}

void phys_trial(struct plat_env *const plat[PHYS_SPACES], struct spacegen *g,
    bool bytes, uint64_t steps, struct phys_trial_stat *st)
{
	struct exo_phys_config cfg;

	phys_machine_init(&t.machine, plat);
	cfg = phys_machine_config(&t.machine, RESERVE);
	memset(&t.model, 0, sizeof(t.model));
	memset(t.key, 0, sizeof(t.key));
	t.nkeys = 0;
	t.g = g;
	t.st = st;
	t.model.m = &t.machine;
	t.model.reserve = RESERVE;
	exo_assert(exo_phys_new(&cfg, &t.phys) == 0);
	for (uint32_t who = 0; who < PHYS_SPACES; who++)
		begin(who);
	for (uint64_t i = 0; i < steps && (!bytes || g->n > 0); i++)
		step();
	for (uint32_t who = 0; who < PHYS_SPACES; who++) {
		if (who % 2 == 0)
			end(who);
		else
			phys_clear(&t.machine.space[who]);
	}
	exo_phys_free(t.phys);
	for (uint32_t i = 0; i < PHYS_FRAMES; i++)
		exo_assert(t.machine.out[i] == t.model.held[i]);
}
