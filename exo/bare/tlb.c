/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor's own: see tlb.h. */
#include "exo/bare/tlb.h"

#include "exo/bare/x86.h"

bool tlb_uses(uint64_t root)
{
	return x86_cr3() == root;
}

void tlb_forget(uint64_t va)
{
	x86_invlpg(va);
}

void tlb_forget_all(void)
{
	x86_set_cr3(x86_cr3());
}
