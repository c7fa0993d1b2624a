/* SPDX-License-Identifier: BSD-2-Clause */
/* What a conditional jump asks, said plainly (RFC 9669, section 4.3). */
#ifndef TESTS_SUPPORT_JUMP_H
#define TESTS_SUPPORT_JUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "exo/abi/insn.h"

/* x op y of numbers of w bits, 1 to 64, that have no bit above them. */
static inline bool jump_holds(unsigned op, uint64_t x, uint64_t y, unsigned w)
{
	int64_t s = (int64_t)(x << (64 - w)), t = (int64_t)(y << (64 - w));

	switch (op) {
	case EXO_JEQ:
		return x == y;
	case EXO_JNE:
		return x != y;
	case EXO_JSET:
		return (x & y) != 0;
	case EXO_JGT:
		return x > y;
	case EXO_JGE:
		return x >= y;
	case EXO_JLT:
		return x < y;
	case EXO_JLE:
		return x <= y;
	case EXO_JSGT:
		return s > t;
	case EXO_JSGE:
		return s >= t;
	case EXO_JSLT:
		return s < t;
	default:
		return s <= t;
	}
}

#endif
