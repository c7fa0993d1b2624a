/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the splitter's files share: growing text, growing parts.
 */
#ifndef FLT_SPLIT_INT_H
#define FLT_SPLIT_INT_H

#include "filters/split.h"

/** Parentheses may be nested this deep; deeper ones are not split. */
#define FLT_SPLIT_DEPTH 256u

/** Terms longer than this are not split out. */
#define FLT_SPLIT_TERM_MAX 1024u

/** Longer expressions are not split. */
#define FLT_SPLIT_TEXT_MAX (8u << 20)

/** The expression written anew, and its parts in the order of the text. */
struct flt_parts {
	char *text;
	uint32_t len, room;
	struct flt_part *part;
	uint32_t n, part_room;
	bool failed; /* out of memory */
};

/** Append text, a part. After a failure they do nothing. */
void flt_parts_text(struct flt_parts *p, const char *s, size_t n);
void flt_parts_add(struct flt_parts *p, struct flt_part part);

/** Make nodes of the parts (split_chunk.c). p's text goes to *out.
 * Returns 0 or -EXO_ENOMEM. */
int flt_split_chunk(struct flt_parts *p, uint32_t terms, struct flt_split *out);

#endif
