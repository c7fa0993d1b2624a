/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holders on a machine of arrays, and their calls in one line each, for the tests of
 * exo/core/phys.h.
 */
#ifndef TESTS_UNIT_PHYS_H
#define TESTS_UNIT_PHYS_H

#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "tests/support/phys_machine.h"
#include "tests/support/plat_test.h"

#define RESERVE 2u
#define PINS    4u

static struct phys_machine machine;
static struct plat_env plats[PHYS_SPACES];
static struct exo_phys *phys;
static struct exo_holder *holder[PHYS_SPACES];
static struct exo_losses losses[PHYS_SPACES]; /* their repossession vectors */
/* What the calls below leave and take. */
static struct exo_key keys[EXO_BATCH + 1];
static struct exo_pte ptes[EXO_BATCH + 1];

/* The arguments of all lie within this, for every environment. */
static struct {
	struct exo_key keys[EXO_BATCH + 1];
	struct exo_pte ptes[EXO_BATCH + 1];
	uint64_t names[EXO_BATCH + 1];
} room;

#define GONE 64u /* an address that is nobody's */

static inline struct exo_holder *new_holder(uint32_t place, uint64_t name)
{
	struct exo_holder_args a = { .plat = &plats[place],
		.name = name,
		.place = place,
		.entries = 8,
		.pins = PINS,
		.losses = &losses[place] };
	struct exo_holder *h;

	memset(&losses[place], 0, sizeof(losses[place]));
	ck_assert_int_eq(exo_holder_new(phys, &a, &h), 0);
	machine.space[place].phys = phys;
	machine.space[place].holder = h;
	return h;
}

static inline void begin_phys(void)
{
	struct plat_env *all[PHYS_SPACES];
	struct exo_phys_config cfg;

	for (uint32_t i = 0; i < PHYS_SPACES; i++) {
		plats[i] = (struct plat_env){ .base = (uint8_t *)&room,
			.start = (uintptr_t)&room,
			.size = sizeof(room) };
		all[i] = &plats[i];
	}
	phys_machine_init(&machine, all);
	cfg = phys_machine_config(&machine, RESERVE);
	ck_assert_int_eq(exo_phys_new(&cfg, &phys), 0);
	for (uint32_t i = 0; i < PHYS_SPACES; i++)
		holder[i] = new_holder(i, 100 + i);
}

/* All goes back. */
static inline void end_phys(void)
{
	exo_phys_free(phys);
	ck_assert_uint_eq(phys_machine_left(&machine), PHYS_FRAMES);
	for (uint32_t i = 0; i < PHYS_FRAMES; i++) {
		ck_assert_uint_eq(machine.rows[i].owner, 0);
		ck_assert_uint_eq(machine.rows[i].maps, 0);
		ck_assert_uint_le(machine.rows[i].generation, machine.puts[i]);
	}
	plat_test_check_leaks();
}

static inline struct exo_frame_row *row_of(const struct exo_key *key)
{
	return &machine.rows[key->region - PHYS_FIRST];
}

static inline struct exo_holder_stat stat_of(uint32_t who)
{
	struct exo_holder_stat st;

	exo_holder_stat(holder[who], &st);
	return st;
}

/* --- calls --------------------------------------------------------------------- */

static inline int frames_at(
    uint32_t who, uint32_t n, uint32_t want, uint64_t at)
{
	struct exo_call_frames a = { .keys = at, .n = n, .want = want };

	return exo_phys_call(phys, holder[who], EXO_CALL_FRAMES_NR, &a);
}

/* Keys of n frames, any of them, into keys[]. */
static inline int frames(uint32_t who, uint32_t n)
{
	int err = frames_at(who, n, EXO_ANY, (uintptr_t)room.keys);

	memcpy(keys, room.keys, sizeof(keys));
	return err;
}

static inline struct exo_key one_frame(uint32_t who)
{
	ck_assert_int_eq(frames(who, 1), 0);
	return keys[0];
}

/* The first n of keys[]. */
static inline int release(uint32_t who, uint32_t n)
{
	struct exo_call_release a = { .keys = (uintptr_t)room.keys, .n = n };

	memcpy(room.keys, keys, sizeof(keys));
	return exo_phys_call(phys, holder[who], EXO_CALL_RELEASE_NR, &a);
}

static inline int release_one(uint32_t who, const struct exo_key *key)
{
	keys[0] = *key;
	return release(who, 1);
}

static inline int lessen(
    const struct exo_key *key, uint32_t rights, struct exo_key *out)
{
	struct exo_call_lessen a = { .key = *key, .rights = rights };
	int err = exo_phys_call(phys, holder[0], EXO_CALL_LESSEN_NR, &a);

	*out = a.out_key;
	return err;
}

static inline struct exo_key lesser(const struct exo_key *key, uint32_t rights)
{
	struct exo_key out;

	ck_assert_int_eq(lessen(key, rights, &out), 0);
	return out;
}

/* The first n of ptes[], into the space of who env is; NULL: its own. */
static inline int pte(uint32_t who, const struct exo_key *env, uint32_t n)
{
	struct exo_call_pte a = { .entries = (uintptr_t)room.ptes, .n = n };

	if (env != NULL)
		a.env = *env;
	memcpy(room.ptes, ptes, sizeof(ptes));
	return exo_phys_call(phys, holder[who], EXO_CALL_PTE_NR, &a);
}

#define READ  (EXO_PTE_PRESENT | EXO_PTE_NX)
#define WRITE (READ | EXO_PTE_WRITE)
#define RUN   EXO_PTE_PRESENT

static inline int show(
    uint32_t who, uint64_t va, uint64_t bits, const struct exo_key *key)
{
	ptes[0] = (struct exo_pte){ .va = va, .bits = bits };
	if (key != NULL)
		ptes[0].key = *key;
	return pte(who, NULL, 1);
}

/* The frame that a space shows at a page; EXO_FRAME_NONE: none. */
static inline uint32_t shown(uint32_t who, uint64_t va)
{
	const struct phys_entry *e = phys_shows(&machine.space[who], va);

	return e == NULL ? EXO_FRAME_NONE : e->frame;
}

#endif
