/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text file, packed or not, line by line in bounded memory.
 */
#ifndef EXO_HOSTED_BATCH_IN_H
#define EXO_HOSTED_BATCH_IN_H

#include <signal.h>
#include <stddef.h>

/** The longest line that is held, without its newline. */
#define CMD_LINE_MAX ((size_t)64 << 20)

struct cmd_lines;

enum cmd_line {
	CMD_LINE_FAULT = -1, /* reading failed; it has been said */
	CMD_LINE_END = 0,    /* there are no more, or *stop was raised */
	CMD_LINE_WHOLE,
	CMD_LINE_LONG, /* longer than CMD_LINE_MAX: passed over */
};

/**
 * Open a file; "-" is standard input. Packed ones (.gz .zst .lz4 .xz) are
 * known by their first bytes. Reading ends when *stop is not 0.
 * Returns NULL after saying why.
 */
struct cmd_lines *cmd_lines_open(
    const char *path, const volatile sig_atomic_t *stop);

/**
 * Get the next line: any bytes up to a newline, which is not part of it, or
 * up to the end of the file. *line lives until the next call.
 */
enum cmd_line cmd_lines_next(
    struct cmd_lines *in, const char **line, size_t *len);

/** Close and free; NULL is allowed. */
void cmd_lines_close(struct cmd_lines *in);

#endif
