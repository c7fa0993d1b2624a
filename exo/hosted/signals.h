/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that a long run minds: flags that handlers raise.
 *
 * SIGINT, SIGTERM and SIGHUP ask to stop; a second one asks to hurry, which
 * also ends writes that block. SIGUSR1 asks for the totals so far.
 *
 * libpcap asks nobody while it compiles, for minutes if a filter is large.
 * Whoever calls it says first how many signals the process may outlive.
 */
#ifndef EXO_HOSTED_SIGNALS_H
#define EXO_HOSTED_SIGNALS_H

#include <signal.h>

extern volatile sig_atomic_t cmd_signal_stop;   /* number of the first, or 0 */
extern volatile sig_atomic_t cmd_signal_hurry;  /* not 0 from the second on */
extern volatile sig_atomic_t cmd_signal_report; /* the runner clears it */

/** The process ends at once by the signal of this number: 1, the first; 0:
 * by none, for somebody looks at the flags. Reset it to 0 when done. */
extern volatile sig_atomic_t cmd_signal_fatal;

/**
 * The schema of the object that a process ended like that prints, or NULL for
 * none. It is all that is told of the run, with a line on standard error.
 */
extern const char *volatile cmd_signal_schema;

/** Install the handlers; SIGXFSZ is ignored, so that it is a failed write.
 * A signal that was ignored when we started (nohup) stays ignored. */
void cmd_signals_catch(void);

#endif
