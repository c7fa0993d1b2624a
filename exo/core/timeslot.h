/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vector of time slots: a processor's time as places that owners mark.
 *
 * Overview: the vector is walked in order, and again from the start. At each slot
 * timeslot_next() says who runs in it; the platform lets him, for slot_ns, and says by
 * timeslot_late() how much longer he took [D. R. Engler, M. F. Kaashoek, J. O'Toole,
 * "Exokernel: An Operating System Architecture for Application-Level Resource
 * Management", SOSP 1995, 5.1.1].
 *
 * Who runs:
 *	- The owner of the slot, if he can run; if not, whoever runs in his name.
 *	- An owner who owes a slot loses this one. It is spare, but not for him.
 *	- A slot of nobody, or whose owner cannot run, is spare: the next in a round of
 *	  all who can run gets it. Those who owe do not: an owner of slots until he
 *	  has lost as many of them, one without by passing his turn in the round.
 *	- A slot that nobody takes is passed by at once. When all are, nobody can run.
 *
 * Debt: time beyond a slot is debt, and so is what was done for an owner in the time of
 * others. Each full slot of debt is a slot that he owes. What he took himself, or was
 * passed to him, he owes all of. By what is done for him, which may be others' doing, he
 * never comes to owe more than TIMESLOT_OWED, so that nobody is shut out for long by what
 * was long ago.
 *
 * Owners are small numbers, places in struct exo_state from 1 on. Rows and their number
 * are the platform's; what stands in them is this file's. One thread at a time.
 */
#ifndef EXO_CORE_TIMESLOT_H
#define EXO_CORE_TIMESLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/phys.h"

#define TIMESLOT_OWNERS EXO_STATE_ENVS
#define TIMESLOT_LIMIT  4u /* slots: an overrun of so much is the owner's end */
#define TIMESLOT_OWED   16u /* slots, at most, for what others cause */

struct timeslot_owner {
	uint64_t debt; /* nanoseconds, less than a slot */
	uint64_t
	    excess;    /* nanoseconds beyond its slots, all that were charged */
	uint32_t owed; /* slots that it is going to lose */
	uint32_t slots;      /* that it has */
	uint32_t guaranteed; /* so many are kept for it */
};

/** Who runs in the name of an owner: he himself if he can, another to whom he gave his
 * time, or 0. */
typedef uint32_t timeslot_runs_for(void *arg, uint32_t owner);

struct timeslots {
	struct exo_slot_row *row;
	uint32_t n, free;
	uint32_t at;    /* the slot at present */
	uint32_t round; /* who got the last spare one */
	uint32_t payer; /* whose the slot is, or the turn in a spare one */
	uint64_t slot_ns, grace_ns;
	timeslot_runs_for *runs_for;
	void *arg;
	struct timeslot_owner owner[TIMESLOT_OWNERS + 1]; /* [0] is nobody */
};

/** A vector of n free slots, 1 at least; the first of them comes next. */
void timeslot_init(struct timeslots *t, struct exo_slot_row *rows, uint32_t n,
    uint64_t slot_ns, uint64_t grace_ns);

/** Go on to the next slot that somebody runs in: who, in the time of `payer`. 0: nobody can
 * run. Owners have numbers up to `owners`. */
uint32_t timeslot_next(struct timeslots *t, uint32_t owners);

/** Whether an owner owes a slot: then nobody gives him time. */
bool timeslot_owes(const struct timeslots *t, uint32_t owner);

/** He ran so much longer than his slot. What is within the grace costs nothing. False:
 * it is beyond the limit, and he is to end. */
bool timeslot_late(struct timeslots *t, uint32_t owner, uint64_t excess_ns);

/** What one owes another does, from now on, all of it. */
void timeslot_pass(struct timeslots *t, uint32_t from, uint32_t to);

/** So much was done for him in the time of others. */
void timeslot_charge(struct timeslots *t, uint32_t owner, uint64_t ns);

/**
 * Mark slots as an owner's: first, first + step, ..., n of them; EXO_ANY, of one: the
 * first that is free. *out is the first. All of them, or none. Returns 0; -EXO_EINVAL:
 * some are not in the vector; -EXO_EBUSY: somebody has one; -EXO_ELIMIT: none is free, or
 * those that are left are guaranteed to others, or the last that is nobody's, which stays
 * for the round of those who have none.
 */
int timeslot_take(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n, uint32_t *out);

/** Give such back. 0, -EXO_EINVAL, or -EXO_ENOENT: some are not his. */
int timeslot_give(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n);

/** Mark slots, and guarantee him so many: what he gives back of them nobody else has. */
int timeslot_start(struct timeslots *t, uint32_t owner, uint32_t first,
    uint32_t step, uint32_t n);

/** An owner is gone: his slots are free, and nothing is owed. */
void timeslot_end(struct timeslots *t, uint32_t owner);

#endif
