/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers of a queue: nobody is shut out, and who is alone is not kept small. */
#include "exo/bare/quota.h"

#include "tests/unit/suites.h"

#define SIZE 256u

static struct quota q;

/* As many as it gets, at most so many. */
static uint32_t grab(uint32_t name, uint32_t most)
{
	uint32_t n = 0;

	while (n < most && quota_may(&q, name)) {
		quota_take(&q, name);
		n++;
	}
	return n;
}

static void back(uint32_t name, uint32_t n)
{
	while (n-- > 0)
		quota_back(&q, name);
}

START_TEST(one_alone_gets_most)
{
	uint32_t a;

	quota_init(&q, SIZE);
	a = quota_join(&q);
	ck_assert_uint_ne(a, 0);
	ck_assert_uint_eq(grab(a, SIZE), SIZE * 3 / 4);
	quota_refused(&q, a);
	quota_refused(&q, 0);
	ck_assert_uint_eq(q.owner[a - 1].refused, 1);
	back(a, SIZE * 3 / 4);
	ck_assert_uint_eq(q.out, 0);
	ck_assert_uint_eq(q.beyond, 0);
	ck_assert_uint_eq(grab(a, SIZE), SIZE * 3 / 4);
}
END_TEST

/* Of n owners all but the last take what they get, in turn and then each alone. */
START_TEST(nobody_is_shut_out)
{
	uint32_t n = (uint32_t)_i, name[QUOTA_OWNERS], got = 0, last;

	quota_init(&q, SIZE);
	for (uint32_t i = 0; i < n; i++)
		name[i] = quota_join(&q);
	for (uint32_t k = 0; k < SIZE; k++)
		for (uint32_t i = 0; i + 1 < n; i++)
			got += grab(name[i], 1 + k % 3);
	last = name[n - 1];
	ck_assert_uint_ge(grab(last, SIZE), SIZE / 2 / n);
	/* ... and each of the others had as much, and no other much more */
	for (uint32_t i = 0; i + 1 < n; i++) {
		ck_assert_uint_ge(q.owner[name[i] - 1].out, SIZE / 2 / n);
		ck_assert_uint_le(
		    q.owner[name[i] - 1].out, q.owner[name[0] - 1].out + 3);
	}
	ck_assert_uint_le(q.out, SIZE);
	/* what is out is in use */
	if (n > 4)
		ck_assert_uint_ge(got, SIZE / 2);
}
END_TEST

START_TEST(those_that_left_count_until_all_is_back)
{
	uint32_t name[QUOTA_OWNERS], n[QUOTA_OWNERS];

	quota_init(&q, SIZE);
	for (uint32_t i = 0; i < QUOTA_OWNERS; i++)
		name[i] = quota_join(&q);
	ck_assert_uint_eq(quota_join(&q), 0);
	for (uint32_t i = 0; i < 32; i++)
		n[i] = grab(name[i], SIZE);
	for (uint32_t i = 0; i < 32; i++) {
		quota_leave(&q, name[i]);
		quota_leave(&q, name[i]);
		ck_assert(!quota_may(&q, name[i]));
	}
	ck_assert_uint_eq(quota_join(&q), 0); /* no name is free */
	for (uint32_t i = 32; i + 1 < QUOTA_OWNERS; i++)
		(void)grab(name[i], SIZE);
	ck_assert_uint_ge(grab(name[63], SIZE), 2);
	for (uint32_t i = 0; i < 32; i++)
		back(name[i], n[i]);
	ck_assert_uint_eq(q.owners, 32);
	ck_assert_uint_eq(q.kept, SIZE / 2 / 32);
	ck_assert_uint_eq(grab(name[63], 2), 2);
	ck_assert_uint_ne(quota_join(&q), 0);
}
END_TEST

START_TEST(the_kernel_takes_what_there_is)
{
	uint32_t a;

	quota_init(&q, SIZE);
	quota_leave(&q, 0);
	ck_assert_uint_eq(grab(0, 2 * SIZE), SIZE);
	a = quota_join(&q);
	ck_assert(!quota_may(&q, a));
	back(0, SIZE);
	ck_assert(quota_may(&q, a));
}
END_TEST

/* Any story: what is counted is so, and who has less than is kept for it gets more. */
START_TEST(any_story)
{
	uint32_t state = (uint32_t)_i;
	bool here[QUOTA_OWNERS] = { false };

	quota_init(&q, 8 + (uint32_t)_i * 13);
	for (uint32_t i = 0; i < 1 + (uint32_t)_i % QUOTA_OWNERS; i++)
		here[quota_join(&q) - 1] = true;
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t name, sum = 0;

		state = state * 1664525u + 1013904223u;
		name = 1 + (state >> 16) % QUOTA_OWNERS;
		if (state >> 28 < 8 && quota_may(&q, name))
			quota_take(&q, name);
		else if (state >> 28 >= 8 && q.owner[name - 1].out > 0)
			quota_back(&q, name);
		else if ((state >> 4 & 1023) == 0) {
			quota_leave(&q, name);
			here[name - 1] = false;
		}
		for (uint32_t i = 0; i < QUOTA_OWNERS; i++) {
			const struct quota_owner *o = &q.owner[i];

			sum += o->out;
			ck_assert_uint_eq(o->here, here[i]);
			if (o->here && o->out < q.kept)
				ck_assert(quota_may(&q, i + 1));
		}
		ck_assert_uint_eq(sum, q.out);
		ck_assert_uint_le(q.out, q.size);
		ck_assert_uint_le(q.beyond, q.size - q.size / 2);
	}
}
END_TEST

Suite *t_quota_suite(void)
{
	Suite *s = suite_create("quota");
	TCase *tc = tcase_create("share");

	tcase_add_test(tc, one_alone_gets_most);
	tcase_add_loop_test(tc, nobody_is_shut_out, 2, QUOTA_OWNERS + 1);
	tcase_add_test(tc, those_that_left_count_until_all_is_back);
	tcase_add_test(tc, the_kernel_takes_what_there_is);
	tcase_add_loop_test(tc, any_story, 0, 20);
	suite_add_tcase(s, tc);
	return s;
}
