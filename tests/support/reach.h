/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runs of generated programs get to: which helpers, on which maps,
 * and whether they do it or fail.
 *
 * A row is a helper and a map of progen.h, or a helper without one, or a
 * program in a slot, or a tail call in a function, or a packet load in one that
 * is called back. The interpreter's runs in lives (life.h) count, up to the first tail call;
 * compiled code's do not. Counts are of programs.
 */
#ifndef TESTS_SUPPORT_REACH_H
#define TESTS_SUPPORT_REACH_H

#include <stdbool.h>
#include <stdint.h>

struct exo_world;

/** Look at what the helpers of a world do. */
void reach_watch(struct exo_world *w);

/** A packet load in a function that is called back: found, or past the end. */
void reach_load(bool found);

/** The runs of another program begin. */
void reach_begin(void);

/** They are over; those of a program that counts are added. */
void reach_end(bool counts);

/** Of row i: its name (of 48 bytes), and of how many programs it did its work,
 * or failed. False: there are not so many rows. */
bool reach_row(unsigned i, char name[48], uint64_t *did, uint64_t *failed);

/** All rows, on stderr. */
void reach_print(void);

#endif
