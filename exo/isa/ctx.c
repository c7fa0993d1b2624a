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
#define EXO_CTX_FIELD(type, name, off, size, kind, access) ROW_##type##_##name,
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
	ROWS
};

/* Where a field is kept; of use for the kinds that are. */
#define OWN_DATA(name)      0
#define OWN_DATA_END(name)  0
#define OWN_DATA_META(name) 0
#define OWN_LEN(name)       0
#define OWN_PROTOCOL(name)  0
#define OWN_IFINDEX(name)   0
#define OWN_ZERO(name)      0
#define OWN_SCRATCH(name)   offsetof(struct exo_ctx_own, name)
#define OWN_KEPT(name)      offsetof(struct exo_ctx_own, name)
#define OWN_KEPT16(name)    offsetof(struct exo_ctx_own, name)

static const struct exo_ctx_field fields[] = {
#define EXO_CTX_FIELD(type, name, off, size, kind, access)              \
	{ EXO_PROG_##type, off, size, EXO_CTX_##kind, EXO_CTX_##access, \
		OWN_##kind(name) },
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
};

/* The look-up reaches further than there are types and words: one compare
 * then tells that both are in the table. */
#define TYPES 8u
#define WORDS 64u
_Static_assert(EXO_PROG_TYPE_MAX < TYPES && EXO_SK_BUFF_SIZE <= 4 * WORDS,
    "words[][] has room for all");

/* The row of the field that starts at a word, plus 1; 0: none does, or it is
 * cb[], which scratch() knows. */
static const uint8_t words[TYPES][WORDS] = {
#define EXO_CTX_FIELD(type, name, off, size, kind, access) \
	[EXO_PROG_##type][(off) / 4] =                     \
	    EXO_CTX_##access != EXO_CTX_ANY_RW ? ROW_##type##_##name + 1 : 0,
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
};
_Static_assert(ROWS < 255, "a row number fits words[][]");

/* What the look-up takes for granted. */
#define EXO_CTX_FIELD(type, name, off, size, kind, access)              \
	_Static_assert((off) % 4 == 0, "fields start at words");        \
	_Static_assert(                                                 \
	    EXO_CTX_##access != EXO_CTX_ANY_RW ||                       \
	        ((off) == EXO_SKB_CB_OFF && (size) == EXO_SKB_CB_SIZE), \
	    "cb[] is the one field of many words");                     \
	_Static_assert((EXO_CTX_##access != EXO_CTX_NARROW &&           \
	                   EXO_CTX_##access != EXO_CTX_NARROW_RW) ||    \
	                   (size) == 4,                                 \
	    "fields that are read in part are words");
#include "exo/abi/ctx.inc"
#undef EXO_CTX_FIELD
_Static_assert(EXO_SKB_CB_OFF % 8 == 0 &&
                   sizeof(((struct exo_ctx_own *)0)->cb) == EXO_SKB_CB_SIZE,
    "cb[] is aligned, and kept whole");

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

/* cb[], when the access lies in it; size is 1, 2, 4 or 8 and off aligned. */
static const struct exo_ctx_field *scratch(
    uint32_t type, uint32_t off, uint32_t size)
{
	if (off < EXO_SKB_CB_OFF ||
	    off - EXO_SKB_CB_OFF > EXO_SKB_CB_SIZE - size)
		return NULL;
	if (type == EXO_PROG_SOCKET)
		return &fields[ROW_SOCKET_cb];
	return type == EXO_PROG_TC ? &fields[ROW_TC_cb] : NULL;
}

const struct exo_ctx_field *isa_ctx_field(
    uint32_t type, uint32_t off, uint32_t size)
{
	const struct exo_ctx_field *f = NULL;
	unsigned r;

	if ((type | off / (4 * WORDS / TYPES)) >= TYPES)
		return NULL;
	r = words[type][off / 4];
	if (r != 0) {
		f = &fields[r - 1];
		if (off == f->off && size == f->size)
			return f;
	}
	if (size == 0 || size > 8 || (size & (size - 1)) != 0 ||
	    (off & (size - 1)) != 0)
		return NULL;
	if (f == NULL)
		return scratch(type, off, size);
	return size < f->size && (f->access == EXO_CTX_NARROW ||
	                             f->access == EXO_CTX_NARROW_RW)
	           ? f
	           : NULL;
}
