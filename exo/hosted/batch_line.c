/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a batch: a program for the verifier as a JSON object.
 *
 * The JSON is read by libjansson: strict, linear, and it finds names that
 * stand twice. It allocates through the functions given here, which count, so
 * that a line of a million empty objects is an error and not our end.
 */
#include "exo/hosted/batch_int.h"

#include "exo/abi/ctx.h"
#include "exo/abi/err.h"
#include "exo/hosted/cmd.h"
#include "exo/hosted/hex.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All integers of at most this size are doubles. */
#define EXACT 9007199254740992.0

/* What the library holds, and whether it asked in vain: then it may have cut a
 * string short, or complain of something else, and its result is worth
 * nothing. refused: it was denied memory that there was. */
static struct {
	size_t held;
	bool refused, failed;
} account;

static void *take(size_t size)
{
	void *p;

	if (account.held > CMD_BATCH_MEM ||
	    size > CMD_BATCH_MEM - account.held) {
		account.refused = true;
		account.failed = true;
		return NULL;
	}
	p = malloc(size);
	if (p != NULL)
		account.held += malloc_usable_size(p);
	else
		account.failed = true;
	return p;
}

static void give(void *p)
{
	account.held -= malloc_usable_size(p);
	free(p);
}

bool cmd_batch_bad(struct cmd_batch_line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line->why, sizeof(line->why), fmt, ap);
	va_end(ap);
	return false;
}

static bool no_memory(struct cmd_batch_line *line)
{
	if (account.refused)
		return cmd_batch_bad(line,
		    "reading the line would take more than %zu MiB",
		    CMD_BATCH_MEM >> 20);
	return cmd_batch_bad(line, "out of memory");
}

json_t *cmd_batch_member(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_null(v) ? NULL : v;
}

/* JSON knows one kind of number: 5, 5.0 and 50e-1 are the same. */
static bool whole(const json_t *v, int64_t *out)
{
	double d;

	if (json_is_integer(v)) {
		*out = json_integer_value(v);
		return true;
	}
	if (!json_is_real(v))
		return false;
	d = json_real_value(v);
	if (d > EXACT || d < -EXACT || (double)(int64_t)d != d)
		return false;
	*out = (int64_t)d;
	return true;
}

bool cmd_batch_number(struct cmd_batch_line *line, const json_t *object,
    const char *what, const char *key, uint32_t max, uint32_t *out)
{
	const json_t *v = cmd_batch_member(object, key);
	int64_t n;

	if (v == NULL)
		return cmd_batch_bad(line, "%s has no %s", what, key);
	if (!whole(v, &n) || n < 0 || n > (int64_t)max)
		return cmd_batch_bad(line,
		    "%s: %s is no whole number from 0 to %u", what, key, max);
	*out = (uint32_t)n;
	return true;
}

/* Parse the text. */
static json_t *parse(struct cmd_batch_line *line, const char *text, size_t len)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	json_error_t err = { .line = -1 };
	json_t *root;

	json_set_alloc_funcs(take, give);
	account.refused = false;
	account.failed = false;
	root = json_loadb(text, len, flags, &err);
	/* Integers beyond 64 bits, in members that nobody asks for. */
	if (root == NULL &&
	    json_error_code(&err) == json_error_numeric_overflow)
		root = json_loadb(
		    text, len, flags | JSON_DECODE_INT_AS_REAL, &err);
	if (root != NULL && !account.failed)
		return root;
	json_decref(root);
	if (account.failed)
		(void)no_memory(line);
	else
		(void)cmd_batch_bad(
		    line, "no JSON: column %d: %s", err.column, err.text);
	return NULL;
}

static bool take_id(struct cmd_batch_line *line)
{
	const json_t *id = cmd_batch_member(line->root, "id");

	if (id == NULL)
		return true;
	if (json_is_string(id)) {
		line->id_kind = CMD_ID_TEXT;
		line->id_text = json_string_value(id);
		line->id_len = json_string_length(id);
		return true;
	}
	if (!whole(id, &line->id))
		return cmd_batch_bad(
		    line, "id is neither a whole number nor text");
	line->id_kind = CMD_ID_NUMBER;
	return true;
}

static bool take_name(struct cmd_batch_line *line)
{
	const json_t *name = cmd_batch_member(line->root, "name");

	if (name == NULL)
		return true;
	if (!json_is_string(name))
		return cmd_batch_bad(line, "name is no text");
	line->name = json_string_value(name);
	line->name_len = json_string_length(name);
	return true;
}

/* Linux's names; the others are ours. */
static const struct {
	const char *name;
	uint32_t type;
} linux_types[] = {
	{ "socket_filter", EXO_PROG_SOCKET },
	{ "xdp", EXO_PROG_XDP },
	{ "sched_cls", EXO_PROG_TC },
	{ "sched_act", EXO_PROG_TC },
};

static bool take_type(struct cmd_batch_line *line)
{
	const json_t *v = cmd_batch_member(line->root, "type");
	const char *name = json_string_value(v);
	size_t i;

	if (v == NULL)
		return cmd_batch_bad(line, "there is no type");
	if (name == NULL)
		return cmd_batch_bad(line, "type is no text");
	if (strlen(name) == json_string_length(v))
		line->type = cmd_prog_type(name);
	for (i = 0; i < sizeof(linux_types) / sizeof(linux_types[0]); i++) {
		if (strcmp(linux_types[i].name, name) == 0 &&
		    strlen(name) == json_string_length(v))
			line->type = linux_types[i].type;
	}
	if (line->type == 0)
		return cmd_batch_bad(line,
		    "there is no program type '%.40s': use socket_filter, "
		    "xdp, sched_cls, sched_act or mem",
		    name);
	return true;
}

static bool take_insns(struct cmd_batch_line *line)
{
	const json_t *v = cmd_batch_member(line->root, "insns");
	uint8_t *bytes = NULL;
	size_t n = 0, where = 0;
	void *insns;
	int ret;

	if (v == NULL)
		return cmd_batch_bad(line, "there are no insns");
	if (!json_is_string(v))
		return cmd_batch_bad(line, "insns is no text");
	ret = cmd_hex_parse(
	    json_string_value(v), json_string_length(v), &bytes, &n, &where);
	if (ret == -EXO_ENOMEM)
		return cmd_batch_bad(line, "out of memory");
	if (ret != 0)
		return cmd_batch_bad(line,
		    "insns: character %zu is no pair of hexadecimal digits",
		    where + 1);
	insns = bytes;
	line->insns = insns;
	if (n % sizeof(*line->insns) != 0)
		return cmd_batch_bad(line,
		    "insns: %zu bytes are not a whole number of 8-byte "
		    "instructions",
		    n);
	line->ninsns = (uint32_t)(n / sizeof(*line->insns));
	return true;
}

static bool take_unprivileged(struct cmd_batch_line *line)
{
	const json_t *v = cmd_batch_member(line->root, "unprivileged");

	if (v != NULL && !json_is_boolean(v))
		return cmd_batch_bad(
		    line, "unprivileged is neither true nor false");
	line->unprivileged = json_is_true(v);
	return true;
}

/* One function: its first instruction; the rest may be absent. */
static bool check_func(struct cmd_batch_line *line, const json_t *f)
{
	const json_t *name = cmd_batch_member(f, "name");
	const json_t *global = cmd_batch_member(f, "global");
	uint32_t v = 0;

	if (!json_is_object(f))
		return cmd_batch_bad(line, "funcs holds what is no object");
	if (!cmd_batch_number(line, f, "a function", "insn", UINT32_MAX, &v))
		return false;
	if (v >= line->ninsns)
		return cmd_batch_bad(line,
		    "a function begins at instruction %u, the program has %u",
		    v, line->ninsns);
	if (name != NULL && !json_is_string(name))
		return cmd_batch_bad(line, "the name of a function is no text");
	if (global != NULL && !json_is_boolean(global))
		return cmd_batch_bad(
		    line, "a function: global is neither true nor false");
	return cmd_batch_member(f, "nargs") == NULL ||
	       cmd_batch_number(line, f, "a function", "nargs", 5, &v);
}

static bool check_funcs(struct cmd_batch_line *line)
{
	const json_t *v = cmd_batch_member(line->root, "funcs");
	size_t i, n = json_array_size(v);

	if (v != NULL && !json_is_array(v))
		return cmd_batch_bad(line, "funcs is no list");
	for (i = 0; i < n; i++) {
		if (!check_func(line, json_array_get(v, i)))
			return false;
	}
	return true;
}

bool cmd_batch_line_read(
    struct cmd_batch_line *line, const char *text, size_t len)
{
	memset(line, 0, sizeof(*line));
	if (len == 0)
		return cmd_batch_bad(line, "the line is empty");
	line->root = parse(line, text, len);
	if (line->root == NULL)
		return false;
	if (!json_is_object(line->root))
		return cmd_batch_bad(line, "the line is no JSON object");
	return take_id(line) && take_name(line) && take_type(line) &&
	       take_insns(line) && take_unprivileged(line) &&
	       cmd_batch_maps(line, line->root) && check_funcs(line);
}

void cmd_batch_line_free(struct cmd_batch_line *line)
{
	json_decref(line->root);
	free(line->insns);
	memset(line, 0, sizeof(*line));
}
