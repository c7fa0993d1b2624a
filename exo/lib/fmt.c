/* SPDX-License-Identifier: BSD-2-Clause */
/* The bounded formatter: see fmt.h. */
#include "exo/lib/fmt.h"

void exo_fmt_init(struct exo_fmt *f, char *buf, size_t size)
{
	f->buf = buf;
	f->size = size;
	f->len = 0;
	f->cut = false;
	buf[0] = '\0';
}

void exo_fmt_char(struct exo_fmt *f, char c)
{
	if (f->len + 1 >= f->size) {
		f->cut = true;
		return;
	}
	f->buf[f->len++] = c;
	f->buf[f->len] = '\0';
}

void exo_fmt_str(struct exo_fmt *f, const char *s)
{
	while (*s != '\0')
		exo_fmt_char(f, *s++);
}

void exo_fmt_u64(struct exo_fmt *f, uint64_t v)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n > 0)
		exo_fmt_char(f, digits[--n]);
}

void exo_fmt_i64(struct exo_fmt *f, int64_t v)
{
	if (v < 0) {
		exo_fmt_char(f, '-');
		exo_fmt_u64(f, 0 - (uint64_t)v);
	} else {
		exo_fmt_u64(f, (uint64_t)v);
	}
}

void exo_fmt_hex(struct exo_fmt *f, uint64_t v, unsigned digits)
{
	unsigned n = 1;

	while (n < 16 && v >> (4 * n) != 0)
		n++;
	if (n < digits)
		n = digits > 16 ? 16 : digits;
	while (n-- > 0)
		exo_fmt_char(f, "0123456789abcdef"[v >> (4 * n) & 15]);
}
