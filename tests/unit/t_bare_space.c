/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces as a cache: what the processor's tables show is what was entered, or
 * less; nothing that was taken out is remembered; tables are counted and given back.
 *
 * frames.c begins once, so each test is a process of its own: one must die, anyway
 * (tests/run.sh).
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/bare/clock.h"
#include "exo/bare/disk.h"
#include "exo/bare/frames.h"
#include "exo/bare/slots.h"
#include "exo/bare/space.h"
#include "exo/bare/tlb.h"
#include "tests/unit/space.h"

/* --- entries ------------------------------------------------------------------ */

/* Nobody has slots of time, nothing is revoked. */
int slots_begin(const struct plat_env *e, const struct env_slots *s)
{
	(void)e;
	(void)s;
	return 0;
}

void slots_end(const struct plat_env *e)
{
	(void)e;
}

uint64_t slots_round_ns(void)
{
	return 0;
}

void slots_charge(const struct plat_env *e, uint64_t ns)
{
	(void)e;
	(void)ns;
}

uint64_t clock_ns(void)
{
	return 1;
}

int slots_surrender(
    const struct plat_env *e, const uint64_t *u_places, uint32_t n)
{
	(void)e;
	(void)u_places;
	(void)n;
	return -EXO_ENOENT;
}

bool slots_choose(const struct plat_env *e, uint64_t *place)
{
	(void)e;
	(void)place;
	return false;
}

uint64_t machine_number(
    const struct machine *m, const char *name, uint64_t otherwise)
{
	(void)m;
	(void)name;
	return otherwise;
}

/* A page is there, with what was asked for, until it is taken out. */
START_TEST(enter_and_remove)
{
	static const uint64_t bits[] = { BARE_READ, BARE_WRITE, BARE_EXEC,
		BARE_READ | EXO_PTE_SOFT, BARE_WRITE | EXO_PTE_PIN,
		BARE_WRITE | MARKED };
	struct plat_env *e = env(0, 0);
	uint64_t want = bits[_i] & ~EXO_PTE_PIN;
	uint32_t frame = bare_map(e, VA, bits[_i]);

	ck_assert_uint_eq(paging_entry(e->root, VA),
	    want | PT_USER | (uint64_t)frame * FRAME_SIZE);
	ck_assert_uint_eq(b.rows[frame].maps, 1);
	walk(e, NULL, NULL);
	ck_assert_int_eq(bare_enter(e, NULL, VA, NULL, 0), 0);
	ck_assert(!present(e, VA));
	ck_assert(!refill(e, VA));
	ck_assert_uint_eq(b.rows[frame].maps, 0);
	walk(e, NULL, NULL);
}
END_TEST

/* A batch of pages that need tables of their own each makes room for them once, whatever it
 * costs: its own tables, or another one's. All are there when they are touched. */
START_TEST(far_apart)
{
	struct plat_env *e = env(30, 0), *other = env(0, 0);
	struct exo_pte ptes[EXO_BATCH];
	struct exo_call_pte a = { .entries = BARE_PAGE, .n = EXO_BATCH };
	uint32_t shown = 0;
	struct exo_key key;

	for (uint64_t i = 0; other->tables + 12 < other->tables_most; i++)
		(void)bare_map(other, VA + (i << 30), BARE_READ);
	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), 0);
	for (uint32_t i = 0; i < EXO_BATCH; i++)
		ptes[i] = (struct exo_pte){ .va = VA + ((uint64_t)i << 30) +
			                          (uint64_t)i * FRAME_SIZE,
			.bits = BARE_READ,
			.key = key };
	for (int again = 0; again < 3; again++) {
		uint64_t drops = e->drops + other->drops;

		ck_assert_int_eq(
		    env_copy_out(e, BARE_PAGE, ptes, sizeof(ptes)), 0);
		ck_assert_int_eq(
		    exo_phys_call(b.phys, e->holder, EXO_CALL_PTE_NR, &a), 0);
		ck_assert_uint_le(e->drops + other->drops, drops + 1);
		walk(e, NULL, NULL);
	}
	for (uint32_t i = 0; i < EXO_BATCH; i++)
		shown += present(e, ptes[i].va);
	ck_assert(shown > 0 && shown < EXO_BATCH);
	for (uint32_t i = 0; i < EXO_BATCH; i++)
		ck_assert_ptr_nonnull(env_at_user(e, ptes[i].va, false));
}
END_TEST

/* A frame whose generations are used up is nobody's, is counted, and no key of it comes
 * to life: nobody has it again, by its number either. */
START_TEST(retired)
{
	struct plat_env *e = env(0, 0);
	uint64_t owned = space_owned();
	struct exo_key key, next;

	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), 0);
	ck_assert_int_eq(bare_release(e, &key), 0);
	ck_assert_uint_eq(space_owned(), owned);
	b.rows[key.region].generation = UINT32_MAX - 1;
	ck_assert_int_eq(bare_frame(e, key.region, &key), 0);
	ck_assert_uint_eq(key.epoch, UINT32_MAX - 1);
	ck_assert_int_eq(bare_enter(e, NULL, VA, &key, BARE_WRITE), 0);
	ck_assert_int_eq(bare_release(e, &key), 0);
	ck_assert(!present(e, VA));
	ck_assert_uint_eq(space_owned(), owned);
	ck_assert_uint_eq(space_retired(), 1);
	ck_assert(!frames_take((uint64_t)key.region * FRAME_SIZE));
	ck_assert_int_eq(bare_enter(e, NULL, VA, &key, BARE_READ), -EXO_ESTALE);
	ck_assert_int_eq(bare_release(e, &key), -EXO_ESTALE);
	ck_assert_int_eq(bare_frame(e, key.region, &next), -EXO_ENOMEM);
	while (bare_frame(e, EXO_ANY, &next) == 0)
		ck_assert_uint_ne(next.region, key.region);
}
END_TEST

/* An entry that is not present is the libOS's, all of its bits. It shows nothing. */
START_TEST(raw_entries)
{
	struct plat_env *e = env(0, 0);
	const uint64_t raw = 0xfed0000000000210;
	const uint64_t *shown;

	(void)bare_map(e, VA, BARE_WRITE);
	ck_assert_int_eq(bare_enter(e, NULL, VA, NULL, raw), 0);
	ck_assert_int_eq(bare_enter(e, NULL, VA + LEAF, NULL, raw + 2), 0);
	ck_assert(!present(e, VA));
	ck_assert_ptr_null(env_at_user(e, VA, false));
	shown = (void *)env_at_user(e, EXO_TABLES_AT + (VA >> 9), false);
	ck_assert_ptr_nonnull(shown);
	ck_assert_uint_eq(shown[0], raw | EXO_PTE_FRAME);
	shown =
	    (void *)env_at_user(e, EXO_TABLES_AT + ((VA + LEAF) >> 9), false);
	ck_assert_ptr_nonnull(shown);
	ck_assert_uint_eq(shown[0], (raw + 2) | EXO_PTE_FRAME);
	walk(e, NULL, NULL);
}
END_TEST

/* --- windows ------------------------------------------------------------------- */

/* A libOS sees its leaf tables, and cannot write them, nor has tables of windows. */
START_TEST(window_of_tables)
{
	struct plat_env *e = env(0, 0);
	uint64_t at = EXO_TABLES_AT + (VA >> 9);

	ck_assert(!present(e, at));
	(void)bare_map(e, VA, BARE_WRITE);
	(void)bare_map(e, EXO_MAP_END - FRAME_SIZE, BARE_WRITE);
	ck_assert_uint_eq(*(uint64_t *)(void *)env_at_user(e, at, false),
	    paging_entry(e->root, VA));
	ck_assert_ptr_null(env_at_user(e, at, true));
	ck_assert_ptr_nonnull(env_at_user(
	    e, EXO_TABLES_AT + ((EXO_MAP_END - FRAME_SIZE) >> 9), false));
	ck_assert(!present(e, EXO_TABLES_AT + (EXO_PE_AT >> 9)));
	ck_assert(!present(e, EXO_TABLES_AT + (EXO_TABLES_AT >> 9)));
	ck_assert(!present(e, EXO_TABLES_AT + (EXO_FRAMES_AT >> 9)));
	ck_assert_int_eq(
	    bare_enter(e, NULL, EXO_MAP_END, NULL, 2), -EXO_EINVAL);
	ck_assert_int_eq(bare_enter(e, NULL, at, NULL, 2), -EXO_EINVAL);
	walk(e, NULL, NULL);
}
END_TEST

/* The frame table is there, for reading, when environments come and go. */
START_TEST(window_of_all)
{
	struct plat_env *a = env(0, 0), *e = env(0, 0);
	uint32_t frame = bare_map(e, VA, BARE_READ);
	const struct exo_frame_row *row = (void *)env_at_user(
	    e, EXO_FRAMES_AT + frame * sizeof(struct exo_frame_row), false);

	ck_assert_ptr_eq(row, &b.rows[frame]);
	ck_assert_uint_eq(row->owner, 2);
	ck_assert_ptr_null(env_at_user(e, EXO_FRAMES_AT, true));
	tlb_use(TLB_KERNEL);
	env_free(a);
	walk(e, NULL, NULL);
	press(e, VA + LEAF);
	walk(e, NULL, NULL);
	ck_assert_ptr_eq(walk_rows(e), b.rows);
	a = env(0, 0);
	ck_assert_ptr_eq(walk_rows(a), b.rows);
	env_free(e);
	ck_assert_ptr_eq(walk_rows(a), b.rows);
	ck_assert_uint_eq(b.rows[frame].owner, 0);
}
END_TEST

/* --- the kernel's way to it ------------------------------------------------------ */

START_TEST(at_user)
{
	struct plat_env *e = env(40, 0);
	uint64_t page[3];

	for (unsigned i = 0; i < 3; i++) {
		static const uint64_t bits[] = { BARE_READ, BARE_WRITE,
			BARE_EXEC };

		page[i] = VA + LEAF + i * FRAME_SIZE;
		(void)bare_map(e, page[i], bits[i]);
	}
	for (unsigned round = 0; round < 2; round++) {
		ck_assert_ptr_null(env_at_user(e, page[0] + 5, true));
		ck_assert_ptr_nonnull(env_at_user(e, page[0] + 5, false));
		ck_assert_ptr_nonnull(env_at_user(e, page[1] + 5, true));
		ck_assert_ptr_null(env_at_user(e, page[2] + 5, true));
		ck_assert_ptr_nonnull(env_at_user(e, page[2] + 5, false));
		ck_assert_ptr_null(env_at_user(e, page[2] + FRAME_SIZE, false));
		press(e, VA + (100 + 100 * round) * LEAF);
	}
	ck_assert(!present(e, page[0]));
	ck_assert_ptr_null(env_at_user(e, page[0], true)); /* not for that */
	ck_assert(!present(e, page[0]));
	ck_assert_ptr_null(env_at_user(e, USER_END, false));
	ck_assert_ptr_null(env_at_user(e, UINT64_MAX, true));
	ck_assert_ptr_null(env_at_user(e, DIRECT, false));
}
END_TEST

/* What is found is what the tables say, however often it was found before. */
static void same_as_tables(struct plat_env *e, uint64_t va, bool write)
{
	uint8_t *at = env_at_user(e, va, write);
	uint64_t entry = paging_entry(e->root, va);

	if (at == NULL) {
		ck_assert((entry & PT_PRESENT) == 0 ||
		          (write && (entry & PT_WRITE) == 0));
		return;
	}
	ck_assert_uint_eq(
	    paging_phys(at), (entry & PT_FRAME) + va % FRAME_SIZE);
	ck_assert(
	    (entry & PT_USER) != 0 && (!write || (entry & PT_WRITE) != 0));
}

/* A page that was written is remembered until its entry, its frame or its table is
 * another. */
START_TEST(remembered)
{
	struct plat_env *e = env(40, 0);
	uint64_t va = VA + FRAME_SIZE; /* remembered beside BARE_PAGE */
	struct exo_key key[2];
	uint8_t *at;

	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(bare_frame(e, EXO_ANY, &key[i]), 0);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(
		    bare_enter(e, NULL, va, &key[i % 2], BARE_WRITE), 0);
		at = env_at_user(e, va + 8, true);
		ck_assert_ptr_nonnull(at);
		same_as_tables(e, va + 8, true);
		ck_assert_ptr_eq(env_at_user(e, va + 8, false), at);
	}
	ck_assert_int_eq(bare_enter(e, NULL, va, &key[1], BARE_READ), 0);
	ck_assert_ptr_null(env_at_user(e, va + 8, true));
	ck_assert_int_eq(bare_enter(e, NULL, va, &key[0], BARE_WRITE), 0);
	ck_assert_ptr_nonnull(env_at_user(e, va + 8, true));
	press(e, VA + 100 * LEAF);
	ck_assert(!present(e, va));
	same_as_tables(e, va + 8, true);
	ck_assert_int_eq(bare_enter(e, NULL, va, &key[0], BARE_WRITE), 0);
	ck_assert_ptr_nonnull(env_at_user(e, va + 8, true));
	ck_assert_int_eq(bare_release(e, &key[0]), 0);
	ck_assert_ptr_null(env_at_user(e, va + 8, true));
	ck_assert_int_eq(bare_enter(e, NULL, va, &key[1], BARE_WRITE), 0);
	same_as_tables(e, va + 8, true);
	ck_assert_int_eq(bare_enter(e, NULL, va, NULL, 0), 0);
	ck_assert_ptr_null(env_at_user(e, va + 8, false));
}
END_TEST

/* Copies go over pages that are not in the tables, and end where there is none. */
START_TEST(copies)
{
	static uint8_t from[3 * FRAME_SIZE], to[3 * FRAME_SIZE];
	struct plat_env *e = env(40, 0);
	uint64_t at = VA + 4 * LEAF - FRAME_SIZE;

	for (unsigned i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned i = 0; i < 3; i++)
		(void)bare_map(e, at + i * FRAME_SIZE, BARE_WRITE);
	for (unsigned off = 1; off < FRAME_SIZE; off += 1011) {
		uint64_t n = 2 * FRAME_SIZE - off / 2;

		press(e, VA + (100 + off) * LEAF);
		ck_assert(!present(e, at));
		ck_assert_int_eq(env_copy_out(e, at + off, from, n), 0);
		press(e, VA + (5000 + off) * LEAF);
		memset(to, 0, sizeof(to));
		ck_assert_int_eq(env_copy_in(e, to, at + off, n), 0);
		ck_assert_mem_eq(to, from, n);
		ck_assert_uint_eq(to[n], 0);
	}
	ck_assert_int_eq(env_copy_in(e, to, at + 1, sizeof(to)), -EXO_EINVAL);
	/* of what does not fit nothing was written */
	ck_assert_int_eq(env_copy_in(e, to, at + 1, 64), 0);
	memset(from, 0xee, sizeof(from));
	ck_assert_int_eq(
	    env_copy_out(e, at + 1, from, sizeof(from)), -EXO_EINVAL);
	ck_assert_int_eq(env_copy_in(e, from, at + 1, 64), 0);
	ck_assert_mem_eq(from, to, 64);
	ck_assert_int_eq(env_copy_in(e, to, UINT64_MAX - 1, 4), -EXO_EINVAL);
	ck_assert_int_eq(env_copy_in(e, to, UINT64_MAX - 1, 0), 0);
}
END_TEST

/* --- frames run out ---------------------------------------------------------------- */

/* All frames are taken, and given back one by one: through themselves, like a list. */
static uint64_t taken;

static void take_all(void)
{
	uint64_t at;

	taken = 0;
	while ((at = frames_get(0)) != 0) {
		memcpy(paging_direct(at), &taken, sizeof(taken));
		taken = at;
	}
}

static bool give_one(void)
{
	uint64_t at = taken;

	if (at == 0)
		return false;
	memcpy(&taken, paging_direct(at), sizeof(taken));
	frames_put(at, 0);
	return true;
}

static void give_all(void)
{
	while (give_one())
		continue;
}

/* Without frames for tables a page is not there, and no call fails for it; with them it
 * is. A table of pages is never there without its window. */
START_TEST(no_frames)
{
	struct plat_env *e = env(0, 0);
	uint64_t va = VA * 512 + VA;
	struct exo_key key;
	unsigned n = 0;

	ck_assert_int_eq(bare_frame(e, EXO_ANY, &key), 0);
	take_all();
	ck_assert_int_eq(bare_enter(e, NULL, va, &key, BARE_READ), 0);
	for (; !refill(e, va); n++) {
		ck_assert(!present(e, va));
		walk(e, NULL, NULL);
		(void)give_one();
	}
	ck_assert_uint_eq(n, 5); /* three, and two of its window */
	ck_assert(present(e, va));
	walk(e, NULL, NULL);
	give_all();
}
END_TEST

/* Nor is there a pin that the kernel asked for, when only its frame can be had. */
START_TEST(no_table_for_a_pin)
{
	struct plat_env *e = env(0, 0);
	uint32_t pinned = bare_stat(e).pinned;

	take_all();
	(void)give_one();
	ck_assert(!env_map_new(e, VA * 512, BARE_WRITE));
	ck_assert_uint_eq(bare_stat(e).pinned, pinned);
	walk(e, NULL, NULL);
	give_all();
}
END_TEST

/* The kernel's own mistake. */
START_TEST(pin_of_another)
{
	struct plat_env *e = env(0, 0), *other = env(0, 0);
	uint32_t frame = bare_map(other, VA, BARE_READ);

	(void)exo_holder_pin(e->phys, e->holder, VA, frame, BARE_READ);
}
END_TEST

/* --- anything ---------------------------------------------------------------------- */

/* Entries, frames and environments come and go as they like. */
START_TEST(any_sequence)
{
	struct plat_env *e[3] = { env(32, 16), env(32, 32), env(40, 8) };
	struct exo_key key[24];
	uint32_t rng = (uint32_t)_i * 77 + 1;

	memset(key, 0, sizeof(key));
	for (int i = 0; i < 4000; i++) {
		static const uint64_t bits[] = { BARE_READ, BARE_WRITE,
			BARE_EXEC, BARE_READ | EXO_PTE_PIN, 0, 2 };

		rng = rng * 1664525u + 1013904223u;
		struct plat_env *by = e[(rng >> 8) % 3];
		struct exo_key *k = &key[(rng >> 10) % 24];
		uint64_t va =
		    VA + (rng >> 15) % 12 * LEAF + (rng >> 20) % 5 * FRAME_SIZE;
		uint64_t want = bits[(rng >> 23) % 6];

		space_run(by);
		tlb_touch_all(by);
		if (rng >> 28 == 0)
			(void)bare_release(by, k);
		else if (rng >> 28 < 3)
			(void)bare_frame(by, EXO_ANY, k);
		else if (rng >> 28 < 5)
			same_as_tables(by, va, (rng & 1) != 0);
		else
			(void)bare_enter(by, NULL, va, k, want);
		tlb_check();
		for (unsigned j = 0; j < 3 && i % 8 == 0; j++)
			walk(e[j], NULL, NULL);
	}
}
END_TEST

Suite *t_bare_space_suite(void)
{
	Suite *s = suite_create("bare_space");
	TCase *t = part(s, "bare_space", setup);

	tcase_add_loop_test(t, enter_and_remove, 0, 6);
	tcase_add_test(t, raw_entries);
	tcase_add_test(t, far_apart);
	tcase_add_test(t, retired);
	tcase_add_test(t, window_of_tables);
	tcase_add_test(t, window_of_all);
	tcase_add_test(t, at_user);
	tcase_add_test(t, remembered);
	tcase_add_test(t, copies);
	tcase_add_test(t, no_frames);
	tcase_add_test(t, no_table_for_a_pin);
	tcase_add_loop_test(t, any_sequence, 0, 4);
	tcase_add_test_raise_signal(t, pin_of_another, SIGABRT);
	t = part(s, "bare_space_bounded", setup_bounded);
	tcase_add_test(t, far_apart);
	tcase_add_loop_test(t, any_sequence, 0, 4);
	t = part(s, "bare_space_forget", setup_forget);
	tcase_add_loop_test(t, any_sequence, 0, 4);
	return s;
}
