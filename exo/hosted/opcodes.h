/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of all instructions: `exopf dump --opcodes`.
 */
#ifndef EXO_HOSTED_OPCODES_H
#define EXO_HOSTED_OPCODES_H

/** Print it as one JSON document, schema exopf.opcodes/1. */
void cmd_opcodes_json(void);

/** Print it aligned. Returns how to exit. */
int cmd_opcodes_text(void);

#endif
