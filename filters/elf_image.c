/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program of an object as an image, with the maps that it names and the
 * programs that are in slots of these; which may name more maps, and so on.
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
	struct exo_insn *insns; /* of all programs */
	uint32_t ninsns;
	struct exo_image_line *lines;
	uint32_t nlines;
	struct exo_image_field *fields;
	uint32_t nfields;
	char *texts; /* of the programs' lines, then of fields */
	uint32_t ntexts;
	struct {
		uint32_t prog; /* of the object */
		uint32_t first;
	} member[EXO_TAILS_MAX + 1]; /* the first is what was asked for */
	uint32_t nmembers;
	const struct flt_elf_tail *more;
	uint32_t nmore;
	struct exo_image_tail tails[EXO_TAILS_MAX];
	uint32_t ntails;
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

/* Room for so much more behind what there is. NULL: no memory; then the old one
 * stays. */
static void *more_room(void *old, size_t have, size_t more, size_t size)
{
	return realloc(old, (have + more) * size + 1);
}

/* Add a program behind the others. */
static int add_member(struct used *u, uint32_t prog, struct flt_error *err)
{
	const struct flt_elf_prog *p = &u->e->progs[prog];
	void *insns = more_room(u->insns, u->ninsns, p->n, sizeof(*u->insns));
	void *lines, *texts;

	if (insns != NULL)
		u->insns = insns;
	lines = more_room(u->lines, u->nlines, p->nlines, sizeof(*u->lines));
	if (lines != NULL)
		u->lines = lines;
	texts = more_room(u->texts, u->ntexts, p->ntexts, 1);
	if (texts != NULL)
		u->texts = texts;
	if (insns == NULL || lines == NULL || texts == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	u->member[u->nmembers].prog = prog;
	u->member[u->nmembers++].first = u->ninsns;
	if (p->n > 0)
		memcpy(
		    u->insns + u->ninsns, p->insns, p->n * sizeof(*p->insns));
	for (uint32_t i = 0; i < p->nlines; i++) {
		struct exo_image_line *l = &u->lines[u->nlines++];

		*l = p->lines[i];
		l->insn += u->ninsns;
		l->file += u->ntexts;
		l->text += u->ntexts;
	}
	if (p->ntexts > 0)
		memcpy(u->texts + u->ntexts, p->texts, p->ntexts);
	u->ntexts += p->ntexts;
	u->ninsns += p->n;
	if (u->ninsns > EXO_INSNS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "the program and those in slots have more than %u "
		    "instructions",
		    EXO_INSNS_MAX);
	return renumber(u, u->insns + u->ninsns - p->n, p->n, err);
}

/* The program that is to be in a slot is there, once. */
static int need_member(
    struct used *u, const struct flt_elf_tail *t, struct flt_error *err)
{
	const struct flt_elf_prog *p = &u->e->progs[t->prog];
	uint32_t i = 1;

	while (i < u->nmembers && u->member[i].prog != t->prog)
		i++;
	if (i < u->nmembers)
		return 0;
	if (p->n == 0 || p->type != u->e->progs[u->member[0].prog].type)
		return flt_fail(err, -EXO_EINVAL,
		    "slot %u of %.60s is for %.60s, a program of another type",
		    t->slot, u->e->maps[t->map].name, p->name);
	if (u->nmembers > EXO_TAILS_MAX)
		return flt_fail(err, -EXO_E2BIG,
		    "more than %u programs are in slots", EXO_TAILS_MAX);
	return add_member(u, t->prog, err);
}

/* All that is to be in slots: what was said comes before what is declared. */
static uint32_t ntails(const struct used *u)
{
	return u->nmore + u->e->ntails;
}

static const struct flt_elf_tail *tail_at(const struct used *u, uint32_t i)
{
	return i < u->nmore ? &u->more[i] : &u->e->tails[i - u->nmore];
}

/* Whether a slot is spoken of before the i-th. */
static bool said_before(const struct used *u, uint32_t i)
{
	const struct flt_elf_tail *t = tail_at(u, i), *other;

	for (uint32_t k = 0; k < i; k++) {
		other = tail_at(u, k);
		if (other->map == t->map && other->slot == t->slot)
			return true;
	}
	return false;
}

/* Whether the i-th counts: its map is used, as far as is known. */
static bool counts(const struct used *u, uint32_t i)
{
	uint32_t map = tail_at(u, i)->map;

	return map < FLT_ELF_MAPS && u->number[map] != 0 && !said_before(u, i);
}

/* All programs that may be called, which may use more maps. */
static int gather(struct used *u, struct flt_error *err)
{
	uint32_t before;
	int ret = 0;

	do {
		before = u->nmembers;
		for (uint32_t i = 0; ret == 0 && i < ntails(u); i++)
			if (counts(u, i))
				ret = need_member(u, tail_at(u, i), err);
	} while (ret == 0 && u->nmembers > before);
	return ret;
}

/* Rows of the image, in the order of programs. */
static int fill_slots(struct used *u, struct flt_error *err)
{
	for (uint32_t m = 1; m < u->nmembers; m++) {
		for (uint32_t i = 0; i < ntails(u); i++) {
			const struct flt_elf_tail *t = tail_at(u, i);

			if (t->prog != u->member[m].prog || !counts(u, i))
				continue;
			if (u->ntails == EXO_TAILS_MAX)
				return flt_fail(err, -EXO_E2BIG,
				    "more than %u slots are filled",
				    EXO_TAILS_MAX);
			if (u->e->maps[t->map].def.kind != EXO_MAP_PROG_ARRAY ||
			    t->slot >= u->e->maps[t->map].def.max_entries)
				return flt_fail(err, -EXO_EINVAL,
				    "%.60s has no slot %u for a program",
				    u->e->maps[t->map].name, t->slot);
			u->tails[u->ntails++] =
			    (struct exo_image_tail){ u->member[m].first,
				    u->number[t->map] - 1, t->slot, 0 };
		}
	}
	return 0;
}

/* Join what is for people: texts one behind the other, fields by the maps' new
 * numbers, in the order of those. */
static int tell(struct used *u, struct flt_error *err)
{
	const struct flt_elf_map *of[EXO_MAPS_MAX] = { NULL };
	size_t texts = 0, fields = 0;
	void *more;

	for (uint32_t i = 0; i < u->e->nmaps && i < FLT_ELF_MAPS; i++)
		if (u->number[i] != 0)
			of[u->number[i] - 1] = &u->e->maps[i];
	for (uint32_t k = 0; k < u->n; k++) {
		texts += of[k]->ntexts;
		fields += of[k]->nfields;
	}
	more = more_room(u->texts, u->ntexts, texts, 1);
	if (more != NULL)
		u->texts = more;
	u->fields = malloc(fields * sizeof(*u->fields) + 1);
	if (more == NULL || u->fields == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
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

static int write_whole(const struct used *u, const struct flt_elf_prog *p,
    struct flt_image *out, struct flt_error *err)
{
	char name[EXO_NAME_MAX + 1];
	const struct flt_whole parts = { .type = p->type,
		.insns = u->insns,
		.n = u->ninsns,
		.maps = u->def,
		.nmaps = u->n,
		.init = u->init,
		.ninit = u->ninit,
		.lines = u->lines,
		.nlines = u->nlines,
		.fields = u->fields,
		.nfields = u->nfields,
		.texts = u->texts,
		.ntexts = u->ntexts,
		.tails = u->tails,
		.ntails = u->ntails,
		.name = p->name[0] == '\0' ? NULL : name };

	snprintf(name, sizeof(name), "%.*s", (int)EXO_NAME_MAX, p->name);
	return flt_image_whole(&parts, out, err);
}

int flt_elf_image_with(const struct flt_elf *e, uint32_t prog,
    const struct flt_elf_tail *more, uint32_t nmore, struct flt_image *out,
    struct flt_error *err)
{
	struct used *u = calloc(1, sizeof(*u));
	int ret;

	*out = (struct flt_image){ NULL, 0 };
	if (u == NULL)
		return flt_fail(err, -EXO_ENOMEM, "out of memory");
	u->e = e;
	u->more = more;
	u->nmore = nmore;
	ret = add_member(u, prog, err);
	if (ret == 0)
		ret = gather(u, err);
	if (ret == 0)
		ret = fill_slots(u, err);
	if (ret == 0)
		ret = tell(u, err);
	if (ret == 0)
		ret = write_whole(u, &e->progs[prog], out, err);
	free(u->insns);
	free(u->lines);
	free(u->fields);
	free(u->texts);
	free(u);
	return ret;
}

int flt_elf_image(const struct flt_elf *e, uint32_t prog, struct flt_image *out,
    struct flt_error *err)
{
	return flt_elf_image_with(e, prog, NULL, 0, out, err);
}
