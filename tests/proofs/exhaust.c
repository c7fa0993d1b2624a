/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intervals of words of 6 bits against brute force: every pair of unsigned
 * and signed intervals, every operation, every shift and every refinement;
 * the reduction on every unsigned interval with every signed one.
 *
 * usage: exhaust    prints `NAME CASES`, or `NAME failed ...` and exits 1
 *
 * A set of words is a mask of 64 bits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/lib/bug.h"
#include "tests/proofs/prop.h"

#define N    6u
#define ALL  64u
#define MOST 4200u

static struct vf_range all[MOST];
static uint64_t set_of[MOST];
static unsigned count;

/* What x gives with some word of an interval, and who has a partner there. */
static uint64_t given[ALL][MOST];
static uint64_t left_of[MOST], right_of[MOST];

_Noreturn void plat_panic(const char *file, int line, const char *why)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, why);
	abort();
}

/* Words lo..hi in the order of unsigned numbers. */
static uint64_t span(uint64_t lo, uint64_t hi)
{
	return (UINT64_MAX >> (ALL - 1 - hi)) & (UINT64_MAX << lo);
}

static uint64_t set(const struct vf_range *r)
{
	uint64_t u = span(r->umin, r->umax);
	uint64_t s = span((uint64_t)(r->smin + 32), (uint64_t)(r->smax + 32));

	return u & (s << 32 | s >> 32);
}

static void make_all(void)
{
	unsigned lo, hi;

	for (lo = 0; lo < ALL; lo++) {
		for (hi = lo; hi < ALL; hi++) {
			all[count] = vf_range_any(N);
			all[count].umin = lo;
			all[count++].umax = hi;
			all[count] = vf_range_any(N);
			all[count].smin = (int64_t)lo - 32;
			all[count++].smax = (int64_t)hi - 32;
		}
	}
	for (lo = 0; lo < count; lo++) {
		set_of[lo] = set(&all[lo]);
		(void)vf_range_sync(&all[lo], N);
	}
}

static void failed(const char *name, unsigned a, unsigned b)
{
	printf("%s failed on [%" PRIu64 ", %" PRIu64 "] [%" PRId64 ", %" PRId64
	       "], [%" PRIu64 ", %" PRIu64 "] [%" PRId64 ", %" PRId64 "]\n",
	    name, all[a].umin, all[a].umax, all[a].smin, all[a].smax,
	    all[b].umin, all[b].umax, all[b].smin, all[b].smax);
	exit(1);
}

/* The reduction keeps the set, sees that it is empty, and is the smallest. */
static bool reduces(struct vf_range r)
{
	uint64_t before = set(&r);

	if (!vf_range_sync(&r, N))
		return before == 0;
	return set(&r) == before && is_range(&r, N) &&
	       (before >> r.umin & 1) != 0 && (before >> r.umax & 1) != 0 &&
	       (before >> (r.smin & 63) & 1) != 0 &&
	       (before >> (r.smax & 63) & 1) != 0;
}

static void sync_all(void)
{
	unsigned long cases = 0;
	struct vf_range r;

	for (r.umin = 0; r.umin < ALL; r.umin++) {
		for (r.umax = r.umin; r.umax < ALL; r.umax++) {
			for (r.smin = -32; r.smin < 32; r.smin++) {
				for (r.smax = r.smin; r.smax < 32; r.smax++) {
					if (!reduces(r))
						failed("sync", 0, 0);
					cases++;
				}
			}
		}
	}
	printf("sync %lu\n", cases);
}

typedef struct vf_range (*op_fn)(
    const struct vf_range *, const struct vf_range *, unsigned);

static uint64_t add(uint64_t x, uint64_t y)
{
	return x + y;
}

static uint64_t sub(uint64_t x, uint64_t y)
{
	return x - y;
}

static uint64_t mul(uint64_t x, uint64_t y)
{
	return x * y;
}

static uint64_t bits_and(uint64_t x, uint64_t y)
{
	return x & y;
}

static uint64_t bits_or(uint64_t x, uint64_t y)
{
	return x | y;
}

static uint64_t sdiv(uint64_t x, uint64_t y)
{
	return div_s(x, y, N);
}

static uint64_t smod(uint64_t x, uint64_t y)
{
	return mod_s(x, y, N);
}

static const struct {
	const char *name;
	op_fn fn;
	uint64_t (*of)(uint64_t, uint64_t);
} ops[] = {
	{ "add", vf_range_add, add },
	{ "sub", vf_range_sub, sub },
	{ "mul", vf_range_mul, mul },
	{ "and", vf_range_and, bits_and },
	{ "or", vf_range_or, bits_or },
	{ "udiv", vf_range_udiv, div_u },
	{ "sdiv", vf_range_sdiv, sdiv },
	{ "umod", vf_range_umod, mod_u },
	{ "smod", vf_range_smod, smod },
};

static void op_all(unsigned n)
{
	unsigned long cases = 0;
	unsigned a, b, x, y;

	for (x = 0; x < ALL; x++) {
		for (b = 0; b < count; b++) {
			given[x][b] = 0;
			for (y = 0; y < ALL; y++)
				if (set_of[b] >> y & 1)
					given[x][b] |=
					    UINT64_C(1)
					    << (ops[n].of(x, y) & 63);
		}
	}
	for (a = 0; a < count; a++) {
		for (b = 0; b < count; b++, cases++) {
			struct vf_range r = ops[n].fn(&all[a], &all[b], N);
			uint64_t lost = 0, xs;

			for (xs = set_of[a]; xs != 0; xs &= xs - 1)
				lost |= given[__builtin_ctzll(xs)][b];
			if (!is_range(&r, N) || (lost & ~set(&r)) != 0)
				failed(ops[n].name, a, b);
		}
	}
	printf("%s %lu\n", ops[n].name, cases);
}

static uint64_t shifted(unsigned how, uint64_t x, unsigned k)
{
	return how == 0   ? x << k
	       : how == 1 ? x >> k
	                  : (uint64_t)(s_of(x, N) >> k);
}

static void shift_all(unsigned how)
{
	static const char *const names[] = { "lsh", "rsh", "arsh" };
	unsigned long cases = 0;
	unsigned a, lo, hi, k, x;

	for (a = 0; a < count * N * N; a++) {
		const struct vf_range *r = &all[a / (N * N)];
		struct vf_range c;
		uint64_t want = 0;

		lo = a / N % N;
		hi = a % N;
		if (lo > hi)
			continue;
		cases++;
		for (x = 0; x < ALL; x++)
			for (k = lo; k <= hi; k++)
				if (set(r) >> x & 1)
					want |= UINT64_C(1)
					        << (shifted(how, x, k) & 63);
		c = how == 0   ? vf_range_lsh(r, lo, hi, N)
		    : how == 1 ? vf_range_rsh(r, lo, hi, N)
		               : vf_range_arsh(r, lo, hi, N);
		if (!is_range(&c, N) || (want & ~set(&c)) != 0)
			failed(names[how], a / (N * N), a / (N * N));
	}
	printf("%s %lu\n", names[how], cases);
}

typedef bool (*rel_fn)(struct vf_range *, struct vf_range *, unsigned);

static const struct {
	const char *name;
	rel_fn fn;
} rels[] = {
	{ "eq", vf_range_eq },
	{ "ne", vf_range_ne },
	{ "ult", vf_range_ult },
	{ "ule", vf_range_ule },
	{ "slt", vf_range_slt },
	{ "sle", vf_range_sle },
};

static bool holds(unsigned rel, uint64_t x, uint64_t y)
{
	int64_t s = s_of(x, N), t = s_of(y, N);
	bool is[] = { x == y, x != y, x < y, x <= y, s < t, s <= t };

	return is[rel];
}

/* For each interval, the words that have a partner in it. */
static void find_partners(unsigned rel)
{
	unsigned a, x, y;

	for (a = 0; a < count; a++) {
		left_of[a] = 0;
		right_of[a] = 0;
		for (x = 0; x < ALL; x++) {
			for (y = 0; y < ALL; y++) {
				if ((set_of[a] >> y & 1) == 0)
					continue;
				if (holds(rel, x, y))
					left_of[a] |= UINT64_C(1) << x;
				if (holds(rel, y, x))
					right_of[a] |= UINT64_C(1) << x;
			}
		}
	}
}

/* `keep` may be left, and what is left is of `old`. */
static bool is_between(const struct vf_range *r, uint64_t keep, uint64_t old)
{
	return is_range(r, N) && (keep & ~set(r)) == 0 && (set(r) & ~old) == 0;
}

static void refine_all(unsigned rel)
{
	unsigned long cases = 0;
	unsigned a, b;

	find_partners(rel);
	for (a = 0; a < count; a++) {
		for (b = 0; b < count; b++, cases++) {
			struct vf_range c = all[a], d = all[b];
			uint64_t left = set_of[a] & left_of[b];
			uint64_t right = set_of[b] & right_of[a];
			bool has_any = rels[rel].fn(&c, &d, N);

			if (has_any != (left != 0) ||
			    (has_any && (!is_between(&c, left, set_of[a]) ||
			                    !is_between(&d, right, set_of[b]))))
				failed(rels[rel].name, a, b);
		}
	}
	printf("%s %lu\n", rels[rel].name, cases);
}

int main(void)
{
	unsigned n;

	make_all();
	sync_all();
	for (n = 0; n < sizeof(ops) / sizeof(ops[0]); n++)
		op_all(n);
	for (n = 0; n < 3; n++)
		shift_all(n);
	for (n = 0; n < sizeof(rels) / sizeof(rels[0]); n++)
		refine_all(n);
	return 0;
}
