/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An environment as the hosted platform knows it.
 *
 * A libOS of the hosted build lives in our own process: its address space is
 * ours, its packet upcall a function.
 */
#ifndef EXO_HOSTED_PLAT_HOSTED_H
#define EXO_HOSTED_PLAT_HOSTED_H

#include "exo/plat/plat.h"

#include <stdbool.h>

struct plat_env {
	/** The packet upcall: empty the ring. Must not call the core. */
	void (*packets)(void *user);
	/** A line that one of its programs printed. Must not call the core. */
	void (*line)(void *user, const char *text, uint32_t n);
	void *user;
	bool ours; /* its calls are made by our own code, whose addresses are
	              not tested: that takes a call of the system each */
};

#endif
