/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a refusal: which instructions lead there, with their states.
 *
 * The first run writes down every explored instruction with its node, and of
 * every node from which instruction it was born. From the last one the way
 * goes back: over instructions of the same node to its first, and on to the
 * one it was born from. What lies between and belongs to other nodes is not on
 * it. The second run keeps the states of those on the way.
 */
#include "exo/hosted/heap.h"
#include "exo/hosted/why.h"

#include "exo/abi/err.h"

#include <stdlib.h>
#include <string.h>

#define NOTHING UINT32_MAX

struct event {
	uint32_t pc, node;
};

struct origin {
	uint32_t born;  /* event, or NOTHING */
	uint32_t first; /* event, or NOTHING: nothing was explored from it */
};

/* The first run. */
struct log {
	struct event *event;
	struct origin *node;
	size_t nevents, event_room, nnodes, node_room;
	uint32_t at; /* node at work */
	uint32_t pass;
	bool lost;
};

/* The second run: the states of the events in want[], which rise. */
struct keep {
	struct why_step *step;
	const uint32_t *want;
	uint32_t n, done;
	uint32_t event, pass, last_pass;
};

/* Room for one more; false: it is lost. */
static bool room(void **p, size_t n, size_t *have, size_t size)
{
	size_t more = *have == 0 ? 1024 : *have * 2;
	void *grown;

	if (n < *have)
		return true;
	if (more > WHY_LOG)
		return false;
	grown = realloc(*p, more * size);
	if (grown == NULL)
		return false;
	*p = grown;
	*have = more;
	return true;
}

static void on_event(void *ctx, uint32_t pc, const struct vf_state *st)
{
	struct log *l = ctx;
	void *p = l->event;

	if (st == NULL) {
		l->nevents = 0;
		l->nnodes = 0;
		l->lost = false;
		l->pass++;
		return;
	}
	if (l->lost || l->at >= l->nnodes ||
	    !room(&p, l->nevents, &l->event_room, sizeof(*l->event))) {
		l->lost = true;
		return;
	}
	l->event = p;
	if (l->node[l->at].first == NOTHING)
		l->node[l->at].first = (uint32_t)l->nevents;
	l->event[l->nevents++] = (struct event){ pc, l->at };
}

static void on_born(void *ctx, uint32_t node, uint32_t pc)
{
	struct log *l = ctx;
	void *p = l->node;

	(void)pc;
	if (l->lost || node != l->nnodes ||
	    !room(&p, l->nnodes, &l->node_room, sizeof(*l->node))) {
		l->lost = true;
		return;
	}
	l->node = p;
	l->node[l->nnodes++] = (struct origin){
		l->nevents == 0 ? NOTHING : (uint32_t)l->nevents - 1, NOTHING
	};
}

static void on_begin(void *ctx, uint32_t node)
{
	struct log *l = ctx;

	l->at = node;
}

static void keep_state(struct why_state *to, const struct vf_state *st)
{
	memcpy(to->r, st->r, sizeof(to->r));
	to->mem_min = st->mem_min;
	to->depth = st->depth;
	to->nrefs = st->nrefs;
	memcpy(to->ref_at, st->ref_at, sizeof(to->ref_at));
}

static void on_again(void *ctx, uint32_t pc, const struct vf_state *st)
{
	struct keep *k = ctx;

	if (st == NULL) {
		k->event = 0;
		k->pass++;
		return;
	}
	if (k->pass == k->last_pass && k->done < k->n &&
	    k->want[k->done] == k->event) {
		k->step[k->done].pc = pc;
		keep_state(&k->step[k->done++].before, st);
	}
	k->event++;
}

static int verify(struct why *w, const struct vf_limits *limits,
    const struct vf_trace *trace, struct exo_report *report)
{
	struct exo_mem mem = cmd_heap();
	struct vf_prog *prog = NULL;
	int ret = vf_verify_traced(w->in, limits, &mem, trace, &prog, report);

	if (ret == 0)
		w->facts = *vf_prog_facts(prog);
	vf_prog_free(prog, &mem);
	return ret;
}

/* The event before i on the way, or NOTHING. */
static uint32_t before(const struct log *l, uint32_t i)
{
	uint32_t node = l->event[i].node;

	if (i == l->node[node].first)
		return l->node[node].born;
	do
		i--;
	while (l->event[i].node != node);
	return i;
}

static bool leads_over(const struct log *l, uint32_t end, uint32_t pc)
{
	for (; end != NOTHING; end = before(l, end)) {
		if (l->event[end].pc == pc)
			return true;
	}
	return false;
}

/* Where the way ends: at the instruction that is refused, which was explored
 * last; a loop is refused when all of it was explored. */
static uint32_t last_of(const struct log *l, const struct exo_report *r)
{
	uint32_t i = (uint32_t)l->nevents;

	if (l->lost || i == 0 || r->insn == EXO_REPORT_NOWHERE)
		return NOTHING;
	if (l->event[i - 1].pc == r->insn ||
	    (r->code == VF_LOOP && leads_over(l, i - 1, r->insn)))
		return i - 1;
	while (r->code == VF_LOOP && i-- > 0) {
		if (l->event[i].pc == r->insn)
			return i;
	}
	return NOTHING;
}

/* The last events of the way to `end`, in order; counts all of it. */
static uint32_t *collect(struct why *w, const struct log *l, uint32_t end)
{
	uint32_t i, n = 0, *want;

	for (i = end; i != NOTHING; i = before(l, i)) {
		n++;
		w->jumps += why_is_cond(&w->in->insns[l->event[i].pc]);
	}
	w->length = n;
	w->nsteps = n < WHY_STEPS ? n : WHY_STEPS;
	want = malloc(w->nsteps * sizeof(*want));
	for (i = end, n = w->nsteps; want != NULL && n > 0; i = before(l, i))
		want[--n] = i;
	return want;
}

static int keep_states(struct why *w, const struct vf_limits *limits,
    const struct log *l, uint32_t end)
{
	uint32_t *want = collect(w, l, end);
	struct keep k = { .want = want, .n = w->nsteps, .last_pass = l->pass };
	const struct vf_trace trace = { .fn = on_again, .ctx = &k };
	struct exo_report again;

	w->step = calloc(w->nsteps, sizeof(*w->step));
	if (w->step != NULL && want != NULL) {
		k.step = w->step;
		(void)verify(w, limits, &trace, &again);
	}
	free(want);
	if (w->step == NULL || want == NULL)
		return -EXO_ENOMEM;
	/* short of memory the second run may have ended before */
	if (k.done != w->nsteps)
		w->nsteps = 0;
	return 0;
}

int why_path(struct why *w, const struct vf_limits *limits)
{
	struct log l = { .lost = false };
	const struct vf_trace trace = {
		.fn = on_event, .ctx = &l, .born = on_born, .begin = on_begin
	};
	uint32_t end;
	int err = 0;

	w->ret = verify(w, limits, &trace, &w->report);
	w->lost = l.lost;
	end = w->ret == 0 ? NOTHING : last_of(&l, &w->report);
	if (end != NOTHING)
		err = keep_states(w, limits, &l, end);
	free(l.event);
	free(l.node);
	return err;
}
