/* SPDX-License-Identifier: BSD-2-Clause */
/* Ring buffers: order, wrapping, full, discarded, and against a model. */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "exo/abi/prog_err.h"
#include "exo/maps/map.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

#define SIZE 4096u

static struct exo_mem mem;

static struct map *make(void)
{
	struct exo_map_def def = { EXO_MAP_RINGBUF, 0, 0, SIZE, 0 };
	struct exo_sipkey hash = { 0, 0 };
	struct map *m;

	mem = tworld_mem();
	ck_assert_int_eq(map_new(&def, &mem, &hash, &m), 0);
	return m;
}

static void end(struct map *m)
{
	map_free(m);
	ck_assert_uint_eq(mem.used, 0);
	plat_test_check_leaks();
}

START_TEST(t_order)
{
	struct map *m = make();
	uint8_t *a, *b, *c;
	uint32_t size = 1;

	ck_assert_ptr_null(map_ring_peek(m, &size));
	ck_assert_uint_eq(size, 0);
	a = map_ring_reserve(m, 5);
	b = map_ring_reserve(m, 8);
	c = map_ring_reserve(m, 1);
	ck_assert(a != NULL && b != NULL && c != NULL);
	ck_assert_uint_eq((uintptr_t)a % 8, 0);
	ck_assert_int_eq(b - a, 16);
	ck_assert_int_eq(c - b, 16);
	memcpy(a, "first", 5);
	memcpy(b, "secondly", 8);
	*c = '3';
	/* b waits for a. */
	map_ring_commit(m, b, false);
	ck_assert_ptr_null(map_ring_peek(m, &size));
	map_ring_pop(m);
	ck_assert_uint_eq(map_ring_query(m, 0), 48);
	map_ring_commit(m, a, false);
	ck_assert_ptr_eq(map_ring_peek(m, &size), a);
	ck_assert_uint_eq(size, 5);
	ck_assert_ptr_eq(map_ring_peek(m, &size), a);
	map_ring_pop(m);
	ck_assert_ptr_eq(map_ring_peek(m, &size), b);
	ck_assert_uint_eq(size, 8);
	map_ring_pop(m);
	ck_assert_ptr_null(map_ring_peek(m, &size));
	map_ring_commit(m, c, true);
	ck_assert_uint_eq(map_ring_query(m, 0), 16);
	ck_assert_ptr_null(map_ring_peek(m, &size));
	ck_assert_uint_eq(map_ring_query(m, 0), 0);
	ck_assert_uint_eq(map_ring_query(m, 1), SIZE);
	ck_assert_uint_eq(map_ring_query(m, 2), 48);
	ck_assert_uint_eq(map_ring_query(m, 3), 48);
	ck_assert_uint_eq(map_ring_query(m, 4), 0);
	ck_assert_uint_eq(map_ring_query(m, UINT64_MAX), 0);
	end(m);
}
END_TEST

/* Sizes: the largest that fits, and larger ones of every kind. */
START_TEST(t_full)
{
	struct map *m = make();
	static uint8_t big[SIZE];
	uint32_t size;
	uint8_t *a;

	ck_assert_ptr_null(map_ring_reserve(m, SIZE - 7));
	ck_assert_ptr_null(map_ring_reserve(m, SIZE));
	ck_assert_ptr_null(map_ring_reserve(m, UINT64_C(1) << 32));
	ck_assert_ptr_null(map_ring_reserve(m, UINT64_MAX));
	ck_assert_ptr_null(map_ring_reserve(m, UINT64_MAX - 14));
	ck_assert_uint_eq(map_ring_query(m, 3), 0);
	a = map_ring_reserve(m, SIZE - 8);
	ck_assert_ptr_nonnull(a);
	memset(a, 0xee, SIZE - 8);
	ck_assert_ptr_null(map_ring_reserve(m, 0));
	ck_assert_int_eq(map_ring_output(m, big, 1, 0), -EXO_P_EAGAIN);
	map_ring_commit(m, a, false);
	ck_assert_int_eq(map_ring_output(m, big, 1, 0), -EXO_P_EAGAIN);
	ck_assert_ptr_eq(map_ring_peek(m, &size), a);
	ck_assert_uint_eq(size, SIZE - 8);
	map_ring_pop(m);
	ck_assert_int_eq(map_ring_output(m, big, 1, 4), -EXO_P_EINVAL);
	ck_assert_int_eq(map_ring_output(m, big, 0, 3), 0);
	ck_assert_ptr_nonnull(map_ring_peek(m, &size));
	ck_assert_uint_eq(size, 0);
	end(m);
}
END_TEST

/* A record that crosses the end is whole and nobody else's. */
START_TEST(t_wrap)
{
	struct map *m = make();
	uint8_t *a, *b, *c;
	const uint8_t *got;
	uint32_t size;

	a = map_ring_reserve(m, SIZE - 64 - 8);
	map_ring_commit(m, a, true);
	ck_assert_ptr_null(map_ring_peek(m, &size));
	b = map_ring_reserve(m, 1000);
	memset(b, 0xbb, 1000);
	c = map_ring_reserve(m, SIZE - 1008 - 8);
	ck_assert_ptr_nonnull(c);
	ck_assert(c < b);
	memset(c, 0xcc, SIZE - 1008 - 8);
	ck_assert_ptr_null(map_ring_reserve(m, 0));
	map_ring_commit(m, c, false);
	map_ring_commit(m, b, false);
	got = map_ring_peek(m, &size);
	ck_assert_ptr_eq(got, b);
	ck_assert_uint_eq(size, 1000);
	for (uint32_t i = 0; i < size; i++)
		ck_assert_uint_eq(got[i], 0xbb);
	map_ring_pop(m);
	got = map_ring_peek(m, &size);
	ck_assert_ptr_eq(got, c);
	for (uint32_t i = 0; i < size; i++)
		ck_assert_uint_eq(got[i], 0xcc);
	end(m);
}
END_TEST

/* Random sizes in and out: what comes out is what went in, in order. */
START_TEST(t_model)
{
	struct map *m = make();
	uint32_t random = (uint32_t)_i + 7, size;
	uint64_t in = 0, out = 0, dropped = 0;
	static uint8_t bytes[SIZE];
	const uint8_t *got;

	for (unsigned step = 0; step < 20000; step++) {
		random = random * 1664525 + 1013904223;
		if (random >> 30 != 0) {
			size = (random >> 8) % 600 + 1;
			memset(bytes, (uint8_t)in, size);
			if (map_ring_output(m, bytes, size, 0) == 0)
				in++;
			else
				dropped++;
			continue;
		}
		got = map_ring_peek(m, &size);
		if (got == NULL) {
			ck_assert_uint_eq(in, out);
			continue;
		}
		for (uint32_t i = 0; i < size; i++)
			ck_assert_uint_eq(got[i], (uint8_t)out);
		out++;
		map_ring_pop(m);
	}
	ck_assert_uint_gt(out, 1000);
	ck_assert_uint_gt(dropped, 0);
	end(m);
}
END_TEST

/* Giving a record up twice is our own mistake. */
START_TEST(t_twice)
{
	struct map *m = make();
	uint8_t *a = map_ring_reserve(m, 8);

	map_ring_commit(m, a, false);
	map_ring_commit(m, a, false);
}
END_TEST

Suite *t_map_ring_suite(void)
{
	Suite *s = suite_create("map_ring");
	TCase *tc = tcase_create("ring");

	tcase_add_test(tc, t_order);
	tcase_add_test(tc, t_full);
	tcase_add_test(tc, t_wrap);
	tcase_add_loop_test(tc, t_model, 0, 4);
	tcase_add_test_raise_signal(tc, t_twice, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
