/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demultiplexer. Many bindings are found by index (demux_index.c); a few
 * are asked in order, which costs less then: that is here.
 *
 * Filters are run binding by binding over up to 64 packets, so that one
 * program stays in the caches; what they accepted is then delivered packet by
 * packet, so that a ring's records are in packet order. Nothing here
 * allocates: linkset_reserve() has seen to the room.
 */
#include "exo/core/demux_int.h"
#include "exo/lib/bits.h"
#include "exo/lib/bytes.h"

#define LINKTYPE_ETHERNET 1u
#define ETHERTYPE_MIN     0x600u
#define CUBES_FEW         64u
#define ETH_P_802_2       4u /* what Linux says of a length field */

static struct linkset *set_of(struct exo_core *core, uint32_t linktype)
{
	struct linkset *s = core->last;

	if (s != NULL && s->linktype == linktype)
		return s;
	s = linkset_find(core, linktype);
	core->last = s;
	return s;
}

static uint16_t protocol_of(const struct exo_pkt *p)
{
	uint16_t type;

	if (p->linktype != LINKTYPE_ETHERNET || p->caplen < 14)
		return 0;
	type = exo_be16(p->data + 12);
	return type >= ETHERTYPE_MIN ? type : ETH_P_802_2;
}

/* Ask one binding about some packets; returns those of `may` that it takes. */
static uint64_t ask(struct exo_core *core, struct batch *bt, struct binding *b,
    uint64_t asked, uint64_t may)
{
	uint32_t keep[BATCH];
	uint64_t hit = binding_ask(core, b, asked, keep) & may;

	if (b->snap == 0)
		return hit;
	for (uint64_t todo = hit; todo != 0; todo &= todo - 1) {
		uint32_t i = exo_lowest64(todo);
		uint32_t len = bt->pkts[i].caplen;

		len = len < keep[i] ? len : keep[i];
		len = len < b->snap ? len : b->snap;
		core->out[bt->nout++] = (struct delivery){ b, i, len };
	}
	return hit;
}

/* Count what a binding took. Costs a nanosecond for each packet taken. */
static void count(
    struct batch *bt, struct binding *b, uint64_t asked, uint64_t hit)
{
	struct exo_bind_stat *st = &b->stat;
	uint32_t n = exo_popcount64(hit);
	uint64_t first = st->matched == 0 ? UINT64_MAX : st->first_ns;
	uint64_t last = st->last_ns, bytes = 0;

	st->evaluated += exo_popcount64(asked);
	if (hit == 0)
		return;
	st->matched += n;
	if (b->snap == 0)
		st->delivered += n;
	for (; hit != 0; hit &= hit - 1) {
		struct exo_pkt *p = &bt->pkts[__builtin_ctzll(hit)];
		uint64_t t = p->time_ns;

		bytes += p->wirelen;
		first = t < first ? t : first;
		last = t > last ? t : last;
		p->matched++;
	}
	st->matched_bytes += bytes;
	st->first_ns = first;
	st->last_ns = last;
}

/* Those of the packets that are in a claim. */
static uint64_t inside(struct exo_core *core, const struct batch *bt,
    const struct region *claim, uint64_t of)
{
	uint64_t in = 0, more = of & ~core->parsed;

	for (; more != 0; more &= more - 1) {
		uint32_t i = exo_lowest64(more);
		const struct exo_pkt *p = &bt->pkts[i];
		const struct sp_packet packet = { core->view[i].data, p->caplen,
			p->wirelen, p->linktype };

		sp_parse(&packet, &core->seen[i]);
	}
	core->parsed |= of;
	for (; of != 0; of &= of - 1) {
		uint32_t i = exo_lowest64(of);

		in |= (uint64_t)sp_region_has(claim->r, &core->seen[i]) << i;
	}
	return in;
}

/* A packet that a FIRST binding took is gone for all; one that its owner's
 * EXCLUSIVE binding took, for those that take. A program with effects is asked
 * all the same. */
static void evaluate(
    struct exo_core *core, struct batch *bt, const struct linkset *set)
{
	const uint64_t all =
	    bt->n == BATCH ? UINT64_MAX : ((uint64_t)1 << bt->n) - 1;
	uint64_t alive = all, owned = 0;

	core->parsed = 0;
	for (uint32_t k = 0; k < set->n && (alive | set->neffects) != 0; k++) {
		struct binding *b = set->v[k];
		uint64_t may = b->mode == EXO_BIND_TAP ? alive : alive & ~owned;
		uint64_t asked = b->effects ? all : may, hit;

		if (b->claim != NULL)
			asked = inside(core, bt, b->claim, asked);
		hit = asked == 0 ? 0 : ask(core, bt, b, asked, may);
		count(bt, b, asked, hit);
		if (b->mode == EXO_BIND_FIRST)
			alive &= ~hit;
		if (b->mode == EXO_BIND_EXCLUSIVE)
			owned |= hit;
	}
}

/* Bring the deliveries into packet order (stable) and make them. */
static void deliver_all(struct exo_core *core, const struct batch *bt)
{
	struct delivery *sorted = core->out + core->out_room;
	uint32_t start[BATCH + 1] = { 0 };

	for (uint32_t i = 0; i < bt->nout; i++)
		start[core->out[i].pkt + 1]++;
	for (uint32_t i = 1; i <= BATCH; i++)
		start[i] += start[i - 1];
	for (uint32_t i = 0; i < bt->nout; i++)
		sorted[start[core->out[i].pkt]++] = core->out[i];
	for (uint32_t i = 0; i < bt->nout; i++)
		deliver(core, &bt->pkts[sorted[i].pkt],
		    bt->first + sorted[i].pkt, sorted[i].b, sorted[i].len);
}

/* The contexts of packets; what programs keep there is cleared where they do. */
static void show(
    const struct exo_core *core, const struct exo_pkt *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, p++) {
		struct jit_ctx *ctx = &core->ctx[i];
		const uint8_t *data = core->view[i].data;

		ctx->data = data;
		ctx->data_end = data + p->caplen;
		ctx->data_meta = data;
		ctx->wirelen = p->wirelen;
		ctx->ifindex = p->ifindex;
		ctx->protocol = __builtin_bswap16(protocol_of(p));
		ctx->size = p->caplen;
	}
}

/* Count the packets themselves; whether one was taken is a number to add, not
 * a branch, which nobody could foretell. */
static void count_all(
    struct exo_core *core, const struct exo_pkt *pkts, uint32_t n)
{
	uint64_t bytes = 0, left = 0, left_bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t none = pkts[i].matched == 0;

		bytes += pkts[i].wirelen;
		left += none;
		left_bytes += pkts[i].wirelen & -none;
	}
	core->stat.packets += n;
	core->stat.bytes += bytes;
	core->stat.unmatched += left;
	core->stat.unmatched_bytes += left_bytes;
}

/* Many are found by index; so are those who pay for each packet, those whose
 * fragments follow, and those that have no code to be asked by. To ask in order
 * is to look each packet up in each claim, cube by cube: nobody's claim is to
 * cost packets of others, so that they may have a few. */
static bool by_index(const struct exo_core *core, const struct linkset *set)
{
	return set->n > core->cfg.linear || set->ncubes > CUBES_FEW ||
	       set->npaid + set->nfollow + set->nbare + set->nash > 0;
}

/* Demultiplex n <= BATCH packets of one link type. */
static void batch_run(struct exo_core *core, const struct linkset *set,
    struct exo_pkt *pkts, uint32_t n)
{
	struct batch bt = { .pkts = pkts, .n = n, .first = core->stat.packets };

	core->pkts = pkts;
	for (uint32_t i = 0; i < n; i++) {
		/* one without bytes has an address all the same */
		core->view[i].data =
		    pkts[i].caplen == 0 ? &core->nothing : pkts[i].data;
		core->view[i].size = pkts[i].caplen;
		pkts[i].matched = 0;
	}
	if (set != NULL && set->nlook != 0)
		show(core, pkts, n);
	if (set != NULL && by_index(core, set))
		demux_index(core, &bt, set);
	else if (set != NULL)
		evaluate(core, &bt, set);
	if (bt.nout != 0)
		deliver_all(core, &bt);
	count_all(core, pkts, n);
}

void exo_ingest(struct exo_core *core, struct exo_pkt *pkts, uint32_t n)
{
	uint32_t i = 0;

	while (i < n) {
		const struct linkset *set = set_of(core, pkts[i].linktype);
		uint32_t k = 0, max = BATCH;

		/* all deliveries of a run must find room in core->out */
		if (set != NULL && set->ntake != 0 && !by_index(core, set) &&
		    core->out_room / set->ntake < BATCH)
			max = core->out_room / set->ntake;
		while (k < max && i + k < n &&
		       pkts[i + k].linktype == pkts[i].linktype)
			k++;
		batch_run(core, set, pkts + i, k);
		i += k;
	}
	deliver_end(core);
}
