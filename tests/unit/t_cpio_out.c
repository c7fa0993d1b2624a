/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/hosted/cpio_out.c: what it writes, as the kernel reads it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "exo/bare/cpio.h"
#include "exo/hosted/cpio_out.h"
#include "tests/support/oom.h"

#define FILES 70u

/* Names and sizes of every remainder by 4. */
static void name_of(char name[32], unsigned i)
{
	memset(name, 'a' + (int)(i % 26), 1 + i % 9);
	name[1 + i % 9] = '\0';
	snprintf(name + strlen(name), 8, "%u", i);
}

START_TEST(is_read_back)
{
	static uint8_t data[FILES * FILES];
	struct cpio_out a = { .bytes = NULL };
	struct cpio_file f;
	uint64_t at = 0;
	char name[32];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (unsigned i = 0; i < FILES; i++) {
		name_of(name, i);
		cpio_out_add(&a, name, data, (size_t)i * i);
	}
	ck_assert(cpio_out_end(&a));
	ck_assert_uint_eq(a.n % 4, 0);
	for (unsigned i = 0; i < FILES; i++) {
		name_of(name, i);
		ck_assert(cpio_next(a.bytes, a.n, &at, &f));
		ck_assert_uint_eq(f.name_len, strlen(name));
		ck_assert_mem_eq(f.name, name, f.name_len);
		ck_assert_uint_eq(f.size, i * i);
		if (f.size > 0)
			ck_assert_mem_eq(f.data, data, f.size);
		ck_assert(
		    cpio_find(a.bytes, a.n, name, (uint32_t)strlen(name), &f));
		ck_assert_uint_eq(f.size, i * i);
	}
	ck_assert(!cpio_next(a.bytes, a.n, &at, &f));
	ck_assert_uint_eq(at, a.n);
	cpio_out_free(&a);
}
END_TEST

/* The format to the letter: an inode each, mode, one link, sizes, padding. */
START_TEST(is_this_format)
{
	static const char want[] =
	    "07070100000001000081A40000000000000000000000010000000000000003"
	    "00000000000000000000000000000000"
	    "0000000200000000"
	    "x\0abc\0"
	    "0707010000000000000000000000000000000000000001000000000000000"
	    "000000000000000000000000000000000"
	    "0000000B00000000"
	    "TRAILER!!!\0\0\0\0";
	struct cpio_out a = { .bytes = NULL };

	cpio_out_add(&a, "x", "abc", 3);
	ck_assert(cpio_out_end(&a));
	ck_assert_uint_eq(a.n, sizeof(want) - 1);
	ck_assert_mem_eq(a.bytes, want, a.n);
	cpio_out_free(&a);
}
END_TEST

START_TEST(what_is_too_large_is_told)
{
	struct cpio_out a = { .bytes = NULL };

	cpio_out_add(&a, "x", "abc", (size_t)1 << 32);
	ck_assert(!cpio_out_end(&a));
	cpio_out_free(&a);
}
END_TEST

static int make_one(void *arg)
{
	static const uint8_t large[100000];
	struct cpio_out a = { .bytes = NULL };
	bool whole;

	(void)arg;
	cpio_out_add(&a, "small", "abc", 3);
	cpio_out_add(&a, "large", large, sizeof(large));
	whole = cpio_out_end(&a);
	cpio_out_free(&a);
	return whole ? 0 : -1;
}

START_TEST(without_memory)
{
	test_oom_loop(make_one, NULL);
}
END_TEST

Suite *t_cpio_out_suite(void)
{
	Suite *s = suite_create("t_cpio_out");
	TCase *tc = tcase_create("cpio_out");
	TCase *oom = tcase_create("oom");

	tcase_add_test(tc, is_read_back);
	tcase_add_test(tc, is_this_format);
	tcase_add_test(tc, what_is_too_large_is_told);
	suite_add_tcase(s, tc);
	tcase_add_test(oom, without_memory);
	suite_add_tcase(s, oom);
	return s;
}
