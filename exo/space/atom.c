/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atoms: what one field must be.
 *
 * The numbers of an atom are { x : x & mask == value, lo <= x <= hi }. With
 * fixed bits F = mask, the least such x not below lo is found by the highest
 * bit k of F in which lo and value differ. There is none: lo itself. value has
 * 1 there: keep lo above k, take value's fixed bits from k down, free bits 0.
 * value has 0 there: the number must exceed lo above k already, so the lowest
 * free bit above k that lo has 0 becomes 1, and what is below is least.
 * The greatest not above hi is the complement of the least for complements.
 *
 * The tidy form is unique: lo and hi are the least and the greatest number of
 * the set, mask its constant bits. For let bit j be neither masked nor above
 * d, the top bit in which lo and hi differ. d is not masked either, lo has 0
 * there and hi has 1. Were j constant, then 1, since lo with j set is in the
 * set (d keeps it below hi), and 0, since hi with j cleared is.
 * So a is in b exactly if b's constant bits are a's and a's ends in b's range.
 */
#include "exo/space/region.h"

#include "exo/space/space_int.h"

static unsigned top_bit(uint64_t v)
{
	return 63u - (unsigned)__builtin_clzll(v);
}

/* The bits below bit k, and k itself. */
static uint64_t upto(unsigned k)
{
	return UINT64_MAX >> (63 - k);
}

bool sp_least(uint64_t mask, uint64_t value, uint64_t lo, uint64_t *x)
{
	uint64_t differ = (lo ^ value) & mask, room;
	unsigned k;

	if (differ == 0) {
		*x = lo;
		return true;
	}
	k = top_bit(differ);
	if ((value >> k & 1) != 0) {
		*x = (lo & ~upto(k)) | (value & upto(k));
		return true;
	}
	room = ~mask & ~lo & ~upto(k);
	if (room == 0)
		return false;
	k = (unsigned)__builtin_ctzll(room);
	*x = (lo & ~upto(k)) | (uint64_t)1 << k | (value & (upto(k) >> 1));
	return true;
}

static bool greatest(uint64_t mask, uint64_t value, uint64_t hi, uint64_t *x)
{
	if (!sp_least(mask, ~value & mask, ~hi, x))
		return false;
	*x = ~*x;
	return true;
}

uint64_t sp_alike(const struct sp_atom *a, uint64_t max)
{
	return a->lo == a->hi ? max : max & ~upto(top_bit(a->lo ^ a->hi));
}

bool sp_tidy(struct sp_atom *a, uint64_t max)
{
	uint64_t fixed, alike;

	if (a->absent) {
		*a = (struct sp_atom){ .field = a->field, .absent = true };
		return true;
	}
	if ((a->value & ~(a->mask & max)) != 0)
		return false;
	a->mask &= max;
	a->hi = a->hi < max ? a->hi : max;
	fixed = a->mask | ~max; /* bits that the field has not are 0 */
	if (!sp_least(fixed, a->value, a->lo, &a->lo) ||
	    !greatest(fixed, a->value, a->hi, &a->hi) || a->lo > a->hi)
		return false;
	alike = sp_alike(a, max);
	a->mask |= alike;
	a->value |= a->lo & alike;
	return true;
}

struct sp_atom sp_is(enum sp_field f, uint64_t x)
{
	return sp_between(f, x, x);
}

struct sp_atom sp_between(enum sp_field f, uint64_t lo, uint64_t hi)
{
	return (struct sp_atom){ .field = (uint8_t)f, .lo = lo, .hi = hi };
}

struct sp_atom sp_masked(enum sp_field f, uint64_t mask, uint64_t value)
{
	return (struct sp_atom){ .field = (uint8_t)f,
		.mask = mask,
		.value = value & mask,
		.hi = UINT64_MAX };
}

struct sp_atom sp_absent(enum sp_field f)
{
	return (struct sp_atom){ .field = (uint8_t)f, .absent = true };
}

struct sp_atom sp_present(enum sp_field f)
{
	return sp_between(f, 0, UINT64_MAX);
}

bool sp_atom_and(struct sp_atom *a, const struct sp_atom *b, uint64_t max)
{
	if (a->absent || b->absent)
		return a->absent && b->absent;
	if (((a->value ^ b->value) & a->mask & b->mask) != 0)
		return false;
	a->mask |= b->mask;
	a->value |= b->value;
	a->lo = a->lo > b->lo ? a->lo : b->lo;
	a->hi = a->hi < b->hi ? a->hi : b->hi;
	return sp_tidy(a, max);
}

bool sp_atom_has(const struct sp_atom *a, bool there, uint64_t x)
{
	if (!there || a->absent)
		return there != a->absent;
	return (x & a->mask) == a->value && a->lo <= x && x <= a->hi;
}

bool sp_atom_inside(const struct sp_atom *a, const struct sp_atom *b)
{
	if (a->absent || b->absent)
		return a->absent && b->absent;
	return (b->mask & ~a->mask) == 0 && (a->value & b->mask) == b->value &&
	       b->lo <= a->lo && a->hi <= b->hi;
}

/*
 * The pieces: what is below a range, what is above it, within it for each masked
 * bit, from the lowest, what has those above it but not it, and absence: last,
 * for packets that have the field show a person more.
 * A bound that mask and value imply is widened to the bits that the set begins
 * with alike: an atom of mask only needs no more pieces than it has bits.
 */
int sp_atom_not(
    const struct sp_atom *b, uint64_t max, uint32_t i, struct sp_atom *out)
{
	const enum sp_field f = (enum sp_field)b->field;
	uint64_t alike, extra, lo = b->lo, hi = b->hi, bit;

	*out = b->absent ? sp_present(f) : sp_absent(f);
	if (b->absent)
		return i == 0 ? 1 : -1;
	alike = sp_alike(b, max);
	if (lo == b->value)
		lo &= alike;
	if (hi == (b->value | (max & ~b->mask)))
		hi |= max & ~alike;
	if (i <= 1) {
		*out = i == 0 ? sp_between(f, 0, lo - 1)
		              : sp_between(f, hi + 1, max);
		return i == 0 ? lo > 0 : hi < max;
	}
	extra = b->mask & ~alike;
	for (; i > 2 && extra != 0; i--)
		extra &= extra - 1;
	if (extra == 0)
		return i == 2 ? 1 : -1;
	bit = extra & ~(extra - 1);
	*out = sp_between(f, lo, hi);
	out->mask = b->mask & ~(bit - 1);
	out->value = (b->value & out->mask) ^ bit;
	return 1;
}
