/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four memory functions that a C compiler may call by itself.
 *
 * Freestanding code has no string.h; the platform supplies the bodies.
 */
#ifndef EXO_LIB_MEM_H
#define EXO_LIB_MEM_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
