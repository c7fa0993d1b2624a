/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections of an ELF object that may be anything: see elf_raw.h. */
#include "filters/elf_raw.h"

#include <string.h>

bool flt_raw_inside(const struct flt_raw *o, uint64_t at, uint64_t n)
{
	return at <= o->size && n <= o->size - at;
}

Elf64_Shdr flt_raw_section(const struct flt_raw *o, uint32_t i)
{
	Elf64_Shdr s;

	memcpy(&s, o->bytes + o->at + i * sizeof(s), sizeof(s));
	return s;
}

const char *flt_raw_text(
    const struct flt_raw *o, const Elf64_Shdr *of, uint64_t at)
{
	const char *p;

	if (at >= of->sh_size)
		return "";
	p = (const char *)o->bytes + of->sh_offset + at;
	return memchr(p, '\0', of->sh_size - at) == NULL ? "" : p;
}

bool flt_raw_read(struct flt_raw *o, const void *bytes, size_t size)
{
	Elf64_Ehdr e;

	if (size < sizeof(e))
		return false;
	memcpy(&e, bytes, sizeof(e));
	*o = (struct flt_raw){ bytes, size, e.e_shoff, e.e_shnum, e.e_shstrndx,
		{ 0 } };
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_ident[EI_DATA] != ELFDATA2LSB ||
	    e.e_shentsize != sizeof(Elf64_Shdr) || o->names >= o->n ||
	    !flt_raw_inside(o, o->at, (uint64_t)o->n * sizeof(Elf64_Shdr)))
		return false;
	o->name_sec = flt_raw_section(o, o->names);
	return o->name_sec.sh_type == SHT_STRTAB &&
	       flt_raw_inside(o, o->name_sec.sh_offset, o->name_sec.sh_size);
}

uint32_t flt_raw_find(const struct flt_raw *o, const char *name, uint32_t type)
{
	for (uint32_t i = 1; i < o->n; i++) {
		Elf64_Shdr s = flt_raw_section(o, i);

		if (s.sh_type == type &&
		    strcmp(flt_raw_text(o, &o->name_sec, s.sh_name), name) == 0)
			return i;
	}
	return 0;
}

bool flt_raw_symbols(
    const struct flt_raw *o, Elf64_Shdr *table, Elf64_Shdr *names)
{
	table->sh_type = SHT_NULL;
	for (uint32_t i = 1; i < o->n && table->sh_type != SHT_SYMTAB; i++)
		*table = flt_raw_section(o, i);
	if (table->sh_type != SHT_SYMTAB || table->sh_link >= o->n ||
	    !flt_raw_inside(o, table->sh_offset, table->sh_size))
		return false;
	*names = flt_raw_section(o, table->sh_link);
	return flt_raw_inside(o, names->sh_offset, names->sh_size);
}
