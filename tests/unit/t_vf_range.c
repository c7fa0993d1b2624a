/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intervals against brute force: every pair of ranges of 4 bits, every
 * operation and every refinement. A set of words is a mask of 16 bits.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/exhaust.h"
#include "verifier/range.h"

#define W     4u
#define WORDS 16u
#define MOST  20000u

static struct vf_range *all;
static uint32_t *mask_of; /* of all[] */
static unsigned count;

static bool has(const struct vf_range *r, uint64_t x)
{
	int64_t s = vf_signed(x, W);

	return r->umin <= x && x <= r->umax && r->smin <= s && s <= r->smax;
}

static uint32_t mask(const struct vf_range *r)
{
	uint32_t set = 0;
	uint64_t x;

	for (x = 0; x < WORDS; x++)
		set |= (uint32_t)has(r, x) << x;
	return set;
}

static bool same(const struct vf_range *a, const struct vf_range *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Keep each reduced range once. */
static void keep(const struct vf_range *r)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (same(&all[i], r))
			return;
	}
	all[count] = *r;
	mask_of[count++] = mask(r);
}

/* The bounds of a set that is not empty. */
static struct vf_range bounds(uint32_t set)
{
	struct vf_range r = { WORDS, 0, WORDS, -(int64_t)WORDS };
	uint64_t x;

	for (x = 0; x < WORDS; x++) {
		if ((set >> x & 1) == 0)
			continue;
		r.umin = vf_min_u(r.umin, x);
		r.umax = vf_max_u(r.umax, x);
		r.smin = vf_min_s(r.smin, vf_signed(x, W));
		r.smax = vf_max_s(r.smax, vf_signed(x, W));
	}
	return r;
}

/* Every unsigned interval with every signed one: the reduction is exact. */
static bool reduces(struct vf_range r)
{
	uint32_t before = mask(&r);
	struct vf_range best;

	if (!vf_range_sync(&r, W))
		return before == 0;
	best = bounds(before);
	keep(&r);
	return before != 0 && same(&r, &best);
}

static unsigned make_all(void)
{
	struct vf_range r;
	unsigned wrong = 0;

	all = calloc(MOST, sizeof(*all));
	mask_of = calloc(MOST, sizeof(*mask_of));
	if (all == NULL || mask_of == NULL)
		abort();
	for (r.umin = 0; r.umin < WORDS; r.umin++)
		for (r.umax = r.umin; r.umax < WORDS; r.umax++)
			for (r.smin = -8; r.smin < 8; r.smin++)
				for (r.smax = r.smin; r.smax < 8; r.smax++)
					wrong += !reduces(r);
	return wrong;
}

static unsigned not_reduced;

START_TEST(t_sync)
{
	NEED(not_reduced == 0);
	ck_assert_uint_gt(count, 1000);
	done();
}
END_TEST

enum op {
	ADD,
	SUB,
	MUL,
	AND,
	OR,
	UDIV,
	SDIV,
	UMOD,
	SMOD,
	OPS
};

static uint64_t concrete(enum op op, uint64_t x, uint64_t y)
{
	int64_t s = vf_signed(x, W), t = vf_signed(y, W);

	switch (op) {
	case ADD:
		return x + y;
	case SUB:
		return x - y;
	case MUL:
		return x * y;
	case AND:
		return x & y;
	case OR:
		return x | y;
	case UDIV:
		return y == 0 ? 0 : x / y;
	case SDIV:
		return y == 0 ? 0 : (uint64_t)(s / t);
	case UMOD:
		return y == 0 ? x : x % y;
	case SMOD:
		return y == 0 ? x : (uint64_t)(s % t);
	default:
		abort();
	}
}

typedef struct vf_range (*op_fn)(
    const struct vf_range *, const struct vf_range *, unsigned);

static const op_fn ops[OPS] = {
	[ADD] = vf_range_add,
	[SUB] = vf_range_sub,
	[MUL] = vf_range_mul,
	[AND] = vf_range_and,
	[OR] = vf_range_or,
	[UDIV] = vf_range_udiv,
	[SDIV] = vf_range_sdiv,
	[UMOD] = vf_range_umod,
	[SMOD] = vf_range_smod,
};

/* The results of x with every word of a set, for all x and y. */
static uint32_t results[WORDS][WORDS];

START_TEST(t_ops)
{
	enum op op = (enum op)_i;
	unsigned i, k;
	uint64_t x, y;

	for (x = 0; x < WORDS; x++)
		for (y = 0; y < WORDS; y++)
			results[x][y] = 1u << (concrete(op, x, y) % WORDS);
	for (i = 0; i < count; i++) {
		for (k = 0; k < count; k++) {
			struct vf_range r = ops[op](&all[i], &all[k], W);
			uint32_t want = 0;

			for (x = all[i].umin; x <= all[i].umax; x++)
				for (y = all[k].umin; y <= all[k].umax; y++)
					if ((mask_of[i] >> x & 1) != 0 &&
					    (mask_of[k] >> y & 1) != 0)
						want |= results[x][y];
			NEED((want & ~mask(&r)) == 0);
		}
	}
	done();
}
END_TEST

START_TEST(t_shifts)
{
	unsigned i, lo, hi, k;
	uint64_t x;

	for (i = 0; i < count; i++) {
		for (lo = 0; lo < W; lo++) {
			for (hi = lo; hi < W; hi++) {
				struct vf_range *a = &all[i];
				struct vf_range l = vf_range_lsh(a, lo, hi, W);
				struct vf_range r = vf_range_rsh(a, lo, hi, W);
				struct vf_range s = vf_range_arsh(a, lo, hi, W);

				for (x = 0; x < WORDS; x++) {
					if (!has(a, x))
						continue;
					for (k = lo; k <= hi; k++) {
						NEED(has(&l, (x << k) % WORDS));
						NEED(has(&r, x >> k));
						NEED(has(
						    &s, (uint64_t)(vf_signed(
						                       x, W) >>
						                   k) %
						            WORDS));
					}
				}
			}
		}
	}
	done();
}
END_TEST

enum rel {
	EQ,
	NE,
	ULT,
	ULE,
	SLT,
	SLE,
	RELS
};

static bool holds(enum rel rel, uint64_t x, uint64_t y)
{
	int64_t s = vf_signed(x, W), t = vf_signed(y, W);

	switch (rel) {
	case EQ:
		return x == y;
	case NE:
		return x != y;
	case ULT:
		return x < y;
	case ULE:
		return x <= y;
	case SLT:
		return s < t;
	case SLE:
		return s <= t;
	default:
		abort();
	}
}

typedef bool (*rel_fn)(struct vf_range *, struct vf_range *, unsigned);

static const rel_fn rels[RELS] = {
	[EQ] = vf_range_eq,
	[NE] = vf_range_ne,
	[ULT] = vf_range_ult,
	[ULE] = vf_range_ule,
	[SLT] = vf_range_slt,
	[SLE] = vf_range_sle,
};

/* Nothing that a true comparison allows is lost, nothing is invented, and a
 * way is called impossible exactly when it is. */
START_TEST(t_refine)
{
	unsigned i, k;
	uint64_t x, y;

	for (i = 0; i < count; i++) {
		for (k = 0; k < count; k++) {
			struct vf_range a = all[i], b = all[k];
			bool possible = rels[_i](&a, &b, W);
			uint32_t left = 0, right = 0;

			for (x = all[i].umin; x <= all[i].umax; x++) {
				for (y = all[k].umin; y <= all[k].umax; y++) {
					if ((mask_of[i] >> x & 1) == 0 ||
					    (mask_of[k] >> y & 1) == 0 ||
					    !holds((enum rel)_i, x, y))
						continue;
					left |= 1u << x;
					right |= 1u << y;
				}
			}
			NEED(possible == (left != 0));
			if (!possible)
				continue;
			NEED((left & ~mask(&a)) == 0);
			NEED((right & ~mask(&b)) == 0);
			NEED((mask(&a) & ~mask_of[i]) == 0);
			NEED((mask(&b) & ~mask_of[k]) == 0);
		}
	}
	done();
}
END_TEST

/* What 64 bits have and 4 bits have not: overflow of the C types. */
START_TEST(t_wide)
{
	struct vf_range any = vf_range_any(64);
	struct vf_range least = vf_range_const((uint64_t)INT64_MIN, 64);
	struct vf_range minus = vf_range_const(UINT64_MAX, 64);
	struct vf_range r;

	r = vf_range_sdiv(&least, &minus, 64);
	NEED(r.smin == INT64_MIN);
	r = vf_range_sdiv(&any, &minus, 64);
	NEED(r.smin == INT64_MIN && r.smax == INT64_MAX);
	r = vf_range_smod(&any, &any, 64);
	NEED(r.smin == INT64_MIN && r.smax == INT64_MAX);
	r = vf_range_smod(&any, &least, 64);
	NEED(r.smin == -INT64_MAX && r.smax == INT64_MAX);
	r = vf_range_lsh(&minus, 63, 63, 64);
	NEED(r.smin == INT64_MIN && r.umax == UINT64_MAX);
	r = vf_range_mul(&least, &minus, 64);
	NEED(r.smin == INT64_MIN);
	r = vf_range_add(&any, &any, 64);
	NEED(r.umin == 0 && r.umax == UINT64_MAX);
	r = vf_range_sub(&least, &least, 64);
	NEED(r.umin == 0 && r.umax == 0);
	done();
}
END_TEST

Suite *t_vf_range_suite(void);

Suite *t_vf_range_suite(void)
{
	Suite *s = suite_create("vf_range");
	TCase *tc = tcase_create("exhaustive");

	if (all == NULL)
		not_reduced = make_all();
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, t_sync);
	tcase_add_loop_test(tc, t_ops, 0, OPS);
	tcase_add_test(tc, t_shifts);
	tcase_add_loop_test(tc, t_refine, 0, RELS);
	tcase_add_test(tc, t_wide);
	suite_add_tcase(s, tc);
	return s;
}
