/* SPDX-License-Identifier: BSD-2-Clause */
/* The process's heap: see heap.h. */
#include "exo/hosted/heap.h"

#include <stdlib.h>

static void *get(void *ctx, size_t size)
{
	(void)ctx;
	return malloc(size);
}

static void put(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

struct exo_mem cmd_heap(void)
{
	return (struct exo_mem){ .get = get, .put = put };
}
