/* SPDX-License-Identifier: BSD-2-Clause */
/* Case files of regions' texts: see region_case.h. */
#include "tests/support/region_case.h"

#include <glob.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void stop(const char *file, unsigned line, const char *what)
{
	fprintf(stderr, "%s:%u: %s\n", file, line, what);
	abort();
}

#define SIZE(k) sizeof(((struct region_case *)0)->k)
#define KEY(k)                                               \
	{                                                    \
#k, offsetof(struct region_case, k), SIZE(k) \
	}

static const struct {
	const char *name;
	size_t at, size;
} keys[] = {
	KEY(text),
	KEY(means),
	KEY(same),
	KEY(refused),
	KEY(at),
	KEY(near),
};

/* Put the value of "key: value" where it belongs. */
static bool put(struct region_case *c, const char *s)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = strlen(keys[i].name);

		if (strncmp(s, keys[i].name, n) != 0 || s[n] != ':')
			continue;
		s += n + 1;
		s += *s == ' ';
		if (strlen(s) >= keys[i].size)
			return false;
		strcpy((char *)c + keys[i].at, s);
		return true;
	}
	return false;
}

static unsigned load(const char *path, struct region_case *v, unsigned n)
{
	const char *base = strrchr(path, '/') + 1;
	FILE *f = fopen(path, "r");
	unsigned line = 0, first = n;
	char s[1024];

	if (f == NULL)
		stop(path, 0, "cannot be opened");
	while (fgets(s, sizeof(s), f) != NULL) {
		line++;
		s[strcspn(s, "\n")] = '\0';
		if (s[0] == '#' || s[0] == '\0')
			continue;
		if (strncmp(s, "== ", 3) != 0) {
			if (n == first || !put(&v[n - 1], s))
				stop(path, line, "no such key, or too long");
			continue;
		}
		if (n == REGION_CASES || strlen(s + 3) >= sizeof(v->title) ||
		    strlen(base) >= sizeof(v->file))
			stop(path, line, "too long, or too many cases");
		memset(&v[n], 0, sizeof(v[n]));
		v[n].line = line;
		strcpy(v[n].file, base);
		strcpy(v[n++].title, s + 3);
	}
	fclose(f);
	return n;
}

unsigned region_case_load(struct region_case *v)
{
	unsigned n = 0;
	glob_t g;

	if (glob(EXOPF_SRCDIR "/tests/cases/region/*.case", 0, NULL, &g) != 0)
		stop("tests/cases/region", 0, "there is no case file");
	for (size_t i = 0; i < g.gl_pathc; i++)
		n = load(g.gl_pathv[i], v, n);
	globfree(&g);
	return n;
}
