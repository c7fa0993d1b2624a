/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two numbers of which one is so much more than the other.
 *
 * Asking the two in turn for the next number that is not below what the other
 * said finds the least pair, mostly at once. Masks can keep the two apart for
 * long: one odd, one even. Then the sum x = y + plus is looked at bit by bit
 * from the lowest. It is enough to know the carry, and of each of four bounds
 * whether the bits so far are beyond it: 32 states. Sets of states that can be
 * reached are kept for each bit; going back from the highest, a bit of x is 0
 * if it can be, so that x is the least.
 */
#include "exo/space/form.h"

#include "exo/abi/err.h"
#include "exo/space/space_int.h"

#define ROUNDS 16
#define BITS   32

/* States: the carry, and which bounds are broken so far. */
#define CARRY  1u
#define X_LOW  2u
#define X_HIGH 4u
#define Y_LOW  8u
#define Y_HIGH 16u

struct sum {
	const struct sp_atom *x, *y;
	uint32_t plus;
};

static bool fits(const struct sp_atom *a, uint32_t bit, uint32_t value)
{
	return (a->mask >> bit & 1) == 0 || (a->value >> bit & 1) == value;
}

/* Whether the bits up to one are below a bound's, of those before it. */
static bool below(uint64_t bound, uint32_t bit, uint32_t value, bool before)
{
	uint32_t b = bound >> bit & 1;

	return value == b ? before : value < b;
}

static bool above(uint64_t bound, uint32_t bit, uint32_t value, bool before)
{
	uint32_t b = bound >> bit & 1;

	return value == b ? before : value > b;
}

/* Append a bit of x. Returns the next state, or -1. */
static int step(const struct sum *s, uint32_t bit, uint32_t state, uint32_t x)
{
	uint32_t carry = state & CARRY, c = s->plus >> bit & 1;
	uint32_t y = x ^ c ^ carry, next = (y + c + carry) >> 1;

	if (!fits(s->x, bit, x) || !fits(s->y, bit, y))
		return -1;
	if (below(s->x->lo, bit, x, (state & X_LOW) != 0))
		next |= X_LOW;
	if (above(s->x->hi, bit, x, (state & X_HIGH) != 0))
		next |= X_HIGH;
	if (below(s->y->lo, bit, y, (state & Y_LOW) != 0))
		next |= Y_LOW;
	if (above(s->y->hi, bit, y, (state & Y_HIGH) != 0))
		next |= Y_HIGH;
	return (int)next;
}

/* Where a bit of x leads from a set of states; or, if `to` is not 0, from which
 * of them it leads into that set. */
static uint32_t image(
    const struct sum *s, uint32_t bit, uint32_t from, uint32_t x, uint32_t to)
{
	uint32_t out = 0;

	for (; from != 0; from &= from - 1) {
		uint32_t state = (uint32_t)__builtin_ctz(from);
		int next = step(s, bit, state, x);

		if (next < 0)
			continue;
		if (to == 0)
			out |= 1u << next;
		else if ((to >> next & 1) != 0)
			out |= 1u << state;
	}
	return out;
}

static int slowly(const struct sum *s, uint32_t *least)
{
	uint32_t set[BITS + 1], want = 1, from;

	set[0] = 1;
	for (uint32_t i = 0; i < BITS; i++)
		set[i + 1] =
		    image(s, i, set[i], 0, 0) | image(s, i, set[i], 1, 0);
	if ((set[BITS] & 1) == 0)
		return 0;
	*least = 0;
	for (uint32_t i = BITS; i-- > 0; want = from) {
		from = image(s, i, set[i], 0, want);
		if (from != 0)
			continue;
		from = image(s, i, set[i], 1, want);
		*least |= 1u << i;
	}
	return 1;
}

int sp_sum(struct sp_work *w, const struct sp_atom *x, const struct sp_atom *y,
    uint32_t plus, uint32_t *least)
{
	const struct sum s = { x, y, plus };
	uint64_t a = x->lo, b;

	for (int i = 0; i < ROUNDS; i++) {
		if (!sp_next(x, &a))
			return 0;
		*least = (uint32_t)a;
		b = a - plus;
		if (!sp_next(y, &b))
			return 0;
		if (b + plus == a)
			return 1;
		a = b + plus;
	}
	return sp_spend(w, BITS) != 0 ? -EXO_EBUDGET : slowly(&s, least);
}
