/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the time goes, from the first frame of the card's to the last, by "stats" on
 * the command line.
 */
#ifndef EXO_BARE_SPENT_H
#define EXO_BARE_SPENT_H

#include <stdint.h>

enum spent {
	SPENT_RING3, /* the environments, their calls, and the ways between */
	SPENT_CARD,  /* the card's queues */
	SPENT_CORE,  /* whose a packet is, handlers, rings */
	SPENT_IDLE,
	SPENT_KINDS
};

/** From now on. */
void spent_start(void);

/** The time since the last such call went there. Nothing, before spent_start(). */
void spent_on(enum spent what);

/** So many frames came. */
void spent_frames(uint32_t n);

/** Say it on the console. */
void spent_say(void);

#endif
