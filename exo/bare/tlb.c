/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor's own: see tlb.h. */
#include "exo/bare/tlb.h"

#include "exo/bare/x86.h"
#include "exo/lib/bug.h"

#define KEEP \
	(1ull << 63) /* in what CR3 is given; it is not there when it is read */
#define TAG ((uint64_t)TLB_TAGS - 1)

static struct {
	uint64_t keep, tag; /* what of these the processor takes */
	uint64_t kept;
} tlb;

/* An emulator may take CR4_PCIDE and not know what it is: what CPUID says counts. Pages
 * of the kernel's are forgotten by all tags at once only if they are none's. */
void tlb_init(const struct machine *m)
{
	if (!m->pcid || !m->pge)
		return;
	exo_assert((x86_cr3() & TAG) == TLB_KERNEL);
	x86_set_cr4(x86_cr4() | CR4_PCIDE);
	tlb.keep = KEEP;
	tlb.tag = TAG;
}

bool tlb_tagged(void)
{
	return tlb.keep != 0;
}

uint64_t tlb_word(uint64_t root, unsigned tag, bool keep)
{
	return root | (tag & tlb.tag) | (keep ? tlb.keep : 0);
}

/* At each switch from one environment to another. */
void tlb_use(uint64_t word)
{
	tlb.kept += word >> 63;
	x86_set_cr3(word);
}

bool tlb_uses(uint64_t root)
{
	return (x86_cr3() & ~TAG) == root;
}

/* Of this tag, and what is no tag's. */
void tlb_forget(uint64_t va)
{
	x86_invlpg(va);
}

void tlb_forget_all(void)
{
	x86_set_cr3(x86_cr3());
}

uint64_t tlb_kept(void)
{
	return tlb.kept;
}
