/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environments that go on as copies of others.
 *
 * Overview: a child is an environment without pages (exo/abi/phys.h) that is shown its
 * parent's, copy-on-write, by keys to read and execute; what its fault handler needs is
 * copied at once. It has a shared page of its own, and no packets.
 *
 * Frames that a child was shown are its parent's. When that ends, they are gone, and the
 * child's next touch of one is a fault that nobody can handle: it ends, by a status of
 * lnet_on_fault(), or by the kernel when its upcall stack is gone as well. A child that
 * is to live longer asks for frames of its own for everything (`own`), before it goes on.
 * Pages of regions that are shared (LNET_REGION_SHARED) stay their parent's even so.
 */
#ifndef LNET_FORK_H
#define LNET_FORK_H

#include "libos-net/rt/vm.h"

#define LNET_FORK_FAILED \
	99u /* status of a child that got no frames of its own */

struct lnet_child {
	struct exo_key key;
	uint64_t env;
};

/** Regions for the program itself: text, constants, data, stack. Once, before any fork.
 * 0 or a negated EXO_E*. */
int lnet_fork_init(struct lnet_vm *vm);

/**
 * Go on twice. frames: of those guaranteed to this libOS, the child's; own: it begins
 * with frames of its own. All regions and their tables must be LNET_PAGER data; what is
 * in the store is brought back first.
 * Returns 1, with *out, here; 0 in the child; a negated EXO_E* if there is none.
 */
int lnet_fork(
    struct lnet_vm *vm, uint32_t frames, bool own, struct lnet_child *out);

/** Whether a child ended. (What it has to say it says in a region that is shared.) */
bool lnet_fork_ended(const struct lnet_child *child);

/** End it. 0 or a negated EXO_E*. */
int lnet_fork_end(const struct lnet_child *child);

#endif
