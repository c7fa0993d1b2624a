/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that a long run minds.
 */
#include "exo/hosted/signals.h"

#include <string.h>

volatile sig_atomic_t cmd_signal_stop;
volatile sig_atomic_t cmd_signal_hurry;
volatile sig_atomic_t cmd_signal_report;
volatile sig_atomic_t cmd_signal_fatal;

/* The signal is blocked while its handler runs: it strikes on return. */
static void end_by(int number)
{
	signal(number, SIG_DFL);
	raise(number);
}

static void on_stop(int number)
{
	int count = cmd_signal_stop != 0 ? 2 : 1;

	if (count == 2)
		cmd_signal_hurry = 1;
	else
		cmd_signal_stop = number;
	if (cmd_signal_fatal != 0 && count >= cmd_signal_fatal)
		end_by(number);
}

static void on_report(int number)
{
	(void)number;
	cmd_signal_report = 1;
}

/* Without SA_RESTART: a read that waits for input must notice. */
static void catch_one(int number, void (*handler)(int))
{
	struct sigaction sa, old;

	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sigemptyset(&sa.sa_mask);
	sigaction(number, &sa, NULL);
}

void cmd_signals_catch(void)
{
	catch_one(SIGINT, on_stop);
	catch_one(SIGTERM, on_stop);
	catch_one(SIGHUP, on_stop);
	catch_one(SIGUSR1, on_report);
	signal(SIGXFSZ, SIG_IGN);
}
