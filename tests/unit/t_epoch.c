/* SPDX-License-Identifier: BSD-2-Clause */
/* Epochs: what waits for whom, and that nobody holds what was freed. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "exo/core/epoch.h"

START_TEST(two_moves_without_readers)
{
	struct exo_epoch e;
	uint64_t stamp;

	exo_epoch_init(&e);
	stamp = exo_epoch_now(&e);
	ck_assert(!exo_epoch_over(&e, stamp));
	ck_assert(exo_epoch_try(&e));
	ck_assert(!exo_epoch_over(&e, stamp));
	ck_assert(exo_epoch_try(&e));
	ck_assert(exo_epoch_over(&e, stamp));
	ck_assert(!exo_epoch_over(&e, exo_epoch_now(&e)));
}
END_TEST

/* A reader of this epoch lets it end, but not the next. */
START_TEST(a_reader_stops_the_second_move)
{
	struct exo_epoch e;
	uint64_t stamp;

	exo_epoch_init(&e);
	exo_epoch_enter(&e, (uint32_t)_i);
	stamp = exo_epoch_now(&e);
	ck_assert(exo_epoch_try(&e));
	for (int i = 0; i < 10; i++)
		ck_assert(!exo_epoch_try(&e));
	ck_assert(!exo_epoch_over(&e, stamp));
	exo_epoch_leave(&e, (uint32_t)_i);
	ck_assert(exo_epoch_try(&e));
	ck_assert(exo_epoch_over(&e, stamp));
}
END_TEST

/* One that comes later stands in nobody's way. */
START_TEST(a_late_reader_does_not)
{
	struct exo_epoch e;
	uint64_t stamp;

	exo_epoch_init(&e);
	stamp = exo_epoch_now(&e);
	ck_assert(exo_epoch_try(&e));
	exo_epoch_enter(&e, 3);
	ck_assert(exo_epoch_try(&e));
	ck_assert(exo_epoch_over(&e, stamp));
	ck_assert(!exo_epoch_try(&e));
	exo_epoch_leave(&e, 3);
}
END_TEST

/* Readers follow a pointer to a number, which the writer replaces; a number
 * whose epoch is over gets another value before it is used again. */
#define READERS 3u
#define NUMBERS 64u
#define GOOD    0x600dU
#define TURNS   20000u

static struct exo_epoch shared;
static uint64_t number[NUMBERS], stamp_of[NUMBERS];
static uint64_t *place;
static int stop;

static void *read_on(void *arg)
{
	uint32_t r = *(uint32_t *)arg;
	uintptr_t bad = 0;

	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
		exo_epoch_enter(&shared, r);
		for (int i = 0; i < 8; i++) {
			uint64_t *p = __atomic_load_n(&place, __ATOMIC_ACQUIRE);

			for (int k = 0; k < 8; k++)
				bad += *(volatile uint64_t *)p != GOOD;
		}
		exo_epoch_leave(&shared, r);
	}
	return (void *)bad; /* NOLINT */
}

START_TEST(nobody_holds_what_is_freed)
{
	uint32_t id[READERS], used = 0;
	pthread_t t[READERS];

	exo_epoch_init(&shared);
	stop = 0;
	for (uint32_t i = 0; i < NUMBERS; i++) {
		number[i] = i == 0 ? GOOD : 0xbad;
		stamp_of[i] = 0;
	}
	place = &number[0];
	for (uint32_t i = 0; i < READERS; i++) {
		id[i] = i * 7;
		ck_assert_int_eq(
		    pthread_create(&t[i], NULL, read_on, &id[i]), 0);
	}
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		uint32_t next = (used + 1) % NUMBERS;

		while (stamp_of[next] != 0 &&
		       !exo_epoch_over(&shared, stamp_of[next]))
			(void)exo_epoch_try(&shared);
		*(volatile uint64_t *)&number[next] = 0xbad; /* nobody's */
		number[next] = GOOD;
		__atomic_store_n(&place, &number[next], __ATOMIC_RELEASE);
		stamp_of[used] = exo_epoch_now(&shared);
		used = next;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < READERS; i++) {
		void *bad;

		ck_assert_int_eq(pthread_join(t[i], &bad), 0);
		ck_assert_ptr_null(bad);
	}
}
END_TEST

Suite *t_epoch_suite(void)
{
	Suite *s = suite_create("epoch");
	TCase *t = tcase_create("epoch");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, two_moves_without_readers);
	tcase_add_loop_test(
	    t, a_reader_stops_the_second_move, 0, EXO_EPOCH_READERS);
	tcase_add_test(t, a_late_reader_does_not);
	tcase_add_test(t, nobody_holds_what_is_freed);
	suite_add_tcase(s, t);
	return s;
}
