/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that writes the buffers of trace outputs.
 *
 * Overview
 *	With thousands of outputs writing takes as long as everything else, so
 *	another processor does it.  Buffers that are handed over are written in
 *	that order; their units come back.  While there are none it has memory
 *	cleared that is going to be used.  Few outputs have no writer: theirs
 *	are large writes, which cost less than to share the packets between two
 *	processors.
 *
 *	It never waits for anybody but the file system: what is no regular file,
 *	and may have a reader that does not read, is left to the caller, whom
 *	signals interrupt.
 *
 * Synchronization
 *	One mutex guards the two lists.  A buffer, and every output's file, are
 *	the writer's from when it takes the buffer from the list until it is
 *	`idle`, which it is under the lock.
 */
#include "exo/hosted/trace_out_int.h"

#include "exo/hosted/thread.h"

#include <stdlib.h>
#include <sys/mman.h>

#define OUTS_MIN 64
#define ENOUGH   ((size_t)1 << 20) /* bytes: to be woken costs both sides */

enum which {
	ALL,
	FILES,
	OTHERS
};

struct out_writer {
	struct tr_outs *set;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct out_unit *head, *tail; /* buffers to be written */
	struct out_chain back;        /* units of those that were */
	uint32_t waiting;             /* units of those to be written */
	uint32_t enough;              /* that it is woken for */
	uint32_t wanted;              /* that the caller waits for */
	int from, to;                 /* outputs to be ended */
	size_t touch, touched;        /* bytes of memory to be had at hand */
	bool idle, quit;
};

/* Write buffers that are linked by next_job. */
static void write_jobs(struct out_writer *w, struct out_unit *job)
{
	while (job != NULL) {
		struct out_unit *next = job->next_job;
		struct out_chain c = { job, job->last, job->bytes, job->units };

		out_file_write(w->set, &w->set->v[job->id], &c);
		pthread_mutex_lock(&w->lock);
		c.last->next = w->back.first;
		w->back.first = c.first;
		w->back.last = w->back.last == NULL ? c.last : w->back.last;
		w->back.units += c.units;
		if (w->wanted != 0 && w->back.units >= w->wanted)
			pthread_cond_signal(&w->done);
		pthread_mutex_unlock(&w->lock);
		job = next;
	}
}

/* Whether it is never waited for but for the file system. */
static bool is_file(const struct out *o)
{
	return o->regular && !o->pinned;
}

/* End outputs: all, or those only that are files, or are not. */
static void end_outs(struct tr_outs *set, int from, int to, enum which which)
{
	for (int i = from; i < to; i++) {
		struct out *o = &set->v[i];
		struct out_chain c;

		if (which != ALL && (which == FILES) != is_file(o))
			continue;
		c = out_take(o);
		if (c.first != NULL)
			out_file_write(set, o, &c);
		out_file_close(set, o);
	}
}

/* The lock is held. */
static bool to_do(const struct out_writer *w)
{
	return w->head != NULL || w->from != w->to || w->touched < w->touch;
}

/* Have the system clear a piece of memory before somebody waits for it. */
static void touch(struct out_writer *w)
{
#ifdef MADV_POPULATE_WRITE
	(void)madvise(
	    w->set->pool.mem + w->touched, OUT_PIECE, MADV_POPULATE_WRITE);
#endif
	w->touched += OUT_PIECE;
}

/* What there is to be done; the lock is held, but not meanwhile. */
static void work(struct out_writer *w)
{
	struct out_unit *jobs = w->head;
	int from = w->from, to = w->to;
	bool touches = jobs == NULL && from == to;

	w->head = NULL;
	w->tail = NULL;
	w->waiting = 0;
	w->from = w->to;
	pthread_mutex_unlock(&w->lock);
	write_jobs(w, jobs);
	end_outs(w->set, from, to, FILES);
	if (touches)
		touch(w);
	pthread_mutex_lock(&w->lock);
}

static void *writer_main(void *arg)
{
	struct out_writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!to_do(w) && !w->quit) {
			w->idle = true;
			pthread_cond_signal(&w->done);
			pthread_cond_wait(&w->work, &w->lock);
		}
		if (!to_do(w))
			break;
		w->idle = false;
		work(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void writer_free(struct out_writer *w)
{
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->work);
	(void)pthread_cond_destroy(&w->done);
	free(w);
}

static void writer_start(struct tr_outs *set)
{
	struct out_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return;
	w->set = set;
	w->enough = (uint32_t)(ENOUGH / set->pool.unit);
	if (w->enough > set->pool.units / 16)
		w->enough = set->pool.units / 16;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->work, NULL);
	(void)pthread_cond_init(&w->done, NULL);
	if (cmd_thread_start(&w->thread, writer_main, w))
		set->writer = w;
	else
		writer_free(w);
}

static bool writer_helps(const struct tr_outs *set)
{
	if (set->thread == TR_OUTS_HELPED)
		return set->count >= OUTS_MIN && cmd_processors() > 1;
	return set->thread == TR_OUTS_THREAD;
}

void out_writer_begin(struct tr_outs *set)
{
	if (set->no_writer || set->writer != NULL)
		return;
	if (writer_helps(set))
		writer_start(set);
	set->no_writer = set->writer == NULL;
}

bool out_writer_has(const struct tr_outs *set, const struct out *o)
{
	return set->writer != NULL && is_file(o);
}

/* Have it look for what there is to be done; the lock is held. */
static void wake(struct out_writer *w)
{
	if (w->idle && to_do(w)) {
		w->idle = false;
		pthread_cond_signal(&w->work);
	}
}

void out_writer_give(
    struct tr_outs *set, const struct out *o, const struct out_chain *c)
{
	struct out_writer *w = set->writer;

	c->first->id = out_id(set, o);
	c->first->last = c->last;
	c->first->bytes = c->bytes;
	c->first->units = c->units;
	c->first->next_job = NULL;
	set->pool.away += c->units;
	pthread_mutex_lock(&w->lock);
	if (w->tail != NULL)
		w->tail->next_job = c->first;
	else
		w->head = c->first;
	w->tail = c->first;
	w->waiting += c->units;
	if (w->waiting >= w->enough)
		wake(w);
	pthread_mutex_unlock(&w->lock);
}

void out_writer_touch(struct tr_outs *set, size_t bytes)
{
	struct out_writer *w = set->writer;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->touch = bytes;
	wake(w);
	pthread_mutex_unlock(&w->lock);
}

void out_writer_back(struct tr_outs *set, uint32_t wanted)
{
	struct out_writer *w = set->writer;
	struct out_chain back;

	pthread_mutex_lock(&w->lock);
	w->wanted = wanted;
	if (wanted != 0)
		wake(w);
	while (w->back.units < wanted && !w->idle)
		pthread_cond_wait(&w->done, &w->lock);
	w->wanted = 0;
	back = w->back;
	w->back = (struct out_chain){ 0 };
	pthread_mutex_unlock(&w->lock);
	set->pool.away -= back.units;
	out_give(set, &back);
}

void out_writer_wait(struct tr_outs *set)
{
	if (set->writer != NULL)
		out_writer_back(set, UINT32_MAX);
}

/* Have half of the outputs ended by the writer. Only where no descriptor need
 * be had that another output has: nobody looks at the list of them then. */
static int end_half(struct tr_outs *set)
{
	struct out_writer *w = set->writer;
	int half = set->count / 2;

	for (int i = 0; i < set->count; i++)
		if (set->v[i].fd < 0 && !set->v[i].broken)
			return 0;
	set->ending = true;
	pthread_mutex_lock(&w->lock);
	w->from = 0;
	w->to = half;
	wake(w);
	pthread_mutex_unlock(&w->lock);
	return half;
}

void out_writer_end(struct tr_outs *set)
{
	struct out_writer *w;
	int from = 0;

	out_writer_touch(set, 0);
	out_writer_wait(set);
	w = set->writer;
	if (w != NULL)
		from = end_half(set);
	end_outs(set, from, set->count, ALL);
	end_outs(set, 0, from, OTHERS);
	if (w != NULL) {
		pthread_mutex_lock(&w->lock);
		w->quit = true;
		pthread_cond_signal(&w->work);
		pthread_mutex_unlock(&w->lock);
		(void)pthread_join(w->thread, NULL);
		writer_free(w);
	}
	set->writer = NULL;
	set->no_writer = true;
	out_settle(set);
	out_pool_free(set);
}
