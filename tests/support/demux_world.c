/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of the demultiplexer, and the comparison: see demux_world.h. */
#include "tests/support/demux_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/isa/interp.h"
#include "exo/lib/fmt.h"
#include "exo/space/text.h"

#define RING (1u << 25)
#define TAIL (DX_BYTES + 64) /* of a ring, that a record takes at most */

struct dx_total dx_total;

static void print_region(const char *what, struct sp_region r)
{
	static char text[1 << 16];
	struct exo_fmt f;

	exo_fmt_init(&f, text, sizeof(text));
	(void)sp_text_print(&f, r);
	printf("%s: %s\n", what, text);
}

static void print_bind(const struct dx_world *w, const struct dx_bind *b)
{
	printf("binding %#" PRIx64 " tag %" PRIu64 " of environment %u under "
	       "key %u: mode %u, priority %d, snap %u, born %" PRIu64 "\n",
	    b->args.out_binding, b->args.tag, b->env, b->key, b->args.mode,
	    b->args.priority, b->args.snap, b->born);
	print_region("claim", b->claim);
	print_region("key", w->key[b->key].r);
	dx_prog_print(b->prog);
}

void dx_differs(const struct dx_world *w, const char *what,
    const struct dx_packet *p, const struct dx_bind *b)
{
	const struct dx_plan *l = &w->plan;

	printf("DIFFERENT: %s\nset of seed %" PRIu64 ", %u bindings, linear "
	       "%u, judge %d\n",
	    what, l->seed, w->nbinds, l->cfg.linear, l->cfg.judge);
	if (b != NULL)
		print_bind(w, b);
	if (p == NULL)
		exit(3);
	dx_packet_print(p);
	printf("in the claims of, in order:\n");
	for (uint32_t i = 0; i < w->nbinds; i++) {
		struct dx_bind *x = w->bind[i];

		if (x->args.linktype != p->link ||
		    !sp_region_has(x->claim, &p->view))
			continue;
		printf("  %#" PRIx64 " environment %u key %u mode %u priority "
		       "%d snap %u born %" PRIu64 " accepts %u: %s\n",
		    x->args.out_binding, x->env, x->key, x->args.mode,
		    x->args.priority, x->args.snap, x->born,
		    x->world != NULL
		        ? 0
		        : dx_prog_ask(x->prog, w->vm, p, UINT64_MAX - 1),
		    x->prog->text);
	}
	exit(3);
}

/* --- the model ---------------------------------------------------------------- */

static void expect(
    struct dx_env *e, struct dx_bind *b, uint32_t packet, uint32_t len)
{
	if (e->nwant == e->room) {
		e->room = e->room == 0 ? 1024 : e->room * 2;
		e->want = realloc(e->want, e->room * sizeof(*e->want));
		if (e->want == NULL)
			abort();
	}
	e->want[e->nwant++] = (struct dx_expect){ b, packet, len };
}

static void take(
    struct dx_world *w, struct dx_bind *b, uint32_t packet, uint32_t keep)
{
	const struct dx_packet *p = &w->batch[packet];
	struct exo_bind_stat *st = &b->want;
	uint32_t len = p->caplen < keep ? p->caplen : keep;

	if (st->matched == 0 || p->time_ns < st->first_ns)
		st->first_ns = p->time_ns;
	if (st->matched == 0 || p->time_ns > st->last_ns)
		st->last_ns = p->time_ns;
	st->matched++;
	st->matched_bytes += p->wirelen;
	st->delivered++;
	dx_total.accepted++;
	if (b->args.snap != 0)
		expect(&w->env[b->env], b, packet,
		    len < b->args.snap ? len : b->args.snap);
}

/* An exclusive claim has no packet of another owner's that takes. */
static void check_owners(const struct dx_world *w, const struct dx_packet *p,
    const struct dx_bind *b, const struct dx_bind **exclusive,
    const struct dx_bind **taker)
{
	if (b->args.mode == EXO_BIND_TAP)
		return;
	if (b->args.mode == EXO_BIND_EXCLUSIVE)
		*exclusive = b;
	if ((*exclusive != NULL && (*exclusive)->env != b->env) ||
	    (b == *exclusive && *taker != NULL && (*taker)->env != b->env))
		dx_differs(w, "a packet of two owners, one exclusive", p, b);
	*taker = b;
}

/* Bytes that a binding wants; it is not asked again about this packet. */
static uint32_t ask(struct dx_world *w, struct dx_bind *b, uint32_t packet)
{
	const struct dx_packet *p = &w->batch[packet];

	b->want.evaluated++;
	if (b->world != NULL)
		return dx_effect_ask(b->prog, b->world, p);
	return dx_prog_ask(b->prog, w->vm, p, w->packets + packet);
}

/* Ask all bindings about a packet, in order; returns how many take it. */
static uint32_t foretell(struct dx_world *w, uint32_t packet)
{
	const struct dx_packet *p = &w->batch[packet];
	const struct dx_bind *exclusive = NULL, *taker = NULL;
	bool owned[DX_ENVS] = { false }, gone = false, away;
	uint32_t taken = 0, keep;

	for (uint32_t i = 0; i < w->nbinds; i++) {
		struct dx_bind *b = w->bind[i];

		if (b->args.linktype != p->link)
			continue;
		dx_total.decisions++;
		if (!sp_region_has(b->claim, &p->view))
			continue;
		check_owners(w, p, b, &exclusive, &taker);
		away = gone || (b->args.mode != EXO_BIND_TAP && owned[b->env]);
		if (away && !b->prog->effects)
			continue;
		keep = ask(w, b, packet);
		dx_total.away += away;
		if (keep == 0 || away)
			continue;
		take(w, b, packet, keep);
		taken++;
		if (b->args.mode == EXO_BIND_EXCLUSIVE)
			owned[b->env] = true;
		if (b->args.mode == EXO_BIND_FIRST)
			gone = true;
	}
	return taken;
}

/* --- the comparison ----------------------------------------------------------- */

struct reading {
	struct dx_world *w;
	struct dx_env *e;
};

static void see(void *user, const struct exo_rec *rec, const uint8_t *data)
{
	const struct reading *r = user;
	const struct dx_world *w = r->w;
	const struct dx_expect *x = &r->e->want[r->e->ngot];
	const struct dx_packet *p =
	    &w->batch[(rec->packet - w->packets) % DX_BATCH];

	if (r->e->ngot++ == r->e->nwant) {
		printf("got binding %#" PRIx64 "\n", rec->binding);
		dx_differs(w, "a record too many", p, NULL);
	}
	if (rec->binding != x->b->args.out_binding ||
	    rec->packet != w->packets + x->packet || rec->len != x->len) {
		printf("got packet %" PRIu64 " for binding %#" PRIx64
		       ", %u bytes; not packet %" PRIu64 ", %u bytes, for\n",
		    rec->packet, rec->binding, rec->len, w->packets + x->packet,
		    x->len);
		if (rec->packet < w->packets + x->packet)
			dx_packet_print(p);
		dx_differs(w, "another record", &w->batch[x->packet], x->b);
	}
	if (rec->tag != x->b->args.tag || rec->wirelen != p->wirelen ||
	    rec->caplen != p->caplen || rec->time_ns != p->time_ns ||
	    rec->ifindex != p->ifindex || memcmp(data, p->data, rec->len) != 0)
		dx_differs(w, "what a record says", p, x->b);
	dx_total.delivered++;
}

static void read_rings(struct dx_world *w)
{
	for (uint32_t i = 0; i < w->plan.envs; i++) {
		struct dx_env *e = &w->env[i];
		struct reading r = { w, e };

		if (lnet_tap_poll(&e->tap, see, &r) < 0)
			dx_differs(w, "a malformed record", NULL, NULL);
		if (e->ngot != e->nwant)
			dx_differs(w, "a record is missing",
			    &w->batch[e->want[e->ngot].packet],
			    e->want[e->ngot].b);
		e->ngot = e->nwant = 0;
	}
}

uint32_t dx_world_room(const struct dx_world *w)
{
	uint32_t n = DX_BATCH;

	for (uint32_t i = 0; i < w->plan.envs; i++) {
		uint64_t each = w->env[i].takers * (uint64_t)TAIL;

		while (n > 1 && n * each > RING - TAIL)
			n--;
	}
	return n;
}

void dx_world_judge(struct dx_world *w, uint32_t n)
{
	static struct exo_pkt pkts[DX_BATCH];
	uint32_t taken[DX_BATCH];
	struct exo_core_stat st;

	for (uint32_t i = 0; i < n; i++) {
		const struct dx_packet *p = &w->batch[i];

		pkts[i] = (struct exo_pkt){ p->caplen == 0 ? NULL : p->data,
			p->caplen, p->wirelen, p->time_ns, p->link, p->ifindex,
			99 };
		taken[i] = foretell(w, i);
		w->unmatched += taken[i] == 0;
	}
	exo_ingest(w->core, pkts, n);
	read_rings(w);
	for (uint32_t i = 0; i < n; i++)
		if (pkts[i].matched != taken[i]) {
			printf(
			    "%u take it, not %u\n", pkts[i].matched, taken[i]);
			dx_differs(w, "counted matches", &w->batch[i], NULL);
		}
	w->packets += n;
	dx_total.packets += n;
	exo_core_stat(w->core, &st);
	if (st.packets != w->packets || st.unmatched != w->unmatched ||
	    st.bindings != w->nbinds)
		dx_differs(w, "counters of the core", NULL, NULL);
}

void dx_world_count(struct dx_world *w)
{
	for (uint32_t i = 0; i < w->nbinds; i++) {
		struct dx_bind *b = w->bind[i];
		const struct exo_bind_stat *want = &b->want, *st;
		struct exo_call_stat a = { .binding = b->args.out_binding };

		if (exo_call(w->core, w->env[b->env].name, EXO_CALL_STAT_NR, &a,
		        sizeof(a)) != 0)
			dx_differs(w, "no counters", NULL, b);
		st = &a.out_stat;
		if (st->matched != want->matched ||
		    st->matched_bytes != want->matched_bytes ||
		    st->delivered != want->delivered || st->dropped != 0 ||
		    st->differed != 0 || st->first_ns != want->first_ns ||
		    st->last_ns != want->last_ns ||
		    st->evaluated > want->evaluated ||
		    (b->prog->effects && st->evaluated != want->evaluated))
			dx_differs(w, "counters of a binding", NULL, b);
		if (b->world == NULL)
			continue;
		if (!dx_effect_same(w->core, b->args.out_binding, b->world))
			dx_differs(w, "maps of a binding", NULL, b);
		dx_total.worlds++;
	}
}
