/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is what sp_parse() says of a packet true?
 *
 * The rules of space.h, read off the fields: whether one is there follows from
 * others and from what was captured, and its number is read again from the
 * bytes. Nothing here is shared with the parser but the rows of fields.inc.
 */
#ifndef TESTS_SUPPORT_VIEW_H
#define TESTS_SUPPORT_VIEW_H

#include "exo/space/space.h"

/** Returns NULL, or the name of what is wrong: a field's, or "l3", "l4", "e4",
 * "has". */
const char *view_sane(const struct sp_packet *p, const struct sp_view *v);

/** The bytes of a packet from the first on that its view was made of; behind
 * them, bytes may change or be cut off. v is sane. */
uint32_t view_end(const struct sp_packet *p, const struct sp_view *v);

/**
 * Compare with the view of a packet that was cut, or is the same but for bytes
 * behind view_end(). Returns NULL, or the name of a field that the part has and
 * the whole has not, or with another number; caplen and l4.left are let pass.
 */
const char *view_within(
    const struct sp_view *part, const struct sp_view *whole);

/** The number of a field, or UINT64_MAX (but for fields of 64 bits no number)
 * where it is not there. */
static inline uint64_t view_of(const struct sp_view *v, enum sp_field f)
{
	return (v->has & SP_BIT(f)) != 0 ? v->v[f] : UINT64_MAX;
}

#endif
