/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tristate numbers against brute force: every pair of tnums of 5 bits, at the
 * low end of the word and at its high end, every operation.
 */
#include <check.h>
#include <stdint.h>

#include "tests/support/exhaust.h"
#include "verifier/tnum.h"

#define BITS  5u
#define COUNT 243u /* 3^BITS */

static struct vf_tnum all[COUNT];

static void make_all(void)
{
	unsigned i, k, code;

	for (i = 0; i < COUNT; i++) {
		all[i] = (struct vf_tnum){ 0, 0 };
		for (k = 0, code = i; k < BITS; k++, code /= 3) {
			all[i].v |= (uint64_t)(code % 3 == 1) << k;
			all[i].m |= (uint64_t)(code % 3 == 2) << k;
		}
	}
}

static struct vf_tnum lift(struct vf_tnum a, unsigned by)
{
	return (struct vf_tnum){ a.v << by, a.m << by };
}

/* The smallest tnum with x in it as well. */
static void hull(struct vf_tnum *a, uint64_t x, bool *any)
{
	*a = *any ? vf_tnum_join(*a, vf_tnum_const(x)) : vf_tnum_const(x);
	*any = true;
}

static void is_tnum(struct vf_tnum a)
{
	NEED((a.v & a.m) == 0);
}

static uint64_t apply(int op, uint64_t x, uint64_t y)
{
	switch (op) {
	case 0:
		return x + y;
	case 1:
		return x - y;
	case 2:
		return x & y;
	case 3:
		return x | y;
	case 4:
		return x ^ y;
	default:
		return x * y;
	}
}

static struct vf_tnum abstract(int op, struct vf_tnum a, struct vf_tnum b)
{
	switch (op) {
	case 0:
		return vf_tnum_add(a, b);
	case 1:
		return vf_tnum_sub(a, b);
	case 2:
		return vf_tnum_and(a, b);
	case 3:
		return vf_tnum_or(a, b);
	case 4:
		return vf_tnum_xor(a, b);
	default:
		return vf_tnum_mul(a, b);
	}
}

/* The members of G(a) are v | sub for the subsets sub of m. */
#define EACH(x, a)                                                      \
	for (uint64_t sub_##x = (a).m, x = (a).v | sub_##x, go_##x = 1; \
	     go_##x != 0; go_##x = sub_##x != 0,                        \
	              sub_##x = (sub_##x - 1) & (a).m, x = (a).v | sub_##x)

static void check_pair(int op, struct vf_tnum a, struct vf_tnum b)
{
	struct vf_tnum got = abstract(op, a, b);
	struct vf_tnum best = { 0, 0 };
	bool any = false;

	is_tnum(got);
	EACH(x, a)
	{
		EACH(y, b)
		{
			uint64_t z = apply(op, x, y);

			NEED(vf_tnum_has(got, z));
			hull(&best, z, &any);
		}
	}
	/* all but the product are optimal */
	if (op != 5) {
		NEED(got.v == best.v);
		NEED(got.m == best.m);
	}
}

START_TEST(t_pairs)
{
	unsigned i, k;

	for (i = 0; i < COUNT; i++) {
		for (k = 0; k < COUNT; k++) {
			check_pair(_i, all[i], all[k]);
			check_pair(_i, lift(all[i], 59), lift(all[k], 59));
			check_pair(_i, lift(all[i], 59), all[k]);
		}
	}
	done();
}
END_TEST

START_TEST(t_order)
{
	unsigned i, k;

	for (i = 0; i < COUNT; i++) {
		for (k = 0; k < COUNT; k++) {
			struct vf_tnum a = all[i], b = all[k];
			bool covers = true, meets = false;

			EACH(y, b)
			{
				covers = covers && vf_tnum_has(a, y);
				meets = meets || vf_tnum_has(a, y);
			}
			NEED(vf_tnum_covers(a, b) == covers);
			NEED(vf_tnum_meets(a, b) == meets);
			NEED(vf_tnum_covers(vf_tnum_join(a, b), a));
			NEED(vf_tnum_covers(vf_tnum_join(a, b), b));
			if (!meets)
				continue;
			is_tnum(vf_tnum_meet(a, b));
			EACH(x, a)
			{
				NEED(vf_tnum_has(b, x) ==
				     vf_tnum_has(vf_tnum_meet(a, b), x));
			}
		}
	}
	done();
}
END_TEST

START_TEST(t_range)
{
	uint64_t lo, hi, x;

	for (lo = 0; lo < 64; lo++) {
		for (hi = lo; hi < 64; hi++) {
			struct vf_tnum best = { 0, 0 };
			struct vf_tnum got = vf_tnum_range(lo, hi);
			bool any = false;

			is_tnum(got);
			for (x = lo; x <= hi; x++)
				hull(&best, x, &any);
			NEED(vf_tnum_covers(got, best));
		}
	}
	NEED(vf_tnum_range(0, UINT64_MAX).m == UINT64_MAX);
	NEED(vf_tnum_range(7, 7).m == 0);
	done();
}
END_TEST

static uint64_t sext(uint64_t x, unsigned from, unsigned w)
{
	uint64_t s = (x & ((1u << from) - 1)) ^ (1u << (from - 1));

	s -= 1u << (from - 1);
	return w == 64 ? s : s & ((UINT64_C(1) << w) - 1);
}

/* Shifts, cuts and sign extension are exact: nothing lost, nothing added. */
START_TEST(t_unary)
{
	unsigned i, k;

	for (i = 0; i < COUNT * BITS; i++) {
		struct vf_tnum a = all[i / BITS];
		struct vf_tnum best[5] = { { 0, 0 } };
		struct vf_tnum got[5];
		bool any[5] = { false };

		k = i % BITS;
		got[0] = vf_tnum_lsh(a, k, BITS);
		got[1] = vf_tnum_rsh(a, k);
		got[2] = vf_tnum_arsh(a, k, BITS);
		got[3] = vf_tnum_sext(a, k + 1, 64);
		got[4] = vf_tnum_cut(a, k + 1);
		EACH(x, a)
		{
			uint64_t s = sext(x, BITS, 64);

			hull(&best[0], x << k & 31, &any[0]);
			hull(&best[1], x >> k, &any[1]);
			hull(&best[2], (uint64_t)((int64_t)s >> k) & 31,
			    &any[2]);
			hull(&best[3], sext(x, k + 1, 64), &any[3]);
			hull(&best[4], x & ((2u << k) - 1), &any[4]);
		}
		for (k = 0; k < 5; k++) {
			is_tnum(got[k]);
			NEED(got[k].v == best[k].v);
			NEED(got[k].m == best[k].m);
		}
	}
	done();
}
END_TEST

START_TEST(t_swap)
{
	unsigned i;

	for (i = 0; i < COUNT; i++) {
		struct vf_tnum a = all[i], got;

		/* bits 0 to 2 in the first byte, 3 and 4 in the fourth */
		a.v = (a.v & 7) | (a.v & 24) << 26;
		a.m = (a.m & 7) | (a.m & 24) << 26;
		EACH(x, a)
		{
			got = vf_tnum_swap(a, 2);
			NEED(vf_tnum_has(got, __builtin_bswap16((uint16_t)x)));
			got = vf_tnum_swap(a, 4);
			NEED(vf_tnum_has(got, __builtin_bswap32((uint32_t)x)));
			NEED(__builtin_popcountll(a.m) ==
			     __builtin_popcountll(got.m));
			got = vf_tnum_swap(a, 8);
			NEED(vf_tnum_has(got, __builtin_bswap64(x)));
		}
	}
	done();
}
END_TEST

Suite *t_vf_tnum_suite(void);

Suite *t_vf_tnum_suite(void)
{
	Suite *s = suite_create("vf_tnum");
	TCase *tc = tcase_create("exhaustive");

	make_all();
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, t_pairs, 0, 6);
	tcase_add_test(tc, t_order);
	tcase_add_test(tc, t_range);
	tcase_add_test(tc, t_unary);
	tcase_add_test(tc, t_swap);
	suite_add_tcase(s, tc);
	return s;
}
