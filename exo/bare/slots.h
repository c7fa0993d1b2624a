/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slots of time on this machine (exo/core/timeslot.h): how long they are, whose,
 * and what happens at their ends.
 *
 * At the end of a slot, who has no entry point for it (entry_end) and is in no critical
 * section is interrupted; his registers stay here. Everybody else runs on, told so by an
 * upcall or by `late`, and what passes until he gives up the processor is excess. So is,
 * for both, what a call took behind the end, before the kernel could take notice: but that
 * nobody is ended for. What is done for others meanwhile is not his.
 */
#ifndef EXO_BARE_SLOTS_H
#define EXO_BARE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/phys.h"
#include "exo/bare/env.h"
#include "exo/bare/machine.h"

#define SLOTS_MAX 256u

/** The code of ENV_KILLED of one whose overrun was beyond the limit. */
#define SLOTS_KILLED EXO_CAUSE_END

/** As the command line says: slots=, slot_us=, grace_us=, trace=slots. */
void slots_init(const struct machine *m);

/** A slot's length. */
uint64_t slots_ns(void);

/** An environment begins, with slots of its own (n may be 0), or has ended. slots_begin()
 * returns what timeslot_start() does. */
int slots_begin(const struct plat_env *e, const struct env_slots *slots);
void slots_end(const struct plat_env *e);

/** So much was done for it in the time of others. */
void slots_charge(const struct plat_env *e, uint64_t ns);

/** How long it takes until each slot has been passed. */
uint64_t slots_round_ns(void);

/** Programs ran that are charged by their steps: filters, of packets that were taken in,
 * or predicates. */
void slots_filtered(void);

/** The kernel waited so long for a device in one's call: where its slot was over, that is
 * debt, but nothing that it ends for. */
void slots_waited(const struct plat_env *e, uint64_t ns);

/** Whoever runs stops, for whatever reason, at this time. */
void slots_leave(struct plat_env *e, uint64_t now);

/** Who runs next, for slots_ns(); NULL: nobody can. */
struct plat_env *slots_next(void);

/** The time of who runs is over, by now. For how many nanoseconds it goes on
 * nevertheless; 0: it does not. */
uint64_t slots_over(struct plat_env *e, uint64_t now);

/** Whether the time is over, and it went on. */
bool slots_are_over(void);

/** Whether what is left of this slot is enough for another: to hear of its end, to go back
 * to where it was before, and to yield. */
bool slots_worth(void);

/** What is left of this slot is another's, who pays for what he does beyond it. */
void slots_given(const struct plat_env *to);

/** The calls TAKE and GIVE. */
int slots_take(const struct plat_env *e, struct exo_call_slots *a);
int slots_give(const struct plat_env *e, const struct exo_call_slots *a);

/** Revocation: give up slots by their places, all of them or none: as TIME_GIVE; -EXO_EINVAL:
 * one twice. Take the last that is not guaranteed; false: there is none. */
int slots_surrender(
    const struct plat_env *e, const uint64_t *u_places, uint32_t n);
bool slots_choose(const struct plat_env *e, uint64_t *place);

/** What an environment has of the vector, and owes. */
struct slots_stat {
	uint32_t slots, owed;
	uint64_t excess_ns;
};
struct slots_stat slots_stat(const struct plat_env *e);

/** How many there are, that are nobody's, and which it is at present. */
uint32_t slots_count(void);
uint32_t slots_left(void);
uint32_t slots_at(void);

/** As many rows. Show them to everybody. */
const struct exo_slot_row *slots_rows(void);
bool slots_show(void);

/** Whom YIELD_TO names, *out. 0; -EXO_ESTALE: it is gone; -EXO_EBUSY: it cannot run, or
 * owes time. */
int slots_whom(uint64_t name, struct plat_env **out);

#endif
