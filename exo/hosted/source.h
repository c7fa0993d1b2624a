/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an instruction was written as: a line of assembler text, or of the file
 * that a compiler read.
 */
#ifndef EXO_HOSTED_SOURCE_H
#define EXO_HOSTED_SOURCE_H

#include "exo/core/image.h"
#include "exo/hosted/json.h"

#include <stdio.h>

/** Zeroes: nothing is known. */
struct cmd_source {
	uint32_t *line; /* of assembler text, from 1, for each instruction */
	struct exo_image_line *lines; /* of files, n of them, ascending */
	uint32_t n;
	char *texts; /* what those say */
};

/** Copy what an image tells, which may go then. Returns 0, or -1: no memory. */
int cmd_source_take(struct cmd_source *s, const struct exo_image *img,
    uint32_t first, uint32_t n);

/** The line that an instruction was made from, or NULL: it is not known, or the
 * instruction is the compiler's own. */
const struct exo_image_line *cmd_source_at(
    const struct cmd_source *s, uint32_t insn);

/** The same where it begins with that instruction, else NULL. */
const struct exo_image_line *cmd_source_begins(
    const struct cmd_source *s, uint32_t insn);

/** Print "; file.c:42: its text", the file without its directories, and nothing
 * that a terminal would obey. A newline ends it. */
void cmd_source_print(
    FILE *out, const struct cmd_source *s, const struct exo_image_line *l);

/** Write what an instruction was made from as members "file", "line", "column"
 * and "source", null where it is not known. */
void cmd_source_json(
    struct cmd_json *j, const struct cmd_source *s, uint32_t insn);

void cmd_source_free(struct cmd_source *s);

#endif
