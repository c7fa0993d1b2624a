/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine in a process, with what the kernel keeps of environments: frames, tables,
 * the core. For tests of exo/bare; a processor is in walk.h.
 */
#ifndef TESTS_SUPPORT_BARE_H
#define TESTS_SUPPORT_BARE_H

#include "exo/bare/env.h"
#include "exo/core/phys.h"

#define BARE_PAGE    0x10000000u /* of each environment, for arguments */
#define BARE_RESERVE 512u        /* frames that space.c keeps for the kernel */

/** What an entry of data has, and of code. */
#define BARE_READ  (EXO_PTE_PRESENT | EXO_PTE_NX)
#define BARE_WRITE (BARE_READ | EXO_PTE_WRITE)
#define BARE_EXEC  EXO_PTE_PRESENT

struct bare {
	uint64_t size;
	struct exo_phys *phys;
	struct exo_core *core;
	struct exo_frame_row *rows; /* when there was an environment */
	uint64_t free;              /* frames, before there are environments */
};

/** Begin, once a process: so many bytes of RAM, space_init()'s arguments. */
void bare_new(struct bare *b, uint64_t size, uint32_t most, bool forget);

/** An environment that runs, with a page for arguments; NULL: there is no room. */
struct plat_env *bare_env(struct bare *b, const struct env_args *args);

/** End all of them, and the core; all frames are free again. */
void bare_end_envs(struct bare *b);

/** Call FRAMES for one frame: its key. */
int bare_frame(struct plat_env *e, uint32_t want, struct exo_key *out);

/** Call RELEASE for it. */
int bare_release(struct plat_env *e, const struct exo_key *key);

/** Call PTE for one page, of the environment of the key (NULL: its own). */
int bare_enter(struct plat_env *e, const struct exo_key *env, uint64_t va,
    const struct exo_key *key, uint64_t bits);

/** Take a frame and enter it: its number. */
uint32_t bare_map(struct plat_env *e, uint64_t va, uint64_t bits);

#endif
