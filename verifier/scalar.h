/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalars: what is known of a register that holds a number.
 *
 * A scalar S stands for the set G(S) of words x of w bits with
 *     x in G(S.t),  x in G(S.r),  (x mod 2^(w/2)) in G(S.h)
 * that is known bits, an interval of the word, and one of its lower half.
 * Each learns from the others: vf_scalar_sync().
 *
 * w is 64 for the verifier; it is an argument so that the same code can be
 * checked exhaustively at small widths.
 */
#ifndef VF_SCALAR_H
#define VF_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/range.h"
#include "verifier/tnum.h"

struct vf_scalar {
	struct vf_tnum t;
	struct vf_range r; /* the word, w bits */
	struct vf_range h; /* its lower half, w/2 bits */
};

struct vf_scalar vf_scalar_any(unsigned w);
struct vf_scalar vf_scalar_const(uint64_t x, unsigned w);

/** The numbers lo..hi, unsigned and signed alike. */
struct vf_scalar vf_scalar_between(uint64_t lo, uint64_t hi, unsigned w);
struct vf_scalar vf_scalar_between_s(int64_t lo, int64_t hi, unsigned w);

static inline bool vf_scalar_is_const(const struct vf_scalar *a)
{
	return a->t.m == 0;
}

/** True when G(b) is inside G(a), as far as each part shows it. */
bool vf_scalar_covers(const struct vf_scalar *a, const struct vf_scalar *b);

/**
 * Let every part learn from the others; G stays the same.
 * False when G is found to be empty; then the parts mean nothing.
 */
bool vf_scalar_sync(struct vf_scalar *a, unsigned w);

/**
 * The result of an ALU operation (EXO_ADD ... EXO_ARSH, not MOV, NEG, END):
 * contains { x op y }. With `half` the operation is done on the lower halves
 * and its result zero-extended. `sgn` makes DIV and MOD signed.
 * Shift amounts are taken modulo the width.
 */
struct vf_scalar vf_scalar_alu(uint8_t op, bool sgn, bool half,
    const struct vf_scalar *a, const struct vf_scalar *b, unsigned w);

/** The low `from` bits (at most w), zero-extended or sign-extended. */
struct vf_scalar vf_scalar_zext(
    const struct vf_scalar *a, unsigned from, unsigned w);
struct vf_scalar vf_scalar_sext(
    const struct vf_scalar *a, unsigned from, unsigned w);

/** The low `bytes` bytes in reverse order, zero-extended; w is 64. */
struct vf_scalar vf_scalar_swap(const struct vf_scalar *a, unsigned bytes);

/**
 * Refine both operands by a conditional jump that compares them (EXO_JEQ ...
 * EXO_JSLE) and was taken or not. With `half` it compares the lower halves.
 * False when no pair of values goes this way; then they mean nothing.
 */
bool vf_scalar_branch(uint8_t op, bool taken, bool half, struct vf_scalar *a,
    struct vf_scalar *b, unsigned w);

#endif
