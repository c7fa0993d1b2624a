/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of bench_maps, and the objects that they are of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/maps_parts.h"

#define FOLDER EXOPF_SRCDIR "/filters/samples"
#define TRIE_N 1000u

/* maps_micro.bpf.c, compiled. */
static const uint8_t micro_bytes[] = {
#include "maps_micro.bytes"
};

static struct mb_object objects[] = {
#define MN_OBJECT(id) { .name = #id, .native = &mn_##id },
#include "tests/bench/maps_objects.inc"
#undef MN_OBJECT
};

static const struct mb_row micro_rows[] = {
#define MICRO(id, text, is, fill)         \
	{ .name = #id,                    \
		.what = (text),           \
		.about = (is),            \
		.prog.func = #id,         \
		.base.func = #id "_base", \
		.before = (fill) },
#define ARRAY(id, kind, keys, text) MICRO(id, text, MB_ARRAYS, 0)
#define HASH(id, kind, size, n, among, text) \
	MICRO(id, text, #kind[0] == 'H' ? MB_HASHES : MB_OTHERS, n)
#define OTHER(id, form, text) MICRO(id, text, MB_OTHERS, TRIE_N)
#include "tests/bench/maps_micro.inc"
#undef MICRO
#undef ARRAY
#undef HASH
#undef OTHER
};

#define NOBJECTS (sizeof(objects) / sizeof(objects[0]))
#define NMICRO   (sizeof(micro_rows) / sizeof(micro_rows[0]))

static void read_file(struct mb_object *o)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.bpf.o", FOLDER, o->name);
	f = fopen(path, "rb");
	if (f == NULL)
		mb_die("%s cannot be read", path);
	o->bytes = mb_get(FLT_ELF_MAX);
	o->size = fread(o->bytes, 1, FLT_ELF_MAX, f);
	(void)fclose(f);
}

static void read_object(struct mb_object *o)
{
	struct flt_error why;

	if (o->native == &mn_micro) {
		o->bytes = mb_get(sizeof(micro_bytes));
		o->size = sizeof(micro_bytes);
		memcpy(o->bytes, micro_bytes, o->size);
	} else {
		read_file(o);
	}
	if (flt_elf_read(o->bytes, o->size, &o->elf, &why) != 0)
		mb_die("%s: %s", o->name, why.text);
}

uint32_t mb_number(const struct mb_prog *p)
{
	for (uint32_t i = 0; i < p->object->elf.nprogs; i++) {
		if (strcmp(p->object->elf.progs[i].name, p->func) == 0)
			return i;
	}
	mb_die("%s has no %s", p->object->name, p->func);
}

static struct mb_row sample_row(struct mb_object *o, struct mb_object *micro)
{
	struct mb_row r = { .name = o->name,
		.what = "sample",
		.about = MB_SAMPLES,
		.prog = { o, o->elf.progs[0].name },
		.base = { micro, NULL } };
	uint32_t type = o->elf.progs[0].type;

	r.base.func = type == EXO_PROG_XDP  ? "nothing_xdp"
	              : type == EXO_PROG_TC ? "nothing_tc"
	                                    : "nothing_socket";
	return r;
}

struct mb_row *mb_rows(uint32_t *n)
{
	struct mb_row *rows = mb_get((NMICRO + NOBJECTS) * sizeof(*rows));
	struct mb_object *micro = &objects[NOBJECTS - 1];

	for (uint32_t i = 0; i < NOBJECTS; i++)
		read_object(&objects[i]);
	memcpy(rows, micro_rows, sizeof(micro_rows));
	for (uint32_t i = 0; i < NMICRO; i++)
		rows[i].prog.object = rows[i].base.object = micro;
	*n = NMICRO;
	for (uint32_t i = 0; i + 1 < NOBJECTS; i++)
		rows[(*n)++] = sample_row(&objects[i], micro);
	return rows;
}
