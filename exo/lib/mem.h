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

/* Freestanding compilers make them plain calls; a load of two bytes must not
 * be one. Hosted code has its own string.h, which knows that by itself. */
#if __STDC_HOSTED__ == 0
#define memcpy(to, from, n)  __builtin_memcpy((to), (from), (n))
#define memmove(to, from, n) __builtin_memmove((to), (from), (n))
#define memset(to, byte, n)  __builtin_memset((to), (byte), (n))
#define memcmp(a, b, n)      __builtin_memcmp((a), (b), (n))
#endif

#endif
