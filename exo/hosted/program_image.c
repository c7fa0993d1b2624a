/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the command line and its filter image: the one from the other.
 */
#include "exo/hosted/program.h"

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/hosted/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(void)
{
	cmd_say("out of memory");
	return CMD_FAULT;
}

/* The instructions of one of the programs, and their lines. */
static int take_part(struct cmd_program *p, const struct exo_image *img,
    uint32_t first, uint32_t n)
{
	flt_code_free(&p->code);
	cmd_source_free(&p->source);
	p->code.insns = malloc(n * sizeof(*img->insns));
	if (p->code.insns == NULL ||
	    cmd_source_take(&p->source, img, first, n) != 0)
		return no_memory();
	memcpy(p->code.insns, img->insns + first, n * sizeof(*img->insns));
	p->code.n = p->code.room = n;
	return 0;
}

int cmd_program_image_take(const char *text, struct cmd_program *p)
{
	struct exo_image img;
	uint32_t bad;

	if (exo_image_parse(p->image.bytes, p->image.size, &img, &bad) != 0) {
		cmd_say("%s: its image is malformed", text);
		return CMD_FAULT;
	}
	p->type = img.type;
	p->object = true;
	p->nparts = 1;
	for (uint32_t i = 0; i < img.ntails; i++)
		p->nparts +=
		    i == 0 || img.tails[i].insn != img.tails[i - 1].insn;
	p->nmaps = img.nmaps;
	p->maps = malloc(img.nmaps * sizeof(*img.maps) + 1);
	p->consts = calloc(EXO_MAPS_MAX, sizeof(*p->consts));
	if (p->maps == NULL || p->consts == NULL)
		return no_memory();
	if (img.nmaps > 0)
		memcpy(p->maps, img.maps, img.nmaps * sizeof(*img.maps));
	p->nconsts = exo_image_consts(&img, p->consts);
	return take_part(p, &img, 0, img.ninsns);
}

/* The first row of the k-th program, from 1. */
static uint32_t row_of(const struct exo_image *img, uint32_t k)
{
	uint32_t row = 0;

	while (k > 1) {
		row++;
		k -= img->tails[row].insn != img->tails[row - 1].insn;
	}
	return row;
}

int cmd_program_part(struct cmd_program *p, uint32_t k)
{
	struct exo_image img;
	uint32_t bad, row;

	/* it was parsed before */
	(void)exo_image_parse(p->image.bytes, p->image.size, &img, &bad);
	if (k == 0)
		return take_part(p, &img, 0, img.ninsns);
	row = row_of(&img, k);
	return take_part(
	    p, &img, img.tails[row].insn, exo_image_tail_size(&img, row));
}

/* The name of a map, or its number where it has none. */
static void write_map(
    struct exo_fmt *f, const struct exo_image *img, uint32_t map)
{
	for (uint32_t i = 0; i < img->nfields; i++) {
		const char *name = img->texts + img->fields[i].name;

		if (img->fields[i].map != map || img->fields[i].depth != 0)
			continue;
		for (; *name != '\0'; name++)
			exo_fmt_char(
			    f, *name >= 0x20 && *name <= 0x7e ? *name : '?');
		return;
	}
	exo_fmt_str(f, "map ");
	exo_fmt_u64(f, map);
}

void cmd_program_slots(
    const struct cmd_program *p, uint32_t k, struct exo_fmt *f)
{
	struct exo_image img;
	uint32_t bad, row, i;

	(void)exo_image_parse(p->image.bytes, p->image.size, &img, &bad);
	row = row_of(&img, k);
	for (i = row;
	     i < img.ntails && img.tails[i].insn == img.tails[row].insn; i++) {
		exo_fmt_str(f, i == row ? "" : ", ");
		write_map(f, &img, img.tails[i].map);
		exo_fmt_char(f, '[');
		exo_fmt_u64(f, img.tails[i].slot);
		exo_fmt_char(f, ']');
	}
}

/* What an image is made of, while it is made. */
struct kept {
	struct flt_init init[EXO_MAPS_MAX];
	char name[EXO_NAME_MAX + 1];
	char *source;
};

/* What a file's program brings goes into an image again. */
static int again(const struct cmd_program *p,
    const struct cmd_program_more *more, struct flt_whole *parts,
    struct kept *k)
{
	struct exo_image img;
	uint32_t bad, at = 0;

	if (exo_image_parse(p->image.bytes, p->image.size, &img, &bad) != 0)
		return -EXO_EIMAGE;
	parts->insns = img.insns;
	parts->n = img.total;
	parts->tails = img.tails;
	parts->ntails = img.ntails;
	parts->maps = img.maps;
	parts->nmaps = img.nmaps;
	parts->init = k->init;
	while (parts->ninit < EXO_MAPS_MAX) {
		struct flt_init *in = &k->init[parts->ninit];

		in->bytes = exo_image_init_next(&img, &at, &in->map, &in->n);
		if (in->bytes == NULL)
			break;
		parts->ninit++;
	}
	if (img.name_len > 0 && more->name == NULL) {
		snprintf(k->name, sizeof(k->name), "%.*s", (int)img.name_len,
		    img.name);
		parts->name = k->name;
	}
	if (more->bare)
		return 0;
	if (img.source != NULL) {
		k->source = strndup((const char *)img.source, img.source_len);
		parts->source = k->source;
	}
	parts->lines = img.lines;
	parts->nlines = img.nlines;
	parts->fields = img.fields;
	parts->nfields = img.nfields;
	parts->texts = img.texts;
	parts->ntexts = img.texts_len;
	return 0;
}

int cmd_program_image(const struct cmd_program *p,
    const struct cmd_program_args *args, const struct cmd_program_more *more,
    struct flt_image *out)
{
	struct kept *k = calloc(1, sizeof(*k));
	struct flt_error err = { "its image is malformed" };
	struct flt_whole parts = { .type = p->type,
		.insns = p->code.insns,
		.n = p->code.n,
		.maps = more->maps,
		.nmaps = more->nmaps,
		.name = more->name };
	int ret = 0;

	if (k == NULL)
		return no_memory();
	if (p->object)
		ret = again(p, more, &parts, k);
	else if (!more->bare)
		parts.source = p->text != NULL ? p->text : args->expr;
	if (ret == 0)
		ret = flt_image_whole(&parts, out, &err);
	free(k->source);
	free(k);
	if (ret == 0)
		return 0;
	cmd_say("no image can be made of the program: %s", err.text);
	return CMD_FAULT;
}
