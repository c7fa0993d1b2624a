/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_verify on the programs of Linux's own verifier tests. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "exo/hosted/batch_in.h"
#include "exo/hosted/batch_line.h"
#include "tests/bench/verify_parts.h"
#include "tests/bench/verify_time.h"

#define ROUNDS 7

struct row {
	double ours, theirs; /* us */
	uint64_t peak;
};

static struct row *rows;
static size_t nrows, rooms;

static void add(const struct row *r)
{
	if (nrows == rooms) {
		rooms = rooms == 0 ? 256 : rooms * 2;
		rows = realloc(rows, rooms * sizeof(*rows));
		if (rows == NULL)
			abort();
	}
	rows[nrows++] = *r;
}

struct turn {
	struct vf_input in;
	struct vf_facts facts;
	double best;
};

static bool our_turn(void *arg)
{
	struct turn *t = arg;
	struct exo_report why;
	double us = vt_ours(&t->in, &t->facts, &why);

	if (us < 0)
		return false;
	t->best = fmin(t->best, us);
	return true;
}

static void measure(const struct cmd_batch_line *l)
{
	struct turn t = {
		.in = { .insns = l->insns,
		    .ninsns = l->ninsns,
		    .type = l->type,
		    .maps = l->maps,
		    .nmaps = l->nmaps },
		.best = 1e15,
	};
	struct vt_loaded *loaded = vt_linux_open(&t.in);
	struct vt_linux theirs;

	if (loaded == NULL)
		return;
	theirs = vt_linux(loaded, ROUNDS, our_turn, &t);
	vt_linux_close(loaded);
	if (theirs.us < 0)
		return;
	add(&(struct row){ t.best, theirs.us, t.facts.peak_mem });
	printf("%" PRId64 ",%u,%.2f,%.2f,%.3f,%" PRIu64 ",%" PRIu64
	       ",%.1f,%.*s\n",
	    l->id, l->ninsns, t.best, theirs.us, t.best / theirs.us,
	    t.facts.explored, theirs.explored, (double)t.facts.peak_mem / 1024,
	    (int)l->name_len, l->name);
}

static int by_ours(const void *a, const void *b)
{
	double x = ((const struct row *)a)->ours;
	double y = ((const struct row *)b)->ours;

	return x < y ? -1 : x > y;
}

static int by_peak(const void *a, const void *b)
{
	uint64_t x = ((const struct row *)a)->peak;
	uint64_t y = ((const struct row *)b)->peak;

	return x < y ? -1 : x > y;
}

static void sum_up(struct vb_vectors *sum)
{
	double logs = 0;
	size_t i;

	for (i = 0; i < nrows; i++)
		logs += log(rows[i].ours / rows[i].theirs);
	sum->programs = nrows;
	sum->ratio = exp(logs / (double)nrows);
	qsort(rows, nrows, sizeof(*rows), by_ours);
	sum->median = rows[nrows / 2].ours;
	sum->p90 = rows[nrows * 9 / 10].ours;
	qsort(rows, nrows, sizeof(*rows), by_peak);
	sum->peak = (double)rows[nrows / 2].peak / 1024;
	sum->p99 = (double)rows[nrows * 99 / 100].peak / 1024;
}

bool vb_vectors(const char *path, struct vb_vectors *sum)
{
	static struct cmd_batch_line l;
	struct cmd_lines *in = cmd_lines_open(path, NULL);
	const char *text;
	size_t len;

	if (in == NULL)
		return false;
	puts("id,insns,ours_us,linux_us,ratio,explored,linux_explored,"
	     "peak_kib,name");
	while (cmd_lines_next(in, &text, &len) == CMD_LINE_WHOLE) {
		if (cmd_batch_line_read(&l, text, len))
			measure(&l);
		cmd_batch_line_free(&l);
	}
	cmd_lines_close(in);
	if (nrows == 0)
		return false;
	sum_up(sum);
	free(rows);
	return true;
}
