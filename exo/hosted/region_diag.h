/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prose for texts that are no region: code and place as lines for people.
 */
#ifndef EXO_HOSTED_REGION_DIAG_H
#define EXO_HOSTED_REGION_DIAG_H

#include "exo/lib/fmt.h"
#include "exo/space/text.h"

/** One row of exo/space/text_errors.inc. */
struct cmd_region_diag {
	uint32_t code;
	const char *name;   /* "MIXED" */
	const char *what;   /* what is wrong */
	const char *advice; /* what to do */
};

/** The row at index i in the order of the table; NULL past its end. */
const struct cmd_region_diag *cmd_region_diag_at(uint32_t i);

/** The row of a code, or NULL. */
const struct cmd_region_diag *cmd_region_diag_find(uint32_t code);

/**
 * Append a refusal of sp_text_parse() of the text's len bytes, in lines without
 * a newline at the end: what is wrong, the part of the text, a mark below it,
 * what to do. Bytes that a terminal might obey are shown as '?'.
 */
void cmd_region_diag_write(struct exo_fmt *f, const char *text, uint32_t len,
    const struct sp_text_error *err);

#endif
