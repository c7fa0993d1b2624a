/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regions as text: what people write, and the one form that is printed.
 *
 * Overview
 *	The language is tcpdump's where tcpdump has a word, on effective fields
 *	(space.h), and atoms over the canonical fields by name. What would be
 *	ambiguous is refused, with a code and a place. docs/regions.md has the
 *	language; text_errors.inc the refusals.
 *
 * The printed form
 *	Cubes in an order of their own, atoms in that of their fields. Reading
 *	it, if it is no longer than a text may be, gives the same cubes, atom
 *	for atom.
 *
 * Trust: any bytes may be read. Memory is the work's arena, and every step is
 * charged to the work.
 */
#ifndef EXO_SPACE_TEXT_H
#define EXO_SPACE_TEXT_H

#include "exo/space/region.h"

#define SP_TEXT_MAX   65536u /* bytes of a text */
#define SP_TEXT_DEPTH 64u    /* parentheses inside each other */

enum sp_text_code {
	SP_TEXT_NONE,
#define SP_TEXT_ERROR(number, name, what, advice) SP_TEXT_##name = (number),
#include "exo/space/text_errors.inc"
#undef SP_TEXT_ERROR
};

/* Why a text is no region. */
struct sp_text_error {
	uint32_t code;    /* enum sp_text_code; SP_TEXT_NONE: none of these */
	uint32_t at, len; /* the bytes that it is about; len 0: the end */
	/* SP_TEXT_HOST_BITS only: what was meant, see sp_text_prefix() */
	uint8_t form, bits, width;
	uint64_t meant[2];
};

/**
 * Read a region. Of *w the universe decides which cubes are dropped as empty.
 * Returns 0; -EXO_EINVAL with *err, which must not be NULL; -EXO_ENOMEM;
 * -EXO_EBUDGET, also when the universe cannot tell. On failure *out is as it
 * was.
 */
int sp_text_parse(struct sp_work *w, const char *text, uint32_t len,
    struct sp_region *out, struct sp_text_error *err);

/**
 * Append a region, whose atoms are tidy, as all are that the algebra makes.
 * Takes cubes times cubes steps unless they are in their order already.
 * Returns 0, or -EXO_E2BIG when something did not fit.
 */
int sp_text_print(struct exo_fmt *f, struct sp_region r);

/** The order of printed cubes: negative, 0 or positive. */
int sp_cube_order(const struct sp_cube *a, const struct sp_cube *b);

/** Append a number of `width` bits in a form (enum sp_form); of SP_F_IP6 v has
 * two halves, of others one. */
void sp_text_value(
    struct exo_fmt *f, uint8_t form, uint32_t width, const uint64_t *v);

/** Append what an SP_TEXT_HOST_BITS says was meant: "10.0.0.0/8". */
void sp_text_prefix(struct exo_fmt *f, const struct sp_text_error *err);

#endif
