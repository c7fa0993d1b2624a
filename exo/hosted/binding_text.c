/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *	binding  = name [ "@" priority ] *( "," option ) "=" filter
 *	option   = "owner=" name / "claim=" quoted / "fragments"	; each once
 *	name     = 1*128( ALPHA / DIGIT / "_" / "." / "-" ), no "." at its start
 *	priority = [ "-" ] 1*DIGIT
 *	quoted   = "'" region "'" / DQUOTE region DQUOTE	; no quote inside
 *	filter   = "@" path / path of an ELF object / tcpdump expression
 */
#include "exo/hosted/binding_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Write the message of a failure; the value is -1, for all to see. */
#define complain(err, ...) \
	((void)snprintf((err), CMD_BINDING_ERR, __VA_ARGS__), -1)

size_t cmd_name_span(const char *s)
{
	size_t n = 0;

	if (s[0] == '.')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '.' ||
	       s[n] == '-')
		n++;
	return n <= CMD_NAME_MAX ? n : 0;
}

int cmd_quoted(const char **p, const char *what, const char **text, size_t *len,
    char err[CMD_BINDING_ERR])
{
	const char *from = *p, *end;

	if (*from != '\'' && *from != '"')
		return complain(err,
		    "'%.64s': %s stands in quotes, '...' or \"...\"; in a "
		    "shell, "
		    "put the others around all of it",
		    from, what);
	end = strchr(from + 1, *from);
	if (end == NULL)
		return complain(
		    err, "%.64s: the quote of %s is never closed", from, what);
	*text = from + 1;
	*len = (size_t)(end - from - 1);
	*p = end + 1;
	return 0;
}

static int parse_priority(
    const char **p, struct cmd_binding_parts *out, char *err)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(*p, &end, 10);
	if (end == *p || isspace((unsigned char)**p) || **p == '+')
		return complain(err,
		    "'%.64s': a number must follow '@', as in "
		    "web@10='tcp port 80'",
		    *p);
	if (errno != 0 || v < INT32_MIN || v > INT32_MAX)
		return complain(err,
		    "priority %.*s is out of range: "
		    "-2147483648 to 2147483647",
		    (int)(end - *p < 64 ? end - *p : 64), *p);
	out->priority = (int32_t)v;
	*p = end;
	return 0;
}

static int parse_owner(const char **p, struct cmd_binding_parts *out, char *err)
{
	if (out->owner != NULL)
		return complain(err, "'%.64s': it has an owner already", *p);
	*p += strlen("owner=");
	out->owner = *p;
	out->owner_len = cmd_name_span(*p);
	if (out->owner_len == 0)
		return complain(err,
		    "'%.64s': an owner is 1 to %u of the "
		    "characters A-Z a-z 0-9 _ . - and starts with no '.'",
		    *p, CMD_NAME_MAX);
	*p += out->owner_len;
	return 0;
}

static int parse_fragments(
    const char **p, struct cmd_binding_parts *out, char *err)
{
	if (out->fragments)
		return complain(err, "'%.64s': fragments stands twice", *p);
	*p += strlen("fragments");
	out->fragments = true;
	return 0;
}

static int parse_option(
    const char **p, struct cmd_binding_parts *out, char *err)
{
	if (strncmp(*p, "owner=", 6) == 0)
		return parse_owner(p, out, err);
	if (strncmp(*p, "fragments", 9) == 0)
		return parse_fragments(p, out, err);
	if (strncmp(*p, "claim=", 6) != 0)
		return complain(err,
		    "'%.64s': only owner=NAME, claim='REGION' and fragments "
		    "may stand after a comma, as in "
		    "web,owner=alice='tcp port 80'",
		    *p);
	if (out->claim != NULL)
		return complain(err, "'%.64s': it has a claim already", *p);
	*p += strlen("claim=");
	return cmd_quoted(p, "a claim", &out->claim, &out->claim_len, err);
}

static int parse_name(
    const char *text, struct cmd_binding_parts *out, char *err)
{
	*out = (struct cmd_binding_parts){
		.name = text,
		.name_len = cmd_name_span(text),
	};
	if (strchr(text, '=') == NULL)
		return complain(err,
		    "'%.200s' has no name: write "
		    "NAME=FILTER, as in web='tcp port 80'",
		    text);
	if (out->name_len == 0)
		return complain(err,
		    "'%.64s': a name is 1 to %u of the "
		    "characters A-Z a-z 0-9 _ . - and starts with no '.'; "
		    "write NAME=FILTER",
		    text, CMD_NAME_MAX);
	return 0;
}

int cmd_binding_parse(
    const char *text, struct cmd_binding_parts *out, char err[CMD_BINDING_ERR])
{
	int ret = parse_name(text, out, err);
	const char *p = text + out->name_len;

	if (ret == 0 && *p == '@') {
		p++;
		ret = parse_priority(&p, out, err);
	}
	while (ret == 0 && *p == ',') {
		p++;
		ret = parse_option(&p, out, err);
	}
	if (ret != 0)
		return ret;
	if (*p != '=')
		return complain(err,
		    "'%.200s': '=' and the filter must "
		    "follow '%.*s'; write "
		    "NAME[@PRIORITY][,owner=OWNER][,claim='REGION']"
		    "[,fragments]=FILTER",
		    text, (int)(p - text < 200 ? p - text : 200), text);
	if (out->owner == NULL) {
		out->owner = "default";
		out->owner_len = strlen(out->owner);
	}
	out->filter = p + 1;
	return 0;
}
