/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Revocation on the machine: environments are told by an upcall of what they are to give
 * up, and lose what is overdue (exo/core/phys.h).
 *
 * Who has no entry point for it loses at once. One that is in a critical section, or in a
 * call that pauses, is told afterwards; its time goes on.
 */
#ifndef EXO_BARE_REVOKE_H
#define EXO_BARE_REVOKE_H

#include "exo/bare/env.h"

/** Tell an environment that is about to run, or wakes up for it. */
void revoke_tell(struct plat_env *e);

/** Take what is overdue. */
void revoke_look(struct exo_phys *p, uint64_t now);

#define REVOKE_PLANS 64u

/** Ask all environments of a label to give up n of a kind, as boot.conf says. */
struct revoke_plan {
	char label[32];
	enum exo_kind kind;
	uint32_t n;
	bool by_line;
	uint64_t
	    at; /* a time of clock_ns(), or by_line: when one of them, with its
	                children, has written so many lines */
	uint64_t patience; /* nanoseconds that they have then */
};

/** Nothing is planned. */
void revoke_init(void);

/** false: there are too many plans. */
bool revoke_plan(const struct revoke_plan *p);

/** What the core asks of the machine (struct exo_phys_ops). */
bool revoke_save(struct plat_env *e, const struct exo_key *disk, uint32_t block,
    uint32_t frame);
int revoke_seed(void *arg, const struct exo_key *u_disk);
int revoke_surrender(struct plat_env *e, enum exo_kind kind,
    const uint64_t *u_names, uint32_t n);
bool revoke_choose(struct plat_env *e, enum exo_kind kind, uint64_t *name);

/** What the core tells of bindings and keys (struct exo_core_config). */
void revoke_gone(
    struct plat_env *e, enum exo_kind kind, uint64_t name, bool own);

#endif
