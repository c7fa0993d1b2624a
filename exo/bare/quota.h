/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose the buffers of a queue are: each owner has a few kept for it, the rest goes to
 * those who ask, so that none of them can shut out another.
 *
 * Overview: half of the size, divided by the owners, is kept for each. Of the other half
 * an owner gets one more as long as it has less of it than is free of it: who is alone
 * has up to three quarters of all, and of many who want all each gets about as many
 * [A. K. Choudhury, E. L. Hahne, "Dynamic queue length thresholds for shared-memory
 * packet switches", IEEE/ACM ToN 6(2), 1998].
 *
 * Life-cycle: an owner that leaves is one until the last of its buffers came back, so
 * that its name is not another's meanwhile, and nobody else's buffers are counted for it.
 *
 * Invariants: what all owners have beyond what is kept for them is at most that other
 * half, as soon as so many came back as owners joined late for; so one that has less
 * than is kept for it finds a buffer.
 */
#ifndef EXO_BARE_QUOTA_H
#define EXO_BARE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#define QUOTA_OWNERS 64u

struct quota_owner {
	bool here;    /* it may have more */
	uint32_t out; /* buffers that it has */
	uint64_t refused;
};

struct quota {
	uint32_t size;
	uint32_t owners; /* those that left and have buffers as well */
	uint32_t kept;   /* buffers for each */
	uint32_t out;    /* all that are out; ... */
	uint32_t beyond; /* ... of them, beyond what is kept */
	struct quota_owner owner[QUOTA_OWNERS];
};

/** Nobody is there, and all buffers are. */
void quota_init(struct quota *q, uint32_t size);

/** A name for a new owner; 0: there are too many. */
uint32_t quota_join(struct quota *q);

/** This one asks for nothing any more; 0 is allowed. */
void quota_leave(struct quota *q, uint32_t name);

/** Whether it may have one buffer more; 0, the kernel itself, may have what there is. */
bool quota_may(const struct quota *q, uint32_t name);

/** It was told that it may not. */
void quota_refused(struct quota *q, uint32_t name);

/** It has one more, which it might; or one of its came back. */
void quota_take(struct quota *q, uint32_t name);
void quota_back(struct quota *q, uint32_t name);

#endif
