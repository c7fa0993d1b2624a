/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine code as text.
 *
 * Overview: cmd_machine_new() decodes all of it once, to find the places that
 * it jumps to or takes the address of; they are labels, numbered from 1 in the
 * order of the code. The text is then made instruction by instruction. Nothing
 * in it depends on where the code lies. Decoded by Zydis, which only
 * machine.c knows.
 */
#ifndef EXO_HOSTED_MACHINE_H
#define EXO_HOSTED_MACHINE_H

#include <stddef.h>
#include <stdint.h>

struct cmd_machine;

/** The version of what decodes, such as "Zydis 4.0.0". */
const char *cmd_machine_version(char buf[32]);

/** Size of a buffer that holds the text of any instruction. */
#define CMD_MACHINE_TEXT 128u

/** Look at size bytes of code, of which those from `data` on are tables.
 * code must outlive it. NULL: out of memory. */
struct cmd_machine *cmd_machine_new(
    const uint8_t *code, uint32_t size, uint32_t data);

void cmd_machine_free(struct cmd_machine *m);

/** Write the text of the instruction at an offset below `data`. Returns its
 * bytes, 1 or more. */
uint32_t cmd_machine_text(
    const struct cmd_machine *m, uint32_t off, char buf[CMD_MACHINE_TEXT]);

/** The label at an offset; 0: nothing leads there. */
uint32_t cmd_machine_label(const struct cmd_machine *m, uint32_t off);

#endif
