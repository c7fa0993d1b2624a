/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image parser: the door through which every program comes.
 */
#ifndef EXO_CORE_IMAGE_H
#define EXO_CORE_IMAGE_H

#include <stdint.h>

#include "exo/abi/image.h"
#include "exo/abi/insn.h"
#include "exo/abi/map.h"
#include "verifier/verifier.h"

/** What an image holds; pointers into the image's own bytes. */
struct exo_image {
	const struct exo_insn *insns;   /* of all programs */
	const char *name;               /* not terminated; NULL when absent */
	const uint8_t *source;          /* NULL when absent */
	const struct exo_map_def *maps; /* NULL when absent; any numbers */
	const uint8_t *init; /* NULL when absent; exo_image_init_next() */
	const struct exo_image_line *lines; /* NULL when absent; texts inside */
	const char *texts; /* NULL when absent; ends in a NUL */
	const struct exo_image_field *fields; /* NULL when absent */
	const struct exo_image_tail *tails;   /* NULL when absent */
	uint32_t ninsns;                      /* of the first program */
	uint32_t total;                       /* of all */
	uint32_t type;                        /* enum exo_prog_type */
	uint32_t name_len;
	uint32_t source_len;
	uint32_t nmaps;
	uint32_t init_len;
	uint32_t nlines;
	uint32_t texts_len;
	uint32_t nfields;
	uint32_t ntails;
};

/**
 * Take an image apart. `bytes` is 8-byte aligned memory that nobody else
 * writes, and outlives *out.
 * Returns 0 or -EXO_EIMAGE with *bad the offset of the first wrong byte.
 */
int exo_image_parse(const uint8_t *bytes, uint32_t u_size,
    struct exo_image *out, uint32_t *bad);

/** One after the other, what is in a parsed image's maps from the start: *at is
 * 0 first. Returns the bytes, or NULL at the end. */
const uint8_t *exo_image_init_next(
    const struct exo_image *img, uint32_t *at, uint32_t *map, uint32_t *size);

/** Instructions of the program that a row of tails is about: insns[row.insn] and
 * those that follow it. */
uint32_t exo_image_tail_size(const struct exo_image *img, uint32_t row);

/** The values of maps that programs may only read and that hold from the start
 * what they always will: exo_world_begin() has them stay so. out has room for
 * EXO_MAPS_MAX. Returns how many. */
uint32_t exo_image_consts(const struct exo_image *img, struct vf_const *out);

#endif
