/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The times of bench_maps.
 *
 * Rounds go through all rows, and in each through its engines, and time the
 * program and its base one after the other. A ratio is that of a round; its
 * median over the rounds is told, with the least and the greatest. The clock is
 * that of the process, which stands still while others run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/maps_parts.h"

#define SLICE_NS  150000.0 /* of an operation, in one round */
#define CALLS     8192u    /* at most: what a ring buffer has room for */
#define CALLS_MIN 2048u    /* as many, where memory is what takes the time */
#define SAME      256u     /* runs on a frame, where it stays the same */
#define THIN      16u      /* ... of one frame in so many */
#define TRY       512u

/* ns a run, of each engine in each round; less than 0: it did not take part. */
struct times {
	double all[MB_ENGINES][MB_ROUNDS], base[MB_ENGINES][MB_ROUNDS];
};

/* What is run in a slice. */
struct slice {
	const struct mb_frame *at;
	uint32_t n, repeat;
};

static double now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_of(
    const struct mb_engine *e, void *state, const struct slice *s)
{
	double t;

	/* whatever is in the caches is somebody else's, or the frames are not */
	if (s->n == 1)
		e->runs(state, s->at, 1, s->repeat / 4 + 1);
	else if (s->repeat == 1)
		e->runs(state, s->at, s->n, 1);
	e->drain(state);
	t = now_ns();
	e->runs(state, s->at, s->n, s->repeat);
	t = now_ns() - t;
	e->drain(state);
	return t / ((double)s->n * s->repeat);
}

static bool is_in(const struct mb_timed *t, unsigned engine, enum mb_set set)
{
	bool sample = t->row->about == MB_SAMPLES;

	if (t->prog[engine] == NULL || t->base[engine] == NULL)
		return false;
	if (!sample)
		return set == MB_SAME;
	return engine == MB_INTERPRETER ? set == MB_TURN
	       : engine == MB_LINUX     ? set == MB_SAME
	                                : true;
}

static struct slice slice_of(
    const struct mb_timed *t, unsigned engine, enum mb_set set)
{
	static struct mb_frames thin;
	const struct mb_frames *all = mb_frames();
	struct slice s = { all->at, 1, TRY };
	double ns;

	if (thin.n == 0)
		thin = mb_thin(all, THIN);
	if (set == MB_TURN)
		return (struct slice){ all->at, all->n, 1 };
	if (t->row->about == MB_SAMPLES)
		return (struct slice){ thin.at, thin.n, SAME };
	ns = time_of(mb_engines[engine], t->prog[engine], &s);
	s.repeat =
	    (uint32_t)fmin(fmax(SLICE_NS / fmax(ns, 1), CALLS_MIN), CALLS);
	return s;
}

static void round_of(struct mb_timed *t, enum mb_set set,
    struct slice slices[MB_ENGINES], struct times *to, uint32_t round)
{
	for (unsigned i = 0; i < MB_ENGINES; i++) {
		unsigned e =
		    (i + round) % MB_ENGINES; /* nobody is always first */
		const struct mb_engine *engine = mb_engines[e];

		to->all[e][round] = -1;
		if (!is_in(t, e, set) || round % engine->every != 0)
			continue;
		if (slices[e].n == 0)
			slices[e] = slice_of(t, e, set);
		to->all[e][round] = time_of(engine, t->prog[e], &slices[e]);
		to->base[e][round] = time_of(engine, t->base[e], &slices[e]);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* What engine e has by that of another, or by itself. */
enum figure {
	ALL,
	BODY,
};

static double value_of(
    const struct times *t, unsigned e, enum figure what, uint32_t round)
{
	return what == ALL ? t->all[e][round]
	                   : t->all[e][round] - t->base[e][round];
}

static struct mb_figure figure_of(
    const struct times *t, unsigned e, int by, enum figure what)
{
	double v[MB_ROUNDS];
	uint32_t n = 0;

	for (uint32_t k = 0; k < MB_ROUNDS; k++) {
		double x, y;

		if (t->all[e][k] < 0 || (by >= 0 && t->all[by][k] < 0))
			continue;
		x = value_of(t, e, what, k);
		y = by >= 0 ? value_of(t, (unsigned)by, what, k) : 1;
		if (y > 0)
			v[n++] = x / y;
	}
	if (n == 0)
		return (struct mb_figure){ 0, 0, 0, false };
	qsort(v, n, sizeof(*v), by_value);
	return (struct mb_figure){ v[n / 2], v[0], v[n - 1], true };
}

static void judge(struct mb_timed *t, enum mb_set set, const struct times *v)
{
	for (unsigned e = 0; e < MB_ENGINES; e++) {
		struct mb_cell *c = &t->cell[set][e];

		c->there = is_in(t, e, set);
		if (!c->there)
			continue;
		c->all = figure_of(v, e, -1, ALL);
		c->body = figure_of(v, e, -1, BODY);
		c->all_by_native = figure_of(v, e, MB_NATIVE, ALL);
		c->body_by_native = figure_of(v, e, MB_NATIVE, BODY);
		c->body_by_linux = figure_of(v, e, MB_LINUX, BODY);
	}
}

void mb_time(struct mb_timed *t, uint32_t n)
{
	struct times *v = mb_get((size_t)n * MB_SETS * sizeof(*v));
	struct slice(*slices)[MB_ENGINES] =
	    mb_get((size_t)n * MB_SETS * sizeof(*slices));
	uint32_t round, i;

	for (round = 0; round < MB_ROUNDS; round++) {
		for (i = 0; i < n * MB_SETS; i++)
			round_of(&t[i / MB_SETS], (enum mb_set)(i % MB_SETS),
			    slices[i], &v[i], round);
	}
	for (i = 0; i < n * MB_SETS; i++)
		judge(&t[i / MB_SETS], (enum mb_set)(i % MB_SETS), &v[i]);
	free(v);
	free(slices);
}
