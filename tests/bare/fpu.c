/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vectors and floating point are an environment's own. With the argument
 * "fill" they are filled and looked at again after each turn of the others; without
 * any they must be as they begin, each time a fresh one looks.
 */
#include "tests/bare/fpu.h"

static void fresh(void)
{
	struct fpu_state s;

	fpu_keep(&s);
	CHECK(s.fx[0] == 0x7f && s.fx[1] == 0x03);
	CHECK(s.fx[4] == 0);               /* no x87 register is used */
	CHECK(fpu_all(s.fx + 32, 128, 0)); /* and nothing is in them */
	CHECK(s.fx[24] == 0x80 && s.fx[25] == 0x1f);
	CHECK(fpu_all(s.fx + 160, 256, 0)); /* nor in XMM */
}

int lnet_main(struct exo_pe *pe)
{
	uint8_t v = (uint8_t)pe->arg[4];

	fresh();
	if (pe->arg[0] != 'f') {
		for (int i = 0; i < 20; i++) {
			(void)lnet_yield();
			fresh();
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
