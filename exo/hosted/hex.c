/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes written as hexadecimal text.
 */
#include "exo/hosted/hex.h"

#include "exo/abi/err.h"

#include <stdbool.h>
#include <stdlib.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int cmd_hex_parse(
    const char *text, size_t len, uint8_t **bytes, size_t *n, size_t *where)
{
	uint8_t *out = malloc(len / 2 + 1);
	size_t i = 0, k = 0;
	bool fresh = true; /* a group of digits begins here */
	int hi, lo;

	if (out == NULL)
		return -EXO_ENOMEM;
	while (i < len) {
		if (is_space(text[i])) {
			fresh = true;
			i++;
			continue;
		}
		if (fresh && len - i >= 2 && text[i] == '0' &&
		    (text[i + 1] == 'x' || text[i + 1] == 'X')) {
			fresh = false;
			i += 2;
			continue;
		}
		fresh = false;
		hi = digit(text[i]);
		lo = i + 1 < len ? digit(text[i + 1]) : -1;
		if (hi < 0 || lo < 0) {
			*where = hi < 0 ? i : i + 1;
			free(out);
			return -EXO_ESYNTAX;
		}
		out[k++] = (uint8_t)(hi << 4 | lo);
		i += 2;
	}
	*bytes = out;
	*n = k;
	return 0;
}
