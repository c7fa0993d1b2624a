/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A progress bar on standard error, where that is a terminal.
 */
#ifndef EXO_HOSTED_PROGRESS_H
#define EXO_HOSTED_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cmd_progress {
	bool on;
	bool shown;        /* the line is on the screen */
	uint64_t start_ns; /* of the run */
	uint64_t next_ns;  /* not drawn again before that */
};

/** Begin; wanted is false where the user wants none. */
void cmd_progress_init(struct cmd_progress *p, bool wanted);

/** Draw, ten times a second at most. total 0: not known. */
void cmd_progress_draw(
    struct cmd_progress *p, uint64_t done, uint64_t total, uint64_t packets);

/** Take the line off the screen, before anything else is printed there. */
void cmd_progress_clear(struct cmd_progress *p);

#endif
