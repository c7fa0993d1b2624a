/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that read objects share. */
#ifndef FLT_ELF_INT_H
#define FLT_ELF_INT_H

#include "filters/elf.h"

#define FLT_LEGACY_MAPS 256u
#define FLT_LEGACY_NAME ".data.maps" /* what libbpf takes the section for */

struct flt_legacy_map {
	uint32_t off; /* of its structure, in the section */
	char name[FLT_ELF_NAME];
};

/** An object whose maps are structures, as it is shown to libbpf. */
struct flt_legacy {
	uint8_t *bytes; /* free() it */
	size_t size;
	uint32_t n;
	struct flt_legacy_map map[FLT_LEGACY_MAPS];
};

/** Whether an object, any bytes, has maps of that kind: 1, then *out is written;
 * 0, or -1: out of memory. */
int flt_elf_legacy(const void *bytes, size_t size, struct flt_legacy *out);

#define FLT_SLOT_RELS EXO_TAILS_MAX

/** A place in the section ".maps" that is to name a function. */
struct flt_slot_rel {
	uint32_t off;
	char function[FLT_ELF_NAME];
};

struct flt_slot_rels {
	uint8_t *bytes; /* the object without them; free() it */
	uint32_t n;
	struct flt_slot_rel rel[FLT_SLOT_RELS];
};

/** Whether an object, any bytes, declares what is in slots: 1, then *out is
 * written; 0; -1: out of memory; -2: more than FLT_SLOT_RELS are declared. */
int flt_elf_slots(const void *bytes, size_t size, struct flt_slot_rels *out);

/** flt_elf_read() in this process, which libbpf may not survive. On failure *out
 * is empty. */
int flt_elf_read_here(
    const void *bytes, size_t size, struct flt_elf *out, struct flt_error *err);

#endif
