/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes: against a model, in one bucket, full, and with stale values. */
#include <check.h>
#include <string.h>

#include "exo/abi/prog_err.h"
#include "exo/maps/map_int.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

static struct exo_mem mem;

static struct map *make(uint32_t key, uint32_t value, uint32_t entries)
{
	struct exo_map_def def = { EXO_MAP_HASH, key, value, entries, 0 };
	struct exo_sipkey hash = { 5, 6 };
	struct map *m;

	mem = tworld_mem();
	ck_assert_int_eq(map_new(&def, &mem, &hash, &m), 0);
	return m;
}

#define AT_HOME UINT32_MAX
#define LIVE    (1u << 31)
#define FREE    (1u << 31)
#define BEFORE  ((1u << 25) - 1)

static uint32_t link_of(const struct map *m, uint32_t e)
{
	return *(const uint32_t *)(const void *)(m->values +
	                                         (size_t)(e - 1) * m->stride +
	                                         m->table.link);
}

/* A live element has a number that knows it. */
static void check_live(const struct map *m, uint32_t e)
{
	const struct map_table *t = &m->table;

	ck_assert_uint_ge(t->state[e - 1], LIVE);
	ck_assert_uint_lt(t->state[e - 1] - LIVE, m->def.max_entries);
	ck_assert_uint_eq(t->place[t->state[e - 1] - LIVE], e);
	ck_assert_ptr_nonnull(map_value(m, e - 1));
}

/* Elements that are at home, and one by one those of the chains. */
static uint32_t count_live(const struct map *m)
{
	const struct map_table *t = &m->table;
	uint32_t live = 0;

	for (uint32_t e = 1; e <= m->positions; e++) {
		if (link_of(m, e) != AT_HOME)
			continue;
		check_live(m, e);
		live++;
	}
	for (uint32_t g = 0; g < t->groups; g++) {
		ck_assert_int_eq(
		    t->chains[g / 64] >> g % 64 & 1, t->heads[g] != 0);
		for (uint32_t e = t->heads[g]; e != 0; e = link_of(m, e)) {
			ck_assert_uint_le(e, m->positions);
			check_live(m, e);
			ck_assert_uint_le(++live, m->count);
		}
	}
	return live;
}

/* Those that are free and in no group are in a list of their own, in this order. */
static void check_apart(const struct map *m)
{
	const struct map_table *t = &m->table;
	uint32_t e, a = t->apart_first, last = 0;

	for (e = t->free_first; e != 0; e = link_of(m, e)) {
		if (e <= t->homes)
			continue;
		ck_assert_uint_eq(a, e - t->homes);
		ck_assert_uint_eq(t->apart[a - 1].before, last);
		last = a;
		a = t->apart[a - 1].behind;
	}
	ck_assert_uint_eq(a, 0);
	ck_assert_uint_eq(t->apart_last, last);
}

/* Every element is at home, in one chain, or in the free list, once. */
static void check_whole(const struct map *m)
{
	const struct map_table *t = &m->table;
	uint32_t free = 0, last = 0;

	ck_assert_uint_eq(count_live(m), m->count);
	for (uint32_t e = t->free_first; e != 0; e = link_of(m, e)) {
		ck_assert_uint_eq(t->state[e - 1] & (LIVE | BEFORE), last);
		ck_assert_uint_le(++free, m->positions);
		last = e;
	}
	ck_assert_uint_eq(last, t->free_last);
	ck_assert_uint_eq(m->count + free, m->positions);
	free = last = 0;
	for (uint32_t n = t->number_first; n != 0;
	     n = t->place[n - 1] & ~FREE) {
		ck_assert_uint_ge(t->place[n - 1], FREE);
		ck_assert_uint_le(++free, m->def.max_entries);
		last = n;
	}
	ck_assert_uint_eq(last, t->number_last);
	ck_assert_uint_eq(m->count + free, m->def.max_entries);
	ck_assert_uint_ge(m->positions, m->def.max_entries);
	ck_assert_uint_eq(t->homes, t->groups * t->ways);
	check_apart(m);
	ck_assert_int_eq((uintptr_t)m->values % 64, 0);
}

static void end(struct map *m)
{
	check_whole(m);
	map_free(m);
	ck_assert_uint_eq(mem.used, 0);
	plat_test_check_leaks();
}

START_TEST(t_flags)
{
	struct map *m = make(8, 8, 2);
	uint64_t key = 1, value = 10, *at;

	ck_assert_ptr_null(map_lookup(m, &key));
	ck_assert_int_eq(map_delete(m, &key), -EXO_P_ENOENT);
	ck_assert_int_eq(map_update(m, &key, &value, 2), -EXO_P_ENOENT);
	ck_assert_int_eq(map_update(m, &key, &value, 3), -EXO_P_EINVAL);
	ck_assert_int_eq(
	    map_update(m, &key, &value, UINT64_MAX), -EXO_P_EINVAL);
	ck_assert_int_eq(map_update(m, &key, &value, 1), 0);
	ck_assert_int_eq(map_update(m, &key, &value, 1), -EXO_P_EEXIST);
	at = (uint64_t *)(void *)map_lookup(m, &key);
	ck_assert_uint_eq(*at, 10);
	value = 11;
	ck_assert_int_eq(map_update(m, &key, &value, 2), 0);
	ck_assert_uint_eq(*at, 11);
	value = 12;
	ck_assert_int_eq(map_update(m, &key, &value, 0), 0);
	ck_assert_uint_eq(*at, 12);
	ck_assert_uint_eq(map_count(m), 1);
	end(m);
}
END_TEST

/* Full: no new key, but old ones may change; room comes back. */
START_TEST(t_full)
{
	struct map *m = make(8, 8, 3);
	uint64_t key, value = 1;

	for (key = 0; key < 3; key++)
		ck_assert_int_eq(map_update(m, &key, &value, 0), 0);
	ck_assert_int_eq(map_update(m, &key, &value, 0), -EXO_P_E2BIG);
	ck_assert_int_eq(map_update(m, &key, &value, 1), -EXO_P_E2BIG);
	ck_assert_int_eq(map_update(m, &key, &value, 2), -EXO_P_ENOENT);
	key = 1;
	ck_assert_int_eq(map_update(m, &key, &value, 2), 0);
	ck_assert_int_eq(map_delete(m, &key), 0);
	ck_assert_int_eq(map_delete(m, &key), -EXO_P_ENOENT);
	check_whole(m);
	key = 77;
	ck_assert_int_eq(map_update(m, &key, &value, 0), 0);
	ck_assert_uint_eq(map_count(m), 3);
	end(m);
}
END_TEST

/* A value keeps its address while it lives; what was deleted keeps its bytes until
 * its element is used again, for a value that may lie there. */
START_TEST(t_stale_value)
{
	struct map *m = make(8, 8, 4);
	uint64_t key = 1, value = 111, *old;

	ck_assert_int_eq(map_update(m, &key, &value, 0), 0);
	old = (uint64_t *)(void *)map_lookup(m, &key);
	for (key = 2; key <= 3; key++)
		ck_assert_int_eq(map_update(m, &key, &value, 0), 0);
	key = 1;
	ck_assert_ptr_eq(map_lookup(m, &key), old);
	ck_assert_int_eq(map_delete(m, &key), 0);
	check_whole(m);
	ck_assert_uint_eq(*old, 111);
	/* the first element of its group, which is free */
	ck_assert_int_eq(map_update(m, &key, old, 0), 0);
	ck_assert_ptr_eq(map_lookup(m, &key), old);
	ck_assert_uint_eq(*old, 111);
	end(m);
}
END_TEST

/* While a run lasts, what it deleted keeps its bytes as long as there are other
 * elements, wherever keys fall; those that it may see have values, no others. */
START_TEST(t_stale_in_a_run)
{
	struct map *m = make(8, _i == 0 ? 8 : 200, 4);
	uint64_t key = 1, value[25] = { 111 }, *old;
	uint32_t run = 7, at, spare = m->positions - 4;

	map_runs(m, &run);
	ck_assert_int_eq(map_update(m, &key, value, 0), 0);
	old = (uint64_t *)(void *)map_lookup(m, &key);
	at = map_index(m, map_lookup(m, &key));
	ck_assert_int_eq(map_delete(m, &key), 0);
	ck_assert_ptr_eq(map_value(m, at), old);
	for (key = 1; key <= 4; key++) {
		value[0] = key;
		ck_assert_uint_eq(*old, 111);
		ck_assert_int_eq(map_update(m, &key, value, 0), 0);
		check_whole(m);
	}
	ck_assert_uint_eq(*old, spare == 0 ? 4 : 111); /* there was no other */
	run++;
	ck_assert(spare == 0 || map_value(m, at) == NULL);
	for (key = 1; key <= 4; key++)
		ck_assert_int_eq(map_delete(m, &key), 0);
	run++;
	key = 1;
	ck_assert_int_eq(map_update(m, &key, value, 0), 0);
	ck_assert(spare == 0 || (uint64_t *)(void *)map_lookup(m, &key) == old);
	end(m);
}
END_TEST

/* One step of two maps that differ by the secret key alone. */
static void same_step(
    struct map *maps[2], uint32_t random, uint32_t step, uint8_t *held[2])
{
	uint32_t key = (random >> 8) % 60;
	uint64_t value[20] = { step };
	int got[2] = { 0, 0 };

	for (unsigned k = 0; k < 2; k++) {
		if (random >> 28 == 0 || step % 8 == 0)
			held[k] = map_lookup(maps[k], &key);
		if (held[k] != NULL && step % 5 == 0)
			held[k][4] = (uint8_t)step;
		if ((random >> 24 & 1) != 0)
			got[k] = map_update(maps[k], &key, value, 0);
		else
			got[k] = map_delete(maps[k], &key);
	}
	ck_assert_int_eq(got[0], got[1]);
	ck_assert_int_eq(held[0] == NULL, held[1] == NULL);
	if (held[0] != NULL)
		ck_assert_mem_eq(held[0], held[1], 8);
}

static void same_walk(struct map *const maps[2])
{
	uint32_t pos[2] = { 0, 0 }, key[2] = { 0, 0 };
	const uint8_t *v[2];

	do {
		for (unsigned k = 0; k < 2; k++)
			v[k] = map_next(maps[k], &pos[k], &key[k]);
		ck_assert_uint_eq(pos[0], pos[1]);
		ck_assert_uint_eq(key[0], key[1]);
		ck_assert_int_eq(v[0] == NULL, v[1] == NULL);
	} while (v[0] != NULL);
}

/* The order of a walk, what stale values become, and what is given up are the same
 * whatever the secret key is. */
START_TEST(t_no_key_is_seen)
{
	static const uint32_t sizes[] = { 8, 100, 160 };
	struct exo_map_def def = { _i < 3 ? EXO_MAP_HASH : EXO_MAP_LRU_HASH, 4,
		sizes[_i % 3], 40, 0 };
	struct exo_sipkey hash[2] = { { 5, 6 }, { 77, 99 } };
	uint32_t run = 0, runs = 0, random = 5;
	uint8_t *held[2] = { NULL, NULL };
	struct map *maps[2];

	mem = tworld_mem();
	for (unsigned k = 0; k < 2; k++) {
		ck_assert_int_eq(map_new(&def, &mem, &hash[k], &maps[k]), 0);
		map_runs(maps[k], &run);
	}
	for (uint32_t step = 0; step < 20000; step++) {
		random = random * 1664525 + 1013904223;
		if (random >> 28 == 0)
			run = ++runs;
		same_step(maps, random, step, held);
		if (step % 100 == 0)
			same_walk(maps);
	}
	map_free(maps[0]);
	end(maps[1]);
}
END_TEST

/* After many that came and went, most are at home still: as many as calls in a
 * telephone exchange find a line (A. K. Erlang, 1917), 90.5 % and 72.4 %. */
START_TEST(t_churn)
{
	struct map *m = make(8, _i == 0 ? 8 : 100, 4000);
	uint64_t key, value[13] = { 0 };
	uint32_t run = 0, home = 0;

	map_runs(m, &run);
	for (key = 0; key < 40000; key++) {
		uint64_t old = key - 4000;

		run = key % 3 == 0 ? 0 : (uint32_t)key;
		if (key >= 4000)
			ck_assert_int_eq(map_delete(m, &old), 0);
		ck_assert_int_eq(map_update(m, &key, value, 0), 0);
	}
	for (uint32_t e = 1; e <= m->positions; e++)
		home += link_of(m, e) == AT_HOME;
	ck_assert_uint_gt(home, _i == 0 ? 3540 : 2780);
	end(m);
}
END_TEST

/* An element that finds no room at home, and finds some when it comes again. */
START_TEST(t_away_and_home)
{
	struct map *m = make(8, 100, 8);
	uint8_t value[100] = { 0 };
	uint32_t groups = m->table.groups, homes = m->table.homes;
	uint64_t key;

	m->table.groups = 1;
	ck_assert_uint_eq(m->table.ways, 2);
	ck_assert_uint_eq(homes, 12);
	ck_assert_uint_eq(m->positions, 14);
	for (key = 0; key < 3; key++)
		ck_assert_int_eq(map_update(m, &key, value, 0), 0);
	ck_assert_uint_eq(m->table.heads[0], homes + 1);
	ck_assert_uint_eq(m->table.chains[0], 1);
	key = 0;
	ck_assert_int_eq(map_delete(m, &key), 0);
	key = 2;
	ck_assert_ptr_eq(
	    map_lookup(m, &key), map_value(m, homes)); /* it stays */
	ck_assert_int_eq(map_delete(m, &key), 0);
	ck_assert_uint_eq(m->table.chains[0], 0);
	ck_assert_ptr_null(map_lookup(m, &key));
	ck_assert_int_eq(map_update(m, &key, value, 0), 0);
	ck_assert_ptr_eq(map_lookup(m, &key), map_value(m, 0));
	ck_assert_uint_eq(m->table.heads[0], 0);
	m->table.groups = groups;
	end(m);
}
END_TEST

/* Compiled look-ups have functions by the size of keys: each finds what
 * map_lookup() finds, wherever keys differ. */
START_TEST(t_finder)
{
	struct map *m = make((uint32_t)_i, 8, 64);
	map_find_fn *find = map_finder(m);
	uint8_t key[80] = { 0 }, *at;
	uint64_t value = 0;

	for (int byte = 0; byte < _i; byte++, value++) {
		key[byte]++;
		ck_assert_ptr_null(find(m, key));
		ck_assert_int_eq(map_update(m, key, &value, MAP_NOEXIST), 0);
	}
	for (int byte = _i - 1; byte >= 0; byte--) {
		at = find(m, key);
		ck_assert_ptr_nonnull(at);
		ck_assert_ptr_eq(at, map_lookup(m, key));
		ck_assert_uint_eq(at[0], (unsigned)byte);
		key[byte]--;
	}
	ck_assert_ptr_null(find(m, key));
	end(m);
}
END_TEST

/* All keys in one bucket, as if the hash were known and beaten. */
START_TEST(t_collisions)
{
	struct map *m = make(8, 8, 64);
	uint32_t groups = m->table.groups;
	uint64_t key, *at;

	ck_assert_uint_eq(groups, 32); /* of four, for twice as many */
	m->table.groups = 1;
	for (key = 0; key < 64; key++)
		ck_assert_int_eq(map_update(m, &key, &key, 1), 0);
	for (key = 0; key < 64; key += 3)
		ck_assert_int_eq(map_delete(m, &key), 0);
	ck_assert_uint_eq(count_live(m), m->count);
	for (key = 0; key < 70; key++) {
		at = (uint64_t *)(void *)map_lookup(m, &key);
		if (key % 3 == 0 || key >= 64) {
			ck_assert_ptr_null(at);
		} else {
			ck_assert_ptr_nonnull(at);
			ck_assert_uint_eq(*at, key);
		}
	}
	m->table.groups = groups;
	end(m);
}
END_TEST

/* A thousand random steps on few keys against a plain array. */
START_TEST(t_model)
{
	static bool there[16];
	static uint8_t values[16];
	struct map *m = make(3, 1, 8);
	uint32_t count = 0, random = (uint32_t)_i + 1;

	memset(there, 0, sizeof(there));
	for (unsigned step = 0; step < 2000; step++) {
		uint8_t k, value, *at;
		int want, got;

		random = random * 1664525 + 1013904223;
		k = (random >> 8) % 16;
		value = (uint8_t)(random >> 16);
		uint8_t key[3] = { k, 0, k };

		switch (random >> 28) {
		case 0:
		case 1:
		case 2:
		case 3:
			got = map_delete(m, key);
			want = there[k] ? 0 : -EXO_P_ENOENT;
			count -= there[k];
			there[k] = false;
			break;
		default:
			got = map_update(m, key, &value, random >> 30 & 1);
			if (there[k] && (random >> 30 & 1) != 0)
				want = -EXO_P_EEXIST;
			else if (!there[k] && count == 8)
				want = -EXO_P_E2BIG;
			else
				want = 0;
			if (want == 0) {
				count += !there[k];
				there[k] = true;
				values[k] = value;
			}
		}
		ck_assert_int_eq(got, want);
		ck_assert_uint_eq(map_count(m), count);
		at = map_lookup(m, key);
		ck_assert_int_eq(at != NULL, there[k]);
		ck_assert(at == NULL || *at == values[k]);
	}
	end(m);
}
END_TEST

/* Walking: every element once, also when each is deleted on the way, and the
 * walk ends also when each makes another. */
START_TEST(t_walk)
{
	struct map *m = make(8, 8, 10);
	uint64_t key, found, seen = 0;
	uint32_t pos = 0, steps = 0;

	for (key = 0; key < 10; key++)
		ck_assert_int_eq(map_update(m, &key, &key, 0), 0);
	key = 4;
	ck_assert_int_eq(map_delete(m, &key), 0);
	while (map_next(m, &pos, &found) != NULL) {
		ck_assert_uint_lt(found, 10);
		ck_assert((seen >> found & 1) == 0);
		seen |= UINT64_C(1) << found;
		ck_assert_int_eq(map_delete(m, &found), 0);
	}
	ck_assert_uint_eq(seen, 0x3ef);
	ck_assert_uint_eq(map_count(m), 0);
	pos = 0;
	ck_assert_ptr_null(map_next(m, &pos, &found));
	key = 100;
	ck_assert_int_eq(map_update(m, &key, &key, 0), 0);
	for (pos = 0; map_next(m, &pos, &found) != NULL; steps++) {
		ck_assert_uint_lt(steps, 10);
		key++;
		(void)map_update(m, &key, &key, 0);
	}
	end(m);
}
END_TEST

/* Sizes that are no multiple of anything. */
START_TEST(t_odd_sizes)
{
	struct map *m = make(512, 7, 3);
	uint8_t key[512], *a, *b;

	memset(key, 1, sizeof(key));
	ck_assert_int_eq(map_update(m, key, "abcdefg", 0), 0);
	a = map_lookup(m, key);
	key[511] = 2;
	ck_assert_ptr_null(map_lookup(m, key));
	ck_assert_int_eq(map_update(m, key, "hijklmn", 0), 0);
	b = map_lookup(m, key);
	ck_assert(memcmp(a, "abcdefg", 7) == 0);
	ck_assert(memcmp(b, "hijklmn", 7) == 0);
	ck_assert_int_eq((uintptr_t)b % 8, 0);
	ck_assert_uint_ne(map_index(m, a), map_index(m, b));
	end(m);
}
END_TEST

/* --- that gives up what was not used for longest -------------------------------- */

static struct map *make_lru(uint32_t entries)
{
	struct exo_map_def def = { EXO_MAP_LRU_HASH, 8, 8, entries, 0 };
	struct exo_sipkey hash = { 5, 6 };
	struct map *m;

	mem = tworld_mem();
	ck_assert_int_eq(map_new(&def, &mem, &hash, &m), 0);
	return m;
}

static void put(struct map *m, uint64_t key)
{
	ck_assert_int_eq(map_update(m, &key, &key, MAP_ANY), 0);
}

static bool has(const struct map *m, uint64_t key)
{
	const uint8_t *v = map_peek(m, &key);

	ck_assert(v == NULL || memcmp(v, &key, 8) == 0);
	return v != NULL;
}

START_TEST(t_lru)
{
	struct map *m = make_lru(3);
	uint64_t key = 1;

	put(m, 1);
	put(m, 2);
	put(m, 3);
	ck_assert_ptr_nonnull(map_lookup(m, &key)); /* 2 is the oldest now */
	ck_assert(has(m, 2));                       /* still */
	put(m, 4);
	ck_assert(has(m, 1) && !has(m, 2) && has(m, 3) && has(m, 4));
	put(m, 3);
	put(m, 5);
	ck_assert(!has(m, 1) && has(m, 3) && has(m, 4) && has(m, 5));
	key = 4;
	ck_assert_int_eq(map_delete(m, &key), 0);
	put(m, 6);
	ck_assert(has(m, 3) && has(m, 5) && has(m, 6));
	ck_assert_int_eq(map_update(m, &key, &key, MAP_EXIST), -EXO_P_ENOENT);
	ck_assert(has(m, 3)); /* what fails gives nothing up */
	ck_assert_uint_eq(map_count(m), 3);
	end(m);
}
END_TEST

/* Key and value lie in the element that is given up. */
START_TEST(t_lru_of_its_own)
{
	struct map *m = make_lru(2);
	uint64_t key = 77, *value;

	put(m, 77);
	put(m, 5);
	value = (uint64_t *)(void *)map_peek(m, &key);
	*value = 99;
	ck_assert_int_eq(map_update(m, value, value, MAP_ANY), 0);
	ck_assert(has(m, 99) && has(m, 5));
	ck_assert_ptr_null(map_peek(m, &key));
	end(m);
}
END_TEST

/* The same of a hash: the key lies in an element that was deleted. */
START_TEST(t_key_in_a_stale_value)
{
	struct map *m = make(8, 8, 1);
	uint64_t key = 3, *value;

	ck_assert_int_eq(map_update(m, &key, &key, MAP_ANY), 0);
	value = (uint64_t *)(void *)map_lookup(m, &key);
	ck_assert_int_eq(map_delete(m, &key), 0);
	*value = 8;
	key = 1234;
	ck_assert_int_eq(map_update(m, value, &key, MAP_ANY), 0);
	key = 8;
	ck_assert_ptr_nonnull(map_lookup(m, &key));
	key = 1234;
	ck_assert_ptr_null(map_lookup(m, &key));
	end(m);
}
END_TEST

Suite *t_map_hash_suite(void)
{
	Suite *s = suite_create("map_hash");
	TCase *tc = tcase_create("hash");

	tcase_add_test(tc, t_flags);
	tcase_add_test(tc, t_lru);
	tcase_add_test(tc, t_lru_of_its_own);
	tcase_add_test(tc, t_key_in_a_stale_value);
	tcase_add_test(tc, t_full);
	tcase_add_test(tc, t_stale_value);
	tcase_add_loop_test(tc, t_stale_in_a_run, 0, 2);
	tcase_add_loop_test(tc, t_no_key_is_seen, 0, 6);
	tcase_add_loop_test(tc, t_churn, 0, 2);
	tcase_add_test(tc, t_away_and_home);
	tcase_add_loop_test(tc, t_finder, 1, 41);
	tcase_add_test(tc, t_collisions);
	tcase_add_loop_test(tc, t_model, 0, 10);
	tcase_add_test(tc, t_walk);
	tcase_add_test(tc, t_odd_sizes);
	suite_add_tcase(s, tc);
	return s;
}
