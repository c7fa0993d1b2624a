/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of bench_jit that look at all rows.
 */
#ifndef TESTS_BENCH_JIT_PARTS_H
#define TESTS_BENCH_JIT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/jit_engine.h"

#define JP_CELLS  12u
#define JP_ROUNDS 201u

/** One engine with a row's program. */
struct jp_cell {
	const struct jb_engine *engine;
	const char *name;
	void *state;
	char why[JB_WHY];        /* it is not there, when state is NULL */
	uint32_t every;          /* it has a time in each so-manieth round */
	uint32_t calls[JB_SETS]; /* in a round */
	double *ns[JB_SETS];     /* a packet, of each round */
	double median[JB_SETS];  /* of them */
	double ratio[JB_SETS];   /* median of the ratios to the yardstick */
};

struct jp_row {
	struct jb_row *row;
	struct jp_cell cells[JP_CELLS];
	uint32_t ncells;
	uint32_t yard[JB_SETS]; /* the cell of the fastest C function */
};

/** Prepare all engines for a row. */
void jp_open(struct jp_row *r, struct jb_row *row);

/** All engines agree on every packet of the rows; and the expressions in C
 * and compiled with libpcap on all captures, at every length that they are cut
 * to. Says who does not. */
bool jp_check(struct jp_row *rows, uint32_t n);

/** Take all times in rounds, engine by engine; then medians and ratios. */
void jp_time(struct jp_row *rows, uint32_t n);

/** The cell of an engine; NULL: it has no time. */
const struct jp_cell *jp_cell(
    const struct jp_row *r, const struct jb_engine *engine);

/** The median of the ratios of a cell's times in a set to another's in the same
 * round; of the times themselves when by is NULL. */
double jp_ratio(const struct jp_cell *c, const struct jp_cell *by, uint32_t k);

/** Print a row's lines. */
void jp_print(const struct jp_row *r);

/** The median of n numbers, which are sorted. */
double jp_median(double *v, uint32_t n);

#endif
