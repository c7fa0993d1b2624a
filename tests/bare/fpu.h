/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of vectors and floating point: to fill them, and to look at them. */
#ifndef TESTS_BARE_FPU_H
#define TESTS_BARE_FPU_H

#include "tests/bare/check.h"

struct fpu_state {
	_Alignas(16) uint8_t fx[512];
};

static inline void fpu_keep(struct fpu_state *s)
{
	__asm__ volatile("fxsave64 %0" : "=m"(*s));
}

static inline int fpu_all(const uint8_t *p, uint32_t n, uint8_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (p[i] != v)
			return 0;
	return 1;
}

/* As they begin. */
static inline void fpu_fresh(void)
{
	struct fpu_state s;

	fpu_keep(&s);
	CHECK(s.fx[0] == 0x7f && s.fx[1] == 0x03);
	CHECK(s.fx[4] == 0);               /* no x87 register is used */
	CHECK(fpu_all(s.fx + 32, 128, 0)); /* and nothing is in them */
	CHECK(s.fx[24] == 0x80 && s.fx[25] == 0x1f);
	CHECK(fpu_all(s.fx + 160, 256, 0)); /* nor in XMM */
}

static inline void fpu_fill(uint8_t v)
{
	struct fpu_state s;

	fpu_keep(&s);
	for (uint32_t i = 0; i < 256; i++)
		s.fx[160 + i] = v;
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t k = 0; k < 10; k++)
			s.fx[32 + 16 * i + k] = v;
	s.fx[4] = 0xff;
	__asm__ volatile("fxrstor64 %0" : : "m"(s));
}

static inline void fpu_still(uint8_t v)
{
	struct fpu_state s;

	fpu_keep(&s);
	CHECK(fpu_all(s.fx + 160, 256, v));
	for (uint32_t i = 0; i < 8; i++)
		CHECK(fpu_all(s.fx + 32 + 16 * i, 10, v));
}

#endif
