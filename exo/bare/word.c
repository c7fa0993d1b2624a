/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of a line: see word.h. */
#include "exo/bare/word.h"

#include "exo/lib/mem.h"

bool word_line(struct word *text, struct word *line)
{
	*line = (struct word){ text->p, 0 };
	if (text->n == 0)
		return false;
	while (line->n < text->n && text->p[line->n] != '\n')
		line->n++;
	text->p += line->n;
	text->n -= line->n;
	if (text->n > 0) {
		text->p++;
		text->n--;
	}
	return true;
}

struct word word_next(struct word *line)
{
	struct word w;

	while (line->n > 0 && *line->p == ' ') {
		line->p++;
		line->n--;
	}
	w.p = line->p;
	while (line->n > 0 && *line->p != ' ') {
		line->p++;
		line->n--;
	}
	w.n = (uint32_t)(line->p - w.p);
	return w;
}

bool word_is(struct word w, const char *name)
{
	uint32_t n = 0;

	while (name[n] != '\0')
		n++;
	return w.n == n && memcmp(w.p, name, n) == 0;
}

bool word_option(struct word *w, const char *name)
{
	uint32_t n = 0;

	while (name[n] != '\0')
		n++;
	if (w->n <= n || memcmp(w->p, name, n) != 0 || w->p[n] != '=')
		return false;
	w->p += n + 1;
	w->n -= n + 1;
	return true;
}

bool word_u64(struct word w, uint64_t *out)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < w.n; i++) {
		uint32_t digit = (uint32_t)w.p[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return w.n > 0;
}

bool word_u32(struct word w, uint32_t *out)
{
	uint64_t v;

	if (!word_u64(w, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

void word_copy(char *to, uint32_t room, struct word w)
{
	uint32_t n = w.n < room ? w.n : room - 1;

	memcpy(to, w.p, n);
	to[n] = '\0';
}
