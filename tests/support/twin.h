/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of compiled code: it does what the interpreter does.
 *
 * A program that the verifier accepts lives twice over, in worlds that are the
 * same: interpreted in one, compiled in the other; once with all passes, once
 * with some of them, once with few, each with some of the processor's newer
 * instructions or none. After each run on a packet or memory the two worlds
 * must be equal: the result (0 for a reject), the packet, its ends and the
 * room round it, the context's own fields, maps, records, events, clock and
 * random numbers. Compiled code that traps or does not end is caught, too.
 *
 * Where leaks are not refused, addresses may show, and they differ. A program
 * that is refused for them when leaks are is only run. One that is refused
 * for reading what it never wrote is compared; since parts of saved pointers
 * are such bytes, differences are only counted.
 */
#ifndef TESTS_SUPPORT_TWIN_H
#define TESTS_SUPPORT_TWIN_H

#include "tests/support/life.h"
#include "tests/support/progen.h"

enum twin_fault {
	TWIN_FINE,
	TWIN_COMPILE, /* it does not compile, or memory was lost */
	TWIN_TRAP,    /* the interpreter stops it */
	TWIN_DIFFERS,
	TWIN_SIGNAL, /* compiled code trapped, or did not end */
};

/** Judge programs with these; zero it once. */
struct twin {
	const struct progen_prog *prog;
	struct life_bytes bytes;
	uint64_t number; /* chooses passes and instructions */
	bool helpers;    /* it calls some */
	bool compares;   /* not only runs it */
	bool doubtful;   /* what differs may be an address */
	unsigned tries;  /* left, to make a fault short */
	/* verdict */
	int verdict;
	uint32_t pkt_end;
	uint64_t max_steps;
	/* counts over all programs */
	uint64_t programs, accepted, compared, compiled, pairs, code, unclear;
	/* of a fault */
	uint32_t without, no_cpu;
	char text[400];
};

/** Judge one program; text says what is wrong. */
enum twin_fault twin_judge(struct twin *t, const struct progen_prog *prog,
    const uint8_t *bytes, size_t size);

/** Make *prog as short as the same fault allows. */
void twin_minimise(struct twin *t, struct progen_prog *prog,
    enum twin_fault fault, const uint8_t *bytes, size_t size);

#endif
