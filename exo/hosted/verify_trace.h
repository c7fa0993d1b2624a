/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `exopf verify --trace`: every state that the verifier explores, as it comes.
 */
#ifndef EXO_HOSTED_VERIFY_TRACE_H
#define EXO_HOSTED_VERIFY_TRACE_H

#include "exo/hosted/why.h"

#include <stdio.h>

/** States that are printed unless --states says otherwise. */
#define CMD_TRACE_STATES 10000u

struct cmd_trace {
	FILE *out;
	bool json;     /* one object a line, schema exopf.trace/1 */
	uint64_t most; /* states to print; what follows is counted only */
};

/**
 * Verify *in and print the states. A signal to stop (signals.h), or a reader
 * that went away, ends the printing. *left_out: states that were not printed.
 * Returns what vf_verify() does.
 */
int cmd_verify_trace(const struct cmd_trace *t, const struct vf_input *in,
    const struct vf_limits *limits, struct exo_report *report,
    uint64_t *left_out);

#endif
