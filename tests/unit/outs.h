/* SPDX-License-Identifier: BSD-2-Clause */
/* A set of outputs that writes alone or with a thread, and what is put there. */
#ifndef TESTS_UNIT_OUTS_H
#define TESTS_UNIT_OUTS_H

#include "exo/hosted/trace_out.h"

#include <stddef.h>

static const struct tr_iface ether = {
	.linktype = 1, .snapmax = 65535, .tsresol = 6, .file = "t"
};

/* How every set of this program writes: the same tests run both ways. */
static enum tr_outs_thread way = TR_OUTS_ALONE;

static inline struct tr_outs *new_set(const struct tr_outs_how *how)
{
	struct tr_outs_how with = { 0 };

	if (how != NULL)
		with = *how;
	with.thread = way;
	return tr_outs_new(&with);
}

#endif
