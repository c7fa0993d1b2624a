/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What program arrays begin with, by their declaration:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
 *		...
 *		__array(values, int (struct xdp_md *));
 *	} jmp SEC(".maps") = { .values = { [3] = (void *)&parse_udp } };
 *
 * In the object these are relocations of the section ".maps" against functions.
 * libbpf has the kernel fill slots, which nobody can do here: it is shown the
 * object without them.
 */
#include "filters/elf_raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One relocation against a function. False: it is another one. */
static bool take(const struct flt_raw *o, const Elf64_Shdr *symbols,
    const Elf64_Shdr *names, const Elf64_Rel *rel, struct flt_slot_rel *out)
{
	uint64_t k = ELF64_R_SYM(rel->r_info);
	Elf64_Sym s;

	if (k >= symbols->sh_size / sizeof(s) || rel->r_offset > UINT32_MAX)
		return false;
	memcpy(&s, o->bytes + symbols->sh_offset + k * sizeof(s), sizeof(s));
	if (ELF64_ST_TYPE(s.st_info) != STT_FUNC)
		return false;
	out->off = (uint32_t)rel->r_offset;
	snprintf(out->function, sizeof(out->function), "%s",
	    flt_raw_text(o, names, s.st_name));
	return true;
}

/* All of a section. False: not all are against functions. */
static bool take_all(
    const struct flt_raw *o, const Elf64_Shdr *from, struct flt_slot_rels *out)
{
	Elf64_Shdr symbols, names;
	Elf64_Rel rel;

	if (!flt_raw_inside(o, from->sh_offset, from->sh_size) ||
	    !flt_raw_symbols(o, &symbols, &names))
		return false;
	while (out->n < from->sh_size / sizeof(rel)) {
		memcpy(&rel, o->bytes + from->sh_offset + out->n * sizeof(rel),
		    sizeof(rel));
		if (!take(o, &symbols, &names, &rel, &out->rel[out->n]))
			return false;
		out->n++;
	}
	return out->n > 0;
}

int flt_elf_slots(const void *bytes, size_t size, struct flt_slot_rels *out)
{
	struct flt_raw o;
	uint32_t maps, i = 0;
	Elf64_Shdr s = { .sh_type = SHT_NULL };
	uint8_t *copy;

	memset(out, 0, sizeof(*out));
	if (!flt_raw_read(&o, bytes, size))
		return 0;
	maps = flt_raw_find(&o, ".maps", SHT_PROGBITS);
	if (maps == 0)
		return 0;
	while (s.sh_type != SHT_REL || s.sh_info != maps) {
		if (++i >= o.n)
			return 0;
		s = flt_raw_section(&o, i);
	}
	if (s.sh_size / sizeof(Elf64_Rel) > FLT_SLOT_RELS)
		return -2;
	if (!take_all(&o, &s, out)) {
		out->n = 0;
		return 0;
	}
	copy = malloc(size);
	if (copy == NULL)
		return -1;
	memcpy(copy, bytes, size);
	s.sh_type = SHT_NULL;
	memcpy(copy + o.at + i * sizeof(s), &s, sizeof(s));
	out->bytes = copy;
	return 1;
}
