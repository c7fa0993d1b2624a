/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads ahead of a trace in a thread.
 *
 * Synchronization
 *	One mutex guards the two counters and how it ended; a block belongs to the thread until
 *	`filled` has passed it, then to the reader until `given` has. Signals
 *	are left to the threads that were there before. The stop flag is looked
 *	at by both sides: the thread before it reads, the reader while it waits.
 */
#include "exo/hosted/trace_ahead.h"

#include "exo/hosted/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_MIN     ((off_t)256 << 10) /* smaller are through too soon */
#define THREADS_MAX  4
#define LOOK_UP_MS   50 /* how long a stop flag may go unseen while waiting */
#define NS_IN_MS     1000000L
#define NS_IN_SECOND 1000000000

struct block {
	uint8_t *mem; /* TR_AHEAD_ROOM, then TR_AHEAD_BLOCK bytes */
	size_t len;
	uint64_t taken;
};

struct tr_ahead {
	struct tr_raw *raw;
	struct tr_zip *zip;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t filled; /* blocks, ever */
	uint64_t given;  /* back, ever */
	bool over;       /* no block will follow those filled */
	atomic_bool quit;
	int code; /* what ended it, once over */
	const char *why;
	uint64_t taken; /* of the reader: blocks that it was given */
	bool runs;      /* there is a thread */
	struct block block[TR_AHEAD_BLOCKS];
};

static atomic_int threads; /* that read ahead now */

bool tr_ahead_helps(const struct tr_raw *raw)
{
	struct stat st;
	int n;

	if (raw->fd < 0 || !raw->own || fstat(raw->fd, &st) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_size < FILE_MIN)
		return false;
	n = cmd_processors();
	return atomic_load(&threads) < (n < THREADS_MAX ? n : THREADS_MAX) &&
	       n > 1;
}

/* Fill a block. Returns 1, or what ended it: 0 or a negated code, and *why. */
static int block_fill(struct tr_ahead *a, struct block *b, const char **why)
{
	uint8_t *to = b->mem + TR_AHEAD_ROOM;
	ptrdiff_t n = 1;

	b->len = 0;
	while (n > 0 && b->len < TR_AHEAD_BLOCK && !atomic_load(&a->quit)) {
		if (a->zip != NULL)
			n = tr_zip_read(
			    a->zip, to + b->len, TR_AHEAD_BLOCK - b->len, why);
		else
			n = tr_raw_read(
			    a->raw, to + b->len, TR_AHEAD_BLOCK - b->len);
		b->len += n > 0 ? (size_t)n : 0;
	}
	b->taken = a->raw->taken;
	return n > 0 ? 1 : (int)n;
}

/* The ring is full: sleep until half of it was given back, for to be woken for
 * each block costs the reader more than the block. The lock is held. */
static void wait_for_half(struct tr_ahead *a, uint64_t filled)
{
	while (
	    filled - a->given > TR_AHEAD_BLOCKS / 2 && !atomic_load(&a->quit))
		pthread_cond_wait(&a->moved, &a->lock);
}

static void *thread_main(void *arg)
{
	struct tr_ahead *a = arg;
	const char *why = NULL;
	uint64_t k;
	int rc = 1;

	for (k = 0; rc > 0; k++) {
		pthread_mutex_lock(&a->lock);
		if (k - a->given == TR_AHEAD_BLOCKS)
			wait_for_half(a, k);
		pthread_mutex_unlock(&a->lock);
		if (atomic_load(&a->quit))
			break;
		rc = block_fill(a, &a->block[k % TR_AHEAD_BLOCKS], &why);
		pthread_mutex_lock(&a->lock);
		a->filled += a->block[k % TR_AHEAD_BLOCKS].len > 0 ? 1 : 0;
		a->over = rc <= 0;
		a->code = rc;
		a->why = why;
		pthread_cond_signal(&a->moved);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

bool tr_ahead_start(struct tr_ahead *a)
{
	a->filled = 0;
	a->given = 0;
	a->taken = 0;
	a->over = false;
	a->code = 0;
	a->why = NULL;
	atomic_store(&a->quit, false);
	a->runs = cmd_thread_start(&a->thread, thread_main, a);
	if (a->runs)
		atomic_fetch_add(&threads, 1);
	return a->runs;
}

static void ahead_dispose(struct tr_ahead *a)
{
	for (uint32_t i = 0; i < TR_AHEAD_BLOCKS; i++)
		free(a->block[i].mem);
	(void)pthread_mutex_destroy(&a->lock);
	(void)pthread_cond_destroy(&a->moved);
	free(a);
}

struct tr_ahead *tr_ahead_new(struct tr_raw *raw, struct tr_zip *zip)
{
	struct tr_ahead *a = calloc(1, sizeof(*a));
	pthread_condattr_t attr;
	bool ok = true;

	if (a == NULL)
		return NULL;
	a->raw = raw;
	a->zip = zip;
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&a->moved, &attr);
	(void)pthread_condattr_destroy(&attr);
	for (uint32_t i = 0; i < TR_AHEAD_BLOCKS; i++) {
		a->block[i].mem = malloc(TR_AHEAD_ROOM + TR_AHEAD_BLOCK);
		ok = ok && a->block[i].mem != NULL;
	}
	if (!ok || !tr_ahead_start(a)) {
		ahead_dispose(a);
		return NULL;
	}
	return a;
}

void tr_ahead_stop(struct tr_ahead *a)
{
	if (!a->runs)
		return;
	atomic_store(&a->quit, true);
	pthread_mutex_lock(&a->lock);
	pthread_cond_signal(&a->moved);
	pthread_mutex_unlock(&a->lock);
	(void)pthread_join(a->thread, NULL);
	atomic_fetch_sub(&threads, 1);
	a->runs = false;
}

void tr_ahead_free(struct tr_ahead *a)
{
	if (a == NULL)
		return;
	tr_ahead_stop(a);
	ahead_dispose(a);
}

static bool stopped(const struct tr_ahead *a)
{
	return a->raw->stop != NULL &&
	       __atomic_load_n(a->raw->stop, __ATOMIC_RELAXED) != 0;
}

/* Wait a while for the thread; the lock is held. */
static void wait_a_while(struct tr_ahead *a)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += LOOK_UP_MS * NS_IN_MS;
	if (t.tv_nsec >= NS_IN_SECOND) {
		t.tv_nsec -= NS_IN_SECOND;
		t.tv_sec++;
	}
	(void)pthread_cond_timedwait(&a->moved, &a->lock, &t);
}

int tr_ahead_next(struct tr_ahead *a, const uint8_t *from, size_t rest,
    struct tr_ahead_part *out)
{
	struct block *b = &a->block[a->taken % TR_AHEAD_BLOCKS];
	int code = 1;

	pthread_mutex_lock(&a->lock);
	while (a->filled == a->taken && !a->over && !stopped(a))
		wait_a_while(a);
	if (stopped(a))
		code = -TR_ESTOP;
	else if (a->filled == a->taken)
		code = a->code;
	out->why = a->why;
	pthread_mutex_unlock(&a->lock);
	if (code <= 0)
		return code;
	out->p = b->mem + TR_AHEAD_ROOM;
	out->len = b->len;
	out->taken = b->taken;
	if (rest > 0)
		memcpy(out->p - rest, from, rest);
	pthread_mutex_lock(&a->lock);
	a->given = a->taken++;
	if (a->filled - a->given <= TR_AHEAD_BLOCKS / 2)
		pthread_cond_signal(&a->moved);
	pthread_mutex_unlock(&a->lock);
	return 1;
}
