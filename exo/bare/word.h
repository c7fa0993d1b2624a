/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of a line of text, parted by spaces.
 */
#ifndef EXO_BARE_WORD_H
#define EXO_BARE_WORD_H

#include <stdbool.h>
#include <stdint.h>

/** A piece of text: a line, or a word of it. */
struct word {
	const char *p;
	uint32_t n;
};

/** Take the next line of a text, without its end. False: that was all. */
bool word_line(struct word *text, struct word *line);

/** Take the next word of a line; it has no characters when there is none. */
struct word word_next(struct word *line);

bool word_is(struct word w, const char *name);

/** Whether it is "name=..."; then *w is what follows. */
bool word_option(struct word *w, const char *name);

/** The number that it is, in decimal digits. False: it is none, or larger; *out is what
 * it was. */
bool word_u64(struct word w, uint64_t *out);
bool word_u32(struct word w, uint32_t *out);

/** Copy as much of it as there is room for, with a NUL behind it. */
void word_copy(char *to, uint32_t room, struct word w);

#endif
