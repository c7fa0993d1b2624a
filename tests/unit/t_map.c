/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps: definitions, arrays, slots, and memory that fails. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/maps/map.h"
#include "tests/support/oom.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

static const struct exo_sipkey hash = { 3, 4 };
static struct exo_mem mem;

static struct map *make(uint32_t kind, uint32_t key, uint32_t value,
    uint32_t entries, uint32_t flags)
{
	struct exo_map_def def = { kind, key, value, entries, flags };
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

/* Every rule of the definitions, each with its neighbour that is allowed. */
static const struct {
	struct exo_map_def def;
	int want;
} defs[] = {
	{ { 0, 4, 4, 1, 0 }, -EXO_EINVAL },
	{ { 7, 4, 4, 1, 0 }, -EXO_EINVAL },
	{ { UINT32_MAX, 4, 4, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 4, 4, 1, 0 }, 0 },
	{ { EXO_MAP_ARRAY, 4, 4, 0, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 3, 4, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 8, 4, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 4, 0, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 4, EXO_MAP_VALUE_MAX, 1, 0 }, 0 },
	{ { EXO_MAP_ARRAY, 4, EXO_MAP_VALUE_MAX + 1, 1, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_ARRAY, 4, UINT32_MAX, 1, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_ARRAY, 4, 4, MAP_ENTRIES_MAX + 1, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_ARRAY, 4, 1, UINT32_MAX, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_ARRAY, 4, EXO_MAP_VALUE_MAX, 1024, 0 }, 0 },
	{ { EXO_MAP_ARRAY, 4, EXO_MAP_VALUE_MAX, 1025, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_ARRAY, 4, 4, 1, EXO_MAP_RDONLY_PROG }, 0 },
	{ { EXO_MAP_ARRAY, 4, 4, 1, EXO_MAP_WRONLY_PROG }, 0 },
	{ { EXO_MAP_ARRAY, 4, 4, 1, 0x180 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 4, 4, 1, 1 }, -EXO_EINVAL },
	{ { EXO_MAP_ARRAY, 4, 4, 1, 0x80000000 }, -EXO_EINVAL },
	{ { EXO_MAP_HASH, 8, 8, 1, 0 }, 0 },
	{ { EXO_MAP_HASH, 0, 8, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_HASH, 8, 0, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_HASH, 8, 8, 0, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_HASH, EXO_MAP_KEY_MAX, 1, 1, 0 }, 0 },
	{ { EXO_MAP_HASH, EXO_MAP_KEY_MAX + 1, 1, 1, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_HASH, 512, 1, 1u << 21, 0 }, 0 },
	{ { EXO_MAP_HASH, 512, 1, (1u << 21) + 1, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_HASH, 8, 8, 1, EXO_MAP_NO_PREALLOC }, 0 },
	{ { EXO_MAP_PERCPU_HASH, 8, 8, 1, 0 }, 0 },
	{ { EXO_MAP_PERCPU_ARRAY, 4, 8, 1, 0 }, 0 },
	{ { EXO_MAP_PERCPU_ARRAY, 8, 8, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_LRU_HASH, 8, 8, 1, 0 }, 0 },
	{ { EXO_MAP_LRU_HASH, 8, 8, 1, EXO_MAP_NO_PREALLOC }, -EXO_EINVAL },
	{ { EXO_MAP_LRU_PERCPU_HASH, 8, 8, 1, 0 }, 0 },
	{ { EXO_MAP_LPM_TRIE, 8, 8, 1, EXO_MAP_NO_PREALLOC }, 0 },
	{ { EXO_MAP_LPM_TRIE, 8, 8, 1, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_LPM_TRIE, 5, 1, 1, EXO_MAP_NO_PREALLOC }, 0 },
	{ { EXO_MAP_LPM_TRIE, 4, 1, 1, EXO_MAP_NO_PREALLOC }, -EXO_EINVAL },
	{ { EXO_MAP_LPM_TRIE, 260, 1, 1, EXO_MAP_NO_PREALLOC }, 0 },
	{ { EXO_MAP_LPM_TRIE, 261, 1, 1, EXO_MAP_NO_PREALLOC }, -EXO_EINVAL },
	{ { EXO_MAP_QUEUE, 0, 8, 4, 0 }, 0 },
	{ { EXO_MAP_QUEUE, 4, 8, 4, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_QUEUE, 0, 0, 4, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_STACK, 0, 8, 4, 0 }, 0 },
	{ { EXO_MAP_STACK, 0, 8, 0, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_STACK, 0, 8, 4, EXO_MAP_NO_PREALLOC }, -EXO_EINVAL },
	{ { EXO_MAP_STACK, 0, EXO_MAP_VALUE_MAX, 1025, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_RINGBUF, 0, 0, 4096, 0 }, 0 },
	{ { EXO_MAP_RINGBUF, 0, 0, 0, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 0, 0, 2048, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 0, 0, 4097, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 0, 0, 12288, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 4, 0, 4096, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 0, 4, 4096, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 0, 0, 4096, EXO_MAP_RDONLY_PROG }, -EXO_EINVAL },
	{ { EXO_MAP_RINGBUF, 0, 0, 1u << 28, 0 }, 0 },
	{ { EXO_MAP_RINGBUF, 0, 0, 1u << 29, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_RINGBUF, 0, 0, 1u << 31, 0 }, -EXO_E2BIG },
	{ { EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 }, 0 },
	{ { EXO_MAP_PROG_ARRAY, 4, 8, 4, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_PROG_ARRAY, 8, 4, 4, 0 }, -EXO_EINVAL },
	{ { EXO_MAP_PROG_ARRAY, 4, 4, 4, EXO_MAP_WRONLY_PROG }, -EXO_EINVAL },
	{ { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0 }, 0 },
	{ { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, UINT32_MAX, 0 }, -EXO_E2BIG },
};

START_TEST(t_check)
{
	ck_assert_msg(map_check(&defs[_i].def) == defs[_i].want,
	    "definition %d: %d", _i, map_check(&defs[_i].def));
}
END_TEST

/* What is not a definition makes no map and takes no memory. */
START_TEST(t_new_refuses)
{
	struct map *m;
	unsigned i;

	mem = tworld_mem();
	for (i = 0; i < sizeof(defs) / sizeof(defs[0]); i++) {
		if (defs[i].want == 0)
			continue;
		m = (struct map *)&mem;
		ck_assert_int_eq(
		    map_new(&defs[i].def, &mem, &hash, &m), defs[i].want);
		ck_assert_ptr_null(m);
	}
	ck_assert_uint_eq(mem.peak, 0);
	map_free(NULL);
}
END_TEST

/* The owner's limit holds for maps. */
START_TEST(t_charged)
{
	struct exo_map_def def = { EXO_MAP_HASH, 8, 100, 100, 0 };
	struct map *m;
	uint64_t need;

	mem = tworld_mem();
	ck_assert_int_eq(map_new(&def, &mem, &hash, &m), 0);
	need = mem.used;
	ck_assert_uint_ge(need, 100 * (8 + 100));
	end(m);
	mem = tworld_mem();
	mem.limit = need - 1;
	ck_assert_int_eq(map_new(&def, &mem, &hash, &m), -EXO_ENOMEM);
	ck_assert_uint_eq(mem.used, 0);
	mem.limit = need;
	ck_assert_int_eq(map_new(&def, &mem, &hash, &m), 0);
	end(m);
}
END_TEST

START_TEST(t_kinds)
{
	ck_assert_uint_eq(map_can(EXO_MAP_RINGBUF), EXO_MAP_RING);
	ck_assert_uint_eq(map_can(EXO_MAP_PROG_ARRAY), EXO_MAP_TAIL);
	ck_assert_uint_eq(map_can(EXO_MAP_PERF_EVENT_ARRAY), EXO_MAP_PERF);
	ck_assert(map_can(EXO_MAP_ARRAY) & EXO_MAP_DIRECT);
	ck_assert(!(map_can(EXO_MAP_HASH) & EXO_MAP_DIRECT));
	ck_assert_uint_eq(map_can(0), 0);
	ck_assert_uint_eq(map_can(UINT32_MAX), 0);
}
END_TEST

START_TEST(t_array)
{
	struct map *m = make(EXO_MAP_ARRAY, 4, 5, 3, 0);
	uint32_t key = 0, pos = 0;
	uint8_t *v[3];

	ck_assert_uint_eq(map_count(m), 3);
	for (key = 0; key < 3; key++) {
		v[key] = map_lookup(m, &key);
		ck_assert_ptr_nonnull(v[key]);
		ck_assert(memcmp(v[key], "\0\0\0\0", 5) == 0);
		ck_assert_uint_eq((uintptr_t)v[key] % 8, 0);
		ck_assert_uint_eq(map_index(m, v[key]), key);
		ck_assert_ptr_eq(map_value(m, key), v[key]);
	}
	ck_assert_ptr_null(map_lookup(m, &key));
	key = UINT32_MAX;
	ck_assert_ptr_null(map_lookup(m, &key));
	ck_assert_int_eq(map_update(m, &key, "aaaaa", 0), -EXO_P_E2BIG);
	ck_assert_int_eq(
	    map_update(m, &key, "aaaaa", MAP_NOEXIST), -EXO_P_E2BIG);
	key = 1;
	ck_assert_int_eq(
	    map_update(m, &key, "aaaaa", MAP_NOEXIST), -EXO_P_EEXIST);
	ck_assert_int_eq(map_update(m, &key, "aaaaa", 3), -EXO_P_EINVAL);
	ck_assert_int_eq(
	    map_update(m, &key, "aaaaa", UINT64_C(1) << 32), -EXO_P_EINVAL);
	ck_assert_int_eq(map_update(m, &key, "abcde", MAP_EXIST), 0);
	ck_assert(memcmp(v[1], "abcde", 5) == 0);
	ck_assert_int_eq(map_update(m, &key, "fghij", MAP_ANY), 0);
	ck_assert(memcmp(v[1], "fghij", 5) == 0);
	ck_assert(v[0][0] == 0 && v[2][0] == 0);
	ck_assert_int_eq(map_delete(m, &key), -EXO_P_EINVAL);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_ptr_eq(map_next(m, &pos, &key), v[i]);
		ck_assert_uint_eq(key, i);
	}
	ck_assert_ptr_null(map_next(m, &pos, &key));
	ck_assert_ptr_null(map_next(m, &pos, &key));
	ck_assert_ptr_null(map_value(m, 3));
	end(m);
}
END_TEST

START_TEST(t_slots)
{
	struct map *m = make(EXO_MAP_PROG_ARRAY, 4, 4, 3, 0);
	uint32_t key = 0, pos = 0;

	ck_assert_ptr_null(map_slot(m, 0));
	ck_assert_int_eq(map_slot_set(m, 2, &key), 0);
	ck_assert_int_eq(map_slot_set(m, 2, &pos), 0);
	ck_assert_uint_eq(map_count(m), 1);
	ck_assert_ptr_eq(map_slot(m, 2), &pos);
	ck_assert_int_eq(map_slot_set(m, 3, &key), -EXO_EINVAL);
	ck_assert_ptr_null(map_slot(m, 3));
	ck_assert_ptr_null(map_slot(m, UINT32_MAX));
	ck_assert_int_eq(map_slot_set(m, 2, NULL), 0);
	ck_assert_int_eq(map_slot_set(m, 1, NULL), 0);
	ck_assert_uint_eq(map_count(m), 0);
	/* Nothing that other kinds can do. */
	ck_assert_ptr_null(map_lookup(m, &key));
	ck_assert_int_eq(map_update(m, &key, &key, 0), -EXO_P_EINVAL);
	ck_assert_int_eq(map_delete(m, &key), -EXO_P_EINVAL);
	ck_assert_ptr_null(map_next(m, &pos, &key));
	ck_assert_ptr_null(map_value(m, 0));
	ck_assert_ptr_null(map_ring_reserve(m, 8));
	ck_assert_int_eq(map_ring_output(m, &key, 4, 0), -EXO_P_EINVAL);
	ck_assert_uint_eq(map_ring_query(m, 1), 0);
	ck_assert_ptr_null(map_ring_peek(m, &key));
	end(m);
	m = make(EXO_MAP_ARRAY, 4, 4, 3, 0);
	ck_assert_int_eq(map_slot_set(m, 0, &key), -EXO_EINVAL);
	ck_assert_ptr_null(map_slot(m, 0));
	end(m);
}
END_TEST

static int make_one(void *arg)
{
	const struct exo_map_def *def = arg;
	struct map *m = NULL;
	int err;

	mem = tworld_mem();
	err = map_new(def, &mem, &hash, &m);
	map_free(m);
	if (mem.used != 0)
		abort(); /* no ck_assert here: it allocates */
	return err;
}

START_TEST(t_oom)
{
	static struct exo_map_def some[] = {
		{ EXO_MAP_ARRAY, 4, 48, 10, 0 },
		{ EXO_MAP_HASH, 8, 48, 10, 0 },
		{ EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
		{ EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 },
		{ EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 4, 0 },
	};

	ck_assert_uint_ge(test_oom_loop(make_one, &some[_i]), 2);
}
END_TEST

Suite *t_map_suite(void)
{
	Suite *s = suite_create("map");
	TCase *tc = tcase_create("map"), *oom = tcase_create("oom");

	tcase_add_loop_test(
	    tc, t_check, 0, (int)(sizeof(defs) / sizeof(defs[0])));
	tcase_add_test(tc, t_new_refuses);
	tcase_add_test(tc, t_charged);
	tcase_add_test(tc, t_kinds);
	tcase_add_test(tc, t_array);
	tcase_add_test(tc, t_slots);
	tcase_add_loop_test(oom, t_oom, 0, 5);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
