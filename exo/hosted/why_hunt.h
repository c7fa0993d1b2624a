/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for a packet at work: why_packet.c runs, why_climb.c guesses.
 */
#ifndef EXO_HOSTED_WHY_HUNT_H
#define EXO_HOSTED_WHY_HUNT_H

#include "exo/core/world.h"
#include "exo/hosted/why.h"

#define HUNT_CONSTS 48u
#define HUNT_KEYS   16u /* constants that are keys of elements */

/** What shows that a run got there. */
enum hunt_goal {
	HUNT_NOTHING, /* no run would show it */
	HUNT_TRAP,
	HUNT_HELD,
	HUNT_ENDLESS,
};

enum hunt_came {
	HUNT_WORSE,   /* not further than the best */
	HUNT_FURTHER, /* it is the best now */
	HUNT_FOUND,   /* it is what was looked for, and the best */
	HUNT_OVER,    /* the limit is reached */
};

struct hunt {
	struct why *w;
	enum hunt_goal goal;
	struct exo_mem mem;
	struct exo_world *world;
	uint8_t *buf; /* a value, then a key */
	uint64_t deadline;
	bool failed;    /* a run could not be made */
	uint32_t score; /* the best one comes to this step of the way */
	struct why_world best, next; /* so far; to be tried */
	uint64_t random;
	uint64_t constant[HUNT_CONSTS];
	uint32_t nconstants;
	uint8_t bytes[WHY_BYTES]; /* memory of the run */
};

/** Run h->next; see how far it comes. */
enum hunt_came hunt_try(struct hunt *h);

/** Look until something is found (true) or the limit is reached. */
bool hunt_climb(struct hunt *h);

#endif
