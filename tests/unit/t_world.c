/* SPDX-License-Identifier: BSD-2-Clause */
/* Worlds: definitions that cannot be, the owner's side, memory that fails. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/world_int.h"
#include "tests/support/oom.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

static const struct exo_map_def defs[] = {
	{ EXO_MAP_ARRAY, 4, 8, 3, 0 },
	{ EXO_MAP_HASH, 4, 8, 2, 0 },
	{ EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	{ EXO_MAP_PROG_ARRAY, 4, 4, 1, 0 },
	{ EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0 },
};

#define NDEFS (sizeof(defs) / sizeof(defs[0]))

static struct tworld t;

START_TEST(t_refused)
{
	static struct exo_map_def many[EXO_WORLD_MAPS + 1];
	struct exo_mem mem = tworld_mem();
	struct exo_world_config cfg = { .mem = &mem, .maps = many };
	struct exo_world *w;

	for (unsigned i = 0; i <= EXO_WORLD_MAPS; i++)
		many[i] = defs[0];
	cfg.nmaps = EXO_WORLD_MAPS + 1;
	ck_assert_int_eq(exo_world_new(&cfg, &w), -EXO_E2BIG);
	ck_assert_ptr_null(w);
	cfg.nmaps = EXO_WORLD_MAPS;
	ck_assert_int_eq(exo_world_new(&cfg, &w), 0);
	exo_world_free(w);
	many[20].key_size = 8;
	ck_assert_int_eq(exo_world_new(&cfg, &w), -EXO_EINVAL);
	ck_assert_ptr_null(w);
	many[20] = (struct exo_map_def){ EXO_MAP_ARRAY, 4, UINT32_MAX, 1, 0 };
	ck_assert_int_eq(exo_world_new(&cfg, &w), -EXO_E2BIG);
	exo_world_free(NULL);
	ck_assert_uint_eq(mem.used, 0);
	plat_test_check_leaks();
}
END_TEST

/* The last of the most maps is reached like the first. */
START_TEST(t_last_map)
{
	static struct exo_map_def many[EXO_WORLD_MAPS];
	uint32_t key = 2;
	uint64_t v = 5;

	for (unsigned i = 0; i < EXO_WORLD_MAPS; i++)
		many[i] = defs[0];
	memset(&t, 0, sizeof(t));
	tworld_new(&t, many, EXO_WORLD_MAPS);
	ck_assert_int_eq(exo_world_update(t.w, 63, &key, &v), 0);
	ck_assert_uint_eq(
	    tworld_exit(&t, EXO_PROG_MEM,
	        "*(u32 *)(r10 -4) = 2\nr1 = map[id:63]\nr2 = r10\nr2 += -4\n"
	        "call map_lookup_elem\nr0 = *(u64 *)(r0 +0)\nexit"),
	    5);
	tworld_end(&t);
}
END_TEST

START_TEST(t_owner)
{
	uint32_t key = 7, pos = 0;
	uint64_t value = 70;

	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, NDEFS);
	ck_assert_int_eq(exo_world_lookup(t.w, 1, &key, &value), -EXO_ENOENT);
	ck_assert_int_eq(exo_world_update(t.w, 1, &key, &value), 0);
	value = 0;
	ck_assert_int_eq(exo_world_lookup(t.w, 1, &key, &value), 0);
	ck_assert_uint_eq(value, 70);
	key = 8;
	ck_assert_int_eq(exo_world_update(t.w, 1, &key, &value), 0);
	key = 9;
	ck_assert_int_eq(exo_world_update(t.w, 1, &key, &value), -EXO_ELIMIT);
	ck_assert_int_eq(exo_world_update(t.w, 0, &key, &value), -EXO_ELIMIT);
	ck_assert_int_eq(exo_world_next(t.w, 1, &pos, &key, &value), 0);
	ck_assert_int_eq(exo_world_next(t.w, 1, &pos, &key, &value), 0);
	ck_assert_int_eq(
	    exo_world_next(t.w, 1, &pos, &key, &value), -EXO_ENOENT);
	for (uint32_t map = 2; map <= NDEFS; map++) {
		ck_assert_int_eq(
		    exo_world_lookup(t.w, map, &key, &value), -EXO_EINVAL);
		ck_assert_int_eq(
		    exo_world_update(t.w, map, &key, &value), -EXO_EINVAL);
		ck_assert_int_eq(
		    exo_world_next(t.w, map, &pos, &key, &value), -EXO_EINVAL);
	}
	tworld_end(&t);
}
END_TEST

/* Two worlds of one kind run alike, addresses included. */
START_TEST(t_same)
{
	static const char text[] =
	    "r1 = map[id:2]\nr2 = 8\nr3 = 0\ncall ringbuf_reserve\nr6 = r0\n"
	    "r1 = r0\nr2 = 0\ncall ringbuf_submit\ncall get_prandom_u32\n"
	    "r6 += r0\ncall ktime_get_ns\nr0 += r6\nexit";
	uint64_t first[2];

	for (int i = 0; i < 2; i++) {
		memset(&t, 0, sizeof(t));
		tworld_new(&t, defs, NDEFS);
		first[i] = tworld_exit(&t, EXO_PROG_SOCKET, text);
		ck_assert_uint_ne(
		    tworld_exit(&t, EXO_PROG_SOCKET, text), first[i]);
		tworld_end(&t);
	}
	ck_assert_uint_eq(first[0], first[1]);
}
END_TEST

/* A run that ends in a callback leaves no key behind: the next run's keys have
 * the same numbers. */
START_TEST(t_keys_end_with_the_run)
{
	uint32_t key = 7;
	uint64_t value = 70;

	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, NDEFS);
	tworld_pkt(&t, 10);
	ck_assert_int_eq(exo_world_update(t.w, 1, &key, &value), 0);
	ck_assert_int_eq(
	    tworld_run(&t, EXO_PROG_SOCKET,
	        "*(u64 *)(r10 -8) = r1\nr1 = map[id:0]\nr2 = subprog[f]\n"
	        "r3 = r10\nr3 += -8\nr4 = 0\ncall for_each_map_elem\n"
	        "r0 = 0\nexit\n"
	        "f: r0 = 0\nr0 = *(u8 *)(r0 +0)\nexit"),
	    ISA_END_LOAD);
	ck_assert_uint_eq(
	    tworld_exit(&t, EXO_PROG_SOCKET,
	        "r1 = r10\nr1 += -8\ncall g\nr0 = *(u64 *)(r10 -8)\nexit\n"
	        "g: r3 = r1\nr1 = map[id:1]\nr2 = subprog[f]\nr4 = 0\n"
	        "call for_each_map_elem\nr0 = 0\nexit\n"
	        "f: r0 = *(u32 *)(r2 +0)\n*(u64 *)(r4 +0) = r0\nr0 = 0\nexit"),
	    7);
	tworld_end(&t);
}
END_TEST

/* Numbers come round, but not to what is still in use. */
START_TEST(t_serials_come_round)
{
	uint32_t i, last = WORLD_SERIALS - 1;

	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, NDEFS);
	t.w->held[0].serial = WORLD_SERIALS;
	t.w->held[31].serial = 1;
	t.w->keys[2].serial = 3;
	t.w->serial = last - 1;
	ck_assert_uint_eq(world_serial(t.w), last);
	ck_assert_uint_eq(world_serial(t.w), 2);
	for (i = 4; i < 100; i++)
		ck_assert_uint_eq(world_serial(t.w), i);
	t.w->held[0].serial = 0;
	t.w->held[31].serial = 0;
	world_begin(t.w);
	ck_assert_uint_eq(world_serial(t.w), 1);
	ck_assert_uint_eq(t.w->keys[2].serial, 0);
	tworld_end(&t);
}
END_TEST

/* A packet is copied; a longer one takes more memory, a shorter one none. */
START_TEST(t_packet)
{
	uint64_t used;

	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, NDEFS);
	tworld_pkt(&t, 0);
	tworld_pkt(&t, 1500);
	used = t.mem.used;
	ck_assert_uint_eq(tworld_exit(&t, EXO_PROG_SOCKET,
	                      "r6 = r1\nr0 = *(u8 *)skb[255]\nexit"),
	    255);
	tworld_pkt(&t, 10);
	ck_assert_uint_eq(t.mem.used, used);
	ck_assert_int_eq(tworld_run(&t, EXO_PROG_SOCKET,
	                     "r6 = r1\nr0 = *(u8 *)skb[10]\nexit"),
	    ISA_END_REJECT);
	tworld_end(&t);
}
END_TEST

static int everything(void *arg)
{
	static const uint8_t bytes[100];
	struct isa_pkt pkt = { bytes, sizeof(bytes), 100, 0, 0 };
	struct exo_mem mem = tworld_mem();
	struct exo_world_config cfg = {
		.mem = &mem, .maps = defs, .nmaps = NDEFS
	};
	struct exo_world *w;
	int err;

	(void)arg;
	err = exo_world_new(&cfg, &w);
	if (err == 0)
		err = exo_world_pkt(w, &pkt);
	exo_world_free(w);
	if (mem.used != 0)
		abort();
	return err;
}

START_TEST(t_oom)
{
	ck_assert_uint_ge(test_oom_loop(everything, NULL), 10);
}
END_TEST

Suite *t_world_suite(void)
{
	Suite *s = suite_create("world");
	TCase *tc = tcase_create("world"), *oom = tcase_create("oom");

	tcase_add_test(tc, t_refused);
	tcase_add_test(tc, t_last_map);
	tcase_add_test(tc, t_owner);
	tcase_add_test(tc, t_same);
	tcase_add_test(tc, t_keys_end_with_the_run);
	tcase_add_test(tc, t_serials_come_round);
	tcase_add_test(tc, t_packet);
	tcase_add_test(oom, t_oom);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, oom);
	return s;
}
