/* SPDX-License-Identifier: BSD-2-Clause */
/* One that always runs. */
#include "libos-net/rt/rt.h"

int lnet_main(struct exo_pe *pe)
{
	(void)pe;
	for (;;)
		__asm__ volatile("");
}
