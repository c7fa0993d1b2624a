/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs with maps: elements, names, what may be touched, time, chance. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/prog_err.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

enum {
	ARRAY,
	HASH,
	RO,
	WO,
	WIDE,
	QUEUE,
	STACK
};

static const struct exo_map_def defs[] = {
	[ARRAY] = { EXO_MAP_ARRAY, 4, 12, 1, 0 },
	[HASH] = { EXO_MAP_HASH, 8, 8, 2, 0 },
	[RO] = { EXO_MAP_ARRAY, 4, 8, 1, EXO_MAP_RDONLY_PROG },
	[WO] = { EXO_MAP_ARRAY, 4, 8, 1, EXO_MAP_WRONLY_PROG },
	[WIDE] = { EXO_MAP_ARRAY, 4, 8, 300, 0 },
	[QUEUE] = { EXO_MAP_QUEUE, 0, 8, 2, 0 },
	[STACK] = { EXO_MAP_STACK, 0, 8, 2, 0 },
};

static struct tworld t;

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	tworld_new(&t, defs, sizeof(defs) / sizeof(defs[0]));
}

static void setup_compiled(void)
{
	setup();
	t.compiles = true;
}

static void teardown(void)
{
	tworld_end(&t);
}

static uint64_t result(const char *text)
{
	return tworld_exit(&t, EXO_PROG_SOCKET, text);
}

static enum isa_end end(const char *text)
{
	return tworld_run(&t, EXO_PROG_SOCKET, text);
}

/* Key in 8 bytes at fp-8, value in 8 at fp-16. */
#define KEY(map, key)                                                        \
	"*(u64 *)(r10 -8) = " key "\nr1 = map[id:" map "]\nr2 = r10\nr2 += " \
	"-8\n"
#define KEY_VALUE(map, key, value, flags) \
	KEY(map, key)                     \
	"*(u64 *)(r10 -16) = " value "\n" \
	"r3 = r10\nr3 += -16\nr4 = " flags "\n"
#define LOOKUP(map, key) KEY(map, key) "call map_lookup_elem\n"
#define UPDATE(map, key, value, flags) \
	KEY_VALUE(map, key, value, flags) "call map_update_elem\n"
#define DELETE(map, key) KEY(map, key) "call map_delete_elem\n"

/* A run sees what a run before has left. */
START_TEST(t_elements)
{
	ck_assert_uint_eq(result(LOOKUP("1", "7") "exit"), 0);
	ck_assert_int_eq((int64_t)result(DELETE("1", "7") "exit"), -2);
	ck_assert_int_eq(
	    (int64_t)result(UPDATE("1", "7", "70", "2") "exit"), -2);
	ck_assert_int_eq(result(UPDATE("1", "7", "70", "1") "exit"), 0);
	ck_assert_int_eq(
	    (int64_t)result(UPDATE("1", "7", "71", "1") "exit"), -17);
	ck_assert_int_eq(
	    (int64_t)result(UPDATE("1", "7", "71", "3") "exit"), -22);
	ck_assert_int_eq(
	    (int64_t)result(UPDATE("1", "7", "71", "-1") "exit"), -22);
	ck_assert_uint_eq(
	    result(LOOKUP("1", "7") "r0 = *(u64 *)(r0 +0)\nexit"), 70);
	ck_assert_int_eq(result(UPDATE("1", "8", "80", "0") "exit"), 0);
	ck_assert_int_eq(
	    (int64_t)result(UPDATE("1", "9", "90", "0") "exit"), -7);
	ck_assert_int_eq(result(DELETE("1", "7") "exit"), 0);
	ck_assert_int_eq(result(UPDATE("1", "9", "90", "0") "exit"), 0);
	ck_assert_int_eq((int64_t)result(DELETE("0", "0") "exit"), -22);
	ck_assert_uint_eq(result(LOOKUP("0", "1") "exit"), 0);
	ck_assert_int_eq(
	    (int64_t)result(UPDATE("4", "300", "0", "0") "exit"), -7);
}
END_TEST

/* A write through the pointer is a write to the map; atomics as well. */
START_TEST(t_write)
{
	uint32_t key = 0;
	uint64_t value[2] = { 0, 0 };

	(void)result(LOOKUP("0", "0") "*(u64 *)(r0 +0) = 5\nr1 = 3\n"
	                              "lock *(u64 *)(r0 +0) += r1\n"
	                              "*(u32 *)(r0 +8) = 9\nexit");
	ck_assert_int_eq(exo_world_lookup(t.w, ARRAY, &key, value), 0);
	ck_assert_uint_eq(value[0], 8);
	ck_assert_uint_eq(value[1], 9);
}
END_TEST

/* Not one byte beside the value, though the memory around it is the map's. */
START_TEST(t_bounds)
{
	static const char *const loads[] = {
		"r0 = *(u8 *)(r0 +8)\nexit",
		"r0 = *(u8 *)(r0 -1)\nexit",
		"r0 = *(u64 *)(r0 +1)\nexit",
		"r1 = 8\nr0 += r1\nr0 = *(u8 *)(r0 +0)\nexit",
		"r0 += -8\nr0 = *(u64 *)(r0 +0)\nexit",
		"r0 += 2400\nr0 = *(u8 *)(r0 +0)\nexit",
	};
	char text[600];

	ck_assert_uint_eq(
	    result(LOOKUP("4", "150") "r0 = *(u64 *)(r0 +0)\nexit"), 0);
	for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		snprintf(
		    text, sizeof(text), "%s%s", LOOKUP("4", "150"), loads[i]);
		ck_assert_int_eq(end(text), ISA_END_LOAD);
		snprintf(
		    text, sizeof(text), "%s%s", LOOKUP("4", "0"), loads[i]);
		ck_assert_int_eq(end(text), ISA_END_LOAD);
	}
	ck_assert_int_eq(
	    end(LOOKUP("4", "299") "*(u64 *)(r0 +1) = 1\nexit"), ISA_END_STORE);
}
END_TEST

START_TEST(t_flags)
{
	uint64_t seven = 7;
	uint32_t key = 0;

	ck_assert_int_eq(exo_world_update(t.w, RO, &key, &seven), 0);
	ck_assert_uint_eq(
	    result(LOOKUP("2", "0") "r0 = *(u64 *)(r0 +0)\nexit"), 7);
	ck_assert_int_eq(
	    end(LOOKUP("2", "0") "*(u64 *)(r0 +0) = 1\nexit"), ISA_END_STORE);
	ck_assert_int_eq(
	    end(UPDATE("2", "0", "1", "0") "exit"), ISA_END_HELPER);
	ck_assert_int_eq(end(DELETE("2", "0") "exit"), ISA_END_HELPER);
	(void)result(LOOKUP("3", "0") "*(u64 *)(r0 +0) = 3\nr0 = 0\nexit");
	ck_assert_int_eq(exo_world_lookup(t.w, WO, &key, &seven), 0);
	ck_assert_uint_eq(seven, 3);
	ck_assert_int_eq(
	    end(LOOKUP("3", "0") "r0 = *(u8 *)(r0 +0)\nexit"), ISA_END_LOAD);
	ck_assert_int_eq(end(LOOKUP("3", "0") "r1 = 1\n"
	                                      "r1 = atomic64_fetch_add((u64 *)("
	                                      "r0 +0), r1)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(result(UPDATE("3", "0", "1", "0") "exit"), 0);
}
END_TEST

/* 64-bit immediates: maps by both names, values at an offset. */
START_TEST(t_names)
{
	ck_assert_uint_eq(result("r1 = map[id:1]\nr0 = map[idx:1]\n"
	                         "if r0 == r1 goto +2\nr0 = 1\nexit\n"
	                         "r0 = 0\nexit"),
	    0);
	ck_assert_uint_eq(
	    result("r1 = map[id:0][0]+8\n*(u32 *)(r1 +0) = 6\n"
	           "r2 = map[idx:0][0]+0\nr0 = *(u32 *)(r2 +8)\nexit"),
	    6);
	ck_assert_int_eq(end("r1 = map[id:0][0]+8\nr0 = *(u64 *)(r1 +0)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(end("r1 = map[id:0][0]+12\nexit"), ISA_END_MAP);
	ck_assert_int_eq(end("r1 = map[id:0][0]+11\nr0 = 0\nexit"), 0);
	ck_assert_int_eq(end("r1 = map[id:1][0]+0\nexit"), ISA_END_MAP);
	ck_assert_int_eq(end("r1 = map[id:9]\nexit"), ISA_END_MAP);
	ck_assert_int_eq(end("r1 = map[id:-1]\nexit"), ISA_END_MAP);
	ck_assert_int_eq(
	    end("r1 = map[id:1]\nr0 = *(u64 *)(r1 +0)\nexit"), ISA_END_LOAD);
	ck_assert_int_eq(
	    end("r1 = map[id:1]\n*(u8 *)(r1 +0) = 0\nexit"), ISA_END_STORE);
}
END_TEST

/* What was deleted is safe to touch, and keeps its bytes while there is another
 * element to be used. */
START_TEST(t_deleted)
{
	ck_assert_uint_eq(
	    result(UPDATE("1", "1", "10", "0") LOOKUP("1",
	        "1") "r6 = r0\n" DELETE("1", "1") "r0 = *(u64 *)(r6 +0)\nexit"),
	    10);
	ck_assert_uint_eq(
	    result(UPDATE("1", "1", "10", "0") LOOKUP("1",
	        "1") "r6 = r0\n" DELETE("1", "1") UPDATE("1", "2", "20", "0")
	            UPDATE("1", "3", "30", "0") "r0 = *(u64 *)(r6 +0)\nexit"),
	    10);
}
END_TEST

static uint64_t fixed(void *arg)
{
	(void)arg;
	return 12345;
}

/* Clock, chance, processor: the same in the same world. */
START_TEST(t_machine)
{
	static const char clock[] = "call ktime_get_ns\nr6 = r0\n"
	                            "call ktime_get_boot_ns\nr0 -= r6\nexit";
	static const char chance[] = "call get_prandom_u32\nr6 = r0\n"
	                             "r6 <<= 32\ncall get_prandom_u32\n"
	                             "r0 |= r6\nexit";
	uint64_t first, second;

	ck_assert_uint_eq(result(clock), 1000);
	first = result(chance);
	second = result(chance);
	ck_assert_uint_ne(first, second);
	ck_assert_uint_ne(first >> 32, (uint32_t)first);
	ck_assert_uint_eq(result("call get_smp_processor_id\nexit"), 0);
	tworld_end(&t);
	t.cfg.now = fixed;
	tworld_new(&t, defs, 1);
	ck_assert_uint_eq(result(chance), first);
	ck_assert_uint_eq(result(chance), second);
	ck_assert_uint_eq(result("call ktime_get_ns\nexit"), 12345);
	tworld_end(&t);
	t.cfg.seed = 1;
	tworld_new(&t, defs, 1);
	ck_assert_uint_ne(result(chance), first);
}
END_TEST

/* Helpers take r1 to r5 with them and leave r6 to r9. */
START_TEST(t_clobber)
{
	ck_assert_uint_eq(result("r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\n"
	                         "r6 = 6\nr9 = 9\ncall get_smp_processor_id\n"
	                         "r0 = r1\nr0 |= r2\nr0 |= r3\nr0 |= r4\n"
	                         "r0 |= r5\nr0 += r6\nr0 += r9\nexit"),
	    15);
}
END_TEST

/* 1 and 2 are pushed, 3 does not fit; then one is looked at, and all popped. */
#define PUSH(map, value)                                       \
	"*(u64 *)(r10 -8) = " value "\nr1 = map[id:" map "]\n" \
	"r2 = r10\nr2 += -8\nr3 = 0\ncall map_push_elem\nr6 += r0\n"
#define TAKE(map, how)                                                       \
	"r1 = map[id:" map "]\nr2 = r10\nr2 += -16\ncall map_" how "_elem\n" \
	"r6 += r0\nr7 *= 10\nr1 = *(u64 *)(r10 -16)\nr7 += r1\n"
#define QUEUES(map)                                                           \
	"r6 = 0\nr7 = 0\n" PUSH(map, "1") PUSH(map, "2") PUSH(map, "3") TAKE( \
	    map, "peek") TAKE(map, "pop") TAKE(map, "pop") TAKE(map, "pop")

START_TEST(t_queues)
{
	ck_assert_uint_eq(result(QUEUES("5") "r0 = r7\nexit"), 1120);
	ck_assert_uint_eq(result(QUEUES("6") "r0 = r7\nexit"), 2210);
	/* one did not fit, one was not there */
	ck_assert_int_eq((int64_t)result(QUEUES("5") "r0 = r6\nexit"),
	    -EXO_P_E2BIG - EXO_P_ENOENT);
}
END_TEST

/* The tests of interpreted programs, and of the same compiled. */
static TCase *tests(const char *name, void (*begin)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, teardown);
	tcase_add_test(tc, t_elements);
	tcase_add_test(tc, t_queues);
	tcase_add_test(tc, t_write);
	tcase_add_test(tc, t_bounds);
	tcase_add_test(tc, t_flags);
	tcase_add_test(tc, t_names);
	tcase_add_test(tc, t_deleted);
	tcase_add_test(tc, t_machine);
	tcase_add_test(tc, t_clobber);
	return tc;
}

Suite *t_helper_map_suite(void)
{
	Suite *s = suite_create("helper_map");

	suite_add_tcase(s, tests("map", setup));
	suite_add_tcase(s, tests("compiled", setup_compiled));
	return s;
}
