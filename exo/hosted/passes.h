/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value of --jit-passes.
 */
#ifndef EXO_HOSTED_PASSES_H
#define EXO_HOSTED_PASSES_H

#include <stdint.h>

struct cmd;

/**
 * Read a list of passes with commas between: names, "all", "none"; -NAME takes
 * one away, from all when it comes first. *without gets the bits of those that
 * are left out. Returns 0, or CMD_FAULT after naming what there is.
 */
int cmd_passes(const struct cmd *self, const char *text, uint32_t *without);

#endif
