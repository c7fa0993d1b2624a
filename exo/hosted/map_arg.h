/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map as the command line defines it.
 */
#ifndef EXO_HOSTED_MAP_ARG_H
#define EXO_HOSTED_MAP_ARG_H

#include "exo/abi/map.h"

#include <stdbool.h>

struct cmd;

/** Read "KIND KEY VALUE ENTRIES [rdonly|wronly]", blanks or commas between:
 * "array 4 48 1". False when it is none; *out is not set then. */
bool cmd_map_arg(const char *text, struct exo_map_def *out);

/** Take the value of --map as one more of *n maps, at most EXO_WORLD_MAPS.
 * Returns 0, or CMD_FAULT after saying what is wrong. */
int cmd_map_take(const struct cmd *self, const char *text,
    struct exo_map_def *maps, uint32_t *n);

/** What maps of a kind can do: bits EXO_MAP_LOOKUP ... of exo/abi/map.h. */
uint32_t cmd_map_can(uint32_t kind);

/** Write the same; buf has CMD_MAP_TEXT bytes. */
#define CMD_MAP_TEXT 96u
const char *cmd_map_text(const struct exo_map_def *def, char *buf);

#endif
