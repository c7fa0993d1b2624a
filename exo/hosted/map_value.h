/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a map's keys and values mean: bytes as JSON, by the fields of an image.
 */
#ifndef EXO_HOSTED_MAP_VALUE_H
#define EXO_HOSTED_MAP_VALUE_H

#include "exo/core/image.h"

#include <stdio.h>

/** The name of a map of a parsed image, or NULL. */
const char *cmd_map_name(const struct exo_image *img, uint32_t map);

/** Where the fields of a map's key or value begin, or CMD_MAP_UNKNOWN. */
#define CMD_MAP_UNKNOWN UINT32_MAX
uint32_t cmd_map_root(
    const struct exo_image *img, uint32_t map, enum exo_field_of of);

/**
 * Write n bytes, a key or a value of a map, as a JSON value: by its fields where
 * they are known, structures as objects, arrays of char as strings up to their
 * NUL, else as hexadecimal in a string. A field that its bytes have no room for
 * is null; what is behind the first CMD_MAP_PARTS is null or left out, names are
 * cut, so that no image makes much of little.
 */
#define CMD_MAP_PARTS 1000000u
void cmd_map_value(FILE *f, const struct exo_image *img, uint32_t root,
    const uint8_t *bytes, uint32_t n);

#endif
