/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Things made in order, by a thread ahead of who takes them.
 *
 * Overview
 *	Things 0 ... n-1 are made one after the other into slots, some hundreds
 *	ahead of the one that is taken. They are taken in the same order, all
 *	by one thread.
 *
 * Synchronization
 *	A slot belongs to the maker until `made` has passed it, then to the
 *	taker until it takes the next. The maker works under `work`: who holds
 *	that knows that nothing is being made, and may do what the maker does,
 *	or fork.
 */
#ifndef EXO_HOSTED_AHEAD_H
#define EXO_HOSTED_AHEAD_H

#include <stddef.h>
#include <stdint.h>

struct cmd_ahead;

struct cmd_ahead_how {
	uint32_t n;  /* things */
	size_t size; /* bytes of a slot */
	/** Make thing i in its slot, which is zeroed. */
	void (*make)(void *user, uint32_t i, void *slot);
	/** Undo that, for what is not taken. */
	void (*drop)(void *user, void *slot);
	void *user;
};

/** Start. NULL when it does not help or cannot be: few things, one processor,
 * no memory, no thread. */
struct cmd_ahead *cmd_ahead_new(const struct cmd_ahead_how *how);

/** The slot of the next thing, waiting for it; n calls at most. It is the
 * caller's until the next call, and what is in it for ever. */
void *cmd_ahead_take(struct cmd_ahead *a);

/** Wait until nothing is being made, and let nothing be; NULL is fine. */
void cmd_ahead_hold(struct cmd_ahead *a);
void cmd_ahead_go_on(struct cmd_ahead *a);

/** Stop, after the thing that is being made, and free; NULL is fine. */
void cmd_ahead_free(struct cmd_ahead *a);

#endif
