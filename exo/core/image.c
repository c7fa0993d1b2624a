/* SPDX-License-Identifier: BSD-2-Clause */
/* The image parser: see image.h and exo/abi/image.h. */
#include "exo/core/image.h"

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/lib/bytes.h"

#define HDR   sizeof(struct exo_image_hdr)
#define ROW   sizeof(struct exo_image_section)
#define INIT  ((uint32_t)sizeof(struct exo_image_init))
#define LINE  ((uint32_t)sizeof(struct exo_image_line))
#define FIELD ((uint32_t)sizeof(struct exo_image_field))
#define TAIL  ((uint32_t)sizeof(struct exo_image_tail))

static int refuse(uint32_t *bad, size_t off)
{
	*bad = (uint32_t)off;
	return -EXO_EIMAGE;
}

static int name_ok(const uint8_t *p, uint32_t n)
{
	if (n == 0 || n > EXO_NAME_MAX)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return 0;
	return 1;
}

/* The same of those that are for people. */
static int section_told(
    struct exo_image *img, uint32_t kind, const uint8_t *p, uint32_t size)
{
	if (size == 0)
		return -1;
	if (kind == EXO_SEC_LINES && size % LINE == 0) {
		img->lines = (const void *)p;
		img->nlines = size / LINE;
		return 0;
	}
	if (kind == EXO_SEC_TEXTS && p[size - 1] == '\0') {
		img->texts = (const void *)p;
		img->texts_len = size;
		return 0;
	}
	if (kind == EXO_SEC_FIELDS && size % FIELD == 0 &&
	    size / FIELD <= EXO_FIELDS_MAX) {
		img->fields = (const void *)p;
		img->nfields = size / FIELD;
		return 0;
	}
	return -1;
}

/* Check one section's contents and note where it is. */
static int section_take(
    struct exo_image *img, uint32_t kind, const uint8_t *p, uint32_t size)
{
	switch (kind) {
	case EXO_SEC_INSNS:
		if (size == 0 || size % sizeof(struct exo_insn) != 0 ||
		    size / sizeof(struct exo_insn) > EXO_INSNS_MAX)
			return -1;
		img->insns = (const void *)p;
		img->total = (uint32_t)(size / sizeof(struct exo_insn));
		return 0;
	case EXO_SEC_NAME:
		if (!name_ok(p, size))
			return -1;
		img->name = (const void *)p;
		img->name_len = size;
		return 0;
	case EXO_SEC_SOURCE:
		img->source = p;
		img->source_len = size;
		return 0;
	case EXO_SEC_MAPS:
		if (size == 0 || size % sizeof(struct exo_map_def) != 0 ||
		    size / sizeof(struct exo_map_def) > EXO_MAPS_MAX)
			return -1;
		img->maps = (const void *)p;
		img->nmaps = (uint32_t)(size / sizeof(struct exo_map_def));
		return 0;
	case EXO_SEC_INIT:
		if (size == 0)
			return -1;
		img->init = p;
		img->init_len = size;
		return 0;
	case EXO_SEC_TAILS:
		if (size == 0 || size % TAIL != 0 ||
		    size / TAIL > EXO_TAILS_MAX)
			return -1;
		img->tails = (const void *)p;
		img->ntails = size / TAIL;
		return 0;
	default:
		return section_told(img, kind, p, size);
	}
}

const uint8_t *exo_image_init_next(
    const struct exo_image *img, uint32_t *at, uint32_t *map, uint32_t *size)
{
	const uint8_t *p;

	if (*at >= img->init_len)
		return NULL;
	p = img->init + *at;
	*map = exo_le32(p);
	*size = exo_le32(p + 4);
	*at += INIT + ((*size + 7) & ~7u);
	return p + INIT;
}

uint32_t exo_image_tail_size(const struct exo_image *img, uint32_t row)
{
	uint32_t from = img->tails[row].insn;

	while (row < img->ntails && img->tails[row].insn == from)
		row++;
	return (row < img->ntails ? img->tails[row].insn : img->total) - from;
}

uint32_t exo_image_consts(const struct exo_image *img, struct vf_const *out)
{
	uint32_t at = 0, n = 0, map, size;
	const uint8_t *bytes;

	while ((bytes = exo_image_init_next(img, &at, &map, &size)) != NULL)
		if ((img->maps[map].flags & EXO_MAP_RDONLY_PROG) != 0)
			out[n++] = (struct vf_const){ map, size, bytes };
	return n;
}

/* What maps begin with: of maps that are there, in order, all of it. Returns the
 * offset of what is wrong there, or init_len. */
static uint32_t init_check(const struct exo_image *img)
{
	uint32_t at = 0, least = 0;

	while (at < img->init_len) {
		uint32_t left = img->init_len - at, map, size;

		if (left < INIT)
			return at;
		map = exo_le32(img->init + at);
		size = exo_le32(img->init + at + 4);
		if (map < least || map >= img->nmaps || size == 0 ||
		    size > EXO_MAP_VALUE_MAX ||
		    left - INIT < ((size + 7) & ~7u))
			return at;
		least = map + 1;
		at += INIT + ((size + 7) & ~7u);
	}
	return img->init_len;
}

/* Lines of instructions that are there, ascending, with texts that are. Returns
 * the number of the first that is not so, or nlines. */
static uint32_t lines_check(const struct exo_image *img)
{
	uint64_t least = 0;

	for (uint32_t i = 0; i < img->nlines; i++) {
		const struct exo_image_line *l = &img->lines[i];

		if (l->insn < least || l->insn >= img->total ||
		    l->file >= img->texts_len || l->text >= img->texts_len)
			return i;
		least = (uint64_t)l->insn + 1;
	}
	return img->nlines;
}

/* Whether a field may follow another one, or be the first. */
static int field_ok(const struct exo_image *img,
    const struct exo_image_field *f, const struct exo_image_field *before)
{
	if (f->map >= img->nmaps || f->name >= img->texts_len ||
	    (f->zero[0] | f->zero[1] | f->zero[2]) != 0)
		return 0;
	if (f->depth == 0)
		return f->of == EXO_FIELD_MAP && f->kind == 0 &&
		       (before == NULL || f->map > before->map);
	if (before == NULL || f->map != before->map || f->of < before->of ||
	    f->of == EXO_FIELD_MAP || f->of > EXO_FIELD_VALUE || f->kind == 0 ||
	    f->kind > EXO_FIELD_KIND_MAX || f->depth > EXO_FIELD_DEPTH_MAX)
		return 0;
	/* each has one root, and only what has parts is less deep */
	if (f->depth == 1)
		return f->of != before->of;
	return f->of == before->of &&
	       (f->depth <= before->depth ||
	           (f->depth == before->depth + 1 &&
	               before->kind == EXO_FIELD_STRUCT));
}

/* Returns the number of the first field that is not so, or nfields. */
static uint32_t fields_check(const struct exo_image *img)
{
	for (uint32_t i = 0; i < img->nfields; i++)
		if (!field_ok(img, &img->fields[i],
		        i == 0 ? NULL : &img->fields[i - 1]))
			return i;
	return img->nfields;
}

/* Programs ascend, none of them is empty, and they are put where programs go.
 * Returns the number of the first row that is not so, or ntails. */
static uint32_t tails_check(const struct exo_image *img)
{
	uint32_t least = 1;

	for (uint32_t i = 0; i < img->ntails; i++) {
		const struct exo_image_tail *t = &img->tails[i];

		if (t->insn < least || t->insn >= img->total || t->zero != 0 ||
		    t->map >= img->nmaps ||
		    img->maps[t->map].kind != EXO_MAP_PROG_ARRAY ||
		    t->slot >= img->maps[t->map].max_entries)
			return i;
		least = t->insn;
	}
	return img->ntails;
}

/* What sections say of each other. */
static int agree(
    const uint8_t *bytes, const struct exo_image *img, uint32_t *bad)
{
	uint32_t seen;

	if (img->insns == NULL)
		return refuse(bad, HDR);
	seen = img->init == NULL ? 0 : init_check(img);
	if (seen != img->init_len)
		return refuse(bad, (size_t)(img->init - bytes) + seen);
	seen = lines_check(img);
	if (seen != img->nlines)
		return refuse(
		    bad, (size_t)((const uint8_t *)img->lines - bytes) +
		             (size_t)seen * LINE);
	seen = fields_check(img);
	if (seen != img->nfields)
		return refuse(
		    bad, (size_t)((const uint8_t *)img->fields - bytes) +
		             (size_t)seen * FIELD);
	seen = tails_check(img);
	if (seen != img->ntails)
		return refuse(
		    bad, (size_t)((const uint8_t *)img->tails - bytes) +
		             (size_t)seen * TAIL);
	return 0;
}

/* Sections lie in the order of the table, so that none overlaps. */
static int sections(const uint8_t *bytes, uint32_t size, uint32_t n,
    struct exo_image *img, uint32_t *bad)
{
	uint64_t end = HDR + (uint64_t)n * ROW;
	uint32_t seen = 0;

	if (end > size)
		return refuse(bad, offsetof(struct exo_image_hdr, nsections));
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *row = bytes + HDR + i * ROW;
		uint32_t kind = exo_le32(row), off = exo_le32(row + 4);
		uint32_t len = exo_le32(row + 8), zero = exo_le32(row + 12);
		size_t at = HDR + i * ROW;

		if (kind == 0 || kind > EXO_SEC_KIND_MAX ||
		    (seen >> kind & 1) != 0 || zero != 0)
			return refuse(bad, at);
		if (off % 8 != 0 || off < end || !exo_range_ok(off, len, size))
			return refuse(bad, at + 4);
		if (section_take(img, kind, bytes + off, len) != 0)
			return refuse(bad, off);
		seen |= 1u << kind;
		end = (uint64_t)off + len;
	}
	return agree(bytes, img, bad);
}

int exo_image_parse(
    const uint8_t *bytes, uint32_t u_size, struct exo_image *out, uint32_t *bad)
{
	struct exo_image img = { .type = 0 };
	uint32_t type;
	int err;

	if (u_size < HDR || u_size > EXO_IMAGE_MAX)
		return refuse(bad, 0);
	if (exo_le32(bytes) != EXO_IMAGE_MAGIC)
		return refuse(bad, 0);
	if (exo_le16(bytes + 4) != EXO_IMAGE_VERSION)
		return refuse(bad, 4);
	type = exo_le16(bytes + 6);
	if (type == 0 || type > EXO_PROG_TYPE_MAX)
		return refuse(bad, 6);
	if (exo_le32(bytes + 8) != u_size)
		return refuse(bad, 8);
	if (exo_le16(bytes + 14) != 0)
		return refuse(bad, 14);
	img.type = type;
	err = sections(bytes, u_size, exo_le16(bytes + 12), &img, bad);
	img.ninsns = img.ntails == 0 ? img.total : img.tails[0].insn;
	if (err == 0)
		*out = img;
	return err;
}
