/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sections of an ELF object that may be anything: each number of it is looked
 * at before it is used.
 */
#ifndef FLT_ELF_RAW_H
#define FLT_ELF_RAW_H

#include <elf.h>

#include "filters/elf_int.h"

/** An object, and where its sections and their names are. */
struct flt_raw {
	const uint8_t *bytes;
	size_t size;
	uint64_t at;    /* of the table of sections */
	uint32_t n;     /* sections */
	uint32_t names; /* the section that has their names */
	Elf64_Shdr name_sec;
};

/** Begin with bytes that outlive *o. False: they are no object of 64 bits, least
 * byte first, with a table of sections. */
bool flt_raw_read(struct flt_raw *o, const void *bytes, size_t size);

/** Whether n bytes at this offset are in the object. */
bool flt_raw_inside(const struct flt_raw *o, uint64_t at, uint64_t n);

/** A section, below o->n. What it says of where it is was not looked at. */
Elf64_Shdr flt_raw_section(const struct flt_raw *o, uint32_t i);

/** The first section with this name and type, or 0. */
uint32_t flt_raw_find(const struct flt_raw *o, const char *name, uint32_t type);

/** A text of a section of texts that is inside, or "". */
const char *flt_raw_text(
    const struct flt_raw *o, const Elf64_Shdr *of, uint64_t at);

/** The table of symbols and the section of their names. False: there is none, or
 * not inside. */
bool flt_raw_symbols(
    const struct flt_raw *o, Elf64_Shdr *table, Elf64_Shdr *names);

#endif
