/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that compilers make for BPF: their programs and maps, as libbpf puts
 * them together.
 */
#ifndef FLT_ELF_H
#define FLT_ELF_H

#include "filters/filters.h"

#define FLT_ELF_MAX    (16u << 20) /* bytes of an object */
#define FLT_ELF_MAPS   1024u       /* that a program may choose from */
#define FLT_ELF_TEXTS  (4u << 20)  /* bytes of a program's lines and files */
#define FLT_ELF_FIELDS 4096u       /* of a map; no more are told */
#define FLT_ELF_NAME   128u /* of a name, its end included: cut to that */

struct flt_elf_prog {
	char name[FLT_ELF_NAME];    /* of the function */
	char section[FLT_ELF_NAME]; /* SEC() */
	uint32_t type; /* enum exo_prog_type; 0: it is for no packets */
	struct exo_insn *insns; /* maps by index: EXO_LDDW_MAP_IDX ... */
	uint32_t n;
	struct exo_image_line *lines; /* where they come from, ascending */
	uint32_t nlines;              /* 0: it is not known */
	char *texts;                  /* of lines, the last byte a NUL */
	uint32_t ntexts;
};

struct flt_elf_map {
	char name[FLT_ELF_NAME];
	struct exo_map_def def; /* numbers as the object has them */
	uint8_t *init;          /* of element 0, ninit bytes; NULL: zeroes */
	uint32_t ninit;
	struct exo_image_field *fields; /* what it holds; map is 0 in them */
	uint32_t nfields;               /* 0: it is not known */
	char *texts;                    /* of fields, the last byte a NUL */
	uint32_t ntexts;
};

/** A slot of a program array and what is in it: indexes of the object's. */
struct flt_elf_tail {
	uint32_t map, slot, prog;
};

struct flt_elf {
	struct flt_elf_prog *progs;
	struct flt_elf_map *maps;
	struct flt_elf_tail *tails; /* as maps are declared */
	uint32_t nprogs, nmaps, ntails;
};

/**
 * Read an object: any bytes, in a process of its own. Functions that a program calls, global data, maps
 * in both ways of declaring them and relocations against the object's own types
 * are resolved. Nothing is asked of the kernel.
 * Returns 0, -EXO_EINVAL, -EXO_E2BIG or -EXO_ENOMEM with *err saying why.
 */
int flt_elf_read(
    const void *bytes, size_t size, struct flt_elf *out, struct flt_error *err);

void flt_elf_free(struct flt_elf *e);

/**
 * Write the image of a program, with the maps that it names and the programs that
 * are in slots of these, by their declaration or by `more`, which comes before
 * it; and theirs. Returns 0, -EXO_EINVAL, -EXO_E2BIG or -EXO_ENOMEM with *err.
 */
int flt_elf_image_with(const struct flt_elf *e, uint32_t prog,
    const struct flt_elf_tail *more, uint32_t nmore, struct flt_image *out,
    struct flt_error *err);

/** The same with nothing more. */
int flt_elf_image(const struct flt_elf *e, uint32_t prog, struct flt_image *out,
    struct flt_error *err);

#endif
