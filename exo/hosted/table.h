/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table for people: cells of text, aligned when printed.
 */
#ifndef EXO_HOSTED_TABLE_H
#define EXO_HOSTED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CMD_TABLE_COLS 24u

struct cmd_table {
	unsigned cols;
	bool right[CMD_TABLE_COLS]; /* column is flush right: numbers */
	size_t width[CMD_TABLE_COLS];
	char *text; /* of the cells, row by row, each with its end */
	size_t used, room;
	size_t n;    /* cells */
	bool failed; /* out of memory: what follows is not kept */
};

/** Begin. align has one letter a column, 'l' or 'r'. */
void cmd_table_init(struct cmd_table *t, const char *align);

/** Append a cell, copied; a row is complete after `cols` of them. */
void cmd_table_cell(struct cmd_table *t, const char *text);

/**
 * Print, the first row in bold when colour says so, without spaces at the
 * ends of lines. Returns false when a cell was lost to a lack of memory.
 */
bool cmd_table_print(const struct cmd_table *t, FILE *f, bool colour);

void cmd_table_free(struct cmd_table *t);

#endif
