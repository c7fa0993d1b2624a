/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of interfaces of a run.
 *
 * Entries never move: readers append, packets and outputs point at them.
 * A hostile file cannot grow it past IF_COUNT_MAX entries or IF_BYTES_MAX.
 */
#include "exo/hosted/trace_int.h"

#include <stdlib.h>
#include <string.h>

#define IF_COUNT_MAX (1U << 20)
#define IF_BYTES_MAX ((size_t)256 << 20)

struct if_entry {
	struct tr_iface pub;
	uint8_t opts[];
};

/* The options of a section, shared by its interfaces. */
struct if_section {
	struct if_section *next;
	struct tr_opts opts;
	uint8_t bytes[];
};

struct tr_iftab {
	struct if_entry **v;
	uint32_t count;
	uint32_t cap;
	size_t bytes;
	struct if_section *sections; /* the newest first */
};

struct tr_iftab *tr_iftab_new(void)
{
	return calloc(1, sizeof(struct tr_iftab));
}

void tr_iftab_free(struct tr_iftab *t)
{
	struct if_section *s;

	if (t == NULL)
		return;
	while ((s = t->sections) != NULL) {
		t->sections = s->next;
		free(s);
	}
	for (uint32_t i = 0; i < t->count; i++)
		free(t->v[i]);
	free(t->v);
	free(t);
}

static bool if_room(struct tr_iftab *t)
{
	uint32_t cap = t->cap == 0 ? 8 : t->cap * 2;
	struct if_entry **v;

	if (t->count < t->cap)
		return true;
	v = realloc(t->v, cap * sizeof(struct if_entry *));
	if (v == NULL)
		return false;
	t->v = v;
	t->cap = cap;
	return true;
}

/* A lasting copy of a section's options; false when out of memory. */
static bool if_section(struct tr_iftab *t, struct tr_opts *opts)
{
	struct if_section *s = t->sections;

	if (opts->len == 0) {
		opts->p = NULL;
		return true;
	}
	if (s == NULL || s->opts.len != opts->len ||
	    s->opts.swapped != opts->swapped ||
	    memcmp(s->bytes, opts->p, opts->len) != 0) {
		if (opts->len > IF_BYTES_MAX - t->bytes)
			return false;
		s = malloc(sizeof(*s) + opts->len);
		if (s == NULL)
			return false;
		memcpy(s->bytes, opts->p, opts->len);
		s->opts = *opts;
		s->opts.p = s->bytes;
		s->next = t->sections;
		t->sections = s;
		t->bytes += opts->len;
	}
	*opts = s->opts;
	return true;
}

int64_t tr_iftab_add(
    struct tr_iftab *t, const struct tr_iface *iface, struct tr_error *err)
{
	struct if_entry *e = NULL;
	uint32_t len = iface->opts.len;

	if (t->count >= IF_COUNT_MAX || len > IF_BYTES_MAX - t->bytes)
		return tr_fail_at(err, TR_EMEM, 0, iface->file,
		    "more than %u interfaces, or more than %zu MiB of their "
		    "options: no sane capture has so many",
		    IF_COUNT_MAX, IF_BYTES_MAX >> 20);
	if (if_room(t))
		e = malloc(sizeof(*e) + len);
	if (e == NULL)
		return tr_fail_at(
		    err, TR_EMEM, 0, iface->file, "out of memory");
	e->pub = *iface;
	e->pub.id = t->count;
	e->pub.opts.p = NULL;
	if (len > 0) {
		memcpy(e->opts, iface->opts.p, len);
		e->pub.opts.p = e->opts;
	}
	if (!if_section(t, &e->pub.section)) {
		free(e);
		return tr_fail_at(err, TR_EMEM, 0, iface->file,
		    "out of memory for section options");
	}
	t->v[t->count++] = e;
	t->bytes += len;
	return e->pub.id;
}

const struct tr_iface *tr_iftab_at(const struct tr_iftab *t, uint32_t id)
{
	return id < t->count ? &t->v[id]->pub : NULL;
}

uint32_t tr_iftab_count(const struct tr_iftab *t)
{
	return t->count;
}
