/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tokens of a region's text.
 */
#include "exo/space/text_int.h"

#include "exo/abi/err.h"
#include "exo/lib/mem.h"
#include "exo/space/space_int.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == ':' || c == '_';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Longer ones before those that they begin with. */
static const struct {
	char s[3];
	uint8_t kind;
} marks[] = {
	{ "&&", SP_T_AND },
	{ "||", SP_T_OR },
	{ "==", SP_T_EQ },
	{ "!=", SP_T_NE },
	{ "<=", SP_T_LE },
	{ ">=", SP_T_GE },
	{ "(", SP_T_OPEN },
	{ ")", SP_T_CLOSE },
	{ "!", SP_T_NOT },
	{ "=", SP_T_EQ },
	{ "<", SP_T_LT },
	{ ">", SP_T_GT },
	{ "&", SP_T_MASK },
	{ "/", SP_T_SLASH },
	{ "-", SP_T_DASH },
};

#define MARKS (sizeof(marks) / sizeof(marks[0]))

bool sp_token_is(const struct sp_token *t, const char *word)
{
	uint32_t i = 0;

	if (t->kind == SP_T_END)
		return false;
	while (i < t->n && word[i] != '\0' && t->s[i] == word[i])
		i++;
	return i == t->n && word[i] == '\0';
}

bool sp_token_is_value(const struct sp_token *t)
{
	if (t->kind != SP_T_WORD)
		return false;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->s[i] == ':')
			return true;
	return is_digit(t->s[0]);
}

int sp_read_fail(
    struct sp_reader *r, enum sp_text_code code, const struct sp_token *t)
{
	*r->err =
	    (struct sp_text_error){ .code = code, .at = t->at, .len = t->n };
	return -EXO_EINVAL;
}

static void lex_word(struct sp_reader *r, struct sp_token *t)
{
	while (r->pos < r->len && is_word(r->text[r->pos]))
		r->pos++;
	t->n = r->pos - t->at;
	t->kind = SP_T_WORD;
	if (sp_token_is(t, "and"))
		t->kind = SP_T_AND;
	else if (sp_token_is(t, "or"))
		t->kind = SP_T_OR;
	else if (sp_token_is(t, "not"))
		t->kind = SP_T_NOT;
}

static int lex_mark(struct sp_reader *r, struct sp_token *t)
{
	for (uint32_t i = 0; i < MARKS; i++) {
		t->n = marks[i].s[1] == '\0' ? 1 : 2;
		if (t->n > r->len - r->pos ||
		    memcmp(t->s, marks[i].s, t->n) != 0)
			continue;
		t->kind = marks[i].kind;
		r->pos += t->n;
		return 0;
	}
	t->n = 1;
	while (t->n < r->len - t->at && t->n < 4 && (t->s[t->n] & 0xc0) == 0x80)
		t->n++; /* all of a character of UTF-8 */
	return sp_read_fail(r, SP_TEXT_CHAR, t);
}

int sp_read_next(struct sp_reader *r)
{
	struct sp_token *t = &r->now;
	uint32_t from = r->pos;
	int rc = 0;

	while (r->pos < r->len && is_blank(r->text[r->pos]))
		r->pos++;
	*t = (struct sp_token){ .s = r->text + r->pos, .at = r->pos };
	if (r->pos < r->len && is_word(r->text[r->pos]))
		lex_word(r, t);
	else if (r->pos < r->len)
		rc = lex_mark(r, t);
	return rc != 0 ? rc : sp_spend(r->w, r->pos - from);
}
