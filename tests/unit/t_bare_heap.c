/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's memory in pieces: of any size, apart from each other, and all frames
 * come back. Each test is a process of its own: see t_bare_frames.c.
 */
#include <check.h>
#include <signal.h>
#include <string.h>

#include "exo/bare/frames.h"
#include "exo/bare/heap.h"
#include "tests/support/ram.h"

#define SIZE   ((uint64_t)16 << 20)
#define PIECES 600u

static struct {
	uint8_t *p;
	size_t size;
} piece[PIECES];

static uint64_t all; /* frames that are free */

static void setup(void)
{
	static const struct machine m = {
		.ram = { { 0, SIZE } }, .nram = 1, .ram_end = SIZE
	};

	ram_new(SIZE);
	frames_init(&m);
	all = frames_free();
}

static void teardown(void)
{
	ram_free(SIZE);
}

/* Where a piece lies, and that it is whole: 1 if not. */
static unsigned wrong(const uint8_t *p, size_t size)
{
	uintptr_t at = (uintptr_t)p;

	return at % 64 != 0 || at < RAM_AT || at - RAM_AT > SIZE - size;
}

static void fill(unsigned k)
{
	memset(piece[k].p, (int)(k % 251), piece[k].size);
}

static unsigned spoilt(unsigned k)
{
	const uint8_t *p = piece[k].p;
	size_t n = piece[k].size;

	return n > 0 && (p[0] != k % 251 || memcmp(p, p + 1, n - 1) != 0);
}

static void put(unsigned k)
{
	heap_put(piece[k].p, piece[k].size);
	piece[k].p = NULL;
}

START_TEST(come_and_go)
{
	uint32_t rng = (uint32_t)_i + 1;
	uint64_t given = 0;
	unsigned bad = 0;

	for (int i = 0; i < 20000; i++) {
		rng = rng * 1664525u + 1013904223u;
		unsigned k = (rng >> 8) % PIECES;
		size_t size = (rng >> 4) % (2u << (rng >> 20) % 14);

		if (piece[k].p != NULL) {
			bad += spoilt(k);
			given -= piece[k].size;
			put(k);
		} else {
			piece[k].p = heap_get(size);
			piece[k].size = size;
			ck_assert_ptr_nonnull(piece[k].p);
			bad += wrong(piece[k].p, size);
			given += size;
			fill(k);
		}
		bad += heap_used() != given;
	}
	ck_assert_uint_eq(bad, 0);
	for (unsigned k = 0; k < PIECES; k++)
		if (piece[k].p != NULL)
			put(k);
	ck_assert_uint_eq(heap_used(), 0);
	ck_assert_uint_eq(frames_free(), all);
}
END_TEST

/* The edges of classes: how many pieces a frame has. */
START_TEST(classes)
{
	static const struct {
		size_t size;
		unsigned pieces;
	} row[] = { { 0, 63 }, { 1, 63 }, { 64, 63 }, { 65, 31 }, { 128, 31 },
		{ 129, 15 }, { 256, 15 }, { 512, 7 }, { 1024, 3 }, { 1025, 1 },
		{ 2048, 1 }, { 2049, 1 }, { 4096, 1 } };
	unsigned n = row[_i].pieces;

	for (unsigned k = 0; k < n; k++) {
		piece[k].p = heap_get(row[_i].size);
		piece[k].size = row[_i].size;
		ck_assert_ptr_nonnull(piece[k].p);
		ck_assert_uint_eq(frames_free(), all - 1);
	}
	piece[n].p = heap_get(row[_i].size);
	piece[n].size = row[_i].size;
	ck_assert_uint_eq(frames_free(), all - 2);
	for (unsigned k = 0; k <= n; k++)
		put(k);
	ck_assert_uint_eq(frames_free(), all);
}
END_TEST

/* What nobody has, up to sizes whose classes would wrap around. */
START_TEST(too_large)
{
	static const uint64_t sizes[] = { SIZE, (uint64_t)1 << 30,
		((uint64_t)1 << 30) + 1, (uint64_t)1 << 62, (uint64_t)1 << 63,
		((uint64_t)1 << 63) + 1, UINT64_MAX - 63, UINT64_MAX };

	ck_assert_ptr_null(heap_get(sizes[_i]));
	ck_assert_uint_eq(heap_used(), 0);
	ck_assert_uint_eq(frames_free(), all);
}
END_TEST

/* Without frames there is nothing, and what there was is had again. */
START_TEST(no_frames)
{
	unsigned n = 0;

	while ((piece[n].p = heap_get(32768)) != NULL)
		piece[n++].size = 32768;
	ck_assert_uint_gt(n, 300);
	while (frames_get(0) != 0)
		continue;
	ck_assert_ptr_null(heap_get(1));
	ck_assert_ptr_null(heap_get(2048));
	ck_assert_uint_eq(heap_used(), (uint64_t)n * 32768);
	put(0);
	ck_assert_ptr_nonnull(heap_get(1));
}
END_TEST

/* More comes back than was given. */
START_TEST(put_more)
{
	heap_put(heap_get(100), 101);
}
END_TEST

Suite *t_bare_heap_suite(void)
{
	Suite *s = suite_create("bare_heap");
	TCase *t = tcase_create("bare_heap");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, come_and_go, 0, 8);
	tcase_add_loop_test(t, classes, 0, 13);
	tcase_add_loop_test(t, too_large, 0, 8);
	tcase_add_test(t, no_frames);
	tcase_add_test_raise_signal(t, put_more, SIGABRT);
	suite_add_tcase(s, t);
	return s;
}
