/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tokens of a tcpdump expression, as far as its structure needs them.
 *
 * libpcap's scanner takes the longest match. A run of letters, digits and
 * `.-_:` that stands between other characters is one token to it when it has
 * the form of a name, or that of an address with colons; such a run is a token
 * here, and every other one is FLT_T_ODD, before which the splitter gives up.
 */
#include <arpa/inet.h>
#include <string.h>

#include "filters/split.h"

/* Few and the common ones first: found by a walk. */
static const struct {
	const char *word;
	enum flt_token token;
} words[] = {
#define FLT_WORD(word, token) { word, FLT_T_##token },
#include "filters/split.inc"
#undef FLT_WORD
};

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

static bool is_name(char c)
{
	return is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* The length of the run of name characters, and of colons, at s. */
static size_t run_of(const char *s, bool *colon)
{
	size_t n = 0;

	*colon = false;
	for (; is_name(s[n]) || s[n] == ':'; n++)
		if (s[n] == ':')
			*colon = true;
	return n;
}

static bool is_plain(const char *s, size_t n)
{
	return n != 0 && is_alnum(s[0]) &&
	       (is_alnum(s[n - 1]) || (s[n - 1] == '.' && n > 1));
}

/* Six groups of one or two hexadecimal digits? */
static bool is_mac(const char *s, size_t n)
{
	size_t i = 0, groups = 0;

	while (i < n) {
		size_t digits = 0;

		while (i < n && is_hex(s[i])) {
			i++;
			digits++;
		}
		if (digits < 1 || digits > 2)
			return false;
		groups++;
		if (i < n && (s[i++] != ':' || i == n))
			return false;
	}
	return groups == 6;
}

static bool is_ip6(const char *s, size_t n)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct in6_addr a;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &a) == 1;
}

static enum flt_token keyword(const char *s, size_t n)
{
	size_t i;

	if (s[0] >= '0' && s[0] <= '9')
		return FLT_T_WORD;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].word[0] == s[0] &&
		    strncmp(words[i].word, s, n) == 0 &&
		    words[i].word[n] == '\0')
			return words[i].token;
	return FLT_T_WORD;
}

/* The size in `ip[6:2]`: digits behind a colon, a word before it. */
static bool is_pair(const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	size_t left = (size_t)(colon - s), i;
	enum flt_token t;

	if (!is_plain(s, left) || left + 2 > n)
		return false;
	for (i = left + 1; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	t = keyword(s, left);
	return t == FLT_T_WORD || t == FLT_T_LEN;
}

/* A token that begins with a name character or a colon. */
static enum flt_token name(const char *s, size_t *n)
{
	bool colon;
	size_t run = run_of(s, &colon);

	*n = 1;
	if (s[0] == '-')
		return FLT_T_ARITH;
	if (!colon && is_plain(s, run)) {
		*n = run;
		return keyword(s, run);
	}
	if (colon && (is_mac(s, run) || is_ip6(s, run))) {
		*n = run;
		return FLT_T_WORD;
	}
	if (colon && s[0] != ':' && is_pair(s, run)) {
		*n = run;
		return FLT_T_PAIR;
	}
	if (s[0] == ':' && s[1] != ':')
		return FLT_T_COLON;
	*n = run;
	return FLT_T_ODD;
}

/* `\name`: to libpcap all up to one of these is a part of the name. */
static enum flt_token escape(const char *s, size_t *n)
{
	size_t i = 1;

	while (is_name(s[i]))
		i++;
	*n = i;
	return i > 1 && strchr(" !()\n\t", s[i]) != NULL ? FLT_T_WORD
	                                                 : FLT_T_ODD;
}

static enum flt_token symbol(const char *s, size_t *n)
{
	*n = 1;
	if (s[0] != '\0' && strchr("&|=<>!", s[0]) != NULL)
		*n = s[0] == s[1] && s[0] != '!'                  ? 2
		     : s[1] == '=' && strchr("<>!", s[0]) != NULL ? 2
		                                                  : 1;
	switch (s[0]) {
	case '&':
		return *n == 2 ? FLT_T_AND : FLT_T_ARITH;
	case '|':
		return *n == 2 ? FLT_T_OR : FLT_T_ARITH;
	case '!':
		return *n == 2 ? FLT_T_REL : FLT_T_NOT;
	case '<':
	case '>':
		return s[1] == s[0] ? FLT_T_ARITH : FLT_T_REL;
	case '=':
		return FLT_T_REL;
	case '+':
	case '*':
	case '%':
	case '^':
		return FLT_T_ARITH;
	case '/':
		return FLT_T_SLASH;
	case '[':
		return FLT_T_LEFT;
	case ']':
		return FLT_T_RIGHT;
	case '(':
		return FLT_T_OPEN;
	case ')':
		return FLT_T_CLOSE;
	default:
		return FLT_T_ODD;
	}
}

enum flt_token flt_lex(struct flt_lexer *lx)
{
	const char *s = lx->text + lx->pos;
	size_t spaces = strspn(s, " \t\r\n");
	enum flt_token t;

	s += spaces;
	lx->spaced = spaces != 0;
	lx->start = lx->pos + spaces;
	lx->len = 0;
	if (*s == '\0')
		t = FLT_T_END;
	else if (*s == '\\')
		t = escape(s, &lx->len);
	else if (is_name(*s) || *s == ':')
		t = name(s, &lx->len);
	else
		t = symbol(s, &lx->len);
	lx->pos = lx->start + lx->len;
	return t;
}

size_t flt_split_terms(const char *expr)
{
	struct flt_lexer lx = { .text = expr };
	enum flt_token t;
	size_t n = 1;

	while ((t = flt_lex(&lx)) != FLT_T_END)
		n += t == FLT_T_AND || t == FLT_T_OR;
	return n;
}
