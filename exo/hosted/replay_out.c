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

/* The path of a binding's output; false when it is too long. */
static bool fill_in(
    const char *pattern, const struct cmd_binding *b, struct path *out)
{
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
	return ok;
}

static int bad_extension(const char *what, const char *path)
{
	cmd_say("%s %s: the name must end in .pcap, .cap, .pcapng or .ng, or "
	        "be '-'",
	    what, path);
	return CMD_FAULT;
}

static bool is_stdout(const char *path)
{
	return path != NULL && path[0] == '-' &&
	       (path[1] == '\0' || path[1] == '.');
}

bool replay_out_stdout(const struct replay *rp)
{
	return is_stdout(rp->opts->out) || is_stdout(rp->opts->rest);
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
	if (replay_out_stdout(rp) && o->json) {
		cmd_say("--json and packets cannot both go to standard "
		        "output");
		return CMD_FAULT;
	}
	return 0;
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
		if (!fill_in(rp->opts->out, &rp->set.v[i], &work->out)) {
			replay_error(rp,
			    "%s: the name of its output is too "
			    "long",
			    rp->set.v[i].name);
			return CMD_FAULT;
		}
		rp->out_of[i] = open_one(rp, work->out.text, work);
		if (rp->out_of[i] < 0)
			return CMD_FAULT;
	}
	return 0;
}

/* The empty set of outputs, which will not write over any input. */
static int make_set(struct replay *rp)
{
	const struct tr_outs_how how = { .stop = &cmd_signal_hurry };
	size_t i;

	rp->outs = tr_outs_new(&how);
	if (rp->outs == NULL)
		return -1;
	for (i = 0; i < rp->opts->nfiles; i++) {
		if (tr_outs_guard(rp->outs, rp->opts->files[i]) != 0)
			return -1;
	}
	return 0;
}

int replay_out_open(struct replay *rp)
{
	const struct tr_iface *iface = tr_run_iface(rp->run, 0);
	struct paths *work = calloc(1, sizeof(*work));
	int ret = 0;

	if (work == NULL || make_set(rp) != 0) {
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
