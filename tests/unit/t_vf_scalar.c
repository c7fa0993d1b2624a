/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalars, the product of known bits and intervals, against brute force: the
 * reduction on every tnum, unsigned and signed interval of 4 bits with every
 * interval of the half; operations and branches on pairs of words of 6 bits.
 * A set of words is a mask of 64 bits.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "exo/abi/insn.h"
#include "tests/support/exhaust.h"
#include "tests/support/jump.h"
#include "verifier/scalar.h"

#define W     6u
#define H     3u
#define WORDS 64u
#define POOL  400u

static bool in_range(const struct vf_range *r, uint64_t x, unsigned w)
{
	int64_t s = vf_signed(x, w);

	return r->umin <= x && x <= r->umax && r->smin <= s && s <= r->smax;
}

static uint64_t mask(const struct vf_scalar *a, unsigned w)
{
	uint64_t set = 0;
	uint64_t x;

	for (x = 0; x >> w == 0; x++) {
		if (vf_tnum_has(a->t, x) && in_range(&a->r, x, w) &&
		    in_range(&a->h, x & vf_umax(w / 2), w / 2))
			set |= UINT64_C(1) << x;
	}
	return set;
}

/*
 * Reduction at 4 bits
 */

static void check_sync(const struct vf_scalar *a, uint64_t set)
{
	struct vf_scalar b = *a;
	uint64_t x;

	if (!vf_scalar_sync(&b, 4)) {
		NEED(set == 0);
		return;
	}
	NEED(mask(&b, 4) == set);
	NEED(vf_scalar_covers(a, &b));
	for (x = 0; x < 16; x++)
		NEED(set != UINT64_C(1) << x || vf_scalar_is_const(&b));
}

static uint64_t range_mask(const struct vf_range *r, unsigned w, unsigned of)
{
	uint64_t set = 0;
	uint64_t x;

	for (x = 0; x < 1u << of; x++)
		set |= (uint64_t)in_range(r, x & vf_umax(w), w) << x;
	return set;
}

static void sync_with_range(struct vf_scalar *a, uint64_t set)
{
	uint64_t i, v, m;

	for (i = 0; i < 10; i++) {
		static const uint8_t lo[] = { 0, 0, 0, 0, 1, 1, 1, 2, 2, 3 };
		static const uint8_t hi[] = { 0, 1, 2, 3, 1, 2, 3, 2, 3, 3 };

		a->h = vf_range_any(2);
		a->h.umin = lo[i];
		a->h.umax = hi[i];
		for (m = 0; m < 16; m++) {
			for (v = 0; v < 16; v++) {
				if ((v & m) != 0)
					continue;
				a->t = (struct vf_tnum){ v, m };
				check_sync(a, set & mask(a, 4));
			}
		}
	}
}

START_TEST(t_sync)
{
	struct vf_scalar a;
	int64_t lo, hi;
	uint64_t set;

	/* _i: the unsigned interval's lower bound; signed ones in steps that
	 * meet every bound at least once with each other one's half */
	a.r.umin = (uint64_t)_i;
	for (a.r.umax = a.r.umin; a.r.umax < 16; a.r.umax++) {
		for (lo = -8; lo < 8; lo++) {
			for (hi = lo; hi < 8; hi += 1 + (lo & 1)) {
				a.r.smin = lo;
				a.r.smax = hi;
				set = range_mask(&a.r, 4, 4);
				if (set != 0)
					sync_with_range(&a, set);
			}
		}
	}
	done();
}
END_TEST

/*
 * Pairs at 6 bits
 */

static struct vf_scalar pool[POOL];
static uint64_t pool_mask[POOL];
static unsigned npool;

static uint64_t rng = 88172645463325252u;

static unsigned rnd(unsigned below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned)(rng % below);
}

/* A random part of a scalar, or all words. */
static struct vf_scalar random_scalar(void)
{
	struct vf_scalar a = vf_scalar_any(W);
	uint64_t x = rnd(WORDS), y = rnd(WORDS);
	unsigned parts = rnd(16);

	if ((parts & 1) != 0) {
		a.t.m = rnd(WORDS) & (rnd(2) ? WORDS - 1 : rnd(WORDS));
		a.t.v = x & ~a.t.m;
	}
	if ((parts & 2) != 0) {
		a.r.umin = vf_min_u(x, y);
		a.r.umax = vf_max_u(x, y);
	}
	if ((parts & 4) != 0) {
		a.r.smin = vf_min_s(vf_signed(x, W), vf_signed(y, W));
		a.r.smax = vf_max_s(vf_signed(x, W), vf_signed(y, W));
	}
	x &= 7;
	y &= 7;
	if ((parts & 8) != 0 && rnd(2)) {
		a.h.umin = vf_min_u(x, y);
		a.h.umax = vf_max_u(x, y);
	} else if ((parts & 8) != 0) {
		a.h.smin = vf_min_s(vf_signed(x, H), vf_signed(y, H));
		a.h.smax = vf_max_s(vf_signed(x, H), vf_signed(y, H));
	}
	return a;
}

static void make_pool(void)
{
	uint64_t x;

	for (x = 0; x < WORDS; x++)
		pool[npool++] = vf_scalar_const(x, W);
	pool[npool++] = vf_scalar_any(W);
	while (npool < POOL) {
		struct vf_scalar a = random_scalar();

		if (vf_scalar_sync(&a, W))
			pool[npool++] = a;
	}
	for (x = 0; x < npool; x++)
		pool_mask[x] = mask(&pool[x], W);
}

static uint64_t div_of(uint64_t x, uint64_t y, bool sgn, unsigned w)
{
	if (y == 0)
		return 0;
	return sgn ? (uint64_t)(vf_signed(x, w) / vf_signed(y, w)) : x / y;
}

static uint64_t mod_of(uint64_t x, uint64_t y, bool sgn, unsigned w)
{
	if (y == 0)
		return x;
	return sgn ? (uint64_t)(vf_signed(x, w) % vf_signed(y, w)) : x % y;
}

/* One operation on words of w bits; shift amounts are taken modulo w, which
 * must be a power of two for that. */
static uint64_t concrete(
    uint8_t op, bool sgn, uint64_t x, uint64_t y, unsigned w)
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
		return div_of(x, y, sgn, w);
	case EXO_MOD:
		return mod_of(x, y, sgn, w);
	case EXO_LSH:
		return x << (y & (w - 1));
	case EXO_RSH:
		return x >> (y & (w - 1));
	default:
		return (uint64_t)(vf_signed(x, w) >> (y & (w - 1)));
	}
}

static const struct {
	uint8_t op;
	bool sgn;
} ops[] = {
	{ EXO_ADD, false },
	{ EXO_SUB, false },
	{ EXO_MUL, false },
	{ EXO_AND, false },
	{ EXO_OR, false },
	{ EXO_XOR, false },
	{ EXO_DIV, false },
	{ EXO_DIV, true },
	{ EXO_MOD, false },
	{ EXO_MOD, true },
};

#define NOPS (sizeof(ops) / sizeof(ops[0]))

static void check_op(unsigned n, bool half, unsigned i, unsigned k)
{
	unsigned w = half ? H : W;
	struct vf_scalar got =
	    vf_scalar_alu(ops[n].op, ops[n].sgn, half, &pool[i], &pool[k], W);
	uint64_t want = 0, xs, ys;

	for (xs = pool_mask[i]; xs != 0; xs &= xs - 1) {
		for (ys = pool_mask[k]; ys != 0; ys &= ys - 1) {
			uint64_t x = (uint64_t)__builtin_ctzll(xs);
			uint64_t y = (uint64_t)__builtin_ctzll(ys);

			x = concrete(ops[n].op, ops[n].sgn, x & vf_umax(w),
			    y & vf_umax(w), w);
			want |= UINT64_C(1) << (x & vf_umax(w));
		}
	}
	NEED((want & ~mask(&got, W)) == 0);
	NEED((want & (want - 1)) != 0 || ops[n].op == EXO_DIV ||
	     ops[n].op == EXO_MOD || pool[i].t.m != 0 || pool[k].t.m != 0 ||
	     vf_scalar_is_const(&got));
}

START_TEST(t_ops)
{
	unsigned i, k;

	for (i = 0; i < npool; i++) {
		for (k = 0; k < npool; k++) {
			check_op((unsigned)_i / 2, _i % 2 == 1, i, k);
		}
	}
	done();
}
END_TEST

/* Shifts at 64 and 32 bits: a few words that are far apart, each amount. */
static const uint64_t far[] = { 0, 1, 0x7f, 0x80000000, 0xffffffff,
	0x123456789abcdef0, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX,
	UINT64_MAX - 1 };

#define NFAR (sizeof(far) / sizeof(far[0]))

static struct vf_scalar hull(uint64_t x, uint64_t y)
{
	struct vf_scalar a = vf_scalar_any(64);

	a.t = vf_tnum_join(vf_tnum_const(x), vf_tnum_const(y));
	a.r.umin = vf_min_u(x, y);
	a.r.umax = vf_max_u(x, y);
	a.r.smin = vf_min_s((int64_t)x, (int64_t)y);
	a.r.smax = vf_max_s((int64_t)x, (int64_t)y);
	ck_assert(vf_scalar_sync(&a, 64));
	return a;
}

static bool has(const struct vf_scalar *a, uint64_t x)
{
	return vf_tnum_has(a->t, x) && in_range(&a->r, x, 64) &&
	       in_range(&a->h, x & UINT32_MAX, 32);
}

static void check_shift(uint8_t op, bool half, const struct vf_scalar *a,
    const struct vf_scalar *b, uint64_t x, uint64_t y)
{
	unsigned w = half ? 32 : 64;
	struct vf_scalar got = vf_scalar_alu(op, false, half, a, b, 64);
	uint64_t z = concrete(op, false, x & vf_umax(w), y, w) & vf_umax(w);

	NEED(has(&got, z));
	NEED(!vf_scalar_is_const(a) || !vf_scalar_is_const(b) ||
	     vf_scalar_is_const(&got));
}

START_TEST(t_shifts)
{
	static const uint8_t shifts[] = { EXO_LSH, EXO_RSH, EXO_ARSH };
	unsigned i, k, by, more;
	struct vf_scalar a, b;

	for (i = 0; i < NFAR; i++) {
		for (k = 0; k < NFAR; k++) {
			for (by = 0; by < 70; by++) {
				more = by + (i + k) % 9;
				a = hull(far[i], far[k]);
				b = hull(by, more);
				check_shift(
				    shifts[_i / 2], _i % 2, &a, &b, far[i], by);
				check_shift(shifts[_i / 2], _i % 2, &a, &b,
				    far[k], more);
			}
		}
	}
	done();
}
END_TEST

/*
 * Branches
 */

static const uint8_t jumps[] = { EXO_JEQ, EXO_JNE, EXO_JGT, EXO_JGE, EXO_JLT,
	EXO_JLE, EXO_JSET, EXO_JSGT, EXO_JSGE, EXO_JSLT, EXO_JSLE };

static void check_branch(
    uint8_t op, bool half, bool taken, unsigned i, unsigned k)
{
	unsigned w = half ? H : W;
	struct vf_scalar a = pool[i], b = pool[k];
	bool possible = vf_scalar_branch(op, taken, half, &a, &b, W);
	uint64_t left = 0, right = 0, xs, ys;

	for (xs = pool_mask[i]; xs != 0; xs &= xs - 1) {
		for (ys = pool_mask[k]; ys != 0; ys &= ys - 1) {
			uint64_t x = (uint64_t)__builtin_ctzll(xs);
			uint64_t y = (uint64_t)__builtin_ctzll(ys);

			if (jump_holds(op, x & vf_umax(w), y & vf_umax(w), w) !=
			    taken)
				continue;
			left |= UINT64_C(1) << x;
			right |= UINT64_C(1) << y;
		}
	}
	if (!possible) {
		NEED(left == 0);
		return;
	}
	NEED((left & ~mask(&a, W)) == 0);
	NEED((right & ~mask(&b, W)) == 0);
	NEED(vf_scalar_covers(&pool[i], &a));
	NEED(vf_scalar_covers(&pool[k], &b));
	/* between constants the way is always known */
	NEED(pool[i].t.m != 0 || pool[k].t.m != 0 || left != 0);
}

START_TEST(t_branches)
{
	unsigned i, k;

	for (i = 0; i < npool; i += 2) {
		for (k = 0; k < npool; k++) {
			check_branch(jumps[_i / 2], _i % 2, true, i, k);
			check_branch(jumps[_i / 2], _i % 2, false, i, k);
		}
	}
	done();
}
END_TEST

/*
 * The rest
 */

START_TEST(t_extensions)
{
	unsigned i, from;
	uint64_t xs;

	for (i = 0; i < npool; i++) {
		for (from = 1; from <= W; from++) {
			struct vf_scalar z = vf_scalar_zext(&pool[i], from, W);
			struct vf_scalar s = vf_scalar_sext(&pool[i], from, W);

			for (xs = pool_mask[i]; xs != 0; xs &= xs - 1) {
				uint64_t x = (uint64_t)__builtin_ctzll(xs);
				uint64_t low = x & vf_umax(from);

				NEED(mask(&z, W) >> low & 1);
				low = (uint64_t)vf_signed(low, from);
				NEED(mask(&s, W) >> (low & vf_umax(W)) & 1);
			}
		}
	}
	for (i = 0; i < NFAR; i++) {
		struct vf_scalar a = hull(far[i], far[NFAR - 1 - i]), b;

		b = vf_scalar_swap(&a, 2);
		NEED(has(&b, __builtin_bswap16((uint16_t)far[i])));
		b = vf_scalar_swap(&a, 4);
		NEED(has(&b, __builtin_bswap32((uint32_t)far[i])));
		b = vf_scalar_swap(&a, 8);
		NEED(has(&b, __builtin_bswap64(far[i])));
	}
	done();
}
END_TEST

START_TEST(t_order)
{
	unsigned i, k;

	for (i = 0; i < npool; i++) {
		for (k = 0; k < npool; k++)
			NEED(!vf_scalar_covers(&pool[i], &pool[k]) ||
			     (pool_mask[k] & ~pool_mask[i]) == 0);
		NEED(vf_scalar_covers(&pool[i], &pool[i]));
	}
	done();
}
END_TEST

Suite *t_vf_scalar_suite(void);

Suite *t_vf_scalar_suite(void)
{
	Suite *s = suite_create("vf_scalar");
	TCase *tc = tcase_create("exhaustive");

	if (npool == 0)
		make_pool();
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, t_sync, 0, 16);
	tcase_add_loop_test(tc, t_ops, 0, 2 * (int)NOPS);
	tcase_add_loop_test(tc, t_shifts, 0, 6);
	tcase_add_loop_test(
	    tc, t_branches, 0, 2 * (int)(sizeof(jumps) / sizeof(jumps[0])));
	tcase_add_test(tc, t_extensions);
	tcase_add_test(tc, t_order);
	suite_add_tcase(s, tc);
	return s;
}
