/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of bench_verify: each prints a line of column names and its rows.
 */
#ifndef TESTS_BENCH_VERIFY_PARTS_H
#define TESTS_BENCH_VERIFY_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/** What of the vectors goes into the summary. */
struct vb_vectors {
	size_t programs;
	double ratio;       /* geometric mean of ours by Linux's */
	double median, p90; /* us, ours */
	double peak, p99;   /* KiB, ours */
};

/** Linux's verifier tests that both accept, from a file of vectors. */
bool vb_vectors(const char *path, struct vb_vectors *sum);

/** Programs of 1,000 to 1,000,000 instructions. Returns the largest ratio of
 * the time an instruction takes at 1,000,000 to that at 10,000; less than 0:
 * one was refused. */
double vb_linear(void);

/** What of the programs of many ways goes into the summary. */
struct vb_deep {
	unsigned rows;  /* that Linux took 100 times their length for */
	double ratio;   /* geometric mean of ours by Linux's, of those */
	unsigned alone; /* accepted by us, too much for Linux */
};

/** Programs of very many ways. False: we refuse one. */
bool vb_deep(bool linux_there, struct vb_deep *sum);

#endif
