/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prose for texts that are no region.
 */
#include "exo/hosted/region_diag.h"

#define BEFORE 40u /* bytes of the text shown before the place */
#define SHOWN  70u /* and in all */

static const struct cmd_region_diag rows[] = {
#define SP_TEXT_ERROR(number, name, what, advice) \
	{ (number), #name, (what), (advice) },
#include "exo/space/text_errors.inc"
#undef SP_TEXT_ERROR
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct cmd_region_diag *cmd_region_diag_at(uint32_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

const struct cmd_region_diag *cmd_region_diag_find(uint32_t code)
{
	for (uint32_t i = 0; i < ROWS; i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

static void repeat(struct exo_fmt *f, char c, uint32_t n)
{
	while (n-- > 0)
		exo_fmt_char(f, c);
}

/* The text around the place, and carets below it. */
static void write_place(struct exo_fmt *f, const char *text, uint32_t len,
    const struct sp_text_error *err)
{
	uint32_t from = err->at > BEFORE ? err->at - BEFORE : 0;
	uint32_t n = len - from < SHOWN ? len - from : SHOWN;
	uint32_t left = n - (err->at - from);
	uint32_t marks = err->len < left ? err->len : left;

	exo_fmt_str(f, from > 0 ? "\n  ..." : "\n  ");
	for (uint32_t i = from; i < from + n; i++)
		exo_fmt_char(
		    f, text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	if (from + n < len)
		exo_fmt_str(f, "...");
	exo_fmt_str(f, from > 0 ? "\n     " : "\n  ");
	repeat(f, ' ', err->at - from);
	repeat(f, '^', marks > 0 ? marks : 1);
}

void cmd_region_diag_write(struct exo_fmt *f, const char *text, uint32_t len,
    const struct sp_text_error *err)
{
	const struct cmd_region_diag *row = cmd_region_diag_find(err->code);

	exo_fmt_str(f, row != NULL ? row->what : "this is no region");
	if (len > 0 && err->at <= len)
		write_place(f, text, len, err);
	exo_fmt_str(f, "\n  ");
	exo_fmt_str(f, row != NULL ? row->advice : "see docs/regions.md");
	if (err->code == SP_TEXT_HOST_BITS) {
		exo_fmt_str(f, ": ");
		sp_text_prefix(f, err);
	}
}
