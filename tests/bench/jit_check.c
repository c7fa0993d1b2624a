/* SPDX-License-Identifier: BSD-2-Clause */
/* Before bench_jit times anything: do all give the same results? */
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/jit_parts.h"

#define CUT_MAX 128u /* beyond what any expression reads */

static bool same(const struct jp_row *r, const struct jp_cell *c,
    const struct jp_cell *by, const struct jb_pkt *p)
{
	uint64_t want = by->engine->one(by->state, p);
	uint64_t got = c->engine->one(c->state, p);

	/* Linux has no room for every packet. */
	if (got == want || (c->engine == &jb_linux && got == UINT64_MAX))
		return true;
	fprintf(stderr,
	    "bench_jit: %s: %s gives %" PRIu64 ", %s %" PRIu64
	    ", on a packet of %" PRIu64 " bytes\n",
	    r->row->name, c->name, got, by->name, want, p->caplen);
	return false;
}

static bool check_sets(const struct jp_row *r)
{
	const struct jp_cell *by = jp_cell(r, &jb_libpcap);
	uint32_t c, k, i;

	if (by == NULL)
		by = &r->cells[0];
	for (c = 0; c < r->ncells; c++) {
		const struct jp_cell *cell = &r->cells[c];

		if (cell->state == NULL)
			continue;
		for (k = 0; k < r->row->nsets; k++) {
			const struct jb_set *set = &r->row->sets[k];

			for (i = 0; i < set->n; i++) {
				if (!same(r, cell, by, &set->pkts[i]))
					return false;
			}
		}
	}
	return true;
}

/* One packet at all lengths. */
static bool check_cuts(const struct jp_row *r, const struct jb_pkt *whole)
{
	const struct jp_cell *by = jp_cell(r, &jb_libpcap);
	struct jit_ctx ctx = *whole->ctx;
	struct jb_pkt p = { .data = whole->data, .ctx = &ctx };
	uint32_t c;

	for (p.caplen = 0; p.caplen <= whole->caplen && p.caplen < CUT_MAX;
	     p.caplen++) {
		ctx.data_end = p.data + p.caplen;
		ctx.size = p.caplen;
		for (c = 0; c < r->ncells; c++) {
			const struct jp_cell *cell = &r->cells[c];

			if (cell->state == NULL ||
			    (cell->engine != &jb_c && cell->engine != &jb_jit))
				continue;
			if (!same(r, cell, by, &p))
				return false;
		}
	}
	return true;
}

bool jp_check(struct jp_row *rows, uint32_t n)
{
	const struct jb_pkt *real;
	uint32_t nreal, i, k;

	real = jb_real(&nreal);
	for (i = 0; i < n; i++) {
		if (!check_sets(&rows[i]))
			return false;
		if (!rows[i].row->six)
			continue;
		for (k = 0; k < nreal; k++) {
			if (!check_cuts(&rows[i], &real[k]))
				return false;
		}
		if (!check_cuts(&rows[i], &rows[i].row->sets[0].pkts[0]))
			return false;
	}
	return true;
}
