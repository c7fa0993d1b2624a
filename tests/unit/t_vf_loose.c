/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges and scalars whose bounds are not the smallest for their set, or that
 * hold nothing at all: what range.h and scalar.h promise is said of sets, so
 * that it holds of these as well. Random ones of 6 bits, against brute force;
 * a set of words is a mask of 64 bits.
 */
#include <check.h>
#include <stdint.h>

#include "exo/abi/insn.h"
#include "tests/support/exhaust.h"
#include "tests/unit/suites.h"
#include "verifier/scalar.h"

#define W     6u
#define H     3u
#define WORDS 64u

static uint64_t rng = 0x9e3779b97f4a7c15u;

static unsigned rnd(unsigned below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned)((rng >> 8) % below);
}

static bool in_range(const struct vf_range *r, uint64_t x, unsigned w)
{
	int64_t s = vf_signed(x, w);

	return r->umin <= x && x <= r->umax && r->smin <= s && s <= r->smax;
}

static uint64_t range_mask(const struct vf_range *r)
{
	uint64_t set = 0, x;

	for (x = 0; x < WORDS; x++)
		set |= (uint64_t)in_range(r, x, W) << x;
	return set;
}

static uint64_t mask(const struct vf_scalar *a)
{
	uint64_t set = range_mask(&a->r), x;

	for (x = 0; x < WORDS; x++) {
		if (!vf_tnum_has(a->t, x) || !in_range(&a->h, x & 7, H))
			set &= ~(UINT64_C(1) << x);
	}
	return set;
}

/* Bounds of w bits; in one of eight cases the wrong way round. */
static struct vf_range random_range(unsigned w)
{
	struct vf_range r = vf_range_any(w);
	unsigned words = 1u << w;
	uint64_t x = rnd(words), y = rnd(words);
	bool wrong = rnd(8) == 0;

	if (rnd(4) != 0) {
		r.umin = wrong ? vf_max_u(x, y) : vf_min_u(x, y);
		r.umax = wrong ? vf_min_u(x, y) : vf_max_u(x, y);
	}
	x = rnd(words);
	y = rnd(3) == 0 ? x : rnd(words);
	if (rnd(4) != 0) {
		r.smin = vf_min_s(vf_signed(x, w), vf_signed(y, w));
		r.smax = vf_max_s(vf_signed(x, w), vf_signed(y, w));
	}
	return r;
}

static struct vf_scalar random_scalar(void)
{
	struct vf_scalar a = { .r = random_range(W), .h = random_range(H) };

	a.t.m = rnd(WORDS) | (rnd(2) ? rnd(WORDS) : 0);
	a.t.v = rnd(WORDS) & ~a.t.m;
	return a;
}

/* Which of the comparisons, in the order of codes[] below. */
static bool holds(unsigned rel, uint64_t x, uint64_t y, unsigned w)
{
	int64_t s = vf_signed(x & vf_umax(w), w);
	int64_t t = vf_signed(y & vf_umax(w), w);

	x &= vf_umax(w);
	y &= vf_umax(w);
	switch (rel) {
	case 0:
		return x == y;
	case 1:
		return x != y;
	case 2:
		return x < y;
	case 3:
		return x <= y;
	case 4:
		return s < t;
	case 5:
		return s <= t;
	default:
		return (x & y) != 0;
	}
}

#define RANGE_RELS 6
#define RELS       7

/* What is left of two sets of words by a comparison that holds. */
static void refine(unsigned rel, bool half, bool want, uint64_t sets[2])
{
	uint64_t left = 0, right = 0, xs, ys;

	for (xs = sets[0]; xs != 0; xs &= xs - 1) {
		for (ys = sets[1]; ys != 0; ys &= ys - 1) {
			unsigned x = (unsigned)__builtin_ctzll(xs);
			unsigned y = (unsigned)__builtin_ctzll(ys);

			if (holds(rel, x, y, half ? H : W) != want)
				continue;
			left |= UINT64_C(1) << x;
			right |= UINT64_C(1) << y;
		}
	}
	sets[0] = left;
	sets[1] = right;
}

typedef bool (*rel_fn)(struct vf_range *, struct vf_range *, unsigned);

START_TEST(t_ranges)
{
	static const rel_fn rels[RANGE_RELS] = { vf_range_eq, vf_range_ne,
		vf_range_ult, vf_range_ule, vf_range_slt, vf_range_sle };
	unsigned round;

	for (round = 0; round < 60000; round++) {
		struct vf_range a = random_range(W), b = random_range(W);
		uint64_t sets[2] = { range_mask(&a), range_mask(&b) };
		bool possible = rels[_i](&a, &b, W);

		refine((unsigned)_i, false, true, sets);
		if (!possible) {
			NEED(sets[0] == 0);
			continue;
		}
		NEED((sets[0] & ~range_mask(&a)) == 0);
		NEED((sets[1] & ~range_mask(&b)) == 0);
	}
	done();
}
END_TEST

START_TEST(t_sync)
{
	unsigned round;

	for (round = 0; round < 400000; round++) {
		struct vf_scalar a = random_scalar();
		uint64_t set = mask(&a);

		if (vf_scalar_sync(&a, W))
			NEED(mask(&a) == set);
		else
			NEED(set == 0);
	}
	done();
}
END_TEST

/* Taken or not, whole or half: every pair that goes this way is kept. */
START_TEST(t_branches)
{
	static const uint8_t codes[RELS] = { EXO_JEQ, EXO_JNE, EXO_JLT, EXO_JLE,
		EXO_JSLT, EXO_JSLE, EXO_JSET };
	bool half = (_i & 1) != 0, taken = (_i & 2) != 0;
	unsigned rel = (unsigned)_i / 4, round;

	for (round = 0; round < 8000; round++) {
		struct vf_scalar a = random_scalar(), b = random_scalar();
		uint64_t sets[2] = { mask(&a), mask(&b) };
		bool possible =
		    vf_scalar_branch(codes[rel], taken, half, &a, &b, W);

		refine(rel, half, taken, sets);
		if (!possible) {
			NEED(sets[0] == 0);
			continue;
		}
		NEED((sets[0] & ~mask(&a)) == 0);
		NEED((sets[1] & ~mask(&b)) == 0);
	}
	done();
}
END_TEST

static uint64_t concrete(uint8_t op, uint64_t x, uint64_t y)
{
	switch (op) {
	case EXO_ADD:
		return x + y;
	case EXO_SUB:
		return x - y;
	case EXO_MUL:
		return x * y;
	case EXO_AND:
		return x & y;
	case EXO_OR:
		return x | y;
	case EXO_XOR:
		return x ^ y;
	case EXO_DIV:
		return y == 0 ? 0 : x / y;
	default:
		return y == 0 ? x : x % y;
	}
}

START_TEST(t_ops)
{
	static const uint8_t ops[] = { EXO_ADD, EXO_SUB, EXO_MUL, EXO_AND,
		EXO_OR, EXO_XOR, EXO_DIV, EXO_MOD };
	unsigned round;

	for (round = 0; round < 8000; round++) {
		struct vf_scalar a = random_scalar(), b = random_scalar();
		struct vf_scalar c =
		    vf_scalar_alu(ops[_i], false, false, &a, &b, W);
		uint64_t got = mask(&c), xs, ys;

		for (xs = mask(&a); xs != 0; xs &= xs - 1) {
			for (ys = mask(&b); ys != 0; ys &= ys - 1) {
				uint64_t z = concrete(ops[_i],
				    (unsigned)__builtin_ctzll(xs),
				    (unsigned)__builtin_ctzll(ys));

				NEED((got >> (z % WORDS) & 1) != 0);
			}
		}
	}
	done();
}
END_TEST

/* Bounds of 64 bits of which one corner overflows and others do not. */
START_TEST(t_wide)
{
	const int64_t big = INT64_MAX / 2, one = 1;
	struct vf_range a = vf_range_any(64), b = vf_range_any(64), r;
	struct vf_scalar s, by;
	unsigned i;

	for (i = 0; i < 4; i++) {
		a.smin = (i & 1) != 0 ? -big : -one;
		a.smax = (i & 1) != 0 ? one : big;
		b.smin = (i & 2) != 0 ? -4 : -one;
		b.smax = (i & 2) != 0 ? one : 4;
		r = vf_range_mul(&a, &b, 64);
		NEED(r.smin == INT64_MIN && r.smax == INT64_MAX);
	}
	a = vf_range_any(64);
	a.smin = 0;
	b = a;
	r = vf_range_add(&a, &b, 64);
	NEED(r.smin == INT64_MIN && r.smax == INT64_MAX);
	b.smin = -5;
	b.smax = 0;
	r = vf_range_sub(&a, &b, 64);
	NEED(r.smin == INT64_MIN && r.smax == INT64_MAX);
	/* a shift by no number at all */
	s = vf_scalar_any(64);
	by = vf_scalar_const(5, 64);
	by.r.umin = 6;
	by.r.umax = 7;
	s = vf_scalar_alu(EXO_RSH, false, false, &s, &by, 64);
	NEED(s.r.umin == 0 && s.r.umax == UINT64_MAX);
	done();
}
END_TEST

Suite *t_vf_loose_suite(void)
{
	Suite *s = suite_create("vf_loose");
	TCase *tc = tcase_create("loose");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, t_ranges, 0, RANGE_RELS);
	tcase_add_test(tc, t_sync);
	tcase_add_loop_test(tc, t_branches, 0, RELS * 4);
	tcase_add_loop_test(tc, t_ops, 0, 8);
	tcase_add_test(tc, t_wide);
	suite_add_tcase(s, tc);
	return s;
}
