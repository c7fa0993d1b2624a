/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's own resources, apart from packets: page frames, and who shows them where.
 *
 * Overview: a platform makes one exo_phys over a table of its frames, and a holder for
 * each environment: what that has of the machine. Calls of libOSes come in by
 * exo_phys_call(); page faults by exo_phys_refill(), before anybody is told of them.
 * What is to be done about the processor's own tables is asked of the platform
 * (struct exo_phys_ops). The logic is pure: tests run it without a machine.
 *
 * Frames: each is nobody's, which is the platform's to use, or owned by one holder. Who
 * owns one has a key with all rights, may pass it on, and lesser ones; whoever presents
 * a key may map the frame. Giving it back ends all of its keys by its generation, and
 * takes out all entries that show it.
 *
 * Entries: an address space is what its libOS entered. The processor's tables are a
 * cache of that, made as pages are touched, which the platform may drop; behind them is
 * the S-TLB, a table of entries that were checked when they were entered, in sets of
 * eight [D. R. Engler, M. F. Kaashoek, J. O'Toole, "Exokernel", SOSP 1995]. It
 * refills the tables without a word to the libOS. An entry that another one displaces
 * there is gone, and its libOS enters it again when its page is touched: the page table
 * that counts is the libOS's. Entries that are pinned are displaced by nothing.
 *
 * Invariant: an entry that is present in the processor's tables is in the S-TLB, or
 * pinned, and the frame's generation is the entry's.
 *
 * Guarantees: a holder may always own the frames that were guaranteed to it; more, as
 * long as those of all others can still be had.
 *
 * Synchronization: one thread at a time.
 */
#ifndef EXO_CORE_PHYS_H
#define EXO_CORE_PHYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exo/abi/call.h"
#include "exo/abi/phys.h"
#include "exo/plat/plat.h"

struct exo_phys;
struct exo_holder;

#define EXO_HOLDERS    EXO_STATE_ENVS
#define EXO_FRAME_NONE UINT32_MAX

/** What the platform does. */
struct exo_phys_ops {
	/** A frame that nobody uses, or that with this number, zeroed.
	 * EXO_FRAME_NONE: there is none, or it is in use. */
	uint32_t (*take)(void *arg, uint32_t want);
	void (*put)(void *arg, uint32_t frame);
	/** One that put() gets no more: its generations are used up. NULL: nobody
	 * wants to know. */
	void (*retire)(void *arg, uint32_t frame);
	/** How many take() could give. */
	uint64_t (*left)(void *arg);
	/** Write an entry of an environment's tables, over what is there: its bits,
	 * and the frame; one that is not present is written as it is. false: there
	 * is no room for a table now, and so no entry either. */
	bool (*enter)(
	    struct plat_env *env, uint64_t va, uint32_t frame, uint64_t bits);
	/** Take one out. */
	void (*remove)(struct plat_env *env, uint64_t va);
	/** No processor may know entries that were taken out or changed since the
	 * last call. */
	void (*flush)(struct plat_env *env);
	/** A batch begins: have tables for those of its entries that are pinned;
	 * until settle() none of the environment's are dropped. Where none is
	 * pinned, they may be once: enter() returns false for those that have no
	 * table then, which costs less than to make room for each. false: there
	 * is no room for the pinned ones, and for a page that is not pinned
	 * behind them; nothing stays. */
	bool (*reserve)(
	    struct plat_env *env, const struct exo_pte *entries, uint32_t n);
	void (*settle)(struct plat_env *env);
	/* Any of the following may be NULL: it is not there. */
	/** Write a frame of an environment's to a block of a disk's extent; its
	 * key was good once. */
	bool (*save)(struct plat_env *env, const struct exo_key *disk,
	    uint32_t block, uint32_t frame);
	/** Whether frames may be saved there: 0, or what is wrong with the key. */
	int (*seed)(void *arg, const struct exo_key *u_disk);
	/** Give up what an environment named, of kinds that are not here: all, or
	 * none. Each is reported by exo_holder_given(). */
	int (*surrender)(struct plat_env *env, enum exo_kind kind,
	    const uint64_t *u_names, uint32_t n);
	/** Take one of these, whichever, that is not guaranteed; its name. */
	bool (*choose)(
	    struct plat_env *env, enum exo_kind kind, uint64_t *name);
};

struct exo_phys_config {
	const struct exo_phys_ops *ops;
	void *arg;
	struct exo_frame_row *rows; /* zeroed, one a frame; shown to libOSes */
	uint32_t first, frames;     /* the frames of those rows */
	uint32_t reserve;  /* frames that no holder gets: the platform's */
	uint64_t patience; /* nanoseconds that a holder has to give up frames */
};

/** Make it. 0, -EXO_ENOMEM or -EXO_ENOENTROPY. */
int exo_phys_new(const struct exo_phys_config *cfg, struct exo_phys **out);

/** End it, with all holders; NULL is allowed. */
void exo_phys_free(struct exo_phys *p);

struct exo_holder_args {
	struct plat_env *plat;
	uint64_t name;          /* the environment's */
	uint32_t place;         /* in struct exo_state; nobody else has it */
	uint32_t most;          /* frames that it may own; 0: no limit */
	struct exo_holder *kin; /* that limit is this one's, for both together;
	                           NULL: it is its own */
	uint32_t entries; /* of the S-TLB, a power of two, 8 at least; 0: 512 */
	uint32_t pins;    /* entries that it may pin; 0: 1,024 */
	struct exo_losses
	    *losses; /* zeroed; shown to it. NULL: there is none */
};

/** A holder for a new environment. 0, -EXO_EINVAL or -EXO_ENOMEM. */
int exo_holder_new(struct exo_phys *p, const struct exo_holder_args *args,
    struct exo_holder **out);

/** From now on it may always own so many frames. -EXO_ELIMIT: there are not enough for
 * all. */
int exo_holder_guarantee(
    struct exo_phys *p, struct exo_holder *h, uint32_t frames);

/** So many of the frames that are guaranteed to one are to the other from now on, who may
 * always own them. -EXO_ELIMIT: not so many are, or the first owns frames in their place,
 * and there are not enough for both, or not within a limit that they share: nothing
 * changes. */
int exo_holder_pass(struct exo_phys *p, struct exo_holder *from,
    struct exo_holder *to, uint32_t frames);

/** Frames that nobody was promised, and that the platform needs not itself. */
uint64_t exo_phys_spare(const struct exo_phys *p);

/** Frames that somebody was promised, or that were set aside for the platform: whatever else
 * it needs, so many must be left. */
uint64_t exo_phys_kept(const struct exo_phys *p);

/** The platform may come to need n more frames beside its reserve, or fewer: no holder gets
 * them. There are as many to spare. */
void exo_phys_set_aside(struct exo_phys *p, int64_t n);

/** End it: whatever it owns is nobody's, and whatever shows that is taken out. Its own
 * tables are the platform's to free, before. */
void exo_holder_end(struct exo_phys *p, struct exo_holder *h);

/** The same, and what was guaranteed to it is to its heir (NULL: to nobody), who may own
 * what it gave back. */
void exo_holder_end_to(
    struct exo_phys *p, struct exo_holder *h, struct exo_holder *heir);

/** The platform's own doing for it, not bounded by what it may have: own a frame,
 * zeroed; EXO_FRAME_NONE. */
uint32_t exo_holder_frame(struct exo_phys *p, struct exo_holder *h);

/** And enter a frame that it owns, pinned, beside those that it may pin. false: there is no
 * memory, or no room for a table, and nothing is shown there. */
bool exo_holder_pin(struct exo_phys *p, struct exo_holder *h, uint64_t va,
    uint32_t frame, uint64_t bits);

/** A key of an environment, for its maker. */
void exo_holder_key(
    const struct exo_phys *p, const struct exo_holder *h, struct exo_key *out);

/** The environment that a key is of, if it has these rights: 0, -EXO_EBADKEY,
 * -EXO_EPERM or -EXO_ESTALE. */
int exo_holder_find(const struct exo_phys *p, const struct exo_key *u_key,
    uint32_t rights, struct exo_holder **out);

/** The number of the frame that a key is of, if it has these rights, and the frame's
 * generation: 0 or what is wrong with it. */
int exo_phys_frame(const struct exo_phys *p, const struct exo_key *u_key,
    uint32_t rights, uint32_t *frame, uint32_t *generation);

/** Whether that generation is not over. */
bool exo_phys_same(
    const struct exo_phys *p, uint32_t frame, uint32_t generation);

/** Its plat. */
struct plat_env *exo_holder_plat(const struct exo_holder *h);

/**
 * A call, as exo_call() (exo/core/core.h): arguments were copied in, and will be out.
 * -EXO_ENOSYS: it is of none of these.
 */
int exo_phys_call(
    struct exo_phys *p, struct exo_holder *h, uint32_t nr, void *args);

/** A page was touched that is not in the tables, to read, or write or execute. true: it
 * was entered, and is there now. false: it is the libOS's to say. */
bool exo_phys_refill(struct exo_phys *p, struct exo_holder *h, uint64_t va,
    bool write, bool execute);

/** The table of an entry is dropped. What the processor noted in it is kept, and if it was
 * used it is among the first to be entered again by exo_holder_preload(). */
void exo_holder_dropped(struct exo_holder *h, uint64_t va, uint64_t entry);

/** Take out of the tables, and of the S-TLB, all entries but pinned ones: for measuring
 * what it is worth. */
void exo_holder_forget(struct exo_phys *p, struct exo_holder *h);

/** Whether a page is pinned. */
bool exo_holder_pinned(const struct exo_holder *h, uint64_t va);

/** Enter what was said to be used, at most 32 entries. How many. */
uint32_t exo_holder_preload(struct exo_phys *p, struct exo_holder *h);

/**
 * Revocation: ask a holder to give up n of a kind, in all, until a time (of
 * plat_clock_ns()); of frames no more than it has beyond its guarantee. How many it is to
 * give up now. The platform tells it: exo_holder_asked().
 */
uint32_t exo_holder_ask(struct exo_phys *p, struct exo_holder *h,
    enum exo_kind kind, uint32_t n, uint64_t deadline);

/** It has no way to hear of it: all of a kind is overdue. */
void exo_holder_hurry(
    struct exo_phys *p, struct exo_holder *h, enum exo_kind kind);

/** What it was asked for and not yet told of. false: nothing. */
bool exo_holder_asked(
    struct exo_holder *h, enum exo_kind *kind, uint32_t *n, uint64_t *deadline);

/** When something that was asked for may be overdue; UINT64_MAX: nothing is asked. */
uint64_t exo_phys_next(const struct exo_phys *p);

/** Take what is overdue, of all, as much as is done at once: frames are saved where their
 * holder seeded, if they can be, and each loss is in its holder's repossession vector. If
 * there is more, exo_phys_next() is over still. */
void exo_phys_overdue(struct exo_phys *p, uint64_t now);

/** It gave up one of a kind that the platform has. */
void exo_holder_given(
    struct exo_phys *p, struct exo_holder *h, enum exo_kind kind);

/** It took one of a kind: if it was asked for some, it is to give this up, too. */
void exo_holder_got(struct exo_holder *h, enum exo_kind kind);

/** It lost something, by nobody's asking. */
void exo_holder_lost(struct exo_holder *h, enum exo_kind kind, uint64_t name,
    uint64_t va, uint32_t block);

struct exo_holder_stat {
	uint32_t owned, guaranteed;
	uint32_t pinned;
	uint64_t entered;   /* entries, by calls */
	uint64_t displaced; /* of them, by others of the same set */
	uint64_t refills;   /* of pages from the S-TLB */
	uint64_t misses;    /* faults that it had no answer to */
	uint64_t preloaded;
	uint64_t lost; /* things that were taken */
	uint64_t mem;  /* bytes of the kernel's for it */
};

void exo_holder_stat(const struct exo_holder *h, struct exo_holder_stat *out);

#endif
