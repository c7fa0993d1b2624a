/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation: who is asked for how much and until when, what counts as given, what the
 * kernel takes when a time is over, and what it says of it.
 */
#include "tests/unit/phys.h"

#define ALL  (PHYS_FRAMES - RESERVE)
#define LOST (losses[0].total)

static uint64_t name_of(const struct exo_key *key)
{
	return key->epoch << 32 | key->region;
}

static int surrender_at(uint32_t who, uint32_t kind, uint32_t n, uint64_t at)
{
	struct exo_call_surrender a = { .names = at, .n = n, .kind = kind };

	return exo_phys_call(phys, holder[who], EXO_CALL_SURRENDER_NR, &a);
}

/* Names are in room. */
static int surrender(uint32_t who, uint32_t kind, uint32_t n)
{
	return surrender_at(who, kind, n, (uintptr_t)room.names);
}

static int surrender_one(uint32_t who, uint64_t name)
{
	room.names[0] = name;
	return surrender(who, EXO_KIND_FRAME, 1);
}

static uint32_t ask(uint32_t who, uint32_t n, uint64_t deadline)
{
	return exo_holder_ask(phys, holder[who], EXO_KIND_FRAME, n, deadline);
}

/* What it is told to give up, if it is told anything; 0. */
static uint32_t told(uint32_t who, enum exo_kind want, uint64_t *deadline)
{
	enum exo_kind kind = EXO_KIND_FRAME;
	uint64_t when;
	uint32_t n = 0;

	if (!exo_holder_asked(holder[who], &kind, &n, &when))
		return 0;
	ck_assert_int_eq(kind, want);
	if (deadline != NULL)
		*deadline = when;
	return n;
}

/* Whatever it was asked for, now. */
static void hurry(uint32_t who)
{
	exo_holder_hurry(phys, holder[who], EXO_KIND_FRAME);
	exo_phys_overdue(phys, 0);
}

static int seed(uint32_t who, struct exo_key disk)
{
	struct exo_call_seed a = { disk };

	return exo_phys_call(phys, holder[who], EXO_CALL_SEED_NR, &a);
}

/* --- asking ----------------------------------------------------------------------- */

START_TEST(nobody_is_asked)
{
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, NULL), 0);
	ck_assert_uint_eq(ask(0, 3, 100), 0); /* it has none */
	exo_phys_overdue(phys, UINT64_MAX);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
	ck_assert_uint_eq(LOST, 0);
}
END_TEST

/* Of frames no more than it has beyond its guarantee. */
START_TEST(what_is_guaranteed_is_not_asked_for)
{
	ck_assert_int_eq(frames(0, 10), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 10), 0);
	ck_assert_uint_eq(ask(0, 1, 100), 0);
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 7), 0);
	ck_assert_uint_eq(ask(0, 5, 100), 3);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, NULL), 3);
	ck_assert_uint_eq(exo_phys_next(phys), 100);
	/* and when that has grown, nothing of it is taken */
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 9), 0);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(stat_of(0).owned, 9);
	ck_assert_uint_eq(LOST, 1);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
}
END_TEST

/* It is told once, and again when it is more: of that, there is time anew. */
START_TEST(requests_grow)
{
	uint64_t when;

	ck_assert_int_eq(frames(0, 20), 0);
	ck_assert_uint_eq(ask(0, 4, 100), 4);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, &when), 4);
	ck_assert_uint_eq(when, 100);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, NULL), 0);
	ck_assert_uint_eq(ask(0, 4, 50), 4);
	ck_assert_uint_eq(ask(0, 2, 50), 4);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, NULL), 0);
	ck_assert_uint_eq(ask(0, 9, 300), 9);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, &when), 9);
	ck_assert_uint_eq(when, 100);
	exo_phys_overdue(phys, 99);
	ck_assert_uint_eq(LOST, 0);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 4);
	ck_assert_uint_eq(exo_phys_next(phys), 300);
	exo_phys_overdue(phys, 299);
	ck_assert_uint_eq(LOST, 4);
	exo_phys_overdue(phys, 300);
	ck_assert_uint_eq(LOST, 9);
	ck_assert_uint_eq(stat_of(0).owned, 11);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
}
END_TEST

/* Whoever gives what was due in time has the rest of the time for the rest. */
START_TEST(the_first_is_given_first)
{
	ck_assert_int_eq(frames(0, 20), 0);
	(void)ask(0, 4, 100);
	(void)ask(0, 9, 300);
	ck_assert_int_eq(release(0, 4), 0);
	exo_phys_overdue(phys, 299);
	ck_assert_uint_eq(LOST, 0);
	ck_assert_uint_eq(exo_phys_next(phys), 300);
	exo_phys_overdue(phys, 300);
	ck_assert_uint_eq(LOST, 5);
}
END_TEST

/* Also if that is less time than they had. */
START_TEST(what_is_added_may_be_due_before)
{
	ck_assert_int_eq(frames(0, 20), 0);
	(void)ask(0, 4, 300);
	(void)ask(0, 9, 100);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 0); /* of the first it may still give some */
	ck_assert_uint_eq(exo_phys_next(phys), 300);
	ck_assert_int_eq(release(0, 4), 0);
	ck_assert_uint_eq(exo_phys_next(phys), 100);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 5);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
}
END_TEST

START_TEST(kinds_apart)
{
	uint64_t when;

	ck_assert_int_eq(frames(0, 5), 0);
	machine.space[0].has[EXO_KIND_SLOT] = 3;
	(void)exo_holder_ask(phys, holder[0], EXO_KIND_SLOT, 2, 200);
	(void)ask(0, 1, 100);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, &when), 1);
	ck_assert_uint_eq(when, 100);
	ck_assert_uint_eq(told(0, EXO_KIND_SLOT, &when), 2);
	ck_assert_uint_eq(when, 200);
	ck_assert_int_eq(release(0, 1), 0);
	exo_phys_overdue(phys, 199);
	ck_assert_uint_eq(LOST, 0);
	exo_phys_overdue(phys, 200);
	ck_assert_uint_eq(LOST, 2);
	ck_assert_uint_eq(machine.space[0].has[EXO_KIND_SLOT], 1);
}
END_TEST

/* --- giving -------------------------------------------------------------------------- */

START_TEST(surrendered_frames_are_free)
{
	ck_assert_int_eq(frames(0, 6), 0);
	ck_assert_int_eq(show(0, 0, READ, &keys[2]), 0);
	(void)ask(0, 3, 100);
	for (int i = 0; i < 3; i++)
		room.names[i] = name_of(&keys[2 * i]);
	ck_assert_int_eq(surrender(0, EXO_KIND_FRAME, 3), 0);
	for (int i = 0; i < 6; i++)
		ck_assert_uint_eq(row_of(&keys[i])->owner, i % 2 == 0 ? 0 : 1);
	ck_assert_uint_eq(shown(0, 0), EXO_FRAME_NONE);
	exo_phys_overdue(phys, UINT64_MAX);
	ck_assert_uint_eq(LOST, 0);
	ck_assert_uint_eq(stat_of(0).owned, 3);
	ck_assert_uint_eq(stat_of(0).lost, 0);
}
END_TEST

/* Another's, one that is stale, one twice, none: nothing changes. */
START_TEST(false_names_change_nothing)
{
	struct exo_key other = one_frame(1), gone = one_frame(0);
	const uint64_t no[] = { name_of(&other), 0, UINT64_MAX,
		(uint64_t)PHYS_FIRST - 1, PHYS_FIRST + PHYS_FRAMES,
		name_of(&gone) };

	ck_assert_int_eq(release_one(0, &gone), 0);
	ck_assert_int_eq(frames(0, 6), 0);
	(void)ask(0, 4, 100);
	for (uint32_t k = 0; k < sizeof(no) / sizeof(no[0]); k++)
		for (uint32_t at = 0; at < 3; at++) {
			for (int i = 0; i < 3; i++)
				room.names[i] = name_of(&keys[i]);
			room.names[at] = no[k];
			ck_assert_int_eq(
			    surrender(0, EXO_KIND_FRAME, 3), -EXO_EPERM);
		}
	for (int bit = 32; bit < 64; bit++)
		ck_assert_int_eq(
		    surrender_one(0, name_of(&keys[0]) ^ (uint64_t)1 << bit),
		    -EXO_ESTALE);
	for (int i = 0; i < 3; i++)
		room.names[i] = name_of(&keys[i % 2]);
	ck_assert_int_eq(surrender(0, EXO_KIND_FRAME, 3), -EXO_EINVAL);
	ck_assert_int_eq(surrender(0, EXO_KIND_FRAME, 0), -EXO_EINVAL);
	ck_assert_int_eq(
	    surrender(0, EXO_KIND_FRAME, EXO_BATCH + 1), -EXO_EINVAL);
	ck_assert_int_eq(surrender(0, EXO_KIND_FRAME, UINT32_MAX), -EXO_EINVAL);
	ck_assert_int_eq(surrender(0, 0, 1), -EXO_EINVAL);
	ck_assert_int_eq(surrender(0, 5, 1), -EXO_EINVAL);
	ck_assert_int_eq(surrender(0, UINT32_MAX, 1), -EXO_EINVAL);
	ck_assert_int_eq(surrender_at(0, EXO_KIND_FRAME, 1, GONE), -EXO_EINVAL);
	ck_assert_uint_eq(stat_of(0).owned, 6);
	ck_assert_uint_eq(stat_of(1).owned, 1);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 4); /* nothing of it counted */
	for (int i = 0; i < 6; i++) /* and each can be named again */
		if (row_of(&keys[i])->owner == 1)
			ck_assert_int_eq(
			    surrender_one(0, name_of(&keys[i])), 0);
	ck_assert_uint_eq(stat_of(0).owned, 0);
}
END_TEST

/* What is left is taken. */
START_TEST(partly_fulfilled)
{
	ck_assert_int_eq(frames(0, 10), 0);
	(void)ask(0, 6, 100);
	ck_assert_int_eq(surrender_one(0, name_of(&keys[9])), 0);
	ck_assert_int_eq(surrender_one(0, name_of(&keys[8])), 0);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 4);
	ck_assert_uint_eq(stat_of(0).owned, 4);
}
END_TEST

/* RELEASE counts, by whomever; taking and giving back what one took does not. */
START_TEST(what_counts)
{
	ck_assert_int_eq(frames(0, 10), 0);
	(void)ask(0, 6, 100);
	ck_assert_int_eq(release(1, 2), 0); /* bearer keys */
	ck_assert_uint_eq(LOST, 2);
	for (int i = 0; i < 9; i++) {
		struct exo_key key = one_frame(0);

		ck_assert_int_eq(release_one(0, &key), 0);
		ck_assert_int_eq(frames_at(0, 3, EXO_ANY, GONE), -EXO_EINVAL);
	}
	ck_assert_int_eq(frames(0, 3), 0);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 2 + 4 + 3);
	ck_assert_uint_eq(stat_of(0).owned, 4);
}
END_TEST

START_TEST(kinds_of_the_platform)
{
	machine.space[0].has[EXO_KIND_KEY] = 5;
	(void)exo_holder_ask(phys, holder[0], EXO_KIND_KEY, 3, 100);
	room.names[0] = 5;
	ck_assert_int_eq(surrender(0, EXO_KIND_KEY, 1), -EXO_ENOENT);
	room.names[0] = 4;
	ck_assert_int_eq(surrender(0, EXO_KIND_KEY, 1), 0);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(losses[0].loss[i].kind, EXO_KIND_KEY);
		ck_assert_uint_eq(losses[0].loss[i].name, 3u - (unsigned)i);
		ck_assert_uint_eq(losses[0].loss[i].block, EXO_ANY);
	}
	/* those that it may keep */
	machine.space[0].guaranteed[EXO_KIND_KEY] = 1;
	(void)exo_holder_ask(phys, holder[0], EXO_KIND_KEY, 9, 200);
	exo_phys_overdue(phys, 200);
	ck_assert_uint_eq(LOST, 3);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
}
END_TEST

/* A platform that has nothing of it, and no disk. */
START_TEST(without_a_platforms_help)
{
	struct exo_phys_config cfg = phys_machine_config(&machine, RESERVE);
	struct exo_phys_ops ops = *cfg.ops;
	struct exo_phys *was = phys;
	struct exo_holder *own = holder[0];

	ops.save = NULL;
	ops.seed = NULL;
	ops.surrender = NULL;
	ops.choose = NULL;
	cfg.ops = &ops;
	ck_assert_int_eq(exo_phys_new(&cfg, &phys), 0);
	holder[0] = new_holder(0, 7);
	ck_assert_int_eq(surrender(0, EXO_KIND_SLOT, 1), -EXO_ENOSYS);
	ck_assert_int_eq(seed(0, phys_disk_key(4, true)), -EXO_ENOSYS);
	(void)exo_holder_ask(phys, holder[0], EXO_KIND_SLOT, 1, 1);
	exo_phys_overdue(phys, 1);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
	ck_assert_uint_eq(LOST, 0);
	exo_phys_free(phys);
	phys = was;
	holder[0] = own;
}
END_TEST

/* --- the kernel chooses ------------------------------------------------------------------ */

/* The last that it got first, those that are pinned last, where they were seen. */
START_TEST(pinned_frames_last)
{
	struct exo_key key[6];

	ck_assert_int_eq(frames(0, 6), 0);
	memcpy(key, keys, sizeof(key));
	ck_assert_int_eq(show(0, 5 * EXO_PAGE, READ | EXO_PTE_PIN, &key[5]), 0);
	ck_assert_int_eq(show(1, 0, READ | EXO_PTE_PIN, &key[3]), 0);
	ck_assert_int_eq(show(0, 4 * EXO_PAGE, READ, &key[4]), 0);
	ck_assert_int_eq(show(1, 9 * EXO_PAGE, READ, &key[2]), 0);
	(void)ask(0, 6, 100);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(LOST, 6);
	for (uint32_t i = 0; i < 6; i++) {
		static const uint32_t order[] = { 4, 2, 1, 0, 5, 3 };
		const struct exo_loss *l = &losses[0].loss[i];
		bool own = order[i] >= 4;

		ck_assert_uint_eq(l->name, name_of(&key[order[i]]));
		ck_assert_uint_eq(l->va, own ? order[i] * EXO_PAGE : 0);
		ck_assert_uint_eq(l->block, EXO_ANY);
		ck_assert_uint_eq(l->kind, EXO_KIND_FRAME);
	}
	ck_assert_uint_eq(shown(0, 5 * EXO_PAGE), EXO_FRAME_NONE);
	ck_assert_uint_eq(shown(1, 0), EXO_FRAME_NONE);
	ck_assert_uint_eq(shown(1, 9 * EXO_PAGE), EXO_FRAME_NONE);
	ck_assert_int_eq(release_one(0, &key[0]), -EXO_ESTALE);
}
END_TEST

/* So many at once; the time is over still, and the rest is taken next. */
START_TEST(some_at_once)
{
	ck_assert_int_eq(frames(0, ALL), 0);
	(void)ask(0, ALL, 100);
	exo_phys_overdue(phys, 200);
	ck_assert_uint_lt(LOST, ALL);
	ck_assert_uint_eq(exo_phys_next(phys), 100);
	exo_phys_overdue(phys, 200);
	ck_assert_uint_eq(LOST, ALL);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
}
END_TEST

START_TEST(saved_in_order)
{
	ck_assert_int_eq(frames(0, 10), 0);
	ck_assert_int_eq(seed(0, phys_disk_key(4, true)), 0);
	(void)ask(0, 2, 100);
	hurry(0);
	ck_assert_uint_eq(losses[0].saved, 2);
	machine.disk_fails = true;
	(void)ask(0, 1, 100);
	hurry(0);
	machine.disk_fails = false;
	ck_assert_uint_eq(losses[0].saved, 2);
	(void)ask(0, 4, 100);
	hurry(0);
	ck_assert_uint_eq(LOST, 7);
	for (uint32_t i = 0; i < 7; i++) {
		static const uint32_t block[] = { 0, 1, EXO_ANY, 2, 3, EXO_ANY,
			EXO_ANY };
		const struct exo_loss *l = &losses[0].loss[i];

		ck_assert_uint_eq(l->block, block[i]);
		if (block[i] != EXO_ANY)
			ck_assert_uint_eq(
			    machine.saved[block[i]], (uint32_t)l->name);
	}
	/* once more from the start, or nowhere */
	ck_assert_int_eq(seed(0, phys_disk_key(1, true)), 0);
	ck_assert_uint_eq(losses[0].saved, 0);
	(void)ask(0, 1, 100);
	hurry(0);
	ck_assert_uint_eq(losses[0].loss[7].block, 0);
	ck_assert_int_eq(seed(0, (struct exo_key){ .res = 0 }), 0);
	(void)ask(0, 1, 100);
	hurry(0);
	ck_assert_uint_eq(losses[0].loss[8].block, EXO_ANY);
}
END_TEST

START_TEST(seed_is_refused)
{
	struct exo_key frame = one_frame(0), bad = phys_disk_key(4, true);

	ck_assert_int_eq(seed(0, phys_disk_key(4, true)), 0);
	(void)ask(0, 1, 100);
	ck_assert_int_eq(seed(0, frame), -EXO_EBADKEY);
	ck_assert_int_eq(seed(0, phys_disk_key(4, false)), -EXO_EPERM);
	bad.epoch++;
	ck_assert_int_eq(seed(0, bad), -EXO_EBADKEY);
	hurry(0); /* the one before it stays */
	ck_assert_uint_eq(losses[0].loss[0].block, 0);
}
END_TEST

/* The total goes on; who reads too late finds the last ones. */
START_TEST(the_vector_is_written_over)
{
	uint64_t name[3 * EXO_LOSSES];

	for (uint32_t i = 0; i < 3 * EXO_LOSSES; i++) {
		struct exo_key key = one_frame(0);

		name[i] = name_of(&key);
		ck_assert_int_eq(release_one(1, &key), 0);
		ck_assert_uint_eq(LOST, i + 1);
	}
	ck_assert_uint_eq(stat_of(0).lost, LOST);
	for (uint64_t i = LOST - EXO_LOSSES; i < LOST; i++)
		ck_assert_uint_eq(losses[0].loss[i % EXO_LOSSES].name, name[i]);
	for (uint64_t i = LOST - EXO_LOSSES + 1; i < LOST; i++)
		ck_assert_uint_gt(losses[0].loss[i % EXO_LOSSES].time,
		    losses[0].loss[(i - 1) % EXO_LOSSES].time);
}
END_TEST

/* --- who wants some ---------------------------------------------------------------------- */

/* Who has most beyond its guarantee is asked, until both have the same. */
START_TEST(the_one_that_has_most)
{
	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 20), 0);
	ck_assert_int_eq(frames(0, 22), 0);
	ck_assert_int_eq(frames(1, 16), 0);
	ck_assert_int_eq(frames(2, ALL - 38), 0);
	ck_assert_int_eq(frames(3, 17), -EXO_ENOMEM);
	ck_assert_int_eq(frames(3, 2), -EXO_EAGAIN);
	ck_assert_uint_eq(told(0, EXO_KIND_FRAME, NULL), 0);
	ck_assert_uint_eq(told(2, EXO_KIND_FRAME, NULL), 0);
	ck_assert_uint_eq(told(1, EXO_KIND_FRAME, NULL), 2);
	/* half of what is between them, at most */
	ck_assert_int_eq(frames(3, 14), -EXO_EAGAIN);
	ck_assert_uint_eq(told(1, EXO_KIND_FRAME, NULL), 0);
	exo_phys_overdue(phys, UINT64_MAX);
	ck_assert_uint_eq(losses[1].total, 2);
	ck_assert_int_eq(frames(3, 2), 0);
	ck_assert_int_eq(frames(3, 11), -EXO_EAGAIN);
	ck_assert_uint_eq(told(1, EXO_KIND_FRAME, NULL), 1);
	ck_assert_int_eq(frames(3, 12), -EXO_ENOMEM);
}
END_TEST

/* A hoarder and a late comer, who tries again: in the end they have the same, and what is
 * guaranteed to either is its own. */
START_TEST(a_late_comer_gets_its_share)
{
	uint32_t tries = 0;

	ck_assert_int_eq(exo_holder_guarantee(phys, holder[0], 10), 0);
	ck_assert_int_eq(frames(0, ALL), 0);
	for (int err = 0; err != -EXO_ENOMEM; tries++) {
		err = frames(1, 1);
		ck_assert(err == 0 || err == -EXO_EAGAIN || err == -EXO_ENOMEM);
		if (err == -EXO_EAGAIN)
			exo_phys_overdue(phys, UINT64_MAX);
		(void)frames(0, 1); /* the other one tries, too */
		ck_assert_uint_lt(tries, 1000);
	}
	ck_assert_uint_eq(stat_of(1).owned, (ALL - 10) / 2);
	ck_assert_uint_eq(stat_of(0).owned, ALL - (ALL - 10) / 2);
}
END_TEST

/* What comes free is kept for a while for the one that asked, from one that has more. */
START_TEST(what_was_asked_for_is_kept)
{
	plat_test_clock(1000);
	ck_assert_int_eq(frames(0, ALL), 0);
	ck_assert_int_eq(frames(1, 3), -EXO_EAGAIN);
	ck_assert_int_eq(release(0, 5), 0);
	ck_assert_int_eq(frames(0, 3), -EXO_ENOMEM);
	ck_assert_int_eq(frames(0, 2), 0); /* those that nobody asked for */
	ck_assert_int_eq(frames(0, 1), -EXO_ENOMEM);
	ck_assert_int_eq(frames(2, 1), 0); /* it would have fewer */
	ck_assert_int_eq(frames(1, 2), 0);
	ck_assert_int_eq(frames(1, 1), -EXO_EAGAIN);
	ck_assert_int_eq(surrender_one(0, name_of(&keys[0])), -EXO_EPERM);
	ck_assert_int_eq(frames(0, 1), -EXO_ENOMEM);
	plat_test_clock(2 * PHYS_PATIENCE + 2000000);
	exo_phys_overdue(phys, 2 * PHYS_PATIENCE + 2000000);
	ck_assert_int_eq(frames(0, 1), 0); /* it did not come */
}
END_TEST

START_TEST(a_wish_ends_with_its_holder)
{
	ck_assert_int_eq(frames(0, ALL), 0);
	ck_assert_int_eq(frames(1, 3), -EXO_EAGAIN);
	ck_assert_int_eq(release(0, 3), 0);
	ck_assert_int_eq(frames(0, 1), -EXO_ENOMEM);
	exo_holder_end(phys, holder[1]);
	ck_assert_int_eq(frames(0, 3), 0);
}
END_TEST

/* An end in the middle of it. */
START_TEST(who_was_asked_ends)
{
	ck_assert_int_eq(frames(0, 5), 0);
	(void)ask(0, 3, 100);
	exo_holder_end(phys, holder[0]);
	exo_phys_overdue(phys, 100);
	ck_assert_uint_eq(exo_phys_next(phys), UINT64_MAX);
	ck_assert_uint_eq(LOST, 0);
}
END_TEST

Suite *t_revoke_suite(void)
{
	Suite *s = suite_create("revoke");
	TCase *t = tcase_create("revoke");

	tcase_add_checked_fixture(t, begin_phys, end_phys);
	tcase_add_test(t, nobody_is_asked);
	tcase_add_test(t, what_is_guaranteed_is_not_asked_for);
	tcase_add_test(t, requests_grow);
	tcase_add_test(t, the_first_is_given_first);
	tcase_add_test(t, what_is_added_may_be_due_before);
	tcase_add_test(t, kinds_apart);
	tcase_add_test(t, surrendered_frames_are_free);
	tcase_add_test(t, false_names_change_nothing);
	tcase_add_test(t, partly_fulfilled);
	tcase_add_test(t, what_counts);
	tcase_add_test(t, kinds_of_the_platform);
	tcase_add_test(t, without_a_platforms_help);
	tcase_add_test(t, pinned_frames_last);
	tcase_add_test(t, some_at_once);
	tcase_add_test(t, saved_in_order);
	tcase_add_test(t, seed_is_refused);
	tcase_add_test(t, the_vector_is_written_over);
	tcase_add_test(t, the_one_that_has_most);
	tcase_add_test(t, a_late_comer_gets_its_share);
	tcase_add_test(t, what_was_asked_for_is_kept);
	tcase_add_test(t, a_wish_ends_with_its_holder);
	tcase_add_test(t, who_was_asked_ends);
	suite_add_tcase(s, t);
	return s;
}
