/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps of a line of a batch: by name, from the line or built in.
 *
 * The built-in ones are those of Linux's verifier tests
 * (tools/testing/selftests/bpf/test_verifier.c, the fix-ups there).
 */
#include "exo/hosted/batch_int.h"

#include "exo/abi/err.h"
#include "exo/hosted/hex.h"

#include <stdlib.h>
#include <string.h>

/* Kind, bytes of a key, bytes of a value, entries, flags. */
static const struct {
	const char *name;
	struct exo_map_def def;
} built_in[] = {
	{ "map_hash_8b", { EXO_MAP_HASH, 8, 8, 1, 0 } },
	{ "map_hash_16b", { EXO_MAP_HASH, 8, 16, 1, 0 } },
	{ "map_hash_48b", { EXO_MAP_HASH, 8, 48, 1, 0 } },
	{ "map_array_48b", { EXO_MAP_ARRAY, 4, 48, 1, 0 } },
	{ "map_array_ro", { EXO_MAP_ARRAY, 4, 48, 1, EXO_MAP_RDONLY_PROG } },
	{ "map_array_wo", { EXO_MAP_ARRAY, 4, 48, 1, EXO_MAP_WRONLY_PROG } },
	{ "map_array_small", { EXO_MAP_ARRAY, 4, 1, 1, 0 } },
	{ "map_ringbuf", { EXO_MAP_RINGBUF, 0, 0, 4096, 0 } },
	{ "map_event_output", { EXO_MAP_PERF_EVENT_ARRAY, 4, 4, 1, 0 } },
	{ "prog1", { EXO_MAP_PROG_ARRAY, 4, 4, 4, 0 } },
	{ "prog2", { EXO_MAP_PROG_ARRAY, 4, 4, 8, 0 } },
};

/* The maps in use: names beside line->maps, and for each instruction the map
 * that it names, counted from 1; 0 none. */
struct job {
	struct cmd_batch_line *line;
	const json_t *defs; /* or NULL */
	const json_t *names[CMD_BATCH_MAPS];
	uint8_t *of;
};

static bool same_text(const json_t *a, const json_t *b)
{
	size_t len = json_string_length(a);

	return len == json_string_length(b) &&
	       memcmp(json_string_value(a), json_string_value(b), len) == 0;
}

static bool is_text(const json_t *a, const char *text)
{
	return json_string_length(a) == strlen(text) &&
	       memcmp(json_string_value(a), text, strlen(text)) == 0;
}

/* The definition that the line has of a map: an object or NULL. */
static const json_t *own_def(const struct job *job, const json_t *name)
{
	const json_t *d;
	size_t i;

	/* No name of a member holds NUL: the JSON library refuses it. */
	if (json_is_object(job->defs))
		return is_text(name, json_string_value(name))
		           ? json_object_get(job->defs, json_string_value(name))
		           : NULL;
	for (i = 0; i < json_array_size(job->defs); i++) {
		d = json_array_get(job->defs, i);
		if (same_text(json_object_get(d, "name"), name))
			return d;
	}
	return NULL;
}

static bool take_def(
    struct cmd_batch_line *line, const json_t *d, struct exo_map_def *out)
{
	static const char *const keys[] = { "type_nr", "key", "value", "max",
		"flags" };
	uint32_t v[5] = { 0 };
	size_t i;

	for (i = 0; i < 5; i++) {
		if (i > 0 && cmd_batch_member(d, keys[i]) == NULL)
			continue;
		if (!cmd_batch_number(
		        line, d, "map_defs", keys[i], UINT32_MAX, &v[i]))
			return false;
	}
	*out = (struct exo_map_def){ v[0], v[1], v[2], v[3], v[4] };
	return true;
}

static bool define(struct job *job, const json_t *name, struct exo_map_def *out)
{
	const json_t *own = own_def(job, name);
	size_t i;

	if (own != NULL)
		return take_def(job->line, own, out);
	for (i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		if (is_text(name, built_in[i].name)) {
			*out = built_in[i].def;
			return true;
		}
	}
	return cmd_batch_bad(
	    job->line, "there is no map '%.64s'", json_string_value(name));
}

/* The index of a map in line->maps, which it may have to enter first. */
static bool find(struct job *job, const json_t *name, uint32_t *index)
{
	struct cmd_batch_line *line = job->line;
	uint32_t i;

	for (i = 0; i < line->nmaps; i++) {
		if (same_text(job->names[i], name)) {
			*index = i;
			return true;
		}
	}
	if (i == CMD_BATCH_MAPS)
		return cmd_batch_bad(
		    line, "the program names more than %u maps", i);
	if (!define(job, name, &line->maps[i]))
		return false;
	job->names[i] = name;
	*index = line->nmaps++;
	return true;
}

static bool loads_map(const struct exo_insn *in)
{
	unsigned src = exo_src(in);

	return in->code == (EXO_LD | EXO_IMM | EXO_DW) &&
	       (src == EXO_LDDW_MAP || src == EXO_LDDW_MAP_VALUE);
}

static bool take_ref(struct job *job, const json_t *ref)
{
	const json_t *name = cmd_batch_member(ref, "map");
	struct cmd_batch_line *line = job->line;
	uint32_t at = 0, index = 0;

	if (!json_is_object(ref))
		return cmd_batch_bad(line, "maps holds what is no object");
	if (!cmd_batch_number(line, ref, "maps", "insn", UINT32_MAX, &at))
		return false;
	if (!json_is_string(name))
		return cmd_batch_bad(line, "maps: map is no text");
	if (at >= line->ninsns)
		return cmd_batch_bad(line,
		    "maps: instruction %u, but the program has %u", at,
		    line->ninsns);
	if (!loads_map(&line->insns[at]))
		return cmd_batch_bad(line,
		    "maps: instruction %u is no 64-bit immediate of source 1 "
		    "or 2",
		    at);
	if (!find(job, name, &index))
		return false;
	if (job->of[at] != 0 && job->of[at] != index + 1)
		return cmd_batch_bad(
		    line, "maps: instruction %u has two maps", at);
	job->of[at] = (uint8_t)(index + 1);
	return true;
}

/* Whoever is not told which map it means, means none: its immediate must not
 * happen to be the index of one. */
static void rewrite(struct job *job)
{
	struct cmd_batch_line *line = job->line;
	uint32_t i;

	for (i = 0; i < line->ninsns; i++) {
		if (loads_map(&line->insns[i]))
			line->insns[i].imm = job->of == NULL || job->of[i] == 0
			                         ? CMD_BATCH_NO_MAP
			                         : job->of[i] - 1;
	}
}

/* Definitions that no instruction asks for are looked at as well. */
static bool check_def(struct cmd_batch_line *line, const json_t *d)
{
	const json_t *init = cmd_batch_member(d, "init");
	struct exo_map_def def;
	uint8_t *bytes = NULL;
	size_t n, where;
	int ret;

	if (!json_is_object(d))
		return cmd_batch_bad(line, "map_defs holds what is no object");
	if (!take_def(line, d, &def))
		return false;
	if (init == NULL)
		return true;
	if (!json_is_string(init))
		return cmd_batch_bad(line, "map_defs: init is no text");
	ret = cmd_hex_parse(json_string_value(init), json_string_length(init),
	    &bytes, &n, &where);
	free(bytes);
	if (ret == -EXO_ENOMEM)
		return cmd_batch_bad(line, "out of memory");
	return ret == 0 ||
	       cmd_batch_bad(line, "map_defs: init is not hexadecimal");
}

static bool check_defs(struct cmd_batch_line *line, json_t *defs)
{
	void *it;
	size_t i;

	if (defs != NULL && !json_is_object(defs) && !json_is_array(defs))
		return cmd_batch_bad(
		    line, "map_defs is neither an object nor a list");
	for (it = json_object_iter(defs); it != NULL;
	     it = json_object_iter_next(defs, it)) {
		if (!check_def(line, json_object_iter_value(it)))
			return false;
	}
	for (i = 0; i < json_array_size(defs); i++) {
		if (!check_def(line, json_array_get(defs, i)))
			return false;
		if (!json_is_string(
		        json_object_get(json_array_get(defs, i), "name")))
			return cmd_batch_bad(
			    line, "map_defs: a map has no name");
	}
	return true;
}

bool cmd_batch_maps(struct cmd_batch_line *line, const json_t *root)
{
	const json_t *refs = cmd_batch_member(root, "maps");
	json_t *defs = cmd_batch_member(root, "map_defs");
	struct job job = { .line = line, .defs = defs };
	size_t i, n = json_array_size(refs);
	bool ok = true;

	if (refs != NULL && !json_is_array(refs))
		return cmd_batch_bad(line, "maps is no list");
	if (!check_defs(line, defs))
		return false;
	if (n > 0) {
		job.of = calloc((size_t)line->ninsns + 1, sizeof(*job.of));
		if (job.of == NULL)
			return cmd_batch_bad(line, "out of memory");
	}
	for (i = 0; ok && i < n; i++)
		ok = take_ref(&job, json_array_get(refs, i));
	rewrite(&job);
	free(job.of);
	return ok;
}
