/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardening: constants that are not what they seem, and fences.
 *
 * Who writes a program chooses its constants, and so bytes of executable
 * memory, which are instructions if somebody can be made to jump into their
 * middle (D. Blazakis, "Interpreter Exploitation", WOOT 2010). Blinded code
 * holds v xor r, and then xors r, with another random r each time. A byte is
 * left as it is.
 */
#include "exo/jit/gen.h"

/* S. Vigna's splitmix64; all rounds of generation draw the same numbers. */
static uint64_t draw(struct jit_gen *g)
{
	uint64_t z = (g->random += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

bool jit_is_plain(const struct jit_gen *g, int64_t v)
{
	return !g->blind || (v >= INT8_MIN && v <= INT8_MAX);
}

void jit_const(struct jit_gen *g, unsigned to, uint64_t v, unsigned spare)
{
	uint64_t r;

	if (jit_is_plain(g, (int64_t)v)) {
		x64_const(&g->x, to, v);
		return;
	}
	r = draw(g);
	if (v <= UINT32_MAX) {
		r = (uint32_t)r;
		x64_const(&g->x, to, v ^ r);
		x64_alu_k(&g->x, X64_XOR, false, to, (int32_t)r);
	} else {
		x64_const(&g->x, spare, r);
		x64_const(&g->x, to, v ^ r);
		x64_alu(&g->x, X64_XOR, true, to, spare);
	}
}

void jit_fence(struct jit_gen *g)
{
	if (g->fence)
		x64_lfence(&g->x);
}
