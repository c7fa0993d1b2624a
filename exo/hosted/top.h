/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel shows of itself, as lines of its console (exo/abi/state.inc), put
 * together again: snapshots, and what changed between two of them.
 *
 * Pure. No line is trusted: one that is not whole is text like any other, a number is
 * whatever it is, a label has no character that a terminal would obey.
 */
#ifndef EXO_HOSTED_TOP_H
#define EXO_HOSTED_TOP_H

#include "exo/abi/phys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_BINDS 16u
#define TOP_SLOTS 1024u

/** What there is at one moment. */
struct top_shot {
	struct exo_state state; /* env[]: of those that there are, by place */
	struct exo_env_row ended[EXO_STATE_ENVS]; /* the last ones first */
	struct exo_bind_row bind[TOP_BINDS];
	uint32_t owner[TOP_SLOTS]; /* of slots: a place from 1 on; 0: nobody */
	uint32_t nended, nbinds;
	uint32_t nslots; /* that are known, from the first on */
};

/** Zeroed, it has seen nothing. */
struct top {
	uint64_t shots; /* how many were whole; 0: `now` has nothing */
	struct top_shot now, before;
	struct top_shot next; /* its lines come in */
};

enum top_line {
	TOP_TEXT,  /* it is no such line */
	TOP_PART,  /* it is one, */
	TOP_WHOLE, /* and with it a snapshot is whole: it is in `now` */
};

/** The longest line that can be one. */
#define TOP_LINE 2048u

/** Take a line, without its end. */
enum top_line top_take(struct top *t, const char *line, size_t n);

/** What is known of the environment of this name, of the binding, before; NULL: nothing,
 * for it is new. */
const struct exo_env_row *top_env_before(const struct top *t, uint64_t env);
const struct exo_bind_row *top_bind_before(
    const struct top *t, uint64_t binding);

/** The label of a name, an ended one's, too; NULL. */
const char *top_label(const struct top_shot *s, uint64_t env);

/** Thousandths a second of what went from `was` to `is` between the two snapshots; what
 * went back did not go. False: there were no two. */
bool top_rate(const struct top *t, uint64_t was, uint64_t is, uint64_t *milli);

/** "waits" and the like; "?" */
const char *top_state_text(uint32_t state);

#endif
