/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A map as the command line defines it.
 */
#include "exo/hosted/map_arg.h"

#include "exo/core/world.h"
#include "exo/hosted/cmd.h"

#include <stdio.h>
#include <string.h>

#define WORDS 6u

static const struct {
	const char *name;
	uint32_t nr, can;
} kinds[] = {
#define EXO_MAP_KIND(number, NAME, text, can) { (text), (number), (can) },
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

uint32_t cmd_map_can(uint32_t kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].nr == kind)
			return kinds[i].can;
	return 0;
}

/* Cut text, which has room for it, into words. */
static unsigned split(char *text, char *word[WORDS])
{
	static const char blanks[] = " ,\t";
	char *save = NULL, *p;
	unsigned n = 0;

	for (p = strtok_r(text, blanks, &save); p != NULL && n < WORDS;
	     p = strtok_r(NULL, blanks, &save))
		word[n++] = p;
	return p != NULL ? WORDS : n;
}

static bool take_flag(const char *word, struct exo_map_def *out)
{
	if (strcmp(word, "rdonly") == 0)
		out->flags |= EXO_MAP_RDONLY_PROG;
	else if (strcmp(word, "wronly") == 0)
		out->flags |= EXO_MAP_WRONLY_PROG;
	else
		return false;
	return true;
}

bool cmd_map_arg(const char *text, struct exo_map_def *out)
{
	struct exo_map_def def = { 0 };
	char copy[CMD_MAP_TEXT], *word[WORDS];
	uint64_t v[3];
	unsigned n, i;

	if (strlen(text) >= sizeof(copy))
		return false;
	memcpy(copy, text, strlen(text) + 1);
	n = split(copy, word);
	if (n < 4 || n >= WORDS)
		return false;
	for (i = 0; i < KINDS; i++) {
		if (strcmp(word[0], kinds[i].name) == 0)
			def.kind = kinds[i].nr;
	}
	for (i = 0; i < 3; i++) {
		if (!cmd_number(word[i + 1], 0, UINT32_MAX, &v[i]))
			return false;
	}
	def.key_size = (uint32_t)v[0];
	def.value_size = (uint32_t)v[1];
	def.max_entries = (uint32_t)v[2];
	if (def.kind == EXO_MAP_LPM_TRIE) /* there are no others */
		def.flags = EXO_MAP_NO_PREALLOC;
	if (def.kind == 0 || (n == 5 && !take_flag(word[4], &def)))
		return false;
	*out = def;
	return true;
}

int cmd_map_take(const struct cmd *self, const char *text,
    struct exo_map_def *maps, uint32_t *n)
{
	if (*n == EXO_WORLD_MAPS)
		return cmd_usage(self, "more than %u maps", EXO_WORLD_MAPS);
	if (!cmd_map_arg(text, &maps[*n]))
		return cmd_usage(self,
		    "--map '%s': a map is KIND KEY VALUE ENTRIES "
		    "[rdonly|wronly], such as 'array 4 48 1'; docs/maps.md has "
		    "the kinds",
		    text);
	if (exo_world_map(&maps[*n]) != 0)
		return cmd_usage(self,
		    "--map '%s': there can be no such map: docs/maps.md says "
		    "which keys, values and entries a kind has",
		    text);
	++*n;
	return 0;
}

const char *cmd_map_text(const struct exo_map_def *def, char *buf)
{
	const char *kind = "unknown";
	unsigned i;

	for (i = 0; i < KINDS; i++) {
		if (kinds[i].nr == def->kind)
			kind = kinds[i].name;
	}
	snprintf(buf, CMD_MAP_TEXT, "%s %u %u %u%s", kind, def->key_size,
	    def->value_size, def->max_entries,
	    (def->flags & EXO_MAP_RDONLY_PROG) != 0   ? " rdonly"
	    : (def->flags & EXO_MAP_WRONLY_PROG) != 0 ? " wronly"
	                                              : "");
	return buf;
}
