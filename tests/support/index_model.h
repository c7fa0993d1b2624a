/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the index: its rules in an array, each asked in turn. What differs
 * ends the process.
 */
#ifndef TESTS_SUPPORT_INDEX_MODEL_H
#define TESTS_SUPPORT_INDEX_MODEL_H

#include <stdio.h>
#include <stdlib.h>

#include "exo/core/index.h"
#include "tests/support/index_gen.h"

struct ig_rule {
	struct sp_atom a[IG_ATOMS];
	struct sp_cube cube;
	uint32_t order, id, handle;
	bool live;
};

struct ig_model {
	struct ig_rule *rule;
	uint32_t n;
	uint64_t decisions;
};

static inline _Noreturn void ig_finding(
    const char *what, uint64_t a, uint64_t b)
{
	fprintf(stderr, "index: %s: %#llx, not %#llx\n", what,
	    (unsigned long long)a, (unsigned long long)b);
	abort();
}

static inline void ig_same(const char *what, uint64_t a, uint64_t b)
{
	if (a != b)
		ig_finding(what, a, b);
}

static inline int ig_by_rank(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The ranks of all rules that have a packet, in order, each once. */
static inline uint32_t ig_want(
    struct ig_model *m, const struct sp_packet *p, uint64_t *rank)
{
	struct sp_view v;
	uint32_t n = 0, k = 0;

	sp_parse(p, &v);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct ig_rule *r = &m->rule[i];

		if (!r->live)
			continue;
		m->decisions++;
		if (sp_cube_has(&r->cube, &v))
			rank[n++] = exo_rank(r->order, r->id);
	}
	qsort(rank, n, sizeof(*rank), ig_by_rank);
	for (uint32_t i = 0; i < n; i++)
		if (k == 0 || rank[k - 1] != rank[i])
			rank[k++] = rank[i];
	return k;
}

struct ig_found {
	uint64_t *rank[EXO_LOOK_BATCH];
	uint32_t n[EXO_LOOK_BATCH], room;
};

static inline void ig_take(void *arg, uint32_t packet, uint64_t rank)
{
	struct ig_found *f = arg;

	ig_same("a packet that was asked for", packet < EXO_LOOK_BATCH, true);
	ig_same("no end of rules", f->n[packet] < f->room, true);
	f->rank[packet][f->n[packet]++] = rank;
}

/* Ask for all of a batch in order, with little room, and compare. */
static inline void ig_ordered(const struct exo_index *ix, struct exo_look *l,
    uint32_t n, uint64_t *const *want, const uint32_t *nwant, uint32_t room)
{
	struct exo_hits h = { .room = room };
	uint32_t at[EXO_LOOK_BATCH] = { 0 };
	uint64_t which = UINT64_MAX, more;

	h.rank = calloc((size_t)room * EXO_LOOK_BATCH, sizeof(*h.rank));
	if (h.rank == NULL)
		abort();
	do {
		more = exo_index_ordered(ix, l, which, &h);
		for (uint32_t i = 0; i < n; i++) {
			if ((which >> i & 1) == 0)
				continue;
			for (uint32_t k = 0; k < h.n[i]; k++) {
				ig_same("ordered: not so many",
				    at[i] < nwant[i], true);
				ig_same("ordered", h.rank[i * room + k],
				    want[i][at[i]++]);
			}
		}
		which = more;
	} while (more != 0);
	for (uint32_t i = 0; i < n; i++)
		ig_same("ordered: how many", at[i], nwant[i]);
	free(h.rank);
}

static inline void ig_all(const struct exo_index *ix, struct exo_look *l,
    uint32_t n, uint64_t *const *want, const uint32_t *nwant, uint32_t rules)
{
	struct ig_found f = { .room = 2 * rules + 1 };

	for (uint32_t i = 0; i < n; i++) {
		f.rank[i] = calloc(f.room, sizeof(uint64_t));
		if (f.rank[i] == NULL)
			abort();
	}
	exo_index_all(ix, l, UINT64_MAX, ig_take, &f);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = 0;

		qsort(f.rank[i], f.n[i], sizeof(uint64_t), ig_by_rank);
		for (uint32_t j = 0; j < f.n[i]; j++) {
			if (j > 0 && f.rank[i][j] == f.rank[i][j - 1])
				continue;
			ig_same("all: not so many", k < nwant[i], true);
			ig_same("all", f.rank[i][j], want[i][k++]);
		}
		ig_same("all: how many", k, nwant[i]);
		free(f.rank[i]);
	}
}

/* All three modes on n packets against the model; aborts at a difference. */
static inline void ig_check(const struct exo_index *ix, struct exo_look *l,
    struct ig_model *m, const struct sp_packet *p, uint32_t n, uint32_t room)
{
	uint64_t *want[EXO_LOOK_BATCH], first[EXO_LOOK_BATCH];
	uint32_t nwant[EXO_LOOK_BATCH];
	uint64_t some = 0x5555555555555555u;

	for (uint32_t i = 0; i < n; i++) {
		want[i] = calloc(m->n + 1, sizeof(uint64_t));
		if (want[i] == NULL)
			abort();
		nwant[i] = ig_want(m, &p[i], want[i]);
	}
	exo_look_begin(l, p, n);
	exo_index_first(ix, l, UINT64_MAX, first);
	for (uint32_t i = 0; i < n; i++) {
		ig_same("first", first[i],
		    nwant[i] != 0 ? want[i][0] : EXO_RANK_NONE);
		first[i] = 1;
	}
	exo_index_first(ix, l, some, first);
	for (uint32_t i = 0; i < n; i++)
		ig_same("first of some", first[i],
		    (some >> i & 1) == 0 ? 1
		    : nwant[i] != 0      ? want[i][0]
		                         : EXO_RANK_NONE);
	ig_ordered(ix, l, n, want, nwant, room);
	ig_all(ix, l, n, want, nwant, m->n);
	exo_look_end(l);
	for (uint32_t i = 0; i < n; i++)
		free(want[i]);
}

/* Insert rule r of the model if it is not live, else delete it. */
static inline int ig_turn(struct exo_index *ix, struct ig_rule *r)
{
	int rc;

	if (r->live) {
		r->live = false;
		return exo_index_delete(ix, r->handle);
	}
	rc = exo_index_insert(ix, &r->cube, r->order, r->id, &r->handle);
	r->live = rc == 0;
	return rc;
}

#endif
