/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler's reader: bytes to tokens, a line at a time.
 */
#include "exo/isa/asm_int.h"

#include "exo/lib/mem.h"

/* The marks; a longer one stands before those that it begins with. */
static const char marks[][5] = {
	"s>>=",
	"<<=",
	">>=",
	"s>=",
	"s<=",
	"s/=",
	"s%=",
	"+=",
	"-=",
	"*=",
	"/=",
	"%=",
	"|=",
	"&=",
	"^=",
	"==",
	"!=",
	">=",
	"<=",
	"s>",
	"s<",
	"=",
	"&",
	">",
	"<",
	"(",
	")",
	"*",
	"[",
	"]",
	",",
	"+",
	"-",
	":",
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '.';
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte at pos, or a newline past the end. */
static char peek(const struct isa_lex *lx, size_t pos)
{
	return pos < lx->len ? lx->text[pos] : '\n';
}

static size_t skip_blanks(const struct isa_lex *lx, size_t pos)
{
	char c = peek(lx, pos);

	while (c == ' ' || c == '\t' || c == '\r')
		c = peek(lx, ++pos);
	return pos;
}

bool isa_lex_fail_at(struct isa_lex *lx, size_t pos, const char *expected)
{
	if (lx->wrong == NULL) {
		lx->wrong = expected;
		lx->wrong_pos = pos;
	}
	return false;
}

bool isa_lex_fail(struct isa_lex *lx, const char *expected)
{
	return isa_lex_fail_at(lx, lx->pos, expected);
}

static bool starts(const struct isa_lex *lx, size_t pos, const char *s)
{
	for (; *s != '\0'; s++, pos++) {
		if (peek(lx, pos) != *s)
			return false;
	}
	return true;
}

static bool at_comment(const struct isa_lex *lx, size_t pos)
{
	char c = peek(lx, pos);

	return c == ';' || c == '#' || starts(lx, pos, "//");
}

static bool lex_mark(struct isa_lex *lx, char c)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (marks[i][0] != c || !starts(lx, lx->pos, marks[i]))
			continue;
		lx->tok = ISA_TOK_MARK;
		while (marks[i][lx->size] != '\0')
			lx->size++;
		return true;
	}
	return false;
}

static void lex_number(struct isa_lex *lx)
{
	unsigned base = 10;
	size_t pos = lx->pos, from;
	uint64_t v = 0;
	int d;

	if (starts(lx, pos, "0x") || starts(lx, pos, "0X")) {
		base = 16;
		pos += 2;
	}
	for (from = pos;; pos++) {
		d = hex_digit(peek(lx, pos));
		if (d < 0 || (unsigned)d >= base)
			break;
		if (v > (UINT64_MAX - (unsigned)d) / base)
			(void)isa_lex_fail(lx, "a number of at most 64 bits");
		v = v * base + (unsigned)d;
	}
	if (pos == from || is_letter(peek(lx, pos)))
		(void)isa_lex_fail(lx, "a decimal or 0x number");
	lx->tok = ISA_TOK_NUMBER;
	lx->size = pos - lx->pos;
	lx->value = v;
}

static void lex_word(struct isa_lex *lx)
{
	size_t pos = lx->pos;

	while (is_letter(peek(lx, pos)) || is_digit(peek(lx, pos)))
		pos++;
	lx->tok = ISA_TOK_WORD;
	lx->size = pos - lx->pos;
}

void isa_lex_next(struct isa_lex *lx)
{
	char c;

	lx->pos = skip_blanks(lx, lx->next);
	lx->size = 0;
	c = peek(lx, lx->pos);
	if (c == '\n' || at_comment(lx, lx->pos))
		lx->tok = ISA_TOK_EOL;
	else if (is_digit(c))
		lex_number(lx);
	else if (!lex_mark(lx, c) && is_letter(c))
		lex_word(lx);
	else if (lx->size == 0)
		lx->tok = ISA_TOK_BAD;
	lx->next = lx->pos + lx->size;
}

void isa_lex_skip_index(struct isa_lex *lx)
{
	size_t pos = skip_blanks(lx, lx->next);
	size_t from = pos;

	while (is_digit(peek(lx, pos)))
		pos++;
	if (pos == from || peek(lx, pos) != ':')
		return;
	lx->next = pos + 1;
	pos = skip_blanks(lx, lx->next);
	if (peek(lx, pos) == '(' && hex_digit(peek(lx, pos + 1)) >= 0 &&
	    hex_digit(peek(lx, pos + 2)) >= 0 && peek(lx, pos + 3) == ')')
		lx->next = pos + 4;
}

bool isa_lex_line(struct isa_lex *lx)
{
	while (lx->next < lx->len && lx->text[lx->next] != '\n')
		lx->next++;
	if (lx->next >= lx->len)
		return false;
	lx->next++;
	return true;
}

bool isa_lex_is(const struct isa_lex *lx, const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return lx->size == n && n != 0 && memcmp(lx->text + lx->pos, s, n) == 0;
}

bool isa_lex_take(struct isa_lex *lx, const char *s)
{
	if (!isa_lex_is(lx, s))
		return false;
	isa_lex_next(lx);
	return true;
}

bool isa_lex_need(struct isa_lex *lx, const char *s, const char *expected)
{
	return isa_lex_take(lx, s) || isa_lex_fail(lx, expected);
}
