/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of a replay's outputs: what they expand to, which cannot do.
 *
 * All is known before anything is read, made or emptied: two outputs that are
 * one file, an output that is an input, or standard output when that is taken.
 * Files are compared by what they are, not by how their paths are spelled.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/replay.h"
#include "exo/hosted/signals.h"
#include "exo/hosted/where.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHO_REST UINT32_MAX

/* An output and where it will be. */
struct place {
	struct cmd_where where;
	uint32_t who; /* a binding, or WHO_REST */
};

/* The check of all names. */
struct check {
	struct replay *rp;
	struct tr_outs *set;  /* knows the inputs */
	struct cmd_where out; /* standard output */
	struct cmd_where_dir dir;
	struct place *v;
	size_t n;
	char path[2][REPLAY_PATH];
};

static bool is_stdout(const char *path)
{
	return path != NULL && tr_out_is_stdout(path);
}

/* Append n bytes of s; false when they do not fit. */
static bool append(char out[REPLAY_PATH], size_t *len, const char *s, size_t n)
{
	if (n >= REPLAY_PATH - *len)
		return false;
	memcpy(out + *len, s, n);
	*len += n;
	out[*len] = '\0';
	return true;
}

bool replay_out_name(
    const char *pattern, const struct cmd_binding *b, char out[REPLAY_PATH])
{
	const char *whole = pattern;
	size_t len = 0;
	bool ok = true;

	out[0] = '\0';
	while (ok && *pattern != '\0') {
		size_t n = strcspn(pattern, "{");

		if (n > 0) {
			ok = append(out, &len, pattern, n);
			pattern += n;
		} else if (strncmp(pattern, "{name}", 6) == 0) {
			ok = append(out, &len, b->name, strlen(b->name));
			pattern += 6;
		} else if (strncmp(pattern, "{owner}", 7) == 0) {
			ok = append(out, &len, b->owner, strlen(b->owner));
			pattern += 7;
		} else {
			ok = append(out, &len, pattern++, 1);
		}
	}
	/* A binding named '-' has a file like any other. */
	if (ok && is_stdout(out) && !is_stdout(whole)) {
		memmove(out + 2, out, len + 1);
		memcpy(out, "./", 2);
	}
	return ok;
}

static int bad_extension(const char *what, const char *path)
{
	cmd_say("%s %s: the name must end in .pcap, .cap, .pcapng or .ng, or "
	        "be '-' (pcap to standard output) or '-.pcapng'",
	    what, path);
	return CMD_FAULT;
}

static int no_memory(void)
{
	cmd_say("out of memory");
	return CMD_FAULT;
}

bool replay_out_stdout(const struct replay *rp)
{
	return rp->to_stdout;
}

/* Everything that is read: traces, lists of bindings, filters. */
static int guard_inputs(const struct replay *rp, struct tr_outs *set)
{
	const struct replay_opts *o = rp->opts;
	size_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < o->nfiles; i++)
		ret = tr_outs_guard(set, o->files[i]);
	for (i = 0; ret == 0 && i < o->nlists; i++)
		ret = tr_outs_guard(set, o->lists[i]);
	for (i = 0; ret == 0 && i < rp->set.n; i++) {
		if (rp->set.v[i].file != NULL)
			ret = tr_outs_guard(set, rp->set.v[i].file);
	}
	return ret;
}

struct tr_outs *replay_out_set(const struct replay *rp)
{
	const struct tr_outs_how how = { .stop = &cmd_signal_hurry };
	struct tr_outs *set = tr_outs_new(&how);

	if (set != NULL && guard_inputs(rp, set) != 0) {
		tr_outs_free(set);
		return NULL;
	}
	return set;
}

/* The path of an output; it is known to fit. */
static const char *path_of(
    const struct check *c, uint32_t who, char room[REPLAY_PATH])
{
	const struct replay *rp = c->rp;

	if (who == WHO_REST)
		return rp->opts->rest;
	(void)replay_out_name(rp->opts->out, &rp->set.v[who], room);
	return room;
}

/* Note where an output will be. */
static int add(struct check *c, uint32_t who, const char *path)
{
	struct place *p = &c->v[c->n];
	struct tr_error err;

	if (tr_out_check(c->set, path, &err) != 0) {
		cmd_say("%s", err.msg);
		return CMD_FAULT;
	}
	p->who = who;
	c->n++;
	if ((is_stdout(path) ? cmd_where_fd(STDOUT_FILENO, &p->where)
	                     : cmd_where_beside(&c->dir, path, &p->where)) != 0)
		return no_memory();
	if (is_stdout(path) ||
	    (!p->where.nowhere && cmd_where_compare(&p->where, &c->out) == 0))
		c->rp->to_stdout = true;
	if (!c->rp->to_stdout || !c->rp->opts->json)
		return 0;
	if (is_stdout(path))
		cmd_say("--json and packets cannot both go to standard output");
	else
		cmd_say("%s: is standard output, to which --json goes (choose "
		        "another name)",
		    path);
	return CMD_FAULT;
}

static int add_bindings(struct check *c)
{
	const struct replay *rp = c->rp;
	uint32_t i;
	int ret = 0;

	for (i = 0; ret == 0 && i < rp->set.n; i++) {
		const struct cmd_binding *b = &rp->set.v[i];

		if (replay_out_name(rp->opts->out, b, c->path[0])) {
			ret = add(c, i, c->path[0]);
		} else {
			cmd_say(
			    "%s: the name of its output is too long", b->name);
			ret = CMD_FAULT;
		}
	}
	return ret;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = cmd_where_compare(&x->where, &y->where);

	if (order != 0)
		return order;
	return x->who < y->who ? -1 : x->who > y->who;
}

/* Two outputs are one file; a is a binding's. */
static int same_file(struct check *c, uint32_t a, uint32_t b)
{
	const struct cmd_bindings *set = &c->rp->set;
	const char *first = path_of(c, a, c->path[0]);
	const char *second = path_of(c, b, c->path[1]);

	if (b == WHO_REST)
		cmd_say("--rest %s: is the output of %s as well (choose "
		        "another name)",
		    second, set->v[a].name);
	else if (strcmp(first, second) == 0)
		cmd_say("%s: is the output of %s as well as of %s (choose "
		        "another pattern)",
		    first, set->v[a].name, set->v[b].name);
	else
		cmd_say("%s, the output of %s, and %s, the output of %s, are "
		        "one file (choose another pattern)",
		    first, set->v[a].name, second, set->v[b].name);
	return CMD_FAULT;
}

static int check_places(struct check *c)
{
	const struct replay_opts *o = c->rp->opts;
	size_t i;
	int ret = 0;

	if (o->out != NULL)
		ret = add_bindings(c);
	if (ret == 0 && o->rest != NULL)
		ret = add(c, WHO_REST, o->rest);
	if (ret != 0)
		return ret;
	qsort(c->v, c->n, sizeof(*c->v), by_place);
	for (i = 1; i < c->n; i++) {
		if (!c->v[i].where.nowhere &&
		    cmd_where_compare(&c->v[i - 1].where, &c->v[i].where) == 0)
			return same_file(c, c->v[i - 1].who, c->v[i].who);
	}
	return 0;
}

/* Refuse the names that cannot do before any output is made or emptied. */
static int check_all(struct replay *rp)
{
	struct check *c = calloc(1, sizeof(*c));
	int ret = CMD_FAULT;

	if (c == NULL)
		return no_memory();
	c->rp = rp;
	c->set = replay_out_set(rp);
	c->v = calloc((size_t)rp->set.n + 1, sizeof(*c->v));
	if (c->set == NULL || c->v == NULL ||
	    cmd_where_fd(STDOUT_FILENO, &c->out) != 0)
		no_memory();
	else
		ret = check_places(c);
	while (c->n > 0)
		cmd_where_free(&c->v[--c->n].where);
	cmd_where_free(&c->out);
	cmd_where_dir_free(&c->dir);
	tr_outs_free(c->set);
	free(c->v);
	free(c);
	return ret;
}

int replay_out_check(struct replay *rp)
{
	const struct replay_opts *o = rp->opts;

	if (o->out != NULL && rp->set.n > 1 &&
	    strstr(o->out, "{name}") == NULL) {
		cmd_say("-o %s: with several bindings the pattern must hold "
		        "{name}, as in -o 'out/{name}.pcap'",
		    o->out);
		return CMD_FAULT;
	}
	if (o->out != NULL && !tr_out_path_ok(o->out))
		return bad_extension("-o", o->out);
	if (o->rest != NULL && !tr_out_path_ok(o->rest))
		return bad_extension("--rest", o->rest);
	if (is_stdout(o->out) && is_stdout(o->rest)) {
		cmd_say("-o %s and --rest %s cannot both be standard output: "
		        "name a file for one of them",
		    o->out, o->rest);
		return CMD_FAULT;
	}
	return o->out != NULL || o->rest != NULL ? check_all(rp) : 0;
}
