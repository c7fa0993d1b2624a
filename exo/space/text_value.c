/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers and addresses in a region's text.
 *
 * IPv4 is four decimal numbers without leading zeros, IPv6 what RFC 4291,
 * section 2.2 has. No name is ever looked up.
 */
#include "exo/space/text_int.h"

#include "exo/abi/err.h"

/* The value of a digit; 16: it is none. */
static uint32_t digit(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint32_t)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (uint32_t)(c - 'A') + 10;
	return 16;
}

static enum sp_text_code number_of(const struct sp_token *t, uint64_t *v)
{
	bool hex = t->n > 1 && t->s[0] == '0' && (t->s[1] | 0x20) == 'x';
	uint32_t base = hex ? 16 : 10, i = hex ? 2 : 0;

	*v = 0;
	if (t->kind != SP_T_WORD || i == t->n)
		return SP_TEXT_NUMBER;
	for (uint32_t k = i; k < t->n; k++)
		if (digit(t->s[k]) >= base)
			return SP_TEXT_NUMBER;
	if (!hex && t->n > 1 && t->s[0] == '0')
		return SP_TEXT_OCTAL;
	for (; i < t->n; i++) {
		uint32_t d = digit(t->s[i]);

		if (*v > (UINT64_MAX - d) / base)
			return SP_TEXT_TOO_LARGE;
		*v = *v * base + d;
	}
	return SP_TEXT_NONE;
}

int sp_read_number(struct sp_reader *r, uint64_t max, uint64_t *v)
{
	enum sp_text_code code = number_of(&r->now, v);

	if (code == SP_TEXT_NONE && *v > max)
		code = SP_TEXT_TOO_LARGE;
	return code != SP_TEXT_NONE ? sp_read_fail(r, code, &r->now)
	                            : sp_read_next(r);
}

/* Four numbers of at most three digits each. */
static bool ip4_of(const char *s, uint32_t n, uint64_t *v)
{
	uint32_t i = 0;

	*v = 0;
	for (uint32_t k = 0; k < 4; k++) {
		uint32_t from = i, part = 0;

		while (i < n && i < from + 3 && digit(s[i]) < 10)
			part = part * 10 + digit(s[i++]);
		if (i == from || part > 255 || (s[from] == '0' && i > from + 1))
			return false;
		if (k < 3 && (i == n || s[i++] != '.'))
			return false;
		*v = *v << 8 | part;
	}
	return i == n;
}

static bool mac_of(const struct sp_token *t, uint64_t *v)
{
	*v = 0;
	if (t->kind != SP_T_WORD || t->n != 17)
		return false;
	for (uint32_t i = 0; i < 17; i++) {
		uint32_t d = digit(t->s[i]);

		if (i % 3 == 2 ? t->s[i] != ':' : d > 15)
			return false;
		if (i % 3 != 2)
			*v = *v << 4 | d;
	}
	return true;
}

#define NO_GAP 9u

/* Groups of 16 bits, and how many are before "::", if it is there. */
struct groups {
	uint32_t v[8];
	uint32_t n, gap;
};

static bool put_group(struct groups *g, uint32_t v)
{
	if (g->n == 8)
		return false;
	g->v[g->n++] = v;
	return true;
}

/* One group, or the IPv4 address at the end. Moves *i. */
static bool group_of(struct groups *g, const char *s, uint32_t n, uint32_t *i)
{
	uint32_t from = *i, v = 0;
	uint64_t ip4;

	while (*i < n && *i < from + 4 && digit(s[*i]) < 16)
		v = v << 4 | digit(s[(*i)++]);
	if (*i == from)
		return false;
	if (*i == n || s[*i] != '.')
		return put_group(g, v);
	*i = n;
	return ip4_of(s + from, n - from, &ip4) &&
	       put_group(g, (uint32_t)(ip4 >> 16)) &&
	       put_group(g, (uint32_t)(ip4 & 0xffff));
}

/* "::" at *i, or a ':' between groups. */
static bool colon_of(struct groups *g, const char *s, uint32_t n, uint32_t *i)
{
	if (s[*i] != ':')
		return false;
	++*i;
	if (*i < n && s[*i] == ':') {
		if (g->gap != NO_GAP)
			return false;
		g->gap = g->n;
		++*i;
		return true;
	}
	return g->n > 0 && *i < n;
}

static bool ip6_of(const char *s, uint32_t n, uint64_t v[2])
{
	struct groups g = { .gap = NO_GAP };
	uint32_t i = 0, zeros;

	if (n > 0 && s[0] == ':' && !colon_of(&g, s, n, &i))
		return false;
	while (i < n) {
		if (!group_of(&g, s, n, &i) ||
		    (i < n && !colon_of(&g, s, n, &i)))
			return false;
	}
	if (g.gap == NO_GAP ? g.n != 8 : g.n == 8)
		return false;
	zeros = 8 - g.n;
	v[0] = 0;
	v[1] = 0;
	for (uint32_t k = 0; k < g.n; k++) {
		uint32_t at = k < g.gap ? k : k + zeros;

		v[at / 4] |= (uint64_t)g.v[k] << 16 * (3 - at % 4);
	}
	return true;
}

static bool has_char(const struct sp_token *t, char c)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->s[i] == c)
			return true;
	return false;
}

int sp_read_mac(struct sp_reader *r, uint64_t *v)
{
	if (!mac_of(&r->now, v))
		return sp_read_fail(r, SP_TEXT_MAC, &r->now);
	return sp_read_next(r);
}

int sp_read_value(struct sp_reader *r, enum sp_field f, uint64_t *v)
{
	uint8_t form = sp_field_row[f].form;
	const struct sp_token *t = &r->now;

	if (form == SP_F_MAC && has_char(t, ':'))
		return sp_read_mac(r, v);
	if (form == SP_F_IP4 && has_char(t, '.')) {
		if (!ip4_of(t->s, t->n, v))
			return sp_read_fail(r, SP_TEXT_ADDRESS, t);
		return sp_read_next(r);
	}
	if (sp_field_row[f].bits == 64 && has_char(t, ':'))
		return sp_read_fail(r, SP_TEXT_HALF, t);
	return sp_read_number(r, sp_max(f), v);
}

uint64_t sp_prefix_mask(uint32_t width, uint32_t bits)
{
	uint32_t rest = bits < width ? width - bits : 0;

	return rest == 0 ? UINT64_MAX : ~(UINT64_MAX >> (64 - rest));
}

int sp_read_host_bits(struct sp_reader *r, const struct sp_token *t,
    uint8_t form, const struct sp_address *a)
{
	uint32_t half = a->width == 128 ? 64 : 0; /* bits before v[1] */
	uint64_t keep[2];

	keep[0] = sp_prefix_mask(64, a->bits < 64 ? a->bits : 64);
	keep[1] = sp_prefix_mask(
	    a->width - half, a->bits < half ? 0 : a->bits - half);
	if ((half == 0 || (a->v[0] & ~keep[0]) == 0) &&
	    (a->v[1] & ~keep[1]) == 0)
		return 0;
	(void)sp_read_fail(r, SP_TEXT_HOST_BITS, t);
	r->err->form = form;
	r->err->width = (uint8_t)a->width;
	r->err->bits = (uint8_t)a->bits;
	r->err->meant[0] = half == 0 ? a->v[1] & keep[1] : a->v[0] & keep[0];
	r->err->meant[1] = half == 0 ? 0 : a->v[1] & keep[1];
	return -EXO_EINVAL;
}

int sp_read_prefix(struct sp_reader *r, uint32_t max, uint32_t *bits)
{
	struct sp_token slash = r->now;
	enum sp_text_code code;
	uint64_t v = 0;
	int rc = sp_read_next(r);

	if (rc != 0)
		return rc;
	code = number_of(&r->now, &v);
	if (code == SP_TEXT_OCTAL)
		return sp_read_fail(r, code, &r->now);
	if (code != SP_TEXT_NONE || v > max)
		return sp_read_fail(r, SP_TEXT_PREFIX,
		    r->now.kind == SP_T_WORD ? &r->now : &slash);
	*bits = (uint32_t)v;
	return sp_read_next(r);
}

int sp_read_address(struct sp_reader *r, bool prefix, struct sp_address *a)
{
	const struct sp_token t = r->now;
	bool six = has_char(&t, ':');
	int rc;

	*a = (struct sp_address){ .width = six ? 128 : 32 };
	a->bits = a->width;
	if (t.kind != SP_T_WORD ||
	    !(six ? ip6_of(t.s, t.n, a->v) : ip4_of(t.s, t.n, &a->v[1])))
		return sp_read_fail(r, SP_TEXT_ADDRESS, &t);
	rc = sp_read_next(r);
	if (rc != 0)
		return rc;
	if (r->now.kind != SP_T_SLASH)
		return prefix ? sp_read_fail(r, SP_TEXT_PREFIX, &t) : 0;
	rc = sp_read_prefix(r, a->width, &a->bits);
	return rc != 0 ? rc
	               : sp_read_host_bits(r, &t, six ? SP_F_IP6 : SP_F_IP4, a);
}

int sp_read_range(struct sp_reader *r, uint64_t max, uint64_t *lo, uint64_t *hi)
{
	struct sp_token first = r->now;
	int rc = sp_read_number(r, max, lo);

	if (rc == 0 && r->now.kind != SP_T_DASH)
		return sp_read_fail(r, SP_TEXT_RANGE, &first);
	if (rc == 0)
		rc = sp_read_next(r);
	if (rc == 0)
		rc = sp_read_number(r, max, hi);
	if (rc == 0 && *lo > *hi)
		return sp_read_fail(r, SP_TEXT_ORDER, &first);
	return rc;
}
