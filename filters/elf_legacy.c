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
#include "filters/elf_int.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEW_NAMES "\0.data.maps\0-types"
#define NAME_DATA 1u /* offsets into it */
#define NAME_NONE 12u

/* An object, and where its sections and their names are. */
struct object {
	const uint8_t *bytes;
	size_t size;
	uint64_t at;    /* of the table of sections */
	uint32_t n;     /* sections */
	uint32_t names; /* the section that has their names */
	Elf64_Shdr name_sec;
};

static bool inside(const struct object *o, uint64_t at, uint64_t n)
{
	return at <= o->size && n <= o->size - at;
}

static Elf64_Shdr section(const struct object *o, uint32_t i)
{
	Elf64_Shdr s;

	memcpy(&s, o->bytes + o->at + i * sizeof(s), sizeof(s));
	return s;
}

/* A text of a section of texts, or "". */
static const char *text(
    const struct object *o, const Elf64_Shdr *of, uint64_t at)
{
	const char *p;

	if (at >= of->sh_size)
		return "";
	p = (const char *)o->bytes + of->sh_offset + at;
	return memchr(p, '\0', of->sh_size - at) == NULL ? "" : p;
}

static bool read_object(struct object *o, const void *bytes, size_t size)
{
	Elf64_Ehdr e;

	if (size < sizeof(e))
		return false;
	memcpy(&e, bytes, sizeof(e));
	*o = (struct object){ bytes, size, e.e_shoff, e.e_shnum, e.e_shstrndx,
		{ 0 } };
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 ||
	    e.e_ident[EI_DATA] != ELFDATA2LSB ||
	    e.e_shentsize != sizeof(Elf64_Shdr) || o->names >= o->n ||
	    !inside(o, o->at, (uint64_t)o->n * sizeof(Elf64_Shdr)))
		return false;
	o->name_sec = section(o, o->names);
	return o->name_sec.sh_type == SHT_STRTAB &&
	       inside(o, o->name_sec.sh_offset, o->name_sec.sh_size);
}

/* The section "maps", or 0. */
static uint32_t find_maps(const struct object *o)
{
	for (uint32_t i = 1; i < o->n; i++) {
		Elf64_Shdr s = section(o, i);

		if (s.sh_type == SHT_PROGBITS &&
		    strcmp(text(o, &o->name_sec, s.sh_name), "maps") == 0)
			return i;
	}
	return 0;
}

/* The symbols of a section, as maps. */
static void read_symbols(
    const struct object *o, uint32_t maps, struct flt_legacy *out)
{
	Elf64_Shdr t = { .sh_type = SHT_NULL }, names;
	Elf64_Sym s;

	for (uint32_t i = 1; i < o->n && t.sh_type != SHT_SYMTAB; i++)
		t = section(o, i);
	if (t.sh_type != SHT_SYMTAB || t.sh_link >= o->n ||
	    !inside(o, t.sh_offset, t.sh_size))
		return;
	names = section(o, t.sh_link);
	if (!inside(o, names.sh_offset, names.sh_size))
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
		snprintf(
		    m->name, sizeof(m->name), "%s", text(o, &names, s.st_name));
		out->n++;
	}
}

/* Give a section another name, of those that were added. */
static void rename_section(
    uint8_t *bytes, const struct object *o, uint32_t i, uint64_t name)
{
	Elf64_Shdr s = section(o, i);

	s.sh_name = (Elf64_Word)(o->name_sec.sh_size + name);
	memcpy(bytes + o->at + i * sizeof(s), &s, sizeof(s));
}

/* A copy of the object with names behind it, old ones and new. */
static uint8_t *renamed(const struct object *o, uint32_t maps, size_t *size)
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
		Elf64_Shdr s = section(o, i);
		const char *name = text(o, &o->name_sec, s.sh_name);

		if (strcmp(name, ".BTF") == 0 || strcmp(name, ".BTF.ext") == 0)
			rename_section(copy, o, i, NAME_NONE);
	}
	*size = o->size + n + more;
	return copy;
}

int flt_elf_legacy(const void *bytes, size_t size, struct flt_legacy *out)
{
	struct object o;
	uint32_t maps;

	memset(out, 0, sizeof(*out));
	if (!read_object(&o, bytes, size))
		return 0;
	maps = find_maps(&o);
	if (maps == 0)
		return 0;
	read_symbols(&o, maps, out);
	out->bytes = renamed(&o, maps, &out->size);
	return out->bytes == NULL ? -1 : 1;
}
