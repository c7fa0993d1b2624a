/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What exo/core/phys.h should do, said once more with arrays that are searched from
 * their start: which code each call returns, and what is so after it.
 *
 * Of each address space it knows PHYS_PAGES pages. What a key is good for is noted when
 * the key is made, beside its bytes, and never read out of them.
 *
 * phys_want_*() say what a call should return, and change nothing; phys_did_*() say that
 * it was done. phys_model_check() stops the program unless the kernel's numbers, what it
 * shows, and the machine's tables are what they should be.
 */
#ifndef TESTS_SUPPORT_PHYS_MODEL_H
#define TESTS_SUPPORT_PHYS_MODEL_H

#include "tests/support/phys_machine.h"

#define PHYS_PAGES 24u

/** A key, and what it should be good for. */
struct phys_key {
	struct exo_key key;
	uint32_t res, rights;
	uint32_t what; /* frame by index, or place of a holder */
	uint64_t when; /* generation, or name */
	bool altered;  /* a bit of it was changed */
};

struct model_entry {
	bool live;
	uint32_t frame; /* by index */
	uint64_t bits;
	uint64_t data; /* of one that is not present */
	uint64_t age;  /* of what was entered later it is larger */
};

struct model_holder {
	struct exo_holder *h; /* NULL: there is none */
	uint64_t name;
	uint32_t guaranteed, most, entries, pins;
	uint32_t given; /* pins by the platform */
	struct model_entry e[PHYS_PAGES];
	uint64_t age;
	uint32_t asked; /* frames that it is to give up, ... */
	uint32_t
	    overdue; /* ... of which so many are, without a time's passing */
	bool told;
	uint32_t wish;  /* frames that others were asked for, for it */
	uint32_t saved; /* blocks that are used, if it seeded some */
	uint64_t lost;  /* entries of its repossession vector */
};

struct phys_model {
	const struct phys_machine *m;
	uint32_t reserve;
	uint32_t owner[PHYS_FRAMES]; /* place + 1; 0: nobody */
	uint32_t generation[PHYS_FRAMES];
	bool held[PHYS_FRAMES]; /* by the platform, for itself */
	struct model_holder holder[PHYS_SPACES];
};

/** The address of a page that the model knows. */
uint64_t phys_page(uint32_t v);

/** Frames that a holder owns; that are promised, to all, and not yet owned. */
uint32_t phys_owned(const struct phys_model *m, uint32_t who);
uint32_t phys_promised(const struct phys_model *m);
/** Entries that a holder has pinned. */
uint32_t phys_pinned(const struct phys_model *m, uint32_t who);

/** there: the addresses of the call's arguments are good. */
int phys_want_frames(const struct phys_model *m, uint32_t who,
    const struct exo_call_frames *a, bool there);
void phys_did_frames(struct phys_model *m, uint32_t who,
    const struct exo_call_frames *a, const struct exo_key *keys);
/** It wants frames that others have more of: -EXO_EAGAIN. */
void phys_did_want(struct phys_model *m, uint32_t who, uint32_t n);
/** It is asked. */
void phys_did_ask(struct phys_model *m, uint32_t who, uint32_t n);
/** Frames beyond those guaranteed. */
uint32_t phys_beyond(const struct phys_model *m, uint32_t who);
/** It owns one more; a frame is given back, for whatever reason. */
void phys_did_own(struct phys_model *m, uint32_t who);
void phys_did_give(struct phys_model *m, uint32_t frame);

int phys_want_release(const struct phys_model *m,
    const struct exo_call_release *a, const struct phys_key *keys, bool there);

int phys_want_key_of(
    const struct phys_model *m, uint32_t who, const struct exo_call_key_of *a);

int phys_want_lessen(
    const struct exo_call_lessen *a, const struct phys_key *key);

/** keys: of the entries; env: whose space, NULL for the caller's own; *to is that. */
int phys_want_pte(const struct phys_model *m, uint32_t who,
    const struct exo_call_pte *a, const struct exo_pte *entries,
    const struct phys_key *keys, const struct phys_key *env, bool there,
    uint32_t *to);
void phys_did_pte(struct phys_model *m, uint32_t to, uint32_t n,
    const struct exo_pte *entries, const struct phys_key *keys);
void phys_did_pin(struct phys_model *m, uint32_t who, uint32_t v,
    uint32_t frame, uint64_t bits);

bool phys_want_guarantee(
    const struct phys_model *m, uint32_t who, uint32_t frames);

/** Whether a page is shown again when it is touched, if there is room. */
bool phys_want_refill(const struct phys_model *m, uint32_t who, uint32_t v,
    bool write, bool execute);
void phys_did_forget(struct phys_model *m, uint32_t who);
void phys_did_drop(
    struct phys_model *m, uint32_t who, uint32_t v, uint64_t noted);

void phys_did_end(struct phys_model *m, uint32_t who);

/** All of it is as it should be. */
void phys_model_check(const struct phys_model *m);

#endif
