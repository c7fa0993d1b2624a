/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine under exo/core/phys.h, made of arrays: which frames are out, what the tables
 * of each address space show, and what a processor may still know of them.
 *
 * A leaf table is there as long as something is in it. Frames' numbers begin at
 * PHYS_FIRST. Mistakes of the core stop the program: a frame that is taken or given back
 * twice, an entry of the libOS's own that the kernel takes out. One machine at a time:
 * the operations on tables do not say whose they are.
 */
#ifndef TESTS_SUPPORT_PHYS_MACHINE_H
#define TESTS_SUPPORT_PHYS_MACHINE_H

#include "exo/core/phys.h"

#define PHYS_FRAMES   48u
#define PHYS_FIRST    1000u
#define PHYS_SPACES   4u
#define PHYS_ENTRIES  2048u
#define PHYS_KNOWN    64u
#define PHYS_BLOCKS   8u                  /* of the disk's */
#define PHYS_PATIENCE ((uint64_t)1 << 40) /* nanoseconds: some minutes */
#define PHYS_KINDS    (EXO_KIND_KEY + 1u)

/** An entry of tables; one that is not present shows EXO_FRAME_NONE. */
struct phys_entry {
	uint64_t va, bits;
	uint32_t frame;
};

struct phys_space {
	struct plat_env *plat;
	struct phys_entry entry[PHYS_ENTRIES]; /* in no order */
	uint32_t n;
	struct phys_entry known[PHYS_KNOWN]; /* to a processor */
	uint32_t nknown;
	bool no_room;          /* for one more table */
	bool held;             /* but what was reserved */
	struct exo_phys *phys; /* if it is told what is given up */
	struct exo_holder *holder;
	uint32_t has[PHYS_KINDS];        /* of a kind, named from 0 on; ... */
	uint32_t guaranteed[PHYS_KINDS]; /* ... so many are not taken */
	uint32_t flushes;
};

struct phys_machine {
	struct exo_frame_row rows[PHYS_FRAMES];
	bool out[PHYS_FRAMES];
	uint32_t puts[PHYS_FRAMES]; /* times that it was given back */
	uint32_t next;              /* where take() looks first */
	uint32_t takes; /* that succeed, whatever left() said, before one fails;
	                   UINT32_MAX: none does */
	struct phys_space space[PHYS_SPACES];
	bool disk_fails;
	uint32_t saved[PHYS_BLOCKS]; /* the frame that is in each; 0: none */
};

/** A key of the first n blocks of the disk, to write them if that is said. */
struct exo_key phys_disk_key(uint32_t n, bool write);

/** All frames are free, all spaces empty. */
void phys_machine_init(
    struct phys_machine *m, struct plat_env *const plat[PHYS_SPACES]);

/** What exo_phys_new() wants of it. */
struct exo_phys_config phys_machine_config(
    struct phys_machine *m, uint32_t reserve);

uint32_t phys_machine_left(const struct phys_machine *m);

/** A frame for the platform itself, and back. EXO_FRAME_NONE: there is none. */
uint32_t phys_machine_take(struct phys_machine *m, uint32_t want);
void phys_machine_put(struct phys_machine *m, uint32_t frame);

/** What the tables have for a page; NULL: nothing. */
const struct phys_entry *phys_shows(const struct phys_space *s, uint64_t va);

/** A processor uses a page, and knows its entry from now on if it is present. */
void phys_touch(struct phys_space *s, uint64_t va);

/** Whether a processor knows what the tables do not show. */
bool phys_stale(const struct phys_space *s);

/** The platform drops the leaf table of a page. Entries that were present have these
 * bits in addition, as a processor would have noted them. */
void phys_drop(
    struct phys_space *s, struct exo_holder *h, uint64_t va, uint64_t noted);

/** It drops all. */
void phys_clear(struct phys_space *s);

/** Whether there are tables for those of these entries that are pinned. */
bool phys_fits(
    const struct phys_space *s, const struct exo_pte *entries, uint32_t n);

#endif
