/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of case files.
 */
#include "tests/support/case.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exo/abi/ctx.h"
#include "exo/isa/text.h"

#define MAX_INSNS 65536u

/* A file being read, line by line. */
struct reader {
	const char *file;
	const char *p; /* start of the next line */
	unsigned line; /* number of the line at hand */
	struct case_set *set;
	struct case_one *one; /* the case at hand, or NULL */
};

static int fail(const struct reader *rd, const char *what, const char *which)
{
	fprintf(stderr, "%s:%u: %s%s%s\n", rd->file, rd->line, what,
	    which == NULL ? "" : ": ", which == NULL ? "" : which);
	return -1;
}

static void *must(void *p)
{
	if (p == NULL) {
		fprintf(stderr, "case files: out of memory\n");
		abort();
	}
	return p;
}

/* Take one line as a new string without its newline; NULL at the end. */
static char *take_line(struct reader *rd)
{
	size_t n = strcspn(rd->p, "\n");
	char *s;

	if (*rd->p == '\0')
		return NULL;
	s = must(malloc(n + 1));
	memcpy(s, rd->p, n);
	s[n] = '\0';
	rd->p += n + (rd->p[n] == '\n');
	rd->line++;
	return s;
}

/* Append the indented lines that follow to a value. */
static char *take_block(struct reader *rd, char *value)
{
	size_t n = strlen(value), more;
	char *line;

	while (*rd->p == '\t' || *rd->p == ' ') {
		line = take_line(rd);
		more = strlen(line);
		value = must(realloc(value, n + more + 2));
		value[n++] = '\n';
		memcpy(value + n, line, more + 1);
		n += more;
		free(line);
	}
	return value;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int read_bytes(
    const struct reader *rd, const char *s, struct case_bytes *out)
{
	int hi, lo;

	if (out->given)
		return fail(rd, "the same key twice", NULL);
	/* Exactly as long as needed, so that sanitizers see an overrun. */
	out->p = must(malloc(strlen(s) / 2 + 1));
	out->given = true;
	for (;;) {
		s += strspn(s, " \t\n");
		if (*s == '\0')
			break;
		hi = nibble(s[0]);
		lo = hi < 0 ? -1 : nibble(s[1]);
		if (lo < 0)
			return fail(rd, "no pair of hexadecimal digits", s);
		out->p[out->n++] = (uint8_t)(hi << 4 | lo);
		s += 2;
	}
	out->p = must(realloc(out->p, out->n == 0 ? 1 : out->n));
	return 0;
}

static int read_num(
    const struct reader *rd, const char *s, struct case_num *out)
{
	char *rest;

	errno = 0;
	out->v = s[0] == '-' ? (uint64_t)strtoll(s, &rest, 0)
	                     : strtoull(s, &rest, 0);
	if (errno != 0 || rest == s || *rest != '\0')
		return fail(rd, "no number", s);
	out->given = true;
	return 0;
}

static int read_word(
    const struct reader *rd, const char *s, char *out, size_t size)
{
	if (*s == '\0' || strlen(s) >= size)
		return fail(rd, "no such word", s);
	strcpy(out, s);
	return 0;
}

static int assemble(struct reader *rd, const char *s)
{
	struct case_one *one = rd->one;
	struct isa_asm_error err;

	one->insns = must(calloc(MAX_INSNS, sizeof(*one->insns)));
	if (isa_asm(s, strlen(s), one->insns, MAX_INSNS, &one->ninsns, &err) !=
	    0) {
		fprintf(stderr, "%s:%u: %s: line %u of asm, column %u: %s\n",
		    rd->file, rd->line, one->name, err.line, err.col, err.what);
		return -1;
	}
	one->insns =
	    must(realloc(one->insns, (one->ninsns + 1) * sizeof(*one->insns)));
	return 0;
}

/* Put s before the label `here` of the text that `like` left. */
static int insert_asm(struct reader *rd, const char *s)
{
	struct case_one *one = rd->one;
	const char *here = strstr(one->text, "\there:");
	size_t n = strlen(one->text) + strlen(s) + 2;
	char *text;

	if (here == NULL)
		return fail(rd, "no label 'here' in the program", one->name);
	text = must(malloc(n));
	snprintf(
	    text, n, "%.*s%s\n%s", (int)(here - one->text), one->text, s, here);
	free(one->text);
	one->text = text;
	return 0;
}

static int read_asm(struct reader *rd, const char *s)
{
	struct case_one *one = rd->one;

	if (one->insns != NULL)
		return fail(rd, "a second program", NULL);
	if (one->text == NULL)
		one->text = must(strdup(s));
	else if (insert_asm(rd, s) != 0)
		return -1;
	return assemble(rd, one->text);
}

static int read_like(struct reader *rd, const char *name)
{
	struct case_one *one = rd->one;
	unsigned i;

	for (i = 0; i + 1 < rd->set->n; i++) {
		const struct case_one *c = &rd->set->cases[i];

		if (strcmp(c->name, name) != 0 || c->text == NULL ||
		    strcmp(c->file, one->file) != 0)
			continue;
		if (one->text != NULL || one->insns != NULL)
			return fail(rd, "a second program", NULL);
		one->text = must(strdup(c->text));
		one->type = c->type;
		memcpy(one->maps, c->maps, sizeof(one->maps));
		one->nmaps = c->nmaps;
		return read_word(rd, name, one->safe, sizeof(one->safe));
	}
	return fail(rd, "no earlier case of this name", name);
}

static int read_raw(struct reader *rd, const char *s)
{
	struct case_bytes b = { 0 };
	struct case_one *one = rd->one;
	int rc;

	if (one->insns != NULL)
		return fail(rd, "a second program", NULL);
	rc = read_bytes(rd, s, &b);
	if (rc == 0 && b.n % sizeof(*one->insns) != 0)
		rc = fail(rd, "raw: not a multiple of 8 bytes", NULL);
	if (rc == 0) {
		one->ninsns = b.n / (uint32_t)sizeof(*one->insns);
		one->insns = must(malloc(b.n == 0 ? 1 : b.n));
		memcpy(one->insns, b.p, b.n);
	}
	free(b.p);
	return rc;
}

static int read_type(struct reader *rd, const char *s)
{
	static const char *const names[] = { "", "mem", "xdp", "socket", "tc" };
	uint32_t i;

	for (i = 1; i <= EXO_PROG_TYPE_MAX; i++) {
		if (strcmp(s, names[i]) == 0) {
			rd->one->type = i;
			return 0;
		}
	}
	return fail(rd, "no program type", s);
}

static struct case_num *num_key(struct case_one *c, const char *key)
{
	struct {
		const char *key;
		struct case_num *num;
	} rows[] = {
		{ "wirelen", &c->wirelen },
		{ "protocol", &c->protocol },
		{ "ifindex", &c->ifindex },
		{ "fuel", &c->fuel },
		{ "result", &c->result },
		{ "steps", &c->steps },
		{ "at", &c->at },
		{ "insn", &c->insn },
		{ "explored", &c->explored },
		{ "witness", &c->witness },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(key, rows[i].key) == 0)
			return rows[i].num;
	}
	return NULL;
}

/*
 * Maps
 */

static uint32_t map_kind(const char *name)
{
	static const struct {
		const char *name;
		uint32_t kind;
	} rows[] = {
#define EXO_MAP_KIND(nr, NAME, text, can) { text, nr },
#include "exo/abi/map.inc"
#undef EXO_MAP_KIND
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].kind;
	}
	return 0;
}

static int read_map(const struct reader *rd, char *line)
{
	struct case_one *c = rd->one;
	struct exo_map_def *m = &c->maps[c->nmaps];
	uint32_t *field[] = { &m->key_size, &m->value_size, &m->max_entries };
	const char *word = strtok(line, " \t");
	struct case_num num;
	size_t i;

	if (word == NULL)
		return 0;
	if (c->nmaps == CASE_MAPS)
		return fail(rd, "too many maps", NULL);
	m->kind = map_kind(word);
	if (m->kind == 0)
		return fail(rd, "no kind of map", word);
	for (i = 0; i < 3; i++) {
		word = strtok(NULL, " \t");
		if (word == NULL || read_num(rd, word, &num) != 0)
			return fail(rd, "a map has three numbers", NULL);
		*field[i] = (uint32_t)num.v;
	}
	while ((word = strtok(NULL, " \t")) != NULL) {
		if (strcmp(word, "rdonly") == 0)
			m->flags |= EXO_MAP_RDONLY_PROG;
		else if (strcmp(word, "wronly") == 0)
			m->flags |= EXO_MAP_WRONLY_PROG;
		else
			return fail(rd, "no flag of a map", word);
	}
	c->nmaps++;
	return 0;
}

static int read_maps(const struct reader *rd, const char *s)
{
	char line[128];
	size_t n;

	for (;; s += n) {
		s += strspn(s, "\n");
		n = strcspn(s, "\n");
		if (n == 0)
			return 0;
		if (n >= sizeof(line))
			return fail(rd, "too long a line", NULL);
		memcpy(line, s, n);
		line[n] = '\0';
		if (read_map(rd, line) != 0)
			return -1;
	}
}

/*
 * Keys
 */

/* Keys that say yes or no: unknown ones and other words fail. */
static int read_flag(
    const struct reader *rd, const char *key, const char *value)
{
	struct case_one *c = rd->one;
	struct {
		const char *key, *value;
		bool *flag;
	} rows[] = {
		{ "load", "unchecked", &c->unchecked },
		{ "leaks", "allowed", &c->leaks },
		{ "without", "helpers", &c->no_helpers },
		{ "without", "writes", &c->no_writes },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(key, rows[i].key) == 0 &&
		    strcmp(value, rows[i].value) == 0) {
			*rows[i].flag = true;
			return 0;
		}
	}
	return fail(rd, "unknown key, or not for this value", key);
}

static struct case_bytes *bytes_key(struct case_one *c, const char *key)
{
	if (strcmp(key, "mem") == 0)
		return &c->mem;
	if (strcmp(key, "packet") == 0)
		return &c->packet;
	if (strcmp(key, "mem-after") == 0)
		return &c->mem_after;
	if (strcmp(key, "cb-after") == 0)
		return &c->cb_after;
	return NULL;
}

static int set_key(struct reader *rd, const char *key, const char *value)
{
	struct case_one *c = rd->one;
	struct case_num *num = num_key(c, key);
	struct case_bytes *bytes = bytes_key(c, key);

	if (num != NULL)
		return read_num(rd, value, num);
	if (bytes != NULL)
		return read_bytes(rd, value, bytes);
	if (strcmp(key, "asm") == 0)
		return read_asm(rd, value);
	if (strcmp(key, "raw") == 0)
		return read_raw(rd, value);
	if (strcmp(key, "type") == 0)
		return read_type(rd, value);
	if (strcmp(key, "end") == 0)
		return read_word(rd, value, c->end, sizeof(c->end));
	if (strcmp(key, "verdict") == 0)
		return read_word(rd, value, c->verdict, sizeof(c->verdict));
	if (strcmp(key, "code") == 0)
		return read_word(rd, value, c->code, sizeof(c->code));
	if (strcmp(key, "like") == 0)
		return read_like(rd, value);
	if (strcmp(key, "safe") == 0)
		return read_word(rd, value, c->safe, sizeof(c->safe));
	if (strcmp(key, "maps") == 0)
		return read_maps(rd, value);
	return read_flag(rd, key, value);
}

/* A case is whole when it has a program and something to compare. */
static int check_whole(const struct reader *rd)
{
	const struct case_one *c = rd->one;

	if (c == NULL)
		return 0;
	if (c->insns == NULL)
		return fail(rd, "a case without asm or raw", c->name);
	if (!c->result.given && c->end[0] == '\0' && c->verdict[0] == '\0')
		return fail(
		    rd, "a case without result, end or verdict", c->name);
	return 0;
}

static int start_case(struct reader *rd, const char *name)
{
	struct case_set *set = rd->set;

	if (check_whole(rd) != 0)
		return -1;
	name += strspn(name, " \t");
	if (*name == '\0' || strlen(name) >= sizeof(rd->one->name))
		return fail(rd, "no name, or too long a one", name);
	set->cases =
	    must(realloc(set->cases, (set->n + 1) * sizeof(*set->cases)));
	rd->one = &set->cases[set->n++];
	memset(rd->one, 0, sizeof(*rd->one));
	snprintf(rd->one->file, sizeof(rd->one->file), "%s", rd->file);
	strcpy(rd->one->name, name);
	rd->one->line = rd->line;
	rd->one->type = EXO_PROG_MEM;
	return 0;
}

static int read_key(struct reader *rd, const char *line)
{
	size_t n = strcspn(line, ":");
	char key[32];
	char *value;
	int rc;

	if (rd->one == NULL)
		return fail(rd, "a key before the first == name", line);
	if (line[n] == '\0' || n >= sizeof(key))
		return fail(rd, "no key", line);
	memcpy(key, line, n);
	key[n] = '\0';
	line += n + 1;
	line += strspn(line, " \t");
	value = take_block(rd, must(strdup(line)));
	for (n = strlen(value); n > 0 && strchr(" \t\r\n", value[n - 1]); n--)
		value[n - 1] = '\0';
	rc = set_key(rd, key, value);
	free(value);
	return rc;
}

int case_load_text(const char *file, const char *text, struct case_set *set)
{
	struct reader rd = { file, text, 0, set, NULL };
	char *line;
	int rc = 0;

	while (rc == 0 && (line = take_line(&rd)) != NULL) {
		if (strncmp(line, "==", 2) == 0)
			rc = start_case(&rd, line + 2);
		else if (line[0] != '#' && line[strspn(line, " \t\r")] != 0)
			rc = read_key(&rd, line);
		free(line);
	}
	return rc != 0 ? rc : check_whole(&rd);
}

static char *read_file(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = must(malloc(size));
	char *text;
	FILE *f;
	long n;

	snprintf(path, size, "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0) {
		perror(path);
		abort();
	}
	rewind(f);
	text = must(malloc((size_t)n + 1));
	n = (long)fread(text, 1, (size_t)n, f);
	text[n] = '\0';
	fclose(f);
	free(path);
	return text;
}

static int is_case(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && strcmp(d->d_name + n - 5, ".case") == 0;
}

int case_load_dir(const char *dir, struct case_set *set)
{
	struct dirent **names;
	int i, n, rc = 0;
	char *text;

	memset(set, 0, sizeof(*set));
	n = scandir(dir, &names, is_case, alphasort);
	if (n < 0) {
		perror(dir);
		return -1;
	}
	for (i = 0; i < n; i++) {
		text = read_file(dir, names[i]->d_name);
		if (rc == 0)
			rc = case_load_text(names[i]->d_name, text, set);
		free(text);
		free(names[i]);
	}
	free(names);
	return rc;
}

void case_free(struct case_set *set)
{
	unsigned i;

	for (i = 0; i < set->n; i++) {
		free(set->cases[i].text);
		free(set->cases[i].insns);
		free(set->cases[i].mem.p);
		free(set->cases[i].packet.p);
		free(set->cases[i].mem_after.p);
		free(set->cases[i].cb_after.p);
	}
	free(set->cases);
	memset(set, 0, sizeof(*set));
}
