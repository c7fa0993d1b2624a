/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of helpers: see helpers.h. */
#include "exo/isa/helpers.h"

#include <stddef.h>

#include "exo/abi/ctx.h"

#define BIT(type)    (1u << EXO_PROG_##type)
#define TYPES_ALL    (BIT(MEM) | BIT(XDP) | BIT(SOCKET) | BIT(TC))
#define TYPES_SKB    (BIT(SOCKET) | BIT(TC))
#define TYPES_DIRECT (BIT(XDP) | BIT(TC))
#define TYPES_TC     BIT(TC)
#define TYPES_XDP    BIT(XDP)
#define HELPER_MAX   255u

enum row {
#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps) ROW_##name,
#include "exo/isa/helpers.inc"
#undef ISA_HELPER
	ROWS
};

const unsigned isa_nhelpers = ROWS;

const struct isa_helper isa_helpers[] = {
#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps)    \
	{ #name, nr, TYPES_##types, ISA_RET_##ret,                    \
		{ ISA_ARG_##a, ISA_ARG_##b, ISA_ARG_##c, ISA_ARG_##d, \
		    ISA_ARG_##e },                                    \
		fx, steps },
#include "exo/isa/helpers.inc"
#undef ISA_HELPER
};

/* The row of a number, plus 1; 0: there is none. */
static const uint8_t rows[HELPER_MAX + 1] = {
#define ISA_HELPER(nr, name, types, ret, a, b, c, d, e, fx, steps) \
	[nr] = ROW_##name + 1,
#include "exo/isa/helpers.inc"
#undef ISA_HELPER
};

uint32_t isa_helper_steps(uint32_t nr)
{
	if (nr > HELPER_MAX || rows[nr] == 0)
		return 0;
	return isa_helpers[rows[nr] - 1].steps;
}

const struct isa_helper *isa_helper(uint32_t nr, uint32_t type, bool *exists)
{
	const struct isa_helper *h;

	*exists = nr <= HELPER_MAX && rows[nr] != 0;
	if (!*exists)
		return NULL;
	h = &isa_helpers[rows[nr] - 1];
	return (h->types >> type & 1) != 0 ? h : NULL;
}
