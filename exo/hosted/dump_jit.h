/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stage jit of `exopf dump`: a program with its machine code.
 */
#ifndef EXO_HOSTED_DUMP_JIT_H
#define EXO_HOSTED_DUMP_JIT_H

#include "exo/hosted/compile.h"
#include "exo/hosted/json.h"
#include "exo/hosted/source.h"
#include "filters/filters.h"

struct dump_jit;

/** Take a program that was compiled, its instructions, and what they were made
 * from, which all must outlive it. NULL: out of memory. */
struct dump_jit *dump_jit_new(const struct cmd_compiled *c,
    const struct flt_code *code, const struct cmd_source *source);

void dump_jit_free(struct dump_jit *l);

/** Print the instructions in the order of the code, each above its machine
 * code; then the tables, then which instructions have none. */
void dump_jit_text(struct dump_jit *l);

/** Write the same as member "jit" of the object that is open. */
void dump_jit_json(struct cmd_json *j, const struct dump_jit *l);

/** Print the machine code as hexadecimal, tables included. */
void dump_jit_hex(const struct dump_jit *l);

#endif
