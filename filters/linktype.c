/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link types: the numbers of trace files, libpcap's numbers, and names.
 *
 * A number that is not in the table stands for itself, as libpcap has it when
 * it reads a file: 12, which no file should hold, is DLT_RAW there, too.
 */
#include <stddef.h>

#include "filters/filters_int.h"

static const struct linktype {
	int number, dlt;
	const char *name;
} rows[] = {
#define FLT_LINKTYPE(number, dlt, name) { (number), (dlt), (name) },
#include "filters/linktype.inc"
#undef FLT_LINKTYPE
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

int flt_linktype_dlt(uint32_t linktype)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if ((uint32_t)rows[i].number == linktype)
			return rows[i].dlt;
	return (int)linktype;
}

const char *flt_linktype_name(uint32_t linktype)
{
	int dlt = flt_linktype_dlt(linktype);
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].dlt == dlt)
			return rows[i].name;
	return NULL;
}

static int upper(char c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static int same(const char *a, const char *b)
{
	while (*a != '\0' && upper(*a) == upper(*b)) {
		a++;
		b++;
	}
	return upper(*a) == upper(*b);
}

int flt_linktype_number(const char *name)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (same(rows[i].name, name))
			return rows[i].number;
	return -1;
}
