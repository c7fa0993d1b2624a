/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that a long run minds: flags that handlers raise.
 *
 * SIGINT, SIGTERM and SIGHUP ask to stop; a second one asks to hurry, which
 * also ends writes that block. SIGUSR1 asks for the totals so far.
 */
#ifndef EXO_HOSTED_SIGNALS_H
#define EXO_HOSTED_SIGNALS_H

#include <signal.h>

extern volatile sig_atomic_t cmd_signal_stop;   /* number of the first, or 0 */
extern volatile sig_atomic_t cmd_signal_hurry;  /* not 0 from the second on */
extern volatile sig_atomic_t cmd_signal_report; /* the runner clears it */

/** Install the handlers; SIGXFSZ is ignored, so that it is a failed write.
 * A signal that was ignored when we started (nohup) stays ignored. */
void cmd_signals_catch(void);

#endif
