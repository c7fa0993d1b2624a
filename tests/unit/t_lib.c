/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/lib: ranges, arenas, pools, the formatter. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exo/lib/arena.h"
#include "exo/lib/bytes.h"
#include "exo/lib/fmt.h"
#include "exo/lib/pool.h"

static void *get(void *ctx, size_t size)
{
	int *left = ctx;

	if (left != NULL && (*left)-- <= 0)
		return NULL;
	return aligned_alloc(64, (size + 63) & ~(size_t)63);
}

static void put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

START_TEST(range_never_overflows)
{
	ck_assert(exo_range_ok(0, 0, 0));
	ck_assert(exo_range_ok(4, 6, 10));
	ck_assert(!exo_range_ok(5, 6, 10));
	ck_assert(exo_range_ok(10, 0, 10));
	ck_assert(!exo_range_ok(11, 0, 10));
	ck_assert(!exo_range_ok(UINT64_MAX, 2, 10));
	ck_assert(!exo_range_ok(2, UINT64_MAX, 10));
	ck_assert(!exo_range_ok(UINT64_MAX, UINT64_MAX, UINT64_MAX));
	ck_assert(exo_range_ok(0, UINT64_MAX, UINT64_MAX));
}
END_TEST

START_TEST(bytes_are_in_their_order)
{
	const uint8_t b[] = { 0xff, 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t out[8] = { 0 };

	ck_assert_uint_eq(exo_be16(b + 1), 0x0102);
	ck_assert_uint_eq(exo_le16(b + 1), 0x0201);
	ck_assert_uint_eq(exo_be32(b + 1), 0x01020304);
	ck_assert_uint_eq(exo_le32(b + 1), 0x04030201);
	ck_assert_uint_eq(exo_be64(b + 1), 0x0102030405060708);
	ck_assert_uint_eq(exo_le64(b + 1), 0x0807060504030201);
	exo_put_be32(out, 0x0a0b0c0d);
	exo_put_le32(out + 4, 0x0a0b0c0d);
	ck_assert_mem_eq(out, "\x0a\x0b\x0c\x0d\x0d\x0c\x0b\x0a", 8);
	exo_put_be16(out, 0x0102);
	exo_put_le16(out + 2, 0x0102);
	ck_assert_mem_eq(out, "\x01\x02\x02\x01", 4);
	exo_put_le64(out, 0x0102030405060708);
	ck_assert_mem_eq(out, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
}
END_TEST

START_TEST(mem_counts_and_refuses_past_its_limit)
{
	struct exo_mem m = { .get = get, .put = put, .limit = 100 };
	uint8_t *a = exo_mem_get(&m, 60);

	ck_assert_ptr_nonnull(a);
	for (int i = 0; i < 60; i++)
		ck_assert_uint_eq(a[i], 0);
	ck_assert_ptr_null(exo_mem_get(&m, 41));
	ck_assert_ptr_null(exo_mem_get(&m, SIZE_MAX));
	ck_assert_ptr_null(exo_mem_get(&m, 0));
	ck_assert_uint_eq(m.used, 60);
	exo_mem_put(&m, a, 60);
	exo_mem_put(&m, NULL, 60);
	ck_assert_uint_eq(m.used, 0);
	ck_assert_uint_eq(m.peak, 60);
}
END_TEST

START_TEST(arena_gives_aligned_zeroed_memory_and_all_back)
{
	struct exo_mem m = { .get = get, .put = put };
	struct exo_arena a;

	exo_arena_init(&a, &m);
	for (size_t n = 1; n < 20000; n += 37) {
		uint8_t *p = exo_arena_get(&a, n);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		ck_assert(p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
		memset(p, 0xa5, n);
	}
	ck_assert_ptr_null(exo_arena_get(&a, SIZE_MAX));
	ck_assert_ptr_null(exo_arena_get(&a, SIZE_MAX - 20));
	exo_arena_free(&a);
	ck_assert_uint_eq(m.used, 0);
	ck_assert_ptr_nonnull(exo_arena_get(&a, 1));
	exo_arena_free(&a);
}
END_TEST

START_TEST(arena_survives_each_refusal)
{
	for (int n = 0; n < 6; n++) {
		int left = n;
		struct exo_mem m = { .get = get, .put = put, .ctx = &left };
		struct exo_arena a;
		int got = 0;

		exo_arena_init(&a, &m);
		while (exo_arena_get(&a, 5000) != NULL)
			got++;
		ck_assert(got >= n);
		exo_arena_free(&a);
		ck_assert_uint_eq(m.used, 0);
	}
}
END_TEST

START_TEST(pool_names_go_stale)
{
	struct exo_mem m = { .get = get, .put = put };
	struct exo_pool p;
	uint64_t a, b, c;

	exo_pool_init(&p, &m, 24, 1000);
	ck_assert_ptr_null(exo_pool_find(&p, 0));
	uint64_t *x = exo_pool_take(&p, &a);
	ck_assert_ptr_nonnull(x);
	x[0] = x[1] = x[2] = 7;
	ck_assert_ptr_eq(exo_pool_find(&p, a), x);
	ck_assert_ptr_nonnull(exo_pool_take(&p, &b));
	exo_pool_put(&p, a);
	ck_assert_ptr_null(exo_pool_find(&p, a));
	uint64_t *y = exo_pool_take(&p, &c);
	ck_assert_ptr_eq(y, x); /* the slot is used again ... */
	ck_assert(c != a);      /* ... under another name, and zeroed */
	ck_assert_uint_eq(y[0] | y[1] | y[2], 0);
	ck_assert_ptr_null(exo_pool_find(&p, a));
	ck_assert_ptr_null(exo_pool_find(&p, c ^ (uint64_t)1 << 32));
	ck_assert_ptr_null(exo_pool_find(&p, (c & ~0xffffffffu) | 999));
	exo_pool_free(&p);
	ck_assert_uint_eq(m.used, 0);
}
END_TEST

START_TEST(pool_is_bounded_and_walks_what_lives)
{
	struct exo_mem m = { .get = get, .put = put };
	struct exo_pool p;
	uint64_t names[300], name, sum = 0;
	uint32_t i = 0;

	exo_pool_init(&p, &m, 8, 300);
	for (int k = 0; k < 300; k++) {
		uint32_t *v = exo_pool_take(&p, &names[k]);
		ck_assert_ptr_nonnull(v);
		*v = (uint32_t)k;
	}
	ck_assert_ptr_null(exo_pool_take(&p, &name));
	for (int k = 0; k < 300; k += 3)
		exo_pool_put(&p, names[k]);
	ck_assert_uint_eq(p.live, 200);
	for (uint32_t *v; (v = exo_pool_next(&p, &i, &name)) != NULL;) {
		ck_assert_ptr_eq(exo_pool_find(&p, name), v);
		ck_assert(*v % 3 != 0);
		sum += *v;
	}
	ck_assert_uint_eq(sum, 299 * 300 / 2 - 3 * (99 * 100 / 2));
	exo_pool_free(&p);
}
END_TEST

START_TEST(pool_retires_a_slot_at_the_last_generation)
{
	struct exo_mem m = { .get = get, .put = put };
	struct exo_pool p;
	uint64_t name, last;

	exo_pool_init(&p, &m, 8, 2);
	void *obj = exo_pool_take(&p, &name);
	/* the generation lies before the object */
	uint32_t *gen = (uint32_t *)obj - 4;
	ck_assert_uint_eq(*gen, 1);
	*gen = UINT32_MAX - 2;
	last = (uint64_t)*gen << 32 | (uint32_t)name;
	exo_pool_put(&p, last);
	ck_assert_ptr_nonnull(exo_pool_take(&p, &name));
	ck_assert_uint_eq((uint32_t)name, 1); /* a fresh slot */
	ck_assert_ptr_null(exo_pool_take(&p, &name));
	exo_pool_free(&p);
}
END_TEST

START_TEST(fmt_never_overflows)
{
	char buf[8];
	struct exo_fmt f;

	memset(buf, 'x', sizeof(buf));
	exo_fmt_init(&f, buf, 6);
	exo_fmt_str(&f, "12345678");
	ck_assert_str_eq(buf, "12345");
	ck_assert(f.cut);
	ck_assert_int_eq(buf[6], 'x');
	exo_fmt_init(&f, buf, 1);
	exo_fmt_u64(&f, 1);
	ck_assert_str_eq(buf, "");
	ck_assert(f.cut);
}
END_TEST

START_TEST(fmt_writes_numbers)
{
	char buf[128];
	struct exo_fmt f;

	exo_fmt_init(&f, buf, sizeof(buf));
	exo_fmt_u64(&f, 0);
	exo_fmt_char(&f, ' ');
	exo_fmt_u64(&f, UINT64_MAX);
	exo_fmt_char(&f, ' ');
	exo_fmt_i64(&f, INT64_MIN);
	exo_fmt_char(&f, ' ');
	exo_fmt_i64(&f, -1);
	exo_fmt_char(&f, ' ');
	exo_fmt_hex(&f, 0xbeef, 8);
	exo_fmt_char(&f, ' ');
	exo_fmt_hex(&f, 0, 0);
	exo_fmt_char(&f, ' ');
	exo_fmt_hex(&f, UINT64_MAX, 99);
	ck_assert_str_eq(buf,
	    "0 18446744073709551615 -9223372036854775808 -1 0000beef 0 "
	    "ffffffffffffffff");
	ck_assert(!f.cut);
}
END_TEST

Suite *t_lib_suite(void)
{
	Suite *s = suite_create("lib");
	TCase *t = tcase_create("lib");

	tcase_add_test(t, range_never_overflows);
	tcase_add_test(t, bytes_are_in_their_order);
	tcase_add_test(t, mem_counts_and_refuses_past_its_limit);
	tcase_add_test(t, arena_gives_aligned_zeroed_memory_and_all_back);
	tcase_add_test(t, arena_survives_each_refusal);
	tcase_add_test(t, pool_names_go_stale);
	tcase_add_test(t, pool_is_bounded_and_walks_what_lives);
	tcase_add_test(t, pool_retires_a_slot_at_the_last_generation);
	tcase_add_test(t, fmt_never_overflows);
	tcase_add_test(t, fmt_writes_numbers);
	suite_add_tcase(s, t);
	return s;
}
