/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stories of explain.inc: what `exopf explain` tells of a code.
 */
#ifndef EXO_HOSTED_STORY_H
#define EXO_HOSTED_STORY_H

#include "exo/hosted/why.h"

/** How the program of a story is judged. */
enum cmd_story_mode {
	CMD_STORY_PLAIN,
	CMD_STORY_LEAKS,    /* leaks are refused */
	CMD_STORY_ALONE,    /* without helpers */
	CMD_STORY_EXPLORED, /* `limit` is the budget of instructions */
	CMD_STORY_MEM,      /* `limit` is the budget of memory */
	CMD_STORY_LONG,     /* repeated until it has `limit` instructions */
	CMD_STORY_TYPE,     /* `limit` is the program type */
};

struct cmd_story {
	uint32_t code;
	uint32_t type; /* enum exo_prog_type */
	enum cmd_story_mode mode;
	uint32_t limit;
	const char *maps; /* as --map takes them, newlines between */
	const char *text;
	const char *bad, *good; /* assembler text */
};

/** The story of a code, or NULL. */
const struct cmd_story *cmd_story_find(uint32_t code);

/** A program of a story, and what came of asking why. Zero it first;
 * cmd_story_free() in any case. */
struct cmd_told {
	struct exo_insn *insns;
	uint32_t *line;
	struct exo_map_def maps[WHY_MAPS];
	struct vf_input in;
	struct why why;
};

/**
 * Judge the program of a story, or the repaired one. Returns what why_ask()
 * does, or -EXO_EINVAL: it is no program.
 */
int cmd_story_tell(const struct cmd_story *s, bool good, struct cmd_told *t);

void cmd_story_free(struct cmd_told *t);

#endif
