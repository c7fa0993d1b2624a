/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A header space so small that a set of its points is a bitmap.
 *
 * Three fields of three bits; each may be absent. Field 2 is there only if
 * field 1 is and is at least 3; fields 0 and 1 are not both absent.
 */
#ifndef TESTS_SUPPORT_TINYSPACE_H
#define TESTS_SUPPORT_TINYSPACE_H

#include "exo/space/region.h"

#define TINY_FIELDS 3u
#define TINY_STATES 9u /* numbers 0 to 7, and absence */
#define TINY_NONE   8u
#define TINY_ROWS   (TINY_STATES * TINY_STATES)

/* Row s0 * 9 + s1, bit s2; points that do not exist are never in it. */
struct tiny_set {
	uint16_t row[TINY_ROWS];
};

/** Aborts when it is asked about a cube whose atoms are not tidy or not in
 * order. */
extern const struct sp_universe tiny;

/** The states of a field that satisfy an atom, as bits. */
uint32_t tiny_atom(const struct sp_atom *a);

struct tiny_set tiny_cube(struct sp_cube c);
struct tiny_set tiny_region(struct sp_region r);
struct tiny_set tiny_and(struct tiny_set a, struct tiny_set b);
struct tiny_set tiny_or(struct tiny_set a, struct tiny_set b);
struct tiny_set tiny_minus(struct tiny_set a, struct tiny_set b);
struct tiny_set tiny_all(void);
uint32_t tiny_count(const struct tiny_set *a);
bool tiny_equal(const struct tiny_set *a, const struct tiny_set *b);

/** Whether each cube is well formed and some point is in it. */
bool tiny_is_lean(struct sp_region r);

/** Whether no point is in two cubes. */
bool tiny_is_disjoint(struct sp_region r);

#endif
