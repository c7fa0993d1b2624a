/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the library's programs: what they refuse, and what they do. */
#include <check.h>
#include <exopf/exopf.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/oom.h"
#include "tests/support/plat_test.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

static struct exopf_options opt;
static struct exopf_report report;
static exopf_program *p;

static void begin(void)
{
	memset(&opt, 0, sizeof(opt));
	opt.size = sizeof(opt);
	p = NULL;
}

/* Load a program of type MEM by opt. */
static int load(const char *text)
{
	struct exo_insn insns[TWORLD_INSNS];
	uint32_t n = tworld_asm(text, insns);
	int ret = exopf_load_with(
	    insns, n * sizeof(*insns), EXOPF_TYPE_MEM, &opt, &report, &p);

	ck_assert(ret == 0 ? p != NULL : p == NULL);
	return ret;
}

static uint64_t run(void)
{
	uint64_t r0;

	ck_assert_int_eq(exopf_run_memory(p, NULL, 0, &r0), 0);
	return r0;
}

#define SEVEN "r0 = 7\nexit\n"

/* Callers of other versions. */
START_TEST(t_sizes)
{
	struct {
		struct exopf_options now;
		uint64_t later[2];
	} more = { .later = { 0, 0 } };

	opt.size = 0;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	opt.size = sizeof(opt) - 1;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	opt.size = 4097;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	more.now.size = sizeof(more);
	ck_assert_int_eq(exopf_load_with("\x95\0\0\0\0\0\0", 8, EXOPF_TYPE_MEM,
	                     &more.now, &report, &p),
	    EXOPF_EREFUSED);
	more.later[1] = 1;
	ck_assert_int_eq(exopf_load_with("\x95\0\0\0\0\0\0", 8, EXOPF_TYPE_MEM,
	                     &more.now, &report, &p),
	    EXOPF_E2BIG);
}
END_TEST

static void *get(void *arg, size_t size)
{
	uint64_t *held = arg;
	void *m = malloc(size);

	if (m != NULL)
		*held += size;
	return m;
}

static void put(void *arg, void *m, size_t size)
{
	uint64_t *held = arg;

	ck_assert_ptr_nonnull(m);
	*held -= size;
	free(m);
}

START_TEST(t_nonsense)
{
	static struct exopf_map_def maps[65];

	opt.flags = 4;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	opt.flags = 0;
	opt.alloc = get;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	opt.alloc = NULL;
	opt.release = put;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	opt.release = NULL;
	opt.n_maps = 1;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL);
	ck_assert_int_eq(
	    exopf_load_image_with("", 0, &opt, &report, &p), EXOPF_EINVAL);
	opt.maps = maps;
	ck_assert_int_eq(load(SEVEN), EXOPF_EINVAL); /* kind 0 */
	ck_assert_ptr_nonnull(strstr(report.text, "map"));
	maps[0] = (struct exopf_map_def){ EXOPF_MAP_ARRAY, 4, 4, 1 << 25, 0 };
	ck_assert_int_eq(load(SEVEN), EXOPF_E2BIG);
	maps[0].max_entries = 1;
	ck_assert_int_eq(load(SEVEN), 0);
	exopf_free(p);
	opt.n_maps = 65;
	ck_assert_int_eq(load(SEVEN), EXOPF_E2BIG);
}
END_TEST

START_TEST(t_steps)
{
	struct exopf_facts facts;

	ck_assert_int_eq(load(SEVEN), 0);
	exopf_facts(p, &facts);
	exopf_free(p);
	opt.max_steps = facts.max_steps;
	ck_assert_int_eq(load(SEVEN), 0);
	exopf_free(p);
	opt.max_steps--;
	ck_assert_int_eq(load(SEVEN), EXOPF_EBUDGET);
	ck_assert_ptr_nonnull(strstr(report.text, "the limit is 1"));
	ck_assert_uint_eq(report.code, 0);
	ck_assert_uint_eq(report.insn, EXOPF_NOWHERE);
	ck_assert_int_eq(exopf_load_with("\xb7\0\0\0\0\0\0\0\x95\0\0\0\0\0\0",
	                     16, EXOPF_TYPE_MEM, &opt, NULL, &p),
	    EXOPF_EBUDGET);
}
END_TEST

/* All memory is the embedder's, and stays below the limit. */
START_TEST(t_memory)
{
	const struct exopf_map_def map = { EXOPF_MAP_HASH, 4, 8, 1000, 0 };
	struct exopf_facts facts;
	uint64_t held = 0;

	opt.alloc = get;
	opt.release = put;
	opt.arg = &held;
	ck_assert_int_eq(load(SEVEN), 0);
	exopf_facts(p, &facts);
	ck_assert_uint_gt(held, 0);
	ck_assert_uint_eq(facts.memory, held);
	ck_assert_uint_gt(facts.code_bytes, 0);
	exopf_free(p);
	ck_assert_uint_eq(held, 0);
	opt.maps = &map;
	opt.n_maps = 1;
	for (opt.memory = 1; load(SEVEN) != 0; opt.memory += 4096) {
		ck_assert_int_eq(load(SEVEN), EXOPF_ENOMEM);
		ck_assert_uint_eq(held, 0);
	}
	ck_assert_uint_gt(opt.memory, 8000);
	ck_assert_uint_le(held, opt.memory);
	exopf_free(p);
	ck_assert_uint_eq(held, 0);
}
END_TEST

/* A hostile definition asks for as much as there may be. */
START_TEST(t_memory_default)
{
	const struct exopf_map_def map = { EXOPF_MAP_ARRAY, 4, 1 << 20, 1000,
		0 };

	opt.maps = &map;
	opt.n_maps = 1;
	ck_assert_int_eq(load(SEVEN), EXOPF_ENOMEM);
}
END_TEST

static uint64_t an_hour(void *arg)
{
	return arg == &opt ? UINT64_C(3600000000000) : 0;
}

START_TEST(t_clock)
{
	uint64_t first;

	ck_assert_int_eq(load("call ktime_get_ns\nexit\n"), 0);
	first = run();
	ck_assert_uint_gt(run(), first);
	exopf_free(p);
	opt.now = an_hour;
	opt.arg = &opt;
	ck_assert_int_eq(load("call ktime_get_boot_ns\nexit\n"), 0);
	ck_assert_uint_eq(run(), UINT64_C(3600000000000));
	exopf_free(p);
}
END_TEST

START_TEST(t_chance)
{
	uint64_t got[3];

	for (unsigned i = 0; i < 3; i++) {
		opt.seed = i < 2 ? 5 : 0;
		ck_assert_int_eq(load("call get_prandom_u32\nexit\n"), 0);
		got[i] = run();
		exopf_free(p);
	}
	ck_assert_uint_eq(got[0], got[1]);
	ck_assert_uint_ne(got[0], got[2]);
	plat_test_no_entropy(true);
	ck_assert_int_eq(
	    load("call get_prandom_u32\nexit\n"), EXOPF_ENOENTROPY);
	ck_assert_int_eq(load(SEVEN), 0); /* needs none */
	exopf_free(p);
	opt.seed = 5;
	ck_assert_int_eq(load("call get_prandom_u32\nexit\n"), 0);
	exopf_free(p);
	plat_test_no_entropy(false);
}
END_TEST

static struct {
	uint32_t map, size, n;
	uint8_t data[8], packet[8];
} seen;

static int event(void *arg, uint32_t map, const void *data, uint32_t size,
    const void *packet, uint32_t n)
{
	ck_assert_ptr_eq(arg, &seen);
	seen.map = map;
	seen.size = size;
	seen.n = n;
	memcpy(seen.data, data, size);
	memcpy(seen.packet, packet, n);
	return -11;
}

/* Three bytes of the packet behind four of data, to the second map. */
START_TEST(t_events)
{
	static const struct exopf_map_def maps[] = {
		{ EXOPF_MAP_ARRAY, 4, 4, 1, 0 },
		{ EXOPF_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0 },
	};
	const struct exopf_packet pkt = { "packet", 6, 0, 0, 0 };
	struct exo_insn insns[TWORLD_INSNS];
	uint32_t n =
	    tworld_asm("*(u32 *)(r10 - 4) = 0x01020304\nr2 = map[idx:1]\n"
	               "r3 = 0x300000000 ll\nr4 = r10\nr4 += -4\nr5 = 4\n"
	               "call perf_event_output\nexit\n",
	        insns);
	int listening;

	opt.maps = maps;
	opt.n_maps = 2;
	opt.arg = &seen;
	for (listening = 0; listening < 2; listening++) {
		uint64_t r0;

		opt.event = listening ? event : NULL;
		ck_assert_int_eq(exopf_load_with(insns, n * sizeof(*insns),
		                     EXOPF_TYPE_XDP, &opt, &report, &p),
		    0);
		ck_assert_int_eq(exopf_run_packet(p, &pkt, &r0), 0);
		ck_assert_int_eq((int64_t)r0, listening ? -11 : -2);
		exopf_free(p);
	}
	ck_assert_uint_eq(seen.map, 1);
	ck_assert_uint_eq(seen.size, 4);
	ck_assert_mem_eq(seen.data, "\4\3\2\1", 4);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_mem_eq(seen.packet, "pac", 3);
}
END_TEST

/* call get_prandom_u32; exit */
static const uint8_t chance[16] = { 0x85, 0, 0, 0, 7, 0, 0, 0, 0x95 };

static int load_and_free(void *arg)
{
	int ret = exopf_load_with(
	    chance, sizeof(chance), EXOPF_TYPE_MEM, arg, NULL, &p);

	exopf_free(p);
	return ret;
}

START_TEST(t_memory_runs_out)
{
	static const struct exopf_map_def map = { EXOPF_MAP_LRU_HASH, 4, 8, 4,
		0 };

	opt.maps = &map;
	opt.n_maps = 1;
	test_oom_loop(load_and_free, &opt);
}
END_TEST

Suite *t_exopf_opt_suite(void)
{
	Suite *s = suite_create("t_exopf_opt");
	TCase *tc = tcase_create("options"), *oom = tcase_create("oom");

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_test(tc, t_sizes);
	tcase_add_test(tc, t_nonsense);
	tcase_add_test(tc, t_steps);
	tcase_add_test(tc, t_memory);
	tcase_add_test(tc, t_memory_default);
	tcase_add_test(tc, t_clock);
	tcase_add_test(tc, t_chance);
	tcase_add_test(tc, t_events);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(oom, begin, NULL);
	tcase_add_test(oom, t_memory_runs_out);
	suite_add_tcase(s, oom);
	return s;
}
