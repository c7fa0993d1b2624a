/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines that programs print: trace_printk.
 *
 *	format = { text | "%%" | "%" [ "0" ] [ width ] [ "l" | "ll" ] kind }
 *	kind   = "d" | "i" | "u" | "x" | "X" | "c" | "p"
 *
 * The format has its NUL, and no more than three numbers in it, as in Linux
 * (bpf-helpers(7)); what is a number of 32 bits by its kind is cut to that.
 * Strings are not followed: a pointer in a number is no memory to read.
 */
#include "exo/core/world_int.h"

#include "exo/abi/prog_err.h"
#include "exo/lib/fmt.h"

#define LINE    256u /* bytes, the NUL among them; the rest is cut */
#define NUMBERS 3u
#define WIDEST  20u

struct spec {
	unsigned width, longs;
	bool zeros;
	char kind;
};

/* Read what follows a '%'; NULL: it is nothing that is understood. */
static const char *read_spec(const char *p, struct spec *s)
{
	*s = (struct spec){ .zeros = *p == '0' };
	while (*p >= '0' && *p <= '9' && s->width <= WIDEST)
		s->width = s->width * 10 + (unsigned)(*p++ - '0');
	while (*p == 'l' && s->longs < 2) {
		s->longs++;
		p++;
	}
	s->kind = *p;
	if (s->width > WIDEST)
		return NULL;
	switch (s->kind) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'c':
	case 'p':
		return p + 1;
	default:
		return NULL;
	}
}

/* Of a hexadecimal number: its digits, in capitals. */
static void capitals(char *p)
{
	for (; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'f')
			*p = (char)(*p - 'a' + 'A');
}

static void put(struct exo_fmt *f, const struct spec *s, uint64_t v)
{
	char text[24];
	struct exo_fmt n;

	if (s->longs == 0 && s->kind != 'p')
		v = s->kind == 'd' || s->kind == 'i'
		        ? (uint64_t)(int64_t)(int32_t)v
		        : (uint32_t)v;
	exo_fmt_init(&n, text, sizeof(text));
	if (s->kind == 'c')
		exo_fmt_char(&n, (char)v);
	else if (s->kind == 'd' || s->kind == 'i')
		exo_fmt_i64(&n, (int64_t)v);
	else if (s->kind == 'u')
		exo_fmt_u64(&n, v);
	else
		exo_fmt_hex(&n, v, 1);
	if (s->kind == 'X')
		capitals(text);
	if (s->zeros && text[0] == '-')
		exo_fmt_char(f, '-');
	for (size_t k = n.len; k < s->width; k++)
		exo_fmt_char(f, s->zeros ? '0' : ' ');
	exo_fmt_str(f, text + (s->zeros && text[0] == '-'));
}

/* Text that a terminal may see, with its end among n bytes. */
static bool is_text(const char *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (p[i] == '\0')
			return true;
		if ((p[i] < 0x20 || p[i] > 0x7e) && p[i] != '\n' &&
		    p[i] != '\t')
			return false;
	}
	return false;
}

int helper_trace_printk(struct helper *h)
{
	const char *p = (const char *)h->p[1];
	char line[LINE];
	struct exo_fmt f;
	struct spec s;
	unsigned n = 0;

	if (!is_text(p, (uint32_t)h->r[2]))
		return helper_gives(h, -EXO_P_EINVAL);
	exo_fmt_init(&f, line, sizeof(line));
	while (*p != '\0') {
		if (*p != '%' || p[1] == '%') {
			exo_fmt_char(&f, *p);
			p += *p == '%' ? 2 : 1;
			continue;
		}
		p = read_spec(p + 1, &s);
		if (p == NULL || n == NUMBERS)
			return helper_gives(h, -EXO_P_EINVAL);
		put(&f, &s, h->r[3 + n++]);
	}
	if (h->w->print != NULL)
		h->w->print(h->w->print_arg, line, (uint32_t)f.len);
	return helper_gives(h, (int64_t)f.len);
}
