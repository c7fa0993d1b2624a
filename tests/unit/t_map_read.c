/* SPDX-License-Identifier: BSD-2-Clause */
/* What other threads read of maps, while nobody writes, or somebody does. */
#include <check.h>
#include <string.h>

#include "exo/abi/prog_err.h"
#include "exo/maps/map_int.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

#define N 20u

enum {
	ARRAY,
	HASH,
	LRU,
	TRIE,
	NKINDS
};

static const struct exo_map_def defs[NKINDS] = {
	[ARRAY] = { EXO_MAP_ARRAY, 4, 13, N, 0 },
	[HASH] = { EXO_MAP_HASH, 5, 13, N, 0 },
	[LRU] = { EXO_MAP_LRU_HASH, 8, 16, N, 0 },
	[TRIE] = { EXO_MAP_LPM_TRIE, 7, 13, N, EXO_MAP_NO_PREALLOC },
};

static const struct exo_sipkey hash = { 3, 4 };
static struct exo_mem mem;
static struct map *m;

static void make(const struct exo_map_def *def)
{
	mem = tworld_mem();
	ck_assert_int_eq(map_new(def, &mem, &hash, &m), 0);
}

static void end(void)
{
	map_free(m);
	ck_assert_uint_eq(mem.used, 0);
	plat_test_check_leaks();
}

/* Keys that are in order in an array, and prefixes of 24 bits in a trie. */
static const uint8_t *key_of(uint32_t i)
{
	static uint8_t key[8];

	memset(key, 0, sizeof(key));
	key[0] = (uint8_t)i;
	if (m->def.kind == EXO_MAP_LPM_TRIE) {
		key[0] = 24;
		key[4] = (uint8_t)(i * 37);
		key[6] = (uint8_t)i;
	}
	return key;
}

static void put(uint32_t i, uint8_t byte)
{
	uint8_t value[16];

	memset(value, byte, sizeof(value));
	ck_assert_int_eq(map_update(m, key_of(i), value, MAP_ANY), 0);
}

static int get(uint32_t i, uint8_t *byte)
{
	uint8_t value[17], want[17], key[8];
	uint32_t index;
	int rc;

	memset(value, 0xee, sizeof(value));
	rc = map_read(m, key_of(i), value, &index);
	if (rc != 0)
		return rc;
	*byte = value[0];
	memset(want, 0xee, sizeof(want));
	memset(want, *byte, m->def.value_size);
	ck_assert_mem_eq(value, want, sizeof(value));
	if (map_can(m->def.kind) & EXO_MAP_UPDATE) /* a walk finds it there */
		ck_assert_ptr_eq(
		    map_next(m, &index, key), map_peek(m, key_of(i)));
	ck_assert_int_eq(map_read(m, key_of(i), NULL, NULL), 0);
	return 0;
}

/* What the writer sees, too. */
START_TEST(t_agree)
{
	uint32_t pos = 0, theirs = 0, n = 0;
	uint8_t byte, key[8] = { 0 }, found[8] = { 0 }, value[16];

	make(&defs[_i]);
	for (uint32_t i = 0; i < N; i++)
		put(i, (uint8_t)(i + 1));
	for (uint32_t i = 0; i < N; i += 3)
		(void)map_delete(m, key_of(i));
	for (uint32_t i = 0; i < N + 1; i++) {
		const uint8_t *want = map_peek(m, key_of(i));

		ck_assert_int_eq(
		    get(i, &byte), want == NULL ? -EXO_P_ENOENT : 0);
		ck_assert(want == NULL || byte == *want);
	}
	while (map_read_next(m, &pos, key, value) == 0) {
		const uint8_t *want = map_next(m, &theirs, found);

		n++;
		ck_assert_uint_eq(pos, theirs);
		ck_assert_mem_eq(key, found, 8);
		ck_assert_mem_eq(value, want, m->def.value_size);
		ck_assert_int_eq(map_read(m, key, NULL, NULL), 0);
	}
	ck_assert_uint_eq(n, map_count(m));
	ck_assert_int_eq(map_read_next(m, &pos, key, NULL), -EXO_P_ENOENT);
	end();
}
END_TEST

/* In the middle of a change nothing is read, and the reader comes back. */
START_TEST(t_busy)
{
	uint8_t key[8], was[8] = { 9, 9, 9, 9, 9, 9, 9, 9 }, byte;
	uint32_t pos = 0;
	struct map_change c[MAP_COUNTERS];

	make(&defs[_i]);
	put(1, 7);
	for (uint32_t i = 0; i < MAP_COUNTERS; i++)
		c[i] = map_write(map_counter(m, i));
	memcpy(key, was, sizeof(key));
	ck_assert_int_eq(get(1, &byte), -EXO_P_EAGAIN);
	ck_assert_int_eq(map_read_next(m, &pos, key, NULL), -EXO_P_EAGAIN);
	ck_assert_mem_eq(key, was, sizeof(key));
	for (uint32_t i = 0; i < MAP_COUNTERS; i++)
		map_written(c[i]);
	ck_assert_int_eq(get(1, &byte), 0);
	ck_assert_uint_eq(byte, 7);
	ck_assert_int_eq(map_read_next(m, &pos, key, NULL), 0);
	end();
}
END_TEST

/* A key that is parts of two, as a walk may copy it, is not given out: it does
 * not belong where it was found, but for some that fall into the same group. */
START_TEST(t_torn_key)
{
	uint32_t pos = 0, torn = 0;
	uint8_t key[8], *own;

	make(&defs[HASH]);
	put(1, 7);
	own = map_value(m, map_index(m, map_peek(m, key_of(1)))) +
	      m->table.link + sizeof(uint32_t);
	for (unsigned parts = 1; parts < 256; parts++) {
		own[0] ^= parts;
		pos = 0;
		torn += map_read_next(m, &pos, key, NULL) == -EXO_P_EAGAIN;
		own[0] ^= parts;
	}
	ck_assert_uint_gt(torn, 127);
	pos = 0;
	ck_assert_int_eq(map_read_next(m, &pos, key, NULL), 0);
	ck_assert_mem_eq(key, key_of(1), m->def.key_size);
	end();
}
END_TEST

/* Each change is one that a reader notices. */
START_TEST(t_counts)
{
	uint64_t sum[2] = { 0, 0 };

	make(&defs[_i]);
	put(1, 1); /* made, or replaced */
	put(1, 2); /* replaced */
	put(2, 3);
	(void)map_delete(m, key_of(1));
	(void)map_delete(m, key_of(1)); /* nothing */
	for (uint32_t i = 0; i < MAP_COUNTERS; i++) {
		sum[0] += m->counter[i];
		sum[1] += m->counter[i] % 2;
	}
	ck_assert_uint_eq(sum[0], _i == ARRAY ? 6 : 8);
	ck_assert_uint_eq(sum[1], 0);
	end();
}
END_TEST

/* Whatever links say, a reader stays in the map, and ends. */
START_TEST(t_wild_chains)
{
	struct map_table *t;
	uint8_t byte;
	uint32_t *link;

	make(&defs[HASH]);
	t = &m->table;
	for (uint32_t e = 1; e <= m->positions; e++) {
		link =
		    (uint32_t *)(void *)(m->values +
		                         (size_t)(e - 1) * m->stride + t->link);
		*link = _i == 0   ? e
		        : _i == 1 ? e % m->positions + 1
		                  : UINT32_MAX;
	}
	for (uint32_t i = 0; i < t->groups; i++)
		t->heads[i] = _i == 3 ? m->positions + 1 : 1 + i % N;
	for (uint32_t i = 0; i < N; i++)
		ck_assert_int_eq(get(i + 1, &byte), -EXO_P_ENOENT);
	end();
}
END_TEST

START_TEST(t_wild_tries)
{
	static const uint32_t links[] = { 0, UINT32_MAX, 2 * N + 1 };
	uint32_t pos = 0, key[2];
	uint8_t byte;

	make(&defs[TRIE]);
	for (uint32_t i = 0; i < 2 * N; i++) {
		uint32_t link = _i == 0 ? i + 1 : links[_i % 3];

		m->trie.node[i].bits = _i == 3 ? UINT32_MAX : 0;
		m->trie.node[i].element = UINT32_MAX;
		m->trie.node[i].child[0] = m->trie.node[i].child[1] = link;
	}
	m->trie.root = 1;
	ck_assert_int_eq(get(1, &byte), -EXO_P_ENOENT);
	m->trie.root = UINT32_MAX;
	ck_assert_int_eq(get(1, &byte), -EXO_P_ENOENT);
	m->trie.where[0] = UINT32_MAX;
	ck_assert_int_eq(map_read_next(m, &pos, key, NULL), -EXO_P_EAGAIN);
	end();
}
END_TEST

START_TEST(t_queues)
{
	struct exo_map_def def = { EXO_MAP_QUEUE, 0, 12, 2, 0 };
	uint8_t value[12] = { 0 };
	struct map_change c;
	uint32_t pos = 0;

	if (_i == 1)
		def.kind = EXO_MAP_STACK;
	make(&def);
	ck_assert_int_eq(map_read(m, NULL, value, NULL), -EXO_P_ENOENT);
	for (uint8_t i = 1; i <= 3; i++) {
		value[11] = i;
		ck_assert_int_eq(map_queue_push(m, value, MAP_EXIST), 0);
	}
	ck_assert_int_eq(map_read(m, NULL, value, NULL), 0);
	ck_assert_uint_eq(value[11], _i == 0 ? 2 : 3);
	ck_assert_int_eq(map_queue_pop(m, value), 0);
	c = map_write(m->counter);
	ck_assert_int_eq(map_read(m, NULL, value, NULL), -EXO_P_EAGAIN);
	map_written(c);
	ck_assert_int_eq(map_read(m, NULL, value, NULL), 0);
	ck_assert_uint_eq(value[11], _i == 0 ? 3 : 2);
	ck_assert_int_eq(map_read_next(m, &pos, value, NULL), -EXO_P_EINVAL);
	end();
}
END_TEST

/* A record stays, and its room is taken, until the next is asked for. */
START_TEST(t_records)
{
	const struct exo_map_def def = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 };
	const uint8_t *record;
	uint32_t size;

	make(&def);
	ck_assert_int_eq(map_read(m, &size, &size, NULL), -EXO_P_EINVAL);
	for (uint8_t i = 1; i <= 2; i++)
		ck_assert_int_eq(map_ring_output(m, &i, 1, 0), 0);
	record = map_ring_next(m, &size);
	ck_assert_uint_eq(size, 1);
	ck_assert_uint_eq(*record, 1);
	ck_assert_uint_eq(map_ring_query(m, 0), 32);
	record = map_ring_next(m, &size);
	ck_assert_uint_eq(*record, 2);
	ck_assert_uint_eq(map_ring_query(m, 0), 16);
	ck_assert_ptr_null(map_ring_next(m, &size));
	ck_assert_uint_eq(map_ring_query(m, 0), 0);
	ck_assert_ptr_null(map_ring_next(m, &size));
	end();
}
END_TEST

Suite *t_map_read_suite(void)
{
	Suite *s = suite_create("t_map_read");
	TCase *tc = tcase_create("reads");

	tcase_add_loop_test(tc, t_agree, 0, NKINDS);
	tcase_add_loop_test(tc, t_busy, 0, NKINDS);
	tcase_add_test(tc, t_torn_key);
	tcase_add_loop_test(tc, t_counts, 0, NKINDS);
	tcase_add_loop_test(tc, t_wild_chains, 0, 4);
	tcase_add_loop_test(tc, t_wild_tries, 0, 4);
	tcase_add_loop_test(tc, t_queues, 0, 2);
	tcase_add_test(tc, t_records);
	suite_add_tcase(s, tc);
	return s;
}
