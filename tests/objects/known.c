/* SPDX-License-Identifier: BSD-2-Clause */
/* Differences that have a reason: rows `object function what reason`. */
#include "tests/objects/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 256u

static struct {
	char object[64], function[64], what[16], reason[192];
	bool used;
} rows[ROWS];
static uint32_t nrows;

void ob_known_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[400];

	if (f == NULL)
		ob_die("%s cannot be read", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (nrows == ROWS ||
		    sscanf(line, "%63s %63s %15s %191[^\n]", rows[nrows].object,
		        rows[nrows].function, rows[nrows].what,
		        rows[nrows].reason) != 4)
			ob_die("%s: no row: %s", path, line);
		nrows++;
	}
	(void)fclose(f);
}

const char *ob_known(const char *object, const char *function, const char *what)
{
	for (uint32_t i = 0; i < nrows; i++) {
		if (strcmp(rows[i].object, object) != 0 ||
		    strcmp(rows[i].function, function) != 0 ||
		    strcmp(rows[i].what, what) != 0)
			continue;
		rows[i].used = true;
		return rows[i].reason;
	}
	return NULL;
}

void ob_known_unused(void)
{
	for (uint32_t i = 0; i < nrows; i++) {
		if (rows[i].used)
			continue;
		printf("# known, but not seen: %s %s %s\n", rows[i].object,
		    rows[i].function, rows[i].what);
	}
}
