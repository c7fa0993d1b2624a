/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that the loader brought: see cpio.h. */
#include "exo/bare/cpio.h"

#include "exo/lib/mem.h"

#define HEAD 110u /* bytes: magic and 13 numbers of 8 hexadecimal digits */

/* A number of 8 digits; false: it is none. */
static bool number(const uint8_t *p, uint32_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint8_t c = p[i];
		uint32_t d = c >= '0' && c <= '9'   ? c - (uint32_t)'0'
		             : c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10
		             : c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10
		                                    : 16;

		if (d == 16)
			return false;
		*out = *out << 4 | d;
	}
	return true;
}

static uint64_t round4(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

bool cpio_next(
    const uint8_t *archive, uint64_t size, uint64_t *at, struct cpio_file *out)
{
	uint64_t left = *at <= size ? size - *at : 0, data;
	const uint8_t *h = archive + (size - left);
	uint32_t name;

	if (left < HEAD || memcmp(h, "070701", 6) != 0 ||
	    !number(h + 54, &out->size) || !number(h + 94, &name) || name == 0)
		return false;
	data = round4((uint64_t)HEAD + name);
	if (data > left || out->size > left - data ||
	    h[HEAD + name - 1] != '\0')
		return false;
	out->name = (const char *)h + HEAD;
	out->name_len = name - 1;
	out->data = h + data;
	*at += round4(data + out->size);
	return !(
	    out->name_len == 10 && memcmp(out->name, "TRAILER!!!", 10) == 0);
}

bool cpio_find(const uint8_t *archive, uint64_t size, const char *name,
    uint32_t n, struct cpio_file *out)
{
	uint64_t at = 0;

	while (cpio_next(archive, size, &at, out))
		if (out->name_len == n && memcmp(out->name, name, n) == 0)
			return true;
	return false;
}
