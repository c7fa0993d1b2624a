/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which way of getting at the bytes of a plain file is the fastest, found out
 * while it is read.
 *
 * Nobody tells beforehand. To copy a page (read) takes 80 to 170 ns; to map
 * one 10 to 70 where the page cache holds large folios, 450 where it holds
 * small ones, and they differ within a file. To have another processor copy
 * (ahead) hides nearly all of that as long as the two share a cache, and took
 * up to twice the time when a hypervisor had moved them apart.
 *
 * So each way is tried on a stretch of the file, the one that took the least
 * time for a byte is kept, and after a while the others are tried again, each
 * time after twice as much unless another one won or the one that is kept has
 * become slow. What the reader does with the packets is in all of the times
 * alike. A thread must win by a tenth, since it costs more of the machine.
 *
 * Pure: time and place are told. The packets are the same whatever it says.
 */
#ifndef EXO_HOSTED_TRACE_PACE_H
#define EXO_HOSTED_TRACE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum tr_way {
	TR_WAY_READ,
	TR_WAY_MAP,
	TR_WAY_AHEAD,
	TR_WAYS,
};

#define TR_WAY(w) (1u << (w)) /* in sets of ways */

#define TR_PACE_STRETCH ((uint64_t)8 << 20) /* bytes that are timed at once */

struct tr_pace {
	uint32_t ways;    /* set of those to choose from */
	uint32_t untried; /* set of those yet to be tried in this round */
	enum tr_way way;  /* now */
	bool turns;       /* for tests: another one each time */
	bool cold;        /* this part of a stretch is not timed */
	bool trying;      /* in a round; else `left` stretches until one */
	uint32_t left;    /* stretches */
	uint32_t keep;    /* what left begins with next time */
	enum tr_way best; /* of the last round */
	uint64_t then;    /* what it cost then, ps for a byte */
	uint64_t from;    /* where the stretch began: file offset */
	int64_t began;    /* and when, ns */
	uint64_t cost[TR_WAYS]; /* ps for a byte, when tried last */
};

/**
 * Begin at a file offset, by read. ways must hold TR_WAY_READ.
 * turns: go from one to the next at each call, whatever they cost.
 */
void tr_pace_begin(
    struct tr_pace *p, uint32_t ways, bool turns, uint64_t at, int64_t now_ns);

/** The way to get the bytes from offset at on. Cheap: to be asked often. */
enum tr_way tr_pace_next(struct tr_pace *p, uint64_t at, int64_t now_ns);

/** A way cannot be had (any more): never again, read instead. */
void tr_pace_without(
    struct tr_pace *p, enum tr_way way, uint64_t at, int64_t now_ns);

#endif
