/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading ahead of a trace, in a thread of its own.
 *
 * It always helps with packed files. To copy a plain one costs as much as to
 * walk what another processor has copied: 1 GB took 88 ms instead of 114 where
 * the two processors shared a cache, 113 to 260 instead of 100 when the host
 * had moved them apart; so there trace_pace.c finds out.
 *
 * The thread reads (and unpacks) into a ring of blocks; who walks the packets
 * takes them in order. Memory is bounded: TR_AHEAD_BLOCKS blocks, each with
 * room before it for the piece of a record that the block before ended with.
 * What ended the bytes (their end, damage, a failed read) is the last thing
 * handed over, after all bytes before it.
 */
#ifndef EXO_HOSTED_TRACE_AHEAD_H
#define EXO_HOSTED_TRACE_AHEAD_H

#include "exo/hosted/trace_zip.h"

#define TR_AHEAD_BLOCKS 8u
#define TR_AHEAD_BLOCK  ((size_t)512 << 10) /* bytes that a block takes */
#define TR_AHEAD_ROOM   ((size_t)512 << 10) /* bytes before them */

struct tr_ahead;

/**
 * Whether a thread may help with this file: it is a regular one, which
 * never makes anybody wait for long, large enough, and a processor is left.
 */
bool tr_ahead_helps(const struct tr_raw *raw);

/**
 * Begin to read what follows in raw, through zip unless it is NULL. Both
 * belong to the thread until tr_ahead_free(). NULL: there is no thread to be
 * had, and the caller reads on by itself.
 */
struct tr_ahead *tr_ahead_new(struct tr_raw *raw, struct tr_zip *zip);

/** What tr_ahead_next() hands over. */
struct tr_ahead_part {
	uint8_t *p; /* len bytes, TR_AHEAD_ROOM bytes before them are free */
	size_t len;
	uint64_t taken;  /* bytes of the file that were read by then */
	const char *why; /* of -TR_EPACKED */
};

/**
 * Wait for the next block; the one before it is given back, after the `rest`
 * bytes at from, which may lie in it, were copied to right before p.
 * rest is TR_AHEAD_ROOM at most. Returns 1; 0 at the end, or a negated tr_code
 * (-TR_ESTOP as soon as the stop flag of raw is seen): nothing was given back.
 */
int tr_ahead_next(struct tr_ahead *a, const uint8_t *from, size_t rest,
    struct tr_ahead_part *out);

/**
 * End the thread, whatever it does, but keep the memory: for another
 * tr_ahead_start(), which gives false where there is no thread to be had.
 */
void tr_ahead_stop(struct tr_ahead *a);
bool tr_ahead_start(struct tr_ahead *a);

/** End the thread, whatever it does; NULL is fine. */
void tr_ahead_free(struct tr_ahead *a);

#endif
