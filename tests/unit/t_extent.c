/* SPDX-License-Identifier: BSD-2-Clause */
/* exo/core/extent.c: keys of the disk are made, lessened, ended, and never forged. */
#include <check.h>
#include <stddef.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/core/extent.h"

#define BLOCKS 1000u

static const struct exo_sipkey secret = { 0x0123456789abcdef, 42 };
static struct exo_extents t;
static struct exo_key key; /* of blocks 100 to 149 */
static uint32_t at;

static void setup(void)
{
	exo_extents_init(&t, &secret, BLOCKS);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 100, 50, EXO_DISK_ALL, false, &key), 0);
}

/* A key with another content and the right MAC: what only the kernel can make. */
static struct exo_key sealed(struct exo_key k)
{
	exo_siphash128(&secret, &k, offsetof(struct exo_key, mac), k.mac);
	return k;
}

static int check(const struct exo_key *k, uint32_t rights, uint32_t block)
{
	at = UINT32_MAX;
	return exo_extent_check(&t, k, rights, block, &at);
}

START_TEST(names_blocks)
{
	ck_assert_uint_eq(key.res, EXO_RES_DISK);
	ck_assert_uint_eq(key.region, 100);
	ck_assert_uint_eq(key.slot, 50);
	ck_assert_int_eq(check(&key, EXO_DISK_READ, 0), 0);
	ck_assert_uint_eq(at, 100);
	ck_assert_int_eq(check(&key, EXO_DISK_ALL, 49), 0);
	ck_assert_uint_eq(at, 149);
	ck_assert_int_eq(check(&key, EXO_DISK_READ, 50), -EXO_EOUTSIDE);
	ck_assert_int_eq(check(&key, EXO_DISK_READ, UINT32_MAX), -EXO_EOUTSIDE);
	/* a sum that goes around the end to block 100 */
	ck_assert_int_eq(
	    check(&key, EXO_DISK_READ, UINT32_MAX - 99), -EXO_EOUTSIDE);
	ck_assert_uint_eq(at, UINT32_MAX);
	ck_assert_int_eq(check(&key, 4, 0), -EXO_EPERM);
}
END_TEST

/* Any bit that is another makes it worthless, in every part of it. */
START_TEST(no_bit_is_forged)
{
	for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
		struct exo_key k = key, out = key;

		((uint8_t *)&k)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(check(&k, EXO_DISK_READ, 0), -EXO_EBADKEY);
		ck_assert_int_eq(
		    exo_extent_lessen(&t, &k, EXO_DISK_READ, 0, 1, &out),
		    -EXO_EBADKEY);
		ck_assert_mem_eq(&out, &key, sizeof(key));
	}
}
END_TEST

START_TEST(another_secret)
{
	struct exo_key k = key;

	t.secret.k1++;
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 0), -EXO_EBADKEY);
}
END_TEST

/* Keys of other kinds, though their MAC is by the same secret. */
START_TEST(another_resource)
{
	static const uint32_t kinds[] = { 0, EXO_RES_NET, EXO_RES_FRAME,
		EXO_RES_ENV, UINT32_MAX };
	struct exo_key k = key;

	k.res = kinds[_i];
	k = sealed(k);
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 0), -EXO_EBADKEY);
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &k, EXO_DISK_READ, 0, 1, &k), -EXO_EBADKEY);
	k.res = EXO_RES_DISK;
	k = sealed(k);
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 0), 0);
}
END_TEST

static const struct {
	uint32_t first, n, rights;
	bool shared;
	int ret;
} mints[] = {
	{ 0, 0, EXO_DISK_ALL, false, -EXO_EINVAL },
	{ 0, 10, 0, false, -EXO_EINVAL },
	{ 0, 10, 4, false, -EXO_EINVAL },
	{ 0, 10, EXO_DISK_ALL | 0x80000000u, false, -EXO_EINVAL },
	{ BLOCKS, 1, EXO_DISK_ALL, false, -EXO_EINVAL },
	{ BLOCKS - 1, 2, EXO_DISK_ALL, false, -EXO_EINVAL },
	{ 0, BLOCKS + 1, EXO_DISK_ALL, false, -EXO_EINVAL },
	{ UINT32_MAX, UINT32_MAX, EXO_DISK_ALL, false, -EXO_EINVAL },
	/* sums of 32 bits that are small */
	{ UINT32_MAX, 2, EXO_DISK_ALL, false, -EXO_EINVAL },
	{ 2, UINT32_MAX, EXO_DISK_ALL, false, -EXO_EINVAL },
	{ 100, 50, EXO_DISK_ALL, false, -EXO_ECONFLICT },
	{ 0, BLOCKS, EXO_DISK_ALL, false, -EXO_ECONFLICT },
	{ 0, 101, EXO_DISK_READ, false, -EXO_ECONFLICT },
	{ 149, 1, EXO_DISK_READ, false, -EXO_ECONFLICT },
	{ 120, 1, EXO_DISK_READ, true, -EXO_ECONFLICT },
	{ 0, 100, EXO_DISK_ALL, false, 0 },
	{ 150, BLOCKS - 150, EXO_DISK_READ, false, 0 },
	{ BLOCKS - 1, 1, EXO_DISK_WRITE, false, 0 },
};

START_TEST(minting)
{
	struct exo_key k;

	memset(&k, 0xee, sizeof(k));
	ck_assert_int_eq(exo_extent_mint(&t, mints[_i].first, mints[_i].n,
	                     mints[_i].rights, mints[_i].shared, &k),
	    mints[_i].ret);
	if (mints[_i].ret != 0) {
		ck_assert_uint_eq(k.res, 0xeeeeeeee);
		return;
	}
	ck_assert_int_eq(check(&k, mints[_i].rights, mints[_i].n - 1), 0);
	ck_assert_uint_eq(at, mints[_i].first + mints[_i].n - 1);
	ck_assert_int_eq(check(&key, EXO_DISK_ALL, 0), 0);
}
END_TEST

/* Blocks are had by two only if both say so. */
START_TEST(sharing)
{
	struct exo_key a, b, c;

	ck_assert_int_eq(
	    exo_extent_mint(&t, 200, 10, EXO_DISK_ALL, true, &a), 0);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 205, 10, EXO_DISK_READ, true, &b), 0);
	ck_assert_int_eq(exo_extent_mint(&t, 209, 1, EXO_DISK_READ, false, &c),
	    -EXO_ECONFLICT);
	/* one ends, the other does not */
	exo_extent_end(&t, a.epoch);
	ck_assert_int_eq(check(&a, EXO_DISK_READ, 0), -EXO_ESTALE);
	ck_assert_int_eq(check(&b, EXO_DISK_READ, 0), 0);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 200, 5, EXO_DISK_ALL, false, &c), 0);
}
END_TEST

START_TEST(lessening)
{
	struct exo_key k, l;

	ck_assert_int_eq(
	    exo_extent_lessen(&t, &key, EXO_DISK_READ, 10, 20, &k), 0);
	ck_assert_uint_eq(k.region, 110);
	ck_assert_uint_eq(k.slot, 20);
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 19), 0);
	ck_assert_uint_eq(at, 129);
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 20), -EXO_EOUTSIDE);
	ck_assert_int_eq(check(&k, EXO_DISK_WRITE, 0), -EXO_EPERM);
	/* what is gone does not come back */
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &k, EXO_DISK_ALL, 0, 1, &l), -EXO_EPERM);
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &k, EXO_DISK_WRITE, 0, 1, &l), -EXO_EPERM);
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &k, EXO_DISK_READ, 0, 21, &l), -EXO_EOUTSIDE);
	/* in place, and all of it */
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &k, EXO_DISK_READ, 19, 1, &k), 0);
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 0), 0);
	ck_assert_uint_eq(at, 129);
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &key, EXO_DISK_ALL, 0, 50, &l), 0);
	ck_assert_mem_eq(&l, &key, sizeof(l));
}
END_TEST

static const struct {
	uint32_t rights, first, n;
	int ret;
} lesser[] = {
	{ 0, 0, 1, -EXO_EINVAL },
	{ EXO_DISK_READ, 0, 0, -EXO_EINVAL },
	{ EXO_DISK_READ, UINT32_MAX, 0, -EXO_EINVAL },
	{ EXO_DISK_READ | 4, 0, 1, -EXO_EPERM },
	{ UINT32_MAX, 0, 1, -EXO_EPERM },
	{ EXO_DISK_READ, 50, 1, -EXO_EOUTSIDE },
	{ EXO_DISK_READ, 49, 2, -EXO_EOUTSIDE },
	{ EXO_DISK_READ, 0, 51, -EXO_EOUTSIDE },
	/* sums that go around the end, to this extent and to others */
	{ EXO_DISK_READ, UINT32_MAX, 2, -EXO_EOUTSIDE },
	{ EXO_DISK_READ, 2, UINT32_MAX, -EXO_EOUTSIDE },
	{ EXO_DISK_READ, UINT32_MAX - 99, 1, -EXO_EOUTSIDE },
	{ EXO_DISK_READ, UINT32_MAX, UINT32_MAX, -EXO_EOUTSIDE },
	{ EXO_DISK_READ, 0x80000000u, 0x80000000u, -EXO_EOUTSIDE },
};

START_TEST(lessening_is_refused)
{
	struct exo_key k = key;

	ck_assert_int_eq(exo_extent_lessen(&t, &k, lesser[_i].rights,
	                     lesser[_i].first, lesser[_i].n, &k),
	    lesser[_i].ret);
	ck_assert_mem_eq(&k, &key, sizeof(k));
}
END_TEST

/* One word ends all keys of an extent, and none of another. */
START_TEST(ending)
{
	struct exo_key k, other, again;

	ck_assert_int_eq(
	    exo_extent_lessen(&t, &key, EXO_DISK_READ, 10, 20, &k), 0);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, 10, EXO_DISK_READ, false, &other), 0);
	exo_extent_end(&t, k.epoch);
	ck_assert_int_eq(check(&key, EXO_DISK_READ, 0), -EXO_ESTALE);
	ck_assert_int_eq(check(&k, EXO_DISK_READ, 0), -EXO_ESTALE);
	ck_assert_int_eq(
	    exo_extent_lessen(&t, &k, EXO_DISK_READ, 0, 1, &k), -EXO_ESTALE);
	ck_assert_int_eq(check(&other, EXO_DISK_READ, 0), 0);
	/* the same blocks in the same row are another extent */
	ck_assert_int_eq(
	    exo_extent_mint(&t, 100, 50, EXO_DISK_ALL, false, &again), 0);
	ck_assert_uint_eq((uint32_t)again.epoch, (uint32_t)key.epoch);
	ck_assert_int_eq(check(&key, EXO_DISK_READ, 0), -EXO_ESTALE);
	ck_assert_int_eq(check(&again, EXO_DISK_READ, 0), 0);
	/* an old name ends nothing, nor does one that is none */
	exo_extent_end(&t, key.epoch);
	exo_extent_end(&t, again.epoch + EXO_EXTENTS);
	exo_extent_end(&t, again.epoch + ((uint64_t)1 << 32));
	exo_extent_end(&t, UINT64_MAX);
	exo_extent_end(&t, 0);
	ck_assert_int_eq(check(&again, EXO_DISK_READ, 0), 0);
}
END_TEST

/* Rows run out; a row whose generations ran out is used no more. */
START_TEST(limits)
{
	struct exo_key k, first;

	for (uint32_t i = 1; i < EXO_EXTENTS; i++)
		ck_assert_int_eq(
		    exo_extent_mint(&t, 200 + i, 1, EXO_DISK_READ, false, &k),
		    0);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, 1, EXO_DISK_READ, false, &k), -EXO_ELIMIT);
	exo_extent_end(&t, key.epoch);
	t.row[0].generation = UINT32_MAX - 1;
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, 1, EXO_DISK_READ, false, &first), 0);
	exo_extent_end(&t, first.epoch);
	ck_assert_int_eq(check(&first, EXO_DISK_READ, 0), -EXO_ESTALE);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, 1, EXO_DISK_READ, false, &k), -EXO_ELIMIT);
}
END_TEST

/* The largest disk: no sum goes around its end. */
START_TEST(largest_disk)
{
	struct exo_key a, b;

	exo_extents_init(&t, &secret, UINT32_MAX);
	ck_assert_int_eq(
	    exo_extent_mint(&t, UINT32_MAX - 1, 1, EXO_DISK_READ, false, &a),
	    0);
	ck_assert_int_eq(check(&a, EXO_DISK_READ, 0), 0);
	ck_assert_uint_eq(at, UINT32_MAX - 1);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, UINT32_MAX, EXO_DISK_READ, false, &b),
	    -EXO_ECONFLICT);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, UINT32_MAX - 1, EXO_DISK_READ, false, &b),
	    0);
	ck_assert_int_eq(check(&b, EXO_DISK_READ, UINT32_MAX - 2), 0);
	ck_assert_int_eq(
	    check(&b, EXO_DISK_READ, UINT32_MAX - 1), -EXO_EOUTSIDE);
	/* none at all */
	exo_extents_init(&t, &secret, 0);
	ck_assert_int_eq(
	    exo_extent_mint(&t, 0, 1, EXO_DISK_READ, false, &b), -EXO_EINVAL);
}
END_TEST

Suite *t_extent_suite(void)
{
	Suite *s = suite_create("extent");
	TCase *c = tcase_create("extent");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, names_blocks);
	tcase_add_test(c, no_bit_is_forged);
	tcase_add_test(c, another_secret);
	tcase_add_loop_test(c, another_resource, 0, 5);
	tcase_add_loop_test(c, minting, 0, sizeof(mints) / sizeof(mints[0]));
	tcase_add_test(c, sharing);
	tcase_add_test(c, lessening);
	tcase_add_loop_test(
	    c, lessening_is_refused, 0, sizeof(lesser) / sizeof(lesser[0]));
	tcase_add_test(c, ending);
	tcase_add_test(c, limits);
	tcase_add_test(c, largest_disk);
	suite_add_tcase(s, c);
	return s;
}
