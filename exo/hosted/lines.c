/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of assembler text: each holds labels, an instruction, or nothing.
 */
#include "exo/hosted/lines.h"

#include "exo/isa/decode.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	return p;
}

/* The end of a name or a number, with a colon behind it; NULL: none. */
static const char *skip_label(const char *p, const char *end)
{
	const char *q = p;

	while (
	    q < end && (isalnum((unsigned char)*q) || *q == '_' || *q == '.'))
		q++;
	if (q == p)
		return NULL;
	q = skip_blanks(q, end);
	return q < end && *q == ':' ? q + 1 : NULL;
}

static bool is_comment(const char *p, const char *end)
{
	return p == end || *p == ';' || *p == '#' ||
	       (end - p > 1 && p[0] == '/' && p[1] == '/');
}

/* The instruction's own text on the line [p, end); NULL: there is none. */
static const char *instruction(const char *p, const char *end)
{
	const char *q;

	p = skip_blanks(p, end);
	while ((q = skip_label(p, end)) != NULL)
		p = skip_blanks(q, end);
	/* the opcode of a dump, "12: (b7) r0 = 1" */
	if (end - p > 3 && p[0] == '(' && p[3] == ')' &&
	    isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]))
		p = skip_blanks(p + 4, end);
	return is_comment(p, end) ? NULL : p;
}

uint32_t *cmd_lines_of(
    const char *text, size_t len, const struct exo_insn *insns, uint32_t n)
{
	uint32_t *line = calloc((size_t)n + 1, sizeof(*line));
	const char *p = text, *all = text + len;
	uint32_t number = 0, i = 0;

	while (line != NULL && p < all && i < n) {
		const char *nl = memchr(p, '\n', (size_t)(all - p));
		const char *end = nl == NULL ? all : nl;
		const char *in = instruction(p, end);

		number++;
		p = nl == NULL ? all : nl + 1;
		if (in == NULL)
			continue;
		line[i] = number;
		if (isa_slots(&insns[i]) == 2 && i + 1 < n && *in != '.') {
			line[i + 1] = number;
			i++;
		}
		i++;
	}
	if (i < n) {
		free(line);
		return NULL;
	}
	return line;
}
