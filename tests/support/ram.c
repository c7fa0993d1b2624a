/* SPDX-License-Identifier: BSD-2-Clause */
/* RAM of a bare machine in a process: see ram.h. */
#include "tests/support/ram.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "exo/bare/paging.h"
#include "exo/lib/bug.h"

#define PAGE 4096u

const uint8_t kernel_text[1], kernel_rodata[1], kernel_data[1], kernel_end[1];

void ram_new(uint64_t size)
{
	void *at = paging_direct(0);

	exo_assert(mmap(at, size, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
	                   MAP_FIXED_NOREPLACE,
	               -1, 0) == at &&
	           madvise(at, size, MADV_NOHUGEPAGE) == 0);
}

void ram_free(uint64_t size)
{
	(void)munmap(paging_direct(0), size);
}

uint64_t ram_touched(uint64_t size)
{
	uint64_t n = size / PAGE, touched = 0;
	unsigned char *in = malloc(n);

	exo_assert(in != NULL && mincore(paging_direct(0), size, in) == 0);
	for (uint64_t i = 0; i < n; i++)
		touched += in[i] & 1u;
	free(in);
	return touched;
}
