/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What regions cost, in steps: sane ones are decided well within ten million,
 * and those that are built to explode end in -EXO_EBUDGET, with memory in
 * proportion to what the budget was.
 */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/space/region.h"
#include "tests/support/freespace.h"
#include "tests/support/mem.h"

#define BUDGET 10000000u
#define ROOM   8192u /* cubes */

static struct exo_mem mem;
static struct exo_arena arena;
static struct sp_work work;
static uint64_t seed, held;

static void setup(void)
{
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
	work = (struct sp_work){ &arena, UINT64_MAX, &free_space, NULL, NULL };
	seed = 1;
}

static void teardown(void)
{
	exo_arena_free(&arena);
	ck_assert_uint_eq(mem.used, 0);
}

static uint32_t roll(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 32);
}

static void start(void)
{
	work.left = BUDGET;
	held = mem.used;
}

/* Thousands of steps since start(). */
static uint32_t used(void)
{
	return (uint32_t)((BUDGET - work.left) / 1000);
}

/* --- regions --------------------------------------------------------------- */

static struct sp_region none(void)
{
	struct sp_cube *v = exo_arena_get(&arena, ROOM * sizeof(*v));

	return (struct sp_region){ v, 0 };
}

/* One more cube in a region that none() began. */
static void add(struct sp_region *r, const struct sp_atom *a, uint32_t n)
{
	struct sp_region one = { NULL, 0 };
	struct sp_cube *v = (struct sp_cube *)(uintptr_t)r->v;

	ck_assert_int_eq(sp_conj(&work, a, n, &one), 0);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_uint_lt(r->n, ROOM);
	v[r->n++] = one.v[0];
}

static void five_tuple(struct sp_region *r, uint32_t src, uint32_t dst,
    uint32_t sport, uint32_t dport)
{
	const struct sp_atom a[] = {
		sp_is(SP_TYPE, 0x0800),
		sp_is(SP_IP_SRC, src),
		sp_is(SP_IP_DST, dst),
		sp_is(SP_PROTO, 6),
		sp_is(SP_SPORT, sport & 0xffff),
		sp_is(SP_DPORT, dport & 0xffff),
	};

	add(r, a, 6);
}

/* Connections from anywhere to 10.0.0.0/8. */
static struct sp_region tuples(uint32_t n)
{
	struct sp_region r = none();

	for (uint32_t i = 0; i < n; i++)
		five_tuple(&r, roll(), 10u << 24 | roll() >> 8, roll(), 80);
	return r;
}

/* Connections between two hosts. */
static struct sp_region twins(uint32_t n)
{
	struct sp_region r = none();

	for (uint32_t i = 0; i < n; i++)
		five_tuple(&r, 1, 2, i * 7, 80 + i % 4);
	return r;
}

static struct sp_atom prefix(enum sp_field f, uint32_t x, uint32_t bits)
{
	return sp_masked(f, bits == 0 ? 0 : UINT32_MAX << (32 - bits), x);
}

static struct sp_region prefixes(uint32_t n, uint32_t least, uint32_t most)
{
	struct sp_region r = none();
	uint32_t many = most - least + 1;

	for (uint32_t i = 0; i < n; i++) {
		const struct sp_atom a[] = {
			sp_is(SP_TYPE, 0x0800),
			prefix(SP_IP_SRC, roll(), least + roll() % many),
			prefix(SP_IP_DST, roll(), least + roll() % many),
		};

		add(&r, a, 3);
	}
	return r;
}

/* Boxes of addresses and ports, an eighth of each. */
static struct sp_region boxes(uint32_t n)
{
	struct sp_region r = none();

	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = roll() >> 1, y = roll() >> 1;
		uint32_t s = roll() >> 17, d = roll() >> 17;
		const struct sp_atom a[] = {
			sp_between(SP_IP_SRC, x, x + (1u << 29)),
			sp_between(SP_IP_DST, y, y + (1u << 29)),
			sp_between(SP_SPORT, s, s + (1u << 13)),
			sp_between(SP_DPORT, d, d + (1u << 13)),
		};

		add(&r, a, 4);
	}
	return r;
}

static struct sp_region reversed(struct sp_region r)
{
	struct sp_cube *v = exo_arena_get(&arena, r.n * sizeof(*v));

	for (uint32_t i = 0; i < r.n; i++)
		v[i] = r.v[r.n - 1 - i];
	return (struct sp_region){ v, r.n };
}

/* --- sane ------------------------------------------------------------------ */

START_TEST(tuples_in_a_prefix)
{
	struct sp_region a = tuples(1000), b = none();
	struct sp_atom net = prefix(SP_IP_DST, 10u << 24, 8);

	add(&b, &net, 1);
	start();
	ck_assert_int_eq(sp_inside(&work, a, b, NULL), 1);
	ck_assert_uint_le(used(), 40);
	start();
	ck_assert_int_eq(sp_inside(&work, b, a, NULL), 0);
	ck_assert_uint_le(used(), 40);
}
END_TEST

START_TEST(tuples_in_tuples)
{
	struct sp_region a = tuples(1000), b = reversed(a);
	struct sp_region c = twins(1000), d = reversed(c), e = tuples(1000);

	start();
	ck_assert_int_eq(sp_inside(&work, a, b, NULL), 1);
	ck_assert_uint_le(used(), 150);
	start();
	ck_assert_int_eq(sp_inside(&work, c, d, NULL), 1);
	ck_assert_uint_le(used(), 150);
	start();
	ck_assert_int_eq(sp_overlap(&work, a, e, NULL), 0);
	ck_assert_uint_le(used(), 150);
	b.n--;
	start();
	ck_assert_int_eq(sp_inside(&work, a, b, NULL), 0);
	ck_assert_uint_le(used(), 150);
}
END_TEST

START_TEST(everything_but_tuples)
{
	struct sp_region a = tuples(1000), rest, back;

	start();
	ck_assert_int_eq(sp_not(&work, a, &rest), 0);
	ck_assert_uint_le(used(), 2000);
	start();
	ck_assert_int_eq(sp_overlap(&work, rest, a, NULL), 0);
	ck_assert_uint_le(used(), 800);
	start();
	ck_assert_int_eq(sp_not(&work, rest, &back), 0);
	ck_assert_uint_le(used(), 6000);
	ck_assert_uint_eq(back.n, 1000);
}
END_TEST

/* a - b and what is in both are all of a, and the first has nothing of b;
 * each question within so many thousand steps. */
static void split(struct sp_region a, struct sp_region b, uint32_t most)
{
	struct sp_region rest, both, sum;

	start();
	ck_assert_int_eq(sp_minus(&work, a, b, &rest), 0);
	ck_assert_uint_le(used(), most);
	start();
	ck_assert_int_eq(sp_and(&work, a, b, &both), 0);
	ck_assert_uint_le(used(), most);
	ck_assert_uint_gt(both.n, 0);
	ck_assert_int_eq(sp_or(&work, rest, both, &sum), 0);
	start();
	ck_assert_int_eq(sp_overlap(&work, rest, b, NULL), 0);
	ck_assert_uint_le(used(), most);
	start();
	ck_assert_int_eq(sp_inside(&work, sum, a, NULL), 1);
	ck_assert_uint_le(used(), most);
	start();
	ck_assert_int_eq(sp_inside(&work, a, sum, NULL), 1);
	ck_assert_uint_le(used(), most);
}

START_TEST(prefixes_and_prefixes)
{
	split(prefixes(256, 4, 16), prefixes(256, 4, 16), 200);
	split(prefixes(256, 2, 10), prefixes(256, 2, 12), 5000);
	split(prefixes(1000, 6, 24), prefixes(1000, 6, 24), 5000);
}
END_TEST

START_TEST(boxes_and_boxes)
{
	struct sp_region a = boxes(256), b = boxes(256), rest;

	start();
	ck_assert_int_eq(sp_minus(&work, a, b, &rest), 0);
	ck_assert_uint_le(used(), 3000);
	split(boxes(100), boxes(100), 5000);
}
END_TEST

START_TEST(a_prefix_in_its_parts)
{
	struct sp_region a = none(), b = none();
	struct sp_atom net = prefix(SP_IP_DST, 10u << 24, 8);

	add(&a, &net, 1);
	for (uint32_t i = 0; i < 4096; i++) {
		net = prefix(SP_IP_DST, 10u << 24 | i << 12, 20);
		add(&b, &net, 1);
	}
	start();
	ck_assert_int_eq(sp_inside(&work, a, b, NULL), 1);
	ck_assert_uint_le(used(), 800);
	start();
	ck_assert_int_eq(sp_minimise(&work, b, &b), 0);
	ck_assert_uint_le(used(), 800);
	ck_assert_uint_eq(b.n, 1);
	ck_assert_int_eq(sp_inside(&work, a, b, NULL), 1);
}
END_TEST

START_TEST(fewer_of_thousands)
{
	struct sp_region a = tuples(4000), b = none(), out;

	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_le(used(), 5000);
	ck_assert_uint_eq(out.n, 4000);
	for (uint32_t i = 0; i < 4096; i++) {
		struct sp_atom at[] = {
			sp_is(SP_SPORT, i * 13 % 64),
			sp_is(SP_DPORT, i / 64 * 29 % 64),
		};

		add(&b, at, 2);
	}
	start();
	ck_assert_int_eq(sp_minimise(&work, b, &out), 0);
	ck_assert_uint_le(used(), 1500);
	ck_assert_uint_eq(out.n, 1);
	a = prefixes(1000, 1, 16);
	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_le(used(), 5000);
	ck_assert_uint_lt(out.n, a.n);
	start();
	ck_assert_int_eq(sp_inside(&work, a, out, NULL), 1);
	ck_assert_int_eq(sp_inside(&work, out, a, NULL), 1);
	ck_assert_uint_le(used(), 2000);
}
END_TEST

/* --- bombs ----------------------------------------------------------------- */

static const struct sp_cube every = { NULL, 0 };
static const struct sp_region all = { &every, 1 };

static void explodes(int rc)
{
	ck_assert_int_eq(rc, -EXO_EBUDGET);
	ck_assert_uint_eq(work.left, 0);
	ck_assert_uint_le(mem.used - held, BUDGET * UINT64_C(40));
}

/* One number of each field: the rest is a product of what is left of each. But
 * that they are not everything is plain. */
START_TEST(a_product_of_complements)
{
	struct sp_region a = none(), out;
	struct sp_cube c;

	for (uint32_t f = 0; f < SP_FIELDS; f++) {
		struct sp_atom one = sp_is((enum sp_field)f, 2);

		add(&a, &one, 1);
	}
	start();
	explodes(sp_not(&work, a, &out));
	start();
	ck_assert_int_eq(sp_inside(&work, all, a, &c), 0);
	ck_assert_uint_le(used(), 100);
}
END_TEST

/* Whether clauses of three bits each cover everything is a hard question when
 * there are about 4.3 for each bit. */
START_TEST(clauses)
{
	struct sp_region a = none(), out;

	for (uint32_t i = 0; i < 64 * 43 / 10; i++) {
		uint64_t mask = 0, value = (uint64_t)roll() << 32 | roll();
		struct sp_atom one;

		while ((mask & (mask - 1)) == 0 ||
		       (mask & (mask - 1) & ((mask & (mask - 1)) - 1)) == 0)
			mask |= UINT64_C(1) << roll() % 64;
		one = sp_masked(SP_IP6_SRC, mask, value);
		add(&a, &one, 1);
	}
	start();
	explodes(sp_not(&work, a, &out));
	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_le(used(), BUDGET / 1000 / 2 + 100);
}
END_TEST

/* Boxes that reach across the middle of all fields: each meets each. */
static struct sp_region large_boxes(uint32_t n)
{
	struct sp_region r = none();
	struct sp_atom at[SP_FIELDS];

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t f = 0; f < SP_FIELDS; f++) {
			uint64_t half = sp_max((enum sp_field)f) / 2;
			uint64_t x = (uint64_t)roll() * roll() % (half + 1);

			at[f] = sp_between((enum sp_field)f, x, x + half);
		}
		add(&r, at, SP_FIELDS);
	}
	return r;
}

START_TEST(boxes_across)
{
	struct sp_region a = large_boxes(2000), b = large_boxes(2000), out;

	start();
	explodes(sp_not(&work, a, &out));
	start();
	explodes(sp_and(&work, a, b, &out));
	start();
	explodes(sp_minus(&work, a, b, &out));
	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_eq(out.n, 2000);
}
END_TEST

/* Cubes that are alike, and what no index can tell apart. */
START_TEST(the_same_many_times)
{
	struct sp_cube *v = exo_arena_get(&arena, 200000 * sizeof(*v));
	struct sp_region a = { v, 200000 }, out;
	struct sp_atom one = sp_absent(SP_FRAG);

	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_eq(out.n, 1);
	start();
	ck_assert_int_eq(sp_minus(&work, a, a, &out), -EXO_EBUDGET);
	for (uint32_t i = 0; i < a.n; i++)
		v[i] = (struct sp_cube){ &one, 1 };
	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_eq(out.n, 1);
	one = sp_between(SP_IP_SRC, 1, 5);
	sp_tidy(&one, UINT32_MAX);
	start();
	ck_assert_int_eq(sp_minimise(&work, a, &out), 0);
	ck_assert_uint_eq(out.n, 1);
	start();
	ck_assert_int_eq(sp_inside(&work, a, a, NULL), -EXO_EBUDGET);
}
END_TEST

Suite *t_space_steps_suite(void)
{
	Suite *s = suite_create("space_steps");
	TCase *t = tcase_create("space_steps");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, tuples_in_a_prefix);
	tcase_add_test(t, tuples_in_tuples);
	tcase_add_test(t, everything_but_tuples);
	tcase_add_test(t, prefixes_and_prefixes);
	tcase_add_test(t, boxes_and_boxes);
	tcase_add_test(t, a_prefix_in_its_parts);
	tcase_add_test(t, fewer_of_thousands);
	tcase_add_test(t, a_product_of_complements);
	tcase_add_test(t, clauses);
	tcase_add_test(t, boxes_across);
	tcase_add_test(t, the_same_many_times);
	suite_add_tcase(s, t);
	return s;
}
