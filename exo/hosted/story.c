/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stories of explain.inc, and how their programs are judged.
 */
#include "exo/hosted/story.h"

#include "exo/abi/err.h"
#include "exo/hosted/lines.h"
#include "exo/hosted/map_arg.h"
#include "exo/isa/text.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 256u /* instructions of a story's program, labels counted */

#define CMD_STORY_0   CMD_STORY_PLAIN
#define STORY_MODE(m) CMD_STORY_##m
#define STORY_TYPE(t) EXO_PROG_##t
#define STORY_CODE(n) VF_##n

static const struct cmd_story stories[] = {
#define VF_STORY(name, type, mode, limit, maps, text, bad, good)         \
	{ STORY_CODE(name), STORY_TYPE(type), STORY_MODE(mode), (limit), \
		(maps), (text), (bad), (good) },
#include "exo/hosted/explain.inc"
#undef VF_STORY
};

const struct cmd_story *cmd_story_find(uint32_t code)
{
	size_t i;

	for (i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		if (stories[i].code == code)
			return &stories[i];
	}
	return NULL;
}

static bool take_maps(const char *text, struct cmd_told *t)
{
	char one[CMD_MAP_TEXT];
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, "\n");
		if (n >= sizeof(one) || t->in.nmaps == WHY_MAPS)
			return false;
		memcpy(one, text, n);
		one[n] = '\0';
		if (!cmd_map_arg(one, &t->maps[t->in.nmaps++]))
			return false;
		text += n + (text[n] == '\n');
	}
	return true;
}

static int assemble(
    const struct cmd_story *s, bool good, struct cmd_told *t, uint32_t *n)
{
	const char *text = good ? s->good : s->bad;
	bool longer = s->mode == CMD_STORY_LONG && !good;
	uint32_t room = longer ? s->limit : ROOM, i;
	struct isa_asm_error err;

	t->insns = calloc(room, sizeof(*t->insns));
	if (t->insns == NULL)
		return -EXO_ENOMEM;
	if (isa_asm(text, strlen(text), t->insns, room, n, &err) != 0)
		return -EXO_EINVAL;
	for (i = *n; longer && i < room; i++)
		t->insns[i] = t->insns[i - *n];
	if (longer)
		*n = room;
	else
		t->line = cmd_lines_of(text, strlen(text), t->insns, *n);
	return 0;
}

int cmd_story_tell(const struct cmd_story *s, bool good, struct cmd_told *t)
{
	struct vf_limits limits = { .explored = 0 };
	int err;

	if (!take_maps(s->maps, t))
		return -EXO_EINVAL;
	err = assemble(s, good, t, &t->in.ninsns);
	if (err != 0)
		return err;
	t->in.insns = t->insns;
	t->in.type = s->mode == CMD_STORY_TYPE && !good ? s->limit : s->type;
	t->in.refuse_leaks = s->mode == CMD_STORY_LEAKS;
	t->in.no_helpers = s->mode == CMD_STORY_ALONE;
	t->in.maps = t->maps;
	if (s->mode == CMD_STORY_EXPLORED)
		limits.explored = s->limit;
	else if (s->mode == CMD_STORY_MEM)
		limits.mem = s->limit;
	return why_ask(&t->why, &t->in, &limits);
}

void cmd_story_free(struct cmd_told *t)
{
	why_free(&t->why);
	free(t->insns);
	free(t->line);
}
