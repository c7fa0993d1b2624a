/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epochs: when may memory go that a reader could still be looking at?
 *
 * Overview
 *	One writer changes a structure, many readers walk it without locks. What
 *	the writer takes out stays readable for a while: until each reader that
 *	could have found it has left. A reader enters before it looks and leaves
 *	afterwards; meanwhile it may hold pointers, across that none.
 *
 * Argument
 *	`now` only grows, and only by the writer. A reader publishes the number
 *	that it saw in `at`, and looks at `now` again until both agree; 0 is
 *	outside. The writer moves from g to g + 1 only when it has found every
 *	reader at g or outside. Take something that was unlinked, and then
 *	stamped with g = now. It is freed when now >= g + 2. The move to g + 2
 *	found every reader outside or at g + 1.
 *
 *	A reader that was found at g + 1 had read g + 1 from `now`, stored by
 *	the writer after the unlinking: release and acquire, so it does not see
 *	what was unlinked. One that was found outside, and enters afterwards,
 *	stores `at` after the writer's look at it, in the one order of all
 *	sequentially consistent operations; its next look at `now` comes later
 *	in that order still, than the store of g + 1 too, which is older than
 *	the look. So it reads g + 1 or more, and sees the unlinking likewise.
 *	One that was found outside because it had left: leaving is a release,
 *	the look an acquire, so what it read, it read before. No reader is left
 *	that holds the thing.
 *
 *	Nothing waits: a reader that stays keeps memory from being used again,
 *	and stops nobody.
 *
 * Synchronization: enter and leave by the one owner of a reader's number; all
 * else by the writer.
 */
#ifndef EXO_CORE_EPOCH_H
#define EXO_CORE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#define EXO_EPOCH_READERS 32u

struct exo_epoch_reader {
	uint64_t at;       /* 0: outside */
	uint64_t apart[7]; /* no two readers write to one cache line */
};

/** Set up with exo_epoch_init(); the caller's memory. */
struct exo_epoch {
	uint64_t now;
	uint64_t apart[7];
	struct exo_epoch_reader reader[EXO_EPOCH_READERS];
};

void exo_epoch_init(struct exo_epoch *e);

/** Reader r < EXO_EPOCH_READERS begins, or ends, to look. */
void exo_epoch_enter(struct exo_epoch *e, uint32_t r);
void exo_epoch_leave(struct exo_epoch *e, uint32_t r);

/** The stamp of what is unlinked already. */
uint64_t exo_epoch_now(const struct exo_epoch *e);

/** Move on if every reader allows it. Costs a look at each of them. */
bool exo_epoch_try(struct exo_epoch *e);

/** Whether what was stamped so may be freed. */
bool exo_epoch_over(const struct exo_epoch *e, uint64_t stamp);

#endif
