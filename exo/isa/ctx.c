/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Context structures: which bytes of them are fields.
 *
 * Overview: words[][] leads from a program type and a word of its structure
 * to the field that starts there, so a look-up costs two loads.
 */
#include "exo/abi/ctx.h"

#include <stddef.h>

#include "exo/isa/decode.h"

enum row {
#define EXO_CTX_FIELD(type, name, off, size, kind) ROW_##type##_##name,
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
	ROWS
};

static const struct exo_ctx_field fields[] = {
#define EXO_CTX_FIELD(type, name, off, size, kind) \
	{ EXO_PROG_##type, off, size, EXO_CTX_##kind },
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
};

#define WORDS (EXO_SK_BUFF_SIZE / 4)

/* The row of the field that starts at a word, plus 1; 0: none does. */
static const uint8_t words[EXO_PROG_TYPE_MAX + 1][WORDS] = {
#define EXO_CTX_FIELD(type, name, off, size, kind) \
	[EXO_PROG_##type][(off) / 4] = ROW_##type##_##name + 1,
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
};
_Static_assert(ROWS < 255, "a row number fits words[][]");

#define EXO_CTX_FIELD(type, name, off, size, kind) \
	_Static_assert((off) % 4 == 0, "fields start at words");
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD

uint32_t isa_ctx_size(uint32_t type)
{
	switch (type) {
	case EXO_PROG_XDP:
		return EXO_XDP_MD_SIZE;
	case EXO_PROG_SOCKET:
	case EXO_PROG_TC:
		return EXO_SK_BUFF_SIZE;
	default:
		return 0;
	}
}

/* The scratch field, when the access is aligned and lies in it. */
static const struct exo_ctx_field *scratch(
    uint32_t type, uint32_t off, uint32_t size)
{
	unsigned r = words[type][EXO_SKB_CB_OFF / 4];

	if (r == 0 || fields[r - 1].kind != EXO_CTX_SCRATCH)
		return NULL;
	if (size == 0 || size > 8 || (size & (size - 1)) != 0 ||
	    (off & (size - 1)) != 0)
		return NULL;
	if (off < EXO_SKB_CB_OFF || size > EXO_SKB_CB_SIZE ||
	    off - EXO_SKB_CB_OFF > EXO_SKB_CB_SIZE - size)
		return NULL;
	return &fields[r - 1];
}

const struct exo_ctx_field *isa_ctx_field(
    uint32_t type, uint32_t off, uint32_t size)
{
	unsigned r;

	if (type > EXO_PROG_TYPE_MAX || off >= isa_ctx_size(type))
		return NULL;
	r = words[type][off / 4];
	if (r != 0 && off % 4 == 0 && size == fields[r - 1].size &&
	    fields[r - 1].kind != EXO_CTX_SCRATCH)
		return &fields[r - 1];
	return scratch(type, off, size);
}
