/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's tables as a cache, and what it knows of them: nothing that was taken out
 * is remembered, be it of tables that are in use or not; tables are dropped and come again.
 *
 * frames.c begins once, so each test is a process of its own: one must die, anyway.
 */
#include <signal.h>

#include "exo/abi/err.h"
#include "exo/bare/tlb.h"
#include "tests/unit/space.h"
#include "tests/unit/suites.h"

/* --- what the processor knows ------------------------------------------------------- */

/* What the processor knew is forgotten when a call returns: page by page, or all. */
START_TEST(nothing_stale)
{
	struct plat_env *e = env(0, 0), *other = env(0, 0);
	struct exo_key key[12];

	for (unsigned i = 0; i < 12; i++)
		ck_assert_int_eq(bare_frame(e, EXO_ANY, &key[i]), 0);
	space_run(e);
	for (unsigned i = 0; i < 12; i++)
		ck_assert_int_eq(bare_enter(e, NULL, VA + i * FRAME_SIZE,
		                     &key[i], BARE_WRITE),
		    0);
	ck_assert_uint_eq(tlb_ones + tlb_alls, 0); /* none was there */
	tlb_touch_all(e);
	/* another frame, fewer rights, none */
	ck_assert_int_eq(bare_enter(e, NULL, VA, &key[1], BARE_WRITE), 0);
	tlb_check();
	ck_assert_int_eq(
	    bare_enter(e, NULL, VA + FRAME_SIZE, &key[1], BARE_READ), 0);
	tlb_check();
	ck_assert_int_eq(bare_enter(e, NULL, VA + 2 * FRAME_SIZE, NULL, 0), 0);
	tlb_check();
	ck_assert_uint_eq(tlb_ones, 3);
	ck_assert_uint_eq(tlb_alls, 0);
	/* a frame that is given back goes out of all that show it */
	for (unsigned i = 3; i < 12; i++)
		ck_assert_int_eq(bare_enter(e, NULL, VA + i * FRAME_SIZE,
		                     &key[1], BARE_WRITE),
		    0);
	ck_assert_int_eq(bare_enter(other, NULL, VA, &key[1], BARE_READ), 0);
	tlb_touch_all(e);
	ck_assert_int_eq(bare_release(e, &key[1]), 0);
	tlb_check();
	ck_assert(!present(e, VA) && !present(other, VA));
}
END_TEST

/* Of tables that are not in use the processor may know what was when they were: it is kept
 * unless they changed, in whatever way. */
START_TEST(kept_meanwhile)
{
	struct plat_env *e = env(40, 0), *other = env(0, 0);
	struct exo_key key;

	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), 0);
	ck_assert_int_eq(bare_enter(e, NULL, VA, &key, BARE_WRITE), 0);
	(void)bare_map(e, OTHER, BARE_WRITE);
	space_run(e);
	tlb_touch_all(e);
	space_run(other);
	tlb_ones = tlb_alls = 0;
	/* what comes is no change */
	(void)bare_map(e, OTHER + FRAME_SIZE, BARE_WRITE);
	ck_assert_uint_eq(e->word, e->kept);
	space_run(e);
	ck_assert(tlb_knows(VA) && tlb_knows(OTHER));
	/* its frame is another's */
	space_run(other);
	ck_assert_int_eq(bare_release(e, &key), 0);
	ck_assert_uint_ne(e->word, e->kept);
	space_run(e);
	ck_assert(!tlb_knows(VA) && e->word == e->kept);
	tlb_check();
	/* its tables are dropped */
	tlb_touch_all(e);
	space_run(other);
	press(e, VA + 2 * LEAF);
	ck_assert_uint_ne(e->word, e->kept);
	space_run(e);
	tlb_check();
	ck_assert_uint_eq(tlb_ones + tlb_alls, 0);
}
END_TEST

/* Whoever comes into a place that somebody had is not taken for him. */
START_TEST(kept_of_the_dead)
{
	struct plat_env *e = env(0, 0);
	unsigned place = e->place;

	(void)bare_map(e, VA, BARE_WRITE);
	space_run(e);
	tlb_touch_all(e);
	tlb_use(TLB_KERNEL);
	env_free(e);
	e = env(0, 0);
	ck_assert_uint_eq(e->place, place);
	space_run(e);
	ck_assert(!tlb_knows(VA));
}
END_TEST

/* Many at once are one flush. */
START_TEST(many_at_once)
{
	struct plat_env *e = env(0, 0);
	struct exo_call_pte a = { .entries = VA, .n = EXO_BATCH };
	static struct exo_pte pte[EXO_BATCH];

	(void)bare_map(e, VA, BARE_WRITE);
	for (unsigned i = 0; i < EXO_BATCH; i++) {
		pte[i].va = VA + LEAF + (i + 8) * FRAME_SIZE;
		(void)bare_map(e, pte[i].va, BARE_READ);
	}
	space_run(e);
	tlb_touch_all(e);
	tlb_alls = tlb_ones = 0;
	/* the arguments lie over the end of a page */
	(void)bare_map(e, VA + FRAME_SIZE, BARE_WRITE);
	a.entries += 100;
	ck_assert_int_eq(env_copy_out(e, a.entries, pte, sizeof(pte)), 0);
	ck_assert_int_eq(
	    exo_phys_call(e->phys, e->holder, EXO_CALL_PTE_NR, &a), 0);
	tlb_check();
	ck_assert_uint_eq(tlb_ones, 0);
	ck_assert_uint_eq(tlb_alls, 1);
	for (unsigned i = 0; i < EXO_BATCH; i++)
		ck_assert(!present(e, pte[i].va));
}
END_TEST

/* Nine pages of one set of the S-TLB: the first is gone, at once. */
START_TEST(displaced)
{
	struct plat_env *e = env(0, 16);

	for (uint64_t i = 0; i < 8; i++)
		(void)bare_map(e, VA + 2 * i * FRAME_SIZE, BARE_READ);
	(void)bare_map(e, VA + FRAME_SIZE, BARE_READ); /* of the other set */
	space_run(e);
	tlb_touch_all(e);
	ck_assert(present(e, VA));
	(void)bare_map(e, VA + 16 * FRAME_SIZE, BARE_READ);
	tlb_check();
	ck_assert(!present(e, VA) && !refill(e, VA));
	for (uint64_t i = 1; i < 9; i++)
		ck_assert(present(e, VA + 2 * i * FRAME_SIZE));
	ck_assert(present(e, VA + FRAME_SIZE));
	ck_assert_uint_eq(bare_stat(e).displaced, 1);
	walk(e, NULL, NULL);
}
END_TEST

/* --- the tables are a cache ----------------------------------------------------- */

/* Beyond its tables, those without pins are dropped, and the pages come again. */
START_TEST(limit_of_one)
{
	struct plat_env *e = env(40, 0);
	uint32_t pinned =
	    bare_map(e, VA + FRAME_SIZE, BARE_WRITE | EXO_PTE_PIN);
	uint32_t near = bare_map(e, VA, BARE_WRITE); /* the pin's table */
	uint32_t far = bare_map(e, OTHER, BARE_WRITE);

	space_run(e);
	tlb_touch_all(e);
	press(e, VA + 2 * LEAF);
	tlb_check();
	ck_assert_uint_le(e->tables, 40);
	ck_assert_uint_eq(frame_at(e, VA + FRAME_SIZE), pinned);
	ck_assert_uint_eq(frame_at(e, VA), near);
	ck_assert(!present(e, OTHER));
	ck_assert(refill(e, OTHER));
	ck_assert_uint_eq(frame_at(e, OTHER), far);
	ck_assert_uint_eq(paging_entry(e->root, OTHER) & PT_WRITE, PT_WRITE);
	walk(e, NULL, NULL);
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t va = VA + (2 + i * 7 % 30) * LEAF;

		(void)bare_enter(e, NULL, va + FRAME_SIZE, NULL, i * 2);
		ck_assert_uint_le(e->tables, 40);
	}
	walk(e, NULL, NULL);
}
END_TEST

/* Many tables of upper levels are given back, too, and windows with them. */
START_TEST(empty_tables_go)
{
	struct plat_env *e = env(64, 0);
	uint32_t least = e->tables;

	for (uint64_t i = 1; i < 60; i++) {
		uint64_t va = i << 39 | i << 30 | i << 21;

		ck_assert_int_eq(bare_enter(e, NULL, va, NULL, 8), 0);
		ck_assert_uint_le(e->tables, 64);
		walk(e, NULL, NULL);
	}
	ck_assert_uint_gt(e->drops, 3);
	press(e, VA);
	/* what is left: that of the pin, and of the page that came last */
	ck_assert_uint_le(e->tables, least + 6);
	walk(e, NULL, NULL);
}
END_TEST

/* Pins count, and there is no room beyond them, but for what goes on already. */
START_TEST(pins_are_bounded)
{
	struct plat_env *e = env(48, 0);
	struct exo_key key;
	uint32_t n = 0;

	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), 0);
	for (uint64_t i = 1; i < 200; i++) {
		uint64_t va = i << 39 | i << 30 | i << 21;

		bool fits =
		    bare_enter(e, NULL, va, &key, BARE_READ | EXO_PTE_PIN) == 0;

		ck_assert_int_eq(fits, present(e, va));
		n += fits;
		ck_assert_uint_le(e->tables, e->tables_most);
	}
	ck_assert_uint_gt(n, 3);
	ck_assert_uint_lt(n, 100);
	ck_assert(present(e, BARE_PAGE));
	walk(e, NULL, NULL);
	/* a page that is not pinned always finds room */
	for (uint64_t i = 1; i < 200; i++) {
		uint64_t va = i << 39 | i << 30 | i << 21 | FRAME_SIZE;

		ck_assert_int_eq(bare_enter(e, NULL, va, &key, BARE_READ), 0);
		ck_assert(present(e, va));
	}
	walk(e, NULL, NULL);
}
END_TEST

/* Together they have a limit: who ran least lately loses its tables. */
START_TEST(limit_of_all)
{
	struct plat_env *e[4];

	for (unsigned i = 0; i < 4; i++) {
		e[i] = env(i == 0 ? ALL : 30, 0);
		e[i]->ran = i + 1;
		(void)bare_map(e[i], VA + FRAME_SIZE, BARE_WRITE | EXO_PTE_PIN);
		(void)bare_map(e[i], OTHER, BARE_READ);
	}
	e[1]->ran = 100;
	space_run(e[0]);
	e[0]->ran = 101;
	for (uint64_t i = 2; e[2]->drops == 0; i++) {
		ck_assert_uint_le(space_tables(), ALL);
		ck_assert_uint_eq(e[1]->drops + e[3]->drops, 0);
		(void)bare_map(e[0], VA + i * LEAF, BARE_READ);
	}
	ck_assert(e[2]->dropped && e[2]->trimmed);
	ck_assert_uint_eq(e[0]->drops, 0);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert(present(e[i], VA + FRAME_SIZE));
		ck_assert_int_eq(present(e[i], OTHER), i != 2);
		walk(e[i], NULL, NULL);
	}
	/* the others in turn, each once; then its own */
	for (uint64_t i = 200; e[0]->drops == 0; i++) {
		(void)bare_enter(e[0], NULL, VA + i * LEAF, NULL, 2);
		ck_assert_uint_le(space_tables(), ALL);
		ck_assert(e[3]->drops != 0 || e[1]->drops == 0);
	}
	ck_assert_uint_eq(e[1]->drops, 1);
	ck_assert_uint_eq(e[2]->drops, 1);
	ck_assert_uint_eq(e[3]->drops, 1);
	ck_assert(refill(e[1], OTHER));
	ck_assert(!e[1]->trimmed);
}
END_TEST

/* What the processor noted of a page is kept, and such pages are there again, first. */
START_TEST(used_pages_return)
{
	struct plat_env *e = env(40, 0);
	uint64_t used = VA + LEAF, *entry;

	(void)bare_map(e, used, BARE_WRITE);
	(void)bare_map(e, used + FRAME_SIZE, BARE_WRITE);
	(void)bare_map(e, used + 2 * FRAME_SIZE, BARE_WRITE);
	entry = paging_place(e->root, used, 1, NULL, NULL);
	entry[0] |= MARKED;
	entry[1] |= EXO_PTE_ACCESSED;
	press(e, VA + 2 * LEAF);
	ck_assert(!present(e, used) && e->dropped);
	space_run(e);
	ck_assert(!e->dropped);
	ck_assert_uint_eq(bare_stat(e).preloaded, 2);
	ck_assert_uint_eq(paging_entry(e->root, used) & MARKED, MARKED);
	ck_assert_uint_eq(paging_entry(e->root, used + FRAME_SIZE) & MARKED,
	    EXO_PTE_ACCESSED);
	ck_assert(!present(e, used + 2 * FRAME_SIZE));
	space_run(e); /* once */
	ck_assert_uint_eq(bare_stat(e).preloaded, 2);
	/* what was taken out meanwhile is not */
	tlb_use(TLB_KERNEL);
	press(e, VA + 200 * LEAF);
	ck_assert_int_eq(bare_enter(e, NULL, used, NULL, 0), 0);
	space_run(e);
	ck_assert(!present(e, used) && present(e, used + FRAME_SIZE));
	walk(e, NULL, NULL);
}
END_TEST

/* With forget=, what is not pinned is gone with the tables: also what shared a table with
 * a pin, and its frame may be another's next. */
START_TEST(forgotten)
{
	struct plat_env *e = env(40, 0);
	struct exo_key key;

	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), 0);
	(void)bare_map(e, VA + FRAME_SIZE, BARE_WRITE | EXO_PTE_PIN);
	ck_assert_int_eq(bare_enter(e, NULL, VA, &key, BARE_WRITE), 0);
	(void)bare_map(e, OTHER, BARE_WRITE);
	space_run(e);
	tlb_touch_all(e);
	press(e, VA + 2 * LEAF);
	tlb_check();
	ck_assert(present(e, VA + FRAME_SIZE));
	ck_assert(!refill(e, OTHER));
	walk(e, NULL, NULL);
	ck_assert_int_eq(bare_release(e, &key), 0);
	ck_assert(!present(e, VA));
	tlb_check();
	walk(e, NULL, NULL);
}
END_TEST
/* Tables that the processor uses are not given to others. */
START_TEST(freed_in_use)
{
	struct plat_env *e = env(0, 0);

	space_run(e);
	env_free(e);
}
END_TEST

Suite *t_bare_tables_suite(void)
{
	Suite *s = suite_create("bare_tables");
	TCase *t = part(s, "bare_tables", setup);

	tcase_add_test(t, nothing_stale);
	tcase_add_test(t, many_at_once);
	tcase_add_test(t, kept_meanwhile);
	tcase_add_test(t, kept_of_the_dead);
	tcase_add_test_raise_signal(t, freed_in_use, SIGABRT);
	tcase_add_test(t, displaced);
	tcase_add_test(t, limit_of_one);
	tcase_add_test(t, empty_tables_go);
	tcase_add_test(t, pins_are_bounded);
	tcase_add_test(t, used_pages_return);
	t = part(s, "bare_tables_bounded", setup_bounded);
	tcase_add_test(t, limit_of_all);
	t = part(s, "bare_tables_forget", setup_forget);
	tcase_add_test(t, forgotten);
	return s;
}
