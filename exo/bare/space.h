/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces: the processor's tables of an environment, which are a cache.
 *
 * Overview: what is in them was entered by the core (exo/core/phys.h), or is the
 * kernel's own: the shared page, the ring, windows for reading. An environment may have
 * so many tables at once, for which frames are set aside: nobody's tables take what was
 * guaranteed to others. All of them together may have so many; who is beyond that has those dropped
 * that hold nothing that is pinned, or, of several environments, the one that ran least
 * lately. What was used of them is entered again when it runs.
 *
 * A libOS reads its own leaf tables at EXO_TABLES_AT. Only the kernel writes them.
 */
#ifndef EXO_BARE_SPACE_H
#define EXO_BARE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/bare/env.h"
#include "exo/bare/tlb.h"
#include "exo/core/phys.h"

/** What the core asks of the machine. */
extern const struct exo_phys_ops space_ops;

/** The frame table that libOSes see, and windows on it. most: tables of all environments
 * together; 0: as many as there is room for. forget: who loses tables loses the S-TLB with
 * them, which shows what that is worth. frames= on the command line: of so many frames
 * environments may have what is not the kernel's reserve, however many there are;
 * generation= is the first of each frame, for a test of the last. 0 or -EXO_ENOMEM. */
int space_init(
    const struct machine *m, uint32_t most, bool forget, struct exo_phys **out);

/** Show frames of the kernel's to everybody who comes, for reading. */
bool space_window(uint64_t va, uint64_t at, uint64_t size);

/** Tables with the kernel's half, and what everybody sees. */
bool space_new(struct plat_env *e);

/** It has all that it begins with. Frames for the tables that it may have are set aside;
 * from now on it has no more than those. Where its maker (NULL: none) has a limit that
 * boot.conf says, they are of that one's. -EXO_ELIMIT: there are not so many. */
int space_born(struct plat_env *e, struct plat_env *maker);

/** Its tables were given back: what it could have of them its maker can again. */
void space_return(struct plat_env *maker, const struct plat_env *child);

/** Give back its tables, which are not in use; frames are not theirs. */
void space_free(struct plat_env *e);

/** Map one of the kernel's own frames, where nothing was. */
bool space_show(struct plat_env *e, uint64_t va, uint64_t at, uint64_t bits);

/** What was dropped of its tables and used is there again, if they are in use. */
void space_preload(struct plat_env *e);

/** Its tables are in use from now on: what was dropped of them and used is there again, and
 * what the processor knows of them is kept unless they changed. Each switch comes by here. */
static inline void space_run(struct plat_env *e)
{
	tlb_use(e->word);
	e->word = e->kept;
	if (e->dropped)
		space_preload(e);
}

/** From now on the kernel's own memory takes nothing of what is guaranteed to environments
 * or set aside for their tables. */
void space_guard(const struct exo_phys *p);

/** Whether the kernel may take so many bytes in a row for itself. */
bool space_may(uint64_t bytes);

/** How many tables there are, of all, frames that environments own, and frames whose
 * generations are used up: nobody has them again. */
uint32_t space_tables(void);
uint64_t space_owned(void);
uint64_t space_retired(void);

#endif
