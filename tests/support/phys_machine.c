/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine under exo/core/phys.h, made of arrays: see phys_machine.h. */
#include "tests/support/phys_machine.h"

#include <string.h>

#include "exo/abi/err.h"
#include "exo/lib/bug.h"

static struct phys_machine *now;

/* --- frames ------------------------------------------------------------------- */

uint32_t phys_machine_take(struct phys_machine *m, uint32_t want)
{
	uint32_t i = want - PHYS_FIRST;

	if (m->takes == 0)
		return EXO_FRAME_NONE;
	if (want == EXO_FRAME_NONE)
		for (uint32_t k = 0; k < PHYS_FRAMES; k++) {
			i = (m->next + k) % PHYS_FRAMES;
			if (!m->out[i])
				break;
		}
	if (i >= PHYS_FRAMES || m->out[i])
		return EXO_FRAME_NONE;
	m->out[i] = true;
	m->next = (i + 5) % PHYS_FRAMES;
	m->takes -= m->takes != UINT32_MAX;
	return PHYS_FIRST + i;
}

void phys_machine_put(struct phys_machine *m, uint32_t frame)
{
	uint32_t i = frame - PHYS_FIRST;

	exo_assert(i < PHYS_FRAMES && m->out[i]);
	m->out[i] = false;
}

uint32_t phys_machine_left(const struct phys_machine *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < PHYS_FRAMES; i++)
		n += !m->out[i];
	return n;
}

static uint32_t take(void *arg, uint32_t want)
{
	return phys_machine_take(arg, want);
}

static void put(void *arg, uint32_t frame)
{
	struct phys_machine *m = arg;

	phys_machine_put(m, frame);
	m->puts[frame - PHYS_FIRST]++;
}

static uint64_t left(void *arg)
{
	return phys_machine_left(arg);
}

/* --- tables ------------------------------------------------------------------- */

static struct phys_space *space_of(const struct plat_env *env)
{
	for (uint32_t i = 0; i < PHYS_SPACES; i++)
		if (now->space[i].plat == env)
			return &now->space[i];
	exo_bug("a space that nobody made");
}

static uint32_t find(const struct phys_entry *e, uint32_t n, uint64_t va)
{
	uint32_t i = 0;

	while (i < n && e[i].va != va)
		i++;
	return i;
}

static bool same_leaf(uint64_t a, uint64_t b)
{
	return a / EXO_PAGE / 512 == b / EXO_PAGE / 512;
}

static bool leaf_is_there(const struct phys_space *s, uint64_t va)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (same_leaf(s->entry[i].va, va))
			return true;
	return false;
}

static bool enter(
    struct plat_env *env, uint64_t va, uint32_t frame, uint64_t bits)
{
	struct phys_space *s = space_of(env);
	uint32_t i = find(s->entry, s->n, va);
	bool present = (bits & EXO_PTE_PRESENT) != 0;

	exo_assert(present == (frame != EXO_FRAME_NONE));
	exo_assert(!present || now->out[frame - PHYS_FIRST]);
	if (s->no_room && !leaf_is_there(s, va) &&
	    !(s->held && (bits & EXO_PTE_PIN) != 0))
		return false;
	exo_assert(i < PHYS_ENTRIES);
	if (bits == 0 && i < s->n)
		s->entry[i] = s->entry[--s->n];
	if (bits == 0)
		return true;
	s->n += i == s->n;
	s->entry[i] =
	    (struct phys_entry){ .va = va, .bits = bits, .frame = frame };
	return true;
}

bool phys_fits(
    const struct phys_space *s, const struct exo_pte *entries, uint32_t n)
{
	const uint64_t pin = EXO_PTE_PRESENT | EXO_PTE_PIN;

	for (uint32_t i = 0; s->no_room && i < n; i++)
		if ((entries[i].bits & pin) == pin &&
		    !leaf_is_there(s, entries[i].va))
			return false;
	return true;
}

static bool have_tables(
    struct plat_env *env, const struct exo_pte *entries, uint32_t n)
{
	struct phys_space *s = space_of(env);

	s->held = phys_fits(s, entries, n);
	return s->held;
}

static void settle(struct plat_env *env)
{
	space_of(env)->held = false;
}

static void take_out(struct plat_env *env, uint64_t va)
{
	struct phys_space *s = space_of(env);
	uint32_t i = find(s->entry, s->n, va);

	if (i == s->n)
		return;
	exo_assert((s->entry[i].bits & EXO_PTE_PRESENT) != 0);
	s->entry[i] = s->entry[--s->n];
}

static void flush(struct plat_env *env)
{
	struct phys_space *s = space_of(env);

	s->nknown = 0;
	s->flushes++;
}

const struct phys_entry *phys_shows(const struct phys_space *s, uint64_t va)
{
	uint32_t i = find(s->entry, s->n, va);

	return i == s->n ? NULL : &s->entry[i];
}

void phys_touch(struct phys_space *s, uint64_t va)
{
	const struct phys_entry *e = phys_shows(s, va);
	uint32_t i = find(s->known, s->nknown, va);

	if (e == NULL || (e->bits & EXO_PTE_PRESENT) == 0 || i == PHYS_KNOWN)
		return;
	s->known[i] = *e;
	s->nknown += i == s->nknown;
}

bool phys_stale(const struct phys_space *s)
{
	for (uint32_t i = 0; i < s->nknown; i++) {
		const struct phys_entry *k = &s->known[i],
		                        *e = phys_shows(s, k->va);

		if (e == NULL || e->frame != k->frame || e->bits != k->bits)
			return true;
	}
	return false;
}

void phys_drop(
    struct phys_space *s, struct exo_holder *h, uint64_t va, uint64_t noted)
{
	uint32_t i = 0;

	while (i < s->n) {
		struct phys_entry e = s->entry[i];

		if (!same_leaf(e.va, va)) {
			i++;
			continue;
		}
		s->entry[i] = s->entry[--s->n];
		if ((e.bits & EXO_PTE_PRESENT) != 0)
			exo_holder_dropped(h, e.va, e.bits | noted);
	}
	s->nknown = 0;
}

void phys_clear(struct phys_space *s)
{
	s->n = 0;
	s->nknown = 0;
}

/* --- revocation ------------------------------------------------------------------ */

struct exo_key phys_disk_key(uint32_t n, bool write)
{
	return (struct exo_key){ .res = EXO_RES_DISK,
		.rights = EXO_DISK_READ | (write ? EXO_DISK_WRITE : 0),
		.slot = n,
		.epoch = PHYS_BLOCKS };
}

static bool save(struct plat_env *env, const struct exo_key *disk,
    uint32_t block, uint32_t frame)
{
	exo_assert(disk->epoch == PHYS_BLOCKS && space_of(env) != NULL);
	exo_assert(now->out[frame - PHYS_FIRST]);
	if (now->disk_fails || block >= disk->slot)
		return false;
	now->saved[block] = frame;
	return true;
}

static int seed(void *arg, const struct exo_key *u_disk)
{
	(void)arg;
	if (u_disk->res != EXO_RES_DISK || u_disk->epoch != PHYS_BLOCKS)
		return -EXO_EBADKEY;
	return (u_disk->rights & EXO_DISK_WRITE) != 0 ? 0 : -EXO_EPERM;
}

static int surrender(struct plat_env *env, enum exo_kind kind,
    const uint64_t *u_names, uint32_t n)
{
	struct phys_space *s = space_of(env);

	for (uint32_t i = 0; i < n; i++)
		if (u_names[i] >= s->has[kind])
			return -EXO_ENOENT;
	s->has[kind] -= n;
	for (uint32_t i = 0; i < n; i++)
		exo_holder_given(s->phys, s->holder, kind);
	return 0;
}

static bool choose(struct plat_env *env, enum exo_kind kind, uint64_t *name)
{
	struct phys_space *s = space_of(env);

	if (s->has[kind] <= s->guaranteed[kind])
		return false;
	*name = --s->has[kind];
	return true;
}

/* --- all of it ------------------------------------------------------------------ */

void phys_machine_init(
    struct phys_machine *m, struct plat_env *const plat[PHYS_SPACES])
{
	memset(m, 0, sizeof(*m));
	m->takes = UINT32_MAX;
	for (uint32_t i = 0; i < PHYS_SPACES; i++)
		m->space[i].plat = plat[i];
	now = m;
}

struct exo_phys_config phys_machine_config(
    struct phys_machine *m, uint32_t reserve)
{
	static const struct exo_phys_ops ops = { .take = take,
		.put = put,
		.left = left,
		.enter = enter,
		.remove = take_out,
		.flush = flush,
		.reserve = have_tables,
		.settle = settle,
		.save = save,
		.seed = seed,
		.surrender = surrender,
		.choose = choose };

	return (struct exo_phys_config){ .ops = &ops,
		.arg = m,
		.rows = m->rows,
		.first = PHYS_FIRST,
		.frames = PHYS_FRAMES,
		.reserve = reserve,
		.patience = PHYS_PATIENCE };
}
