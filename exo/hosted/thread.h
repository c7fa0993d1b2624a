/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of the tool: helpers of the first one, which alone minds signals.
 */
#ifndef EXO_HOSTED_THREAD_H
#define EXO_HOSTED_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/** How many processors this process may use; 1 at least. */
int cmd_processors(void);

/** Start a thread that gets no signals but those that are faults. False when
 * there can be none; who asked does the work itself then. */
bool cmd_thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
