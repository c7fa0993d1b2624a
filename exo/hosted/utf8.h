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

/** Bytes that cmd_utf8_safe() writes at most for each that it reads. */
#define CMD_UTF8_GROWTH 4u

/**
 * Copy n bytes of text so that no terminal obeys it: control characters (of
 * ASCII, DEL, and U+0080 to U+009F) and bytes that are no UTF-8 become \xNN.
 * With lines, newlines and tabs stay. out has room for CMD_UTF8_GROWTH bytes
 * for each of s; no NUL is added. Returns how many were written.
 */
size_t cmd_utf8_safe(char *out, const char *s, size_t n, bool lines);

/** Write text to f like that; newlines and tabs stay. */
void cmd_utf8_print(FILE *f, const char *s);

#endif
