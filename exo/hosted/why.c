/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a program was refused: the parts in their order.
 */
#include "exo/hosted/why.h"

#include "exo/abi/err.h"

#include <stdlib.h>
#include <string.h>

int why_ask(
    struct why *w, const struct vf_input *in, const struct vf_limits *limits)
{
	int err;

	memset(w, 0, sizeof(*w));
	w->in = in;
	err = why_path(w, limits);
	if (err == 0 && (w->ret == -EXO_EREFUSED || w->ret == -EXO_EBUDGET)) {
		why_slice(w);
		why_reason(w);
		why_hint(w);
		err = why_packet(w);
	}
	return err != 0 ? err : w->ret;
}

void why_free(struct why *w)
{
	free(w->step);
	w->step = NULL;
	w->nsteps = 0;
}
