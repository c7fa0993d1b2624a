/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation: a holder is asked, sees it, and chooses; only when its time is over the
 * kernel does, and says what it took [D. R. Engler, M. F. Kaashoek, J. O'Toole,
 * "Exokernel", SOSP 1995, section 3.4]. See phys.h.
 *
 * Frames are asked of the holder that has most beyond what is guaranteed to it, when
 * another that has fewer of these wants some, and would still. What comes free is kept
 * for that one for a while, from those that would have more: who is asked gets nothing
 * back by being quick. What is guaranteed is never asked for, and never taken.
 *
 * A request that grows gives time anew for what was added. What is taken meanwhile is
 * asked for, too: taking and giving back what one took answers nothing.
 */
#include "exo/abi/err.h"
#include "exo/core/phys_int.h"
#include "exo/lib/bug.h"

#define TAKES 32u /* at once: others run, then there is more */

void exo_holder_lost(struct exo_holder *h, enum exo_kind kind, uint64_t name,
    uint64_t va, uint32_t block)
{
	struct exo_losses *l = h->args.losses;

	h->stat.lost++;
	if (l == NULL)
		return;
	l->loss[l->total % EXO_LOSSES] =
	    (struct exo_loss){ kind, block, name, va, plat_clock_ns() };
	/* who reads the number finds what it counts */
	__atomic_store_n(&l->total, l->total + 1, __ATOMIC_RELEASE);
}

/* Frames beyond those guaranteed. */
static uint32_t beyond(const struct exo_holder *h)
{
	return h->owned > h->guaranteed ? h->owned - h->guaranteed : 0;
}

uint32_t exo_holder_ask(struct exo_phys *p, struct exo_holder *h,
    enum exo_kind kind, uint32_t n, uint64_t deadline)
{
	struct asked *a = &h->asked[kind];

	if (kind == EXO_KIND_FRAME && n > beyond(h))
		n = beyond(h);
	if (n <= a->n)
		return a->n;
	if (a->n == 0) {
		a->deadline = deadline;
		a->first = n;
	} else {
		a->later = deadline;
	}
	a->n = n;
	a->told = false;
	if (a->deadline < p->next)
		p->next = a->deadline;
	return n;
}

void exo_holder_hurry(
    struct exo_phys *p, struct exo_holder *h, enum exo_kind kind)
{
	h->asked[kind].deadline = 0;
	h->asked[kind].first = h->asked[kind].n;
	p->next = 0;
}

bool exo_holder_asked(
    struct exo_holder *h, enum exo_kind *kind, uint32_t *n, uint64_t *deadline)
{
	for (uint32_t k = 1; k < KINDS; k++) {
		struct asked *a = &h->asked[k];

		if (a->n == 0 || a->told)
			continue;
		a->told = true;
		*kind = (enum exo_kind)k;
		*n = a->n;
		*deadline = a->deadline;
		return true;
	}
	return false;
}

uint64_t exo_phys_next(const struct exo_phys *p)
{
	return p->next;
}

void exo_holder_given(
    struct exo_phys *p, struct exo_holder *h, enum exo_kind kind)
{
	struct asked *a = &h->asked[kind];

	if (a->n == 0)
		return;
	a->n--;
	if (--a->first > 0)
		return;
	a->first = a->n;
	a->deadline = a->later;
	if (a->n > 0 &&
	    a->deadline < p->next) /* what was added had less time */
		p->next = a->deadline;
}

void exo_holder_got(struct exo_holder *h, enum exo_kind kind)
{
	struct asked *a = &h->asked[kind];

	a->n += a->n > 0;
	a->first += a->n > 0;
}

bool revoke_want(struct exo_phys *p, struct exo_holder *who, uint32_t n)
{
	uint64_t deadline = plat_clock_ns() + p->cfg.patience;
	struct exo_holder *most = NULL;
	uint32_t has = beyond(who) + n, share;

	for (uint32_t i = 0; i < EXO_HOLDERS; i++) {
		struct exo_holder *h = p->holder[i];

		if (h != NULL && h != who && beyond(h) > has &&
		    (most == NULL || beyond(h) > beyond(most)))
			most = h;
	}
	if (most == NULL)
		return false;
	share = (beyond(most) - has + 1) / 2; /* so that both have the same */
	(void)exo_holder_ask(
	    p, most, EXO_KIND_FRAME, n < share ? n : share, deadline);
	who->wish = (struct wish){ n, deadline + p->cfg.patience };
	if (who->wish.until > p->wishes)
		p->wishes = who->wish.until;
	return true;
}

uint32_t revoke_kept(
    const struct exo_phys *p, const struct exo_holder *h, uint32_t n)
{
	uint64_t now = p->wishes == 0 ? 0 : plat_clock_ns();
	uint32_t kept = 0;

	for (uint32_t i = 0; now < p->wishes && i < EXO_HOLDERS; i++) {
		const struct exo_holder *w = p->holder[i];

		if (w != NULL && w != h && now < w->wish.until &&
		    beyond(h) + n > beyond(w) + w->wish.n)
			kept += w->wish.n;
	}
	return kept;
}

/* --- the kernel chooses ---------------------------------------------------------- */

static bool is_pinned(const struct exo_phys *p, uint32_t i)
{
	for (const struct mapping *m = p->frames[i].maps; m != NULL;
	     m = m->next)
		if ((m->bits & EXO_PTE_PIN) != 0)
			return true;
	return false;
}

/* The one that it got last, of those that nobody has pinned; else the last. */
static uint32_t choose(const struct exo_phys *p, const struct exo_holder *h)
{
	for (uint32_t i = h->frames; i != 0; i = p->frames[i - 1].next)
		if (!is_pinned(p, i - 1))
			return i - 1;
	return h->frames - 1;
}

uint64_t revoke_seen(const struct exo_phys *p, uint32_t i)
{
	for (const struct mapping *m = p->frames[i].maps; m != NULL;
	     m = m->next)
		if (m->holder == p->frames[i].owner)
			return m->va;
	return 0;
}

uint64_t revoke_name(const struct exo_phys *p, uint32_t i)
{
	return (uint64_t)frame_generation(p, i) << 32 | (p->cfg.first + i);
}

/* The next block of where it wants its frames saved. */
static uint32_t save(struct exo_phys *p, struct exo_holder *h, uint32_t i)
{
	uint32_t block = h->saved;

	if (h->seed.res == 0 || p->cfg.ops->save == NULL ||
	    !p->cfg.ops->save(h->args.plat, &h->seed, block, p->cfg.first + i))
		return EXO_ANY;
	h->saved++;
	if (h->args.losses != NULL)
		h->args.losses->saved = h->saved;
	return block;
}

static void take_frame(struct exo_phys *p, struct exo_holder *h)
{
	uint32_t i = choose(p, h), block = save(p, h, i);
	uint64_t name = revoke_name(p, i), va = revoke_seen(p, i);

	frame_release(p, i); /* which counts as given */
	exo_holder_lost(h, EXO_KIND_FRAME, name, va, block);
}

/* One of what the platform knows. false: there is none to take. */
static bool take_other(
    struct exo_phys *p, struct exo_holder *h, enum exo_kind kind)
{
	uint64_t name;

	if (p->cfg.ops->choose == NULL ||
	    !p->cfg.ops->choose(h->args.plat, kind, &name))
		return false;
	exo_holder_given(p, h, kind);
	exo_holder_lost(h, kind, name, 0, EXO_ANY);
	return true;
}

/* What of a kind is overdue, but `most`; how many that were. */
static uint32_t take(struct exo_phys *p, struct exo_holder *h,
    enum exo_kind kind, uint64_t now, uint32_t most)
{
	struct asked *a = &h->asked[kind];
	uint32_t n = 0;

	for (; a->n > 0 && a->deadline <= now && n < most; n++) {
		if (kind == EXO_KIND_FRAME && beyond(h) > 0)
			take_frame(p, h);
		else if (kind == EXO_KIND_FRAME || !take_other(p, h, kind))
			a->n = 0; /* there is no more that may be taken */
	}
	return n;
}

void exo_phys_overdue(struct exo_phys *p, uint64_t now)
{
	uint32_t most = TAKES;

	p->next =
	    UINT64_MAX; /* what is taken of one may be due of another then */
	for (uint32_t i = 0; i < EXO_HOLDERS; i++) {
		struct exo_holder *h = p->holder[i];

		for (uint32_t k = 1; h != NULL && k < KINDS; k++) {
			const struct asked *a = &h->asked[k];

			most -= take(p, h, (enum exo_kind)k, now, most);
			if (a->n > 0 && a->deadline < p->next)
				p->next = a->deadline;
		}
	}
}

/* --- the holder chooses ----------------------------------------------------------- */

/* The frame of a name, if it is this holder's. */
static int frame_named(const struct exo_phys *p, const struct exo_holder *h,
    uint64_t name, uint32_t *out)
{
	uint32_t i = (uint32_t)name - p->cfg.first;

	if (i >= p->cfg.frames || p->frames[i].owner != h)
		return -EXO_EPERM;
	*out = i;
	return name == revoke_name(p, i) ? 0 : -EXO_ESTALE;
}

static int surrender_frames(
    struct exo_phys *p, struct exo_holder *h, const uint64_t *names, uint32_t n)
{
	uint32_t is[EXO_BATCH], k = 0;
	int err = 0;

	while (err == 0 && k < n) {
		err = frame_named(p, h, names[k], &is[k]);
		if (err == 0 && p->frames[is[k]].named)
			err = -EXO_EINVAL; /* twice */
		if (err == 0)
			p->frames[is[k++]].named = true;
	}
	for (uint32_t i = 0; i < k; i++)
		p->frames[is[i]].named = false;
	for (uint32_t i = 0; err == 0 && i < k; i++)
		frame_release(p, is[i]);
	return err;
}

int call_surrender(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_surrender *a)
{
	uint64_t names[EXO_BATCH];
	int err;

	if (a->n == 0 || a->n > EXO_BATCH || a->kind == 0 || a->kind >= KINDS)
		return -EXO_EINVAL;
	err = plat_copy_in(
	    h->args.plat, names, a->names, a->n * sizeof(names[0]));
	if (err != 0)
		return err;
	if (a->kind == EXO_KIND_FRAME)
		return surrender_frames(p, h, names, a->n);
	return p->cfg.ops->surrender == NULL
	           ? -EXO_ENOSYS
	           : p->cfg.ops->surrender(
	                 h->args.plat, (enum exo_kind)a->kind, names, a->n);
}

int call_seed(struct exo_phys *p, struct exo_holder *h, struct exo_call_seed *a)
{
	if (a->disk.res != 0) {
		int err = p->cfg.ops->seed == NULL
		              ? -EXO_ENOSYS
		              : p->cfg.ops->seed(p->cfg.arg, &a->disk);

		if (err != 0)
			return err;
	}
	h->seed = a->disk;
	h->saved = 0;
	if (h->args.losses != NULL)
		h->args.losses->saved = 0;
	return 0;
}
