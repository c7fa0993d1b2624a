/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's memory, for what is under test. */
#ifndef TESTS_SUPPORT_MEM_H
#define TESTS_SUPPORT_MEM_H

#include <stdint.h>
#include <stdlib.h>

#include "exo/lib/arena.h"

static inline void *mem_get(void *ctx, size_t size)
{
	uint64_t *held = ctx;
	void *p = malloc(size);

	if (held != NULL && p != NULL)
		*held += size;
	return p;
}

static inline void mem_put(void *ctx, void *p, size_t size)
{
	uint64_t *held = ctx;

	if (held != NULL)
		*held -= size;
	free(p);
}

/** Memory without a limit; *held (or NULL) counts the bytes that are out. */
static inline struct exo_mem mem_heap(uint64_t *held)
{
	return (struct exo_mem){ .get = mem_get, .put = mem_put, .ctx = held };
}

#endif
