/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs into environments: a frame for each page of a segment. */
#include "exo/bare/env.h"

#include "exo/abi/err.h"
#include "exo/bare/elf.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/lib/mem.h"

_Static_assert(ELF_PAGE == FRAME_SIZE, "a page is a frame");

static uint64_t bits_of(const struct elf_segment *s)
{
	return PT_PRESENT | PT_USER | (s->write ? PT_WRITE : 0) |
	       (s->execute ? 0 : PT_NX);
}

/* All that elf_read() said of it is so. */
static int load_segment(
    struct plat_env *e, const uint8_t *elf, const struct elf_segment *s)
{
	uint64_t page = s->va / FRAME_SIZE * FRAME_SIZE,
	         end = s->va + s->in_mem;

	for (; page < end; page += FRAME_SIZE) {
		uint64_t from = page > s->va ? page : s->va;
		uint64_t to = page + FRAME_SIZE;
		uint64_t data = s->va + s->in_file;

		if (!env_map_new(e, page, bits_of(s)))
			return -EXO_ENOMEM;
		to = to < data ? to : data;
		if (from < to)
			memcpy(env_at_user(e, from, false),
			    elf + s->off + (from - s->va), to - from);
	}
	return 0;
}

int elf_load(
    struct plat_env *e, const uint8_t *u_elf, uint64_t size, uint64_t *entry)
{
	struct elf elf;
	int err = elf_read(u_elf, size, &elf);

	for (uint32_t i = 0; err == 0 && i < elf.n; i++)
		err = load_segment(e, u_elf, &elf.segment[i]);
	*entry = elf.entry;
	return err;
}
