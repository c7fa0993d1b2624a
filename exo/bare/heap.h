/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's memory: pieces of 64 to 2,048 bytes in frames of one size each, what
 * is larger in runs of frames. It is what plat_alloc() gives.
 */
#ifndef EXO_BARE_HEAP_H
#define EXO_BARE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/** size bytes, aligned to 64, contents undefined; NULL: no frames. */
void *heap_get(size_t size);

/** Take back what heap_get() gave, with the same size. */
void heap_put(void *p, size_t size);

/** Bytes that are given out, by the sizes that were asked for. */
uint64_t heap_used(void);

#endif
