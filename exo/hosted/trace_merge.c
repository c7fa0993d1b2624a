/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run over several trace files: one after another, or merged by time.
 *
 * Merging
 *	Each open file is a lane with a small batch of its own.  A heap of
 *	lanes, ordered by (time of its next packet, position of its file),
 *	gives the next packet.  When a lane runs dry the batch handed out ends,
 *	because refilling the lane would invalidate packets already in it.
 *	Files that are not sorted themselves are merged by their heads.
 */
#include "exo/hosted/trace_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LANE_BATCH 256U

struct lane {
	struct tr_reader *r;
	uint32_t count; /* packets in pkt[] */
	uint32_t at;    /* the next of them */
	struct tr_pkt pkt[LANE_BATCH];
};

struct tr_run {
	const char *const *paths;
	size_t count;
	enum tr_order order;
	struct tr_how how;
	size_t next; /* file to open next */
	size_t failed;
	bool over;
	uint64_t number;
	uint64_t done; /* bytes of files closed by now */
	uint64_t total;
	struct tr_reader *cur; /* in turn */

	struct lane **lanes; /* merged; NULL: not open or at its end */
	size_t *heap;        /* lanes with packets, a min-heap */
	size_t heaped;
	size_t dry; /* the lane to refill first; count: none */
};

/* Sum of the sizes, 0 if any is not a regular file. */
static uint64_t run_total(const char *const *paths, size_t count)
{
	uint64_t sum = 0;
	struct stat st;
	int rc;

	for (size_t i = 0; i < count; i++) {
		rc = strcmp(paths[i], "-") == 0 ? fstat(0, &st)
		                                : stat(paths[i], &st);
		if (rc != 0)
			continue;
		if (!S_ISREG(st.st_mode))
			return 0;
		sum += (uint64_t)st.st_size;
	}
	return sum;
}

struct tr_run *tr_run_open(const char *const *paths, size_t count,
    enum tr_order order, const struct tr_how *how, struct tr_error *err)
{
	struct tr_run *run;
	size_t dashes = 0;

	for (size_t i = 0; i < count; i++)
		dashes += strcmp(paths[i], "-") == 0 ? 1 : 0;
	if (dashes > 1) {
		(void)tr_fail_at(err, TR_EUSAGE, 0, "-",
		    "standard input can be read only once");
		return NULL;
	}
	run = calloc(1, sizeof(*run));
	if (run == NULL)
		goto fail;
	run->paths = paths;
	run->count = count;
	run->order = order;
	run->dry = count;
	run->how = how != NULL ? *how : (struct tr_how){ 0 };
	run->how.ifs = tr_iftab_new();
	run->total = run_total(paths, count);
	if (run->how.ifs == NULL)
		goto fail;
	if (order == TR_MERGE) {
		run->lanes = calloc(count + 1, sizeof(struct lane *));
		run->heap = calloc(count + 1, sizeof(size_t));
		if (run->lanes == NULL || run->heap == NULL)
			goto fail;
	}
	return run;
fail:
	tr_run_close(run);
	(void)tr_fail_at(err, TR_EMEM, 0, "run", "out of memory");
	return NULL;
}

void tr_run_close(struct tr_run *run)
{
	if (run == NULL)
		return;
	tr_close(run->cur);
	for (size_t i = 0; run->lanes != NULL && i < run->count; i++) {
		if (run->lanes[i] != NULL)
			tr_close(run->lanes[i]->r);
		free(run->lanes[i]);
	}
	tr_iftab_free(run->how.ifs);
	free(run->lanes);
	free(run->heap);
	free(run);
}

/* A file is through, well or not. */
static void run_finish(struct tr_run *run, struct tr_reader *r)
{
	run->done += tr_taken(r);
	tr_close(r);
}

static int run_failure(struct tr_run *run, const struct tr_error *err)
{
	run->failed++;
	if (err->code == TR_ESTOP || err->code == TR_EMEM)
		run->over = true;
	return -err->code;
}

static int run_in_turn(
    struct tr_run *run, struct tr_pkt *out, size_t max, struct tr_error *err)
{
	int n;

	for (;;) {
		if (run->cur == NULL) {
			if (run->next == run->count)
				return 0;
			run->cur =
			    tr_open(run->paths[run->next++], &run->how, err);
			if (run->cur == NULL)
				return run_failure(run, err);
			run->cur->number = run->number;
		}
		n = tr_batch(run->cur, out, max, err);
		if (n > 0)
			return n;
		run_finish(run, run->cur);
		run->cur = NULL;
		if (n < 0)
			return run_failure(run, err);
	}
}

/* Whether lane a's next packet comes before lane b's. */
static bool lane_before(const struct tr_run *run, size_t a, size_t b)
{
	const struct lane *x = run->lanes[a];
	const struct lane *y = run->lanes[b];
	uint64_t tx = x->pkt[x->at].ts_ns;
	uint64_t ty = y->pkt[y->at].ts_ns;

	return tx < ty || (tx == ty && a < b);
}

static void heap_down(struct tr_run *run, size_t i)
{
	size_t *h = run->heap;
	size_t child, lane = h[i];

	for (; (child = 2 * i + 1) < run->heaped; i = child) {
		if (child + 1 < run->heaped &&
		    lane_before(run, h[child + 1], h[child]))
			child++;
		if (!lane_before(run, h[child], lane))
			break;
		h[i] = h[child];
	}
	h[i] = lane;
}

static void heap_add(struct tr_run *run, size_t lane)
{
	size_t *h = run->heap;
	size_t i = run->heaped++;

	for (; i > 0 && lane_before(run, lane, h[(i - 1) / 2]); i = (i - 1) / 2)
		h[i] = h[(i - 1) / 2];
	h[i] = lane;
}

/* Get a lane's next batch; it is in the heap afterwards, or closed. */
static int lane_fill(struct tr_run *run, size_t i, struct tr_error *err)
{
	struct lane *l = run->lanes[i];
	int n = tr_batch(l->r, l->pkt, LANE_BATCH, err);

	l->at = 0;
	l->count = n > 0 ? (uint32_t)n : 0;
	if (n > 0) {
		heap_add(run, i);
		return 0;
	}
	run_finish(run, l->r);
	free(l);
	run->lanes[i] = NULL;
	return n < 0 ? run_failure(run, err) : 0;
}

/* Open the next file as a lane and fill it. */
static int lane_open(struct tr_run *run, struct tr_error *err)
{
	size_t i = run->next++;
	struct lane *l = malloc(sizeof(*l));

	if (l == NULL) {
		(void)tr_fail_at(
		    err, TR_EMEM, 0, run->paths[i], "out of memory");
		return run_failure(run, err);
	}
	l->r = tr_open(run->paths[i], &run->how, err);
	if (l->r == NULL) {
		free(l);
		return run_failure(run, err);
	}
	run->lanes[i] = l;
	return lane_fill(run, i, err);
}

static int run_merged(
    struct tr_run *run, struct tr_pkt *out, size_t max, struct tr_error *err)
{
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && run->next < run->count)
		rc = lane_open(run, err);
	if (rc == 0 && run->dry < run->count) {
		size_t dry = run->dry;

		run->dry = run->count;
		rc = lane_fill(run, dry, err);
	}
	if (rc < 0)
		return rc;
	while (n < max && run->heaped > 0 && run->dry == run->count) {
		size_t i = run->heap[0];
		struct lane *l = run->lanes[i];

		out[n] = l->pkt[l->at++];
		out[n].number = run->number + n + 1;
		n++;
		if (l->at == l->count) {
			run->dry = i;
			run->heap[0] = run->heap[--run->heaped];
		}
		if (run->heaped > 0)
			heap_down(run, 0);
	}
	return (int)n;
}

int tr_run_batch(
    struct tr_run *run, struct tr_pkt *out, size_t max, struct tr_error *err)
{
	int n;

	if (run->over)
		return 0;
	if (max > INT32_MAX)
		max = INT32_MAX;
	n = run->order == TR_MERGE ? run_merged(run, out, max, err)
	                           : run_in_turn(run, out, max, err);
	run->number += n > 0 ? (uint64_t)n : 0;
	return n;
}

const struct tr_iface *tr_run_iface(const struct tr_run *run, uint32_t id)
{
	return tr_iftab_at(run->how.ifs, id);
}

uint32_t tr_run_iface_count(const struct tr_run *run)
{
	return tr_iftab_count(run->how.ifs);
}

size_t tr_run_failed(const struct tr_run *run)
{
	return run->failed;
}

void tr_run_progress(const struct tr_run *run, uint64_t *done, uint64_t *total)
{
	*done = run->done;
	*total = run->total;
	if (run->cur != NULL)
		*done += tr_taken(run->cur);
	for (size_t i = 0; run->lanes != NULL && i < run->count; i++)
		if (run->lanes[i] != NULL)
			*done += tr_taken(run->lanes[i]->r);
}
