/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is in bindings' maps when a replay ends.
 *
 * A binding has its maps anew for each link type that it is bound for.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/human.h"
#include "exo/hosted/map_arg.h"
#include "exo/hosted/map_value.h"
#include "exo/hosted/replay.h"
#include "exo/hosted/signals.h"
#include "exo/hosted/utf8.h"

#include "exo/core/image.h"
#include "exo/lib/bytes.h"

#include <stdlib.h>
#include <string.h>

/* A map at work. */
struct shown {
	struct replay *rp;
	FILE *f;
	uint64_t binding; /* the core's name */
	const struct exo_image *img;
	uint32_t map;
	const struct exo_map_def *def;
	uint32_t root[2]; /* of key and value */
	uint8_t *key, *value;
};

static bool zeroes(const uint8_t *p, uint32_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

static void put_bytes(
    const struct shown *s, enum exo_field_of of, const uint8_t *p)
{
	bool array = (cmd_map_can(s->def->kind) & EXO_MAP_DIRECT) != 0;

	if (of == EXO_FIELD_KEY && array)
		fprintf(s->f, "%u", exo_le32(p)); /* an index, of any type */
	else
		cmd_map_value(s->f, s->img, s->root[of == EXO_FIELD_VALUE], p,
		    of == EXO_FIELD_KEY ? s->def->key_size
		                        : s->def->value_size);
}

static bool next(const struct shown *s, uint32_t *pos)
{
	if (cmd_signal_stop != 0)
		return false;
	return exo_binding_next(
	           s->rp->core, s->binding, s->map, pos, s->key, s->value) == 0;
}

/* Elements in lines; those of an array that are all zero are only counted. */
static void text_elements(const struct shown *s)
{
	bool array = (cmd_map_can(s->def->kind) & EXO_MAP_DIRECT) != 0;
	uint32_t pos = 0, left_out = 0;
	char buf[CMD_HUMAN];

	while (next(s, &pos)) {
		if (array && zeroes(s->value, s->def->value_size)) {
			left_out++;
			continue;
		}
		fputs("    ", s->f);
		put_bytes(s, EXO_FIELD_KEY, s->key);
		fputs(": ", s->f);
		put_bytes(s, EXO_FIELD_VALUE, s->value);
		fputc('\n', s->f);
	}
	if (left_out > 0)
		fprintf(
		    s->f, "    (%s of zeroes)\n", cmd_human_u64(left_out, buf));
}

static void json_elements(const struct shown *s, struct cmd_json *j)
{
	uint32_t pos = 0;

	cmd_json_array(j, "elements");
	while (next(s, &pos)) {
		cmd_json_object(j, NULL);
		(void)cmd_json_raw(j, "key");
		put_bytes(s, EXO_FIELD_KEY, s->key);
		(void)cmd_json_raw(j, "value");
		put_bytes(s, EXO_FIELD_VALUE, s->value);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}

/* Records of a ring buffer, as they are taken. */
static void records(const struct shown *s, struct cmd_json *j)
{
	const struct exo_image none = { .nfields = 0 };
	const uint8_t *record;
	uint32_t n;

	if (j != NULL)
		cmd_json_array(j, "records");
	while ((record = exo_binding_record(
	            s->rp->core, s->binding, s->map, &n)) != NULL) {
		if (j != NULL)
			(void)cmd_json_raw(j, NULL);
		else
			fputs("    ", s->f);
		cmd_map_value(s->f, &none, CMD_MAP_UNKNOWN, record, n);
		if (j == NULL)
			fputc('\n', s->f);
	}
	if (j != NULL)
		cmd_json_end(j);
}

static void put_map(struct shown *s, struct cmd_json *j)
{
	const char *name = cmd_map_name(s->img, s->map);
	uint32_t can = cmd_map_can(s->def->kind);
	char text[CMD_MAP_TEXT];

	(void)cmd_map_text(s->def, text);
	if (j != NULL) {
		cmd_json_object(j, NULL);
		cmd_json_str(j, "name", name);
		cmd_json_u64(j, "index", s->map);
		cmd_json_str(j, "definition", text);
	} else {
		fprintf(s->f, "  %u", s->map);
		fputs(name == NULL ? "" : " ", s->f);
		cmd_utf8_line(s->f, name == NULL ? "" : name);
		fprintf(s->f, ": %s\n", text);
	}
	if ((can & EXO_MAP_LOOKUP) != 0 && j != NULL)
		json_elements(s, j);
	else if ((can & EXO_MAP_LOOKUP) != 0)
		text_elements(s);
	else if ((can & EXO_MAP_RING) != 0)
		records(s, j);
	if (j != NULL)
		cmd_json_end(j);
}

/* All maps of a binding for one link type. */
static void put_maps(struct replay *rp, FILE *f, struct cmd_json *j,
    uint64_t binding, const struct exo_image *img)
{
	struct shown s = { .rp = rp, .f = f, .binding = binding, .img = img };

	for (uint32_t i = 0; i < img->nmaps; i++) {
		s.map = i;
		s.def = &img->maps[i];
		s.root[0] = cmd_map_root(img, i, EXO_FIELD_KEY);
		s.root[1] = cmd_map_root(img, i, EXO_FIELD_VALUE);
		s.key = malloc((size_t)s.def->key_size + 1);
		s.value = malloc((size_t)s.def->value_size + 1);
		if (s.key != NULL && s.value != NULL)
			put_map(&s, j);
		else
			replay_error(rp, "out of memory: not all maps are "
			                 "shown");
		free(s.key);
		free(s.value);
	}
}

/* The image of a binding that has maps. */
static bool image_of(const struct cmd_binding *b, struct exo_image *img)
{
	uint32_t bad;

	return b->object.bytes != NULL &&
	       exo_image_parse(b->object.bytes, b->object.size, img, &bad) ==
	           0 &&
	       img->nmaps > 0;
}

void replay_maps(struct replay *rp, FILE *f)
{
	struct exo_image img;
	char name[64];

	for (uint32_t i = 0; i < rp->set.n; i++) {
		const struct cmd_binding *b = &rp->set.v[i];

		for (uint32_t k = 0; image_of(b, &img) && k < rp->nlinks; k++) {
			const struct replay_link *l = &rp->links[k];

			if (l->bound == NULL || l->bound[i] == REPLAY_UNBOUND)
				continue;
			fprintf(f, "maps of %s", b->name);
			if (rp->nlinks > 1)
				fprintf(f, ", link type %s",
				    replay_link_text(l->linktype, name));
			fputc('\n', f);
			put_maps(rp, f, NULL, l->bound[i], &img);
		}
	}
}

void replay_maps_json(struct replay *rp, struct cmd_json *j, uint32_t binding)
{
	struct exo_image img;
	char name[64];

	cmd_json_array(j, "maps");
	for (uint32_t k = 0;
	     image_of(&rp->set.v[binding], &img) && k < rp->nlinks; k++) {
		const struct replay_link *l = &rp->links[k];

		if (l->bound == NULL || l->bound[binding] == REPLAY_UNBOUND)
			continue;
		cmd_json_object(j, NULL);
		cmd_json_str(
		    j, "linktype", replay_link_text(l->linktype, name));
		cmd_json_array(j, "maps");
		put_maps(rp, j->f, j, l->bound[binding], &img);
		cmd_json_end(j);
		cmd_json_end(j);
	}
	cmd_json_end(j);
}
