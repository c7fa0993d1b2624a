/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of address spaces: what a libOS may enter, what is pinned or displaced, what
 * comes back when it is touched, and what vanishes with its frame.
 */
#include "tests/unit/phys.h"

#define PAGE(n) ((uint64_t)(n)*EXO_PAGE)
#define SAME(n) PAGE(8 * (n))

static bool touched(uint32_t who, uint64_t va)
{
	return exo_phys_refill(phys, holder[who], va, false, false);
}

/* --- what may be entered ----------------------------------------------------------- */

START_TEST(entries_are_shown)
{
	struct exo_key key = one_frame(0);
	uint64_t bits = WRITE | EXO_PTE_SOFT | EXO_PTE_ACCESSED | EXO_PTE_DIRTY;

	ck_assert_int_eq(show(0, PAGE(5), bits, &key), 0);
	ck_assert_uint_eq(shown(0, PAGE(5)), key.region);
	ck_assert_uint_eq(phys_shows(&machine.space[0], PAGE(5))->bits, bits);
	ck_assert_int_eq(show(0, EXO_MAP_END - EXO_PAGE, READ, &key), 0);
	ck_assert_uint_eq(row_of(&key)->maps, 2);
	ck_assert_int_eq(show(1, PAGE(5), READ, &key), 0); /* by its bytes */
	ck_assert_uint_eq(row_of(&key)->maps, 3);
	ck_assert_int_eq(show(0, PAGE(5), 0, NULL), 0);
	ck_assert_uint_eq(shown(0, PAGE(5)), EXO_FRAME_NONE);
	ck_assert_uint_eq(row_of(&key)->maps, 2);
	ck_assert_uint_eq(stat_of(0).entered, 3);
	ck_assert_uint_eq(machine.space[0].flushes, 3);
}
END_TEST

START_TEST(addresses_are_checked)
{
	struct exo_key key = one_frame(0);
	static const uint64_t bad[] = { 1, 8, EXO_PAGE - 1, EXO_MAP_END,
		EXO_MAP_END - 1, EXO_STATE_AT, EXO_LOSSES_AT, 1ull << 47,
		1ull << 63, UINT64_MAX - EXO_PAGE + 1, UINT64_MAX };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(show(0, bad[i], READ, &key), -EXO_EINVAL);
		ck_assert_int_eq(show(0, bad[i], 0, NULL), -EXO_EINVAL);
	}
	ck_assert_uint_eq(machine.space[0].n, 0);
}
END_TEST

/* Of the processor's bits a libOS gets some; a page is never both written and run. */
START_TEST(bits_are_checked)
{
	struct exo_key key = one_frame(0);
	uint64_t may = EXO_PTE_PRESENT | EXO_PTE_WRITE | EXO_PTE_ACCESSED |
	               EXO_PTE_DIRTY | EXO_PTE_PIN | EXO_PTE_SOFT | EXO_PTE_NX;

	for (int bit = 1; bit < 63; bit++)
		ck_assert_int_eq(show(0, 0, READ | (uint64_t)1 << bit, &key),
		    (may >> bit & 1) != 0 ? 0 : -EXO_EINVAL);
	ck_assert_int_eq(show(0, 0, RUN | EXO_PTE_WRITE, &key), -EXO_EINVAL);
	ck_assert_int_eq(show(0, 0, RUN, &key), 0);
	ck_assert_int_eq(show(0, 0, WRITE, &key), 0);
	ck_assert_int_eq(show(0, 0, READ, &key), 0);
}
END_TEST

START_TEST(rights_are_needed)
{
	static const struct {
		uint64_t bits;
		uint32_t needs;
	} row[] = { { READ, EXO_FRAME_READ },
		{ WRITE, EXO_FRAME_READ | EXO_FRAME_WRITE },
		{ RUN, EXO_FRAME_READ | EXO_FRAME_EXECUTE } };
	struct exo_key key = one_frame(0);

	for (uint32_t has = 0; has <= EXO_FRAME_ALL; has++)
		for (int i = 0; i < 3; i++) {
			struct exo_key k = lesser(&key, has);

			ck_assert_int_eq(show(1, 0, row[i].bits, &k),
			    (row[i].needs & ~has) == 0 ? 0 : -EXO_EPERM);
		}
	exo_holder_key(phys, holder[1], &key);
	ck_assert_int_eq(show(1, 0, READ, &key), -EXO_EBADKEY);
	ck_assert_int_eq(show(1, 0, READ, NULL), -EXO_EBADKEY);
}
END_TEST

START_TEST(arguments_are_checked)
{
	struct exo_key key = one_frame(0);
	struct exo_call_pte a = { .entries = GONE, .n = 1 };

	ck_assert_int_eq(show(0, 0, READ, &key), 0);
	ck_assert_int_eq(pte(0, NULL, 0), -EXO_EINVAL);
	ck_assert_int_eq(pte(0, NULL, EXO_BATCH + 1), -EXO_EINVAL);
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], EXO_CALL_PTE_NR, &a), -EXO_EINVAL);
	a.entries = (uintptr_t)room.ptes;
	a.zero = 1;
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], EXO_CALL_PTE_NR, &a), -EXO_EINVAL);
	a.zero = 0;
	ck_assert_int_eq(
	    exo_phys_call(phys, holder[0], EXO_CALL_PTE_NR, &a), 0);
}
END_TEST

/* The last of a batch is bad: nothing changes, not even what goes before. */
START_TEST(entries_all_or_none)
{
	struct exo_key key = one_frame(0);

	ck_assert_int_eq(show(0, PAGE(1), READ, &key), 0);
	for (uint32_t i = 0; i < EXO_BATCH; i++)
		ptes[i] = (struct exo_pte){
			.va = PAGE(i), .bits = i == 1 ? 0 : WRITE, .key = key
		};
	ptes[EXO_BATCH - 1].key.epoch++;
	ck_assert_int_eq(pte(0, NULL, EXO_BATCH), -EXO_EBADKEY);
	ck_assert_uint_eq(machine.space[0].n, 1);
	ck_assert_uint_eq(row_of(&key)->maps, 1);
	ck_assert_uint_eq(shown(0, PAGE(1)), key.region);
	ck_assert_uint_eq(machine.space[0].flushes, 1);
	ck_assert_int_eq(pte(0, NULL, EXO_BATCH - 1), 0);
	ck_assert_uint_eq(shown(0, PAGE(62)), key.region);
	ck_assert_uint_eq(row_of(&key)->maps, 8); /* of as many places */
}
END_TEST

/* Of the same page the last entry of a batch counts. */
START_TEST(a_page_twice)
{
	struct exo_key a = one_frame(0), b = one_frame(0);

	ptes[0] = (struct exo_pte){ .va = 0, .bits = WRITE, .key = a };
	ptes[1] = (struct exo_pte){ .va = 0, .bits = READ, .key = b };
	ck_assert_int_eq(pte(0, NULL, 2), 0);
	ck_assert_uint_eq(shown(0, 0), b.region);
	ck_assert_uint_eq(row_of(&a)->maps, 0);
	ck_assert_uint_eq(row_of(&b)->maps, 1);
}
END_TEST

/* What is not present is the libOS's own, all of it. */
START_TEST(data_of_the_libos)
{
	struct exo_key key = one_frame(0);
	uint64_t data = ~(EXO_PTE_PRESENT | EXO_PTE_FRAME);
	uint64_t there = data | EXO_PTE_FRAME; /* no frame is there */

	ck_assert_int_eq(show(0, PAGE(2), WRITE, &key), 0);
	phys_touch(&machine.space[0], PAGE(2));
	for (uint64_t bit = EXO_PAGE; bit <= EXO_PTE_FRAME; bit *= 2)
		if ((bit & EXO_PTE_FRAME) != 0)
			ck_assert_int_eq(
			    show(0, PAGE(2), data | bit, NULL), -EXO_EINVAL);
	ck_assert_int_eq(show(0, PAGE(2), data, NULL), 0);
	ck_assert(!phys_stale(&machine.space[0]));
	ck_assert_uint_eq(phys_shows(&machine.space[0], PAGE(2))->bits, there);
	ck_assert_uint_eq(row_of(&key)->maps, 0);
	ck_assert_uint_eq(stat_of(0).pinned, 0);
	ck_assert(!touched(0, PAGE(2)));
	ck_assert_int_eq(release_one(0, &key), 0);
	ck_assert_uint_eq(phys_shows(&machine.space[0], PAGE(2))->bits, there);
}
END_TEST

START_TEST(into_another_space)
{
	struct exo_key env, less, key = one_frame(0), bad;

	exo_holder_key(phys, holder[1], &env);
	ptes[0] = (struct exo_pte){ .va = 0, .bits = READ, .key = key };
	ck_assert_int_eq(pte(0, &env, 1), 0);
	ck_assert_uint_eq(shown(1, 0), key.region);
	ck_assert_uint_eq(shown(0, 0), EXO_FRAME_NONE);
	ck_assert_uint_eq(stat_of(1).entered, 1);
	less = lesser(&env, EXO_ENV_MAP);
	ck_assert_int_eq(pte(2, &less, 1), 0);
	less = lesser(&env, EXO_ENV_ALL & ~EXO_ENV_MAP);
	ck_assert_int_eq(pte(0, &less, 1), -EXO_EPERM);
	ck_assert_int_eq(pte(0, &key, 1), -EXO_EBADKEY);
	for (uint32_t i = 0; i <= PINS; i++) { /* the limit is that space's */
		ptes[0].va = PAGE(i);
		ptes[0].bits = READ | EXO_PTE_PIN;
		ck_assert_int_eq(pte(0, &env, 1), i < PINS ? 0 : -EXO_ELIMIT);
	}
	bad = env;
	bad.region = 2;
	ck_assert_int_eq(pte(0, &bad, 1), -EXO_EBADKEY);
	exo_holder_end(phys, holder[1]);
	ck_assert_int_eq(pte(0, &env, 1), -EXO_ESTALE);
}
END_TEST

/* --- what is displaced, and what is not --------------------------------------------------- */

/* Eight are there together, in whatever order they came; of nine the oldest is not. */
START_TEST(one_displaces_another)
{
	struct exo_key a = one_frame(0), b = one_frame(0);

	for (int i = 1; i <= 8; i++)
		ck_assert_int_eq(show(0, SAME(i), READ, &a), 0);
	for (int i = 1; i <= 8; i++)
		ck_assert_uint_eq(shown(0, SAME(i)), a.region);
	phys_touch(&machine.space[0], SAME(1));
	/* itself it does not displace, but it is the last now */
	ck_assert_int_eq(show(0, SAME(2), WRITE, &b), 0);
	ck_assert_uint_eq(stat_of(0).displaced, 0);
	ck_assert_int_eq(show(0, SAME(9), READ, &b), 0);
	ck_assert_uint_eq(shown(0, SAME(1)), EXO_FRAME_NONE);
	ck_assert(!phys_stale(&machine.space[0]));
	ck_assert(!touched(0, SAME(1)));
	ck_assert(touched(0, SAME(9)));
	ck_assert_uint_eq(stat_of(0).displaced, 1);
	ck_assert_uint_eq(stat_of(0).misses, 1);
	ck_assert_uint_eq(stat_of(0).refills, 1);
	for (int i = 1; i <= 6; i++) /* all but those two */
		ck_assert_int_eq(show(0, SAME(20 + i), READ, &b), 0);
	ck_assert_uint_eq(shown(0, SAME(8)), EXO_FRAME_NONE);
	ck_assert_uint_eq(shown(0, SAME(2)), b.region);
	ck_assert_uint_eq(shown(0, SAME(9)), b.region);
	ck_assert_int_eq(show(0, SAME(30), READ, &b), 0);
	ck_assert_uint_eq(shown(0, SAME(2)), EXO_FRAME_NONE);
	/* a place that is empty is taken first */
	ck_assert_int_eq(show(0, SAME(30), 0, NULL), 0);
	ck_assert_int_eq(show(0, SAME(31), READ, &b), 0);
	ck_assert_uint_eq(stat_of(0).displaced, 8);
	/* another's have other places */
	ck_assert_int_eq(show(1, SAME(1), READ, &a), 0);
	ck_assert_uint_eq(shown(0, SAME(9)), b.region);
}
END_TEST

START_TEST(pins_stay)
{
	struct exo_key key = one_frame(0);

	ck_assert_int_eq(show(0, SAME(1), READ | EXO_PTE_PIN, &key), 0);
	for (int i = 2; i < 5; i++)
		ck_assert_int_eq(show(0, SAME(i), READ, &key), 0);
	for (int i = 5; i < 12; i++)
		ck_assert_int_eq(show(0, SAME(i), READ, &key), 0);
	ck_assert_uint_eq(shown(0, SAME(1)), key.region);
	ck_assert_uint_eq(row_of(&key)->maps, 9);
	exo_holder_forget(phys, holder[0]);
	ck_assert_uint_eq(shown(0, SAME(1)), key.region);
	ck_assert_uint_eq(shown(0, SAME(11)), EXO_FRAME_NONE);
	ck_assert(!touched(0, SAME(11)));
	ck_assert_uint_eq(row_of(&key)->maps, 1);
	ck_assert_uint_eq(stat_of(0).pinned, 1);
	phys_drop(&machine.space[0], holder[0], 0, 0);
	ck_assert(touched(0, SAME(1)));
}
END_TEST

/* Each entry of a batch that pins needs a place, be it one that replaces a pin. */
START_TEST(pins_have_a_limit)
{
	struct exo_key key = one_frame(0);

	for (uint32_t i = 0; i <= PINS; i++)
		ptes[i] = (struct exo_pte){
			.va = PAGE(i), .bits = READ | EXO_PTE_PIN, .key = key
		};
	ck_assert_int_eq(pte(0, NULL, PINS + 1), -EXO_ELIMIT);
	ck_assert_uint_eq(machine.space[0].n, 0);
	ck_assert_int_eq(pte(0, NULL, PINS), 0);
	ck_assert_int_eq(
	    show(0, PAGE(9), READ | EXO_PTE_PIN, &key), -EXO_ELIMIT);
	ck_assert_int_eq(
	    show(0, PAGE(0), READ | EXO_PTE_PIN, &key), -EXO_ELIMIT);
	/* of data the bit is the libOS's */
	ck_assert_int_eq(show(0, PAGE(9), EXO_PTE_PIN, NULL), 0);
	ck_assert_int_eq(show(0, PAGE(0), READ, &key), 0); /* no pin now */
	ck_assert_uint_eq(stat_of(0).pinned, PINS - 1);
	ck_assert_int_eq(show(0, PAGE(1), READ | EXO_PTE_PIN, &key), 0);
	ck_assert_uint_eq(stat_of(0).pinned, PINS - 1);
	ck_assert_int_eq(show(0, PAGE(2), 0, NULL), 0);
	ck_assert_uint_eq(stat_of(0).pinned, PINS - 2);
	ck_assert_int_eq(release_one(0, &key), 0);
	ck_assert_uint_eq(stat_of(0).pinned, 0);
	ck_assert_uint_eq(machine.space[0].n, 1);
}
END_TEST

/* Pins of the platform's are beside those of the libOS. */
START_TEST(pins_of_the_platform)
{
	struct exo_key a = one_frame(0), b = one_frame(0);
	struct phys_space *s = &machine.space[0];

	ck_assert_int_eq(show(0, PAGE(3), READ, &a), 0);
	phys_touch(s, PAGE(3));
	ck_assert(
	    exo_holder_pin(phys, holder[0], PAGE(3), b.region, EXO_PTE_NX));
	ck_assert_uint_eq(shown(0, PAGE(3)), b.region);
	ck_assert_uint_eq(phys_shows(s, PAGE(3))->bits, READ | EXO_PTE_PIN);
	ck_assert(!phys_stale(s));
	/* there is no table: then it is not shown, nor a pin more */
	s->no_room = true;
	ck_assert(!exo_holder_pin(
	    phys, holder[0], EXO_STATE_AT, b.region, EXO_PTE_NX));
	s->no_room = false;
	ck_assert(!touched(0, EXO_STATE_AT));
	ck_assert_uint_eq(stat_of(0).pinned, 1);
	for (uint32_t i = 0; i < PINS; i++)
		ck_assert_int_eq(show(0, SAME(i), READ | EXO_PTE_PIN, &a), 0);
	ck_assert_int_eq(
	    show(0, SAME(PINS), READ | EXO_PTE_PIN, &a), -EXO_ELIMIT);
	ck_assert_uint_eq(stat_of(0).pinned, PINS + 1);
}
END_TEST

/* --- frames take their entries with them ----------------------------------------------------- */

START_TEST(release_takes_entries_out)
{
	struct exo_key a, b;

	ck_assert_int_eq(frames(0, 2), 0);
	a = keys[0];
	b = keys[1];
	for (uint32_t who = 0; who < 3; who++) {
		ck_assert_int_eq(show(who, PAGE(who), WRITE, &a), 0);
		ck_assert_int_eq(show(who, PAGE(4), READ | EXO_PTE_PIN, &a), 0);
		ck_assert_int_eq(show(who, PAGE(7), READ, &b), 0);
		phys_touch(&machine.space[who], PAGE(who));
		phys_touch(&machine.space[who], PAGE(4));
	}
	ck_assert_uint_eq(row_of(&a)->maps, 6);
	ck_assert_int_eq(release_one(0, &a), 0);
	for (uint32_t who = 0; who < 3; who++) {
		ck_assert_uint_eq(machine.space[who].n, 1);
		ck_assert_uint_eq(shown(who, PAGE(7)), b.region);
		ck_assert(!phys_stale(&machine.space[who]));
		ck_assert(!touched(who, PAGE(who)));
		ck_assert(!touched(who, PAGE(4)));
		ck_assert_uint_eq(stat_of(who).pinned, 0);
	}
	ck_assert_uint_eq(row_of(&a)->maps, 0);
}
END_TEST

/* The same when the owner ends; and those that were dropped do not come back. */
START_TEST(an_end_takes_entries_out)
{
	struct exo_key a = one_frame(0);

	ck_assert_int_eq(show(1, PAGE(1), WRITE, &a), 0);
	ck_assert_int_eq(show(1, PAGE(2), READ | EXO_PTE_PIN, &a), 0);
	ck_assert_int_eq(show(2, PAGE(1), WRITE, &a), 0);
	phys_touch(&machine.space[1], PAGE(1));
	phys_drop(&machine.space[2], holder[2], 0, EXO_PTE_ACCESSED);
	exo_holder_end(phys, holder[0]);
	ck_assert_uint_eq(machine.space[1].n, 0);
	ck_assert(!phys_stale(&machine.space[1]));
	ck_assert(!touched(1, PAGE(1)));
	ck_assert(!touched(2, PAGE(1)));
	ck_assert_uint_eq(exo_holder_preload(phys, holder[2]), 0);
	ck_assert_uint_eq(machine.space[2].n, 0);
	ck_assert_int_eq(show(1, PAGE(1), READ, &a), -EXO_ESTALE);
}
END_TEST

/* --- the tables are a cache --------------------------------------------------------------------- */

/* What was touched comes back as it may be used. */
START_TEST(refill)
{
	static const struct {
		uint64_t bits;
		bool write, execute;
	} row[] = { { READ, false, false }, { WRITE, true, false },
		{ RUN, false, true } };
	struct exo_key key = one_frame(0);

	for (unsigned i = 0; i < 3 * 4; i++) {
		bool write = (i & 1) != 0, execute = (i & 2) != 0;
		bool may = (row[i / 4].write || !write) &&
		           (row[i / 4].execute || !execute);

		ck_assert_int_eq(show(0, PAGE(6), row[i / 4].bits, &key), 0);
		phys_drop(&machine.space[0], holder[0], 0, 0);
		ck_assert(exo_phys_refill(phys, holder[0], PAGE(6) + 4095,
		              write, execute) == may);
		ck_assert(
		    (phys_shows(&machine.space[0], PAGE(6)) != NULL) == may);
	}
	ck_assert(!touched(0, PAGE(7)));
	ck_assert(!touched(0, UINT64_MAX));
	ck_assert(!touched(1, PAGE(6)));
	machine.space[0].no_room = true;
	phys_clear(&machine.space[0]);
	ck_assert(!touched(0, PAGE(6)));
	machine.space[0].no_room = false;
	ck_assert(touched(0, PAGE(6)));
}
END_TEST

/* An entry that had no table is none the less entered, and shown when it is touched. */
START_TEST(no_room_for_a_table)
{
	struct exo_key key = one_frame(0);

	machine.space[0].no_room = true;
	ck_assert_int_eq(show(0, 0, READ, &key), 0);
	ck_assert_int_eq(
	    show(0, PAGE(1), READ | EXO_PTE_PIN, &key), -EXO_ENOMEM);
	ck_assert_uint_eq(machine.space[0].n, 0);
	ck_assert_uint_eq(stat_of(0).pinned, 0);
	machine.space[0].no_room = false;
	ck_assert(touched(0, 0));
	ck_assert(!touched(0, PAGE(1)));
	ck_assert_uint_eq(machine.space[0].n, 1);
}
END_TEST

/* What was used is entered again on return, with what the processor noted in it. */
START_TEST(preload)
{
	struct exo_key key = one_frame(0);
	struct phys_space *s = &machine.space[0];
	uint64_t noted = EXO_PTE_ACCESSED | EXO_PTE_DIRTY;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(show(0, PAGE(i), WRITE, &key), 0);
	/* what else an entry may say is not the processor's to note */
	exo_holder_dropped(holder[0], PAGE(1), noted | EXO_PTE_PIN | 0x1e);
	exo_holder_dropped(holder[0], PAGE(2), EXO_PTE_DIRTY);
	exo_holder_dropped(holder[0], PAGE(3), noted);
	exo_holder_dropped(holder[0], PAGE(4), noted); /* it is not there */
	phys_clear(s);
	ck_assert_int_eq(show(0, PAGE(3), 0, NULL), 0);
	ck_assert_uint_eq(exo_holder_preload(phys, holder[0]), 1);
	ck_assert_uint_eq(s->n, 1);
	ck_assert_uint_eq(phys_shows(s, PAGE(1))->bits, WRITE | noted);
	ck_assert(touched(0, PAGE(2)));
	ck_assert_uint_eq(phys_shows(s, PAGE(2))->bits, WRITE | EXO_PTE_DIRTY);
	ck_assert_uint_eq(exo_holder_preload(phys, holder[0]), 0);
	ck_assert_uint_eq(stat_of(0).preloaded, 1);
}
END_TEST

/* No more than 32 are, the last ones. */
START_TEST(preload_has_a_limit)
{
	struct exo_holder_args a = { .plat = &plats[0], .place = 9 };
	struct exo_key key = one_frame(0);
	struct exo_holder *was = holder[0];
	uint32_t n = 0;

	ck_assert_int_eq(exo_holder_new(phys, &a, &holder[0]), 0);
	for (uint32_t i = 0; i < 40; i++) {
		ck_assert_int_eq(show(0, PAGE(i), READ, &key), 0);
		exo_holder_dropped(holder[0], PAGE(i), EXO_PTE_ACCESSED);
	}
	phys_clear(&machine.space[0]);
	ck_assert_uint_eq(exo_holder_preload(phys, holder[0]), 32);
	for (uint32_t i = 0; i < 40; i++)
		n += (shown(0, PAGE(i)) != EXO_FRAME_NONE) == (i >= 8);
	ck_assert_uint_eq(n, 40);
	phys_clear(&machine.space[0]);
	exo_holder_end(phys, holder[0]);
	holder[0] = was;
}
END_TEST

/* What was forgotten is out of the tables, and nobody can go on using it. */
START_TEST(forget)
{
	struct exo_key key = one_frame(0);

	ck_assert_int_eq(show(1, PAGE(1), WRITE, &key), 0);
	phys_touch(&machine.space[1], PAGE(1));
	exo_holder_forget(phys, holder[1]);
	ck_assert_uint_eq(machine.space[1].n, 0);
	ck_assert(!phys_stale(&machine.space[1]));
	ck_assert_uint_eq(row_of(&key)->maps, 0);
	ck_assert_int_eq(show(1, PAGE(1), WRITE, &key), 0);
	ck_assert_int_eq(release_one(0, &key), 0);
	ck_assert_uint_eq(machine.space[1].n, 0);
}
END_TEST

Suite *t_phys_pte_suite(void)
{
	Suite *s = suite_create("phys_pte");
	TCase *t = tcase_create("phys_pte");

	tcase_add_checked_fixture(t, begin_phys, end_phys);
	tcase_add_test(t, entries_are_shown);
	tcase_add_test(t, addresses_are_checked);
	tcase_add_test(t, bits_are_checked);
	tcase_add_test(t, rights_are_needed);
	tcase_add_test(t, arguments_are_checked);
	tcase_add_test(t, entries_all_or_none);
	tcase_add_test(t, a_page_twice);
	tcase_add_test(t, data_of_the_libos);
	tcase_add_test(t, into_another_space);
	tcase_add_test(t, one_displaces_another);
	tcase_add_test(t, pins_stay);
	tcase_add_test(t, pins_have_a_limit);
	tcase_add_test(t, pins_of_the_platform);
	tcase_add_test(t, release_takes_entries_out);
	tcase_add_test(t, an_end_takes_entries_out);
	tcase_add_test(t, refill);
	tcase_add_test(t, no_room_for_a_table);
	tcase_add_test(t, preload);
	tcase_add_test(t, preload_has_a_limit);
	tcase_add_test(t, forget);
	suite_add_tcase(s, t);
	return s;
}
