/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf verify --batch`: many programs judged, one a line.
 */
#ifndef EXO_HOSTED_BATCH_H
#define EXO_HOSTED_BATCH_H

#include "verifier/verifier.h"

struct cmd_batch {
	const char *path;        /* "-" is standard input */
	bool unprivileged;       /* every line is judged as unprivileged */
	struct vf_limits limits; /* for each program */
};

/**
 * Judge the program of every line (exo/hosted/batch_line.h) and print a line
 * about each to standard output, in order, each as soon as it is known.
 * Returns the exit status: 0 every line held a program, accepted or refused;
 * CMD_FAULT one did not, or reading or writing failed; 128 + n signal n
 * ended it, after a whole line.
 */
int cmd_batch(const struct cmd_batch *how);

#endif
