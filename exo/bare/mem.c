/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory functions that a compiler may call, of the kernel and of programs in
 * ring 3 alike, by the string instructions; words first: an emulated machine takes as
 * long for each round as for an instruction.
 */
#include "exo/lib/mem.h"

#include <stdint.h>

#undef memcpy
#undef memmove
#undef memset
#undef memcmp

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *p = to;
	size_t words = n / 8, rest = n % 8;

	__asm__ volatile("rep movsq"
	                 : "+D"(p), "+S"(from), "+c"(words)
	                 :
	                 : "memory");
	__asm__ volatile("rep movsb"
	                 : "+D"(p), "+S"(from), "+c"(rest)
	                 :
	                 : "memory");
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	void *p = to;
	size_t words = n / 8, rest = n % 8;
	uint64_t all = (uint8_t)byte * UINT64_C(0x0101010101010101);

	__asm__ volatile("rep stosq"
	                 : "+D"(p), "+c"(words)
	                 : "a"(all)
	                 : "memory");
	__asm__ volatile("rep stosb"
	                 : "+D"(p), "+c"(rest)
	                 : "a"(all)
	                 : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *last = (uint8_t *)to + n;
	const uint8_t *end = (const uint8_t *)from + n;

	if ((uintptr_t)to - (uintptr_t)from >= n)
		return memcpy(to, from, n);
	while (n-- > 0)
		*--last = *--end;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}
