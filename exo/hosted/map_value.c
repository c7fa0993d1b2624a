/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes of maps as JSON. The image was checked, but what it says of them may be
 * wrong in any way: each field is looked at only inside what it is part of, and
 * the number of all that is written is bounded.
 */
#include "exo/hosted/map_value.h"

#include "exo/hosted/json.h"

#include <inttypes.h>
#include <string.h>

#define NAME_SHOWN 128u /* bytes of a name: no more are written */

struct value {
	FILE *f;
	const struct exo_image *img;
	const uint8_t *bytes;
	uint32_t left; /* parts that may be written yet */
};

const char *cmd_map_name(const struct exo_image *img, uint32_t map)
{
	for (uint32_t i = 0; i < img->nfields; i++)
		if (img->fields[i].map == map &&
		    img->fields[i].of == EXO_FIELD_MAP)
			return img->texts + img->fields[i].name;
	return NULL;
}

/* So many bits from a place on, the first byte the lowest: 64 at most. */
static uint64_t bits_at(const struct value *v, uint64_t at, uint32_t n)
{
	uint64_t x = 0;

	for (uint32_t k = 0; k < n; k++)
		x |= (uint64_t)(v->bytes[(at + k) / 8] >> (at + k) % 8 & 1)
		     << k;
	return x;
}

static void put_hex(const struct value *v, uint64_t at, uint64_t n)
{
	fputc('"', v->f);
	for (uint64_t k = 0; k < n; k++)
		fprintf(v->f, "%02x", (unsigned)bits_at(v, at + 8 * k, 8));
	fputc('"', v->f);
}

static void put_number(
    const struct value *v, uint8_t kind, uint64_t at, uint32_t bits)
{
	uint64_t x = bits_at(v, at, bits);

	if (kind == EXO_FIELD_BOOL)
		fputs(x != 0 ? "true" : "false", v->f);
	else if (kind == EXO_FIELD_UNSIGNED)
		fprintf(v->f, "%" PRIu64, x);
	else
		fprintf(v->f, "%" PRId64,
		    (int64_t)(x << (64 - bits)) >> (64 - bits));
}

/* The text of an array of char: whole bytes. */
static void put_text(const struct value *v, uint64_t at, uint32_t n)
{
	const char *text = (const char *)v->bytes + at / 8;

	cmd_json_text(v->f, text, strnlen(text, n));
}

static void put_field(struct value *v, uint32_t i, uint64_t at, uint64_t room);

/* The parts of a structure that begins there, each one deeper than it, so that this
 * ends at EXO_FIELD_DEPTH_MAX.
 * NOLINTNEXTLINE(misc-no-recursion) */
static void put_parts(struct value *v, uint32_t i, uint64_t at)
{
	const struct exo_image *img = v->img;
	const struct exo_image_field *s = &img->fields[i];
	bool some = false;

	fputc('{', v->f);
	for (uint32_t k = i + 1;
	     v->left > 0 && k < img->nfields && img->fields[k].depth > s->depth;
	     k++) {
		const struct exo_image_field *c = &img->fields[k];
		const char *name = img->texts + c->name;

		v->left--; /* also of what is only passed */
		if (c->depth != s->depth + 1)
			continue;
		if (some)
			fputc(',', v->f);
		some = true;
		if (name[0] == '\0')
			name = "(anon)"; /* as bpftool has it */
		cmd_json_text(v->f, name, strnlen(name, NAME_SHOWN));
		fputc(':', v->f);
		if (c->off > s->bits)
			fputs("null", v->f);
		else
			put_field(v, k, at + c->off, s->bits - c->off);
	}
	fputc('}', v->f);
}

/* One element of a field.
 * NOLINTNEXTLINE(misc-no-recursion): see put_parts() */
static void put_element(struct value *v, uint32_t i, uint64_t at)
{
	const struct exo_image_field *f = &v->img->fields[i];

	if (v->left == 0) {
		fputs("null", v->f);
		return;
	}
	v->left--;
	if (f->kind == EXO_FIELD_STRUCT)
		put_parts(v, i, at);
	else if (f->kind == EXO_FIELD_BYTES || f->bits > 64)
		put_hex(v, at, f->bits / 8);
	else
		put_number(v, f->kind, at, f->bits);
}

/* A field that begins at a place behind which there is so much room.
 * NOLINTNEXTLINE(misc-no-recursion): see put_parts() */
static void put_field(struct value *v, uint32_t i, uint64_t at, uint64_t room)
{
	const struct exo_image_field *f = &v->img->fields[i];
	uint64_t n = f->count == 0 ? 1 : f->count;

	if (f->bits == 0 || f->bits * n > room || v->left == 0) {
		fputs("null", v->f);
	} else if (f->count == 0) {
		put_element(v, i, at);
	} else if (f->kind == EXO_FIELD_CHAR && f->bits == 8 && at % 8 == 0) {
		put_text(v, at, f->count);
	} else {
		fputc('[', v->f);
		for (uint64_t k = 0; k < n && v->left > 0; k++) {
			if (k > 0)
				fputc(',', v->f);
			put_element(v, i, at + k * f->bits);
		}
		fputc(']', v->f);
	}
}

uint32_t cmd_map_root(
    const struct exo_image *img, uint32_t map, enum exo_field_of of)
{
	for (uint32_t i = 0; i < img->nfields; i++) {
		const struct exo_image_field *d = &img->fields[i];

		if (d->map == map && d->of == of && d->depth == 1)
			return i;
	}
	return CMD_MAP_UNKNOWN;
}

void cmd_map_value(FILE *f, const struct exo_image *img, uint32_t root,
    const uint8_t *bytes, uint32_t n)
{
	struct value v = { f, img, bytes, CMD_MAP_PARTS };

	if (root == CMD_MAP_UNKNOWN)
		put_hex(&v, 0, n);
	else
		put_field(&v, root, 0, (uint64_t)n * 8);
}
