/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a map must be able to do, by the kind of argument that it is (exo/isa/helpers.h).
 * The tests' own word for it: verifier/helper.c has another, which they judge.
 */
#ifndef TESTS_SUPPORT_MAP_BIT_H
#define TESTS_SUPPORT_MAP_BIT_H

#include <stdint.h>

#include "exo/abi/map.h"
#include "exo/isa/helpers.h"

/* A bit of exo/abi/map.h; 0: the argument is no map. */
static inline uint32_t map_bit(enum isa_arg arg)
{
	switch (arg) {
	case ISA_ARG_MAP_LOOKUP:
		return EXO_MAP_LOOKUP;
	case ISA_ARG_MAP_UPDATE:
		return EXO_MAP_UPDATE;
	case ISA_ARG_MAP_DELETE:
		return EXO_MAP_DELETE;
	case ISA_ARG_MAP_EACH:
		return EXO_MAP_EACH;
	case ISA_ARG_MAP_RING:
		return EXO_MAP_RING;
	case ISA_ARG_MAP_TAIL:
		return EXO_MAP_TAIL;
	case ISA_ARG_MAP_PERF:
		return EXO_MAP_PERF;
	case ISA_ARG_MAP_QUEUE:
		return EXO_MAP_PUSH;
	default:
		return 0;
	}
}

#endif
