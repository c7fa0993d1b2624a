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

/* Room for so many bytes more. */
static bool make_room(struct cmd_table *t, size_t more)
{
	size_t room = t->room == 0 ? 4096 : t->room;
	char *text;

	while (room - t->used < more)
		room *= 2;
	if (room == t->room)
		return true;
	text = realloc(t->text, room);
	if (text == NULL)
		return false;
	t->text = text;
	t->room = room;
	return true;
}

void cmd_table_cell(struct cmd_table *t, const char *text)
{
	size_t col = t->n % t->cols;
	size_t len = strlen(text);
	char *copy;

	t->failed |= !make_room(t, len * CMD_UTF8_GROWTH + 1);
	if (t->failed)
		return;
	copy = t->text + t->used;
	len = cmd_utf8_safe(copy, text, len, false);
	copy[len] = '\0';
	t->used += len + 1;
	t->n++;
	if (len > t->width[col])
		t->width[col] = len;
}

static void print_row(
    const struct cmd_table *t, FILE *f, const char *const *row)
{
	unsigned i, last = t->cols - 1;

	exo_assert(t->cols > 0);
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
	const char *row[CMD_TABLE_COLS], *at = t->text;
	size_t i, k;

	for (i = 0; i + t->cols <= t->n; i += t->cols) {
		for (k = 0; k < t->cols; k++, at += strlen(at) + 1)
			row[k] = at;
		if (i == 0 && colour)
			fputs("\033[1m", f);
		print_row(t, f, row);
		if (i == 0 && colour)
			fputs("\033[0m", f);
		fputc('\n', f);
	}
	return !t->failed;
}

void cmd_table_free(struct cmd_table *t)
{
	free(t->text);
}
