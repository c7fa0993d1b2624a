/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The result of a replay as a table for people.
 *
 * any + unmatched = total, always; with the policy first, the bindings' rows
 * add up to any as well. Times are
 * those of the first and the last packet to arrive, in seconds since the
 * earliest of the trace.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/human.h"
#include "exo/hosted/replay.h"
#include "exo/hosted/table.h"

/* One row. */
struct row {
	const char *name;
	uint64_t packets, bytes, first, last, dropped, lost;
};

struct totals {
	struct exo_core_stat core;
	uint64_t dropped, lost;
	bool outs; /* there is a column for what outputs lost */
	const struct replay *rp;
};

static void put_time(struct cmd_table *t, const struct totals *all,
    const struct row *row, uint64_t time)
{
	char buf[CMD_HUMAN];

	if (row->packets == 0)
		cmd_table_cell(t, "-");
	else
		cmd_table_cell(
		    t, cmd_human_seconds(time - all->rp->origin_ns, buf));
}

static void put_row(
    struct cmd_table *t, const struct totals *all, const struct row *row)
{
	char buf[CMD_HUMAN];

	cmd_table_cell(t, row->name);
	cmd_table_cell(t, cmd_human_u64(row->packets, buf));
	cmd_table_cell(t, cmd_human_u64(row->bytes, buf));
	cmd_table_cell(
	    t, cmd_human_share(row->packets, all->core.packets, buf));
	put_time(t, all, row, row->first);
	put_time(t, all, row, row->last);
	cmd_table_cell(t, cmd_human_u64(row->dropped, buf));
	if (all->outs)
		cmd_table_cell(t, cmd_human_u64(row->lost, buf));
}

static void put_heading(struct cmd_table *t, const struct totals *all)
{
	static const char *const heads[] = { "binding", "packets", "bytes",
		"share", "first s", "last s", "dropped", "lost" };
	unsigned i;

	for (i = 0; i < (all->outs ? 8 : 7); i++)
		cmd_table_cell(t, heads[i]);
}

static void put_bindings(
    struct cmd_table *t, const struct replay *rp, struct totals *all)
{
	struct replay_sum sum;
	struct tr_out_stat st;
	uint32_t i;

	for (i = 0; i < rp->set.n; i++) {
		struct row row = { .name = rp->set.v[i].name };

		replay_sum(rp, i, &sum);
		row.packets = sum.matched;
		row.bytes = sum.bytes;
		row.first = sum.first_ns;
		row.last = sum.last_ns;
		row.dropped = sum.dropped;
		if (replay_out_stat(rp, i, &st))
			row.lost = st.lost;
		put_row(t, all, &row);
		all->dropped += row.dropped;
		all->lost += row.lost;
	}
}

static void put_totals(
    struct cmd_table *t, const struct replay *rp, struct totals *all)
{
	const struct exo_core_stat *c = &all->core;
	struct row any = { "any", c->packets - c->unmatched,
		c->bytes - c->unmatched_bytes, rp->any.first_ns,
		rp->any.last_ns, all->dropped, all->lost };
	struct row none = { "unmatched", c->unmatched, c->unmatched_bytes,
		rp->none.first_ns, rp->none.last_ns, 0, 0 };
	struct row total = { "total", c->packets, c->bytes, rp->all.first_ns,
		rp->all.last_ns, 0, 0 };
	struct tr_out_stat st;

	if (rp->rest >= 0) {
		tr_out_stat(rp->outs, rp->rest, &st);
		none.lost = st.lost;
	}
	total.dropped = any.dropped;
	total.lost = any.lost + none.lost;
	put_row(t, all, &any);
	put_row(t, all, &none);
	put_row(t, all, &total);
}

static void print_caption(const struct replay *rp, FILE *f)
{
	char buf[CMD_HUMAN];

	if (rp->base != 0)
		fprintf(f, "trace begins %s; policy %s%s\n",
		    cmd_human_time(rp->origin_ns, buf),
		    replay_policy_text(rp->opts->policy),
		    rp->interrupted != 0 ? "; interrupted" : "");
}

void replay_table(struct replay *rp, FILE *f)
{
	struct totals all = { .outs = rp->outs != NULL, .rp = rp };
	struct cmd_table t;

	exo_core_stat(rp->core, &all.core);
	print_caption(rp, f);
	cmd_table_init(&t, all.outs ? "lrrrrrrr" : "lrrrrrr");
	put_heading(&t, &all);
	put_bindings(&t, rp, &all);
	put_totals(&t, rp, &all);
	if (!cmd_table_print(&t, f, cmd_colour(f)))
		replay_error(rp, "out of memory: the table is not whole");
	cmd_table_free(&t);
}
