/* SPDX-License-Identifier: BSD-2-Clause */
#include "exo/hosted/region_text.h"

#include "exo/abi/err.h"
#include "exo/hosted/heap.h"
#include "exo/hosted/region_diag.h"

#include <stdlib.h>
#include <string.h>

void cmd_region_begin(struct cmd_region_work *k)
{
	k->mem = cmd_heap();
	exo_arena_init(&k->arena, &k->mem);
	k->w = (struct sp_work){ .arena = &k->arena, .of = &sp_packets };
	cmd_region_again(k);
}

void cmd_region_end(struct cmd_region_work *k)
{
	exo_arena_free(&k->arena);
}

void cmd_region_again(struct cmd_region_work *k)
{
	k->w.left = CMD_REGION_STEPS;
}

const char *cmd_region_failure(int err)
{
	switch (err) {
	case -EXO_ENOMEM:
		return "out of memory";
	case -EXO_EBUDGET:
		return "it is too intricate to be worked out: write it with "
		       "fewer parts";
	default:
		return "it cannot be worked out";
	}
}

int cmd_region_read(struct cmd_region_work *k, const char *text, size_t len,
    struct sp_region *out, char why[CMD_REGION_WHY])
{
	struct sp_text_error err = { .code = SP_TEXT_NONE };
	uint32_t n = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX;
	struct sp_region r;
	struct exo_fmt f;
	int rc = sp_text_parse(&k->w, text, n, &r, &err);

	exo_fmt_init(&f, why, CMD_REGION_WHY);
	if (rc == -EXO_EINVAL) {
		cmd_region_diag_write(&f, text, n, &err);
		return -1;
	}
	if (rc == 0)
		rc = sp_minimise(&k->w, r, &r);
	if (rc != 0) {
		exo_fmt_str(&f, cmd_region_failure(rc));
		return -1;
	}
	*out = r;
	return 0;
}

int cmd_region_keep(struct sp_region r, struct sp_region *out)
{
	size_t atoms = 0;
	struct sp_cube *v;
	struct sp_atom *a;

	for (uint32_t i = 0; i < r.n; i++)
		atoms += r.v[i].n;
	v = calloc(1, r.n * sizeof(*v) + atoms * sizeof(*a) + 1);
	if (v == NULL)
		return -EXO_ENOMEM;
	a = (struct sp_atom *)(v + r.n);
	for (uint32_t i = 0; i < r.n; i++) {
		v[i] = (struct sp_cube){ a, r.v[i].n };
		if (r.v[i].n > 0)
			memcpy(a, r.v[i].a, r.v[i].n * sizeof(*a));
		a += r.v[i].n;
	}
	*out = (struct sp_region){ v, r.n };
	return 0;
}

void cmd_region_free(struct sp_region *r)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	free((void *)(uintptr_t)r->v);
	*r = (struct sp_region){ NULL, 0 };
}

char *cmd_region_text(struct sp_region r, size_t limit)
{
	size_t room = limit < 1024 ? limit : 1024;
	char *text = NULL, *more;
	struct exo_fmt f;

	for (;;) {
		more = realloc(text, room + 4);
		if (more == NULL) {
			free(text);
			return NULL;
		}
		text = more;
		exo_fmt_init(&f, text, room);
		if (sp_text_print(&f, r) == 0)
			return text;
		if (room >= limit)
			break;
		room = limit / 4 < room ? limit : room * 4;
	}
	memcpy(text + f.len, "...", sizeof("..."));
	return text;
}
