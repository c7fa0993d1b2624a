/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzer: programs of environments, of any bytes. Segments lie in the file and among an
 * environment's addresses, no two on a page, none to be both written and executed. */
#include <stdlib.h>

#include "exo/bare/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int cond)
{
	if (!cond)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t total = 0;
	struct elf e;

	if (elf_read(data, size, &e) != 0)
		return 0;
	need(e.entry >= ELF_FROM && e.entry < ELF_TO && e.n <= ELF_SEGMENTS);
	for (uint32_t i = 0; i < e.n; i++) {
		const struct elf_segment *s = &e.segment[i];

		need(s->in_mem > 0 && s->in_file <= s->in_mem);
		need(s->in_mem <= ELF_MOST && s->off <= size);
		need(s->in_file <= size - s->off);
		need(s->va >= ELF_FROM && s->va + s->in_mem <= ELF_TO);
		need(!(s->write && s->execute));
		total += s->in_mem;
		for (uint32_t k = 0; k < i; k++) {
			const struct elf_segment *o = &e.segment[k];

			need((s->va + s->in_mem - 1) / ELF_PAGE <
			         o->va / ELF_PAGE ||
			     (o->va + o->in_mem - 1) / ELF_PAGE <
			         s->va / ELF_PAGE);
		}
	}
	need(total <= ELF_MOST);
	return 0;
}
