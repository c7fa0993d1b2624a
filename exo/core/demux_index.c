/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demultiplexer by index: packets ask for their bindings.
 *
 * The index of grants says which domains a batch's packets are in, each
 * domain's index which rules: the first few of each packet, in the order of all
 * of its domains together. A packet that has more, and is not gone by then, gets
 * all of them (gather()). A sure rule is a delivery, of another one the program
 * is asked. Packets are done one after the other, so that a ring's records are
 * in packet order.
 *
 * Cost, a packet: a look at a bucket for each shape of its domains, and for
 * each rule that it is in a record and a binding.
 */
#include "exo/core/demux_int.h"
#include "exo/lib/bits.h"
#include "exo/lib/bug.h"
#include "exo/lib/mem.h"

#define ROOM 16u  /* rules of a packet that are got at once */
#define MANY 256u /* bindings: more than a cache has at hand */

struct hits {
	struct exo_hits h;
	struct sp_packet packet[BATCH]; /* those at work */
	uint64_t rank[EXO_LOOK_BATCH * ROOM];
	struct domain **touched; /* domains that some packet is in */
	uint32_t ntouched;
	uint32_t ngot;    /* of core->ranks, by gather() */
	uint64_t effects; /* packets of domains where some have them */
	const struct linkset *set;
};

_Static_assert(BATCH <= EXO_LOOK_BATCH, "a batch is one look");

int hits_new(struct exo_core *core)
{
	core->hits = exo_mem_get(&core->mem, sizeof(*core->hits));
	return core->hits == NULL ? -1 : 0;
}

void hits_free(struct exo_core *core)
{
	exo_mem_put(&core->mem, core->hits, sizeof(*core->hits));
}

static void in_domain(struct hits *h, struct domain *d, uint64_t packets)
{
	if (d->mask == 0 && packets != 0)
		h->touched[h->ntouched++] = d;
	d->mask |= packets;
}

/* The domains in an index of regions that have some packets. */
static void find_regions(
    struct exo_core *core, const struct exo_index *ix, uint64_t packets)
{
	struct hits *h = core->hits;
	const struct linkset *set = h->set;
	struct exo_marks m = { set->mark, set->fresh, 0 };

	exo_index_mark(ix, core->look, packets, &m);
	for (uint32_t k = 0; k < m.n; k++) {
		uint32_t id = m.fresh[k];

		in_domain(h, set->domain[id], m.mark[id]);
		m.mark[id] = 0;
	}
}

/* The domains of the packets. */
static void find_domains(
    struct exo_core *core, const struct linkset *set, uint64_t all)
{
	struct hits *h = core->hits;

	h->set = set;
	h->ntouched = 0;
	h->touched = set->touched;
	if (set->everyone != NULL)
		in_domain(h, set->everyone, all);
	if (set->grants != NULL)
		find_regions(core, set->grants, all);
	/* those that are lent of a domain come after it */
	for (uint32_t i = 0; i < h->ntouched; i++)
		if (h->touched[i]->below != NULL)
			find_regions(
			    core, h->touched[i]->below, h->touched[i]->mask);
}

/* Whose owner is in debt for all of the batch is not looked into. */
static void pass_by(struct exo_core *core, const struct batch *bt)
{
	struct hits *h = core->hits;

	for (uint32_t i = 0; i < h->ntouched; i++) {
		struct domain *d = h->touched[i];

		if (d->sole == NULL || d->sole->rate == 0 ||
		    !budget_deep(d->sole, bt->first + bt->n))
			continue;
		d->sole->unpaid += exo_popcount64(d->mask);
		d->mask = 0;
	}
}

/* Packets that may have to be shown to somebody when they are gone: what others
 * bind elsewhere does not count. */
static uint64_t with_effects(const struct hits *h)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < h->ntouched; i++)
		if (h->touched[i]->neffects > 0)
			packets |= h->touched[i]->mask;
	return packets;
}

/* Let a number sink to its place in a heap, the greatest first. */
static void sink(uint64_t *v, uint32_t n, uint32_t i)
{
	uint64_t x = v[i];

	for (uint32_t k = 2 * i + 1; k < n; k = 2 * i + 1) {
		k += k + 1 < n && v[k + 1] > v[k];
		if (v[k] <= x)
			break;
		v[i] = v[k];
		i = k;
	}
	v[i] = x;
}

/* Numbers in order, each once; returns how many. Owners choose them, so it
 * takes n log n steps whatever they are. */
static uint32_t sort(uint64_t *v, uint32_t n)
{
	uint32_t out = 0;

	for (uint32_t i = n / 2; i-- > 0;)
		sink(v, n, i);
	for (uint32_t i = n; i-- > 1;) {
		uint64_t x = v[i];

		v[i] = v[0];
		v[0] = x;
		sink(v, i, 0);
	}
	for (uint32_t i = 0; i < n; i++)
		if (out == 0 || v[out - 1] != v[i])
			v[out++] = v[i];
	return out;
}

/* A rule of the packet at work. Several of a binding may have it; the room is
 * for two of each binding, twice. */
static void on_rule(void *arg, uint32_t packet, uint64_t rank)
{
	struct exo_core *core = arg;
	struct hits *h = core->hits;

	(void)packet;
	if (h->ngot == core->ranks_room)
		h->ngot = sort(core->ranks, h->ngot);
	exo_assert(h->ngot < core->ranks_room);
	core->ranks[h->ngot++] = rank;
}

/* All rules of one packet, in the order of all of its domains; of one that is
 * gone, those of domains with effects. */
static uint32_t gather(struct exo_core *core, uint32_t packet, bool gone)
{
	const uint64_t bit = (uint64_t)1 << packet;
	struct hits *h = core->hits;

	h->ngot = 0;
	for (uint32_t i = 0; i < h->ntouched; i++)
		if ((bit & h->touched[i]->mask) != 0 &&
		    (!gone || h->touched[i]->neffects > 0))
			exo_index_all(
			    h->touched[i]->ix, core->look, bit, on_rule, core);
	return sort(core->ranks, h->ngot);
}

static void count_one(struct binding *b, struct exo_pkt *p)
{
	struct exo_bind_stat *st = &b->stat;
	bool first = st->matched++ == 0;

	st->matched_bytes += p->wirelen;
	if (first || p->time_ns < st->first_ns)
		st->first_ns = p->time_ns;
	if (first || p->time_ns > st->last_ns)
		st->last_ns = p->time_ns;
	p->matched++;
}

/* Give a packet to a binding, so many bytes of it. */
static void give(struct exo_core *core, const struct batch *bt,
    struct binding *b, uint32_t i, uint32_t keep)
{
	struct exo_pkt *p = &bt->pkts[i];
	uint32_t len = keep < p->caplen ? keep : p->caplen;

	count_one(b, p);
	if (b->snap == 0)
		b->stat.delivered++;
	else
		deliver(
		    core, p, bt->first + i, b, len < b->snap ? len : b->snap);
}

/* The same for a handler, which may answer what nobody took before. */
static bool handle(struct exo_core *core, const struct batch *bt,
    struct binding *b, uint32_t i, bool away)
{
	struct exo_pkt *p = &bt->pkts[i];
	enum ash_does does = ash_run(core, b, p);

	if (away || does == ASH_LEAVES)
		return false;
	if (does == ASH_PASSES) {
		give(core, bt, b, i, UINT32_MAX);
		return true;
	}
	count_one(b, p);
	ash_commit(core, b, p);
	return true;
}

/* A binding has a packet in a rule; whether it takes it. */
static bool take(struct exo_core *core, const struct batch *bt,
    struct binding *b, uint32_t i, bool sure, bool away)
{
	uint32_t keep[BATCH], len = b->keep;

	if (b->env->rate != 0) {
		if (!budget_open(b->env, bt->first + i + 1)) {
			b->stat.unpaid++;
			return false;
		}
		budget_pay(b->env, sure ? 1 : b->stat.max_steps);
	}
	b->stat.evaluated++;
	if (b->ash)
		return handle(core, bt, b, i, away);
	if (!sure) {
		exo_assert(b->code != NULL); /* or each rule is sure */
		if (binding_ask(core, b, (uint64_t)1 << i, keep) == 0)
			return false;
		len = keep[i];
	}
	if (away)
		return false;
	give(core, bt, b, i, len);
	return true;
}

/* A later fragment that nobody took may follow its first. */
static void follow(struct exo_core *core, const struct batch *bt, uint32_t i)
{
	const struct exo_pkt *p = &bt->pkts[i];
	const struct sp_packet raw = { core->view[i].data, p->caplen,
		p->wirelen, p->linktype };
	struct sp_view v;
	struct binding *b;

	sp_parse(&raw, &v);
	if ((v.has & SP_BIT(SP_FRAG)) == 0)
		return;
	b = follow_find(core, core->hits->set, p, &v);
	if (b == NULL)
		return;
	b->stat.followed++;
	give(core, bt, b, i, UINT32_MAX);
}

/* A binding took a packet that others may follow. */
static void learn(struct exo_core *core, const struct batch *bt,
    struct binding *b, uint32_t i)
{
	const struct exo_pkt *p = &bt->pkts[i];
	const struct sp_packet raw = { core->view[i].data, p->caplen,
		p->wirelen, p->linktype };
	struct sp_view v;

	sp_parse(&raw, &v);
	if ((v.has & SP_BIT(SP_FRAG)) != 0)
		follow_learn(core, b, p, &v);
}

/* How far a packet's rules were gone through. */
struct turn {
	uint32_t last; /* the slot that had the last rule */
	bool owned, gone;
};

/* Some of a packet's rules, in order. A binding's sure rules come before its
 * others, and the first that it is in speaks for it. */
static void some(struct exo_core *core, const struct batch *bt, uint32_t i,
    const uint64_t *rank, uint32_t n, struct turn *t)
{
	const struct linkset *set = core->hits->set;
	const bool effects = (core->hits->effects >> i & 1) != 0;

	for (uint32_t k = 0; k < n && (!t->gone || effects); k++) {
		uint32_t id = exo_rank_id(rank[k]), slot = id / 2;
		struct binding *b;
		bool away;

		if (slot == t->last)
			continue;
		t->last = slot;
		b = slot_find(set, slot);
		if (!b->live)
			continue;
		away = t->gone || (t->owned && b->mode != EXO_BIND_TAP);
		if (away && !b->effects)
			continue;
		if (!take(core, bt, b, i, id % 2 == 0, away))
			continue;
		t->gone |= b->mode == EXO_BIND_FIRST;
		t->owned |= b->mode == EXO_BIND_EXCLUSIVE;
		if (b->follows)
			learn(core, bt, b, i);
	}
}

/* One packet; `more`: what was found are its first rules. */
static void one(
    struct exo_core *core, const struct batch *bt, uint32_t i, bool more)
{
	const struct hits *h = core->hits;
	const uint64_t *first = h->rank + (size_t)i * ROOM;
	struct turn t = { .last = UINT32_MAX };
	uint32_t n = h->h.n[i], k = 0, all;

	some(core, bt, i, first, n, &t);
	if (more && (!t.gone || (h->effects >> i & 1) != 0)) {
		all = gather(core, i, t.gone);
		while (k < all && core->ranks[k] <= first[n - 1])
			k++;
		some(core, bt, i, core->ranks + k, all - k, &t);
	}
	if (h->set->nfollow > 0 && !t.owned && !t.gone)
		follow(core, bt, i);
}

/* The bindings of a batch's packets are waited for all at once; few are in a
 * cache anyway. */
static void soon(const struct hits *h, uint32_t n)
{
	if (h->set->n < MANY)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const struct binding *b;

		if (h->h.n[i] == 0)
			continue;
		b = slot_find(
		    h->set, exo_rank_id(h->rank[(size_t)i * ROOM]) / 2);
		for (size_t at = 0; at < BINDING_HOT; at += 64)
			__builtin_prefetch((const char *)b + at, 1);
	}
}

void demux_index(
    struct exo_core *core, const struct batch *bt, const struct linkset *set)
{
	struct hits *h = core->hits;
	uint64_t all = bt->n == BATCH ? UINT64_MAX : ((uint64_t)1 << bt->n) - 1;
	uint64_t more = 0;

	for (uint32_t i = 0; i < bt->n; i++)
		h->packet[i] =
		    (struct sp_packet){ core->view[i].data, bt->pkts[i].caplen,
			    bt->pkts[i].wirelen, set->linktype };
	exo_look_begin(core->look, h->packet, bt->n);
	find_domains(core, set, all);
	if (set->npaid > 0)
		pass_by(core, bt);
	h->effects = set->neffects == 0 ? 0 : with_effects(h);
	memset(h->h.n, 0, sizeof(h->h.n));
	memset(h->h.from, 0, sizeof(h->h.from));
	h->h.rank = h->rank;
	h->h.room = ROOM;
	for (uint32_t i = 0; i < h->ntouched; i++)
		if (h->touched[i]->mask != 0) /* or it was passed by */
			more |= exo_index_merge(h->touched[i]->ix, core->look,
			    h->touched[i]->mask, &h->h);
	soon(h, bt->n);
	for (uint32_t i = 0; i < bt->n; i++)
		one(core, bt, i, (more >> i & 1) != 0);
	for (uint32_t i = 0; i < h->ntouched; i++)
		h->touched[i]->mask = 0;
	exo_look_end(core->look);
}
