/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of files that programs were compiled from. They come with the program,
 * from whoever made it: the image was checked, but texts may hold anything.
 */
#include "exo/hosted/source.h"

#include "exo/hosted/utf8.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_SHOWN 256u /* bytes of a text: what is behind is cut off */

/* The lines of n instructions from the first on, which is 0 then. */
static void take_lines(struct cmd_source *s, const struct exo_image *img,
    uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < img->nlines; i++) {
		struct exo_image_line *l = &s->lines[s->n];

		if (img->lines[i].insn - first >= n)
			continue;
		*l = img->lines[i];
		l->insn -= first;
		s->n++;
	}
}

int cmd_source_take(struct cmd_source *s, const struct exo_image *img,
    uint32_t first, uint32_t n)
{
	memset(s, 0, sizeof(*s));
	if (img->nlines == 0)
		return 0;
	s->lines = malloc(img->nlines * sizeof(*img->lines));
	s->texts = malloc(img->texts_len);
	if (s->lines == NULL || s->texts == NULL) {
		cmd_source_free(s);
		return -1;
	}
	take_lines(s, img, first, n);
	memcpy(s->texts, img->texts, img->texts_len);
	for (uint32_t i = 0, run = 0; i < img->texts_len; i++) {
		if (s->texts[i] == '\t')
			s->texts[i] = ' '; /* it is for people */
		run = s->texts[i] == '\0' ? 0 : run + 1;
		if (run <= TEXT_SHOWN)
			continue;
		s->texts[i] = '\0'; /* many lines may name one text */
		run = 0;
	}
	return 0;
}

static uint32_t line_of(const struct exo_image_line *l)
{
	return l->place >> 10;
}

const struct exo_image_line *cmd_source_at(
    const struct cmd_source *s, uint32_t insn)
{
	uint32_t from = 0, to = s->n;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (s->lines[mid].insn <= insn)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == 0 || line_of(&s->lines[from - 1]) == 0)
		return NULL; /* the compiler's own */
	return &s->lines[from - 1];
}

const struct exo_image_line *cmd_source_begins(
    const struct cmd_source *s, uint32_t insn)
{
	const struct exo_image_line *l = cmd_source_at(s, insn);

	return l != NULL && l->insn == insn ? l : NULL;
}

void cmd_source_print(
    FILE *out, const struct cmd_source *s, const struct exo_image_line *l)
{
	const char *file = s->texts + l->file, *slash = strrchr(file, '/');
	const char *text = s->texts + l->text;

	fputs("; ", out);
	cmd_utf8_line(out, slash == NULL ? file : slash + 1);
	fprintf(out, ":%u%s", line_of(l), text[0] == '\0' ? "" : ": ");
	cmd_utf8_line(out, text);
	fputc('\n', out);
}

void cmd_source_json(
    struct cmd_json *j, const struct cmd_source *s, uint32_t insn)
{
	const struct exo_image_line *l = cmd_source_at(s, insn);

	cmd_json_str(j, "file", l == NULL ? NULL : s->texts + l->file);
	if (l == NULL) {
		cmd_json_null(j, "line");
		cmd_json_null(j, "column");
	} else {
		cmd_json_u64(j, "line", line_of(l));
		cmd_json_u64(j, "column", l->place & 0x3ff);
	}
	cmd_json_str(j, "source", l == NULL ? NULL : s->texts + l->text);
}

void cmd_source_free(struct cmd_source *s)
{
	free(s->line);
	free(s->lines);
	free(s->texts);
	memset(s, 0, sizeof(*s));
}
