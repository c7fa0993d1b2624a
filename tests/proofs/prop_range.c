/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of intervals: see prop.h, and range.h for the definitions. */
#include "tests/proofs/prop.h"

/* For all x in G(a), y in G(b): x op y in G(op(a, b)). */
#define BINARY(name, result)                                    \
	PROP(range_##name)                                      \
	{                                                       \
		struct vf_range a = take_range(in, W);          \
		struct vf_range b = take_range(in + 4, W);      \
		uint64_t x = take_word(in + 8);                 \
		uint64_t y = take_word(in + 9);                 \
		struct vf_range c;                              \
		unsigned said = 1;                              \
                                                                \
		if (!is_range(&a, W) || !is_range(&b, W) ||     \
		    !in_range(&a, x, W) || !in_range(&b, y, W)) \
			return 0;                               \
		c = vf_range_##name(&a, &b, W);                 \
		put_range(out, &c);                             \
		CLAIM(1, is_range(&c, W));                      \
		y = (result)&TOP;                               \
		CLAIM(2, c.umin <= y);                          \
		CLAIM(3, y <= c.umax);                          \
		CLAIM(4, c.smin <= s_of(y, W));                 \
		CLAIM(5, s_of(y, W) <= c.smax);                 \
		return said;                                    \
	}

BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(mul, x *y)
BINARY(and, x &y)
BINARY(or, x | y)
BINARY(udiv, div_u(x, y))
BINARY(sdiv, div_s(x, y, W))
BINARY(umod, mod_u(x, y))
BINARY(smod, mod_s(x, y, W))

/* For all x in G(a) and lo <= k <= hi: x op k in G(op(a, lo, hi)). */
#define SHIFT(name)                                                           \
	PROP(range_##name)                                                    \
	{                                                                     \
		struct vf_range a = take_range(in, W);                        \
		uint64_t x = take_word(in + 4);                               \
		bool is_in =                                                  \
		    in_range(&a, x, W) && in[5] <= in[6] && in[6] <= in[7];   \
		struct vf_range c;                                            \
		unsigned said = 1;                                            \
                                                                              \
		if (!is_range(&a, W) || in[5] > in[7] || in[7] >= W)          \
			return 0;                                             \
		c = vf_range_##name(&a, (unsigned)in[5], (unsigned)in[7], W); \
		put_range(out, &c);                                           \
		CLAIM(1, is_range(&c, W));                                    \
		x = word_##name(x, (unsigned)in[6] & (W - 1), W);             \
		CLAIM(2, !is_in || c.umin <= x);                              \
		CLAIM(3, !is_in || x <= c.umax);                              \
		CLAIM(4, !is_in || c.smin <= s_of(x, W));                     \
		CLAIM(5, !is_in || s_of(x, W) <= c.smax);                     \
		return said;                                                  \
	}

SHIFT(lsh)
SHIFT(rsh)
SHIFT(arsh)

/* The set stays the same, false says that it is empty, which bounds in the
 * wrong order are, and each bound is reached. */
PROP(range_sync)
{
	struct vf_range a = take_range(in, W);
	uint64_t x = take_word(in + 4);
	struct vf_range c = a;
	bool has_any;
	unsigned said = 1;

	has_any = vf_range_sync(&c, W);
	put_range(out, &c);
	out[4] = has_any;
	CLAIM(1, in_range(&a, x, W) == (has_any && in_range(&c, x, W)));
	CLAIM(2, !has_any || is_range(&c, W));
	CLAIM(3,
	    !has_any || (in_range(&c, c.umin, W) && in_range(&c, c.umax, W)));
	CLAIM(4, !has_any || (in_range(&c, (uint64_t)c.smin & TOP, W) &&
	                         in_range(&c, (uint64_t)c.smax & TOP, W)));
	return said;
}

PROP(range_halves)
{
	struct vf_range a = take_range(in, W);
	uint64_t x = take_word(in + 4);
	struct vf_halves h;
	unsigned said = 1;

	if (!is_range(&a, W))
		return 0;
	h = vf_range_halves(&a, W);
	out[0] = h.lo0;
	out[1] = h.hi0;
	out[2] = h.lo1;
	out[3] = h.hi1;
	CLAIM(1, in_range(&a, x, W) == ((h.lo0 <= x && x <= h.hi0) ||
	                                   (h.lo1 <= x && x <= h.hi1)));
	CLAIM(2, h.lo0 > h.hi0 || h.hi0 <= LESS);
	CLAIM(3, h.lo1 > h.hi1 || (h.lo1 > LESS && h.hi1 <= TOP));
	return said;
}

/* The constants and small functions of range.h, and one word. */
PROP(range_const)
{
	uint64_t x = take_word(in);
	uint64_t y = take_word(in + 1);
	int64_t s = s_of(x, W), t = s_of(y, W);
	struct vf_range c = vf_range_const(x, W);
	struct vf_range any = vf_range_any(W);
	unsigned said = 1;

	put_range(out, &c);
	CLAIM(1, in_range(&c, y, W) == (x == y) && is_range(&c, W));
	CLAIM(2, in_range(&any, y, W) && is_range(&any, W));
	CLAIM(3, vf_signed(x, W) == s && vf_umax(W) == TOP);
	CLAIM(4, vf_smax(W) == (int64_t)LESS && vf_smin(W) <= s);
	CLAIM(5, vf_min_u(x, y) == (x < y ? x : y));
	CLAIM(6, vf_max_u(x, y) == (x < y ? y : x));
	CLAIM(7, vf_min_s(s, t) == (s < t ? s : t) &&
	             vf_max_s(s, t) == (s < t ? t : s));
	return said;
}

PROP(range_covers)
{
	struct vf_range a = take_range(in, W);
	struct vf_range b = take_range(in + 4, W);
	uint64_t y = take_word(in + 8);
	bool covers = vf_range_covers(&a, &b);
	unsigned said = 1;

	if (!is_range(&a, W) || !is_range(&b, W) || !in_range(&b, y, W))
		return 0;
	out[0] = covers;
	CLAIM(1, !covers || a.umin <= y);
	CLAIM(2, !covers || y <= a.umax);
	CLAIM(3, !covers || a.smin <= s_of(y, W));
	CLAIM(4, !covers || s_of(y, W) <= a.smax);
	return said;
}

/* Pairs for which the comparison holds stay; false says that there is none;
 * no word comes in anew. */
#define REFINE(name, holds)                                                    \
	PROP(range_##name)                                                     \
	{                                                                      \
		struct vf_range a = take_range(in, W);                         \
		struct vf_range b = take_range(in + 4, W);                     \
		uint64_t x = take_word(in + 8);                                \
		uint64_t y = take_word(in + 9);                                \
		uint64_t z = take_word(in + 10);                               \
		struct vf_range c = a, d = b;                                  \
		bool has_any, is_pair;                                         \
		unsigned said = 1;                                             \
                                                                               \
		if (!is_range(&a, W) || !is_range(&b, W))                      \
			return 0;                                              \
		watch(x);                                                      \
		watch(y);                                                      \
		watch(z);                                                      \
		has_any = vf_range_##name(&c, &d, W);                          \
		is_pair = in_range(&a, x, W) && in_range(&b, y, W) && (holds); \
		out[8] = has_any;                                              \
		if (!has_any)                                                  \
			return is_pair ? 3 : 1;                                \
		put_range(out, &c);                                            \
		put_range(out + 4, &d);                                        \
		CLAIM(2, !is_pair || in_range(&c, x, W));                      \
		CLAIM(3, !is_pair || in_range(&d, y, W));                      \
		CLAIM(4, !in_range(&c, z, W) || in_range(&a, z, W));           \
		CLAIM(5, !in_range(&d, z, W) || in_range(&b, z, W));           \
		CLAIM(6, is_range(&c, W) && is_range(&d, W));                  \
		return said;                                                   \
	}

REFINE(eq, x == y)
REFINE(ne, x != y)
REFINE(ult, x < y)
REFINE(ule, x <= y)
REFINE(slt, s_of(x, W) < s_of(y, W))
REFINE(sle, s_of(x, W) <= s_of(y, W))
