/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames: what is free at the start, frame by frame, and that runs come and go.
 *
 * frames.c begins once, so each test is a process of its own: some must die, anyway
 * (tests/run.sh).
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "exo/bare/frames.h"
#include "tests/support/ram.h"

#include "exo/bare/paging.h"

#define MIB   ((uint64_t)1 << 20)
#define SIZE  (64 * MIB)
#define COUNT (SIZE / FRAME_SIZE)
#define EARLY (2 * MIB) /* where the kernel begins */

static struct machine m;
static uint8_t seen[COUNT];

static void add(uint64_t from, uint64_t size)
{
	m.ram[m.nram++] = (struct machine_range){ from, size };
	m.ram_end = from + size > m.ram_end ? from + size : m.ram_end;
}

static void setup(void)
{
	memset(&m, 0, sizeof(m));
	ram_new(SIZE);
}

static void teardown(void)
{
	ram_free(SIZE);
}

/* Machines: whole, or with holes and odd ends; without an initrd, or with one at the
 * end, behind the kernel, or in the middle. Returns the first frame behind those that
 * were given away early. */
static uint64_t machine(int i)
{
	uint64_t early;

	if (i % 2 == 0) {
		add(0, SIZE);
	} else {
		add(0, 0x9fc00);
		add(MIB, 20 * MIB + 5 * FRAME_SIZE);
		add(22 * MIB + 1, 7 * MIB);
		add(30 * MIB, 100); /* not a frame */
		add(31 * MIB + 12345, 2 * FRAME_SIZE);
		add(40 * MIB - FRAME_SIZE, 24 * MIB - 5);
	}
	if (i / 2 == 1)
		m.initrd = (struct machine_range){ 50 * MIB + 77, 3 * MIB };
	else if (i / 2 == 2)
		m.initrd = (struct machine_range){ RAM_KERNEL + 5000, 100001 };
	else if (i / 2 == 3)
		m.initrd = (struct machine_range){ 15 * MIB, 1 };
	(void)frames_early(&m, 3);
	frames_init(&m);
	early = i / 2 == 2 ? RAM_KERNEL + 26 * FRAME_SIZE : RAM_KERNEL;
	return early +
	       (3 + (m.ram_end / FRAME_SIZE + 4095) / 4096) * FRAME_SIZE;
}

/* What frames.h says, of one frame. */
static bool should_be_free(uint64_t at, uint64_t early)
{
	bool ram = false;

	for (uint32_t i = 0; i < m.nram; i++)
		ram |= at >= m.ram[i].from &&
		       at + FRAME_SIZE <= m.ram[i].from + m.ram[i].size;
	if (at + FRAME_SIZE > m.initrd.from &&
	    at < m.initrd.from + m.initrd.size)
		return false;
	return ram && at >= MIB && (at < EARLY || at >= early);
}

/* Each frame of a run was as it should be, and becomes the other. How many were not. */
static unsigned turn(uint64_t at, unsigned order, bool used)
{
	uint64_t k = at / FRAME_SIZE, end = k + (1u << order);
	unsigned bad = k % (1u << order) != 0 || end > COUNT;

	for (; k < end && bad == 0; k++) {
		bad += seen[k] != used;
		seen[k] = !used;
	}
	return bad;
}

/* Take all there is in runs of an order. */
static uint64_t take_all(unsigned order)
{
	uint64_t at, n = 0;
	unsigned bad = 0;

	for (; (at = frames_get(order)) != 0; n++)
		bad += turn(at, order, false);
	ck_assert_uint_eq(bad, 0);
	return n;
}

START_TEST(free_at_the_start)
{
	uint64_t early = machine(_i), n = 0;

	ck_assert_uint_eq(frames_all(), frames_free());
	ck_assert_uint_eq(take_all(0), frames_all());
	ck_assert_uint_eq(frames_free(), 0);
	for (uint64_t k = 0; k < COUNT; k++) {
		bool want = should_be_free(k * FRAME_SIZE, early);

		if (seen[k] != want)
			ck_abort_msg("frame %#lx is %s", (unsigned long)k,
			    want ? "not there" : "not free");
		n += want;
	}
	ck_assert_uint_eq(frames_all(), n);
}
END_TEST

/* The largest runs that there can be are there: largest first, each aligned run of free
 * frames is had. */
START_TEST(runs_at_the_start)
{
	uint64_t early = machine(_i);

	for (unsigned order = FRAME_ORDER + 1; order-- > 0;) {
		uint64_t n = 0, size = (uint64_t)1 << order;

		for (uint64_t k = 0; k + size <= COUNT; k += size) {
			uint64_t j = k;

			while (j < k + size && seen[j] == 0 &&
			       should_be_free(j * FRAME_SIZE, early))
				j++;
			n += j == k + size;
		}
		ck_assert_uint_eq(take_all(order), n);
	}
	ck_assert_uint_eq(frames_free(), 0);
}
END_TEST

/* Much RAM takes no longer than little: of each run only the head is written. The others
 * are the table's, a byte a frame. */
START_TEST(few_are_touched)
{
	add(0, SIZE);
	add(100 * MIB, 1000 * MIB);
	ram_free(SIZE);
	ram_new(m.ram_end);
	frames_init(&m);
	ck_assert_uint_gt(frames_all(), 1060 * MIB / FRAME_SIZE);
	ck_assert_uint_lt(
	    ram_touched(m.ram_end), m.ram_end / FRAME_SIZE / FRAME_SIZE + 64);
	ram_free(m.ram_end);
	ram_new(SIZE);
}
END_TEST

/* Runs come and go; none has a frame of another; in the end it is as at the start. */
START_TEST(come_and_go)
{
	static struct {
		uint64_t at;
		unsigned order;
	} run[500];
	uint32_t rng = (uint32_t)_i + 1;
	uint64_t used = 0, all;
	unsigned bad = 0;

	(void)machine(_i);
	all = frames_all();
	for (int i = 0; i < 20000; i++) {
		rng = rng * 1664525u + 1013904223u;
		unsigned k = (rng >> 8) % 500, order = (rng >> 20) % 10;
		bool put = run[k].at != 0;

		if (put)
			order = run[k].order;
		else if ((run[k].at = frames_get(order)) == 0)
			continue;
		run[k].order = order;
		bad += turn(run[k].at, order, put);
		used += put ? -((uint64_t)1 << order) : (uint64_t)1 << order;
		if (put) {
			frames_put(run[k].at, order);
			run[k].at = 0;
		}
		bad += frames_free() != all - used;
	}
	ck_assert_uint_eq(bad, 0);
	for (unsigned k = 0; k < 500; k++)
		if (run[k].at != 0)
			frames_put(run[k].at, run[k].order);
	memset(seen, 0, sizeof(seen));
	ck_assert_uint_gt(take_all(11), 0); /* joined again */
}
END_TEST

START_TEST(early_ones)
{
	uint64_t at;

	add(0, SIZE);
	memset(paging_direct(RAM_KERNEL), 0xee, 4 * FRAME_SIZE);
	at = frames_early(&m, 2);
	ck_assert_uint_eq(at, RAM_KERNEL);
	ck_assert_mem_eq(paging_direct(at), seen, 2 * FRAME_SIZE); /* zeroes */
	ck_assert_uint_eq(frames_early(&m, 1), at + 2 * FRAME_SIZE);
}
END_TEST

/* An initrd below the kernel is no reason to begin there. */
START_TEST(early_behind_the_kernel)
{
	add(0, SIZE);
	m.initrd = (struct machine_range){ MIB, MIB / 2 };
	ck_assert_uint_eq(frames_early(&m, 1), RAM_KERNEL);
}
END_TEST

START_TEST(orders)
{
	ck_assert_uint_eq(frames_order(0), 0);
	ck_assert_uint_eq(frames_order(1), 0);
	ck_assert_uint_eq(frames_order(4096), 0);
	ck_assert_uint_eq(frames_order(4097), 1);
	ck_assert_uint_eq(frames_order(8193), 2);
	ck_assert_uint_eq(
	    frames_order((uint64_t)4096 << FRAME_ORDER), FRAME_ORDER);
	ck_assert_uint_eq(
	    frames_order(((uint64_t)4096 << FRAME_ORDER) + 1), FRAME_ORDER + 1);
	ck_assert_uint_eq(frames_order((uint64_t)1 << 63), FRAME_ORDER + 1);
	ck_assert_uint_eq(
	    frames_order(((uint64_t)1 << 63) + 1), FRAME_ORDER + 1);
	ck_assert_uint_eq(frames_order(UINT64_MAX), FRAME_ORDER + 1);
	ck_assert_uint_eq(frames_get(FRAME_ORDER + 1), 0);
}
END_TEST

/* Frames by their numbers, in any order: each free one once. All put back, in another
 * order, it is as at the start. */
START_TEST(take_each)
{
	uint64_t early = machine(_i), all = frames_free(), n = 0;
	unsigned bad = 0;

	for (uint64_t i = 0, k = 0; i < COUNT; i++) {
		uint64_t at = k * FRAME_SIZE;
		bool want = should_be_free(at, early);

		bad += frames_take(at) != want;
		bad += frames_take(at); /* twice */
		n += want;
		bad += frames_free() != all - n;
		seen[k] = want;
		k = (k + 5003) % COUNT;
	}
	ck_assert_uint_eq(bad, 0);
	ck_assert_uint_eq(n, all);
	ck_assert_uint_eq(frames_get(0), 0);
	for (uint64_t i = 0, k = 0; i < COUNT; i++) {
		if (seen[k] != 0)
			frames_put(k * FRAME_SIZE, 0);
		k = (k + 9001) % COUNT;
	}
	memset(seen, 0, sizeof(seen));
	ck_assert_uint_eq(frames_free(), all);
	ck_assert_uint_gt(take_all(11), 0); /* joined again */
}
END_TEST

/* Taken by number or any of a size: none has a frame of another. */
START_TEST(take_among_others)
{
	uint32_t rng = (uint32_t)_i + 1;
	unsigned bad = 0;

	(void)machine(_i);
	for (int i = 0; i < 20000 && frames_free() > 64; i++) {
		rng = rng * 1664525u + 1013904223u;
		uint64_t at = (rng >> 8) % (COUNT + 100) * FRAME_SIZE;

		if (rng >> 30 != 0) {
			if (frames_take(at))
				bad += turn(at, 0, false);
		} else if ((at = frames_get((rng >> 20) % 4)) != 0) {
			bad += turn(at, (rng >> 20) % 4, false);
		}
	}
	ck_assert_uint_eq(bad, 0);
}
END_TEST

/* What is no frame is not taken. */
START_TEST(take_none)
{
	uint64_t all;

	(void)machine(0);
	all = frames_free();
	ck_assert(!frames_take(0));
	ck_assert(!frames_take(RAM_KERNEL));
	ck_assert(!frames_take(SIZE));
	ck_assert(!frames_take(UINT64_MAX / FRAME_SIZE * FRAME_SIZE));
	ck_assert(!frames_take((uint64_t)1 << 44));
	ck_assert_uint_eq(frames_free(), all);
}
END_TEST

/* Mistakes of the kernel's own are noticed. */
START_TEST(put_twice)
{
	uint64_t at;

	(void)machine(0);
	at = frames_get(0);
	frames_put(at, 0);
	(void)frames_get(4); /* nothing is joined with it */
	at = frames_get(0);
	(void)frames_get(0); /* its buddy */
	frames_put(at, 0);
	frames_put(at, 0);
}
END_TEST

START_TEST(put_askew)
{
	(void)machine(0);
	frames_put(frames_get(1) + FRAME_SIZE, 1);
}
END_TEST

Suite *t_bare_frames_suite(void)
{
	Suite *s = suite_create("bare_frames");
	TCase *t = tcase_create("bare_frames");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, free_at_the_start, 0, 8);
	tcase_add_loop_test(t, runs_at_the_start, 0, 8);
	tcase_add_test(t, few_are_touched);
	tcase_add_loop_test(t, come_and_go, 0, 8);
	tcase_add_loop_test(t, take_each, 0, 8);
	tcase_add_loop_test(t, take_among_others, 0, 8);
	tcase_add_test(t, take_none);
	tcase_add_test(t, early_ones);
	tcase_add_test(t, early_behind_the_kernel);
	tcase_add_test(t, orders);
	tcase_add_test_raise_signal(t, put_twice, SIGABRT);
	tcase_add_test_raise_signal(t, put_askew, SIGABRT);
	suite_add_tcase(s, t);
	return s;
}
