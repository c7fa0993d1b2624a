/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adding up a replay, several ways that must agree.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/replay.h"

#include <inttypes.h>

/* Add one binding of one link type. */
static void add(
    const struct replay *rp, uint32_t i, uint64_t name, struct replay_sum *sum)
{
	const struct replay_owner *o = &rp->owners[rp->owner_of[i]];
	struct exo_call_stat call = { .binding = name };
	const struct exo_bind_stat *st = &call.out_stat;

	if (exo_call(rp->core, o->env, EXO_CALL_STAT_NR, &call, sizeof(call)) !=
	    0)
		return;
	sum->differed += st->differed;
	if (st->matched == 0)
		return;
	if (sum->matched == 0 || st->first_ns < sum->first_ns)
		sum->first_ns = st->first_ns;
	if (sum->matched == 0 || st->last_ns > sum->last_ns)
		sum->last_ns = st->last_ns;
	sum->matched += st->matched;
	sum->bytes += st->matched_bytes;
	sum->delivered += st->delivered;
	sum->dropped += st->dropped;
}

void replay_sum(
    const struct replay *rp, uint32_t binding, struct replay_sum *sum)
{
	uint32_t k;

	*sum = (struct replay_sum){ .matched = 0 };
	for (k = 0; k < rp->nlinks; k++) {
		const uint64_t *bound = rp->links[k].bound;

		if (bound != NULL && bound[binding] != REPLAY_UNBOUND)
			add(rp, binding, bound[binding], sum);
	}
}

static void expect(struct replay *rp, const char *what, uint64_t a, uint64_t b)
{
	if (a == b)
		return;
	rp->disagree = true;
	replay_error(rp,
	    "our own counts disagree: %s: %" PRIu64 " and %" PRIu64
	    "; please report it",
	    what, a, b);
}

/* What the interpreter says of each packet, where it was asked. */
static void check_engines(
    struct replay *rp, const struct cmd_binding *b, uint64_t differed)
{
	if (differed == 0)
		return;
	rp->disagree = true;
	replay_error(rp,
	    "%s: '%s': the compiled filter and the interpreter differ on "
	    "%" PRIu64 " packet%s; please report it",
	    b->name, b->expr, differed, differed == 1 ? "" : "s");
}

void replay_check(struct replay *rp)
{
	uint64_t matched = 0, delivered = 0, dropped = 0;
	uint64_t records = 0;
	struct exo_core_stat core;
	struct replay_sum sum;
	uint32_t i;

	exo_core_stat(rp->core, &core);
	for (i = 0; i < rp->set.n; i++) {
		replay_sum(rp, i, &sum);
		matched += sum.matched;
		delivered += sum.delivered;
		dropped += sum.dropped;
		check_engines(rp, &rp->set.v[i], sum.differed);
	}
	for (i = 0; i < rp->nowners; i++) {
		records += rp->owners[i].records;
		if (rp->owners[i].broken)
			rp->disagree = true;
	}
	expect(rp, "packets read and ingested", rp->base, core.packets);
	expect(rp, "packets unmatched", rp->none.packets, core.unmatched);
	expect(rp, "matches, and deliveries with drops", matched,
	    delivered + dropped);
	if (rp->out_of != NULL)
		expect(
		    rp, "records delivered and received", delivered, records);
	if (rp->opts->policy != REPLAY_ALL)
		expect(rp, "packets with an owner, and all owners' packets",
		    rp->any.packets, matched);
	if (rp->disagree && rp->nerrors == 0)
		replay_error(rp, "a ring held what is no record of this run; "
		                 "please report it");
}
