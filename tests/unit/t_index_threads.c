/* SPDX-License-Identifier: BSD-2-Clause */
/* The index while it is read: what is there all the time is found all the time,
 * and what was never there is not. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/index.h"
#include "exo/hosted/heap.h"
#include "tests/support/index_gen.h"

#define READERS 2u
#define STAY    500u
#define COME    9000u
#define TIMES   12          /* a table grows once */
#define NOISE   0x80000000u /* ids of rules that come and go */

static struct exo_mem mem;
static struct exo_epoch epoch;
static struct exo_index *ix;
static struct sp_packet packet[STAY];
static uint8_t bytes[STAY][64];
static int stop;

/* Rule i, or one of the same coarse key and another shape, or a range. */
static uint32_t cube_of(struct sp_atom *a, uint32_t i, uint32_t shape)
{
	a[0] = sp_masked(SP_IP_SRC, 0xffffffffu << shape % 4, i * 2654435761u);
	a[1] = sp_is(SP_IP_DST, 0x0a000000 + i);
	a[2] = shape < 4 ? sp_is(SP_DPORT, 53) : sp_between(SP_DPORT, 3, 999);
	return 3;
}

static void insert(
    uint32_t i, uint32_t shape, uint32_t order, uint32_t id, uint32_t *handle)
{
	struct sp_atom a[3];
	struct sp_cube c = { a, cube_of(a, i, shape) };

	ck_assert_int_eq(exo_index_insert(ix, &c, order, id, handle), 0);
}

struct reader {
	struct exo_look *look;
	uint64_t lost, strange, batches;
	uint64_t rank[EXO_LOOK_BATCH * 16];
	uint32_t base;
	uint8_t seen[EXO_LOOK_BATCH];
};

static void note(void *arg, uint32_t p, uint64_t rank)
{
	struct reader *r = arg;

	if (exo_rank_id(rank) == r->base + p)
		r->seen[p] = 1;
	else if ((rank & NOISE) == 0)
		r->strange++;
}

static void look(struct reader *r, uint32_t base)
{
	struct exo_hits h = { .rank = r->rank, .room = 16 };
	uint64_t first[EXO_LOOK_BATCH];

	r->base = base;
	memset(r->seen, 0, sizeof(r->seen));
	exo_look_begin(r->look, packet + base, EXO_LOOK_BATCH);
	exo_index_first(ix, r->look, UINT64_MAX, first);
	exo_index_all(ix, r->look, UINT64_MAX, note, r);
	(void)exo_index_ordered(ix, r->look, UINT64_MAX, &h);
	exo_look_end(r->look);
	for (uint32_t i = 0; i < EXO_LOOK_BATCH; i++) {
		/* it has the first order of all */
		r->lost += first[i] != exo_rank(0, base + i);
		r->lost += r->seen[i] == 0;
		r->lost += h.n[i] == 0 || h.rank[i * 16] != first[i];
	}
	r->batches++;
}

static void *read_on(void *arg)
{
	struct reader *r = arg;
	uint32_t base = 0;

	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
		look(r, base);
		base = (base + 37) % (STAY - EXO_LOOK_BATCH);
	}
	return NULL;
}

static void begin(uint32_t stay)
{
	struct exo_index_config cfg = { .mem = &mem,
		.epoch = &epoch,
		.shapes = 100,
		.records = 100000,
		.scanned = 4 };
	struct ig_chance c = { .state = 5 };
	uint32_t handle;

	mem = cmd_heap();
	exo_epoch_init(&epoch);
	stop = 0;
	for (uint32_t i = 0; i < EXO_INDEX_KEY; i++)
		cfg.key[i] = ig_long(&c);
	ck_assert_int_eq(exo_index_new(&cfg, &ix), 0);
	for (uint32_t i = 0; i < STAY; i++) {
		uint8_t *b = bytes[i];

		ig_put(b + 12, 0x0800, 2);
		b[14] = 0x45;
		b[23] = 17;
		ig_put(b + 26, i * 2654435761u, 4);
		ig_put(b + 30, 0x0a000000 + i, 4);
		ig_put(b + 36, 53, 2);
		packet[i] = (struct sp_packet){ b, 64, 64, SP_LINK_ETHERNET };
		if (i < stay)
			insert(i, 0, 0, i, &handle);
	}
}

/* Rules come, of one shape and of others, so that the table grows, is emptied
 * into a coarser one, and has long chains; then they go. */
static void churn(uint32_t turn)
{
	static uint32_t h[COME];

	for (uint32_t i = 0; i < COME; i++)
		insert(i % 3 == 0 ? i % STAY : i,
		    turn == 0 && i < COME / 2 ? 0 : i % 6, 1 + i % 3, NOISE | i,
		    &h[i]);
	for (uint32_t i = 0; i < COME; i++)
		ck_assert_int_eq(
		    exo_index_delete(ix, h[(i * 7 + 3) % COME]), 0);
}

START_TEST(found_all_the_time)
{
	static struct reader r[READERS];
	pthread_t t[READERS];
	uint64_t batches = 0;

	begin(STAY);
	for (uint32_t i = 0; i < READERS; i++) {
		memset(&r[i], 0, sizeof(r[i]));
		ck_assert_int_eq(exo_look_new(&mem, &epoch, i, &r[i].look), 0);
		ck_assert_int_eq(
		    pthread_create(&t[i], NULL, read_on, &r[i]), 0);
	}
	for (uint32_t turn = 0; turn < 2; turn++)
		churn(turn);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < READERS; i++) {
		ck_assert_int_eq(pthread_join(t[i], NULL), 0);
		ck_assert_uint_eq(r[i].lost, 0);
		ck_assert_uint_eq(r[i].strange, 0);
		batches += r[i].batches;
		exo_look_free(r[i].look);
	}
	ck_assert_uint_gt(batches, 0);
	exo_index_free(ix);
	ck_assert_uint_eq(mem.used, 0);
}
END_TEST

/* Few rules: one that comes after another takes its place when that goes, and
 * must be found meanwhile. `there` is odd while it is. */
static uint32_t there;

static void *read_few(void *arg)
{
	struct reader *r = arg;
	uint64_t first[2];

	while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
		uint32_t was = __atomic_load_n(&there, __ATOMIC_ACQUIRE);

		exo_look_begin(r->look, packet, 2);
		exo_index_first(ix, r->look, UINT64_MAX, first);
		exo_look_end(r->look);
		if ((was & 1) != 0 &&
		    __atomic_load_n(&there, __ATOMIC_ACQUIRE) == was) {
			r->lost += first[0] != exo_rank(0, 0);
			r->batches++;
		}
		r->strange +=
		    (first[0] != EXO_RANK_NONE && first[0] != exo_rank(0, 0)) ||
		    (first[1] != EXO_RANK_NONE && first[1] != exo_rank(1, 1));
	}
	return NULL;
}

static void set_there(uint32_t v)
{
	__atomic_store_n(&there, v, __ATOMIC_SEQ_CST);
}

static void churn_few(void)
{
	uint32_t before[3], stays;

	for (uint32_t i = 0; i < 100000; i++) {
		for (uint32_t k = 0; k < 3; k++)
			insert(1 + k, 0, 1, 1 + k, &before[k]);
		insert(0, 0, 0, 0, &stays);
		set_there(2 * i + 1);
		for (uint32_t k = 0; k < 3; k++)
			ck_assert_int_eq(exo_index_delete(ix, before[k]), 0);
		set_there(2 * i + 2);
		ck_assert_int_eq(exo_index_delete(ix, stays), 0);
	}
}

START_TEST(few_all_the_time)
{
	static struct reader r[READERS];
	pthread_t t[READERS];

	begin(0);
	set_there(0);
	for (uint32_t i = 0; i < READERS; i++) {
		memset(&r[i], 0, sizeof(r[i]));
		ck_assert_int_eq(exo_look_new(&mem, &epoch, i, &r[i].look), 0);
		ck_assert_int_eq(
		    pthread_create(&t[i], NULL, read_few, &r[i]), 0);
	}
	churn_few();
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < READERS; i++) {
		ck_assert_int_eq(pthread_join(t[i], NULL), 0);
		ck_assert_uint_eq(r[i].lost, 0);
		ck_assert_uint_eq(r[i].strange, 0);
		ck_assert_uint_gt(r[i].batches, 0);
		exo_look_free(r[i].look);
	}
	exo_index_free(ix);
	ck_assert_uint_eq(mem.used, 0);
}
END_TEST

Suite *t_index_threads_suite(void)
{
	Suite *s = suite_create("index_threads");
	TCase *t = tcase_create("index_threads");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, found_all_the_time, 0, TIMES);
	tcase_add_loop_test(t, few_all_the_time, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
