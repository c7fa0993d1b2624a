/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of tristate numbers: see prop.h, and tnum.h for definitions. */
#include "tests/proofs/prop.h"

/* For all x in G(a), y in G(b): x op y in G(op(a, b)). */
#define BINARY(name, result)                                 \
	PROP(tnum_##name)                                    \
	{                                                    \
		struct vf_tnum a = take_tnum(in);            \
		struct vf_tnum b = take_tnum(in + 2);        \
		uint64_t x = take_word(in + 4);              \
		uint64_t y = take_word(in + 5);              \
		struct vf_tnum c;                            \
		unsigned said = 1;                           \
                                                             \
		if (!in_tnum(a, x) || !in_tnum(b, y))        \
			return 0;                            \
		c = vf_tnum_cut(vf_tnum_##name(a, b), W);    \
		put_tnum(out, c);                            \
		CLAIM(1, in_tnum(c, (result)&TOP));          \
		CLAIM(2, is_tnum(vf_tnum_##name(a, b), 64)); \
		return said;                                 \
	}

BINARY(add, x + y)
BINARY(sub, x - y)
BINARY(mul, x *y)
BINARY(and, x &y)
BINARY(or, x | y)
BINARY(xor, x ^ y)

/* For all x in G(a) and k: op(x, k) in G(op(a, k)), and its bits are known
 * where those that they come from are: as many unknown bits as the image of
 * the mask. */
#define SHIFT(name, call, result)                             \
	PROP(tnum_##name)                                     \
	{                                                     \
		struct vf_tnum a = take_tnum(in);             \
		uint64_t x = take_word(in + 2);               \
		unsigned k = (unsigned)in[3];                 \
		bool is_in = in_tnum(a, x);                   \
		struct vf_tnum c;                             \
		unsigned said = 1;                            \
                                                              \
		if (in[3] >= W)                               \
			return 0;                             \
		c = call;                                     \
		put_tnum(out, c);                             \
		CLAIM(1, !is_in || in_tnum(c, (result)&TOP)); \
		CLAIM(2, is_tnum(c, W));                      \
		x = a.m;                                      \
		CLAIM(3, c.m == ((result)&TOP));              \
		return said;                                  \
	}

SHIFT(lsh, vf_tnum_lsh(a, k, W), word_lsh(x, k, W))
SHIFT(rsh, vf_tnum_rsh(a, k), word_rsh(x, k, W))
SHIFT(arsh, vf_tnum_arsh(a, k, W), word_arsh(x, k, W))
SHIFT(sext, vf_tnum_sext(a, k + 1, W), (uint64_t)s_of(x &top_of(k + 1), k + 1))
SHIFT(cut, vf_tnum_cut(a, k + 1), x &top_of(k + 1))

static uint64_t swapped(uint64_t x, unsigned bytes)
{
	uint64_t y = 0;
	unsigned i;

	for (i = 0; i < bytes; i++)
		y |= (x >> (8 * i) & 0xff) << (8 * (bytes - 1 - i));
	return y;
}

#define SWAP(bytes)                                      \
	PROP(tnum_swap##bytes)                           \
	{                                                \
		struct vf_tnum a = take_tnum(in);        \
		uint64_t x = take_word(in + 2);          \
		struct vf_tnum c;                        \
		unsigned said = 1;                       \
                                                         \
		if (!in_tnum(a, x))                      \
			return 0;                        \
		c = vf_tnum_swap(a, bytes);              \
		put_tnum(out, c);                        \
		CLAIM(1, in_tnum(c, swapped(x, bytes))); \
		CLAIM(2, is_tnum(c, 8 * bytes));         \
		CLAIM(3, c.m == swapped(a.m, bytes));    \
		return said;                             \
	}

SWAP(2)
SWAP(4)
SWAP(8)

/* G(a) covers G(b) exactly when vf_tnum_covers() says so: where it denies,
 * the member of b that differs from a where it can is not in a. */
PROP(tnum_covers)
{
	struct vf_tnum a = take_tnum(in);
	struct vf_tnum b = take_tnum(in + 2);
	uint64_t y = take_word(in + 4);
	uint64_t other = b.v | (b.m & ~a.m & ~a.v);
	bool covers = vf_tnum_covers(a, b);
	unsigned said = 1;

	if (!in_tnum(b, y))
		return 0;
	out[0] = covers;
	CLAIM(1, !covers || in_tnum(a, y));
	CLAIM(2, covers || (in_tnum(b, other) && !in_tnum(a, other)));
	return said;
}

PROP(tnum_meet)
{
	struct vf_tnum a = take_tnum(in);
	struct vf_tnum b = take_tnum(in + 2);
	uint64_t x = take_word(in + 4);
	bool is_both = in_tnum(a, x) && in_tnum(b, x);
	bool meets = vf_tnum_meets(a, b);
	struct vf_tnum c = vf_tnum_meet(a, b);
	unsigned said = 1;

	put_tnum(out, c);
	out[2] = meets;
	CLAIM(1, !is_both || meets);
	CLAIM(2, !meets || (in_tnum(a, c.v) && in_tnum(b, c.v)));
	CLAIM(3, !meets || in_tnum(c, x) == is_both);
	CLAIM(4, !meets || is_tnum(c, W));
	return said;
}

/* The join is the smallest: each known bit of any tnum that covers both is
 * known in it. */
PROP(tnum_join)
{
	struct vf_tnum a = take_tnum(in);
	struct vf_tnum b = take_tnum(in + 2);
	struct vf_tnum d = take_tnum(in + 4);
	uint64_t x = take_word(in + 6);
	struct vf_tnum c = vf_tnum_join(a, b);
	unsigned said = 1;

	put_tnum(out, c);
	CLAIM(1, !(in_tnum(a, x) || in_tnum(b, x)) || in_tnum(c, x));
	CLAIM(2, is_tnum(c, W));
	CLAIM(3, !vf_tnum_covers(d, a) || !vf_tnum_covers(d, b) ||
	             vf_tnum_covers(d, c));
	return said;
}

/* The smallest: any tnum that has lo and hi covers it. */
PROP(tnum_range)
{
	uint64_t lo = take_word(in);
	uint64_t hi = take_word(in + 1);
	uint64_t x = take_word(in + 2);
	struct vf_tnum c;
	unsigned said = 1;

	if (lo > hi)
		return 0;
	c = vf_tnum_range(lo, hi);
	put_tnum(out, c);
	CLAIM(1, x < lo || x > hi || in_tnum(c, x));
	CLAIM(2, is_tnum(c, W));
	/* the highest bit that is unknown differs, and no higher one does */
	CLAIM(3, c.m >> 1 < (lo ^ hi) || lo == hi);
	return said;
}

PROP(tnum_const)
{
	uint64_t x = take_word(in);
	uint64_t y = take_word(in + 1);
	struct vf_tnum c = vf_tnum_const(x);
	unsigned said = 1;

	put_tnum(out, c);
	CLAIM(1, in_tnum(c, y) == (x == y));
	CLAIM(2, vf_tnum_has(take_tnum(in), y) == in_tnum(take_tnum(in), y));
	return said;
}
