/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program of an object as an image, with the maps that it names.
 */
#include "filters/elf.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/err.h"
#include "filters/filters_int.h"

/* Flags of Linux's that say how a map is made or shared, not what it does. */
#define OF_NO_MEANING (BPF_F_MMAPABLE | BPF_F_NUMA_NODE | BPF_F_NO_COMMON_LRU)

/* The maps of a program: those that it names, by their new numbers. */
struct used {
	const struct flt_elf *e;
	uint32_t n;
	uint32_t number[FLT_ELF_MAPS]; /* of the object's map, and 1; 0: none */
	struct exo_map_def def[EXO_MAPS_MAX];
	struct flt_init init[EXO_MAPS_MAX];
	uint32_t ninit;
	struct exo_image_field *fields;
	uint32_t nfields;
	char *texts; /* of the program's lines, then of fields */
	uint32_t ntexts;
};

static bool names_map(const struct exo_insn *in)
{
	unsigned src = exo_src(in);

	return in->code == (EXO_LD | EXO_IMM | EXO_DW) &&
	       (src == EXO_LDDW_MAP_IDX || src == EXO_LDDW_MAP_IDX_VALUE);
}

static int use_map(struct used *u, uint32_t i, struct flt_error *err)
{
	const struct flt_elf_map *m = &u->e->maps[i];
	struct exo_map_def *def = &u->def[u->n];

	if (u->n == EXO_MAPS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "the program names more than %u maps", EXO_MAPS_MAX);
	*def = m->def;
	def->flags &= ~(uint32_t)OF_NO_MEANING;
	if (m->ninit > 0)
		u->init[u->ninit++] =
		    (struct flt_init){ u->n, m->init, m->ninit };
	u->number[i] = ++u->n;
	return 0;
}

/* Name maps by their place in the image. */
static int renumber(
    struct used *u, struct exo_insn *insns, uint32_t n, struct flt_error *err)
{
	int ret;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t map = (uint32_t)insns[i].imm;

		if (!names_map(&insns[i]))
			continue;
		if (map >= u->e->nmaps || map >= FLT_ELF_MAPS)
			return flt_fail(err, -EXO_EINVAL,
			    "instruction %u names a map that is not there", i);
		ret = u->number[map] != 0 ? 0 : use_map(u, map, err);
		if (ret != 0)
			return ret;
		insns[i].imm = (int32_t)u->number[map] - 1;
	}
	return 0;
}

/* Join what is for people: texts one behind the other, fields by the maps' new
 * numbers, in the order of those. */
static int tell(
    struct used *u, const struct flt_elf_prog *p, struct flt_error *err)
{
	const struct flt_elf_map *of[EXO_MAPS_MAX] = { NULL };
	size_t texts = p->ntexts, fields = 0;

	for (uint32_t i = 0; i < u->e->nmaps && i < FLT_ELF_MAPS; i++)
		if (u->number[i] != 0)
			of[u->number[i] - 1] = &u->e->maps[i];
	for (uint32_t k = 0; k < u->n; k++) {
		texts += of[k]->ntexts;
		fields += of[k]->nfields;
	}
	u->texts = malloc(texts + 1);
	u->fields = malloc(fields * sizeof(*u->fields) + 1);
	if (u->texts == NULL || u->fields == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	memcpy(u->texts, p->texts == NULL ? "" : p->texts, p->ntexts);
	u->ntexts = p->ntexts;
	for (uint32_t k = 0; k < u->n; k++) {
		for (uint32_t i = 0;
		     i < of[k]->nfields && u->nfields < EXO_FIELDS_MAX; i++) {
			struct exo_image_field *f = &u->fields[u->nfields++];

			*f = of[k]->fields[i];
			f->map = (uint16_t)k;
			f->name += u->ntexts;
		}
		if (of[k]->ntexts > 0)
			memcpy(
			    u->texts + u->ntexts, of[k]->texts, of[k]->ntexts);
		u->ntexts += of[k]->ntexts;
	}
	return 0;
}

int flt_elf_image(const struct flt_elf *e, uint32_t prog, struct flt_image *out,
    struct flt_error *err)
{
	const struct flt_elf_prog *p = &e->progs[prog];
	struct flt_whole parts = { .type = p->type, .n = p->n };
	struct used *u = calloc(1, sizeof(*u));
	struct exo_insn *insns = malloc(p->n * sizeof(*insns) + 1);
	char name[EXO_NAME_MAX + 1];
	int ret;

	*out = (struct flt_image){ NULL, 0 };
	if (u == NULL || insns == NULL) {
		ret = flt_fail(err, -EXO_ENOMEM, "out of memory");
		goto out;
	}
	u->e = e;
	if (p->n > 0)
		memcpy(insns, p->insns, p->n * sizeof(*insns));
	snprintf(name, sizeof(name), "%.*s", (int)EXO_NAME_MAX, p->name);
	ret = renumber(u, insns, p->n, err);
	if (ret == 0)
		ret = tell(u, p, err);
	parts.insns = insns;
	parts.maps = u->def;
	parts.nmaps = u->n;
	parts.init = u->init;
	parts.ninit = u->ninit;
	parts.lines = p->lines;
	parts.nlines = p->nlines;
	parts.fields = u->fields;
	parts.nfields = u->nfields;
	parts.texts = u->texts;
	parts.ntexts = u->ntexts;
	parts.name = name[0] == '\0' ? NULL : name;
	if (ret == 0)
		ret = flt_image_whole(&parts, out, err);
out:
	free(insns);
	if (u != NULL) {
		free(u->fields);
		free(u->texts);
	}
	free(u);
	return ret;
}
