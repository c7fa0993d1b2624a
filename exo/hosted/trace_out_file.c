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
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PARTS 64 /* of a buffer, written at once */
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

/* Note that an output is broken, or that packets for one are missing. */
static void file_fail(struct tr_outs *set, struct out *o, enum out_fault why,
    int sys, uint64_t missing)
{
	o->broken = true;
	pthread_mutex_lock(&set->lock);
	if (o->why == OUT_FINE) {
		o->why = (uint8_t)why;
		o->why_sys = sys;
	}
	o->missing += missing;
	if (!o->hurt) {
		o->hurt = true;
		o->next_hurt = OUT_NONE;
		if (set->last_hurt != OUT_NONE)
			set->v[set->last_hurt].next_hurt = out_id(set, o);
		else
			set->first_hurt = out_id(set, o);
		set->last_hurt = out_id(set, o);
	}
	pthread_mutex_unlock(&set->lock);
}

/* A place in a buffer. */
struct place {
	const struct out_unit *u;
	size_t off;
};

static void place_move(struct place *at, size_t n)
{
	while (n > 0 && n >= at->u->len - at->off) {
		n -= at->u->len - at->off;
		at->off = 0;
		at->u = at->u->next;
		if (at->u == NULL)
			return;
	}
	at->off += n;
}

#define RECORD_BEGIN 16U /* as much of a record as tells its length */

static void place_look(struct place at, uint8_t to[RECORD_BEGIN])
{
	for (size_t i = 0; i < RECORD_BEGIN && at.u != NULL; i++) {
		to[i] = at.u->data[at.off];
		place_move(&at, 1);
	}
}

/*
 * done bytes of a buffer are in the file: keep the whole records among them,
 * count the packets in the rest.  Returns the length kept.
 */
static size_t count_lost(
    const struct out *o, const struct out_chain *c, size_t done, uint64_t *lost)
{
	uint8_t head[RECORD_BEGIN] = { 0 };
	struct place place = { c->first, 0 };
	size_t at = 0, kept = 0, len;
	bool packet;

	*lost = 0;
	while (at < c->bytes) {
		place_look(place, head);
		len = out_record(o, head, c->first->starts && at == 0, &packet);
		if (done - kept >= len && kept == at)
			kept += len;
		else
			*lost += packet ? 1 : 0;
		at += len;
		place_move(&place, len);
	}
	return kept;
}

uint64_t out_chain_packets(const struct out *o, const struct out_chain *c)
{
	uint64_t n;

	(void)count_lost(o, c, 0, &n);
	return n;
}

void out_file_close(struct tr_outs *set, struct out *o)
{
	int fd = o->fd;

	if (fd < 0)
		return;
	o->fd = -1;
	if (!o->pinned && !set->ending) {
		lru_remove(set, o);
		set->open--;
	}
	if (fd == STDOUT_FILENO)
		return;
	/* EINTR closes the descriptor all the same on Linux. */
	if (close(fd) != 0 && errno != EINTR)
		file_fail(set, o, OUT_CLOSE, errno, 0);
}

/* Close the descriptor used longest ago; false when there is none. */
static bool lru_evict(struct tr_outs *set)
{
	if (set->oldest == OUT_NONE)
		return false;
	out_file_close(set, &set->v[set->oldest]);
	return true;
}

static bool stopped(const struct tr_outs *set)
{
	return set->stop != NULL &&
	       __atomic_load_n(set->stop, __ATOMIC_RELAXED) != 0;
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
		if (errno == EINTR && !stopped(set))
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

/* Have a descriptor.  Returns why not, and *sys. */
static enum out_fault out_reopen(struct tr_outs *set, struct out *o, int *sys)
{
	struct stat st;

	*sys = 0;
	if (o->fd >= 0) {
		if (!set->ending)
			lru_touch(set, o);
		return OUT_FINE;
	}
	o->fd = open_with_room(set, o->path, O_WRONLY | O_APPEND);
	if (o->fd < 0) {
		*sys = errno;
		return OUT_OPEN;
	}
	set->open++;
	lru_touch(set, o);
	if (fstat(o->fd, &st) == 0 && st.st_dev == o->dev &&
	    st.st_ino == o->ino)
		return OUT_FINE;
	return OUT_REPLACED;
}

/*
 * Once stopped, do not wait for ever for the other end of a pipe: write only
 * what cannot block, and give up after a while.  Returns bytes to try, 0: no.
 */
static size_t write_patience(
    const struct tr_outs *set, const struct out *o, size_t n)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	if (o->regular || !stopped(set))
		return n;
	if (poll(&p, 1, STOP_PATIENCE_MS) == 0)
		return 0;
	return n < PIPE_BUF ? n : PIPE_BUF;
}

/* The n bytes from a place on, as many as go into one call. */
static int gather(struct place at, size_t n, struct iovec v[PARTS])
{
	int parts = 0;

	for (; n > 0 && parts < PARTS && at.u != NULL; parts++) {
		size_t len = at.u->len - at.off;

		len = len < n ? len : n;
		v[parts] = (struct iovec){
			/* only read: NOLINTNEXTLINE(performance-no-int-to-ptr) */
			.iov_base = (uint8_t *)(uintptr_t)at.u->data + at.off,
			.iov_len = len,
		};
		n -= len;
		at = (struct place){ at.u->next, 0 };
	}
	return parts;
}

/* Write a buffer; returns the bytes that went out, *sys why not all did. */
static size_t write_all(struct tr_outs *set, const struct out *o,
    const struct out_chain *c, int *sys)
{
	struct place at = { c->first, 0 };
	struct iovec v[PARTS];
	size_t done = 0;

	*sys = 0;
	while (done < c->bytes) {
		size_t n = write_patience(set, o, c->bytes - done);
		ssize_t w;

		if (n == 0) {
			*sys = ETIMEDOUT;
			break;
		}
		w = writev(o->fd, v, gather(at, n, v));
		if (w >= 0) {
			done += (size_t)w;
			place_move(&at, (size_t)w);
		} else if (errno != EINTR) {
			*sys = errno;
			break;
		}
	}
	return done;
}

void out_file_write(
    struct tr_outs *set, struct out *o, const struct out_chain *c)
{
	enum out_fault why = OUT_FINE;
	size_t done = 0, kept;
	uint64_t lost;
	int sys = 0;

	if (!o->broken)
		why = out_reopen(set, o, &sys);
	if (!o->broken && why == OUT_FINE) {
		done = write_all(set, o, c, &sys);
		o->size += done;
		why = OUT_WRITE;
	}
	if (done == c->bytes)
		return;
	kept = count_lost(o, c, done, &lost);
	if (done != kept) {
		o->size -= done - kept;
		/* Nothing more to be done if cutting back fails: it is told. */
		o->torn = !o->regular || o->pinned ||
		          ftruncate(o->fd, (off_t)o->size) != 0;
	}
	file_fail(set, o, why, sys, lost);
	out_file_close(set, o);
}

void out_file_restart(struct tr_outs *set, struct out *o)
{
	enum out_fault why;
	int sys;

	if (o->broken)
		return;
	why = out_reopen(set, o, &sys);
	if (why == OUT_FINE && ftruncate(o->fd, 0) == 0) {
		o->size = 0;
		return;
	}
	file_fail(set, o, why == OUT_FINE ? OUT_WRITE : why,
	    why == OUT_FINE ? errno : sys, 0);
	out_file_close(set, o);
}
