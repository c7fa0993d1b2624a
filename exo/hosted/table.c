/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table for people.
 */
#include "exo/hosted/table.h"

#include "exo/hosted/utf8.h"
#include "exo/lib/bug.h"

#include <stdlib.h>
#include <string.h>

void cmd_table_init(struct cmd_table *t, const char *align)
{
	unsigned i;

	memset(t, 0, sizeof(*t));
	for (i = 0; align[i] != '\0'; i++) {
		exo_assert(i < CMD_TABLE_COLS);
		t->right[i] = align[i] == 'r';
	}
	t->cols = i;
}

void cmd_table_cell(struct cmd_table *t, const char *text)
{
	size_t col = t->n % t->cols;
	size_t len = strlen(text);
	char **more, *copy;

	if (t->failed)
		return;
	if (t->n == t->room) {
		t->room = t->room == 0 ? 64 : t->room * 2;
		more = realloc(t->cells, t->room * sizeof(*more));
		if (more == NULL) {
			t->failed = true;
			return;
		}
		t->cells = more;
	}
	copy = malloc(len * CMD_UTF8_GROWTH + 1);
	if (copy == NULL) {
		t->failed = true;
		return;
	}
	len = cmd_utf8_safe(copy, text, len, false);
	copy[len] = '\0';
	t->cells[t->n++] = copy;
	if (len > t->width[col])
		t->width[col] = len;
}

static void print_row(const struct cmd_table *t, FILE *f, char **row)
{
	unsigned i, last = t->cols - 1;

	while (last > 0 && row[last][0] == '\0')
		last--;
	for (i = 0; i <= last; i++) {
		int pad = (int)t->width[i];

		if (i > 0)
			fputs("  ", f);
		if (t->right[i])
			fprintf(f, "%*s", pad, row[i]);
		else
			fprintf(f, "%-*s", i == last ? 0 : pad, row[i]);
	}
}

bool cmd_table_print(const struct cmd_table *t, FILE *f, bool colour)
{
	size_t i;

	for (i = 0; i + t->cols <= t->n; i += t->cols) {
		if (i == 0 && colour)
			fputs("\033[1m", f);
		print_row(t, f, t->cells + i);
		if (i == 0 && colour)
			fputs("\033[0m", f);
		fputc('\n', f);
	}
	return !t->failed;
}

void cmd_table_free(struct cmd_table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
}
