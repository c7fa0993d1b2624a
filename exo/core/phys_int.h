/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of exo/core/phys.h share. */
#ifndef EXO_CORE_PHYS_INT_H
#define EXO_CORE_PHYS_INT_H

#include "exo/core/phys.h"
#include "exo/lib/arena.h"
#include "exo/lib/siphash.h"

#define ENTRIES_DEFAULT 512u
#define STLB_WAYS       8u /* entries of a set: see mapping.c */
#define PINS_DEFAULT    1024u
#define PIN_HEADS       256u
#define PIN_CHUNK       32u
#define RECENT          32u /* pages that are entered again on return */

/** An entry that was checked. In the S-TLB, or pinned; in its frame's list. */
struct mapping {
	uint64_t va;
	uint64_t bits;
	struct exo_holder *holder;
	uint32_t frame;
	uint32_t generation; /* the frame's, when it was checked */
	uint64_t age;        /* what was entered later has a larger one */
	struct mapping *next, **prev; /* of the frame; prev NULL: it is none */
};

struct pin {
	struct mapping m;         /* first */
	struct pin *next, **prev; /* of what has the same hash; or free */
};

#define KINDS (EXO_KIND_KEY + 1u)

/** What a holder was asked to give up. */
struct asked {
	uint32_t n;               /* that it did not yet, */
	uint32_t first;           /* of which so many until the deadline, */
	uint64_t deadline, later; /* the others until then */
	bool told;
};

/** Frames that others were asked for, for it. */
struct wish {
	uint32_t n;
	uint64_t until;
};

struct pin_chunk {
	struct pin_chunk *next;
	struct pin pin[PIN_CHUNK];
};

/** What a frame's row does not show. */
struct frame {
	struct exo_holder *owner;
	struct mapping *maps;
	uint32_t next, prev; /* of what its owner has, as index + 1; 0: none */
	bool named;          /* in the batch that is looked at, already */
};

/** What holders with one limit own, all together. */
struct kin {
	uint32_t holders;
	uint32_t most;
	uint64_t owned, promised;
};

struct exo_holder {
	struct exo_holder_args args;
	struct kin *kin; /* NULL: its limit is its own */
	struct exo_mem mem;
	uint32_t frames; /* first that it owns, as index + 1 */
	uint32_t owned;
	struct mapping *stlb; /* args.entries of them, in sets */
	uint64_t age;         /* of the last that was entered there */
	struct pin *pin_of[PIN_HEADS];
	struct pin *pin_free;
	uint32_t pins_free;
	struct pin_chunk *chunks;
	uint32_t pinned;
	uint32_t pins_given; /* by the platform: beside what it may pin */
	uint32_t guaranteed;
	struct asked asked[KINDS]; /* by enum exo_kind */
	struct wish wish;
	struct exo_key seed; /* where its frames are saved; res 0: nowhere */
	uint32_t saved;      /* blocks of it that are used */
	uint64_t recent[RECENT]; /* pages + 1 */
	uint32_t recent_next;
	struct exo_holder_stat stat;
};

struct exo_phys {
	struct exo_phys_config cfg;
	struct exo_mem mem;
	struct exo_sipkey secret;
	struct frame *frames;
	struct exo_holder *holder[EXO_HOLDERS];
	uint64_t aside;    /* frames that the platform may come to need */
	uint64_t promised; /* frames guaranteed that their holders do not own */
	uint64_t next;     /* when something may be overdue */
	uint64_t wishes;   /* when all wishes are over; 0: there is none */
	/* of the call at work */
	struct exo_pte ptes[EXO_BATCH];
	struct exo_key keys[EXO_BATCH];
};

/* phys_key.c: keys of frames and environments. */
void phys_key_make(const struct exo_phys *p, enum exo_res res, uint32_t rights,
    uint32_t region, uint64_t epoch, struct exo_key *out);
/** 0, -EXO_EBADKEY or -EXO_EPERM: whether what it names is still there is not looked
 * at. */
int phys_key_check(const struct exo_phys *p, const struct exo_key *u_key,
    enum exo_res res, uint32_t rights);
int call_lessen(struct exo_phys *p, struct exo_call_lessen *a);

/* frame.c */
/** The frame that a key is of, by index: 0 or a negated error. */
int frame_of_key(const struct exo_phys *p, const struct exo_key *u_key,
    uint32_t rights, uint32_t *out);
uint32_t frame_generation(const struct exo_phys *p, uint32_t i);
/** Nobody's any more: its keys end, its entries go. */
void frame_release(struct exo_phys *p, uint32_t i);
int call_frames(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_frames *a);
int call_release(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_release *a);
int call_key_of(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_key_of *a);

/* phys.c */
/** Whether a holder may own n more frames: 0, -EXO_ELIMIT, or -EXO_ENOMEM. */
int phys_room(const struct exo_phys *p, const struct exo_holder *h, uint32_t n);
/** It owns more frames, or fewer. */
void phys_count(struct exo_phys *p, struct exo_holder *h, int32_t n);

/* mapping.c: the S-TLB and what is pinned. */
int mapping_init(struct exo_holder *h);
/** Room for n more pins: 0, -EXO_ELIMIT or -EXO_ENOMEM. */
int mapping_reserve(struct exo_holder *h, uint32_t n);
void mapping_free(struct exo_phys *p, struct exo_holder *h);
/** Enter a page: what was there is gone, and what it displaces. A pin has room here; false:
 * it has none in the tables, and there is nothing now. */
bool mapping_enter(struct exo_phys *p, struct exo_holder *h, uint64_t va,
    uint32_t frame, uint64_t bits);
/** Take a page out, if it is there. */
void mapping_remove(struct exo_phys *p, struct exo_holder *h, uint64_t va);
struct mapping *mapping_find(struct exo_holder *h, uint64_t va);
/** Take out all entries of a frame. */
void mapping_of_frame(struct exo_phys *p, uint32_t i);

/* revoke.c */
/** A holder wants n frames that are not there: ask who has more. Whether somebody has. */
bool revoke_want(struct exo_phys *p, struct exo_holder *who, uint32_t n);
/** Frames that are kept for those who wanted some, from one that would have more. */
uint32_t revoke_kept(
    const struct exo_phys *p, const struct exo_holder *h, uint32_t n);
/** What SURRENDER and the repossession vector call a frame. */
uint64_t revoke_name(const struct exo_phys *p, uint32_t i);
/** Where its owner sees it; 0: nowhere. */
uint64_t revoke_seen(const struct exo_phys *p, uint32_t i);
int call_surrender(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_surrender *a);
int call_seed(
    struct exo_phys *p, struct exo_holder *h, struct exo_call_seed *a);

/* pte.c */
int call_pte(struct exo_phys *p, struct exo_holder *h, struct exo_call_pte *a);

#endif
