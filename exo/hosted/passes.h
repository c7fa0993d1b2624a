/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value of --jit-passes.
 */
#ifndef EXO_HOSTED_PASSES_H
#define EXO_HOSTED_PASSES_H

#include <stdint.h>

struct cmd;

/** How programs are compiled. */
struct cmd_jit {
	uint32_t without; /* passes that are left out */
	uint32_t harden;  /* enum exo_harden */
};

/** Read a list of hardenings, "blind" and "fence", or "none". Returns 0, or
 * CMD_FAULT after naming what there is. */
int cmd_harden(const struct cmd *self, const char *text, struct cmd_jit *jit);

/**
 * Read a list of passes with commas between: names, "all", "none"; -NAME takes
 * one away, from all when it comes first. jit->without gets the bits of those that
 * are left out. Returns 0, or CMD_FAULT after naming what there is.
 */
int cmd_passes(const struct cmd *self, const char *text, struct cmd_jit *jit);

#endif
