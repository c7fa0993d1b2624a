/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzes the image parser: any bytes, and what it says lies inside them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exo/core/image.h"
#include "exo/lib/bug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const uint8_t *bytes, size_t size, const void *p, size_t n)
{
	const uint8_t *q = p;

	if (p == NULL)
		return;
	exo_assert(q >= bytes && n <= size && q <= bytes + (size - n));
}

/* What maps begin with lies inside, and is of maps that are there. */
static void beginnings(
    const uint8_t *bytes, size_t size, const struct exo_image *img)
{
	uint32_t at = 0, map, n;
	const uint8_t *p;

	while ((p = exo_image_init_next(img, &at, &map, &n)) != NULL) {
		inside(bytes, size, p, n);
		exo_assert(map < img->nmaps && n > 0);
	}
}

/* Lines are of instructions that are there, and their texts end inside. */
static void lines(
    const uint8_t *bytes, size_t size, const struct exo_image *img)
{
	inside(bytes, size, img->lines, img->nlines * sizeof(*img->lines));
	inside(bytes, size, img->texts, img->texts_len);
	for (uint32_t i = 0; i < img->nlines; i++) {
		const struct exo_image_line *l = &img->lines[i];

		exo_assert(l->insn < img->total &&
		           (i == 0 || l->insn > img->lines[i - 1].insn));
		exo_assert(
		    strlen(img->texts + l->file) < img->texts_len - l->file);
		exo_assert(
		    strlen(img->texts + l->text) < img->texts_len - l->text);
	}
}

/* Fields are a tree of each map that has any, with texts that end inside. */
static void fields(
    const uint8_t *bytes, size_t size, const struct exo_image *img)
{
	uint8_t kind[EXO_FIELD_DEPTH_MAX + 1] = { 0 };

	inside(bytes, size, img->fields, img->nfields * sizeof(*img->fields));
	for (uint32_t i = 0; i < img->nfields; i++) {
		const struct exo_image_field *f = &img->fields[i];

		exo_assert(f->map < img->nmaps && f->depth < sizeof(kind));
		exo_assert(
		    strlen(img->texts + f->name) < img->texts_len - f->name);
		exo_assert(
		    f->depth < 2 || kind[f->depth - 1] == EXO_FIELD_STRUCT);
		exo_assert((f->depth == 0) == (f->of == EXO_FIELD_MAP));
		kind[f->depth] = f->kind;
	}
}

/* Programs for slots lie behind the first, one after the other. */
static void tails(
    const uint8_t *bytes, size_t size, const struct exo_image *img)
{
	uint32_t end = img->ninsns;

	inside(bytes, size, img->tails, img->ntails * sizeof(*img->tails));
	for (uint32_t i = 0; i < img->ntails; i++) {
		const struct exo_image_tail *t = &img->tails[i];

		exo_assert(t->map < img->nmaps);
		exo_assert(t->slot < img->maps[t->map].max_entries);
		exo_assert(t->insn == end || t->insn == img->tails[i - 1].insn);
		end = t->insn + exo_image_tail_size(img, i);
	}
	exo_assert(end == img->total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exo_image img;
	uint32_t bad;
	uint8_t *copy;

	if (size > 65536)
		return 0;
	/* the parser wants aligned bytes of its own */
	copy = aligned_alloc(64, (size + 64) & ~(size_t)63);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	if (exo_image_parse(copy, (uint32_t)size, &img, &bad) == 0) {
		exo_assert(img.ninsns != 0 && img.insns != NULL);
		inside(copy, size, img.insns, (size_t)img.total * 8);
		inside(copy, size, img.name, img.name_len);
		inside(copy, size, img.source, img.source_len);
		inside(copy, size, img.maps, img.nmaps * sizeof(*img.maps));
		exo_assert(img.nmaps <= EXO_MAPS_MAX);
		beginnings(copy, size, &img);
		lines(copy, size, &img);
		fields(copy, size, &img);
		tails(copy, size, &img);
	} else {
		exo_assert(bad <= size);
	}
	free(copy);
	return 0;
}
