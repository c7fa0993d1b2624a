/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as three regions, and what must be true of their algebra.
 *
 * Input: a byte of flags, then for each region the number of its cubes, for
 * each cube that of its atoms, and the atoms: what is demanded and of which
 * field, and its numbers. Bytes that are missing are 0.
 *
 * The regions are of the space of tinyspace.h, whose sets are bitmaps; with
 * WIDE set of real fields of all widths, where every cube is inhabited and the
 * judge is membership: of points at the corners of the atoms. With PACKETS set,
 * too, only packets are points, and the judge is a witness. With POOR set the
 * budget is a number of the input. It may be used up: then that answer is
 * missing, and all others must be right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "exo/space/region.h"
#include "tests/support/freespace.h"
#include "tests/support/mem.h"
#include "tests/support/tinyspace.h"

#define WIDE    1u
#define POOR    2u
#define PACKETS 4u
#define CUBES   12u
#define ATOMS   6u
#define POINTS  300u
#define PLENTY  300000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t left;
};

struct run {
	struct exo_mem mem;
	struct exo_arena arena;
	struct sp_work w;
	bool wide, packets;
	uint64_t budget, chance;
	struct sp_region r[3];
	struct tiny_set s[3];
};

static const enum sp_field wide[] = { SP_ETH_DST, SP_TAGS, SP_IP_SRC,
	SP_IP6_SRC, SP_FRAG, SP_PROTO, SP_SPORT, SP_TYPE };

#define NWIDE (sizeof(wide) / sizeof(wide[0]))

static _Noreturn void finding(const char *what)
{
	fprintf(stderr, "fuzz_region: %s\n", what);
	abort();
}

static uint32_t byte(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

/* --- regions --------------------------------------------------------------- */

/* Numbers near the ends, near a power of two, or any. */
static uint64_t number(struct run *r, struct input *in, uint64_t max)
{
	uint32_t how = byte(in);
	uint64_t x = 0;

	if (!r->wide)
		return how % 10;
	switch (how & 3) {
	case 0:
		return how >> 2;
	case 1:
		return max - (how >> 2);
	case 2:
		return (UINT64_C(1) << (how >> 2)) - byte(in) % 3;
	default:
		for (uint32_t i = 0; i < 1 + (how >> 2) % 8; i++)
			x = x << 8 | byte(in);
		return x;
	}
}

static struct sp_atom atom(struct run *r, struct input *in)
{
	uint32_t what = byte(in);
	enum sp_field f = r->wide ? wide[(what >> 3) % NWIDE]
	                          : (enum sp_field)((what >> 3) % TINY_FIELDS);
	uint64_t max = r->w.of->max(f), x, y;
	struct sp_atom a;

	switch (what & 7) {
	case 0:
		return sp_absent(f);
	case 1:
		return sp_present(f);
	case 2:
	case 3:
		return sp_is(f, number(r, in, max));
	case 4:
		x = number(r, in, max);
		return sp_masked(f, x, number(r, in, max));
	case 5:
		a = sp_present(f);
		a.mask = number(r, in, max);
		a.value = number(r, in, max) & a.mask;
		a.lo = number(r, in, max);
		a.hi = number(r, in, max);
		return a;
	default:
		x = number(r, in, max);
		y = number(r, in, max);
		return sp_between(f, x < y ? x : y, x < y ? y : x);
	}
}

static struct sp_region region(struct run *r, struct input *in)
{
	uint32_t cubes = byte(in) % (CUBES + 1);
	struct sp_region all = { NULL, 0 }, one;
	struct sp_atom a[ATOMS];

	for (uint32_t i = 0; i < cubes; i++) {
		uint32_t n = byte(in) % (ATOMS + 1);

		for (uint32_t k = 0; k < n; k++)
			a[k] = atom(r, in);
		if (sp_conj(&r->w, a, n, &one) != 0 ||
		    sp_or(&r->w, all, one, &all) != 0)
			finding("no region");
	}
	return all;
}

/* --- questions ------------------------------------------------------------- */

/* Each is given the budget; false when it was used up. */
static bool answered(struct run *r, int rc)
{
	r->w.left = r->budget;
	if (rc < 0 && rc != -EXO_EBUDGET)
		finding("an error");
	return rc >= 0;
}

static void must_inside(
    struct run *r, struct sp_region a, struct sp_region b, const char *what)
{
	int rc = sp_inside(&r->w, a, b, NULL);

	if (answered(r, rc) && rc != 1)
		finding(what);
}

static void must_equal(
    struct run *r, struct sp_region a, struct sp_region b, const char *what)
{
	must_inside(r, a, b, what);
	must_inside(r, b, a, what);
}

static uint32_t chance(struct run *r, uint32_t n)
{
	r->chance = r->chance * UINT64_C(6364136223846793005) + 1;
	return (uint32_t)(r->chance >> 33) % n;
}

/* A number about an atom of the field that some region has. */
static void corner(struct run *r, enum sp_field f, struct sp_view *v)
{
	const struct sp_region *from = &r->r[chance(r, 3)];
	uint64_t max = r->w.of->max(f), x = chance(r, 8);
	const struct sp_cube *c;

	for (uint32_t tries = 0; from->n > 0 && tries < 4; tries++) {
		c = &from->v[chance(r, from->n)];
		for (uint32_t i = 0; i < c->n; i++)
			if (c->a[i].field == f && !c->a[i].absent)
				x = chance(r, 2) == 0 ? c->a[i].lo : c->a[i].hi;
	}
	switch (chance(r, 8)) {
	case 0:
		x++;
		break;
	case 1:
		x--;
		break;
	case 2:
		x ^= UINT64_C(1) << chance(r, 64);
		break;
	case 3:
		return;
	default:
		break;
	}
	v->v[f] = x & max;
	v->has |= SP_BIT(f);
}

/* Whether a's and b's membership of a point makes it one of the result. */
static bool wanted(struct run *r, const struct sp_view *v, uint32_t op)
{
	uint32_t a = sp_region_has(r->r[0], v), b = sp_region_has(r->r[1], v);

	return (op >> (a + 2 * b) & 1) != 0;
}

/* A packet that is in it. */
static void must_witness(
    struct run *r, struct sp_region out, uint32_t op, const char *what)
{
	static uint8_t buf[SP_WITNESS_BYTES];
	struct sp_packet p;
	struct sp_view v;
	uint32_t flaws;
	int rc = sp_witness(&r->w, out, buf, sizeof(buf), &p, &flaws);

	if (rc == -EXO_E2BIG || !answered(r, rc))
		return;
	if (rc != (out.n > 0))
		finding("a cube of a result is empty, or none has a packet");
	if (rc == 0)
		return;
	sp_parse(&p, &v);
	if (!wanted(r, &v, op) || !sp_region_has(out, &v))
		finding(what);
}

/* r->r[0] and [1] give `out` by an operation on membership: bits of op are
 * the results for a alone, for b alone, for both and for neither. */
static void must_have(
    struct run *r, struct sp_region out, uint32_t op, const char *what)
{
	struct tiny_set s = tiny_all(), got;

	if (r->packets)
		must_witness(r, out, op, what);
	for (uint32_t k = 0; r->wide && !r->packets && k < POINTS; k++) {
		struct sp_view v = { .has = 0 };

		for (uint32_t f = 0; f < NWIDE; f++)
			corner(r, wide[f], &v);
		if (sp_region_has(out, &v) != wanted(r, &v, op))
			finding(what);
	}
	if (r->wide)
		return;
	for (uint32_t k = 0; k < TINY_ROWS; k++) {
		uint16_t a = r->s[0].row[k], b = r->s[1].row[k], x = 0;

		x |= (op & 1) != 0 ? ~a & ~b : 0;
		x |= (op & 2) != 0 ? a & ~b : 0;
		x |= (op & 4) != 0 ? ~a & b : 0;
		x |= (op & 8) != 0 ? a & b : 0;
		s.row[k] &= x;
	}
	got = tiny_region(out);
	if (!tiny_equal(&s, &got) || !tiny_is_lean(out))
		finding(what);
}

/* A cube that came with an answer: in a, and in b or not. */
static void must_show(struct run *r, struct sp_cube c, bool in_b)
{
	struct sp_region one = { &c, 1 };
	int rc;

	rc = sp_empty(&r->w, one);
	if (answered(r, rc) && rc != 0)
		finding("an example is empty");
	must_inside(r, one, r->r[0], "an example is not in a");
	if (in_b)
		must_inside(r, one, r->r[1], "an example is not in b");
	rc = in_b ? 0 : sp_overlap(&r->w, one, r->r[1], NULL);
	if (answered(r, rc) && rc != 0)
		finding("an example is in b");
}

/* --- what must be true ----------------------------------------------------- */

static void check_parts(struct run *r)
{
	struct sp_region a = r->r[0], b = r->r[1], rest, both, sum;
	struct sp_cube c;
	int rc;

	if (!answered(r, sp_minus(&r->w, a, b, &rest)) ||
	    !answered(r, sp_and(&r->w, a, b, &both)) ||
	    !answered(r, sp_or(&r->w, rest, both, &sum)))
		return;
	must_have(r, rest, 2, "minus");
	must_have(r, both, 8, "and");
	must_equal(r, sum, a, "(a - b) or (a and b) is not a");
	rc = sp_overlap(&r->w, rest, b, NULL);
	if (answered(r, rc) && rc != 0)
		finding("(a - b) and b is not empty");
	rc = sp_inside(&r->w, a, b, &c);
	if (answered(r, rc) && rc != (rest.n == 0))
		finding("a is in b, or is it");
	if (rc == 0)
		must_show(r, c, false);
	rc = sp_overlap(&r->w, a, b, &c);
	if (answered(r, rc) && rc != (both.n > 0))
		finding("a and b overlap, or do they");
	if (rc == 1)
		must_show(r, c, true);
}

static void check_forms(struct run *r)
{
	struct sp_region a = r->r[0], out, back;

	if (answered(r, sp_or(&r->w, a, r->r[1], &out)))
		must_have(r, out, 14, "or");
	if (answered(r, sp_minimise(&r->w, a, &out))) {
		must_have(r, out, 10, "minimise");
		must_equal(r, a, out, "minimise is another set");
		if (out.n > a.n)
			finding("minimise makes more");
	}
	if (!answered(r, sp_not(&r->w, a, &out)))
		return;
	must_have(r, out, 5, "not");
	if (answered(r, sp_not(&r->w, out, &back)))
		must_equal(r, a, back, "not not a is not a");
}

static void check_three(struct run *r)
{
	struct sp_region a = r->r[0], b = r->r[1], c = r->r[2], x, y, z;

	if (answered(r, sp_minus(&r->w, a, b, &x)) &&
	    answered(r, sp_minus(&r->w, x, c, &x)) &&
	    answered(r, sp_or(&r->w, b, c, &y)) &&
	    answered(r, sp_minus(&r->w, a, y, &y)))
		must_equal(r, x, y, "(a - b) - c is not a - (b or c)");
	if (answered(r, sp_or(&r->w, b, c, &x)) &&
	    answered(r, sp_and(&r->w, a, x, &x)) &&
	    answered(r, sp_and(&r->w, a, b, &y)) &&
	    answered(r, sp_and(&r->w, a, c, &z)) &&
	    answered(r, sp_or(&r->w, y, z, &y)))
		must_equal(r, x, y, "and does not distribute");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run r;
	struct input in = { data, size };
	uint32_t flags = byte(&in);
	uint64_t poor = byte(&in);

	r.mem = mem_heap(NULL);
	exo_arena_init(&r.arena, &r.mem);
	r.wide = (flags & WIDE) != 0;
	r.packets = r.wide && (flags & PACKETS) != 0;
	r.w = (struct sp_work){ .arena = &r.arena, .left = UINT64_MAX };
	r.w.of = r.packets ? &sp_packets : r.wide ? &free_space : &tiny;
	r.chance = size * 2 + 1;
	for (uint32_t i = 0; i < 3; i++) {
		r.r[i] = region(&r, &in);
		if (!r.wide)
			r.s[i] = tiny_region(r.r[i]);
	}
	r.budget = (flags & POOR) != 0 ? 64 + poor * 8 : PLENTY;
	r.w.left = r.budget;
	check_parts(&r);
	check_forms(&r);
	check_three(&r);
	exo_arena_free(&r.arena);
	if (r.mem.used != 0)
		finding("memory is left");
	return 0;
}
