/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outputs of a replay: one a binding, and one for the rest.
 */
#include "exo/hosted/cmd.h"
#include "exo/hosted/human.h"
#include "exo/hosted/replay.h"
#include "exo/hosted/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_ROOM 4096u

struct path {
	char text[PATH_ROOM];
	size_t len;
};

/* Paths are too large for the stack. */
struct paths {
	struct path out;
	struct path last; /* directory that was made last */
	struct path dir;
};

/* Append n bytes of s; false when they do not fit. */
static bool append(struct path *p, const char *s, size_t n)
{
	if (n >= PATH_ROOM - p->len)
		return false;
	memcpy(p->text + p->len, s, n);
	p->len += n;
	p->text[p->len] = '\0';
	return true;
}

static bool is_stdout(const char *path)
{
	return path != NULL && tr_out_is_stdout(path);
}

/* The path of a binding's output; false when it is too long. */
static bool fill_in(
    const char *pattern, const struct cmd_binding *b, struct path *out)
{
	const char *whole = pattern;
	bool ok = true;

	out->len = 0;
	out->text[0] = '\0';
	while (ok && *pattern != '\0') {
		size_t n = strcspn(pattern, "{");

		if (n > 0) {
			ok = append(out, pattern, n);
			pattern += n;
		} else if (strncmp(pattern, "{name}", 6) == 0) {
			ok = append(out, b->name, strlen(b->name));
			pattern += 6;
		} else if (strncmp(pattern, "{owner}", 7) == 0) {
			ok = append(out, b->owner, strlen(b->owner));
			pattern += 7;
		} else {
			ok = append(out, pattern++, 1);
		}
	}
	/* A binding named '-' has a file like any other. */
	if (ok && is_stdout(out->text) && !is_stdout(whole)) {
		memmove(out->text + 2, out->text, out->len + 1);
		memcpy(out->text, "./", 2);
		out->len += 2;
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

bool replay_out_stdout(const struct replay *rp)
{
	return is_stdout(rp->opts->out) || is_stdout(rp->opts->rest);
}

/* A set of outputs, empty, that will not write over any input; or NULL. */
static struct tr_outs *make_set(const struct replay *rp)
{
	const struct tr_outs_how how = { .stop = &cmd_signal_hurry };
	struct tr_outs *set = tr_outs_new(&how);
	size_t i;

	for (i = 0; set != NULL && i < rp->opts->nfiles; i++) {
		if (tr_outs_guard(set, rp->opts->files[i]) != 0) {
			tr_outs_free(set);
			return NULL;
		}
	}
	return set;
}

static int check_input(const struct tr_outs *set, const char *path)
{
	struct tr_error err;

	if (tr_out_check(set, path, &err) == 0)
		return 0;
	cmd_say("%s", err.msg);
	return CMD_FAULT;
}

static int check_binding(const struct replay *rp, const struct cmd_binding *b,
    const struct tr_outs *set, struct path *path)
{
	const char *rest = rp->opts->rest;

	if (!fill_in(rp->opts->out, b, path)) {
		cmd_say("%s: the name of its output is too long", b->name);
		return CMD_FAULT;
	}
	if (rest != NULL && strcmp(rest, path->text) == 0) {
		cmd_say("--rest %s: is the output of %s as well (choose "
		        "another name)",
		    rest, b->name);
		return CMD_FAULT;
	}
	return check_input(set, path->text);
}

/* Refuse the names that cannot do before any output is made or emptied. */
static int check_paths(const struct replay *rp)
{
	const struct replay_opts *o = rp->opts;
	struct tr_outs *set;
	struct path *path;
	uint32_t i;
	int ret = 0;

	if (o->out == NULL && o->rest == NULL)
		return 0;
	path = malloc(sizeof(*path));
	set = make_set(rp);
	if (path == NULL || set == NULL) {
		cmd_say("out of memory");
		ret = CMD_FAULT;
	}
	for (i = 0; ret == 0 && o->out != NULL && i < rp->set.n; i++)
		ret = check_binding(rp, &rp->set.v[i], set, path);
	if (ret == 0 && o->rest != NULL)
		ret = check_input(set, o->rest);
	tr_outs_free(set);
	free(path);
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
	if (replay_out_stdout(rp) && o->json) {
		cmd_say("--json and packets cannot both go to standard "
		        "output");
		return CMD_FAULT;
	}
	return check_paths(rp);
}

/* Make the directories that lead to a file. Failures show when it is made. */
static void make_dirs(const char *path, struct paths *work)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path), i;
	struct path *dir = &work->dir, *last = &work->last;

	if (n == 0 || (n == last->len && memcmp(path, last->text, n) == 0))
		return;
	dir->len = 0;
	if (!append(dir, path, n))
		return;
	for (i = 1; i < n; i++) {
		if (dir->text[i] != '/')
			continue;
		dir->text[i] = '\0';
		(void)mkdir(dir->text, 0777);
		dir->text[i] = '/';
	}
	(void)mkdir(dir->text, 0777);
	last->len = 0;
	(void)append(last, path, n);
}

static int open_one(struct replay *rp, const char *path, struct paths *work)
{
	struct tr_error err;
	int id;

	make_dirs(path, work);
	id = tr_out_open(rp->outs, path, &err);
	if (id < 0)
		replay_error(rp, "%s", err.msg);
	return id;
}

static int open_bindings(struct replay *rp, struct paths *work)
{
	uint32_t i;

	for (i = 0; i < rp->set.n; i++) {
		/* check_paths() has seen that it fits */
		(void)fill_in(rp->opts->out, &rp->set.v[i], &work->out);
		rp->out_of[i] = open_one(rp, work->out.text, work);
		if (rp->out_of[i] < 0)
			return CMD_FAULT;
	}
	return 0;
}

/*
 * A pcap file says in its header whether it has nanoseconds, so what later
 * traces bring must be known now. Merged, all of them are open already.
 */
static void look_ahead(struct replay *rp)
{
	size_t i;

	replay_out_ifaces(rp);
	for (i = 0; i < rp->opts->nfiles && !rp->opts->merge; i++) {
		if (cmd_signal_stop != 0)
			return;
		if (tr_peek(rp->opts->files[i], &cmd_signal_stop) ==
		    TR_PEEK_NANO) {
			tr_outs_nano(rp->outs);
			return;
		}
	}
}

int replay_out_open(struct replay *rp)
{
	const struct tr_iface *iface = tr_run_iface(rp->run, 0);
	struct paths *work = calloc(1, sizeof(*work));
	int ret = 0;

	rp->outs = make_set(rp);
	if (work == NULL || rp->outs == NULL) {
		free(work);
		replay_error(rp, "out of memory");
		return CMD_FAULT;
	}
	if (iface != NULL)
		tr_outs_hint(rp->outs, iface);
	if (rp->opts->out != NULL)
		ret = open_bindings(rp, work);
	if (ret == 0 && rp->opts->rest != NULL) {
		rp->rest = open_one(rp, rp->opts->rest, work);
		ret = rp->rest < 0 ? CMD_FAULT : 0;
	}
	if (ret == 0)
		look_ahead(rp);
	free(work);
	return ret;
}

void replay_out_ifaces(struct replay *rp)
{
	uint32_t n = tr_run_iface_count(rp->run);

	for (; rp->ifaces < n; rp->ifaces++) {
		if (tr_run_iface(rp->run, rp->ifaces)->nano)
			tr_outs_nano(rp->outs);
	}
}

void replay_out_record(
    struct replay *rp, const struct exo_rec *rec, const uint8_t *data)
{
	uint64_t i = rec->packet - rp->base;
	struct tr_pkt p;

	if (i >= rp->nbatch || rec->tag >= rp->set.n) {
		rp->disagree = true;
		return;
	}
	p = rp->batch[i];
	/* What libpcap makes keeps 262,144 bytes at most; the few link types
	 * with longer packets get the others from the trace itself. */
	if (rec->len == p.caplen)
		p.data = data;
	(void)tr_out_write(
	    rp->outs, rp->out_of[rec->tag], &p, tr_run_iface(rp->run, p.ifid));
}

void replay_out_rest(struct replay *rp, uint32_t i)
{
	const struct tr_pkt *p = &rp->batch[i];

	(void)tr_out_write(
	    rp->outs, rp->rest, p, tr_run_iface(rp->run, p->ifid));
}

void replay_out_errors(struct replay *rp)
{
	struct tr_error err;

	while (rp->outs != NULL && tr_outs_error(rp->outs, &err)) {
		/* as `exopf ... -o - | head` ends: no need to say so */
		if (err.sys == EPIPE && replay_out_stdout(rp)) {
			rp->failed = true;
			rp->unread = tr_outs_count(rp->outs) == 1;
			continue;
		}
		replay_error(rp, "%s", err.msg);
	}
}

void replay_out_close(struct replay *rp)
{
	uint64_t rounded = 0, cut = 0;
	struct tr_out_stat st;
	char buf[CMD_HUMAN];
	int i;

	if (rp->outs == NULL)
		return;
	(void)tr_outs_close(rp->outs, NULL);
	replay_out_errors(rp);
	for (i = 0; i < tr_outs_count(rp->outs); i++) {
		tr_out_stat(rp->outs, i, &st);
		rounded += st.rounded;
		cut += st.cut;
	}
	if (rounded != 0)
		replay_warn(rp,
		    "%s packets lost the digits of their times "
		    "below a microsecond: outputs that end in .pcapng keep "
		    "them",
		    cmd_human_u64(rounded, buf));
	if (cut != 0)
		replay_warn(rp,
		    "%s packets were longer than a pcap file may "
		    "hold, and cut",
		    cmd_human_u64(cut, buf));
}

bool replay_out_stat(
    const struct replay *rp, uint32_t binding, struct tr_out_stat *st)
{
	if (rp->outs == NULL || rp->out_of == NULL || rp->out_of[binding] < 0)
		return false;
	tr_out_stat(rp->outs, rp->out_of[binding], st);
	return true;
}
