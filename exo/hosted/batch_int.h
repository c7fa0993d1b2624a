/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that read lines of a batch share.
 */
#ifndef EXO_HOSTED_BATCH_INT_H
#define EXO_HOSTED_BATCH_INT_H

#include "exo/hosted/batch_line.h"

#include <jansson.h>

/** Say what is wrong with the line. Returns false. */
bool cmd_batch_bad(struct cmd_batch_line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** The member of an object, or NULL: absent, or null. */
json_t *cmd_batch_member(const json_t *object, const char *key);

/**
 * Get a number of an object that is whole and in [0, max]. what names the
 * object in messages. Returns false after cmd_batch_bad(), also when it is
 * absent; for one that may be, ask cmd_batch_member() first.
 */
bool cmd_batch_number(struct cmd_batch_line *line, const json_t *object,
    const char *what, const char *key, uint32_t max, uint32_t *out);

/** Take maps and map_defs of the object: fill line->maps, and make the
 * program's references to maps indices of it. False after cmd_batch_bad(). */
bool cmd_batch_maps(struct cmd_batch_line *line, const json_t *root);

#endif
