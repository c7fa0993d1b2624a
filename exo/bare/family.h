/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments that environments make: calls ENV_NEW, ENV_START and ENV_END.
 *
 * A child begins without pages, and with frames that were guaranteed to its maker. Its
 * maker has a key of it, enters pages by that, and starts it. It lives on when its maker
 * has ended, without the frames that are its maker's.
 *
 * Limits of memory are those of all together: the frames that a child owns, and the bytes
 * of the core's for it, are of its maker's limits, which hold on when that has ended. What
 * was guaranteed to a child counts as owned, so that its kin cannot use it up. Tables of
 * the processor's are divided: a child gets as many as each of those that its maker may
 * still make would, and itself.
 */
#ifndef EXO_BARE_FAMILY_H
#define EXO_BARE_FAMILY_H

#include "exo/abi/phys.h"
#include "exo/bare/env.h"

/** 0; -EXO_EPERM: it may make no more; -EXO_ELIMIT: there are too many, or not so many
 * frames; -EXO_ENOMEM. */
int family_new(struct plat_env *e, struct exo_call_env_new *a);

/** 0; what is wrong with the key; -EXO_EINVAL: it was started already, or would begin at
 * an address of the kernel's. */
int family_start(struct plat_env *e, const struct exo_call_env_start *a);

/** 0, or what is wrong with the key. */
int family_end(struct plat_env *e, const struct exo_call_env_end *a);

/** Who answers for one that has ended: its maker, if that lives, or another one of those
 * that come of the same and were started. NULL: none is left. */
struct plat_env *family_heir(const struct plat_env *e);

/** End what one has of the machine's frames: what was guaranteed to a child is its maker's
 * again, if that lives. */
void family_end_holder(struct plat_env *e);

/** One is taken apart: its maker, if that lives, may make another in its place, and has the
 * tables again that it could have. */
void family_ended(const struct plat_env *child);

#endif
