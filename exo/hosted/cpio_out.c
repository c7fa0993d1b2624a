/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes an archive of files in memory: see cpio_out.h. */
#include "exo/hosted/cpio_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 110u /* bytes: magic and 13 numbers of 8 hexadecimal digits */

/* Room for n more bytes, and zeroes up to the next multiple of 4; NULL. */
static uint8_t *more(struct cpio_out *a, size_t n)
{
	size_t padded = (n + 3) & ~(size_t)3, room = a->room;
	uint8_t *p;

	if (a->lost)
		return NULL;
	while (room - a->n < padded)
		room = room == 0 ? 65536 : room * 2;
	p = room == a->room ? a->bytes : realloc(a->bytes, room);
	if (p == NULL) {
		a->lost = true;
		return NULL;
	}
	a->bytes = p;
	a->room = room;
	p += a->n;
	memset(p + n, 0, padded - n);
	a->n += padded;
	return p;
}

/* One entry. Files have a number each, or they would be links of one another. */
static void entry(struct cpio_out *a, const char *name, unsigned mode,
    const void *data, size_t n)
{
	char head[HEAD + 1];
	size_t name_size = strlen(name) + 1;
	uint8_t *p;

	if (n > UINT32_MAX - 3 || name_size > UINT16_MAX) {
		a->lost = true;
		return;
	}
	snprintf(head, sizeof(head),
	    "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
	    a->files, mode, 0, 0, 1, 0, (unsigned)n, 0, 0, 0, 0,
	    (unsigned)name_size, 0);
	p = more(a, HEAD + name_size);
	if (p != NULL) {
		memcpy(p, head, HEAD);
		memcpy(p + HEAD, name, name_size);
	}
	p = more(a, n);
	if (p != NULL && n > 0)
		memcpy(p, data, n);
}

void cpio_out_add(
    struct cpio_out *a, const char *name, const void *data, size_t n)
{
	a->files++;
	entry(a, name, 0100644, data, n);
}

bool cpio_out_end(struct cpio_out *a)
{
	a->files = 0;
	entry(a, "TRAILER!!!", 0, NULL, 0);
	return !a->lost;
}

void cpio_out_free(struct cpio_out *a)
{
	free(a->bytes);
	*a = (struct cpio_out){ .bytes = NULL };
}
