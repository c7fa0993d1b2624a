/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that fill ring buffers and event arrays. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/abi/prog_err.h"
#include "tests/support/tworld.h"
#include "tests/unit/suites.h"

enum {
	RING,
	EVENTS,
	PROGS
};

static const struct exo_map_def defs[] = {
	[RING] = { EXO_MAP_RINGBUF, 0, 0, 4096, 0 },
	[EVENTS] = { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 2, 0 },
	[PROGS] = { EXO_MAP_PROG_ARRAY, 4, 4, 1, 0 },
};

static struct tworld t;

static struct {
	unsigned n;
	uint32_t map, size, npkt;
	uint8_t data[64], pkt[64];
	int answer;
} events;

static int event(void *arg, uint32_t map, const uint8_t *data, uint32_t size,
    const uint8_t *pkt, uint32_t npkt)
{
	ck_assert_ptr_eq(arg, &events);
	ck_assert(size <= 64 && npkt <= 64);
	events.n++;
	events.map = map;
	events.size = size;
	events.npkt = npkt;
	memcpy(events.data, data, size);
	if (npkt != 0)
		memcpy(events.pkt, pkt, npkt);
	return events.answer;
}

static void setup(void)
{
	memset(&t, 0, sizeof(t));
	memset(&events, 0, sizeof(events));
	t.cfg.event = event;
	t.cfg.arg = &events;
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

#define RESERVE(size) \
	"r1 = map[id:0]\nr2 = " size "\nr3 = 0\ncall ringbuf_reserve\n"
#define SUBMIT      "r1 = r6\nr2 = 0\ncall ringbuf_submit\n"
#define DISCARD     "r1 = r6\nr2 = 0\ncall ringbuf_discard\n"
#define QUERY(what) "r1 = map[id:0]\nr2 = " what "\ncall ringbuf_query\n"

START_TEST(t_submit)
{
	const uint8_t *data;
	uint32_t size;

	ck_assert_uint_eq(
	    result(RESERVE("12") "r6 = r0\n*(u64 *)(r6 +0) = 7\n"
	                         "*(u32 *)(r6 +8) = 9\n" SUBMIT "exit"),
	    0);
	ck_assert_uint_eq(
	    result(RESERVE("12") "r6 = r0\n" DISCARD "r0 = 1\nexit"), 1);
	(void)result("*(u64 *)(r10 -8) = 5\nr1 = map[id:0]\nr2 = r10\n"
	             "r2 += -8\nr3 = 8\nr4 = 0\ncall ringbuf_output\nexit");
	data = exo_world_record(t.w, RING, &size);
	ck_assert_uint_eq(size, 12);
	ck_assert(data[0] == 7 && data[8] == 9);
	data = exo_world_record(t.w, RING, &size);
	ck_assert_uint_eq(size, 8);
	ck_assert_uint_eq(data[0], 5);
	ck_assert_ptr_null(exo_world_record(t.w, RING, &size));
	ck_assert_uint_eq(size, 0);
	ck_assert_ptr_null(exo_world_record(t.w, EVENTS, &size));
	ck_assert_ptr_null(exo_world_record(t.w, 9, &size));
}
END_TEST

START_TEST(t_query)
{
	ck_assert_uint_eq(result(QUERY("1") "exit"), 4096);
	ck_assert_uint_eq(result(RESERVE("12") "r6 = r0\n" QUERY(
	                      "0") "r7 = r0\n" SUBMIT "r0 = r7\nexit"),
	    24);
	ck_assert_uint_eq(result(QUERY("3") "exit"), 24);
	ck_assert_uint_eq(result(QUERY("2") "exit"), 0);
	ck_assert_uint_eq(result(QUERY("4") "exit"), 0);
}
END_TEST

/* No room, flags, sizes past the ring: NULL, and nothing is held. */
START_TEST(t_null)
{
	ck_assert_uint_eq(result(RESERVE("4089") "exit"), 0);
	ck_assert_uint_eq(result(RESERVE("0x7fffffff") "exit"), 0);
	ck_assert_uint_eq(
	    result("r1 = map[id:0]\nr2 = 8\nr3 = 1\ncall ringbuf_reserve\n"
	           "exit"),
	    0);
	ck_assert_int_eq(
	    (int64_t)result("r1 = map[id:0]\nr2 = r10\nr2 += -8\nr3 = 8\n"
	                    "r4 = 8\ncall ringbuf_output\nexit"),
	    -22);
	ck_assert_int_eq(end(RESERVE("0") "exit"), ISA_END_HELPER);
}
END_TEST

/* Exactly the record's bytes, and only while it is held. */
START_TEST(t_bounds)
{
	static const char *const loads[] = { "r0 = *(u8 *)(r6 +12)\nexit",
		"r0 = *(u8 *)(r6 -1)\nexit", "r0 = *(u32 *)(r6 -8)\nexit",
		"r0 = *(u64 *)(r6 +5)\nexit" };
	char text[400];

	for (unsigned i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "%sr6 = r0\n%s", RESERVE("12"),
		    loads[i]);
		ck_assert_int_eq(end(text), ISA_END_LOAD);
	}
	ck_assert_int_eq(
	    end(RESERVE("8") "r6 = r0\n" SUBMIT "r0 = *(u8 *)(r6 +0)\nexit"),
	    ISA_END_LOAD);
	ck_assert_int_eq(
	    end(RESERVE("8") "r6 = r0\n" DISCARD "*(u8 *)(r6 +0) = 0\nexit"),
	    ISA_END_STORE);
	/* The next one lies at the same place and is another. */
	ck_assert_int_eq(end(RESERVE("8") "r7 = r0\nr6 = r0\n" DISCARD RESERVE(
	                     "8") "r6 = r0\n*(u8 *)(r6 +0) = 0\n"
	                          "*(u8 *)(r7 +0) = 0\nexit"),
	    ISA_END_STORE);
	ck_assert_int_eq(
	    end(RESERVE("8") "r6 = r0\n" SUBMIT SUBMIT "exit"), ISA_END_HELPER);
	ck_assert_int_eq(end(RESERVE("8") "r6 = r0\nr6 += 8\n" SUBMIT "exit"),
	    ISA_END_HELPER);
}
END_TEST

/* Whoever ends and holds a record did wrong, and the ring goes on. */
START_TEST(t_held)
{
	static const char reject[] =
	    "r6 = r1\n" RESERVE("8") "r0 = *(u8 *)skb[99]\nexit";
	static const struct exo_insn out[] = { { 0xb7, 0, 0, 0 },
		{ 0x95, 0, 0, 0 } };
	struct exo_world_prog prog = { out, 2, EXO_PROG_SOCKET, NULL };
	uint32_t size;

	ck_assert_int_eq(end(RESERVE("8") "r0 = 0\nexit"), ISA_END_HELD);
	ck_assert_uint_eq(t.r0, 0);
	ck_assert_int_eq(
	    end(RESERVE("8") RESERVE("8") "r6 = r0\n" SUBMIT "r0 = 0\nexit"),
	    ISA_END_HELD);
	tworld_pkt(&t, 64);
	ck_assert_int_eq(end(reject), ISA_END_HELD);
	ck_assert_int_eq(exo_world_slot(t.w, PROGS, 0, &prog), 0);
	ck_assert_int_eq(
	    end("r7 = r1\n" RESERVE("8") "r1 = r7\nr2 = map[id:2]\nr3 = 0\n"
	                                 "call tail_call\nexit"),
	    ISA_END_HELD);
	ck_assert_ptr_eq(exo_world_vm(t.w)->end_insns, t.insns);
	/* Only what was submitted is there. */
	ck_assert_ptr_nonnull(exo_world_record(t.w, RING, &size));
	ck_assert_ptr_null(exo_world_record(t.w, RING, &size));
	ck_assert_uint_eq(result(QUERY("0") "exit"), 0);
	/* Another trap stays what it is. */
	ck_assert_int_eq(
	    end(RESERVE("8") "r0 = *(u8 *)(r7 +0)\nexit"), ISA_END_LOAD);
	ck_assert_uint_eq(result("r0 = 3\nexit"), 3);
}
END_TEST

/* More than can be held at once: NULL like a full ring. */
START_TEST(t_many)
{
	ck_assert_int_eq(end("r6 = 0\nl: r1 = map[id:0]\nr2 = 8\nr3 = 0\n"
	                     "call ringbuf_reserve\nif r0 == 0 goto o\n"
	                     "r6 += 1\ngoto l\n"
	                     "o: r1 = r6\nr0 = *(u8 *)(r1 +0)\nexit"),
	    ISA_END_LOAD);
	ck_assert_uint_eq(result(QUERY("3") "exit"), 16 * EXO_WORLD_HELD);
	/* A record that crosses the end of the buffer. */
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(
		    result(RESERVE("1000") "r6 = r0\n*(u64 *)(r6 +992) = 1\n"
		                           "*(u64 *)(r6 +0) = 1\n" DISCARD
		                           "r0 = 1\nexit") +
		        (exo_world_record(t.w, RING, &(uint32_t){ 0 }) != NULL),
		    1);
}
END_TEST

#define EVENT(flags, size)                                             \
	"*(u64 *)(r10 -8) = 0x55\nr2 = map[id:1]\nr3 = " flags " ll\n" \
	"r4 = r10\nr4 += -8\nr5 = " size "\ncall perf_event_output\nexit"

START_TEST(t_event)
{
	tworld_pkt(&t, 20);
	ck_assert_uint_eq(result(EVENT("0", "8")), 0);
	ck_assert_uint_eq(events.n, 1);
	ck_assert_uint_eq(events.map, EVENTS);
	ck_assert_uint_eq(events.size, 8);
	ck_assert_uint_eq(events.npkt, 0);
	ck_assert_uint_eq(events.data[0], 0x55);
	ck_assert_uint_eq(result(EVENT("0x14ffffffff", "3")), 0);
	ck_assert_uint_eq(events.npkt, 20);
	ck_assert_uint_eq(events.pkt[19], 19);
	ck_assert_uint_eq(result(EVENT("1", "0")), 0);
	ck_assert_uint_eq(events.size, 0);
	ck_assert_uint_eq(events.n, 3);
	ck_assert_int_eq((int64_t)result(EVENT("0x1500000000", "8")), -14);
	ck_assert_int_eq((int64_t)result(EVENT("2", "8")), -7);
	ck_assert_int_eq((int64_t)result(EVENT("0x10000000000000", "8")), -22);
	ck_assert_uint_eq(events.n, 3);
	events.answer = -EXO_P_ENOSPC;
	ck_assert_int_eq((int64_t)result(EVENT("0", "8")), -28);
	tworld_end(&t);
	t.cfg.event = NULL;
	tworld_new(&t, defs, 2);
	ck_assert_int_eq((int64_t)result(EVENT("0", "8")), -2);
}
END_TEST

/* The tests of interpreted programs, and of the same compiled. */
static TCase *tests(const char *name, void (*begin)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, teardown);
	tcase_add_test(tc, t_submit);
	tcase_add_test(tc, t_query);
	tcase_add_test(tc, t_null);
	tcase_add_test(tc, t_bounds);
	tcase_add_test(tc, t_held);
	tcase_add_test(tc, t_many);
	tcase_add_test(tc, t_event);
	return tc;
}

Suite *t_helper_ring_suite(void)
{
	Suite *s = suite_create("helper_ring");

	suite_add_tcase(s, tests("ring", setup));
	suite_add_tcase(s, tests("compiled", setup_compiled));
	return s;
}
