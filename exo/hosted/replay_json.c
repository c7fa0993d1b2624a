/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of a replay as JSON: schema exopf.replay/1.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/human.h"
#include "exo/hosted/json.h"
#include "exo/hosted/replay.h"

#include <stdlib.h>

static void put_times(
    struct cmd_json *j, uint64_t packets, uint64_t first, uint64_t last)
{
	char buf[CMD_HUMAN];

	if (packets == 0) {
		cmd_json_null(j, "first");
		cmd_json_null(j, "last");
		return;
	}
	cmd_json_str(j, "first", cmd_human_time(first, buf));
	cmd_json_str(j, "last", cmd_human_time(last, buf));
}

/* A region as its canonical text; NULL: none, and null. */
static void put_region(struct cmd_json *j, struct replay *rp, const char *key,
    const struct sp_region *r)
{
	char *text = r == NULL ? NULL : cmd_region_text(*r, CMD_REGION_SHOWN);

	cmd_json_str(j, key, text);
	if (r != NULL && text == NULL)
		replay_error(rp, "out of memory");
	free(text);
}

static void put_output(
    struct cmd_json *j, const char *key, const struct tr_out_stat *st)
{
	cmd_json_object(j, key);
	cmd_json_str(j, "file", st->path);
	cmd_json_u64(j, "packets", st->packets);
	cmd_json_u64(j, "lost", st->lost);
	cmd_json_u64(j, "rounded", st->rounded);
	cmd_json_u64(j, "cut", st->cut);
	cmd_json_bool(j, "failed", st->failed);
	cmd_json_end(j);
}

static void put_refusal(struct cmd_json *j, const struct replay_refusal *r)
{
	char name[64];

	cmd_json_object(j, NULL);
	cmd_json_str(j, "linktype", replay_link_text(r->linktype, name));
	cmd_json_str(j, "why", r->why);
	cmd_json_end(j);
}

static int by_binding(const void *a, const void *b)
{
	const struct replay_refusal *x = a, *y = b;

	if (x->binding != y->binding)
		return x->binding < y->binding ? -1 : 1;
	return x->linktype < y->linktype ? -1 : x->linktype > y->linktype;
}

/* The refusals of a binding. They are sorted, the bindings come in order:
 * *next is the first that was not written yet. */
static void put_refusals(
    struct cmd_json *j, const struct replay *rp, uint32_t binding, size_t *next)
{
	cmd_json_array(j, "refused");
	while (*next < rp->nrefusals && rp->refusals[*next].binding == binding)
		put_refusal(j, &rp->refusals[(*next)++]);
	cmd_json_end(j);
}

static void put_binding(
    struct cmd_json *j, struct replay *rp, uint32_t i, size_t *next)
{
	const struct cmd_binding *b = &rp->set.v[i];
	struct replay_sum sum;
	struct tr_out_stat st;

	replay_sum(rp, i, &sum);
	cmd_json_object(j, NULL);
	cmd_json_str(j, "name", b->name);
	cmd_json_str(j, "expr", b->expr);
	if (b->file != NULL)
		cmd_json_str(j, "file", b->file);
	cmd_json_str(j, "owner", b->owner);
	put_region(j, rp, "claim", b->claimed ? &b->claim : NULL);
	cmd_json_i64(j, "priority", b->priority);
	cmd_json_u64(j, "matched", sum.matched);
	cmd_json_u64(j, "bytes", sum.bytes);
	cmd_json_u64(j, "delivered", sum.delivered);
	cmd_json_u64(j, "dropped", sum.dropped);
	if (rp->opts->judge)
		cmd_json_u64(j, "differed", sum.differed);
	put_times(j, sum.matched, sum.first_ns, sum.last_ns);
	if (replay_out_stat(rp, i, &st))
		put_output(j, "output", &st);
	put_refusals(j, rp, i, next);
	if (rp->opts->maps)
		replay_maps_json(rp, j, i);
	cmd_json_end(j);
}

static void put_owners(struct cmd_json *j, const struct replay *rp)
{
	uint32_t i;

	cmd_json_array(j, "owners");
	for (i = 0; i < rp->nowners; i++) {
		cmd_json_object(j, NULL);
		cmd_json_str(j, "name", rp->owners[i].name);
		cmd_json_u64(j, "bindings", rp->owners[i].bindings);
		cmd_json_u64(j, "grants", rp->owners[i].grants);
		cmd_json_u64(j, "records", rp->owners[i].records);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void put_grants(struct cmd_json *j, struct replay *rp)
{
	char buf[CMD_RIGHTS_TEXT];

	cmd_json_array(j, "grants");
	for (uint32_t i = 0; i < rp->set.grants.n; i++) {
		const struct cmd_grant *g = &rp->set.grants.v[i];

		cmd_json_object(j, NULL);
		cmd_json_str(j, "owner", g->owner);
		put_region(j, rp, "region", &g->region);
		cmd_json_str(j, "rights", cmd_rights_text(g->rights, buf));
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

/* What authority refuses. */
static void put_denials(struct cmd_json *j, struct replay *rp)
{
	char name[64];

	cmd_json_array(j, "denied");
	for (size_t i = 0; i < rp->ndenials; i++) {
		const struct replay_denial *d = &rp->denials[i];
		const struct cmd_binding *other =
		    d->other == REPLAY_NOBODY ? NULL : &rp->set.v[d->other];

		cmd_json_object(j, NULL);
		cmd_json_str(j, "binding", rp->set.v[d->binding].name);
		cmd_json_str(j, "owner", rp->set.v[d->binding].owner);
		cmd_json_str(
		    j, "linktype", replay_link_text(d->linktype, name));
		cmd_json_str(j, "why", replay_why_text(d->why));
		cmd_json_str(j, "other", other != NULL ? other->name : NULL);
		cmd_json_str(
		    j, "other_owner", other != NULL ? other->owner : NULL);
		if (cmd_witness_json(j, "witness", &d->x) != 0)
			replay_error(rp, "out of memory");
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void put_links(struct cmd_json *j, const struct replay *rp)
{
	char name[32];
	uint32_t i;

	cmd_json_array(j, "linktypes");
	for (i = 0; i < rp->nlinks; i++) {
		uint32_t link = rp->links[i].linktype;
		uint32_t number = link & ~TR_LINK_SWAPPED;

		/* a run that was given up counted those of a batch already */
		if (rp->links[i].packets == 0 || rp->base == 0)
			continue;
		cmd_json_object(j, NULL);
		cmd_json_u64(j, "number", number);
		cmd_json_str(j, "name", cmd_linktype_text(number, name));
		cmd_json_bool(j, "swapped", link != number);
		cmd_json_u64(j, "packets", rp->links[i].packets);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

static void put_head(struct cmd_json *j, const struct replay *rp)
{
	struct exo_core_stat core = { .packets = 0 };
	size_t i;

	if (rp->core != NULL) /* or it could not be made */
		exo_core_stat(rp->core, &core);
	cmd_json_str(j, "schema", "exopf.replay/1");
	cmd_json_array(j, "files");
	for (i = 0; i < rp->opts->nfiles; i++)
		cmd_json_str(j, NULL, rp->opts->files[i]);
	cmd_json_end(j);
	cmd_json_str(j, "policy", replay_policy_text(rp->opts->policy));
	cmd_json_bool(j, "interrupted", rp->interrupted != 0);
	cmd_json_u64(j, "packets", core.packets);
	cmd_json_u64(j, "bytes", core.bytes);
	cmd_json_u64(j, "any", core.packets - core.unmatched);
	cmd_json_u64(j, "any_bytes", core.bytes - core.unmatched_bytes);
	cmd_json_u64(j, "unmatched", core.unmatched);
	cmd_json_u64(j, "unmatched_bytes", core.unmatched_bytes);
	put_times(j, core.packets, rp->all.first_ns, rp->all.last_ns);
	cmd_json_u64(j, "code_bytes", core.code);
	cmd_json_bool(j, "judged", rp->opts->judge);
	cmd_json_str(
	    j, "perf_map", rp->perf_map.open ? rp->perf_map.path : NULL);
	cmd_json_u64(j, "elapsed_ns", plat_clock_ns() - rp->start_clock);
}

void replay_json(struct replay *rp, FILE *f)
{
	struct tr_out_stat st;
	struct cmd_json j;
	uint32_t i;
	size_t k, next = 0;

	if (rp->nrefusals != 0)
		qsort(rp->refusals, rp->nrefusals, sizeof(*rp->refusals),
		    by_binding);
	cmd_json_begin(&j, f);
	put_head(&j, rp);
	put_links(&j, rp);
	put_owners(&j, rp);
	put_grants(&j, rp);
	put_denials(&j, rp);
	cmd_json_array(&j, "bindings");
	for (i = 0; i < rp->set.n; i++)
		put_binding(&j, rp, i, &next);
	cmd_json_end(&j);
	if (rp->rest >= 0) {
		tr_out_stat(rp->outs, rp->rest, &st);
		put_output(&j, "rest", &st);
	}
	cmd_json_array(&j, "errors");
	for (k = 0; k < rp->nerrors; k++)
		cmd_json_str(&j, NULL, rp->errors[k]);
	if (rp->failed && rp->nerrors == 0) /* no room to keep what it was */
		cmd_json_str(&j, NULL, "out of memory");
	cmd_json_end(&j);
	cmd_json_finish(&j);
}
