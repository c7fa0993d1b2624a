/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects of before 2022, whose maps are structures in a section "maps".
 *
 * libbpf knows them no more. They are shown to it as data: the section gets
 * the name ".data.maps", and a program then takes the address of a structure
 * where it means a map; elf.c puts the maps there again. Types are left out,
 * for they speak of the section by its old name.
 *
 * The object may be anything: each number of it is looked at before it is used,
 * and what is wrong in it is left to libbpf, which sees the object as it is.
 */
#include "filters/elf_raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEW_NAMES "\0.data.maps\0-types"
#define NAME_DATA 1u /* offsets into it */
#define NAME_NONE 12u

/* The symbols of a section, as maps. */
static void read_symbols(
    const struct flt_raw *o, uint32_t maps, struct flt_legacy *out)
{
	Elf64_Shdr t, names;
	Elf64_Sym s;

	if (!flt_raw_symbols(o, &t, &names))
		return;
	for (uint64_t k = 0; k + 1 <= t.sh_size / sizeof(s); k++) {
		struct flt_legacy_map *m = &out->map[out->n];

		memcpy(&s, o->bytes + t.sh_offset + k * sizeof(s), sizeof(s));
		if (s.st_shndx != maps ||
		    ELF64_ST_TYPE(s.st_info) == STT_SECTION ||
		    s.st_value > UINT32_MAX)
			continue;
		if (out->n == FLT_LEGACY_MAPS)
			return;
		m->off = (uint32_t)s.st_value;
		snprintf(m->name, sizeof(m->name), "%s",
		    flt_raw_text(o, &names, s.st_name));
		out->n++;
	}
}

/* Give a section another name, of those that were added. */
static void rename_section(
    uint8_t *bytes, const struct flt_raw *o, uint32_t i, uint64_t name)
{
	Elf64_Shdr s = flt_raw_section(o, i);

	s.sh_name = (Elf64_Word)(o->name_sec.sh_size + name);
	memcpy(bytes + o->at + i * sizeof(s), &s, sizeof(s));
}

/* A copy of the object with names behind it, old ones and new. */
static uint8_t *renamed(const struct flt_raw *o, uint32_t maps, size_t *size)
{
	size_t n = o->name_sec.sh_size, more = sizeof(NEW_NAMES);
	Elf64_Shdr names = o->name_sec;
	uint8_t *copy = malloc(o->size + n + more);

	if (copy == NULL)
		return NULL;
	memcpy(copy, o->bytes, o->size);
	memcpy(copy + o->size, o->bytes + names.sh_offset, n);
	memcpy(copy + o->size + n, NEW_NAMES, more);
	names.sh_offset = o->size;
	names.sh_size = n + more;
	memcpy(copy + o->at + o->names * sizeof(names), &names, sizeof(names));
	rename_section(copy, o, maps, NAME_DATA);
	for (uint32_t i = 1; i < o->n; i++) {
		Elf64_Shdr s = flt_raw_section(o, i);
		const char *name = flt_raw_text(o, &o->name_sec, s.sh_name);

		if (strcmp(name, ".BTF") == 0 || strcmp(name, ".BTF.ext") == 0)
			rename_section(copy, o, i, NAME_NONE);
	}
	*size = o->size + n + more;
	return copy;
}

int flt_elf_legacy(const void *bytes, size_t size, struct flt_legacy *out)
{
	struct flt_raw o;
	uint32_t maps;

	memset(out, 0, sizeof(*out));
	if (!flt_raw_read(&o, bytes, size))
		return 0;
	maps = flt_raw_find(&o, "maps", SHT_PROGBITS);
	if (maps == 0)
		return 0;
	read_symbols(&o, maps, out);
	out->bytes = renamed(&o, maps, &out->size);
	return out->bytes == NULL ? -1 : 1;
}
