/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's resources: birth, death, and who may own how much. See phys.h.
 */
#include "exo/core/phys.h"

#include "exo/abi/err.h"
#include "exo/core/phys_int.h"
#include "exo/lib/bug.h"

static void *mem_get(void *ctx, size_t size)
{
	(void)ctx;
	return plat_alloc(size);
}

static void mem_put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	plat_free(p, size);
}

static const struct exo_mem account = { .get = mem_get, .put = mem_put };

int exo_phys_new(const struct exo_phys_config *cfg, struct exo_phys **out)
{
	struct exo_mem mem = account;
	struct exo_phys *p = exo_mem_get(&mem, sizeof(*p));

	*out = NULL;
	if (p == NULL)
		return -EXO_ENOMEM;
	p->cfg = *cfg;
	p->next = UINT64_MAX;
	p->mem = mem;
	p->frames =
	    exo_mem_get(&p->mem, (uint64_t)cfg->frames * sizeof(*p->frames));
	if (p->frames == NULL ||
	    plat_random(&p->secret, sizeof(p->secret)) != 0) {
		int err = p->frames == NULL ? -EXO_ENOMEM : -EXO_ENOENTROPY;

		exo_phys_free(p);
		return err;
	}
	*out = p;
	return 0;
}

void exo_phys_free(struct exo_phys *p)
{
	struct exo_mem mem;

	if (p == NULL)
		return;
	for (uint32_t i = 0; i < EXO_HOLDERS; i++)
		if (p->holder[i] != NULL)
			exo_holder_end(p, p->holder[i]);
	exo_mem_put(
	    &p->mem, p->frames, (uint64_t)p->cfg.frames * sizeof(*p->frames));
	mem = p->mem;
	exo_mem_put(&mem, p, sizeof(*p));
}

/* Of so many that are guaranteed to it, frames that it does not own: they are promised. */
static uint32_t promised_of(const struct exo_holder *h, uint32_t guaranteed)
{
	return guaranteed > h->owned ? guaranteed - h->owned : 0;
}

static uint32_t promised(const struct exo_holder *h)
{
	return promised_of(h, h->guaranteed);
}

/* Share the limit of another: what that has counts from now on. false: no memory. */
static bool join(struct exo_phys *p, struct exo_holder *h)
{
	struct exo_holder *with = h->args.kin;

	if (with == NULL)
		return true;
	if (with->kin == NULL) {
		with->kin = exo_mem_get(&p->mem, sizeof(*with->kin));
		if (with->kin == NULL)
			return false;
		*with->kin = (struct kin){ .holders = 1,
			.most = with->args.most,
			.owned = with->owned,
			.promised = promised(with) };
	}
	h->kin = with->kin;
	h->kin->holders++;
	return true;
}

static void leave(struct exo_phys *p, struct exo_holder *h)
{
	if (h->kin == NULL || --h->kin->holders > 0)
		return;
	exo_assert(h->kin->owned == 0 && h->kin->promised == 0);
	exo_mem_put(&p->mem, h->kin, sizeof(*h->kin));
}

/* It owns so many, and has so many guaranteed, from now on. */
static void account_for(struct exo_phys *p, struct exo_holder *h,
    uint32_t owned, uint32_t guaranteed)
{
	uint32_t had = h->owned, before = promised(h);

	h->owned = owned;
	h->guaranteed = guaranteed;
	p->promised = p->promised - before + promised(h);
	if (h->kin == NULL)
		return;
	h->kin->owned = h->kin->owned - had + owned;
	h->kin->promised = h->kin->promised - before + promised(h);
}

static void guarantee(struct exo_phys *p, struct exo_holder *h, uint32_t frames)
{
	account_for(p, h, h->owned, frames);
}

int exo_holder_new(struct exo_phys *p, const struct exo_holder_args *args,
    struct exo_holder **out)
{
	struct exo_holder *h;
	int err;

	*out = NULL;
	if (args->place >= EXO_HOLDERS || p->holder[args->place] != NULL ||
	    (args->entries & (args->entries - 1)) != 0)
		return -EXO_EINVAL;
	h = exo_mem_get(&p->mem, sizeof(*h));
	if (h == NULL)
		return -EXO_ENOMEM;
	h->args = *args;
	h->mem = account;
	if (h->args.entries == 0)
		h->args.entries = ENTRIES_DEFAULT;
	if (h->args.entries < STLB_WAYS)
		h->args.entries = STLB_WAYS;
	if (h->args.pins == 0)
		h->args.pins = PINS_DEFAULT;
	err = join(p, h) ? mapping_init(h) : -EXO_ENOMEM;
	if (err != 0) {
		leave(p, h);
		exo_mem_put(&p->mem, h, sizeof(*h));
		return err;
	}
	p->holder[args->place] = h;
	*out = h;
	return 0;
}

void exo_holder_end_to(
    struct exo_phys *p, struct exo_holder *h, struct exo_holder *heir)
{
	uint32_t had = h->guaranteed;

	mapping_free(p, h);
	while (h->frames != 0)
		frame_release(p, h->frames - 1);
	exo_assert(h->owned == 0);
	guarantee(p, h, 0); /* all of that was promised, so it is there */
	if (heir != NULL)
		guarantee(p, heir, heir->guaranteed + had);
	leave(p, h);
	p->holder[h->args.place] = NULL;
	exo_mem_put(&p->mem, h, sizeof(*h));
}

void exo_holder_end(struct exo_phys *p, struct exo_holder *h)
{
	exo_holder_end_to(p, h, NULL);
}

uint64_t exo_phys_kept(const struct exo_phys *p)
{
	return p->promised + p->aside;
}

uint64_t exo_phys_spare(const struct exo_phys *p)
{
	uint64_t left = p->cfg.ops->left(p->cfg.arg),
	         kept = exo_phys_kept(p) + p->cfg.reserve;

	return left > kept ? left - kept : 0;
}

void exo_phys_set_aside(struct exo_phys *p, int64_t n)
{
	exo_assert(n >= 0 || p->aside >= (uint64_t)-n);
	p->aside = (uint64_t)((int64_t)p->aside + n);
}

void phys_count(struct exo_phys *p, struct exo_holder *h, int32_t n)
{
	account_for(p, h, (uint32_t)((int64_t)h->owned + n), h->guaranteed);
}

/* Whether n more are within the limit that it shares: what others of them were promised
 * is as good as owned. */
static bool within(const struct exo_holder *h, uint32_t n)
{
	const struct kin *k = h->kin;
	uint64_t most = k == NULL ? h->args.most : k->most;
	uint64_t has =
	    k == NULL ? h->owned : k->owned + k->promised - promised(h);

	return most == 0 || (has <= most && n <= most - has);
}

int phys_room(const struct exo_phys *p, const struct exo_holder *h, uint32_t n)
{
	uint32_t own = promised(h);

	if (!within(h, n))
		return -EXO_ELIMIT;
	return n > own && n - own + (uint64_t)revoke_kept(p, h, n - own) >
	                      exo_phys_spare(p)
	           ? -EXO_ENOMEM
	           : 0;
}

int exo_holder_guarantee(
    struct exo_phys *p, struct exo_holder *h, uint32_t frames)
{
	uint32_t before = promised(h), after = promised_of(h, frames);

	if (after > before && after - before > exo_phys_spare(p))
		return -EXO_ELIMIT;
	guarantee(p, h, frames);
	return 0;
}

/* Whether so many more may be promised of the limit that it shares: all that was is within
 * it, so that each may own what is guaranteed to it. */
static bool may_promise(const struct exo_holder *h, uint64_t more)
{
	const struct kin *k = h->kin;
	uint64_t has = k == NULL ? 0 : k->owned + k->promised;

	return k == NULL || k->most == 0 ||
	       (has <= k->most && more <= k->most - has);
}

int exo_holder_pass(struct exo_phys *p, struct exo_holder *from,
    struct exo_holder *to, uint32_t frames)
{
	uint64_t before = (uint64_t)promised(from) + promised(to), after;

	exo_assert(from != to);
	if (frames > from->guaranteed)
		return -EXO_ELIMIT;
	after = (uint64_t)promised_of(from, from->guaranteed - frames) +
	        promised_of(to, to->guaranteed + frames);
	if (after > before && (after - before > exo_phys_spare(p) ||
	                          !may_promise(to, after - before)))
		return -EXO_ELIMIT;
	guarantee(p, from, from->guaranteed - frames);
	guarantee(p, to, to->guaranteed + frames);
	return 0;
}

struct plat_env *exo_holder_plat(const struct exo_holder *h)
{
	return h->args.plat;
}

void exo_holder_stat(const struct exo_holder *h, struct exo_holder_stat *out)
{
	*out = h->stat;
	out->owned = h->owned;
	out->guaranteed = h->guaranteed;
	out->pinned = h->pinned;
	out->mem = h->mem.used + sizeof(*h);
}

int exo_phys_call(
    struct exo_phys *p, struct exo_holder *h, uint32_t nr, void *args)
{
	switch (nr) {
	case EXO_CALL_FRAMES_NR:
		return call_frames(p, h, args);
	case EXO_CALL_RELEASE_NR:
		return call_release(p, h, args);
	case EXO_CALL_KEY_OF_NR:
		return call_key_of(p, h, args);
	case EXO_CALL_LESSEN_NR:
		return call_lessen(p, args);
	case EXO_CALL_PTE_NR:
		return call_pte(p, h, args);
	case EXO_CALL_SURRENDER_NR:
		return call_surrender(p, h, args);
	case EXO_CALL_SEED_NR:
		return call_seed(p, h, args);
	default:
		return -EXO_ENOSYS;
	}
}
