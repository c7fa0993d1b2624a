/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the command line as a filter image.
 */
#include "exo/hosted/program.h"

#include "exo/abi/err.h"
#include "exo/core/image.h"
#include "exo/hosted/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

	if (k == NULL) {
		cmd_say("out of memory");
		return CMD_FAULT;
	}
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
