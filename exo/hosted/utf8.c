/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that others wrote.
 */
#include "exo/hosted/utf8.h"

#include <string.h>

static size_t length(const unsigned char *s, size_t n)
{
	unsigned lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return len;
}

size_t cmd_utf8_len(const char *s, size_t n)
{
	return length((const unsigned char *)s, n);
}

bool cmd_utf8_is_c1(const char *s, size_t n)
{
	return n >= 2 && (unsigned char)s[0] == 0xc2 &&
	       (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0;
}

bool cmd_utf8_is_bidi(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;

	if (n < 3 || u[0] != 0xe2)
		return false;
	return (u[1] == 0x80 && u[2] >= 0xaa && u[2] <= 0xae) ||
	       (u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9);
}

size_t cmd_utf8_bom(const char *s, size_t n)
{
	return n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Bytes at s that may be shown as they are: one sequence, or 0. */
static size_t harmless(const char *s, size_t n, bool lines)
{
	unsigned char c = (unsigned char)s[0];

	if (lines && (c == '\n' || c == '\t'))
		return 1;
	if (c < 0x20 || c == 0x7f || cmd_utf8_is_c1(s, n) ||
	    cmd_utf8_is_bidi(s, n))
		return 0;
	return cmd_utf8_len(s, n);
}

size_t cmd_utf8_safe(char *out, const char *s, size_t n, bool lines)
{
	static const char digits[] = "0123456789abcdef";
	size_t i = 0, k = 0;

	while (i < n) {
		size_t len = harmless(s + i, n - i, lines);
		unsigned char c = (unsigned char)s[i];

		if (len != 0) {
			memcpy(out + k, s + i, len);
			k += len;
			i += len;
			continue;
		}
		/* One byte only: what follows it is looked at by itself. */
		out[k++] = '\\';
		out[k++] = 'x';
		out[k++] = digits[c >> 4];
		out[k++] = digits[c & 15];
		i++;
	}
	return k;
}

static void print(FILE *f, const char *s, bool lines)
{
	char out[256 * CMD_UTF8_GROWTH];
	size_t left = strlen(s), n, cut;

	while (left != 0) {
		n = left < 256 ? left : 256;
		/* A piece ends where a sequence ends, if there is one. */
		for (cut = n; left > n && cut + 4 > n; cut--) {
			if (((unsigned char)s[cut] & 0xc0) != 0x80)
				break;
		}
		if (cut + 4 > n)
			n = cut;
		fwrite(out, 1, cmd_utf8_safe(out, s, n, lines), f);
		s += n;
		left -= n;
	}
}

void cmd_utf8_print(FILE *f, const char *s)
{
	print(f, s, true);
}

void cmd_utf8_line(FILE *f, const char *s)
{
	print(f, s, false);
}
