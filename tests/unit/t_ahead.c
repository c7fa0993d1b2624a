/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/ahead.c: things made by a thread before they are asked
 * for. */
#include "exo/hosted/ahead.h"

#include "exo/hosted/thread.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

Suite *t_ahead_suite(void);

struct thing {
	uint32_t number;
	void *memory;
};

static atomic_uint made, dropped;

static void make(void *user, uint32_t i, void *slot)
{
	struct thing *t = slot;

	ck_assert_ptr_eq(user, &made);
	ck_assert_ptr_null(t->memory);
	t->number = i * 7;
	t->memory = malloc(1);
	atomic_fetch_add(&made, 1);
}

static void drop(void *user, void *slot)
{
	struct thing *t = slot;

	ck_assert_ptr_eq(user, &made);
	free(t->memory);
	atomic_fetch_add(&dropped, 1);
}

static struct cmd_ahead *start(uint32_t n)
{
	const struct cmd_ahead_how how = { n, sizeof(struct thing), make, drop,
		&made };

	atomic_store(&made, 0);
	atomic_store(&dropped, 0);
	return cmd_ahead_new(&how);
}

/* All of them, in order; the maker is now ahead, now waited for. */
START_TEST(in_order)
{
	static const uint32_t count[] = { 32, 33, 255, 256, 257, 1000, 20000 };
	uint32_t n = count[_i];
	struct cmd_ahead *a = start(n);

	if (a == NULL) {
		ck_assert_int_eq(cmd_processors(), 1);
		puts("# skipped: there is one processor");
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct thing *t = cmd_ahead_take(a);

		ck_assert_uint_eq(t->number, i * 7);
		ck_assert_ptr_nonnull(t->memory);
		free(t->memory);
		if (i % 500 == 499)
			usleep(1000);
	}
	cmd_ahead_free(a);
	ck_assert_uint_eq(atomic_load(&made), n);
	ck_assert_uint_eq(atomic_load(&dropped), 0);
}
END_TEST

/* Ended at any time: what was not taken is undone, and all is not made. */
START_TEST(given_up)
{
	struct cmd_ahead *a = start(100000);
	uint32_t taken = (uint32_t)_i * 37;

	if (a == NULL)
		return;
	for (uint32_t i = 0; i < taken; i++) {
		struct thing *t = cmd_ahead_take(a);

		free(t->memory);
	}
	cmd_ahead_free(a);
	ck_assert_uint_eq(atomic_load(&made) - taken, atomic_load(&dropped));
	ck_assert_uint_lt(atomic_load(&made), 100000);
}
END_TEST

/* Nothing is made while somebody holds it, and all of it afterwards. */
START_TEST(held)
{
	struct cmd_ahead *a = start(1000);
	unsigned before;

	if (a == NULL)
		return;
	cmd_ahead_hold(a);
	before = atomic_load(&made);
	usleep(20000);
	ck_assert_uint_eq(atomic_load(&made), before);
	cmd_ahead_go_on(a);
	for (uint32_t i = 0; i < 1000; i++) {
		struct thing *t = cmd_ahead_take(a);

		ck_assert_uint_eq(t->number, i * 7);
		free(t->memory);
	}
	cmd_ahead_free(a);
}
END_TEST

/* Where no thread would help there is none, and that is no trouble. */
START_TEST(none)
{
	ck_assert_ptr_null(start(31));
	cmd_ahead_hold(NULL);
	cmd_ahead_go_on(NULL);
	cmd_ahead_free(NULL);
}
END_TEST

Suite *t_ahead_suite(void)
{
	Suite *s = suite_create(__FILE__);
	TCase *t = tcase_create("ahead");

	tcase_add_loop_test(t, in_order, 0, 7);
	tcase_add_loop_test(t, given_up, 0, 20);
	tcase_add_test(t, held);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return s;
}
