/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program of an environment is made of: see rt.h. */
#include "libos-net/rt/rt.h"

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *p = to;

	__asm__ volatile("rep movsb"
	                 : "+D"(p), "+S"(from), "+c"(n)
	                 :
	                 : "memory");
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	void *p = to;

	__asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(byte) : "memory");
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

__attribute__((weak)) void lnet_on_fault(struct exo_frame *f)
{
	lnet_quit(100 + f->vector);
}

__attribute__((weak)) void lnet_on_exception(struct exo_frame *f)
{
	lnet_quit(100 + f->vector);
}

__attribute__((weak)) void lnet_on_packet(struct exo_frame *f)
{
	(void)f;
}

_Noreturn void lnet_exit(uint64_t status)
{
	lnet_quit(status);
}

void lnet_upcalls(struct exo_pe *pe, void *stack, uint64_t size)
{
	pe->stack_from = (uintptr_t)stack;
	pe->stack_to = ((uintptr_t)stack + size) & ~(uintptr_t)15;
	pe->entry_fault = (uintptr_t)lnet_enter_fault;
	pe->entry_exception = (uintptr_t)lnet_enter_exception;
	pe->entry_packet = (uintptr_t)lnet_enter_packet;
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
