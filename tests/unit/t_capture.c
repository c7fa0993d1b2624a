/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures in memory: both resolutions, both byte orders, and cut anywhere. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/bare/capture.h"
#include "exo/lib/bytes.h"

#define MICRO 0xa1b2c3d4u
#define NANO  0xa1b23c4du

static void put(uint8_t *p, bool swapped, uint32_t v)
{
	if (swapped)
		exo_put_be32(p, v);
	else
		exo_put_le32(p, v);
}

/* Two packets, of 3 and 0 bytes; how long the file is. */
static size_t make(uint8_t *p, uint32_t magic, bool swapped)
{
	memset(p, 0, 128);
	put(p, swapped, magic);
	put(p + 20, swapped, 1);
	put(p + 24, swapped, 7);
	put(p + 28, swapped, 5);
	put(p + 32, swapped, 3);
	put(p + 36, swapped, 60);
	memcpy(p + 40, "abc", 3);
	put(p + 43, swapped, 8);
	return 59;
}

START_TEST(forms)
{
	bool swapped = _i & 1, nano = _i & 2;
	struct exo_pkt pkt;
	struct capture c;
	uint8_t file[128];
	size_t n = make(file, nano ? NANO : MICRO, swapped);

	ck_assert(capture_begin(&c, file, n));
	ck_assert(capture_next(&c, &pkt));
	ck_assert_uint_eq(pkt.time_ns, 7000000000u + (nano ? 5 : 5000));
	ck_assert_uint_eq(pkt.caplen, 3);
	ck_assert_uint_eq(pkt.wirelen, 60);
	ck_assert_uint_eq(pkt.linktype, 1);
	ck_assert_mem_eq(pkt.data, "abc", 3);
	ck_assert(capture_next(&c, &pkt));
	ck_assert_uint_eq(pkt.caplen, 0);
	ck_assert_uint_eq(pkt.time_ns, 8000000000u);
	ck_assert(!capture_next(&c, &pkt));
}
END_TEST

/* What is cut has the packets that are whole. */
START_TEST(cut)
{
	uint8_t file[128], *block = malloc((size_t)_i + 1), *p = block + 1;
	struct exo_pkt pkt;
	struct capture c;
	int n = 0;

	ck_assert_ptr_nonnull(block);
	(void)make(file, MICRO, false);
	memcpy(p, file, (size_t)_i);
	if (capture_begin(&c, p, (uint64_t)_i))
		while (capture_next(&c, &pkt))
			n++;
	else
		ck_assert_int_lt(_i, 24);
	ck_assert_int_eq(n, _i >= 59 ? 2 : _i >= 43 ? 1 : 0);
	free(block);
}
END_TEST

START_TEST(others)
{
	uint8_t file[128];
	struct exo_pkt pkt;
	struct capture c;
	size_t n = make(file, 0x0a0d0d0a, false);

	ck_assert(!capture_begin(&c, file, n));
	n = make(file, MICRO, false);
	put(file + 32, false, UINT32_MAX);
	ck_assert(capture_begin(&c, file, n));
	ck_assert(!capture_next(&c, &pkt));
}
END_TEST

Suite *t_capture_suite(void)
{
	Suite *s = suite_create("capture");
	TCase *t = tcase_create("capture");

	tcase_add_loop_test(t, forms, 0, 4);
	tcase_add_loop_test(t, cut, 0, 60);
	tcase_add_test(t, others);
	suite_add_tcase(s, t);
	return s;
}
