/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demultiplexer against a model that asks every binding in order.
 *
 * usage: diff_demux [-q] [-s SEED] [-d DECISIONS] [-n SETS] [FOLDER ...]
 *
 * A set is a core with environments, keys and bindings that overlap, of 1 to
 * 2,000, which come and go; keys are derived, and derived of those, and revoked
 * with all below them; a third of the sets is found by index always, a
 * third where they are many, a third is asked in order; every second core
 * judges its compiler, too. Packets are those of pcaps/ and $EXOPF_TRACES, as
 * they are, cut and damaged; made ones; and, for bindings of the set, witness
 * packets of accept conditions, claims and what both share, with each bit of
 * the first 64 bytes flipped. The model (tests/support/demux_world.h) says what
 * each libOS must read: every record, in order, and every counter.
 *
 * One in eight programs has helpers and maps. The model gives each of its
 * bindings a world, in which the interpreter runs it on every packet of the
 * claim, whoever took it; maps, records of rings, and what depends on them must
 * be the same.
 *
 * A decision is one binding and one packet. Sets go on until there were enough,
 * -d of them; with -n there are so many sets. -q (or EXOPF_QUICK=1) is short.
 * The first difference is described, with the seed of its set.
 * Exit: 0 all is well, 2 cannot read, 3 a difference.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exo/abi/err.h"
#include "tests/support/demux_world.h"

#ifndef EXOPF_SRCDIR
#define EXOPF_SRCDIR "."
#endif

#define FLIPPED   64u     /* bytes of a witness of which each bit is flipped */
#define SET_COST  600000u /* decisions of a set on other packets */
#define SET_WITS  400000u /* on witnesses */
#define WITNESSES 24u     /* bindings of a set that have some, at most */
#define PER_ROUND 64u

static uint64_t nsets, nwitnesses, ndecisions_of_witnesses;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "diff_demux: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- what sets are ------------------------------------------------------------ */

static uint32_t some_bindings(struct spacegen *g, bool quick)
{
	static const uint32_t most[] = { 4, 10, 30, 100, 300, 1000, 2000 };
	uint32_t max = most[sg_below(g, quick ? 5 : 7)];

	return 1 + sg_below(g, max);
}

static struct dx_plan plan_of(uint64_t seed, bool quick)
{
	static const uint32_t linear[] = { 1, 0, UINT32_MAX };
	static const uint32_t links[] = { SP_LINK_RAW, SP_LINK_NULL,
		SP_LINK_SLL, SP_LINK_SLL2, SP_LINK_LOOP, SP_LINK_IPV4,
		SP_LINK_IPV6, 105 };
	struct spacegen g = { .seed = seed * 0xd1342543de82ef95u | 1 };
	struct dx_plan l = { .seed = seed };

	for (uint32_t i = 0; i < 4; i++)
		(void)sg_word(&g);
	l.bindings = some_bindings(&g, quick);
	l.programs = 2 + l.bindings * 2 / 3;
	if (l.programs > DX_PROGS)
		l.programs = DX_PROGS;
	l.envs = 1 + sg_below(&g, DX_ENVS);
	l.first = sg_below(&g, 3) == 0 ? sg_below(&g, 8) : 0;
	l.exclusive = sg_below(&g, 2) == 0 ? sg_below(&g, 16) : 0;
	l.apart = l.exclusive != 0 && sg_below(&g, 4) != 0;
	l.lent = sg_below(&g, 3) == 0 ? 40 : 2 * l.envs;
	l.cfg.linear = linear[seed % 3];
	l.cfg.judge = seed / 3 % 2 != 0;
	l.link[0] = SP_LINK_ETHERNET;
	l.link[1] = links[sg_below(&g, 8)];
	return l;
}

/* --- packets ------------------------------------------------------------------ */

static void any_packets(struct dx_world *w, uint32_t n)
{
	uint32_t link = w->plan.link[0];

	for (uint32_t i = 0; i < n; i++) {
		if (sg_below(&w->g, 20) == 0)
			link = w->plan.link[sg_below(&w->g, 4) == 0];
		dx_packet_any(&w->g, link, &w->batch[i]);
	}
}

static void some_packets(struct dx_world *w, uint32_t packets)
{
	uint32_t room = dx_world_room(w), n;

	while (packets > 0) {
		n = 1 + sg_below(&w->g, room);
		n = n < packets ? n : packets;
		any_packets(w, n);
		dx_world_judge(w, n);
		packets -= n;
	}
}

/* A witness, and each of its neighbours. */
static void neighbours(struct dx_world *w, const struct dx_packet *p)
{
	uint32_t bytes = p->caplen < FLIPPED ? p->caplen : FLIPPED;
	uint32_t room = dx_world_room(w), n = 0;

	for (uint32_t i = 0; i <= 8 * bytes; i++) {
		struct dx_packet *x = &w->batch[n++];

		*x = *p;
		if (i < 8 * bytes)
			x->data[i / 8] ^= (uint8_t)(1u << i % 8);
		dx_packet_see(x);
		if (n < room && i < 8 * bytes)
			continue;
		dx_world_judge(w, n);
		n = 0;
	}
}

static void witness(struct dx_world *w, struct sp_region r)
{
	static struct dx_packet p;
	struct sp_packet made;

	w->work.left = 100000;
	if (sp_witness(&w->work, r, p.data, sizeof(p.data), &made, NULL) != 1)
		return;
	p.caplen = made.caplen;
	p.wirelen = made.len;
	p.link = made.link;
	p.ifindex = sg_below(&w->g, 4);
	p.time_ns = 1000000 + sg_below(&w->g, 1000000);
	neighbours(w, &p);
	nwitnesses++;
}

/* Packets of a binding's condition, of its claim, of both. */
static void witnesses_of(struct dx_world *w, const struct dx_bind *b)
{
	struct sp_atom link = sp_is(SP_LINK, b->args.linktype);
	struct sp_region where, claim, both;

	if (dx_prog_where(b->prog, &w->work, &where))
		witness(w, where);
	w->work.left = 200000;
	if (sp_conj(&w->work, &link, 1, &claim) != 0 ||
	    sp_and(&w->work, b->claim, claim, &claim) != 0)
		return;
	witness(w, claim);
	w->work.left = 200000;
	if (sp_and(&w->work, where, claim, &both) == 0)
		witness(w, both);
}

static void witnesses(struct dx_world *w)
{
	uint64_t until = dx_total.decisions + SET_WITS;
	uint32_t n = w->nbinds < WITNESSES ? w->nbinds : WITNESSES;
	uint64_t before = dx_total.decisions;

	for (uint32_t i = 0; i < n && dx_total.decisions < until; i++) {
		uint32_t k = n < WITNESSES ? i : sg_below(&w->g, w->nbinds);

		witnesses_of(w, w->bind[k]);
	}
	ndecisions_of_witnesses += dx_total.decisions - before;
}

/* --- sets --------------------------------------------------------------------- */

static uint64_t one_set(uint64_t seed, bool quick)
{
	struct dx_plan plan = plan_of(seed, quick);
	struct dx_world *w = dx_world_new(&plan);
	uint64_t until = dx_total.decisions + SET_COST, filters;
	uint32_t rounds = quick ? 4 : 40;

	dx_world_fill(w, plan.bindings);
	filters = w->nbinds;
	while (rounds-- > 0 && dx_total.decisions < until) {
		some_packets(w, PER_ROUND + sg_below(&w->g, 4 * PER_ROUND));
		dx_world_count(w);
		dx_world_churn(w);
	}
	if (!quick || seed % 4 == 0)
		witnesses(w);
	dx_world_count(w);
	dx_world_free(w);
	nsets++;
	return filters;
}

static void report(uint64_t filters)
{
	const struct dx_total *t = &dx_total;

	printf("packets of captures %u; witnesses %" PRIu64
	       ", decisions on them and their neighbours %" PRIu64 "\n",
	    dx_packets_kept(), nwitnesses, ndecisions_of_witnesses);
	printf("bound %" PRIu64 " unbound %" PRIu64 " keys revoked %" PRIu64
	       " environments ended %" PRIu64 " accepted %" PRIu64 "\n",
	    t->bound, t->unbound, t->revoked, t->ended, t->accepted);
	printf("keys derived %" PRIu64
	       "; bindings in domains of grants %" PRIu64
	       ", of keys below %" PRIu64 ", of keys below those %" PRIu64
	       "; under a key without its own %" PRIu64 "\n",
	    t->lent, t->level[0], t->level[1], t->level[2], t->shared);
	printf("refused: outside %" PRIu64 " conflict %" PRIu64 " lent %" PRIu64
	       " budget %" PRIu64 " limit %" PRIu64 "\n",
	    t->refused[EXO_EOUTSIDE], t->refused[EXO_ECONFLICT],
	    t->refused[EXO_ELENT], t->refused[EXO_EBUDGET],
	    t->refused[EXO_ELIMIT]);
	printf("maps compared %" PRIu64 "; effects on packets that others took "
	       "%" PRIu64 "\n",
	    t->worlds, t->away);
	printf("sets %" PRIu64 " filters %" PRIu64 " packets %" PRIu64
	       " decisions %" PRIu64 " delivered %" PRIu64 " differences 0\n",
	    nsets, filters, t->packets, t->decisions, t->delivered);
}

int main(int argc, char **argv)
{
	const char *traces = getenv("EXOPF_TRACES");
	bool quick = getenv("EXOPF_QUICK") != NULL;
	uint64_t seed = 1, want = 52000000, sets = UINT64_MAX, filters = 0;
	bool enough = false;
	int c;

	while ((c = getopt(argc, argv, "qs:d:n:")) != -1) {
		switch (c) {
		case 'q':
			quick = true;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'd':
			want = strtoull(optarg, NULL, 0);
			enough = true;
			break;
		case 'n':
			sets = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (quick && !enough)
		want = 1000000;
	if (!dx_list_read(EXOPF_SRCDIR "/tests/diff/expressions.txt"))
		die("tests/diff/expressions.txt");
	for (c = optind; c < argc; c++)
		if (dx_packets_read(argv[c]) != 0)
			die(argv[c]);
	if (optind == argc && dx_packets_read(EXOPF_SRCDIR "/pcaps") != 0)
		die("pcaps");
	if (optind == argc && traces != NULL && dx_packets_read(traces) != 0)
		die(traces);
	while (nsets < sets && dx_total.decisions < want)
		filters += one_set(seed++, quick);
	report(filters);
	dx_packets_free();
	dx_list_free();
	return 0;
}
