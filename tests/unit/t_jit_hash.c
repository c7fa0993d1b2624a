/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perfect hashes of sets: every value has a slot of its own, an empty slot
 * names nobody who comes to it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/jit/hash.h"
#include "tests/support/mem.h"
#include "tests/unit/suites.h"

static struct exo_mem mem;
static struct exo_arena arena;

static void setup(void)
{
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
}

static void teardown(void)
{
	exo_arena_free(&arena);
	ck_assert_uint_eq(mem.used, 0);
}

static uint64_t state;

static uint32_t rnd(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 32);
}

static struct jit_set make(uint32_t n, uint32_t (*value)(uint32_t i))
{
	struct jit_set set = { .n = n };
	uint32_t i;

	set.v = exo_arena_get(&arena, n * sizeof(*set.v));
	ck_assert_ptr_nonnull(set.v);
	for (i = 0; i < n; i++)
		set.v[i] = value(i);
	ck_assert_int_eq(jit_set_sort(&set, &arena), 0);
	return set;
}

static bool is_in(const struct jit_set *set, uint32_t v)
{
	return set->slots[jit_set_slot(set, v)] == v;
}

static bool has(const struct jit_set *set, uint32_t v)
{
	uint32_t lo = 0, hi = set->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (set->v[mid] < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < set->n && set->v[lo] == v;
}

static void check_set(struct jit_set *set)
{
	uint32_t i;

	for (i = 1; i < set->n; i++)
		ck_assert_uint_lt(set->v[i - 1], set->v[i]);
	ck_assert_int_eq(jit_set_hash(set, &arena), 0);
	ck_assert_uint_ne(set->mul, 0);
	ck_assert_uint_le(set->slot_bits, 16);
	for (i = 0; i < set->n; i++)
		ck_assert(is_in(set, set->v[i]));
	for (i = 0; i < 20000; i++) {
		uint32_t v = rnd();

		ck_assert(is_in(set, v) == has(set, v));
	}
	for (i = 0; i < set->n; i++) {
		ck_assert(is_in(set, set->v[i] + 1) == has(set, set->v[i] + 1));
		ck_assert(is_in(set, ~set->v[i]) == has(set, ~set->v[i]));
	}
}

static uint32_t random_value(uint32_t i)
{
	(void)i;
	return rnd();
}

static uint32_t in_a_row(uint32_t i)
{
	return i;
}

static uint32_t high_bytes(uint32_t i)
{
	return i << 24 | (i >> 8) << 16;
}

static uint32_t doubles(uint32_t i)
{
	return i / 3 * 0x01010101u;
}

static uint32_t (*const kinds[])(
    uint32_t i) = { random_value, in_a_row, high_bytes, doubles };

START_TEST(values_are_found_and_others_not)
{
	static const uint32_t sizes[] = { 2, 3, 7, 9, 16, 50, 63, 64, 65, 300,
		1000, 4096, 10000, 60000 };
	size_t k, s;

	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			struct jit_set set;

			state = s * 99 + k;
			set = make(sizes[s], kinds[k]);
			if (set.n >= 2)
				check_set(&set);
		}
	}
}
END_TEST

START_TEST(doubles_go)
{
	struct jit_set set = make(3000, doubles);

	ck_assert_uint_eq(set.n, 1000);
}
END_TEST

/* More than the tables can hold: there is no hash, and no failure. */
START_TEST(too_many_have_none)
{
	struct jit_set set = make(200000, in_a_row);

	ck_assert_int_eq(jit_set_hash(&set, &arena), 0);
	ck_assert_uint_eq(set.mul, 0);
	set = make(1, in_a_row);
	ck_assert_int_eq(jit_set_hash(&set, &arena), 0);
	ck_assert_uint_eq(set.mul, 0);
}
END_TEST

Suite *t_jit_hash_suite(void)
{
	Suite *s = suite_create("jit_hash");
	TCase *t = tcase_create("jit_hash");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, values_are_found_and_others_not);
	tcase_add_test(t, doubles_go);
	tcase_add_test(t, too_many_have_none);
	suite_add_tcase(s, t);
	return s;
}
