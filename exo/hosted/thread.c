/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of the tool: see thread.h. */
#include "exo/hosted/thread.h"

#include <sched.h>
#include <signal.h>

int cmd_processors(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
	                                                    : 1;
}

bool cmd_thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGSEGV);
	if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
		return false;
	rc = pthread_create(thread, NULL, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc == 0;
}
