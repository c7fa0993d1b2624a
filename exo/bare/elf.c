/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of environments as files: see elf.h. */
#include "exo/bare/elf.h"

#include "exo/abi/err.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"

#define EHDR    64u
#define PHDR    56u
#define PT_LOAD 1u
#define PF_X    1u
#define PF_W    2u

/* 1: one that is to be loaded; 0: another; -1: it is malformed. */
static int read_segment(const uint8_t *p, uint64_t size, struct elf_segment *s)
{
	uint32_t flags = exo_le32(p + 4);

	if (exo_le32(p) != PT_LOAD)
		return 0;
	*s = (struct elf_segment){ exo_le64(p + 8), exo_le64(p + 16),
		exo_le64(p + 32), exo_le64(p + 40), (flags & PF_W) != 0,
		(flags & PF_X) != 0 };
	if (s->in_mem == 0)
		return 0;
	if (s->in_file > size || s->off > size - s->in_file ||
	    s->in_file > s->in_mem || s->in_mem > ELF_MOST ||
	    s->va < ELF_FROM || s->va > ELF_TO - s->in_mem ||
	    (s->write && s->execute))
		return -1;
	return 1;
}

static bool share_page(const struct elf_segment *a, const struct elf_segment *b)
{
	return a->va / ELF_PAGE <= (b->va + b->in_mem - 1) / ELF_PAGE &&
	       b->va / ELF_PAGE <= (a->va + a->in_mem - 1) / ELF_PAGE;
}

static int read_all(const uint8_t *u_elf, uint64_t size, struct elf *out)
{
	uint64_t at = exo_le64(u_elf + 32), total = 0;
	uint32_t n = exo_le16(u_elf + 56);

	if (exo_le16(u_elf + 54) != PHDR || n > ELF_SEGMENTS || at > size ||
	    n * PHDR > size - at)
		return -EXO_EIMAGE;
	for (uint32_t i = 0; i < n; i++) {
		struct elf_segment *s = &out->segment[out->n];
		int what = read_segment(u_elf + at + i * PHDR, size, s);

		if (what < 0)
			return -EXO_EIMAGE;
		if (what == 0)
			continue;
		total += s->in_mem;
		for (uint32_t k = 0; k < out->n; k++)
			if (share_page(s, &out->segment[k]))
				return -EXO_EIMAGE;
		out->n++;
	}
	return total > ELF_MOST ? -EXO_EIMAGE : 0;
}

int elf_read(const uint8_t *u_elf, uint64_t size, struct elf *out)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	*out = (struct elf){ .n = 0 };
	if (size < EHDR || memcmp(u_elf, magic, sizeof(magic)) != 0 ||
	    exo_le16(u_elf + 16) != 2 || exo_le16(u_elf + 18) != 62)
		return -EXO_EIMAGE;
	out->entry = exo_le64(u_elf + 24);
	if (out->entry < ELF_FROM || out->entry >= ELF_TO)
		return -EXO_EIMAGE;
	return read_all(u_elf, size, out);
}
