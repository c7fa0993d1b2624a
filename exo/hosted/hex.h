/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes written as hexadecimal text.
 */
#ifndef EXO_HOSTED_HEX_H
#define EXO_HOSTED_HEX_H

#include <stddef.h>
#include <stdint.h>

/**
 * Turn hexadecimal text into bytes; white space may stand between digits, and
 * "0x" before each group of them. *bytes is the caller's to free() and
 * never NULL, not even for no bytes at all.
 * Returns 0, -EXO_ENOMEM, or -EXO_ESYNTAX with *where the place, from 0.
 */
int cmd_hex_parse(
    const char *text, size_t len, uint8_t **bytes, size_t *n, size_t *where);

#endif
