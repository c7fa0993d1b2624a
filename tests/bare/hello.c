/* SPDX-License-Identifier: BSD-2-Clause */
/* An environment that says something. */
#include "libos-net/rt/rt.h"

int lnet_main(struct exo_pe *pe)
{
	(void)pe;
	if (lnet_print("hello\n") != 0)
		return 1;
	for (int i = 0; i < 3; i++)
		if (lnet_yield() != 0)
			return 2;
	return 0;
}
