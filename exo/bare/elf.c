/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of environments: ELF64, static, with segments that are written or executed
 * and never both [System V gABI, chapter 5]. Any bytes may come.
 */
#include "exo/bare/env.h"

#include "exo/abi/err.h"
#include "exo/bare/frames.h"
#include "exo/bare/paging.h"
#include "exo/lib/bytes.h"
#include "exo/lib/mem.h"

#define EHDR      64u
#define PHDR      56u
#define SEGMENTS  16u
#define PT_LOAD   1u
#define PF_X      1u
#define PF_W      2u
#define LOAD_FROM 0x10000u
#define LOAD_TO   0x0000700000000000u
#define LOAD_MOST ((uint64_t)64 << 20) /* bytes of all segments */

struct segment {
	uint32_t flags;
	uint64_t off, va, in_file, in_mem;
};

/* 1: one that is to be loaded; 0: another; -1: it is malformed. */
static int read_segment(
    const uint8_t *elf, uint64_t size, uint64_t at, struct segment *s)
{
	if (exo_le32(elf + at) != PT_LOAD)
		return 0;
	s->flags = exo_le32(elf + at + 4);
	s->off = exo_le64(elf + at + 8);
	s->va = exo_le64(elf + at + 16);
	s->in_file = exo_le64(elf + at + 32);
	s->in_mem = exo_le64(elf + at + 40);
	if (s->in_mem == 0)
		return 0;
	if (s->in_file > size || s->off > size - s->in_file ||
	    s->in_file > s->in_mem || s->in_mem > LOAD_MOST ||
	    s->va < LOAD_FROM || s->va > LOAD_TO - s->in_mem ||
	    (s->flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return -1;
	return 1;
}

static uint64_t bits_of(const struct segment *s)
{
	return PT_PRESENT | PT_USER | ((s->flags & PF_W) != 0 ? PT_WRITE : 0) |
	       ((s->flags & PF_X) == 0 ? PT_NX : 0);
}

static int load_segment(
    struct plat_env *e, const uint8_t *elf, const struct segment *s)
{
	uint64_t page = s->va / FRAME_SIZE * FRAME_SIZE,
	         end = s->va + s->in_mem;

	for (; page < end; page += FRAME_SIZE) {
		uint64_t from = page > s->va ? page : s->va;
		uint64_t to = page + FRAME_SIZE;
		uint64_t data = s->va + s->in_file;

		if (paging_entry(e->root, page) != 0)
			return -EXO_EIMAGE; /* segments share a page */
		if (!env_map_new(e, page, bits_of(s)))
			return -EXO_ENOMEM;
		to = to < data ? to : data;
		if (from < to)
			memcpy(env_at_user(e, from, false),
			    elf + s->off + (from - s->va), to - from);
	}
	return 0;
}

static int load_all(struct plat_env *e, const uint8_t *elf, uint64_t size)
{
	uint64_t at = exo_le64(elf + 32), total = 0;
	uint32_t n = exo_le16(elf + 56);
	struct segment s;
	int err = 0;

	if (exo_le16(elf + 54) != PHDR || n > SEGMENTS || at > size ||
	    n * PHDR > size - at)
		return -EXO_EIMAGE;
	for (uint32_t i = 0; err == 0 && i < n; i++) {
		int what = read_segment(elf, size, at + i * PHDR, &s);

		if (what < 0)
			return -EXO_EIMAGE;
		if (what == 0)
			continue;
		total += s.in_mem;
		err =
		    total > LOAD_MOST ? -EXO_EIMAGE : load_segment(e, elf, &s);
	}
	return err;
}

int elf_load(
    struct plat_env *e, const uint8_t *u_elf, uint64_t size, uint64_t *entry)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	if (size < EHDR || memcmp(u_elf, magic, sizeof(magic)) != 0 ||
	    exo_le16(u_elf + 16) != 2 || exo_le16(u_elf + 18) != 62)
		return -EXO_EIMAGE;
	*entry = exo_le64(u_elf + 24);
	if (*entry < LOAD_FROM || *entry >= LOAD_TO)
		return -EXO_EIMAGE;
	return load_all(e, u_elf, size);
}
