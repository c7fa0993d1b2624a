/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *	grant  = owner 1*WSP quoted 1*WSP right *( "," *WSP right )
 *	right  = "exclusive" / "shared" / "first" / "delegate" / "tell" /
 *		 "fragments"
 *
 * with quoted of binding_text.c. In a file the word grant stands before it.
 */
#include "exo/hosted/grant.h"

#include "exo/abi/cap.h"
#include "exo/abi/region.h"
#include "exo/hosted/region_text.h"
#include "exo/space/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define complain(err, ...) \
	((void)snprintf((err), CMD_BINDING_ERR, __VA_ARGS__), -1)

#define BLANKS " \t\r"

static const struct {
	const char *word;
	uint32_t right;
} words[] = {
	{ "exclusive", EXO_RIGHT_EXCLUSIVE },
	{ "shared", EXO_RIGHT_TAP },
	{ "first", EXO_RIGHT_FIRST },
	{ "delegate", EXO_RIGHT_DERIVE },
	{ "tell", EXO_RIGHT_TELL },
	{ "fragments", EXO_RIGHT_FOLLOW },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

const char *cmd_right_word(uint32_t right)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].right == right)
			return words[i].word;
	return NULL;
}

const char *cmd_rights_text(uint32_t rights, char buf[CMD_RIGHTS_TEXT])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < WORDS; i++)
		if ((rights & words[i].right) != 0)
			n += (size_t)snprintf(buf + n, CMD_RIGHTS_TEXT - n,
			    "%s%s", n == 0 ? "" : ",", words[i].word);
	return buf;
}

const char *cmd_grant_line(const char *line)
{
	size_t n = strlen("grant");

	if (strncmp(line, "grant", n) != 0 ||
	    (line[n] != '\0' && strchr(BLANKS, line[n]) == NULL))
		return NULL;
	return line + n;
}

static int parse_right(const char *word, size_t n, uint32_t *rights, char *err)
{
	static const char all[] =
	    "exclusive, shared, first, delegate, tell, fragments";

	for (size_t i = 0; i < WORDS; i++) {
		if (strlen(words[i].word) != n ||
		    memcmp(words[i].word, word, n) != 0)
			continue;
		if ((*rights & words[i].right) != 0)
			return complain(err, "the right %s stands there twice",
			    words[i].word);
		*rights |= words[i].right;
		return 0;
	}
	if (n == strlen("transmit") && memcmp(word, "transmit", n) == 0)
		return complain(err, "the right transmit comes with the booted "
		                     "kernel: leave it out");
	if (n == 0)
		return complain(err,
		    "a right is missing: behind the region stand rights with "
		    "commas between: %s",
		    all);
	return complain(err, "'%.*s' is no right: the rights are %s",
	    (int)(n < 64 ? n : 64), word, all);
}

static int parse_rights(const char *p, uint32_t *rights, char *err)
{
	for (;;) {
		size_t n;

		p += strspn(p, BLANKS);
		n = strcspn(p, "," BLANKS);
		if (parse_right(p, n, rights, err) != 0)
			return -1;
		p += n;
		p += strspn(p, BLANKS);
		if (*p == '\0')
			return 0;
		if (*p != ',')
			return complain(err,
			    "'%.64s': commas stand between rights, and nothing "
			    "behind them",
			    p);
		p++;
	}
}

int cmd_grant_parse(
    const char *text, struct cmd_grant_parts *out, char err[CMD_BINDING_ERR])
{
	const char *p = text + strspn(text, BLANKS);

	*out = (struct cmd_grant_parts){
		.owner = p,
		.owner_len = cmd_name_span(p),
	};
	p += out->owner_len;
	if (out->owner_len == 0 || strchr(BLANKS, *p) == NULL || *p == '\0')
		return complain(err,
		    "'%.64s': a grant is OWNER 'REGION' RIGHT[,RIGHT...], as "
		    "in "
		    "alice 'tcp port 80' exclusive; an owner is 1 to %u of the "
		    "characters A-Z a-z 0-9 _ . - and starts with no '.'",
		    text, CMD_NAME_MAX);
	p += strspn(p, BLANKS);
	if (cmd_quoted(&p, "a grant's region", &out->region, &out->region_len,
	        err) != 0)
		return -1;
	if (*p != '\0' && strchr(BLANKS, *p) == NULL)
		return complain(
		    err, "'%.64s': a blank must follow the region", p);
	return parse_rights(p, &out->rights, err);
}

int cmd_claim_read(const char *whose, const char *text, size_t len,
    struct sp_region *out, char err[CMD_BINDING_ERR])
{
	char why[CMD_REGION_WHY];
	struct cmd_region_work k;
	struct sp_region r;
	int ret;

	cmd_region_begin(&k);
	ret = cmd_region_read(&k, text, len, &r, why);
	if (ret != 0)
		ret = complain(err, "%s: %s", whose, why);
	else if (r.n == 0)
		ret = complain(err,
		    "%s: no packet is in it, its parts exclude each other",
		    whose);
	else if (sp_wire_size(r) == 0)
		ret = complain(err,
		    "%s: it is more than %u alternatives, or %u demands in "
		    "all: "
		    "write it with fewer parts",
		    whose, EXO_REGION_CUBES, EXO_REGION_ATOMS);
	else if (cmd_region_keep(r, out) != 0)
		ret = complain(err, "out of memory");
	cmd_region_end(&k);
	return ret;
}

static void grant_free(struct cmd_grant *g)
{
	free(g->owner);
	free(g->list);
	cmd_region_free(&g->region);
}

static int reserve(struct cmd_grants *set)
{
	uint32_t room = set->room == 0 ? 16 : set->room * 2;
	struct cmd_grant *v;

	if (set->n < set->room)
		return 0;
	if (set->room > UINT32_MAX / 4)
		return -1;
	v = realloc(set->v, room * sizeof(*v));
	if (v == NULL)
		return -1;
	set->v = v;
	set->room = room;
	return 0;
}

int cmd_grants_add(struct cmd_grants *set, const char *text, const char *list,
    unsigned line, char err[CMD_BINDING_ERR])
{
	struct cmd_grant g = { .line = line };
	struct cmd_grant_parts parts;

	if (cmd_grant_parse(text, &parts, err) != 0)
		return -1;
	if (cmd_claim_read("the grant's region", parts.region, parts.region_len,
	        &g.region, err) != 0)
		return -1;
	g.rights = parts.rights;
	g.owner = strndup(parts.owner, parts.owner_len);
	g.list = list == NULL ? NULL : strdup(list);
	if (g.owner == NULL || (list != NULL && g.list == NULL) ||
	    reserve(set) != 0) {
		grant_free(&g);
		return complain(err, "out of memory");
	}
	set->v[set->n++] = g;
	return 0;
}

void cmd_grants_free(struct cmd_grants *set)
{
	for (uint32_t i = 0; i < set->n; i++)
		grant_free(&set->v[i]);
	free(set->v);
	*set = (struct cmd_grants){ .v = NULL };
}
