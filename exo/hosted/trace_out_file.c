/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files behind trace outputs: descriptors, writing, cutting back.
 *
 * Descriptors
 *	At most set->files outputs are open.  Opening one more closes the one
 *	used longest ago; it is reopened for appending, after a check that its
 *	path still names the same file.  Pinned outputs are outside this.
 *
 * A full disk
 *	A write that fails leaves a partial record.  A regular file is cut back
 *	to the last whole one, and what is lost is counted by walking the
 *	records that were in the buffer.
 */
#include "exo/hosted/trace_out_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STOP_PATIENCE_MS \
	2000 /* for a reader that does not read, once stopped */

static void lru_remove(struct tr_outs *set, struct out *o)
{
	int id = out_id(set, o);

	if (o->older != OUT_NONE)
		set->v[o->older].newer = o->newer;
	else if (set->oldest == id)
		set->oldest = o->newer;
	if (o->newer != OUT_NONE)
		set->v[o->newer].older = o->older;
	else if (set->newest == id)
		set->newest = o->older;
	o->older = OUT_NONE;
	o->newer = OUT_NONE;
}

static void lru_touch(struct tr_outs *set, struct out *o)
{
	int id = out_id(set, o);

	if (o->pinned || set->newest == id)
		return;
	lru_remove(set, o);
	o->older = set->newest;
	if (set->newest != OUT_NONE)
		set->v[set->newest].newer = id;
	else
		set->oldest = id;
	set->newest = id;
}

/*
 * done bytes of the buffer are in the file: keep the whole records among them,
 * count the packets in the rest as lost.  Returns the length kept.
 */
static uint32_t count_lost(struct out *o, size_t done)
{
	uint32_t at = 0, kept = 0, len;
	bool packet;

	while (at < o->len) {
		len = out_record(
		    o, o->buf + at, o->size == 0 && at == 0, &packet);
		if (done - kept >= len && kept == at) {
			kept += len;
		} else if (packet) {
			o->packets--;
			o->lost++;
		}
		at += len;
	}
	return kept;
}

void out_file_free(struct tr_outs *set, struct out *o)
{
	set->memory_used -= o->cap;
	free(o->buf);
	o->buf = NULL;
	o->cap = 0;
	o->len = 0;
}

void out_file_close(struct tr_outs *set, struct out *o)
{
	int fd = o->fd;

	if (fd < 0)
		return;
	o->fd = -1;
	if (!o->pinned) {
		lru_remove(set, o);
		set->open--;
	}
	if (fd == STDOUT_FILENO)
		return;
	/* EINTR closes the descriptor all the same on Linux. */
	if (close(fd) != 0 && errno != EINTR) {
		out_fail(set, o, OUT_CLOSE, errno);
		o->dead = true;
		(void)count_lost(o, 0);
		out_file_free(set, o);
	}
}

/* Close the descriptor used longest ago; false when there is none. */
static bool lru_evict(struct tr_outs *set)
{
	if (set->oldest == OUT_NONE)
		return false;
	out_file_close(set, &set->v[set->oldest]);
	return true;
}

/* open(2) that makes room when descriptors run out.  fd or -1 with errno. */
static int open_with_room(struct tr_outs *set, const char *path, int flags)
{
	int fd;

	while (set->open >= set->files && lru_evict(set))
		;
	for (;;) {
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
		if (fd >= 0)
			return fd;
		if (errno == EINTR && (set->stop == NULL || !*set->stop))
			continue;
		if ((errno != EMFILE && errno != ENFILE) || !lru_evict(set))
			return -1;
	}
}

int out_file_create(struct tr_outs *set, struct out *o)
{
	struct stat st;
	int err;

	if (o->pinned) { /* standard output */
		o->fd = STDOUT_FILENO;
	} else {
		o->fd =
		    open_with_room(set, o->path, O_WRONLY | O_CREAT | O_APPEND);
		if (o->fd < 0)
			return errno;
	}
	if (fstat(o->fd, &st) != 0) {
		err = errno;
		if (!o->pinned)
			(void)close(o->fd);
		o->fd = -1;
		return err;
	}
	o->dev = st.st_dev;
	o->ino = st.st_ino;
	o->regular = S_ISREG(st.st_mode);
	o->size = o->regular && !o->pinned ? (uint64_t)st.st_size : 0;
	if (!o->regular)
		o->pinned = true;
	if (!o->pinned) {
		set->open++;
		lru_touch(set, o);
	}
	return 0;
}

/* Have a descriptor; false: the output has failed. */
static bool out_reopen(struct tr_outs *set, struct out *o)
{
	struct stat st;

	if (o->fd >= 0) {
		lru_touch(set, o);
		return true;
	}
	o->fd = open_with_room(set, o->path, O_WRONLY | O_APPEND);
	if (o->fd < 0) {
		out_fail(set, o, OUT_OPEN, errno);
		return false;
	}
	set->open++;
	lru_touch(set, o);
	if (fstat(o->fd, &st) == 0 && st.st_dev == o->dev &&
	    st.st_ino == o->ino)
		return true;
	out_fail(set, o, OUT_REPLACED, 0);
	return false;
}

/*
 * Once stopped, do not wait for ever for the other end of a pipe: write only
 * what cannot block, and give up after a while.  Returns bytes to try, 0: no.
 */
static size_t write_patience(
    const struct tr_outs *set, const struct out *o, size_t n)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	if (o->regular || set->stop == NULL || !*set->stop)
		return n;
	if (poll(&p, 1, STOP_PATIENCE_MS) == 0)
		return 0;
	return n < PIPE_BUF ? n : PIPE_BUF;
}

/* Write the buffer; returns the bytes that went out, *sys why not all did. */
static size_t write_all(struct tr_outs *set, struct out *o, int *sys)
{
	size_t done = 0;

	*sys = 0;
	while (done < o->len) {
		size_t n = write_patience(set, o, o->len - done);
		ssize_t w;

		if (n == 0) {
			*sys = ETIMEDOUT;
			break;
		}
		w = write(o->fd, o->buf + done, n);
		if (w >= 0) {
			done += (size_t)w;
		} else if (errno != EINTR) {
			*sys = errno;
			break;
		}
	}
	return done;
}

void out_file_flush(struct tr_outs *set, struct out *o)
{
	uint32_t kept;
	size_t done;
	int sys = 0;

	if (o->dead || o->len == 0)
		return;
	done = out_reopen(set, o) ? write_all(set, o, &sys) : 0;
	if (done == o->len) {
		o->size += o->len;
		o->len = 0;
		return;
	}
	kept = count_lost(o, done);
	if (sys != 0)
		out_fail(set, o, OUT_WRITE, sys);
	o->size += kept;
	/* Nothing more to be done if cutting back fails: it is told. */
	o->torn = done != kept && (!o->regular || o->pinned ||
	                              ftruncate(o->fd, (off_t)o->size) != 0);
	o->dead = true;
	out_file_free(set, o);
	out_file_close(set, o);
}

void out_file_restart(struct tr_outs *set, struct out *o)
{
	o->empty = false;
	if (o->dead)
		return;
	if (out_reopen(set, o)) {
		if (ftruncate(o->fd, 0) == 0) {
			o->size = 0;
			o->started = false;
			return;
		}
		out_fail(set, o, OUT_WRITE, errno);
	}
	o->dead = true;
	out_file_free(set, o);
	out_file_close(set, o);
}
