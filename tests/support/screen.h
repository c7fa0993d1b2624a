/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of a terminal as the tool asks for: text, lines, going up some of them, erasing
 * from there on, bold. All that was ever shown is kept, for there is no lower edge.
 */
#ifndef TESTS_SUPPORT_SCREEN_H
#define TESTS_SUPPORT_SCREEN_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct screen {
	char *text;  /* lines, each with its end */
	size_t n;    /* bytes of it */
	size_t most; /* lines that were gone up at once */
};

/* Bytes of text that are left when `lines` were gone up; false: there are fewer. */
static inline bool screen_up(struct screen *s, size_t lines)
{
	if (s->n > 0 && s->text[s->n - 1] != '\n')
		return false;
	if (lines > s->most)
		s->most = lines;
	for (; lines > 0; lines--) {
		if (s->n == 0)
			return false;
		s->n--;
		while (s->n > 0 && s->text[s->n - 1] != '\n')
			s->n--;
	}
	return true;
}

/* One sequence at p; its length, or 0: it is none of ours. Going up is always followed
 * by erasing. */
static inline size_t screen_escape(struct screen *s, const char *p, size_t n)
{
	char text[32] = "", *end;
	unsigned long lines;

	memcpy(text, p, n < sizeof(text) - 1 ? n : sizeof(text) - 1);
	if (strncmp(text, "\033[1m", 4) == 0 ||
	    strncmp(text, "\033[0m", 4) == 0)
		return 4;
	if (strncmp(text, "\033[", 2) != 0)
		return 0;
	lines = strtoul(text + 2, &end, 10);
	if (end == text + 2 || strncmp(end, "A\033[J", 4) != 0 ||
	    !screen_up(s, lines))
		return 0;
	return (size_t)(end - text) + 4;
}

/** Show n bytes. False: they are not what a terminal may be sent. */
static inline bool screen_show(struct screen *s, const char *p, size_t n)
{
	size_t len;

	s->text = realloc(s->text, s->n + n + 1);
	for (size_t i = 0; i < n; i += len) {
		len = 1;
		if (p[i] == '\033') {
			len = screen_escape(s, p + i, n - i);
			if (len == 0)
				return false;
			continue;
		}
		if (((unsigned char)p[i] < ' ' && p[i] != '\n' &&
		        p[i] != '\t') ||
		    p[i] == 0x7f)
			return false;
		s->text[s->n++] = p[i];
	}
	s->text[s->n] = '\0';
	return true;
}

#endif
