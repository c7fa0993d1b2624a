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
};
#define EXO_SEC_KIND_MAX 7

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

struct exo_image_section {
	uint32_t kind; /* enum exo_section_kind */
	uint32_t off;  /* bytes from the start of the image */
	uint32_t size; /* bytes */
	uint32_t zero; /* must be 0 */
};
_Static_assert(sizeof(struct exo_image_section) == 16, "wire format");

#endif
