/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter image: the flat bytes in which a front-end hands over a program.
 *
 * An image is a header, a table of sections and the sections' bytes. All
 * numbers are little-endian; sections start on 8-byte boundaries, lie inside
 * the image in the order of the table, do not overlap and occur at most once each. The kernel copies an
 * image once and trusts no byte of it (exo/core/image.c is the parser).
 */
#ifndef EXO_ABI_IMAGE_H
#define EXO_ABI_IMAGE_H

#include <stdint.h>

#define EXO_IMAGE_MAGIC   0x46504f58u /* "XOPF" */
#define EXO_IMAGE_VERSION 1u
#define EXO_IMAGE_MAX     (16u << 20) /* bytes of a whole image */
#define EXO_INSNS_MAX     1000000u    /* instructions in one program */
#define EXO_NAME_MAX      64u         /* bytes of a program's name */

struct exo_image_hdr {
	uint32_t magic;
	uint16_t version;
	uint16_t type;      /* enum exo_prog_type */
	uint32_t size;      /* bytes of the whole image, header included */
	uint16_t nsections; /* rows of the table that follows */
	uint16_t flags;     /* must be 0 */
};
_Static_assert(sizeof(struct exo_image_hdr) == 16, "wire format");

enum exo_section_kind {
	EXO_SEC_INSNS = 1,  /* struct exo_insn[]; the only required section */
	EXO_SEC_NAME = 2,   /* printable ASCII without NUL, EXO_NAME_MAX */
	EXO_SEC_SOURCE = 3, /* the text it was made from; any bytes */
	EXO_SEC_MAPS = 4,   /* struct exo_map_def[], which the program names
	                       by index; EXO_MAPS_MAX */
	EXO_SEC_INIT = 5,   /* what is in maps from the start */
	EXO_SEC_LINES = 6,  /* struct exo_image_line[], instructions ascend */
	EXO_SEC_TEXTS = 7,  /* what they say, each text with a NUL behind it;
	                       any other bytes */
	EXO_SEC_FIELDS = 8, /* struct exo_image_field[]: what maps hold */
	EXO_SEC_TAILS = 9,  /* struct exo_image_tail[]: programs for tail calls;
	                       EXO_TAILS_MAX */
};
#define EXO_SEC_KIND_MAX 9

/** EXO_SEC_INIT is some of these, each with its bytes behind it, padded to 8:
 * the first bytes of the value of element 0 of an array. Maps ascend. */
struct exo_image_init {
	uint32_t map;  /* index */
	uint32_t size; /* bytes, at least 1 and EXO_MAP_VALUE_MAX at most */
};
_Static_assert(sizeof(struct exo_image_init) == 8, "wire format");

/** From this instruction on, the program was made from this line of a file. The
 * two texts are offsets into EXO_SEC_TEXTS; place has Linux's form, 22 bits of
 * line above 10 of column, both from 1, 0: not known (linux/bpf.h, struct
 * bpf_line_info). */
struct exo_image_line {
	uint32_t insn;
	uint32_t file; /* its name */
	uint32_t text; /* of the line */
	uint32_t place;
};
_Static_assert(sizeof(struct exo_image_line) == 16, "wire format");

/** Of a map, its key or its value: what the bytes mean. */
enum exo_field_kind {
	EXO_FIELD_UNSIGNED = 1, /* 64 bits at most */
	EXO_FIELD_SIGNED = 2,
	EXO_FIELD_BOOL = 3,
	EXO_FIELD_CHAR = 4,   /* of text, when there are several */
	EXO_FIELD_BYTES = 5,  /* of any other meaning */
	EXO_FIELD_STRUCT = 6, /* or union: the fields below it */
};
#define EXO_FIELD_KIND_MAX 6

/** Whose bytes a field describes. */
enum exo_field_of {
	EXO_FIELD_MAP = 0, /* none's: its name is that of the map */
	EXO_FIELD_KEY = 1,
	EXO_FIELD_VALUE = 2,
};
#define EXO_FIELD_DEPTH_MAX 8
#define EXO_FIELDS_MAX      16384u /* of all maps of an image */

/** A tree in the order of a walk: a field is part of the last one before it that
 * is less deep. First comes the map, at depth 0, then the roots of its key and
 * its value, at depth 1. Maps ascend. */
struct exo_image_field {
	uint32_t name;  /* offset into EXO_SEC_TEXTS */
	uint32_t off;   /* bits, from the start of what it is part of */
	uint32_t bits;  /* of one element; of a byte the lowest come first */
	uint32_t count; /* elements of an array, one after the other; 0: none */
	uint16_t map;
	uint8_t of;    /* enum exo_field_of */
	uint8_t kind;  /* enum exo_field_kind; of a map 0 */
	uint8_t depth; /* EXO_FIELD_DEPTH_MAX at most */
	uint8_t zero[3];
};
_Static_assert(sizeof(struct exo_image_field) == 24, "wire format");

/** From this instruction on up to that of another such row, or the end, there is
 * a program of its own, which is in a slot of a program array from the start. It
 * has the type and the maps of the first, which begins with instruction 0. Rows
 * ascend; a program has as many as slots it is in. Of two for one slot the later
 * counts. */
struct exo_image_tail {
	uint32_t insn; /* not 0 */
	uint32_t map;  /* a program array, by index */
	uint32_t slot; /* of it */
	uint32_t zero; /* must be 0 */
};
_Static_assert(sizeof(struct exo_image_tail) == 16, "wire format");
#define EXO_TAILS_MAX 256u

struct exo_image_section {
	uint32_t kind; /* enum exo_section_kind */
	uint32_t off;  /* bytes from the start of the image */
	uint32_t size; /* bytes */
	uint32_t zero; /* must be 0 */
};
_Static_assert(sizeof(struct exo_image_section) == 16, "wire format");

#endif
