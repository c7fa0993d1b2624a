/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vectors and floating point are an environment's own. With the argument
 * "fill" they are filled and looked at again after each turn of the others; without
 * any they must be as they begin, each time a fresh one looks.
 */
#include "tests/bare/fpu.h"

int lnet_main(struct exo_pe *pe)
{
	uint8_t v = (uint8_t)pe->arg[4];

	fpu_fresh();
	if (pe->arg[0] != 'f') {
		for (int i = 0; i < 20; i++) {
			(void)lnet_yield();
			fpu_fresh();
		}
		return 0;
	}
	fpu_fill(v);
	for (int i = 0; i < 20; i++) {
		(void)lnet_yield();
		fpu_still(v);
	}
	/* turns that end by the clock, too */
	for (volatile uint64_t i = 0; i < 30000000; i++)
		continue;
	fpu_still(v);
	return 0;
}
