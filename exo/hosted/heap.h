/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process's heap as memory that the core's parts are charged to.
 */
#ifndef EXO_HOSTED_HEAP_H
#define EXO_HOSTED_HEAP_H

#include "exo/lib/arena.h"

/** malloc() and free(), without a limit. */
struct exo_mem cmd_heap(void);

#endif
