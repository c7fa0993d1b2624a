/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of every verdict: the verifier's fuzzers ask it here.
 *
 * (a) What is accepted ends by exit or reject within the proven steps, in
 *     worlds with short, long and empty packets, empty and full maps.
 * (b) Every machine state lies inside one that was recorded (contain.h).
 * (c) The verdict is the same when r6 to r9 trade places, and when a jump to
 *     the next instruction is put in.
 * (d) Where leaks are refused, neither the numbers in addresses nor what a
 *     run does not set (registers after calls, stack bytes) show in what it
 *     leaves behind.
 * What is refused has a report; and all memory comes back.
 */
#ifndef TESTS_SUPPORT_ORACLE_H
#define TESTS_SUPPORT_ORACLE_H

#include "tests/support/contain.h"
#include "tests/support/life.h"
#include "tests/support/progen.h"

enum oracle_fault {
	ORACLE_FINE,
	ORACLE_REPORT,  /* a refusal without a report, or memory lost */
	ORACLE_TRAP,    /* (a) */
	ORACLE_STEPS,   /* (a) more than proven */
	ORACLE_CONTAIN, /* (b) */
	ORACLE_RENAME,  /* (c) */
	ORACLE_INSERT,  /* (c) */
	ORACLE_LEAK,    /* (d) */
};

struct oracle {
	struct contain record;
	const struct progen_prog *prog;
	struct life_bytes bytes;
	unsigned tries;  /* left, to make a fault short */
	bool everywhere; /* (c) with a jump before each instruction */
	/* verdict */
	int verdict;
	struct exo_report report;
	struct vf_facts facts;
	/* counts over all programs */
	uint64_t programs, accepted, budget, explored, runs, steps, looked;
	/* of a fault */
	char text[400];
};

/** Judge one program; text says what is wrong. */
enum oracle_fault oracle_judge(struct oracle *o, const struct progen_prog *prog,
    const uint8_t *bytes, size_t size);

/** Make *prog as short as the same fault allows. */
void oracle_minimise(struct oracle *o, struct progen_prog *prog,
    enum oracle_fault fault, const uint8_t *bytes, size_t size);

void oracle_free(struct oracle *o);

#endif
