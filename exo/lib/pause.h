/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work that may be interrupted: it asks from time to time whether it may go on, and
 * whoever is asked may do other things before he answers.
 *
 * Whoever does such work counts its units, each some 100 ns, or less, of a processor. Once
 * the answer was no, it stays no: what is at work ends with an error then, and gives
 * back what it took.
 */
#ifndef EXO_LIB_PAUSE_H
#define EXO_LIB_PAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** It is asked after so many units. */
#define EXO_PAUSE_UNITS 512u

struct exo_pause {
	bool (*ask)(void *arg); /* true: go on */
	void *arg;
	uint64_t units; /* since it was asked */
	bool stopped;   /* the answer was no */
};

/** Some units were done: whether to go on. NULL: always. */
static inline bool exo_pause(struct exo_pause *p, uint64_t units)
{
	if (p == NULL)
		return true;
	p->units += units;
	if (p->units < EXO_PAUSE_UNITS || p->stopped)
		return !p->stopped;
	p->units = 0;
	p->stopped = !p->ask(p->arg);
	return !p->stopped;
}

/** Whether the answer was no. */
static inline bool exo_pause_stopped(const struct exo_pause *p)
{
	return p != NULL && p->stopped;
}

#endif
