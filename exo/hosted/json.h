/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A JSON writer: what it writes is always one valid document (RFC 8259).
 *
 * Values are written as they are given, commas and nesting are kept by the
 * writer. Bytes that are no UTF-8 become U+FFFD, so hostile file names cannot
 * spoil a document. Every function takes the member's key, NULL inside an
 * array. Failures of the stream are the stream's: ask ferror().
 */
#ifndef EXO_HOSTED_JSON_H
#define EXO_HOSTED_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CMD_JSON_DEPTH 16u /* most levels; deeper is our own mistake */

struct cmd_json {
	FILE *f;
	unsigned depth;
	char close[CMD_JSON_DEPTH]; /* '}' or ']' that ends each level */
	bool some[CMD_JSON_DEPTH];  /* the level has a value already */
};

/** Begin a document, which is one object, on f. */
void cmd_json_begin(struct cmd_json *j, FILE *f);

/** End the document; every level must have been ended. Writes a newline. */
void cmd_json_finish(struct cmd_json *j);

void cmd_json_object(struct cmd_json *j, const char *key);
void cmd_json_array(struct cmd_json *j, const char *key);

/** End the innermost object or array. */
void cmd_json_end(struct cmd_json *j);

/** s may be NULL, which writes null. */
void cmd_json_str(struct cmd_json *j, const char *key, const char *s);
void cmd_json_strn(
    struct cmd_json *j, const char *key, const char *s, size_t n);
void cmd_json_u64(struct cmd_json *j, const char *key, uint64_t v);
void cmd_json_i64(struct cmd_json *j, const char *key, int64_t v);

/** Write v thousandths: 1234 as 1.234. */
void cmd_json_milli(struct cmd_json *j, const char *key, uint64_t v);

/** The caller writes one value to the returned stream, as JSON. */
FILE *cmd_json_raw(struct cmd_json *j, const char *key);

/** A string by itself, with its quotes. */
void cmd_json_text(FILE *f, const char *s, size_t n);

void cmd_json_bool(struct cmd_json *j, const char *key, bool v);
void cmd_json_null(struct cmd_json *j, const char *key);

#endif
