/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The times of bench_jit.
 *
 * Rounds are short and alternate between the engines of a row. A time is the
 * median of the rounds; a ratio is the median of the ratios to the yardstick
 * in the same round, which a busy machine moves less. All engines of a round
 * begin at the same place of a set's order, and go a quarter of their way
 * before the clock starts.
 *
 * Whole runs differ, by up to three cycles of ten where the machine is shared;
 * C and compiled code do so together. Take the median of a few runs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/jit_parts.h"

#define SLICE_NS  20000.0  /* of one engine in one round */
#define SYSTEM_NS 100000.0 /* the same when a call is a system call's part */
#define XDP_EVERY 10u /* Linux waits for all processors before XDP test runs */
#define CALLS_MIN 8u
#define CALLS_MAX 8192u
#define TRY       64u /* calls to find out how long one takes */

static const struct jb_engine *const engines[] = { &jb_c, &jb_c, &jb_c, &jb_c,
	&jb_libpcap, &jb_interp, &jb_jit, &jb_blind, &jb_fence, &jb_dpdk,
	&jb_linux };

void jp_open(struct jp_row *r, struct jb_row *row)
{
	uint32_t e, k, yards = 0;

	memset(r, 0, sizeof(*r));
	r->row = row;
	for (e = 0; e < sizeof(engines) / sizeof(engines[0]); e++) {
		struct jp_cell *c = &r->cells[r->ncells];

		c->engine = engines[e];
		c->name = c->engine->name;
		c->every = c->engine->match_only && row->type == EXO_PROG_XDP
		               ? XDP_EVERY
		               : 1;
		c->state = c->engine->open(row, c->why);
		if (c->engine == &jb_c) {
			if (c->state == NULL)
				continue;
			c->name = row->yards[yards++].name;
		}
		for (k = 0; c->state != NULL && k < row->nsets; k++)
			c->ns[k] = jb_get(JP_ROUNDS * sizeof(double));
		r->ncells++;
	}
}

const struct jp_cell *jp_cell(
    const struct jp_row *r, const struct jb_engine *engine)
{
	uint32_t c;

	for (c = 0; c < r->ncells; c++) {
		if (r->cells[c].engine == engine)
			return r->cells[c].state != NULL ? &r->cells[c] : NULL;
	}
	return NULL;
}

static bool has(const struct jp_cell *c, uint32_t set)
{
	return c->state != NULL && (set == 0 || !c->engine->match_only);
}

static uint32_t calls_for(struct jp_cell *c, const struct jb_set *set)
{
	double slice = c->engine->match_only ? SYSTEM_NS : SLICE_NS;
	double ns = 1e9;
	int k;

	for (k = 0; k < 5; k++)
		ns = fmin(ns, c->engine->time(c->state, set, 0, TRY) / TRY);
	return (uint32_t)fmin(fmax(slice / fmax(ns, 0.1), CALLS_MIN),
	    c->engine->match_only ? 5 * CALLS_MAX : CALLS_MAX);
}

static void round_of(struct jp_row *r, uint32_t k, uint32_t round)
{
	const struct jb_set *set = &r->row->sets[k];
	uint64_t rnd = round + 1;
	uint32_t start = jb_random(&rnd) % JB_ORDER, c;

	for (c = 0; c < r->ncells; c++) {
		struct jp_cell *cell = &r->cells[c];
		uint32_t n = cell->calls[k];

		if (!has(cell, k) || round % cell->every != 0)
			continue;
		if (!cell->engine->match_only)
			(void)cell->engine->time(
			    cell->state, set, start - n / 4, n / 4 + 1);
		cell->ns[k][round] =
		    cell->engine->time(cell->state, set, start, n) / n;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double jp_median(double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

double jp_ratio(const struct jp_cell *c, const struct jp_cell *by, uint32_t k)
{
	double v[JP_ROUNDS];
	uint32_t round, n = 0;

	for (round = 0; round < JP_ROUNDS; round += c->every)
		v[n++] = c->ns[k][round] / (by != NULL ? by->ns[k][round] : 1);
	return jp_median(v, n);
}

static void judge(struct jp_row *r, uint32_t k)
{
	const struct jp_cell *yard;
	uint32_t c;

	for (c = 0; c < r->ncells; c++) {
		struct jp_cell *cell = &r->cells[c];

		if (!has(cell, k))
			continue;
		cell->median[k] = jp_ratio(cell, NULL, k);
		if (cell->engine == &jb_c &&
		    cell->median[k] < r->cells[r->yard[k]].median[k])
			r->yard[k] = c;
	}
	yard = &r->cells[r->yard[k]];
	for (c = 0; c < r->ncells; c++) {
		struct jp_cell *cell = &r->cells[c];

		if (has(cell, k))
			cell->ratio[k] = jp_ratio(cell, yard, k);
	}
}

void jp_time(struct jp_row *rows, uint32_t n)
{
	uint32_t round, i, k, c;

	for (i = 0; i < n; i++) {
		for (k = 0; k < rows[i].row->nsets; k++) {
			for (c = 0; c < rows[i].ncells; c++) {
				struct jp_cell *cell = &rows[i].cells[c];

				if (has(cell, k))
					cell->calls[k] = calls_for(
					    cell, &rows[i].row->sets[k]);
			}
		}
	}
	for (round = 0; round < JP_ROUNDS; round++) {
		for (i = 0; i < n; i++) {
			for (k = 0; k < rows[i].row->nsets; k++)
				round_of(&rows[i], k, round);
		}
	}
	for (i = 0; i < n; i++) {
		for (k = 0; k < rows[i].row->nsets; k++)
			judge(&rows[i], k);
	}
}

void jp_print(const struct jp_row *r)
{
	uint32_t k, c;

	for (k = 0; k < r->row->nsets; k++) {
		for (c = 0; c < r->ncells; c++) {
			const struct jp_cell *cell = &r->cells[c];

			printf("%s,%s,\"%s\",", r->row->name,
			    r->row->sets[k].name, cell->name);
			if (has(cell, k))
				printf("%.2f,%.3f,%s\n", cell->median[k],
				    cell->ratio[k],
				    c == r->yard[k] ? "the yardstick" : "");
			else
				printf(",,%s\n", cell->state == NULL
				                     ? cell->why
				                     : "runs one packet only");
		}
	}
}
