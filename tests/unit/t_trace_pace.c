/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of exo/hosted/trace_pace.c, with a file and a clock of our own. */
#include "exo/hosted/trace_pace.h"

#include <check.h>

Suite *t_trace_pace_suite(void);

#define ALL   (TR_WAY(TR_WAY_READ) | TR_WAY(TR_WAY_MAP) | TR_WAY(TR_WAY_AHEAD))
#define CHUNK ((uint64_t)256 << 10)
#define MB    ((uint64_t)1 << 20)

/* A machine: what each way costs, in ps for a byte, and what was read so. */
struct world {
	struct tr_pace pace;
	uint64_t cost[TR_WAYS];
	uint64_t at, ps;
	uint64_t bytes[TR_WAYS];
	unsigned turns; /* from one way to another */
};

static void begin(
    struct world *w, uint32_t ways, uint64_t read, uint64_t map, uint64_t ahead)
{
	*w = (struct world){ .cost = { read, map, ahead } };
	tr_pace_begin(&w->pace, ways, false, 0, 0);
}

static void run(struct world *w, uint64_t bytes)
{
	for (uint64_t end = w->at + bytes; w->at < end;) {
		enum tr_way was = w->pace.way;
		enum tr_way way =
		    tr_pace_next(&w->pace, w->at, (int64_t)(w->ps / 1000));

		ck_assert((w->pace.ways & TR_WAY(way)) != 0);
		w->turns += way != was;
		w->bytes[way] += CHUNK;
		w->ps += w->cost[way] * CHUNK;
		w->at += CHUNK;
	}
}

/* The cheapest gets nearly all, whichever it is. */
START_TEST(the_best_wins)
{
	static const uint64_t cost[][TR_WAYS] = {
		{ 100, 300, 200 },
		{ 300, 100, 200 },
		{ 300, 200, 100 },
		{ 100, 101, 99 },
	};
	static const enum tr_way best[] = { TR_WAY_READ, TR_WAY_MAP,
		TR_WAY_AHEAD, TR_WAY_READ };
	struct world w;

	begin(&w, ALL, cost[_i][0], cost[_i][1], cost[_i][2]);
	run(&w, 1000 * MB);
	for (int i = 0; i < TR_WAYS; i++) {
		ck_assert_uint_gt(w.bytes[i], 0);
		if (i != (int)best[_i])
			ck_assert_uint_lt(w.bytes[i], 50 * MB);
	}
	ck_assert_uint_lt(w.turns, 10);
}
END_TEST

/* A thread costs more of the machine than it saves of the time. */
START_TEST(a_tenth)
{
	struct world w;

	begin(&w, ALL, 100, 300, 92);
	run(&w, 200 * MB);
	ck_assert_int_eq(w.pace.way, TR_WAY_READ);
	begin(&w, ALL, 100, 300, 88);
	run(&w, 200 * MB);
	ck_assert_int_eq(w.pace.way, TR_WAY_AHEAD);
}
END_TEST

/* What has become slow is left long before its time is over. */
START_TEST(it_turns)
{
	struct world w;

	begin(&w, ALL, 100, 300, 50);
	run(&w, 120 * MB);
	ck_assert_int_eq(w.pace.way, TR_WAY_AHEAD);
	w.cost[TR_WAY_AHEAD] = 200;
	run(&w, 60 * MB);
	ck_assert_int_eq(w.pace.way, TR_WAY_READ);
	/* and what has become fast is found in the end */
	w.cost[TR_WAY_MAP] = 20;
	run(&w, 2000 * MB);
	ck_assert_int_eq(w.pace.way, TR_WAY_MAP);
}
END_TEST

/* The longer one has been the best, the rarer are the trials. */
START_TEST(trials_are_rare)
{
	struct world w;
	uint64_t early, late;

	begin(&w, ALL, 100, 250, 200);
	run(&w, 1024 * MB);
	early = w.bytes[TR_WAY_MAP] + w.bytes[TR_WAY_AHEAD];
	run(&w, 7 * 1024 * MB);
	late = w.bytes[TR_WAY_MAP] + w.bytes[TR_WAY_AHEAD] - early;
	ck_assert_uint_lt(early, 60 * MB);
	ck_assert_uint_lt(late, 120 * MB);
	ck_assert_uint_gt(late, 0);
}
END_TEST

/* A way that is hopeless is not waited for. */
START_TEST(bad_trials_are_short)
{
	struct world w;

	begin(&w, TR_WAY(TR_WAY_READ) | TR_WAY(TR_WAY_MAP), 100, 1000, 0);
	run(&w, 100 * MB);
	ck_assert_uint_lt(w.bytes[TR_WAY_MAP], 5 * MB);
	ck_assert_uint_gt(w.bytes[TR_WAY_MAP], 0);
}
END_TEST

/* What cannot be had is not asked for again. */
START_TEST(without)
{
	struct world w;
	uint64_t had;

	begin(&w, ALL, 100, 50, 200);
	run(&w, 100 * MB);
	ck_assert_int_eq(w.pace.way, TR_WAY_MAP);
	had = w.bytes[TR_WAY_MAP];
	tr_pace_without(&w.pace, TR_WAY_MAP, w.at, (int64_t)(w.ps / 1000));
	ck_assert_int_eq(w.pace.way, TR_WAY_READ);
	run(&w, 2000 * MB);
	ck_assert_uint_eq(w.bytes[TR_WAY_MAP], had);
	tr_pace_without(&w.pace, TR_WAY_AHEAD, w.at, (int64_t)(w.ps / 1000));
	w.turns = 0;
	run(&w, 2000 * MB);
	ck_assert_uint_eq(w.turns, 0);
	ck_assert_int_eq(w.pace.way, TR_WAY_READ);
}
END_TEST

/* A clock that stands, or goes back, and offsets that stand. */
START_TEST(odd_clocks)
{
	struct tr_pace p;

	tr_pace_begin(&p, ALL, false, 100, 1000);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(tr_pace_next(&p, 100, 1000), TR_WAY_READ);
	for (uint64_t at = 100; at < 4000 * MB; at += MB)
		ck_assert_int_lt(tr_pace_next(&p, at, 5), TR_WAYS);
	for (uint64_t at = 4000 * MB; at < 5000 * MB; at += MB)
		ck_assert_int_lt(tr_pace_next(&p, at, INT64_MAX), TR_WAYS);
}
END_TEST

START_TEST(turns)
{
	struct tr_pace p;

	tr_pace_begin(&p, ALL, true, 0, 0);
	ck_assert_int_eq(p.way, TR_WAY_READ);
	ck_assert_int_eq(tr_pace_next(&p, 1, 0), TR_WAY_MAP);
	ck_assert_int_eq(tr_pace_next(&p, 1, 0), TR_WAY_AHEAD);
	ck_assert_int_eq(tr_pace_next(&p, 2, 0), TR_WAY_READ);
	tr_pace_without(&p, TR_WAY_MAP, 2, 0);
	ck_assert_int_eq(tr_pace_next(&p, 3, 0), TR_WAY_AHEAD);
	ck_assert_int_eq(tr_pace_next(&p, 4, 0), TR_WAY_READ);
}
END_TEST

Suite *t_trace_pace_suite(void)
{
	Suite *s = suite_create("t_trace_pace");
	TCase *c = tcase_create("pace");

	tcase_add_loop_test(c, the_best_wins, 0, 4);
	tcase_add_test(c, a_tenth);
	tcase_add_test(c, it_turns);
	tcase_add_test(c, trials_are_rare);
	tcase_add_test(c, bad_trials_are_short);
	tcase_add_test(c, without);
	tcase_add_test(c, odd_clocks);
	tcase_add_test(c, turns);
	suite_add_tcase(s, c);
	return s;
}
