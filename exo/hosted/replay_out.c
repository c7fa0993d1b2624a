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

/* Paths are too large for the stack. */
struct paths {
	char out[REPLAY_PATH];
	char last[REPLAY_PATH]; /* directory that was made last */
	char dir[REPLAY_PATH];
};

/* Make the directories that lead to a file. Failures show when it is made. */
static void make_dirs(const char *path, struct paths *work)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path), i;
	char *dir = work->dir;

	if (n == 0 || n >= REPLAY_PATH)
		return;
	memcpy(dir, path, n);
	dir[n] = '\0';
	if (strcmp(dir, work->last) == 0)
		return;
	for (i = 1; i < n; i++) {
		if (dir[i] != '/')
			continue;
		dir[i] = '\0';
		(void)mkdir(dir, 0777);
		dir[i] = '/';
	}
	(void)mkdir(dir, 0777);
	memcpy(work->last, dir, n + 1);
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
		/* replay_out_check() has seen that it fits */
		(void)replay_out_name(rp->opts->out, &rp->set.v[i], work->out);
		rp->out_of[i] = open_one(rp, work->out, work);
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

	tr_outs_limit((size_t)rp->set.n + 1);
	rp->outs = replay_out_set(rp);
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

/* The outputs of neighbouring packets are seldom the same: that memory is
 * waited for once for all that were gathered. */
void replay_out_written(struct replay *rp)
{
	uint32_t k;

	tr_outs_soon(rp->outs, rp->gather_out, rp->ngather);
	for (k = 0; k < rp->ngather; k++) {
		const struct tr_pkt *p = &rp->batch[rp->gather[k]];

		(void)tr_out_write(rp->outs, rp->gather_out[k], p,
		    tr_run_iface(rp->run, p->ifid));
	}
	rp->ngather = 0;
}

void replay_out_record(struct replay *rp, const struct exo_rec *rec)
{
	uint64_t i = rec->packet - rp->base;

	if (i >= rp->nbatch || rec->tag >= rp->set.n) {
		rp->disagree = true;
		return;
	}
	rp->gather_out[rp->ngather] = rp->out_of[rec->tag];
	rp->gather[rp->ngather++] = (uint32_t)i;
	if (rp->ngather == REPLAY_GATHER)
		replay_out_written(rp);
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
		    "%s packet%s lost the digits below a microsecond: outputs "
		    "that end in .pcapng keep them",
		    cmd_human_u64(rounded, buf), rounded == 1 ? "" : "s");
	if (cut != 0)
		replay_warn(rp,
		    "%s packet%s longer than a pcap file may hold, and cut",
		    cmd_human_u64(cut, buf), cut == 1 ? " was" : "s were");
}

bool replay_out_stat(
    const struct replay *rp, uint32_t binding, struct tr_out_stat *st)
{
	if (rp->outs == NULL || rp->out_of == NULL || rp->out_of[binding] < 0)
		return false;
	tr_out_stat(rp->outs, rp->out_of[binding], st);
	return true;
}
