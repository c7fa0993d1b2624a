/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses between ways to read by what they cost. */
#include "exo/hosted/trace_pace.h"

#define KEEP_MIN   32u /* stretches between rounds at first: 256 MiB */
#define KEEP_MAX   256u
#define KEEP_LEAST 4u /* however slow it has become */
/* Bytes before a stretch: caches, and a thread's ring, are to be as later on */
#define COLD       ((uint64_t)1 << 20)
#define COLD_AHEAD ((uint64_t)8 << 20)
#define ENOUGH     ((uint64_t)2 << 20) /* to see that a way is far worse */

static void begin(struct tr_pace *p, enum tr_way way, uint64_t at, int64_t now)
{
	p->cold = p->way != way;
	p->way = way;
	p->from = at;
	p->began = now;
}

/* The cheapest of those tried; a thread counts for a tenth more. */
static enum tr_way cheapest(const struct tr_pace *p)
{
	enum tr_way best = TR_WAY_READ;
	uint64_t least = UINT64_MAX;

	for (int w = 0; w < TR_WAYS; w++) {
		uint64_t cost = p->cost[w];

		if ((p->ways & TR_WAY(w)) == 0 || cost == 0)
			continue;
		cost += w == TR_WAY_AHEAD ? cost / 10 : 0;
		if (cost < least) {
			least = cost;
			best = (enum tr_way)w;
		}
	}
	return best;
}

/* The first of a set after way, round and round. */
static enum tr_way after(uint32_t ways, enum tr_way way)
{
	for (int i = 1; i <= TR_WAYS; i++) {
		int w = ((int)way + i) % TR_WAYS;

		if ((ways & TR_WAY(w)) != 0)
			return (enum tr_way)w;
	}
	return TR_WAY_READ;
}

/* All were tried: keep the best, for longer when it was the best before. */
static enum tr_way decide(struct tr_pace *p)
{
	enum tr_way best = cheapest(p);

	if (best != p->best)
		p->keep = KEEP_MIN;
	else if (p->keep < KEEP_MAX)
		p->keep *= 2;
	p->best = best;
	p->then = p->cost[best];
	p->trying = false;
	p->left = p->keep;
	return best;
}

/* Whether the way that is kept costs half as much again as when it won. */
static bool slower(const struct tr_pace *p)
{
	return p->keep - p->left >= KEEP_LEAST &&
	       p->cost[p->way] > p->then + p->then / 2;
}

/* A stretch is over. */
static enum tr_way choose(struct tr_pace *p)
{
	enum tr_way next;

	if (!p->trying) {
		p->left -= p->left > 0;
		if (p->left > 0 && !slower(p))
			return p->way;
		p->trying = true;
		p->untried = p->ways & ~TR_WAY(p->way);
	}
	if (p->untried == 0)
		return decide(p);
	next = after(p->untried, p->way);
	p->untried &= ~TR_WAY(next);
	return next;
}

/* A trial may end early, when it goes badly. */
static bool hopeless(const struct tr_pace *p, uint64_t bytes, uint64_t cost)
{
	enum tr_way best = cheapest(p);

	return p->trying && bytes >= ENOUGH && p->cost[best] != 0 &&
	       best != p->way && cost > p->cost[best] + p->cost[best] / 2;
}

void tr_pace_begin(
    struct tr_pace *p, uint32_t ways, bool turns, uint64_t at, int64_t now_ns)
{
	*p = (struct tr_pace){ .ways = ways,
		.untried = ways & ~TR_WAY(TR_WAY_READ),
		.way = TR_WAYS,
		.turns = turns,
		.trying = true,
		.keep = KEEP_MIN,
		.best = TR_WAYS };
	begin(p, TR_WAY_READ, at, now_ns);
}

enum tr_way tr_pace_next(struct tr_pace *p, uint64_t at, int64_t now_ns)
{
	uint64_t bytes = at - p->from, cost;
	uint64_t ns = now_ns > p->began ? (uint64_t)(now_ns - p->began) : 0;

	if (p->turns) {
		begin(p, after(p->ways, p->way), at, now_ns);
		return p->way;
	}
	if (p->ways == TR_WAY(TR_WAY_READ) || bytes == 0)
		return p->way;
	if (p->cold) {
		if (bytes >= (p->way == TR_WAY_AHEAD ? COLD_AHEAD : COLD))
			begin(p, p->way, at, now_ns);
		return p->way;
	}
	cost = (ns < UINT64_MAX / 1000 ? ns * 1000 : ns) / bytes + 1;
	if (bytes < TR_PACE_STRETCH && !hopeless(p, bytes, cost))
		return p->way;
	p->cost[p->way] = cost;
	begin(p, choose(p), at, now_ns);
	return p->way;
}

void tr_pace_without(
    struct tr_pace *p, enum tr_way way, uint64_t at, int64_t now_ns)
{
	p->ways &= ~TR_WAY(way);
	p->untried &= ~TR_WAY(way);
	p->cost[way] = 0;
	begin(p, TR_WAY_READ, at, now_ns);
}
