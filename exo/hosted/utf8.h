/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that others wrote: which of it is UTF-8, which of it a terminal would
 * obey.
 */
#ifndef EXO_HOSTED_UTF8_H
#define EXO_HOSTED_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * Length of the UTF-8 sequence at s, of which n bytes (not 0) are there, or 0
 * when it is malformed: overlong forms, surrogates and values past U+10FFFF
 * are (RFC 3629, section 4).
 */
size_t cmd_utf8_len(const char *s, size_t n);

/** True when the sequence at s, of n bytes, is one of U+0080 to U+009F: a
 * control character, which terminals may take for ESC and a letter. */
bool cmd_utf8_is_c1(const char *s, size_t n);

/** True when the sequence at s, of n bytes, is one of U+202A to U+202E or
 * U+2066 to U+2069, which turn the order in which text after them is shown
 * (Unicode Standard Annex #9, section 2). */
bool cmd_utf8_is_bidi(const char *s, size_t n);

/** Bytes of the byte order mark that a text of n bytes begins with: 3, or 0.
 * Editors on some systems put it before UTF-8 (RFC 3629, section 6). */
size_t cmd_utf8_bom(const char *s, size_t n);

/** Bytes that cmd_utf8_safe() writes at most for each that it reads. */
#define CMD_UTF8_GROWTH 4u

/**
 * Copy n bytes of text so that no terminal obeys it: control characters (of
 * ASCII, DEL, U+0080 to U+009F, those of the order of text) and bytes that are
 * no UTF-8 become \xNN.
 * With lines, newlines and tabs stay. out has room for CMD_UTF8_GROWTH bytes
 * for each of s; no NUL is added. Returns how many were written.
 */
size_t cmd_utf8_safe(char *out, const char *s, size_t n, bool lines);

/** Write text to f like that; newlines and tabs stay, or they do not. */
void cmd_utf8_print(FILE *f, const char *s);
void cmd_utf8_line(FILE *f, const char *s);

#endif
