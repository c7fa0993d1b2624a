/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bindings of a run: names that differ, filters from files, their order.
 */
#include "exo/hosted/binding.h"

#include "exo/hosted/cmd.h"
#include "exo/hosted/object.h"
#include "exo/hosted/region_text.h"
#include "exo/hosted/utf8.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT (64u << 20)

/* Write the message of a failure; the value is -1, for all to see. */
#define complain(err, ...) \
	((void)snprintf((err), CMD_BINDING_ERR, __VA_ARGS__), -1)

static uint32_t hash_of(const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a; the names are our own user's */

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

/* The slot of a name: its own, or the empty one that it would take. */
static uint32_t *slot_of(const struct cmd_bindings *set, const char *name)
{
	uint32_t mask = set->hash_size - 1;
	uint32_t at = hash_of(name) & mask;

	while (set->hash[at] != 0 &&
	       strcmp(set->v[set->hash[at] - 1].name, name) != 0)
		at = (at + 1) & mask;
	return &set->hash[at];
}

/* Room for one more binding, in the array and in the index. */
static int reserve(struct cmd_bindings *set)
{
	uint32_t room = set->room == 0 ? 16 : set->room * 2, i;
	struct cmd_binding *v;
	uint32_t *hash;

	if (set->n < set->room)
		return 0;
	if (set->room > UINT32_MAX / 8)
		return -1;
	hash = calloc((size_t)room * 4, sizeof(*hash));
	v = hash == NULL ? NULL : realloc(set->v, room * sizeof(*v));
	if (v == NULL) {
		free(hash);
		return -1;
	}
	free(set->hash);
	set->hash = hash;
	set->hash_size = room * 4;
	set->v = v;
	set->room = room;
	for (i = 0; i < set->n; i++)
		*slot_of(set, v[i].name) = i + 1;
	return 0;
}

/* True when a blank follows a word that many expressions begin with. There may
 * be a file of that name, but nobody means it, and to look for it costs more
 * than all else here: thousands of filters are read. */
static bool is_sentence(const char *filter)
{
	static const char *const words[] = { "arp", "dst", "ether", "host",
		"icmp", "icmp6", "ip", "ip6", "net", "not", "port", "sctp",
		"src", "tcp", "udp", "vlan" };
	size_t n = strcspn(filter, " ");

	if (filter[n] == '\0')
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && memcmp(filter, words[i], n) == 0)
			return true;
	return false;
}

/* Comment lines become blanks, so that offsets in messages stay true. */
static void blank_comments(char *text)
{
	bool start = true, comment = false;

	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			start = true;
			comment = false;
		} else if (start && *text == '#') {
			comment = true;
			start = false;
		} else if (!isspace((unsigned char)*text)) {
			start = false;
		}
		if (comment)
			*text = ' ';
	}
}

static void trim(char *text)
{
	size_t n = strlen(text), lead = strspn(text, " \t\r\n");

	while (n > lead && isspace((unsigned char)text[n - 1]))
		n--;
	memmove(text, text + lead, n - lead);
	text[n - lead] = '\0';
}

static int read_object(struct cmd_binding *b, char *err)
{
	struct flt_error why;

	if (cmd_object_image(b->expr, &b->object, &why) != 0)
		return complain(err, "%s", why.text);
	return 0;
}

/* The text of FILTER: itself, or what its file holds. */
static int read_filter(const char *filter, struct cmd_binding *b, char *err)
{
	char *text;
	size_t len;

	if (filter[0] != '@') {
		b->expr = strdup(filter);
		if (b->expr == NULL)
			return complain(err, "out of memory");
		if (!is_sentence(filter) && cmd_object_is(filter))
			return read_object(b, err);
		return 0;
	}
	b->file = strdup(filter + 1);
	if (b->file == NULL)
		return complain(err, "out of memory");
	if (cmd_object_is(b->file))
		return complain(err,
		    "%.200s is an ELF object, not text: name it without the "
		    "'@'",
		    b->file);
	if (cmd_read_file(b->file, FILE_LIMIT, &text, &len) != 0)
		return complain(
		    err, "its filter cannot be read from %.200s", b->file);
	b->expr = text;
	if (strlen(text) != len)
		return complain(err,
		    "%.200s holds a NUL byte: it is no "
		    "tcpdump expression",
		    b->file);
	memset(text, ' ', cmd_utf8_bom(text, len));
	blank_comments(text);
	trim(text);
	return 0;
}

static void binding_free(struct cmd_binding *b)
{
	free(b->name);
	free(b->owner);
	free(b->expr);
	free(b->file);
	free(b->list);
	flt_image_free(&b->object);
	cmd_region_free(&b->claim);
}

/* Make the binding; on failure nothing is left of it. */
static int make(
    const struct cmd_binding_parts *parts, struct cmd_binding *b, char *err)
{
	int ret = 0;

	*b = (struct cmd_binding){ .priority = parts->priority };
	b->name = strndup(parts->name, parts->name_len);
	b->owner = strndup(parts->owner, parts->owner_len);
	b->fragments = parts->fragments;
	b->claimed = parts->claim != NULL;
	if (b->name == NULL || b->owner == NULL)
		ret = complain(err, "out of memory");
	else if (b->claimed)
		ret = cmd_claim_read("its claim", parts->claim,
		    parts->claim_len, &b->claim, err);
	if (ret == 0)
		ret = read_filter(parts->filter, b, err);
	if (ret != 0)
		binding_free(b);
	return ret;
}

int cmd_bindings_add(
    struct cmd_bindings *set, const char *text, char err[CMD_BINDING_ERR])
{
	char why[CMD_BINDING_ERR - 160];
	struct cmd_binding_parts parts;
	struct cmd_binding b;
	uint32_t *slot;
	int ret;

	if (cmd_binding_parse(text, &parts, err) != 0)
		return -1;
	if (reserve(set) != 0)
		return complain(err, "out of memory");
	if (make(&parts, &b, err) != 0) {
		memcpy(why, err, sizeof(why) - 1);
		why[sizeof(why) - 1] = '\0';
		return complain(
		    err, "%.*s: %s", (int)parts.name_len, parts.name, why);
	}
	slot = slot_of(set, b.name);
	if (*slot != 0) {
		ret = complain(err,
		    "two bindings are called %s; names must differ", b.name);
		binding_free(&b);
		return ret;
	}
	b.index = set->n;
	set->v[set->n++] = b;
	*slot = set->n;
	return 0;
}

static int add_line(struct cmd_bindings *set, char *line, const char *path,
    unsigned number, char *err)
{
	char why[CMD_BINDING_ERR];
	const char *grant;
	struct cmd_binding *b;
	int ret;

	trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	grant = cmd_grant_line(line);
	ret = grant != NULL
	          ? cmd_grants_add(&set->grants, grant, path, number, why)
	          : cmd_bindings_add(set, line, why);
	if (ret != 0)
		return complain(err, "%.100s:%u: %.880s", path, number, why);
	if (grant != NULL)
		return 0;
	b = &set->v[set->n - 1];
	b->line = number;
	b->list = strdup(path);
	return b->list == NULL ? complain(err, "out of memory") : 0;
}

int cmd_bindings_read(
    struct cmd_bindings *set, const char *path, char err[CMD_BINDING_ERR])
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	char *text, *line, *end;
	unsigned number = 1;
	size_t len;
	int ret = 0;

	if (cmd_read_file(path, FILE_LIMIT, &text, &len) != 0)
		return complain(
		    err, "the bindings of -f %.200s cannot be read", path);
	if (strlen(text) != len)
		ret = complain(err,
		    "%.200s holds a NUL byte: it is no list "
		    "of bindings",
		    name);
	line = text + cmd_utf8_bom(text, len);
	for (; ret == 0 && line != NULL; line = end, number++) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		ret = add_line(set, line, name, number, err);
	}
	free(text);
	return ret;
}

static int by_priority(const void *a, const void *b, void *ctx)
{
	const struct cmd_binding *v = ctx;
	const struct cmd_binding *x = &v[*(const uint32_t *)a];
	const struct cmd_binding *y = &v[*(const uint32_t *)b];

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

void cmd_bindings_order(const struct cmd_bindings *set, uint32_t *order)
{
	uint32_t i;

	for (i = 0; i < set->n; i++)
		order[i] = i;
	if (set->n > 1)
		qsort_r(order, set->n, sizeof(*order), by_priority, set->v);
}

void cmd_bindings_free(struct cmd_bindings *set)
{
	uint32_t i;

	for (i = 0; i < set->n; i++)
		binding_free(&set->v[i]);
	free(set->v);
	free(set->hash);
	cmd_grants_free(&set->grants);
	memset(set, 0, sizeof(*set));
}
