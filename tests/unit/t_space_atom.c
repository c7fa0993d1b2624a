/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atoms against sets of numbers: every atom of a field of 3 and of 4 bits,
 * each operation on each pair of their tidy forms; the same at the high end of
 * a field of 64 bits.
 *
 * A set is a bitmap; bit NONE stands for the field that is not there.
 */
#include <check.h>
#include <string.h>

#include "exo/space/region.h"
#include "exo/space/space_int.h"
#include "tests/support/exhaust.h"

#define NONE 16u
#define SETS (1u << (NONE + 1))

/* The tidy form of each set that is one, and which are. */
static struct sp_atom form[SETS];
static bool known[SETS];
static uint32_t list[SETS], nlist;
static uint64_t max;

static uint32_t set_of(const struct sp_atom *a)
{
	uint32_t s = 0;

	if (a->absent)
		return 1u << NONE;
	for (uint64_t x = 0; x <= max; x++)
		if ((x & a->mask) == a->value && a->lo <= x && x <= a->hi)
			s |= 1u << x;
	return s;
}

static bool equal(const struct sp_atom *a, const struct sp_atom *b)
{
	return a->field == b->field && a->absent == b->absent &&
	       a->mask == b->mask && a->value == b->value && a->lo == b->lo &&
	       a->hi == b->hi;
}

static uint32_t everything(void)
{
	return ((2u << max) - 1) | 1u << NONE;
}

/* mask is the set's constant bits, lo and hi its ends. */
static void is_tidy(const struct sp_atom *a, uint32_t set)
{
	uint64_t ones = max, zeros = max, lo = UINT64_MAX, hi = 0;

	for (uint64_t x = 0; x <= max; x++) {
		if ((set >> x & 1) == 0)
			continue;
		ones &= x;
		zeros &= ~x;
		lo = x < lo ? x : lo;
		hi = x;
	}
	NEED(a->mask == (ones | zeros) && a->value == ones);
	NEED(a->lo == lo && a->hi == hi);
}

static void learn(struct sp_atom a)
{
	uint32_t set = set_of(&a);
	bool some = sp_tidy(&a, max);

	NEED(some == (set != 0));
	if (!some)
		return;
	NEED(set_of(&a) == set);
	if (!known[set]) {
		known[set] = true;
		form[set] = a;
		list[nlist++] = set;
		if (!a.absent)
			is_tidy(&a, set);
	}
	NEED(equal(&a, &form[set]));
	NEED(sp_tidy(&a, max) && equal(&a, &form[set]));
}

/* Ends and masks go beyond the field, too. */
static void learn_all(uint64_t largest)
{
	uint64_t beyond = 2 * largest + 1;
	struct sp_atom a = { .field = 5 };

	max = largest;
	nlist = 0;
	memset(known, 0, sizeof(known));
	learn(sp_absent((enum sp_field)5));
	for (a.mask = 0; a.mask <= beyond; a.mask++) {
		for (a.value = 0; a.value <= beyond; a.value++) {
			if ((a.value & ~a.mask) != 0 && a.mask > 3)
				continue;
			for (a.lo = 0; a.lo <= max + 1; a.lo++)
				for (a.hi = 0; a.hi <= max + 1; a.hi++)
					learn(a);
			a.lo = 0;
			a.hi = UINT64_MAX;
			learn(a);
		}
	}
}

START_TEST(least_is_least)
{
	uint64_t x, want;

	for (uint64_t mask = 0; mask < 16; mask++) {
		for (uint64_t value = 0; value < 16; value++) {
			if ((value & ~mask) != 0)
				continue;
			for (uint64_t lo = 0; lo < 16; lo++) {
				want = lo;
				while ((want & mask) != value)
					want++;
				NEED(sp_least(mask, value, lo, &x));
				NEED(x == want);
			}
		}
	}
	done();
}
END_TEST

/* Bits above the field are fixed to 0: there may be no such number. */
START_TEST(least_within_a_field)
{
	uint64_t x, want;

	for (uint64_t mask = 0; mask < 16; mask++) {
		for (uint64_t value = 0; value < 16; value++) {
			if ((value & ~mask) != 0)
				continue;
			for (uint64_t lo = 0; lo < 20; lo++) {
				want = lo;
				while (want < 16 && (want & mask) != value)
					want++;
				x = want;
				NEED(sp_least(mask | ~(uint64_t)15, value, lo,
				         &x) == (want < 16));
				NEED(x == want);
			}
		}
	}
	done();
}
END_TEST

START_TEST(one_form_for_each_set)
{
	learn_all(_i == 0 ? 7 : 15);
	NEED(nlist == (_i == 0 ? 61u : 337u));
	done();
}
END_TEST

START_TEST(each_pair)
{
	learn_all(_i == 0 ? 7 : 15);
	for (uint32_t i = 0; i < nlist; i++) {
		for (uint32_t k = 0; k < nlist; k++) {
			struct sp_atom a = form[list[i]], b = form[list[k]];
			uint32_t both = list[i] & list[k];

			NEED(sp_atom_inside(&a, &b) == (both == list[i]));
			NEED(sp_atom_and(&a, &b, max) == (both != 0));
			NEED(both == 0 || equal(&a, &form[both]));
			NEED(both == 0 || known[both]);
		}
	}
	done();
}
END_TEST

START_TEST(has_is_membership)
{
	learn_all(_i == 0 ? 7 : 15);
	for (uint32_t i = 0; i < nlist; i++) {
		const struct sp_atom *a = &form[list[i]];

		for (uint64_t x = 0; x <= max; x++) {
			NEED(sp_atom_has(a, true, x) == (list[i] >> x & 1));
			NEED(sp_atom_has(a, false, x) == a->absent);
		}
	}
	done();
}
END_TEST

/* The pieces exclude the atom and each other, and leave nothing out. */
START_TEST(not_is_the_rest)
{
	learn_all(_i == 0 ? 7 : 15);
	for (uint32_t i = 0; i < nlist; i++) {
		const struct sp_atom *a = &form[list[i]];
		uint32_t seen = list[i], pieces = 0, set;
		struct sp_atom b;
		int rc;

		for (uint32_t k = 0; (rc = sp_atom_not(a, max, k, &b)) >= 0;
		     k++) {
			NEED(k < 70);
			if (rc == 0)
				continue;
			set = set_of(&b);
			NEED((set & seen) == 0 && b.field == 5);
			NEED(set == 0 ||
			     (sp_tidy(&b, max) && equal(&b, &form[set])));
			seen |= set;
			pieces++;
		}
		NEED(seen == everything());
		NEED(pieces <= 1 + 2 + 2);
	}
	done();
}
END_TEST

/* x <= y of four bits in the top of 64; below them either 0 or anything. */
START_TEST(high_end_of_64_bits)
{
	const uint64_t low = UINT64_MAX >> 4;
	struct sp_atom a, b, want;

	learn_all(15);
	for (uint32_t i = 0; i < nlist; i++) {
		want = form[list[i]];
		if (want.absent)
			continue;
		a = (struct sp_atom){ .field = 5,
			.mask = want.mask << 60,
			.value = want.value << 60,
			.lo = want.lo << 60,
			.hi = want.hi << 60 | low };
		b = a;
		NEED(sp_tidy(&a, UINT64_MAX));
		NEED(a.value == b.value && a.lo == b.lo && a.hi == b.hi);
		NEED(a.mask == b.mask || want.lo == want.hi);
		b.mask |= low;
		NEED(sp_tidy(&b, UINT64_MAX));
		NEED(b.mask ==
		     (want.lo == want.hi ? UINT64_MAX : want.mask << 60 | low));
		NEED(b.lo == want.lo << 60 && b.hi == want.hi << 60);
		NEED(sp_atom_inside(&b, &a));
	}
	done();
}
END_TEST

START_TEST(whole_64_bits)
{
	struct sp_atom a = sp_present(SP_IP6_SRC), b;

	ck_assert(sp_tidy(&a, UINT64_MAX));
	ck_assert(a.mask == 0 && a.lo == 0 && a.hi == UINT64_MAX);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 0, &b), 0);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 1, &b), 0);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 2, &b), 1);
	ck_assert(b.absent);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 3, &b), -1);
	a = sp_is(SP_IP6_SRC, UINT64_MAX);
	ck_assert(sp_tidy(&a, UINT64_MAX));
	ck_assert(a.mask == UINT64_MAX && a.value == UINT64_MAX);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 0, &b), 1);
	ck_assert(b.lo == 0 && b.hi == UINT64_MAX - 1);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 1, &b), 0);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 2, &b), 1);
	ck_assert(b.absent);
	ck_assert_int_eq(sp_atom_not(&a, UINT64_MAX, 3, &b), -1);
	a = sp_masked(SP_IP6_SRC, UINT64_C(1) << 63 | 1, 1);
	ck_assert(sp_tidy(&a, UINT64_MAX));
	ck_assert(a.lo == 1 && a.hi == UINT64_MAX >> 1);
	b = sp_between(SP_IP6_SRC, UINT64_MAX - 1, UINT64_MAX);
	ck_assert(sp_tidy(&b, UINT64_MAX));
	ck_assert(b.mask == UINT64_MAX - 1);
	ck_assert(!sp_atom_and(&a, &b, UINT64_MAX));
}
END_TEST

/* Each bit of a sparse mask costs one piece, and bounds none. */
START_TEST(not_of_a_mask_is_small)
{
	struct sp_atom a = sp_masked(
	                   SP_IP6_SRC, 0x5555555555555555, 0x1111111111111111),
	               b;
	uint32_t pieces = 0;
	int rc;

	ck_assert(sp_tidy(&a, UINT64_MAX));
	for (uint32_t k = 0; (rc = sp_atom_not(&a, UINT64_MAX, k, &b)) >= 0;
	     k++)
		pieces += rc > 0;
	ck_assert_uint_eq(pieces, 1 + 32);
}
END_TEST

START_TEST(value_outside_is_nothing)
{
	struct sp_atom a = sp_masked(SP_PROTO, 0x1ff, 0x106);

	ck_assert(!sp_tidy(&a, 0xff));
	a = sp_masked(SP_PROTO, 0x1ff, 6);
	ck_assert(sp_tidy(&a, 0xff) && a.lo == 6 && a.hi == 6);
	a = sp_masked(SP_PROTO, 0xf0, 0x46);
	ck_assert(sp_tidy(&a, 0xff) && a.lo == 0x40 && a.hi == 0x4f);
	a = (struct sp_atom){ .field = SP_PROTO, .value = 6, .hi = 0xff };
	ck_assert(!sp_tidy(&a, 0xff));
	a = sp_is(SP_PROTO, 256);
	ck_assert(!sp_tidy(&a, 0xff));
	a = sp_between(SP_PROTO, 7, 6);
	ck_assert(!sp_tidy(&a, 0xff));
}
END_TEST

Suite *t_space_atom_suite(void)
{
	Suite *s = suite_create("space_atom");
	TCase *t = tcase_create("space_atom");

	tcase_add_test(t, least_is_least);
	tcase_add_test(t, least_within_a_field);
	tcase_add_loop_test(t, one_form_for_each_set, 0, 2);
	tcase_add_loop_test(t, each_pair, 0, 2);
	tcase_add_loop_test(t, has_is_membership, 0, 2);
	tcase_add_loop_test(t, not_is_the_rest, 0, 2);
	tcase_add_test(t, high_end_of_64_bits);
	tcase_add_test(t, whole_64_bits);
	tcase_add_test(t, not_of_a_mask_is_small);
	tcase_add_test(t, value_outside_is_nothing);
	suite_add_tcase(s, t);
	return s;
}
