/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of vectors and floating point are an environment's own. With the argument
 * "fill" they are filled and looked at again after each turn of the others; without
 * any they must be as they begin, each time a fresh one looks.
 */
#include "tests/bare/check.h"

struct state {
	_Alignas(16) uint8_t fx[512];
};

static void keep(struct state *s)
{
	__asm__ volatile("fxsave64 %0" : "=m"(*s));
}

static int all(const uint8_t *p, uint32_t n, uint8_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (p[i] != v)
			return 0;
	return 1;
}

static void fresh(void)
{
	struct state s;

	keep(&s);
	CHECK(s.fx[0] == 0x7f && s.fx[1] == 0x03);
	CHECK(s.fx[4] == 0);           /* no x87 register is used */
	CHECK(all(s.fx + 32, 128, 0)); /* and nothing is in them */
	CHECK(s.fx[24] == 0x80 && s.fx[25] == 0x1f);
	CHECK(all(s.fx + 160, 256, 0)); /* nor in XMM */
}

static void fill(uint8_t v)
{
	struct state s;

	keep(&s);
	for (uint32_t i = 0; i < 256; i++)
		s.fx[160 + i] = v;
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t k = 0; k < 10; k++)
			s.fx[32 + 16 * i + k] = v;
	s.fx[4] = 0xff;
	__asm__ volatile("fxrstor64 %0" : : "m"(s));
}

static void still(uint8_t v)
{
	struct state s;

	keep(&s);
	CHECK(all(s.fx + 160, 256, v));
	for (uint32_t i = 0; i < 8; i++)
		CHECK(all(s.fx + 32 + 16 * i, 10, v));
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
	fill(v);
	for (int i = 0; i < 20; i++) {
		(void)lnet_yield();
		still(v);
	}
	/* turns that end by the clock, too */
	for (volatile uint64_t i = 0; i < 30000000; i++)
		continue;
	still(v);
	return 0;
}
