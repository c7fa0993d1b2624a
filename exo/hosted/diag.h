/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prose for refusals: the kernel's report of numbers as text for people.
 */
#ifndef EXO_HOSTED_DIAG_H
#define EXO_HOSTED_DIAG_H

#include "exo/abi/insn.h"
#include "exo/abi/report.h"
#include "exo/lib/fmt.h"

/** One row of verifier/diag.inc. */
struct cmd_diag {
	uint32_t code;
	const char *name;  /* "PKT_OOB" */
	const char *title; /* what is wrong */
	const char *hint;  /* what to do */
};

/** The row at index i in the order of the table; NULL past its end. */
const struct cmd_diag *cmd_diag_at(uint32_t i);

/** The row of a code, or NULL. */
const struct cmd_diag *cmd_diag_find(uint32_t code);

/** The meaning of an EXO_E* value (either sign): a row of exo/abi/err.inc. */
const char *cmd_diag_error(int err);

/** Append "VF401". */
void cmd_diag_code(struct exo_fmt *f, uint32_t code);

/**
 * Append what the blamed register held, with its range, in words; nothing
 * when the report blames none.
 */
void cmd_diag_register(struct exo_fmt *f, const struct exo_report *report);

/**
 * Append the whole refusal, in lines without a newline at the end: code and
 * title, the instruction, the register, where its value came from, the hint.
 * insns are the n instructions that were judged.
 */
void cmd_diag_write(struct exo_fmt *f, const struct exo_report *report,
    const struct exo_insn *insns, uint32_t n);

#endif
