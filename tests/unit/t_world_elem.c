/* SPDX-License-Identifier: BSD-2-Clause */
/* Elements of a world's maps from outside, kind by kind. */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/abi/prog_err.h"
#include "exo/core/image.h"
#include "exo/core/world_int.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

enum {
	ARRAY,
	HASH,
	LRU,
	TRIE,
	QUEUE,
	STACK,
	RING,
	PROGS,
	EVENTS,
	SEALED,
	FROZEN,
	NDEFS
};

static const struct exo_map_def defs[NDEFS] = {
	[ARRAY] = { EXO_MAP_ARRAY, 4, 8, 3, 0 },
	[HASH] = { EXO_MAP_HASH, 4, 8, 2, 0 },
	[LRU] = { EXO_MAP_LRU_PERCPU_HASH, 4, 8, 2, 0 },
	[TRIE] = { EXO_MAP_LPM_TRIE, 8, 8, 3, EXO_MAP_NO_PREALLOC },
	[QUEUE] = { EXO_MAP_QUEUE, 0, 8, 2, 0 },
	[STACK] = { EXO_MAP_STACK, 0, 8, 2, 0 },
	[RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	[PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, 1, 0 },
	[EVENTS] = { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0 },
	[SEALED] = { EXO_MAP_HASH, 4, 8, 1, EXO_MAP_WRONLY_PROG },
	[FROZEN] = { EXO_MAP_ARRAY, 4, 8, 1, EXO_MAP_RDONLY_PROG },
};

static struct exo_mem mem;
static struct exo_world *w;

static void begin(void)
{
	const struct exo_world_config cfg = {
		.mem = &mem, .maps = defs, .nmaps = NDEFS
	};

	mem = tworld_mem();
	ck_assert_int_eq(exo_world_new(&cfg, &w), 0);
}

static void end(void)
{
	exo_world_free(w);
	ck_assert_uint_eq(mem.used, 0);
}

static int set(uint32_t map, uint32_t key, uint64_t value, uint64_t flags)
{
	return exo_elem_set(w, map, &key, &value, flags);
}

static uint64_t get(uint32_t map, uint32_t key)
{
	uint64_t value = 0;

	return exo_elem_get(w, map, &key, &value) == 0 ? value : UINT64_MAX;
}

static int drop(uint32_t map, uint32_t key)
{
	return exo_elem_delete(w, map, &key);
}

static int take(uint32_t map, uint32_t key, uint64_t *value)
{
	return exo_elem_take(w, map, &key, value);
}

START_TEST(t_arrays)
{
	uint64_t v;

	ck_assert_int_eq(get(ARRAY, 2), 0);
	ck_assert_int_eq(set(ARRAY, 2, 7, MAP_ANY), 0);
	ck_assert_int_eq(set(ARRAY, 2, 8, MAP_EXIST), 0);
	ck_assert_int_eq(set(ARRAY, 2, 9, MAP_NOEXIST), -EXO_P_EEXIST);
	ck_assert_int_eq(set(ARRAY, 3, 9, MAP_ANY), -EXO_P_E2BIG);
	ck_assert_int_eq(set(ARRAY, 2, 9, 3), -EXO_P_EINVAL);
	ck_assert_uint_eq(get(ARRAY, 2), 8);
	ck_assert_int_eq(drop(ARRAY, 2), -EXO_P_EINVAL);
	ck_assert_int_eq(take(ARRAY, 2, &v), -EXO_P_EINVAL);
}
END_TEST

START_TEST(t_hashes)
{
	uint32_t map = _i == 0 ? HASH : LRU;
	uint64_t v = 0;

	ck_assert_int_eq(drop(map, 1), -EXO_P_ENOENT);
	ck_assert_int_eq(take(map, 1, &v), -EXO_P_ENOENT);
	ck_assert_int_eq(set(map, 1, 5, MAP_EXIST), -EXO_P_ENOENT);
	ck_assert_int_eq(set(map, 1, 5, MAP_NOEXIST), 0);
	ck_assert_int_eq(set(map, 2, 6, MAP_ANY), 0);
	ck_assert_int_eq(
	    set(map, 3, 7, MAP_ANY), map == HASH ? -EXO_P_E2BIG : 0);
	if (map == LRU)
		ck_assert_uint_eq(get(map, 1), UINT64_MAX);
	ck_assert_int_eq(take(map, 2, &v), 0);
	ck_assert_uint_eq(v, 6);
	ck_assert_uint_eq(get(map, 2), UINT64_MAX);
	ck_assert_int_eq(drop(map, map == HASH ? 1 : 3), 0);
	/* what programs may not read, the owner may */
	ck_assert_int_eq(set(SEALED, 1, 5, MAP_ANY), 0);
	ck_assert_uint_eq(get(SEALED, 1), 5);
}
END_TEST

START_TEST(t_queues)
{
	uint32_t map = _i == 0 ? QUEUE : STACK;
	uint64_t v = 0;

	ck_assert_int_eq(exo_elem_get(w, map, NULL, &v), -EXO_P_ENOENT);
	for (v = 1; v <= 2; v++)
		ck_assert_int_eq(exo_elem_set(w, map, NULL, &v, MAP_ANY), 0);
	ck_assert_int_eq(exo_elem_set(w, map, NULL, &v, MAP_ANY), -EXO_P_E2BIG);
	ck_assert_int_eq(
	    exo_elem_set(w, map, NULL, &v, MAP_NOEXIST), -EXO_P_EINVAL);
	ck_assert_int_eq(exo_elem_get(w, map, NULL, &v), 0);
	ck_assert_uint_eq(v, map == QUEUE ? 1 : 2);
	ck_assert_int_eq(exo_elem_take(w, map, NULL, &v), 0);
	ck_assert_uint_eq(v, map == QUEUE ? 1 : 2);
	ck_assert_int_eq(exo_elem_take(w, map, NULL, &v), 0);
	ck_assert_int_eq(exo_elem_take(w, map, NULL, &v), -EXO_P_ENOENT);
	ck_assert_int_eq(exo_elem_delete(w, map, NULL), -EXO_P_EINVAL);
	ck_assert_int_eq(exo_elem_next(w, map, NULL, &v), -EXO_P_EINVAL);
}
END_TEST

/* A trie's keys: bits, then the bytes of an address. */
static void prefix(uint8_t *key, uint32_t bits, uint32_t first, uint8_t last)
{
	const uint8_t k[8] = { (uint8_t)bits, 0, 0, 0, (uint8_t)first, 0, 0,
		last };

	memcpy(key, k, sizeof(k));
}

START_TEST(t_tries)
{
	uint8_t key[8], next[8];
	uint64_t v = 1;
	unsigned n = 0;

	for (uint32_t bits = 7; bits <= 9; bits++, v++) {
		prefix(key, bits, 10, 0);
		ck_assert_int_eq(exo_elem_set(w, TRIE, key, &v, MAP_ANY), 0);
	}
	prefix(key, 32, 10, 0);
	ck_assert_int_eq(
	    exo_elem_set(w, TRIE, key, &v, MAP_ANY), -EXO_P_ENOSPC);
	ck_assert_int_eq(exo_elem_get(w, TRIE, key, &v), 0);
	ck_assert_uint_eq(v, 3);
	ck_assert_int_eq(exo_elem_take(w, TRIE, key, &v), -EXO_P_EINVAL);
	/* a prefix that is not there, though a shorter one is, has no place */
	ck_assert_int_eq(exo_elem_next(w, TRIE, key, next), 0);
	ck_assert_int_eq(exo_elem_next(w, TRIE, NULL, key), 0);
	ck_assert_mem_eq(key, next, 8);
	do {
		n++;
		key[7] = 0x55; /* bits behind the prefix */
	} while (exo_elem_next(w, TRIE, key, key) == 0);
	ck_assert_uint_eq(n, 3);
	prefix(key, 33, 10, 0);
	ck_assert_int_eq(exo_elem_next(w, TRIE, key, next), 0);
	ck_assert_int_eq(
	    exo_elem_set(w, TRIE, key, &v, MAP_ANY), -EXO_P_EINVAL);
	prefix(key, 8, 10, 0);
	ck_assert_int_eq(exo_elem_delete(w, TRIE, key), 0);
	ck_assert_int_eq(exo_elem_delete(w, TRIE, key), -EXO_P_ENOENT);
	/* of the same length, but not the same bits */
	prefix(key, 7, 12, 0);
	ck_assert_int_eq(exo_elem_next(w, TRIE, key, key), 0);
	ck_assert_mem_eq(key, next, 8);
}
END_TEST

START_TEST(t_next)
{
	uint32_t key = 77, seen = 0, n;

	for (n = 0; exo_elem_next(w, ARRAY, n == 0 ? NULL : &key, &key) == 0;
	     n++)
		ck_assert_uint_eq(key, n);
	ck_assert_uint_eq(n, 3);
	key = 3; /* past the end: the first */
	ck_assert_int_eq(exo_elem_next(w, ARRAY, &key, &key), 0);
	ck_assert_uint_eq(key, 0);

	ck_assert_int_eq(exo_elem_next(w, HASH, NULL, &key), -EXO_P_ENOENT);
	ck_assert_int_eq(set(HASH, 1, 1, MAP_ANY), 0);
	ck_assert_int_eq(set(HASH, 2, 2, MAP_ANY), 0);
	for (n = 0; exo_elem_next(w, HASH, n == 0 ? NULL : &key, &key) == 0;
	     n++)
		seen |= 1u << key;
	ck_assert_uint_eq(seen, 6);
	ck_assert_uint_eq(n, 2);
	key = 99; /* not there */
	ck_assert_int_eq(exo_elem_next(w, HASH, &key, &key), 0);
}
END_TEST

/* What has no elements, and what is no map. */
START_TEST(t_others)
{
	static const uint32_t maps[] = { RING, PROGS, EVENTS, NDEFS,
		UINT32_MAX };
	uint32_t key = 0;
	uint64_t v = 0;

	for (unsigned i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		uint32_t map = maps[i];

		ck_assert_int_eq(exo_elem_get(w, map, &key, &v), -EXO_P_EINVAL);
		ck_assert_int_eq(set(map, 0, 0, MAP_ANY), -EXO_P_EINVAL);
		ck_assert_int_eq(drop(map, 0), -EXO_P_EINVAL);
		ck_assert_int_eq(take(map, 0, &v), -EXO_P_EINVAL);
		ck_assert_int_eq(
		    exo_elem_next(w, map, NULL, &key), -EXO_P_EINVAL);
	}
	ck_assert_ptr_null(exo_world_def(w, NDEFS));
	ck_assert_mem_eq(exo_world_def(w, TRIE), &defs[TRIE], sizeof(defs[0]));
}
END_TEST

/* What is in maps from the start; what programs may only read stays then. */
START_TEST(t_begun)
{
	const uint32_t init[12] = { ARRAY, 8, 0x11111111, 0x22222222, FROZEN, 4,
		7, 0, HASH, 4, 1, 0 };
	struct exo_image img = { .init = (const void *)init };

	ck_assert_int_eq(exo_world_begin(w, &img), 0);
	ck_assert_int_eq(set(FROZEN, 0, 5, MAP_ANY), 0);
	img.init_len = 32;
	ck_assert_int_eq(exo_world_begin(w, &img), 0);
	ck_assert_uint_eq(get(ARRAY, 0), UINT64_C(0x2222222211111111));
	ck_assert_uint_eq(get(ARRAY, 1), 0);
	ck_assert_int_eq(set(ARRAY, 0, 5, MAP_ANY), 0);
	ck_assert_int_eq(set(FROZEN, 0, 5, MAP_ANY), -EXO_P_EPERM);
	ck_assert_uint_eq(get(FROZEN, 0), 7);
	img.init_len = 48; /* a hash has no first element */
	ck_assert_int_eq(exo_world_begin(w, &img), -EXO_EINVAL);
}
END_TEST

Suite *t_world_elem_suite(void)
{
	Suite *s = suite_create("t_world_elem");
	TCase *tc = tcase_create("elements");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, t_arrays);
	tcase_add_loop_test(tc, t_hashes, 0, 2);
	tcase_add_loop_test(tc, t_queues, 0, 2);
	tcase_add_test(tc, t_tries);
	tcase_add_test(tc, t_next);
	tcase_add_test(tc, t_others);
	tcase_add_test(tc, t_begun);
	suite_add_tcase(s, tc);
	return s;
}
