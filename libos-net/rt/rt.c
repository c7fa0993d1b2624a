/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program of an environment is made of: see rt.h. */
#include "libos-net/rt/rt.h"

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

__attribute__((weak)) void lnet_on_end(struct exo_frame *f)
{
	(void)f;
	(void)lnet_yield();
}

__attribute__((weak)) void lnet_on_revoke(struct exo_frame *f)
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
