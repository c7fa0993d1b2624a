/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The algebra of regions against bitmaps, in the space of tinyspace.h: every
 * operation on every pair of two families of cubes, and on random regions;
 * each budget, each limit of memory, and a universe that cannot tell.
 */
#include <check.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/space/region.h"
#include "tests/support/exhaust.h"
#include "tests/support/mem.h"
#include "tests/support/tinyspace.h"

#define PLENTY (UINT64_C(1) << 40)

static struct exo_mem mem;
static struct exo_arena arena;
static struct sp_work work;

static void setup(void)
{
	mem = mem_heap(NULL);
	exo_arena_init(&arena, &mem);
	work = (struct sp_work){ &arena, PLENTY, &tiny, NULL, NULL };
}

static void teardown(void)
{
	exo_arena_free(&arena);
	ck_assert_uint_eq(mem.used, 0);
}

static uint64_t seed;

static uint32_t roll(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % n;
}

/* --- every operation on two regions ---------------------------------------- */

struct pair {
	struct sp_region a, b;
	struct tiny_set sa, sb;
};

static struct pair pair_of(struct sp_region a, struct sp_region b)
{
	return (struct pair){ a, b, tiny_region(a), tiny_region(b) };
}

static bool is(struct sp_region r, struct tiny_set want)
{
	struct tiny_set got = tiny_region(r);

	return tiny_is_lean(r) && tiny_equal(&got, &want);
}

static bool within(struct sp_cube c, struct tiny_set s)
{
	struct tiny_set one = tiny_cube(c), rest = tiny_minus(one, s);

	return tiny_count(&one) > 0 && tiny_count(&rest) == 0;
}

static const struct sp_region untouched = { NULL, 77 };

/* An operation: its code, and whether what it said is right. */
static int do_and(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_region out = untouched;
	int rc = sp_and(w, p->a, p->b, &out);

	*right = rc == 0 ? is(out, tiny_and(p->sa, p->sb)) : out.n == 77;
	return rc;
}

static int do_or(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_region out = untouched;
	int rc = sp_or(w, p->a, p->b, &out);

	*right = rc == 0 ? is(out, tiny_or(p->sa, p->sb)) : out.n == 77;
	return rc;
}

static int do_minus(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_region out = untouched;
	int rc = sp_minus(w, p->a, p->b, &out);

	*right = rc == 0 ? is(out, tiny_minus(p->sa, p->sb)) : out.n == 77;
	if (rc == 0 && p->a.n == 1 && !tiny_is_disjoint(out))
		*right = false;
	return rc;
}

static int do_not(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_region out = untouched;
	int rc = sp_not(w, p->a, &out);

	*right = rc == 0 ? is(out, tiny_minus(tiny_all(), p->sa)) &&
	                       tiny_is_disjoint(out)
	                 : out.n == 77;
	return rc;
}

static int do_minimise(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_region out = untouched, sum;
	int rc = sp_or(w, p->a, p->b, &sum);

	if (rc == 0)
		rc = sp_minimise(w, sum, &out);
	*right = rc == 0 ? is(out, tiny_or(p->sa, p->sb)) && out.n <= sum.n
	                 : out.n == 77;
	return rc;
}

static int do_empty(struct pair *p, struct sp_work *w, bool *right)
{
	int rc = sp_empty(w, p->a);

	*right = rc < 0 || rc == (tiny_count(&p->sa) == 0);
	return rc;
}

static int do_overlap(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_cube c = { NULL, 77 };
	struct tiny_set both = tiny_and(p->sa, p->sb);
	int rc = sp_overlap(w, p->a, p->b, &c);

	*right = rc < 0 || rc == (tiny_count(&both) > 0);
	if (rc > 0 ? !within(c, both) : c.n != 77)
		*right = false;
	return rc;
}

static int do_inside(struct pair *p, struct sp_work *w, bool *right)
{
	struct sp_cube c = { NULL, 77 };
	struct tiny_set rest = tiny_minus(p->sa, p->sb);
	int rc = sp_inside(w, p->a, p->b, &c);

	*right = rc < 0 || rc == (tiny_count(&rest) == 0);
	if (rc == 0 ? !within(c, rest) : c.n != 77)
		*right = false;
	return rc;
}

static int (*const ops[])(struct pair *, struct sp_work *, bool *) = {
	do_and,
	do_or,
	do_minus,
	do_not,
	do_minimise,
	do_empty,
	do_overlap,
	do_inside,
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

static void check_pair(struct sp_region a, struct sp_region b)
{
	struct pair p = pair_of(a, b);
	bool right;

	for (size_t i = 0; i < OPS; i++) {
		NEED(ops[i](&p, &work, &right) >= 0);
		NEED(right);
	}
}

/* --- families of cubes ----------------------------------------------------- */

static struct sp_region demand(const struct sp_atom *a, uint32_t n)
{
	struct sp_region out = { NULL, 0 };

	NEED(sp_conj(&work, a, n, &out) == 0);
	return out;
}

/* Each set of numbers of three bits that is an atom, once, and absence. */
static uint32_t all_atoms(struct sp_atom *to, uint32_t field)
{
	bool seen[1u << TINY_STATES] = { false };
	struct sp_atom a = { .field = (uint8_t)field };
	uint32_t n = 0, code, set;

	to[n++] = sp_absent((enum sp_field)field);
	for (code = 0; code < 1u << 12; code++) {
		a.mask = code & 7;
		a.value = code >> 3 & 7;
		a.lo = code >> 6 & 7;
		a.hi = code >> 9;
		set = tiny_atom(&a);
		if (set != 0 && !seen[set])
			to[n++] = a;
		seen[set] = true;
	}
	return n;
}

/* Regions of one cube from now on outlive the arena of what is computed. */
static struct exo_arena keep;

static struct sp_work keeper(void)
{
	static struct exo_mem heap;

	heap = mem_heap(NULL);
	exo_arena_init(&keep, &heap);
	return (struct sp_work){ &keep, PLENTY, &tiny, NULL, NULL };
}

static void all_pairs(const struct sp_region *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < n; k++)
			check_pair(r[i], r[k]);
		exo_arena_free(&arena);
	}
	exo_arena_free(&keep);
}

/* Every atom of each field, alone. */
START_TEST(every_pair_of_atoms)
{
	struct sp_region r[200];
	struct sp_atom a[64];
	struct sp_work w = keeper();
	uint32_t n = 0;

	for (uint32_t f = 0; f < TINY_FIELDS; f++) {
		uint32_t many = all_atoms(a, f);

		NEED(many == 61);
		for (uint32_t i = 0; i < many; i++)
			NEED(sp_conj(&w, &a[i], 1, &r[n++]) == 0);
	}
	NEED(sp_all(&w, &r[n++]) == 0);
	r[n++] = (struct sp_region){ NULL, 0 };
	all_pairs(r, n);
	done();
}
END_TEST

/* Each kind of atom in each field with each in the others. */
START_TEST(every_pair_of_kinds)
{
	static struct sp_region r[343];
	struct sp_work w = keeper();
	uint32_t n = 0;

	for (uint32_t code = 0; code < 343; code++) {
		struct sp_atom a[TINY_FIELDS];
		uint32_t many = 0, left = code;

		for (uint32_t i = 0; i < TINY_FIELDS; i++, left /= 7) {
			enum sp_field f = (enum sp_field)i;
			const struct sp_atom kinds[7] = {
				sp_absent(f),
				sp_present(f),
				sp_is(f, 3),
				sp_between(f, 2, 5),
				sp_masked(f, 5, 1),
				sp_masked(f, 4, 4),
			};

			if (left % 7 != 6)
				a[many++] = kinds[left % 7];
		}
		NEED(sp_conj(&w, a, many, &r[n++]) == 0);
	}
	all_pairs(r, n);
	done();
}
END_TEST

static struct sp_atom random_atom(void)
{
	enum sp_field f = (enum sp_field)roll(TINY_FIELDS);

	switch (roll(6)) {
	case 0:
		return sp_absent(f);
	case 1:
		return sp_is(f, roll(8));
	case 2:
		return sp_masked(f, roll(8), roll(8));
	case 3:
		return (struct sp_atom){ .field = (uint8_t)f,
			.mask = 1u << roll(3),
			.lo = roll(4),
			.hi = 4 + roll(4) };
	default:
		return sp_between(f, roll(5), 3 + roll(6));
	}
}

/* Of at most so many cubes, each of at least so many atoms, and up to four
 * more. */
static struct sp_region random_cubes(uint32_t most, uint32_t least)
{
	struct sp_region r = { NULL, 0 }, one;
	struct sp_atom a[8];

	for (uint32_t i = roll(most + 1); i > 0; i--) {
		uint32_t n = least + roll(5);

		for (uint32_t k = 0; k < n; k++)
			a[k] = random_atom();
		one = demand(a, n);
		NEED(sp_or(&work, r, one, &r) == 0);
	}
	return r;
}

static struct sp_region random_region(uint32_t most)
{
	return random_cubes(most, 0);
}

START_TEST(random_regions)
{
	seed = 11;
	for (uint32_t i = 0; i < 12000; i++) {
		struct sp_region a = random_region(6), b = random_region(6);

		check_pair(a, b);
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

/* Long ones of small cubes, so that the index over one field is at work. */
START_TEST(random_long_regions)
{
	seed = 12;
	for (uint32_t i = 0; i < 600; i++) {
		uint32_t least = i % 5;
		struct sp_region a = random_cubes(60, least),
		                 b = random_cubes(60, least);

		check_pair(a, b);
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

/* Several atoms of a field are intersected, in any order. */
START_TEST(conjunctions)
{
	struct sp_atom a[6];

	seed = 13;
	for (uint32_t i = 0; i < 20000; i++) {
		struct tiny_set want = tiny_all();
		uint32_t n = roll(7);

		for (uint32_t k = 0; k < n; k++) {
			a[k] = random_atom();
			want = tiny_and(
			    want, tiny_cube((struct sp_cube){ &a[k], 1 }));
		}
		NEED(is(demand(a, n), want));
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

/* --- scarcity -------------------------------------------------------------- */

/* The wrong half of the answers is not given: right, or the code. */
static void scarce(struct pair *p, size_t op, struct sp_work *w, int code)
{
	bool right;
	int rc = ops[op](p, w, &right);

	NEED(rc >= 0 || rc == code);
	NEED(right);
}

static void each_budget(struct pair *p, size_t op)
{
	struct sp_work w = work;
	uint64_t used, step;
	bool right;

	NEED(ops[op](p, &w, &right) >= 0);
	used = work.left - w.left;
	step = 1 + used / 400;
	for (uint64_t left = 0; left <= used; left += step) {
		w.left = left;
		scarce(p, op, &w, -EXO_EBUDGET);
	}
	w.left = used - 1;
	NEED(ops[op](p, &w, &right) == -EXO_EBUDGET || ops[op] == do_minimise);
	NEED(right);
	w.left = used;
	NEED(ops[op](p, &w, &right) >= 0);
	NEED(right);
}

START_TEST(any_budget)
{
	seed = 21;
	for (uint32_t i = 0; i < 60; i++) {
		struct sp_region a = random_region(6), b = random_region(6);
		struct pair p = pair_of(a, b);

		for (size_t op = 0; op < OPS; op++)
			if (a.n > 0 && b.n > 0)
				each_budget(&p, op);
		exo_arena_free(&arena);
	}
	for (uint32_t i = 0; i < 6; i++) {
		struct sp_region a = random_cubes(40, 2),
		                 b = random_cubes(40, 2);
		struct pair p = pair_of(a, b);

		for (size_t op = 0; op < OPS; op++)
			if (a.n > 0 && b.n > 0)
				each_budget(&p, op);
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

static void each_memory(struct sp_region a, struct sp_region b, uint64_t step)
{
	struct exo_mem little = mem_heap(NULL);
	struct exo_arena small;
	struct sp_work w = { &small, PLENTY, &tiny, NULL, NULL };
	struct pair p = pair_of(a, b);

	exo_arena_init(&small, &little);
	for (size_t op = 0; op < OPS; op++) {
		for (little.limit = 1; little.limit < 160 * step;
		     little.limit += step) {
			scarce(&p, op, &w, -EXO_ENOMEM);
			exo_arena_free(&small);
		}
	}
	NEED(little.used == 0);
}

START_TEST(any_memory)
{
	seed = 22;
	for (uint32_t i = 0; i < 40; i++) {
		each_memory(random_region(6), random_region(6), 48);
		exo_arena_free(&arena);
	}
	for (uint32_t i = 0; i < 10; i++) {
		each_memory(random_cubes(40, 2), random_cubes(40, 2), 96);
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

static uint32_t asked, tells;

static int tells_some(struct sp_work *w, const struct sp_cube *c)
{
	return asked++ < tells ? tiny.inhabited(w, c) : -EXO_EBUDGET;
}

/* Who is asked whether somebody lives there gives up after some questions. */
START_TEST(a_universe_that_cannot_tell)
{
	const struct sp_universe some = { tiny.max, tells_some };
	struct sp_work w = work;

	seed = 23;
	w.of = &some;
	for (uint32_t i = 0; i < 60; i++) {
		struct sp_region a = random_region(6), b = random_region(6);
		struct pair p = pair_of(a, b);

		for (size_t op = 0; op < OPS; op++) {
			asked = tells = 0;
			do {
				tells = asked < 60 ? tells + 1 : UINT32_MAX;
				asked = 0;
				scarce(&p, op, &w, -EXO_EBUDGET);
			} while (asked > tells);
		}
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

/* --- forms ----------------------------------------------------------------- */

/* What no packet can be in is no cube of a result; see tinyspace.h. */
START_TEST(dependencies_count)
{
	struct sp_atom none[] = { sp_absent((enum sp_field)0),
		sp_absent((enum sp_field)1) };
	struct sp_atom low[] = { sp_is((enum sp_field)1, 2),
		sp_present((enum sp_field)2) };
	struct sp_atom high[] = { sp_is((enum sp_field)1, 3),
		sp_present((enum sp_field)2) };

	ck_assert_uint_eq(demand(none, 2).n, 0);
	ck_assert_uint_eq(demand(low, 2).n, 0);
	ck_assert_uint_eq(demand(high, 2).n, 1);
	ck_assert_int_eq(
	    sp_inside(&work, demand(high + 1, 1),
	        demand((struct sp_atom[]){ sp_between((enum sp_field)1, 3, 7) },
	            1),
	        NULL),
	    1);
	done();
}
END_TEST

/* Eight numbers become one range, and with absence no demand at all. */
START_TEST(minimise_joins)
{
	struct sp_region r = { NULL, 0 };
	struct sp_atom a = sp_absent((enum sp_field)0);

	ck_assert_int_eq(sp_or(&work, r, demand(&a, 1), &r), 0);
	for (uint32_t i = 0; i < 8; i++) {
		a = sp_is((enum sp_field)0, i * 5 % 8);
		ck_assert_int_eq(sp_or(&work, r, demand(&a, 1), &r), 0);
	}
	ck_assert_int_eq(sp_minimise(&work, r, &r), 0);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.v[0].n, 0);
	done();
}
END_TEST

/* The third is in the union of the others, and no two are a cube. */
START_TEST(minimise_drops_what_is_spare)
{
	enum sp_field x = (enum sp_field)0, y = (enum sp_field)1;
	const struct sp_atom a[] = { sp_between(x, 0, 3) };
	const struct sp_atom b[] = { sp_between(x, 4, 7), sp_between(y, 2, 5) };
	const struct sp_atom c[] = { sp_between(x, 2, 6), sp_between(y, 3, 4) };
	struct sp_region r = demand(a, 1);

	ck_assert_int_eq(sp_or(&work, r, demand(c, 2), &r), 0);
	ck_assert_int_eq(sp_or(&work, r, demand(b, 2), &r), 0);
	ck_assert_int_eq(sp_minimise(&work, r, &r), 0);
	ck_assert_uint_eq(r.n, 2);
	done();
}
END_TEST

/* A region that shares nothing with the other comes back as it is. */
START_TEST(minus_of_others_changes_nothing)
{
	struct sp_atom a[] = { sp_between((enum sp_field)1, 0, 2) };
	struct sp_atom b[] = { sp_present((enum sp_field)2) };
	struct sp_region ra = demand(a, 1), rb = demand(b, 1), out;

	ck_assert_int_eq(sp_minus(&work, ra, rb, &out), 0);
	ck_assert_uint_eq(out.n, 1);
	ck_assert_uint_eq(out.v[0].n, 1);
	ck_assert_ptr_eq(out.v[0].a, ra.v[0].a);
	done();
}
END_TEST

START_TEST(membership)
{
	seed = 31;
	for (uint32_t i = 0; i < 300; i++) {
		struct sp_region r = random_region(4);
		struct tiny_set s = tiny_region(r), all = tiny_all();

		for (uint32_t k = 0; k < TINY_ROWS * TINY_STATES; k++) {
			uint32_t st[] = { k / 81, k / 9 % 9, k % 9 };
			struct sp_view v = { .has = 0 };

			for (uint32_t f = 0; f < TINY_FIELDS; f++) {
				v.v[f] = st[f] == TINY_NONE ? 5 : st[f];
				v.has |= st[f] == TINY_NONE ? 0 : SP_BIT(f);
			}
			NEED((all.row[k / 9] >> k % 9 & 1) == 0 ||
			     sp_region_has(r, &v) ==
			         (s.row[k / 9] >> k % 9 & 1));
		}
		exo_arena_free(&arena);
	}
	done();
}
END_TEST

Suite *t_space_region_suite(void)
{
	Suite *s = suite_create("space_region");
	TCase *t = tcase_create("space_region");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_pair_of_atoms);
	tcase_add_test(t, every_pair_of_kinds);
	tcase_add_test(t, random_regions);
	tcase_add_test(t, random_long_regions);
	tcase_add_test(t, conjunctions);
	tcase_add_test(t, any_budget);
	tcase_add_test(t, any_memory);
	tcase_add_test(t, a_universe_that_cannot_tell);
	tcase_add_test(t, dependencies_count);
	tcase_add_test(t, minimise_joins);
	tcase_add_test(t, minimise_drops_what_is_spare);
	tcase_add_test(t, minus_of_others_changes_nothing);
	tcase_add_test(t, membership);
	suite_add_tcase(s, t);
	return s;
}
