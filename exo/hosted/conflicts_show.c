/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was found out about claims and grants, for people and for programs.
 */
#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/conflicts.h"
#include "exo/hosted/json.h"
#include "exo/hosted/table.h"
#include "exo/hosted/utf8.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN 3u
#define TEXT_SHOWN  300

static const char *name_of(
    const struct conf *c, const uint32_t *bindings, uint32_t i)
{
	return c->set->v[bindings[i]].name;
}

/* "web, mail, news and 4 more of alice", without her when owner is NULL. */
static void put_names(const struct conf *c, const uint32_t *bindings,
    uint32_t n, const char *owner, FILE *f)
{
	for (uint32_t i = 0; i < n && i < NAMES_SHOWN; i++)
		fprintf(f, "%s%s", i > 0 ? ", " : "", name_of(c, bindings, i));
	if (n > NAMES_SHOWN)
		fprintf(f, " and %u more", n - NAMES_SHOWN);
	if (owner != NULL)
		fprintf(f, " of %s", owner);
}

static void put_group(const struct conf *c, uint32_t i, FILE *f)
{
	const struct conf_group *g = &c->groups[i];

	put_names(c, g->bindings, g->n, g->owner->name, f);
}

static void put_grant(const struct conf *c, uint32_t i, FILE *f)
{
	const struct cmd_grant *g = &c->set->grants.v[i];

	fputs(g->owner, f);
	if (g->list == NULL)
		return;
	fputs(" (", f);
	cmd_utf8_print(f, g->list);
	fprintf(f, ":%u)", g->line);
}

static void put_owner(const struct conf *c, uint32_t i, FILE *f)
{
	const struct conf_owner *o = &c->owners[i];

	fprintf(f,
	    "%s owns nothing: no grant with the right exclusive; it has ",
	    o->name);
	put_names(c, &c->order[o->first], o->last - o->first, NULL, f);
	fprintf(f, "\n   write: grant %s 'REGION' exclusive\n", o->name);
}

static void put_head(
    const struct conf *c, const struct conf_finding *x, FILE *f)
{
	switch (x->kind) {
	case CONF_CLAIMS:
		put_group(c, x->a, f);
		fputs(" and ", f);
		put_group(c, x->b, f);
		fputs(" claim the same packets\n", f);
		break;
	case CONF_OUTSIDE:
		put_group(c, x->a, f);
		fputs(": the claim is not inside the owner's grants\n", f);
		break;
	case CONF_UNGRANTED:
		put_owner(c, x->a, f);
		break;
	case CONF_GRANTS:
	case CONF_KINDS:
		fputs("grants of ", f);
		put_grant(c, x->a, f);
		fputs(" and ", f);
		put_grant(c, x->b, f);
		fputs(" have packets in common\n", f);
		break;
	}
}

static void put_finding(
    const struct conf *c, const struct conf_finding *x, size_t number, FILE *f)
{
	const char *which = x->kind == CONF_OUTSIDE ? "outside" : "both";
	char line[CMD_WITNESS_LINE];
	struct exo_fmt fmt;

	fprintf(f, "%zu. ", number);
	put_head(c, x, f);
	if (x->undecided)
		fputs("   it is too intricate to be worked out, and refused "
		      "therefore: write it with fewer parts\n",
		    f);
	if (x->text != NULL)
		fprintf(f, "   %s: %.*s%s\n", which, TEXT_SHOWN, x->text,
		    strlen(x->text) > TEXT_SHOWN ? "..." : "");
	if (!x->x.made)
		return;
	exo_fmt_init(&fmt, line, sizeof(line));
	cmd_witness_line(&fmt, &x->x);
	fprintf(f, "   packet: %s\n", line);
}

/* The number of the finding about two groups, or 0. */
static size_t number_of(const struct conf *c, uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct conf_finding *x = &c->v[i];

		if (x->kind == CONF_CLAIMS &&
		    ((x->a == a && x->b == b) || (x->a == b && x->b == a)))
			return i + 1;
	}
	return 0;
}

#define MATRIX_COLS 16u
_Static_assert(MATRIX_COLS <= CMD_TABLE_COLS, "it is a table");

/* Who claims what of whom, where that is few enough to be seen at once. */
static void put_matrix(const struct conf *c, FILE *f)
{
	char align[MATRIX_COLS + 1] = "l", cell[24];
	uint32_t n = c->ngroups;
	struct cmd_table t;

	if (n + 1 > MATRIX_COLS || c->total[CONF_CLAIMS] == 0 ||
	    c->total[CONF_CLAIMS] > c->limit)
		return;
	memset(align + 1, 'r', n);
	cmd_table_init(&t, align);
	cmd_table_cell(&t, "");
	for (uint32_t i = 0; i < n; i++)
		cmd_table_cell(&t, name_of(c, c->groups[i].bindings, 0));
	for (uint32_t i = 0; i < n; i++) {
		cmd_table_cell(&t, name_of(c, c->groups[i].bindings, 0));
		for (uint32_t k = 0; k < n; k++) {
			size_t number = number_of(c, i, k);

			snprintf(cell, sizeof(cell), "%zu", number);
			cmd_table_cell(&t, number != 0 ? cell : ".");
		}
	}
	(void)cmd_table_print(&t, f, cmd_colour(f));
	cmd_table_free(&t);
}

static void put_total(uint64_t n, const char *one, const char *more, FILE *f)
{
	if (n > 0)
		fprintf(f, "; %lu %s", (unsigned long)n, n == 1 ? one : more);
}

void conf_show(const struct conf *c, FILE *f)
{
	uint64_t all = 0;

	put_matrix(c, f);
	for (size_t i = 0; i < c->n; i++)
		put_finding(c, &c->v[i], i + 1, f);
	for (uint32_t i = 0; i < CONF_KINDS; i++)
		all += c->total[i];
	if (all > c->n)
		fprintf(f, "%lu more are not shown; see --limit\n",
		    (unsigned long)(all - c->n));
	fprintf(f, "bindings: %u; owners: %u; grants: %u", c->set->n,
	    c->nowners, c->set->grants.n);
	if (all == 0)
		fputs("; no conflict", f);
	put_total(c->total[CONF_CLAIMS], "pair of claims overlaps",
	    "pairs of claims overlap", f);
	put_total(c->total[CONF_OUTSIDE], "claim is outside its grants",
	    "claims are outside their grants", f);
	put_total(c->total[CONF_UNGRANTED], "owner has no grant",
	    "owners have no grant", f);
	put_total(c->total[CONF_GRANTS], "pair of grants overlaps",
	    "pairs of grants overlap", f);
	fputc('\n', f);
}

/* --- JSON ---------------------------------------------------------------------- */

static void json_names(struct cmd_json *j, const struct conf *c,
    const uint32_t *bindings, uint32_t n)
{
	cmd_json_array(j, "bindings");
	for (uint32_t i = 0; i < n; i++)
		cmd_json_str(j, NULL, name_of(c, bindings, i));
	cmd_json_end(j);
}

static void json_group(
    struct cmd_json *j, const char *key, const struct conf *c, uint32_t i)
{
	const struct conf_group *g = &c->groups[i];

	cmd_json_object(j, key);
	cmd_json_str(j, "owner", g->owner->name);
	json_names(j, c, g->bindings, g->n);
	cmd_json_end(j);
}

static int json_grant(
    struct cmd_json *j, const char *key, const struct conf *c, uint32_t i)
{
	const struct cmd_grant *g = &c->set->grants.v[i];
	char *text = cmd_region_text(g->region, CONF_TEXT);

	cmd_json_object(j, key);
	cmd_json_str(j, "owner", g->owner);
	cmd_json_str(j, "region", text);
	cmd_json_str(j, "file", g->list);
	cmd_json_u64(j, "line", g->line);
	cmd_json_end(j);
	free(text);
	return text == NULL ? -EXO_ENOMEM : 0;
}

static int json_finding(struct cmd_json *j, const struct conf *c,
    const struct conf_finding *x, size_t number)
{
	int err = 0;

	cmd_json_object(j, NULL);
	cmd_json_u64(j, "number", number);
	if (x->kind == CONF_GRANTS) {
		err = json_grant(j, "a", c, x->a);
		if (json_grant(j, "b", c, x->b) != 0)
			err = -EXO_ENOMEM;
	} else if (x->kind == CONF_UNGRANTED) {
		const struct conf_owner *o = &c->owners[x->a];

		cmd_json_str(j, "owner", o->name);
		json_names(j, c, &c->order[o->first], o->last - o->first);
	} else {
		json_group(j, "a", c, x->a);
		if (x->kind == CONF_CLAIMS)
			json_group(j, "b", c, x->b);
	}
	if (x->kind != CONF_UNGRANTED) {
		cmd_json_str(j, "region", x->text);
		cmd_json_bool(j, "decided", !x->undecided);
		if (cmd_witness_json(j, "witness", &x->x) != 0)
			err = -EXO_ENOMEM;
	}
	cmd_json_end(j);
	return err;
}

int conf_json(const struct conf *c, FILE *f)
{
	static const char *const keys[CONF_KINDS] = { "claims", "outside",
		"ungranted", "grants" };
	struct cmd_json j;
	int err = 0;

	cmd_json_begin(&j, f);
	cmd_json_str(&j, "schema", "exopf.conflicts/1");
	cmd_json_bool(&j, "conflicts", !conf_is_clean(c));
	cmd_json_u64(&j, "bindings", c->set->n);
	cmd_json_u64(&j, "owners", c->nowners);
	cmd_json_object(&j, "totals");
	for (uint32_t i = 0; i < CONF_KINDS; i++)
		cmd_json_u64(&j, keys[i], c->total[i]);
	cmd_json_end(&j);
	for (uint32_t i = 0; i < CONF_KINDS; i++) {
		cmd_json_array(&j, keys[i]);
		for (size_t k = 0; k < c->n; k++)
			if ((uint32_t)c->v[k].kind == i &&
			    json_finding(&j, c, &c->v[k], k + 1) != 0)
				err = -EXO_ENOMEM;
		cmd_json_end(&j);
	}
	if (err != 0)
		cmd_say("out of memory");
	cmd_json_array(&j, "errors");
	cmd_json_kept(&j);
	cmd_json_end(&j);
	cmd_json_finish(&j);
	return err;
}
